"""The events of the family ``disclosure``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseMessage, CaseStep, Sender
from domain.clock_kinds import ClockKind
from domain.codes import ContentFault, FaultAnswer, Purpose, Section
from domain.event import STRICT, Cause, Event, Kind


@dataclass(frozen=True, kw_only=True)
class AccessEvent(Event, on=Kind.CASE_ACCESS):
    """About one item of one message of a case; the originator is the case's access sequence.

    The reader names message and item as in its feed; any other pair is «not there».
    """

    message: UUID
    item: UUID


@dataclass(frozen=True, kw_only=True)
class Rewrapped:
    """One new wrapped key: whose key of which item."""

    __pydantic_config__ = STRICT

    item: UUID
    to: UUID | Literal["AUDIT"]


@dataclass(frozen=True, kw_only=True)
class DisclosureMade(
    CaseMessage,
    topic="disclosure.made",
    version=2,
    title="情報提供",
    law="guideline 9(2)[1]; APPI 69",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MUST,
    starts=(),
    stops=(ClockKind.NON_DISCLOSURE, ClockKind.BUNDLE, ClockKind.OFFICIAL),
    no_task="it informs; no rule asks its addressees for an answer",
    begins_case=False,
    outgoing_copy=True,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=False,
):
    """An agency gives another what that agency needs, and no more.

    ``answers``: the earlier decision not to disclose that is reviewed by this, null where none is.
    """

    answers: UUID | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["answers"] = None


@dataclass(frozen=True, kw_only=True)
class DisclosureHeld(
    CaseMessage,
    topic="disclosure.held",
    title="情報提供(保留)",
    law="guideline 9(1), 9(2)[1]",
    cause=Cause.ANSWER,
    starts=(),
    stops=(),
    no_task="it reaches nobody before it is released",
    begins_case=False,
    outgoing_copy=True,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=False,
):
    """A disclosure all of whose addressees are suspended: it waits, unread."""


@dataclass(frozen=True, kw_only=True)
class HeldDisclosureReleased(
    CaseStep,
    topic="held_disclosure.released",
    title="保留解除",
    law="guideline 9(1), 9(2)[1]",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.NEVER,
    starts=(),
    stops=(ClockKind.BUNDLE,),
):
    """A held disclosure is released: its sender asked for it, and the rules, applied anew, allow it.

    ``releases``: the held message. ``to``: those for whom it is released now.
    """

    releases: UUID


@dataclass(frozen=True, kw_only=True)
class DisclosureRead(
    CaseStep,
    topic="disclosure.read",
    title="提供情報の既読",
    law="own rule (閲読の記録)",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.NEVER,
    starts=(),
    stops=(ClockKind.READ,),
):
    """A named person of the addressee has read what was sent."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class NonDisclosureDecided(
    CaseStep,
    topic="non_disclosure.decided",
    version=2,
    title="不提供・不対応の判断",
    law="own rule (decisions not to share or act are on record); APPI 69",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(ClockKind.NON_DISCLOSURE,),
    stops=(ClockKind.ACT, ClockKind.NON_DISCLOSURE, ClockKind.SPECIALIST, ClockKind.OFFICIAL),
):
    """An agency decides not to disclose, or not to act, with its reason.

    ``review_on``: the day (JST) of the review of this decision. ``answers``: what it is about, such as a referral on which
    nothing follows or an earlier decision that is reviewed, null where nothing in the record. ``withheld_from``: to whom
    it is not disclosed, empty where nobody is named.
    """

    review_on: date | None
    answers: UUID | None
    withheld_from: frozenset[UUID]

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["answers"], state["withheld_from"] = None, []


@dataclass(frozen=True, kw_only=True)
class DisclosureRefused(
    Event,
    topic="disclosure.refused",
    title="情報提供の拒否",
    law="APPI 69; guideline 8",
    on=Kind.CASE,
    cause=Cause.ANSWER,
):
    """The rules refuse a message that had sections; its frame is kept, its parts are not.

    ``act``: what was tried. ``at_fault``: the addressee for whom the rule failed, null where none in
    particular. ``fitting``: bases that would have permitted it.
    """

    act: str
    to: frozenset[UUID]
    sections: frozenset[Section]
    basis: dict[UUID, str]
    reason: str
    at_fault: UUID | None
    fitting: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class CommandRefused(
    Event,
    topic="command.refused",
    title="申出拒否",
    law="own rule (every refusal is recorded)",
    cause=Cause.ANSWER,
):
    """The rules refuse a command without sections."""

    act: str
    reason: str
    at_fault: UUID | None


@dataclass(frozen=True, kw_only=True)
class ItemsRewrapped(
    Event,
    topic="items.rewrapped",
    version=2,
    title="鍵の追加",
    law="CWA 25-2(5); guideline 3(2), 8",
    on=Kind.CASE,
    cause=Cause.COMMAND,
    actor=Actor.ANYONE,
):
    """The responsible door made wrapped keys of earlier items for agencies whose standing access began
    later, or for the audit office, of what two officials approved.

    ``wrapped_keys`` are in the order of the frame's wrapped keys.
    """

    HUB_FIELDS = frozenset({"wrapped_keys"})

    wrapped_keys: tuple[Rewrapped, ...]

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Version 1 knew agencies only: its content holds unchanged."""


@dataclass(frozen=True, kw_only=True)
class SectionOpened(
    AccessEvent,
    topic="section.opened",
    title="閲覧",
    law="guideline 8; APPI 66 (安全管理)",
    cause=Cause.COMMAND,
    actor=Actor.ANYONE,
):
    """A person of an agency asked to read an item and the rules allow it; recorded before the wrapped key is
    released.
    """

    section: Section
    purpose: Purpose


@dataclass(frozen=True, kw_only=True)
class OpeningRefused(
    AccessEvent,
    topic="opening.refused",
    title="閲覧拒否",
    law="guideline 8; APPI 66",
    cause=Cause.ANSWER,
):
    """A person of an agency asked to read an item and the rules refuse it."""

    section: Section
    purpose: Purpose
    reason: str


@dataclass(frozen=True, kw_only=True)
class ContentUnreadableReported(
    CaseStep,
    topic="content_unreadable.reported",
    title="読めない内容の連絡",
    law="own rule (読めない内容); APPI 65",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.NEVER,
    starts=(ClockKind.UNREADABLE,),
    stops=(),
):
    """A reader that has opened an item says to its author that it can't be read.

    ``message``, ``item``: what was opened; ``fault``: why it can't be read, as far as the reader's door can tell.
    """

    message: UUID
    item: UUID
    fault: ContentFault


@dataclass(frozen=True, kw_only=True)
class ContentUnreadableAnswered(
    CaseStep,
    topic="content_unreadable.answered",
    title="読めない内容への回答",
    law="own rule (読めない内容); APPI 65",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.UNREADABLE,),
):
    """The author answers a reader who could not read what it wrote; the content may come with it. ``answers``: the report."""

    answers: UUID
    result: FaultAnswer


@dataclass(frozen=True, kw_only=True)
class DisclosureReceived(
    AccessEvent,
    topic="disclosure.received",
    title="到達確認",
    law="own rule (受領確認)",
    cause=Cause.COMMAND,
    actor=Actor.ANYONE,
):
    """The reader's door reports whether what it was given verified and opened.

    ``opening`` is the command id of the opening it answers; ``error_code`` states what failed where
    ``ok`` is false.
    """

    opening: UUID
    ok: bool
    error_code: str | None


@dataclass(frozen=True, kw_only=True)
class WrappedKeyFetchedForRewrap(
    AccessEvent,
    topic="wrapped_key_fetched_for.rewrap",
    title="鍵追加のための鍵取得",
    law="CWA 25-2(5); guideline 3(2)",
    cause=Cause.COMMAND,
    actor=Actor.ANYONE,
):
    """The responsible core agency's door fetched its own wrapped key of an item, to wrap it for a new
    standing reader.

    A wrapped key only, no ciphertext: not a reading.
    """

    section: Section
