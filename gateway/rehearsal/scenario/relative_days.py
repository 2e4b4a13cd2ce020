"""Stories whose days are told from the day on which they are played, and stories of the past moved to that day.

``today``, ``today-12``, ``today+3`` are days; with a time of day (``today-12 10:20``) a moment in Japan, and ``now-40m`` one
so many minutes before now.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from domain.calendar import JST, day_of

_RELATIVE = re.compile(r"today([+-]\d+)?(?: (\d\d:\d\d))?")
_MINUTES_AGO = re.compile(r"now-(\d+)m")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def from_today(value: Any, now: datetime) -> Any:
    """The raw form of a story with its relative days as days; all else stays as it is."""
    if isinstance(value, Mapping):
        return {key: from_today(inner, now) for key, inner in value.items()}
    if isinstance(value, list):
        return [from_today(inner, now) for inner in value]
    return _absolute(value, now) if isinstance(value, str) else value


def _absolute(text: str, now: datetime) -> str:
    if minutes := _MINUTES_AGO.fullmatch(text):
        return (now - timedelta(minutes=int(minutes[1]))).astimezone(JST).isoformat()
    relative = _RELATIVE.fullmatch(text)
    if relative is None:
        return text
    day = day_of(now) + timedelta(days=int(relative[1] or 0))
    if relative[2] is None:
        return day.isoformat()
    return datetime.combine(day, time.fromisoformat(relative[2]), JST).isoformat()


def moved(value: Any, days: int) -> Any:
    """The raw form of a story with every day in it so many days later, in its sentences too."""
    if isinstance(value, Mapping):
        return {key: moved(inner, days) for key, inner in value.items()}
    if isinstance(value, list):
        return [moved(inner, days) for inner in value]
    if isinstance(value, date):
        return value + timedelta(days=days)
    return _DAY.sub(lambda m: _later(m[0], days), value) if isinstance(value, str) else value


def _later(text: str, days: int) -> str:
    return (date.fromisoformat(text) + timedelta(days=days)).isoformat()
