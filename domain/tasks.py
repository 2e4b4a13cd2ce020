"""The tasks of an agency in a case: computed from state, so that nothing waits that is already done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.alarms.informed import informed_of_escalation
from domain.alarms.raising import (
    RaisedAlarm,
    deadline,
    informed_of,
    outside_approval_due,
    raised_alarms,
    raised_among,
    review,
)
from domain.calendar import day_of, end_of
from domain.case import Message
from domain.case_offices import nearby_cores, offices_of
from domain.clocks import Clock, ClockKind
from domain.codes import CaseStatus
from domain.decide import rewrapper
from domain.events import (
    EmergencyAccessRequested,
    InformationRequested,
    NetworkCaseRegistered,
    NetworkCaseRegistrationRequested,
)
from domain.readiness import CLOSED, Readiness, readiness
from domain.visibility import as_contractor, pending_keys_of, standing_readers
from domain.world import World


class TaskKind(StrEnum):
    """What is to be done. HELD only informs: a message of ours waits for its addressee."""

    ACKNOWLEDGE = "ACKNOWLEDGE"  # a referral sent to us: confirm that it arrived
    READ = "READ"  # a referral sent to us: a named person reads it
    ANSWER = "ANSWER"  # a request sent to us
    REWRAP = "REWRAP"  # items for which a standing reader has no key yet
    RELEASE = "RELEASE"  # a held message of ours whose addressee is ready again
    HELD = "HELD"
    ACCEPT = "ACCEPT"  # a follow-on service we are asked for
    REVIEW = "REVIEW"  # the plan is to be reviewed
    REGISTER = "REGISTER"  # registration with the network is asked of us
    SEE_CHILD = "SEE_CHILD"  # after a notification: the child is to be sighted
    ACT = "ACT"  # a referral sent to us: decide, or state that nothing follows
    REVIEW_REPORT = "REVIEW_REPORT"  # a visit report to be reviewed
    DECIDE_ACCESS = "DECIDE_ACCESS"  # the person concerned asks for data
    CONFIRM = "CONFIRM"  # a correction or recall sent to us: follow it and confirm
    CONFIRM_TRANSFER = "CONFIRM_TRANSFER"  # a hand-over sent to us: confirm what was received
    EMERGENCY_APPROVAL = (
        "EMERGENCY_APPROVAL"  # an emergency access is asked for: a person of ours approves it, or not
    )
    CONFIRM_CHECK = "CONFIRM_CHECK"  # a check for coercion: its second person confirms it
    EMERGENCY_REVIEW = "EMERGENCY_REVIEW"  # an emergency access to our file: review it
    COVER_VISIT = "COVER_VISIT"  # a planned visit of a contractor that may not visit now
    REASSESS = "REASSESS"  # a parent has died: the family is to be assessed anew
    KEEP_RECORDS = "KEEP_RECORDS"  # a child has died: decide how long the records are kept, for a review
    REPLACE_VISITOR = "REPLACE_VISITOR"  # a family in support has no visitor any more
    REPORT_BREACH = "REPORT_BREACH"  # a leak of ours: report it at once
    SUPERVISE = "SUPERVISE"  # overdue with us for so long that a supervisor is to act
    LATE_ACKNOWLEDGE = "LATE_ACKNOWLEDGE"
    LATE_READ = "LATE_READ"
    LATE_ACT = "LATE_ACT"
    LATE_SAFETY = "LATE_SAFETY"
    LATE_ANSWER = "LATE_ANSWER"
    LATE_ACCEPT = "LATE_ACCEPT"
    LATE_REPORT = "LATE_REPORT"
    LATE_RIGHTS = "LATE_RIGHTS"
    LATE_COERCION = "LATE_COERCION"  # two persons are to check what a guardian asks for or consents to
    LATE_CONFIRM = "LATE_CONFIRM"
    LATE_SIGNALS = "LATE_SIGNALS"  # weak signals that are to be assessed together
    LATE_EMERGENCY = "LATE_EMERGENCY"  # an emergency access that nobody has reviewed yet
    LATE_EMERGENCY_UNILATERAL = "LATE_EMERGENCY_UNILATERAL"  # the same, which nobody outside approved
    LATE_EMERGENCY_END = "LATE_EMERGENCY_END"
    LATE_EMERGENCY_REVIEW = "LATE_EMERGENCY_REVIEW"
    LATE_TRANSFER = "LATE_TRANSFER"
    LATE_HANDOVER = "LATE_HANDOVER"
    LATE_RETENTION = "LATE_RETENTION"
    LATE_MOVE = "LATE_MOVE"
    LATE_NON_DISCLOSURE = "LATE_NON_DISCLOSURE"
    LATE_VISIT_REPORT = "LATE_VISIT_REPORT"
    LATE_BREACH = "LATE_BREACH"
    LATE_BREACH_PRELIMINARY = "LATE_BREACH_PRELIMINARY"
    LATE_BREACH_INTENT = "LATE_BREACH_INTENT"
    LATE_BREACH_NOTICE = "LATE_BREACH_NOTICE"
    LATE_SPECIALIST = "LATE_SPECIALIST"
    LATE_STAY = "LATE_STAY"  # the planned day of a return is over, and nobody has said where they are
    LATE_BUNDLE = "LATE_BUNDLE"
    LATE_REVIEW = "LATE_REVIEW"
    LATE_PLAN_END = "LATE_PLAN_END"
    LATE_PLAN_ENDING = "LATE_PLAN_ENDING"  # the plan ends soon
    LATE_VISITS = "LATE_VISITS"
    LATE_CONTACT = "LATE_CONTACT"
    LATE_SILENCE = "LATE_SILENCE"
    SEARCH = "SEARCH"  # a family that cannot be located: search, and record each step
    LATE_SEARCH = "LATE_SEARCH"
    MAKE_READABLE = "MAKE_READABLE"  # what we wrote could not be read: correct it or answer
    LATE_UNREADABLE = "LATE_UNREADABLE"
    LATE_BAN_END = "LATE_BAN_END"  # a restriction of contact is about to end
    LATE_PROTECTION_END = "LATE_PROTECTION_END"  # the protection of an address is about to end
    LATE_OFFICIAL = "LATE_OFFICIAL"
    LATE_SERVICE = "LATE_SERVICE"
    LATE_REPLACEMENT = "LATE_REPLACEMENT"


@dataclass(frozen=True)
class Task:
    """One thing that waits. ``message``: null where it is about the case and no single message.

    ``since``: from when it waits; ``due_at``: until when it should be done, null where no time is set
    (both UTC). ``child``: the child it is about, null for the family.
    """

    kind: TaskKind
    case: UUID
    message: UUID | None
    since: datetime
    due_at: datetime | None
    child: UUID | None = None


def can_see_message(world: World, agency: UUID, message: Message, *, now: datetime) -> bool:
    """Whether this agency sees this message at all now (its control at least).

    It wrote it, is addressed, or has standing access to one of its items (V1–V4), is as the case's
    contractor ready now (V6, V8), and the message does not wait for it (V7).
    """
    register, case, event, rule_book = world.register, world.case, message.event, world.rule_book
    if agency != message.by and agency in message.held:
        return False
    has_part = (
        agency == message.by
        or agency in event.to
        or any(
            agency in standing_readers(register, case, message.by, event, i, rule_book) for i in event.items
        )
    )
    if not has_part or not as_contractor(register, event, agency):
        return has_part
    return readiness(register, case, agency, now) is Readiness.READY


def agencies_with_tasks(world: World) -> frozenset[UUID]:
    """Every agency for which something can wait: the parties of the case and its two offices."""
    case = world.case
    return case.parties | offices_of(world.register, case)


def tasks(world: World, agency: UUID, *, now: datetime) -> list[Task]:
    """All that waits for this agency in this case, in the order of the messages."""
    return [task for who, task in _tasks(world, agencies_with_tasks(world) & {agency}, now)]


def all_tasks(world: World, *, now: datetime) -> Iterator[tuple[UUID, Task]]:
    """All that waits in this case, and for whom."""
    return _tasks(world, agencies_with_tasks(world), now)


def _tasks(world: World, agencies: frozenset[UUID], now: datetime) -> Iterator[tuple[UUID, Task]]:
    """All that waits in this case for these agencies."""
    case = world.case
    running: dict[UUID, list[Clock]] = {}
    for (_, id, *_), clock in case.clocks.items():
        running.setdefault(id, []).append(clock)
    for message in case.messages.values():
        yield from _message_tasks(world, agencies, message, running.get(message.id, ()), now)
    yield from _uncovered_visits(world, agencies, case.clocks.values(), now)
    yield from case_tasks(world, agencies, rewrap_duties(world))
    alarms = raised_alarms(case, world.rule_book["policy"])
    yield from overdue_tasks(world, agencies, alarms, now)


def tasks_of_message(
    world: World, agencies: frozenset[UUID], message: Message, clocks: Collection[Clock], now: datetime
) -> Iterator[tuple[UUID, Task]]:
    """All that waits of one message for these agencies. ``clocks``: those that run for it."""
    yield from _message_tasks(world, agencies, message, clocks, now)
    yield from _uncovered_visits(world, agencies, clocks, now)
    alarms = raised_among(world.case, clocks, world.rule_book["policy"])
    yield from overdue_tasks(world, agencies, alarms, now)


# --- about one message ------------------------------------------------------------------------------------


def _message_tasks(
    world: World, agencies: frozenset[UUID], message: Message, clocks: Collection[Clock], now: datetime
) -> Iterator[tuple[UUID, Task]]:
    for agency in agencies & {message.by, *message.to, *(c.responsible for c in clocks)}:
        own = [clock for clock in clocks if clock.responsible == agency]
        if message.by == agency:
            yield from ((agency, task) for task in _tasks_of_author(world, message, own, now))
        elif can_see_message(world, agency, message, now=now):
            yield from ((agency, task) for task in _addressed_tasks(world, agency, message, own))
            yield from ((agency, task) for task in _approval_tasks(world, agency, message, now))


def _tasks_of_author(
    world: World, message: Message, clocks: Collection[Clock], now: datetime
) -> Iterator[Task]:
    yield from _held_message_tasks(world, message, now)
    # what a message of ours asks of ourselves: a notification that we took in, a request of the person, a leak
    own_kinds = (ClockKind.SAFETY, ClockKind.RIGHTS, ClockKind.SEARCH, ClockKind.BREACH_PRELIMINARY)
    yield from _clock_tasks(world, message, clocks, own_kinds)
    yield from _check_tasks(world, message)


_TASK_OF_CLOCK: Mapping[ClockKind, TaskKind] = {
    # Basis: own rule (受領確認, 閲読の記録)
    ClockKind.ACKNOWLEDGE: TaskKind.ACKNOWLEDGE,
    ClockKind.READ: TaskKind.READ,
    ClockKind.ACT: TaskKind.ACT,
    # Basis: CAPA 8
    ClockKind.SAFETY: TaskKind.SEE_CHILD,
    # Basis: guideline 6(5)[2], 6(4)[1]; the days are local policy
    ClockKind.ACCEPT: TaskKind.ACCEPT,
    ClockKind.REPORT: TaskKind.REVIEW_REPORT,
    # Basis: APPI 83
    ClockKind.RIGHTS: TaskKind.DECIDE_ACCESS,
    # Basis: APPI 68
    ClockKind.BREACH_PRELIMINARY: TaskKind.REPORT_BREACH,
    # Basis: APPI 66
    ClockKind.EMERGENCY_REVIEW: TaskKind.EMERGENCY_REVIEW,
    ClockKind.CONFIRM: TaskKind.CONFIRM,
    # Basis: own rule (居所不明児童)
    ClockKind.SEARCH: TaskKind.SEARCH,
    ClockKind.TRANSFER: TaskKind.CONFIRM_TRANSFER,
    # Basis: own rule (読めない内容)
    ClockKind.UNREADABLE: TaskKind.MAKE_READABLE,
}
"""The task that a running clock gives to the agency that is responsible."""

CLOCK_OF_TASK: Mapping[str, ClockKind] = {
    **{f"LATE_{kind}": kind for kind in ClockKind},
    **{task.value: kind for kind, task in _TASK_OF_CLOCK.items()},
    TaskKind.REVIEW.value: ClockKind.REVIEW,
}
"""The clock whose time a task has."""


def _clock_tasks(
    world: World, message: Message, clocks: Collection[Clock], kinds: Collection[ClockKind]
) -> Iterator[Task]:
    """What the clocks of these kinds ask of who is responsible for them, each for its child."""
    for clock in clocks:
        if clock.kind in kinds:
            due_at = deadline(clock, world.rule_book["policy"])
            task = _TASK_OF_CLOCK[clock.kind]
            yield Task(task, world.case.id, message.id, message.at, due_at, clock.child)


def _addressed_tasks(
    world: World, agency: UUID, message: Message, clocks: Collection[Clock]
) -> Iterator[Task]:
    case, event = world.case, message.event

    def task(kind: TaskKind, due_at: datetime | None) -> Task:
        return Task(kind, case.id, message.id, message.at, due_at)

    yield from _clock_tasks(world, message, clocks, _TASK_OF_CLOCK)
    if isinstance(event, InformationRequested) and (message.id, agency) not in case.answered:
        # Basis: CWA 25-3(2)
        yield task(TaskKind.ANSWER, None if event.due_on is None else end_of(event.due_on))
    if isinstance(event, NetworkCaseRegistrationRequested) and _registration_waits_for(
        world, agency, message
    ):
        # Basis: CWA 25-2(2)
        yield task(TaskKind.REGISTER, None)


def _check_tasks(world: World, message: Message) -> Iterator[Task]:
    """Basis: APPI 78(1)1: the person whom a check names as its second confirms it."""
    if message.id in world.case.unconfirmed_checks:
        yield Task(TaskKind.CONFIRM_CHECK, world.case.id, message.id, message.at, message.at)


def _approval_tasks(world: World, agency: UUID, message: Message, now: datetime) -> Iterator[Task]:
    """Whoever is asked for an emergency access is asked to approve it, while it is one. Basis: APPI 69(2)4."""
    case, policy = world.case, world.rule_book["policy"]
    if not isinstance(message.event, EmergencyAccessRequested) or message.id in case.opened_emergencies:
        return
    if agency in {by for by, _ in case.approvals.get(message.id, ())}:
        return
    ends_at = task_ends_at(message, policy)
    if ends_at is not None and now < ends_at:
        due_at = outside_approval_due(message.at, policy)
        yield Task(TaskKind.EMERGENCY_APPROVAL, case.id, message.id, message.at, due_at)


def task_ends_at(message: Message, policy: Mapping[str, Any]) -> datetime | None:
    """When a task of this message ends by time alone, without a record; None where none does."""
    if not isinstance(message.event, EmergencyAccessRequested):
        return None
    return message.at + timedelta(hours=policy.get("emergency_hours", 0))


def _registration_waits_for(world: World, agency: UUID, request: Message) -> bool:
    """Whether this request for registration waits for this coordinating agency, of a network that may register the case; a
    later registration of its own ended it."""
    case, network = world.case, world.register.network_of(agency)
    if network is None or agency != network.coordinating or network.id in case.registered_in:
        return False
    if network.id != case.network and network.core not in nearby_cores(world.register, case):
        return False
    return not any(
        isinstance(m.event, NetworkCaseRegistered) and m.by == agency and m.version > request.version
        for m in case.messages.values()
    )


def last_registration(world: World) -> Message | None:
    """The last registration of this case with its network."""
    id = world.case.registration
    return None if id is None else world.case.messages.get(id)


def _held_message_tasks(world: World, message: Message, now: datetime) -> Iterator[Task]:
    """What of ours waits, and what can go now. Basis: guideline 9(1), 9(2)[1]."""
    case = world.case
    if case.status in CLOSED:
        return
    readiness_states = {readiness(world.register, case, agency, now) for agency in message.held}
    if Readiness.READY in readiness_states:
        yield Task(TaskKind.RELEASE, case.id, message.id, message.at, None)
    if readiness_states - {Readiness.READY}:
        yield Task(TaskKind.HELD, case.id, message.id, message.at, None)


# --- about the case -----------------------------------------------------------------------------------------


def case_tasks(
    world: World, agencies: frozenset[UUID], rewraps: Mapping[UUID, datetime]
) -> Iterator[tuple[UUID, Task]]:
    """All that waits of the case as a whole for these agencies. ``rewraps``: whose door has keys to make, and since when."""
    for agency in agencies & rewraps.keys():
        yield agency, Task(TaskKind.REWRAP, world.case.id, None, rewraps[agency], None)
    core, family = world.case.core, world.case.family
    if core not in agencies:
        return
    if world.case.status is CaseStatus.SUPPORTED and not family.no_child_lives:
        yield core, _plan_review_task(world)
        if world.case.unattended_since is not None:
            yield core, _replacement_task(world, world.case.unattended_since)
    if family.bereaved_since is not None and world.case.status not in CLOSED:
        # Basis: guideline 6(4)[1]; 民法838条
        yield core, Task(TaskKind.REASSESS, world.case.id, None, family.bereaved_since, None)
    if family.death_unreviewed_since is not None:
        # Basis: CAPA 4(5)
        yield core, Task(TaskKind.KEEP_RECORDS, world.case.id, None, family.death_unreviewed_since, None)


def _uncovered_visits(
    world: World, agencies: frozenset[UUID], clocks: Iterable[Clock], now: datetime
) -> Iterator[tuple[UUID, Task]]:
    """Visits that a contractor planned and may not make: it has lapsed, or is not this case's any more. In a case that has
    ended nobody is to be visited.

    Basis: guideline 9(1), 9(2)[2]: the core agency sees to it that the family is visited.
    """
    core = world.case.core
    if core not in agencies or world.case.status in CLOSED:
        return
    for clock in clocks:
        planned = clock.kind is ClockKind.VISIT_REPORT and world.register.is_contractor(clock.responsible)
        if planned and readiness(world.register, world.case, clock.responsible, now) is not Readiness.READY:
            yield (
                core,
                Task(TaskKind.COVER_VISIT, world.case.id, clock.message, clock.since, clock.since),
            )


def rewrap_duties(world: World) -> dict[UUID, datetime]:
    """Whose door has keys to make, and since when."""
    duties = (rewrap_duty_of(world, message) for message in world.case.messages.values())
    return earliest_of_each([duty for duty in duties if duty is not None])


def rewrap_duty_of(world: World, message: Message) -> tuple[UUID, datetime] | None:
    """Whose door has keys of this message to make, and since when; None where no key lacks.

    Waits since the access began: with the registration, with a stay elsewhere, or with the item where that was later.
    Basis: CWA 25-2(5).
    """
    pending = pending_keys_of(world.register, world.case, message, rule_book=world.rule_book)
    if next(pending, None) is None:
        return None
    registration = last_registration(world)
    begins = [stay.since for stay in world.case.stays.values()]
    begins += [] if registration is None else [registration.at]
    return rewrapper(world, message), max(message.at, *begins) if begins else message.at


def earliest_of_each(duties: Iterable[tuple[UUID, datetime]]) -> dict[UUID, datetime]:
    """Since when each of these waits."""
    result: dict[UUID, datetime] = {}
    for maker, since in duties:
        result[maker] = min(since, result.get(maker, since))
    return result


def _plan_review_task(world: World) -> Task:
    """Basis: guideline 6(3)[5]."""
    since, due_at = review(world.case, world.rule_book["policy"])
    return Task(TaskKind.REVIEW, world.case.id, None, since, due_at)


def _replacement_task(world: World, since: datetime) -> Task:
    """Basis: guideline 4(1), 6(4)[1]: the core agency sees to it that the family is visited."""
    days = world.rule_book["policy"].get("replacement_days")
    due_at = None if days is None else end_of(day_of(since) + timedelta(days=int(days)))
    return Task(TaskKind.REPLACE_VISITOR, world.case.id, None, since, due_at)


# --- what is overdue --------------------------------------------------------------------------------------


def overdue_tasks(
    world: World, agencies: frozenset[UUID], alarms: Iterable[RaisedAlarm], now: datetime
) -> Iterator[tuple[UUID, Task]]:
    """What is late, for the responsible and the informed agencies; what was escalated, for the supervisor.

    Basis: own rule (an alarm is shown until the thing is done).
    """
    for alarm in alarms:
        informed = {*informed_of(world.case, alarm.clock), alarm.clock.responsible}
        if alarm.escalated:
            informed |= informed_of_escalation(world.register, world.case, alarm.clock.message)
        for agency in agencies & informed:
            yield from ((agency, task) for task in _alarm_tasks(world, agency, alarm, now))


def _alarm_tasks(world: World, agency: UUID, alarm: RaisedAlarm, now: datetime) -> Iterator[Task]:
    register, case, clock = world.register, world.case, alarm.clock
    as_visitor = register.is_contractor(agency) and clock.kind is not ClockKind.ACCEPT
    if as_visitor and readiness(register, case, agency, now) is not Readiness.READY:
        return  # V6, V8: nothing of the case is open to it now; the core agency is informed
    yield Task(TaskKind(f"LATE_{clock.kind}"), case.id, clock.message, alarm.due_at, None, clock.child)
    if agency == clock.responsible and alarm.escalated:
        yield Task(TaskKind.SUPERVISE, case.id, clock.message, alarm.due_at, None, clock.child)
