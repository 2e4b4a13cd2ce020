"""Forms of stored values, and what is kept in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from projections.rows import LAST, Lru, id_of, text_of, time_of


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
