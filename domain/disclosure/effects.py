"""The effects of ``domain.disclosure``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import (
    Case,
    Message,
)
from domain.clock_stops import stopped_by_release
from domain.clocks import update_clocks
from domain.editions import since_edition
from domain.effects import effect_of
from domain.past.edition_1 import disclosure as edition_1


@effect_of(e.HeldDisclosureReleased)
def held_message_released(case: Case, event: e.HeldDisclosureReleased, message: Message) -> Case:
    waiting = case.messages.get(event.releases)
    if waiting is None:
        return case
    released = replace(waiting, held=waiting.held - event.to)
    stopped = stopped_by_release(case, waiting.event, waiting.by, message.at)
    clocks = update_clocks(
        case.clocks, waiting.event, released.id, waiting.by, message.at, event.to, stopped, case.family
    )
    return replace(case, messages=case.messages | {released.id: released}, clocks=clocks)


@effect_of(e.NonDisclosureDecided)
@since_edition(2, before=edition_1.decided_not_to_act)
def decided_not_to_act(case: Case, event: e.NonDisclosureDecided, message: Message) -> Case:
    """A hand-over is due all the same: it is called off by its own act. Basis: own rule (札幌 2021)."""
    return case
