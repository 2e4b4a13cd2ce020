"""What a move and a hand-over need. Basis: APPI 69(2)3; CAPA 4(6); own rules after 目黒 2018, 札幌 2021, 相模原."""

from __future__ import annotations

from domain.case import Transfer
from domain.codes import ClosingReason, HandoverItem, Role, Section
from domain.context import Asking, Refusal, core, needs
from domain.events import SupportClosed, TransferCompleted, TransferInitiated, TransferPackageSent
from domain.reasons import Reason


def transfer_form(asking: Asking) -> Refusal | None:
    """A family is handed to another municipality's core agency, or (to nobody here) on paper. Basis: guideline 3(1)."""
    fact: TransferInitiated = asking.fact
    agencies = asking.register.agencies
    here = agencies[asking.by].municipality
    there = [a for a in fact.to if a in agencies and Role.CORE in agencies[a].roles]
    other = [a for a in there if agencies[a].municipality != here]
    return needs(not fact.to or bool(other), Reason.NOT_ANOTHER_MUNICIPALITY)


def _under_way(asking: Asking) -> Transfer | None:
    now = asking.case.transfer
    return now if now is not None and asking.fact.hands_over == now.id else None


def package_form(asking: Asking) -> Refusal | None:
    """Never without the risk sheet; what the list says is sent goes to those to whom the family is handed over.

    Basis: own rule (目黒 2018).
    """
    fact: TransferPackageSent = asking.fact
    if _under_way(asking) is None:
        return Refusal(Reason.NO_TRANSFER)
    if Section.RISK not in {i.section for i in fact.items}:
        return Refusal(Reason.RISK_SHEET_MISSING)
    answered = {HandoverItem.RISK_SHEET, HandoverItem.PHOTOS} <= set(fact.checklist)
    return needs(answered, Reason.CHECKLIST_INCOMPLETE)


def receipt_form(asking: Asking) -> Refusal | None:
    """Basis: own rule (受領確認): who was sent it says what is in hand."""
    now = asking.case.transfer
    message = asking.case.messages.get(asking.fact.answers)
    if now is None or asking.fact.answers not in now.papers or message is None:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(asking.by in message.to, Reason.NOT_ADDRESSED)


def hands_over(asking: Asking) -> Refusal | None:
    """Basis: own rule: it names the hand-over that is under way."""
    return needs(_under_way(asking) is not None, Reason.NO_TRANSFER)


def has_part_in_transfer(asking: Asking) -> Refusal | None:
    """Either side of a hand-over. Basis: guideline 3(1)."""
    now = asking.case.transfer
    known = now is not None and asking.by in now.to | {now.by}
    return needs(known or asking.by in (asking.case.core, asking.coordinating), Reason.NOT_RESPONSIBLE_CORE)


def completion_ready(asking: Asking) -> Refusal | None:
    """Responsibility passes when the new municipality has the papers and has seen the child. Things that were sent
    and are not in hand need a reason. Basis: own rule (目黒 2018, 札幌 2021)."""
    fact: TransferCompleted = asking.fact
    now = asking.case.transfer
    if now is None:
        return Refusal(Reason.NO_TRANSFER)
    by_new = asking.by in now.to
    if now.to and not (now.confirmed or by_new):
        return Refusal(Reason.NOT_RECEIVED)
    own_word = fact.child_seen and (by_new or not now.to)
    if not now.seen and not own_word:
        return Refusal(Reason.CHILD_NOT_SEEN)
    return needs(now.sent <= now.received or fact.reason is not None, Reason.REASON_MISSING)


def between_centres(asking: Asking) -> Refusal | None:
    """Basis: CAPA 4(6): from one child guidance centre to another."""
    agencies = asking.register.agencies
    if Role.CGC not in agencies[asking.by].roles:
        return Refusal(Reason.NOT_A_CGC, asking.by)
    known = [a for a in asking.fact.to if a in agencies and Role.CGC in agencies[a].roles]
    return needs(bool(known), Reason.NOT_A_CGC)


def closes(asking: Asking) -> Refusal | None:
    """The responsible core agency closes; one that handed the family over closes its own part. Basis: guideline 6(5)[1]."""
    fact: SupportClosed = asking.fact
    if fact.closing_reason is ClosingReason.TRANSFER:
        return needs(asking.by in asking.case.former | {asking.case.core}, Reason.NOT_RESPONSIBLE_CORE)
    return core(asking)


def handed_over(asking: Asking) -> Refusal | None:
    """Basis: guideline 6(5)[1]; own rule: closed as handed over is what was handed over."""
    return needs(asking.by in asking.case.former, Reason.NOT_TRANSFERRED)
