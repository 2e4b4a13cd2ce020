"""A family moves (ケース移管): begun when the move is planned, receipted thing by thing, and over when the new
municipality has seen the child. Until then the old one stays responsible.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.codes import HandoverItem, HandoverState
from domain.events.case import CaseMessage


@dataclass(frozen=True, kw_only=True)
class RelocationLearned(CaseMessage, topic="relocation.learned"):
    """転居（予定）の把握. ``moves_on``: the day (JST), null where not known. Where to is content (ADDR).

    Basis: CWA 10(1), 25-2(2); own rule (a hand-over begins with the plan to move).
    """

    moves_on: date | None


@dataclass(frozen=True, kw_only=True)
class TransferInitiated(CaseMessage, topic="transfer.initiated"):
    """移管の開始: the responsible core agency tells the new municipality. ``moves_on``: as above.

    Basis: APPI 69(2)3; CWA 25-2(2).
    """

    moves_on: date | None


@dataclass(frozen=True, kw_only=True)
class TransferPackageSent(CaseMessage, topic="transfer_package.sent"):
    """移管一式の送付, never without the risk sheet. ``hands_over``: the transfer.

    ``checklist``: for each thing whether it is in the package. Basis: APPI 69(2)3; CAPA 4(6).
    """

    hands_over: UUID
    checklist: dict[HandoverItem, HandoverState]


@dataclass(frozen=True, kw_only=True)
class TransferReceiptConfirmed(CaseMessage, topic="transfer_receipt.confirmed"):
    """移管の受領確認. ``answers``: the transfer or a package; ``received``: each thing that is in hand.

    Basis: own rule (受領確認, 目黒 2018).
    """

    answers: UUID
    received: frozenset[HandoverItem]


@dataclass(frozen=True, kw_only=True)
class TransferConferenceHeld(CaseMessage, topic="transfer_conference.held"):
    """引継ぎ会議. ``hands_over``: the transfer. Basis: CWA 25-2(2); CAPA 4(6)."""

    hands_over: UUID


@dataclass(frozen=True, kw_only=True)
class RelocationConfirmed(CaseMessage, topic="relocation.confirmed"):
    """転居の確認. ``moved_on``: null where not known; ``child_seen``: the child itself was seen at the new place.

    Basis: CWA 10(1); own rule (child seen).
    """

    moved_on: date | None
    child_seen: bool


@dataclass(frozen=True, kw_only=True)
class TransferCompleted(CaseMessage, topic="transfer.completed"):
    """移管の完了: from now the new municipality's core agency is responsible.

    ``child_seen``: where no door of the new municipality stands here, what its people say on paper.
    Basis: own rule (responsibility passes when the child was seen); guideline 3(1).
    """

    hands_over: UUID
    child_seen: bool


@dataclass(frozen=True, kw_only=True)
class CgcTransferNotified(CaseMessage, topic="cgc_transfer.notified"):
    """児童相談所間の移管通知. Basis: CAPA 4(6)."""
