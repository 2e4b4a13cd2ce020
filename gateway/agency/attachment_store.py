"""The rows of a door's database for attachments and for sealed items on their way to the hub. Sealed bytes only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

ATTACHMENT_SCHEMA = """
CREATE TABLE IF NOT EXISTS attachments(
    id TEXT PRIMARY KEY, actor TEXT NOT NULL, composing TEXT NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL,
    error_code TEXT, head BLOB, data BLOB, command_id TEXT);
CREATE INDEX IF NOT EXISTS attachments_by_command ON attachments(command_id);
CREATE TABLE IF NOT EXISTS outbox_items(
    command_id TEXT NOT NULL, n INTEGER NOT NULL, digest BLOB NOT NULL, sealed BLOB, PRIMARY KEY(command_id, n));
"""

RECEIVED, CHECKED, REFUSED, SENT = "RECEIVED", "CHECKED", "REFUSED", "SENT"
"""An attachment is received as it is, then checked or refused; once a recorded message has it, its bytes are erased."""


def kept_name(id: UUID, what: str) -> str:
    """Under which name the ``head`` or the ``data`` of an attachment is sealed."""
    return f"attachment/{id}/{what}"


Write = Callable[[], AbstractContextManager[sqlite3.Connection]]
Query = Callable[..., list[Any]]


@dataclass(frozen=True)
class AttachmentRow:
    """One attachment without its bytes. ``head``: sealed, what there is to know about it; ``composing``: the message that
    it was attached to, as its page names it; ``command_id``: the command that takes it along, None for none yet."""

    id: UUID
    actor: str
    composing: str
    at: str
    state: str
    error_code: str | None
    head: bytes | None = field(repr=False)
    command_id: UUID | None


@dataclass(frozen=True)
class OutgoingItem:
    """A sealed item of a waiting command. ``is_uploaded``: the hub has it, and its bytes are erased here."""

    n: int
    digest: bytes
    is_uploaded: bool


_COLUMNS = "id,actor,composing,at,state,error_code,head,command_id"


class AttachmentRows:
    """The tables above. ``write`` and ``query`` are those of the door's database."""

    def __init__(self, write: Write, query: Query) -> None:
        self._write, self._query = write, query

    def receive(self, row: AttachmentRow, data: bytes) -> None:
        """Store an attachment as it came."""
        with self._write() as db:
            db.execute(
                "INSERT INTO attachments VALUES (?,?,?,?,?,NULL,?,?,NULL)",
                (str(row.id), row.actor, row.composing, row.at, row.state, row.head, data),
            )

    def check(self, id: UUID, head: bytes, data: bytes) -> None:
        """It may be sent, as these bytes, which take the place of those that came."""
        with self._write() as db:
            db.execute(
                "UPDATE attachments SET state=?, head=?, data=? WHERE id=? AND state=?",
                (CHECKED, head, data, str(id), RECEIVED),
            )

    def refuse(self, id: UUID, error_code: str) -> None:
        """It may not be sent: its bytes are erased."""
        with self._write() as db:
            db.execute(
                "UPDATE attachments SET state=?, error_code=?, data=NULL WHERE id=? AND state=?",
                (REFUSED, error_code, str(id), RECEIVED),
            )

    def delete(self, id: UUID) -> None:
        """Delete one that no command takes along."""
        with self._write() as db:
            db.execute("DELETE FROM attachments WHERE id=? AND command_id IS NULL", (str(id),))

    def delete_before(self, at: str) -> int:
        """Delete those that came before then and that neither a waiting command nor a draft or kept post takes along, nor
        what waits of the phone that brought them. Returns how many."""
        with self._write() as db:
            return db.execute(
                "DELETE FROM attachments WHERE at < ? AND (state=? OR command_id IS NULL)"
                " AND composing NOT IN (SELECT composing FROM page_drafts WHERE composing<>''"
                " UNION SELECT composing FROM kept_posts WHERE composing<>'')"
                " AND id NOT IN (SELECT photo.subject FROM device_envelopes photo JOIN device_envelopes form"
                " ON form.device=photo.device WHERE photo.kind='photo' AND form.state='WAITING')",
                (at, SENT),
            ).rowcount

    def row(self, id: UUID) -> AttachmentRow | None:
        rows = self._query(f"SELECT {_COLUMNS} FROM attachments WHERE id=?", str(id))
        return _row_of(rows[0]) if rows else None

    def rows(self, actor: str) -> list[AttachmentRow]:
        """The attachments of this person or system, oldest first."""
        rows = self._query(f"SELECT {_COLUMNS} FROM attachments WHERE actor=? ORDER BY rowid", actor)
        return [_row_of(r) for r in rows]

    def data(self, id: UUID) -> bytes | None:
        """The sealed bytes; None where they are erased."""
        rows = self._query("SELECT data FROM attachments WHERE id=?", str(id))
        return rows[0][0] if rows else None

    # --- within a transaction of the outbox --------------------------------------------------------------------

    @staticmethod
    def claim(db: sqlite3.Connection, command_id: UUID, attachments: Sequence[UUID]) -> None:
        """This command takes these along."""
        db.executemany(
            "UPDATE attachments SET command_id=? WHERE id=? AND state=?",
            [(str(command_id), str(id), CHECKED) for id in attachments],
        )

    @staticmethod
    def store_items(db: sqlite3.Connection, command_id: UUID, items: Sequence[tuple[bytes, bytes]]) -> None:
        """The sealed items (digest, bytes) of a command, in place of those of an earlier sealing."""
        db.execute("DELETE FROM outbox_items WHERE command_id=?", (str(command_id),))
        db.executemany(
            "INSERT INTO outbox_items VALUES (?,?,?,?)",
            [(str(command_id), n, digest, sealed) for n, (digest, sealed) in enumerate(items)],
        )

    @staticmethod
    def settle(db: sqlite3.Connection, command_id: UUID, *, is_recorded: bool) -> None:
        """The command waits no more: erase its items, and the attachments too if it was recorded; else they can be sent
        with another one."""
        db.execute("DELETE FROM outbox_items WHERE command_id=?", (str(command_id),))
        change = f"state='{SENT}', head=NULL, data=NULL" if is_recorded else "command_id=NULL"
        db.execute(f"UPDATE attachments SET {change} WHERE command_id=?", (str(command_id),))

    # --- sealed items on their way -----------------------------------------------------------------------------

    def outgoing_items(self, command_id: UUID) -> list[OutgoingItem]:
        """The sealed items of a waiting command, in the order of the request."""
        rows = self._query(
            "SELECT n, digest, sealed IS NULL FROM outbox_items WHERE command_id=? ORDER BY n",
            str(command_id),
        )
        return [OutgoingItem(n, digest, bool(gone)) for n, digest, gone in rows]

    def claimed(self, command_id: UUID) -> int:
        """How many attachments this command takes along."""
        [(count,)] = self._query("SELECT count(*) FROM attachments WHERE command_id=?", str(command_id))
        return int(count)

    def sealed_item(self, command_id: UUID, n: int) -> bytes:
        [(sealed,)] = self._query(
            "SELECT sealed FROM outbox_items WHERE command_id=? AND n=?", str(command_id), n
        )
        return bytes(sealed)

    def note_uploaded(self, command_id: UUID, n: int) -> None:
        """The hub has this item on disk."""
        with self._write() as db:
            db.execute("UPDATE outbox_items SET sealed=NULL WHERE command_id=? AND n=?", (str(command_id), n))


def _row_of(r: Any) -> AttachmentRow:
    return AttachmentRow(UUID(r[0]), r[1], r[2], r[3], r[4], r[5], r[6], None if r[7] is None else UUID(r[7]))
