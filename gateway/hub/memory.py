"""What the hub holds in memory of its record: the register whole, the cases it worked on last.

The record is the truth; this is what was folded from it. Where an append had no answer, what is held may be
behind: it is *doubtful* until it was read again.
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
from domain.due import DueEvent, next_due, next_due_of_case
from domain.errors import Malformed, NotFound, Unavailable, Untrusted
from domain.events import ControlDestroyed, Kind
from domain.record import About, Record, access_of
from domain.register import Register
from domain.world import World, empty_world

CACHED_CASES = 4096
CASE_ID_VERSION = 4  # random: a case's readings have a name made of its id, and are never a case themselves
NEWER_RECORD = "newer-record"
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_IMMEDIATELY = datetime.min.replace(tzinfo=UTC)


class WorldCache:
    """Register and cases as they stand. One thread changes them (see ``hub/queue.py``).

    ``deadlines``: of each case in which a clock runs, when the next one runs out, as the views have it.
    """

    def __init__(
        self, store: Store, register: Register, deadlines: Mapping[UUID, datetime] | None = None
    ) -> None:
        self._loading_store = store
        self._register = register
        self._register_lock = Lock()
        self._cached_cases: OrderedDict[UUID, World] = OrderedDict()
        self._cases_lock = RLock()
        self._stale: dict[About, object] = {}  # each mark is an object of its own
        self._stale_lock = Lock()
        self._due_at: datetime | None = None
        self._deadlines: dict[UUID, datetime] = dict(deadlines or {})  # owned by _cases_lock, with the heap
        self._deadline_heap = [(at, case) for case, at in self._deadlines.items()]
        heapify(self._deadline_heap)
        self._refresh_register_due()

    @property
    def register(self) -> Register:
        """The register as it stands."""
        return self._register

    def is_due(self, now: datetime) -> bool:
        """Whether the clock has something to bring by ``now``, or part of the register must be read again."""
        register_stale = any(about.kind is not Kind.CASE for about in tuple(self._stale))
        if register_stale or (self._due_at is not None and self._due_at <= now):
            return True
        earliest = self._earliest_deadline()
        return earliest is not None and earliest[0] <= now

    def next_due(self, now: datetime) -> DueEvent | None:
        """The earliest act of the hub that is due by now, in the register or in a case."""
        due = next_due(self._register, now)
        while (earliest := self._earliest_deadline()) is not None:
            at, case = earliest
            if at > now or (due is not None and at >= due.at):
                break
            found = self._due_of_case(case)
            if found is not None and found.at == at:
                return found
        return due

    def _earliest_deadline(self) -> tuple[datetime, UUID] | None:
        """The case whose clock runs out first, as far as it is known."""
        with self._cases_lock:
            while (
                self._deadline_heap
                and self._deadlines.get(self._deadline_heap[0][1]) != self._deadline_heap[0][0]
            ):
                heappop(self._deadline_heap)  # it was noted anew since
            return self._deadline_heap[0] if self._deadline_heap else None

    def _due_of_case(self, case: UUID) -> DueEvent | None:
        """Look at this case itself, and note what was found."""
        try:
            world = self.world(About(Kind.CASE, case))
        except (NotFound, Malformed, Untrusted, Unavailable) as error:
            if isinstance(error, Unavailable) and error.error_code != NEWER_RECORD:
                raise
            with self._cases_lock:  # it is none, or can't be read here: whoever asks for it is told
                self._set_deadline(case, None)
            return None
        with self._cases_lock:
            return self._refresh_case_deadline(world)

    def _refresh_case_deadline(self, world: World) -> DueEvent | None:
        """Remember when the next clock of this case runs out. The caller holds ``_cases_lock``."""
        due = next_due_of_case(replace(world, register=self._register))
        self._set_deadline(world.case.id, None if due is None else due.at)
        return due

    def defer_case(self, case: UUID) -> None:
        """What is due in this case can't be done now: it waits for the next word about it, or the next start."""
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
        """All that a decision about this looks at. Raises NotFound where the id belongs to another kind."""
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
            found = self._register.find(kind, about.id)
            if found is not None and kind is not about.kind:
                raise NotFound("not-found")
        if self._register.find(about.kind, about.id) is None and self._loading_store.load(about.id, lte=1):
            raise NotFound("not-found")  # it is a case, or its readings
        return empty_world(self._register, about.id)

    def _load_case(self, case: UUID) -> World:
        world = empty_world(self._register, case)
        for stored in (*self._loading_store.load(case), *self._loading_store.load(access_of(case))):
            if stored.record.about != About(Kind.CASE, case):  # another kind, or the readings of another case
                raise NotFound("not-found")
            world = world.after(stored.record)
        self._cache_case(world)
        return world

    # --- keeping -------------------------------------------------------------------------------------------------

    def fold_in(self, world: World, record: Record) -> None:
        """What was decided and recorded: ``world`` is the one decided on, with this record folded in."""
        if record.originator.kind is Kind.CASE:
            self._cache_case(world, case=True)
        elif record.originator.kind is Kind.CASE_ACCESS:
            self._cache_case(world, case=False)
        else:
            self._fold_into_register(record)

    def _fold_into_register(self, record: Record) -> None:
        """Into the register as it stands now: another may have read something again since this was decided."""
        with self._register_lock:
            known = self._register.find(record.originator.kind, record.originator.id)
            if known is None or known.version < record.version:
                self._register = self._register.with_record(record)
            self._refresh_register_due()
        if isinstance(record.event, ControlDestroyed):
            with self._cases_lock:  # nobody can read it any more
                self._cached_cases.pop(record.event.scope, None)
                self._set_deadline(record.event.scope, None)
        if record.originator.kind is Kind.RULE_BOOK:
            with self._cases_lock:  # other times may hold now
                for case in tuple(self._deadlines):
                    self._set_deadline(case, _IMMEDIATELY)

    def _cache_case(self, world: World, case: bool | None = None) -> None:
        """Put a case into the cache; a change of the case keeps the readings that came meanwhile, and the reverse."""
        with self._cases_lock:
            cached = self._cached_cases.get(world.case.id)
            if cached is None and case is not None:
                # Dropped meanwhile: the other half of this world may be old, and whoever is reading the case now
                # may have begun before this record, and would remember the case without it.
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
            while len(self._cached_cases) > CACHED_CASES:
                self._cached_cases.popitem(last=False)

    # --- doubt --------------------------------------------------------------------------------------------------

    def invalidate(self, about: About) -> None:
        """Something may have been recorded about this that is not held here."""
        with self._stale_lock:
            self._stale[about] = object()
        if about.kind is Kind.CASE:  # a clock may have begun that is not known here
            with self._cases_lock:
                self._set_deadline(about.id, _IMMEDIATELY)

    def reload_register(self) -> None:
        """Read again what of the register is doubtful. The caller is alone on the register."""
        for about in [a for a in tuple(self._stale) if a.kind is not Kind.CASE]:
            self._reload(about)

    def _reload(self, about: About) -> None:
        mark = self._stale.get(about)
        if about.kind is Kind.CASE:
            with self._cases_lock:
                self._cached_cases.pop(about.id, None)
        else:
            known = self._register.find(about.kind, about.id)
            for stored in self._loading_store.load(about.id, gt=0 if known is None else known.version):
                self._fold_into_register(stored.record)
        with self._stale_lock:
            if self._stale.get(about) is mark:  # else it came anew while this was read
                self._stale.pop(about, None)

    def _refresh_register_due(self) -> None:
        due = next_due(self._register, _END_OF_TIME)
        self._due_at = None if due is None else due.at
