"""The rules of ``domain.disclosure``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.calendar import day_of
from domain.common_rules import answers_received_message
from domain.context import DecisionContext, Refusal, needs
from domain.reasons import Reason
from domain.rule_table import form_of


@form_of(e.HeldDisclosureReleased)
def release_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 9(1): only its sender asks, only for those for whom it waits."""
    waiting = context.case.messages.get(context.event.releases)
    if waiting is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if waiting.by != context.by:
        return Refusal(Reason.NOT_THE_SENDER)
    return needs(bool(context.event.to) and context.event.to <= waiting.held, Reason.NOT_HELD)


@form_of(e.NonDisclosureDecided)
def has_review_date(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: a decision not to disclose or act states its reason, and the day of its review."""
    if context.event.reason is None:
        return Refusal(Reason.REASON_MISSING)
    review_on = context.event.review_on
    return needs(review_on is not None and review_on > day_of(context.now), Reason.REVIEW_DAY_MISSING)


form_of(e.DisclosureRead)(answers_received_message)
