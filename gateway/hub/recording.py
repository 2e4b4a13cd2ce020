"""Appending what was decided, and keeping what the hub remembers up with the stream. On the deciding lane alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapters.store import NO_EVIDENCE, Evidence, Store
from domain.addressing import recorded_at
from domain.errors import Unavailable
from domain.events import Event, Kind
from domain.originator import Originator
from domain.record import HUB, About, Record, hub_command_id
from domain.world import World, empty_world
from gateway.hub.concerns import Concerns
from gateway.hub.memory import WorldCache
from gateway.hub.release import ItemRelease
from keys.leaf import Leaf
from keys.stored_record import StoredRecord, UnreadableRecord

RECORDS_PER_PAGE = 500


@dataclass(frozen=True)
class PendingRecord:
    """A decision to be recorded. ``world``: what it was decided on; ``release``: what its reader gets after it."""

    world: World
    record: Record
    evidence: Evidence
    release: ItemRelease | None = None


class Recording:
    """Appends to the stream of one hub. ``head``: the position up to which ``world_cache`` holds the record.

    ``offer_leaf``: called with the leaf of each record that has become durable (for the log).
    """

    def __init__(
        self, store: Store, world_cache: WorldCache, head: int, offer_leaf: Callable[[Leaf], None]
    ) -> None:
        self._store = store
        self._world_cache = world_cache
        self._decided_head = head  # what is decided rests on all of the record up to here
        self._offer_leaf = offer_leaf
        self.concerns = Concerns(head)
        self._may_be_stale = False  # the stream may hold records that are not in memory

    def append_batch(self, pending_records: list[PendingRecord]) -> list[Leaf | Exception]:
        """Append these, each for itself; for each its leaf, durably recorded, or why it is not (or may not be).

        Version conflicts come back as Conflict ``version-exists`` or ``head-moved``.
        """
        self._store.begin_epoch(self._world_cache.register.mandate)
        outcomes = self._store.append_each(
            [(one.record, one.evidence) for one in pending_records], self._decided_head
        )
        results: list[Leaf | Exception] = []
        for pending_record, outcome in zip(pending_records, outcomes, strict=True):
            if isinstance(outcome, Exception):
                # This record, or another one instead, may be stored: read before deciding again.
                self._may_be_stale = True
                self._world_cache.invalidate(pending_record.record.about)
                results.append(outcome)
            else:
                leaf = Leaf(*outcome)
                self._decided_head = max(self._decided_head, leaf.seq)
                before, record = pending_record.world, pending_record.record
                after = before.after(record)
                self._world_cache.fold_in(after, record)
                self.concerns.recorded(leaf.seq, record, before, after)
                self._offer_leaf(leaf)
                results.append(leaf)
        return results

    def append_hub_event(self, about: About, event: Event, at: datetime) -> None:
        """Record an act of the hub itself. Raises Conflict, Unavailable."""
        in_case = about.kind is Kind.CASE
        world = (
            self._world_cache.world(about) if in_case else empty_world(self._world_cache.register, about.id)
        )
        known: Originator | None = world.case if in_case else world.register.find(about.kind, about.id)
        originator = Originator(id=about.id) if known is None else known
        version = originator.version + 1
        record = Record(
            originator=about,
            version=version,
            at=recorded_at(at, originator),
            about=about,
            by=HUB,
            actor="",
            command_id=hub_command_id(about.id, version),
            frame=None,
            rests_on=(),
            rules=world.rules.version,
            edition=world.edition,
            event=event,
        )
        [outcome] = self.append_batch([PendingRecord(world, record, NO_EVIDENCE)])
        if isinstance(outcome, Exception):
            raise outcome

    # --- keeping up with the stream ------------------------------------------------------------------------------

    def catch_up_if_stale(self) -> None:
        """Read what may have been recorded without our knowing. Raises Unavailable."""
        if self._may_be_stale:
            self.catch_up_with_stream()

    def require_nothing_newer(self) -> None:
        """Nothing is recorded beyond what is in memory. Raises Unavailable, and reads it before the next batch."""
        if self._store.head() != self._decided_head:
            self._may_be_stale = True
            raise Unavailable("state-not-current")

    def catch_up_with_stream(self) -> None:
        """Invalidate what memory holds of every originator with records that are not in it: records of our own
        whose append had no answer, or those of another hub.

        Two hubs that run on one stream by mistake decide on what both have recorded, or not at all. Raises
        Unavailable.
        """
        while page := self._store.read_tolerant(self._decided_head + 1, RECORDS_PER_PAGE):
            for stored in page:
                self._world_cache.invalidate(self._about_of(stored))
            self._decided_head = page[-1].position
            self.concerns.unknown(self._decided_head)
        self._world_cache.reload_register()
        self._may_be_stale = False

    def _about_of(self, stored: StoredRecord | UnreadableRecord) -> About:
        """What a record is about. Raises Unavailable for one that only a newer hub can read, in the register or
        decided under a newer edition of the rules."""
        if isinstance(stored, StoredRecord):
            return stored.record.about
        register = self._world_cache.register
        in_register = any(register.find(kind, stored.originator) is not None for kind in Kind)
        if stored.newer_edition or (in_register and not stored.gone):
            raise Unavailable("newer-record")
        return About(Kind.CASE, stored.originator)
