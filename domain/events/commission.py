"""Everything that makes one contractor ready: contract, requirements, workers, training, oaths.

A commission is one pair of a commissioning core agency and a contractor, over all their cases. A core agency's own
visitors have the same papers, in the sequence of the pair that it makes with itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.codes import Employment, Module, OutsourcingScope, Tier
from domain.events.base import Event, Kind


@dataclass(frozen=True, kw_only=True)
class CommissionEvent(Event):
    """About one commission."""

    ON = Kind.COMMISSION


@dataclass(frozen=True, kw_only=True)
class OutsourcingContractConcluded(CommissionEvent, topic="outsourcing_contract.concluded"):
    """委託契約. ``ends_on``: the last day of the contract, null where none is set.

    Basis: CWA 21-10-2(3); guideline 9(1).
    """

    contractor: UUID
    scope: OutsourcingScope
    begins_on: date
    ends_on: date | None


@dataclass(frozen=True, kw_only=True)
class OutsourcingContractEnded(CommissionEvent, topic="outsourcing_contract.ended"):
    """委託の終了. Basis: CWA 21-10-2(3); guideline 9."""


@dataclass(frozen=True, kw_only=True)
class ContractorRequirementVerified(CommissionEvent, topic="contractor_requirement.verified"):
    """委託要件の確認: which items of guideline 9(1) were found met (1 staff, 2 secrecy, 3 management).

    Basis: guideline 9(1)[1]–[3]; 施行規則19条の2.
    """

    items: frozenset[int]
    scope: OutsourcingScope


@dataclass(frozen=True, kw_only=True)
class SupportWorkerRegistered(CommissionEvent, topic="support_worker.registered"):
    """訪問支援者の登録, under a pseudonymous ``worker`` reference. Basis: guideline 4(2)."""

    worker: str
    employment: Employment
    qualification: str | None


@dataclass(frozen=True, kw_only=True)
class TrainingModuleCompleted(CommissionEvent, topic="training_module.completed", version=2):
    """研修科目の修了. ``valid_until``: last day (JST) of its validity by local policy, null where unlimited.

    ``tier``: of the three; only the basic one makes a visitor ready, the others may be over more than its
    modules. Basis: guideline 4(3), 7, 8[2]; 施行規則1条の6.
    """

    worker: str
    modules: frozenset[Module]
    tier: Tier
    valid_until: date | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["tier"] = Tier.T1_BASIC.value


@dataclass(frozen=True, kw_only=True)
class TrainingModuleExempted(CommissionEvent, topic="training_module.exempted"):
    """研修科目の省略 for the holder of a qualification in that very field. Basis: guideline 7(1)."""

    worker: str
    module: Module
    qualification: str


@dataclass(frozen=True, kw_only=True)
class OathSigned(CommissionEvent, topic="oath.signed"):
    """誓約書. ``valid_until``: last day (JST) by local policy, null where unlimited. Basis: guideline 8[3]."""

    worker: str
    employment: Employment
    valid_until: date | None


@dataclass(frozen=True, kw_only=True)
class TrainingLapsed(CommissionEvent, topic="training.lapsed"):
    """The hub saw a training run out. Basis: guideline 4(3), 8[2]; validity itself is local policy."""

    worker: str
    module: Module
    valid_until: date


@dataclass(frozen=True, kw_only=True)
class OathLapsed(CommissionEvent, topic="oath.lapsed"):
    """The hub saw an oath run out. Basis: guideline 8[3]; validity itself is local policy."""

    worker: str
    valid_until: date


@dataclass(frozen=True, kw_only=True)
class ContractorSuspended(CommissionEvent, topic="contractor.suspended"):
    """The contractor was ready and has lapsed: it opens nothing, and what is sent to it is held.

    ``gaps``: what is missing. Basis: guideline 9(1), 8[4].
    """

    gaps: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ContractorReinstated(CommissionEvent, topic="contractor.reinstated"):
    """The core agency found the contractor ready again. Held messages stay held until asked for.

    Basis: guideline 9(1), 9(2)[2].
    """
