"""Days and months as Japan counts them. Records are UTC; deadlines are days in Japan."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")


def day_of(at: datetime) -> date:
    """The day in Japan at this instant."""
    return at.astimezone(JST).date()


def end_of(day: date) -> datetime:
    """The instant (UTC) at which a day in Japan is over."""
    return datetime.combine(day + timedelta(days=1), time(), JST).astimezone(UTC)


def months_later(day: date, months: int) -> date:
    """The same day ``months`` calendar months later; the last day of the month where it has no such day.

    Source: 民法143条2項.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def monday_of(day: date) -> date:
    """The Monday of its calendar week."""
    return day - timedelta(days=day.weekday())
