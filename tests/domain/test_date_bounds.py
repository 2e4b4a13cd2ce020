"""Which texts are times, and which times can be meant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from domain.blank_text import is_blank
from domain.calendar import JST
from domain.date_bounds import (
    BIRTH,
    EVENT_DATES,
    EXPECTED_DELIVERY,
    FIRST_DAY,
    OCCURRED,
    Bounds,
    date_out_of_bounds,
)
from domain.time_text import parse_day_text, parse_time_text
from tests.domain.builders import COMMISSIONED, LEARNED

NOW = datetime(2025, 5, 12, 1, 0, tzinfo=UTC)
TODAY = date(2025, 5, 12)
LOOKALIKES = [
    "20250512", 20250512, 1747011600, 1747011600.0, "1747011600", True, None, "", "2025", "2025-05", "2025-05-12",
    "2025-05-12T10:00:00", "2025-05-12t10:00:00Z", "2025-05-12T10:00:00z", "2025-05-12 10:00:00Z",
    "2025-05-12T10:00Z", "2025-05-12T10Z", "20250512T100000Z", "2025-W20-1T10:00:00Z", "2025-132T10:00:00Z",
    "2025-05-12T10:00:00+0900", "2025-05-12T10:00:00+09", "2025-05-12T10:00:00 +09:00", "2025-05-12T10:00:00+09:00:30",
    "2025-05-12T10:00:00,5Z", "2025-05-12T10:00:00.1234567Z", "2025-05-12T24:00:00Z", "2025-05-12T10:00:60Z",
    "2025-13-12T10:00:00Z", "2025-02-30T10:00:00Z", "2025-05-12T10:00:00+24:00", "+2025-05-12T10:00:00Z",
    "２０２５-05-12T10:00:00Z", "2025-05-12T10:00:00Z\n", " 2025-05-12T10:00:00Z", "R7.5.12",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
]  # fmt: skip


@pytest.mark.parametrize("text", LOOKALIKES, ids=repr)
def test_what_only_resembles_a_time_is_none(text: object) -> None:
    with pytest.raises(ValueError):
        parse_time_text(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-05-12T10:00:00+09:00", datetime(2025, 5, 12, 1, tzinfo=UTC)),
        ("2025-05-12T01:00:00Z", datetime(2025, 5, 12, 1, tzinfo=UTC)),
        ("2025-05-12T01:00:00.25-00:00", datetime(2025, 5, 12, 1, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_a_time_with_offset_is_read(text: str, moment: datetime) -> None:
    assert parse_time_text(text) == moment


@pytest.mark.parametrize(
    "text", ["20250512", "2025-W20-1", "2025-5-12", "2025-02-30", "2025-05-12T00:00:00Z", 20250512]
)
def test_what_only_resembles_a_day_is_none(text: object) -> None:
    with pytest.raises(ValueError):
        parse_day_text(text)
    assert parse_day_text("2025-05-12") == TODAY


@pytest.mark.parametrize(
    ("bounds", "first", "last"),
    [
        (OCCURRED, FIRST_DAY, date(2025, 5, 13)),
        (BIRTH, FIRST_DAY, TODAY),
        (EXPECTED_DELIVERY, TODAY - timedelta(732), TODAY + timedelta(300)),
        (EVENT_DATES["non_disclosure.decided.review_on"], TODAY - timedelta(3660), TODAY + timedelta(732)),
    ],
)
def test_a_day_lies_between_the_first_and_the_last_that_can_be_meant(
    bounds: Bounds, first: date, last: date
) -> None:
    day = timedelta(1)
    assert [bounds.admits(one, NOW) for one in (first - day, first, last, last + day)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_moment_is_at_most_a_day_ahead_and_has_a_zone() -> None:
    ahead = NOW + timedelta(days=1)
    assert OCCURRED.admits(ahead, NOW)
    assert not OCCURRED.admits(ahead + timedelta(seconds=1), NOW)
    assert not OCCURRED.admits(NOW.replace(tzinfo=None), NOW)
    assert OCCURRED.admits(datetime(1900, 1, 1, tzinfo=JST), NOW)
    assert not OCCURRED.admits(datetime(1899, 12, 31, 23, 59, 59, tzinfo=JST), NOW)


@pytest.mark.parametrize("edge", [(1, 1, 1), (9999, 12, 31, 23, 59)])
@pytest.mark.parametrize("hours", [-14, 14])
def test_the_edges_of_the_calendar_are_refused_and_not_stumbled_over(
    edge: tuple[int, ...], hours: int
) -> None:
    zone = timezone(timedelta(hours=hours))
    assert not OCCURRED.admits(datetime(*edge, tzinfo=zone), NOW)  # type: ignore[arg-type, misc]


def test_the_first_date_of_an_event_that_can_not_be_meant_is_named_by_its_path() -> None:
    oath = next(one.event for one in COMMISSIONED if one.event.TOPIC == "oath.signed")
    assert date_out_of_bounds(oath, NOW) is None
    assert date_out_of_bounds(replace(oath, valid_until=date(2026, 5, 12)), NOW) is None  # type: ignore[call-arg]
    assert date_out_of_bounds(replace(oath, valid_until=date(2125, 5, 12)), NOW) == "valid_until"  # type: ignore[call-arg]
    assert date_out_of_bounds(LEARNED.event, NOW) is None


@pytest.mark.parametrize(
    "text", ["", " ", "\u3000\n\t", "\u200b\ufeff", "\u2800", "\u3164", "\x00", "\u2028"]
)
def test_a_text_of_which_nothing_can_be_seen_is_blank(text: str) -> None:
    assert is_blank(text)
    assert not is_blank(text + "ん")
    assert not is_blank(text + "。")
