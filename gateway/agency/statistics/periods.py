"""Months, quarters and fiscal years as offices count them: from April to March."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from domain.calendar import months_later

SETTLING_DAYS = 7
"""A month is complete so many days after its end: what waits for hours or a day is decided by then."""


@dataclass(frozen=True)
class Period:
    """``key``: its name in cells, as ``2025-04``, ``2025Q1`` or ``2025FY``; ``months``: the first day of each of its months."""

    key: str
    label: str
    months: tuple[date, ...]

    @property
    def ends_before(self) -> date:
        """The first day after it."""
        return months_later(self.months[-1], 1)


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def month_key(month: date) -> str:
    return f"{month:%Y-%m}"


def fiscal_year_of(day: date) -> int:
    """The year in which the fiscal year of this day began."""
    return day.year - (1 if day.month < 4 else 0)


def era_year(year: int) -> str:
    """A fiscal year in 和暦 with the western year."""
    era, first = ("令和", 2019) if year >= 2019 else ("平成", 1989)
    number = year - first + 1
    return f"{era}{'元' if number == 1 else number}年度({year}年度)"


def months_of(year: int) -> tuple[Period, ...]:
    days = [months_later(date(year, 4, 1), n) for n in range(12)]
    return tuple(Period(month_key(day), f"{day.year}年{day.month}月", (day,)) for day in days)


def quarters_of(year: int) -> tuple[Period, ...]:
    months = [month.months[0] for month in months_of(year)]
    return tuple(
        Period(f"{year}Q{n + 1}", f"第{n + 1}四半期", tuple(months[3 * n : 3 * n + 3])) for n in range(4)
    )


def year_of(year: int) -> Period:
    return Period(f"{year}FY", f"{year}年度計", tuple(month.months[0] for month in months_of(year)))


def periods_of(year: int) -> tuple[Period, ...]:
    """All periods of a fiscal year: months, quarters, and the year itself."""
    return (*months_of(year), *quarters_of(year), year_of(year))


def is_complete(period: Period, today: date) -> bool:
    """Whether it is over, and what happened in it is settled."""
    return period.ends_before + timedelta(days=SETTLING_DAYS) <= today
