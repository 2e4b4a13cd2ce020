"""Closing: who has to be asked, that it agrees with the evaluation, and that it names what follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain import events as e
from domain.alarms.raising import review
from domain.codes import ClosingReason, FollowOn, NotConsulted, Section, SupportRole
from domain.reasons import Reason
from tests.domain.builders import (
    ASSESSED,
    AZ_CORE,
    CITY_WORKER,
    CLOSED,
    COMMENCED,
    CONSULTED,
    DECIDED,
    EVALUATED,
    EXT_NURSERY,
    FULL_ASSIGNED,
    FULLY_COMMISSIONED,
    HIDA_SWC,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    OTHER_NETWORK,
    READY,
    REGISTERED,
    SORA_NPO,
    TW_CORE,
    WORKER,
    EventInput,
    case_message,
    given,
    id_of,
    jst,
    refused,
)

SUPPORTED = (LEARNED, DECIDED, COMMENCED)
REPORT = case_message(
    e.VisitReportSubmitted, SORA_NPO, [AZ_CORE], [Section.VISIT], "CWA-21-10-2-3", actor=WORKER
)
CITY = case_message(
    e.SupportWorkerAssigned,
    AZ_CORE,
    agency=AZ_CORE,
    worker=CITY_WORKER,
    qualification="保健師",
    role=SupportRole.SPECIALIST,
    name="city",
)
CITY_VISIT = case_message(e.HomeVisitCompleted, AZ_CORE)
SORA_LEFT = case_message(e.SupportWorkerUnassigned, AZ_CORE)
REOPENED = case_message(e.CaseReopened, AZ_CORE, reason="NEW_NEED")


def consulted(*agencies: Any, name: str = "consulted", **changed: Any) -> EventInput:
    return case_message(
        e.ClosingConsultationHeld, AZ_CORE, name=name, consulted=frozenset(agencies), **changed
    )


def evaluated(goal_reached: bool, environment_improved: bool) -> EventInput:
    return case_message(
        e.ClosingEvaluationRecorded,
        AZ_CORE,
        goal_reached=goal_reached,
        environment_improved=environment_improved,
    )


def closes(**changed: Any) -> EventInput:
    return case_message(e.SupportClosed, AZ_CORE, name="closes", **changed)


# --- who was asked ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "missing"),
    [
        pytest.param([READY, consulted(MID_HOSP)], SORA_NPO, id="a contractor that is assigned"),
        pytest.param(
            [READY, REPORT, SORA_LEFT, consulted(MID_HOSP)], SORA_NPO, id="a contractor that visited and left"
        ),
        pytest.param(
            [READY, REPORT, CITY, consulted(MID_HOSP)], SORA_NPO, id="though one's own visitor is assigned"
        ),
        pytest.param([CITY, CITY_VISIT, consulted(MID_HOSP)], AZ_CORE, id="one's own visitor"),
        pytest.param(
            [FULLY_COMMISSIONED, READY, REPORT, FULL_ASSIGNED, consulted(SORA_NPO)],
            HIDA_SWC,
            id="the second of two contractors",
        ),
    ],
)
def test_a_visitor_who_was_not_asked_stands_in_the_way(past, missing):
    so = given(SUPPORTED, past, EVALUATED)
    assert so.when(CLOSED) == refused(CLOSED, Reason.VISITOR_NOT_CONSULTED, missing)


@pytest.mark.parametrize(
    "past",
    [
        pytest.param([READY, REPORT, consulted(SORA_NPO)], id="the contractor was asked"),
        pytest.param([CITY, consulted(MID_HOSP)], id="one's own visitor never visited"),
        pytest.param([CITY, CITY_VISIT, consulted(AZ_CORE)], id="one's own visitor was asked"),
        pytest.param(
            [
                FULLY_COMMISSIONED,
                READY,
                FULL_ASSIGNED,
                consulted(SORA_NPO),
                consulted(HIDA_SWC, name="second talk"),
            ],
            id="two contractors at two tables",
        ),
        pytest.param(
            [
                READY,
                REPORT,
                SORA_LEFT,
                consulted(MID_HOSP, not_consulted={SORA_NPO: NotConsulted.NO_LONGER_THERE}),
            ],
            id="it is on record why one could not be asked",
        ),
        pytest.param(
            [READY, consulted(not_consulted={SORA_NPO: NotConsulted.NO_ANSWER})], id="nobody could be asked"
        ),
    ],
)
def test_who_was_asked_or_could_not_be_does_not(past):
    assert given(SUPPORTED, past, EVALUATED).when(CLOSED) == [CLOSED.event]


@pytest.mark.parametrize("act", [e.SpecialistServiceLinked, e.OtherSupportCoordinated])
def test_an_agency_that_was_brought_in_to_support_the_family_is_asked_too(act):
    connected = case_message(act, AZ_CORE, [EXT_NURSERY])
    so = given(SUPPORTED, connected, consulted(MID_HOSP), EVALUATED)
    assert so.when(CLOSED) == refused(CLOSED, Reason.AGENCY_NOT_CONSULTED, EXT_NURSERY)
    so.put(consulted(EXT_NURSERY, name="second talk"))
    assert so.when(CLOSED) == [CLOSED.event]


def test_who_only_informed_or_was_informed_is_not_brought_in():
    informed = case_message(e.DisclosureMade, AZ_CORE, [KS_CGC], [Section.RISK], "CWA-25-2-2")
    assert given(SUPPORTED, REGISTERED, informed, CONSULTED, EVALUATED).when(CLOSED) == [CLOSED.event]


def test_a_new_opening_begins_with_new_visitors():
    first = (READY, REPORT, CONSULTED, EVALUATED, CLOSED)
    again = [replace(one, command_id=id_of(f"anew {n}")) for n, one in enumerate((*DECIDED, COMMENCED))]
    so = given(SUPPORTED, first, REOPENED, again, consulted(MID_HOSP, name="anew"), EVALUATED)
    assert so.when(closes()) == [closes().event]


def test_the_visitors_of_a_municipality_that_handed_the_family_over_are_its_own():
    begins = case_message(e.TransferInitiated, AZ_CORE, [TW_CORE], moves_on=None)
    moved = case_message(
        e.TransferCompleted,
        AZ_CORE,
        [TW_CORE],
        hands_over=begins.command_id,
        child_seen=True,
        placed=e.Placed(network=OTHER_NETWORK, core=TW_CORE),
    )
    again = case_message(e.SupportCommenced, TW_CORE, name="there")
    talked = case_message(e.ClosingConsultationHeld, TW_CORE, consulted=frozenset({MID_HOSP}))
    rated = case_message(e.ClosingEvaluationRecorded, TW_CORE)
    so = given(SUPPORTED, READY, REPORT, CITY, CITY_VISIT, begins, moved, again, talked, rated)
    closing = case_message(e.SupportClosed, TW_CORE, name="closes there")
    assert so.when(closing) == [closing.event]


def test_a_consultation_is_with_somebody():
    assert given(SUPPORTED).when(consulted()) == refused(consulted(), Reason.NOT_CONSULTED)


# --- it agrees with the evaluation ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evaluation", "closing"),
    [
        pytest.param(evaluated(False, False), closes(), id="neither"),
        pytest.param(evaluated(True, False), closes(), id="the environment is as it was"),
        pytest.param(evaluated(False, True), closes(), id="the goal was not reached"),
        pytest.param(
            evaluated(False, False), closes(closing_reason=ClosingReason.WITHDRAWN), id="the family withdrew"
        ),
        pytest.param(
            evaluated(False, False),
            closes(closing_reason=ClosingReason.MOVED_AWAY),
            id="moved away, and nothing follows",
        ),
    ],
)
def test_a_closing_that_differs_from_the_evaluation_needs_a_reason(evaluation, closing):
    so = given(SUPPORTED, CONSULTED, evaluation)
    assert so.when(closing) == refused(closing, Reason.EVALUATION_DISAGREES)
    explained = closes(closing_reason=closing.event.closing_reason, reason="OTHER_SERVICE_FITS")
    assert so.when(explained) == [explained.event]


def test_who_moves_away_or_changes_the_service_need_not_have_reached_the_goal():
    for reason in (ClosingReason.MOVED_AWAY, ClosingReason.SERVICE_CHANGED):
        closing = closes(closing_reason=reason, follow_on=FollowOn.CENTRE_CONTINUES)
        assert given(SUPPORTED, CONSULTED, evaluated(False, False)).when(closing) == [closing.event]


# --- it names what follows ---------------------------------------------------------------------------------------

ARRANGED = case_message(e.FollowOnServiceArranged, AZ_CORE, [EXT_NURSERY])


@pytest.mark.parametrize(
    ("past", "follow_on", "reason"),
    [
        pytest.param([], None, Reason.FOLLOW_ON_MISSING, id="it says nothing"),
        pytest.param([], FollowOn.ARRANGED, Reason.FOLLOW_ON_INCONSISTENT, id="arranged, but nothing is"),
        pytest.param(
            [ARRANGED], FollowOn.NONE_NEEDED, Reason.FOLLOW_ON_INCONSISTENT, id="none, but one is arranged"
        ),
        pytest.param(
            [], FollowOn.NETWORK_CONTINUES, Reason.NOT_REGISTERED, id="the network does not know the family"
        ),
    ],
)
def test_what_follows_is_named_and_is_so(past, follow_on, reason):
    closing = closes(follow_on=follow_on)
    assert given(SUPPORTED, CONSULTED, EVALUATED, past).when(closing) == refused(closing, reason)


@pytest.mark.parametrize(
    ("past", "follow_on"),
    [
        pytest.param([], FollowOn.NONE_NEEDED, id="nothing must follow"),
        pytest.param([ARRANGED], FollowOn.ARRANGED, id="it is arranged"),
        pytest.param([REGISTERED], FollowOn.NETWORK_CONTINUES, id="the network goes on"),
        pytest.param([], FollowOn.CENTRE_CONTINUES, id="the office goes on"),
    ],
)
def test_what_follows_may_be_each_of_these(past, follow_on):
    closing = closes(follow_on=follow_on)
    assert given(SUPPORTED, CONSULTED, EVALUATED, past).when(closing) == [closing.event]


def test_a_follow_on_of_an_earlier_support_is_none_of_this_one():
    so = given(SUPPORTED, ARRANGED, CONSULTED, EVALUATED, CLOSED, REOPENED, ASSESSED, CONSULTED, EVALUATED)
    closing = closes(follow_on=FollowOn.ARRANGED)
    assert so.when(closing) == refused(closing, Reason.FOLLOW_ON_INCONSISTENT)


# --- opened anew ---------------------------------------------------------------------------------------------------


def test_a_case_that_is_reopened_needs_a_new_decision_and_a_new_plan():
    so = given(SUPPORTED, CONSULTED, EVALUATED, CLOSED)
    again = case_message(e.SupportCommenced, AZ_CORE, name="again")
    assert so.when(again) == refused(again, Reason.CASE_CLOSED)
    so.put(REOPENED)
    assert so.when(again) == refused(again, Reason.NOT_ELIGIBLE)
    so.put(case_message(e.EligibilityDetermined, AZ_CORE, name="decided anew"))
    assert so.when(again) == refused(again, Reason.NO_PLAN)
    so.put(case_message(e.SupportPlanFormulated, AZ_CORE, sections=[Section.PLAN], name="planned anew"))
    assert so.when(again) == [again.event]


# --- as it was ------------------------------------------------------------------------------------------------------


def test_in_edition_1_one_visitor_was_enough_and_nothing_had_to_follow():
    closing = closes(follow_on=None)
    past = (SUPPORTED, READY, REPORT, CITY, consulted(MID_HOSP), evaluated(False, False))
    assert given(past, edition=1).when(closing) == [closing.event]
    nobody = consulted(not_consulted={SORA_NPO: NotConsulted.NO_ANSWER}, name="nobody")
    assert given(past, edition=1).when(nobody) == refused(nobody, Reason.NOT_CONSULTED)


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        pytest.param([LEARNED, DECIDED], Reason.NOT_COMMENCED, id="support never began"),
        pytest.param([SUPPORTED], Reason.NOT_CONSULTED, id="nobody was consulted"),
        pytest.param([SUPPORTED, READY, consulted(MID_HOSP)], Reason.VISITOR_NOT_CONSULTED, id="no visitor"),
        pytest.param([SUPPORTED, CONSULTED], Reason.NOT_EVALUATED, id="not evaluated"),
        pytest.param([SUPPORTED, CONSULTED, EVALUATED, CLOSED], Reason.CASE_CLOSED, id="closed already"),
    ],
)
def test_in_edition_1_the_rest_was_as_it_is(past, reason):
    assert given(past, edition=1).when(closes()) == refused(closes(), reason)


def test_in_edition_1_the_last_consultation_counted_and_support_began_anew_on_the_old_plan():
    first, second = consulted(SORA_NPO), consulted(MID_HOSP, name="second talk")
    so = given(SUPPORTED, READY, first, second, EVALUATED, edition=1)
    assert so.world.case.consulted == {MID_HOSP}
    so = given(SUPPORTED, CONSULTED, EVALUATED, CLOSED, REOPENED, edition=1)
    again = case_message(e.SupportCommenced, AZ_CORE, name="again")
    assert so.when(again) == [again.event]
    handed = closes(closing_reason=ClosingReason.TRANSFER)
    assert given(SUPPORTED, edition=1).when(handed) == refused(handed, Reason.NOT_TRANSFERRED)


@pytest.mark.parametrize("edition", [1, None])
def test_a_consultation_about_closing_is_a_review_of_the_case(edition):
    talk = replace(consulted(MID_HOSP), at=jst("2025-08-01 10:00"))
    world = given(SUPPORTED, READY, talk, edition=edition).world
    since, _ = review(world.case, world.rule_book["policy"])
    assert since == talk.at
