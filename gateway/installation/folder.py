"""A hub's folder: which file is where; made once, opened at every start.

installation.json             which hub, which mode, who keeps the parties' keys (no secrets)
hub/                          genesis.frame, keystore, vault.db, read_models.db, bus/
hub/founding.json             until it is founded: the request that two registrars approve
clock-token                   rehearsals only (0600), as passphrase in hub/

Only where one machine keeps the keys of all (custody HOSTED), each a folder of ``key_folder``:

registrars/1 … 3/             the three registrars
audit/                        the audit office
agencies/<CODE>/              one for each agency, with door.db
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from domain.errors import Malformed, NotFound
from gateway.installation.key_folder import (
    AgencyFolder,
    KeyFolder,
    kem_key,
    new_key_folder,
    signature_keys,
    write_agency,
    write_keys,
    write_private_file,
)
from keys.frame import Frame, parse_frame
from keys.genesis import Genesis, sign_genesis, verify_genesis
from keys.keyset import Custody
from keys.keystore import Keystore, open_with_data_key, unlock_keystore
from keys.receipt import Mode
from keys.sealing import new_key
from keys.signing import KemKey, KemPublic, SignatureKeys, SignatureKind, SignaturePublic

STREAM = "KAKEHASHI"
REGISTRAR_NUMBERS = (1, 2, 3)


@dataclass(frozen=True)
class Installation:
    """An opened folder. ``keystore``: the hub's, opened; ``custody``: whether the parties' keys are here, too."""

    folder: Path
    mode: Mode
    hub: bytes
    custody: Custody
    keystore: Keystore

    @property
    def rehearsal(self) -> bool:
        return self.mode == "rehearsal"

    @property
    def hub_folder(self) -> Path:
        return self.folder / "hub"

    @property
    def genesis_frame(self) -> Frame:
        return parse_frame((self.hub_folder / "genesis.frame").read_bytes())

    @property
    def genesis(self) -> Genesis:
        """The genesis, verified against the id this folder was made with."""
        return verify_genesis(self.genesis_frame, hub=self.hub)

    @property
    def clock_token(self) -> str | None:
        """The token that allows setting a rehearsal's clock; None for a real hub."""
        return (self.folder / "clock-token").read_text().strip() if self.rehearsal else None

    def hub_secrets(self) -> dict[str, bytes]:
        """LOG seeds, vault keys and the key of the bus's disk, as they are in the file now."""
        return self.keystore.reload()

    def write_hub_secrets(self, secrets: dict[str, bytes]) -> None:
        """Replace the hub's secrets in one step, synced."""
        self.keystore.replace(secrets)

    def agencies(self) -> list[AgencyFolder]:
        """The agencies whose doors have their folders here."""
        return [AgencyFolder.read(f.parent) for f in sorted((self.folder / "agencies").glob("*/agency.json"))]

    def agency(self, code: str) -> AgencyFolder:
        """The agency of this code. Raises NotFound."""
        for agency_folder in self.agencies():
            if agency_folder.code == code:
                return agency_folder
        raise NotFound("agency-not-found")

    # --- keys of the parties, where they are hosted here; ``passphrase``: None in a rehearsal -------------------

    def registrars(self, passphrase: bytes | None = None) -> list[SignatureKeys]:
        """The registrars whose keystores are in this folder, in genesis order."""
        folders = sorted((self.folder / "registrars").glob("*/keystore"))
        return [signature_keys(KeyFolder(f.parent).unlock(passphrase)) for f in folders]

    def audit(self, passphrase: bytes | None = None) -> tuple[SignatureKeys, KemKey]:
        """The audit office's keys."""
        keystore = KeyFolder(self.folder / "audit").unlock(passphrase)
        return signature_keys(keystore), kem_key(keystore)

    def agency_keys(
        self, agency_folder: AgencyFolder, passphrase: bytes | None = None
    ) -> tuple[SignatureKeys, KemKey]:
        """An agency's private keys."""
        keystore = agency_folder.unlock(passphrase)
        return signature_keys(keystore), kem_key(keystore)

    def create_agency(self, code: str, passphrase: bytes | None = None) -> AgencyFolder:
        """Make a folder, keys and the originator id of an agency whose keys are hosted here."""
        if passphrase is None and self.rehearsal:
            passphrase = (self.hub_folder / "passphrase").read_bytes().strip()
        if passphrase is None:
            raise Malformed("no-passphrase")
        agency_folder = AgencyFolder(self.folder / "agencies" / code, uuid4(), code, "HOSTED")
        write_agency(agency_folder, self.genesis, SignatureKeys.generate(), KemKey.generate(), passphrase)
        return agency_folder


def create_hub_keys(
    folder: Path,
    *,
    mode: Mode,
    registrars: Sequence[SignaturePublic],
    audit: tuple[SignaturePublic, KemPublic],
    passphrase: bytes,
) -> tuple[Genesis, SignatureKeys]:
    """Make a hub's own keys in an empty folder, and the genesis that the registrars are to sign; returns LOG, too.

    Raises Malformed where the folder is not empty, or for a short passphrase.
    """
    new_key_folder(folder, passphrase)
    (folder / "hub").mkdir(mode=0o700)
    log = SignatureKeys.generate(SignatureKind.LOG)
    genesis = Genesis(
        mode=mode,
        stream=STREAM,
        log_id=uuid4(),
        rules_id=uuid4(),
        log=log.public,
        reg=(registrars[0], registrars[1], registrars[2]),
        audit_sig=audit[0],
        audit_kem=audit[1],
    )
    hub_secrets = {"log": log.seeds, "vk/1": new_key(), "bus": new_key()}
    write_keys(folder / "hub", hub_secrets, passphrase, rehearsal=mode == "rehearsal")
    if mode == "rehearsal":
        write_private_file(folder / "clock-token", secrets.token_urlsafe(32).encode() + b"\n")
    return genesis, log


def write_installation(folder: Path, genesis_frame: Frame, custody: Custody) -> None:
    """Complete the folder of a hub whose genesis is signed. Raises Untrusted for one that is not."""
    genesis = verify_genesis(genesis_frame)
    (folder / "hub" / "genesis.frame").write_bytes(genesis_frame.encode())
    about = {"format": 2, "mode": genesis.mode, "hub": genesis_frame.digest.hex(), "custody": custody}
    (folder / "installation.json").write_text(json.dumps(about, indent=2) + "\n")


def create_installation(folder: Path, *, mode: Mode, passphrase: bytes | None = None) -> Installation:
    """Found a hub on one machine that keeps the keys of all (custody HOSTED). Raises Malformed where the folder is not empty.

    A rehearsal makes a passphrase and stores it in the folder; a real installation must be given one.
    """
    if mode == "rehearsal":
        passphrase = secrets.token_hex(16).encode()
    if not passphrase:
        raise Malformed("no-passphrase")
    persons = [SignatureKeys.generate() for _ in REGISTRAR_NUMBERS]
    audit_sig, audit_kem = SignatureKeys.generate(), KemKey.generate()
    genesis, log = create_hub_keys(
        folder,
        mode=mode,
        registrars=[person.public for person in persons],
        audit=(audit_sig.public, audit_kem.public),
        passphrase=passphrase,
    )
    parties = {f"registrars/{n}": {"sig": p.seeds} for n, p in zip(REGISTRAR_NUMBERS, persons, strict=True)}
    parties["audit"] = {"sig": audit_sig.seeds, "kem": audit_kem.seed}
    for place, party_secrets in parties.items():
        new_key_folder(folder / place, passphrase)
        write_keys(folder / place, party_secrets, passphrase, rehearsal=mode == "rehearsal")
        KeyFolder(folder / place).pin(genesis)
    write_installation(folder, sign_genesis(genesis, log=log, registrars=persons[:2]), "HOSTED")
    return open_installation(folder, passphrase)


def open_installation(
    folder: Path, passphrase: bytes | None = None, *, data_key: bytes | None = None
) -> Installation:
    """Open a folder with the hub's passphrase, which is not kept, or with its keystore's data key.

    Raises NotFound where there is no installation, Malformed where a passphrase is missing, Untrusted for a wrong one.
    """
    try:
        about: dict[str, Any] = json.loads((folder / "installation.json").read_text())
    except FileNotFoundError as error:
        raise NotFound("no-installation") from error
    mode: Mode = "rehearsal" if about["mode"] == "rehearsal" else "real"
    path = folder / "hub" / "keystore"
    if data_key is not None:
        keystore = open_with_data_key(path, data_key)
    else:
        if passphrase is None and mode == "rehearsal":
            passphrase = (folder / "hub" / "passphrase").read_bytes().strip()
        if passphrase is None:
            raise Malformed("no-passphrase")
        keystore = unlock_keystore(path, passphrase, rehearsal=mode == "rehearsal")
    custody: Custody = "HOSTED" if about["custody"] == "HOSTED" else "OWN_DEVICE"
    return Installation(folder, mode, bytes.fromhex(about["hub"]), custody, keystore)


def moment(text: str) -> datetime:
    """The aware time that this ISO 8601 text says. Raises Malformed for one without a time zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise Malformed("naive-time")
    return at
