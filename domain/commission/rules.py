"""The rules of ``domain.commission``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain import events as e
from domain.calendar import day_of, months_later
from domain.codes import NEVER_EXEMPT, Role
from domain.commission.state import Commission
from domain.context import Refusal, needs
from domain.editions import since_edition
from domain.past.edition_1 import commission_rules as edition_1
from domain.reasons import Reason
from domain.record import Command, Party, commission_of
from domain.register import Register


def decide_commission(
    register: Register, command: Command, now: datetime, rule_book: Mapping[str, Any]
) -> Refusal | None:
    """The commissioning agency decides; the contractor records its own people's papers. Basis: guideline 8, 9."""
    event, by = command.proposed_event, command.by
    if isinstance(event, e.OutsourcingContractConcluded):
        return _decide_contract(register, command, event)
    commission = register.commissions.get(command.about.id)
    if _is_own_staff(register, command):
        return _decide_worker_record(commission or Commission(id=command.about.id), command, now, rule_book)
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
            lapses = commission.lapses(
                day_of(now), member=register.is_member(commission), check_from=register.record_check_from
            )
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
            return _decide_worker_record(commission, command, now, rule_book)


def _is_own_staff(register: Register, command: Command) -> bool:
    """Whether a core agency records its own visitors. Basis: guideline 4(2), 4(3), 8[3]."""
    by = register.agencies.get(command.by) if isinstance(command.by, UUID) else None
    return by is not None and Role.CORE in by.roles and command.about.id == commission_of(by.id, by.id)


def _decide_worker_record(
    commission: Commission, command: Command, now: datetime, rule_book: Mapping[str, Any]
) -> Refusal | None:
    """Profession, training, oath, check and leaving of a visitor who is on the roll. Basis: guideline 4(2), 7, 8[2], 8[3]."""
    event = command.proposed_event
    if isinstance(event, e.SupportWorkerRegistered):
        return None
    worker = commission.workers.get(getattr(event, "worker", ""))
    unknown = needs(worker is not None and worker.left_at is None, Reason.WORKER_UNKNOWN)
    match event:
        case e.QualificationVerified():
            listed = event.qualification in rule_book["qualifications"]
            return unknown or needs(listed or event.reason is not None, Reason.QUALIFICATION_NOT_LISTED)
        case e.FieldPracticeCompleted() | e.TrainingModuleCompleted() | e.OathSigned():
            return unknown
        case e.TrainingModuleExempted():
            return unknown or exemption(commission, command.by, event)
        case e.SupportWorkerLeft():
            return unknown or needs(event.left_on <= day_of(now), Reason.TIME_AHEAD)
        case e.CriminalRecordCheckRecorded():
            return (
                unknown
                or needs(command.by == commission.contractor, Reason.NOT_YOUR_COMMISSION)
                or _check_record_check(event, day_of(now))
            )
        case _:
            return Refusal(Reason.NOT_YOURS)


@since_edition(2, before=edition_1.exemption)
def exemption(commission: Commission, by: Party, event: e.TrainingModuleExempted) -> Refusal | None:
    """The core agency exempts a visitor, whose qualification was verified before; never from secrecy.

    Basis: guideline 7(1), 8[2], 9(1)[2].
    """
    verified = event.qualification in commission.workers[event.worker].verified
    return (
        needs(event.module not in NEVER_EXEMPT, Reason.MODULE_NEVER_EXEMPT)
        or needs(by == commission.commissioner, Reason.NOT_YOUR_COMMISSION)
        or needs(verified, Reason.QUALIFICATION_NOT_VERIFIED)
    )


RECORD_CHECK_YEARS = 5


def _check_record_check(event: e.CriminalRecordCheckRecorded, on: date) -> Refusal | None:
    """A check is not ahead of today, and is valid until the end of the fiscal year of its fifth year at the latest.

    Basis: CPSA 4.
    """
    if event.checked_on > on:
        return Refusal(Reason.TIME_AHEAD)
    fifth = months_later(event.checked_on, 12 * RECORD_CHECK_YEARS)
    latest = date(fifth.year + (fifth.month > 3), 3, 31)
    return needs(event.checked_on <= event.valid_until <= latest, Reason.VALIDITY_TOO_LONG)


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
