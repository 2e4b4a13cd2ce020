"""The register as state: agencies, networks, commissions and the rule book, folded from their facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar, assert_never
from uuid import UUID

from domain.calendar import day_of, end_of
from domain.codes import Body, Employment, Module, OutsourcingScope, Practice, Role, Section, Tier
from domain.events import (
    AuditContentAccessRequested,
    AuditControlRequested,
    AuditMandateBegan,
    BusinessAbolitionNotified,
    BusinessCommencementNotified,
    BusinessNoticeOverdueAlarmRaised,
    ConfidentialityRulesAcknowledged,
    ConfidentialityRulesAdopted,
    ContractorPerformanceReported,
    ContractorReinstated,
    ContractorRequirementVerified,
    ContractorSuspended,
    ControlDestroyed,
    CoordinatingAgencyDesignated,
    CoreAgencyDesignated,
    Fact,
    FieldPracticeCompleted,
    FurtherTrainingOverdueAlarmRaised,
    HubFounded,
    KeyDestroyed,
    KeySetPublished,
    KeySetRevoked,
    Kind,
    MembershipUnpublishedAlarmRaised,
    NetworkMemberAdmitted,
    NetworkMembershipPublished,
    NetworkMemberWithdrawn,
    OathLapsed,
    OathSigned,
    OutsourcingContractConcluded,
    OutsourcingContractEnded,
    PerformanceReportOverdueAlarmRaised,
    QualificationVerified,
    RuleBookPublished,
    SupportWorkerRegistered,
    TrainingLapsed,
    TrainingModuleCompleted,
    TrainingModuleExempted,
)
from domain.record import Party, Record, commission_of

MANDATE_DAYS = 366
"""A mandate of the audit office is for a year at the most; so is the first, which begins with the hub. Source: KH-1 §3."""


@dataclass(frozen=True, kw_only=True)
class Originator:
    """What every sequence has: its version, its last time, and the asks that were answered in it.

    ``asks``: (who, ask id) -> (payload digest, version that answered it).
    """

    id: UUID
    version: int = 0
    last_at: datetime | None = None
    asks: Mapping[tuple[Party, UUID], tuple[bytes, int]] = field(default_factory=dict)

    def knows_frame(self, by: Party, digest: bytes) -> bool:
        """Whether a payload of this sender stands in this sequence."""
        return any(who == by and d == digest for (who, _), (d, _) in self.asks.items())


@dataclass(frozen=True, kw_only=True)
class Agency(Originator):
    """An agency and its key set in force. ``keyset``: payload digest of its publication."""

    code: str = ""
    name: str = ""
    roles: frozenset[Role] = frozenset()
    body: Body = Body.PRIVATE
    municipality: str | None = None
    keyset: bytes | None = None
    sig: Mapping[str, str] = field(default_factory=dict)
    kem: Mapping[str, str] = field(default_factory=dict)
    revoked: bool = False
    compromised: frozenset[str] = frozenset()  # public KEM keys revoked as compromised
    rules_edition: str | None = None  # of its rules of secrecy
    acknowledged: frozenset[str] = frozenset()  # who knows that edition
    core_since: datetime | None = None  # since when it has the programme of a municipality
    notified: bool = False  # to the prefecture
    notice_missed: bool = False  # the hub said so

    def knows_rules(self, actor: str) -> bool:
        """Whether this person knows the rules of secrecy in force, where there are any. Basis: guideline 8[1]."""
        return self.rules_edition is None or actor in self.acknowledged


@dataclass(frozen=True, kw_only=True)
class Network(Originator):
    """A network (要対協): its two offices and its dated membership."""

    core: UUID | None = None
    coordinating: UUID | None = None
    members: Mapping[UUID, int] = field(default_factory=dict)  # member -> item of CWA 25-5
    announced: frozenset[UUID] = frozenset()
    admitted_at: Mapping[UUID, datetime] = field(default_factory=dict)
    unannounced: frozenset[UUID] = frozenset()  # of whom the hub said so


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A visitor of a contractor. ``trained``: module -> last valid day, None where unlimited."""

    employment: Employment
    qualification: str | None = None
    trained: Mapping[Module, date | None] = field(default_factory=dict)
    exempt: frozenset[Module] = frozenset()
    practised: frozenset[Practice] = frozenset()
    tiers: Mapping[Tier, datetime] = field(default_factory=dict)  # when it last did some of each
    sworn: bool = False
    sworn_until: date | None = None
    was_ready: bool = False
    ready_at: datetime | None = None  # when it was first ready
    missed: Mapping[Tier, datetime] = field(default_factory=dict)  # the due times of which the hub said so

    def gaps(self, on: date) -> frozenset[str]:
        """What this visitor lacks on that day. Basis: guideline 4(3), 7, 8[2], 8[3]."""
        missing = {
            f"TRAINING_{module}"
            for module in Module
            if module not in self.exempt and not (module in self.trained and _valid(self.trained[module], on))
        }
        if self.employment is Employment.PART_TIME and not (self.sworn and _valid(self.sworn_until, on)):
            missing.add("OATH")
        return frozenset(missing)


def _valid(until: date | None, on: date) -> bool:
    return until is None or on <= until


@dataclass(frozen=True, kw_only=True)
class Commission(Originator):
    """One commissioning agency and one contractor, over all their cases; or an agency's own visitors, where the two
    are one: then there is no contract, and nothing to suspend."""

    commissioner: UUID | None = None
    contractor: UUID | None = None
    scope: OutsourcingScope = OutsourcingScope.PARTIAL
    begins_on: date | None = None
    ends_on: date | None = None
    ended: bool = False
    verified: frozenset[int] = frozenset()
    workers: Mapping[str, Worker] = field(default_factory=dict)
    was_ready: bool = False
    suspended: bool = False
    performance_since: datetime | None = None  # since when a report on performance is waited for
    performance_missed: datetime | None = None  # the due time of which the hub said so

    @property
    def own(self) -> bool:
        """Whether these are a core agency's own visitors."""
        return self.commissioner is not None and self.commissioner == self.contractor

    def in_force(self, on: date) -> bool:
        """Whether there is a contract on that day."""
        return (
            self.begins_on is not None
            and not self.ended
            and self.begins_on <= on
            and _valid(self.ends_on, on)
        )

    def gaps(self, on: date, *, member: bool) -> frozenset[str]:
        """What of guideline 9(1) and 8[4] is missing, beside the workers."""
        needed = {1, 2, 3} if self.scope is OutsourcingScope.FULL else {1, 2}
        missing = {f"REQUIREMENT_{item}" for item in needed - self.verified}
        if not member:
            missing.add("MEMBERSHIP")
        return frozenset(missing)

    def lapses(self, on: date, *, member: bool) -> frozenset[str]:
        """What was once complete and is not any more: of the contractor itself and of its visitors."""
        workers = {
            f"{ref}:{gap}"
            for ref, worker in self.workers.items()
            if worker.was_ready
            for gap in worker.gaps(on)
        }
        return (self.gaps(on, member=member) if self.was_ready else frozenset()) | workers


@dataclass(frozen=True, kw_only=True)
class Rules(Originator):
    """The rule book in force and every earlier edition's version number is its own record's."""

    book: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Register:
    """All that cases rest on. Immutable: a change makes a new one."""

    agencies: Mapping[UUID, Agency] = field(default_factory=dict)
    networks: Mapping[UUID, Network] = field(default_factory=dict)
    commissions: Mapping[UUID, Commission] = field(default_factory=dict)
    rules: Mapping[UUID, Rules] = field(default_factory=dict)
    log: Mapping[UUID, Originator] = field(default_factory=dict)
    destroyed: Mapping[UUID, frozenset[Section]] = field(
        default_factory=dict
    )  # case -> sections without keys
    unreadable: Mapping[UUID, ControlDestroyed] = field(default_factory=dict)  # cases without control keys
    generation: int = 1  # of the vault's key, by the record
    audit_requests: Mapping[UUID, AuditContentAccessRequested] = field(default_factory=dict)
    control_requests: Mapping[UUID, AuditControlRequested] = field(default_factory=dict)
    mandate: int = 1  # of the audit office: the epoch of control keys
    mandate_until: datetime | None = None  # its end; null before the hub is founded

    def mandate_over(self, now: datetime) -> bool:
        """Whether the audit office's mandate has ended and the registry has begun no other. Source: KH-1 §3."""
        return self.mandate_until is not None and self.mandate_until <= now

    def network_of(self, agency: UUID) -> Network | None:
        """The network in which this agency holds an office (core or coordinating)."""
        for network in self.networks.values():
            if agency in (network.core, network.coordinating):
                return network
        return None

    def is_member(self, commission: Commission) -> bool:
        """Whether the contractor belongs to the network of its commissioning agency."""
        network = self.network_of(commission.commissioner) if commission.commissioner else None
        return network is not None and commission.contractor in network.members

    def commission(self, commissioner: UUID | None, contractor: UUID) -> Commission | None:
        """The commission of this pair, if there is one."""
        return None if commissioner is None else self.commissions.get(commission_of(commissioner, contractor))

    def is_contractor(self, agency: UUID) -> bool:
        found = self.agencies.get(agency)
        return found is not None and Role.CONTRACTOR in found.roles

    def find(self, kind: Kind, id: UUID) -> Originator | None:
        """The originator of this kind and id, or nothing."""
        shelf: Mapping[Kind, Mapping[UUID, Originator]] = {
            Kind.AGENCY: self.agencies,
            Kind.NETWORK: self.networks,
            Kind.COMMISSION: self.commissions,
            Kind.RULE_BOOK: self.rules,
            Kind.LOG: self.log,
        }
        return shelf[kind].get(id) if kind in shelf else None

    def with_record(self, record: Record) -> Register:
        """The register after this record; records of cases change nothing here."""
        return (
            self._folded(record)._noted(record.at)
            if record.originator.kind in _NOTED
            else self._folded(record)
        )

    def _noted(self, at: datetime) -> Register:
        """Keep in mind who has once been ready: only who was ready can lapse (V7)."""
        return replace(
            self, commissions={id: _noted(c, at, self.is_member(c)) for id, c in self.commissions.items()}
        )

    def _of_log(self, fact: Fact, record: Record) -> Register:
        """What was destroyed, and what the audit office asked for, by the record."""
        if isinstance(fact, AuditContentAccessRequested):
            return replace(self, audit_requests={**self.audit_requests, record.ask_id: fact})
        if isinstance(fact, AuditControlRequested):
            return replace(self, control_requests={**self.control_requests, record.ask_id: fact})
        if isinstance(fact, AuditMandateBegan):
            ends = end_of(fact.until)  # the next office asks for itself
            return replace(self, mandate=fact.number, mandate_until=ends, control_requests={})
        if isinstance(fact, HubFounded):
            return replace(self, mandate_until=end_of(day_of(record.at) + timedelta(days=MANDATE_DAYS)))
        if isinstance(fact, ControlDestroyed):
            gone_too = {**self.unreadable, fact.scope: fact}
            return replace(self, unreadable=gone_too, generation=fact.generation)
        if not isinstance(fact, KeyDestroyed):
            return self
        gone = self.destroyed.get(fact.scope, frozenset()) | fact.sections
        return replace(self, destroyed={**self.destroyed, fact.scope: gone}, generation=fact.generation)

    def _designated(self, fact: Fact, record: Record) -> Register:
        """Since when a core agency has the programme."""
        agency = self.agencies.get(fact.agency) if isinstance(fact, CoreAgencyDesignated) else None
        if agency is None or agency.core_since is not None:
            return self
        since = replace(agency, core_since=record.at)
        return replace(self, agencies={**self.agencies, agency.id: since})

    def _folded(self, record: Record) -> Register:
        on, fact = record.originator, record.fact
        match on.kind:
            case Kind.AGENCY:
                agency = self.agencies.get(on.id) or Agency(id=on.id)
                return replace(
                    self, agencies={**self.agencies, on.id: _agency(stamped(agency, record), fact, record)}
                )
            case Kind.NETWORK:
                network = self.networks.get(on.id) or Network(id=on.id)
                return replace(
                    self._designated(fact, record),
                    networks={**self.networks, on.id: _network(stamped(network, record), fact, record.at)},
                )
            case Kind.COMMISSION:
                commission = self.commissions.get(on.id) or Commission(id=on.id)
                return replace(
                    self,
                    commissions={
                        **self.commissions,
                        on.id: _commission(stamped(commission, record), fact, record),
                    },
                )
            case Kind.RULE_BOOK:
                rules = stamped(self.rules.get(on.id) or Rules(id=on.id), record)
                if isinstance(fact, RuleBookPublished):
                    rules = replace(rules, book=fact.book)
                return replace(self, rules={**self.rules, on.id: rules})
            case Kind.LOG:
                log = stamped(self.log.get(on.id) or Originator(id=on.id), record)
                return replace(self._of_log(fact, record), log={**self.log, on.id: log})
            case Kind.CASE | Kind.CASE_ACCESS:
                return self
            case _:
                assert_never(on.kind)


_NOTED = frozenset({Kind.NETWORK, Kind.COMMISSION})


def _noted(commission: Commission, at: datetime, member: bool) -> Commission:
    on = day_of(at)
    workers = {
        ref: worker if worker.was_ready or worker.gaps(on) else replace(worker, was_ready=True, ready_at=at)
        for ref, worker in commission.workers.items()
    }
    ready = commission.was_ready or (
        commission.in_force(on)
        and not commission.gaps(on, member=member)
        and any(w.was_ready for w in workers.values())
    )
    return replace(commission, workers=workers, was_ready=ready)


S = TypeVar("S", bound=Originator)


def stamped(state: S, record: Record) -> S:
    """The originator with this record counted: its version, time and ask."""
    asks = state.asks
    if record.frame is not None:
        asks = {**asks, (record.by, record.ask_id): (record.frame, record.version)}
    return replace(state, version=record.version, last_at=record.at, asks=asks)


def _agency(agency: Agency, fact: Fact, record: Record) -> Agency:
    match fact:
        case KeySetPublished():
            return replace(
                agency,
                code=fact.code,
                name=fact.name,
                roles=fact.roles,
                body=fact.body,
                municipality=fact.municipality,
                keyset=record.frame,
                sig=fact.sig,
                kem=fact.kem,
                revoked=False,
            )
        case ConfidentialityRulesAdopted():
            return replace(agency, rules_edition=fact.edition, acknowledged=frozenset())
        case ConfidentialityRulesAcknowledged():
            return replace(agency, acknowledged=agency.acknowledged | {fact.staff})
        case BusinessCommencementNotified():
            return replace(agency, notified=True)
        case BusinessAbolitionNotified():
            return replace(agency, notified=False, core_since=None, notice_missed=False)
        case BusinessNoticeOverdueAlarmRaised():
            return replace(agency, notice_missed=True)
        case KeySetRevoked():
            bad = frozenset(agency.kem.values()) if fact.compromised_since is not None else frozenset()
            return replace(agency, revoked=True, compromised=agency.compromised | bad)
        case _:
            return agency


def _network(network: Network, fact: Fact, at: datetime) -> Network:
    match fact:
        case CoreAgencyDesignated():
            return replace(network, core=fact.agency)
        case CoordinatingAgencyDesignated():
            return replace(network, coordinating=fact.agency)
        case NetworkMemberAdmitted():
            return replace(
                network,
                members={**network.members, fact.member: fact.item},
                admitted_at={**network.admitted_at, fact.member: at},
            )
        case NetworkMemberWithdrawn():
            return replace(network, members={m: i for m, i in network.members.items() if m != fact.member})
        case NetworkMembershipPublished():
            return replace(network, announced=fact.members, unannounced=network.unannounced - fact.members)
        case MembershipUnpublishedAlarmRaised():
            return replace(network, unannounced=network.unannounced | fact.members)
        case _:
            return network


def _commission(state: Commission, fact: Fact, record: Record) -> Commission:
    match fact:
        case OutsourcingContractConcluded():
            return replace(
                state,
                commissioner=record.by if isinstance(record.by, UUID) else None,
                contractor=fact.contractor,
                scope=fact.scope,
                begins_on=fact.begins_on,
                ends_on=fact.ends_on,
                ended=False,
                performance_since=record.at,
            )
        case OutsourcingContractEnded():
            return replace(state, ended=True)
        case ContractorRequirementVerified():
            return replace(state, verified=fact.items, scope=fact.scope)
        case SupportWorkerRegistered():
            by = record.by
            if isinstance(by, UUID) and state.id == commission_of(by, by):
                state = replace(state, commissioner=by, contractor=by)
            known = state.workers.get(fact.worker)
            worker = (
                replace(known, employment=fact.employment, qualification=fact.qualification)
                if known
                else Worker(employment=fact.employment, qualification=fact.qualification)
            )
            return _with_worker(state, fact.worker, worker)
        case TrainingModuleCompleted():
            worker = state.workers[fact.worker]
            worker = replace(worker, tiers={**worker.tiers, fact.tier: record.at})
            if fact.tier is Tier.T1_BASIC:
                trained = {**worker.trained, **dict.fromkeys(fact.modules, fact.valid_until)}
                worker = replace(worker, trained=trained)
            return _with_worker(state, fact.worker, worker)
        case TrainingModuleExempted():
            worker = state.workers[fact.worker]
            return _with_worker(state, fact.worker, replace(worker, exempt=worker.exempt | {fact.module}))
        case OathSigned():
            worker = state.workers[fact.worker]
            return _with_worker(
                state,
                fact.worker,
                replace(worker, sworn=True, sworn_until=fact.valid_until, employment=fact.employment),
            )
        case QualificationVerified():
            worker = state.workers[fact.worker]
            return _with_worker(state, fact.worker, replace(worker, qualification=fact.qualification))
        case FieldPracticeCompleted():
            worker = state.workers[fact.worker]
            done = worker.practised | {fact.practice}
            return _with_worker(state, fact.worker, replace(worker, practised=done))
        case ContractorPerformanceReported():
            return replace(state, performance_since=record.at, performance_missed=None)
        case PerformanceReportOverdueAlarmRaised():
            return replace(state, performance_missed=fact.due_at)
        case FurtherTrainingOverdueAlarmRaised():
            worker = state.workers[fact.worker]
            missed = {**worker.missed, fact.tier: fact.due_at}
            return _with_worker(state, fact.worker, replace(worker, missed=missed))
        case TrainingLapsed():
            worker = state.workers[fact.worker]
            trained = {m: u for m, u in worker.trained.items() if m is not fact.module}
            return _with_worker(state, fact.worker, replace(worker, trained=trained))
        case OathLapsed():
            worker = state.workers[fact.worker]
            return _with_worker(state, fact.worker, replace(worker, sworn=False, sworn_until=None))
        case ContractorSuspended():
            return replace(state, suspended=True)
        case ContractorReinstated():
            return replace(state, suspended=False)
        case _:
            return state


def _with_worker(state: Commission, ref: str, worker: Worker) -> Commission:
    return replace(state, workers={**state.workers, ref: worker})
