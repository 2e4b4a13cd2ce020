"""The people and systems of a door: people sign in by passphrase and have a session, systems have a token.

Secrets are stored as hashes, a session can be ended, and names stay inside the door. Source: APPI 66, 67
(安全管理, 従事者の義務).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from domain.errors import Malformed, Refused

_STAFF_SCHEMA = """
CREATE TABLE IF NOT EXISTS staff(actor TEXT PRIMARY KEY, name TEXT NOT NULL, salt BLOB, hash BLOB);
CREATE TABLE IF NOT EXISTS tokens(hash BLOB PRIMARY KEY, actor TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sessions(hash BLOB PRIMARY KEY, actor TEXT NOT NULL, began REAL NOT NULL, seen REAL NOT NULL);
CREATE TABLE IF NOT EXISTS failures(actor TEXT PRIMARY KEY, count INTEGER NOT NULL, last REAL NOT NULL);
"""
_ACTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}")

IDLE_SECONDS = 30 * 60
MAX_SESSION_SECONDS = 10 * 60 * 60
MAX_FREE_FAILURES = 5
MIN_PASSPHRASE_BYTES = 12


@dataclass(frozen=True)
class Person:
    """A signed-in person or system: the pseudonymous reference that goes into commands, and the name shown here."""

    actor: str
    name: str


class Staff:
    """The people and systems of one door."""

    def __init__(self, path: Path) -> None:
        self._lock = RLock()  # owns the connection
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript(_STAFF_SCHEMA)
        path.chmod(0o600)
        self._rehearsal_person: Person | None = None
        self._rehearsal_others: tuple[Person, ...] = ()

    @staticmethod
    def rehearsal(actor: str, *, mode: str) -> Staff:
        """The staff of a rehearsal: everybody is signed in as this person, and can change to one of two others.

        Raises Refused if the hub is a real one.
        """
        if mode != "rehearsal":
            raise Refused("not-a-rehearsal")
        staff = Staff.__new__(Staff)
        staff._lock = RLock()
        staff._rehearsal_person = Person(actor, "訓練用の職員")
        staff._rehearsal_others = tuple(
            Person(f"{actor}.{name}", f"訓練用の職員{text}")
            for name, text in (("second", "二"), ("third", "三"))
        )
        return staff

    @property
    def rehearsal_auto_sign_in(self) -> bool:
        """True in a rehearsal: everybody who comes is signed in."""
        return self._rehearsal_person is not None

    def close(self) -> None:
        if self._rehearsal_person is None:
            with closing(self._db):
                pass

    # --- adding, signing in -------------------------------------------------------------------------------------

    def add(self, actor: str, name: str, passphrase: bytes) -> None:
        """Add a person, or change the passphrase (at least 12 bytes), which ends the person's sessions. Raises Malformed."""
        self._check_actor(actor)
        if len(passphrase) < MIN_PASSPHRASE_BYTES:
            raise Malformed("short-passphrase", f"Choose at least {MIN_PASSPHRASE_BYTES} characters.")
        salt = secrets.token_bytes(16)
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO staff VALUES (?,?,?,?)",
                (actor, name, salt, _scrypt_hash(passphrase, salt)),
            )
            self._db.execute("DELETE FROM sessions WHERE actor=?", (actor,))

    def add_system(self, actor: str, name: str) -> str:
        """Add a token for a system and return it; it is not stored in clear, so it is shown once. Raises Malformed."""
        self._check_actor(actor)
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._db.execute("INSERT OR IGNORE INTO staff VALUES (?,?,NULL,NULL)", (actor, name))
            self._db.execute("INSERT INTO tokens VALUES (?,?)", (_token_hash(token), actor))
        return token

    def _check_actor(self, actor: str) -> None:
        if not _ACTOR.fullmatch(actor):
            raise Malformed("actor-form")

    def sign_in(self, actor: str, passphrase: str) -> str | None:
        """The secret of a new session, or None. After five failures in a row only one attempt a minute is checked.

        An attempt counts as a failure until it has succeeded, so concurrent attempts can't exceed the limit.
        """
        now = time.time()
        with self._lock:
            failed = self._db.execute("SELECT count, last FROM failures WHERE actor=?", (actor,)).fetchone()
            if failed is not None and failed[0] >= MAX_FREE_FAILURES and now - failed[1] < 60:
                return None
            self._db.execute(
                "INSERT INTO failures VALUES (?,1,?) ON CONFLICT(actor) DO UPDATE SET count=count+1, last=?",
                (actor, now, now),
            )
            stored_row = self._db.execute("SELECT salt, hash FROM staff WHERE actor=?", (actor,)).fetchone()
        salt, expected_hash = (
            stored_row if stored_row is not None and stored_row[0] is not None else (bytes(16), bytes(32))
        )
        if not hmac.compare_digest(_scrypt_hash(passphrase.encode(), salt), expected_hash):
            return None
        with self._lock:
            self._db.execute("DELETE FROM failures WHERE actor=?", (actor,))
            session = secrets.token_urlsafe(32)
            self._db.execute("INSERT INTO sessions VALUES (?,?,?,?)", (_token_hash(session), actor, now, now))
        return session

    def sign_out(self, session: str) -> None:
        """End a session."""
        if self._rehearsal_person is None:
            with self._lock:
                self._db.execute("DELETE FROM sessions WHERE hash=?", (_token_hash(session),))

    def people(self) -> dict[str, str]:
        """Reference -> name of the people of this door, without systems."""
        if self._rehearsal_person is not None:
            return {p.actor: p.name for p in (self._rehearsal_person, *self._rehearsal_others)}
        with self._lock:
            rows = self._db.execute("SELECT actor, name FROM staff WHERE hash IS NOT NULL ORDER BY actor")
            return dict(rows.fetchall())

    # --- identifying -----------------------------------------------------------------------------------------------

    def person_of_session(self, session: str | None) -> Person | None:
        """The person of this session, or None if it is unknown, ended or expired."""
        if self._rehearsal_person is not None:
            return next((p for p in self._rehearsal_others if p.actor == session), self._rehearsal_person)
        if not session:
            return None
        now = time.time()
        with self._lock:
            row = self._db.execute(
                "SELECT s.actor, t.name, s.began, s.seen FROM sessions s JOIN staff t USING(actor) WHERE s.hash=?",
                (_token_hash(session),),
            ).fetchone()
            if row is None:
                return None
            if now - row[2] > MAX_SESSION_SECONDS or now - row[3] > IDLE_SECONDS:
                self._db.execute("DELETE FROM sessions WHERE hash=?", (_token_hash(session),))
                return None
            self._db.execute("UPDATE sessions SET seen=? WHERE hash=?", (now, _token_hash(session)))
        return Person(row[0], row[1])

    def person_of_token(self, token: str | None) -> Person | None:
        """The system of this token, or None."""
        if self._rehearsal_person is not None:
            return self._rehearsal_person
        if not token:
            return None
        with self._lock:
            row = self._db.execute(
                "SELECT k.actor, t.name FROM tokens k JOIN staff t USING(actor) WHERE k.hash=?",
                (_token_hash(token),),
            ).fetchone()
        return None if row is None else Person(row[0], row[1])


def _token_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _scrypt_hash(passphrase: bytes, salt: bytes) -> bytes:
    """scrypt, 64 MiB. Source: RFC 7914."""
    return hashlib.scrypt(passphrase, salt=salt, n=2**16, r=8, p=1, dklen=32, maxmem=128 * 1024 * 1024)
