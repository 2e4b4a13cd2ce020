"""Which cells of tables must be masked so that no small number follows from what is shown.

All tables that were ever issued, and those to be issued now, are one linear system: cells are whole numbers from 0 on,
and the equations between them (months in quarters, rows in totals, the course of cases) are known to everybody. A cell
to which fewer than ``SMALL_COUNT`` families contribute is masked, and so many others with it that each such cell could,
by all that is shown, be as small as nothing, or past the limit; and that it could be another number even if nobody
masked a zero (five masks and a total of five would be five ones). For each of the three there is a witness: a whole set
of tables that agrees with everything shown. Witnesses are found by an integer program and checked by exact
arithmetic, so that nothing rests on the rounding of a solver.

Source: Statistical Disclosure Control, chapter 4 (linked tables, feasibility intervals).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import highspy
import numpy as np

from domain.errors import InvariantViolation
from domain.small_counts import SMALL_COUNT

SOLVER_SECONDS = 20.0
"""For one integer program. What takes longer counts as not to be protected: its tables are withheld."""
Tables = Mapping[str, int]
"""A value for every cell."""


class Standing(Enum):
    """What is known of a cell outside the agency."""

    NEW = "NEW"  # to be shown or masked now
    SHOWN = "SHOWN"  # was issued as a number
    HIDDEN = "HIDDEN"  # was issued masked
    LATENT = "LATENT"  # is never issued, and stands in an equation only


@dataclass(frozen=True)
class Cell:
    """``value``: the count; ``families``: how many families (or persons) contribute to it; ``cost``: how much is lost by
    masking it."""

    value: int
    families: int
    standing: Standing = Standing.NEW
    cost: int = 1

    @property
    def sensitive(self) -> bool:
        return 0 < self.families < SMALL_COUNT

    @property
    def low(self) -> int:
        """A value that must be possible for it at the least, or below."""
        return max(0, self.value - SMALL_COUNT)

    @property
    def high(self) -> int:
        """A value that must be possible for it at the most, or above."""
        return SMALL_COUNT if self.value < SMALL_COUNT else self.value + SMALL_COUNT


Equation = Mapping[str, int]
"""Coefficients of cells whose weighted sum is zero."""


@dataclass(frozen=True)
class Suppression:
    """``masked``: new cells that are not shown; ``withheld``: new cells that cannot be issued at all, not even masked;
    ``witnesses``: what proves it."""

    masked: frozenset[str]
    withheld: frozenset[str]
    witnesses: tuple[Tables, ...]


def suppress(cells: Mapping[str, Cell], equations: Sequence[Equation]) -> Suppression:
    """Choose the cells to mask. Raises InvariantViolation where the cells do not agree with their equations, or a witness
    does not hold."""
    _require_equations(cells, equations, {key: cell.value for key, cell in cells.items()})
    masked: set[str] = set()
    withheld: set[str] = set()
    witnesses: list[Tables] = []
    for keys, own in _components(cells, equations):
        part = _Component({key: cells[key] for key in keys}, own)
        if part.protect():
            masked |= part.masked
            witnesses += part.witnesses
        else:
            withheld |= {key for key in keys if cells[key].standing is Standing.NEW}
    result = Suppression(frozenset(masked), frozenset(withheld), tuple(witnesses))
    require_protected(cells, equations, result)
    return result


def require_protected(cells: Mapping[str, Cell], equations: Sequence[Equation], result: Suppression) -> None:
    """The proof, by whole numbers alone: every witness agrees with what is shown, and every sensitive cell has one below and
    one above. Raises InvariantViolation."""
    concealed = {key for key, cell in cells.items() if cell.standing in _CONCEALED} | result.masked
    moved: set[str] = set()
    lowest = {key: cell.value for key, cell in cells.items()}
    highest = dict(lowest)
    for witness in result.witnesses:
        tables = {**{key: cell.value for key, cell in cells.items()}, **witness}
        _require_equations(cells, equations, tables)
        for key, value in witness.items():
            if value != cells[key].value and (value < 0 or key not in concealed):
                raise InvariantViolation("statistics-not-protected")
            lowest[key], highest[key] = min(lowest[key], value), max(highest[key], value)
        moved |= _moved_without_zeros(cells, witness)
    added = {key for key, cell in cells.items() if cell.standing is Standing.NEW} - result.withheld
    for key in connected_with(added, equations):  # of the rest nothing more is known than before
        cell = cells[key]
        if not cell.sensitive:
            continue
        if key not in concealed or lowest[key] > cell.low or highest[key] < cell.high or key not in moved:
            raise InvariantViolation("statistics-not-protected")


_CONCEALED = (Standing.HIDDEN, Standing.LATENT)


def _moved_without_zeros(cells: Mapping[str, Cell], witness: Tables) -> set[str]:
    """The cells that have another value in a witness in which no cell of a table has become zero."""
    if any(
        value == 0 < cells[key].value and cells[key].standing is not Standing.LATENT
        for key, value in witness.items()
    ):
        return set()
    return {key for key, value in witness.items() if value != cells[key].value}


def connected_with(keys: Iterable[str], equations: Sequence[Equation]) -> set[str]:
    """These cells and all that depend on them."""
    known = set(keys)
    grown = True
    while grown:
        more = {key for equation in equations if known & equation.keys() for key in equation}
        grown = not more <= known
        known |= more
    return known


def _require_equations(
    cells: Mapping[str, Cell], equations: Iterable[Equation], tables: Mapping[str, int]
) -> None:
    for equation in equations:
        if sum(factor * tables[key] for key, factor in equation.items()) != 0:
            raise InvariantViolation("statistics-do-not-add-up")


def _components(
    cells: Mapping[str, Cell], equations: Sequence[Equation]
) -> Iterator[tuple[list[str], list[Equation]]]:
    """The cells that depend on each other, with their equations; each independent part by itself."""
    parent = {key: key for key in cells}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for equation in equations:
        first, *others = equation
        for other in others:
            parent[root(other)] = root(first)
    keys_of: dict[str, list[str]] = {}
    for key in cells:
        keys_of.setdefault(root(key), []).append(key)
    equations_of: dict[str, list[Equation]] = {}
    for equation in equations:
        equations_of.setdefault(root(next(iter(equation))), []).append(equation)
    for name, keys in keys_of.items():
        yield keys, equations_of.get(name, [])


class _Wanted(Enum):
    """What a witness is to show of a cell; the last two while no other cell of a table becomes zero."""

    HIGH = "HIGH"
    LOW = "LOW"
    MORE = "MORE"
    LESS = "LESS"


@dataclass
class _Component:
    """Cells that depend on each other. ``masked``, ``witnesses``: what was chosen so far."""

    cells: Mapping[str, Cell]
    equations: Sequence[Equation]
    masked: set[str] = field(default_factory=set)
    witnesses: list[Tables] = field(default_factory=list)

    def protect(self) -> bool:
        """Mask until every sensitive cell has its two witnesses; false where that cannot be."""
        sensitive = {key: cell for key, cell in sorted(self.cells.items()) if cell.sensitive}
        if not any(cell.standing is Standing.NEW for cell in self.cells.values()):
            return True
        self.masked = {key for key, cell in sensitive.items() if cell.standing is Standing.NEW}
        if not sensitive:
            return True
        program = _Program(self.cells, self.equations)
        lows, highs, still = dict(sensitive), dict(sensitive), set(sensitive)
        while highs or still or lows:  # what others give up so that a cell can rise, lets it fall as well
            if highs:
                witness = program.witness(next(iter(highs)), _Wanted.HIGH, self.masked)
            elif still:
                witness = program.witness(min(still), _Wanted.MORE, self.masked) or program.witness(
                    min(still), _Wanted.LESS, self.masked
                )
            else:
                witness = program.witness(next(iter(lows)), _Wanted.LOW, self.masked)
            if witness is None:
                return False
            self._use(witness)
            still -= _moved_without_zeros(self.cells, witness)
            lows = {k: cell for k, cell in lows.items() if witness[k] > cell.low}
            highs = {k: cell for k, cell in highs.items() if witness[k] < cell.high}
        return True

    def _use(self, witness: Tables) -> None:
        self.witnesses.append(witness)
        self.masked |= {
            key
            for key, cell in self.cells.items()
            if cell.standing is Standing.NEW and witness[key] != cell.value
        }


class _SilentSolver(highspy.Highs):
    """HiGHS writes a banner to the standard output while it is made, before anybody can ask it not to."""

    def enableCallbacks(self) -> None:
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class _Program:
    """The integer program of one component: how far each cell rises and falls from its value, at the least cost."""

    def __init__(self, cells: Mapping[str, Cell], equations: Sequence[Equation]) -> None:
        self._cells = cells
        self._keys = list(cells)
        self._at = {key: n for n, key in enumerate(self._keys)}
        self._most = 2 * max((cell.value for cell in cells.values()), default=0) + 10 * SMALL_COUNT
        self._solver = _SilentSolver()  # type: ignore[no-untyped-call]
        for name, value in (("threads", 1), ("random_seed", 0), ("time_limit", SOLVER_SECONDS)):
            self._solver.setOptionValue(name, value)
        self._solver.passModel(self._model(equations))

    def _model(self, equations: Sequence[Equation]) -> highspy.HighsLp:
        count = len(self._keys)
        columns: list[list[tuple[int, int]]] = [[] for _ in range(2 * count)]
        for row, equation in enumerate(equations):
            for key, factor in equation.items():
                columns[self._at[key]].append((row, factor))
                columns[self._at[key] + count].append((row, -factor))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = 2 * count, len(equations)
        lp.col_cost_ = np.zeros(2 * count)
        lp.col_lower_, lp.col_upper_ = np.zeros(2 * count), np.zeros(2 * count)
        lp.row_lower_ = lp.row_upper_ = np.zeros(len(equations))
        lp.integrality_ = [highspy.HighsVarType.kInteger] * (2 * count)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.cumsum([0, *map(len, columns)]).astype(np.int32)
        lp.a_matrix_.index_ = np.array([row for column in columns for row, _ in column], dtype=np.int32)
        lp.a_matrix_.value_ = np.array([f for column in columns for _, f in column], dtype=np.float64)
        return lp

    def witness(self, key: str, wanted: _Wanted, masked: set[str]) -> Tables | None:
        """Tables that agree with what is shown, in which this cell is as is wanted; None where there are none. What is
        concealed varies freely, other new cells at their cost."""
        cell, count = self._cells[key], len(self._keys)
        lower, upper, cost = np.zeros(2 * count), np.zeros(2 * count), np.zeros(2 * count)
        for n, name in enumerate(self._keys):
            one = self._cells[name]
            if one.standing is not Standing.SHOWN:
                keeps_one = wanted in (_Wanted.MORE, _Wanted.LESS) and one.standing is not Standing.LATENT
                upper[n], upper[n + count] = self._most, max(one.value - keeps_one, 0)
            if one.standing is Standing.NEW and name not in masked:
                cost[n] = cost[n + count] = one.cost
        rises, falls = self._at[key], self._at[key] + count
        if wanted in (_Wanted.HIGH, _Wanted.MORE):
            lower[rises] = cell.high - cell.value if wanted is _Wanted.HIGH else 1
            upper[falls] = 0
        else:
            lower[falls] = cell.value - cell.low if wanted is _Wanted.LOW else 1
            upper[rises] = 0
        if (lower > upper).any():
            return None
        indices = np.arange(2 * count, dtype=np.int32)
        self._solver.clearSolver()
        self._solver.changeColsBounds(2 * count, indices, lower, upper)
        self._solver.changeColsCost(2 * count, indices, cost)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        moved = [round(value) for value in self._solver.getSolution().col_value]
        return {
            name: self._cells[name].value + moved[n] - moved[n + count] for n, name in enumerate(self._keys)
        }
