"""The rules of ``domain.inquiry``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.common_rules import answers_received_message
from domain.context import DecisionContext, Refusal, needs
from domain.reasons import Reason
from domain.rule_table import form_of


@form_of(e.InformationRequestAnswered)
def answers_a_request(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 25-3(2): an answer has its request, and each who is asked answers once."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    request = context.case.messages[context.event.answers].event
    if not isinstance(request, e.InformationRequested):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs((context.event.answers, context.by) not in context.case.answered, Reason.ALREADY_ANSWERED)


@form_of(e.InformationRequestDeclined)
def declines_with_reason(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 25-3(2), guideline 6(1)[2]: an agency that declines states its reason."""
    return answers_a_request(context) or needs(context.event.reason is not None, Reason.REASON_MISSING)


@form_of(e.SpecialistJudgementGiven)
def judgement_answers_request(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 3(3): a judgement has its request."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    request = context.case.messages[context.event.answers].event
    return needs(isinstance(request, e.SpecialistJudgementRequested), Reason.UNKNOWN_MESSAGE)
