"""Dates and times as pages show them: in the Japanese calendar with the western year, or in one of the two.

A door has a style of its own; what has none (the auditor's pages, error pages) shows both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from enum import StrEnum

from domain.calendar import JST
from domain.wareki import era_year

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class DateStyle(StrEnum):
    """``BOTH``: 令和8(2026)年5月12日; ``WAREKI``: 令和8年5月12日; ``WESTERN``: 2026年5月12日."""

    BOTH = "both"
    WAREKI = "wareki"
    WESTERN = "western"


_style: ContextVar[DateStyle] = ContextVar("date_style", default=DateStyle.BOTH)


@contextmanager
def dates_as(style: DateStyle) -> Iterator[None]:
    """Inside, days and times are written in this style."""
    token = _style.set(style)
    try:
        yield
    finally:
        _style.reset(token)


def day_text(value: date | str | None) -> str:
    """A day, or the day in Japan of a time; empty for None. A text that is no day stays as it is."""
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        return _day_text(_in_japan(value).date())
    if isinstance(value, date):
        return _day_text(value)
    if _DAY.fullmatch(value):
        return _day_text(date.fromisoformat(value))
    if "T" not in value:
        return value
    try:
        return _day_text(_in_japan(datetime.fromisoformat(value.replace("Z", "+00:00"))).date())
    except ValueError:
        return value


def time_text(value: datetime | str | None) -> str:
    """A time in Japan, to the minute; empty for None."""
    if value is None or value == "":
        return ""
    at = _in_japan(
        value if isinstance(value, datetime) else datetime.fromisoformat(value.replace("Z", "+00:00"))
    )
    return f"{_day_text(at.date())} {at:%H:%M}"


def _in_japan(at: datetime) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(JST)


def _day_text(day: date) -> str:
    era, year = era_year(day)
    style, rest = _style.get(), f"年{day.month}月{day.day}日"
    if style is DateStyle.WESTERN or not era:
        return f"{day.year}{rest}"
    shown = "元" if year == 1 else str(year)
    return f"{era}{shown}{rest}" if style is DateStyle.WAREKI else f"{era}{shown}({day.year}){rest}"
