"""Where the effects of the families are registered: what follows in the state of a case from one kind of message.

    @effect_of(e.UseStopped)
    def use_stopped(case: Case, event: e.UseStopped, message: Message) -> Case: ...

An effect never refuses: what was recorded has happened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.case import Case, Message
from domain.case_message import CaseMessage

Effect = Callable[[Case, Any, Message], Case]

EFFECTS: dict[type[CaseMessage], Effect] = {}


def effect_of(*messages: type[CaseMessage]) -> Callable[[Effect], Effect]:
    """Marks what follows in the case from each of these messages."""

    def register(effect: Effect) -> Effect:
        for message in messages:
            if message in EFFECTS:
                raise TypeError(f"{message.__name__} has an effect already: {EFFECTS[message].__name__}")
            EFFECTS[message] = effect
        return effect

    return register
