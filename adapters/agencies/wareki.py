"""Dates as Japanese offices write them: 令和7年5月12日, R7.5.12, 昭和64年1月7日, 2025/5/12, 20250512.

An era's year is only taken for days on which that era was: 昭和64年1月8日 never was. Source: 元号を改める政令.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

ERAS = (
    ("令和", "R", date(2019, 5, 1), date.max),
    ("平成", "H", date(1989, 1, 8), date(2019, 4, 30)),
    ("昭和", "S", date(1926, 12, 25), date(1989, 1, 7)),
    ("大正", "T", date(1912, 7, 30), date(1926, 12, 24)),
    ("明治", "M", date(1873, 1, 1), date(1912, 7, 29)),  # the calendar of today began in 明治6
)
_ERA = re.compile(
    r"(?:(?P<name>令和|平成|昭和|大正|明治)|(?P<letter>[RHSTMrhstm]))\.?"
    r"(?P<year>元|\d{1,2})(?:年|[./-])(?P<month>\d{1,2})(?:月|[./-])(?P<day>\d{1,2})日?"
)
_WESTERN = re.compile(r"(?P<year>\d{4})(?:年|[./-])(?P<month>\d{1,2})(?:月|[./-])(?P<day>\d{1,2})日?")
_PLAIN = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})")


class DateForm(ValueError):
    """Not written in a form that is known."""


class DateNotThere(ValueError):
    """Well written, but no such day, or not in that era."""


def parse_date(text: str) -> date:
    """The day of this text; full-width digits and spaces are taken. Raises DateForm, DateNotThere."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    if found := _ERA.fullmatch(plain):
        return _of_era(found)
    if found := _WESTERN.fullmatch(plain) or _PLAIN.fullmatch(plain):
        return _day(int(found["year"]), int(found["month"]), int(found["day"]))
    raise DateForm


def _of_era(found: re.Match[str]) -> date:
    letter = (found["letter"] or "").upper()
    first, last = next(
        (first, last) for name, short, first, last in ERAS if name == found["name"] or short == letter
    )
    year = 1 if found["year"] == "元" else int(found["year"])
    # 明治元年 is 1868, though its days are taken from 1873 on alone
    begin = 1868 if letter == "M" or found["name"] == "明治" else first.year
    day = _day(begin + year - 1, int(found["month"]), int(found["day"]))
    if year < 1 or not first <= day <= last:
        raise DateNotThere
    return day


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise DateNotThere from error
