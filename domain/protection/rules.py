"""The rules of ``domain.protection``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.codes import (
    BreachStage,
    Section,
)
from domain.context import DecisionContext, Refusal, needs
from domain.events import (
    BreachReported,
    DisclosureConditionsImposed,
)
from domain.reasons import Reason
from domain.rule_table import form_of


@form_of(e.ProtectedAddressRegistered)
def address_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2) proviso: the address itself is under ADDR, with its own key."""
    sections = {i.section for i in context.event.items}
    return needs(Section.ADDR in sections, Reason.ADDRESS_MISSING)


@form_of(e.DisclosureConditionsImposed)
def conditions_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 70: the sender imposes it on the recipients."""
    event: DisclosureConditionsImposed = context.event
    message = context.case.messages.get(event.disclosure)
    if message is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if message.by != context.by:
        return Refusal(Reason.NOT_THE_SENDER)
    if not event.to or not event.to <= message.to:
        return Refusal(Reason.RECIPIENTS_WRONG)
    return needs(bool(event.conditions), Reason.CONDITIONS_MISSING)


@form_of(e.BreachReported)
def breach_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 68: first at once, then in full; the final report names the first."""
    event: BreachReported = context.event
    if event.found_at > context.now:
        return Refusal(Reason.TIME_AHEAD)
    if event.stage is BreachStage.PRELIMINARY:
        return needs(event.answers is None, Reason.UNKNOWN_MESSAGE)
    first = context.case.messages.get(event.answers) if event.answers is not None else None
    known = first is not None and isinstance(first.event, BreachReported) and first.by == context.by
    return needs(known, Reason.UNKNOWN_MESSAGE)
