"""Forms of stored values, and the buffers in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, select

from projections.rows import END_OF_TIME, CaseRows, Lru, id_of, text_of, time_of
from projections.worklist import TASKS


def test_times_are_fixed_width_utc_text() -> None:
    at = datetime(2026, 4, 1, 9, 0, tzinfo=timezone(timedelta(hours=9)))
    assert text_of(at) == "2026-04-01T00:00:00.000000Z"
    assert time_of(text_of(at)) == at
    assert time_of(text_of(at)).tzinfo == UTC
    assert len(END_OF_TIME) == len(text_of(at))


def test_a_naive_time_is_an_error() -> None:
    with pytest.raises(ValueError, match="without zone"):
        text_of(datetime(2026, 4, 1))  # noqa: DTZ001


def test_an_empty_id_is_none() -> None:
    assert (id_of(str(UUID(int=3))), id_of(None), id_of("")) == (UUID(int=3), None, None)


def test_the_least_recently_used_value_is_dropped() -> None:
    cache: Lru[str, int] = Lru(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c"), len(cache)) == (1, None, 3, 2)


@pytest.fixture
def db() -> Iterator[Connection]:
    database = create_engine("sqlite://")
    TASKS.create(database)
    with database.begin() as connection:
        yield connection
    database.dispose()


def test_case_rows_write_only_the_difference(db: Connection) -> None:
    case_rows = CaseRows(TASKS, cases=4, group_of=lambda key, _: key[2])
    unchanged_key, added_key, deleted_key, added_and_deleted_key = (
        ("a", kind, "", "") for kind in ("UNCHANGED", "ADDED", "DELETED", "ADDED_AND_DELETED")
    )
    case_rows.put(db, "c", unchanged_key, ("1", None))
    case_rows.put(db, "c", deleted_key, ("1", None))
    case_rows.flush(db)
    case_rows.commit()
    case_rows.put(db, "c", unchanged_key, ("1", None))
    case_rows.put(db, "c", added_key, ("2", "3"))
    case_rows.put(db, "c", deleted_key, None)
    case_rows.put(db, "c", added_and_deleted_key, ("2", None))
    case_rows.put(db, "c", added_and_deleted_key, None)
    assert case_rows.of(db, "c") == {unchanged_key: ("1", None), added_key: ("2", "3")}
    case_rows.flush(db)
    case_rows.commit()
    assert sorted(db.execute(select(TASKS.c.kind, TASKS.c.since))) == [("ADDED", "2"), ("UNCHANGED", "1")]
    assert CaseRows(TASKS, cases=4, group_of=lambda key, _: key[2]).of(db, "c") == case_rows.of(db, "c")


def test_rolled_back_rows_are_discarded(db: Connection) -> None:
    case_rows = CaseRows(TASKS, cases=4, group_of=lambda key, _: key[2])
    case_rows.put(db, "c", ("a", "HELD", "", ""), ("1", None))
    case_rows.rollback()
    case_rows.flush(db)
    assert case_rows.of(db, "c") == {}
    assert list(db.execute(select(TASKS))) == []
