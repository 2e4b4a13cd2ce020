"""Forms of stored values, and what is kept in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, select

from projections.rows import LAST, Lru, Sheet, id_of, text_of, time_of
from projections.worklist import TASKS


def test_times_are_fixed_width_utc_text() -> None:
    at = datetime(2026, 4, 1, 9, 0, tzinfo=timezone(timedelta(hours=9)))
    assert text_of(at) == "2026-04-01T00:00:00.000000Z"
    assert time_of(text_of(at)) == at
    assert time_of(text_of(at)).tzinfo == UTC
    assert len(LAST) == len(text_of(at))


def test_a_naive_time_is_an_error() -> None:
    with pytest.raises(ValueError, match="without zone"):
        text_of(datetime(2026, 4, 1))  # noqa: DTZ001


def test_ids_where_there_are_any() -> None:
    assert (id_of(str(UUID(int=3))), id_of(None), id_of("")) == (UUID(int=3), None, None)


def test_what_was_unused_longest_is_let_go() -> None:
    kept: Lru[str, int] = Lru(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c"), len(kept)) == (1, None, 3, 2)


@pytest.fixture
def db() -> Iterator[Connection]:
    database = create_engine("sqlite://")
    TASKS.create(database)
    with database.begin() as connection:
        yield connection
    database.dispose()


def test_a_sheet_writes_the_difference_and_only_that(db: Connection) -> None:
    sheet = Sheet(TASKS, cases=4)
    stays, comes, goes, flickers = (("a", kind, "") for kind in ("STAYS", "COMES", "GOES", "FLICKERS"))
    sheet.put(db, "c", stays, ("1", None))
    sheet.put(db, "c", goes, ("1", None))
    sheet.flush(db)
    sheet.keep()
    sheet.put(db, "c", stays, ("1", None))
    sheet.put(db, "c", comes, ("2", "3"))
    sheet.put(db, "c", goes, None)
    sheet.put(db, "c", flickers, ("2", None))
    sheet.put(db, "c", flickers, None)
    assert sheet.of(db, "c") == {stays: ("1", None), comes: ("2", "3")}
    sheet.flush(db)
    sheet.keep()
    assert sorted(db.execute(select(TASKS.c.kind, TASKS.c.since))) == [("COMES", "2"), ("STAYS", "1")]
    assert Sheet(TASKS, cases=4).of(db, "c") == sheet.of(db, "c")


def test_what_was_dropped_was_never_there(db: Connection) -> None:
    sheet = Sheet(TASKS, cases=4)
    sheet.put(db, "c", ("a", "HELD", ""), ("1", None))
    sheet.drop()
    sheet.flush(db)
    assert sheet.of(db, "c") == {}
    assert list(db.execute(select(TASKS))) == []
