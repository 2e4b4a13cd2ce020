"""A hub's folder: which file is where; made once, opened at every start.

installation.json             which hub, which mode (no secrets)
hub/                          genesis.frame, keystore, vault.db, read_models.db, bus/
registrars/person-N.keystore  the three registrars (in a real installation each removes their own)
audit/keystore                the audit office
agencies/<CODE>/              keystore, door.db, agency.json
passphrase, clock-token       rehearsals only (0600)
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from domain.errors import Malformed, NotFound
from keys.frame import Frame, parse_frame
from keys.genesis import Genesis, sign_genesis, verify_genesis
from keys.keystore import PROFILE_COST, REHEARSAL_COST, open_keystore, write_keystore
from keys.receipt import Mode
from keys.sealing import new_key
from keys.signing import KemKey, SignatureKeys, SignatureKind

STREAM = "KAKEHASHI"


@dataclass(frozen=True)
class AgencyFolder:
    """The folder of one agency's door, with the agency's id and code."""

    folder: Path
    id: UUID
    code: str


@dataclass(frozen=True)
class Installation:
    """An opened folder. ``passphrase`` opens every keystore in it."""

    folder: Path
    mode: Mode
    hub: bytes
    passphrase: bytes

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
        """LOG seeds, vault keys and the key of the bus's disk."""
        return self._read_secrets(self.hub_folder / "keystore")

    def write_hub_secrets(self, secrets: dict[str, bytes]) -> None:
        """Replace the hub's secrets in one step, synced."""
        self._write_secrets(self.hub_folder / "keystore", secrets)

    def registrars(self) -> list[SignatureKeys]:
        """The registrars whose keystores are in this folder, in genesis order."""
        files = sorted((self.folder / "registrars").glob("person-*.keystore"))
        return [SignatureKeys.from_seeds(SignatureKind.SIG, self._read_secrets(f)["sig"]) for f in files]

    def audit(self) -> tuple[SignatureKeys, KemKey]:
        """The audit office's keys."""
        keystore_contents = self._read_secrets(self.folder / "audit" / "keystore")
        return SignatureKeys.from_seeds(SignatureKind.SIG, keystore_contents["sig"]), KemKey(
            keystore_contents["kem"]
        )

    def agencies(self) -> list[AgencyFolder]:
        """The agencies whose doors have their folders here."""
        agency_folders = []
        for folder in sorted((self.folder / "agencies").glob("*/agency.json")):
            about = json.loads(folder.read_text())
            agency_folders.append(AgencyFolder(folder.parent, UUID(about["id"]), about["code"]))
        return agency_folders

    def agency(self, code: str) -> AgencyFolder:
        """The agency of this code. Raises NotFound."""
        for agency_folder in self.agencies():
            if agency_folder.code == code:
                return agency_folder
        raise NotFound("agency-not-found")

    def agency_keys(self, agency_folder: AgencyFolder) -> tuple[SignatureKeys, KemKey]:
        """An agency's private keys."""
        keystore_contents = self._read_secrets(agency_folder.folder / "keystore")
        return SignatureKeys.from_seeds(SignatureKind.SIG, keystore_contents["sig"]), KemKey(
            keystore_contents["kem"]
        )

    def create_agency(self, code: str) -> AgencyFolder:
        """Make a folder, keys and the originator id of an agency (the registrars choose it)."""
        folder = self.folder / "agencies" / code
        folder.mkdir(parents=True, mode=0o700)
        agency_folder = AgencyFolder(folder, uuid4(), code)
        agency_secrets = {"sig": SignatureKeys.generate().seeds, "kem": KemKey.generate().seed}
        self._write_secrets(folder / "keystore", agency_secrets)
        (folder / "agency.json").write_text(json.dumps({"id": str(agency_folder.id), "code": code}) + "\n")
        return agency_folder

    def _read_secrets(self, path: Path) -> dict[str, bytes]:
        return open_keystore(path, self.passphrase, rehearsal=self.rehearsal)

    def _write_secrets(self, path: Path, keystore_contents: dict[str, bytes]) -> None:
        write_keystore(
            path, keystore_contents, self.passphrase, REHEARSAL_COST if self.rehearsal else PROFILE_COST
        )


def create_installation(folder: Path, *, mode: Mode, passphrase: bytes | None = None) -> Installation:
    """Found a hub: keys, genesis, folders. Raises Malformed where the folder is not empty.

    A rehearsal makes a passphrase and stores it in the folder; a real installation must be given one.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Malformed("folder-not-empty")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if mode == "rehearsal":
        passphrase = secrets.token_hex(16).encode()
        _write_private(folder / "passphrase", passphrase + b"\n")
        _write_private(folder / "clock-token", secrets.token_urlsafe(32).encode() + b"\n")
    elif not passphrase:
        raise Malformed("no-passphrase")
    for name in ("hub", "registrars", "audit", "agencies"):
        (folder / name).mkdir(mode=0o700)
    log = SignatureKeys.generate(SignatureKind.LOG)
    persons = [SignatureKeys.generate() for _ in range(3)]
    audit_sig, audit_kem = SignatureKeys.generate(), KemKey.generate()
    genesis = Genesis(
        mode=mode,
        stream=STREAM,
        log_id=uuid4(),
        rules_id=uuid4(),
        log=log.public,
        reg=(persons[0].public, persons[1].public, persons[2].public),
        audit_sig=audit_sig.public,
        audit_kem=audit_kem.public,
    )
    frame = sign_genesis(genesis, log=log, registrars=persons[:2])
    created = Installation(folder, mode, frame.digest, passphrase)
    created._write_secrets(
        folder / "hub" / "keystore", {"log": log.seeds, "vk/1": new_key(), "bus": new_key()}
    )
    for n, person in enumerate(persons, 1):
        created._write_secrets(folder / "registrars" / f"person-{n}.keystore", {"sig": person.seeds})
    created._write_secrets(folder / "audit" / "keystore", {"sig": audit_sig.seeds, "kem": audit_kem.seed})
    (folder / "hub" / "genesis.frame").write_bytes(frame.encode())
    about = {"format": 1, "mode": mode, "hub": frame.digest.hex()}
    (folder / "installation.json").write_text(json.dumps(about, indent=2) + "\n")
    return created


def open_installation(folder: Path, passphrase: bytes | None = None) -> Installation:
    """Open a folder. Raises NotFound where there is no installation, Malformed where a passphrase is missing."""
    try:
        about: dict[str, Any] = json.loads((folder / "installation.json").read_text())
    except FileNotFoundError as error:
        raise NotFound("no-installation") from error
    mode: Mode = "rehearsal" if about["mode"] == "rehearsal" else "real"
    if passphrase is None and mode == "rehearsal":
        passphrase = (folder / "passphrase").read_bytes().strip()
    if passphrase is None:
        raise Malformed("no-passphrase")
    return Installation(folder, mode, bytes.fromhex(about["hub"]), passphrase)


def _write_private(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(handle, "wb") as file:
        file.write(data)


def moment(text: str) -> datetime:
    """The aware time that this ISO 8601 text says. Raises Malformed for one without a time zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise Malformed("naive-time")
    return at
