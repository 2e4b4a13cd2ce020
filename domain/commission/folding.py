"""How a commission follows from its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain import events as e
from domain.calendar import day_of, months_later
from domain.codes import Finding, Module, OutsourcingScope, Tier
from domain.commission.state import Commission, Worker
from domain.editions import since_edition
from domain.past.edition_1 import commission_folding as edition_1
from domain.record import Record, commission_of


def with_readiness(
    commission: Commission, at: datetime, *, member: bool, check_from: date | None
) -> Commission:
    """Keep in mind who has once been ready: only who was ready can lapse (V7)."""
    on = day_of(at)
    workers = {
        ref: worker
        if worker.was_ready or worker.left_at is not None or worker.gaps(on, check_from)
        else replace(worker, was_ready=True, ready_at=at)
        for ref, worker in commission.workers.items()
    }
    ready = commission.was_ready or (
        commission.in_force(on)
        and not commission.gaps(on, member=member)
        and any(w.was_ready for w in workers.values())
    )
    return replace(commission, workers=workers, was_ready=ready)


@since_edition(2, before=edition_1.evidence_needed)
def evidence_needed() -> bool:
    """Item 2 rests on the contractor's own rules and records. Basis: guideline 9(1)[2], 8[1], 8[2]."""
    return True


@since_edition(2, before=edition_1.doubted)
def doubted(commission: Commission, at: datetime) -> Commission:
    """Its requirements are to be verified anew. Basis: guideline 9(1), 9(2)[2]."""
    return replace(commission, doubted_at=at)


@since_edition(2, before=edition_1.last_valid_day)
def last_valid_day(
    module: Module, stated: date | None, at: datetime, policy: Mapping[str, Any]
) -> date | None:
    """A training ends as stated, and no later than the local period of its module: what has to be repeated and was not
    counts as not done. Basis: guideline 4(3), 8[2]; the months are local policy."""
    months = policy.get("training_valid_months", {}).get(module)
    if months is None:
        return stated
    latest = months_later(day_of(at), int(months))
    return latest if stated is None else min(stated, latest)


def commission_after(
    state: Commission, event: e.Event, record: Record, policy: Mapping[str, Any]
) -> Commission:
    """The commission after this record."""
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
            verified = replace(
                state, verified=event.items, scope=scope_verified(state, event), doubted_at=None
            )
            return replace(verified, evidence_needed=evidence_needed())
        case e.ContractorSupervised(finding=Finding.REQUIREMENTS_DOUBTED):
            return doubted(state, record.at)
        case e.RequirementRecheckOverdueAlarmRaised():
            return replace(state, verified=frozenset(), doubted_at=None)
        case e.SupportWorkerRegistered():
            return _with_registered_worker(state, event, record)
        case e.ContractorPerformanceReported():
            return replace(state, performance_since=record.at, performance_missed=None)
        case e.PerformanceReportOverdueAlarmRaised():
            return replace(state, performance_missed=event.due_at)
        case e.ContractorSuspended() | e.ContractorReinstated():
            return replace(state, suspended=isinstance(event, e.ContractorSuspended))
        case _:
            return _apply_worker_event(state, event, record, policy)


@since_edition(2, before=edition_1.scope_verified)
def scope_verified(state: Commission, event: e.ContractorRequirementVerified) -> OutsourcingScope:
    """What is commissioned is what the contract says, whatever was verified. Basis: guideline 9(1)."""
    return event.scope if state.begins_on is None else state.scope


def _with_registered_worker(
    state: Commission, event: e.SupportWorkerRegistered, record: Record
) -> Commission:
    by = record.by
    if isinstance(by, UUID) and state.id == commission_of(by, by):
        state = replace(state, commissioner=by, contractor=by)
    known = state.workers.get(event.worker)
    worker = (
        replace(known, employment=event.employment, qualification=event.qualification, left_at=None)
        if known
        else Worker(employment=event.employment, qualification=event.qualification)
    )
    return _with_worker(state, event.worker, worker)


def _apply_worker_event(
    state: Commission, event: e.Event, record: Record, policy: Mapping[str, Any]
) -> Commission:
    """What follows for a visitor that is registered; an event about none changes nothing."""
    ref = getattr(event, "worker", None)
    if ref is None:
        return state
    if isinstance(event, e.TrainingModuleCompleted) and Module.M2_CONFIDENTIALITY in event.modules:
        state = replace(state, secrecy_trained=True)
    return _with_worker(state, ref, _worker_after(state.workers[ref], event, record, policy))


def _worker_after(worker: Worker, event: e.Event, record: Record, policy: Mapping[str, Any]) -> Worker:
    match event:
        case e.TrainingModuleCompleted():
            worker = replace(worker, tiers={**worker.tiers, event.tier: record.at})
            if event.tier is not Tier.T1_BASIC:
                return worker
            until = {m: last_valid_day(m, event.valid_until, record.at, policy) for m in event.modules}
            return replace(worker, trained={**worker.trained, **until})
        case e.TrainingModuleExempted():
            return replace(worker, exempt=worker.exempt | {event.module})
        case e.OathSigned():
            return replace(worker, sworn=True, sworn_until=event.valid_until, employment=event.employment)
        case e.QualificationVerified():
            verified = worker.verified | {event.qualification}
            return replace(worker, qualification=event.qualification, verified=verified)
        case e.FieldPracticeCompleted():
            return replace(worker, practised=worker.practised | {event.practice})
        case e.FurtherTrainingOverdueAlarmRaised():
            return replace(worker, missed={**worker.missed, event.tier: event.due_at})
        case e.TrainingLapsed():
            trained = {m: u for m, u in worker.trained.items() if m is not event.module}
            return replace(worker, trained=trained)
        case e.OathLapsed():
            return replace(worker, sworn=False, sworn_until=None)
        case _:
            return _roll_after(worker, event, record)


def _roll_after(worker: Worker, event: e.Event, record: Record) -> Worker:
    """What follows from assignments, from leaving, and from what was announced or checked."""
    match event:
        case e.CriminalRecordCheckRecorded():
            return replace(worker, checked_until=event.valid_until)
        case e.SupportWorkerLeft():
            return replace(worker, left_at=record.at, families=frozenset())
        case e.WorkerAssignmentRecorded():
            families = worker.families - {event.case}
            return replace(worker, families=families | {event.case} if event.assigned else families)
        case e.VisitorGapAheadAlarmRaised():
            return replace(worker, announced={**worker.announced, event.gap: event.last_day})
        case _:  # no cover: every event about a visitor is above
            return worker


def _with_worker(state: Commission, ref: str, worker: Worker) -> Commission:
    return replace(state, workers={**state.workers, ref: worker})
