"""What the person concerned asks for, and what is answered. Basis: APPI 76–102."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.codes import AccessResult, Flag, Requester, Section
from domain.events.base import STRICT
from domain.events.case import CaseMessage


@dataclass(frozen=True, kw_only=True)
class SubjectAccessRequested(CaseMessage, topic="subject_access.requested"):
    """開示請求. ``requester``: in which capacity; never who. Basis: APPI 76."""

    requester: Requester


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """One section that is not shown, and why. ``flag``: only items so flagged; null: the whole section."""

    __pydantic_config__ = STRICT

    section: Section
    ground: str
    flag: Flag | None


@dataclass(frozen=True, kw_only=True)
class SubjectAccessDecided(CaseMessage, topic="subject_access.decided"):
    """開示決定. ``withheld``: a ground for each section that is not shown. Basis: APPI 78, 79, 81, 83."""

    answers: UUID
    result: AccessResult
    withheld: tuple[Withheld, ...]


@dataclass(frozen=True, kw_only=True)
class CorrectionMade(CaseMessage, topic="correction.made"):
    """訂正 of a message of ours. ``corrects``: that message. Basis: APPI 90, 92."""

    corrects: UUID


@dataclass(frozen=True, kw_only=True)
class CorrectionNotifiedToRecipients(CaseMessage, topic="correction_notified_to.recipients"):
    """訂正の通知: everybody who was given what was wrong is told. ``answers``: the correction. Basis: APPI 97."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class UseStopped(CaseMessage, topic="use.stopped"):
    """利用停止 of a message of ours: it is opened no more. ``stops``: that message. Basis: APPI 98, 100."""

    stops: UUID


@dataclass(frozen=True, kw_only=True)
class CoercionCheckDone(CaseMessage, topic="coercion_check.done"):
    """威迫の確認: two persons looked whether a guardian's request or consent is the family's own wish.

    ``second``: the other person. Basis: APPI 78; CAPA 8.
    """

    answers: UUID
    second: str
    coerced: bool


@dataclass(frozen=True, kw_only=True)
class RecallNoticeSent(CaseMessage, topic="recall_notice.sent"):
    """回収の求め: who was given this message is asked to return or destroy it. Basis: APPI 98; 69(2)1."""

    recalls: UUID


@dataclass(frozen=True, kw_only=True)
class RecallAcknowledged(CaseMessage, topic="recall.acknowledged"):
    """訂正・回収の確認: we did as the notice asks. Basis: APPI 97, 98."""

    answers: UUID
