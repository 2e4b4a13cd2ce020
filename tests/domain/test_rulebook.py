"""The first edition of the rule book, and the code lists next to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from domain import events as e
from domain.codes import Body, Flag, Role, Section
from domain.indicators import INDICATOR_CODES, INDICATORS
from domain.reasons import Reason
from domain.rulebook import first_edition
from tests.domain.builders import AZ_CORE, given, refused, rule_book

BOOK = first_edition()


def test_only_the_registrars_publish_a_rule_book():
    command = rule_book()
    assert isinstance(command.event, e.RuleBookPublished)
    assert given().when(command) == [command.event]
    by_agency = replace(command, by=AZ_CORE)
    assert given().when(by_agency) == refused(by_agency, Reason.NOT_YOURS)


def test_each_basis_occurs_once_in_the_rule_book():
    codes = [row["code"] for row in BOOK["bases"]]
    assert codes == sorted(set(codes))


@pytest.mark.parametrize("row", [pytest.param(r, id=r["code"]) for r in BOOK["bases"]])
def test_a_row_has_kind_dates_parties_and_needs(row):
    assert set(row) == {"code", "kind", "since", "until", "parties", "way", "needs"}
    assert row["way"] in {"BOTH", "THERE", "ASKED"}
    assert row["kind"] in {"G", "P", "O", "R"}
    assert date.fromisoformat(row["since"]) <= date.fromisoformat(row["until"] or "9999-12-31")
    parties = {"ANY", "NETWORK", "CGC", *(str(body) for body in Body)}
    assert all(set(pair) <= parties and len(pair) == 2 for pair in row["parties"])
    assert set(row["needs"]) <= {
        "REGISTERED",
        "BOTH_MEMBERS",
        "ONE_BODY",
        "REQUESTED",
        "CONSENT",
        "COMMISSION",
        "TO_AUTHORITY",
        "OVERRIDE",
    }


def test_the_matrix_speaks_of_roles_sections_and_flags():
    assert set(BOOK["never"]) | set(BOOK["never_flagged"]) | set(BOOK["standing"]) - {"STAY"} <= set(Role)
    assert {s for row in (*BOOK["never"].values(), *BOOK["standing"].values()) for s in row} <= set(Section)
    assert {f for row in BOOK["never_flagged"].values() for f in row} <= set(Flag)


def test_the_n_of_the_matrix_is_that_of_the_domain_table():
    assert BOOK["never"] == {
        "MED": ["ADDR", "NOTIFIER"],
        "CONTRACTOR": ["NOTIFIER"],
        "EXT": ["ADDR", "CLOSING", "CONF", "NOTIFIER"],
    }


def test_the_standing_access_of_the_coordinating_agency_is_the_a_of_its_column():
    assert BOOK["standing"]["COORD"] == ["BASIC", "CLOSING", "CONF", "PLAN", "RISK"]


def test_the_offices_of_a_town_of_stay_see_no_more_than_basics_plan_and_dangers():
    assert BOOK["standing"]["STAY"] == ["BASIC", "PLAN", "RISK"]


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
