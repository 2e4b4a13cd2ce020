"""Reports of a leak in edition 1: nothing came before the preliminary one."""

from __future__ import annotations

from domain import events as e
from domain.codes import BreachStage
from domain.context import DecisionContext, Refusal, needs
from domain.events import BreachReported
from domain.reasons import Reason


def breach_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 68: first at once, then in full; the final report names the first."""
    event: e.BreachReported = context.event
    if event.found_at > context.now:
        return Refusal(Reason.TIME_AHEAD)
    if event.stage is BreachStage.PRELIMINARY:
        return needs(event.answers is None, Reason.UNKNOWN_MESSAGE)
    first = context.case.messages.get(event.answers) if event.answers is not None else None
    known = first is not None and isinstance(first.event, BreachReported) and first.by == context.by
    return needs(known, Reason.UNKNOWN_MESSAGE)
