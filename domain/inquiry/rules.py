"""The rules of ``domain.inquiry``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.bases import parties_of
from domain.calendar import day_of
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


@form_of(e.OfficialRequestReceived)
def official_request_form(context: DecisionContext) -> Refusal | None:
    """Basis: CRPA 197(2); ATTA 23-2; CPA 186, 226; DRPA 62: each law names who may ask by it."""
    event: e.OfficialRequestReceived = context.event
    row = next((r for r in context.rule_book["bases"] if r["code"] == event.code), None)
    if row is None or "REQUESTED" not in row["needs"]:
        return Refusal(Reason.BASIS_UNKNOWN)
    requester = context.register.agencies.get(event.requesting_agency)
    if requester is None or event.requesting_agency == context.by:
        return Refusal(Reason.UNKNOWN_ADDRESSEE)
    if not any(asker in parties_of(requester) for _, asker in row["parties"]):
        return Refusal(Reason.BASIS_FOR_OTHER_PARTIES)
    return needs(event.requested_on <= day_of(context.now), Reason.TIME_AHEAD)


@form_of(e.SpecialistJudgementGiven)
def judgement_answers_request(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 3(3): a judgement has its request."""
    refusal = answers_received_message(context)
    if refusal is not None:
        return refusal
    request = context.case.messages[context.event.answers].event
    return needs(isinstance(request, e.SpecialistJudgementRequested), Reason.UNKNOWN_MESSAGE)
