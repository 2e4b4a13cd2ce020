"""Where people are signed in: one row for each session, with the words of its device; how it ends, and how fresh its factor is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import NotFound
from gateway.agency.staff_store import StaffAct, StaffStore, append_log
from keys.lp import sha256

FRESH_SECONDS = 5 * 60
"""How old a factor may be for acts that ask for a fresh one."""


class Factor(StrEnum):
    """By what somebody has proven who they are."""

    PASSPHRASE = "passphrase"
    APP = "app"
    RECOVERY_CODE = "recovery-code"
    PASSKEY = "passkey"
    PROVIDER = "provider"


@dataclass(frozen=True)
class SessionInfo:
    """What is known of a session; not the session. Times in seconds."""

    id: str
    actor: str
    device: str
    factor: str
    began: float
    seen: float


class Sessions:
    """Those of one door. ``now``: seconds."""

    def __init__(self, store: StaffStore, now: Callable[[], float], *, idle: float, longest: float) -> None:
        self._store, self._now, self._idle, self._longest = store, now, idle, longest

    def open(self, actor: str = "") -> list[SessionInfo]:
        """The sessions that have not ended, of this person or of all, the one that was seen last first."""
        now = self._now()
        rows = self._store.query(
            "SELECT id, actor, device, factor, began, seen FROM sessions WHERE (?='' OR actor=?) AND began>=?"
            " AND seen>=? ORDER BY seen DESC, id",
            actor,
            actor,
            now - self._longest,
            now - self._idle,
        )
        return [SessionInfo(*row) for row in rows]

    def id_of(self, session: str | None) -> str:
        """The public id of a session; empty where there is none."""
        rows = self._store.query("SELECT id FROM sessions WHERE hash=?", _hash(session))
        return str(rows[0][0]) if rows else ""

    def references(self, actor: str = "") -> set[str]:
        """``reference_of`` the sessions of this person or of all, also of those that have ended by time and may still hand in
        what was written."""
        rows = self._store.query(
            "SELECT actor, hash FROM sessions UNION SELECT actor, hash FROM ended_sessions"
        )
        return {_reference_of_session(one, digest) for one, digest in rows if actor in ("", one)}

    def end(self, id: str, *, by: str, actor: str = "") -> None:
        """End the session of this id; with ``actor`` only one of this person's. Raises NotFound."""
        self._end_where("id=? AND (?='' OR actor=?)", (id, actor, actor), by=by)

    def end_others(self, actor: str, session: str | None, *, by: str) -> None:
        """End all sessions of this person but this one."""
        self._end_where("actor=? AND hash<>?", (actor, _hash(session)), by=by, may_be_none=True)

    def _end_where(
        self, where: str, values: tuple[object, ...], *, by: str, may_be_none: bool = False
    ) -> None:
        now = self._now()
        with self._store.write() as db:
            ended = db.execute(f"DELETE FROM sessions WHERE {where} RETURNING actor", values).fetchall()
            if not ended and not may_be_none:
                raise NotFound("not-found")
            for actor in sorted({row[0] for row in ended}):
                count = str(sum(row[0] == actor for row in ended))
                append_log(db, now, by=by, what=StaffAct.SESSIONS_ENDED, about=actor, detail=count)

    def seconds_left(self, session: str | None) -> int:
        """How long this session lasts if nothing is done in it; 0 for one that has ended. To ask does not prolong it."""
        rows = self._store.query("SELECT began, seen FROM sessions WHERE hash=?", _hash(session))
        if not rows:
            return 0
        began, seen = rows[0]
        return max(0, int(min(began + self._longest, seen + self._idle) - self._now()))

    def touch(self, session: str | None) -> None:
        """Somebody is still there."""
        with self._store.write() as db:
            db.execute("UPDATE sessions SET seen=? WHERE hash=?", (self._now(), _hash(session)))

    def refresh_factor(self, session: str | None, factor: Factor) -> None:
        """The person of this session has just proven who they are."""
        with self._store.write() as db:
            db.execute(
                "UPDATE sessions SET factor=?, factor_at=? WHERE hash=?",
                (str(factor), self._now(), _hash(session)),
            )

    def is_fresh(self, session: str | None) -> bool:
        """Whether the person of this session has proven who they are within ``FRESH_SECONDS``."""
        rows = self._store.query("SELECT factor_at FROM sessions WHERE hash=?", _hash(session))
        return bool(rows) and 0 <= self._now() - rows[0][0] <= FRESH_SECONDS

    def factor_of(self, session: str | None) -> str:
        """By what this session was begun, or last confirmed; empty for none."""
        rows = self._store.query("SELECT factor FROM sessions WHERE hash=?", _hash(session))
        return str(rows[0][0]) if rows else ""


_BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_words(user_agent: str) -> str:
    """A browser and a system, as a person tells machines apart; «不明な端末» for others. Nothing else of the header is kept."""
    browser = next((name for mark, name in _BROWSERS if re.search(rf"{mark}[A-Za-z]*/", user_agent)), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return "、".join(filter(None, (system, browser))) or "不明な端末"


def reference_of(actor: str, session: str | None) -> str:
    """By what the door tells sessions apart outside this file: nobody gets a session from it."""
    return _reference_of_session(actor, _hash(session))


def _reference_of_session(actor: str, digest: bytes) -> str:
    return sha256(f"{actor}\0{digest.hex()}".encode()).hex()


def _hash(session: str | None) -> bytes:
    return sha256((session or "").encode("utf-8", "surrogatepass"))
