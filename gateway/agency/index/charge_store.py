"""Where a door keeps, sealed, who is in charge of its cases, and what people answered about two cases of one family."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

CHARGE_SCHEMA = """
CREATE TABLE IF NOT EXISTS case_charges(case_id TEXT PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS family_answers(
    case_id TEXT NOT NULL, other TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY(case_id, other));
"""
CHARGE_TABLES = ("case_charges", "family_answers")


class ChargeStore:
    """The tables of charges and answers. ``write``: a transaction; ``query``: the rows of a statement."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[sqlite3.Connection]],
        query: Callable[..., list[Any]],
    ) -> None:
        self._write, self._query = write, query

    @property
    def change_count(self) -> int:
        """Grows with every change of a charge."""
        rows = self._query("SELECT value FROM state WHERE key='charge_changes'")
        return int(rows[0][0]) if rows else 0

    def charges(self) -> dict[str, bytes]:
        """Case -> its sealed history."""
        return dict(self._query("SELECT case_id, sealed FROM case_charges"))

    def change(self, update: Callable[[Mapping[str, bytes]], Mapping[str, bytes]]) -> None:
        """Replace histories by what ``update`` makes of all of them, in one transaction."""
        with self._write() as db:
            known = dict(db.execute("SELECT case_id, sealed FROM case_charges").fetchall())
            changed = update(known)
            db.executemany("INSERT OR REPLACE INTO case_charges VALUES (?,?)", sorted(changed.items()))
            if changed:
                self.note_change(db)

    @staticmethod
    def note_change(db: sqlite3.Connection) -> None:
        """In a transaction that changed charges: what is in memory of them is out of date."""
        db.execute(
            "INSERT INTO state VALUES ('charge_changes', '1')"
            " ON CONFLICT(key) DO UPDATE SET value=CAST(value AS INTEGER)+1"
        )

    def answers(self) -> dict[tuple[str, str], bytes]:
        """Two cases -> the sealed answer whether they are of one family."""
        rows = self._query("SELECT case_id, other, sealed FROM family_answers")
        return {(case, other): sealed for case, other, sealed in rows}

    def store_answer(self, case: str, other: str, sealed: bytes) -> None:
        with self._write() as db:
            db.execute("INSERT OR REPLACE INTO family_answers VALUES (?,?,?)", (case, other, sealed))
