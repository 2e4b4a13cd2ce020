"""The case index on disk: one sealed entry for each family, under a key of its own, in the door's database.

Each change gives the entry a number from one count, so that whoever holds the index in memory, also in another process,
reads only what changed. When something leaves an entry, what stays is sealed under a new key: an older copy of the entry
can't be opened with what the database holds. Source: KH-1 §4 (index key, index family).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.codes import Section
from domain.errors import ExchangeError
from gateway.agency.address_store import OPENABLE_STATES
from gateway.agency.index.cards import IndexedItem
from keys.derive import KeyUse
from keys.lp import lp
from keys.sealing import new_key, open_sealed, pad, seal, unpad
from keys.signing import KemKey

INDEX_SCHEMA = """
CREATE TABLE IF NOT EXISTS index_families(
    case_id TEXT PRIMARY KEY, n INTEGER NOT NULL, key BLOB NOT NULL, sealed BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS index_families_by_change ON index_families(n);
"""
MALFORMED_ENTRY = (ExchangeError, ValueError, KeyError, TypeError, AttributeError)
"""What opening an entry raises that was changed."""


@dataclass(frozen=True)
class FamilySeal:
    """Seals the entries of one door at one hub."""

    kem: KemKey
    hub: bytes

    def seal(self, case: str, items: Iterable[IndexedItem]) -> tuple[bytes, bytes]:
        """A new key, sealed for this door alone, and the entry under it."""
        key, id = new_key(), UUID(case)
        data = json.dumps([i.to_json() for i in items], ensure_ascii=False).encode()
        wrapped = self.kem.own_seal(KeyUse.CASE_INDEX, lp("kh/index-key/v1", self.hub, id), key)
        return wrapped, seal(key, lp("kh/index-family/v1", self.hub, id), pad(data))

    def open(self, case: str, wrapped: bytes, sealed: bytes) -> list[IndexedItem]:
        """Raises one of ``MALFORMED_ENTRY`` where either was changed."""
        id = UUID(case)
        key = self.kem.open_own_seal(KeyUse.CASE_INDEX, lp("kh/index-key/v1", self.hub, id), wrapped)
        data = unpad(open_sealed(key, lp("kh/index-family/v1", self.hub, id), sealed))
        return [IndexedItem.from_json(one) for one in json.loads(data)]


@dataclass(frozen=True)
class Changes:
    """What changed since a number: ``changed``, the oldest change first. ``n``: of the last one; ``cases``: all that have an
    entry."""

    n: int
    changed: tuple[UUID, ...]
    cases: frozenset[UUID]


class SealedFamilies:
    """The entries of one door. ``write``: a transaction; ``query``: the rows of a statement."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[sqlite3.Connection]],
        query: Callable[..., list[Any]],
    ) -> None:
        self._write, self._query = write, query
        self._seal: FamilySeal | None = None
        self._has_lost_something = False

    def use(self, family_seal: FamilySeal) -> None:
        """By whose keys the entries are sealed; until then none is read or written, and what must go goes whole."""
        self._seal = family_seal

    def add(self, case: UUID, items: Collection[IndexedItem], *, from_feed: bool) -> None:
        """Add items. Where the feed has the message and says that an item is not open to this agency any more, that item
        is not added. ``from_feed``: it was opened, so the feed must have it; what was just sent may not be there yet."""
        with self._write() as db:
            admitted = [i for i in items if _is_open(db, str(case), i, from_feed=from_feed)]
            if admitted:
                known = {i.item: i for i in self._entry(db, str(case)) or ()}
                self._put(db, str(case), {**known, **{i.item: i for i in admitted}}.values())

    def apply_feed(self, db: sqlite3.Connection, messages: Collection[Mapping[str, Any]]) -> None:
        """In the transaction of a page of the feed: what may no longer be opened leaves its entry."""
        for m in messages:
            row = db.execute("SELECT 1 FROM index_families WHERE case_id=?", (m["case"],)).fetchone()
            if row is None:
                continue
            open_items = _open_items(m["body"])
            entry = self._entry(db, m["case"])
            if entry is None:
                if self._seal is None:
                    self._drop(db, m["case"])
                continue
            stays = [i for i in entry if i.message != m["message"] or i.item in open_items]
            if len(stays) < len(entry):
                self._has_lost_something = True
                self._put(db, m["case"], stays)

    def has_lost_something(self) -> bool:
        """Whether something left it since this was last asked."""
        lost, self._has_lost_something = self._has_lost_something, False
        return lost

    def forget(self, db: sqlite3.Connection, case: str) -> None:
        """In the transaction of a page of the feed: the case's control was destroyed."""
        self._drop(db, case)

    def since(self, n: int) -> Changes:
        """What changed after this number, and all cases that have an entry; none is opened."""
        rows = self._query("SELECT case_id, n FROM index_families ORDER BY n")
        changed = tuple(UUID(case) for case, at in rows if at > n)
        return Changes(
            max((at for _, at in rows), default=n), changed, frozenset(UUID(case) for case, _ in rows)
        )

    def opened(self, cases: Collection[UUID]) -> dict[UUID, list[IndexedItem] | None]:
        """The entries of these cases, of those that have one; None for an entry that can't be opened."""
        marks = ",".join("?" * len(cases))
        rows = self._query(
            f"SELECT case_id, key, sealed FROM index_families WHERE case_id IN ({marks})", *map(str, cases)
        )
        return {UUID(case): self._opened(case, key, sealed) for case, key, sealed in rows}

    @property
    def change_count(self) -> int:
        """Grows with every change, also where something was removed."""
        rows = self._query("SELECT value FROM state WHERE key='index_changes'")
        return int(rows[0][0]) if rows else 0

    def remove(self, case: UUID) -> None:
        """Remove an entry with its key; what it held can be opened again on record."""
        with self._write() as db:
            self._drop(db, str(case))

    # --- in a transaction -----------------------------------------------------------------------------------

    def _entry(self, db: sqlite3.Connection, case: str) -> list[IndexedItem] | None:
        row = db.execute("SELECT key, sealed FROM index_families WHERE case_id=?", (case,)).fetchone()
        return None if row is None else self._opened(case, row[0], row[1])

    def _opened(self, case: str, key: bytes, sealed: bytes) -> list[IndexedItem] | None:
        if self._seal is None:
            return None
        try:
            return self._seal.open(case, key, sealed)
        except MALFORMED_ENTRY:
            return None

    def _put(self, db: sqlite3.Connection, case: str, items: Iterable[IndexedItem]) -> None:
        ordered = sorted(items, key=lambda i: (i.at, i.item))
        if not ordered or self._seal is None:
            self._drop(db, case)
            return
        n = _count_change(db)
        key, sealed = self._seal.seal(case, ordered)
        db.execute("INSERT OR REPLACE INTO index_families VALUES (?,?,?,?)", (case, n, key, sealed))

    def _drop(self, db: sqlite3.Connection, case: str) -> None:
        if db.execute("DELETE FROM index_families WHERE case_id=?", (case,)).rowcount:
            self._has_lost_something = True
            _count_change(db)


def _count_change(db: sqlite3.Connection) -> int:
    row = db.execute(
        "INSERT INTO state VALUES ('index_changes', '1')"
        " ON CONFLICT(key) DO UPDATE SET value=CAST(value AS INTEGER)+1 RETURNING CAST(value AS INTEGER)"
    ).fetchone()
    return int(row[0])


def _open_items(body: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        i["item"]
        for i in body.get("items", ())
        if i["section"] == Section.BASIC and i["state"] in OPENABLE_STATES
    )


def _is_open(db: sqlite3.Connection, case: str, item: IndexedItem, *, from_feed: bool) -> bool:
    row = db.execute("SELECT body FROM inbox WHERE case_id=? AND message=?", (case, item.message)).fetchone()
    return not from_feed if row is None else item.item in _open_items(json.loads(row[0]))
