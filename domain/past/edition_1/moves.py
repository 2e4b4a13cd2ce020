"""Moves in edition 1: learning of a move again put it off, and a transfer between centres asked for nothing."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import Case, Message
from domain.context import DecisionContext, Refusal, needs
from domain.reasons import Reason


def relocation_learned(case: Case, event: e.RelocationLearned, message: Message) -> Case:
    return replace(case, move_known_at=message.at)


def transfer_receipt_form(context: DecisionContext) -> Refusal | None:
    """Basis: own rule (受領確認): an addressee confirms what it has received of a hand-over."""
    transfer = context.case.transfer
    message = context.case.messages.get(context.event.answers)
    if transfer is None or context.event.answers not in transfer.papers or message is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(context.by in message.to, Reason.NOT_ADDRESSED)
