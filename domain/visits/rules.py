"""The rules of ``domain.visits``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from domain import events as e
from domain.calendar import day_of
from domain.codes import (
    Section,
    SupportRole,
)
from domain.commission.state import Commission
from domain.common_rules import answers_received_message
from domain.context import DecisionContext, Refusal, needs
from domain.dated_rules import HOUSEKEEPING_ELSEWHERE, holds
from domain.editions import since_edition
from domain.events import (
    VisitReportSubmitted,
)
from domain.past.edition_1 import commission_rules as edition_1
from domain.past.edition_1 import plans as plans_before
from domain.readiness import CLOSED, worker_gaps
from domain.reasons import Reason
from domain.rule_table import form_of, ready_for


@ready_for(e.SupportWorkerAssigned)
def assignment_ready(context: DecisionContext) -> Refusal | None:
    """Nobody is assigned who is not ready. Basis: guideline 4(3), 8[2]–[4], 9(1)."""
    agency = context.event.agency
    if context.case.status in CLOSED:
        return Refusal(Reason.CASE_CLOSED)
    role_refusal = stated_role(context) or _check_support_role(context)
    on = day_of(context.now)
    commission = context.register.commission(context.by, agency)
    if role_refusal is not None or agency == context.by:
        return role_refusal or own_visitor(context, commission, on)
    if commission is None or not commission.in_force(on):
        return Refusal(Reason.CONTRACTOR_NOT_COMMISSIONED, agency)
    if commission.suspended:
        return Refusal(Reason.CONTRACTOR_SUSPENDED, agency)
    if commission.gaps(on, member=context.register.is_member(commission)):
        return Refusal(Reason.CONTRACTOR_NOT_READY, agency)
    if worker_gaps(context.register, commission, context.event.worker, on):
        return Refusal(Reason.WORKER_NOT_READY, agency)
    return undoubted(commission, agency)


@since_edition(2, before=edition_1.undoubted)
def undoubted(commission: Commission, agency: UUID) -> Refusal | None:
    """While requirements are doubted nobody new is assigned; families that are visited are visited on until the
    requirements were to be verified anew. Basis: guideline 9(1), 9(2)[2]."""
    doubted = commission.doubted_at is not None
    return Refusal(Reason.REQUIREMENT_DOUBTED, agency) if doubted else None


@since_edition(2, before=edition_1.stated_role)
def stated_role(context: DecisionContext) -> Refusal | None:
    """An assignment states what for: specialist help, or help with the household. Basis: guideline 4(2)."""
    return needs(context.event.role is not None, Reason.ROLE_MISSING)


@since_edition(2, before=edition_1.own_visitor)
def own_visitor(context: DecisionContext, own: Commission | None, on: date) -> Refusal | None:
    """A visitor of its own is on the roll of the core agency, trained, and sworn where part-time, as a contractor's is.

    Basis: guideline 4(3), 7(3), 8[2], 8[3].
    """
    roll = own or Commission(id=context.by)
    missing_gaps = worker_gaps(context.register, roll, context.event.worker, on)
    return Refusal(Reason.WORKER_NOT_READY, context.by) if missing_gaps else None


def _check_support_role(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 4(2): specialist help by a listed profession, else with a reason; where help with the household is
    another service, it needs a reason too (CWA 21-18)."""
    event: e.SupportWorkerAssigned = context.event
    if event.role is None or event.reason is not None:
        return None
    if event.role is SupportRole.HOUSEKEEPING:
        return needs(not _housekeeping_needs_reason(context), Reason.REASON_MISSING)
    commission = context.register.commission(context.by, event.agency)
    known = commission.workers.get(event.worker) if commission is not None else None
    named = {event.qualification, known.qualification if known is not None else None}
    return needs(bool(named & set(context.rule_book["qualifications"])), Reason.QUALIFICATION_NOT_LISTED)


@since_edition(2, before=plans_before.housekeeping_needs_reason)
def _housekeeping_needs_reason(context: DecisionContext) -> bool:
    """Basis: CWA 21-18."""
    return holds(context.rule_book, HOUSEKEEPING_ELSEWHERE, day_of(context.now))


@form_of(e.SupportWorkerUnassigned)
def is_assigned(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 4(1)."""
    is_assigned_now = (context.event.agency, context.event.worker) in context.case.assigned
    return needs(is_assigned_now, Reason.WORKER_UNKNOWN)


@form_of(e.VisitReportSubmitted, e.HomeVisitFailed, e.HomeVisitRefused)
def names_planned_visit(context: DecisionContext) -> Refusal | None:
    """The planned visit that it names is the sender's, or that of a contractor for which the sender is responsible.

    Basis: guideline 4(1), 6(4)[1].
    """
    return _check_plan_of_visit(context, context.event.visit)


@form_of(e.HomeVisitScheduled)
def postpones_planned_visit(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 4(1), 6(4)[1]."""
    return _check_plan_of_visit(context, context.event.replaces)


def _check_plan_of_visit(context: DecisionContext, visit: UUID | None) -> Refusal | None:
    if visit is None:
        return None
    plan = context.case.messages.get(visit)
    if plan is None or not isinstance(plan.event, e.HomeVisitScheduled):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(context.by in (plan.by, context.case.core_of(plan.by)), Reason.NOT_THE_SENDER)


@form_of(e.HomeVisitCompleted)
def visitor_is_assigned(context: DecisionContext) -> Refusal | None:
    """A visit is made by a visitor who is assigned; a municipality to which the family comes has none yet.

    Basis: guideline 4(1).
    """
    refusal = _check_plan_of_visit(context, context.event.visit)
    if refusal is not None:
        return refusal
    assigned = (context.by, context.event.worker) in context.case.assigned
    elsewhere = context.by != context.case.core and not context.register.is_contractor(context.by)
    return needs(assigned or elsewhere, Reason.WORKER_UNKNOWN)


@ready_for(e.VisitReportSubmitted)
@since_edition(2, before=plans_before.has_plan_or_reason)
def rests_on_a_plan(context: DecisionContext) -> Refusal | None:
    """A visit report names the version of the plan that its sender wrote or was sent; without one it states a reason.

    Basis: guideline 4(1), 6(4)[1].
    """
    named = context.event.support_plan
    if named is None:
        return needs(context.event.reason is not None, Reason.REASON_MISSING)
    message = context.case.messages.get(named)
    if message is None or context.by not in {message.by, *message.to} - message.held:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(any(item.section is Section.PLAN for item in message.items), Reason.NO_PLAN)


@since_edition(2, before=answers_received_message)
def _has_the_report(context: DecisionContext) -> Refusal | None:
    """It was sent to it, or is of the contractor that visits for it (V3)."""
    message = context.case.messages.get(context.event.answers)
    if message is not None and context.case.core_of(message.by) == context.by:
        return None
    return answers_received_message(context)


@form_of(e.VisitReportReviewed)
def answers_a_report(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(4)[1]: the report it reviews was sent to it, or is of its contractor."""
    refusal = _has_the_report(context)
    if refusal is not None:
        return refusal
    report = context.case.messages[context.event.answers].event
    return needs(isinstance(report, VisitReportSubmitted), Reason.UNKNOWN_MESSAGE)
