"""The register as state: agencies, networks, commissions and the rule book, folded from their events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar, assert_never
from uuid import UUID

from domain import events as e
from domain.calendar import day_of, end_of
from domain.codes import Body, Employment, Module, OutsourcingScope, Practice, Role, Section, Tier
from domain.editions import by_edition_of_record
from domain.record import Party, Record, commission_of

MANDATE_DAYS = 366
"""A mandate of the audit office is for a year at the most; so is the first, which begins with the hub. Source: architecture §7."""


@dataclass(frozen=True, kw_only=True)
class Originator:
    """What every sequence has: its version, its last time, and the asks that were answered in it.

    ``commands_seen``: (who, command id) -> (payload digest, version that answered it).
    """

    id: UUID
    version: int = 0
    last_at: datetime | None = None
    commands_seen: Mapping[tuple[Party, UUID], tuple[bytes, int]] = field(default_factory=dict)

    def has_payload(self, by: Party, digest: bytes) -> bool:
        """Whether this sequence has a payload of this sender."""
        return any(who == by and d == digest for (who, _), (d, _) in self.commands_seen.items())


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
    notice_missed: bool = False  # the hub recorded it

    def has_acknowledged_rules(self, actor: str) -> bool:
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
    unannounced: frozenset[UUID] = frozenset()  # for whom the hub recorded it


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
    missed: Mapping[Tier, datetime] = field(default_factory=dict)  # the due times that the hub recorded

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
    performance_missed: datetime | None = None  # the due time that the hub recorded

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
        """What of guideline 9(1) and 8[4] is missing, besides the workers."""
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

    rule_book: Mapping[str, Any] = field(default_factory=dict)


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
    unreadable: Mapping[UUID, e.ControlDestroyed] = field(default_factory=dict)  # cases without control keys
    generation: int = 1  # of the vault's key, by the record
    audit_requests: Mapping[UUID, e.AuditContentAccessRequested] = field(default_factory=dict)
    control_requests: Mapping[UUID, e.AuditControlRequested] = field(default_factory=dict)
    mandate: int = 1  # of the audit office: the epoch of control keys
    mandate_until: datetime | None = None  # its end; null before the hub is founded

    def mandate_expired(self, now: datetime) -> bool:
        """Whether the audit office's mandate has ended and the registrars have begun no other. Source: architecture §7."""
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
        agency_record = self.agencies.get(agency)
        return agency_record is not None and Role.CONTRACTOR in agency_record.roles

    def find(self, kind: e.Kind, id: UUID) -> Originator | None:
        """The originator of this kind and id, or nothing."""
        by_kind: Mapping[e.Kind, Mapping[UUID, Originator]] = {
            e.Kind.AGENCY: self.agencies,
            e.Kind.NETWORK: self.networks,
            e.Kind.COMMISSION: self.commissions,
            e.Kind.RULE_BOOK: self.rules,
            e.Kind.LOG: self.log,
        }
        return by_kind[kind].get(id) if kind in by_kind else None

    @by_edition_of_record
    def with_record(self, record: Record) -> Register:
        """The register after this record; records of cases change nothing here."""
        return (
            self._apply(record)._with_readiness(record.at)
            if record.originator.kind in _AFFECTS_READINESS
            else self._apply(record)
        )

    def _with_readiness(self, at: datetime) -> Register:
        """Keep in mind who has once been ready: only who was ready can lapse (V7)."""
        return replace(
            self,
            commissions={id: _with_readiness(c, at, self.is_member(c)) for id, c in self.commissions.items()},
        )

    def _apply_log_event(self, event: e.Event, record: Record) -> Register:
        """What was destroyed, and what the audit office asked for, by the record."""
        if isinstance(event, e.AuditContentAccessRequested):
            return replace(self, audit_requests={**self.audit_requests, record.command_id: event})
        if isinstance(event, e.AuditControlRequested):
            return replace(self, control_requests={**self.control_requests, record.command_id: event})
        if isinstance(event, e.AuditMandateBegan):
            ends = end_of(event.until)  # the next office asks for itself
            return replace(self, mandate=event.number, mandate_until=ends, control_requests={})
        if isinstance(event, e.HubFounded):
            return replace(self, mandate_until=end_of(day_of(record.at) + timedelta(days=MANDATE_DAYS)))
        if isinstance(event, e.ControlDestroyed):
            unreadable_cases = {**self.unreadable, event.scope: event}
            return replace(self, unreadable=unreadable_cases, generation=event.generation)
        if not isinstance(event, e.KeyDestroyed):
            return self
        destroyed_sections = self.destroyed.get(event.scope, frozenset()) | event.sections
        return replace(
            self, destroyed={**self.destroyed, event.scope: destroyed_sections}, generation=event.generation
        )

    def _apply_designation(self, event: e.Event, record: Record) -> Register:
        """Since when a core agency has the programme."""
        agency = self.agencies.get(event.agency) if isinstance(event, e.CoreAgencyDesignated) else None
        if agency is None or agency.core_since is not None:
            return self
        since = replace(agency, core_since=record.at)
        return replace(self, agencies={**self.agencies, agency.id: since})

    def _apply(self, record: Record) -> Register:
        on, event = record.originator, record.event
        match on.kind:
            case e.Kind.AGENCY:
                agency = self.agencies.get(on.id) or Agency(id=on.id)
                return replace(
                    self,
                    agencies={
                        **self.agencies,
                        on.id: _apply_agency_event(with_position(agency, record), event, record),
                    },
                )
            case e.Kind.NETWORK:
                network = self.networks.get(on.id) or Network(id=on.id)
                return replace(
                    self._apply_designation(event, record),
                    networks={
                        **self.networks,
                        on.id: _apply_network_event(with_position(network, record), event, record.at),
                    },
                )
            case e.Kind.COMMISSION:
                commission = self.commissions.get(on.id) or Commission(id=on.id)
                return replace(
                    self,
                    commissions={
                        **self.commissions,
                        on.id: _apply_commission_event(with_position(commission, record), event, record),
                    },
                )
            case e.Kind.RULE_BOOK:
                rules = with_position(self.rules.get(on.id) or Rules(id=on.id), record)
                if isinstance(event, e.RuleBookPublished):
                    rules = replace(rules, rule_book=event.rule_book)
                return replace(self, rules={**self.rules, on.id: rules})
            case e.Kind.LOG:
                log = with_position(self.log.get(on.id) or Originator(id=on.id), record)
                return replace(self._apply_log_event(event, record), log={**self.log, on.id: log})
            case e.Kind.CASE | e.Kind.CASE_ACCESS:
                return self
            case _:
                assert_never(on.kind)


_AFFECTS_READINESS = frozenset({e.Kind.NETWORK, e.Kind.COMMISSION})


def _with_readiness(commission: Commission, at: datetime, member: bool) -> Commission:
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


def with_position(state: S, record: Record) -> S:
    """The originator with this record counted: its version, time and ask."""
    commands_seen = state.commands_seen
    if record.frame is not None:
        commands_seen = {**commands_seen, (record.by, record.command_id): (record.frame, record.version)}
    return replace(state, version=record.version, last_at=record.at, commands_seen=commands_seen)


def _apply_agency_event(agency: Agency, event: e.Event, record: Record) -> Agency:
    match event:
        case e.KeySetPublished():
            return replace(
                agency,
                code=event.code,
                name=event.name,
                roles=event.roles,
                body=event.body,
                municipality=event.municipality,
                keyset=record.frame,
                sig=event.sig,
                kem=event.kem,
                revoked=False,
            )
        case e.ConfidentialityRulesAdopted():
            return replace(agency, rules_edition=event.edition, acknowledged=frozenset())
        case e.ConfidentialityRulesAcknowledged():
            return replace(agency, acknowledged=agency.acknowledged | {event.staff})
        case e.BusinessCommencementNotified():
            return replace(agency, notified=True)
        case e.BusinessAbolitionNotified():
            return replace(agency, notified=False, core_since=None, notice_missed=False)
        case e.BusinessNoticeOverdueAlarmRaised():
            return replace(agency, notice_missed=True)
        case e.KeySetRevoked():
            bad = frozenset(agency.kem.values()) if event.compromised_since is not None else frozenset()
            return replace(agency, revoked=True, compromised=agency.compromised | bad)
        case _:
            return agency


def _apply_network_event(network: Network, event: e.Event, at: datetime) -> Network:
    match event:
        case e.CoreAgencyDesignated():
            return replace(network, core=event.agency)
        case e.CoordinatingAgencyDesignated():
            return replace(network, coordinating=event.agency)
        case e.NetworkMemberAdmitted():
            return replace(
                network,
                members={**network.members, event.member: event.item},
                admitted_at={**network.admitted_at, event.member: at},
            )
        case e.NetworkMemberWithdrawn():
            return replace(network, members={m: i for m, i in network.members.items() if m != event.member})
        case e.NetworkMembershipPublished():
            return replace(network, announced=event.members, unannounced=network.unannounced - event.members)
        case e.MembershipUnpublishedAlarmRaised():
            return replace(network, unannounced=network.unannounced | event.members)
        case _:
            return network


def _apply_commission_event(state: Commission, event: e.Event, record: Record) -> Commission:
    match event:
        case e.OutsourcingContractConcluded():
            return replace(
                state,
                commissioner=record.by if isinstance(record.by, UUID) else None,
                contractor=event.contractor,
                scope=event.scope,
                begins_on=event.begins_on,
                ends_on=event.ends_on,
                ended=False,
                performance_since=record.at,
            )
        case e.OutsourcingContractEnded():
            return replace(state, ended=True)
        case e.ContractorRequirementVerified():
            return replace(state, verified=event.items, scope=event.scope)
        case e.SupportWorkerRegistered():
            return _with_registered_worker(state, event, record)
        case e.ContractorPerformanceReported():
            return replace(state, performance_since=record.at, performance_missed=None)
        case e.PerformanceReportOverdueAlarmRaised():
            return replace(state, performance_missed=event.due_at)
        case e.ContractorSuspended() | e.ContractorReinstated():
            return replace(state, suspended=isinstance(event, e.ContractorSuspended))
        case _:
            return _apply_worker_event(state, event, record)


def _with_registered_worker(
    state: Commission, event: e.SupportWorkerRegistered, record: Record
) -> Commission:
    by = record.by
    if isinstance(by, UUID) and state.id == commission_of(by, by):
        state = replace(state, commissioner=by, contractor=by)
    known = state.workers.get(event.worker)
    worker = (
        replace(known, employment=event.employment, qualification=event.qualification)
        if known
        else Worker(employment=event.employment, qualification=event.qualification)
    )
    return _with_worker(state, event.worker, worker)


def _apply_worker_event(state: Commission, event: e.Event, record: Record) -> Commission:
    """What follows for a visitor that is registered; an event about none changes nothing."""
    ref = getattr(event, "worker", None)
    return (
        state if ref is None else _with_worker(state, ref, _worker_after(state.workers[ref], event, record))
    )


def _worker_after(worker: Worker, event: e.Event, record: Record) -> Worker:
    match event:
        case e.TrainingModuleCompleted():
            worker = replace(worker, tiers={**worker.tiers, event.tier: record.at})
            if event.tier is not Tier.T1_BASIC:
                return worker
            trained = {**worker.trained, **dict.fromkeys(event.modules, event.valid_until)}
            return replace(worker, trained=trained)
        case e.TrainingModuleExempted():
            return replace(worker, exempt=worker.exempt | {event.module})
        case e.OathSigned():
            return replace(worker, sworn=True, sworn_until=event.valid_until, employment=event.employment)
        case e.QualificationVerified():
            return replace(worker, qualification=event.qualification)
        case e.FieldPracticeCompleted():
            return replace(worker, practised=worker.practised | {event.practice})
        case e.FurtherTrainingOverdueAlarmRaised():
            return replace(worker, missed={**worker.missed, event.tier: event.due_at})
        case e.TrainingLapsed():
            trained = {m: u for m, u in worker.trained.items() if m is not event.module}
            return replace(worker, trained=trained)
        case e.OathLapsed():
            return replace(worker, sworn=False, sworn_until=None)
        case _:  # no cover: every event about a visitor is above
            return worker


def _with_worker(state: Commission, ref: str, worker: Worker) -> Commission:
    return replace(state, workers={**state.workers, ref: worker})
