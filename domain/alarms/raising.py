"""When the clocks of a case run out, and which alarms are raised.

Due times are the rule book's policy over state; the hub records an alarm at its due time. An alarm
stays raised until what was due is done: then its clock runs no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain import events as e
from domain.alarms.contact import contact_clocks
from domain.calendar import day_of, end_of, monday_of, months_later
from domain.case import Case, Message
from domain.children import UNKNOWN_CHILD
from domain.clocks import Clock, ClockKind
from domain.codes import CaseStatus, PlanContent
from domain.joined.sharing import family_signals
from domain.office_days import ends_at, period_of
from domain.retention.disposal import expires_at

ALARMS: Mapping[ClockKind, type[e.CaseAlarm]] = {
    ClockKind.SAFETY: e.SafetyCheckOverdueAlarmRaised,
    ClockKind.ACKNOWLEDGE: e.ReferralUnacknowledgedAlarmRaised,
    ClockKind.READ: e.ReferralUnreadAlarmRaised,
    ClockKind.ACT: e.ReferralUnactedAlarmRaised,
    ClockKind.ANSWER: e.RequestUnansweredAlarmRaised,
    ClockKind.RIGHTS: e.RightsRequestOverdueAlarmRaised,
    ClockKind.EMERGENCY: e.EmergencyAccessOpened,
    ClockKind.EMERGENCY_UNILATERAL: e.UnilateralEmergencyAccessOpened,
    ClockKind.EMERGENCY_END: e.EmergencyAccessEnded,
    ClockKind.EMERGENCY_REVIEW: e.EmergencyReviewOverdueAlarmRaised,
    ClockKind.COERCION: e.CoercionCheckRequired,
    ClockKind.CONFIRM: e.NoticeUnconfirmedAlarmRaised,
    ClockKind.TRANSFER: e.TransferUnacknowledgedAlarmRaised,
    ClockKind.HANDOVER: e.TransferOverdueAlarmRaised,
    ClockKind.MOVE: e.TransferNotBegunAlarmRaised,
    ClockKind.STAY: e.StayOverdueAlarmRaised,
    ClockKind.NON_DISCLOSURE: e.DecisionUnreviewedAlarmRaised,
    ClockKind.VISIT_REPORT: e.VisitUnreportedAlarmRaised,
    ClockKind.BREACH_PRELIMINARY: e.BreachPreliminaryOverdueAlarmRaised,
    ClockKind.BREACH: e.BreachReportOverdueAlarmRaised,
    ClockKind.BREACH_INTENT: e.BreachIntentReportOverdueAlarmRaised,
    ClockKind.BREACH_NOTICE: e.BreachNoticeOverdueAlarmRaised,
    ClockKind.SPECIALIST: e.SpecialistUnlinkedAlarmRaised,
    ClockKind.BUNDLE: e.BundleMissingAlarmRaised,
    ClockKind.RETENTION: e.RetentionExpired,
    ClockKind.SIGNALS: e.SignalsGatheredAlarmRaised,
    ClockKind.CONTACT: e.ContactGapAlarmRaised,
    ClockKind.VISITS: e.VisitGapAlarmRaised,
    ClockKind.REPLACEMENT: e.FamilyWithoutVisitorAlarmRaised,
    ClockKind.REVIEW: e.ReviewOverdueAlarmRaised,
    ClockKind.PLAN_END: e.PlanOverAlarmRaised,
    ClockKind.PLAN_ENDING: e.PlanEndingAlarmRaised,
    ClockKind.REPORT: e.ReportUnreadAlarmRaised,
    ClockKind.ACCEPT: e.FollowOnUnacceptedAlarmRaised,
    ClockKind.SILENCE: e.CaseSilentAlarmRaised,
    ClockKind.SEARCH: e.SearchStalledAlarmRaised,
    ClockKind.BAN_END: e.ContactBanEndsAlarmRaised,
    ClockKind.UNREADABLE: e.ContentUnreadableAlarmRaised,
    ClockKind.PROTECTION_END: e.AddressProtectionEndsAlarmRaised,
    ClockKind.OFFICIAL: e.OfficialRequestUnansweredAlarmRaised,
    ClockKind.SERVICE: e.FamilyServiceUnansweredAlarmRaised,
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
    ClockKind.BREACH_PRELIMINARY: "breach_preliminary_days",
    ClockKind.BREACH_INTENT: "breach_intent_days",
    ClockKind.BREACH_NOTICE: "breach_notice_days",
    ClockKind.SPECIALIST: "specialist_days",
    ClockKind.SEARCH: "search_days",
    ClockKind.UNREADABLE: "unreadable_days",
    ClockKind.SERVICE: "service_answer_days",
}
_NOTICE_DAYS = {
    ClockKind.BAN_END: "ban_end_notice_days",
}
"""So many days before ``since`` somebody has to be reminded of it."""
OUTSIDE_APPROVAL_MINUTES = 15
"""How long an emergency access waits for an approval from another agency, where the book names no time (an older one):
a life may depend on it, so it never waits without end."""


AlarmOrder = tuple[int, str, str, str]
_ALARM_RANK = {kind: rank for rank, kind in enumerate(ALARMS)}
_NEVER_ESCALATED = frozenset({ClockKind.PLAN_ENDING, ClockKind.RETENTION})


@dataclass(frozen=True)
class RaisedAlarm:
    """An alarm that was recorded and whose clock still runs."""

    clock: Clock
    due_at: datetime
    escalated: bool


def next_alarm(case: Case, policy: Mapping[str, Any]) -> tuple[datetime, e.CaseAlarm] | None:
    """The alarm that falls due next, and when; None where no clock runs. Recording it brings the next."""
    first = earliest(case, clocks(case, policy), policy)
    return None if first is None else (first[0], alarm_event(case, first[1], policy))


def earliest(
    case: Case, running: Iterable[Clock], policy: Mapping[str, Any]
) -> tuple[datetime, Clock] | None:
    """Of these clocks the one whose next alarm falls due first, and when; None where none has one."""
    pending = [(at, clock) for clock in running if (at := next_alarm_at(case, clock, policy)) is not None]
    return min(pending, key=lambda one: (one[0], alarm_order(one[1])), default=None)


def raised_alarms(case: Case, policy: Mapping[str, Any]) -> Iterator[RaisedAlarm]:
    """Every alarm that was recorded and whose clock still runs."""
    return raised_among(case, clocks(case, policy), policy)


def raised_among(case: Case, running: Iterable[Clock], policy: Mapping[str, Any]) -> Iterator[RaisedAlarm]:
    """Every alarm that was recorded of these clocks, which still run."""
    for clock in running:
        due_at = deadline(clock, policy)
        if due_at is not None and _alarm_raised(case, clock, due_at, escalated=False):
            yield RaisedAlarm(clock, due_at, _alarm_raised(case, clock, due_at, escalated=True))


def deadline(clock: Clock, policy: Mapping[str, Any]) -> datetime | None:
    """When this clock runs out, by the calendar where its kind does; None where the book names no time for it."""
    due_at = _counted_deadline(clock, policy)
    return None if due_at is None else ends_at(clock.kind, due_at, policy)


def _counted_deadline(clock: Clock, policy: Mapping[str, Any]) -> datetime | None:
    if clock.due_at is not None:
        return clock.due_at
    if clock.kind in _HOURS and _HOURS[clock.kind] in policy:
        return clock.since + timedelta(hours=policy[_HOURS[clock.kind]])
    if clock.kind in _DAYS and _DAYS[clock.kind] in policy:
        return clock.since + timedelta(days=policy[_DAYS[clock.kind]])
    if clock.kind in _NOTICE_DAYS and _NOTICE_DAYS[clock.kind] in policy:
        return clock.since - timedelta(days=policy[_NOTICE_DAYS[clock.kind]])
    if clock.kind is ClockKind.EMERGENCY_UNILATERAL:
        return outside_approval_due(clock.since, policy)
    return None


def outside_approval_due(requested_at: datetime, policy: Mapping[str, Any]) -> datetime:
    """Until when an emergency access waits for an approval from another agency. Basis: own rule (外部の承認)."""
    minutes = policy.get("emergency_outside_approval_minutes", OUTSIDE_APPROVAL_MINUTES)
    return requested_at + timedelta(minutes=int(minutes))


def _alarm_raised(case: Case, clock: Clock, due_at: datetime, *, escalated: bool) -> bool:
    topic = ALARMS[clock.kind].TOPIC
    return (topic, clock.message, clock.responsible, due_at, escalated, clock.child) in case.raised


def next_alarm_at(case: Case, clock: Clock, policy: Mapping[str, Any]) -> datetime | None:
    """When this clock's next alarm falls due: first its own, then the one that is escalated to the supervisor."""
    due_at = deadline(clock, policy)
    if due_at is None:
        return None
    if not _alarm_raised(case, clock, due_at, escalated=False):
        return due_at
    escalates = "escalate_hours" in policy and clock.kind not in _NEVER_ESCALATED
    if not escalates or _alarm_raised(case, clock, due_at, escalated=True):
        return None
    latest = policy.get("breach_preliminary_latest_days")
    if clock.kind is ClockKind.BREACH_PRELIMINARY and latest is not None:
        return clock.since + timedelta(days=int(latest))  # Basis: APPI 68: «at once» is three to five days
    return due_at + timedelta(hours=policy["escalate_hours"])


def alarm_event(case: Case, clock: Clock, policy: Mapping[str, Any]) -> e.CaseAlarm:
    due_at = deadline(clock, policy)
    assert due_at is not None
    return ALARMS[clock.kind](
        message=clock.message,
        responsible=clock.responsible,
        to=informed_of(case, clock) - {clock.responsible},
        due_at=due_at,
        escalated=_alarm_raised(case, clock, due_at, escalated=False),
        child=clock.child,
        period=period_of(clock.kind, policy),
    )


_INFORMS_TOWNS_OF_STAY = frozenset({ClockKind.SAFETY, ClockKind.CONTACT})


def informed_of(case: Case, clock: Clock) -> frozenset[UUID]:
    """Who is informed of an alarm of this clock: that a child was not seen concerns the towns where it may be, too.

    Basis: CAPA 8; own rule (里帰り: the alarm reaches whoever can go and see).
    """
    if clock.kind not in _INFORMS_TOWNS_OF_STAY:
        return clock.informed
    child = frozenset() if clock.child in (None, UNKNOWN_CHILD) else frozenset({clock.child})
    return clock.informed | {stay.core for stay in case.stays.values() if stay.concerns(child)}


def alarm_order(clock: Clock) -> AlarmOrder:
    """Of those that fall due at one moment, which is recorded first."""
    child = "" if clock.child is None else str(clock.child)
    return _ALARM_RANK[clock.kind], str(clock.message), str(clock.responsible), child


# --- clocks of the case as a whole ------------------------------------------------------------------------


def clocks(case: Case, policy: Mapping[str, Any]) -> Iterator[Clock]:
    """Every clock that runs in this case: those of messages, and those of the case as a whole."""
    yield from case.clocks.values()
    yield from case_clocks(case, policy)


def case_clocks(case: Case, policy: Mapping[str, Any]) -> Iterator[Clock]:
    """The clocks of the case as a whole."""
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
    yield from _stay_clocks(case, core, policy)
    yield from _protection_clock(case, core, policy)
    yield from contact_clocks(case, core, policy)
    if case.status is CaseStatus.SUPPORTED and not case.family.no_child_lives:
        yield from _support_clocks(case, core, policy)
    last_message_at = case.last_message_at if case.status in (CaseStatus.OPEN, CaseStatus.SUPPORTED) else None
    if last_message_at is not None and "silence_months" in policy:
        # Basis: guideline 6(4)[1]; own rule (silence of an open case)
        until = months_later(day_of(last_message_at), int(policy["silence_months"]))
        yield _case_clock(ClockKind.SILENCE, core, last_message_at, end_of(until))


def _signal_clocks(case: Case, core: UUID, policy: Mapping[str, Any]) -> Iterator[Clock]:
    """So many weak signals within so many months, whoever each came from, are assessed together. Only the core
    agency is informed: a notification may be among them (CAPA 7). Those of joined cases count, and the alarm is where the
    last of them came. Basis: CAPA 8; guideline 6(4)[1]."""
    if "signals_count" not in policy or "signals_months" not in policy or case.family.no_child_lives:
        return
    count, months = int(policy["signals_count"]), int(policy["signals_months"])
    signals = family_signals(case)
    for first, last in zip(signals, signals[count - 1 :], strict=False):
        if last in case.signals and day_of(last) <= months_later(day_of(first), months):
            yield _case_clock(ClockKind.SIGNALS, core, first, last)
            return


def _stay_clocks(case: Case, core: UUID, policy: Mapping[str, Any]) -> Iterator[Clock]:
    """Until when one of the two towns says that they are back, or stay longer: the planned day, else the days of the book.

    Basis: CWA 10(1); own rule (里帰り: nobody is lost on the way home).
    """
    for stay in case.stays.values():
        due_on = stay.returns_on
        if due_on is None and "stay_days" in policy:
            due_on = day_of(stay.since) + timedelta(days=int(policy["stay_days"]))
        if due_on is not None:
            yield _case_clock(ClockKind.STAY, core, stay.since, end_of(due_on), {core, stay.core})


def _when(message: Message) -> tuple[datetime, int]:
    return message.at, message.version


def _protection_clock(case: Case, core: UUID, policy: Mapping[str, Any]) -> Iterator[Clock]:
    """Some days before the last protection of an address ends, who registered it asks whether it goes on: afterwards the
    address is one like any other. Basis: APPI 69(2) proviso; own rule (DV等支援措置の更新); the days are local policy."""
    until = case.address_until
    if until is None or until == date.max or "protection_end_notice_days" not in policy:
        return
    registered = max((case.messages[m] for m, day in case.protections.items() if day == until), key=_when)
    notice_at = end_of(until - timedelta(days=int(policy["protection_end_notice_days"])))
    due_at = max(registered.at, notice_at)
    yield _case_clock(ClockKind.PROTECTION_END, registered.by, registered.at, due_at, {registered.by, core})


def _support_clocks(case: Case, core: UUID, policy: Mapping[str, Any]) -> Iterator[Clock]:
    since, due_at = review(case, policy)
    yield _case_clock(ClockKind.REVIEW, core, since, due_at)
    plan = case.plan
    if plan is not None and plan.plan_until is not None and case.commenced_at is not None:
        # Basis: guideline 6(3)[4]
        yield _case_clock(ClockKind.PLAN_END, core, case.commenced_at, end_of(plan.plan_until))
        yield from _plan_ending_clock(case, core, plan.plan_until, policy)
    if case.unattended_since is not None and "replacement_days" in policy:
        # Basis: guideline 4(1), 6(4)[1]; the days are local policy
        until = day_of(case.unattended_since) + timedelta(days=int(policy["replacement_days"]))
        yield _case_clock(ClockKind.REPLACEMENT, core, case.unattended_since, end_of(until))
    visitors = {agency for agency, _ in case.assigned if core in (agency, case.core_of(agency))} or {core}
    visitors -= {stay.core for stay in case.stays.values()}  # they visit in their own programme
    responsible = core if case.all_away else min(visitors or {core})
    for week in _short_weeks(case, policy):
        yield _case_clock(
            ClockKind.VISITS, responsible, end_of(week - timedelta(days=1)), _week_end(week), {core}
        )


def _plan_ending_clock(case: Case, core: UUID, until: date, policy: Mapping[str, Any]) -> Iterator[Clock]:
    """Some days before the plan ends, until it has ended: then its own alarm says so. Basis: guideline 6(3)[4], [5]."""
    begins = max(t for t in (case.commenced_at, case.plan_at) if t is not None)
    over = (e.PlanOverAlarmRaised.TOPIC, None, core, end_of(until), False, None)
    if "plan_end_notice_days" not in policy or over in case.raised:
        return
    notice_at = max(begins, end_of(until - timedelta(days=int(policy["plan_end_notice_days"]))))
    if notice_at < end_of(until):
        yield _case_clock(ClockKind.PLAN_ENDING, core, begins, notice_at)


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
    return since, ends_at(ClockKind.REVIEW, end_of(due_on), policy)


def _week_end(monday: date) -> datetime:
    return end_of(monday + timedelta(days=6))


def _short_weeks(case: Case, policy: Mapping[str, Any]) -> Iterator[date]:
    """The Mondays of the weeks with a clock: the last one with an alarm, until there is a visit again, and the next
    full week of a short plan that has too few visits so far.

    None while all of the family stay elsewhere, and none for the weeks when they did.

    Basis: guideline 6(3)[4] («several» a week read as at least two).
    """
    plan = case.plan
    if case.all_away or plan is None or plan.content not in (PlanContent.SC_A, PlanContent.SC_B):
        return
    if "visits_per_week" not in policy or case.commenced_at is None:
        return
    alarmed = {due_at for topic, _, _, due_at, _, _ in case.raised if topic == e.VisitGapAlarmRaised.TOPIC}
    if alarmed and (case.visited_at is None or case.visited_at < max(alarmed)):
        yield day_of(max(alarmed)) - timedelta(days=7)
    first = max(plan.plan_from, day_of(case.commenced_at))
    monday = first if first == monday_of(first) else monday_of(first) + timedelta(days=7)
    needed = max(int(policy["visits_per_week"]), plan.visits_per_week or 0)
    while plan.plan_until is None or monday + timedelta(days=6) <= plan.plan_until:
        enough = case.visits.get(monday, 0) >= needed or _was_away(case, monday)
        if not enough and _week_end(monday) not in alarmed:
            yield monday
            return
        monday += timedelta(days=7)


def _was_away(case: Case, monday: date) -> bool:
    """Whether all of the family stayed elsewhere on a day of this week."""
    return any(
        monday <= day_of(back) and day_of(left) <= monday + timedelta(days=6) for left, back in case.away
    )
