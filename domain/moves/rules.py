"""The rules of ``domain.moves``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.case import Transfer
from domain.case_message import Sender
from domain.codes import (
    HandoverItem,
    Role,
    Section,
)
from domain.context import DecisionContext, Refusal, needs
from domain.editions import since_edition
from domain.events import (
    TransferCompleted,
    TransferInitiated,
    TransferPackageSent,
)
from domain.past.edition_1 import moves as edition_1
from domain.reasons import Reason
from domain.rule_table import form_of, ready_for, sender_rule


@form_of(e.TransferInitiated)
def transfer_form(context: DecisionContext) -> Refusal | None:
    """A family is handed to another municipality's core agency, or (to nobody here) on paper. Basis: guideline 3(1)."""
    event: TransferInitiated = context.event
    agencies = context.register.agencies
    own_municipality = agencies[context.by].municipality
    receiving_cores = [a for a in event.to if a in agencies and Role.CORE in agencies[a].roles]
    other = [a for a in receiving_cores if agencies[a].municipality != own_municipality]
    return needs(not event.to or bool(other), Reason.NOT_ANOTHER_MUNICIPALITY)


def _current_transfer(context: DecisionContext) -> Transfer | None:
    transfer = context.case.transfer
    return transfer if transfer is not None and context.event.hands_over == transfer.id else None


@form_of(e.TransferPackageSent)
def transfer_package_form(context: DecisionContext) -> Refusal | None:
    """Never without the risk sheet; the checklist answers for the risk sheet and the photos.

    Basis: own rule (目黒 2018).
    """
    event: TransferPackageSent = context.event
    if _current_transfer(context) is None:
        return Refusal(Reason.NO_TRANSFER)
    if Section.RISK not in {i.section for i in event.items}:
        return Refusal(Reason.RISK_SHEET_MISSING)
    answered = {HandoverItem.RISK_SHEET, HandoverItem.PHOTOS} <= set(event.checklist)
    return needs(answered, Reason.CHECKLIST_INCOMPLETE)


@form_of(e.TransferReceiptConfirmed)
@since_edition(2, before=edition_1.transfer_receipt_form)
def transfer_receipt_form(context: DecisionContext) -> Refusal | None:
    """Basis: own rule (受領確認): an addressee confirms what it has received, of a hand-over or of a transfer between
    child guidance centres."""
    message = context.case.messages.get(context.event.answers)
    if message is None or not isinstance(message.event, e.CgcTransferNotified):
        return edition_1.transfer_receipt_form(context)
    return needs(context.by in message.to, Reason.NOT_ADDRESSED)


@form_of(e.TransferConferenceHeld, e.TransferCompleted)
def hands_over(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: it names the hand-over that is under way."""
    return needs(_current_transfer(context) is not None, Reason.NO_TRANSFER)


@sender_rule(Sender.TRANSFER_PARTY)
def has_part_in_transfer(context: DecisionContext) -> Refusal | None:
    """Either side of a hand-over. Basis: guideline 3(1)."""
    transfer = context.case.transfer
    known = transfer is not None and context.by in transfer.to | {transfer.by}
    return needs(
        known or context.by in (context.case.core, context.coordinating), Reason.NOT_RESPONSIBLE_CORE
    )


@form_of(e.TransferCancelled)
def cancellation_form(context: DecisionContext) -> Refusal | None:
    """It names the hand-over under way, or a move is known and none was begun; and why. Basis: guideline 3(1); own rule."""
    if context.event.reason is None:
        return Refusal(Reason.REASON_MISSING)
    case = context.case
    if context.event.hands_over is None:
        return needs(case.transfer is None and case.move_known_at is not None, Reason.NO_TRANSFER)
    return needs(_current_transfer(context) is not None, Reason.NO_TRANSFER)


@ready_for(e.TransferCompleted)
def transfer_completion_ready(context: DecisionContext) -> Refusal | None:
    """Responsibility passes when the new municipality has the papers and has seen the child. Items that were sent
    and not received need a reason. Basis: own rule (目黒 2018, 札幌 2021)."""
    event: TransferCompleted = context.event
    transfer = context.case.transfer
    if transfer is None:  # no cover: ``hands_over`` has refused it
        return Refusal(Reason.NO_TRANSFER)
    by_new = context.by in transfer.to
    if transfer.to and not (transfer.confirmed or by_new):
        return Refusal(Reason.NOT_RECEIVED)
    seen_by_sender = event.child_seen and (by_new or not transfer.to)
    if not transfer.seen and not seen_by_sender:
        return Refusal(Reason.CHILD_NOT_SEEN)
    return needs(transfer.sent <= transfer.received or event.reason is not None, Reason.REASON_MISSING)


@form_of(e.CgcTransferNotified)
def between_centres(context: DecisionContext) -> Refusal | None:
    """Basis: CAPA 4(6): from one child guidance centre to another."""
    agencies = context.register.agencies
    if Role.CGC not in agencies[context.by].roles:
        return Refusal(Reason.NOT_A_CGC, context.by)
    known = [a for a in context.event.to if a in agencies and Role.CGC in agencies[a].roles]
    return needs(bool(known), Reason.NOT_A_CGC)
