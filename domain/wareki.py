"""Dates as Japanese offices write them: 令和7年5月12日, R7.5.12, 昭和64年1月7日, 2025/5/12, 20250512.

A year of an era is accepted only for days within that era: 昭和64年1月8日 never existed. Source: 元号を改める政令.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import date

ERAS = (
    ("令和", "R", date(2019, 5, 1), date.max),
    ("平成", "H", date(1989, 1, 8), date(2019, 4, 30)),
    ("昭和", "S", date(1926, 12, 25), date(1989, 1, 7)),
    ("大正", "T", date(1912, 7, 30), date(1926, 12, 24)),
    ("明治", "M", date(1873, 1, 1), date(1912, 7, 29)),  # the present calendar began in 明治6
)
_ERA = re.compile(
    r"(?:(?P<name>令和|平成|昭和|大正|明治)|(?P<era_letter>[RHSTMrhstm]))\.?"
    r"(?P<year>元|\d{1,2})(?:年|[./-])(?P<month>\d{1,2})(?:月|[./-])(?P<day>\d{1,2})日?"
)
_WESTERN = re.compile(r"(?P<year>\d{4})(?:年|[./-])(?P<month>\d{1,2})(?:月|[./-])(?P<day>\d{1,2})日?")
_PLAIN = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})")


class UnknownDateForm(ValueError):
    """Not written in a form that is known."""


class NoSuchDate(ValueError):
    """Well written, but no such day, or not in that era."""


def parse_date(text: str) -> date:
    """The day of this text; full-width digits and spaces are taken. Raises DateForm, DateNotThere."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    if match := _ERA.fullmatch(plain):
        return _from_era(match)
    if match := _WESTERN.fullmatch(plain) or _PLAIN.fullmatch(plain):
        return _make_date(int(match["year"]), int(match["month"]), int(match["day"]))
    raise UnknownDateForm


def _from_era(match: re.Match[str]) -> date:
    era_letter = (match["era_letter"] or "").upper()
    first, last = next(
        (first, last) for name, short, first, last in ERAS if name == match["name"] or short == era_letter
    )
    year = 1 if match["year"] == "元" else int(match["year"])
    # 明治元年 is 1868, though days are accepted from 1873 on only
    begin = 1868 if era_letter == "M" or match["name"] == "明治" else first.year
    day = _make_date(begin + year - 1, int(match["month"]), int(match["day"]))
    if year < 1 or not first <= day <= last:
        raise NoSuchDate
    return day


def _make_date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise NoSuchDate from error


# --- as offices read dates ---------------------------------------------------------------------------------

_YEAR = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?")
_WRITTEN = re.compile(
    r"(?:(?P<name>令和|平成|昭和|大正|明治)|(?P<era_letter>[RHSTMrhstm]))\.?(?P<year>元|\d{1,2})"
    r"(?:年|[./-]|$)(?:(?P<month>\d{1,2})(?:月|[./-]|$)(?:(?P<day>\d{1,2})日?)?)?"
)
_WRITTEN_WESTERN = re.compile(
    r"(?:西暦)?(?P<year>\d{4})(?:年|[./-]|$)(?:(?P<month>\d{1,2})(?:月|[./-]|$)(?:(?P<day>\d{1,2})日?)?)?"
)
_BEGIN = {era: 1868 if era == "明治" else first.year for era, _, first, _ in ERAS}
_ERA_OF_ABBREVIATION = {short: era for era, short, _, _ in ERAS}


def western_parts(written: str) -> tuple[int, ...] | None:
    """Year, month and day, as far as a text states them; None where it states none in a form that is known.

    The years of an era are counted on past its end, as papers from before a change of eras do (平成31年6月): what was
    understood once must never become unreadable because an era ended.
    """
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", written))
    if match := _WRITTEN.fullmatch(plain):
        era = match["name"] or _ERA_OF_ABBREVIATION[match["era_letter"].upper()]
        year = _BEGIN[era] - 1 + (1 if match["year"] == "元" else int(match["year"]))
    elif (match := _WRITTEN_WESTERN.fullmatch(plain)) or (match := _PLAIN.fullmatch(plain)):
        year = int(match["year"])
    else:
        return None
    return (year, *(int(part) for part in (match["month"], match["day"]) if part is not None))


def value_of_parts(parts: tuple[int, ...]) -> str:
    """``2026``, ``2026-05`` or ``2026-05-12``."""
    return "-".join(f"{part:04d}" if n == 0 else f"{part:02d}" for n, part in enumerate(parts))


def era_year(day: date) -> tuple[str, int]:
    """The era of a day and its year in it; an empty text and 0 before 明治6."""
    for name, _, first, last in ERAS:
        if first <= day <= last:
            return name, day.year - _BEGIN[name] + 1
    return "", 0


def office_text(value: str) -> str:
    """``令和8年5月12日(2026年5月12日)`` of ``2026-05-12``; years and months alike, with both eras where both fit."""
    match = _YEAR.fullmatch(value)
    if match is None:
        return value
    year, month, day = int(match["year"]), match["month"], match["day"]
    first = _make_date(year, int(month or 1), int(day or 1))
    last = first if day else _last_day(year, int(month or 12))
    rest = (f"{int(month)}月" if month else "") + (f"{int(day)}日" if day else "")
    eras = [name for name, _, begin, end in reversed(ERAS) if begin <= last and first <= end]
    years = "・".join(f"{name}{_year_text(year - _BEGIN[name] + 1)}年{rest}" for name in eras)
    western = f"{year}年{rest}"
    return f"{years}({western})" if years else western


def _year_text(year: int) -> str:
    return "元" if year == 1 else str(year)


def _last_day(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
