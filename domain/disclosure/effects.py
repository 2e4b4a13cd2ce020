"""The effects of ``domain.disclosure``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import (
    Case,
    Message,
)
from domain.clocks import update_clocks
from domain.effects import effect_of


@effect_of(e.HeldDisclosureReleased)
def held_message_released(case: Case, event: e.HeldDisclosureReleased, message: Message) -> Case:
    waiting = case.messages.get(event.releases)
    if waiting is None:
        return case
    released = replace(waiting, held=waiting.held - event.to)
    clocks = update_clocks(case.clocks, waiting.event, released.id, waiting.by, message.at, event.to)
    return replace(case, messages={**case.messages, released.id: released}, clocks=clocks)


@effect_of(e.NonDisclosureDecided)
def decided_not_to_act(case: Case, event: e.NonDisclosureDecided, message: Message) -> Case:
    return replace(case, move_known_at=None)
