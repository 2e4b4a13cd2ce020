"""The six kinds of help: recommended to who has a plan, answered by the family, given as a measure where that failed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from domain import events as e
from domain.alarms.raising import clocks, deadline
from domain.clock_kinds import ClockKind
from domain.codes import FamilyService, Section, ServiceAnswer
from domain.reasons import Reason
from domain.rulebook import first_edition
from tests.domain.builders import (
    ASSESSED,
    AZ_CORE,
    CLOSED,
    COMMENCED,
    CONSULTED,
    DECIDED,
    ELIGIBLE,
    EVALUATED,
    EXT_NURSERY,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    TOWN,
    EventInput,
    case_message,
    given,
    plan,
    refused,
    rule_book,
)
from tests.domain.test_clocks import run

SERVICES = frozenset(FamilyService)
WITH_SERVICES = case_message(
    e.SupportPlanFormulated, AZ_CORE, sections=[Section.PLAN], plan=plan(services=SERVICES)
)
PLANNED = (LEARNED, ASSESSED, ELIGIBLE, WITH_SERVICES)
DAY, LATER = date(2025, 7, 1), date(2025, 7, 8)


def recommends(service: FamilyService = FamilyService.HOUSEHOLD_VISIT, **more: Any) -> EventInput:
    return case_message(e.FamilyServiceRecommended, AZ_CORE, service=service, **more)


RECOMMENDED = recommends()


def answers(answer: ServiceAnswer = ServiceAnswer.ACCEPTED, **more: Any) -> EventInput:
    return case_message(
        e.FamilyServiceAnswered, AZ_CORE, answers=RECOMMENDED.command_id, answer=answer, **more
    )


def measure(**more: Any) -> EventInput:
    return case_message(e.FamilyServiceMeasureTaken, AZ_CORE, **{"answers": RECOMMENDED.command_id, **more})


@pytest.mark.parametrize("service", list(FamilyService))
def test_each_of_six_kinds_of_help_in_the_plan_is_recommended(service):
    command = recommends(service)
    assert given(PLANNED).when(command) == [command.event]


def test_help_that_is_not_in_the_plan_is_recommended_with_a_reason():
    for past in ([LEARNED, DECIDED], [LEARNED]):
        assert given(past).when(RECOMMENDED) == refused(RECOMMENDED, Reason.REASON_MISSING)
    explained = recommends(reason="NEW_NEED")
    assert given(LEARNED).when(explained) == [explained.event]


def test_who_was_notified_by_the_child_guidance_centre_needs_no_plan():
    notified = case_message(e.ProgrammeNotificationReceived, KS_CGC, [AZ_CORE], [Section.RISK], "CWA-26-1-8")
    assert given(LEARNED, notified).when(RECOMMENDED) == [RECOMMENDED.event]


def test_visits_are_recommended_to_who_was_decided_on():
    command = recommends(FamilyService.HOME_VISIT, reason="NEW_NEED")
    assert given(LEARNED).when(command) == refused(command, Reason.NOT_ELIGIBLE)


def test_before_the_day_in_the_book_there_is_no_recommendation():
    later = {**first_edition(), "edition": "H21-TEST", "dated_rules": []}
    so = given(PLANNED, town=[rule_book(later), *TOWN[1:]])
    assert so.when(RECOMMENDED) == refused(RECOMMENDED, Reason.SERVICE_NOT_IN_FORCE)


@pytest.mark.parametrize(
    ("service", "days", "reason"),
    [
        pytest.param(FamilyService.CHILD_BASE, (None, None), Reason.SERVICE_DAYS_MISSING, id="no first day"),
        pytest.param(FamilyService.SHORT_STAY, (DAY, None), Reason.SERVICE_DAYS_MISSING, id="a stay, no end"),
        pytest.param(
            FamilyService.TEMPORARY_CARE, (DAY, None), Reason.SERVICE_DAYS_MISSING, id="care, no end"
        ),
        pytest.param(
            FamilyService.SHORT_STAY, (LATER, DAY), Reason.PLAN_DATES_WRONG, id="days run backwards"
        ),
        pytest.param(FamilyService.SHORT_STAY, (DAY, LATER), None, id="a stay of a week"),
        pytest.param(FamilyService.PARENT_CHILD_RELATION, (DAY, None), None, id="without a last day"),
    ],
)
def test_help_that_is_accepted_has_its_days(service, days, reason):
    command = answers(begins_on=days[0], ends_on=days[1])
    so = given(PLANNED, recommends(service))
    assert so.when(command) == ([command.event] if reason is None else refused(command, reason))


@pytest.mark.parametrize("answer", [ServiceAnswer.DECLINED, ServiceAnswer.UNABLE])
def test_help_that_is_not_used_has_no_days(answer):
    command = answers(answer, begins_on=None)
    assert given(PLANNED, RECOMMENDED).when(command) == [command.event]


def test_an_answer_and_a_measure_are_to_a_recommendation():
    for command in (answers(), measure(), measure(answers=LEARNED.command_id)):
        assert given(PLANNED).when(command) == refused(command, Reason.UNKNOWN_MESSAGE)


def test_a_measure_is_taken_only_where_recommending_was_in_vain():
    so = given(PLANNED, RECOMMENDED)
    assert so.when(measure()) == refused(measure(), Reason.SERVICE_NOT_ANSWERED)
    so.put(answers(ServiceAnswer.DECLINED, begins_on=None, name="declined"))
    assert so.when(measure()) == [measure().event]
    so.put(answers(name="accepted"))
    assert so.when(measure()) == refused(measure(), Reason.SERVICE_ACCEPTED)


def test_a_measure_has_its_days_too():
    stay = recommends(FamilyService.SHORT_STAY)
    declined = answers(ServiceAnswer.DECLINED, begins_on=None)
    so = given(PLANNED, stay, declined)
    assert so.when(measure()) == refused(measure(), Reason.SERVICE_DAYS_MISSING)
    week = measure(ends_on=LATER)
    assert so.when(week) == [week.event]


@pytest.mark.parametrize(
    "helped",
    [
        pytest.param(
            [case_message(e.FamilyServiceAnswered, AZ_CORE, [EXT_SERVICE], answers=RECOMMENDED.command_id)],
            id="accepted",
        ),
        pytest.param(
            [
                case_message(
                    e.FamilyServiceMeasureTaken, AZ_CORE, [EXT_SERVICE], answers=RECOMMENDED.command_id
                )
            ],
            id="a measure",
        ),
    ],
)
def test_who_gives_the_help_is_asked_before_closing(helped):
    so = given(PLANNED, COMMENCED, RECOMMENDED, helped, CONSULTED, EVALUATED)
    assert so.when(CLOSED) == refused(CLOSED, Reason.AGENCY_NOT_CONSULTED, EXT_SERVICE)
    asked = case_message(
        e.ClosingConsultationHeld, AZ_CORE, consulted=frozenset({EXT_SERVICE, EXT_NURSERY}), name="asked"
    )
    so.put(asked)
    assert so.when(CLOSED) == [CLOSED.event]


@pytest.mark.parametrize("answer", [None, answers(), answers(ServiceAnswer.DECLINED), measure()])
def test_a_recommendation_is_waited_for_a_month_until_it_is_answered_or_a_measure_is_taken(answer):
    so = given(PLANNED, RECOMMENDED, *([] if answer is None else [answer]))
    policy = so.world.rule_book["policy"]
    waiting = [c for c in clocks(so.world.case, policy) if c.kind is ClockKind.SERVICE]
    month_later = so.world.case.messages[RECOMMENDED.command_id].at + timedelta(days=30)
    assert [deadline(c, policy) for c in waiting] == ([month_later] if answer is None else [])


def test_a_recommendation_without_an_answer_raises_an_alarm():
    so = given(PLANNED, RECOMMENDED)
    due_at = so.world.case.messages[RECOMMENDED.command_id].at + timedelta(days=30)
    alarms = [a for _, a in run(so, due_at) if type(a) is e.FamilyServiceUnansweredAlarmRaised]
    assert [(a.message, a.responsible) for a in alarms] == [(RECOMMENDED.command_id, AZ_CORE)]
