"""The calendar of a rule book: generated from the library, asked for by the registrars' command, approved by two."""

from __future__ import annotations

from datetime import date

import pytest

from domain import events as e
from domain.errors import Refused
from domain.office_days import is_calendar
from domain.public_holidays import PUBLIC_HOLIDAYS, UNTIL_YEAR
from domain.rulebook import EDITION, first_edition, with_calendar
from gateway.installation.approval_checks import _check_rules
from gateway.installation.public_holidays import office_calendar

CALENDAR = first_edition()["policy"]["calendar"]


def test_holidays_come_from_the_library() -> None:
    pytest.importorskip("holidays", reason="the library of holidays is not installed here")
    calendar = office_calendar(2025, UNTIL_YEAR, [date(2026, 11, 4)])
    assert is_calendar(calendar)
    assert calendar["holidays"] == PUBLIC_HOLIDAYS
    assert (calendar["until_year"], calendar["closing_days"]) == (UNTIL_YEAR, ["2026-11-04"])


def order(**changed: object) -> e.RuleBookPublished:
    book = with_calendar(first_edition(), {**CALENDAR, "closing_days": ["2026-11-04"]})
    return e.RuleBookPublished(edition=EDITION, rule_book={**book, **changed})


def test_registrars_approve_the_book_of_this_program_with_a_calendar_of_their_own() -> None:
    _check_rules(order())


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(order(bases=[]), id="other bases"),
        pytest.param(order(policy={**order().rule_book["policy"], "act_days": 99}), id="another period"),
        pytest.param(order(policy={}), id="no calendar"),
        pytest.param(e.RuleBookPublished(edition="another", rule_book=order().rule_book), id="another name"),
    ],
)
def test_they_approve_no_other_book(wrong: e.RuleBookPublished) -> None:
    with pytest.raises(Refused, match=r"."):
        _check_rules(wrong)
