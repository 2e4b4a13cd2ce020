"""A door's own database: a failed write is reported and leaves nothing behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from domain.errors import InvariantViolation, Unavailable
from gateway.agency.store import DoorStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DoorStore]:
    store = DoorStore(tmp_path / "door.db")
    yield store
    store.close()


def enqueue(store: DoorStore, size: int) -> None:
    store.enqueue(uuid4(), uuid4(), "act", "2025-06-01T00:00:00.000000Z", b"frame", b"." * size)


def test_a_full_disk_is_reported_and_writing_works_again_afterwards(store: DoorStore) -> None:
    enqueue(store, 10)
    [[pages]] = store._db.execute("PRAGMA page_count").fetchall()
    store._db.execute(f"PRAGMA max_page_count={pages}")
    for _ in range(3):
        with pytest.raises(Unavailable, match="door-store-unavailable"):
            enqueue(store, 100_000)
    assert len(store.outgoing()) == 1
    store._db.execute("PRAGMA max_page_count=1000000")
    enqueue(store, 100_000)
    assert len(store.outgoing()) == 2


def test_a_damaged_database_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "door.db"
    DoorStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[100:4000] = bytes(3900)
    path.write_bytes(data)
    with pytest.raises(InvariantViolation, match="door-store-broken"):
        DoorStore(path)
