"""What a door keeps of protected addresses, in its own database: keyed marks, who has read them here, and until when
the address of a case is protected. Never the words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Any
from uuid import UUID

from domain.codes import Section
from gateway.agency.address_marks import Mark, Origin

ADDRESS_SCHEMA = """
CREATE TABLE IF NOT EXISTS address_marks(
    case_id TEXT NOT NULL, message TEXT NOT NULL, length INTEGER NOT NULL, head BLOB NOT NULL, mark BLOB NOT NULL,
    PRIMARY KEY(case_id, message, mark));
CREATE TABLE IF NOT EXISTS address_readers(
    case_id TEXT NOT NULL, message TEXT NOT NULL, actor TEXT NOT NULL, PRIMARY KEY(case_id, message, actor));
CREATE TABLE IF NOT EXISTS address_protections(
    case_id TEXT PRIMARY KEY, until TEXT NOT NULL, unconfirmed TEXT);
"""
ADDRESS_TABLES = ("address_marks", "address_readers", "address_protections")
OPENABLE_STATES = frozenset({"OPENABLE", "PENDING_KEY"})


class AddressStore:
    """The tables of protected addresses. ``write``: a transaction; ``query``: the rows of a statement."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[sqlite3.Connection]],
        query: Callable[..., list[Any]],
    ) -> None:
        self._write, self._query = write, query

    def store(self, case: UUID, message: UUID, actor: str, marks: Iterable[Mark]) -> None:
        """The marks of an address that this person has written or opened; those of this message are replaced."""
        names = (str(case), str(message))
        with self._write() as db:
            db.executemany(
                "INSERT OR IGNORE INTO address_marks VALUES (?,?,?,?,?)",
                [(*names, m.length, m.head, m.digest) for m in marks],
            )
            db.execute("INSERT OR IGNORE INTO address_readers VALUES (?,?,?)", (*names, actor))

    def protect(self, case: UUID, until: date, message: UUID) -> None:
        """The registration by this message is on its way to the hub; from now on the case is protected here."""
        with self._write() as db:
            db.execute(
                "INSERT INTO address_protections VALUES (?,?,?)"
                " ON CONFLICT(case_id) DO UPDATE SET until=max(until, excluded.until)",
                (str(case), until.isoformat(), str(message)),
            )

    def withdraw(self, case: UUID, message: UUID) -> None:
        """The hub has refused this message: nothing of it is on record."""
        with self._write() as db:
            _forget_message(db, str(case), str(message))
            db.execute("DELETE FROM address_protections WHERE unconfirmed=?", (str(message),))

    def protected_until(self, case: UUID) -> date | None:
        """The last day of the protection that this door knows of, also if it is over."""
        rows = self._query("SELECT until FROM address_protections WHERE case_id=?", str(case))
        return date.fromisoformat(rows[0][0]) if rows else None

    def protected_cases(self, today: date) -> list[UUID]:
        """The cases of which an address is protected on this day."""
        rows = self._query("SELECT case_id FROM address_protections WHERE until >= ?", today.isoformat())
        return [UUID(case) for (case,) in rows]

    def marks(self, today: date) -> list[tuple[Origin, Mark]]:
        """The marks of the addresses that are protected on this day. What is over is erased."""
        over = self._query("SELECT case_id FROM address_protections WHERE until < ?", today.isoformat())
        if over:
            with self._write() as db:
                for (case,) in over:
                    _forget_case(db, case)
        rows = self._query(
            "SELECT case_id, message, length, head, mark FROM address_marks JOIN address_protections USING(case_id)"
        )
        return [((UUID(r[0]), UUID(r[1])), Mark(r[2], r[3], r[4])) for r in rows]

    def has_read(self, origin: Origin, actor: str) -> bool:
        """Whether this person has written or opened, at this door, the address of this message."""
        case, message = origin
        return bool(
            self._query(
                "SELECT 1 FROM address_readers WHERE case_id=? AND message=? AND actor=?",
                str(case),
                str(message),
                actor,
            )
        )

    @staticmethod
    def apply_feed(db: sqlite3.Connection, messages: Collection[Mapping[str, Any]]) -> None:
        """In the transaction of a page of the feed: what may no longer be opened, or is no longer protected, is erased."""
        for m in messages:
            body = m["body"]
            if not _has_openable_address(body):
                _forget_message(db, m["case"], m["message"])
            if "protected_until" in body:
                _apply_protection(db, m["case"], body["protected_until"])


def _has_openable_address(body: Mapping[str, Any]) -> bool:
    return any(i["section"] == Section.ADDR and i["state"] in OPENABLE_STATES for i in body.get("items", []))


def _apply_protection(db: sqlite3.Connection, case: str, until: str | None) -> None:
    if until is not None:
        db.execute("INSERT OR REPLACE INTO address_protections VALUES (?,?,NULL)", (case, until))
        return
    # a page may be older than a registration that was just sent: it ends nothing before that message is in the feed, too
    known = db.execute(
        "SELECT 1 FROM address_protections p WHERE case_id=? AND (unconfirmed IS NULL OR EXISTS"
        " (SELECT 1 FROM inbox i WHERE i.case_id=p.case_id AND i.message=p.unconfirmed))",
        (case,),
    )
    if known.fetchone():
        _forget_case(db, case)


def _forget_message(db: sqlite3.Connection, case: str, message: str) -> None:
    for table in ("address_marks", "address_readers"):
        db.execute(f"DELETE FROM {table} WHERE case_id=? AND message=?", (case, message))


def _forget_case(db: sqlite3.Connection, case: str) -> None:
    for table in ADDRESS_TABLES:
        db.execute(f"DELETE FROM {table} WHERE case_id=?", (case,))
