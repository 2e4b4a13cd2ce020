"""Whether a contractor may see anything of a case now (V6–V8).

Basis: guideline 4(3), 8[2]–[4], 9(1); CWA 21-10-2(3).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from domain.calendar import day_of
from domain.case import Case
from domain.codes import CaseStatus
from domain.commission.state import Commission
from domain.register import Register

CLOSED = frozenset({CaseStatus.CLOSED, CaseStatus.FOLLOW_ON_PENDING, CaseStatus.TRANSFERRED})


class Readiness(StrEnum):
    """READY sees and gets; SUSPENDED was ready and has lapsed (messages wait); the rest get nothing.

    NOT_READY: commissioned, but never complete; NOT_ASSIGNED: complete, but not for this case.
    """

    READY = "READY"
    SUSPENDED = "SUSPENDED"
    NOT_COMMISSIONED = "NOT_COMMISSIONED"
    NOT_ASSIGNED = "NOT_ASSIGNED"
    NOT_READY = "NOT_READY"
    CASE_CLOSED = "CASE_CLOSED"


def worker_gaps(register: Register, commission: Commission, worker: str, on: date) -> frozenset[str]:
    """What this visitor lacks; one who is not on the roll, or has left it, lacks registration."""
    known = commission.workers.get(worker)
    if known is None or known.left_at is not None:
        return frozenset({"REGISTRATION"})
    return known.gaps(on, register.record_check_from)


def assigned_workers(register: Register, case: Case, agency: UUID) -> frozenset[str]:
    """Which visitors of this agency are assigned to the case; whoever has left is not, before its end is recorded here."""
    commission = commission_of_visitor(register, case, agency)
    workers = {} if commission is None else commission.workers
    assigned = (worker for who, worker in case.assigned if who == agency)
    return frozenset(w for w in assigned if w not in workers or workers[w].left_at is None)


def commission_of_visitor(register: Register, case: Case, agency: UUID) -> Commission | None:
    """The roll on which the visitors stand whom this agency has in the case: its own ones on its own, a contractor's on
    that of its commission."""
    return register.commission(case.commissioned.get(agency, agency), agency)


def gaps_for(
    register: Register, case: Case, commission: Commission, agency: UUID, on: date
) -> frozenset[str]:
    """All gaps that keep this contractor from the case: its own and those of every assigned visitor."""
    missing = set(commission.gaps(on, member=register.is_member(commission)))
    for worker in assigned_workers(register, case, agency):
        missing |= {f"{worker}:{gap}" for gap in worker_gaps(register, commission, worker, on)}
    return frozenset(missing)


def readiness(register: Register, case: Case, agency: UUID, now: datetime) -> Readiness:
    """The readiness of this contractor in this case at this moment."""
    on = day_of(now)
    commission = register.commission(case.core_of(agency), agency)
    if case.status in CLOSED:
        return Readiness.CASE_CLOSED
    if commission is None or not commission.in_force(on):
        return Readiness.NOT_COMMISSIONED
    if not assigned_workers(register, case, agency):
        ready = commission.was_ready and not commission.suspended
        return Readiness.NOT_ASSIGNED if ready else Readiness.NOT_READY
    # Nobody is assigned who was not ready then: an assigned contractor that has gaps now has lapsed.
    if commission.suspended or gaps_for(register, case, commission, agency, on):
        return Readiness.SUSPENDED
    return Readiness.READY


def own_visitor_unready(register: Register, case: Case, agency: UUID, actor: str, now: datetime) -> bool:
    """Whether this person visits the family for its own agency, the core agency, and is not trained or sworn (any more).

    Basis: guideline 4(3), 8[2], 8[3].
    """
    own = register.commission(agency, agency)
    assigned = own is not None and (agency, actor) in case.assigned
    return own is not None and assigned and bool(worker_gaps(register, own, actor, day_of(now)))


def worker_ready(register: Register, case: Case, agency: UUID, worker: str, now: datetime) -> bool:
    """Whether this very visitor may open: assigned to the case, registered, trained and sworn."""
    commission = register.commission(case.core_of(agency), agency)
    return (
        commission is not None
        and (agency, worker) in case.assigned
        and not worker_gaps(register, commission, worker, day_of(now))
    )
