"""The events of the family ``commission``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.actors import Actor
from domain.codes import Employment, Finding, Module, OutsourcingScope, Practice, Tier
from domain.event import Cause, Event, Kind


@dataclass(frozen=True, kw_only=True)
class CommissionEvent(Event, on=Kind.COMMISSION, cause=Cause.COMMAND):
    """About one commission."""


@dataclass(frozen=True, kw_only=True)
class OutsourcingContractConcluded(
    CommissionEvent,
    topic="outsourcing_contract.concluded",
    title="委託契約",
    law="CWA 21-10-2(3); guideline 9(1)",
    actor=Actor.PERSON,
):
    """A core agency commissions a contractor.

    ``ends_on``: the last day of the contract, null where none is set.
    """

    contractor: UUID
    scope: OutsourcingScope
    begins_on: date
    ends_on: date | None


@dataclass(frozen=True, kw_only=True)
class OutsourcingContractEnded(
    CommissionEvent,
    topic="outsourcing_contract.ended",
    title="委託終了",
    law="CWA 21-10-2(3); guideline 9",
    cause=Cause.COMMAND_OR_CLOCK,
    actor=Actor.PERSON,
):
    """The contract is over."""


@dataclass(frozen=True, kw_only=True)
class ContractorRequirementVerified(
    CommissionEvent,
    topic="contractor_requirement.verified",
    title="委託要件確認",
    law="guideline 9(1)[1]–[3]; 施行規則19条の2",
    actor=Actor.PERSON,
):
    """These items of guideline 9(1) were found met (1 staff, 2 secrecy, 3 management)."""

    items: frozenset[int]
    scope: OutsourcingScope


@dataclass(frozen=True, kw_only=True)
class SupportWorkerRegistered(
    CommissionEvent,
    topic="support_worker.registered",
    title="訪問支援者登録",
    law="guideline 4(2)",
    actor=Actor.PERSON,
):
    """A visitor is registered, under a pseudonymous ``worker`` reference."""

    worker: str
    employment: Employment
    qualification: str | None


@dataclass(frozen=True, kw_only=True)
class TrainingModuleCompleted(
    CommissionEvent,
    topic="training_module.completed",
    version=2,
    title="研修科目修了",
    law="guideline 4(3), 7, 8[2]; 施行規則1条の6",
    actor=Actor.ANYONE,
):
    """A visitor completed modules of a training. ``valid_until``: last day (JST) of its validity by local
    policy, null where unlimited.

    ``tier``: of the three; only the basic one makes a visitor ready, the others may cover more than its
    modules.
    """

    worker: str
    modules: frozenset[Module]
    tier: Tier
    valid_until: date | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["tier"] = Tier.T1_BASIC.value


@dataclass(frozen=True, kw_only=True)
class TrainingModuleExempted(
    CommissionEvent,
    topic="training_module.exempted",
    title="研修科目省略",
    law="guideline 7(1)",
    actor=Actor.PERSON,
):
    """A visitor qualified in that very field need not take a module."""

    worker: str
    module: Module
    qualification: str


@dataclass(frozen=True, kw_only=True)
class OathSigned(
    CommissionEvent,
    topic="oath.signed",
    title="誓約書",
    law="guideline 8[3]",
    actor=Actor.PERSON,
):
    """A visitor swore secrecy. ``valid_until``: last day (JST) by local policy, null where unlimited."""

    worker: str
    employment: Employment
    valid_until: date | None


@dataclass(frozen=True, kw_only=True)
class TrainingLapsed(
    CommissionEvent,
    topic="training.lapsed",
    title="研修の失効",
    law="guideline 4(3), 8[2]; validity itself is local policy",
    cause=Cause.CLOCK,
):
    """The hub found that the validity of a training has ended."""

    worker: str
    module: Module
    valid_until: date


@dataclass(frozen=True, kw_only=True)
class OathLapsed(
    CommissionEvent,
    topic="oath.lapsed",
    title="誓約書の失効",
    law="guideline 8[3]; validity itself is local policy",
    cause=Cause.CLOCK,
):
    """The hub found that the validity of an oath has ended."""

    worker: str
    valid_until: date


@dataclass(frozen=True, kw_only=True)
class ContractorSuspended(
    CommissionEvent,
    topic="contractor.suspended",
    title="委託先の停止",
    law="guideline 9(1), 8[4]",
    cause=Cause.CLOCK,
):
    """The contractor was ready and has lapsed: it opens nothing, and what is sent to it is held.

    ``gaps``: what is missing.
    """

    gaps: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ContractorReinstated(
    CommissionEvent,
    topic="contractor.reinstated",
    title="委託先の再開",
    law="guideline 9(1), 9(2)[2]",
    actor=Actor.PERSON,
):
    """The core agency found the contractor ready again; held messages stay held until their senders ask for
    release.
    """


@dataclass(frozen=True, kw_only=True)
class QualificationVerified(
    CommissionEvent,
    topic="qualification.verified",
    title="資格確認",
    law="guideline 4(2)",
    actor=Actor.PERSON,
):
    """A visitor's profession was verified.

    ``reason``: for one that is not on the list (等), null otherwise.
    """

    worker: str
    qualification: str
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class FieldPracticeCompleted(
    CommissionEvent,
    topic="field_practice.completed",
    title="同行・実技",
    law="guideline 7(1)",
    actor=Actor.ANYONE,
):
    """A visitor completed practice: accompanied visits or role play."""

    worker: str
    practice: Practice


@dataclass(frozen=True, kw_only=True)
class ContractorPerformanceReported(
    CommissionEvent,
    topic="contractor_performance.reported",
    title="実施状況報告",
    law="guideline 9(2)[2]",
    actor=Actor.ANYONE,
):
    """A contractor reports its work over a period, in numbers only."""

    begins_on: date
    ends_on: date
    families: int
    visits: int


@dataclass(frozen=True, kw_only=True)
class ContractorSupervised(
    CommissionEvent,
    topic="contractor.supervised",
    title="指導",
    law="guideline 9(2)[2]",
    actor=Actor.PERSON,
):
    """The core agency supervised a contractor and records its finding."""

    finding: Finding


@dataclass(frozen=True, kw_only=True)
class PerformanceReportOverdueAlarmRaised(
    CommissionEvent,
    topic="performance_report_overdue_alarm.raised",
    title="実施状況報告の遅れ",
    law="guideline 9(2)[2]; the months are local policy",
    cause=Cause.CLOCK,
):
    """The hub found that a contractor's performance report is overdue."""

    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class FurtherTrainingOverdueAlarmRaised(
    CommissionEvent,
    topic="further_training_overdue_alarm.raised",
    title="技術向上・応用研修の遅れ",
    law="guideline 7(3); the months are local policy",
    cause=Cause.CLOCK,
):
    """The hub found that a visitor has completed nothing of this tier for too long.

    ``tier``: of the three. It suspends nobody.
    """

    worker: str
    tier: Tier
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class SupportWorkerLeft(
    CommissionEvent,
    topic="support_worker.left",
    title="訪問支援者の退職",
    law="guideline 4(3), 9(1)[1]",
    actor=Actor.PERSON,
):
    """A visitor has left and is taken off the roll, by the contractor itself or by the agency that commissions it: its
    assignments end, and nothing else lapses.

    ``left_on``: its last day.
    """

    worker: str
    left_on: date


@dataclass(frozen=True, kw_only=True)
class CriminalRecordCheckRecorded(
    CommissionEvent,
    topic="criminal_record_check.recorded",
    title="犯罪事実確認",
    law="CPSA 4",
    actor=Actor.PERSON,
):
    """The employer of a visitor has made the check of criminal records that the law asks for; what it showed is
    recorded nowhere here.

    ``checked_on``: the day of the check; ``valid_until``: the last day until which it need not be repeated.
    """

    worker: str
    checked_on: date
    valid_until: date


@dataclass(frozen=True, kw_only=True)
class WorkerAssignmentRecorded(
    CommissionEvent,
    topic="worker_assignment.recorded",
    title="割当の名簿への記録",
    law="guideline 4(1), 4(3), 9(1); own rule (割当のある訪問支援者だけを数える)",
    cause=Cause.CLOCK,
):
    """The hub notes on the roll that a visitor is assigned to this case, or is no more: only assigned visitors count
    for the readiness of their contractor.
    """

    worker: str
    case: UUID
    assigned: bool


@dataclass(frozen=True, kw_only=True)
class VisitorGapAheadAlarmRaised(
    CommissionEvent,
    topic="visitor_gap_ahead_alarm.raised",
    title="訪問支援者の期限の予告",
    law="guideline 4(3), 8[2], 8[3], 9(2)[2]; the days are local policy",
    cause=Cause.CLOCK,
):
    """The hub found that an assigned visitor will soon lack a training, an oath or a check; the contractor and its
    core agency can act before it suspends.

    ``gap``: what it will lack; ``last_day``: the last day on which it does not; ``due_at``: when this was announced.
    """

    worker: str
    gap: str
    last_day: date
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class RequirementRecheckOverdueAlarmRaised(
    CommissionEvent,
    topic="requirement_recheck_overdue_alarm.raised",
    title="委託要件の再確認の遅れ",
    law="guideline 9(1), 9(2)[2]; the days are local policy",
    cause=Cause.CLOCK,
):
    """The hub found that requirements that were doubted have not been verified anew in time: they count as not met."""

    due_at: datetime
