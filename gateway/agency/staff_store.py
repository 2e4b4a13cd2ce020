"""The database of a door's people and systems, and its own log of who was let in, given a token, or sent away.

The log is append-only: each entry holds the digest of the one before, and the database refuses to change or remove an
entry. Somebody who may write the file can still rebuild it; the digest of the last entry, noted elsewhere, shows that.
Source: APPI 66, 67 (安全管理, 従事者の義務).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import RLock
from typing import Any

from domain.actors import is_system
from domain.errors import InvariantViolation
from domain.role_acts import TOKEN_DEFAULT
from domain.roles import StaffRole
from gateway.agency.store import to_domain_error
from keys import canonical
from keys.lp import ZEROS

SCHEMA_VERSION = 5
BUSY_SECONDS = 10.0
"""The command line writes the same file while the door runs: each waits for the other."""
DAY_SECONDS = 24 * 60 * 60.0
TOKEN_DAYS = 365
"""How long a token holds where nothing else is chosen."""
TOKEN_ID_BYTES = 4

_STAFF_SCHEMA = """
CREATE TABLE staff(actor TEXT PRIMARY KEY, name TEXT NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL,
    added_at REAL NOT NULL, changed_at REAL NOT NULL);
CREATE TABLE sessions(hash BLOB PRIMARY KEY, actor TEXT NOT NULL, began REAL NOT NULL, seen REAL NOT NULL);
CREATE TABLE devices(hash BLOB PRIMARY KEY, actor TEXT NOT NULL, issued_at REAL NOT NULL,
    expires_at REAL NOT NULL);
CREATE TABLE tokens(id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, actor TEXT NOT NULL, name TEXT NOT NULL,
    responsible TEXT NOT NULL, issued_at REAL NOT NULL, expires_at REAL NOT NULL, used_at REAL);
CREATE TABLE log(n INTEGER PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL,
    detail TEXT NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL);
CREATE TRIGGER log_is_not_changed BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER log_is_not_removed BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""
_ENDED_SESSIONS_SCHEMA = """CREATE TABLE ended_sessions(hash BLOB PRIMARY KEY, actor TEXT NOT NULL,
    ended_at REAL NOT NULL)"""
"""Since version 3: sessions that ended by time, for what their page sends once more."""
_ROLES_SCHEMA = """
CREATE TABLE roles(actor TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY(actor, role));
CREATE TABLE deputies(id INTEGER PRIMARY KEY AUTOINCREMENT, principal TEXT NOT NULL, deputy TEXT NOT NULL,
    roles TEXT NOT NULL, begins_at REAL NOT NULL, ends_at REAL NOT NULL);
CREATE TABLE taken_away(role TEXT NOT NULL, act TEXT NOT NULL, PRIMARY KEY(role, act));
ALTER TABLE tokens ADD COLUMN acts TEXT NOT NULL DEFAULT '[]';
"""
"""Since version 4: who may do what."""
FIRST_PERSONS_ROLES = (StaffRole.ADMINISTRATOR, StaffRole.CASE_WORKER, StaffRole.MANAGER)
"""Of a file without roles: of the person that was added first, so that somebody can give the others theirs."""
OTHERS_ROLES = (StaffRole.CASE_WORKER,)
"""Of a file without roles: of everybody else."""
_FACTORS_SCHEMA = """
CREATE TABLE totp(actor TEXT PRIMARY KEY, sealed BLOB NOT NULL, confirmed_at REAL NOT NULL, last_step INTEGER NOT NULL);
CREATE TABLE recovery_codes(hash BLOB PRIMARY KEY, actor TEXT NOT NULL, made_at REAL NOT NULL);
CREATE TABLE passkeys(id BLOB PRIMARY KEY, actor TEXT NOT NULL, public_key BLOB NOT NULL, sign_count INTEGER NOT NULL,
    backup_eligible INTEGER NOT NULL, name TEXT NOT NULL, added_at REAL NOT NULL, used_at REAL);
CREATE TABLE identities(issuer TEXT NOT NULL, subject TEXT NOT NULL, actor TEXT NOT NULL, linked_at REAL NOT NULL,
    PRIMARY KEY(issuer, subject));
CREATE TABLE invitations(hash BLOB PRIMARY KEY, actor TEXT NOT NULL, name TEXT NOT NULL, roles TEXT NOT NULL,
    made_by TEXT NOT NULL, expires_at REAL NOT NULL);
ALTER TABLE sessions ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN factor TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN factor_at REAL NOT NULL DEFAULT 0;
UPDATE sessions SET id=lower(hex(randomblob(8)))
"""
"""Since version 5: second factors, passkeys, identities at the agency's provider, and what is known of a session."""
_TABLES_OF_VERSION_1 = ("staff", "tokens", "sessions", "failures")


_TOKEN_COLUMNS = "id, hash, actor, name, responsible, issued_at, expires_at, used_at"


class StaffAct(StrEnum):
    """What an entry of the door's own log reports."""

    PERSON_ADDED = "person-added"
    PERSON_REMOVED = "person-removed"
    PASSPHRASE_CHANGED = "passphrase-changed"
    DEVICE_INVITED = "device-invited"
    SIGNED_IN = "signed-in"
    SIGN_INS_FAILED = "sign-ins-failed"
    TOKEN_ISSUED = "token-issued"
    TOKEN_FIRST_USED = "token-first-used"
    TOKEN_REVOKED = "token-revoked"
    ADDRESS_STOPPED = "address-stopped"
    ADDRESS_SENT = "address-sent"
    NOTIFIER_MET = "notifier-met"
    FAMILY_SEARCHED = "family-searched"
    FAMILY_SHOWN = "family-shown"
    FAMILY_DISMISSED = "family-dismissed"
    CHARGE_CHANGED = "charge-changed"
    CHARGES_MOVED = "charges-moved"
    INDEX_REBUILD = "index-rebuild"
    FORM_PRINTED = "form-printed"
    DRY_RUN = "dry-run"
    APP_SET_UP = "app-set-up"
    RECOVERY_CODES_MADE = "recovery-codes-made"
    RECOVERY_CODE_USED = "recovery-code-used"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_ENDED = "passkey-ended"
    SESSIONS_ENDED = "sessions-ended"
    PERSON_INVITED = "person-invited"
    FACTORS_RESET = "factors-reset"
    IDENTITY_LINKED = "identity-linked"
    IDENTITY_UNLINKED = "identity-unlinked"
    ROLES_CHANGED = "roles-changed"
    DEPUTY_ADDED = "deputy-added"
    DEPUTY_ENDED = "deputy-ended"
    DEPUTY_ACTED = "deputy-acted"
    ACT_TAKEN_AWAY = "act-taken-away"
    ACT_GIVEN_BACK = "act-given-back"
    DEVICE_REGISTERED = "device-registered"
    DEVICE_STOPPED = "device-stopped"


@dataclass(frozen=True)
class LogEntry:
    """One line of the door's own log. ``by``: a person, or ``cli:`` and the user of the machine; ``about``: a reference."""

    n: int
    at: datetime
    by: str
    what: str
    about: str
    detail: str
    hash: bytes


class StaffStore:
    """The file ``staff.db`` of one door. Thread-safe; door and command line may have it open at once."""

    def __init__(self, path: Path, now: float) -> None:
        self._lock = RLock()  # owns the connection
        _create_private(path)
        with to_domain_error():
            self._db = sqlite3.connect(
                path, check_same_thread=False, isolation_level=None, timeout=BUSY_SECONDS
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA secure_delete=ON")
        with self.write() as db:
            _upgrade(db, now)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, synced at its end."""
        with self._lock, to_domain_error():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk may have rolled it back already
                    self._db.execute("ROLLBACK")
                raise

    def query(self, sql: str, *values: Any) -> list[Any]:
        with self._lock, to_domain_error():
            return self._db.execute(sql, values).fetchall()

    def log_entries(self) -> list[LogEntry]:
        """The whole log, oldest first. Raises InvariantViolation where an entry does not continue the one before."""
        entries, previous = [], ZEROS
        for n, row in enumerate(self.query("SELECT * FROM log ORDER BY n"), 1):
            number, at, by, what, about, detail, stored_previous, stored = row
            expected = _entry_hash(n, at, by, what, about, detail, previous)
            if (number, stored_previous, stored) != (n, previous, expected):
                raise InvariantViolation("staff-log-broken", f"See entry {n} of the log of the door.")
            previous = stored
            entries.append(LogEntry(n, canonical.parse_time(at), by, what, about, detail, stored))
        return entries

    def recent_entries(self, kinds: Collection[str], limit: int) -> list[LogEntry]:
        """The latest entries of these kinds, the latest first. Raises InvariantViolation where one was changed; that none was
        removed is checked by ``log_entries``."""
        marks = ",".join("?" * len(kinds))
        rows = self.query(
            f"SELECT * FROM log WHERE what IN ({marks}) ORDER BY n DESC LIMIT ?", *sorted(kinds), limit
        )
        for n, at, by, what, about, detail, previous, stored in rows:
            if stored != _entry_hash(n, at, by, what, about, detail, previous):
                raise InvariantViolation("staff-log-broken", f"See entry {n} of the log of the door.")
        return [LogEntry(r[0], canonical.parse_time(r[1]), r[2], r[3], r[4], r[5], r[7]) for r in rows]


def append_log(
    db: sqlite3.Connection, now: float, *, by: str, what: StaffAct, about: str, detail: str = ""
) -> None:
    """Add an entry to the log, in the transaction of what it reports."""
    last = db.execute("SELECT n, hash FROM log ORDER BY n DESC LIMIT 1").fetchone() or (0, ZEROS)
    entry = (
        last[0] + 1,
        canonical.format_time(datetime.fromtimestamp(now, UTC)),
        by,
        str(what),
        about,
        detail,
    )
    db.execute("INSERT INTO log VALUES (?,?,?,?,?,?,?,?)", (*entry, last[1], _entry_hash(*entry, last[1])))


def _entry_hash(n: int, at: str, by: str, what: str, about: str, detail: str, previous: bytes) -> bytes:
    return hashlib.sha256(canonical.encode([n, at, by, what, about, detail, previous.hex()])).digest()


def _create_private(path: Path) -> None:
    """Make the file readable by its owner only, who is the owner of the folder also if the administrator makes it."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:
        path.chmod(0o600)
        return
    try:
        if os.geteuid() == 0:
            folder = path.parent.stat()
            os.fchown(handle, folder.st_uid, folder.st_gid)
    finally:
        os.close(handle)


def _upgrade(db: sqlite3.Connection, now: float) -> None:
    """Bring the file to this version; a file of the first version keeps its people."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return
    if version > SCHEMA_VERSION:
        raise InvariantViolation("staff-store-version")
    if version < 3:
        db.execute(_ENDED_SESSIONS_SCHEMA)
    if version < 2:
        _upgrade_to_version_2(db, now)
    if version < 4:
        _upgrade_to_version_4(db, now)
    if version < 5:
        for statement in _FACTORS_SCHEMA.split(";\n"):
            db.execute(statement)
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _upgrade_to_version_4(db: sqlite3.Connection, now: float) -> None:
    """Roles for the people of a file that knew none, and for its tokens what a token has by default."""
    for statement in filter(None, map(str.strip, _ROLES_SCHEMA.split(";\n"))):
        db.execute(statement)
    people = db.execute("SELECT actor FROM staff ORDER BY added_at, rowid").fetchall()
    for n, (actor,) in enumerate(people):
        roles = OTHERS_ROLES if n else FIRST_PERSONS_ROLES
        db.executemany("INSERT INTO roles VALUES (?,?)", [(actor, role.value) for role in roles])
        detail = " ".join(sorted(roles))
        append_log(db, now, by="upgrade", what=StaffAct.ROLES_CHANGED, about=actor, detail=detail)
    db.execute("UPDATE tokens SET acts=?", (json.dumps(sorted(TOKEN_DEFAULT)),))


def _upgrade_to_version_2(db: sqlite3.Connection, now: float) -> None:
    known = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    first_version = [table for table in _TABLES_OF_VERSION_1 if table in known]
    for table in first_version:
        db.execute(f"ALTER TABLE {table} RENAME TO {table}_1")
    for statement in _STAFF_SCHEMA.split(";\n"):
        db.execute(statement)
    if first_version:
        _keep_people(db, now)
        for table in first_version:
            db.execute(f"DROP TABLE {table}_1")


def _keep_people(db: sqlite3.Connection, now: float) -> None:
    """People stay, with their passphrases; so do tokens of systems, for a year.

    A token that acts under a person's reference is kept only to tell its holder that it must be issued again.
    """
    for actor, name, salt, hashed in db.execute("SELECT * FROM staff_1 WHERE hash IS NOT NULL").fetchall():
        if is_system(actor):
            append_log(
                db, now, by="upgrade", what=StaffAct.PERSON_REMOVED, about=actor, detail="sys: is for systems"
            )
        else:
            db.execute("INSERT INTO staff VALUES (?,?,?,?,?,?)", (actor, name, salt, hashed, now, now))
    tokens = db.execute(
        "SELECT k.hash, k.actor, s.name FROM tokens_1 k JOIN staff_1 s USING(actor)"
    ).fetchall()
    for hashed, actor, name in tokens:
        token_id = secrets.token_hex(TOKEN_ID_BYTES)
        ends_at = now + TOKEN_DAYS * DAY_SECONDS if is_system(actor) else now
        values = (token_id, hashed, actor, name, "", now, ends_at, None)
        db.execute(f"INSERT INTO tokens({_TOKEN_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)", values)
        what = StaffAct.TOKEN_ISSUED if is_system(actor) else StaffAct.TOKEN_REVOKED
        append_log(db, now, by="upgrade", what=what, about=actor, detail=token_id)
