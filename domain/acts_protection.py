"""What protected addresses, conditions and reports of a leak need. Basis: APPI 66, 68, 69(2), 70."""

from __future__ import annotations

from domain.codes import BreachStage, Section
from domain.context import Asking, Refusal, needs
from domain.events import BreachReported, DisclosureConditionsImposed
from domain.reasons import Reason


def address_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 69(2) proviso: the address itself stands under ADDR, with its own key."""
    sections = {i.section for i in asking.fact.items}
    return needs(Section.ADDR in sections, Reason.ADDRESS_MISSING)


def conditions_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 70: who gave it asks it of those who were given it."""
    fact: DisclosureConditionsImposed = asking.fact
    message = asking.case.messages.get(fact.disclosure)
    if message is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if message.by != asking.by:
        return Refusal(Reason.NOT_THE_SENDER)
    if not fact.to or not fact.to <= message.to:
        return Refusal(Reason.RECIPIENTS_WRONG)
    return needs(bool(fact.conditions), Reason.CONDITIONS_MISSING)


def breach_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 68: first at once, then in full; the final report names the first."""
    fact: BreachReported = asking.fact
    if fact.found_at > asking.now:
        return Refusal(Reason.TIME_AHEAD)
    if fact.stage is BreachStage.PRELIMINARY:
        return needs(fact.answers is None, Reason.UNKNOWN_MESSAGE)
    first = asking.case.messages.get(fact.answers) if fact.answers is not None else None
    known = first is not None and isinstance(first.fact, BreachReported) and first.by == asking.by
    return needs(known, Reason.UNKNOWN_MESSAGE)
