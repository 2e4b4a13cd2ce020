"""The events of the family ``protection``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseStep, Sender
from domain.clock_kinds import ClockKind
from domain.codes import BreachIntent, BreachStage, Condition, NoticeException, Section


@dataclass(frozen=True, kw_only=True)
class ProtectedAddressRegistered(
    CaseStep,
    topic="protected_address.registered",
    title="秘匿住所の登録",
    law="APPI 69(2) proviso; 66",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MUST,
    starts=(),
    stops=(),
):
    """From now on no address of this family is disclosed except under ADDR.

    ``until``: last day of the measure (DV等支援措置), null where none is set.
    """

    until: date | None


@dataclass(frozen=True, kw_only=True)
class AddressProtectionEnded(
    CaseStep,
    topic="address_protection.ended",
    title="住所秘匿の終了",
    law="APPI 69(2) proviso; 66",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """One protection of an address ends before its last day. ``ends``: the message that registered it."""

    ends: UUID


@dataclass(frozen=True, kw_only=True)
class AddressDisclosureRequested(
    CaseStep,
    topic="address_disclosure.requested",
    title="秘匿住所を含む内容の提供の起案",
    law="APPI 69(2) proviso; own rule (二人の承認)",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
    no_task="it has no addressees; a second person of the same agency approves it",
):
    """One person drafts a message in which a protected address stands outside ADDR, and states why.

    ``recipients``: to whom it may go, none where it is for the agency's own file; ``sections``: in which it stands.
    """

    recipients: frozenset[UUID]
    sections: frozenset[Section]


@dataclass(frozen=True, kw_only=True)
class AddressDisclosureApproved(
    CaseStep,
    topic="address_disclosure.approved",
    title="秘匿住所を含む内容の提供の承認",
    law="APPI 69(2) proviso; own rule (二人の承認)",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """A second person of the same agency approves it, and states why."""

    approves: UUID


@dataclass(frozen=True, kw_only=True)
class DisclosureConditionsImposed(
    CaseStep,
    topic="disclosure_conditions.imposed",
    title="提供条件",
    law="APPI 70",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The sender imposes conditions on ``disclosure``, a message of its own, upon its recipients.

    ``until``: last day to keep it, null where none is named.
    """

    disclosure: UUID
    conditions: frozenset[Condition]
    until: date | None


@dataclass(frozen=True, kw_only=True)
class BreachDetected(
    CaseStep,
    topic="breach.detected",
    title="漏えい等の覚知",
    law="APPI 68; 施行規則43条, 44条",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(
        ClockKind.BREACH_PRELIMINARY,
        ClockKind.BREACH,
        ClockKind.BREACH_INTENT,
        ClockKind.BREACH_NOTICE,
    ),
    stops=(),
):
    """A leak, or the risk of one, has come to light; from then on its reports and the notice to the persons concerned are
    due.

    ``detected_at``: when it was noticed; ``leaked``: of which sections; ``persons``: how many are concerned, null while
    that is not known; ``intent``: whether it may have been caused with a wrongful purpose.
    """

    detected_at: datetime
    leaked: frozenset[Section]
    persons: int | None
    intent: BreachIntent


@dataclass(frozen=True, kw_only=True)
class BreachSubjectsInformed(
    CaseStep,
    topic="breach_subjects.informed",
    title="漏えい等の本人への通知",
    law="APPI 68; 施行規則45条",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.BREACH_NOTICE,),
):
    """The persons concerned by a leak were informed of it, or why some were not.

    ``answers``: the leak; ``persons``: how many were informed; ``exception``: why the others were not, null where all were.
    """

    answers: UUID
    persons: int
    exception: NoticeException | None


@dataclass(frozen=True, kw_only=True)
class BreachReported(
    CaseStep,
    topic="breach.reported",
    title="漏えいの報告",
    law="APPI 68",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(ClockKind.BREACH,),
    stops=(ClockKind.BREACH_PRELIMINARY, ClockKind.BREACH, ClockKind.BREACH_INTENT),
):
    """A leak is reported, first at once, then in full. ``found_at``: when it was noticed; ``leaked``: of
    which sections; ``subjects_informed``: the persons concerned know.

    ``answers``: the leak that is reported, or the preliminary report that a final one completes; a further report
    (続報) is a final one, too. Null for a preliminary one of a leak that was not recorded before.
    """

    stage: BreachStage
    found_at: datetime
    leaked: frozenset[Section]
    persons: int
    subjects_informed: bool
    answers: UUID | None
