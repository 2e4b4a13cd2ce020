"""A door's own database: what can't be kept is told, and nothing of it is kept by half."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from domain.errors import Broken, Unavailable
from gateway.agency.store import Book


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    found = Book(tmp_path / "door.db")
    yield found
    found.close()


def keep(book: Book, size: int) -> None:
    book.keep(uuid4(), uuid4(), "act", "2025-06-01T00:00:00.000000Z", b"frame", b"." * size)


def test_without_room_it_says_so_and_goes_on_when_there_is_room_again(book: Book) -> None:
    keep(book, 10)
    [[pages]] = book._db.execute("PRAGMA page_count").fetchall()
    book._db.execute(f"PRAGMA max_page_count={pages}")
    for _ in range(3):
        with pytest.raises(Unavailable, match="book-unavailable"):
            keep(book, 100_000)
    assert len(book.outgoing()) == 1
    book._db.execute("PRAGMA max_page_count=1000000")
    keep(book, 100_000)
    assert len(book.outgoing()) == 2


def test_one_that_is_damaged_says_so(tmp_path: Path) -> None:
    path = tmp_path / "door.db"
    Book(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[100:4000] = bytes(3900)
    path.write_bytes(data)
    with pytest.raises(Broken, match="book-broken"):
        Book(path)
