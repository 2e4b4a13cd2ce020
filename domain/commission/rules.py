"""The rules of ``domain.commission``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from domain import events as e
from domain.calendar import day_of
from domain.codes import (
    NEVER_EXEMPT,
    Role,
)
from domain.context import Refusal, needs
from domain.reasons import Reason
from domain.record import Command, commission_of
from domain.register import Commission, Register


def decide_commission(
    register: Register, command: Command, now: datetime, rule_book: Mapping[str, Any]
) -> Refusal | None:
    """The commissioning agency decides; the contractor records its own people's papers. Basis: guideline 8, 9."""
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
    """Whether a core agency records its own visitors. Basis: guideline 4(2), 4(3), 8[3]."""
    by = register.agencies.get(command.by) if isinstance(command.by, UUID) else None
    return by is not None and Role.CORE in by.roles and command.about.id == commission_of(by.id, by.id)


def _decide_worker_record(
    commission: Commission, event: e.Event, rule_book: Mapping[str, Any]
) -> Refusal | None:
    """Profession, training and oath of a visitor, once it is registered. Basis: guideline 4(2), 7, 8[2], 8[3]."""
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
