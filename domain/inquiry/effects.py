"""The effects of ``domain.inquiry``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import (
    Case,
    Message,
)
from domain.effects import effect_of


@effect_of(e.InformationRequestAnswered, e.InformationRequestDeclined)
def request_answered(
    case: Case, event: e.InformationRequestAnswered | e.InformationRequestDeclined, message: Message
) -> Case:
    return replace(case, answered=case.answered | {(event.answers, message.by)})
