"""Decisions about the register: commissions, networks, and what the registry itself orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.calendar import day_of
from domain.codes import NEVER_EXEMPT, Role
from domain.context import Refusal, needs
from domain.events import (
    ContractorPerformanceReported,
    ContractorReinstated,
    ContractorRequirementVerified,
    ContractorSupervised,
    CoordinatingAgencyDesignated,
    CoreAgencyDesignated,
    Fact,
    FieldPracticeCompleted,
    KeySetPublished,
    KeySetRevoked,
    NetworkMemberAdmitted,
    NetworkMembershipPublished,
    NetworkMemberWithdrawn,
    OathSigned,
    OutsourcingContractConcluded,
    OutsourcingContractEnded,
    QualificationVerified,
    RuleBookPublished,
    SupportWorkerRegistered,
    TrainingModuleCompleted,
    TrainingModuleExempted,
)
from domain.reasons import Reason
from domain.record import REGISTRY, Wish, commission_of
from domain.register import Agency, Commission, Register

REGISTER_ACTS: frozenset[type[Fact]] = frozenset(
    {
        ContractorPerformanceReported,
        ContractorReinstated,
        ContractorRequirementVerified,
        ContractorSupervised,
        CoordinatingAgencyDesignated,
        CoreAgencyDesignated,
        FieldPracticeCompleted,
        KeySetPublished,
        KeySetRevoked,
        NetworkMemberAdmitted,
        NetworkMembershipPublished,
        NetworkMemberWithdrawn,
        OathSigned,
        OutsourcingContractConcluded,
        OutsourcingContractEnded,
        QualificationVerified,
        RuleBookPublished,
        SupportWorkerRegistered,
        TrainingModuleCompleted,
        TrainingModuleExempted,
    }
)
"""What can be asked for about agencies, networks, commissions and rule books."""


def decide_commission(
    register: Register, wish: Wish, now: datetime, book: Mapping[str, Any]
) -> Refusal | None:
    """Who commissions decides; the contractor brings its own people's papers. Basis: guideline 8, 9."""
    fact, by = wish.draft, wish.by
    if isinstance(fact, OutsourcingContractConcluded):
        return _contract(register, wish, fact)
    commission = register.commissions.get(wish.about.id)
    if _own_staff(register, wish):
        return _paper(commission or Commission(id=wish.about.id), fact, book)
    if commission is None or by not in (commission.commissioner, commission.contractor):
        return Refusal(Reason.NOT_YOUR_COMMISSION)
    commissioning = needs(by == commission.commissioner, Reason.NOT_YOUR_COMMISSION)
    match fact:
        case ContractorRequirementVerified():
            return commissioning or needs(
                fact.items <= {1, 2, 3} and bool(fact.items), Reason.REQUIREMENT_UNKNOWN
            )
        case OutsourcingContractEnded():
            return commissioning
        case ContractorReinstated():
            lapses = commission.lapses(day_of(now), member=register.is_member(commission))
            return (
                commissioning
                or needs(commission.suspended, Reason.NOT_SUSPENDED)
                or needs(not lapses, Reason.CONTRACTOR_NOT_READY)
            )
        case ContractorPerformanceReported():
            forward = fact.begins_on <= fact.ends_on <= day_of(now) and min(fact.families, fact.visits) >= 0
            return needs(by == commission.contractor, Reason.NOT_YOUR_COMMISSION) or needs(
                forward, Reason.NUMBERS_WRONG
            )
        case ContractorSupervised():
            return commissioning
        case _:
            return _paper(commission, fact, book)


def _own_staff(register: Register, wish: Wish) -> bool:
    """Whether a core agency speaks of its own visitors. Basis: guideline 4(2), 4(3), 8[3]."""
    by = register.agencies.get(wish.by) if isinstance(wish.by, UUID) else None
    return by is not None and Role.CORE in by.roles and wish.about.id == commission_of(by.id, by.id)


def _paper(commission: Commission, fact: Fact, book: Mapping[str, Any]) -> Refusal | None:
    """What a visitor is, has learnt and has sworn, once it is registered. Basis: guideline 4(2), 7, 8[2], 8[3]."""
    if isinstance(fact, SupportWorkerRegistered):
        return None
    unknown = needs(getattr(fact, "worker", None) in commission.workers, Reason.WORKER_UNKNOWN)
    match fact:
        case QualificationVerified():
            listed = fact.qualification in book["qualifications"]
            return unknown or needs(listed or fact.reason is not None, Reason.QUALIFICATION_NOT_LISTED)
        case FieldPracticeCompleted() | TrainingModuleCompleted() | OathSigned():
            return unknown
        case TrainingModuleExempted():
            return unknown or needs(fact.module not in NEVER_EXEMPT, Reason.MODULE_NEVER_EXEMPT)
        case _:
            return Refusal(Reason.NOT_YOURS)


def _contract(register: Register, wish: Wish, fact: OutsourcingContractConcluded) -> Refusal | None:
    """Basis: CWA 21-10-2(3): a core agency commissions a contractor, one commission a pair."""
    by = register.agencies.get(wish.by) if isinstance(wish.by, UUID) else None
    if by is None or Role.CORE not in by.roles:
        return Refusal(Reason.NOT_RESPONSIBLE_CORE)
    if not register.is_contractor(fact.contractor):
        return Refusal(Reason.NOT_A_CONTRACTOR, fact.contractor)
    return needs(wish.about.id == commission_of(by.id, fact.contractor), Reason.NOT_YOUR_COMMISSION)


def decide_network(register: Register, wish: Wish) -> Refusal | None:
    """Offices are the registry's to give; members are the coordinating agency's. Basis: CWA 25-2."""
    fact = wish.draft
    if isinstance(fact, (CoreAgencyDesignated, CoordinatingAgencyDesignated)):
        role = Role.CORE if isinstance(fact, CoreAgencyDesignated) else Role.COORD
        agency = register.agencies.get(fact.agency)
        holds = agency is not None and role in agency.roles
        refusal = needs(wish.by == REGISTRY, Reason.NOT_YOURS) or needs(holds, Reason.UNKNOWN_ADDRESSEE)
        if refusal is not None or role is Role.COORD or agency is None:
            return refusal
        return needs(not _other_core(register, wish, agency), Reason.CORE_EXISTS)
    network = register.networks.get(wish.about.id)
    if network is None or wish.by != network.coordinating:
        return Refusal(Reason.NOT_COORDINATING)
    match fact:
        case NetworkMemberAdmitted():
            known = fact.member in register.agencies and fact.item in (1, 2, 3)
            return needs(known, Reason.UNKNOWN_ADDRESSEE)
        case NetworkMemberWithdrawn():
            return needs(fact.member in network.members, Reason.NOT_A_MEMBER)
        case NetworkMembershipPublished():
            return needs(fact.members <= set(network.members), Reason.NOT_A_MEMBER)
        case _:
            return Refusal(Reason.NOT_YOURS)


def _other_core(register: Register, wish: Wish, agency: Agency) -> bool:
    """Whether another network has its core agency in this municipality. Basis: guideline 3(1)."""
    cores = {n.core for n in register.networks.values() if n.id != wish.about.id and n.core is not None}
    towns = {register.agencies[core].municipality for core in cores if core in register.agencies}
    return agency.municipality is not None and agency.municipality in towns


def decide_registry(wish: Wish) -> Refusal | None:
    """Key sets and rule books. Their signatures were checked before; here it is who may order what."""
    match wish.draft:
        case KeySetPublished():
            return None
        case KeySetRevoked() | RuleBookPublished():
            return needs(wish.by == REGISTRY, Reason.NOT_YOURS)
        case _:
            return Refusal(Reason.NOT_YOURS)
