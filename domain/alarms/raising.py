"""When the clocks of a case run out, and which alarms are raised.

Due times are the rule book's policy over state; the hub records an alarm at its due time. An alarm
stays raised until what was due is done: then its clock runs no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain import events as e
from domain.calendar import day_of, end_of, monday_of, months_later
from domain.case import Case
from domain.clocks import Clock, ClockKind
from domain.codes import CaseStatus, PlanContent, TargetClass
from domain.retention.disposal import expires_at

ALARMS: Mapping[ClockKind, type[e.CaseAlarm]] = {
    ClockKind.SAFETY: e.SafetyCheckOverdueAlarmRaised,
    ClockKind.ACKNOWLEDGE: e.ReferralUnacknowledgedAlarmRaised,
    ClockKind.READ: e.ReferralUnreadAlarmRaised,
    ClockKind.ACT: e.ReferralUnactedAlarmRaised,
    ClockKind.ANSWER: e.RequestUnansweredAlarmRaised,
    ClockKind.RIGHTS: e.RightsRequestOverdueAlarmRaised,
    ClockKind.EMERGENCY: e.EmergencyAccessOpened,
    ClockKind.EMERGENCY_END: e.EmergencyAccessEnded,
    ClockKind.EMERGENCY_REVIEW: e.EmergencyReviewOverdueAlarmRaised,
    ClockKind.COERCION: e.CoercionCheckRequired,
    ClockKind.CONFIRM: e.NoticeUnconfirmedAlarmRaised,
    ClockKind.TRANSFER: e.TransferUnacknowledgedAlarmRaised,
    ClockKind.HANDOVER: e.TransferOverdueAlarmRaised,
    ClockKind.MOVE: e.TransferNotBegunAlarmRaised,
    ClockKind.NON_DISCLOSURE: e.DecisionUnreviewedAlarmRaised,
    ClockKind.VISIT_REPORT: e.VisitUnreportedAlarmRaised,
    ClockKind.BREACH: e.BreachReportOverdueAlarmRaised,
    ClockKind.SPECIALIST: e.SpecialistUnlinkedAlarmRaised,
    ClockKind.BUNDLE: e.BundleMissingAlarmRaised,
    ClockKind.RETENTION: e.RetentionExpired,
    ClockKind.SIGNALS: e.SignalsGatheredAlarmRaised,
    ClockKind.CONTACT: e.ContactGapAlarmRaised,
    ClockKind.VISITS: e.VisitGapAlarmRaised,
    ClockKind.REVIEW: e.ReviewOverdueAlarmRaised,
    ClockKind.PLAN_END: e.PlanOverAlarmRaised,
    ClockKind.REPORT: e.ReportUnreadAlarmRaised,
    ClockKind.ACCEPT: e.FollowOnUnacceptedAlarmRaised,
    ClockKind.SILENCE: e.CaseSilentAlarmRaised,
}
"""The alarm of each clock; of several that fall due together the first comes first."""

_HOURS = {
    ClockKind.ACKNOWLEDGE: "acknowledge_hours",
    ClockKind.READ: "read_hours",
    ClockKind.SAFETY: "safety_hours",
    ClockKind.EMERGENCY_END: "emergency_hours",
    ClockKind.TRANSFER: "transfer_hours",
}
_DAYS = {
    ClockKind.ACT: "act_days",
    ClockKind.ACCEPT: "follow_on_days",
    ClockKind.REPORT: "report_read_days",
    ClockKind.RIGHTS: "access_days",
    ClockKind.EMERGENCY_REVIEW: "emergency_review_days",
    ClockKind.CONFIRM: "confirmation_days",
    ClockKind.HANDOVER: "handover_days",
    ClockKind.VISIT_REPORT: "visit_report_days",
    ClockKind.BREACH: "breach_days",
    ClockKind.SPECIALIST: "specialist_days",
}


_ALARM_RANK = {kind: rank for rank, kind in enumerate(ALARMS)}
_NEVER_ESCALATED = frozenset({ClockKind.RETENTION})


@dataclass(frozen=True)
class RaisedAlarm:
    """An alarm that was recorded and whose clock still runs."""

    clock: Clock
    due_at: datetime
    escalated: bool


def next_alarm(case: Case, policy: Mapping[str, Any]) -> tuple[datetime, e.CaseAlarm] | None:
    """The alarm that falls due next, and when; None where no clock runs. Recording it brings the next."""
    pending = [
        one for clock in clocks(case, policy) if (one := _next_alarm_of(case, clock, policy)) is not None
    ]
    if not pending:
        return None
    first = min(at for at, _ in pending)
    clock = min((clock for at, clock in pending if at == first), key=_alarm_order)
    return first, _alarm_event(case, clock, policy)


def raised_alarms(case: Case, policy: Mapping[str, Any]) -> Iterator[RaisedAlarm]:
    """Every alarm that was recorded and whose clock still runs."""
    for clock in clocks(case, policy):
        due_at = deadline(clock, policy)
        if due_at is not None and _alarm_raised(case, clock, due_at, escalated=False):
            yield RaisedAlarm(clock, due_at, _alarm_raised(case, clock, due_at, escalated=True))


def deadline(clock: Clock, policy: Mapping[str, Any]) -> datetime | None:
    """When this clock runs out; None where the book names no time for it."""
    if clock.due_at is not None:
        return clock.due_at
    if clock.kind in _HOURS and _HOURS[clock.kind] in policy:
        return clock.since + timedelta(hours=policy[_HOURS[clock.kind]])
    if clock.kind in _DAYS and _DAYS[clock.kind] in policy:
        return clock.since + timedelta(days=policy[_DAYS[clock.kind]])
    return None


def _alarm_raised(case: Case, clock: Clock, due_at: datetime, *, escalated: bool) -> bool:
    return (ALARMS[clock.kind].TOPIC, clock.message, clock.responsible, due_at, escalated) in case.raised


def _next_alarm_of(case: Case, clock: Clock, policy: Mapping[str, Any]) -> tuple[datetime, Clock] | None:
    """When this clock's next alarm falls due: first its own, then the one that is escalated to the supervisor."""
    due_at = deadline(clock, policy)
    if due_at is None:
        return None
    if not _alarm_raised(case, clock, due_at, escalated=False):
        return due_at, clock
    escalates = "escalate_hours" in policy and clock.kind not in _NEVER_ESCALATED
    if not escalates or _alarm_raised(case, clock, due_at, escalated=True):
        return None
    return due_at + timedelta(hours=policy["escalate_hours"]), clock


def _alarm_event(case: Case, clock: Clock, policy: Mapping[str, Any]) -> e.CaseAlarm:
    due_at = deadline(clock, policy)
    assert due_at is not None
    return ALARMS[clock.kind](
        message=clock.message,
        responsible=clock.responsible,
        to=clock.informed - {clock.responsible},
        due_at=due_at,
        escalated=_alarm_raised(case, clock, due_at, escalated=False),
    )


def _alarm_order(clock: Clock) -> tuple[int, str, str]:
    """Of those that fall due at one moment, which is recorded first."""
    return _ALARM_RANK[clock.kind], str(clock.message), str(clock.responsible)


# --- clocks of the case as a whole ------------------------------------------------------------------------


def clocks(case: Case, policy: Mapping[str, Any]) -> Iterator[Clock]:
    """Every clock that runs in this case: those of messages, and those of the case as a whole."""
    yield from case.clocks.values()
    core = case.core
    if core is None:
        return
    yield from _signal_clocks(case, core, policy)
    expiry = None if case.appraised else expires_at(case, policy)
    if expiry is not None:
        # Basis: APPI 61; own rule (保存期間)
        yield _case_clock(ClockKind.RETENTION, core, case.last_message_at or expiry, expiry)
    if case.move_known_at is not None and "transfer_begin_days" in policy:
        # Basis: own rule (相模原: a hand-over begins when the move is planned; 札幌 2021: it never did)
        until = day_of(case.move_known_at) + timedelta(days=int(policy["transfer_begin_days"]))
        yield _case_clock(ClockKind.MOVE, core, case.move_known_at, end_of(until))
    if case.status is CaseStatus.SUPPORTED:
        yield from _support_clocks(case, core, policy)
    last_message_at = case.last_message_at if case.status in (CaseStatus.OPEN, CaseStatus.SUPPORTED) else None
    if last_message_at is not None and "silence_months" in policy:
        # Basis: guideline 6(4)[1]; own rule (silence of an open case)
        until = months_later(day_of(last_message_at), int(policy["silence_months"]))
        yield _case_clock(ClockKind.SILENCE, core, last_message_at, end_of(until))


def _signal_clocks(case: Case, core: UUID, policy: Mapping[str, Any]) -> Iterator[Clock]:
    """So many weak signals within so many months, whoever each came from, are assessed together. Only the core
    agency is informed: a notification may be among them (CAPA 7). Basis: CAPA 8; guideline 6(4)[1]."""
    if "signals_count" not in policy or "signals_months" not in policy:
        return
    count, months = int(policy["signals_count"]), int(policy["signals_months"])
    for first, last in zip(case.signals, case.signals[count - 1 :], strict=False):
        if day_of(last) <= months_later(day_of(first), months):
            yield _case_clock(ClockKind.SIGNALS, core, first, last)
            return


def _support_clocks(case: Case, core: UUID, policy: Mapping[str, Any]) -> Iterator[Clock]:
    since, due_at = review(case, policy)
    yield _case_clock(ClockKind.REVIEW, core, since, due_at)
    plan = case.plan
    if plan is not None and plan.plan_until is not None and case.commenced_at is not None:
        # Basis: guideline 6(3)[4]
        yield _case_clock(ClockKind.PLAN_END, core, case.commenced_at, end_of(plan.plan_until))
    visitors = {agency for agency, _ in case.assigned if core in (agency, case.core_of(agency))} or {core}
    responsible = min(visitors)
    last = _last_contact(case)
    if last is not None and "contact_days" in policy:
        # Basis: guideline 5(1)[3]; the days are local policy
        due_on = day_of(last) + timedelta(days=int(policy["contact_days"]))
        yield _case_clock(ClockKind.CONTACT, responsible, last, end_of(due_on), {core})
    for week in _short_weeks(case, policy):
        yield _case_clock(
            ClockKind.VISITS, responsible, end_of(week - timedelta(days=1)), _week_end(week), {core}
        )


def _case_clock(
    kind: ClockKind, responsible: UUID, since: datetime, due_at: datetime, informed: set[UUID] | None = None
) -> Clock:
    return Clock(
        kind=kind,
        message=None,
        responsible=responsible,
        informed=frozenset(informed or {responsible}),
        since=since,
        due_at=due_at,
    )


def review(case: Case, policy: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Since when, and until when the plan is to be looked at again (of a case in support).

    Basis: guideline 6(3)[5]; three months by local policy, or the day the plan names where that is earlier.
    """
    since = max(t for t in (case.commenced_at, case.reviewed_at) if t is not None)
    due_on = months_later(day_of(since), int(policy["review_months"]))
    named = case.plan.review_due_on if case.plan is not None else None
    if named is not None and day_of(since) < named:
        due_on = min(due_on, named)
    return since, end_of(due_on)


def _last_contact(case: Case) -> datetime | None:
    """When the child was last seen; before its birth, when the family was. At first, the start."""
    expectant = case.classes == {TargetClass.TC1_PREGNANCY}
    times = [case.commenced_at, case.visited_at if expectant else case.seen_at]
    return max((t for t in times if t is not None), default=None)


def _week_end(monday: date) -> datetime:
    return end_of(monday + timedelta(days=6))


def _short_weeks(case: Case, policy: Mapping[str, Any]) -> Iterator[date]:
    """The Mondays of the weeks with a clock: the last one with an alarm, until there is a visit again, and the next
    full week of a short plan that has too few visits so far.

    Basis: guideline 6(3)[4] («several» a week read as at least two).
    """
    plan = case.plan
    if plan is None or plan.content not in (PlanContent.SC_A, PlanContent.SC_B):
        return
    if "visits_per_week" not in policy or case.commenced_at is None:
        return
    alarmed = {due_at for topic, _, _, due_at, _ in case.raised if topic == e.VisitGapAlarmRaised.TOPIC}
    if alarmed and (case.visited_at is None or case.visited_at < max(alarmed)):
        yield day_of(max(alarmed)) - timedelta(days=7)
    first = max(plan.plan_from, day_of(case.commenced_at))
    monday = first if first == monday_of(first) else monday_of(first) + timedelta(days=7)
    needed = max(int(policy["visits_per_week"]), plan.visits_per_week or 0)
    while plan.plan_until is None or monday + timedelta(days=6) <= plan.plan_until:
        if case.visits.get(monday, 0) < needed and _week_end(monday) not in alarmed:
            yield monday
            return
        monday += timedelta(days=7)
