"""What falls due: events of the hub itself, computed from state only, each with its own time.

A published, closed list (``HUB_ACTS``): the verifier computes it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain import events as e
from domain.alarms.informed import informed_of_escalation
from domain.alarms.raising import ALARMS, next_alarm
from domain.alarms.schedule import AlarmSchedule
from domain.calendar import day_of, end_of, months_later
from domain.case import Case
from domain.codes import Period, Tier
from domain.commission.state import Commission
from domain.editions import by_edition_of_world, since_edition
from domain.joined.sharing import pending_share
from domain.office_days import last_covered_day
from domain.readiness import CLOSED, commission_of_visitor
from domain.record import About
from domain.register import Register
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
    e.VisitorGapAheadAlarmRaised,
    e.RequirementRecheckOverdueAlarmRaised,
    e.WorkerAssignmentRecorded,
    e.SupportWorkerAssignmentEnded,
    e.BusinessNoticeOverdueAlarmRaised,
    e.MembershipUnpublishedAlarmRaised,
    e.JoinedCaseChanged,
    e.JoinedCaseInformed,
    e.CalendarEndingAlarmRaised,
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
def next_due_of_case(world: World, schedule: AlarmSchedule | None = None) -> DueEvent | None:
    """The next act of the hub in this case, whenever it falls due; None where no clock runs. ``schedule``: that has
    followed this case, so that not all clocks are looked at.

    What a joined case is to know is recorded there, and then here (``JoinedCaseInformed``): until then it is due.
    """
    share = pending_share(world.case, frozenset(world.register.unreadable))
    if share is not None and world.case.last_at is not None:
        other, shares = share  # before any alarm: what is known of the family may end it
        event = e.JoinedCaseChanged(source=world.case.id, shares=dict(shares))
        return DueEvent(world.case.last_at, About(e.Kind.CASE, other), event)
    policy = world.rule_book.get("policy", {})
    roll = next(_roll_due(world), None)
    if roll is not None:
        return roll
    alarm = next_alarm(world.case, policy) if schedule is None else schedule.next_alarm(policy)
    end = _destruction(world)
    if end is not None and (alarm is None or end.at <= alarm[0]):
        return end
    if alarm is None:
        return None
    return DueEvent(alarm[0], About(e.Kind.CASE, world.case.id), _escalated(world, alarm[1]))


def _escalated(world: World, alarm: e.CaseAlarm) -> e.CaseAlarm:
    if not alarm.escalated:
        return alarm
    more = informed_of_escalation(world.register, world.case, alarm.message)
    return replace(alarm, to=alarm.to | more - {alarm.responsible}) if more else alarm


def _no_roll(world: World) -> Iterator[DueEvent]:
    """In edition 1 the roll of a commission did not say who is assigned."""
    yield from ()


@since_edition(2, before=_no_roll)
def _roll_due(world: World) -> Iterator[DueEvent]:
    """What the roll and the case do not know of each other yet: who has left ends its assignments here, and who is
    assigned here stands so on the roll. Basis: guideline 4(1), 4(3), 9(1)."""
    case, register = world.case, world.register
    assigned = frozenset() if case.status in CLOSED else case.assigned
    for agency, worker in sorted(assigned):
        commission = commission_of_visitor(register, case, agency)
        known = None if commission is None else commission.workers.get(worker)
        if known is not None and known.left_at is not None and case.core is not None:
            yield _assignment_end(case, case.core, agency, worker, known.left_at)
        elif commission is not None and known is not None and case.id not in known.families:
            yield _roll_entry(case, commission, worker, assigned=True)
    for commission in _rolls_of(register, case):
        for worker, known in sorted(commission.workers.items()):
            here = (commission.contractor, worker) in assigned
            if case.id in known.families and not (here and _is_roll(register, case, commission)):
                yield _roll_entry(case, commission, worker, assigned=False)


def _rolls_of(register: Register, case: Case) -> Iterator[Commission]:
    """Every roll on which somebody may stand as assigned to this case."""
    for id in sorted(register.commissions):
        if register.commissions[id].contractor in case.visitors:
            yield register.commissions[id]


def _is_roll(register: Register, case: Case, commission: Commission) -> bool:
    agency = commission.contractor
    return agency is not None and commission_of_visitor(register, case, agency) == commission


def _assignment_end(case: Case, core: UUID, agency: UUID, worker: str, at: datetime) -> DueEvent:
    event = e.SupportWorkerAssignmentEnded(
        message=None,
        responsible=core,
        to=frozenset({agency}) - {core},
        due_at=at,
        escalated=False,
        child=None,
        period=Period.RUNS_THROUGH,
        agency=agency,
        worker=worker,
    )
    return DueEvent(at, About(e.Kind.CASE, case.id), event)


def _roll_entry(case: Case, commission: Commission, worker: str, *, assigned: bool) -> DueEvent:
    at = case.last_message_at or case.last_at
    assert at is not None
    event = e.WorkerAssignmentRecorded(worker=worker, case=case.id, assigned=assigned)
    return DueEvent(at, About(e.Kind.COMMISSION, commission.id), event)


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
            *_suspension(register, commission, about, now),
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


def _suspension(
    register: Register, commission: Commission, about: About, now: datetime
) -> Iterator[DueEvent]:
    """Basis: guideline 9(1): who was ready and is not any more is suspended, at the moment it shows."""
    network = register.network_of(commission.commissioner) if commission.commissioner else None
    check_from = register.record_check_from
    begins = None if check_from is None else end_of(check_from - timedelta(days=1))
    times = (
        commission.last_at,
        network.last_at if network else None,
        begins if begins is not None and begins <= now else None,
    )
    since = max(t for t in times if t is not None)
    member = register.is_member(commission)
    lapses = commission.lapses(day_of(since), member=member, check_from=check_from)
    if lapses and not commission.suspended:
        yield DueEvent(since, about, e.ContractorSuspended(gaps=lapses))


def _gaps_ahead(
    commission: Commission, check_from: date | None, days: int, now: datetime
) -> Iterator[DueEvent]:
    """An assigned visitor's gap is announced before it opens. Basis: guideline 4(3), 8[2], 8[3], 9(2)[2]; the days are
    local policy."""
    for ref, worker in commission.workers.items():
        for gap, last_day in worker.last_days(check_from).items() if worker.families else ():
            at = end_of(last_day - timedelta(days=days))
            if at <= now and worker.announced.get(gap) != last_day:
                event = e.VisitorGapAheadAlarmRaised(worker=ref, gap=gap, last_day=last_day, due_at=at)
                yield DueEvent(at, About(e.Kind.COMMISSION, commission.id), event)


def _recheck_due(commission: Commission, days: int, now: datetime) -> Iterator[DueEvent]:
    """Requirements that are doubted are verified anew in time, or count as not met. Basis: guideline 9(1), 9(2)[2]; the
    days are local policy."""
    if commission.doubted_at is None:
        return
    at = end_of(day_of(commission.doubted_at) + timedelta(days=days))
    if at <= now:
        yield DueEvent(
            at,
            About(e.Kind.COMMISSION, commission.id),
            e.RequirementRecheckOverdueAlarmRaised(due_at=at),
        )


def _further_training_due(
    commission: Commission, months: Mapping[str, int], now: datetime
) -> Iterator[DueEvent]:
    """Basis: guideline 7(3): visitors continue their training; a tier counts from when it was last done, else from when
    the visitor was ready to visit."""
    for ref, worker in commission.workers.items():
        for tier in map(Tier, sorted(months)):
            since = worker.tiers.get(tier) or worker.ready_at
            if since is None or worker.left_at is not None:
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


def calendar_ends_at(policy: Mapping[str, Any]) -> datetime | None:
    """From when somebody has to extend the calendar: so many days before its last is over. None where there is none."""
    last = last_covered_day(policy)
    return None if last is None else end_of(last - timedelta(days=int(policy.get("calendar_notice_days", 0))))


def _no_calendar_due(register: Register, policy: Mapping[str, Any], now: datetime) -> Iterator[DueEvent]:
    """In edition 1 no book had a calendar."""
    yield from ()


@since_edition(2, before=_no_calendar_due)
def _calendar_due(register: Register, policy: Mapping[str, Any], now: datetime) -> Iterator[DueEvent]:
    """Basis: own rule (開庁日の暦); 民法142条: a calendar that covers a year no more would count its holidays as open days."""
    at = calendar_ends_at(policy)
    if at is None or at > now:
        return
    for agency in register.agencies.values():
        if agency.core_since is not None and agency.calendar_missed != at:
            since = max(at, agency.core_since)
            yield DueEvent(since, About(e.Kind.AGENCY, agency.id), e.CalendarEndingAlarmRaised(due_at=at))


def _programme_due(register: Register, now: datetime) -> Iterator[DueEvent]:
    """What is late in running the programme. The book names the times; the month is the law's (社会福祉法69条)."""
    policy = register.policy
    yield from _notices_due(register, now)
    yield from _calendar_due(register, policy, now)
    if "performance_months" in policy:
        yield from _reports_due(register, int(policy["performance_months"]), now)
    for commission in register.commissions.values():
        if commission.ended:
            continue
        yield from _further_training_due(commission, policy.get("tier_months", {}), now)
        if "gap_notice_days" in policy:
            days = int(policy["gap_notice_days"])
            yield from _gaps_ahead(commission, register.record_check_from, days, now)
        if "requirement_recheck_days" in policy:
            yield from _recheck_due(commission, int(policy["requirement_recheck_days"]), now)
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
