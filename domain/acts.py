"""What each act in a case needs beside the common order: who may do it, what it carries, what must be before it.

One line an act in ``ACTS``; the rules it names stand above it, each with its law.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.acts_audit import grant_form
from domain.acts_emergency import (
    approval_form,
    emergency_form,
    look_back_form,
    override_approval_form,
    override_form,
)
from domain.acts_moves import (
    between_centres,
    closes,
    completion_ready,
    handed_over,
    hands_over,
    has_part_in_transfer,
    package_form,
    receipt_form,
    transfer_form,
)
from domain.acts_protection import address_form, breach_form, conditions_form
from domain.acts_retention import (
    appraisal_ready,
    control_ready,
    destruction_form,
    holder,
    keeper,
    lift_form,
    policy_form,
)
from domain.acts_rights import (
    access_decision_form,
    check_form,
    confirms_a_notice,
    correction_form,
    notice_form,
    own_message_form,
    recall_form,
)
from domain.acts_safety import (
    answers_a_referral,
    answers_a_report,
    concern_has_part,
    forwards_a_notification,
    notification_form,
    referred_to_cgc,
    reviewed_later,
    sighted,
    told_to_an_authority,
)
from domain.calendar import day_of, months_later
from domain.codes import (
    ClosingReason,
    EligibilityResult,
    Housekeeping,
    PlanContent,
    PlanPart,
    SupportRole,
    TargetClass,
)
from domain.context import (
    Act,
    Asking,
    Carries,
    Refusal,
    an_office_has_part,
    answers_one_sent_to_me,
    any_core,
    anyone,
    authority,
    contractor,
    coordinating,
    core,
    decides_eligibility,
    full_contractor,
    needs,
    office,
    present_or_next_core,
    visiting,
    visits,
)
from domain.events import (
    AbuseNotificationReceived,
    AuditContentAccessGranted,
    BasisOverrideApproved,
    BasisOverrideRequested,
    BreachReported,
    CaseConferenceConvened,
    CaseReferredToCgc,
    CaseReopened,
    CgcTransferNotified,
    ChildSighted,
    ClosingConsultationHeld,
    ClosingEvaluationRecorded,
    CoercionCheckDone,
    ConferenceMinutesRecorded,
    ConsentGiven,
    ConsentRefused,
    ConsentScope,
    ConsentWithdrawn,
    ContactAttempted,
    ContactRefused,
    ControlAppraised,
    CorrectionMade,
    CorrectionNotifiedToRecipients,
    DestructionApproved,
    DisclosureConditionsImposed,
    DisclosureMade,
    DisclosureRead,
    EligibilityDetermined,
    EmergencyAccessApproved,
    EmergencyAccessRequested,
    EmergencyAccessReviewed,
    EmergencyTriaged,
    Fact,
    FamilyInformationProvided,
    FollowOnServiceAccepted,
    FollowOnServiceArranged,
    FollowUpProvided,
    HeldDisclosureReleased,
    HomeVisitCompleted,
    HomeVisitFailed,
    HomeVisitRefused,
    HomeVisitScheduled,
    IndicatorAssessmentRecorded,
    InfantHomeVisitReported,
    InformationRequestAnswered,
    InformationRequestDeclined,
    InformationRequested,
    LegalHoldLifted,
    LegalHoldPlaced,
    NetworkCaseDeregistered,
    NetworkCaseRegistered,
    NetworkCaseRegistrationRequested,
    NetworkMeetingHeld,
    NetworkMeetingRequested,
    NonDisclosureDecided,
    NotificationForwarded,
    OtherSupportCoordinated,
    Plan,
    PlanExtended,
    PlanReviewed,
    ProgrammeNotificationReceived,
    ProtectedAddressRegistered,
    RecallAcknowledged,
    RecallNoticeSent,
    RecordsAppraised,
    ReferralAcknowledged,
    ReferralOutcomeTold,
    ReferralRead,
    RelocationConfirmed,
    RelocationLearned,
    RetentionPolicyAssigned,
    RoleDivisionConfirmed,
    SafetyConcernRaised,
    SafetyConfirmed,
    ShortTermGoalEvaluated,
    SpecialistJudgementGiven,
    SpecialistJudgementRequested,
    SpecialistServiceLinked,
    SubjectAccessDecided,
    SubjectAccessRequested,
    SupportCaseOpened,
    SupportClosed,
    SupportCommenced,
    SupportPlanApproved,
    SupportPlanFormulated,
    SupportPlanHandedOver,
    SupportPlanProposed,
    SupportTypeChanged,
    SupportTypeDecided,
    SupportWorkerAssigned,
    SupportWorkerUnassigned,
    TransferCompleted,
    TransferConferenceHeld,
    TransferInitiated,
    TransferPackageSent,
    TransferReceiptConfirmed,
    UseStopped,
    VisitReportReviewed,
    VisitReportSubmitted,
)
from domain.indicators import INDICATOR_CODES, INDICATOR_SET
from domain.places import networks_of, offices_of
from domain.readiness import CLOSED, worker_gaps
from domain.reasons import Reason
from domain.register import Commission

# --- what it answers --------------------------------------------------------------------------------------


def answers_a_request(asking: Asking) -> Refusal | None:
    """Basis: CWA 25-3(2): an answer has its request, and each who is asked answers once."""
    refusal = answers_one_sent_to_me(asking)
    if refusal is not None:
        return refusal
    request = asking.case.messages[asking.fact.answers].fact
    if not isinstance(request, InformationRequested):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs((asking.fact.answers, asking.by) not in asking.case.answered, Reason.ALREADY_ANSWERED)


def declines_with_reason(asking: Asking) -> Refusal | None:
    """Basis: CWA 25-3(2), guideline 6(1)[2]: who declines says why."""
    return answers_a_request(asking) or needs(asking.fact.reason is not None, Reason.REASON_MISSING)


def answers_a_follow_on(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(5)[2]."""
    refusal = answers_one_sent_to_me(asking)
    if refusal is not None:
        return refusal
    return needs((asking.fact.answers, asking.by) in asking.case.follow_ons, Reason.ALREADY_ANSWERED)


def gives_a_judgement(asking: Asking) -> Refusal | None:
    """Basis: guideline 3(3): a judgement has its request."""
    refusal = answers_one_sent_to_me(asking)
    if refusal is not None:
        return refusal
    request = asking.case.messages[asking.fact.answers].fact
    return needs(isinstance(request, SpecialistJudgementRequested), Reason.UNKNOWN_MESSAGE)


def holds_a_meeting(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(4)[2]: a meeting that was asked for names the request."""
    if asking.fact.answers is None:
        return None
    message = asking.case.messages.get(asking.fact.answers)
    asked = message is not None and isinstance(message.fact, NetworkMeetingRequested)
    return needs(asked, Reason.UNKNOWN_MESSAGE)


# --- learning, assessing, deciding ----------------------------------------------------------------------------


def known_indicators(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(2)[2]: codes of the list only."""
    return needs(set(asking.fact.indicators) <= INDICATOR_CODES, Reason.INDICATOR_UNKNOWN)


def all_indicators(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(2)[2]: every item answered, if only with NOT_ASSESSED."""
    refusal = needs(asking.fact.indicator_set == INDICATOR_SET, Reason.INDICATOR_UNKNOWN) or known_indicators(
        asking
    )
    return refusal or needs(set(asking.fact.indicators) == INDICATOR_CODES, Reason.INDICATORS_INCOMPLETE)


def eligibility_form(asking: Asking) -> Refusal | None:
    """Basis: guideline 2: at least one class; TC4 names the discharge; TC9 («for example») says why."""
    fact: EligibilityDetermined = asking.fact
    if fact.result is EligibilityResult.NOT_ELIGIBLE:
        return needs(fact.reason is not None, Reason.REASON_MISSING)
    if not fact.target_classes:  # the type may be decided apart (5(2))
        return Refusal(Reason.NO_TARGET_CLASS)
    if TargetClass.TC4_REUNIFICATION in fact.target_classes and fact.discharge_on is None:
        return Refusal(Reason.DISCHARGE_DATE_MISSING)
    other = TargetClass.TC9_OTHER in fact.target_classes
    return needs(not other or fact.reason is not None, Reason.REASON_MISSING)


def assessed(asking: Asking) -> Refusal | None:
    """Basis: guideline 5(1)[1], 6(2)[2]: the assessment comes before the decision."""
    return needs(asking.case.assessed, Reason.NOT_ASSESSED)


def eligible(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(2)[1]: a plan is for a family that was decided on."""
    return needs(asking.case.eligible, Reason.NOT_ELIGIBLE)


def not_yet_registered(asking: Asking) -> Refusal | None:
    """Basis: CWA 25-2(2): a case is registered once with each network."""
    return needs(not _with_this_network(asking), Reason.ALREADY_REGISTERED)


def registered(asking: Asking) -> Refusal | None:
    """Basis: CWA 25-2(2)."""
    return needs(_with_this_network(asking), Reason.NOT_REGISTERED)


def _with_this_network(asking: Asking) -> bool:
    """Whether it is registered with the network of whoever asks."""
    mine = {n.id for n in networks_of(asking.register, asking.case) if asking.by in (n.core, n.coordinating)}
    return bool(mine & asking.case.registered_in)


# --- the plan --------------------------------------------------------------------------------------------------

_CONTENT_FOR: Mapping[TargetClass, frozenset[PlanContent]] = {
    # Basis: guideline 6(3)[2]; an expectant family's plan goes on after the birth with content イ
    TargetClass.TC1_PREGNANCY: frozenset({PlanContent.SC_A, PlanContent.SC_B}),
    TargetClass.TC2_POSTPARTUM: frozenset({PlanContent.SC_B}),
    TargetClass.TC3_INADEQUATE_CARE: frozenset({PlanContent.SC_C}),
    TargetClass.TC4_REUNIFICATION: frozenset({PlanContent.SC_D}),
    TargetClass.TC9_OTHER: frozenset(PlanContent),
}
SHORT = frozenset({PlanContent.SC_A, PlanContent.SC_B})


HOUSEKEEPING_ELSEWHERE = date(2024, 4, 1)
"""Since then help with the household is 子育て世帯訪問支援事業. Basis: CWA 21-18."""


def plan_form(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(3)[1], [3]: a plan says all five things, its days run forward, housekeeping has a goal."""
    plan: Plan = asking.fact.plan
    if plan.parts != frozenset(PlanPart):
        return Refusal(Reason.PLAN_INCOMPLETE)
    if plan.plan_until is not None and plan.plan_until < plan.plan_from:
        return Refusal(Reason.PLAN_DATES_WRONG)
    if plan.housekeeping is Housekeeping.WITHOUT_GOAL:
        return Refusal(Reason.HOUSEKEEPING_WITHOUT_GOAL)
    moved_out = plan.housekeeping is not None and day_of(asking.now) >= HOUSEKEEPING_ELSEWHERE
    unusual = _too_long(plan, asking.book["policy"]) or not _fits(plan, asking) or moved_out
    return needs(not unusual or asking.fact.reason is not None, Reason.REASON_MISSING)


def _too_long(plan: Plan, policy: Mapping[str, Any]) -> bool:
    """Basis: guideline 6(3)[4], [5]: beyond the named times only with a recorded reason."""
    if plan.content in SHORT:
        last = months_later(plan.plan_from, policy["short_type_months"])
        return plan.plan_until is not None and plan.plan_until > last
    least, most = policy["mid_type_months"]
    return plan.target_months is not None and not least <= plan.target_months <= most


def _fits(plan: Plan, asking: Asking) -> bool:
    """Basis: guideline 6(3)[2]: the content is that of one of the family's classes."""
    classes = getattr(asking.fact, "target_classes", None) or asking.case.classes
    return any(plan.content in _CONTENT_FOR[c] for c in classes) or not classes


def approves_a_proposal(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(3)[1], 9(1)[3]."""
    message = asking.case.messages.get(asking.fact.approves)
    proposed = message is not None and isinstance(message.fact, SupportPlanProposed)
    return needs(proposed, Reason.UNKNOWN_MESSAGE) or plan_form(asking)


def commencement_form(asking: Asking) -> Refusal | None:
    """A commencement that brings a plan brings a whole one. Basis: guideline 6(3)[1]."""
    return plan_form(asking) if asking.fact.plan is not None else None


def commencement_ready(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(3)[1]: support begins for a decided family on a decided plan."""
    return eligible(asking) or needs(
        asking.case.plan is not None or asking.fact.plan is not None, Reason.NO_PLAN
    )


def has_plan(asking: Asking) -> Refusal | None:
    """Basis: guideline 4(1), 6(3)[5]."""
    return needs(asking.case.plan is not None, Reason.NO_PLAN)


def with_reason(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(3)[4]: longer only with a recorded reason."""
    return needs(asking.fact.reason is not None, Reason.REASON_MISSING)


def longer(asking: Asking) -> Refusal | None:
    """An extension goes beyond today's plan. Basis: guideline 6(3)[4]."""
    plan = asking.case.plan
    if plan is None:
        return Refusal(Reason.NO_PLAN)
    grows = asking.fact.plan_until > (plan.plan_until or plan.plan_from)
    return needs(grows, Reason.PLAN_DATES_WRONG)


# --- consent -----------------------------------------------------------------------------------------------------


def consent_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 69(2)1: exactly what was explained: each consent named has a scope, and no more."""
    fact: ConsentGiven = asking.fact
    named = {row.consent for row in fact.scope}
    if not fact.consent or named != set(fact.consent) or not all(row.sections for row in fact.scope):
        return Refusal(Reason.CONSENT_SCOPE_WRONG)
    if not _speaks_for(asking, fact.scope):
        return Refusal(Reason.CONSENT_SCOPE_WRONG)
    return needs(not named & set(asking.case.consents), Reason.CONSENT_EXISTS)


def refused_consent_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 69(2)1."""
    return needs(_speaks_for(asking, asking.fact.asked_for), Reason.CONSENT_SCOPE_WRONG)


def _speaks_for(asking: Asking, scope: tuple[ConsentScope, ...]) -> bool:
    """Who has no part in the case yet takes down what concerns its own telling, and nobody else's. Basis: APPI 69(2)1, 27(1)."""
    has_part = asking.by in asking.case.parties | offices_of(asking.register, asking.case)
    return has_part or all(row.sender == asking.by for row in scope)


def known_consents(asking: Asking) -> Refusal | None:
    """Basis: APPI 69(2)1."""
    return needs(
        bool(asking.fact.consent) and set(asking.fact.consent) <= set(asking.case.consents), Reason.NO_CONSENT
    )


# --- workers and visits ------------------------------------------------------------------------------------------


def assignment_ready(asking: Asking) -> Refusal | None:
    """Nobody is assigned who is not ready. Basis: guideline 4(3), 8[2]–[4], 9(1)."""
    agency = asking.fact.agency
    if asking.case.status in CLOSED:
        return Refusal(Reason.CASE_CLOSED)
    unfit = _unfit_for_role(asking)
    on = day_of(asking.now)
    commission = asking.register.commission(asking.by, agency)
    if unfit is not None or agency == asking.by:
        return unfit or _own_visitor_ready(asking, commission, on)
    if commission is None or not commission.in_force(on):
        return Refusal(Reason.CONTRACTOR_NOT_COMMISSIONED, agency)
    if commission.suspended:
        return Refusal(Reason.CONTRACTOR_SUSPENDED, agency)
    if commission.gaps(on, member=asking.register.is_member(commission)):
        return Refusal(Reason.CONTRACTOR_NOT_READY, agency)
    if worker_gaps(commission, asking.fact.worker, on):
        return Refusal(Reason.WORKER_NOT_READY, agency)
    return None


def _own_visitor_ready(asking: Asking, own: Commission | None, on: date) -> Refusal | None:
    """A visitor of its own whom the core agency has registered is trained, and sworn where part-time; for others of
    its staff it answers itself. Basis: guideline 4(3), 7(3), 8[3]."""
    if own is None or asking.fact.worker not in own.workers:
        return None
    lacks = worker_gaps(own, asking.fact.worker, on)
    return Refusal(Reason.WORKER_NOT_READY, asking.by) if lacks else None


def _unfit_for_role(asking: Asking) -> Refusal | None:
    """Basis: guideline 4(2): specialist help by a listed profession, else with a reason; since 2024-04-01 help with
    the household is another service, so it needs a reason too (CWA 21-18)."""
    fact: SupportWorkerAssigned = asking.fact
    if fact.role is None or fact.reason is not None:
        return None
    if fact.role is SupportRole.HOUSEKEEPING:
        return needs(day_of(asking.now) < HOUSEKEEPING_ELSEWHERE, Reason.REASON_MISSING)
    commission = asking.register.commission(asking.by, fact.agency)
    known = commission.workers.get(fact.worker) if commission is not None else None
    named = {fact.qualification, known.qualification if known is not None else None}
    return needs(bool(named & set(asking.book["qualifications"])), Reason.QUALIFICATION_NOT_LISTED)


def is_assigned(asking: Asking) -> Refusal | None:
    """Basis: guideline 4(1)."""
    there = (asking.fact.agency, asking.fact.worker) in asking.case.assigned
    return needs(there, Reason.WORKER_UNKNOWN)


def own_visitor(asking: Asking) -> Refusal | None:
    """A visit is made by a visitor who is assigned; a municipality to which the family comes has none yet.

    Basis: guideline 4(1).
    """
    assigned = (asking.by, asking.fact.worker) in asking.case.assigned
    elsewhere = asking.by != asking.case.core and not asking.register.is_contractor(asking.by)
    return needs(assigned or elsewhere, Reason.WORKER_UNKNOWN)


def commenced(asking: Asking) -> Refusal | None:
    """Basis: guideline 4(1), 6(4)[1]: a visit report stands on a plan; without one it says why."""
    stands = asking.case.plan is not None or asking.fact.reason is not None
    return needs(stands, Reason.REASON_MISSING)


# --- held messages -------------------------------------------------------------------------------------------------


def release_form(asking: Asking) -> Refusal | None:
    """Basis: guideline 9(1): only its sender asks, only for those for whom it waits."""
    waiting = asking.case.messages.get(asking.fact.releases)
    if waiting is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if waiting.by != asking.by:
        return Refusal(Reason.NOT_THE_SENDER)
    return needs(bool(asking.fact.to) and asking.fact.to <= waiting.held, Reason.NOT_HELD)


# --- closing ---------------------------------------------------------------------------------------------------------


def closing_ready(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(5)[1]: consultation with a visitor and the agencies, and the evaluation, come first."""
    case = asking.case
    if asking.fact.closing_reason is ClosingReason.TRANSFER:
        return handed_over(asking)
    if case.status in CLOSED:
        return Refusal(Reason.CASE_CLOSED)
    if case.commenced_at is None:
        return Refusal(Reason.NOT_COMMENCED)
    if case.consulted is None:
        return Refusal(Reason.NOT_CONSULTED)
    visitors = case.visitors
    if visitors and not (case.consulted | {asking.by}) & visitors:
        return Refusal(Reason.VISITOR_NOT_CONSULTED)
    return needs(case.evaluated, Reason.NOT_EVALUATED)


def closed(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(5)[2]: what is reopened was closed."""
    return needs(asking.case.status in CLOSED, Reason.NOT_CLOSED)


def consultation_form(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(5)[1]: a consultation is with somebody."""
    return needs(bool(asking.fact.consulted), Reason.NOT_CONSULTED)


MUST, MAY, NEVER = Carries.MUST, Carries.MAY, Carries.NEVER

ACTS: Mapping[type[Fact], Act] = {
    FamilyInformationProvided: Act(MUST, an_office_has_part, form=known_indicators),
    ProgrammeNotificationReceived: Act(MUST, an_office_has_part),
    AbuseNotificationReceived: Act(MUST, told_to_an_authority, form=notification_form),
    EmergencyTriaged: Act(MAY, authority),
    NotificationForwarded: Act(MUST, authority, form=forwards_a_notification),
    SafetyConfirmed: Act(MAY, authority, form=sighted),
    ChildSighted: Act(MAY, anyone),
    SafetyConcernRaised: Act(MUST, concern_has_part),
    CaseReferredToCgc: Act(MUST, office, form=referred_to_cgc),
    EmergencyAccessRequested: Act(MAY, anyone, form=emergency_form),
    EmergencyAccessApproved: Act(NEVER, anyone, form=approval_form),
    EmergencyAccessReviewed: Act(MAY, authority, form=look_back_form),
    BasisOverrideRequested: Act(MAY, anyone, form=override_form),
    BasisOverrideApproved: Act(NEVER, anyone, form=override_approval_form),
    CoercionCheckDone: Act(MAY, authority, form=check_form),
    RecallNoticeSent: Act(NEVER, anyone, form=recall_form),
    RecallAcknowledged: Act(NEVER, anyone, form=confirms_a_notice),
    ReferralOutcomeTold: Act(MAY, anyone, form=answers_a_referral),
    NonDisclosureDecided: Act(MAY, anyone, form=reviewed_later),
    ReferralAcknowledged: Act(NEVER, anyone, form=answers_one_sent_to_me),
    ReferralRead: Act(NEVER, anyone, form=answers_one_sent_to_me),
    InformationRequested: Act(MAY, anyone),
    InformationRequestAnswered: Act(MAY, anyone, form=answers_a_request),
    InformationRequestDeclined: Act(MAY, anyone, form=declines_with_reason),
    NetworkCaseRegistrationRequested: Act(MAY, present_or_next_core, ready=not_yet_registered),
    NetworkCaseRegistered: Act(MAY, coordinating, ready=not_yet_registered),
    NetworkCaseDeregistered: Act(MAY, coordinating, form=with_reason, ready=registered),
    CaseConferenceConvened: Act(MAY, office),
    ConferenceMinutesRecorded: Act(MUST, office),
    IndicatorAssessmentRecorded: Act(MAY, core, form=all_indicators),
    EligibilityDetermined: Act(MAY, decides_eligibility, form=eligibility_form, ready=assessed),
    SupportPlanFormulated: Act(MUST, core, form=plan_form, ready=eligible),
    SupportPlanProposed: Act(MUST, full_contractor, ready=eligible),
    SupportPlanApproved: Act(MAY, core, form=approves_a_proposal, ready=eligible),
    SupportCommenced: Act(MAY, core, form=commencement_form, ready=commencement_ready),
    PlanReviewed: Act(MAY, core, ready=has_plan),
    PlanExtended: Act(MAY, core, form=with_reason, ready=longer),
    ConsentGiven: Act(MAY, anyone, form=consent_form),
    ConsentRefused: Act(MAY, anyone, form=refused_consent_form),
    ConsentWithdrawn: Act(MAY, anyone, form=known_consents),
    DisclosureMade: Act(MUST, anyone),
    HeldDisclosureReleased: Act(NEVER, anyone, form=release_form),
    SupportWorkerAssigned: Act(NEVER, present_or_next_core, ready=assignment_ready),
    SupportWorkerUnassigned: Act(NEVER, any_core, form=is_assigned),
    VisitReportSubmitted: Act(MUST, contractor, ready=commenced),
    VisitReportReviewed: Act(MAY, any_core, form=answers_a_report),
    HomeVisitCompleted: Act(MAY, visits, form=own_visitor),
    ClosingConsultationHeld: Act(MAY, core, form=consultation_form),
    ClosingEvaluationRecorded: Act(MAY, core),
    SupportClosed: Act(MAY, closes, ready=closing_ready),
    FollowOnServiceArranged: Act(MAY, core),
    FollowOnServiceAccepted: Act(NEVER, anyone, form=answers_a_follow_on),
    CaseReopened: Act(MAY, core, form=with_reason, ready=closed),
    InfantHomeVisitReported: Act(MUST, an_office_has_part),
    ContactAttempted: Act(MAY, visiting),
    ContactRefused: Act(MAY, visiting),
    HomeVisitScheduled: Act(MAY, visiting),
    HomeVisitFailed: Act(MAY, visiting),
    HomeVisitRefused: Act(MAY, visiting),
    OtherSupportCoordinated: Act(MAY, office),
    SpecialistServiceLinked: Act(MAY, core),
    SpecialistJudgementRequested: Act(MAY, office),
    SpecialistJudgementGiven: Act(MAY, anyone, form=gives_a_judgement),
    NetworkMeetingRequested: Act(MAY, core),
    NetworkMeetingHeld: Act(MAY, coordinating, form=holds_a_meeting),
    SupportTypeDecided: Act(MAY, core),
    SupportTypeChanged: Act(MAY, core, form=with_reason),
    SupportPlanHandedOver: Act(MAY, core, ready=has_plan),
    ShortTermGoalEvaluated: Act(MAY, core, ready=has_plan),
    RoleDivisionConfirmed: Act(MAY, visiting),
    FollowUpProvided: Act(MAY, core),
    DisclosureRead: Act(NEVER, anyone, form=answers_one_sent_to_me),
    SubjectAccessRequested: Act(MAY, anyone),
    SubjectAccessDecided: Act(MAY, anyone, form=access_decision_form),
    CorrectionMade: Act(MAY, anyone, form=correction_form),
    CorrectionNotifiedToRecipients: Act(MAY, anyone, form=notice_form),
    UseStopped: Act(NEVER, anyone, form=own_message_form),
    RetentionPolicyAssigned: Act(NEVER, keeper, form=policy_form),
    LegalHoldPlaced: Act(MAY, holder),
    LegalHoldLifted: Act(MAY, holder, form=lift_form),
    RecordsAppraised: Act(MAY, keeper, ready=appraisal_ready),
    ControlAppraised: Act(NEVER, keeper, ready=control_ready),
    DestructionApproved: Act(NEVER, keeper, form=destruction_form),
    AuditContentAccessGranted: Act(NEVER, authority, form=grant_form),
    SupportCaseOpened: Act(MAY, core),
    RelocationLearned: Act(MAY, anyone),
    TransferInitiated: Act(MAY, core, form=transfer_form),
    TransferPackageSent: Act(MUST, core, form=package_form),
    TransferReceiptConfirmed: Act(MAY, anyone, form=receipt_form),
    TransferConferenceHeld: Act(MAY, has_part_in_transfer, form=hands_over),
    RelocationConfirmed: Act(MAY, any_core),
    TransferCompleted: Act(MAY, has_part_in_transfer, form=hands_over, ready=completion_ready),
    CgcTransferNotified: Act(MAY, anyone, form=between_centres),
    ProtectedAddressRegistered: Act(MUST, anyone, form=address_form),
    DisclosureConditionsImposed: Act(MAY, anyone, form=conditions_form),
    BreachReported: Act(MAY, anyone, form=breach_form),
}
"""Every act that an agency may ask for in a case. ``DisclosureHeld`` and the refusals are the hub's answers."""
