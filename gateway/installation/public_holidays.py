"""Public holidays of Japan, generated into the calendar of a rule book.

The library ``holidays`` (MIT) computes them from 国民の祝日に関する法律. Only this command asks it; hub and
verifier judge by the book that was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from importlib import import_module
from typing import Any


def public_holidays(first_year: int, last_year: int) -> dict[str, str]:
    """Each public holiday of these years (ISO day -> name), days between two and substitutes included."""
    library = import_module("holidays")  # asked by this command only, and slow to load
    known = library.country_holidays("JP", years=range(first_year, last_year + 1), language="ja")
    return {day.isoformat(): name for day, name in sorted(known.items())}


def office_calendar(first_year: int, last_year: int, closing_days: Iterable[date]) -> dict[str, Any]:
    """The calendar of a rule book. ``closing_days``: on which the office is closed besides."""
    return {
        "until_year": last_year,
        "holidays": public_holidays(first_year, last_year),
        "closing_days": sorted(day.isoformat() for day in closing_days),
    }
