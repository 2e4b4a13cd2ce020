"""Each act at its boundary: who may do it, what it must say, what must be before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.acts import ACTS
from domain.codes import (
    CaseStatus,
    EligibilityResult,
    IndicatorValue,
    OutsourcingScope,
    PlanContent,
    PlanPart,
    Section,
    TargetClass,
)
from domain.context import Carries
from domain.events import (
    CaseConferenceConvened,
    CaseMessage,
    ClosingConsultationHeld,
    ClosingEvaluationRecorded,
    ConferenceMinutesRecorded,
    ConsentGiven,
    ConsentRefused,
    ConsentScope,
    ConsentWithdrawn,
    ContractorSuspended,
    DisclosureMade,
    EligibilityDetermined,
    FamilyInformationProvided,
    FollowOnServiceAccepted,
    FollowOnServiceArranged,
    HeldDisclosureReleased,
    HomeVisitCompleted,
    IndicatorAssessmentRecorded,
    InformationRequestAnswered,
    InformationRequestDeclined,
    InformationRequested,
    NetworkCaseDeregistered,
    NetworkCaseRegistered,
    NetworkCaseRegistrationRequested,
    OutsourcingContractEnded,
    PlanExtended,
    PlanReviewed,
    ProgrammeNotificationReceived,
    ReferralAcknowledged,
    ReferralRead,
    SupportClosed,
    SupportCommenced,
    SupportPlanApproved,
    SupportPlanFormulated,
    SupportPlanProposed,
    SupportWorkerAssigned,
    SupportWorkerUnassigned,
    VisitReportSubmitted,
)
from domain.reasons import Reason
from domain.record import HUB
from tests.domain.kit import (
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
    consent_of,
    contract,
    given,
    id_of,
    plan,
    refused,
    said,
    sworn,
    tell,
    trained,
    verified,
    withdrawn,
    worker,
)

S = Section
ANSWERED = {"answers": id_of("a request")}
CITY = tell(SupportWorkerAssigned, AZ_CORE, agency=AZ_CORE, worker=CITY_WORKER, name="the city's own visitor")


# --- who -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(NetworkCaseRegistrationRequested, {}, id="asking for registration"),
        pytest.param(IndicatorAssessmentRecorded, {}, id="assessing"),
        pytest.param(EligibilityDetermined, {}, id="deciding on eligibility"),
        pytest.param(SupportPlanFormulated, {}, id="formulating a plan"),
        pytest.param(SupportCommenced, {}, id="commencing"),
        pytest.param(PlanReviewed, {}, id="reviewing"),
        pytest.param(PlanExtended, {"reason": "TWINS"}, id="extending"),
        pytest.param(SupportWorkerAssigned, {}, id="assigning"),
        pytest.param(ClosingConsultationHeld, {}, id="consulting"),
        pytest.param(ClosingEvaluationRecorded, {}, id="evaluating"),
        pytest.param(SupportClosed, {}, id="closing"),
        pytest.param(FollowOnServiceArranged, {}, id="arranging a follow-on"),
    ],
)
@pytest.mark.parametrize("by", [pytest.param(AZ_COORD, id="COORD"), pytest.param(KS_CGC, id="CGC")])
def test_what_is_the_core_agencys_is_nobody_elses(act, data, by):
    must = ACTS[act].carries is Carries.MUST
    wish = tell(act, by, sections=[S.PLAN] if must else [], name="not theirs", **data)
    assert given(LEARNED, DECIDED, READY).when(wish) == refused(wish, Reason.NOT_RESPONSIBLE_CORE)


def test_unassigning_visiting_and_approving_are_the_core_agencys_too():
    proposal = tell(SupportPlanProposed, HIDA_SWC, [AZ_CORE], [S.PLAN], "CWA-21-10-2-3")
    so = given(LEARNED, DECIDED, READY, CITY, proposal)
    for wish in (
        tell(SupportWorkerUnassigned, AZ_COORD),
        tell(SupportPlanApproved, AZ_COORD, approves=proposal.ask),
    ):
        assert so.when(wish) == refused(wish, Reason.NOT_RESPONSIBLE_CORE)
    visit = tell(HomeVisitCompleted, AZ_COORD, [AZ_CORE], [S.VISIT], "CWA-25-2-2")
    assert so.when(visit) == refused(visit, Reason.NOT_RESPONSIBLE_CORE)


def test_a_contractors_visitor_tells_of_a_visit_while_assigned():
    visit = tell(
        HomeVisitCompleted, SORA_NPO, [AZ_CORE], [S.VISIT], "CWA-21-10-2-3", worker=WORKER, actor=WORKER
    )
    assert given(LEARNED, DECIDED, READY).when(visit) == [visit.fact]
    gone = tell(SupportWorkerUnassigned, AZ_CORE, agency=SORA_NPO, worker=WORKER)
    assert given(LEARNED, DECIDED, READY, gone).when(visit) == refused(visit, Reason.WORKER_UNKNOWN)


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(NetworkCaseRegistered, {}, id="registering"),
        pytest.param(NetworkCaseDeregistered, {"reason": "SUPPORT_ENDED"}, id="deregistering"),
    ],
)
def test_the_network_register_is_the_coordinating_agencys(act, data):
    wish = tell(act, AZ_CORE, **data)
    assert given(LEARNED).when(wish) == refused(wish, Reason.NOT_COORDINATING)


@pytest.mark.parametrize(
    ("act", "sections"),
    [
        pytest.param(CaseConferenceConvened, [], id="convening"),
        pytest.param(ConferenceMinutesRecorded, [S.CONF], id="minutes"),
    ],
)
def test_a_conference_is_an_offices(act, sections):
    so = given(LEARNED)
    wish = tell(act, KS_CGC, sections=sections)
    assert so.when(wish) == refused(wish, Reason.NOT_AN_OFFICE)
    for office in (AZ_CORE, AZ_COORD):
        fine = tell(act, office, sections=sections)
        assert so.when(fine) == [fine.fact]


def test_a_visit_report_is_a_contractors():
    wish = tell(VisitReportSubmitted, MID_HOSP, [AZ_CORE], [S.VISIT], "CWA-21-10-5")
    assert given(LEARNED, DECIDED).when(wish) == refused(wish, Reason.NOT_A_CONTRACTOR)


@pytest.mark.parametrize(
    ("past", "by", "reason"),
    [
        pytest.param([], MID_HOSP, Reason.NOT_A_CONTRACTOR, id="a hospital"),
        pytest.param([], SORA_NPO, Reason.NOT_FULLY_COMMISSIONED, id="no commission"),
        pytest.param(READY, SORA_NPO, Reason.NOT_FULLY_COMMISSIONED, id="a part of the programme only"),
    ],
)
def test_only_who_has_the_whole_programme_proposes_a_plan(past, by, reason):
    wish = tell(SupportPlanProposed, by, [AZ_CORE], [S.PLAN], "CWA-21-10-2-3", actor=WORKER)
    assert given(LEARNED, ASSESSED, ELIGIBLE, past).when(wish) == refused(wish, reason)


def test_who_has_the_whole_programme_decides_who_it_is_for_and_no_other_contractor_does():
    wish = tell(EligibilityDetermined, HIDA_SWC, actor=HIDA_WORKER)
    assert given(LEARNED, ASSESSED, FULLY_COMMISSIONED, FULL_ASSIGNED).when(wish) == [wish.fact]
    partly = tell(EligibilityDetermined, SORA_NPO, actor=WORKER)
    assert given(LEARNED, ASSESSED, READY).when(partly) == refused(partly, Reason.NOT_RESPONSIBLE_CORE)


def test_who_has_the_whole_programme_proposes_and_the_core_agency_approves():
    past = (LEARNED, ASSESSED, ELIGIBLE, FULLY_COMMISSIONED, FULL_ASSIGNED)
    proposal = tell(SupportPlanProposed, HIDA_SWC, [AZ_CORE], [S.PLAN], "CWA-21-10-2-3", actor=HIDA_WORKER)
    approval = tell(
        SupportPlanApproved, AZ_CORE, [HIDA_SWC], [S.PLAN], "CWA-21-10-2-3", approves=proposal.ask
    )
    assert given(past).when(proposal) == [proposal.fact]
    assert given(past, proposal).when(approval) == [approval.fact]
    assert given(past, proposal).world.case.plan is None
    assert given(past, proposal, approval).world.case.plan == plan()


# --- what it answers -----------------------------------------------------------------------------------------

REQUEST = tell(InformationRequested, AZ_CORE, [MID_HOSP, EXT_NURSERY], name="a request")
ARRANGED = tell(FollowOnServiceArranged, AZ_CORE, [EXT_SERVICE, EXT_NURSERY], name="a follow-on")


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(ReferralAcknowledged, {}, id="acknowledging"),
        pytest.param(ReferralRead, {}, id="reading"),
        pytest.param(InformationRequestAnswered, {}, id="answering"),
        pytest.param(InformationRequestDeclined, {"reason": "NO_RECORDS"}, id="declining"),
        pytest.param(FollowOnServiceAccepted, {}, id="accepting"),
    ],
)
def test_an_answer_answers_a_message_that_was_sent_to_the_answerer(act, data):
    nothing = tell(act, MID_HOSP, answers=id_of("nothing"), **data)
    others = tell(act, KS_CGC, answers=REQUEST.ask, **data)
    so = given(LEARNED, REQUEST)
    assert so.when(nothing) == refused(nothing, Reason.UNKNOWN_MESSAGE)
    assert so.when(others) == refused(others, Reason.NOT_ADDRESSED)


@pytest.mark.parametrize(
    ("act", "data"),
    [
        pytest.param(InformationRequestAnswered, {}, id="answering"),
        pytest.param(InformationRequestDeclined, {"reason": "NO_RECORDS"}, id="declining"),
    ],
)
def test_only_a_request_is_answered_and_by_each_once(act, data):
    referral = tell(act, AZ_CORE, answers=LEARNED.ask, **data)
    wish = tell(act, MID_HOSP, [AZ_CORE], answers=REQUEST.ask, **data)
    by_the_other = tell(InformationRequestAnswered, EXT_NURSERY, name="theirs", answers=REQUEST.ask)
    before = tell(InformationRequestAnswered, MID_HOSP, name="before", answers=REQUEST.ask)
    declined = tell(
        InformationRequestDeclined, MID_HOSP, name="before", answers=REQUEST.ask, reason="NO_RECORDS"
    )
    assert given(LEARNED).when(referral) == refused(referral, Reason.UNKNOWN_MESSAGE)
    assert given(LEARNED, REQUEST, by_the_other).when(wish) == [wish.fact]
    for answer in (before, declined):
        for so in (given(LEARNED, REQUEST, answer), given(LEARNED, REQUEST, answer, by_the_other)):
            assert so.when(wish) == refused(wish, Reason.ALREADY_ANSWERED)


def test_who_declines_says_why():
    wish = tell(InformationRequestDeclined, MID_HOSP, [AZ_CORE], answers=REQUEST.ask)
    assert given(LEARNED, REQUEST).when(wish) == refused(wish, Reason.REASON_MISSING)


def test_each_service_that_was_asked_accepts_once():
    mine = tell(FollowOnServiceAccepted, EXT_SERVICE, [AZ_CORE], name="mine", answers=ARRANGED.ask)
    theirs = tell(FollowOnServiceAccepted, EXT_NURSERY, [AZ_CORE], name="theirs", answers=ARRANGED.ask)
    again = replace(mine, ask=id_of("again"))
    so = given(LEARNED, ARRANGED, mine)
    assert so.when(again) == refused(again, Reason.ALREADY_ANSWERED)
    assert so.when(theirs) == [theirs.fact]


# --- learning, assessing, deciding ------------------------------------------------------------------------------


def test_a_referral_brings_codes_of_the_list_only():
    so = given()
    known = tell(
        FamilyInformationProvided,
        MID_HOSP,
        [AZ_CORE],
        [S.BASIC],
        "CWA-21-10-5",
        indicators={"PR_YOUNG": IndicatorValue.CONCERN},
        placed=LEARNED.fact.placed,
    )
    unknown = replace(known, fact=replace(known.fact, indicators={"PR_HAIR_COLOUR": IndicatorValue.CONCERN}))
    assert so.when(known) == [known.fact]
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
    wish = tell(IndicatorAssessmentRecorded, AZ_CORE, **data)
    assert given(LEARNED).when(wish) == refused(wish, reason)


def test_not_assessed_is_an_answer():
    assert given(LEARNED).when(ASSESSED) == [ASSESSED.fact]


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
def test_an_eligibility_that_does_not_say_enough_is_refused(data, reason):
    wish = tell(EligibilityDetermined, AZ_CORE, **data)
    assert given(LEARNED, ASSESSED).when(wish) == refused(wish, reason)


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
def test_an_eligibility_that_says_enough_is_decided(data):
    wish = tell(EligibilityDetermined, AZ_CORE, **data)
    assert given(LEARNED, ASSESSED).when(wish) == [wish.fact]


def test_the_assessment_comes_before_the_decision():
    assert given(LEARNED).when(ELIGIBLE) == refused(ELIGIBLE, Reason.NOT_ASSESSED)


NOT_ELIGIBLE = tell(
    EligibilityDetermined,
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
    proposal = tell(SupportPlanProposed, HIDA_SWC, [AZ_CORE], [S.PLAN], "CWA-21-10-2-3", actor=HIDA_WORKER)
    approval = tell(SupportPlanApproved, AZ_CORE, approves=proposal.ask)
    for wish in (PLANNED, COMMENCED, proposal):
        assert so.when(wish) == refused(wish, Reason.NOT_ELIGIBLE)
    assert given(past, proposal).when(approval) == refused(approval, Reason.NOT_ELIGIBLE)


def test_a_case_is_registered_once_and_deregistered_with_a_reason():
    request = tell(NetworkCaseRegistrationRequested, AZ_CORE, [AZ_COORD])
    again = replace(REGISTERED, ask=id_of("again"))
    out = tell(NetworkCaseDeregistered, AZ_COORD, reason="SUPPORT_ENDED")
    bare = tell(NetworkCaseDeregistered, AZ_COORD)
    assert given(LEARNED).when(request) == [request.fact]
    assert given(LEARNED).when(out) == refused(out, Reason.NOT_REGISTERED)
    so = given(LEARNED, REGISTERED)
    assert so.when(request) == refused(request, Reason.ALREADY_REGISTERED)
    assert so.when(again) == refused(again, Reason.ALREADY_REGISTERED)
    assert so.when(bare) == refused(bare, Reason.REASON_MISSING)
    assert so.when(out) == [out.fact]
    assert given(LEARNED, REGISTERED, out).when(again) == [again.fact]


# --- the plan ---------------------------------------------------------------------------------------------------


def _planned(changed, classes=(TargetClass.TC1_PREGNANCY,), reason=None):
    decided = tell(EligibilityDetermined, AZ_CORE, target_classes=frozenset(classes))
    wish = tell(SupportPlanFormulated, AZ_CORE, sections=[S.PLAN], reason=reason, plan=plan(**changed))
    return given(LEARNED, ASSESSED, decided), wish


@pytest.mark.parametrize("part", list(PlanPart))
def test_a_plan_says_all_five_things(part):
    so, wish = _planned({"parts": frozenset(PlanPart) - {part}})
    assert so.when(wish) == refused(wish, Reason.PLAN_INCOMPLETE)


def test_the_days_of_a_plan_run_forward():
    so, wish = _planned({"plan_until": date(2025, 6, 4)})
    assert so.when(wish) == refused(wish, Reason.PLAN_DATES_WRONG)
    so, one_day = _planned({"plan_until": date(2025, 6, 5)})
    assert so.when(one_day) == [one_day.fact]


MID = {"content": PlanContent.SC_C, "plan_until": None, "target_months": 9}
TC1, TC2 = TargetClass.TC1_PREGNANCY, TargetClass.TC2_POSTPARTUM
TC3, TC4 = TargetClass.TC3_INADEQUATE_CARE, TargetClass.TC4_REUNIFICATION


@pytest.mark.parametrize(
    ("changed", "classes"),
    [
        pytest.param({"plan_until": date(2025, 9, 5)}, [TC1], id="three months to the day"),
        pytest.param({"plan_until": None}, [TC1], id="no last day in control"),
        pytest.param(
            {"plan_from": date(2025, 11, 30), "plan_until": date(2026, 2, 28)},
            [TC1],
            id="three months into February",
        ),
        pytest.param({"content": PlanContent.SC_B}, [TC1], id="after birth, an expectant family's"),
        pytest.param({"content": PlanContent.SC_B}, [TC2], id="after birth"),
        pytest.param({**MID, "target_months": 6}, [TC3], id="mid type of six months"),
        pytest.param({**MID, "target_months": 12}, [TC3], id="mid type of twelve months"),
        pytest.param({**MID, "target_months": None}, [TC3], id="mid type without months in control"),
        pytest.param({**MID, "plan_until": date(2026, 6, 5)}, [TC3], id="mid type is longer than three"),
        pytest.param({**MID, "content": PlanContent.SC_D}, [TC4], id="return home"),
        pytest.param({**MID, "content": PlanContent.SC_D}, [TC3, TC4], id="one of two classes"),
        pytest.param(MID, [TargetClass.TC9_OTHER], id="another class may have any content"),
    ],
)
def test_a_usual_plan_needs_no_reason(changed, classes):
    so, wish = _planned(changed, classes)
    assert so.when(wish) == [wish.fact]


@pytest.mark.parametrize(
    ("changed", "classes"),
    [
        pytest.param({"plan_until": date(2025, 9, 6)}, [TC1], id="three months and a day"),
        pytest.param(
            {"content": PlanContent.SC_B, "plan_until": date(2025, 9, 6)}, [TC2], id="after birth too"
        ),
        pytest.param({**MID, "target_months": 5}, [TC3], id="mid type of five months"),
        pytest.param({**MID, "target_months": 13}, [TC3], id="mid type of thirteen months"),
        pytest.param({"content": PlanContent.SC_A}, [TC2], id="pregnancy content after birth"),
        pytest.param({**MID, "content": PlanContent.SC_D}, [TC3], id="return home without return"),
        pytest.param(MID, [TC4], id="inadequate care content for a return"),
    ],
)
def test_an_unusual_plan_needs_a_reason_and_goes_with_one(changed, classes):
    so, bare = _planned(changed, classes)
    assert so.when(bare) == refused(bare, Reason.REASON_MISSING)
    so, wish = _planned(changed, classes, reason="LOCAL_REASON")
    assert so.when(wish) == [wish.fact]


def test_a_plan_for_a_family_whose_classes_are_not_recorded_fits():
    decided = tell(EligibilityDetermined, AZ_CORE, target_classes=frozenset())
    assert given(LEARNED, ASSESSED, decided).when(PLANNED) == [PLANNED.fact]


def test_only_a_proposal_is_approved_and_as_a_whole_plan():
    proposal = tell(SupportPlanProposed, HIDA_SWC, [AZ_CORE], [S.PLAN], "CWA-21-10-2-3")
    so = given(LEARNED, ASSESSED, ELIGIBLE, PLANNED, proposal)
    for what in (id_of("nothing"), PLANNED.ask):
        wish = tell(SupportPlanApproved, AZ_CORE, approves=what)
        assert so.when(wish) == refused(wish, Reason.UNKNOWN_MESSAGE)
    wish = tell(SupportPlanApproved, AZ_CORE, approves=proposal.ask, plan=plan(parts=frozenset()))
    assert so.when(wish) == refused(wish, Reason.PLAN_INCOMPLETE)


def test_support_begins_on_a_plan():
    assert given(LEARNED, ASSESSED, ELIGIBLE).when(COMMENCED) == refused(COMMENCED, Reason.NO_PLAN)
    assert given(LEARNED, DECIDED).when(COMMENCED) == [COMMENCED.fact]


def test_a_commencement_that_brings_a_plan_decides_it():
    so = given(LEARNED, ASSESSED, ELIGIBLE)
    wish = tell(SupportCommenced, AZ_CORE, plan=plan())
    half = tell(SupportCommenced, AZ_CORE, plan=plan(parts=frozenset({PlanPart.GOAL})))
    assert so.when(wish) == [wish.fact]
    assert so.when(half) == refused(half, Reason.PLAN_INCOMPLETE)
    assert given(LEARNED, ASSESSED, ELIGIBLE, wish).world.case.plan == plan()


def test_a_second_phase_is_judged_by_the_classes_it_names():
    second = plan(plan_from=date(2025, 7, 28), plan_until=date(2025, 10, 27), content=PlanContent.SC_C)
    so = given(LEARNED, DECIDED, COMMENCED)
    wish = tell(SupportCommenced, AZ_CORE, name="phase 2", plan=second, target_classes=frozenset({TC3}))
    unfit = tell(SupportCommenced, AZ_CORE, name="phase 2", plan=second, target_classes=frozenset({TC2}))
    assert so.when(wish) == [wish.fact]
    assert so.when(unfit) == refused(unfit, Reason.REASON_MISSING)
    case = given(LEARNED, DECIDED, COMMENCED, wish).world.case
    assert (case.plan, case.classes, case.status) == (second, frozenset({TC3}), CaseStatus.SUPPORTED)


def test_there_must_be_a_plan_to_review_or_extend():
    longer = tell(PlanExtended, AZ_CORE, reason="TWINS")
    review = tell(PlanReviewed, AZ_CORE)
    so = given(LEARNED, ASSESSED, ELIGIBLE)
    assert so.when(review) == refused(review, Reason.NO_PLAN)
    assert so.when(longer) == refused(longer, Reason.NO_PLAN)
    assert given(LEARNED, DECIDED).when(review) == [review.fact]


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
    wish = tell(PlanExtended, AZ_CORE, plan_until=until, reason=reason)
    answer = given(LEARNED, DECIDED).when(wish)
    assert answer == ([wish.fact] if refusal is None else refused(wish, refusal))


def test_an_open_plan_is_extended_beyond_its_first_day():
    opened = tell(SupportPlanFormulated, AZ_CORE, sections=[S.PLAN], plan=plan(plan_until=None))
    so = given(LEARNED, ASSESSED, ELIGIBLE, opened)
    wish = tell(PlanExtended, AZ_CORE, plan_until=date(2025, 6, 6), reason="TWINS")
    back = tell(PlanExtended, AZ_CORE, plan_until=date(2025, 6, 5), reason="TWINS")
    assert so.when(wish) == [wish.fact]
    assert so.when(back) == refused(back, Reason.PLAN_DATES_WRONG)
    so.put(wish)
    assert so.world.case.plan == plan(plan_until=date(2025, 6, 6))


def test_history_with_an_extension_of_no_plan_is_still_read():
    assert given(LEARNED, tell(PlanExtended, AZ_CORE)).world.case.plan is None


# --- consent ---------------------------------------------------------------------------------------------------


def _scope(consent="C1", sections=(S.BASIC,)):
    return ConsentScope(
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
    wish = tell(ConsentGiven, AZ_CORE, consent=map(id_of, consent), scope=scope)
    assert given(LEARNED).when(wish) == refused(wish, Reason.CONSENT_SCOPE_WRONG)


def test_one_act_may_give_several_consents_but_none_twice():
    both = tell(ConsentGiven, AZ_CORE, consent=map(id_of, ["C1", "C2"]), scope=(_scope("C1"), _scope("C2")))
    so = given(LEARNED, both)
    again = tell(ConsentGiven, AZ_CORE, name="again", consent=[id_of("C2")], scope=(_scope("C2"),))
    assert given(LEARNED).when(both) == [both.fact]
    assert so.when(again) == refused(again, Reason.CONSENT_EXISTS)
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
    wish = tell(ConsentWithdrawn, AZ_CORE, consent=map(id_of, consent))
    assert given(LEARNED, consent_of()).when(wish) == refused(wish, Reason.NO_CONSENT)


@pytest.mark.parametrize(
    "past",
    [
        pytest.param([consent_of()], id="the only one"),
        pytest.param([consent_of(), consent_of("C2")], id="one of two"),
        pytest.param([consent_of(expires_at=NOON)], id="one that has expired"),
    ],
)
def test_a_consent_that_was_given_is_withdrawn(past):
    wish = withdrawn()
    so = given(LEARNED, past)
    assert so.when(wish) == [wish.fact]
    so.put(replace(wish, at=NOON))
    assert so.world.case.consents[id_of("C1")].withdrawn_at == NOON


def test_history_with_a_withdrawal_of_no_consent_is_still_read():
    assert given(LEARNED, withdrawn()).world.case.consents == {}


def test_a_refused_consent_is_recorded_and_bars_nothing():
    refusal = tell(ConsentRefused, AZ_CORE, asked_for=(_scope(),))
    wish = tell(DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3")
    assert given(LEARNED).when(refusal) == [refusal.fact]
    assert given(LEARNED, refusal).when(wish) == [wish.fact]


# --- workers and visits ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "wish", "reason"),
    [
        pytest.param([], ASSIGNED, Reason.CONTRACTOR_NOT_COMMISSIONED, id="no contract"),
        pytest.param(
            [contract(begins_on=date(2025, 6, 3))],
            ASSIGNED,
            Reason.CONTRACTOR_NOT_COMMISSIONED,
            id="a contract from tomorrow on",
        ),
        pytest.param(
            [COMMISSIONED, said(AZ_CORE, OutsourcingContractEnded())],
            ASSIGNED,
            Reason.CONTRACTOR_NOT_COMMISSIONED,
            id="a contract that was ended",
        ),
        pytest.param(
            [COMMISSIONED, said(HUB, ContractorSuspended(gaps=frozenset({"MEMBERSHIP"})))],
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
            [COMMISSIONED, verified([1, 2], OutsourcingScope.FULL, name="full")],
            ASSIGNED,
            Reason.CONTRACTOR_NOT_READY,
            id="the whole programme without item 3",
        ),
        pytest.param(
            [contract(), verified(), worker(), trained()],
            ASSIGNED,
            Reason.WORKER_NOT_READY,
            id="a part-time visitor without oath",
        ),
        pytest.param(
            [COMMISSIONED],
            tell(SupportWorkerAssigned, AZ_CORE, worker=SECOND_WORKER),
            Reason.WORKER_NOT_READY,
            id="a visitor who is not registered",
        ),
        pytest.param(
            [COMMISSIONED],
            tell(SupportWorkerAssigned, AZ_CORE, agency=MID_HOSP, worker="W-M1"),
            Reason.CONTRACTOR_NOT_COMMISSIONED,
            id="a visitor of somebody else",
        ),
    ],
)
def test_nobody_is_assigned_who_is_not_ready(past, wish, reason):
    assert given(LEARNED, past).when(wish) == refused(wish, reason, wish.fact.agency)


def test_who_is_ready_and_the_citys_own_visitor_are_assigned():
    so = given(LEARNED, COMMISSIONED)
    assert so.when(ASSIGNED) == [ASSIGNED.fact]
    assert so.when(CITY) == [CITY.fact]


def test_only_who_is_assigned_is_unassigned():
    wish = tell(SupportWorkerUnassigned, AZ_CORE)
    assert given(LEARNED, READY).when(wish) == [wish.fact]
    assert given(LEARNED, COMMISSIONED).when(wish) == refused(wish, Reason.WORKER_UNKNOWN)
    assert given(LEARNED, READY, wish).world.case.assigned == frozenset()


def test_a_visit_is_made_by_the_citys_assigned_visitor():
    wish = tell(HomeVisitCompleted, AZ_CORE, sections=[S.VISIT])
    assert given(LEARNED, CITY).when(wish) == [wish.fact]
    assert given(LEARNED, READY).when(wish) == refused(wish, Reason.WORKER_UNKNOWN)


def test_a_visit_report_without_a_plan_says_why():
    so = given(LEARNED, READY)
    bare = tell(VisitReportSubmitted, SORA_NPO, [AZ_CORE], [S.VISIT], "CWA-21-10-2-3", actor=WORKER)
    emergency = tell(
        VisitReportSubmitted,
        SORA_NPO,
        [AZ_CORE],
        [S.VISIT],
        "CWA-21-10-2-3",
        actor=WORKER,
        reason="EMERGENCY",
    )
    assert so.when(bare) == refused(bare, Reason.REASON_MISSING)
    assert so.when(emergency) == [emergency.fact]
    assert given(LEARNED, DECIDED, READY).when(bare) == [bare.fact]


# --- closing ----------------------------------------------------------------------------------------------------------

SUPPORTED = (LEARNED, DECIDED, COMMENCED)


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        pytest.param([LEARNED, DECIDED], Reason.NOT_COMMENCED, id="support never began"),
        pytest.param([*SUPPORTED, EVALUATED], Reason.NOT_CONSULTED, id="nobody was consulted"),
        pytest.param(
            [
                *SUPPORTED,
                READY,
                tell(ClosingConsultationHeld, AZ_CORE, consulted=frozenset({MID_HOSP})),
                EVALUATED,
            ],
            Reason.VISITOR_NOT_CONSULTED,
            id="no visitor was consulted",
        ),
        pytest.param([*SUPPORTED, READY, CONSULTED], Reason.NOT_EVALUATED, id="not evaluated"),
        pytest.param(
            [*SUPPORTED, CONSULTED, EVALUATED, replace(COMMENCED, ask=id_of("phase 2"))],
            Reason.NOT_CONSULTED,
            id="a new phase needs its own consultation",
        ),
        pytest.param(
            [*SUPPORTED, EVALUATED, replace(COMMENCED, ask=id_of("phase 2")), CONSULTED],
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
            [READY, tell(SupportWorkerUnassigned, AZ_CORE), CONSULTED], id="a visitor who has left already"
        ),
    ],
)
def test_a_case_is_closed_after_consultation_and_evaluation(past):
    assert given(*SUPPORTED, past, EVALUATED).when(CLOSED) == [CLOSED.fact]


def test_a_consultation_is_with_somebody():
    wish = tell(ClosingConsultationHeld, AZ_CORE, consulted=frozenset())
    assert given(*SUPPORTED).when(wish) == refused(wish, Reason.NOT_CONSULTED)


def _status(*past):
    return given(*SUPPORTED, READY, CONSULTED, EVALUATED, *past).world.case.status


def test_a_closed_case_is_pending_until_every_follow_on_is_accepted():
    mine = tell(FollowOnServiceAccepted, EXT_SERVICE, [AZ_CORE], name="mine", answers=ARRANGED.ask)
    theirs = tell(FollowOnServiceAccepted, EXT_NURSERY, [AZ_CORE], name="theirs", answers=ARRANGED.ask)
    assert _status() is CaseStatus.SUPPORTED
    assert _status(CLOSED) is CaseStatus.CLOSED
    assert _status(ARRANGED, mine) is CaseStatus.SUPPORTED
    assert _status(ARRANGED, CLOSED) is CaseStatus.FOLLOW_ON_PENDING
    assert _status(ARRANGED, CLOSED, mine) is CaseStatus.FOLLOW_ON_PENDING
    assert _status(ARRANGED, CLOSED, mine, theirs) is CaseStatus.CLOSED
    assert _status(ARRANGED, mine, theirs, CLOSED) is CaseStatus.CLOSED
    assert _status(CLOSED, ARRANGED) is CaseStatus.FOLLOW_ON_PENDING


# --- the whole list ------------------------------------------------------------------------------------------------


def test_every_message_but_the_hubs_own_answer_is_an_act():
    from domain.events import FACTS, DisclosureHeld

    messages = {cls for cls in FACTS.values() if issubclass(cls, CaseMessage)}
    assert set(ACTS) == messages - {DisclosureHeld}


FINE = (
    tell(ProgrammeNotificationReceived, KS_CGC, [AZ_CORE], [S.RISK], "CWA-26-1-8"),
    tell(ReferralAcknowledged, AZ_CORE, [MID_HOSP], answers=LEARNED.ask),
    tell(ReferralRead, AZ_CORE, answers=LEARNED.ask),
    tell(InformationRequested, AZ_CORE, [MID_HOSP], [S.BASIC], "CWA-25-3-1"),
    tell(CaseConferenceConvened, AZ_COORD, [AZ_CORE, MID_HOSP], [S.BASIC], "CWA-25-2-2"),
    tell(ConferenceMinutesRecorded, AZ_COORD, [AZ_CORE, MID_HOSP], [S.CONF], "CWA-25-2-2"),
    tell(PlanReviewed, AZ_CORE, [SORA_NPO], [S.PLAN], "CWA-21-10-2-3"),
    CONSULTED,
    EVALUATED,
    tell(FollowOnServiceArranged, AZ_CORE, [EXT_NURSERY], [S.BASIC], "CWA-25-2-2"),
)


@pytest.mark.parametrize("wish", [pytest.param(w, id=w.fact.TOPIC) for w in FINE])
def test_what_is_in_order_is_recorded_as_it_was_asked(wish):
    assert given(LEARNED, REGISTERED, DECIDED, READY).when(wish) == [wish.fact]


def test_a_release_names_a_message_that_waits_for_its_addressees():
    waiting = tell(
        DisclosureMade, AZ_CORE, [SORA_NPO], [S.BASIC], "CWA-21-10-2-3", name="waits", held=[SORA_NPO]
    )
    so = given(LEARNED, READY, waiting)

    def release(by=AZ_CORE, to=(SORA_NPO,), what=waiting.ask):
        return tell(HeldDisclosureReleased, by, to, releases=what)

    for wish, reason in (
        (release(what=id_of("nothing")), Reason.UNKNOWN_MESSAGE),
        (release(by=AZ_COORD), Reason.NOT_THE_SENDER),
        (release(to=()), Reason.NOT_HELD),
        (release(to=(SORA_NPO, MID_HOSP)), Reason.NOT_HELD),
        (release(what=LEARNED.ask, by=MID_HOSP), Reason.NOT_HELD),
    ):
        assert so.when(wish) == refused(wish, reason)
    assert so.when(release()) == [release().fact]


def test_history_with_a_release_of_nothing_is_still_read():
    release = tell(HeldDisclosureReleased, AZ_CORE, [SORA_NPO], releases=id_of("nothing"))
    assert set(given(LEARNED, release).world.case.messages) == {LEARNED.ask, release.ask}
