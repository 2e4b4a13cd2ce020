"""The rules of ``domain.closing``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.case_message import Sender
from domain.codes import (
    ClosingReason,
)
from domain.common_rules import answers_received_message, core, has_reason
from domain.context import DecisionContext, Refusal, needs
from domain.events import (
    SupportClosed,
)
from domain.readiness import CLOSED
from domain.reasons import Reason
from domain.rule_table import form_of, ready_for, sender_rule


@form_of(e.FollowOnServiceAccepted)
def answers_a_follow_on(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[2]."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    return needs((context.event.answers, context.by) in context.case.follow_ons, Reason.ALREADY_ANSWERED)


@ready_for(e.SupportClosed)
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


@ready_for(e.CaseReopened)
def is_closed(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[2]: what is reopened was closed."""
    return needs(context.case.status in CLOSED, Reason.NOT_CLOSED)


@form_of(e.ClosingConsultationHeld)
def consultation_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[1]: a consultation is with somebody."""
    return needs(bool(context.event.consulted), Reason.NOT_CONSULTED)


@sender_rule(Sender.CLOSES)
def may_close(context: DecisionContext) -> Refusal | None:
    """The responsible core agency closes; one that handed the family over closes its own part. Basis: guideline 6(5)[1]."""
    event: SupportClosed = context.event
    if event.closing_reason is ClosingReason.TRANSFER:
        return needs(context.by in context.case.former | {context.case.core}, Reason.NOT_RESPONSIBLE_CORE)
    return core(context)


def was_handed_over(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[1]; own rule: closed as handed over is what was handed over."""
    return needs(context.by in context.case.former, Reason.NOT_TRANSFERRED)


form_of(e.CaseReopened)(has_reason)
