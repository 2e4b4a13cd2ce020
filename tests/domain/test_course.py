"""The course of a case: contact, others asked, goals looked at, a closed case taken up again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.clocks import ClockKind
from domain.codes import CaseStatus, Section, SupportType
from domain.events import (
    CaseReopened,
    ContactAttempted,
    ContactRefused,
    DisclosureRead,
    FamilyInformationProvided,
    HomeVisitFailed,
    HomeVisitRefused,
    HomeVisitScheduled,
    InfantHomeVisitReported,
    NetworkMeetingHeld,
    NetworkMeetingRequested,
    SpecialistJudgementGiven,
    SpecialistJudgementRequested,
    SupportTypeChanged,
)
from domain.reasons import Reason
from tests.domain.kit import (
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
    given,
    id_of,
    refused,
    tell,
)

DAY = {"planned_on": date(2025, 6, 10)}
JUDGE = tell(SpecialistJudgementRequested, AZ_CORE, [AZ_MCH], due_on=date(2025, 6, 10))
MEET = tell(NetworkMeetingRequested, AZ_CORE, [AZ_COORD], due_on=date(2025, 6, 10))


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(ContactAttempted, {}, id="tried to reach the family"),
        pytest.param(ContactRefused, {}, id="was refused"),
        pytest.param(HomeVisitScheduled, DAY, id="planned a visit"),
        pytest.param(HomeVisitFailed, {}, id="met nobody"),
        pytest.param(HomeVisitRefused, {}, id="was not let in"),
    ],
)
def test_who_visits_records_what_became_of_it_and_nobody_else(act: Any, data: Any) -> None:
    so = given(LEARNED, READY)
    for by, actor in ((AZ_CORE, "p-1"), (SORA_NPO, WORKER)):
        wish = tell(act, by, actor=actor, **data)
        assert so.when(wish) == [wish.fact]
    by_hospital = tell(act, MID_HOSP, **data)
    assert so.when(by_hospital) == refused(by_hospital, Reason.NOT_A_CONTRACTOR)


def test_a_refused_visit_closes_nothing() -> None:
    so = given(LEARNED, DECIDED, COMMENCED, tell(HomeVisitRefused, AZ_CORE))
    assert so.world.case.status is CaseStatus.SUPPORTED


def test_a_report_of_the_visit_to_every_infant_begins_a_case() -> None:
    wish = tell(InfantHomeVisitReported, AZ_MCH, [AZ_CORE], [Section.BASIC, Section.CHILD], "APPI-69-1")
    [fact] = given().when(wish)
    assert type(fact) is InfantHomeVisitReported


# --- asked and answered -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(tell(SpecialistJudgementGiven, AZ_MCH, [AZ_CORE], answers=JUDGE.ask), None, id="given"),
        pytest.param(
            tell(SpecialistJudgementGiven, AZ_MCH, answers=MEET.ask),
            Reason.NOT_ADDRESSED,
            id="on another's request",
        ),
        pytest.param(
            tell(SpecialistJudgementGiven, AZ_CORE, answers=LEARNED.ask),
            Reason.UNKNOWN_MESSAGE,
            id="on no request",
        ),
        pytest.param(tell(NetworkMeetingHeld, AZ_COORD, answers=MEET.ask), None, id="a meeting on request"),
        pytest.param(
            tell(NetworkMeetingHeld, AZ_COORD, answers=None), None, id="a meeting of its own accord"
        ),
        pytest.param(
            tell(NetworkMeetingHeld, AZ_COORD, answers=LEARNED.ask),
            Reason.UNKNOWN_MESSAGE,
            id="on something else",
        ),
        pytest.param(
            tell(NetworkMeetingHeld, AZ_COORD, answers=id_of("no")), Reason.UNKNOWN_MESSAGE, id="on nothing"
        ),
        pytest.param(tell(DisclosureRead, SORA_NPO, answers=TO_SORA.ask, actor=WORKER), None, id="a reading"),
        pytest.param(
            tell(DisclosureRead, MID_HOSP, answers=TO_SORA.ask), Reason.NOT_ADDRESSED, id="another's reading"
        ),
        pytest.param(
            tell(SupportTypeChanged, AZ_CORE, support_type=SupportType.MID_TERM),
            Reason.REASON_MISSING,
            id="another type for no reason",
        ),
    ],
)
def test_an_answer_has_what_it_answers(wish: Any, reason: Reason | None) -> None:
    so = given(LEARNED, READY, JUDGE, MEET, TO_SORA)
    assert so.when(wish) == ([wish.fact] if reason is None else refused(wish, reason))


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        pytest.param(JUDGE, tell(SpecialistJudgementGiven, AZ_MCH, answers=JUDGE.ask), id="a judgement"),
        pytest.param(MEET, tell(NetworkMeetingHeld, AZ_COORD, answers=MEET.ask), id="a meeting"),
    ],
)
def test_what_is_asked_with_a_day_runs_a_clock_until_it_is_answered(request_: Any, answer: Any) -> None:
    so = given(LEARNED, request_)
    [late] = request_.fact.to
    assert (ClockKind.ANSWER, request_.ask, late) in so.world.case.clocks
    so.put(answer)
    assert (ClockKind.ANSWER, request_.ask, late) not in so.world.case.clocks


def test_reading_what_was_sent_stops_the_reading_clock_of_a_referral_too() -> None:
    news = tell(FamilyInformationProvided, MID_HOSP, [AZ_COORD], [Section.BASIC], name="news")
    so = given(LEARNED, news, tell(DisclosureRead, AZ_COORD, answers=news.ask))
    assert (ClockKind.READ, news.ask, AZ_COORD) not in so.world.case.clocks


# --- taken up again --------------------------------------------------------------------------------------------


def test_a_closed_case_is_reopened_with_a_reason_and_an_open_one_is_not() -> None:
    wish = tell(CaseReopened, AZ_CORE, reason="NEW_CONCERN")
    so = given(LEARNED, DECIDED, COMMENCED)
    assert so.when(wish) == refused(wish, Reason.NOT_CLOSED)
    so.put(CLOSED)
    assert so.when(wish) == [wish.fact]
    without = tell(CaseReopened, AZ_CORE)
    assert so.when(without) == refused(without, Reason.REASON_MISSING)
    so.put(wish)
    assert so.world.case.status is CaseStatus.OPEN
    assert (so.world.case.consulted, so.world.case.evaluated) == (None, False)
