"""Decisions about the register: commissions, networks, and what the registrars themselves order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from domain import events as e
from domain.calendar import day_of
from domain.codes import NEVER_EXEMPT, Role
from domain.context import Refusal, needs
from domain.reasons import Reason
from domain.record import REGISTRARS, Command, commission_of
from domain.register import Agency, Commission, Register

REGISTER_ACTS: frozenset[type[e.Event]] = frozenset(
    {
        e.ContractorPerformanceReported,
        e.ContractorReinstated,
        e.ContractorRequirementVerified,
        e.ContractorSupervised,
        e.CoordinatingAgencyDesignated,
        e.CoreAgencyDesignated,
        e.FieldPracticeCompleted,
        e.KeySetPublished,
        e.KeySetRevoked,
        e.NetworkMemberAdmitted,
        e.NetworkMembershipPublished,
        e.NetworkMemberWithdrawn,
        e.OathSigned,
        e.OutsourcingContractConcluded,
        e.OutsourcingContractEnded,
        e.QualificationVerified,
        e.RuleBookPublished,
        e.SupportWorkerRegistered,
        e.TrainingModuleCompleted,
        e.TrainingModuleExempted,
    }
)
"""What can be asked for about agencies, networks, commissions and rule books."""


def decide_commission(
    register: Register, command: Command, now: datetime, rule_book: Mapping[str, Any]
) -> Refusal | None:
    """Who commissions decides; the contractor brings its own people's papers. Basis: guideline 8, 9."""
    event, by = command.proposed_event, command.by
    if isinstance(event, e.OutsourcingContractConcluded):
        return _decide_contract(register, command, event)
    commission = register.commissions.get(command.about.id)
    if _is_own_staff(register, command):
        return _decide_worker_record(commission or Commission(id=command.about.id), event, rule_book)
    if commission is None or by not in (commission.commissioner, commission.contractor):
        return Refusal(Reason.NOT_YOUR_COMMISSION)
    commissioning = needs(by == commission.commissioner, Reason.NOT_YOUR_COMMISSION)
    match event:
        case e.ContractorRequirementVerified():
            return commissioning or needs(
                event.items <= {1, 2, 3} and bool(event.items), Reason.REQUIREMENT_UNKNOWN
            )
        case e.OutsourcingContractEnded():
            return commissioning
        case e.ContractorReinstated():
            lapses = commission.lapses(day_of(now), member=register.is_member(commission))
            return (
                commissioning
                or needs(commission.suspended, Reason.NOT_SUSPENDED)
                or needs(not lapses, Reason.CONTRACTOR_NOT_READY)
            )
        case e.ContractorPerformanceReported():
            plausible = (
                event.begins_on <= event.ends_on <= day_of(now) and min(event.families, event.visits) >= 0
            )
            return needs(by == commission.contractor, Reason.NOT_YOUR_COMMISSION) or needs(
                plausible, Reason.NUMBERS_WRONG
            )
        case e.ContractorSupervised():
            return commissioning
        case _:
            return _decide_worker_record(commission, event, rule_book)


def _is_own_staff(register: Register, command: Command) -> bool:
    """Whether a core agency speaks of its own visitors. Basis: guideline 4(2), 4(3), 8[3]."""
    by = register.agencies.get(command.by) if isinstance(command.by, UUID) else None
    return by is not None and Role.CORE in by.roles and command.about.id == commission_of(by.id, by.id)


def _decide_worker_record(
    commission: Commission, event: e.Event, rule_book: Mapping[str, Any]
) -> Refusal | None:
    """What a visitor is, has learnt and has sworn, once it is registered. Basis: guideline 4(2), 7, 8[2], 8[3]."""
    if isinstance(event, e.SupportWorkerRegistered):
        return None
    unknown = needs(getattr(event, "worker", None) in commission.workers, Reason.WORKER_UNKNOWN)
    match event:
        case e.QualificationVerified():
            listed = event.qualification in rule_book["qualifications"]
            return unknown or needs(listed or event.reason is not None, Reason.QUALIFICATION_NOT_LISTED)
        case e.FieldPracticeCompleted() | e.TrainingModuleCompleted() | e.OathSigned():
            return unknown
        case e.TrainingModuleExempted():
            return unknown or needs(event.module not in NEVER_EXEMPT, Reason.MODULE_NEVER_EXEMPT)
        case _:
            return Refusal(Reason.NOT_YOURS)


def _decide_contract(
    register: Register, command: Command, event: e.OutsourcingContractConcluded
) -> Refusal | None:
    """Basis: CWA 21-10-2(3): a core agency commissions a contractor, one commission a pair."""
    by = register.agencies.get(command.by) if isinstance(command.by, UUID) else None
    if by is None or Role.CORE not in by.roles:
        return Refusal(Reason.NOT_RESPONSIBLE_CORE)
    if not register.is_contractor(event.contractor):
        return Refusal(Reason.NOT_A_CONTRACTOR, event.contractor)
    return needs(command.about.id == commission_of(by.id, event.contractor), Reason.NOT_YOUR_COMMISSION)


def decide_network(register: Register, command: Command) -> Refusal | None:
    """Offices are the registrars' to give; members are the coordinating agency's. Basis: CWA 25-2."""
    event = command.proposed_event
    if isinstance(event, (e.CoreAgencyDesignated, e.CoordinatingAgencyDesignated)):
        role = Role.CORE if isinstance(event, e.CoreAgencyDesignated) else Role.COORD
        agency = register.agencies.get(event.agency)
        holds = agency is not None and role in agency.roles
        refusal = needs(command.by == REGISTRARS, Reason.NOT_YOURS) or needs(holds, Reason.UNKNOWN_ADDRESSEE)
        if refusal is not None or role is Role.COORD or agency is None:
            return refusal
        return needs(not _other_core(register, command, agency), Reason.CORE_EXISTS)
    network = register.networks.get(command.about.id)
    if network is None or command.by != network.coordinating:
        return Refusal(Reason.NOT_COORDINATING)
    match event:
        case e.NetworkMemberAdmitted():
            known = event.member in register.agencies and event.item in (1, 2, 3)
            return needs(known, Reason.UNKNOWN_ADDRESSEE)
        case e.NetworkMemberWithdrawn():
            return needs(event.member in network.members, Reason.NOT_A_MEMBER)
        case e.NetworkMembershipPublished():
            return needs(event.members <= set(network.members), Reason.NOT_A_MEMBER)
        case _:
            return Refusal(Reason.NOT_YOURS)


def _other_core(register: Register, command: Command, agency: Agency) -> bool:
    """Whether another network has its core agency in this municipality. Basis: guideline 3(1)."""
    cores = {n.core for n in register.networks.values() if n.id != command.about.id and n.core is not None}
    municipalities = {register.agencies[core].municipality for core in cores if core in register.agencies}
    return agency.municipality is not None and agency.municipality in municipalities


def decide_registrars(command: Command) -> Refusal | None:
    """Key sets and rule books. Their signatures were checked before; here it is who may order what."""
    match command.proposed_event:
        case e.KeySetPublished():
            return None
        case e.KeySetRevoked() | e.RuleBookPublished():
            return needs(command.by == REGISTRARS, Reason.NOT_YOURS)
        case _:
            return Refusal(Reason.NOT_YOURS)
