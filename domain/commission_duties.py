"""What waits in a commission for one of its two parties: what is about to lapse, what has, what was doubted or missed.

Computed from state, as the tasks of a case are (``domain.tasks``). Basis: guideline 7(3), 8, 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.calendar import day_of, end_of
from domain.commission.state import Commission, Worker
from domain.register import Register


class CommissionDutyKind(StrEnum):
    """What is to be done."""

    RENEW = "RENEW"  # an assigned visitor will lack something: renew it, or assign somebody else
    MEND = "MEND"  # an assigned visitor lacks something now
    RECHECK = "RECHECK"  # the requirements of the contractor are doubted: verify them anew
    REINSTATE = "REINSTATE"  # a suspended contractor lacks nothing any more
    PERFORMANCE = "PERFORMANCE"  # the report on performance is overdue
    TRAIN = "TRAIN"  # a visitor's further training is overdue


@dataclass(frozen=True)
class CommissionDuty:
    """One thing that waits. ``worker``, ``gap``: whose, and what, where it is about one visitor; ``due_at``: until when,
    null where no time is set."""

    kind: CommissionDutyKind
    worker: str | None
    gap: str | None
    due_at: datetime | None


def commission_duties(
    register: Register, commission: Commission, agency: UUID, now: datetime
) -> list[CommissionDuty]:
    """All that waits here for this agency, one of the two parties: its visitors' papers for both, and what only the
    commissioning agency can do for that one. Basis: guideline 4(3), 7(3), 8[2], 8[3], 9."""
    if commission.ended:
        return []
    duties = [
        duty
        for ref, worker in sorted(commission.workers.items())
        if worker.left_at is None
        for duty in _duties_of_visitor(register, ref, worker, now)
    ]
    if commission.performance_missed is not None:
        due_at = commission.performance_missed
        duties.append(CommissionDuty(CommissionDutyKind.PERFORMANCE, None, None, due_at))
    if agency == commission.commissioner:
        duties += _duties_of_commissioner(register, commission, now)
    return duties


def _duties_of_visitor(
    register: Register, ref: str, worker: Worker, now: datetime
) -> Iterator[CommissionDuty]:
    on, check_from = day_of(now), register.record_check_from
    if worker.families:
        lacking = worker.gaps(on, check_from)
        for gap in sorted(lacking):
            yield CommissionDuty(CommissionDutyKind.MEND, ref, gap, None)
        for gap, last_day in sorted(worker.last_days(check_from).items()):
            if worker.announced.get(gap) == last_day and gap not in lacking:
                yield CommissionDuty(CommissionDutyKind.RENEW, ref, gap, end_of(last_day))
    for tier, due_at in sorted(worker.missed.items()):
        if worker.tiers.get(tier, worker.ready_at or due_at) < due_at:
            yield CommissionDuty(CommissionDutyKind.TRAIN, ref, tier.value, due_at)


def _duties_of_commissioner(
    register: Register, commission: Commission, now: datetime
) -> Iterator[CommissionDuty]:
    if commission.doubted_at is not None:
        days = register.policy.get("requirement_recheck_days")
        due_at = None if days is None else end_of(day_of(commission.doubted_at) + timedelta(days=int(days)))
        yield CommissionDuty(CommissionDutyKind.RECHECK, None, None, due_at)
    member, check_from = register.is_member(commission), register.record_check_from
    if commission.suspended and not commission.lapses(day_of(now), member=member, check_from=check_from):
        yield CommissionDuty(CommissionDutyKind.REINSTATE, None, None, None)
