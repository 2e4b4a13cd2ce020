"""What a move and a hand-over need. Basis: APPI 69(2)3; CAPA 4(6); own rules after 目黒 2018, 札幌 2021, 相模原."""

from __future__ import annotations

from domain.case import Transfer
from domain.codes import ClosingReason, HandoverItem, Role, Section
from domain.context import DecisionContext, Refusal, core, needs
from domain.events import SupportClosed, TransferCompleted, TransferInitiated, TransferPackageSent
from domain.reasons import Reason


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


def transfer_package_form(context: DecisionContext) -> Refusal | None:
    """Never without the risk sheet; what the list says is sent goes to those to whom the family is handed over.

    Basis: own rule (目黒 2018).
    """
    event: TransferPackageSent = context.event
    if _current_transfer(context) is None:
        return Refusal(Reason.NO_TRANSFER)
    if Section.RISK not in {i.section for i in event.items}:
        return Refusal(Reason.RISK_SHEET_MISSING)
    answered = {HandoverItem.RISK_SHEET, HandoverItem.PHOTOS} <= set(event.checklist)
    return needs(answered, Reason.CHECKLIST_INCOMPLETE)


def transfer_receipt_form(context: DecisionContext) -> Refusal | None:
    """Basis: own rule (受領確認): who was sent it says what is in hand."""
    transfer = context.case.transfer
    message = context.case.messages.get(context.event.answers)
    if transfer is None or context.event.answers not in transfer.papers or message is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(context.by in message.to, Reason.NOT_ADDRESSED)


def hands_over(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: it names the hand-over that is under way."""
    return needs(_current_transfer(context) is not None, Reason.NO_TRANSFER)


def has_part_in_transfer(context: DecisionContext) -> Refusal | None:
    """Either side of a hand-over. Basis: guideline 3(1)."""
    transfer = context.case.transfer
    known = transfer is not None and context.by in transfer.to | {transfer.by}
    return needs(
        known or context.by in (context.case.core, context.coordinating), Reason.NOT_RESPONSIBLE_CORE
    )


def transfer_completion_ready(context: DecisionContext) -> Refusal | None:
    """Responsibility passes when the new municipality has the papers and has seen the child. Things that were sent
    and are not in hand need a reason. Basis: own rule (目黒 2018, 札幌 2021)."""
    event: TransferCompleted = context.event
    transfer = context.case.transfer
    if transfer is None:
        return Refusal(Reason.NO_TRANSFER)
    by_new = context.by in transfer.to
    if transfer.to and not (transfer.confirmed or by_new):
        return Refusal(Reason.NOT_RECEIVED)
    seen_by_sender = event.child_seen and (by_new or not transfer.to)
    if not transfer.seen and not seen_by_sender:
        return Refusal(Reason.CHILD_NOT_SEEN)
    return needs(transfer.sent <= transfer.received or event.reason is not None, Reason.REASON_MISSING)


def between_centres(context: DecisionContext) -> Refusal | None:
    """Basis: CAPA 4(6): from one child guidance centre to another."""
    agencies = context.register.agencies
    if Role.CGC not in agencies[context.by].roles:
        return Refusal(Reason.NOT_A_CGC, context.by)
    known = [a for a in context.event.to if a in agencies and Role.CGC in agencies[a].roles]
    return needs(bool(known), Reason.NOT_A_CGC)


def may_close(context: DecisionContext) -> Refusal | None:
    """The responsible core agency closes; one that handed the family over closes its own part. Basis: guideline 6(5)[1]."""
    event: SupportClosed = context.event
    if event.closing_reason is ClosingReason.TRANSFER:
        return needs(context.by in context.case.former | {context.case.core}, Reason.NOT_RESPONSIBLE_CORE)
    return core(context)


def was_handed_over(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(5)[1]; own rule: closed as handed over is what was handed over."""
    return needs(context.by in context.case.former, Reason.NOT_TRANSFERRED)
