"""``domain.closing`` as it was: the last consultation counted, and of those who visited one was enough."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import Case, Message
from domain.codes import CaseStatus, ClosingReason
from domain.context import DecisionContext, Refusal, needs
from domain.readiness import CLOSED
from domain.reasons import Reason


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
    return needs(case.evaluation is not None, Reason.NOT_EVALUATED)


def was_handed_over(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[1]; own rule: closed as handed over is what was handed over."""
    return needs(context.by in context.case.former, Reason.NOT_TRANSFERRED)


def consultation_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[1]: a consultation is with somebody."""
    return needs(bool(context.event.consulted), Reason.NOT_CONSULTED)


def closing_form(context: DecisionContext) -> Refusal | None:
    """A closing did not name what follows."""
    return None


def closing_consulted(case: Case, event: e.ClosingConsultationHeld, message: Message) -> Case:
    return replace(case, consulted=event.consulted, reviewed_at=message.at)


def case_reopened(case: Case, event: e.CaseReopened, message: Message) -> Case:
    return replace(
        case, status=CaseStatus.OPEN, consulted=None, evaluation=None, closed_at=None, appraised=False
    )
