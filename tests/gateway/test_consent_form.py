"""The forms of consent and of meetings: what they compute before anything is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from gateway.agency.forms.fill import fill
from gateway.agency.forms.kinds import CaseMessages, FormContext, OtherAgency, bases_of_agency
from gateway.agency.forms.table import FORMS

NOW = datetime(2026, 5, 11, 3, 0, tzinfo=UTC)
HOSPITAL, COURT = str(uuid4()), str(uuid4())


def _context() -> FormContext:
    return FormContext(
        agency=str(uuid4()),
        roles=frozenset({"CORE"}),
        body="MUNICIPALITY",
        municipality="1",
        actor="staff.a",
        people={},
        agencies={
            HOSPITAL: OtherAgency(name="病院", roles=frozenset({"MED"}), body="MEDICAL"),
            COURT: OtherAgency(name="家庭裁判所", roles=frozenset({"EXT"}), body="COURT"),
        },
        messages=CaseMessages(),
        about=None,
        now=NOW,
        command_id=uuid4(),
    )


def _consent(**values: str) -> Any:
    entered = {"children": ["all"], "capacity": ["GUARDIAN"], "recipients": [HOSPITAL], "sections": ["CHILD"]}
    return fill(FORMS["consent"], _context(), {**entered, **{k: [v] for k, v in values.items()}})


@pytest.mark.parametrize(
    ("values", "last_moment"),
    [
        pytest.param({"age": "3"}, "2040-05-11T15:00:00", id="of age in 14 years at the soonest"),
        pytest.param({"age": "3", "until": "2027-03-31"}, "2027-03-31T15:00:00", id="the earlier day"),
        pytest.param({"age": "3", "until": "2045-03-31"}, "2040-05-11T15:00:00", id="no later than that"),
        pytest.param({"age": "17", "until": "2026-12-31"}, "2026-12-31T15:00:00", id="17: the day named"),
        pytest.param({"until": "2027-03-31"}, "2027-03-31T15:00:00", id="a day alone"),
        pytest.param({"capacity": "SELF"}, None, id="the person itself, until withdrawn"),
    ],
)
def test_a_consent_for_a_child_ends_before_the_oldest_is_of_age(
    values: dict[str, str], last_moment: Any
) -> None:
    filled = _consent(**values)
    assert not filled.errors
    expires = filled.field_values["expires_at"]
    assert "age" not in filled.field_values
    assert expires is None if last_moment is None else expires.startswith(last_moment)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        pytest.param({}, "until", id="neither day nor age"),
        pytest.param({"age": "18"}, "age", id="of age"),
        pytest.param({"until": "2026-05-10"}, "until", id="yesterday"),
    ],
)
def test_what_is_missing_for_a_child_is_shown_at_its_field(values: dict[str, str], wrong: str) -> None:
    assert set(_consent(**values).errors) == {wrong}


def test_minutes_name_who_was_there_and_their_author() -> None:
    context = _context()
    values = {"participants": [HOSPITAL], "text_CONF": ["決めたこと"]}
    filled = fill(FORMS["minutes"], context, values)
    assert filled.field_values["participants"] == sorted([HOSPITAL, context.agency])
    assert set(fill(FORMS["minutes"], context, {"text_CONF": ["決めたこと"]}).errors) == {"participants"}


def test_a_request_by_law_is_of_a_court_a_prosecutor_or_the_bar() -> None:
    values = {"code": ["CPA-186"], "requested_on": ["2026-05-08"]}
    form, context = FORMS["official-request"], _context()
    assert not fill(form, context, {**values, "requesting_agency": [COURT]}).errors
    assert set(fill(form, context, {**values, "requesting_agency": [HOSPITAL]}).errors) == {
        "requesting_agency"
    }


def test_an_agency_is_offered_the_bases_of_its_kind_in_force() -> None:
    city = bases_of_agency(frozenset({"CORE"}), "MUNICIPALITY", NOW.date())
    centre = bases_of_agency(frozenset({"CGC"}), "PREFECTURE", NOW.date())
    before = bases_of_agency(frozenset({"CGC"}), "PREFECTURE", NOW.date().replace(year=2025))
    assert {"APPI-69-1", "CWA-25-7-1", "CPA-186"} <= set(city)
    assert not {"APPI-27-1-2", "CWA-33-3"} & set(city)
    assert set(centre) - set(before) == {"CWA-33-3", "CWA-33-12"}
