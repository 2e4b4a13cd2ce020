"""The events of the family ``retention``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseStep, Sender
from domain.codes import Appraisal, HoldGround, RetentionPolicy, Section
from domain.event import Cause, Event, Kind


@dataclass(frozen=True, kw_only=True)
class RetentionPolicyAssigned(
    CaseStep,
    topic="retention_policy.assigned",
    title="保存期間の指定",
    law="APPI 61; own rule (保存期間)",
    actor=Actor.PERSON,
    sender=Sender.ANY_CORE,
    carries=Carries.NEVER,
    starts=(),
    stops=(),
):
    """It is decided how long the case is kept.

    ``until``: for CHILD_AGE the day on which the child reaches the age of the rule book, as the door
    declares it (a birth date is content); null for the others.
    """

    policy: RetentionPolicy
    until: date | None


@dataclass(frozen=True, kw_only=True)
class LegalHoldPlaced(
    CaseStep,
    topic="legal_hold.placed",
    title="廃棄の停止",
    law="CAPA 4(5); APPI 76, 98",
    actor=Actor.PERSON,
    sender=Sender.AUTHORITY,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """Nothing of the case is destroyed while this hold is in force."""

    ground: HoldGround


@dataclass(frozen=True, kw_only=True)
class LegalHoldLifted(
    CaseStep,
    topic="legal_hold.lifted",
    title="廃棄停止の解除",
    law="CAPA 4(5); APPI 76, 98",
    actor=Actor.PERSON,
    sender=Sender.AUTHORITY,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """A legal hold ends."""

    lifts: UUID


@dataclass(frozen=True, kw_only=True)
class RecordsAppraised(
    CaseStep,
    topic="records.appraised",
    title="歴史公文書等の評価",
    law="own rule (公文書管理条例)",
    actor=Actor.PERSON,
    sender=Sender.ANY_CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """What has expired is appraised: which sections are destroyed, or that all is kept as history."""

    appraisal: Appraisal
    sections: frozenset[Section]


@dataclass(frozen=True, kw_only=True)
class DestructionApproved(
    CaseStep,
    topic="destruction.approved",
    title="廃棄の承認",
    law="own rule (二人の承認); APPI 66",
    actor=Actor.PERSON,
    sender=Sender.ANY_CORE,
    carries=Carries.NEVER,
    starts=(),
    stops=(),
):
    """One person approves a destruction; two others than the appraiser are needed."""

    approves: UUID


@dataclass(frozen=True, kw_only=True)
class ControlAppraised(
    CaseStep,
    topic="control.appraised",
    title="制御情報の評価",
    law="APPI 61; own rule (公文書管理条例)",
    actor=Actor.PERSON,
    sender=Sender.ANY_CORE,
    carries=Carries.NEVER,
    starts=(),
    stops=(),
):
    """Control is appraised for destruction, after all content; two persons approve it as any destruction."""


@dataclass(frozen=True, kw_only=True)
class KeyDestroyed(
    Event,
    topic="key.destroyed",
    title="鍵の廃棄(証明)",
    law="APPI 61, 66, 98; KH-1 §6",
    on=Kind.LOG,
    cause=Cause.CLOCK,
):
    """The hub destroyed the keys of these sections of this case; nothing it keeps opens them any more.

    ``scope``: the case; ``keys``: their names in the vault; ``generation``: of the vault's key from then
    on; ``last_version``: of the case at that time; ``approved``: the appraisal that two persons approved.
    """

    scope: UUID
    sections: frozenset[Section]
    keys: frozenset[str]
    generation: int
    last_version: int
    approved: UUID


@dataclass(frozen=True, kw_only=True)
class ControlDestroyed(
    Event,
    topic="control.destroyed",
    title="制御情報の廃棄(証明)",
    law="APPI 61, 66, 98; KH-1 §6",
    on=Kind.LOG,
    cause=Cause.CLOCK,
):
    """The hub destroyed the control keys of this case and its readings, of every epoch; its records remain
    in place and nobody can read them.

    ``scope``, ``keys``, ``generation``, ``last_version``, ``approved``: as of ``KeyDestroyed``.
    ``agency``, ``approvers``: whose persons approved it, since their approvals can't be read any more
    either.
    """

    scope: UUID
    keys: frozenset[str]
    generation: int
    last_version: int
    approved: UUID
    agency: UUID
    approvers: frozenset[str]
