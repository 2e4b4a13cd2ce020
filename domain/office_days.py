"""Office days: how a period of the programme ends on a day on which the offices are open.

The calendar is data of the rule book (``policy.calendar``): the last year that its public holidays cover, the holidays
with their names, and the days on which the office is closed besides. Saturdays, Sundays and the end of the year
(12-29 to 01-03) are closed always. Basis: own rule (開庁日の暦); 民法142条; 地方自治法4条の2.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from domain.calendar import day_of
from domain.clock_kinds import ClockKind
from domain.codes import Period
from domain.editions import since_edition

CALENDAR = "calendar"
DAY, INSTANT = timedelta(days=1), timedelta(microseconds=1)

OFFICE_DAY_CLOCKS: Mapping[ClockKind, str] = {
    ClockKind.ACT: "days of local policy; guideline 6(2)[1]",
    ClockKind.ACCEPT: "days of local policy; guideline 6(5)[2]",
    ClockKind.REPORT: "days of local policy; guideline 6(4)[1]",
    ClockKind.VISIT_REPORT: "days of local policy; guideline 6(4)[1]",
    ClockKind.SPECIALIST: "days of local policy; guideline 5(2)[1]",
    ClockKind.REVIEW: "three months by guideline 6(3)[5]",
    ClockKind.SILENCE: "months of local policy; guideline 6(4)[1]",
    ClockKind.MOVE: "days of local policy (相模原)",
    ClockKind.HANDOVER: "days of local policy (相模原)",
    ClockKind.CONFIRM: "days of local policy; APPI 97, 98",
    ClockKind.UNREADABLE: "days of local policy; APPI 65",
    ClockKind.EMERGENCY_REVIEW: "days of local policy; APPI 66",
    ClockKind.RIGHTS: "30 days by APPI 83; its end is that of 民法142条",
    ClockKind.BREACH: "30 days by APPI 68; a last day on which offices are closed is the next open one",
}
"""The clocks whose last day is an open one, and why. All others run through: hours, what protects a child (the child seen,
the visits of a week), and days that somebody has named."""


def is_open(day: date, calendar: Mapping[str, Any]) -> bool:
    """Whether the offices are open on this day in Japan."""
    year_end = (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
    if day.weekday() >= 5 or year_end:
        return False
    text = day.isoformat()
    return text not in calendar["holidays"] and text not in calendar["closing_days"]


def on_open_day(due_at: datetime, calendar: Mapping[str, Any]) -> datetime:
    """This time, later by so many days that its day is an open one. What ends with the last moment of a day is of that day."""
    last_day = day_of(due_at - INSTANT)
    while not is_open(last_day, calendar):
        last_day, due_at = last_day + DAY, due_at + DAY
    return due_at


def _without_calendar(kind: ClockKind, policy: Mapping[str, Any]) -> Period:
    """In edition 1 every period ran through."""
    return Period.RUNS_THROUGH


@since_edition(2, before=_without_calendar)
def period_of(kind: ClockKind, policy: Mapping[str, Any]) -> Period:
    """How a clock of this kind runs; through, where the book has no calendar (an older one)."""
    by_calendar = kind in OFFICE_DAY_CLOCKS and CALENDAR in policy
    return Period.OFFICE_DAYS if by_calendar else Period.RUNS_THROUGH


def ends_at(kind: ClockKind, due_at: datetime, policy: Mapping[str, Any]) -> datetime:
    """When a clock of this kind runs out that would do so at ``due_at``."""
    if period_of(kind, policy) is Period.RUNS_THROUGH:
        return due_at
    return on_open_day(due_at, policy[CALENDAR])


def last_covered_day(policy: Mapping[str, Any]) -> date | None:
    """The last day whose public holidays the calendar knows; None where the book has none."""
    return date(policy[CALENDAR]["until_year"], 12, 31) if CALENDAR in policy else None


def is_calendar(value: object) -> bool:
    """Whether this is a calendar as a rule book holds one: its last year, holidays with their names, closing days."""
    if not isinstance(value, dict) or set(value) != {"until_year", "holidays", "closing_days"}:
        return False
    holidays, closing_days, until_year = value["holidays"], value["closing_days"], value["until_year"]
    if not (isinstance(holidays, dict) and isinstance(closing_days, list) and type(until_year) is int):
        return False
    names_are_text = all(isinstance(name, str) and len(name) <= 30 for name in holidays.values())
    return (
        names_are_text and 2000 <= until_year <= 2100 and all(map(_is_day_text, (*holidays, *closing_days)))
    )


def _is_day_text(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
