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
from domain.due import Due, next_due, next_due_of_case
from domain.errors import Malformed, NotThere, Unavailable, Untrusted
from domain.events import ControlDestroyed, Kind
from domain.record import About, Record, access_of
from domain.register import Register
from domain.world import World, empty_world

CACHED_CASES = 4096
CASE_ID_VERSION = 4  # random: a case's readings have a name made of its id, and are never a case themselves
NEWER_RECORD = "newer-record"
_FAR = datetime.max.replace(tzinfo=UTC)
_AT_ONCE = datetime.min.replace(tzinfo=UTC)


class Memory:
    """Register and cases as they stand. One thread changes them (see ``desk``).

    ``deadlines``: of each case in which a clock runs, when the next one runs out, as the views have it.
    """

    def __init__(
        self, store: Store, register: Register, deadlines: Mapping[UUID, datetime] | None = None
    ) -> None:
        self._store = store
        self._register = register
        self._register_lock = Lock()
        self._cases: OrderedDict[UUID, World] = OrderedDict()
        self._cases_lock = RLock()
        self._doubtful: dict[About, object] = {}  # each doubt is an object of its own
        self._doubt_lock = Lock()
        self._due_at: datetime | None = None
        self._deadlines: dict[UUID, datetime] = dict(deadlines or {})  # owned by _cases_lock, with the heap
        self._soonest = [(at, case) for case, at in self._deadlines.items()]
        heapify(self._soonest)
        self._note_due()

    @property
    def register(self) -> Register:
        """The register as it stands."""
        return self._register

    def is_due(self, now: datetime) -> bool:
        """Whether the clock has something to bring by ``now``, or part of the register must be read again."""
        behind = any(about.kind is not Kind.CASE for about in tuple(self._doubtful))
        if behind or (self._due_at is not None and self._due_at <= now):
            return True
        soonest = self._soonest_case()
        return soonest is not None and soonest[0] <= now

    def next_due(self, now: datetime) -> Due | None:
        """The earliest act of the hub that is due by now, in the register or in a case."""
        due = next_due(self._register, now)
        while (soonest := self._soonest_case()) is not None:
            at, case = soonest
            if at > now or (due is not None and at >= due.at):
                break
            found = self._case_due(case)
            if found is not None and found.at == at:
                return found
        return due

    def _soonest_case(self) -> tuple[datetime, UUID] | None:
        """The case whose clock runs out first, as far as it is known."""
        with self._cases_lock:
            while self._soonest and self._deadlines.get(self._soonest[0][1]) != self._soonest[0][0]:
                heappop(self._soonest)  # it was noted anew since
            return self._soonest[0] if self._soonest else None

    def _case_due(self, case: UUID) -> Due | None:
        """Look at this case itself, and note what was found."""
        try:
            world = self.world(About(Kind.CASE, case))
        except (NotThere, Malformed, Untrusted, Unavailable) as error:
            if isinstance(error, Unavailable) and error.flaw != NEWER_RECORD:
                raise
            with self._cases_lock:  # it is none, or can't be read here: whoever asks for it is told
                self._note_at(case, None)
            return None
        with self._cases_lock:
            return self._note_case(world)

    def _note_case(self, world: World) -> Due | None:
        """Remember when the next clock of this case runs out. The caller holds ``_cases_lock``."""
        due = next_due_of_case(replace(world, register=self._register))
        self._note_at(world.case.id, None if due is None else due.at)
        return due

    def set_aside(self, case: UUID) -> None:
        """What is due in this case can't be done now: it waits for the next word about it, or the next start."""
        with self._cases_lock:
            self._note_at(case, None)

    def _note_at(self, case: UUID, at: datetime | None) -> None:
        if at is None:
            self._deadlines.pop(case, None)
        elif self._deadlines.get(case) != at:
            self._deadlines[case] = at
            heappush(self._soonest, (at, case))

    # --- reading -----------------------------------------------------------------------------------------------

    def world(self, about: About) -> World:
        """All that a decision about this looks at. Raises NotThere where the id belongs to another kind."""
        if about in self._doubtful:
            self._reread(about)
        if about.kind is not Kind.CASE:
            return self._of_register(about)
        if about.id.version != CASE_ID_VERSION:
            raise NotThere("not-there", "a case has a random id")
        with self._cases_lock:
            world = self._cases.get(about.id)
        if world is None:
            world = self._loaded(about.id)
        return replace(world, register=self._register)

    def _of_register(self, about: About) -> World:
        for kind in Kind:
            found = self._register.find(kind, about.id)
            if found is not None and kind is not about.kind:
                raise NotThere("not-there", "no such thing of this kind")
        if self._register.find(about.kind, about.id) is None and self._store.load(about.id, lte=1):
            raise NotThere("not-there", "no such thing of this kind")  # it is a case, or its readings
        return empty_world(self._register, about.id)

    def _loaded(self, case: UUID) -> World:
        world = empty_world(self._register, case)
        for kept in (*self._store.load(case), *self._store.load(access_of(case))):
            if kept.record.about != About(Kind.CASE, case):  # another kind, or the readings of another case
                raise NotThere("not-there", "no such thing of this kind")
            world = world.after(kept.record)
        self._cache(world)
        return world

    # --- keeping -------------------------------------------------------------------------------------------------

    def keep(self, world: World, record: Record) -> None:
        """What was decided and recorded: ``world`` is the one decided on, with this record folded in."""
        if record.originator.kind is Kind.CASE:
            self._cache(world, case=True)
        elif record.originator.kind is Kind.CASE_ACCESS:
            self._cache(world, case=False)
        else:
            self._fold(record)

    def _fold(self, record: Record) -> None:
        """Into the register as it stands now: another may have read something again since this was decided."""
        with self._register_lock:
            known = self._register.find(record.originator.kind, record.originator.id)
            if known is None or known.version < record.version:
                self._register = self._register.with_record(record)
            self._note_due()
        if isinstance(record.fact, ControlDestroyed):
            with self._cases_lock:  # nobody can read it any more
                self._cases.pop(record.fact.scope, None)
                self._note_at(record.fact.scope, None)
        if record.originator.kind is Kind.RULE_BOOK:
            with self._cases_lock:  # other times may hold now
                for case in tuple(self._deadlines):
                    self._note_at(case, _AT_ONCE)

    def _cache(self, world: World, case: bool | None = None) -> None:
        """Put a case into the cache; a change of the case keeps the readings that came meanwhile, and the reverse."""
        with self._cases_lock:
            present = self._cases.get(world.case.id)
            if present is None and case is not None:
                # Dropped meanwhile: the other half of this world may be old, and whoever is reading the case now
                # may have begun before this record, and would remember the case without it.
                self.doubt(About(Kind.CASE, world.case.id))
                return
            if present is not None and case is not None:
                world = replace(present, case=world.case) if case else replace(present, access=world.access)
            elif present is not None:
                world = World(
                    world.register,
                    max(present.case, world.case, key=lambda c: c.version),
                    max(present.access, world.access, key=lambda a: a.version),
                )
            self._cases[world.case.id] = world
            self._cases.move_to_end(world.case.id)
            if case is not False:
                self._note_case(world)
            while len(self._cases) > CACHED_CASES:
                self._cases.popitem(last=False)

    # --- doubt --------------------------------------------------------------------------------------------------

    def doubt(self, about: About) -> None:
        """Something may have been recorded about this that is not held here."""
        with self._doubt_lock:
            self._doubtful[about] = object()
        if about.kind is Kind.CASE:  # a clock may have begun that is not known here
            with self._cases_lock:
                self._note_at(about.id, _AT_ONCE)

    def reread_register(self) -> None:
        """Read again what of the register is doubtful. The caller is alone on the register."""
        for about in [a for a in tuple(self._doubtful) if a.kind is not Kind.CASE]:
            self._reread(about)

    def _reread(self, about: About) -> None:
        doubt = self._doubtful.get(about)
        if about.kind is Kind.CASE:
            with self._cases_lock:
                self._cases.pop(about.id, None)
        else:
            known = self._register.find(about.kind, about.id)
            for kept in self._store.load(about.id, gt=0 if known is None else known.version):
                self._fold(kept.record)
        with self._doubt_lock:
            if self._doubtful.get(about) is doubt:  # else it came anew while this was read
                self._doubtful.pop(about, None)

    def _note_due(self) -> None:
        due = next_due(self._register, _FAR)
        self._due_at = None if due is None else due.at
