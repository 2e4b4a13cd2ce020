"""What a message names as what it is about: it is there, of the right kind, and the sender's to name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain import events as e
from domain.clocks import ClockKind
from domain.codes import Section, SupportType
from domain.reasons import Reason
from tests.domain.builders import (
    ASSIGNED,
    AZ_COORD,
    AZ_CORE,
    CITY_WORKER,
    COMMISSIONED,
    FULL_ASSIGNED,
    FULLY_COMMISSIONED,
    HIDA_SWC,
    LEARNED,
    MID_HOSP,
    NOON,
    PLANNED,
    SORA_NPO,
    WORKER,
    EventInput,
    case_message,
    given,
    id_of,
    refused,
)

TUESDAY = date(2025, 6, 10)
PLAN_OF_SORA = case_message(e.HomeVisitScheduled, SORA_NPO, planned_on=TUESDAY, name="plan of sora")
PLAN_OF_HIDA = case_message(e.HomeVisitScheduled, HIDA_SWC, planned_on=TUESDAY, name="plan of hida")
VISITS = (
    LEARNED,
    COMMISSIONED,
    ASSIGNED,
    FULLY_COMMISSIONED,
    FULL_ASSIGNED,
    PLANNED,
    PLAN_OF_SORA,
    PLAN_OF_HIDA,
)
SORA_PLAN, HIDA_PLAN = PLAN_OF_SORA.command_id, PLAN_OF_HIDA.command_id
OWN_VISITOR = case_message(e.SupportWorkerAssigned, AZ_CORE, agency=AZ_CORE, worker=CITY_WORKER, name="own")


@pytest.mark.parametrize("act", [e.HomeVisitFailed, e.HomeVisitRefused, e.HomeVisitScheduled])
@pytest.mark.parametrize(
    ("by", "visit", "reason"),
    [
        pytest.param(SORA_NPO, SORA_PLAN, None, id="its own plan"),
        pytest.param(SORA_NPO, None, None, id="none"),
        pytest.param(AZ_CORE, SORA_PLAN, None, id="the plan of its contractor"),
        pytest.param(SORA_NPO, HIDA_PLAN, Reason.NOT_THE_SENDER, id="another's plan"),
        pytest.param(SORA_NPO, id_of("nowhere"), Reason.UNKNOWN_MESSAGE, id="nothing"),
        pytest.param(SORA_NPO, LEARNED.command_id, Reason.UNKNOWN_MESSAGE, id="no plan of a visit"),
    ],
)
def test_a_visit_is_of_a_plan_of_ones_own(act: Any, by: Any, visit: Any, reason: Any) -> None:
    planned = {"planned_on": TUESDAY, "replaces": visit}
    data: dict[str, Any] = planned if act is e.HomeVisitScheduled else {"visit": visit}
    command = case_message(act, by, name="it", actor=WORKER if by == SORA_NPO else "p-1", **data)
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(VISITS).when(command) == expected


def test_a_visit_that_was_made_names_a_plan_of_its_own_too() -> None:
    made = case_message(e.HomeVisitCompleted, AZ_CORE, visit=SORA_PLAN)
    assert given(VISITS, OWN_VISITOR).when(made) == [made.event]
    wrong = replace(made, event=replace(made.event, visit=LEARNED.command_id))  # type: ignore[call-arg]
    assert given(VISITS, OWN_VISITOR).when(wrong) == refused(wrong, Reason.UNKNOWN_MESSAGE)


def visits_counted(*past: EventInput) -> int:
    return sum(given(VISITS, OWN_VISITOR, *past).world.case.visits.values())


def test_the_report_of_a_recorded_visit_is_not_counted_again() -> None:
    made = case_message(e.HomeVisitCompleted, SORA_NPO, visit=SORA_PLAN, name="made")
    of_it = case_message(e.VisitReportSubmitted, SORA_NPO, visit=SORA_PLAN, name="of it")
    other = case_message(e.VisitReportSubmitted, SORA_NPO, visit=HIDA_PLAN, name="other")
    unnamed = case_message(e.VisitReportSubmitted, SORA_NPO, name="unnamed")
    unplanned = case_message(e.HomeVisitCompleted, SORA_NPO, name="unplanned")
    assert visits_counted(made, of_it) == 1
    assert visits_counted(made, unnamed) == 1
    assert visits_counted(unplanned, of_it) == 1
    assert visits_counted(made, other) == 2
    assert visits_counted(made, other, of_it) == 2
    assert visits_counted(of_it) == 1


DECIDED = case_message(e.NonDisclosureDecided, AZ_CORE, reason="NOT_NEEDED", name="decided")
OF_ANOTHER = case_message(e.NonDisclosureDecided, AZ_COORD, reason="NOT_NEEDED", name="of another")


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(DECIDED, None, id="its own decision"),
        pytest.param(OF_ANOTHER, Reason.NOT_THE_SENDER, id="another's decision"),
        pytest.param(LEARNED, Reason.UNKNOWN_MESSAGE, id="no decision"),
    ],
)
def test_a_disclosure_reviews_a_decision_of_its_own(about: Any, reason: Any) -> None:
    answers = None if about is None else about.command_id
    command = case_message(
        e.DisclosureMade, AZ_CORE, [AZ_COORD], [Section.BASIC], "APPI-69-1", answers=answers
    )
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(LEARNED, DECIDED, OF_ANOTHER).when(command) == expected


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        pytest.param(LEARNED.command_id, None, id="a referral to it"),
        pytest.param(DECIDED.command_id, None, id="its own decision"),
        pytest.param(OF_ANOTHER.command_id, Reason.UNKNOWN_MESSAGE, id="what it has no part in"),
        pytest.param(id_of("nowhere"), Reason.UNKNOWN_MESSAGE, id="nothing"),
    ],
)
def test_a_decision_not_to_act_names_what_its_sender_knows(about: Any, reason: Any) -> None:
    command = case_message(e.NonDisclosureDecided, AZ_CORE, reason="NOT_NEEDED", answers=about)
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(LEARNED, DECIDED, OF_ANOTHER).when(command) == expected


TO_HOSPITAL = case_message(e.FamilyInformationProvided, AZ_CORE, [MID_HOSP], name="to hospital")


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(LEARNED.command_id, None, id="a referral to it"),
        pytest.param(DECIDED.command_id, Reason.UNKNOWN_MESSAGE, id="no referral"),
        pytest.param(id_of("nowhere"), Reason.UNKNOWN_MESSAGE, id="nothing"),
    ],
)
def test_who_assesses_the_urgency_names_a_referral_that_it_has(about: Any, reason: Any) -> None:
    command = case_message(e.EmergencyTriaged, AZ_CORE, answers=about)
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(LEARNED, DECIDED).when(command) == expected
    other = case_message(e.EmergencyTriaged, AZ_COORD, answers=LEARNED.command_id)
    assert given(LEARNED, DECIDED).when(other) == refused(other, Reason.NOT_ADDRESSED)


TYPE = case_message(
    e.SupportTypeDecided, AZ_CORE, support_type=SupportType.MID_TERM, specialist_needed=True, name="type"
)


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(TYPE.command_id, None, id="the decision on the type"),
        pytest.param(LEARNED.command_id, Reason.UNKNOWN_MESSAGE, id="something else"),
    ],
)
def test_a_specialist_is_linked_because_of_a_decision(about: Any, reason: Any) -> None:
    command = case_message(e.SpecialistServiceLinked, AZ_CORE, answers=about)
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(LEARNED, TYPE).when(command) == expected


# --- children, and the edition before ----------------------------------------------------------------------


def waiting(kind: ClockKind, *past: Any, edition: int | None = None) -> set[Any]:
    clocks = given(*past, edition=edition).world.case.clocks.values()
    return {c.message for c in clocks if c.kind is kind and c.responsible == AZ_CORE}


A, B = id_of("child A"), id_of("child B")


def referral(name: str, *children: Any) -> EventInput:
    event = case_message(
        e.FamilyInformationProvided, MID_HOSP, [AZ_CORE], [Section.BASIC], "CWA-21-10-5", name=name
    )
    return replace(event, event=replace(event.event, children=frozenset(children)))  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("children", "remaining"),
    [
        pytest.param({A}, "of B", id="of A: it is the oldest"),
        pytest.param({B}, "of A", id="of B: the older one is about another child"),
        pytest.param(set(), "of B", id="of all of them: the oldest"),
        pytest.param({id_of("child C")}, None, id="of neither"),
    ],
)
def test_what_is_done_for_one_child_acts_on_a_referral_of_that_child(children: Any, remaining: Any) -> None:
    of_a, of_b = referral("of A", A), referral("of B", B)
    sighted = case_message(e.ChildSighted, AZ_CORE, children=frozenset(children))
    actual = waiting(ClockKind.ACT, LEARNED_ACTED, of_a, of_b, sighted)
    known = {"of A": of_a.command_id, "of B": of_b.command_id}
    assert actual == (set(known.values()) if remaining is None else {known[remaining]})


LEARNED_ACTED = [
    LEARNED,
    case_message(e.ReferralOutcomeReported, AZ_CORE, [MID_HOSP], answers=LEARNED.command_id),
]


def test_in_edition_1_one_act_stopped_all_of_its_kind() -> None:
    second = referral("second")
    acted = case_message(e.IndicatorAssessmentRecorded, AZ_CORE)
    assert waiting(ClockKind.ACT, LEARNED, second, acted) == {second.command_id}
    assert waiting(ClockKind.ACT, LEARNED, second, acted, edition=1) == set()
    to_anybody = case_message(e.DisclosureMade, AZ_CORE, [MID_HOSP])
    assert waiting(ClockKind.NON_DISCLOSURE, LEARNED, DECIDED, to_anybody) == {DECIDED.command_id}
    assert waiting(ClockKind.NON_DISCLOSURE, LEARNED, DECIDED, to_anybody, edition=1) == set()


def test_in_edition_1_what_was_released_stopped_its_clocks_once_more() -> None:
    held = case_message(e.DisclosureMade, AZ_CORE, [MID_HOSP], name="held", held=[MID_HOSP])
    later = case_message(e.NonDisclosureDecided, AZ_CORE, name="later")
    released = case_message(e.HeldDisclosureReleased, AZ_CORE, [MID_HOSP], releases=held.command_id)
    past = (LEARNED, held, later, released)
    assert waiting(ClockKind.NON_DISCLOSURE, *past) == {later.command_id}
    assert waiting(ClockKind.NON_DISCLOSURE, *past, edition=1) == set()


def test_closing_or_handing_over_the_case_is_no_act_on_a_referral() -> None:
    for act in (e.SupportClosed, e.TransferInitiated):
        more = {"moves_on": None} if act is e.TransferInitiated else {}
        done = case_message(act, AZ_CORE, at=NOON, **more)
        assert waiting(ClockKind.ACT, LEARNED, done) == {LEARNED.command_id}
        assert waiting(ClockKind.ACT, LEARNED, done, edition=1) == set()
