"""Tables as they are shown, printed and written as CSV: periods down, what is counted across."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from statistics import median

from domain.calendar import day_of
from domain.small_counts import SMALL_COUNT
from gateway.agency.statistics.catalogue import (
    CLOSINGS,
    COURSE_LABELS,
    FIRST_VISITS,
    TABLES,
    Form,
    Table,
)
from gateway.agency.statistics.counts import Counts
from gateway.agency.statistics.issues import MASK, Issue
from gateway.agency.statistics.periods import Period, era_year, month_key, periods_of
from gateway.agency.statistics.system import cell_key

CSV_MEDIA_TYPE = "text/csv; charset=utf-8"
RULE = (
    f"{SMALL_COUNT}家庭(人)に満たない数と、それが計算で分かる数は「{MASK}」で秘匿しています"
    f"(0は秘匿しません。秘匿した数は、0でも{SMALL_COUNT}以上でもありえます)。"
    "前に発行した月の数は、発行したときのままです。"
)


@dataclass(frozen=True)
class ShownRow:
    """One period. ``numbers``: in the order of the columns, None where masked; ``is_sum``: a quarter or a year; ``more``: a
    last column that is no count."""

    label: str
    numbers: tuple[int | None, ...]
    is_sum: bool
    more: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        return (*(MASK if number is None else f"{number:,}" for number in self.numbers), *self.more)


@dataclass(frozen=True)
class ShownTable:
    """One table with its texts. ``totals``: of its months, where they are all numbers, for a chart."""

    key: str
    title: str
    unit: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[ShownRow, ...]
    totals: tuple[tuple[str, int], ...]


Read = Callable[[str, str], int | None]
"""(cell row, time) -> a number, None where it is masked. Raises KeyError where there is no such cell."""


def tables_of_counts(counts: Counts, year: int, as_of: str, today: date) -> list[ShownTable]:
    """All counts in full, for who works at the agency: the periods of this fiscal year that have begun."""
    begun = {period.key: period for period in periods_of(year) if period.months[0] <= today}

    def read(row: str, time: str) -> int | None:
        if time == as_of:
            return len(counts.times.get(row, {}).get(time, ()))
        return len(counts.of(row, begun[time]))

    def read_end(row: str, period: Period) -> int | None:
        return len(counts.open_at_end(row, period))

    tables = [_shown(table, year, as_of, read, read_end) for table in TABLES]
    return [_with_median(table, counts, year) for table in tables]


def tables_of_issue(issue: Issue) -> list[ShownTable]:
    """The tables of an issue, with what is masked as ``MASK``."""

    def read(row: str, time: str) -> int | None:
        return issue.shown[cell_key(row, time)]

    def read_end(row: str, period: Period) -> int | None:
        return issue.shown[cell_key(row, month_key(period.months[-1]))]

    return [table for one in TABLES if (table := _shown(one, issue.year, issue.as_of, read, read_end)).rows]


def _columns(table: Table) -> list[tuple[str, str, bool]]:
    """(label, cell row, whether it counts at the end of the period) of each column."""
    if table.form is Form.COURSE:
        flows = [(label, table.row(code), False) for code, label in COURSE_LABELS.items()]
        flows.insert(2, ("終結", CLOSINGS.total_row, False))
        phases = [code for code in table.rows if code not in COURSE_LABELS]
        ends = [(f"期末: {table.rows[code]}", table.row(code), True) for code in phases]
        return [*flows, *ends, ("期末の計", table.total_row, True)]
    own = [(label, table.row(code), False) for code, label in table.rows.items()]
    return [*own, ("計", table.total_row, False)]


def _shown(
    table: Table, year: int, as_of: str, read: Read, read_end: Callable[[str, Period], int | None]
) -> ShownTable:
    columns = _columns(table)
    rows: list[ShownRow] = []
    totals: list[tuple[str, int]] = []
    for label, time, period in _times(table, year, as_of):
        try:
            values = [
                read_end(row, period) if at_end and period is not None else read(row, time)
                for _, row, at_end in columns
            ]
        except KeyError:  # the period is not complete, or the table is withheld
            continue
        is_sum = period is not None and len(period.months) > 1
        rows.append(ShownRow(label, tuple(values), is_sum))
        if period is not None and not is_sum and (total := values[-1]) is not None:
            totals.append((label, total))
    return ShownTable(
        key=table.key,
        title=table.title,
        unit=table.unit,
        note=table.note,
        columns=tuple(label for label, _, _ in columns),
        rows=tuple(rows),
        totals=tuple(totals),
    )


def _times(table: Table, year: int, as_of: str) -> Iterator[tuple[str, str, Period | None]]:
    if table.form is Form.AT_ISSUE:
        yield f"{as_of.removeprefix('@')} 現在", as_of, None
        return
    for period in periods_of(year):
        yield period.label, period.key, period


def _with_median(table: ShownTable, counts: Counts, year: int) -> ShownTable:
    """The median, in days, beside the bands: inside the agency only, since it is the number of one or two families."""
    if table.key != FIRST_VISITS.key:
        return table
    days_of = {period.label: counts.days_of(period) for period in periods_of(year)}
    rows = tuple(
        replace(row, more=(f"{median(days_of[row.label]):g}" if days_of[row.label] else "—",))
        for row in table.rows
    )
    note = f"{table.note}中央値は内部用で、発行しません。"
    return replace(table, note=note, columns=(*table.columns, "中央値(日)"), rows=rows)


def heading(issue: Issue) -> str:
    return f"養育支援訪問事業の統計 {era_year(issue.year)} 第{issue.number}回発行"


def as_csv(issue: Issue, agency: str) -> bytes:
    """The issue as CSV with a byte order mark, as office programs open it; one line for each cell.

    No text begins with a character that begins a formula. Source: RFC 4180; OWASP, CSV injection.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_plain_cell(heading(issue))])
    writer.writerow([_plain_cell(agency), day_of(issue.at).isoformat()])
    writer.writerow([_plain_cell(RULE)])
    writer.writerow(["表", "期間", "区分", "数", "単位"])
    for table in tables_of_issue(issue):
        for row in table.rows:
            for column, text in zip(table.columns, row.cells, strict=True):
                writer.writerow(
                    map(_plain_cell, (table.title, row.label, column, text.replace(",", ""), table.unit))
                )
    return b"\xef\xbb\xbf" + out.getvalue().encode()


_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")


def _plain_cell(text: str) -> str:
    """The text, and where a spreadsheet would take it for a formula, behind an apostrophe."""
    return f"'{text}" if _FORMULA.match(text) else text
