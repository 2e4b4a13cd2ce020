"""The bench of the case index: a tiny run measures every search against the bare query. No time is asserted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.case_index import SEARCHES, measure, table


def test_a_tiny_run_measures_every_search(
    tmp_path: Path, large: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = measure(tmp_path, 20_000 if large else 150, 5 if large else 1)
    assert measured.families == (20_000 if large else 150)
    assert [row.text for row in measured.rows] == list(SEARCHES)
    assert all(row.ms > 0 and row.bare_ms > 0 for row in measured.rows)
    assert measured.rows[-1].total == 0  # the name that nobody has
    assert sum(row.total > 0 for row in measured.rows) >= 5
    with capsys.disabled():
        print(table(measured) if large else "", end="")
