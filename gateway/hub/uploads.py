"""Uploaded items that no command names yet: a quota for each agency, and their deletion after a day.

A large item is uploaded before the command that names it, so whoever has a key could fill the disk with items that none
ever names. Items that a recorded command names count no more, so the quota does not limit what an agency sends.

An item that is named is never deleted, without any lock between the hubs of one stream: a command may name an item
only for ``NAMING_PERIOD`` after its upload (later the door uploads again, which renews it), and the sweep deletes what
was stored before ``KEPT_UNNAMED``, twice as long. So what the sweep deletes could not have been named for hours, and it
has read every record before. What a sweep judges is deleted only as it was then: an upload at that instant stays.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Lock, RLock
from typing import Any
from uuid import UUID

from adapters.store import Store
from domain.errors import ExchangeError, Refused, Unavailable
from domain.events import dump
from gateway.hub.clock import Clock
from keys.stored_record import StoredRecord, UnreadableRecord

NAMING_PERIOD = timedelta(hours=12)
"""A door sends the command seconds after the upload; half a day bridges an outage of the hub."""
KEPT_UNNAMED = 2 * NAMING_PERIOD
FIRST_SWEEP_SECONDS = 60.0
SWEEP_SECONDS = 3600.0
SCAN_PAGE = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UploadQuota:
    """What one agency may have uploaded within ``KEPT_UNNAMED`` that no command names: 20 items of the largest size, and
    a thousand small ones. A door has a few such items at a time."""

    bytes: int = 512 * 1024 * 1024
    items: int = 1000


class Uploads:
    """The uploads of one hub. Thread-safe. Its database can be made anew from the record; then the quotas begin anew."""

    def __init__(self, path: Path, store: Store, clock: Clock, quota: UploadQuota | None = None) -> None:
        """``clock``: the machine's, since the bus dates what it stores by its machine."""
        self._item_store = store
        self._clock = clock
        self._quota = quota or UploadQuota()
        self._scan_lock = Lock()  # one scan at a time
        self._lock = RLock()  # owns the connection
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(
            "CREATE TABLE IF NOT EXISTS uploads("
            "digest BLOB PRIMARY KEY, agency TEXT NOT NULL, bytes INTEGER NOT NULL, at TEXT NOT NULL);"
            "CREATE TABLE IF NOT EXISTS named(digest BLOB PRIMARY KEY) WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS state(key TEXT PRIMARY KEY, value INTEGER NOT NULL);"
        )
        self._swept = 0
        self._last_sweep: str | None = None
        self._trouble: str | None = None

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # --- uploading -------------------------------------------------------------------------------------------

    def require_room(self, agency: UUID, size: int = 1) -> None:
        """Raises Refused where so many more bytes would exceed the agency's quota."""
        if self._has_room(agency, size):
            return
        with suppress(Unavailable):
            self._scan_records()  # what is named meanwhile counts no more
        if not self._has_room(agency, size):
            raise Refused("upload-quota")

    def put(self, agency: UUID, digest: bytes, sealed: bytes) -> None:
        """Store an item, or renew it, and count it. Raises Refused, Untrusted, Unavailable."""
        self.require_room(agency, len(sealed))
        now = self._clock.now()
        with self._transaction() as db:
            if not db.execute("SELECT 1 FROM named WHERE digest=?", (digest,)).fetchone():
                row = (digest, str(agency), len(sealed), dump(now))
                db.execute("INSERT OR REPLACE INTO uploads VALUES (?,?,?,?)", row)
        self._item_store.put_item(digest, sealed, renew_before=now - NAMING_PERIOD / 2)

    def may_be_named(self, digest: bytes) -> bool:
        """Whether a new command may name this item: it is stored completely, and not for too long."""
        stored_at = self._item_store.item_stored_at(digest)
        return stored_at is not None and stored_at > self._clock.now() - NAMING_PERIOD

    def _has_room(self, agency: UUID, size: int) -> bool:
        with self._lock:
            since = dump(self._clock.now() - KEPT_UNNAMED)
            [(count, total)] = self._db.execute(
                "SELECT count(*), coalesce(sum(bytes), 0) FROM uploads WHERE agency=? AND at > ?",
                (str(agency), since),
            ).fetchall()
        return bool(count < self._quota.items and total + size <= self._quota.bytes)

    # --- sweeping --------------------------------------------------------------------------------------------

    def sweep_step(self) -> float:
        """Sweep, and return the seconds until the next time; what went wrong is in ``report``."""
        try:
            self.sweep()
            self._trouble = None
        except ExchangeError as error:
            self._trouble = error.error_code
        return SWEEP_SECONDS

    def sweep(self) -> int:
        """Delete what was stored more than ``KEPT_UNNAMED`` ago and no command names. Returns how many items.

        Raises Unavailable, also where a record can't be read that may name items.
        """
        older_than = self._clock.now() - KEPT_UNNAMED
        self._scan_records()
        deleted = self._item_store.delete_orphaned_items(older_than, self._is_needed)
        with self._transaction() as db:
            db.execute("DELETE FROM uploads WHERE at < ?", (dump(older_than),))
        self._swept += deleted
        self._last_sweep = dump(self._clock.now())
        if deleted:
            log.warning("%d uploaded items that no command names were deleted", deleted)
        return deleted

    def report(self) -> dict[str, Any]:
        """For the health report: ``unnamed`` items now, ``swept`` since the start, ``last_sweep``, and ``trouble``."""
        with self._lock:
            [(unnamed,)] = self._db.execute("SELECT count(*) FROM uploads").fetchall()
        return {
            "unnamed": unnamed,
            "swept": self._swept,
            "last_sweep": self._last_sweep,
            "trouble": self._trouble,
        }

    def _is_needed(self, digest: bytes) -> bool:
        with self._lock:
            if self._db.execute("SELECT 1 FROM named WHERE digest=?", (digest,)).fetchone():
                return True
            if not self._state("gone"):
                return False
            # A destroyed record may have named it, unless it was uploaded here and never seen to be named.
            return not self._db.execute("SELECT 1 FROM uploads WHERE digest=?", (digest,)).fetchone()

    def _scan_records(self) -> None:
        """Note the items that the records name, from where the last scan ended. Raises Unavailable."""
        with self._scan_lock:
            position = self._state("position")
            while page := self._item_store.read_tolerant(position + 1, SCAN_PAGE):
                digests = [(digest,) for stored in page for digest in _named_items(stored)]
                gone = any(isinstance(stored, UnreadableRecord) for stored in page)
                position = page[-1].position
                with self._transaction() as db:
                    db.executemany("INSERT OR IGNORE INTO named VALUES (?)", digests)
                    db.executemany("DELETE FROM uploads WHERE digest=?", digests)
                    db.execute("INSERT OR REPLACE INTO state VALUES ('position', ?)", (position,))
                    if gone:
                        db.execute("INSERT OR REPLACE INTO state VALUES ('gone', 1)")

    def _state(self, key: str) -> int:
        with self._lock:
            row = self._db.execute("SELECT value FROM state WHERE key=?", (key,)).fetchone()
            return 0 if row is None else int(row[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                raise Unavailable("upload-store-unavailable") from error
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")


def _named_items(stored: StoredRecord | UnreadableRecord) -> Iterator[bytes]:
    """The digests of the items outside the record that its command names. Raises Unavailable where that is unknown."""
    if isinstance(stored, UnreadableRecord):
        if not stored.gone:
            raise Unavailable("named-items-unknown")
        return
    if stored.payload is not None:
        yield from (item.digest for item in stored.payload.items if item.storage == "store")
