"""What falls due without a command: alarms, lapses, destructions; and setting a rehearsal's clock."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from domain.due import DueEvent
from domain.errors import Conflict, ExchangeError, Malformed, NotFound, Unavailable, Untrusted
from domain.events import (
    ControlDestroyed,
    JoinedCaseChanged,
    JoinedCaseInformed,
    KeyDestroyed,
    Kind,
)
from domain.record import About
from gateway.hub.clock import Clock, SetClock
from gateway.hub.memory import WorldCache
from gateway.hub.recording import Recording
from gateway.hub.shredding import Shredder

MAX_CONFLICTS = 5


class Timers:
    """The clock of one hub, and what is due by it. All but ``failed_destructions`` on the deciding lane.

    ``shredder``: who destroys keys; without one nothing is destroyed.
    """

    def __init__(
        self,
        clock: Clock,
        world_cache: WorldCache,
        recording: Recording,
        shredder: Shredder | None,
        log_id: UUID,
    ) -> None:
        self.failed_destructions: dict[UUID, str] = {}
        """Cases whose keys could not be destroyed, with the error code; tried again at the next start."""
        self._clock = clock
        self._world_cache = world_cache
        self._recording = recording
        self._shredder = shredder
        self._log_id = log_id

    def record_due_events(self, until: datetime | None = None) -> int:
        """Record what is due by ``until`` (None: by now), in order, each at its own time. Returns how many.

        Raises Unavailable."""
        now = until or self._clock.now()
        self._recording.catch_up_if_stale()
        if not self._world_cache.is_due(now):
            return 0
        self._world_cache.reload_register()
        count = conflicts = 0
        while (due := self._world_cache.next_due(now)) is not None:
            try:
                count += self._record_due_event(due)
            except Conflict as conflict:  # another hub was faster: decide again what is due
                conflicts += 1
                if conflicts == MAX_CONFLICTS:
                    raise Unavailable("repeated-conflict") from conflict
                self._recording.catch_up_with_stream()
        return count

    def set_clock(self, at: datetime) -> int:
        """Move a rehearsal's clock; record first what falls due until then. Raises Malformed for a real clock."""
        clock = self._clock
        if not isinstance(clock, SetClock):
            raise Malformed("real-clock")
        count = self.record_due_events(at)
        clock.set(at)
        return count

    def resume_pending_destruction(self) -> int:
        """Record what was destroyed when the hub ended before it could record it. Returns how many.

        Raises Unavailable."""
        pending = None if self._shredder is None else self._shredder.pending()
        if pending is None or self._shredder is None:
            return 0
        event, at = pending
        if event.scope not in self._world_cache.register.unreadable:
            self._recording.append_hub_event(About(Kind.LOG, self._log_id), event, at)
        self._shredder.recorded(event.generation)
        return 1

    def _record_due_event(self, due: DueEvent) -> int:
        """Record one event that is due. Returns 0 where keys could not be destroyed, so that it is not recorded."""
        event = due.event
        if isinstance(event, JoinedCaseChanged):
            return self._inform_joined_case(due, event)
        if not isinstance(event, KeyDestroyed | ControlDestroyed):
            self._recording.append_hub_event(due.about, event, due.at)
            return 1
        try:
            if self._shredder is None:
                raise Unavailable("no-shredder")
            self._shredder.destroy(event, due.at)  # before it is recorded
        except (ExchangeError, OSError) as error:
            code = error.error_code if isinstance(error, ExchangeError) else "disk"
            self.failed_destructions[event.scope] = code
            self._world_cache.defer_case(event.scope)
            return 0
        self._recording.append_hub_event(due.about, event, due.at)
        self._shredder.recorded(event.generation)
        return 1

    def _inform_joined_case(self, due: DueEvent, event: JoinedCaseChanged) -> int:
        """What counts for the family is recorded in the joined case, and then where it comes from. Where the hub ended
        between the two, the first is there already."""
        try:
            known = self._world_cache.world(due.about).case.shares_received.get(event.source, {})
        except (NotFound, Malformed, Untrusted):  # it can't be read any more: nothing is recorded in it
            self._world_cache.defer_case(event.source)
            return 0
        count = 0
        if known != event.shares:
            self._recording.append_hub_event(due.about, event, due.at)
            count = 1
        informed = JoinedCaseInformed(other=due.about.id, shares=event.shares)
        self._recording.append_hub_event(About(Kind.CASE, event.source), informed, due.at)
        return count + 1
