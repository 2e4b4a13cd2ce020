"""The rules of ``domain.visits``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from datetime import date

from domain import events as e
from domain.calendar import day_of
from domain.codes import (
    SupportRole,
)
from domain.common_rules import answers_received_message
from domain.context import DecisionContext, Refusal, needs
from domain.events import (
    VisitReportSubmitted,
)
from domain.readiness import CLOSED, worker_gaps
from domain.reasons import Reason
from domain.register import Commission
from domain.rule_table import form_of, ready_for
from domain.support.rules import HOUSEKEEPING_MOVED_ON


@ready_for(e.SupportWorkerAssigned)
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


@form_of(e.SupportWorkerUnassigned)
def is_assigned(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 4(1)."""
    is_assigned_now = (context.event.agency, context.event.worker) in context.case.assigned
    return needs(is_assigned_now, Reason.WORKER_UNKNOWN)


@form_of(e.HomeVisitCompleted)
def visitor_is_assigned(context: DecisionContext) -> Refusal | None:
    """A visit is made by a visitor who is assigned; a municipality to which the family comes has none yet.

    Basis: guideline 4(1).
    """
    assigned = (context.by, context.event.worker) in context.case.assigned
    elsewhere = context.by != context.case.core and not context.register.is_contractor(context.by)
    return needs(assigned or elsewhere, Reason.WORKER_UNKNOWN)


@ready_for(e.VisitReportSubmitted)
def has_plan_or_reason(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 4(1), 6(4)[1]: a visit report rests on a plan; without one it states a reason."""
    justified = context.case.plan is not None or context.event.reason is not None
    return needs(justified, Reason.REASON_MISSING)


@form_of(e.VisitReportReviewed)
def answers_a_report(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(4)[1]: the report it reviews was sent to it."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    report = context.case.messages[context.event.answers].event
    return needs(isinstance(report, VisitReportSubmitted), Reason.UNKNOWN_MESSAGE)
