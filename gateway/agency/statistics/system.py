"""All cells of an agency's statistics as one linear system: what was issued, what is to be issued, and how it hangs together.

A cell is ``table/row/period``. What was issued stands: a later issue repeats it, and what is made of it (a quarter, a
year) is made of the numbers that were issued, so that everything outside always adds up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.agency.statistics.catalogue import (
    ADDED,
    BEGUN,
    CLOSINGS,
    COURSE,
    COURSE_LABELS,
    HANDED_OVER,
    MODULES,
    REFERRALS,
    REMOVED,
    REOPENED,
    TABLES,
    VISITORS,
    Form,
    Table,
)
from gateway.agency.statistics.counts import Counts
from gateway.agency.statistics.periods import Period, month_key, months_of, quarters_of, year_of
from gateway.agency.statistics.suppression import Cell, Equation, Standing, Suppression, connected_with

OTHERS, EXCESS, OPENING, REPEATED = "~OTHERS", "~EXCESS", "~OPENING", "~REPEATED"
"""Rows that are never issued and stand in equations only: who is not in a row; counts in a second row; cases
open at the beginning of the first month; referrals that began no case. The last stands where there is none, as
most would guess: else one table would give the other away."""
CORRECTION_COST = 100
"""How much dearer a correction is as a mask: everybody takes it for zero."""
CORRECTIONS = (COURSE.row(ADDED), COURSE.row(REMOVED))
"""Cases that were not counted as open at the end of the month before, or were and are not any more: a case was erased, or is
seen differently. They are rows like others, so that what is issued always adds up."""
FLOWS = (COURSE.row(BEGUN), COURSE.row(REOPENED), COURSE.row(HANDED_OVER), *CORRECTIONS)


_TOTALS = frozenset(table.total_row for table in TABLES)


def time_of_issue(month: str) -> str:
    """The time of what is counted as of the day of issue."""
    return f"@{month}"


def cell_key(row: str, time: str) -> str:
    return f"{row}/{time}"


def is_issued(key: str) -> bool:
    """Whether this cell is of a table, and not only of an equation."""
    return "~" not in key


@dataclass
class System:
    """The cells by their key, and the equations between them."""

    cells: dict[str, Cell] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)

    def value(self, row: str, time: str) -> int:
        return self.cells[cell_key(row, time)].value


def build_system(
    known: Mapping[str, Cell],
    counts: Counts,
    year: int,
    complete: Sequence[Period],
    issue: str,
    lot: Callable[[bytes], bytes],
) -> System:
    """The cells of all that was issued (``known``) and of what can be issued now of this fiscal year.

    ``complete``: its periods that are complete; ``issue``: the time of what is counted as of today (``time_of_issue``).
    ``lot``: digests under a key of this door alone. Which other cells are masked depends on them and on no value, so that
    nobody can infer a number by running this program on tables of their own.
    """
    builder = _Builder(counts, System(cells=dict(known)), lot)
    for month in (m for m in months_of(year) if m in complete):
        builder.add_month(month)
    for quarter, parts in ((q, _months_in(q)) for q in quarters_of(year) if q in complete):
        builder.add_sum(quarter, parts)
    whole = year_of(year)
    if whole in complete:
        builder.add_sum(whole, [quarter.key for quarter in quarters_of(year)])
    builder.add_visitors(issue)
    system = builder.system
    system.equations = list(_equations(system.cells))
    return system


def _months_in(period: Period) -> list[str]:
    return [month_key(month) for month in period.months]


@dataclass
class _Builder:
    counts: Counts
    system: System
    lot: Callable[[bytes], bytes]

    def add_month(self, month: Period) -> None:
        """All cells of a month; a month that was issued stays as it is."""
        if cell_key(COURSE.row(BEGUN), month.key) in self.system.cells:
            return
        for table in TABLES:
            if table.form is not Form.AT_ISSUE:
                for row in (row for row in _flow_rows(table) if row not in CORRECTIONS):
                    self._put(row, month.key, self.counts.of(row, month), cost=10)
        for code in _phases():
            self._put(
                COURSE.row(code), month.key, sorted(self.counts.open_at_end(COURSE.row(code), month)), 10
            )
        self._put(COURSE.total_row, month.key, sorted(self.counts.open_at_end(COURSE.total_row, month)), 20)
        self._add_latent(month.key)
        self._add_opening_stock(month)

    def add_sum(self, period: Period, parts: Sequence[str]) -> None:
        """A quarter of its months, a year of its quarters, from the numbers that were issued or are now."""
        if cell_key(COURSE.row(BEGUN), period.key) in self.system.cells:
            return
        cost = 30 if len(period.months) == 3 else 60
        for table in (t for t in TABLES if t.form is not Form.AT_ISSUE):
            for row in _flow_rows(table):
                cells = [self.system.cells.get(cell_key(row, part)) for part in parts]
                known = [cell for cell in cells if cell is not None]
                if len(known) == len(cells):  # else a part of it is withheld
                    most = sum(cell.families for cell in known)
                    # what was counted at the time of an issue may not be counted any more
                    families = len(set(self.counts.of(row, period))) if row not in CORRECTIONS else most
                    families = min(max(families, 1), most)
                    weight = cost * CORRECTION_COST if row in CORRECTIONS else cost
                    self._set(row, period.key, sum(cell.value for cell in known), families, weight)
        self._add_latent(period.key)

    def add_visitors(self, issue: str) -> None:
        """Visitors as of the day of issue; once a month, so that no two issues show who has come or gone."""
        if cell_key(VISITORS.total_row, issue) in self.system.cells:
            return
        for table in (VISITORS, MODULES):
            for row in map(table.row, table.rows):
                self._put(row, issue, self.counts.times.get(row, {}).get(issue, []), 10)
        self._put(VISITORS.total_row, issue, self.counts.times.get(VISITORS.total_row, {}).get(issue, []), 20)
        self._others(MODULES, issue)

    def _add_latent(self, time: str) -> None:
        for table in TABLES:
            rows = (table.total_row, *map(table.row, table.rows))
            if table.form is Form.SEVERAL and all(cell_key(row, time) in self.system.cells for row in rows):
                self._others(table, time)
                excess = sum(self.system.value(row, time) for row in map(table.row, table.rows))
                excess -= self.system.value(table.total_row, time)
                self._hide(table.row(EXCESS), time, excess, 0)

    def _others(self, table: Table, time: str) -> None:
        """Who is not in a row: as small as a row can be, and found by subtracting."""
        total = self.system.cells[cell_key(table.total_row, time)]
        for code in table.rows:
            row = self.system.cells[cell_key(table.row(code), time)]
            others = total.value - row.value
            families = 0 if others == 0 else min(max(total.families - row.families, 1), others)
            self._hide(table.row(f"{OTHERS}-{code}"), time, others, families)

    def _add_opening_stock(self, month: Period) -> None:
        """The cases open at the end of the month before, and what of them does not follow from it any more."""
        before, row = _month_before(month.key), COURSE.total_row
        moved = sum(
            factor * self.system.value(flow, month.key)
            for flow, factor in _stock_flows()
            if flow not in CORRECTIONS
        )
        expected = self.system.value(row, month.key) - moved
        known = self.system.cells.get(cell_key(row, before))
        opening = max(expected, 0) if known is None else known.value
        if known is None:
            self._hide(COURSE.row(OPENING), month.key, opening, opening)
        correction = expected - opening
        for flow, value in zip(CORRECTIONS, (max(correction, 0), max(-correction, 0)), strict=True):
            self._set(flow, month.key, value, value, 10 * CORRECTION_COST)
        begun = self.system.value(COURSE.row(BEGUN), month.key)
        repeated = self.system.value(REFERRALS.total_row, month.key) - begun
        if repeated == 0:
            self.system.cells[cell_key(REFERRALS.row(REPEATED), month.key)] = Cell(0, 0, Standing.SHOWN)

    def _put(self, row: str, time: str, families: Sequence[str], cost: int) -> None:
        self._set(row, time, len(families), len(set(families)), cost)

    def _set(self, row: str, time: str, value: int, families: int, cost: int) -> None:
        key = cell_key(row, time)
        weight = 32 * cost if row in _TOTALS else 16 * cost
        weight += int.from_bytes(self.lot(key.encode())[:4], "big") % weight
        self.system.cells.setdefault(key, Cell(value, families, Standing.NEW, weight))

    def _hide(self, row: str, time: str, value: int, families: int) -> None:
        self.system.cells.setdefault(cell_key(row, time), Cell(value, families, Standing.LATENT))


def _phases() -> list[str]:
    return [code for code in COURSE.rows if code not in COURSE_LABELS]


def _flow_rows(table: Table) -> list[str]:
    """The rows of this table whose counts add up over time, its own total among them."""
    if table.form is Form.COURSE:
        return list(FLOWS)
    rows = [table.row(code) for code in table.rows]
    return rows if table.total else [*rows, table.total_row]


def _stock_flows() -> Iterator[tuple[str, int]]:
    yield COURSE.row(BEGUN), 1
    yield COURSE.row(REOPENED), 1
    yield CLOSINGS.total_row, -1
    yield COURSE.row(HANDED_OVER), -1
    yield COURSE.row(ADDED), 1
    yield COURSE.row(REMOVED), -1


def _month_before(time: str) -> str:
    year, month = map(int, time.split("-"))
    return f"{year - 1}-12" if month == 1 else f"{year}-{month - 1:02}"


def _equations(cells: Mapping[str, Cell]) -> Iterator[Equation]:
    """Every equation between these cells that anybody outside knows of."""
    times = sorted({key.rsplit("/", 1)[1] for key in cells})
    for time in times:
        for table in TABLES:
            yield from _table_equations(cells, table, time)
        if time.startswith("@"):
            continue
        yield from _stock_equation(cells, time) if "-" in time else _sum_equations(cells, time)


def _table_equations(cells: Mapping[str, Cell], table: Table, time: str) -> Iterator[Equation]:
    rows = _phases() if table.form is Form.COURSE else list(table.rows)
    keys = [cell_key(table.row(code), time) for code in rows]
    total = cell_key(table.total_row, time)
    if not keys or not all(key in cells for key in (*keys, total)):
        return
    if table.form is Form.SEVERAL or table is MODULES:
        for code in rows:
            others = cell_key(table.row(f"{OTHERS}-{code}"), time)
            yield {cell_key(table.row(code), time): 1, others: 1, total: -1}
        excess = cell_key(table.row(EXCESS), time)
        if excess in cells:
            yield {**dict.fromkeys(keys, 1), total: -1, excess: -1}
    else:
        yield {**dict.fromkeys(keys, 1), total: -1}


def _stock_equation(cells: Mapping[str, Cell], time: str) -> Iterator[Equation]:
    total, before = cell_key(COURSE.total_row, time), cell_key(COURSE.total_row, _month_before(time))
    opening = cell_key(COURSE.row(OPENING), time)
    flows = {cell_key(row, time): factor for row, factor in _stock_flows()}
    first = opening if opening in cells else before
    if all(key in cells for key in (total, first, *flows)):
        yield {total: -1, first: 1, **flows}
    repeated = cell_key(REFERRALS.row(REPEATED), time)
    if repeated in cells:
        yield {cell_key(REFERRALS.total_row, time): -1, cell_key(COURSE.row(BEGUN), time): 1, repeated: 1}
    if opening in cells and before in cells and cells[opening].value == cells[before].value:
        yield {opening: 1, before: -1}  # the month before was issued later


def _sum_equations(cells: Mapping[str, Cell], time: str) -> Iterator[Equation]:
    year = int(time[:4])
    parts = (
        [quarter.key for quarter in quarters_of(year)]
        if time == year_of(year).key
        else _months_in(quarters_of(year)[int(time[-1]) - 1])
    )
    for table in TABLES:
        for row in () if table.form is Form.AT_ISSUE else _flow_rows(table):
            keys = [cell_key(row, part) for part in parts]
            if all(key in cells for key in (*keys, cell_key(row, time))):
                yield {**dict.fromkeys(keys, 1), cell_key(row, time): -1}


def as_issued(system: System, known: Mapping[str, Cell], result: Suppression) -> dict[str, Cell]:
    """All that is known outside after this issue; of what is withheld, only what was known before."""
    withheld = connected_with(result.withheld, system.equations)
    return {
        key: replace(cell, standing=_standing_after(key, cell, result.masked))
        for key, cell in system.cells.items()
        if key in known or key not in withheld
    }


def _standing_after(key: str, cell: Cell, masked: frozenset[str]) -> Standing:
    if cell.standing is not Standing.NEW:
        return cell.standing
    return Standing.HIDDEN if key in masked else Standing.SHOWN
