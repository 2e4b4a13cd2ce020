"""How often each agency asked what the hub would decide: a limit by the hour, and counts by the day for the auditor.

A dry run leaves no record, so it is limited and counted, or it would be an oracle: whoever tries the rules out, case by
case, is seen by the numbers. The file is the hub's; it holds no case, person or act. Source: APPI 66 (安全管理).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from domain.errors import Unavailable
from domain.events import dump

MAX_AN_HOUR = 240
"""Of one agency: four people of a busy office each send one every two minutes, asked about as it is looked at and as it is sent."""
HOUR = timedelta(hours=1)
FILE = "dry_runs.db"
DRY_RUN_ROWS = 200
"""How many rows the auditor's page shows."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS recent(agency TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS recent_of_agency ON recent(agency, at);
CREATE TABLE IF NOT EXISTS days(
    day TEXT NOT NULL, agency TEXT NOT NULL, asked INTEGER NOT NULL, refused INTEGER NOT NULL, limited INTEGER NOT NULL,
    PRIMARY KEY(day, agency)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class DryRunsOfDay:
    """What one agency asked on one day (JST): how often, how often the answer was a refusal, and how often it was not
    answered because of the limit."""

    day: date
    agency: UUID
    asked: int
    refused: int
    limited: int


class DryRunCounts:
    """The counts of one hub. Thread-safe; the lock owns the connection. It is not synced: a machine that loses power
    forgets the last seconds."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def enter(self, agency: UUID, day: date, now: datetime) -> None:
        """Count one more before it is answered. ``day``: by the hub's clock; ``now``: by the machine's, which a rehearsal
        does not set. Raises Unavailable where the agency has asked ``MAX_AN_HOUR`` times within an hour."""
        name, since = str(agency), dump(now - HOUR)
        with self._transaction() as db:
            db.execute("DELETE FROM recent WHERE at<=? OR at>?", (since, dump(now)))
            [(asked,)] = db.execute("SELECT count(*) FROM recent WHERE agency=?", (name,)).fetchall()
            is_limited = asked >= MAX_AN_HOUR
            if not is_limited:
                db.execute("INSERT INTO recent VALUES (?,?)", (name, dump(now)))
            self._count(db, name, day, "limited" if is_limited else "asked")
        if is_limited:
            raise Unavailable("dry-runs-used-up", retry_after_seconds=int(HOUR.total_seconds()))

    def note_refused(self, agency: UUID, day: date) -> None:
        """The answer was a refusal."""
        with self._transaction() as db:
            self._count(db, str(agency), day, "refused")

    @staticmethod
    def _count(db: sqlite3.Connection, agency: str, day: date, column: str) -> None:
        values = {"day": day.isoformat(), "agency": agency, "asked": 0, "refused": 0, "limited": 0, column: 1}
        db.execute(
            "INSERT INTO days VALUES (:day,:agency,:asked,:refused,:limited) ON CONFLICT(day, agency)"
            " DO UPDATE SET asked=asked+:asked, refused=refused+:refused, limited=limited+:limited",
            values,
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with self._db:  # committed at its end, or rolled back
                    self._db.execute("BEGIN IMMEDIATE")
                    yield self._db
            except sqlite3.OperationalError as error:
                raise Unavailable("query-store-unavailable") from error


def dry_runs_by_day(folder: Path, limit: int) -> list[DryRunsOfDay]:
    """The latest counts in the hub's folder, the latest day first; none where the hub has never been asked."""
    path = folder / FILE
    if not path.exists():
        return []
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows: list[Any] = db.execute(
            "SELECT day, agency, asked, refused, limited FROM days ORDER BY day DESC, refused DESC, agency LIMIT ?",
            (limit,),
        ).fetchall()
    finally:
        db.close()
    return [DryRunsOfDay(date.fromisoformat(day), UUID(agency), *counts) for day, agency, *counts in rows]
