"""The course of a case: contact, others asked, goals looked at, a closed case taken up again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain import events as e
from domain.clocks import ClockKind
from domain.codes import CaseStatus, Section, SupportType
from domain.reasons import Reason
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    AZ_MCH,
    CLOSED,
    COMMENCED,
    DECIDED,
    LEARNED,
    MID_HOSP,
    READY,
    SORA_NPO,
    TO_SORA,
    WORKER,
    case_message,
    given,
    id_of,
    refused,
)

DAY = {"planned_on": date(2025, 6, 10)}
JUDGE = case_message(e.SpecialistJudgementRequested, AZ_CORE, [AZ_MCH], due_on=date(2025, 6, 10))
MEET = case_message(e.NetworkMeetingRequested, AZ_CORE, [AZ_COORD], due_on=date(2025, 6, 10))


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(e.ContactAttempted, {}, id="tried to reach the family"),
        pytest.param(e.ContactRefused, {}, id="was refused"),
        pytest.param(e.HomeVisitScheduled, DAY, id="planned a visit"),
        pytest.param(e.HomeVisitFailed, {}, id="met nobody"),
        pytest.param(e.HomeVisitRefused, {}, id="the visitor was refused"),
    ],
)
def test_who_visits_records_what_became_of_it_and_nobody_else(act: Any, data: Any) -> None:
    so = given(LEARNED, READY)
    for by, actor in ((AZ_CORE, "p-1"), (SORA_NPO, WORKER)):
        command = case_message(act, by, actor=actor, **data)
        assert so.when(command) == [command.event]
    by_hospital = case_message(act, MID_HOSP, **data)
    assert so.when(by_hospital) == refused(by_hospital, Reason.NOT_A_CONTRACTOR)


@pytest.mark.parametrize(
    ("act", "by", "reason"),
    [
        pytest.param(e.SupportPlanHandedOver, AZ_CORE, None, id="the plan given, by the core agency"),
        pytest.param(e.SupportPlanHandedOver, SORA_NPO, Reason.NOT_RESPONSIBLE_CORE, id="by a contractor"),
        pytest.param(e.FollowUpProvided, AZ_CORE, None, id="follow-up by the core agency"),
        pytest.param(
            e.FollowUpProvided, SORA_NPO, Reason.NOT_RESPONSIBLE_CORE, id="follow-up by a contractor"
        ),
        pytest.param(e.OtherSupportCoordinated, AZ_COORD, None, id="coordination by an office"),
        pytest.param(e.OtherSupportCoordinated, MID_HOSP, Reason.NOT_AN_OFFICE, id="by a hospital"),
        pytest.param(e.RoleDivisionConfirmed, SORA_NPO, None, id="roles confirmed by a contractor"),
        pytest.param(e.RoleDivisionConfirmed, MID_HOSP, Reason.NOT_A_CONTRACTOR, id="roles by a hospital"),
    ],
)
def test_a_step_of_support_is_recorded_for_its_sender_only(act: Any, by: Any, reason: Reason | None) -> None:
    command = case_message(act, by, actor=WORKER if by == SORA_NPO else "p-1")
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(LEARNED, DECIDED, READY).when(command) == expected


def test_a_refused_visit_closes_nothing() -> None:
    so = given(LEARNED, DECIDED, COMMENCED, case_message(e.HomeVisitRefused, AZ_CORE))
    assert so.world.case.status is CaseStatus.SUPPORTED


def test_a_report_of_the_visit_to_every_infant_begins_a_case() -> None:
    command = case_message(
        e.InfantHomeVisitReported, AZ_MCH, [AZ_CORE], [Section.BASIC, Section.CHILD], "APPI-69-1"
    )
    [event] = given().when(command)
    assert type(event) is e.InfantHomeVisitReported


# --- asked and answered -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(
            case_message(e.SpecialistJudgementGiven, AZ_MCH, [AZ_CORE], answers=JUDGE.command_id),
            None,
            id="given",
        ),
        pytest.param(
            case_message(e.SpecialistJudgementGiven, AZ_MCH, answers=MEET.command_id),
            Reason.NOT_ADDRESSED,
            id="on another's request",
        ),
        pytest.param(
            case_message(e.SpecialistJudgementGiven, AZ_CORE, answers=LEARNED.command_id),
            Reason.UNKNOWN_MESSAGE,
            id="on no request",
        ),
        pytest.param(
            case_message(e.NetworkMeetingHeld, AZ_COORD, answers=MEET.command_id),
            None,
            id="a meeting on request",
        ),
        pytest.param(
            case_message(e.NetworkMeetingHeld, AZ_COORD, answers=None), None, id="a meeting of its own accord"
        ),
        pytest.param(
            case_message(e.NetworkMeetingHeld, AZ_COORD, answers=LEARNED.command_id),
            Reason.UNKNOWN_MESSAGE,
            id="on something else",
        ),
        pytest.param(
            case_message(e.NetworkMeetingHeld, AZ_COORD, answers=id_of("no")),
            Reason.UNKNOWN_MESSAGE,
            id="on nothing",
        ),
        pytest.param(
            case_message(e.DisclosureRead, SORA_NPO, answers=TO_SORA.command_id, actor=WORKER),
            None,
            id="a reading",
        ),
        pytest.param(
            case_message(e.DisclosureRead, MID_HOSP, answers=TO_SORA.command_id),
            Reason.NOT_ADDRESSED,
            id="another's reading",
        ),
        pytest.param(
            case_message(e.SupportTypeChanged, AZ_CORE, support_type=SupportType.MID_TERM),
            Reason.REASON_MISSING,
            id="another type for no reason",
        ),
    ],
)
def test_an_answer_has_what_it_answers(command: Any, reason: Reason | None) -> None:
    so = given(LEARNED, READY, JUDGE, MEET, TO_SORA)
    assert so.when(command) == ([command.event] if reason is None else refused(command, reason))


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        pytest.param(
            JUDGE,
            case_message(e.SpecialistJudgementGiven, AZ_MCH, answers=JUDGE.command_id),
            id="a judgement",
        ),
        pytest.param(
            MEET, case_message(e.NetworkMeetingHeld, AZ_COORD, answers=MEET.command_id), id="a meeting"
        ),
    ],
)
def test_what_is_asked_with_a_day_runs_a_clock_until_it_is_answered(request_: Any, answer: Any) -> None:
    so = given(LEARNED, request_)
    [late] = request_.event.to
    assert (ClockKind.ANSWER, request_.command_id, late, None) in so.world.case.clocks
    so.put(answer)
    assert (ClockKind.ANSWER, request_.command_id, late, None) not in so.world.case.clocks


def test_reading_what_was_sent_stops_the_reading_clock_of_a_referral_too() -> None:
    news = case_message(e.FamilyInformationProvided, MID_HOSP, [AZ_COORD], [Section.BASIC], name="news")
    so = given(LEARNED, news, case_message(e.DisclosureRead, AZ_COORD, answers=news.command_id))
    assert (ClockKind.READ, news.command_id, AZ_COORD, None) not in so.world.case.clocks


# --- taken up again --------------------------------------------------------------------------------------------


def test_a_closed_case_is_reopened_with_a_reason_and_an_open_one_is_not() -> None:
    command = case_message(e.CaseReopened, AZ_CORE, reason="NEW_CONCERN")
    so = given(LEARNED, DECIDED, COMMENCED)
    assert so.when(command) == refused(command, Reason.NOT_CLOSED)
    so.put(CLOSED)
    assert so.when(command) == [command.event]
    without = case_message(e.CaseReopened, AZ_CORE)
    assert so.when(without) == refused(without, Reason.REASON_MISSING)
    so.put(command)
    assert so.world.case.status is CaseStatus.OPEN
    assert (so.world.case.consulted, so.world.case.evaluation) == (None, None)
