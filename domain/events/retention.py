"""How long a case is kept, what holds it, and its end: appraised, let by two persons, destroyed by its keys.

Basis: domain law has no statute for it (own proposal, local rules on documents); APPI 61, 66, 98.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.codes import Appraisal, HoldGround, RetentionPolicy, Section
from domain.events.base import Event, Kind
from domain.events.case import CaseMessage


@dataclass(frozen=True, kw_only=True)
class RetentionPolicyAssigned(CaseMessage, topic="retention_policy.assigned"):
    """保存期間の指定. ``until``: for CHILD_AGE the day on which the child reaches the age of the book, as the door
    declares it (a birth date is content); null for the others. Basis: APPI 61; own rule (保存期間).
    """

    policy: RetentionPolicy
    until: date | None


@dataclass(frozen=True, kw_only=True)
class LegalHoldPlaced(CaseMessage, topic="legal_hold.placed"):
    """廃棄の停止: nothing of this case is destroyed while it stands. Basis: CAPA 4(5); APPI 76, 98."""

    ground: HoldGround


@dataclass(frozen=True, kw_only=True)
class LegalHoldLifted(CaseMessage, topic="legal_hold.lifted"):
    """廃棄停止の解除. Basis: CAPA 4(5); APPI 76, 98."""

    lifts: UUID


@dataclass(frozen=True, kw_only=True)
class RecordsAppraised(CaseMessage, topic="records.appraised"):
    """歴史公文書等の評価 of what has expired: which sections go. Basis: own rule (公文書管理条例)."""

    appraisal: Appraisal
    sections: frozenset[Section]


@dataclass(frozen=True, kw_only=True)
class DestructionApproved(CaseMessage, topic="destruction.approved"):
    """廃棄の承認 by one person; two others than the appraiser are needed. Basis: own rule (二人の承認); APPI 66."""

    approves: UUID


@dataclass(frozen=True, kw_only=True)
class ControlAppraised(CaseMessage, topic="control.appraised"):
    """制御情報の評価: who told whom what and when is to go too, after all content. Two persons let it as any destruction.

    Basis: APPI 61; own rule (公文書管理条例).
    """


@dataclass(frozen=True, kw_only=True)
class KeyDestroyed(Event, topic="key.destroyed"):
    """廃棄の証明: the hub destroyed the keys of these sections of this case; nothing it keeps opens them any more.

    ``scope``: the case; ``keys``: what the vault called them; ``generation``: of the vault's key from then on;
    ``last_version``: of the case when it was done; ``approved``: the appraisal that two persons let.
    Basis: APPI 61, 66, 98; KH-1 §6.
    """

    ON = Kind.LOG

    scope: UUID
    sections: frozenset[Section]
    keys: frozenset[str]
    generation: int
    last_version: int
    approved: UUID


@dataclass(frozen=True, kw_only=True)
class ControlDestroyed(Event, topic="control.destroyed"):
    """制御情報の廃棄の証明: the hub destroyed the control keys of this case and its readings, of every epoch. Its records
    still stand where they stood, and nobody can read them.

    ``scope``, ``keys``, ``generation``, ``last_version``, ``approved``: as of ``KeyDestroyed``. ``agency``, ``approvers``:
    whose persons let it: what they said can't be read any more either.
    Basis: APPI 61, 66, 98; KH-1 §6.
    """

    ON = Kind.LOG

    scope: UUID
    keys: frozenset[str]
    generation: int
    last_version: int
    approved: UUID
    agency: UUID
    approvers: frozenset[str]
