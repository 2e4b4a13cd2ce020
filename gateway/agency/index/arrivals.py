"""What has come to a door, in the order in which it came, and how far each of its people has looked.

Control only. ``n`` of an arrival is the door's own count: a message that becomes visible late arrives late, whenever it was
written. That somebody has looked at a case is no opening of its content, and is kept here alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

ARRIVAL_SCHEMA = """
CREATE TABLE IF NOT EXISTS arrivals(
    n INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL, message TEXT NOT NULL, UNIQUE(case_id, message));
INSERT OR IGNORE INTO arrivals(case_id, message) SELECT case_id, message FROM inbox ORDER BY seq, message;
CREATE TABLE IF NOT EXISTS case_changes(case_id TEXT PRIMARY KEY, change INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS case_changes_in_order ON case_changes(change);
CREATE TABLE IF NOT EXISTS case_looks(
    case_id TEXT NOT NULL, actor TEXT NOT NULL, n INTEGER NOT NULL, at TEXT NOT NULL, PRIMARY KEY(actor, case_id));
"""


@dataclass(frozen=True)
class Look:
    """How far a person has looked at a case: up to which arrival, and when (UTC text)."""

    n: int
    at: str


class ArrivalStore:
    """The tables of arrivals and looks. ``write``: a transaction; ``query``: the rows of a statement."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[sqlite3.Connection]],
        query: Callable[..., list[Any]],
    ) -> None:
        self._write, self._query = write, query

    def apply_feed(
        self,
        db: sqlite3.Connection,
        messages: Iterable[Mapping[str, Any]],
        erased: Collection[str],
        changed_tasks: Iterable[str] = (),
    ) -> None:
        """In the transaction of a page of the feed: number what is new, note which cases changed, forget what was
        erased. ``changed_tasks``: the cases whose tasks changed."""
        count = self.change_count + 1
        changed = set(changed_tasks)
        for m in messages:
            if m["body"].get("gone"):
                db.execute("DELETE FROM arrivals WHERE case_id=? AND message=?", (m["case"], m["message"]))
            else:
                db.execute(
                    "INSERT OR IGNORE INTO arrivals(case_id, message) VALUES (?,?)", (m["case"], m["message"])
                )
            changed.add(m["case"])
        for case in sorted(changed):
            db.execute("INSERT OR REPLACE INTO case_changes VALUES (?,?)", (case, count))
        for case in erased:
            for table in ("arrivals", "case_changes", "case_looks"):
                db.execute(f"DELETE FROM {table} WHERE case_id=?", (case,))
        if changed or erased:
            db.execute("INSERT OR REPLACE INTO state VALUES ('case_changes', ?)", (str(count),))

    @property
    def change_count(self) -> int:
        """Grows with every page of the feed that changed a case."""
        rows = self._query("SELECT value FROM state WHERE key='case_changes'")
        return int(rows[0][0]) if rows else 0

    def cases(self) -> frozenset[str]:
        """The cases of which a message has arrived."""
        return frozenset(r[0] for r in self._query("SELECT DISTINCT case_id FROM arrivals"))

    def changed_since(self, change: int) -> list[str]:
        """The cases that changed after this count."""
        return [r[0] for r in self._query("SELECT case_id FROM case_changes WHERE change > ?", change)]

    def of_case(self, case: str) -> dict[str, int]:
        """Message -> number of its arrival."""
        return dict(self._query("SELECT message, n FROM arrivals WHERE case_id=?", case))

    def all(self) -> dict[str, dict[str, int]]:
        """Case -> message -> number of its arrival."""
        cases: dict[str, dict[str, int]] = {}
        for case, message, n in self._query("SELECT case_id, message, n FROM arrivals"):
            cases.setdefault(case, {})[message] = n
        return cases

    def looks(self, actor: str) -> dict[str, Look]:
        """Case -> how far this person has looked at it."""
        rows = self._query("SELECT case_id, n, at FROM case_looks WHERE actor=?", actor)
        return {case: Look(n, at) for case, n, at in rows}

    def look(self, actor: str, case: str) -> Look | None:
        """How far this person has looked at a case; None where it never did."""
        rows = self._query("SELECT n, at FROM case_looks WHERE actor=? AND case_id=?", actor, case)
        return Look(*rows[0]) if rows else None

    def note_looks(self, actor: str, upto: Mapping[str, int], at: str) -> None:
        """This person has now looked at these cases, each up to this arrival."""
        with self._write() as db:
            db.executemany(
                "INSERT OR REPLACE INTO case_looks VALUES (?,?,?,?)",
                [(case, actor, n, at) for case, n in sorted(upto.items())],
            )
