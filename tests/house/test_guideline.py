"""Every clause of the guideline has its events, its rule and its tests, and the generated table is current."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from domain.events import EVENTS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CLAUSES: tuple[Any, ...] = runpy.run_path(str(HERE / "guideline.py"))["CLAUSES"]
NAMES = {cls.__name__ for cls in EVENTS.values()}
OF_THE_GUIDELINE = (
    *(
        "1",
        "2",
        "2[1]",
        "2[2]",
        "2[3]",
        "2[4]",
        "3(1)",
        "3(2)",
        "3(3)",
        "4(1)",
        "4(2)",
        "4(3)",
        "5(1)[1]",
        "5(1)[2]",
        "5(1)[3]",
        "5(1)[4]",
    ),
    *(
        "5(2)[1]",
        "5(2)[2]",
        "6(1)[1]ア",
        "6(1)[1]イ",
        "6(1)[2]",
        "6(2)[1]",
        "6(2)[2]",
        "6(3)[1]",
        "6(3)[2]ア",
    ),
    *("6(3)[2]イ", "6(3)[2]ウ", "6(3)[2]エ"),
    *("6(3)[3]", "6(3)[4]", "6(3)[5]", "6(4)[1]", "6(4)[2]", "6(5)[1]", "6(5)[2]", "7(1)", "7(2)", "7(3)"),
    *(
        "7 box",
        "8[1]",
        "8[2]",
        "8[3]",
        "8[4]",
        "9(1)[1]",
        "9(1)[2]",
        "9(1)[3]",
        "9(2)[1]",
        "9(2)[2]",
        "10 届出",
        "10 指導監督",
        "11",
    ),
)


def test_no_clause_is_left_out() -> None:
    assert len(OF_THE_GUIDELINE) == 51
    assert tuple(c.clause for c in CLAUSES) == OF_THE_GUIDELINE


@pytest.mark.parametrize("clause", CLAUSES, ids=[c.clause for c in CLAUSES])
def test_a_clause_has_events_a_rule_and_tests_that_exist(clause: Any) -> None:
    assert clause.events
    assert set(clause.events) <= NAMES
    assert clause.rules
    kinds = {kind for kind, _ in clause.rules}
    assert kinds <= set("HWTDR")
    assert kinds & set("HWTR"), "enforced, timed, or recorded only with the reason"
    assert clause.tests
    for test in clause.tests:
        file, _, function = test.partition("::")
        text = (ROOT / "tests" / "domain" / f"{file}.py").read_text(encoding="utf-8")
        assert re.search(rf"^def {re.escape(function)}\(", text, re.M), test


def test_the_table_is_current() -> None:
    page = runpy.run_path(str(HERE / "make_guideline_md.py"))["page"]()
    assert (ROOT / "domain" / "GUIDELINE.md").read_text(encoding="utf-8") == page
