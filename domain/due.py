"""What falls due: events of the hub itself, computed from state only, each with its own time.

A published, closed list (``HUB_ACTS``): the verifier computes it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import events as e
from domain.alarms.raising import ALARMS, next_alarm
from domain.calendar import day_of, end_of, months_later
from domain.codes import Tier
from domain.editions import by_edition_of_world
from domain.record import About
from domain.register import Commission, Register
from domain.retention.disposal import destruction
from domain.world import World

HUB_ACTS: tuple[type[e.Event], ...] = (
    e.TrainingLapsed,
    e.OathLapsed,
    e.ContractorSuspended,
    e.OutsourcingContractEnded,
    e.KeyDestroyed,
    e.ControlDestroyed,
    e.PerformanceReportOverdueAlarmRaised,
    e.FurtherTrainingOverdueAlarmRaised,
    e.BusinessNoticeOverdueAlarmRaised,
    e.MembershipUnpublishedAlarmRaised,
    *ALARMS.values(),
)


@dataclass(frozen=True)
class DueEvent:
    """An act of the hub: when it fell due, on what, and the event."""

    at: datetime
    about: About
    event: e.Event


def next_due(register: Register, now: datetime) -> DueEvent | None:
    """The earliest act of the hub that is due by now; None where there is none. Recording it brings the next."""
    pending = sorted(
        (*_commission_due(register, now), *_programme_due(register, now)),
        key=lambda d: (d.at, _ORDER[type(d.event)], d.about, str(d.event)),
    )
    return pending[0] if pending else None


@by_edition_of_world
def next_due_of_case(world: World) -> DueEvent | None:
    """The next act of the hub in this case, whenever it falls due; None where no clock runs."""
    alarm = next_alarm(world.case, world.rule_book.get("policy", {}))
    end = _destruction(world)
    if end is not None and (alarm is None or end.at <= alarm[0]):
        return end
    return None if alarm is None else DueEvent(alarm[0], About(e.Kind.CASE, world.case.id), alarm[1])


def _destruction(world: World) -> DueEvent | None:
    """What two persons approved for destruction is destroyed at once. Basis: own rule (二人の承認); APPI 61, 66."""
    event = destruction(world.register, world.case)
    log = next(iter(world.register.log), None)
    if event is None or log is None or world.case.disposal is None:
        return None
    return DueEvent(world.case.disposal.at, About(e.Kind.LOG, log), event)


_ORDER = {kind: rank for rank, kind in enumerate(HUB_ACTS)}


def _commission_due(register: Register, now: datetime) -> Iterator[DueEvent]:
    for commission in register.commissions.values():
        about = About(e.Kind.COMMISSION, commission.id)
        if commission.own:
            yield from _qualification_lapses(commission, about, now)
            continue
        yield from _contract_end(commission, about, now)
        for due in (
            *_qualification_lapses(commission, about, now),
            *_suspension(register, commission, about),
        ):
            if commission.in_force(day_of(due.at)):
                yield due


def _contract_end(commission: Commission, about: About, now: datetime) -> Iterator[DueEvent]:
    """Basis: CWA 21-10-2(3): a contract with a last day is over when that day is."""
    until = commission.ends_on
    if until is not None and not commission.ended and end_of(until) <= now:
        yield DueEvent(end_of(until), about, e.OutsourcingContractEnded())


def _qualification_lapses(commission: Commission, about: About, now: datetime) -> Iterator[DueEvent]:
    """Basis: guideline 4(3), 8[2], 8[3]; the days of validity are local policy."""
    for ref, worker in commission.workers.items():
        for module, until in worker.trained.items():
            if until is not None and end_of(until) <= now:
                yield DueEvent(
                    end_of(until), about, e.TrainingLapsed(worker=ref, module=module, valid_until=until)
                )
        if worker.sworn_until is not None and end_of(worker.sworn_until) <= now:
            yield DueEvent(
                end_of(worker.sworn_until), about, e.OathLapsed(worker=ref, valid_until=worker.sworn_until)
            )


def _suspension(register: Register, commission: Commission, about: About) -> Iterator[DueEvent]:
    """Basis: guideline 9(1): who was ready and is not any more is suspended, at the moment it shows."""
    network = register.network_of(commission.commissioner) if commission.commissioner else None
    times = [t for t in (commission.last_at, network.last_at if network else None) if t is not None]
    since = max(times)
    lapses = commission.lapses(day_of(since), member=register.is_member(commission))
    if lapses and not commission.suspended:
        yield DueEvent(since, about, e.ContractorSuspended(gaps=lapses))


def _further_training_due(
    commission: Commission, months: Mapping[str, int], now: datetime
) -> Iterator[DueEvent]:
    """Basis: guideline 7(3): visitors continue their training; a tier counts from when it was last done, else from when
    the visitor was ready to visit."""
    for ref, worker in commission.workers.items():
        for tier in map(Tier, sorted(months)):
            since = worker.tiers.get(tier) or worker.ready_at
            if since is None:
                continue
            at = end_of(months_later(day_of(since), months[tier]))
            if at <= now and worker.missed.get(tier) != at:
                event = e.FurtherTrainingOverdueAlarmRaised(worker=ref, tier=tier, due_at=at)
                yield DueEvent(at, About(e.Kind.COMMISSION, commission.id), event)


def _notices_due(register: Register, now: datetime) -> Iterator[DueEvent]:
    """Basis: 社会福祉法69条: a programme is notified within a month."""
    for agency in register.agencies.values():
        if agency.core_since is not None and not agency.notified and not agency.notice_missed:
            at = end_of(months_later(day_of(agency.core_since), 1))
            if at <= now:
                yield DueEvent(
                    at, About(e.Kind.AGENCY, agency.id), e.BusinessNoticeOverdueAlarmRaised(due_at=at)
                )


def _reports_due(register: Register, months: int, now: datetime) -> Iterator[DueEvent]:
    """Basis: guideline 9(2)[2]; the months are local policy."""
    for commission in register.commissions.values():
        since = commission.performance_since
        if since is None or commission.ended:
            continue
        at = end_of(months_later(day_of(since), months))
        if at <= now and commission.performance_missed != at:
            about = About(e.Kind.COMMISSION, commission.id)
            yield DueEvent(at, about, e.PerformanceReportOverdueAlarmRaised(due_at=at))


def _programme_due(register: Register, now: datetime) -> Iterator[DueEvent]:
    """What is late in running the programme. The book names the times; the month is the law's (社会福祉法69条)."""
    policy = next((dict(r.rule_book.get("policy", {})) for r in register.rules.values()), {})
    yield from _notices_due(register, now)
    if "performance_months" in policy:
        yield from _reports_due(register, int(policy["performance_months"]), now)
    for commission in register.commissions.values():
        if not commission.ended:
            yield from _further_training_due(commission, policy.get("tier_months", {}), now)
    for network in register.networks.values():
        waiting = {
            member: end_of(day_of(admitted) + timedelta(days=int(policy.get("publish_days", 0))))
            for member, admitted in network.admitted_at.items()
            if member in network.members and member not in network.announced | network.unannounced
        }
        if waiting and "publish_days" in policy and (at := min(waiting.values())) <= now:
            late = frozenset(member for member, due_at in waiting.items() if due_at == at)
            about = About(e.Kind.NETWORK, network.id)
            yield DueEvent(at, about, e.MembershipUnpublishedAlarmRaised(members=late, due_at=at))
