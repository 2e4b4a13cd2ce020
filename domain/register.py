"""The register as state: agencies, networks, commissions and the rule book, folded from their events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

from domain import events as e
from domain.calendar import day_of, end_of
from domain.codes import Body, Finding, Role, Section
from domain.commission.folding import commission_after, doubted, with_readiness
from domain.commission.state import Commission
from domain.editions import by_edition_of_record
from domain.originator import Originator, with_position
from domain.record import Record, commission_of

MANDATE_DAYS = 366
"""A mandate of the audit office is for a year at the most; so is the first, which begins with the hub. Source: architecture §7."""


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
    calendar_missed: datetime | None = None  # the hub recorded that the calendar ends, due at this time

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

    @property
    def policy(self) -> Mapping[str, Any]:
        """The local policy of the rule book in force; empty before there is one."""
        policy: Mapping[str, Any] = next((r.rule_book.get("policy", {}) for r in self.rules.values()), {})
        return policy

    @property
    def record_check_from(self) -> date | None:
        """From which day on every visitor's criminal record has to be checked; null while the office has not switched
        that on. Basis: CPSA 4 (from 2026-12-25)."""
        named = self.policy.get("record_check_from")
        return None if named is None else date.fromisoformat(named)

    def mandate_expired(self, now: datetime) -> bool:
        """Whether the audit office's mandate has ended and the registrars have begun no other. Source: architecture §7."""
        return self.mandate_until is not None and self.mandate_until <= now

    def network_of(self, agency: UUID) -> Network | None:
        """The network in which this agency holds an office (core or coordinating)."""
        for network in self.networks.values():
            if agency in (network.core, network.coordinating):
                return network
        return None

    def networks_of(self, agency: UUID) -> list[Network]:
        """The networks in which this agency holds an office or is a member, by id."""
        return [
            n
            for _, n in sorted(self.networks.items())
            if agency in (n.core, n.coordinating) or agency in n.members
        ]

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
            commissions={
                id: with_readiness(c, at, member=self.is_member(c), check_from=self.record_check_from)
                for id, c in self.commissions.items()
            },
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

    def _commissions_after(self, event: e.Event, record: Record) -> Mapping[UUID, Commission]:
        """The commissions after what an agency recorded about itself: a contractor's rules of secrecy count in all of
        them, and where the prefecture doubts it, all are to be verified anew. Basis: guideline 9(1), 10; 社会福祉法70条."""
        if isinstance(event, e.ConfidentialityRulesAdopted):
            change: Callable[[Commission], Commission] = lambda c: replace(c, rules_adopted=True)  # noqa: E731
        elif (
            isinstance(event, e.PrefecturalSupervisionReceived)
            and event.finding is Finding.REQUIREMENTS_DOUBTED
        ):
            change = lambda c: doubted(c, record.at)  # noqa: E731
        else:
            return self.commissions
        return {
            id: change(c) if c.contractor == record.originator.id and not c.own else c
            for id, c in self.commissions.items()
        }

    def _apply(self, record: Record) -> Register:
        on, event = record.originator, record.event
        match on.kind:
            case e.Kind.AGENCY:
                agency = self.agencies.get(on.id) or Agency(id=on.id)
                agency = _apply_agency_event(with_position(agency, record), event, record)
                return replace(
                    self,
                    agencies={**self.agencies, on.id: agency},
                    commissions=self._commissions_after(event, record),
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
                known = self.commissions.get(on.id) or Commission(id=on.id)
                commission = commission_after(with_position(known, record), event, record, self.policy)
                contractor = self.agencies.get(commission.contractor) if commission.contractor else None
                if contractor is not None and contractor.rules_edition is not None:
                    commission = replace(commission, rules_adopted=True)
                return replace(self, commissions={**self.commissions, on.id: commission})
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
        case e.CalendarEndingAlarmRaised():
            return replace(agency, calendar_missed=event.due_at)
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
