"""What the clock brings: acts of the hub itself, computed from state alone, each with its own time.

A published, closed list (``HUB_ACTS``): the verifier computes it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.alarms import ALARMS, next_alarm
from domain.calendar import day_of, end_of, months_later
from domain.codes import Tier
from domain.events import (
    BusinessNoticeOverdueAlarmRaised,
    ContractorSuspended,
    ControlDestroyed,
    Fact,
    FurtherTrainingOverdueAlarmRaised,
    KeyDestroyed,
    Kind,
    MembershipUnpublishedAlarmRaised,
    OathLapsed,
    OutsourcingContractEnded,
    PerformanceReportOverdueAlarmRaised,
    TrainingLapsed,
)
from domain.record import About
from domain.register import Commission, Register
from domain.retention import destruction
from domain.world import World

HUB_ACTS: tuple[type[Fact], ...] = (
    TrainingLapsed,
    OathLapsed,
    ContractorSuspended,
    OutsourcingContractEnded,
    KeyDestroyed,
    ControlDestroyed,
    PerformanceReportOverdueAlarmRaised,
    FurtherTrainingOverdueAlarmRaised,
    BusinessNoticeOverdueAlarmRaised,
    MembershipUnpublishedAlarmRaised,
    *ALARMS.values(),
)


@dataclass(frozen=True)
class Due:
    """An act of the hub: when it fell due, on what, and the fact."""

    at: datetime
    about: About
    fact: Fact


def next_due(register: Register, now: datetime) -> Due | None:
    """The earliest act of the hub that is due by now; None where there is none. Recording it brings the next."""
    found = sorted(
        (*_due(register, now), *_of_programme(register, now)),
        key=lambda d: (d.at, _ORDER[type(d.fact)], d.about, str(d.fact)),
    )
    return found[0] if found else None


def next_due_of_case(world: World) -> Due | None:
    """The next act of the hub in this case, whenever it falls due; None where no clock runs."""
    alarm = next_alarm(world.case, world.book.get("policy", {}))
    end = _destruction(world)
    if end is not None and (alarm is None or end.at <= alarm[0]):
        return end
    return None if alarm is None else Due(alarm[0], About(Kind.CASE, world.case.id), alarm[1])


def _destruction(world: World) -> Due | None:
    """What two persons let be destroyed is destroyed at once. Basis: own rule (二人の承認); APPI 61, 66."""
    fact = destruction(world.register, world.case)
    log = next(iter(world.register.log), None)
    if fact is None or log is None or world.case.disposal is None:
        return None
    return Due(world.case.disposal.at, About(Kind.LOG, log), fact)


_ORDER = {kind: place for place, kind in enumerate(HUB_ACTS)}


def _due(register: Register, now: datetime) -> Iterator[Due]:
    for commission in register.commissions.values():
        about = About(Kind.COMMISSION, commission.id)
        if commission.own:
            yield from _lapses(commission, about, now)
            continue
        yield from _end(commission, about, now)
        for due in (*_lapses(commission, about, now), *_suspension(register, commission, about)):
            if commission.in_force(day_of(due.at)):
                yield due


def _end(commission: Commission, about: About, now: datetime) -> Iterator[Due]:
    """Basis: CWA 21-10-2(3): a contract with a last day is over when that day is."""
    until = commission.ends_on
    if until is not None and not commission.ended and end_of(until) <= now:
        yield Due(end_of(until), about, OutsourcingContractEnded())


def _lapses(commission: Commission, about: About, now: datetime) -> Iterator[Due]:
    """Basis: guideline 4(3), 8[2], 8[3]; the days of validity are local policy."""
    for ref, worker in commission.workers.items():
        for module, until in worker.trained.items():
            if until is not None and end_of(until) <= now:
                yield Due(end_of(until), about, TrainingLapsed(worker=ref, module=module, valid_until=until))
        if worker.sworn_until is not None and end_of(worker.sworn_until) <= now:
            yield Due(
                end_of(worker.sworn_until), about, OathLapsed(worker=ref, valid_until=worker.sworn_until)
            )


def _suspension(register: Register, commission: Commission, about: About) -> Iterator[Due]:
    """Basis: guideline 9(1): who was ready and is not any more is suspended, at the moment it shows."""
    network = register.network_of(commission.commissioner) if commission.commissioner else None
    times = [t for t in (commission.last_at, network.last_at if network else None) if t is not None]
    since = max(times)
    lapses = commission.lapses(day_of(since), member=register.is_member(commission))
    if lapses and not commission.suspended:
        yield Due(since, about, ContractorSuspended(gaps=lapses))


def _training_planned(commission: Commission, months: Mapping[str, int], now: datetime) -> Iterator[Due]:
    """Basis: guideline 7(3): who visits goes on learning; a tier counts from when it was last done, else from when
    the visitor was ready to visit."""
    for ref, worker in commission.workers.items():
        for tier in map(Tier, sorted(months)):
            since = worker.tiers.get(tier) or worker.ready_at
            if since is None:
                continue
            at = end_of(months_later(day_of(since), months[tier]))
            if at <= now and worker.missed.get(tier) != at:
                fact = FurtherTrainingOverdueAlarmRaised(worker=ref, tier=tier, due_at=at)
                yield Due(at, About(Kind.COMMISSION, commission.id), fact)


def _of_programme(register: Register, now: datetime) -> Iterator[Due]:
    """What is late in running the programme. The book names the times; the month is the law's (社会福祉法69条)."""
    policy = next((dict(r.book.get("policy", {})) for r in register.rules.values()), {})
    for agency in register.agencies.values():
        if agency.core_since is not None and not agency.notified and not agency.notice_missed:
            at = end_of(months_later(day_of(agency.core_since), 1))
            if at <= now:
                yield Due(at, About(Kind.AGENCY, agency.id), BusinessNoticeOverdueAlarmRaised(due_at=at))
    for commission in register.commissions.values():
        since = commission.performance_since
        if since is None or commission.ended or "performance_months" not in policy:
            continue
        at = end_of(months_later(day_of(since), int(policy["performance_months"])))
        if at <= now and commission.performance_missed != at:
            about = About(Kind.COMMISSION, commission.id)
            yield Due(at, about, PerformanceReportOverdueAlarmRaised(due_at=at))
    for commission in register.commissions.values():
        if not commission.ended:
            yield from _training_planned(commission, policy.get("tier_months", {}), now)
    for network in register.networks.values():
        waiting = {
            member: end_of(day_of(admitted) + timedelta(days=int(policy.get("publish_days", 0))))
            for member, admitted in network.admitted_at.items()
            if member in network.members and member not in network.announced | network.unannounced
        }
        if waiting and "publish_days" in policy and (at := min(waiting.values())) <= now:
            late = frozenset(member for member, due_at in waiting.items() if due_at == at)
            about = About(Kind.NETWORK, network.id)
            yield Due(at, about, MembershipUnpublishedAlarmRaised(members=late, due_at=at))
