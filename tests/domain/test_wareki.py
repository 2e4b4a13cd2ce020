"""Dates as offices write them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.wareki import (
    ERAS,
    NoSuchDate,
    UnknownDateForm,
    office_text,
    parse_date,
    value_of_parts,
    western_parts,
)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和7年5月12日", date(2025, 5, 12)),
        ("R7.5.12", date(2025, 5, 12)),
        ("r07/05/12", date(2025, 5, 12)),
        ("Ｒ７．５．１２", date(2025, 5, 12)),
        ("令和 7 年 5 月 12 日", date(2025, 5, 12)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("H31.4.30", date(2019, 4, 30)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("S64.1.7", date(1989, 1, 7)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("T15.12.24", date(1926, 12, 24)),
        ("M45.7.29", date(1912, 7, 29)),
        ("明治6年1月1日", date(1873, 1, 1)),
        ("2025-05-12", date(2025, 5, 12)),
        ("2025/5/12", date(2025, 5, 12)),
        ("2025年5月12日", date(2025, 5, 12)),
        ("20250512", date(2025, 5, 12)),
    ],
)
def test_japanese_and_western_dates_are_parsed(text: str, day: date) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    "text",
    ["S64.1.8", "R1.4.30", "H31.5.1", "R0.5.1", "R7.2.29", "2025-02-29", "M5.12.2", "T15.12.25", "H1.1.7"],
)
def test_a_date_that_never_existed_is_reported_as_such(text: str) -> None:
    with pytest.raises(NoSuchDate):
        parse_date(text)


@pytest.mark.parametrize(
    "text", ["", "きのう", "5/12", "25.5.12", "X7.5.12", "令和7年5月", "2025-5-12-1", "R100.1.1"]
)
def test_text_that_is_no_date_is_reported_as_such(text: str) -> None:
    with pytest.raises(UnknownDateForm):
        parse_date(text)


@given(st.dates(date(1873, 1, 1), date(2099, 12, 31)))
def test_every_day_of_every_era_survives_formatting_and_parsing(day: date) -> None:
    name, era_letter, first, _ = next(era for era in ERAS if era[2] <= day <= era[3])
    year = day.year - (1868 if era_letter == "M" else first.year) + 1
    assert parse_date(f"{name}{year}年{day.month}月{day.day}日") == day
    assert parse_date(f"{era_letter}{year}.{day.month}.{day.day}") == day
    assert parse_date(day.isoformat()) == day


def test_the_eras_follow_each_other_without_a_gap() -> None:
    for (_, _, first, _), (_, _, _, last) in pairwise(ERAS):
        assert last + timedelta(days=1) == first


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("令和8年5月", "2026-05"),
        ("R8.5.12", "2026-05-12"),
        ("令和元年", "2019"),
        ("平成31年6月", "2019-06"),
        ("西暦2026年", "2026"),
        ("2026/5", "2026-05"),
        ("20260512", "2026-05-12"),
        ("明治45年", "1912"),
    ],
)
def test_a_date_is_understood_as_far_as_it_was_written(written: str, value: str) -> None:
    parts = western_parts(written)
    assert parts is not None
    assert value_of_parts(parts) == value


@pytest.mark.parametrize("written", ["", "五月ごろ", "去年の春", "令和8年5月ごろ", "5/12"])
def test_words_that_state_no_date_state_none(written: str) -> None:
    assert western_parts(written) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-05-12", "令和8年5月12日(2026年5月12日)"),
        ("2019-05", "令和元年5月(2019年5月)"),
        ("2019", "平成31年・令和元年(2019年)"),
        ("1850-01-01", "1850年1月1日"),
        ("ことし", "ことし"),
    ],
)
def test_a_date_is_read_with_the_eras_that_fit_it(value: str, text: str) -> None:
    assert office_text(value) == text
