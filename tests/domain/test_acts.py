"""Each message at its boundary: who may send it, what it has to state, what has to be recorded before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain import events as e
from domain.acts import ACTS
from domain.case_message import Carries
from domain.codes import (
    CaseStatus,
    EligibilityResult,
    IndicatorValue,
    OutsourcingScope,
    PlanContent,
    PlanMaker,
    PlanPart,
    Section,
    TargetClass,
)
from domain.reasons import Reason
from domain.record import HUB
from tests.domain.builders import (
    ALL_ASSESSED,
    ASSESSED,
    ASSIGNED,
    AZ_COORD,
    AZ_CORE,
    CITY_WORKER,
    CLOSED,
    COMMENCED,
    COMMISSIONED,
    CONSULTED,
    DECIDED,
    ELIGIBLE,
    EVALUATED,
    EXT_NURSERY,
    EXT_SERVICE,
    FULL_ASSIGNED,
    FULLY_COMMISSIONED,
    HIDA_SWC,
    HIDA_WORKER,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    PLANNED,
    READY,
    REGISTERED,
    SECOND_WORKER,
    SORA_NPO,
    WORKER,
    case_message,
    consent_of,
    contract,
    event_input,
    given,
    id_of,
    own_visitor,
    plan,
    refused,
    sworn,
    trained,
    verified,
    withdrawn,
    worker,
)

S = Section
ANSWERED = {"answers": id_of("a request")}
CITY = case_message(
    e.SupportWorkerAssigned, AZ_CORE, agency=AZ_CORE, worker=CITY_WORKER, name="the city's own visitor"
)


# --- who -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(e.NetworkCaseRegistrationRequested, {}, id="asking for registration"),
        pytest.param(e.IndicatorAssessmentRecorded, {}, id="assessing"),
        pytest.param(e.EligibilityDetermined, {}, id="deciding on eligibility"),
        pytest.param(e.SupportPlanFormulated, {}, id="formulating a plan"),
        pytest.param(e.SupportCommenced, {}, id="commencing"),
        pytest.param(e.PlanReviewed, {}, id="reviewing"),
        pytest.param(e.PlanExtended, {"reason": "TWINS"}, id="extending"),
        pytest.param(e.SupportWorkerAssigned, {}, id="assigning"),
        pytest.param(e.ClosingConsultationHeld, {}, id="consulting"),
        pytest.param(e.ClosingEvaluationRecorded, {}, id="evaluating"),
        pytest.param(e.SupportClosed, {}, id="closing"),
        pytest.param(e.FollowOnServiceArranged, {}, id="arranging a follow-on"),
    ],
)
@pytest.mark.parametrize("by", [pytest.param(AZ_COORD, id="COORD"), pytest.param(KS_CGC, id="CGC")])
def test_what_is_the_core_agencys_is_nobody_elses(act, data, by):
    must = ACTS[act].carries is Carries.MUST
    command = case_message(act, by, sections=[S.PLAN] if must else [], name="not theirs", **data)
    assert given(LEARNED, DECIDED, READY).when(command) == refused(command, Reason.NOT_RESPONSIBLE_CORE)


def test_unassigning_visiting_and_approving_are_the_core_agencys_too():
    proposal = case_message(e.SupportPlanProposed, HIDA_SWC, [AZ_CORE], [S.PLAN], "CWA-21-10-2-3")
    so = given(LEARNED, DECIDED, READY, CITY, proposal)
    for command in (
        case_message(e.SupportWorkerUnassigned, AZ_COORD),
        case_message(e.SupportPlanApproved, AZ_COORD, approves=proposal.command_id),
    ):
        assert so.when(command) == refused(command, Reason.NOT_RESPONSIBLE_CORE)
    visit = case_message(e.HomeVisitCompleted, AZ_COORD, [AZ_CORE], [S.VISIT], "CWA-25-2-2")
    assert so.when(visit) == refused(visit, Reason.NOT_RESPONSIBLE_CORE)


def test_a_contractors_visitor_records_a_visit_while_assigned():
    visit = case_message(
        e.HomeVisitCompleted, SORA_NPO, [AZ_CORE], [S.VISIT], "CWA-21-10-2-3", worker=WORKER, actor=WORKER
    )
    assert given(LEARNED, DECIDED, READY).when(visit) == [visit.event]
    unassigned = case_message(e.SupportWorkerUnassigned, AZ_CORE, agency=SORA_NPO, worker=WORKER)
    assert given(LEARNED, DECIDED, READY, unassigned).when(visit) == refused(visit, Reason.WORKER_UNKNOWN)


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(e.NetworkCaseRegistered, {}, id="registering"),
        pytest.param(e.NetworkCaseDeregistered, {"reason": "SUPPORT_ENDED"}, id="deregistering"),
    ],
)
def test_the_network_register_is_the_coordinating_agencys(act, data):
    command = case_message(act, AZ_CORE, **data)
    assert given(LEARNED).when(command) == refused(command, Reason.NOT_COORDINATING)


@pytest.mark.parametrize(
    ("act", "sections"),
    [
        pytest.param(e.CaseConferenceConvened, [], id="convening"),
        pytest.param(e.ConferenceMinutesRecorded, [S.CONF], id="minutes"),
    ],
)
def test_a_conference_is_an_offices(act, sections):
    so = given(LEARNED)
    command = case_message(act, KS_CGC, sections=sections)
    assert so.when(command) == refused(command, Reason.NOT_AN_OFFICE)
    for office in (AZ_CORE, AZ_COORD):
        fine = case_message(act, office, sections=sections)
        assert so.when(fine) == [fine.event]


def test_a_visit_report_is_a_contractors():
    command = case_message(e.VisitReportSubmitted, MID_HOSP, [AZ_CORE], [S.VISIT], "CWA-21-10-5")
    assert given(LEARNED, DECIDED).when(command) == refused(command, Reason.NOT_A_CONTRACTOR)


@pytest.mark.parametrize(
    ("past", "by", "reason"),
    [
        pytest.param([], MID_HOSP, Reason.NOT_A_CONTRACTOR, id="a hospital"),
        pytest.param([], SORA_NPO, Reason.NOT_FULLY_COMMISSIONED, id="no commission"),
        pytest.param(READY, SORA_NPO, Reason.NOT_FULLY_COMMISSIONED, id="a part of the programme only"),
    ],
)
def test_only_a_full_contractor_proposes_a_plan(past, by, reason):
    command = case_message(e.SupportPlanProposed, by, [AZ_CORE], [S.PLAN], "CWA-21-10-2-3", actor=WORKER)
    assert given(LEARNED, ASSESSED, ELIGIBLE, past).when(command) == refused(command, reason)


def test_a_full_contractor_decides_eligibility_and_no_other_contractor_does():
    command = case_message(e.EligibilityDetermined, HIDA_SWC, actor=HIDA_WORKER)
    assert given(LEARNED, ASSESSED, FULLY_COMMISSIONED, FULL_ASSIGNED).when(command) == [command.event]
    partly = case_message(e.EligibilityDetermined, SORA_NPO, actor=WORKER)
    assert given(LEARNED, ASSESSED, READY).when(partly) == refused(partly, Reason.NOT_RESPONSIBLE_CORE)


def test_a_full_contractor_proposes_and_the_core_agency_approves():
    past = (LEARNED, ASSESSED, ELIGIBLE, FULLY_COMMISSIONED, FULL_ASSIGNED)
    proposal = case_message(
        e.SupportPlanProposed, HIDA_SWC, [AZ_CORE], [S.PLAN], "CWA-21-10-2-3", actor=HIDA_WORKER
    )
    approval = case_message(
        e.SupportPlanApproved, AZ_CORE, [HIDA_SWC], [S.PLAN], "CWA-21-10-2-3", approves=proposal.command_id
    )
    assert given(past).when(proposal) == [proposal.event]
    assert given(past, proposal).when(approval) == [approval.event]
    assert given(past, proposal).world.case.plan is None
    assert given(past, proposal, approval).world.case.plan == plan()


# --- what it answers -----------------------------------------------------------------------------------------

REQUEST = case_message(e.InformationRequested, AZ_CORE, [MID_HOSP, EXT_NURSERY], name="a request")
ARRANGED = case_message(e.FollowOnServiceArranged, AZ_CORE, [EXT_SERVICE, EXT_NURSERY], name="a follow-on")


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(e.ReferralAcknowledged, {}, id="acknowledging"),
        pytest.param(e.ReferralRead, {}, id="reading"),
        pytest.param(e.InformationRequestAnswered, {}, id="answering"),
        pytest.param(e.InformationRequestDeclined, {"reason": "NO_RECORDS"}, id="declining"),
        pytest.param(e.FollowOnServiceAccepted, {}, id="accepting"),
    ],
)
def test_an_answer_answers_a_message_that_was_sent_to_the_answerer(act, data):
    nothing = case_message(act, MID_HOSP, answers=id_of("nothing"), **data)
    others = case_message(act, KS_CGC, answers=REQUEST.command_id, **data)
    so = given(LEARNED, REQUEST)
    assert so.when(nothing) == refused(nothing, Reason.UNKNOWN_MESSAGE)
    assert so.when(others) == refused(others, Reason.NOT_ADDRESSED)


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(e.InformationRequestAnswered, {}, id="answering"),
        pytest.param(e.InformationRequestDeclined, {"reason": "NO_RECORDS"}, id="declining"),
    ],
)
def test_only_a_request_is_answered_and_by_each_once(act, data):
    referral = case_message(act, AZ_CORE, answers=LEARNED.command_id, **data)
    command = case_message(act, MID_HOSP, [AZ_CORE], answers=REQUEST.command_id, **data)
    by_the_other = case_message(
        e.InformationRequestAnswered, EXT_NURSERY, name="theirs", answers=REQUEST.command_id
    )
    before = case_message(e.InformationRequestAnswered, MID_HOSP, name="before", answers=REQUEST.command_id)
    declined = case_message(
        e.InformationRequestDeclined, MID_HOSP, name="before", answers=REQUEST.command_id, reason="NO_RECORDS"
    )
    assert given(LEARNED).when(referral) == refused(referral, Reason.UNKNOWN_MESSAGE)
    assert given(LEARNED, REQUEST, by_the_other).when(command) == [command.event]
    for answer in (before, declined):
        for so in (given(LEARNED, REQUEST, answer), given(LEARNED, REQUEST, answer, by_the_other)):
            assert so.when(command) == refused(command, Reason.ALREADY_ANSWERED)


def test_an_agency_that_declines_states_its_reason():
    command = case_message(e.InformationRequestDeclined, MID_HOSP, [AZ_CORE], answers=REQUEST.command_id)
    assert given(LEARNED, REQUEST).when(command) == refused(command, Reason.REASON_MISSING)


def test_each_service_that_was_asked_accepts_once():
    mine = case_message(
        e.FollowOnServiceAccepted, EXT_SERVICE, [AZ_CORE], name="mine", answers=ARRANGED.command_id
    )
    theirs = case_message(
        e.FollowOnServiceAccepted, EXT_NURSERY, [AZ_CORE], name="theirs", answers=ARRANGED.command_id
    )
    repeated = replace(mine, command_id=id_of("repeated"))
    so = given(LEARNED, ARRANGED, mine)
    assert so.when(repeated) == refused(repeated, Reason.ALREADY_ANSWERED)
    assert so.when(theirs) == [theirs.event]


# --- learning, assessing, deciding ------------------------------------------------------------------------------


def test_a_referral_brings_codes_of_the_list_only():
    so = given()
    known = case_message(
        e.FamilyInformationProvided,
        MID_HOSP,
        [AZ_CORE],
        [S.BASIC],
        "CWA-21-10-5",
        indicators={"PR_YOUNG": IndicatorValue.CONCERN},
        placed=LEARNED.event.placed,
    )
    unknown = replace(
        known, event=replace(known.event, indicators={"PR_HAIR_COLOUR": IndicatorValue.CONCERN})
    )
    assert so.when(known) == [known.event]
    assert so.when(unknown) == refused(unknown, Reason.INDICATOR_UNKNOWN)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param({"indicator_set": "IND-R6"}, Reason.INDICATOR_UNKNOWN, id="another edition"),
        pytest.param(
            {"indicators": {**ALL_ASSESSED, "XX_NEW": IndicatorValue.CONCERN}},
            Reason.INDICATOR_UNKNOWN,
            id="a code that is not in the list",
        ),
        pytest.param(
            {"indicators": dict(list(ALL_ASSESSED.items())[:35])},
            Reason.INDICATORS_INCOMPLETE,
            id="35 of 36",
        ),
        pytest.param({"indicators": {}}, Reason.INDICATORS_INCOMPLETE, id="none"),
    ],
)
def test_an_assessment_answers_every_item_of_the_edition(data, reason):
    command = case_message(e.IndicatorAssessmentRecorded, AZ_CORE, **data)
    assert given(LEARNED).when(command) == refused(command, reason)


def test_not_assessed_is_an_answer():
    assert given(LEARNED).when(ASSESSED) == [ASSESSED.event]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param({"target_classes": frozenset()}, Reason.NO_TARGET_CLASS, id="no class"),
        pytest.param(
            {"target_classes": frozenset({TargetClass.TC4_REUNIFICATION})},
            Reason.DISCHARGE_DATE_MISSING,
            id="a return home without its day",
        ),
        pytest.param(
            {"target_classes": frozenset({TargetClass.TC9_OTHER})},
            Reason.REASON_MISSING,
            id="another class without reason",
        ),
        pytest.param(
            {"result": EligibilityResult.NOT_ELIGIBLE, "target_classes": frozenset(), "support_type": None},
            Reason.REASON_MISSING,
            id="not eligible without reason",
        ),
    ],
)
def test_an_incomplete_eligibility_decision_is_refused(data, reason):
    command = case_message(e.EligibilityDetermined, AZ_CORE, **data)
    assert given(LEARNED, ASSESSED).when(command) == refused(command, reason)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="a class and a type"),
        pytest.param(
            {
                "target_classes": frozenset({TargetClass.TC4_REUNIFICATION}),
                "discharge_on": date(2025, 7, 25),
            },
            id="a return home with its day",
        ),
        pytest.param(
            {"target_classes": frozenset({TargetClass.TC9_OTHER}), "reason": "LOCAL_CLASS"},
            id="another class with its reason",
        ),
        pytest.param(
            {
                "result": EligibilityResult.NOT_ELIGIBLE,
                "target_classes": frozenset(),
                "support_type": None,
                "reason": "OTHER_SERVICE_FITS",
            },
            id="not eligible is a decision too",
        ),
    ],
)
def test_a_complete_eligibility_decision_is_recorded(data):
    command = case_message(e.EligibilityDetermined, AZ_CORE, **data)
    assert given(LEARNED, ASSESSED).when(command) == [command.event]


def test_the_assessment_precedes_the_eligibility_decision():
    assert given(LEARNED).when(ELIGIBLE) == refused(ELIGIBLE, Reason.NOT_ASSESSED)


NOT_ELIGIBLE = case_message(
    e.EligibilityDetermined,
    AZ_CORE,
    name="not eligible",
    result=EligibilityResult.NOT_ELIGIBLE,
    target_classes=frozenset(),
    support_type=None,
    reason="OTHER_SERVICE_FITS",
)


@pytest.mark.parametrize(
    "past",
    [
        pytest.param([LEARNED], id="nothing decided"),
        pytest.param([LEARNED, ASSESSED, NOT_ELIGIBLE], id="decided: not eligible"),
        pytest.param([LEARNED, ASSESSED, ELIGIBLE, NOT_ELIGIBLE], id="not eligible any more"),
    ],
)
def test_plans_and_support_are_for_a_family_that_was_decided_on(past):
    so = given(past, FULLY_COMMISSIONED, FULL_ASSIGNED)
    proposal = case_message(
        e.SupportPlanProposed, HIDA_SWC, [AZ_CORE], [S.PLAN], "CWA-21-10-2-3", actor=HIDA_WORKER
    )
    approval = case_message(e.SupportPlanApproved, AZ_CORE, approves=proposal.command_id)
    for command in (PLANNED, COMMENCED, proposal):
        assert so.when(command) == refused(command, Reason.NOT_ELIGIBLE)
    assert given(past, proposal).when(approval) == refused(approval, Reason.NOT_ELIGIBLE)


def test_a_case_is_registered_once_and_deregistered_with_a_reason():
    request = case_message(e.NetworkCaseRegistrationRequested, AZ_CORE, [AZ_COORD])
    repeated = replace(REGISTERED, command_id=id_of("repeated"))
    out = case_message(e.NetworkCaseDeregistered, AZ_COORD, reason="SUPPORT_ENDED")
    without_reason = case_message(e.NetworkCaseDeregistered, AZ_COORD)
    assert given(LEARNED).when(request) == [request.event]
    assert given(LEARNED).when(out) == refused(out, Reason.NOT_REGISTERED)
    so = given(LEARNED, REGISTERED)
    assert so.when(request) == refused(request, Reason.ALREADY_REGISTERED)
    assert so.when(repeated) == refused(repeated, Reason.ALREADY_REGISTERED)
    assert so.when(without_reason) == refused(without_reason, Reason.REASON_MISSING)
    assert so.when(out) == [out.event]
    assert given(LEARNED, REGISTERED, out).when(repeated) == [repeated.event]


# --- the plan ---------------------------------------------------------------------------------------------------


def _planned(changed, classes=(TargetClass.TC1_PREGNANCY,), reason=None):
    decided = case_message(e.EligibilityDetermined, AZ_CORE, target_classes=frozenset(classes))
    command = case_message(
        e.SupportPlanFormulated, AZ_CORE, sections=[S.PLAN], reason=reason, plan=plan(**changed)
    )
    return given(LEARNED, ASSESSED, decided), command


@pytest.mark.parametrize("part", list(PlanPart))
def test_a_plan_has_all_five_parts(part):
    so, command = _planned({"parts": frozenset(PlanPart) - {part}})
    assert so.when(command) == refused(command, Reason.PLAN_INCOMPLETE)


def test_the_days_of_a_plan_run_forward():
    so, command = _planned({"plan_until": date(2025, 6, 4)})
    assert so.when(command) == refused(command, Reason.PLAN_DATES_WRONG)
    so, one_day = _planned({"plan_until": date(2025, 6, 5)})
    assert so.when(one_day) == [one_day.event]


MID = {
    "content": PlanContent.SC_C,
    "plan_until": date(2026, 3, 5),
    "target_months": 9,
    "short_term_months": 3,
}
TC1, TC2 = TargetClass.TC1_PREGNANCY, TargetClass.TC2_POSTPARTUM
TC3, TC4 = TargetClass.TC3_INADEQUATE_CARE, TargetClass.TC4_REUNIFICATION


@pytest.mark.parametrize(
    ("changed", "classes"),
    [
        pytest.param({"plan_until": date(2025, 9, 5)}, [TC1], id="three months to the day"),
        pytest.param(
            {"plan_from": date(2025, 11, 30), "plan_until": date(2026, 2, 28)},
            [TC1],
            id="three months into February",
        ),
        pytest.param({"content": PlanContent.SC_B}, [TC1], id="after birth, an expectant family's"),
        pytest.param({"content": PlanContent.SC_B}, [TC2], id="after birth"),
        pytest.param({**MID, "target_months": 6}, [TC3], id="mid type of six months"),
        pytest.param({**MID, "target_months": 12}, [TC3], id="mid type of twelve months"),
        pytest.param({**MID, "short_term_months": 1}, [TC3], id="mid type with a first goal after a month"),
        pytest.param({**MID, "plan_until": date(2026, 6, 5)}, [TC3], id="mid type is longer than three"),
        pytest.param({**MID, "content": PlanContent.SC_D}, [TC4], id="return home"),
        pytest.param({**MID, "content": PlanContent.SC_D}, [TC3, TC4], id="one of two classes"),
        pytest.param(MID, [TargetClass.TC9_OTHER], id="another class may have any content"),
    ],
)
def test_a_usual_plan_needs_no_reason(changed, classes):
    so, command = _planned(changed, classes)
    assert so.when(command) == [command.event]


@pytest.mark.parametrize(
    ("changed", "classes"),
    [
        pytest.param({"plan_until": date(2025, 9, 6)}, [TC1], id="three months and a day"),
        pytest.param(
            {"content": PlanContent.SC_B, "plan_until": date(2025, 9, 6)}, [TC2], id="after birth too"
        ),
        pytest.param({**MID, "target_months": 5}, [TC3], id="mid type of five months"),
        pytest.param({**MID, "target_months": 13}, [TC3], id="mid type of thirteen months"),
        pytest.param({**MID, "target_months": None}, [TC3], id="mid type without a target"),
        pytest.param({**MID, "short_term_months": None}, [TC3], id="mid type without a short-term goal"),
        pytest.param({**MID, "short_term_months": 4}, [TC3], id="a first goal after four months"),
        pytest.param({**MID, "short_term_months": 0}, [TC3], id="a first goal at once"),
        pytest.param({**MID, "plan_until": date(2026, 6, 6)}, [TC3], id="mid type of a year and a day"),
        pytest.param({"made_by": frozenset({PlanMaker.CHILD_WELFARE})}, [TC1], id="made by one side only"),
        pytest.param({"made_by": frozenset(), "content": PlanContent.SC_B}, [TC2], id="made by nobody"),
        pytest.param({"content": PlanContent.SC_A}, [TC2], id="pregnancy content after birth"),
        pytest.param({**MID, "content": PlanContent.SC_D}, [TC3], id="return home without return"),
        pytest.param(MID, [TC4], id="inadequate care content for a return"),
    ],
)
def test_an_unusual_plan_needs_a_reason(changed, classes):
    so, without_reason = _planned(changed, classes)
    assert so.when(without_reason) == refused(without_reason, Reason.REASON_MISSING)
    so, command = _planned(changed, classes, reason="LOCAL_REASON")
    assert so.when(command) == [command.event]


def test_a_plan_for_a_family_whose_classes_are_not_recorded_fits():
    decided = case_message(e.EligibilityDetermined, AZ_CORE, target_classes=frozenset())
    assert given(LEARNED, ASSESSED, decided).when(PLANNED) == [PLANNED.event]


def test_only_a_proposal_is_approved_and_only_as_a_complete_plan():
    proposal = case_message(e.SupportPlanProposed, HIDA_SWC, [AZ_CORE], [S.PLAN], "CWA-21-10-2-3")
    so = given(LEARNED, ASSESSED, ELIGIBLE, PLANNED, proposal)
    for what in (id_of("nothing"), PLANNED.command_id):
        command = case_message(e.SupportPlanApproved, AZ_CORE, approves=what)
        assert so.when(command) == refused(command, Reason.UNKNOWN_MESSAGE)
    command = case_message(
        e.SupportPlanApproved, AZ_CORE, approves=proposal.command_id, plan=plan(parts=frozenset())
    )
    assert so.when(command) == refused(command, Reason.PLAN_INCOMPLETE)


def test_support_begins_on_a_plan():
    assert given(LEARNED, ASSESSED, ELIGIBLE).when(COMMENCED) == refused(COMMENCED, Reason.NO_PLAN)
    assert given(LEARNED, DECIDED).when(COMMENCED) == [COMMENCED.event]


def test_a_commencement_that_brings_a_plan_decides_it():
    so = given(LEARNED, ASSESSED, ELIGIBLE)
    command = case_message(e.SupportCommenced, AZ_CORE, plan=plan())
    half = case_message(e.SupportCommenced, AZ_CORE, plan=plan(parts=frozenset({PlanPart.GOAL})))
    assert so.when(command) == [command.event]
    assert so.when(half) == refused(half, Reason.PLAN_INCOMPLETE)
    assert given(LEARNED, ASSESSED, ELIGIBLE, command).world.case.plan == plan()


def test_a_second_phase_is_judged_by_the_classes_it_names():
    second = plan(
        plan_from=date(2025, 7, 28),
        plan_until=date(2025, 10, 27),
        content=PlanContent.SC_C,
        target_months=6,
        short_term_months=3,
    )
    so = given(LEARNED, DECIDED, COMMENCED)
    command = case_message(
        e.SupportCommenced, AZ_CORE, name="phase 2", plan=second, target_classes=frozenset({TC3})
    )
    unfit = case_message(
        e.SupportCommenced, AZ_CORE, name="phase 2", plan=second, target_classes=frozenset({TC2})
    )
    assert so.when(command) == [command.event]
    assert so.when(unfit) == refused(unfit, Reason.REASON_MISSING)
    case = given(LEARNED, DECIDED, COMMENCED, command).world.case
    assert (case.plan, case.classes, case.status) == (second, frozenset({TC3}), CaseStatus.SUPPORTED)


def test_there_must_be_a_plan_to_review_or_extend():
    longer = case_message(e.PlanExtended, AZ_CORE, reason="TWINS")
    review = case_message(e.PlanReviewed, AZ_CORE)
    so = given(LEARNED, ASSESSED, ELIGIBLE)
    assert so.when(review) == refused(review, Reason.NO_PLAN)
    assert so.when(longer) == refused(longer, Reason.NO_PLAN)
    assert given(LEARNED, DECIDED).when(review) == [review.event]


@pytest.mark.parametrize(
    ("until", "reason", "refusal"),
    [
        pytest.param(date(2025, 8, 5), None, Reason.REASON_MISSING, id="without reason"),
        pytest.param(date(2025, 7, 27), "TWINS", Reason.PLAN_DATES_WRONG, id="to its own last day"),
        pytest.param(date(2025, 7, 26), "TWINS", Reason.PLAN_DATES_WRONG, id="shorter"),
        pytest.param(date(2025, 7, 28), "TWINS", None, id="a day longer"),
    ],
)
def test_a_plan_is_extended_beyond_its_last_day_with_a_reason(until, reason, refusal):
    command = case_message(e.PlanExtended, AZ_CORE, plan_until=until, reason=reason)
    answer = given(LEARNED, DECIDED).when(command)
    assert answer == ([command.event] if refusal is None else refused(command, refusal))


def test_an_open_plan_is_extended_beyond_its_first_day():
    opened = case_message(e.SupportPlanFormulated, AZ_CORE, sections=[S.PLAN], plan=plan(plan_until=None))
    so = given(LEARNED, ASSESSED, ELIGIBLE, opened)
    command = case_message(e.PlanExtended, AZ_CORE, plan_until=date(2025, 6, 6), reason="TWINS")
    back = case_message(e.PlanExtended, AZ_CORE, plan_until=date(2025, 6, 5), reason="TWINS")
    assert so.when(command) == [command.event]
    assert so.when(back) == refused(back, Reason.PLAN_DATES_WRONG)
    so.put(command)
    assert so.world.case.plan == plan(plan_until=date(2025, 6, 6))


def test_history_with_an_extension_of_no_plan_is_still_read():
    assert given(LEARNED, case_message(e.PlanExtended, AZ_CORE)).world.case.plan is None


# --- consent ---------------------------------------------------------------------------------------------------


def _scope(consent="C1", sections=(S.BASIC,)):
    return e.ConsentScope(
        consent=id_of(consent), sender=AZ_CORE, recipient=MID_HOSP, sections=frozenset(sections)
    )


@pytest.mark.parametrize(
    ("consent", "scope"),
    [
        pytest.param([], (), id="no consent"),
        pytest.param(["C1"], (), id="no scope"),
        pytest.param(["C1", "C2"], (_scope("C1"),), id="one of two has no scope"),
        pytest.param(["C1"], (_scope("C1"), _scope("C2")), id="a scope of one that is not named"),
        pytest.param(["C1"], (_scope("C1", []),), id="a scope of nothing"),
    ],
)
def test_each_consent_has_its_scope_and_no_more(consent, scope):
    command = case_message(e.ConsentGiven, AZ_CORE, consent=map(id_of, consent), scope=scope)
    assert given(LEARNED).when(command) == refused(command, Reason.CONSENT_SCOPE_WRONG)


def test_one_act_may_give_several_consents_but_none_twice():
    both = case_message(
        e.ConsentGiven, AZ_CORE, consent=map(id_of, ["C1", "C2"]), scope=(_scope("C1"), _scope("C2"))
    )
    so = given(LEARNED, both)
    repeated = case_message(
        e.ConsentGiven, AZ_CORE, name="repeated", consent=[id_of("C2")], scope=(_scope("C2"),)
    )
    assert given(LEARNED).when(both) == [both.event]
    assert so.when(repeated) == refused(repeated, Reason.CONSENT_EXISTS)
    assert so.world.case.consents[id_of("C1")].scope == (_scope("C1"),)


@pytest.mark.parametrize(
    "consent",
    [
        pytest.param([], id="none named"),
        pytest.param(["C9"], id="never given"),
        pytest.param(["C1", "C9"], id="one of two never given"),
    ],
)
def test_only_a_consent_that_was_given_is_withdrawn(consent):
    command = case_message(e.ConsentWithdrawn, AZ_CORE, consent=map(id_of, consent))
    assert given(LEARNED, consent_of()).when(command) == refused(command, Reason.NO_CONSENT)


@pytest.mark.parametrize(
    "past",
    [
        pytest.param([consent_of()], id="the only one"),
        pytest.param([consent_of(), consent_of("C2")], id="one of two"),
        pytest.param([consent_of(expires_at=NOON)], id="one that has expired"),
    ],
)
def test_a_consent_that_was_given_is_withdrawn(past):
    command = withdrawn()
    so = given(LEARNED, past)
    assert so.when(command) == [command.event]
    so.put(replace(command, at=NOON))
    assert so.world.case.consents[id_of("C1")].withdrawn_at == NOON


def test_history_with_a_withdrawal_of_no_consent_is_still_read():
    assert given(LEARNED, withdrawn()).world.case.consents == {}


def test_a_refused_consent_is_recorded_and_bars_nothing():
    refusal = case_message(e.ConsentRefused, AZ_CORE, requested_scope=(_scope(),))
    command = case_message(e.DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3")
    assert given(LEARNED).when(refusal) == [refusal.event]
    assert given(LEARNED, refusal).when(command) == [command.event]


# --- workers and visits ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param([], ASSIGNED, Reason.CONTRACTOR_NOT_COMMISSIONED, id="no contract"),
        pytest.param(
            [contract(begins_on=date(2025, 6, 3))],
            ASSIGNED,
            Reason.CONTRACTOR_NOT_COMMISSIONED,
            id="a contract from tomorrow on",
        ),
        pytest.param(
            [COMMISSIONED, event_input(AZ_CORE, e.OutsourcingContractEnded())],
            ASSIGNED,
            Reason.CONTRACTOR_NOT_COMMISSIONED,
            id="a contract that was ended",
        ),
        pytest.param(
            [COMMISSIONED, event_input(HUB, e.ContractorSuspended(gaps=frozenset({"MEMBERSHIP"})))],
            ASSIGNED,
            Reason.CONTRACTOR_SUSPENDED,
            id="suspended",
        ),
        pytest.param(
            [contract(), worker(), trained(), sworn()],
            ASSIGNED,
            Reason.CONTRACTOR_NOT_READY,
            id="requirements not verified",
        ),
        pytest.param(
            [COMMISSIONED, verified([1], name="less")],
            ASSIGNED,
            Reason.CONTRACTOR_NOT_READY,
            id="one requirement not met",
        ),
        pytest.param(
            [contract(scope=OutsourcingScope.FULL), verified([1, 2]), worker(), trained(), sworn()],
            ASSIGNED,
            Reason.CONTRACTOR_NOT_READY,
            id="the full programme without item 3",
        ),
        pytest.param(
            [contract(), verified(), worker(), trained()],
            ASSIGNED,
            Reason.WORKER_NOT_READY,
            id="a part-time visitor without oath",
        ),
        pytest.param(
            [COMMISSIONED],
            case_message(e.SupportWorkerAssigned, AZ_CORE, worker=SECOND_WORKER),
            Reason.WORKER_NOT_READY,
            id="a visitor who is not registered",
        ),
        pytest.param(
            [COMMISSIONED],
            case_message(e.SupportWorkerAssigned, AZ_CORE, agency=MID_HOSP, worker="W-M1"),
            Reason.CONTRACTOR_NOT_COMMISSIONED,
            id="a visitor of somebody else",
        ),
    ],
)
def test_nobody_is_assigned_who_is_not_ready(past, command, reason):
    assert given(LEARNED, past).when(command) == refused(command, reason, command.event.agency)


def test_who_is_ready_and_the_citys_own_visitor_are_assigned():
    so = given(LEARNED, COMMISSIONED, own_visitor())
    assert so.when(ASSIGNED) == [ASSIGNED.event]
    assert so.when(CITY) == [CITY.event]


def test_only_who_is_assigned_is_unassigned():
    command = case_message(e.SupportWorkerUnassigned, AZ_CORE)
    assert given(LEARNED, READY).when(command) == [command.event]
    assert given(LEARNED, COMMISSIONED).when(command) == refused(command, Reason.WORKER_UNKNOWN)
    assert given(LEARNED, READY, command).world.case.assigned == frozenset()


def test_a_visit_is_made_by_the_citys_assigned_visitor():
    command = case_message(e.HomeVisitCompleted, AZ_CORE, sections=[S.VISIT])
    assert given(LEARNED, CITY).when(command) == [command.event]
    assert given(LEARNED, READY).when(command) == refused(command, Reason.WORKER_UNKNOWN)


def test_a_visit_report_without_a_plan_states_a_reason():
    so = given(LEARNED, READY)
    without_reason = case_message(
        e.VisitReportSubmitted, SORA_NPO, [AZ_CORE], [S.VISIT], "CWA-21-10-2-3", actor=WORKER
    )
    emergency = case_message(
        e.VisitReportSubmitted,
        SORA_NPO,
        [AZ_CORE],
        [S.VISIT],
        "CWA-21-10-2-3",
        actor=WORKER,
        reason="EMERGENCY",
    )
    assert so.when(without_reason) == refused(without_reason, Reason.REASON_MISSING)
    assert so.when(emergency) == [emergency.event]
    assert given(LEARNED, DECIDED, READY).when(without_reason) == refused(
        without_reason, Reason.REASON_MISSING
    )
    assert given(LEARNED, DECIDED, READY, edition=1).when(without_reason) == [without_reason.event]
    assert given(LEARNED, READY, edition=1).when(without_reason) == refused(
        without_reason, Reason.REASON_MISSING
    )


# --- closing ----------------------------------------------------------------------------------------------------------

SUPPORTED = (LEARNED, DECIDED, COMMENCED)


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        pytest.param([LEARNED, DECIDED], Reason.NOT_COMMENCED, id="support never began"),
        pytest.param([*SUPPORTED, EVALUATED], Reason.NOT_CONSULTED, id="nobody was consulted"),
        pytest.param([*SUPPORTED, READY, CONSULTED], Reason.NOT_EVALUATED, id="not evaluated"),
        pytest.param(
            [*SUPPORTED, CONSULTED, EVALUATED, replace(COMMENCED, command_id=id_of("phase 2"))],
            Reason.NOT_CONSULTED,
            id="a new phase needs its own consultation",
        ),
        pytest.param(
            [*SUPPORTED, EVALUATED, replace(COMMENCED, command_id=id_of("phase 2")), CONSULTED],
            Reason.NOT_EVALUATED,
            id="a new phase needs its own evaluation",
        ),
    ],
)
def test_a_case_is_not_closed_before_what_must_be_before(past, reason):
    assert given(past).when(CLOSED) == refused(CLOSED, reason)


@pytest.mark.parametrize(
    "past",
    [
        pytest.param([READY, CONSULTED], id="the visitor was consulted"),
        pytest.param([CITY, CONSULTED], id="the city itself visited"),
        pytest.param([CONSULTED], id="nobody ever visited"),
        pytest.param(
            [READY, case_message(e.SupportWorkerUnassigned, AZ_CORE), CONSULTED],
            id="a visitor who has left already",
        ),
    ],
)
def test_a_case_is_closed_after_consultation_and_evaluation(past):
    assert given(*SUPPORTED, past, EVALUATED).when(CLOSED) == [CLOSED.event]


def test_a_consultation_is_with_somebody():
    command = case_message(e.ClosingConsultationHeld, AZ_CORE, consulted=frozenset())
    assert given(*SUPPORTED).when(command) == refused(command, Reason.NOT_CONSULTED)


def _status(*past):
    return given(*SUPPORTED, READY, CONSULTED, EVALUATED, *past).world.case.status


def test_a_closed_case_is_pending_until_every_follow_on_is_accepted():
    mine = case_message(
        e.FollowOnServiceAccepted, EXT_SERVICE, [AZ_CORE], name="mine", answers=ARRANGED.command_id
    )
    theirs = case_message(
        e.FollowOnServiceAccepted, EXT_NURSERY, [AZ_CORE], name="theirs", answers=ARRANGED.command_id
    )
    assert _status() is CaseStatus.SUPPORTED
    assert _status(CLOSED) is CaseStatus.CLOSED
    assert _status(ARRANGED, mine) is CaseStatus.SUPPORTED
    assert _status(ARRANGED, CLOSED) is CaseStatus.FOLLOW_ON_PENDING
    assert _status(ARRANGED, CLOSED, mine) is CaseStatus.FOLLOW_ON_PENDING
    assert _status(ARRANGED, CLOSED, mine, theirs) is CaseStatus.CLOSED
    assert _status(ARRANGED, mine, theirs, CLOSED) is CaseStatus.CLOSED
    assert _status(CLOSED, ARRANGED) is CaseStatus.FOLLOW_ON_PENDING


# --- the complete list ------------------------------------------------------------------------------------------------


def test_every_message_but_the_hubs_own_answer_is_an_act():
    from domain.events import EVENTS, DisclosureHeld

    messages = {cls for cls in EVENTS.values() if issubclass(cls, e.CaseMessage)}
    assert set(ACTS) == messages - {DisclosureHeld}


FINE = (
    case_message(e.ProgrammeNotificationReceived, KS_CGC, [AZ_CORE], [S.RISK], "CWA-26-1-8"),
    case_message(e.ReferralAcknowledged, AZ_CORE, [MID_HOSP], answers=LEARNED.command_id),
    case_message(e.ReferralRead, AZ_CORE, answers=LEARNED.command_id),
    case_message(e.InformationRequested, AZ_CORE, [MID_HOSP], [S.BASIC], "CWA-25-3-1"),
    case_message(e.CaseConferenceConvened, AZ_COORD, [AZ_CORE, MID_HOSP], [S.BASIC], "CWA-25-2-2"),
    case_message(e.ConferenceMinutesRecorded, AZ_COORD, [AZ_CORE, MID_HOSP], [S.CONF], "CWA-25-2-2"),
    case_message(e.PlanReviewed, AZ_CORE, [SORA_NPO], [S.PLAN], "CWA-21-10-2-3"),
    CONSULTED,
    EVALUATED,
    case_message(e.FollowOnServiceArranged, AZ_CORE, [EXT_NURSERY], [S.BASIC], "CWA-25-2-2"),
)


@pytest.mark.parametrize("command", [pytest.param(w, id=w.event.TOPIC) for w in FINE])
def test_what_is_in_order_is_recorded_as_it_was_asked(command):
    assert given(LEARNED, REGISTERED, DECIDED, READY).when(command) == [command.event]


def test_a_release_names_a_message_that_waits_for_its_addressees():
    waiting = case_message(
        e.DisclosureMade, AZ_CORE, [SORA_NPO], [S.BASIC], "CWA-21-10-2-3", name="waits", held=[SORA_NPO]
    )
    so = given(LEARNED, READY, waiting)

    def release(by=AZ_CORE, to=(SORA_NPO,), what=waiting.command_id):
        return case_message(e.HeldDisclosureReleased, by, to, releases=what)

    for command, reason in (
        (release(what=id_of("nothing")), Reason.UNKNOWN_MESSAGE),
        (release(by=AZ_COORD), Reason.NOT_THE_SENDER),
        (release(to=()), Reason.NOT_HELD),
        (release(to=(SORA_NPO, MID_HOSP)), Reason.NOT_HELD),
        (release(what=LEARNED.command_id, by=MID_HOSP), Reason.NOT_HELD),
    ):
        assert so.when(command) == refused(command, reason)
    assert so.when(release()) == [release().event]


def test_history_with_a_release_of_nothing_is_still_read():
    release = case_message(e.HeldDisclosureReleased, AZ_CORE, [SORA_NPO], releases=id_of("nothing"))
    assert set(given(LEARNED, release).world.case.messages) == {LEARNED.command_id, release.command_id}
