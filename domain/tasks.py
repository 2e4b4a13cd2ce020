"""The tasks of an agency in a case: computed from state, so that nothing waits that is already done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.alarms.raising import RaisedAlarm, deadline, raised_alarms, review
from domain.calendar import end_of
from domain.case import Message
from domain.case_offices import offices_of
from domain.clocks import ClockKind
from domain.codes import CaseStatus
from domain.decide import rewrapper
from domain.events import (
    InformationRequested,
    NetworkCaseRegistered,
    NetworkCaseRegistrationRequested,
)
from domain.readiness import CLOSED, Readiness, readiness
from domain.visibility import as_contractor, pending_keys, standing_readers
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
    EMERGENCY_REVIEW = "EMERGENCY_REVIEW"  # an emergency access to our file: review it
    COVER_VISIT = "COVER_VISIT"  # a planned visit of a contractor that may not visit now
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
    LATE_EMERGENCY_END = "LATE_EMERGENCY_END"
    LATE_EMERGENCY_REVIEW = "LATE_EMERGENCY_REVIEW"
    LATE_TRANSFER = "LATE_TRANSFER"
    LATE_HANDOVER = "LATE_HANDOVER"
    LATE_RETENTION = "LATE_RETENTION"
    LATE_MOVE = "LATE_MOVE"
    LATE_NON_DISCLOSURE = "LATE_NON_DISCLOSURE"
    LATE_VISIT_REPORT = "LATE_VISIT_REPORT"
    LATE_BREACH = "LATE_BREACH"
    LATE_SPECIALIST = "LATE_SPECIALIST"
    LATE_BUNDLE = "LATE_BUNDLE"
    LATE_REVIEW = "LATE_REVIEW"
    LATE_PLAN_END = "LATE_PLAN_END"
    LATE_VISITS = "LATE_VISITS"
    LATE_CONTACT = "LATE_CONTACT"
    LATE_SILENCE = "LATE_SILENCE"


@dataclass(frozen=True)
class Task:
    """One thing that waits. ``message``: null where it is about the case and no single message.

    ``since``: from when it waits; ``due_at``: until when it should be done, null where no time is set
    (both UTC).
    """

    kind: TaskKind
    case: UUID
    message: UUID | None
    since: datetime
    due_at: datetime | None


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
    return _tasks(world, agency, now, _shared_state(world))


def all_tasks(world: World, *, now: datetime) -> Iterator[tuple[UUID, Task]]:
    """All that waits in this case, and for whom."""
    shared = _shared_state(world)
    for agency in agencies_with_tasks(world):
        for task in _tasks(world, agency, now, shared):
            yield agency, task


@dataclass(frozen=True)
class _SharedState:
    """What is the same whoever asks. ``rewraps``: whose door has keys to make, and since when."""

    alarms: tuple[RaisedAlarm, ...]
    rewraps: Mapping[UUID, datetime]


def _shared_state(world: World) -> _SharedState:
    return _SharedState(tuple(raised_alarms(world.case, world.rule_book["policy"])), _rewrap_duties(world))


def _tasks(world: World, agency: UUID, now: datetime, shared: _SharedState) -> list[Task]:
    return [
        *_message_tasks(world, agency, now),
        *_case_tasks(world, agency, now, shared),
        *_overdue_tasks(world, agency, now, shared),
    ]


# --- about one message ------------------------------------------------------------------------------------


def _message_tasks(world: World, agency: UUID, now: datetime) -> Iterator[Task]:
    for message in world.case.messages.values():
        if message.by == agency:
            yield from _held_message_tasks(world, message, now)
            yield from _own_message_tasks(world, agency, message)
        elif agency in message.to and can_see_message(world, agency, message, now=now):
            yield from _addressed_tasks(world, agency, message)


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
    # Basis: APPI 66
    ClockKind.EMERGENCY_REVIEW: TaskKind.EMERGENCY_REVIEW,
    ClockKind.CONFIRM: TaskKind.CONFIRM,
    ClockKind.TRANSFER: TaskKind.CONFIRM_TRANSFER,
}
"""The task that a running clock gives to the agency that is responsible."""


def _own_message_tasks(world: World, agency: UUID, message: Message) -> Iterator[Task]:
    """What a message of ours asks of ourselves: a notification that we took in, a request of the person."""
    for kind in (ClockKind.SAFETY, ClockKind.RIGHTS):
        clock = world.case.clocks.get((kind, message.id, agency))
        if clock is not None:
            due_at = deadline(clock, world.rule_book["policy"])
            yield Task(_TASK_OF_CLOCK[kind], world.case.id, message.id, message.at, due_at)


def _addressed_tasks(world: World, agency: UUID, message: Message) -> Iterator[Task]:
    case, event, policy = world.case, message.event, world.rule_book["policy"]

    def task(kind: TaskKind, due_at: datetime | None) -> Task:
        return Task(kind, case.id, message.id, message.at, due_at)

    for kind, task_kind in _TASK_OF_CLOCK.items():
        clock = case.clocks.get((kind, message.id, agency))
        if clock is not None:
            yield task(task_kind, deadline(clock, policy))
    if isinstance(event, InformationRequested) and (message.id, agency) not in case.answered:
        # Basis: CWA 25-3(2)
        yield task(TaskKind.ANSWER, None if event.due_on is None else end_of(event.due_on))
    if isinstance(event, NetworkCaseRegistrationRequested) and _registration_waits_for(
        world, agency, message
    ):
        # Basis: CWA 25-2(2)
        yield task(TaskKind.REGISTER, None)


def _registration_waits_for(world: World, agency: UUID, request: Message) -> bool:
    """Whether this request for registration waits for this coordinating agency; an earlier registration ended it."""
    network = world.register.networks.get(world.case.network) if world.case.network is not None else None
    done = _last_registration(world)
    return (
        network is not None
        and agency == network.coordinating
        and not world.case.registered
        and (done is None or done.version < request.version)
    )


def _last_registration(world: World) -> Message | None:
    """The last registration of this case with its network."""
    pending = [m for m in world.case.messages.values() if isinstance(m.event, NetworkCaseRegistered)]
    return pending[-1] if pending else None


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


def _case_tasks(world: World, agency: UUID, now: datetime, shared: _SharedState) -> Iterator[Task]:
    if agency in shared.rewraps:
        yield Task(TaskKind.REWRAP, world.case.id, None, shared.rewraps[agency], None)
    if agency == world.case.core and world.case.status is CaseStatus.SUPPORTED:
        yield _plan_review_task(world)
    if agency == world.case.core:
        yield from _uncovered_visits(world, now)


def _uncovered_visits(world: World, now: datetime) -> Iterator[Task]:
    """Visits that a contractor planned and may not make: it has lapsed, or is not this case's any more.

    Basis: guideline 9(1), 9(2)[2]: the core agency sees to it that the family is visited.
    """
    for (kind, message, responsible), clock in world.case.clocks.items():
        planned = kind is ClockKind.VISIT_REPORT and world.register.is_contractor(responsible)
        if planned and readiness(world.register, world.case, responsible, now) is not Readiness.READY:
            yield Task(TaskKind.COVER_VISIT, world.case.id, message, clock.since, clock.since)


def _rewrap_duties(world: World) -> dict[UUID, datetime]:
    """Basis: CWA 25-2(5). Waits since the access began: with the registration, or with the item where that was later."""
    pending: dict[UUID, datetime] = {}
    for message, _, _ in pending_keys(world.register, world.case, rule_book=world.rule_book):
        registration = _last_registration(world)
        since = message.at if registration is None else max(message.at, registration.at)
        maker = rewrapper(world, message)
        if maker is not None:
            pending[maker] = min(since, pending.get(maker, since))
    return pending


def _plan_review_task(world: World) -> Task:
    """Basis: guideline 6(3)[5]."""
    since, due_at = review(world.case, world.rule_book["policy"])
    return Task(TaskKind.REVIEW, world.case.id, None, since, due_at)


# --- what is overdue --------------------------------------------------------------------------------------


def _overdue_tasks(world: World, agency: UUID, now: datetime, shared: _SharedState) -> Iterator[Task]:
    """What is late, for the responsible and the informed agencies; what was escalated, for the supervisor.

    Basis: own rule (an alarm is shown until the thing is done).
    """
    register, case = world.register, world.case
    for alarm in shared.alarms:
        clock = alarm.clock
        if agency not in clock.informed | {clock.responsible}:
            continue
        as_visitor = register.is_contractor(agency) and clock.kind is not ClockKind.ACCEPT
        if as_visitor and readiness(register, case, agency, now) is not Readiness.READY:
            continue  # V6, V8: nothing of the case is open to it now; the core agency is informed
        yield Task(TaskKind(f"LATE_{clock.kind}"), case.id, clock.message, alarm.due_at, None)
        if agency == clock.responsible and alarm.escalated:
            yield Task(TaskKind.SUPERVISE, case.id, clock.message, alarm.due_at, None)
