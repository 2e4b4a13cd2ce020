"""What a door knows of each of its cases at a glance, from control alone, in memory: a list of a thousand cases reads no
message and no task again.

Each overview follows the messages and tasks of its case; only cases that changed are read anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.codes import CaseStatus
from domain.events import (
    HomeVisitScheduled,
    SupportClosed,
    SupportWorkerAssigned,
    SupportWorkerUnassigned,
    TransferCompleted,
)
from gateway.agency.task_store import Task

if TYPE_CHECKING:
    from gateway.agency.store import DoorStore

Message = Mapping[str, Any]
ENDED = frozenset({CaseStatus.CLOSED.value, CaseStatus.FOLLOW_ON_PENDING.value, CaseStatus.TRANSFERRED.value})
"""States of a case in which nobody supports the family any more."""

_ENDS = frozenset({SupportClosed.TOPIC, TransferCompleted.TOPIC})


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as a list needs it. ``actor``: who wrote it, empty where this agency does not know; ``worker``: the
    visitor of this agency whom it assigns, else empty; ``due_on``: the day that it names (ISO), else empty, as where it
    plans a visit that is planned no more."""

    n: int
    message: str
    act: str
    at: str
    by: str
    actor: str
    is_ours: bool
    is_addressed: bool
    worker: str
    due_on: str


@dataclass(frozen=True, slots=True)
class CaseOverview:
    """One case. ``arrivals``: in the order in which they came; ``begun_at``, ``begun_by``: when and by whom its first message
    was written; ``ended_at``: when its support was closed or handed over, as far as this agency knows, else empty;
    ``assigned``: the visitors of this agency that are assigned now; ``next_visit_on``: the day of the next planned visit
    that nobody has reported (ISO), empty for none; ``tasks``: what waits in it for this agency, by due time."""

    case: str
    status: str | None
    arrivals: tuple[Arrival, ...]
    begun_at: str
    begun_by: str
    last_at: str
    last_act: str
    ended_at: str
    assigned: frozenset[str]
    next_visit_on: str
    tasks: tuple[Task, ...] = ()

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def last_arrival(self) -> int:
        return self.arrivals[-1].n

    def new_since(self, n: int, actor: str) -> tuple[Arrival, ...]:
        """What has come after this arrival and was not written by this person, oldest first."""
        if self.last_arrival <= n:
            return ()
        return tuple([a for a in self.arrivals if a.n > n and a.actor != actor])


class CaseOverviews:
    """The overviews of one door. Thread-safe."""

    def __init__(self, store: DoorStore, agency: UUID) -> None:
        self._store, self._agency = store, str(agency)
        self._lock = RLock()
        self._cases: dict[str, CaseOverview] = {}
        self._change = -1

    def all(self) -> Mapping[str, CaseOverview]:
        """Case -> overview."""
        with self._lock:
            self._follow()
            return dict(self._cases)

    def latest_first(self) -> list[CaseOverview]:
        """Every case, that with the newest message first."""
        by_case = sorted(self.all().values(), key=lambda one: one.case)
        return sorted(by_case, key=lambda one: one.last_at, reverse=True)

    def of(self, case: UUID) -> CaseOverview | None:
        """One case; None where this agency may know no message of it."""
        with self._lock:
            self._follow()
            return self._cases.get(str(case))

    def _follow(self) -> None:
        change = self._store.arrivals.change_count
        if change == self._change:
            return
        if self._change < 0:
            numbers, bodies = self._store.arrivals.all(), self._store.messages_by_case()
            tasks = _by_case(self._store.tasks.all())
        else:
            changed = self._store.arrivals.changed_since(self._change)
            numbers = {case: self._store.arrivals.of_case(case) for case in changed}
            bodies = {case: self._store.messages(UUID(case)) for case in changed}
            tasks = {case: self._store.tasks.of_case(case) for case in changed}
        for case, messages in bodies.items():
            if messages:
                self._cases[case] = case_overview(
                    case, messages, numbers.get(case, {}), self._agency, tasks.get(case, ())
                )
            else:
                self._cases.pop(case, None)
        known = self._store.arrivals.cases()
        self._cases = {case: one for case, one in self._cases.items() if case in known}
        self._change = change


def case_overview(
    case: str,
    messages: Iterable[Message],
    numbers: Mapping[str, int],
    agency: str,
    tasks: Iterable[Task] = (),
) -> CaseOverview:
    """The overview of a case. ``messages``: at least one, oldest first; ``numbers``: of their arrivals; ``tasks``: of this
    case."""
    in_order = list(messages)
    planned = planned_visits(in_order)
    pending = {m["message"] for m in planned}
    first, last = in_order[0], in_order[-1]
    arrivals = [_arrival(m, numbers.get(m["message"], 0), agency, pending) for m in in_order]
    return CaseOverview(
        case=case,
        status=next((m["status"] for m in reversed(in_order) if m.get("status")), None),
        arrivals=tuple(sorted(arrivals, key=lambda a: a.n)),
        begun_at=first["at"],
        begun_by=first["by"],
        last_at=last["at"],
        last_act=last["act"],
        ended_at=max((m["at"] for m in in_order if m["act"] in _ENDS), default=""),
        assigned=assigned_workers(in_order, agency),
        next_visit_on=min((str(m["fields"]["planned_on"]) for m in planned), default=""),
        tasks=tuple(tasks),
    )


def _by_case(tasks: Iterable[Task]) -> dict[str, list[Task]]:
    of_case: dict[str, list[Task]] = {}
    for task in tasks:
        of_case.setdefault(task["case"], []).append(task)
    return of_case


def _arrival(message: Message, n: int, agency: str, pending_visits: Collection[str]) -> Arrival:
    fields = message.get("fields", {})
    is_pending = message["act"] != HomeVisitScheduled.TOPIC or message["message"] in pending_visits
    is_ours = message["by"] == agency
    assigns = message["act"] == SupportWorkerAssigned.TOPIC and fields.get("agency") == agency
    return Arrival(
        n=n,
        message=message["message"],
        act=message["act"],
        at=message["at"],
        by=message["by"],
        actor=str(message.get("actor") or ""),
        is_ours=is_ours,
        is_addressed=not is_ours and agency in message.get("to", ()),
        worker=str(fields.get("worker") or "") if assigns else "",
        due_on=str(fields.get("due_on") or fields.get("planned_on") or "") if is_pending else "",
    )


def assigned_workers(messages: Iterable[Message], agency: str) -> frozenset[str]:
    """The visitors of this agency that are assigned to the case now."""
    assigned: set[str] = set()
    for m in messages:
        fields = m.get("fields", {})
        if fields.get("agency") == agency:
            if m["act"] == SupportWorkerAssigned.TOPIC:
                assigned.add(fields["worker"])
            elif m["act"] == SupportWorkerUnassigned.TOPIC:
                assigned.discard(fields["worker"])
    return frozenset(assigned)


def planned_visits(messages: Iterable[Message]) -> list[Message]:
    """The planned visits that nobody has named as reported or postponed, as far as this agency knows, and that no end of the
    support, or hand-over to others than who planned them, has made void. ``messages``: oldest first."""
    planned: list[Message] = []
    named: set[object] = set()
    for m in messages:
        fields = m.get("fields", {})
        named |= {fields.get(name) for name in ("visit", "replaces")}
        if m["act"] == SupportClosed.TOPIC:
            planned.clear()
        elif m["act"] == TransferCompleted.TOPIC:
            planned = [visit for visit in planned if visit["by"] in m.get("to", ())]
        elif m["act"] == HomeVisitScheduled.TOPIC and "fields" in m:
            planned.append(m)
    return [m for m in planned if m["message"] not in named]
