"""The events of the family ``rights``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseStep, Sender
from domain.clock_kinds import ClockKind
from domain.codes import AccessResult, Flag, Requester, Section
from domain.event import STRICT


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """One section that is not shown, and why. ``flag``: only items so flagged; null: the entire section."""

    __pydantic_config__ = STRICT

    section: Section
    ground: str
    flag: Flag | None


@dataclass(frozen=True, kw_only=True)
class SubjectAccessRequested(
    CaseStep,
    topic="subject_access.requested",
    title="開示請求",
    law="APPI 76",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(ClockKind.RIGHTS, ClockKind.COERCION),
    stops=(),
):
    """The person concerned, or a representative, asks for its data.

    ``requester``: in which capacity; never who.
    """

    requester: Requester


@dataclass(frozen=True, kw_only=True)
class SubjectAccessDecided(
    CaseStep,
    topic="subject_access.decided",
    title="開示決定",
    law="APPI 78, 79, 81, 83",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.RIGHTS,),
):
    """The request for access is decided. ``withheld``: a ground for each section that is not shown."""

    answers: UUID
    result: AccessResult
    withheld: tuple[Withheld, ...]


@dataclass(frozen=True, kw_only=True)
class CorrectionMade(
    CaseStep,
    topic="correction.made",
    title="訂正",
    law="APPI 90, 92",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """An agency corrects what it wrote. ``corrects``: that message."""

    corrects: UUID


@dataclass(frozen=True, kw_only=True)
class CorrectionNotifiedToRecipients(
    CaseStep,
    topic="correction_notified_to.recipients",
    title="訂正の提供先通知",
    law="APPI 97",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(ClockKind.CONFIRM,),
    stops=(ClockKind.UNREADABLE,),
):
    """Every recipient of what was wrong is notified of its correction. ``answers``: the correction."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class UseStopped(
    CaseStep,
    topic="use.stopped",
    title="利用停止",
    law="APPI 98, 100",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.NEVER,
    starts=(),
    stops=(),
):
    """The use of a message of the sender stops: it is no longer opened. ``stops``: that message."""

    stops: UUID


@dataclass(frozen=True, kw_only=True)
class CoercionCheckDone(
    CaseStep,
    topic="coercion_check.done",
    title="威迫の確認",
    law="APPI 78; CAPA 8",
    actor=Actor.PERSON,
    sender=Sender.AUTHORITY,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """A person checked, together with another, whether a guardian's request or consent is the family's own wish.

    ``second``: the other person, of the same agency. It counts once that person has confirmed it.
    """

    answers: UUID
    second: str
    coerced: bool


@dataclass(frozen=True, kw_only=True)
class CoercionCheckConfirmed(
    CaseStep,
    topic="coercion_check.confirmed",
    title="威迫の確認(二人目)",
    law="APPI 78; CAPA 8; own rule (二人の確認)",
    actor=Actor.PERSON,
    sender=Sender.AUTHORITY,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.COERCION,),
):
    """The second person of a check for coercion gives their own word: they were there and their result is the same.

    ``confirms``: the check. The result is named again, so that each of the two signs exactly that.
    """

    answers: UUID
    confirms: UUID
    coerced: bool


@dataclass(frozen=True, kw_only=True)
class RecallNoticeSent(
    CaseStep,
    topic="recall_notice.sent",
    title="回収の求め",
    law="APPI 98; 69(2)1",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.NEVER,
    starts=(ClockKind.CONFIRM,),
    stops=(),
):
    """The recipients of a message are asked to return or destroy it."""

    recalls: UUID


@dataclass(frozen=True, kw_only=True)
class RecallAcknowledged(
    CaseStep,
    topic="recall.acknowledged",
    title="訂正・回収の確認",
    law="APPI 97, 98",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.NEVER,
    starts=(),
    stops=(ClockKind.CONFIRM,),
):
    """A recipient confirms that it has followed a correction or a recall."""

    answers: UUID
