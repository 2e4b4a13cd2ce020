"""The effects of ``domain.moves``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import (
    Case,
    Message,
    Transfer,
)
from domain.codes import CaseStatus, HandoverState
from domain.editions import since_edition
from domain.effects import effect_of
from domain.past.edition_1 import moves as edition_1


@effect_of(e.RelocationLearned)
@since_edition(2, before=edition_1.relocation_learned)
def relocation_learned(case: Case, event: e.RelocationLearned, message: Message) -> Case:
    """It is known since it was first learned, unless the hand-over has begun. Basis: own rule (相模原)."""
    if case.move_known_at is not None or case.transfer is not None:
        return case
    return replace(case, move_known_at=message.at)


@effect_of(e.TransferCancelled)
def transfer_cancelled(case: Case, event: e.TransferCancelled, message: Message) -> Case:
    return replace(case, transfer=None, move_known_at=None)


@effect_of(e.TransferInitiated)
def transfer_begun(case: Case, event: e.TransferInitiated, message: Message) -> Case:
    transfer = Transfer(
        id=message.id, by=message.by, to=message.to, at=message.at, papers=frozenset({message.id})
    )
    return replace(case, transfer=transfer, move_known_at=None)


@effect_of(e.TransferPackageSent)
def package_sent(case: Case, event: e.TransferPackageSent, message: Message) -> Case:
    transfer = case.transfer
    if transfer is None:
        return case
    sent = {item for item, state in event.checklist.items() if state is HandoverState.SENT}
    return replace(
        case, transfer=replace(transfer, papers=transfer.papers | {message.id}, sent=transfer.sent | sent)
    )


@effect_of(e.TransferReceiptConfirmed)
def receipt_confirmed(case: Case, event: e.TransferReceiptConfirmed, message: Message) -> Case:
    transfer = case.transfer
    if transfer is None or event.answers not in transfer.papers:
        return case
    return replace(
        case, transfer=replace(transfer, confirmed=True, received=transfer.received | event.received)
    )


@effect_of(e.TransferCompleted)
def transfer_completed(case: Case, event: e.TransferCompleted, message: Message) -> Case:
    """Responsibility has passed with ``placed``; where the new municipality has no door, the case ends here."""
    case = replace(case, transfer=None, consulted=None, evaluation=None)
    if event.placed is not None:
        return replace(case, status=CaseStatus.OPEN)
    former = case.former | ({case.core} if case.core is not None else set())
    return replace(case, status=CaseStatus.TRANSFERRED, assigned=frozenset(), former=former)
