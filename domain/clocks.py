"""The clocks of a case: how a message starts one. How it stops one is in ``clock_stops.py``.

Which kinds a message may start and stop is stated by its class (``starts``, ``stops``). A clock records which agency is
responsible and since when; how long it may run is local policy in the rule book, so a clock knows its deadline only
where the message itself named one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain import events as e
from domain.calendar import end_of
from domain.children import children_named_in
from domain.clock_kinds import ClockKind as ClockKind
from domain.codes import BreachIntent, BreachStage, ConsentCapacity, LocatedBy, Requester, SafetyMethod
from domain.editions import since_edition
from domain.family import NOBODY_KNOWN, Family
from domain.persistent_map import PersistentMap

ClockKey = tuple[ClockKind, UUID, UUID, UUID | None]
"""What it waits for, its message, the responsible agency, and the child, null for the family."""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One running clock. ``message``: what it is about, null for the case as a whole; ``responsible``: the agency that
    has to act; ``informed``: who else is informed; ``due_at``: where the message or the plan names it, else null;
    ``child``: the child it is about, null for the family."""

    kind: ClockKind
    message: UUID | None
    responsible: UUID
    informed: frozenset[UUID]
    since: datetime
    due_at: datetime | None = None
    child: UUID | None = None

    def key_for(self, message: UUID) -> ClockKey:
        """Where a clock of this message stands in ``Case.clocks``."""
        return self.kind, message, self.responsible, self.child


def update_clocks(
    clocks: PersistentMap[ClockKey, Clock],
    event: e.CaseMessage,
    id: UUID,
    by: UUID,
    at: datetime,
    to: frozenset[UUID],
    stopped: Iterable[ClockKey],
    family: Family = NOBODY_KNOWN,
) -> PersistentMap[ClockKey, Clock]:
    """The clocks after this message. ``to``: those whom it has reached; ``stopped``: the clocks that it stops
    (``domain/clock_stops.py``); ``family``: the children known before it."""
    if isinstance(event, e.NotificationForwarded):
        # an agency that knows of the notification is informed when the child is not seen
        clocks |= {
            c.key_for(c.message): _with_informed(c, to)
            for c in clocks.values()
            if c.message is not None and c.message == event.forwards
        }
    started = {
        c.key_for(id): c
        for clock in _started_clocks(event, id, by, at, to)
        for c in child_by_child(clock, event, family)
    }
    return clocks.without(stopped) | started


def _one_clock_for_the_family(clock: Clock, event: e.CaseMessage, family: Family) -> Iterator[Clock]:
    yield clock


@since_edition(2, before=_one_clock_for_the_family)
def child_by_child(clock: Clock, event: e.CaseMessage, family: Family) -> Iterator[Clock]:
    """A clock of a child's safety, or of a search for it, runs for each child that the message names; where it names none,
    for each who is known and lives, and for the family as a whole where nobody is. Basis: CAPA 8."""
    if clock.kind not in (ClockKind.SAFETY, ClockKind.SEARCH):
        yield clock
        return
    named = family.resolved(children_named_in(event)) or frozenset(child for child, _ in family.living())
    for child in sorted(named):
        yield replace(clock, child=child)
    if not named:
        yield clock


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
    start, kinds = _Start(event, id, by, at, to), _kinds_started_by(event)
    for kind in kinds:
        if kind in _CLOCKS_BY_DATA:
            yield from _CLOCKS_BY_DATA[kind](start)
    for agency in sorted(to):
        for kind in kinds:
            if kind in CLOCKS_OF_ADDRESSEES:
                yield start.clock(kind, agency)
            elif kind is ClockKind.ANSWER and start.event.due_on is not None:
                yield replace(start.clock(kind, agency), due_at=end_of(start.event.due_on))


def _kinds_before_transfers(event: e.CaseMessage) -> tuple[ClockKind, ...]:
    """In edition 1 a transfer between child guidance centres started none, and no request of a court or an authority."""
    none = isinstance(event, e.CgcTransferNotified | e.OfficialRequestReceived)
    return () if none else event.STARTS or ()


@since_edition(2, before=_kinds_before_transfers)
def _kinds_started_by(event: e.CaseMessage) -> tuple[ClockKind, ...]:
    """Basis: CAPA 4(6), 8; own rule (目黒 2018) for a transfer between centres."""
    return event.STARTS or ()


CLOCKS_OF_ADDRESSEES = frozenset(
    {
        ClockKind.ACKNOWLEDGE,
        ClockKind.READ,
        ClockKind.ACT,
        ClockKind.ACCEPT,
        ClockKind.CONFIRM,
        ClockKind.REPORT,
        ClockKind.TRANSFER,
        ClockKind.UNREADABLE,
    }
)
"""Each addressee whom the message has reached is responsible, from then on."""


def _safety_clocks(start: _Start) -> Iterator[Clock]:
    """The check is the duty of each who was notified; it counts from when that was. Basis: CAPA 8.

    To whom a centre hands the family over, from when it was notified of that. Basis: CAPA 4(6); own rule (目黒 2018).
    """
    event = start.event
    if isinstance(event, e.CgcTransferNotified):
        yield from (start.clock(ClockKind.SAFETY, agency) for agency in sorted(start.to))
    if not isinstance(event, e.AbuseNotificationReceived):
        return  # after a return, an identification and a separation they start from the case
    notified = start.to | {start.by} if event.recorded_for_notifier else start.to
    for agency in sorted(notified):
        clock = start.clock(ClockKind.SAFETY, agency)
        yield replace(clock, informed=frozenset(), since=event.received_at)


def _own_report_clock(start: _Start) -> Iterator[Clock]:
    """Who takes a report in for somebody without a door acts on it too. Basis: CWA 33-14."""
    if isinstance(start.event, e.StaffAbuseReported) and start.event.recorded_for_notifier:
        yield start.clock(ClockKind.ACT, start.by)


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
    """The final report. That of a leak that was recorded before runs from there, see ``BreachDetected``."""
    event: e.BreachReported | e.BreachDetected = start.event
    if isinstance(event, e.BreachDetected):
        if event.intent is BreachIntent.NONE:
            yield replace(start.clock(ClockKind.BREACH, start.by), since=event.detected_at)
    elif event.stage is BreachStage.PRELIMINARY and event.answers is None:
        yield replace(start.clock(ClockKind.BREACH, start.by), since=event.found_at)


def _breach_intent_clock(start: _Start) -> Iterator[Clock]:
    """Where a wrongful purpose is possible, or not known, the final report has more days. Basis: APPI 68."""
    if start.event.intent is not BreachIntent.NONE:
        yield replace(start.clock(ClockKind.BREACH_INTENT, start.by), since=start.event.detected_at)


def _breach_preliminary_clock(start: _Start) -> Iterator[Clock]:
    yield replace(start.clock(ClockKind.BREACH_PRELIMINARY, start.by), since=start.event.detected_at)


def _breach_notice_clock(start: _Start) -> Iterator[Clock]:
    yield replace(start.clock(ClockKind.BREACH_NOTICE, start.by), since=start.event.detected_at)


def _search_clock(start: _Start) -> Iterator[Clock]:
    if isinstance(start.event, e.ChildrenSeparated):
        return  # they start from the case
    yield replace(start.clock(ClockKind.SEARCH, start.by), informed=start.to | {start.by})


def _ban_end_clock(start: _Start) -> Iterator[Clock]:
    event: e.ContactForbidden = start.event
    if event.until is not None:
        clock = start.clock(ClockKind.BAN_END, start.by)
        yield replace(clock, informed=start.to | {start.by}, since=end_of(event.until))


def _official_clock(start: _Start) -> Iterator[Clock]:
    event: e.OfficialRequestReceived = start.event
    if event.due_on is not None:
        yield replace(start.clock(ClockKind.OFFICIAL, start.by), due_at=end_of(event.due_on))


def _service_clock(start: _Start) -> Iterator[Clock]:
    yield start.clock(ClockKind.SERVICE, start.by)


def _handover_clock(start: _Start) -> Iterator[Clock]:
    event: e.TransferInitiated = start.event
    begins = start.at if event.moves_on is None else max(start.at, end_of(event.moves_on))
    yield replace(start.clock(ClockKind.HANDOVER, start.by), informed=start.to, since=begins)


_CLOCKS_BY_DATA: Mapping[ClockKind, Callable[[_Start], Iterator[Clock]]] = {
    ClockKind.ACT: _own_report_clock,
    ClockKind.SAFETY: _safety_clocks,
    ClockKind.RIGHTS: _rights_clock,
    ClockKind.NON_DISCLOSURE: _non_disclosure_clock,
    ClockKind.SPECIALIST: _specialist_clock,
    ClockKind.VISIT_REPORT: _visit_report_clock,
    ClockKind.BREACH: _breach_clock,
    ClockKind.BREACH_PRELIMINARY: _breach_preliminary_clock,
    ClockKind.BREACH_INTENT: _breach_intent_clock,
    ClockKind.BREACH_NOTICE: _breach_notice_clock,
    ClockKind.HANDOVER: _handover_clock,
    ClockKind.SEARCH: _search_clock,
    ClockKind.BAN_END: _ban_end_clock,
    ClockKind.OFFICIAL: _official_clock,
    ClockKind.SERVICE: _service_clock,
}
"""Clocks that depend on what the message states, most of them its author's."""


_NOBODY_BEHIND = frozenset(
    {ConsentCapacity.SELF, ConsentCapacity.CGC_DIRECTOR, ConsentCapacity.FACILITY_HEAD}
)
"""The person itself, and who has parental authority by office."""


def by_guardian(event: e.Event) -> bool:
    """Whether somebody speaks for another: he may be the one from whom that one needs protection. Basis: APPI 78(1)1."""
    if isinstance(event, e.ConsentGiven):
        return event.capacity not in _NOBODY_BEHIND
    return isinstance(event, e.SubjectAccessRequested) and event.requester is Requester.LEGAL_REPRESENTATIVE


def child_was_sighted(event: e.Event) -> bool:
    """Whether the child itself was sighted: a call, or seeing the family, is not it. Basis: CAPA 8."""
    if isinstance(event, e.SafetyConfirmed):
        return event.child_seen and event.method is SafetyMethod.SIGHTED
    if isinstance(event, e.WhereaboutsEstablished):
        return event.located_by is LocatedBy.SIGHTED
    return isinstance(event, e.ChildSighted)
