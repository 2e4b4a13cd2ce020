"""The events of the family ``moves``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseMessage, CaseStep, Sender
from domain.children import SpeaksOfChildren, all_children_before
from domain.clock_kinds import REFERRAL_CLOCKS, ClockKind
from domain.codes import HandoverItem, HandoverState


@dataclass(frozen=True, kw_only=True)
class RelocationLearned(
    CaseMessage,
    topic="relocation.learned",
    title="転居の把握",
    law="CWA 10(1), 25-2(2); own rule (a hand-over begins with the plan to move)",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
    no_task="the MOVE clock of the case reminds the core agency to begin the hand-over",
    begins_case=True,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=False,
):
    """The family moves, or plans to.

    ``moves_on``: the day (JST), null where not known. Where to is content (ADDR).
    """

    moves_on: date | None


@dataclass(frozen=True, kw_only=True)
class TransferInitiated(
    CaseMessage,
    topic="transfer.initiated",
    title="移管の開始",
    law="APPI 69(2)3; CWA 25-2(2)",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(ClockKind.HANDOVER, ClockKind.TRANSFER),
    stops=(ClockKind.HANDOVER, ClockKind.TRANSFER),
    begins_case=False,
    outgoing_copy=True,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=False,
):
    """The responsible core agency begins to hand the family over to another municipality.

    ``moves_on``: the day of the move (JST), null where not known.
    """

    moves_on: date | None


@dataclass(frozen=True, kw_only=True)
class TransferPackageSent(
    CaseMessage,
    topic="transfer_package.sent",
    title="移管一式の送付",
    law="APPI 69(2)3; CAPA 4(6)",
    actor=Actor.ANYONE,
    sender=Sender.CORE,
    carries=Carries.MUST,
    starts=(ClockKind.TRANSFER,),
    stops=(),
    begins_case=False,
    outgoing_copy=True,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=False,
):
    """What the new municipality needs is sent, never without the risk sheet. ``hands_over``: the transfer.

    ``checklist``: for each item whether it is in the package.
    """

    hands_over: UUID
    checklist: dict[HandoverItem, HandoverState]


@dataclass(frozen=True, kw_only=True)
class TransferReceiptConfirmed(
    CaseMessage,
    topic="transfer_receipt.confirmed",
    title="移管の受領確認",
    law="own rule (受領確認, 目黒 2018)",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACKNOWLEDGE, ClockKind.TRANSFER),
    begins_case=False,
    outgoing_copy=True,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=False,
):
    """The new municipality confirms, item by item, what it has received.

    ``answers``: the transfer or a package; ``received``: the items received.
    """

    answers: UUID
    received: frozenset[HandoverItem]


@dataclass(frozen=True, kw_only=True)
class TransferConferenceHeld(
    CaseMessage,
    topic="transfer_conference.held",
    title="引継ぎ会議",
    law="CWA 25-2(2); CAPA 4(6)",
    actor=Actor.ANYONE,
    sender=Sender.TRANSFER_PARTY,
    carries=Carries.MAY,
    starts=(),
    stops=(),
    begins_case=False,
    outgoing_copy=True,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=False,
):
    """Both municipalities confer about the family. ``hands_over``: the transfer."""

    hands_over: UUID


@dataclass(frozen=True, kw_only=True)
class RelocationConfirmed(
    CaseStep,
    SpeaksOfChildren,
    topic="relocation.confirmed",
    version=2,
    title="転居の確認",
    law="CWA 10(1); own rule (child seen)",
    actor=Actor.ANYONE,
    sender=Sender.ANY_CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The family has moved.

    ``moved_on``: null where not known; ``child_seen``: the child itself was seen at the new place.
    """

    moved_on: date | None
    child_seen: bool

    upcast_v1_v2 = staticmethod(all_children_before)


@dataclass(frozen=True, kw_only=True)
class TransferCompleted(
    CaseMessage,
    SpeaksOfChildren,
    topic="transfer.completed",
    version=2,
    title="移管の完了",
    law="own rule (responsibility passes when the child was seen); guideline 3(1)",
    actor=Actor.PERSON,
    sender=Sender.TRANSFER_PARTY,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.TRANSFER, ClockKind.HANDOVER),
    begins_case=False,
    outgoing_copy=True,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=False,
):
    """The new municipality's core agency is responsible from now on.

    ``child_seen``: where the new municipality has no door here, what its staff state on paper.
    """

    hands_over: UUID
    child_seen: bool

    upcast_v1_v2 = staticmethod(all_children_before)


@dataclass(frozen=True, kw_only=True)
class TransferCancelled(
    CaseMessage,
    topic="transfer.cancelled",
    title="移管の取りやめ",
    law="own rule (a known move is handed over, or it is on record why not); guideline 3(1)",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.TRANSFER, ClockKind.HANDOVER),
    begins_case=False,
    outgoing_copy=True,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=False,
):
    """The family is not handed over: it does not move, or stays in the municipality. With its reason.

    ``hands_over``: the transfer that was begun and ends with this, null where a move was known and none was begun.
    """

    hands_over: UUID | None


@dataclass(frozen=True, kw_only=True)
class CgcTransferNotified(
    CaseMessage,
    SpeaksOfChildren,
    topic="cgc_transfer.notified",
    version=2,
    title="児童相談所間の移管通知",
    law="CAPA 4(6)",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(*REFERRAL_CLOCKS, ClockKind.SAFETY, ClockKind.TRANSFER),
    stops=(),
    begins_case=True,
    outgoing_copy=False,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=False,
):
    """One child guidance centre notifies another of a family that moves; that one acknowledges and reads it, sees the child
    and answers, as with any referral.
    """

    upcast_v1_v2 = staticmethod(all_children_before)
