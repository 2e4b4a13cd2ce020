"""Which signed queries were answered, so that each is answered once while it is valid.

Whoever sees a signed query on its way could send it again within its ten minutes and learn what has become of the case
since. A sender whose answer was lost signs a new query. The table is on disk, so a restart forgets nothing; it is not
synced, since a machine that loses power is not back before most of them are over. It is bounded: a query is entered
after its signatures are verified, and leaves the table when its time is over. Two hubs on one stream each have their
own: a copy that is sent to the other hub is answered there once.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from threading import Lock

from domain.errors import Conflict, Unavailable
from domain.events import dump

ENTRIES_BETWEEN_CLEANINGS = 1000


class AnsweredQueries:
    """The queries that one hub has answered and that are still valid. Thread-safe; the lock owns the connection."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS answered(frame BLOB PRIMARY KEY, not_after TEXT NOT NULL) WITHOUT ROWID"
        )
        self._until_cleaning = 0

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def enter(self, frame: bytes, not_after: datetime, now: datetime) -> None:
        """Enter the digest of a query's frame before it is answered. Raises Conflict if it was entered before."""
        with self._lock:
            try:
                if self._until_cleaning == 0:
                    self._db.execute("DELETE FROM answered WHERE not_after < ?", (dump(now),))
                    self._until_cleaning = ENTRIES_BETWEEN_CLEANINGS
                self._until_cleaning -= 1
                self._db.execute("INSERT INTO answered VALUES (?,?)", (frame, dump(not_after)))
            except sqlite3.IntegrityError as error:
                raise Conflict("query-replayed") from error
            except sqlite3.OperationalError as error:
                raise Unavailable("query-store-unavailable") from error
