"""The clocks of a case: how a message starts one, and how it stops one.

Which kinds a message may start and stop is stated by its class (``starts``, ``stops``). A clock records which agency is
responsible and since when; how long it may run is local policy in the rule book, so a clock knows its deadline only
where the message itself named one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain import events as e
from domain.calendar import end_of
from domain.clock_kinds import ClockKind as ClockKind
from domain.codes import BreachStage, ConsentCapacity, Requester, SafetyMethod

ClockKey = tuple[ClockKind, UUID, UUID]


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One running clock. ``message``: what it is about, null for the case as a whole; ``responsible``: the agency that
    has to act; ``informed``: who else is informed; ``due_at``: where the message or the plan names it, else null."""

    kind: ClockKind
    message: UUID | None
    responsible: UUID
    informed: frozenset[UUID]
    since: datetime
    due_at: datetime | None = None


def update_clocks(
    clocks: Mapping[ClockKey, Clock],
    event: e.CaseMessage,
    id: UUID,
    by: UUID,
    at: datetime,
    to: frozenset[UUID],
) -> Mapping[ClockKey, Clock]:
    """The clocks after this message. ``to``: those whom it has reached."""
    if isinstance(event, e.NotificationForwarded):
        # an agency that knows of the notification is informed when the child is not seen
        clocks = {k: _with_informed(c, to) if c.message == event.forwards else c for k, c in clocks.items()}
    stopped = {key for key, clock in clocks.items() if _stops_clock(event, by, clock)}
    started = {(c.kind, id, c.responsible): c for c in _started_clocks(event, id, by, at, to)}
    if not stopped and not started:
        return clocks
    return {**{k: c for k, c in clocks.items() if k not in stopped}, **started}


def _with_informed(clock: Clock, more: frozenset[UUID]) -> Clock:
    return replace(clock, informed=clock.informed | more) if clock.kind is ClockKind.SAFETY else clock


@dataclass(frozen=True)
class _Start:
    """A message that starts clocks. ``event``: of a class that states them; ``to``: those whom it has reached."""

    event: Any
    id: UUID
    by: UUID
    at: datetime
    to: frozenset[UUID]

    def clock(self, kind: ClockKind, responsible: UUID) -> Clock:
        return Clock(
            kind=kind, message=self.id, responsible=responsible, informed=frozenset({self.by}), since=self.at
        )


def _started_clocks(
    event: e.CaseMessage, id: UUID, by: UUID, at: datetime, to: frozenset[UUID]
) -> Iterator[Clock]:
    """Those of the class's ``starts`` that depend on the message alone; ``domain/evolution.py`` starts the others."""
    start, kinds = _Start(event, id, by, at, to), event.STARTS or ()
    for kind in kinds:
        if kind in _CLOCKS_BY_DATA:
            yield from _CLOCKS_BY_DATA[kind](start)
    for agency in sorted(to):
        for kind in kinds:
            if kind in CLOCKS_OF_ADDRESSEES:
                yield start.clock(kind, agency)
            elif kind is ClockKind.ANSWER and start.event.due_on is not None:
                yield replace(start.clock(kind, agency), due_at=end_of(start.event.due_on))


CLOCKS_OF_ADDRESSEES = frozenset(
    {
        ClockKind.ACKNOWLEDGE,
        ClockKind.READ,
        ClockKind.ACT,
        ClockKind.ACCEPT,
        ClockKind.CONFIRM,
        ClockKind.REPORT,
        ClockKind.TRANSFER,
    }
)
"""Each addressee whom the message has reached is responsible, from then on."""


def _safety_clocks(start: _Start) -> Iterator[Clock]:
    """The check is the duty of each who was notified; it counts from when that was. Basis: CAPA 8."""
    event: e.AbuseNotificationReceived = start.event
    notified = start.to | {start.by} if event.recorded_for_notifier else start.to
    for agency in sorted(notified):
        clock = start.clock(ClockKind.SAFETY, agency)
        yield replace(clock, informed=frozenset(), since=event.received_at)


def _rights_clock(start: _Start) -> Iterator[Clock]:
    yield start.clock(ClockKind.RIGHTS, start.by)


def _non_disclosure_clock(start: _Start) -> Iterator[Clock]:
    event: e.NonDisclosureDecided = start.event
    if event.review_on is not None:
        yield replace(start.clock(ClockKind.NON_DISCLOSURE, start.by), due_at=end_of(event.review_on))


def _specialist_clock(start: _Start) -> Iterator[Clock]:
    event: e.SupportTypeDecided = start.event
    if event.specialist_needed:
        yield start.clock(ClockKind.SPECIALIST, start.by)


def _visit_report_clock(start: _Start) -> Iterator[Clock]:
    event: e.HomeVisitScheduled = start.event
    yield replace(start.clock(ClockKind.VISIT_REPORT, start.by), since=end_of(event.planned_on))


def _breach_clock(start: _Start) -> Iterator[Clock]:
    event: e.BreachReported = start.event
    if event.stage is BreachStage.PRELIMINARY:
        yield replace(start.clock(ClockKind.BREACH, start.by), since=event.found_at)


def _handover_clock(start: _Start) -> Iterator[Clock]:
    event: e.TransferInitiated = start.event
    begins = start.at if event.moves_on is None else max(start.at, end_of(event.moves_on))
    yield replace(start.clock(ClockKind.HANDOVER, start.by), informed=start.to, since=begins)


_CLOCKS_BY_DATA: Mapping[ClockKind, Callable[[_Start], Iterator[Clock]]] = {
    ClockKind.SAFETY: _safety_clocks,
    ClockKind.RIGHTS: _rights_clock,
    ClockKind.NON_DISCLOSURE: _non_disclosure_clock,
    ClockKind.SPECIALIST: _specialist_clock,
    ClockKind.VISIT_REPORT: _visit_report_clock,
    ClockKind.BREACH: _breach_clock,
    ClockKind.HANDOVER: _handover_clock,
}
"""Clocks that depend on what the message states, most of them its author's."""


def _stops_clock(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    """Whether this message of this agency is what the clock waited for."""
    return clock.kind in (event.STOPS or ()) and STOP_CONDITIONS[clock.kind](event, by, clock)


def _answers_by_responsible(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return _answers(event, by, clock) and by == clock.responsible


def _answers(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return getattr(event, "answers", None) == clock.message


def _by_responsible(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return by == clock.responsible


def _in_any_case(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return True


def _child_sighted_by_anyone(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return child_was_sighted(event)


def _transfer_received(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    """A receipt that lists something is about the whole hand-over, an empty one about what it answers."""
    if isinstance(event, e.TransferReceiptConfirmed):
        return by == clock.responsible and (bool(event.received) or event.answers == clock.message)
    return True


def _disclosed_to_informed(event: e.CaseMessage, by: UUID, clock: Clock) -> bool:
    return bool(clock.informed & event.to)


STOP_CONDITIONS: Mapping[ClockKind, Callable[[e.CaseMessage, UUID, Clock], bool]] = {
    ClockKind.ACKNOWLEDGE: _answers_by_responsible,
    ClockKind.READ: _answers_by_responsible,
    ClockKind.ACT: _by_responsible,
    ClockKind.SAFETY: _child_sighted_by_anyone,
    ClockKind.ANSWER: _answers_by_responsible,
    ClockKind.ACCEPT: _answers_by_responsible,
    ClockKind.REPORT: _answers_by_responsible,
    ClockKind.RIGHTS: _answers,
    ClockKind.EMERGENCY: _answers,
    ClockKind.EMERGENCY_REVIEW: _answers,
    ClockKind.COERCION: _answers,
    ClockKind.CONFIRM: _answers_by_responsible,
    ClockKind.TRANSFER: _transfer_received,
    ClockKind.HANDOVER: _in_any_case,
    ClockKind.NON_DISCLOSURE: _by_responsible,
    ClockKind.VISIT_REPORT: _by_responsible,
    ClockKind.BREACH: _answers,
    ClockKind.SPECIALIST: _by_responsible,
    ClockKind.BUNDLE: _disclosed_to_informed,
}
"""When a message that may stop a clock of this kind does so. EMERGENCY_END ends by its own time only; clocks of the case
as a whole are computed from its state (``domain/alarms/raising.py``)."""


def by_guardian(event: e.Event) -> bool:
    """Whether somebody speaks for another: he may be the one from whom that one needs protection. Basis: APPI 78(1)1."""
    if isinstance(event, e.ConsentGiven):
        return event.capacity is not ConsentCapacity.SELF
    return isinstance(event, e.SubjectAccessRequested) and event.requester is Requester.LEGAL_REPRESENTATIVE


def child_was_sighted(event: e.Event) -> bool:
    """Whether the child itself was sighted: a call, or seeing the family, is not it. Basis: CAPA 8."""
    if isinstance(event, e.SafetyConfirmed):
        return event.child_seen and event.method is SafetyMethod.SIGHTED
    return isinstance(event, e.ChildSighted)
