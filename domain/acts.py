"""What each act in a case needs beside the common order: who may do it, what it carries, what must be before it.

One line an act in ``ACTS``; the rules it names stand above it, each with its law.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain import events as e
from domain.acts_audit import grant_form
from domain.acts_emergency import (
    approval_form,
    emergency_form,
    emergency_review_form,
    override_approval_form,
    override_form,
)
from domain.acts_moves import (
    between_centres,
    hands_over,
    has_part_in_transfer,
    may_close,
    transfer_completion_ready,
    transfer_form,
    transfer_package_form,
    transfer_receipt_form,
    was_handed_over,
)
from domain.acts_protection import address_form, breach_form, conditions_form
from domain.acts_retention import (
    appraisal_ready,
    control_ready,
    destruction_form,
    hold_lift_form,
    may_place_hold,
    retaining_core,
    retention_policy_form,
)
from domain.acts_rights import (
    access_decision_form,
    coercion_check_form,
    confirms_a_notice,
    correction_form,
    correction_notice_form,
    recall_form,
    stop_use_form,
)
from domain.acts_safety import (
    addressed_to_authority,
    addressed_to_cgc,
    answers_a_referral,
    answers_a_report,
    concern_involves_authority,
    forwards_a_notification,
    has_review_date,
    notification_form,
    sighting_consistent,
)
from domain.calendar import day_of, months_later
from domain.case_offices import networks_of, offices_of
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
    Carries,
    DecisionContext,
    Refusal,
    answers_received_message,
    any_core,
    anyone,
    authority,
    contractor,
    contractor_or_next_core,
    coordinating,
    core,
    core_or_contractor,
    decides_eligibility,
    full_contractor,
    involves_office,
    needs,
    office,
    present_or_next_core,
)
from domain.indicators import INDICATOR_CODES, INDICATOR_SET
from domain.readiness import CLOSED, worker_gaps
from domain.reasons import Reason
from domain.register import Commission

# --- what it answers --------------------------------------------------------------------------------------


def answers_a_request(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 25-3(2): an answer has its request, and each who is asked answers once."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    request = context.case.messages[context.event.answers].event
    if not isinstance(request, e.InformationRequested):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs((context.event.answers, context.by) not in context.case.answered, Reason.ALREADY_ANSWERED)


def declines_with_reason(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 25-3(2), guideline 6(1)[2]: who declines says why."""
    return answers_a_request(context) or needs(context.event.reason is not None, Reason.REASON_MISSING)


def answers_a_follow_on(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[2]."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    return needs((context.event.answers, context.by) in context.case.follow_ons, Reason.ALREADY_ANSWERED)


def judgement_answers_request(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 3(3): a judgement has its request."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    request = context.case.messages[context.event.answers].event
    return needs(isinstance(request, e.SpecialistJudgementRequested), Reason.UNKNOWN_MESSAGE)


def meeting_answers_request(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(4)[2]: a meeting that was asked for names the request."""
    if context.event.answers is None:
        return None
    message = context.case.messages.get(context.event.answers)
    was_requested = message is not None and isinstance(message.event, e.NetworkMeetingRequested)
    return needs(was_requested, Reason.UNKNOWN_MESSAGE)


# --- learning, assessing, deciding ----------------------------------------------------------------------------


def known_indicators(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(2)[2]: codes of the list only."""
    return needs(set(context.event.indicators) <= INDICATOR_CODES, Reason.INDICATOR_UNKNOWN)


def all_indicators(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(2)[2]: every item answered, if only with NOT_ASSESSED."""
    refusal = needs(
        context.event.indicator_set == INDICATOR_SET, Reason.INDICATOR_UNKNOWN
    ) or known_indicators(context)
    return refusal or needs(set(context.event.indicators) == INDICATOR_CODES, Reason.INDICATORS_INCOMPLETE)


def eligibility_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 2: at least one class; TC4 names the discharge; TC9 («for example») says why."""
    event: e.EligibilityDetermined = context.event
    if event.result is EligibilityResult.NOT_ELIGIBLE:
        return needs(event.reason is not None, Reason.REASON_MISSING)
    if not event.target_classes:  # the type may be decided apart (5(2))
        return Refusal(Reason.NO_TARGET_CLASS)
    if TargetClass.TC4_REUNIFICATION in event.target_classes and event.discharge_on is None:
        return Refusal(Reason.DISCHARGE_DATE_MISSING)
    other = TargetClass.TC9_OTHER in event.target_classes
    return needs(not other or event.reason is not None, Reason.REASON_MISSING)


def assessed(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 5(1)[1], 6(2)[2]: the assessment comes before the decision."""
    return needs(context.case.assessed, Reason.NOT_ASSESSED)


def eligible(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(2)[1]: a plan is for a family that was decided on."""
    return needs(context.case.eligible, Reason.NOT_ELIGIBLE)


def not_yet_registered(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 25-2(2): a case is registered once with each network."""
    return needs(not _registered_with_own_network(context), Reason.ALREADY_REGISTERED)


def registered(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 25-2(2)."""
    return needs(_registered_with_own_network(context), Reason.NOT_REGISTERED)


def _registered_with_own_network(context: DecisionContext) -> bool:
    """Whether it is registered with the network of whoever asks."""
    own_networks = {
        n.id for n in networks_of(context.register, context.case) if context.by in (n.core, n.coordinating)
    }
    return bool(own_networks & context.case.registered_in)


# --- the plan --------------------------------------------------------------------------------------------------

_CONTENT_FOR: Mapping[TargetClass, frozenset[PlanContent]] = {
    # Basis: guideline 6(3)[2]; an expectant family's plan goes on after the birth with content イ
    TargetClass.TC1_PREGNANCY: frozenset({PlanContent.SC_A, PlanContent.SC_B}),
    TargetClass.TC2_POSTPARTUM: frozenset({PlanContent.SC_B}),
    TargetClass.TC3_INADEQUATE_CARE: frozenset({PlanContent.SC_C}),
    TargetClass.TC4_REUNIFICATION: frozenset({PlanContent.SC_D}),
    TargetClass.TC9_OTHER: frozenset(PlanContent),
}
SHORT_TERM_CONTENTS = frozenset({PlanContent.SC_A, PlanContent.SC_B})


HOUSEKEEPING_MOVED_ON = date(2024, 4, 1)
"""Since then help with the household is 子育て世帯訪問支援事業. Basis: CWA 21-18."""


def plan_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(3)[1], [3]: a plan says all five things, its days run forward, housekeeping has a goal."""
    plan: e.Plan = context.event.plan
    if plan.parts != frozenset(PlanPart):
        return Refusal(Reason.PLAN_INCOMPLETE)
    if plan.plan_until is not None and plan.plan_until < plan.plan_from:
        return Refusal(Reason.PLAN_DATES_WRONG)
    if plan.housekeeping is Housekeeping.WITHOUT_GOAL:
        return Refusal(Reason.HOUSEKEEPING_WITHOUT_GOAL)
    moved_out = plan.housekeeping is not None and day_of(context.now) >= HOUSEKEEPING_MOVED_ON
    unusual = (
        _too_long(plan, context.rule_book["policy"]) or not _content_fits_class(plan, context) or moved_out
    )
    return needs(not unusual or context.event.reason is not None, Reason.REASON_MISSING)


def _too_long(plan: e.Plan, policy: Mapping[str, Any]) -> bool:
    """Basis: guideline 6(3)[4], [5]: beyond the named times only with a recorded reason."""
    if plan.content in SHORT_TERM_CONTENTS:
        last = months_later(plan.plan_from, policy["short_type_months"])
        return plan.plan_until is not None and plan.plan_until > last
    least, most = policy["mid_type_months"]
    return plan.target_months is not None and not least <= plan.target_months <= most


def _content_fits_class(plan: e.Plan, context: DecisionContext) -> bool:
    """Basis: guideline 6(3)[2]: the content is that of one of the family's classes."""
    classes = getattr(context.event, "target_classes", None) or context.case.classes
    return any(plan.content in _CONTENT_FOR[c] for c in classes) or not classes


def approves_a_proposal(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(3)[1], 9(1)[3]."""
    message = context.case.messages.get(context.event.approves)
    proposed = message is not None and isinstance(message.event, e.SupportPlanProposed)
    return needs(proposed, Reason.UNKNOWN_MESSAGE) or plan_form(context)


def commencement_form(context: DecisionContext) -> Refusal | None:
    """A commencement that brings a plan brings a whole one. Basis: guideline 6(3)[1]."""
    return plan_form(context) if context.event.plan is not None else None


def commencement_ready(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(3)[1]: support begins for a decided family on a decided plan."""
    return eligible(context) or needs(
        context.case.plan is not None or context.event.plan is not None, Reason.NO_PLAN
    )


def has_plan(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 4(1), 6(3)[5]."""
    return needs(context.case.plan is not None, Reason.NO_PLAN)


def has_reason(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(3)[4]: longer only with a recorded reason."""
    return needs(context.event.reason is not None, Reason.REASON_MISSING)


def extends_plan(context: DecisionContext) -> Refusal | None:
    """An extension goes beyond today's plan. Basis: guideline 6(3)[4]."""
    plan = context.case.plan
    if plan is None:
        return Refusal(Reason.NO_PLAN)
    grows = context.event.plan_until > (plan.plan_until or plan.plan_from)
    return needs(grows, Reason.PLAN_DATES_WRONG)


# --- consent -----------------------------------------------------------------------------------------------------


def consent_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)1: exactly what was explained: each consent named has a scope, and no more."""
    event: e.ConsentGiven = context.event
    named = {row.consent for row in event.scope}
    if not event.consent or named != set(event.consent) or not all(row.sections for row in event.scope):
        return Refusal(Reason.CONSENT_SCOPE_WRONG)
    if not _may_record_scope(context, event.scope):
        return Refusal(Reason.CONSENT_SCOPE_WRONG)
    return needs(not named & set(context.case.consents), Reason.CONSENT_EXISTS)


def refused_consent_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)1."""
    return needs(_may_record_scope(context, context.event.requested_scope), Reason.CONSENT_SCOPE_WRONG)


def _may_record_scope(context: DecisionContext, scope: tuple[e.ConsentScope, ...]) -> bool:
    """Who has no part in the case yet takes down what concerns its own telling, and nobody else's. Basis: APPI 69(2)1, 27(1)."""
    has_part = context.by in context.case.parties | offices_of(context.register, context.case)
    return has_part or all(row.sender == context.by for row in scope)


def known_consents(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)1."""
    return needs(
        bool(context.event.consent) and set(context.event.consent) <= set(context.case.consents),
        Reason.NO_CONSENT,
    )


# --- workers and visits ------------------------------------------------------------------------------------------


def assignment_ready(context: DecisionContext) -> Refusal | None:
    """Nobody is assigned who is not ready. Basis: guideline 4(3), 8[2]–[4], 9(1)."""
    agency = context.event.agency
    if context.case.status in CLOSED:
        return Refusal(Reason.CASE_CLOSED)
    role_refusal = _check_support_role(context)
    on = day_of(context.now)
    commission = context.register.commission(context.by, agency)
    if role_refusal is not None or agency == context.by:
        return role_refusal or _check_own_visitor(context, commission, on)
    if commission is None or not commission.in_force(on):
        return Refusal(Reason.CONTRACTOR_NOT_COMMISSIONED, agency)
    if commission.suspended:
        return Refusal(Reason.CONTRACTOR_SUSPENDED, agency)
    if commission.gaps(on, member=context.register.is_member(commission)):
        return Refusal(Reason.CONTRACTOR_NOT_READY, agency)
    if worker_gaps(commission, context.event.worker, on):
        return Refusal(Reason.WORKER_NOT_READY, agency)
    return None


def _check_own_visitor(context: DecisionContext, own: Commission | None, on: date) -> Refusal | None:
    """A visitor of its own whom the core agency has registered is trained, and sworn where part-time; for others of
    its staff it answers itself. Basis: guideline 4(3), 7(3), 8[3]."""
    if own is None or context.event.worker not in own.workers:
        return None
    missing_gaps = worker_gaps(own, context.event.worker, on)
    return Refusal(Reason.WORKER_NOT_READY, context.by) if missing_gaps else None


def _check_support_role(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 4(2): specialist help by a listed profession, else with a reason; since 2024-04-01 help with
    the household is another service, so it needs a reason too (CWA 21-18)."""
    event: e.SupportWorkerAssigned = context.event
    if event.role is None or event.reason is not None:
        return None
    if event.role is SupportRole.HOUSEKEEPING:
        return needs(day_of(context.now) < HOUSEKEEPING_MOVED_ON, Reason.REASON_MISSING)
    commission = context.register.commission(context.by, event.agency)
    known = commission.workers.get(event.worker) if commission is not None else None
    named = {event.qualification, known.qualification if known is not None else None}
    return needs(bool(named & set(context.rule_book["qualifications"])), Reason.QUALIFICATION_NOT_LISTED)


def is_assigned(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 4(1)."""
    is_assigned_now = (context.event.agency, context.event.worker) in context.case.assigned
    return needs(is_assigned_now, Reason.WORKER_UNKNOWN)


def visitor_is_assigned(context: DecisionContext) -> Refusal | None:
    """A visit is made by a visitor who is assigned; a municipality to which the family comes has none yet.

    Basis: guideline 4(1).
    """
    assigned = (context.by, context.event.worker) in context.case.assigned
    elsewhere = context.by != context.case.core and not context.register.is_contractor(context.by)
    return needs(assigned or elsewhere, Reason.WORKER_UNKNOWN)


def has_plan_or_reason(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 4(1), 6(4)[1]: a visit report stands on a plan; without one it says why."""
    justified = context.case.plan is not None or context.event.reason is not None
    return needs(justified, Reason.REASON_MISSING)


# --- held messages -------------------------------------------------------------------------------------------------


def release_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 9(1): only its sender asks, only for those for whom it waits."""
    waiting = context.case.messages.get(context.event.releases)
    if waiting is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if waiting.by != context.by:
        return Refusal(Reason.NOT_THE_SENDER)
    return needs(bool(context.event.to) and context.event.to <= waiting.held, Reason.NOT_HELD)


# --- closing ---------------------------------------------------------------------------------------------------------


def closing_ready(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[1]: consultation with a visitor and the agencies, and the evaluation, come first."""
    case = context.case
    if context.event.closing_reason is ClosingReason.TRANSFER:
        return was_handed_over(context)
    if case.status in CLOSED:
        return Refusal(Reason.CASE_CLOSED)
    if case.commenced_at is None:
        return Refusal(Reason.NOT_COMMENCED)
    if case.consulted is None:
        return Refusal(Reason.NOT_CONSULTED)
    visitors = case.visitors
    if visitors and not (case.consulted | {context.by}) & visitors:
        return Refusal(Reason.VISITOR_NOT_CONSULTED)
    return needs(case.evaluated, Reason.NOT_EVALUATED)


def is_closed(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[2]: what is reopened was closed."""
    return needs(context.case.status in CLOSED, Reason.NOT_CLOSED)


def consultation_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[1]: a consultation is with somebody."""
    return needs(bool(context.event.consulted), Reason.NOT_CONSULTED)


MUST, MAY, NEVER = Carries.MUST, Carries.MAY, Carries.NEVER

ACTS: Mapping[type[e.Event], Act] = {
    e.FamilyInformationProvided: Act(MUST, involves_office, form=known_indicators),
    e.ProgrammeNotificationReceived: Act(MUST, involves_office),
    e.AbuseNotificationReceived: Act(MUST, addressed_to_authority, form=notification_form),
    e.EmergencyTriaged: Act(MAY, authority),
    e.NotificationForwarded: Act(MUST, authority, form=forwards_a_notification),
    e.SafetyConfirmed: Act(MAY, authority, form=sighting_consistent),
    e.ChildSighted: Act(MAY, anyone),
    e.SafetyConcernRaised: Act(MUST, concern_involves_authority),
    e.CaseReferredToCgc: Act(MUST, office, form=addressed_to_cgc),
    e.EmergencyAccessRequested: Act(MAY, anyone, form=emergency_form),
    e.EmergencyAccessApproved: Act(NEVER, anyone, form=approval_form),
    e.EmergencyAccessReviewed: Act(MAY, authority, form=emergency_review_form),
    e.BasisOverrideRequested: Act(MAY, anyone, form=override_form),
    e.BasisOverrideApproved: Act(NEVER, anyone, form=override_approval_form),
    e.CoercionCheckDone: Act(MAY, authority, form=coercion_check_form),
    e.RecallNoticeSent: Act(NEVER, anyone, form=recall_form),
    e.RecallAcknowledged: Act(NEVER, anyone, form=confirms_a_notice),
    e.ReferralOutcomeReported: Act(MAY, anyone, form=answers_a_referral),
    e.NonDisclosureDecided: Act(MAY, anyone, form=has_review_date),
    e.ReferralAcknowledged: Act(NEVER, anyone, form=answers_received_message),
    e.ReferralRead: Act(NEVER, anyone, form=answers_received_message),
    e.InformationRequested: Act(MAY, anyone),
    e.InformationRequestAnswered: Act(MAY, anyone, form=answers_a_request),
    e.InformationRequestDeclined: Act(MAY, anyone, form=declines_with_reason),
    e.NetworkCaseRegistrationRequested: Act(MAY, present_or_next_core, ready=not_yet_registered),
    e.NetworkCaseRegistered: Act(MAY, coordinating, ready=not_yet_registered),
    e.NetworkCaseDeregistered: Act(MAY, coordinating, form=has_reason, ready=registered),
    e.CaseConferenceConvened: Act(MAY, office),
    e.ConferenceMinutesRecorded: Act(MUST, office),
    e.IndicatorAssessmentRecorded: Act(MAY, core, form=all_indicators),
    e.EligibilityDetermined: Act(MAY, decides_eligibility, form=eligibility_form, ready=assessed),
    e.SupportPlanFormulated: Act(MUST, core, form=plan_form, ready=eligible),
    e.SupportPlanProposed: Act(MUST, full_contractor, ready=eligible),
    e.SupportPlanApproved: Act(MAY, core, form=approves_a_proposal, ready=eligible),
    e.SupportCommenced: Act(MAY, core, form=commencement_form, ready=commencement_ready),
    e.PlanReviewed: Act(MAY, core, ready=has_plan),
    e.PlanExtended: Act(MAY, core, form=has_reason, ready=extends_plan),
    e.ConsentGiven: Act(MAY, anyone, form=consent_form),
    e.ConsentRefused: Act(MAY, anyone, form=refused_consent_form),
    e.ConsentWithdrawn: Act(MAY, anyone, form=known_consents),
    e.DisclosureMade: Act(MUST, anyone),
    e.HeldDisclosureReleased: Act(NEVER, anyone, form=release_form),
    e.SupportWorkerAssigned: Act(NEVER, present_or_next_core, ready=assignment_ready),
    e.SupportWorkerUnassigned: Act(NEVER, any_core, form=is_assigned),
    e.VisitReportSubmitted: Act(MUST, contractor, ready=has_plan_or_reason),
    e.VisitReportReviewed: Act(MAY, any_core, form=answers_a_report),
    e.HomeVisitCompleted: Act(MAY, contractor_or_next_core, form=visitor_is_assigned),
    e.ClosingConsultationHeld: Act(MAY, core, form=consultation_form),
    e.ClosingEvaluationRecorded: Act(MAY, core),
    e.SupportClosed: Act(MAY, may_close, ready=closing_ready),
    e.FollowOnServiceArranged: Act(MAY, core),
    e.FollowOnServiceAccepted: Act(NEVER, anyone, form=answers_a_follow_on),
    e.CaseReopened: Act(MAY, core, form=has_reason, ready=is_closed),
    e.InfantHomeVisitReported: Act(MUST, involves_office),
    e.ContactAttempted: Act(MAY, core_or_contractor),
    e.ContactRefused: Act(MAY, core_or_contractor),
    e.HomeVisitScheduled: Act(MAY, core_or_contractor),
    e.HomeVisitFailed: Act(MAY, core_or_contractor),
    e.HomeVisitRefused: Act(MAY, core_or_contractor),
    e.OtherSupportCoordinated: Act(MAY, office),
    e.SpecialistServiceLinked: Act(MAY, core),
    e.SpecialistJudgementRequested: Act(MAY, office),
    e.SpecialistJudgementGiven: Act(MAY, anyone, form=judgement_answers_request),
    e.NetworkMeetingRequested: Act(MAY, core),
    e.NetworkMeetingHeld: Act(MAY, coordinating, form=meeting_answers_request),
    e.SupportTypeDecided: Act(MAY, core),
    e.SupportTypeChanged: Act(MAY, core, form=has_reason),
    e.SupportPlanHandedOver: Act(MAY, core, ready=has_plan),
    e.ShortTermGoalEvaluated: Act(MAY, core, ready=has_plan),
    e.RoleDivisionConfirmed: Act(MAY, core_or_contractor),
    e.FollowUpProvided: Act(MAY, core),
    e.DisclosureRead: Act(NEVER, anyone, form=answers_received_message),
    e.SubjectAccessRequested: Act(MAY, anyone),
    e.SubjectAccessDecided: Act(MAY, anyone, form=access_decision_form),
    e.CorrectionMade: Act(MAY, anyone, form=correction_form),
    e.CorrectionNotifiedToRecipients: Act(MAY, anyone, form=correction_notice_form),
    e.UseStopped: Act(NEVER, anyone, form=stop_use_form),
    e.RetentionPolicyAssigned: Act(NEVER, retaining_core, form=retention_policy_form),
    e.LegalHoldPlaced: Act(MAY, may_place_hold),
    e.LegalHoldLifted: Act(MAY, may_place_hold, form=hold_lift_form),
    e.RecordsAppraised: Act(MAY, retaining_core, ready=appraisal_ready),
    e.ControlAppraised: Act(NEVER, retaining_core, ready=control_ready),
    e.DestructionApproved: Act(NEVER, retaining_core, form=destruction_form),
    e.AuditContentAccessGranted: Act(NEVER, authority, form=grant_form),
    e.SupportCaseOpened: Act(MAY, core),
    e.RelocationLearned: Act(MAY, anyone),
    e.TransferInitiated: Act(MAY, core, form=transfer_form),
    e.TransferPackageSent: Act(MUST, core, form=transfer_package_form),
    e.TransferReceiptConfirmed: Act(MAY, anyone, form=transfer_receipt_form),
    e.TransferConferenceHeld: Act(MAY, has_part_in_transfer, form=hands_over),
    e.RelocationConfirmed: Act(MAY, any_core),
    e.TransferCompleted: Act(MAY, has_part_in_transfer, form=hands_over, ready=transfer_completion_ready),
    e.CgcTransferNotified: Act(MAY, anyone, form=between_centres),
    e.ProtectedAddressRegistered: Act(MUST, anyone, form=address_form),
    e.DisclosureConditionsImposed: Act(MAY, anyone, form=conditions_form),
    e.BreachReported: Act(MAY, anyone, form=breach_form),
}
"""Every act that an agency may ask for in a case. ``DisclosureHeld`` and the refusals are the hub's answers."""
