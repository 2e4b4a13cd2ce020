"""What the hub keeps in memory of its record: the complete register, and the cases it used last.

It is folded from the record. After an append without an answer the record may be ahead of it: what that concerns is
*stale* until it is read again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from threading import Lock, RLock
from uuid import UUID

from adapters.store import Store
from domain.alarms.schedule import AlarmSchedule
from domain.due import DueEvent, next_due, next_due_of_case
from domain.errors import Malformed, NotFound, Unavailable, Untrusted
from domain.events import ControlDestroyed, Kind, SupportWorkerLeft
from domain.record import About, Record, access_of
from domain.register import Register
from domain.world import World, empty_world

CACHED_CASES = 4096
CASE_ID_VERSION = 4  # random; the originator of a case's readings has an id derived from it (version 5)
NEWER_RECORD = "newer-record"
END_OF_TIME = datetime.max.replace(tzinfo=UTC)
IMMEDIATELY = datetime.min.replace(tzinfo=UTC)


class WorldCache:
    """Register and cases as they are now. Only the deciding lane changes them (see ``hub/queue.py``).

    ``deadlines``: of each case in which a clock runs, when the next one runs out, from the read models.
    """

    def __init__(
        self,
        store: Store,
        register: Register,
        deadlines: Mapping[UUID, datetime] | None = None,
        cached_cases: int | None = None,
    ) -> None:
        self._loading_store = store
        self._max_cached_cases = CACHED_CASES if cached_cases is None else cached_cases
        self._register = register
        self._register_lock = Lock()
        self._cached_cases: OrderedDict[UUID, World] = OrderedDict()
        self._schedules: dict[UUID, AlarmSchedule] = {}  # of the cached cases; owned by _cases_lock
        self._cases_lock = RLock()
        self._stale: dict[About, object] = {}  # a new mark object for each invalidation
        self._stale_lock = Lock()
        self._due_at: datetime | None = None
        self._deadlines: dict[UUID, datetime] = dict(deadlines or {})  # owned by _cases_lock, with the heap
        self._deadline_heap = [(at, case) for case, at in self._deadlines.items()]
        heapify(self._deadline_heap)
        self._refresh_register_due()

    @property
    def register(self) -> Register:
        """The register as it is now."""
        return self._register

    def is_due(self, now: datetime) -> bool:
        """Whether an event is due by ``now``, or part of the register is stale."""
        register_stale = any(about.kind is not Kind.CASE for about in tuple(self._stale))
        if register_stale or (self._due_at is not None and self._due_at <= now):
            return True
        earliest = self._earliest_deadline()
        return earliest is not None and earliest[0] <= now

    def next_due(self, now: datetime) -> DueEvent | None:
        """The earliest event that is due by ``now``, in the register or in a case."""
        due = next_due(self._register, now)
        while (earliest := self._earliest_deadline()) is not None:
            at, case = earliest
            if at > now or (due is not None and at >= due.at):
                break
            due_of_case = self._due_of_case(case)
            if due_of_case is not None and due_of_case.at == at:
                return due_of_case
        return due

    def _earliest_deadline(self) -> tuple[datetime, UUID] | None:
        """The case whose clock runs out first, and when, as far as known."""
        with self._cases_lock:
            while (
                self._deadline_heap
                and self._deadlines.get(self._deadline_heap[0][1]) != self._deadline_heap[0][0]
            ):
                heappop(self._deadline_heap)  # replaced by a later entry of this case
            return self._deadline_heap[0] if self._deadline_heap else None

    def _due_of_case(self, case: UUID) -> DueEvent | None:
        """The next event due in this case, by its present state; its deadline is updated."""
        try:
            world = self.world(About(Kind.CASE, case))
        except (NotFound, Malformed, Untrusted, Unavailable) as error:
            if isinstance(error, Unavailable) and error.error_code != NEWER_RECORD:
                raise
            with (
                self._cases_lock
            ):  # no case, or unreadable here: a command about it is answered with the error
                self._set_deadline(case, None)
            return None
        with self._cases_lock:
            return self._refresh_case_deadline(world)

    def _refresh_case_deadline(self, world: World) -> DueEvent | None:
        """Update when the next clock of this case runs out. The caller holds ``_cases_lock``."""
        schedule = self._schedules.get(world.case.id)
        if schedule is None:
            schedule = AlarmSchedule(world.case)
        else:
            schedule.follow(world.case)
        if world.case.id in self._cached_cases:
            self._schedules[world.case.id] = schedule
        due = next_due_of_case(replace(world, register=self._register), schedule)
        self._set_deadline(world.case.id, None if due is None else due.at)
        return due

    def defer_case(self, case: UUID) -> None:
        """What is due in this case can't be done now: try again at its next record, or at the next start."""
        with self._cases_lock:
            self._set_deadline(case, None)

    def _set_deadline(self, case: UUID, at: datetime | None) -> None:
        if at is None:
            self._deadlines.pop(case, None)
        elif self._deadlines.get(case) != at:
            self._deadlines[case] = at
            heappush(self._deadline_heap, (at, case))

    # --- reading -----------------------------------------------------------------------------------------------

    def world(self, about: About) -> World:
        """The state on which a decision about this rests. Raises NotFound where the id is of another kind."""
        if about in self._stale:
            self._reload(about)
        if about.kind is not Kind.CASE:
            return self._register_world(about)
        if about.id.version != CASE_ID_VERSION:
            raise NotFound("not-found")
        with self._cases_lock:
            world = self._cached_cases.get(about.id)
        if world is None:
            world = self._load_case(about.id)
        return replace(world, register=self._register)

    def _register_world(self, about: About) -> World:
        for kind in Kind:
            originator = self._register.find(kind, about.id)
            if originator is not None and kind is not about.kind:
                raise NotFound("not-found")
        if self._register.find(about.kind, about.id) is None and self._loading_store.load(about.id, lte=1):
            raise NotFound("not-found")  # a case, or its readings
        return empty_world(self._register, about.id)

    def _load_case(self, case: UUID) -> World:
        world = empty_world(self._register, case)
        for stored in (*self._loading_store.load(case), *self._loading_store.load(access_of(case))):
            if stored.record.about != About(Kind.CASE, case):  # another kind, or another case's readings
                raise NotFound("not-found")
            world = world.after(stored.record)
        self._cache_case(world)
        return world

    # --- updating ------------------------------------------------------------------------------------------------

    def fold_in(self, world: World, record: Record) -> None:
        """Add a record of our own: ``world`` is the one it was decided on, with this record folded in."""
        if record.originator.kind is Kind.CASE:
            self._cache_case(world, case=True)
        elif record.originator.kind is Kind.CASE_ACCESS:
            self._cache_case(world, case=False)
        else:
            self._fold_into_register(record)

    def _fold_into_register(self, record: Record) -> None:
        """Add a record to the present register, of which a part may have been read again since the decision."""
        with self._register_lock:
            visited = _visited_by_leaving(self._register, record)
            known = self._register.find(record.originator.kind, record.originator.id)
            if known is None or known.version < record.version:
                self._register = self._register.with_record(record)
            self._refresh_register_due()
        if isinstance(record.event, ControlDestroyed):
            with self._cases_lock:  # it can't be read any more
                self._forget_case(record.event.scope)
                self._set_deadline(record.event.scope, None)
        with self._cases_lock:  # their assignments end
            for case in visited:
                self._set_deadline(case, IMMEDIATELY)
        if record.originator.kind is Kind.RULE_BOOK:
            with self._cases_lock:  # the new rules may set other deadlines
                for case in tuple(self._deadlines):
                    self._set_deadline(case, IMMEDIATELY)

    def _cache_case(self, world: World, case: bool | None = None) -> None:
        """Cache a case. ``case``: True for a change of the case alone, which keeps the cached readings; False for a
        change of its readings alone; None for both, as loaded."""
        with self._cases_lock:
            cached = self._cached_cases.get(world.case.id)
            if cached is None and case is not None:
                # Evicted meanwhile: the other half of this world may be old, and a thread that loads the case now
                # may have begun before this record, and would cache the case without it.
                self.invalidate(About(Kind.CASE, world.case.id))
                return
            if cached is not None and case is not None:
                world = replace(cached, case=world.case) if case else replace(cached, access=world.access)
            elif cached is not None:
                world = World(
                    world.register,
                    max(cached.case, world.case, key=lambda c: c.version),
                    max(cached.access, world.access, key=lambda a: a.version),
                )
            self._cached_cases[world.case.id] = world
            self._cached_cases.move_to_end(world.case.id)
            if case is not False:
                self._refresh_case_deadline(world)
            while len(self._cached_cases) > self._max_cached_cases:
                self._forget_case(next(iter(self._cached_cases)))

    def _forget_case(self, case: UUID) -> None:
        """The caller holds ``_cases_lock``."""
        self._cached_cases.pop(case, None)
        self._schedules.pop(case, None)

    # --- staleness ----------------------------------------------------------------------------------------------

    def invalidate(self, about: About) -> None:
        """Records about this may exist that are not in memory: read it again before it is used."""
        with self._stale_lock:
            self._stale[about] = object()
        if about.kind is Kind.CASE:  # a clock that is not known here may have started
            with self._cases_lock:
                self._set_deadline(about.id, IMMEDIATELY)

    def reload_register(self) -> None:
        """Read the stale parts of the register again. On the deciding lane alone."""
        for about in [a for a in tuple(self._stale) if a.kind is not Kind.CASE]:
            self._reload(about)

    def _reload(self, about: About) -> None:
        mark = self._stale.get(about)
        if about.kind is Kind.CASE:
            with self._cases_lock:
                self._forget_case(about.id)
        else:
            known = self._register.find(about.kind, about.id)
            for stored in self._loading_store.load(about.id, gt=0 if known is None else known.version):
                self._fold_into_register(stored.record)
        with self._stale_lock:
            if self._stale.get(about) is mark:  # else it was invalidated again while this was read
                self._stale.pop(about, None)

    def _refresh_register_due(self) -> None:
        due = next_due(self._register, END_OF_TIME)
        self._due_at = None if due is None else due.at


def _visited_by_leaving(register: Register, record: Record) -> frozenset[UUID]:
    """The cases to which a visitor is assigned who leaves with this record."""
    commission = register.commissions.get(record.originator.id)
    if not isinstance(record.event, SupportWorkerLeft) or commission is None:
        return frozenset()
    return commission.workers[record.event.worker].families
