"""The tables of a door about its visitors' phones: which are registered, which sheets they have, what they sent.

Nothing in them can be read without the door's key, but who has a phone, about which case it has a sheet, and when.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

DEVICE_SCHEMA = """
CREATE TABLE IF NOT EXISTS visitor_devices(
    id TEXT PRIMARY KEY, actor TEXT NOT NULL, name TEXT NOT NULL, key BLOB NOT NULL, registered_at TEXT NOT NULL,
    seen_at TEXT NOT NULL, stopped_at TEXT NOT NULL, stopped_by TEXT NOT NULL, waiting INTEGER NOT NULL,
    cleared_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS device_sheets(
    device TEXT NOT NULL, case_id TEXT NOT NULL, session TEXT NOT NULL, loaded_at TEXT NOT NULL, until_at TEXT NOT NULL,
    ended_at TEXT NOT NULL, PRIMARY KEY(device, case_id));
CREATE TABLE IF NOT EXISTS device_envelopes(
    device TEXT NOT NULL, envelope TEXT NOT NULL, number INTEGER NOT NULL, digest BLOB NOT NULL, actor TEXT NOT NULL,
    received_at TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, subject TEXT NOT NULL, code TEXT NOT NULL,
    was_shown INTEGER NOT NULL, sealed BLOB, PRIMARY KEY(device, envelope));
"""
"""What waits for its person is not erased with the case: that person decides about it, and sending says that it is gone."""
Write = Callable[[], AbstractContextManager[sqlite3.Connection]]
Query = Callable[..., list[Any]]


class EnvelopeState(StrEnum):
    """What became of an envelope. WAITING: the person has to look at it; QUEUED: its command waits in the door's outbox for
    the hub; SENT: its command is recorded, or its photo kept; REFUSED: it was not sent, and stands among the drafts;
    DISCARDED: its person did not want it sent."""

    WAITING = "WAITING"
    QUEUED = "QUEUED"
    SENT = "SENT"
    REFUSED = "REFUSED"
    DISCARDED = "DISCARDED"


@dataclass(frozen=True)
class DeviceRow:
    """A registered phone. ``stopped_at``: empty while it is in use; ``waiting``: how many envelopes it last said to hold;
    ``cleared_at``: when it last said that it holds no sheet."""

    id: UUID
    actor: str
    name: str
    key: bytes = field(repr=False)
    registered_at: str
    seen_at: str
    stopped_at: str
    stopped_by: str
    waiting: int
    cleared_at: str


@dataclass(frozen=True)
class SheetRow:
    """A sheet that a phone has loaded. ``ended_at``: since when it is to be erased there, empty while it is good."""

    device: UUID
    case: str
    session: str
    loaded_at: str
    until_at: str
    ended_at: str


@dataclass(frozen=True)
class EnvelopeRow:
    """An envelope that has come. ``subject``: the case of a form, the number of a photo; ``sealed``: the content, for this
    door alone, as long as it waits; ``code``: of the error for which it was refused, or while it is QUEUED the number of
    its command."""

    device: UUID
    envelope: UUID
    number: int
    digest: bytes
    actor: str
    received_at: str
    kind: str
    state: EnvelopeState
    subject: str
    code: str
    was_shown: bool
    sealed: bytes | None = field(repr=False)


class DeviceRows:
    """The tables above. ``write`` and ``query`` are those of the door's database."""

    def __init__(self, write: Write, query: Query) -> None:
        self._write, self._query = write, query

    # --- phones ------------------------------------------------------------------------------------------------

    def add(self, row: DeviceRow) -> None:
        with self._write() as db:
            db.execute(
                "INSERT INTO visitor_devices VALUES (?,?,?,?,?,?,?,?,?,?)",
                (
                    *(str(row.id), row.actor, row.name, row.key, row.registered_at, row.seen_at),
                    *(row.stopped_at, row.stopped_by, row.waiting, row.cleared_at),
                ),
            )

    def device(self, id: UUID) -> DeviceRow | None:
        rows = self._query("SELECT * FROM visitor_devices WHERE id=?", str(id))
        return _device_row(rows[0]) if rows else None

    def devices(self) -> list[DeviceRow]:
        """All phones, the last registered first."""
        rows = self._query("SELECT * FROM visitor_devices ORDER BY registered_at DESC, id")
        return [_device_row(row) for row in rows]

    def note_contact(self, id: UUID, at: str, waiting: int, *, has_sheets: bool) -> None:
        """The phone was here. What it was to erase is no longer listed once it says that it holds no sheet."""
        with self._write() as db:
            db.execute("UPDATE visitor_devices SET seen_at=?, waiting=? WHERE id=?", (at, waiting, str(id)))
            if not has_sheets:
                db.execute("UPDATE visitor_devices SET cleared_at=? WHERE id=?", (at, str(id)))
                db.execute("DELETE FROM device_sheets WHERE device=? AND ended_at<>''", (str(id),))

    def stop(self, id: UUID, at: str, by: str) -> bool:
        """Stop a phone and end its sheets; false where it is stopped already or not there."""
        with self._write() as db:
            changed = db.execute(
                "UPDATE visitor_devices SET stopped_at=?, stopped_by=? WHERE id=? AND stopped_at=''",
                (at, by, str(id)),
            )
            db.execute("UPDATE device_sheets SET ended_at=? WHERE device=? AND ended_at=''", (at, str(id)))
            return bool(changed.rowcount)

    # --- sheets ------------------------------------------------------------------------------------------------

    def load(self, device: UUID, cases: list[str], session: str, at: str, until: str) -> None:
        """These are now the sheets that the phone has."""
        with self._write() as db:
            db.execute("DELETE FROM device_sheets WHERE device=?", (str(device),))
            for case in cases:
                db.execute(
                    "INSERT INTO device_sheets VALUES (?,?,?,?,?,'')", (str(device), case, session, at, until)
                )

    def end_session(self, session: str, at: str) -> None:
        """The sheets that this session loaded are to be erased."""
        with self._write() as db:
            db.execute("UPDATE device_sheets SET ended_at=? WHERE session=? AND ended_at=''", (at, session))

    def sheets(self, device: UUID | None = None) -> list[SheetRow]:
        """The sheets that phones have, or may have."""
        where = "" if device is None else " WHERE device=?"
        rows = self._query(
            f"SELECT * FROM device_sheets{where} ORDER BY loaded_at, case_id",
            *(() if device is None else (str(device),)),
        )
        return [SheetRow(UUID(r[0]), r[1], r[2], r[3], r[4], r[5]) for r in rows]

    def forget_sheets(self, before: str) -> None:
        """Those whose hours were over before then: the phone has erased them by itself."""
        with self._write() as db:
            db.execute("DELETE FROM device_sheets WHERE until_at<?", (before,))

    # --- envelopes -----------------------------------------------------------------------------------------------

    def take(self, row: EnvelopeRow) -> None:
        """Store an envelope that has come."""
        with self._write() as db:
            db.execute(
                "INSERT OR IGNORE INTO device_envelopes VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    *(str(row.device), str(row.envelope), row.number, row.digest, row.actor, row.received_at),
                    *(row.kind, str(row.state), row.subject, row.code, int(row.was_shown), row.sealed),
                ),
            )

    def envelope(self, device: UUID, envelope: UUID) -> EnvelopeRow | None:
        rows = self._query(
            "SELECT * FROM device_envelopes WHERE device=? AND envelope=?", str(device), str(envelope)
        )
        return _envelope_row(rows[0]) if rows else None

    def envelopes(self, actor: str) -> list[EnvelopeRow]:
        """What this person's phones have sent, in the order in which it was written on each."""
        rows = self._query("SELECT * FROM device_envelopes WHERE actor=? ORDER BY device, number", actor)
        return [_envelope_row(row) for row in rows]

    def numbers(self, device: UUID) -> list[int]:
        """The numbers of the envelopes that have come from a phone."""
        rows = self._query("SELECT number FROM device_envelopes WHERE device=? ORDER BY number", str(device))
        return [int(number) for (number,) in rows]

    def settle(self, row: EnvelopeRow, state: EnvelopeState, code: str = "") -> None:
        """Its person has decided, or the door has sent it: what was kept of it is erased."""
        with self._write() as db:
            db.execute(
                "UPDATE device_envelopes SET state=?, code=?, sealed=NULL, was_shown=0 WHERE device=? AND envelope=?",
                (str(state), code, str(row.device), str(row.envelope)),
            )

    def note_shown(self, actor: str) -> None:
        """This person has seen what was refused."""
        with self._write() as db:
            db.execute("UPDATE device_envelopes SET was_shown=1 WHERE actor=?", (actor,))


def _device_row(r: Any) -> DeviceRow:
    return DeviceRow(UUID(r[0]), r[1], r[2], bytes(r[3]), r[4], r[5], r[6], r[7], r[8], r[9])


def _envelope_row(r: Any) -> EnvelopeRow:
    sealed = None if r[11] is None else bytes(r[11])
    state = EnvelopeState(r[7])
    return EnvelopeRow(
        UUID(r[0]), UUID(r[1]), r[2], bytes(r[3]), r[4], r[5], r[6], state, r[8], r[9], bool(r[10]), sealed
    )
