"""Whoever has all that was ever issued tries to recover a masked number, and fails: by every table that could be, by linear
bounds over the tables of a whole year, over series of issues, and by running this very program."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping

import highspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvariantViolation
from domain.small_counts import SMALL_COUNT
from gateway.agency.statistics.catalogue import CLOSINGS, COURSE, COURSE_LABELS, MODULES, TABLES, Form
from gateway.agency.statistics.counts import Counts
from gateway.agency.statistics.periods import months_of, periods_of, quarters_of
from gateway.agency.statistics.suppression import (
    Cell,
    Equation,
    Standing,
    Suppression,
    require_protected,
    suppress,
)
from gateway.agency.statistics.system import as_issued, build_system, is_issued

Shown = Mapping[str, int | None]


def square(a: int, b: int, c: int, d: int) -> dict[str, int]:
    """Two rows and two columns with all their totals."""
    return {
        "a": a,
        "b": b,
        "c": c,
        "d": d,
        "ab": a + b,
        "cd": c + d,
        "ac": a + c,
        "bd": b + d,
        "T": a + b + c + d,
    }


SQUARE: list[Equation] = [
    {"a": 1, "b": 1, "ab": -1},
    {"c": 1, "d": 1, "cd": -1},
    {"a": 1, "c": 1, "ac": -1},
    {"b": 1, "d": 1, "bd": -1},
    {"ab": 1, "cd": 1, "T": -1},
    {"ac": 1, "bd": 1, "T": -1},
]


def cells_of(values: Mapping[str, int], cost: Callable[[str], int] = len) -> dict[str, Cell]:
    return {key: Cell(value, value, Standing.NEW, 10 * cost(key)) for key, value in values.items()}


def shown_of(values: Mapping[str, int], result: Suppression) -> Shown:
    assert not result.withheld
    return {key: None if key in result.masked else value for key, value in values.items()}


COUNT = st.integers(0, 9)


@settings(max_examples=25, deadline=None)
@given(COUNT, COUNT, COUNT, COUNT)
def test_every_small_number_of_a_square_could_be_nothing_or_past_the_limit(
    a: int, b: int, c: int, d: int
) -> None:
    values = square(a, b, c, d)
    shown = shown_of(values, suppress(cells_of(values), SQUARE))
    inner = (range(15) if shown[key] is None else [values[key]] for key in "abcd")
    possible = [
        other
        for other in (square(*one) for one in itertools.product(*inner))
        if all(number is None or other[key] == number for key, number in shown.items())
    ]
    for key, value in values.items():
        if 0 < value < SMALL_COUNT:
            assert min(other[key] for other in possible) == 0
            assert max(other[key] for other in possible) >= SMALL_COUNT
            without_zeros = [
                o for o in possible if all(o[k] for k in values if values[k] and shown[k] is None)
            ]
            assert len({other[key] for other in without_zeros}) > 1
        elif shown[key] is None:
            assert len({other[key] for other in possible}) > 1


def test_who_runs_this_program_on_every_table_of_three_rows_learns_no_small_number() -> None:
    worlds: dict[tuple[int | None, ...], list[tuple[int, ...]]] = {}
    for rows in (rows for rows in itertools.product(range(9), repeat=3) if sum(rows) < 9):
        values = dict(zip("pqr", rows, strict=True)) | {"TT": sum(rows)}
        shown = shown_of(values, suppress(cells_of(values), [{"p": 1, "q": 1, "r": 1, "TT": -1}]))
        worlds.setdefault(tuple(shown.values()), []).append((*rows, sum(rows)))
    for shown_values, same in worlds.items():
        for n, number in enumerate(shown_values):
            total = shown_values[3]
            if (
                number is None and total is not None and total < 10
            ):  # else tables were left out that look the same
                assert len({world[n] for world in same}) > 1, (shown_values, same)


def test_five_masks_and_a_total_of_five_are_not_five_ones() -> None:
    """Whoever takes it that no zero is masked would know all five."""
    rows = dict.fromkeys("pqrst", 1)
    values = {**rows, "u": 0, "T": 5}
    shown = shown_of(values, suppress(cells_of(values), [{**dict.fromkeys("pqrstu", 1), "T": -1}]))
    assert shown["T"] is None or shown["u"] is None
    masked = [key for key in "pqrstu" if shown[key] is None]
    most = 5 if shown["T"] is not None else 20
    assert most > len(masked) or shown["u"] is None


def test_a_large_number_of_few_families_is_masked_as_well() -> None:
    cells = {"p": Cell(30, 2), "q": Cell(50, 40), "r": Cell(60, 40), "T": Cell(140, 82, cost=9)}
    result = suppress(cells, [{"p": 1, "q": 1, "r": 1, "T": -1}])
    assert "p" in result.masked
    assert len(result.masked) == 2
    values = {witness["p"] for witness in result.witnesses}
    assert min(values) <= 25
    assert max(values) >= 35


def test_what_was_issued_stays_and_is_taken_into_account() -> None:
    """A total that was issued, and one masked row: the second row has to be masked now, whatever it costs."""
    cells = {
        "p": Cell(2, 2, Standing.HIDDEN),
        "T": Cell(20, 20, Standing.SHOWN),
        "q": Cell(18, 18, Standing.NEW, cost=1000),
    }
    assert suppress(cells, [{"p": 1, "q": 1, "T": -1}]).masked == {"q"}


def test_the_witnesses_are_enough_where_no_zero_is_masked() -> None:
    cells, equation = cells_of({"p": 1, "q": 1, "r": 7, "T": 9}), {"p": 1, "q": 1, "r": 1, "T": -1}
    good = suppress(cells, [equation])
    zeros = tuple(w for w in good.witnesses if 0 in w.values())
    with pytest.raises(InvariantViolation, match="statistics-not-protected"):
        require_protected(cells, [equation], Suppression(good.masked, frozenset(), zeros))


def test_tables_are_withheld_where_no_mask_would_help() -> None:
    cells = {"p": Cell(2, 2), "q": Cell(18, 18, Standing.SHOWN), "T": Cell(20, 20, Standing.SHOWN)}
    assert suppress(cells, [{"p": 1, "q": 1, "T": -1}]) == Suppression(frozenset(), frozenset({"p"}), ())


def test_a_proof_that_does_not_hold_is_refused() -> None:
    cells, equations = cells_of({"p": 2, "q": 18, "T": 20}), [{"p": 1, "q": 1, "T": -1}]
    good = suppress(cells, equations)
    require_protected(cells, equations, good)
    for bad in (
        Suppression(frozenset({"p"}), frozenset(), good.witnesses),  # a witness changes what is shown
        Suppression(frozenset({"p", "q"}), frozenset(), good.witnesses[:1]),  # one of the two is missing
        Suppression(good.masked, frozenset(), ({"p": -1, "q": 21, "T": 20}, {"p": 9, "q": 11, "T": 20})),
        Suppression(frozenset(), frozenset(), ()),
    ):
        with pytest.raises(InvariantViolation, match="statistics-not-protected"):
            require_protected(cells, equations, bad)
    with pytest.raises(InvariantViolation, match="statistics-do-not-add-up"):
        suppress({**cells, "T": Cell(21, 21)}, equations)


# --- a whole year, issue by issue ------------------------------------------------------------------------------

YEAR = 2025
ROWS = {
    "referrals": ("NOTIFICATION", "MEDICAL", "SCHOOL", "OTHER"),
    "eligibility": ("ELIGIBLE", "NOT_ELIGIBLE"),
    "visits": ("CHILD_SEEN", "NOBODY_MET", "REFUSED"),
}


def random_counts(draw: random.Random, months: int, mean: float) -> Counts:
    """Counts of a town: some tables, and cases that come and go."""
    counts, families = Counts(), itertools.count()
    open_cases: set[str] = set()
    for month in months_of(YEAR)[:months]:
        for table in TABLES:
            for code in ROWS.get(table.key, ()):
                for _ in range(int(draw.expovariate(1 / mean))):
                    family = str(next(families)) if draw.random() < 0.8 else "f"
                    _add_with_parts(counts, draw, table.row(code), month.key, family)
                    counts.add(table.total_row, month.key, family)
        for _ in range(int(draw.expovariate(1 / mean))):
            open_cases.add(family := str(next(families)))
            counts.add(COURSE.row("BEGUN"), month.key, family)
        for family in [one for one in sorted(open_cases) if draw.random() < 0.2]:
            open_cases.remove(family)
            counts.add(CLOSINGS.row(draw.choice(["GOAL_REACHED", "OTHER"])), month.key, family)
            counts.add(CLOSINGS.total_row, month.key, family)
            counts.add("follow_ons/NONE_NEEDED", month.key, family)
        phases = {one: f"course/{'SUPPORTED' if int(one) % 3 else 'RECEIVED'}" for one in open_cases}
        rows = counts.open_cases.setdefault(month.key, {})
        for one, row in phases.items():
            rows.setdefault(row, set()).add(one)
            rows.setdefault(COURSE.total_row, set()).add(one)
    return counts


def _add_with_parts(counts: Counts, draw: random.Random, row: str, time: str, family: str) -> None:
    counts.add(row, time, family)
    if row == "referrals/NOTIFICATION":
        counts.add(f"safety/{draw.choice(['MET', 'LATE'])}", time, family)
    if row == "eligibility/ELIGIBLE":
        for code in ("TC1_PREGNANCY", "TC3_INADEQUATE_CARE")[: draw.randint(1, 2)]:
            counts.add(f"classes/{code}", time, family)


def issue(known: Mapping[str, Cell], counts: Counts, months: int) -> dict[str, Cell]:
    """What is known outside after the issue of the first months."""
    done = {month.key for month in months_of(YEAR)[:months]}
    complete = [p for p in periods_of(YEAR) if all(f"{m:%Y-%m}" in done for m in p.months)]
    system = build_system(known, counts, YEAR, complete, "@2025-04", bytes)
    return as_issued(system, known, suppress(system.cells, system.equations))


def shown_outside(cells: Mapping[str, Cell]) -> dict[str, int | None]:
    return {
        key: cell.value if cell.standing is Standing.SHOWN else None
        for key, cell in cells.items()
        if is_issued(key)
    }


Row = tuple[dict[str, int], float, float]


def known_equations(shown: Shown) -> Iterator[Row]:
    """What anybody can read off the tables, written down anew: (factors, least, most) of sums of cells."""
    possible = (*_rows_of_tables(shown), *_rows_of_sums(shown), *_rows_of_the_course())
    return (row for row in possible if all(key in shown for key in row[0]))


def _rows_of_tables(shown: Shown) -> Iterator[Row]:
    for time, table in itertools.product(sorted({key.rsplit("/", 1)[1] for key in shown}), TABLES):
        codes = [code for code in table.rows if code not in COURSE_LABELS]
        keys, total = [f"{table.row(code)}/{time}" for code in codes], f"{table.total_row}/{time}"
        if table.form is Form.SEVERAL or table is MODULES:
            yield from (({key: 1, total: -1}, -highspy.kHighsInf, 0) for key in keys)
        most = highspy.kHighsInf if table.form is Form.SEVERAL else 0
        if table.rows and table is not MODULES:
            yield {**dict.fromkeys(keys, 1), total: -1}, 0, most


def _rows_of_sums(shown: Shown) -> Iterator[Row]:
    for row in sorted({key.rsplit("/", 1)[0] for key in shown}):
        for quarter in quarters_of(YEAR):
            months = [f"{row}/{month:%Y-%m}" for month in quarter.months]
            yield {**dict.fromkeys(months, 1), f"{row}/{quarter.key}": -1}, 0, 0
        quarters = [f"{row}/{quarter.key}" for quarter in quarters_of(YEAR)]
        yield {**dict.fromkeys(quarters, 1), f"{row}/{YEAR}FY": -1}, 0, 0


def _rows_of_the_course() -> Iterator[Row]:
    for before, month in itertools.pairwise(period.key for period in months_of(YEAR)):
        come = ("course/BEGUN", "course/REOPENED", "course/ADDED")
        gone = ("closings/TOTAL", "course/HANDED_OVER", "course/REMOVED", "course/TOTAL")
        factors = {f"{row}/{month}": 1 for row in come} | {f"{row}/{month}": -1 for row in gone}
        yield {**factors, f"course/TOTAL/{before}": 1}, 0, 0


def bounds(shown: Shown, wanted: Iterable[str]) -> dict[str, tuple[float, float]]:
    """The least and the most that each of these cells can be by all that is shown, in real numbers."""
    keys = sorted(shown)
    at = {key: n for n, key in enumerate(keys)}
    solver = highspy.Highs()
    solver.silent()
    for key in keys:
        number = shown[key]
        solver.addVar(number or 0, highspy.kHighsInf if number is None else number)
    for factors, least, most in known_equations(shown):
        solver.addRow(least, most, len(factors), [at[key] for key in factors], list(factors.values()))
    result = {}
    for key in wanted:
        ends = []
        for direction in (1, -1):
            solver.changeColCost(at[key], direction)
            solver.run()
            status = solver.getModelStatus()
            assert status not in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kSolveError)
            is_bounded = status == highspy.HighsModelStatus.kOptimal
            ends.append(solver.getSolution().col_value[at[key]] if is_bounded else float("inf"))
        solver.changeColCost(at[key], 0)
        result[key] = (ends[0], ends[1])
    return result


def small_cells(cells: Mapping[str, Cell]) -> list[str]:
    return sorted(key for key, cell in cells.items() if is_issued(key) and cell.sensitive)


def recovered(cells: Mapping[str, Cell], shown: Shown) -> list[str]:
    """The small cells whose bounds are narrower than they may be."""
    narrow = []
    for key, (least, most) in bounds(shown, small_cells(cells)).items():
        if least > cells[key].low + 1e-6 or most < cells[key].high - 1e-6:
            narrow.append(key)
    return narrow


@pytest.mark.parametrize(("seed", "mean"), [(1, 1.0), (2, 3.0), (3, 8.0)])
def test_no_small_number_follows_from_a_series_of_issues(seed: int, mean: float) -> None:
    known: dict[str, Cell] = {}
    everything: dict[str, int | None] = {}
    for months in (1, 3, 7, 12):
        # what is counted of months that were issued differs each time: the draw is another one
        counts = random_counts(random.Random(seed * 100 + months), months, mean)
        cells = issue(known, counts, months)
        shown = shown_outside(cells)
        assert {key: shown[key] for key in everything} == everything
        known, everything = cells, shown
        assert small_cells(cells)
        assert recovered(cells, shown) == []
    assert all(number is None or number == 0 or number >= SMALL_COUNT for number in everything.values())
    assert any(number for number in everything.values())


def test_the_same_attack_succeeds_where_only_small_numbers_are_masked() -> None:
    cells = issue({}, random_counts(random.Random(7), 12, 6.0), 12)
    naive = {key: None if cell.sensitive else cell.value for key, cell in cells.items() if is_issued(key)}
    assert len(recovered(cells, naive)) > 10


def test_a_year_of_a_town_keeps_most_of_its_numbers() -> None:
    cells = issue({}, random_counts(random.Random(11), 12, 20.0), 12)
    shown = shown_outside(cells)
    assert sum(number is None for number in shown.values()) < len(shown) / 4
