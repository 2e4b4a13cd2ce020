"""The first edition of the rule book, and the code lists beside it."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from domain.codes import Body, Flag, Role, Section
from domain.indicators import INDICATOR_CODES, INDICATORS
from domain.rulebook import first_edition

BOOK = first_edition()


def test_each_basis_stands_once_in_the_book():
    codes = [row["code"] for row in BOOK["bases"]]
    assert codes == sorted(set(codes))


@pytest.mark.parametrize("row", [pytest.param(r, id=r["code"]) for r in BOOK["bases"]])
def test_a_row_says_kind_days_parties_and_needs(row):
    assert set(row) == {"code", "kind", "since", "until", "parties", "way", "needs"}
    assert row["way"] in {"BOTH", "THERE", "ASKED"}
    assert row["kind"] in {"G", "P", "O", "R"}
    assert date.fromisoformat(row["since"]) <= date.fromisoformat(row["until"] or "9999-12-31")
    parties = {"ANY", "NETWORK", *(str(body) for body in Body)}
    assert all(set(pair) <= parties and len(pair) == 2 for pair in row["parties"])
    assert set(row["needs"]) <= {
        "REGISTERED",
        "BOTH_MEMBERS",
        "ONE_MUNICIPALITY",
        "CONSENT",
        "COMMISSION",
        "TO_AUTHORITY",
        "OVERRIDE",
    }


def test_the_matrix_speaks_of_roles_sections_and_flags():
    assert set(BOOK["never"]) | set(BOOK["never_flagged"]) | set(BOOK["standing"]) <= set(Role)
    assert {s for row in (*BOOK["never"].values(), *BOOK["standing"].values()) for s in row} <= set(Section)
    assert {f for row in BOOK["never_flagged"].values() for f in row} <= set(Flag)


def test_the_n_of_the_matrix_is_that_of_the_domain_table():
    assert BOOK["never"] == {
        "MED": ["ADDR", "NOTIFIER"],
        "CONTRACTOR": ["NOTIFIER"],
        "EXT": ["ADDR", "CLOSING", "CONF", "NOTIFIER"],
    }


def test_the_standing_access_of_the_coordinating_agency_is_the_a_of_its_column():
    assert BOOK["standing"] == {"COORD": ["BASIC", "CLOSING", "CONF", "PLAN", "RISK"]}


def test_the_list_of_indicators_has_the_36_items_of_the_guideline():
    assert Counter(code[:2] for code in INDICATOR_CODES) == {"BI": 4, "CH": 7, "CG": 10, "EN": 7, "PR": 8}
    assert len(INDICATORS) == len(INDICATOR_CODES) == 36


def test_what_lowers_concern_is_not_counted_as_a_risk():
    assert {i.code for i in INDICATORS if i.polarity == "protective"} == {
        "CG_HAS_CONFIDANT",
        "EN_AVAILABLE_RESOURCES",
    }


def test_the_sensitive_items_are_those_of_the_domain_list():
    assert {i.code for i in INDICATORS if i.flags} == {
        "CG_UPBRINGING_HISTORY",
        "CG_PERSONALITY_TENDENCY",
        "PR_AMBIVALENCE",
    }
