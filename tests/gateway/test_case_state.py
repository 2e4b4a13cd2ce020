"""A case as it is now, by the control that a door knows: which plan is in force, and which visits are still planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.agency.case_state import is_registered, plans_in_force
from gateway.agency.index.case_overview import case_overview, planned_visits

CORE, NPO, NEXT = "core", "npo", "next"
PLANNED = {"planned_on": "2026-05-08"}


def message(id: str, act: str, by: str = CORE, **more: Any) -> dict[str, Any]:
    to = more.pop("to", [NPO])
    items = [{"section": section} for section in more.pop("sections", ())]
    at = f"2026-05-0{len(id)}T00:00:00.000000Z"
    return {"message": id, "act": act, "by": by, "to": to, "at": at, "items": items, "fields": more}


FORMULATED = message("f", "support_plan.formulated", plan={"content": "SC_B"}, sections=["PLAN"])
AGAIN = {**FORMULATED, "message": "f2"}
INFORMED = message("t", "disclosure.made", sections=["BASIC", "PLAN"])
BASICS = message("b", "disclosure.made", sections=["BASIC"])
ELSEWHERE = message("e", "disclosure.made", to=["hospital"], sections=["PLAN"])
HELD = {**message("h", "disclosure.held", sections=["PLAN"]), "held": [NPO]}
COMMENCED = message("c", "support.commenced", plan=None, sections=["PLAN"])
NEW_PHASE = message("n", "support.commenced", plan={"content": "SC_A"}, sections=["PLAN"])
PROPOSED = message("p", "support_plan.proposed", by=NPO, to=[CORE], sections=["PLAN"])
APPROVED = message("a", "support_plan.approved", plan={"content": "SC_A"}, approves="p")
HANDED = message("g", "support_plan_handed.over", sections=["PLAN"])
REVIEWED = message("r", "plan.reviewed", sections=["PLAN"])
REOPENED = message("o", "case.reopened")


@pytest.mark.parametrize(
    ("messages", "offered"),
    [
        pytest.param([INFORMED], ["t"], id="told of a plan that was decided without us"),
        pytest.param([FORMULATED, INFORMED, COMMENCED], ["c", "t", "f"], id="the newest first"),
        pytest.param([FORMULATED, INFORMED, AGAIN], ["f2"], id="a new plan takes the place of the old one"),
        pytest.param([FORMULATED, INFORMED, NEW_PHASE], ["n"], id="a new phase has a plan of its own"),
        pytest.param([PROPOSED], [], id="a proposal is no plan"),
        pytest.param([FORMULATED, PROPOSED, APPROVED], ["p"], id="a proposal that was approved is"),
        pytest.param([FORMULATED, HANDED, REVIEWED], ["f"], id="what is told about the plan is no plan"),
        pytest.param([FORMULATED, REOPENED], [], id="none of before the support was resumed"),
        pytest.param([BASICS, ELSEWHERE, HELD], [], id="what did not bring the plan here"),
    ],
)
def test_a_visit_report_names_a_plan_in_force(messages: Sequence[dict[str, Any]], offered: list[str]) -> None:
    assert [m["message"] for m in plans_in_force(messages, NPO)] == offered


VISIT = message("v", "home_visit.scheduled", by=NPO, to=[CORE], **PLANNED)
REPORTED = message("rp", "visit_report.submitted", by=NPO, to=[CORE], visit="v")
POSTPONED = message("v2", "home_visit.scheduled", by=NPO, to=[CORE], replaces="v", **PLANNED)
CLOSED = message("cl", "support.closed")
HANDED_OVER = message("ho", "transfer.completed", to=[NEXT])
OF_NEXT = message("v3", "home_visit.scheduled", by=NEXT, to=[CORE], **PLANNED)


@pytest.mark.parametrize(
    ("messages", "planned"),
    [
        pytest.param([VISIT], ["v"], id="nobody has reported it"),
        pytest.param([VISIT, REPORTED], [], id="reported"),
        pytest.param([VISIT, POSTPONED], ["v2"], id="postponed"),
        pytest.param([VISIT, CLOSED], [], id="the support was closed"),
        pytest.param([VISIT, CLOSED, REOPENED, POSTPONED], ["v2"], id="planned after it was resumed"),
        pytest.param([VISIT, OF_NEXT, HANDED_OVER], ["v3"], id="handed over to who has planned one too"),
    ],
)
def test_a_visit_is_planned_until_it_is_reported_or_its_case_has_ended(
    messages: Sequence[dict[str, Any]], planned: list[str]
) -> None:
    assert [m["message"] for m in planned_visits(messages)] == planned
    overview = case_overview("case", messages, {}, CORE)
    assert (overview.next_visit_on != "") is bool(planned)
    assert {a.message for a in overview.arrivals if a.due_on} == set(planned)


def test_a_case_is_registered_until_it_is_taken_off() -> None:
    on, off = message("x", "network_case.registered"), message("y", "network_case.deregistered")
    assert [is_registered(some) for some in ([], [VISIT, on], [on, off], [on, off, on])] == [
        False,
        True,
        False,
        True,
    ]
