"""Which subject of the identity provider is which person of this door: linked by an administrator, one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from domain.errors import Conflict, Malformed, NotFound
from gateway.agency.factors.sessions import Factor
from gateway.agency.staff_store import StaffAct, StaffStore, append_log

MAX_SUBJECT_CHARACTERS = 255


class Identities:
    """Those of one door's people. ``now``: seconds."""

    def __init__(self, store: StaffStore, now: Callable[[], float]) -> None:
        self._store, self._now = store, now

    def person_of(self, issuer: str, subject: str) -> str | None:
        """The person who is linked with this subject, or None."""
        rows = self._store.query(
            "SELECT actor FROM identities JOIN staff USING(actor) WHERE issuer=? AND subject=?",
            issuer,
            subject,
        )
        return str(rows[0][0]) if rows else None

    def is_linked(self, actor: str) -> bool:
        """Whether this person signs in by the provider, too."""
        return bool(self._store.query("SELECT 1 FROM identities WHERE actor=? LIMIT 1", actor))

    def link(self, actor: str, issuer: str, subject: str, *, by: str) -> None:
        """Link a person with a subject, in the place of any other. Raises Malformed, NotFound, Conflict (another person's)."""
        subject = subject.strip()
        if not 1 <= len(subject) <= MAX_SUBJECT_CHARACTERS or not subject.isprintable():
            raise Malformed("identity-subject")
        now = self._now()
        with self._store.write() as db:
            if not db.execute("SELECT 1 FROM staff WHERE actor=?", (actor,)).fetchone():
                raise NotFound("person-not-found")
            row = db.execute(
                "SELECT actor FROM identities WHERE issuer=? AND subject=?", (issuer, subject)
            ).fetchone()
            if row is not None and row[0] != actor:
                raise Conflict("identity-taken")
            if db.execute("DELETE FROM identities WHERE actor=?", (actor,)).rowcount:
                _end_sessions_by_provider(db, actor)
            db.execute("INSERT INTO identities VALUES (?,?,?,?)", (issuer, subject, actor, now))
            append_log(db, now, by=by, what=StaffAct.IDENTITY_LINKED, about=actor)

    def unlink(self, actor: str, *, by: str) -> None:
        """End the link of a person. Raises NotFound."""
        now = self._now()
        with self._store.write() as db:
            if not db.execute("DELETE FROM identities WHERE actor=?", (actor,)).rowcount:
                raise NotFound("person-not-found")
            _end_sessions_by_provider(db, actor)
            append_log(db, now, by=by, what=StaffAct.IDENTITY_UNLINKED, about=actor)


def _end_sessions_by_provider(db: sqlite3.Connection, actor: str) -> None:
    """Sessions end with the link by which they were begun, or last confirmed."""
    db.execute("DELETE FROM sessions WHERE actor=? AND factor=?", (actor, Factor.PROVIDER.value))
