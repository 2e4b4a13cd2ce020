"""Invitations: a code by which somebody becomes a person of this door, or sets up anew how they sign in.

The first administrator's code comes from the command line of the door's machine, all others from an administrator.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import unicodedata
from base64 import b32encode
from collections.abc import Callable, Collection
from dataclasses import dataclass

from domain.errors import Conflict, NotFound, Untrusted
from domain.roles import StaffRole
from gateway.agency import passphrases
from gateway.agency.staff import (
    check_new_person,
    end_factors,
    end_sessions_and_devices,
    require_free,
)
from gateway.agency.staff_roles import replace_roles
from gateway.agency.staff_store import DAY_SECONDS, StaffAct, StaffStore, append_log
from keys.lp import sha256

FIRST_CODE_SECONDS = 15 * 60.0
INVITATION_SECONDS = 3 * DAY_SECONDS
CODE_BYTES = 10
"""80 bits: nobody guesses one while it holds."""


@dataclass(frozen=True)
class Invitation:
    """Whom a code is for. ``is_new``: not yet a person of this door."""

    actor: str
    name: str
    roles: tuple[StaffRole, ...]
    is_new: bool
    expires_at: float


class Invitations:
    """Those of one door. ``now``: seconds."""

    def __init__(self, store: StaffStore, now: Callable[[], float]) -> None:
        self._store, self._now = store, now

    def first(self, actor: str, name: str, roles: Collection[StaffRole] = (), *, by: str) -> str:
        """The first administrator's code, for a quarter of an hour. Raises Conflict where the door has one, Malformed."""
        return self._invite(
            actor, name, {*roles, StaffRole.ADMINISTRATOR}, FIRST_CODE_SECONDS, by=by, is_first=True
        )

    def invite(self, actor: str, name: str, roles: Collection[StaffRole] = (), *, by: str) -> str:
        """A new person's code, for three days. Raises Malformed, Conflict (the reference or name is taken)."""
        return self._invite(actor, name, roles, INVITATION_SECONDS, by=by)

    def reset(self, actor: str, *, by: str) -> str:
        """End at once by what a person signs in and where, and return a code to set it up anew. Raises NotFound."""
        now = self._now()
        with self._store.write() as db:
            row = db.execute("SELECT name FROM staff WHERE actor=?", (actor,)).fetchone()
            if row is None:
                raise NotFound("person-not-found")
            db.execute(
                "UPDATE staff SET salt=?, hash=?, changed_at=? WHERE actor=?",
                (b"", passphrases.UNUSABLE, now, actor),
            )
            end_sessions_and_devices(db, actor)
            end_factors(db, actor)
            append_log(db, now, by=by, what=StaffAct.FACTORS_RESET, about=actor)
            return self._insert(db, actor, row[0], (), now + INVITATION_SECONDS, by=by)

    def find(self, code: str) -> Invitation:
        """Raises Untrusted: invitation-wrong, for an unknown, a used and an expired code alike."""
        rows = self._store.query(
            "SELECT i.actor, i.name, i.roles, s.actor IS NULL, i.expires_at FROM invitations i"
            " LEFT JOIN staff s USING(actor) WHERE i.hash=? AND i.expires_at>?",
            _hash(code),
            self._now(),
        )
        if not rows:
            raise Untrusted("invitation-wrong")
        actor, name, roles, is_new, expires_at = rows[0]
        return Invitation(actor, name, tuple(map(StaffRole, json.loads(roles))), bool(is_new), expires_at)

    def accept(self, code: str, passphrase: str) -> tuple[str, bytes]:
        """Use a code up, with the passphrase that its person has chosen. Returns the person and the stored hash.

        Raises Untrusted: invitation-wrong; Malformed: the passphrase.
        """
        self.find(code)
        secret = passphrases.chosen(passphrase)
        try:
            hashed = passphrases.hashed(secret)
        finally:
            passphrases.overwrite(secret)
        now = self._now()
        with self._store.write() as db:
            row = db.execute(
                "DELETE FROM invitations WHERE hash=? AND expires_at>? RETURNING actor, name, roles, made_by",
                (_hash(code), now),
            ).fetchone()
            if row is None:
                raise Untrusted("invitation-wrong")
            actor, name, roles, made_by = row
            self._write_person(db, actor, name, json.loads(roles), hashed, now, made_by)
        return str(actor), hashed

    def _write_person(
        self,
        db: sqlite3.Connection,
        actor: str,
        name: str,
        roles: list[str],
        hashed: bytes,
        now: float,
        made_by: str,
    ) -> None:
        changed = db.execute(
            "UPDATE staff SET salt=?, hash=?, changed_at=? WHERE actor=?", (b"", hashed, now, actor)
        )
        if changed.rowcount:
            append_log(db, now, by=actor, what=StaffAct.PASSPHRASE_CHANGED, about=actor)
            return
        require_free(db, actor, name)
        db.execute("INSERT INTO staff VALUES (?,?,?,?,?,?)", (actor, name, b"", hashed, now, now))
        append_log(db, now, by=made_by, what=StaffAct.PERSON_ADDED, about=actor)
        replace_roles(db, now, actor, frozenset(map(StaffRole, roles)), by=made_by)

    def _invite(
        self,
        actor: str,
        name: str,
        roles: Collection[StaffRole],
        seconds: float,
        *,
        by: str,
        is_first: bool = False,
    ) -> str:
        check_new_person(actor, name)
        now = self._now()
        with self._store.write() as db:
            if (
                is_first
                and db.execute(
                    "SELECT 1 FROM roles WHERE role=? LIMIT 1", (StaffRole.ADMINISTRATOR,)
                ).fetchone()
            ):
                raise Conflict("not-the-first-person")
            require_free(db, actor, name)
            return self._insert(db, actor, name, roles, now + seconds, by=by)

    def _insert(
        self,
        db: sqlite3.Connection,
        actor: str,
        name: str,
        roles: Collection[StaffRole],
        until: float,
        *,
        by: str,
    ) -> str:
        """One code a person: a new one ends the one before."""
        code, now = b32encode(secrets.token_bytes(CODE_BYTES)).decode(), self._now()
        db.execute("DELETE FROM invitations WHERE actor=? OR expires_at<=?", (actor, now))
        db.execute(
            "INSERT INTO invitations VALUES (?,?,?,?,?,?)",
            (_hash(code), actor, name, json.dumps(sorted(roles)), by, until),
        )
        append_log(db, now, by=by, what=StaffAct.PERSON_INVITED, about=actor)
        return "-".join(code[n : n + 4] for n in range(0, len(code), 4))


def _hash(code: str) -> bytes:
    plain = unicodedata.normalize("NFKC", code[:100]).upper()
    return sha256(f"invitation\0{''.join(c for c in plain if c.isalnum())}".encode("utf-8", "surrogatepass"))
