"""Addresses that must not be known, conditions on what was told, and what leaked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.codes import BreachStage, Condition, Section
from domain.events.case import CaseMessage


@dataclass(frozen=True, kw_only=True)
class ProtectedAddressRegistered(CaseMessage, topic="protected_address.registered"):
    """秘匿住所の登録: from now on no address of this family is told but under ADDR.

    ``until``: last day of the measure (DV等支援措置), null where none is set. Basis: APPI 69(2) proviso; 66.
    """

    until: date | None


@dataclass(frozen=True, kw_only=True)
class DisclosureConditionsImposed(CaseMessage, topic="disclosure_conditions.imposed"):
    """提供条件 on ``disclosure``, a message of ours, told to those who were given it. ``until``: last day to keep it, null: none named.

    Basis: APPI 70.
    """

    disclosure: UUID
    conditions: frozenset[Condition]
    until: date | None


@dataclass(frozen=True, kw_only=True)
class BreachReported(CaseMessage, topic="breach.reported"):
    """漏えいの報告. ``found_at``: when it was noticed; ``leaked``: of which sections; ``subjects_informed``: the persons concerned know.

    ``answers``: the preliminary report that a final one ends, null for a preliminary one. Basis: APPI 68.
    """

    stage: BreachStage
    found_at: datetime
    leaked: frozenset[Section]
    persons: int
    subjects_informed: bool
    answers: UUID | None
