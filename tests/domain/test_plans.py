"""Plans: a last day and an alarm before it, who made them, how the family was given its own, and what visits rest on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain import events as e
from domain.codes import (
    FamilyService,
    Housekeeping,
    NetworkStanding,
    PlanContent,
    PlanHandover,
    PlanMaker,
    Section,
    SupportRole,
    TargetClass,
)
from domain.dated_rules import HOUSEKEEPING_ELSEWHERE, JOINT_SUPPORT_PLAN, holds
from domain.reasons import Reason
from domain.rulebook import first_edition
from domain.tasks import TaskKind, tasks
from tests.domain.builders import (
    ASSESSED,
    AZ_COORD,
    AZ_CORE,
    CLOSED,
    COMMENCED,
    COMMISSIONED,
    CONSULTED,
    DECIDED,
    EVALUATED,
    LEARNED,
    NOON,
    READY,
    SORA_NPO,
    TO_SORA,
    TOWN,
    WORKER,
    EventInput,
    case_message,
    event_input,
    given,
    jst,
    plan,
    refused,
    rule_book,
)
from tests.domain.test_clocks import run

ONE_SIDE = frozenset({PlanMaker.CHILD_WELFARE})
MID: dict[str, Any] = {
    "content": PlanContent.SC_C,
    "plan_until": date(2026, 3, 5),
    "target_months": 9,
    "short_term_months": 3,
}


def planned(**changed: Any) -> EventInput:
    return case_message(e.SupportPlanFormulated, AZ_CORE, sections=[Section.PLAN], plan=plan(**changed))


def decided(*classes: TargetClass) -> tuple[EventInput, ...]:
    return (
        LEARNED,
        ASSESSED,
        case_message(e.EligibilityDetermined, AZ_CORE, target_classes=frozenset(classes)),
    )


def with_book(**changed: Any) -> list[EventInput]:
    """The town under a rule book with other rows; a row that is None is left out."""
    book = {k: v for k, v in {**first_edition(), **changed}.items() if v is not None}
    return [rule_book({**book, "edition": "H21-TEST"}), *TOWN[1:]]


# --- a last day -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [e.SupportPlanFormulated, e.SupportPlanApproved, e.SupportCommenced])
def test_there_is_no_plan_without_a_last_day(act):
    endless = plan(plan_until=None)
    more: dict[str, Any] = {} if act is not e.SupportPlanApproved else {"approves": PROPOSED.command_id}
    command = case_message(act, AZ_CORE, sections=[Section.PLAN], plan=endless, name="endless", **more)
    past = (LEARNED, DECIDED, PROPOSED)
    assert given(past).when(command) == refused(command, Reason.PLAN_WITHOUT_END)
    assert given(past, edition=1).when(command) == [command.event]


PROPOSED = case_message(e.SupportPlanProposed, SORA_NPO, [AZ_CORE], [Section.PLAN], "CWA-21-10-2-3")


def test_in_edition_1_a_plan_needed_no_target_and_nobody_to_make_it():
    for changed in (
        {"content": PlanContent.SC_C, "plan_until": None},
        {**MID, "short_term_months": None, "made_by": ONE_SIDE},
    ):
        command = planned(**changed)
        so = given(decided(TargetClass.TC3_INADEQUATE_CARE), edition=1)
        assert so.when(command) == [command.event]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"parts": frozenset()}, Reason.PLAN_INCOMPLETE, id="no parts"),
        pytest.param({"plan_until": date(2025, 6, 4)}, Reason.PLAN_DATES_WRONG, id="days run backwards"),
        pytest.param(
            {"housekeeping": Housekeeping.WITHOUT_GOAL}, Reason.HOUSEKEEPING_WITHOUT_GOAL, id="no goal"
        ),
        pytest.param({"housekeeping": Housekeeping.WITH_GOAL}, Reason.REASON_MISSING, id="moved elsewhere"),
        pytest.param({"plan_until": date(2025, 12, 5)}, Reason.REASON_MISSING, id="six months"),
        pytest.param({**MID, "content": PlanContent.SC_C}, Reason.REASON_MISSING, id="another content"),
    ],
)
def test_in_edition_1_the_rest_was_as_it_is(changed, reason):
    command = planned(**changed)
    assert given(decided(TargetClass.TC1_PREGNANCY), edition=1).when(command) == refused(command, reason)


def test_an_older_book_knows_the_first_goal_of_the_guideline():
    policy = {k: v for k, v in first_edition()["policy"].items() if k != "mid_type_short_goal_months"}
    so = given(decided(TargetClass.TC3_INADEQUATE_CARE), town=with_book(policy=policy))
    assert so.when(planned(**MID)) == [planned(**MID).event]
    late = planned(**{**MID, "short_term_months": 6})
    assert so.when(late) == refused(late, Reason.REASON_MISSING)


# --- an alarm before the end -----------------------------------------------------------------------------------

BEGUN = (LEARNED, DECIDED, case_message(e.SupportCommenced, AZ_CORE, at=jst("2025-06-05 09:00")))
ENDING = e.PlanEndingAlarmRaised.TOPIC


def endings(*past: Any, until: str, **town: Any) -> list[str]:
    so = given(*past, **town)
    return [at.isoformat() for at, alarm in run(so, jst(until)) if alarm.TOPIC == ENDING]


def test_fourteen_days_before_the_end_there_is_one_alarm_that_is_not_escalated():
    assert endings(BEGUN, until="2025-07-13 23:59") == []
    assert endings(BEGUN, until="2025-07-26 00:00") == ["2025-07-13T15:00:00+00:00"]


def test_a_plan_that_is_prolonged_is_near_its_end_later():
    longer = case_message(
        e.PlanExtended, AZ_CORE, plan_until=date(2025, 8, 31), reason="TWINS", at=jst("2025-07-01 09:00")
    )
    assert endings(BEGUN, longer, until="2025-08-10 00:00") == []


def test_a_plan_that_is_shorter_than_the_notice_is_near_its_end_from_its_start():
    short = planned(plan_until=date(2025, 6, 12))
    begun = (decided(TargetClass.TC1_PREGNANCY), short, BEGUN[-1])
    assert endings(begun, until="2025-06-05 10:00") == ["2025-06-05T00:00:00+00:00"]


def test_a_plan_that_was_over_when_support_began_has_its_other_alarm_only():
    over = planned(plan_from=date(2025, 5, 1), plan_until=date(2025, 6, 4))
    assert endings((decided(TargetClass.TC1_PREGNANCY), over, BEGUN[-1]), until="2025-06-06 10:00") == []


def test_closing_ends_the_notice_and_an_older_book_has_none():
    closed = [CONSULTED, EVALUATED, CLOSED]
    assert endings(BEGUN, closed, until="2025-07-26 00:00") == []
    policy = {k: v for k, v in first_edition()["policy"].items() if k != "plan_end_notice_days"}
    assert endings(BEGUN, until="2025-07-26 00:00", town=with_book(policy=policy)) == []


def test_when_the_plan_is_over_its_own_alarm_replaces_the_notice():
    so = given(BEGUN)
    topics = [alarm.TOPIC for _, alarm in run(so, jst("2025-07-29 00:00"))]
    assert ENDING in topics
    assert e.PlanOverAlarmRaised.TOPIC in topics
    for until, late in (
        ("2025-07-27 00:00", TaskKind.LATE_PLAN_ENDING),
        ("2025-07-28 12:00", TaskKind.LATE_PLAN_END),
    ):
        so = given(BEGUN)
        run(so, jst(until))
        about_plan = {TaskKind.LATE_PLAN_ENDING, TaskKind.LATE_PLAN_END}
        assert {t.kind for t in tasks(so.world, AZ_CORE, now=jst(until))} & about_plan == {late}


# --- made together ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("standing", [NetworkStanding.NEEDS_SUPPORT, NetworkStanding.EXPECTANT])
def test_for_who_is_registered_as_needing_support_both_sides_make_the_plan(standing):
    registered = case_message(e.NetworkCaseRegistered, AZ_COORD, [AZ_CORE], standing=standing)
    command = planned(**MID, made_by=ONE_SIDE)
    so = given(decided(TargetClass.TC3_INADEQUATE_CARE), registered)
    assert so.when(command) == refused(command, Reason.REASON_MISSING)
    together = planned(**MID)
    assert so.when(together) == [together.event]


def test_for_who_needs_protection_one_side_is_enough():
    registered = case_message(
        e.NetworkCaseRegistered, AZ_COORD, [AZ_CORE], standing=NetworkStanding.NEEDS_PROTECTION
    )
    command = planned(**MID, made_by=ONE_SIDE)
    for past in ([], [registered]):
        assert given(decided(TargetClass.TC3_INADEQUATE_CARE), past).when(command) == [command.event]


# --- rules with a day ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("book", "code", "on", "expected"),
    [
        pytest.param(first_edition(), HOUSEKEEPING_ELSEWHERE, date(2024, 3, 31), False, id="the day before"),
        pytest.param(first_edition(), HOUSEKEEPING_ELSEWHERE, date(2024, 4, 1), True, id="the day"),
        pytest.param(first_edition(), "SOMETHING_ELSE", date(2026, 4, 1), False, id="no such rule"),
        pytest.param({}, HOUSEKEEPING_ELSEWHERE, date(2024, 3, 31), False, id="older book, before"),
        pytest.param({}, HOUSEKEEPING_ELSEWHERE, date(2024, 4, 1), True, id="older book, after"),
        pytest.param({}, JOINT_SUPPORT_PLAN, date(2026, 4, 1), False, id="what an older book has not"),
    ],
)
def test_a_rule_holds_from_the_day_in_the_book(book, code, on, expected):
    assert holds(book, code, on) is expected


def test_the_book_moves_the_day_on_which_housekeeping_went_elsewhere():
    later = [{"code": HOUSEKEEPING_ELSEWHERE, "since": "2030-04-01"}]
    command = planned(housekeeping=Housekeeping.WITH_GOAL)
    so = given(COMMISSIONED, decided(TargetClass.TC1_PREGNANCY), town=with_book(dated_rules=later))
    assert so.when(command) == [command.event]
    assigned = case_message(e.SupportWorkerAssigned, AZ_CORE, role=SupportRole.HOUSEKEEPING)
    assert so.when(assigned) == [assigned.event]
    today = given(COMMISSIONED, decided(TargetClass.TC1_PREGNANCY))
    assert today.when(command) == refused(command, Reason.REASON_MISSING)
    assert today.when(assigned) == refused(assigned, Reason.REASON_MISSING)
    before = given(
        COMMISSIONED, decided(TargetClass.TC1_PREGNANCY), town=with_book(dated_rules=later), edition=1
    )
    assert before.when(assigned) == refused(assigned, Reason.REASON_MISSING)


def test_housekeeping_as_the_service_that_it_is_now_needs_no_reason():
    command = planned(
        housekeeping=Housekeeping.WITH_GOAL, services=frozenset({FamilyService.HOUSEHOLD_VISIT})
    )
    assert given(decided(TargetClass.TC1_PREGNANCY)).when(command) == [command.event]


# --- handed to the family --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"handed_on": None}, Reason.HANDOVER_UNCLEAR, id="no day"),
        pytest.param({"handover": None}, Reason.HANDOVER_UNCLEAR, id="not how"),
        pytest.param({"handed_on": date(2025, 6, 3)}, Reason.TIME_AHEAD, id="tomorrow"),
        pytest.param({"handover": PlanHandover.NOT_GIVEN}, Reason.REASON_MISSING, id="withheld"),
    ],
)
def test_it_is_on_record_when_and_how_a_family_was_given_its_plan(changed, reason):
    command = case_message(e.SupportPlanHandedOver, AZ_CORE, **changed)
    assert given(LEARNED, DECIDED).when(command, now=NOON) == refused(command, reason)
    assert given(LEARNED, DECIDED, edition=1).when(command, now=NOON) == [command.event]


def test_a_plan_is_handed_over_today_or_withheld_for_a_reason():
    for more in ({}, {"handover": PlanHandover.NOT_GIVEN, "reason": "WOULD_HARM"}):
        command = case_message(e.SupportPlanHandedOver, AZ_CORE, **more)
        assert given(LEARNED, DECIDED).when(command) == [command.event]


# --- what a visit rests on -----------------------------------------------------------------------------------------


def report(support_plan: Any) -> EventInput:
    return case_message(
        e.VisitReportSubmitted,
        SORA_NPO,
        [AZ_CORE],
        [Section.VISIT],
        "CWA-21-10-2-3",
        actor=WORKER,
        support_plan=support_plan,
    )


def test_a_visit_report_names_the_version_of_the_plan_that_reached_its_sender():
    so = given(LEARNED, DECIDED, READY, TO_SORA, COMMENCED)
    named = report(TO_SORA.command_id)
    assert so.when(named) == [named.event]


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        pytest.param(LEARNED.command_id, Reason.UNKNOWN_MESSAGE, id="another's message"),
        pytest.param(DECIDED[-1].command_id, Reason.UNKNOWN_MESSAGE, id="a plan that never reached it"),
        pytest.param(
            event_input(AZ_CORE, LEARNED.event, name="none").command_id,
            Reason.UNKNOWN_MESSAGE,
            id="no message",
        ),
    ],
)
def test_a_visit_report_names_no_other_plan(named, reason):
    so = given(LEARNED, DECIDED, READY, TO_SORA, COMMENCED)
    assert so.when(report(named)) == refused(report(named), reason)


def test_what_has_no_plan_in_it_is_no_plan():
    basic = case_message(
        e.DisclosureMade, AZ_CORE, [SORA_NPO], [Section.BASIC], "CWA-21-10-2-3", name="basic"
    )
    so = given(LEARNED, DECIDED, READY, basic)
    assert so.when(report(basic.command_id)) == refused(report(basic.command_id), Reason.NO_PLAN)
    held = case_message(
        e.DisclosureMade,
        AZ_CORE,
        [SORA_NPO],
        [Section.PLAN],
        "CWA-21-10-2-3",
        name="held",
        held=[SORA_NPO],
    )
    so.put(held)
    assert so.when(report(held.command_id)) == refused(report(held.command_id), Reason.UNKNOWN_MESSAGE)
