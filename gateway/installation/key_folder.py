"""The folder of one holder of keys: registrar, audit office or agency, each on their own machine.

keystore          the private keys, sealed
public.json       the public half, to hand out (registrar, audit office)
agency.json       id, code and custody (agency)
genesis.json      the hub that these keys serve; pinned once
approved.jsonl    what was approved with these keys (registrar)
passphrase        rehearsals only (0600)

Where one machine keeps the keys of all (custody HOSTED), these folders are in the hub's folder.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from domain.errors import Malformed, NotFound, Untrusted
from keys.genesis import Genesis, encode_genesis, parse_genesis
from keys.keyset import CUSTODIES, Custody
from keys.keystore import PROFILE_COST, REHEARSAL_COST, Keystore, unlock_keystore, write_keystore
from keys.passphrase import require_long
from keys.signing import KemKey, SignatureKeys, SignatureKind


@dataclass(frozen=True)
class KeyFolder:
    """An existing folder with a keystore."""

    folder: Path

    @property
    def keystore(self) -> Path:
        return self.folder / "keystore"

    @property
    def genesis(self) -> Genesis | None:
        """The hub that these keys serve; None as long as none is pinned."""
        path = self.folder / "genesis.json"
        return parse_genesis(path.read_bytes()) if path.exists() else None

    @property
    def pinned_genesis(self) -> Genesis:
        """The same. Raises NotFound where no hub is pinned."""
        genesis = self.genesis
        if genesis is None:
            raise NotFound("no-pinned-hub")
        return genesis

    @property
    def rehearsal(self) -> bool:
        """Whether the pinned hub is a rehearsal."""
        genesis = self.genesis
        return genesis is not None and genesis.mode == "rehearsal"

    def pin(self, genesis: Genesis) -> None:
        """Use these keys for this hub and no other. Raises Untrusted where another hub is pinned."""
        pinned = self.genesis
        if pinned is not None and pinned.hub != genesis.hub:
            raise Untrusted("other-hub-pinned")
        if pinned is None:
            path = self.folder / "genesis.json"
            part = path.with_suffix(".part")
            part.write_bytes(encode_genesis(genesis))
            part.replace(path)

    def unlock(self, passphrase: bytes | None = None) -> Keystore:
        """Open the keystore; a rehearsal's passphrase is in the folder. Raises Malformed where one is missing."""
        if passphrase is None and self.rehearsal:
            passphrase = (self.folder / "passphrase").read_bytes().strip()
        if passphrase is None:
            raise Malformed("no-passphrase")
        return unlock_keystore(self.keystore, passphrase, rehearsal=self.rehearsal)


@dataclass(frozen=True)
class AgencyFolder(KeyFolder):
    """The folder of one agency's door, with the agency's id and code, and who keeps its keys."""

    id: UUID
    code: str
    custody: Custody = "OWN_DEVICE"

    @staticmethod
    def read(folder: Path) -> AgencyFolder:
        """The agency whose keys are in this folder. Raises NotFound, Malformed."""
        try:
            about = json.loads((folder / "agency.json").read_text(encoding="utf-8"))
            custody = next(one for one in CUSTODIES if one == about["custody"])
            return AgencyFolder(folder, UUID(about["id"]), str(about["code"]), custody)
        except OSError as error:
            raise NotFound("no-agency-folder") from error
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            raise Malformed("agency-folder-form") from error

    def write(self) -> None:
        about = {"id": str(self.id), "code": self.code, "custody": self.custody}
        (self.folder / "agency.json").write_text(
            json.dumps(about, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def new_key_folder(folder: Path, passphrase: bytes) -> None:
    """Make an empty folder for keys. Raises Malformed where something is in it, and for a short passphrase: then nothing
    is made, and the same command can be given again."""
    require_long(passphrase)
    if folder.exists() and any(folder.iterdir()):
        raise Malformed("folder-not-empty")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def write_keys(folder: Path, secrets: dict[str, bytes], passphrase: bytes, *, rehearsal: bool) -> Keystore:
    """Write the keystore of a new folder; a rehearsal's passphrase is stored beside it. Raises Malformed, Unavailable."""
    if rehearsal:
        write_private_file(folder / "passphrase", passphrase + b"\n")
    return write_keystore(
        folder / "keystore", secrets, passphrase, REHEARSAL_COST if rehearsal else PROFILE_COST
    )


def write_private_file(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(handle, "wb") as file:
        file.write(data)


def write_agency(
    place: AgencyFolder, genesis: Genesis, sig: SignatureKeys, kem: KemKey, passphrase: bytes
) -> None:
    """Write the keys of an agency into its empty folder, for this hub. Raises Malformed, Unavailable."""
    new_key_folder(place.folder, passphrase)
    agency_secrets = {"sig": sig.seeds, "kem": kem.seed}
    write_keys(place.folder, agency_secrets, passphrase, rehearsal=genesis.mode == "rehearsal")
    place.pin(genesis)
    place.write()


def signature_keys(keystore: Keystore) -> SignatureKeys:
    """The SIG pair of an opened keystore."""
    return SignatureKeys.from_seeds(SignatureKind.SIG, keystore.secrets["sig"])


def kem_key(keystore: Keystore) -> KemKey:
    """The KEM key of an opened keystore."""
    return KemKey(keystore.secrets["kem"])
