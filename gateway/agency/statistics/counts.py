"""Counts by table, row and month, and from how many families each comes; made of entries that the hub answered."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol
from uuid import UUID

from domain.case_statistics import UNKNOWN, EntryKind, StatisticsEntry
from domain.errors import Malformed
from domain.time_text import parse_day_text
from gateway.agency.statistics.catalogue import (
    AGE_BANDS,
    AGES,
    BY_KIND,
    COURSE,
    COURSE_ROWS,
    DAY_BANDS,
    FIRST_VISITS,
    MODULES,
    VISITORS,
    Form,
)
from gateway.agency.statistics.periods import Period, month_key, month_of


class BirthMonths(Protocol):
    """What this door's index knows of children."""

    def birth_month(self, case: UUID, child: UUID) -> str | None:
        """The month of birth, ``YYYY-MM``; None where it is not known."""
        ...


@dataclass(frozen=True)
class Visitor:
    """One visitor on a roll today. ``gaps``: what is missing, as ``domain.commission.state`` names it."""

    ref: str
    gaps: frozenset[str]


@dataclass
class Counts:
    """``times``: cell row -> month (or the day of issue) -> the family of each count, once for each count; ``days``: month
    -> days until the first visit, for the median; ``open_cases``: month -> row -> the cases open at its end."""

    times: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    days: dict[str, list[int]] = field(default_factory=dict)
    open_cases: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def add(self, row: str, time: str, family: str) -> None:
        self.times.setdefault(row, {}).setdefault(time, []).append(family)

    def of(self, row: str, period: Period) -> list[str]:
        """The families of this row in this period, one for each count."""
        by_month = self.times.get(row, {})
        return [family for month in period.months for family in by_month.get(month_key(month), ())]

    def open_at_end(self, row: str, period: Period) -> set[str]:
        """The cases that were open at the end of this period, in this phase."""
        return self.open_cases.get(month_key(period.months[-1]), {}).get(row, set())

    def days_of(self, period: Period) -> list[int]:
        """The days until the first visit, sorted."""
        return sorted(n for month in period.months for n in self.days.get(month_key(month), ()))


def parse_entries(rows: Sequence[Mapping[str, Any]]) -> list[StatisticsEntry]:
    """The entries of the hub's answer. Raises Malformed."""
    try:
        return [
            StatisticsEntry(
                case=UUID(row["case"]),
                kind=EntryKind(row["kind"]),
                day=parse_day_text(row["day"]),
                code=str(row["code"]),
                children=frozenset(map(UUID, row["children"])),
            )
            for row in rows
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(
            "wrong-fields", "The hub's answer to the query statistics is not of its form."
        ) from error


def parse_visitors(commissions: Sequence[Mapping[str, Any]]) -> list[Visitor]:
    """The visitors on the rolls of this agency's commissions, from the answer to the query programme."""
    return [
        Visitor(f"{commission['commission']}/{worker['worker']}", frozenset(worker["gaps"]))
        for commission in commissions
        for worker in commission["workers"]
    ]


def count(
    entries: Iterable[StatisticsEntry],
    months: Sequence[date],
    births: BirthMonths,
    visitors: Iterable[Visitor] = (),
    issue: str = "",
) -> Counts:
    """Count the entries. ``months``: at whose ends the open cases are counted; ``issue``: as of when the visitors are."""
    counts = Counts()
    known = list(entries)
    for entry in known:
        time = month_key(month_of(entry.day))
        for row in _rows(entry, births):
            counts.add(row, time, str(entry.case))
        if entry.kind is EntryKind.FIRST_VISIT:
            counts.days.setdefault(time, []).append(int(entry.code))
    _count_open_cases(counts, known, months)
    for visitor in visitors:
        counts.add(VISITORS.total_row, issue, visitor.ref)
        counts.add(VISITORS.row("LACKING" if visitor.gaps else "READY"), issue, visitor.ref)
        for module in MODULES.rows:
            if f"TRAINING_{module}" not in visitor.gaps:
                counts.add(MODULES.row(module), issue, visitor.ref)
    return counts


def _rows(entry: StatisticsEntry, births: BirthMonths) -> Iterator[str]:
    """The cell rows in which this entry counts, its total among them."""
    table = BY_KIND.get(entry.kind)
    if table is not None and table.form is not Form.ALONE:
        code = _band(int(entry.code), DAY_BANDS) if table is FIRST_VISITS else entry.code
        if code not in table.rows:
            raise Malformed(
                "wrong-fields", "The hub counts what this door does not know: bring it up to date."
            )
        yield table.row(code)
    if table is not None and not table.total:
        yield table.total_row
    if entry.kind in COURSE_ROWS:
        yield COURSE.row(COURSE_ROWS[entry.kind])
    if entry.kind is EntryKind.REFERRAL:
        for child in sorted(entry.children):
            yield AGES.row(age_band(births.birth_month(entry.case, child), entry.day))
            yield AGES.total_row


def _band(value: int, bands: Mapping[str, str]) -> str:
    """The band whose lower limit is the last that is not above this value."""
    limits = sorted(int(code) for code in bands if code.isdigit())
    return str(limits[max(bisect_right(limits, value) - 1, 0)])


def age_band(birth_month: str | None, day: date) -> str:
    """The band of a child's age on this day, counted in whole months: its day of birth is not known."""
    if birth_month is None:
        return UNKNOWN
    year, month = map(int, birth_month.split("-"))
    months = (day.year - year) * 12 + day.month - month
    return "UNBORN" if months < 0 else _band(months // 12, AGE_BANDS)


_ENDS = frozenset({EntryKind.CASE_CLOSED, EntryKind.CASE_HANDED_OVER})


def _count_open_cases(counts: Counts, entries: Sequence[StatisticsEntry], months: Sequence[date]) -> None:
    course: dict[str, list[StatisticsEntry]] = {}
    for entry in entries:
        if entry.kind in _ENDS or entry.kind is EntryKind.CASE_PHASE:
            course.setdefault(str(entry.case), []).append(entry)
    for month in months:
        end = (month + timedelta(days=31)).replace(day=1)
        rows = counts.open_cases.setdefault(month_key(month), {})
        for case, steps in course.items():
            last = next((step for step in reversed(steps) if step.day < end), None)
            if last is not None and last.kind is EntryKind.CASE_PHASE:
                rows.setdefault(COURSE.row(last.code), set()).add(case)
                rows.setdefault(COURSE.total_row, set()).add(case)
