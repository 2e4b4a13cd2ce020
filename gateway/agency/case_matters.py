"""What waits in each case of a door, made once: again where the case changed, where a time that is set in it has passed, and
on the next day.

Between two such moments what waits is the same (``matters`` looks at the clock for nothing else), so what is at hand is
never out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from domain.calendar import day_of, end_of
from domain.time_text import parse_time_text
from gateway.agency.index.case_overview import CaseOverview
from gateway.agency.matters import Matter, asked_after_the_end, matters_of

Matters = tuple[Matter, ...]


@dataclass(frozen=True, slots=True)
class _AtHand:
    """The matters of an overview from ``since`` until before ``until``."""

    overview: CaseOverview
    since: datetime
    until: datetime
    matters: Matters


class CaseMatters:
    """The matters of one door. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._at_hand: dict[str, _AtHand] = {}
        self.made = 0
        """How often those of a case were made."""

    def all(self, overviews: Mapping[str, CaseOverview], now: datetime) -> Mapping[str, Matters]:
        """Case -> what waits in it now. ``overviews``: of all cases of this door; of any other nothing stays at hand."""
        with self._lock:
            self._at_hand = {case: self._of(case, one, now) for case, one in overviews.items()}
            return {case: one.matters for case, one in self._at_hand.items()}

    def _of(self, case: str, overview: CaseOverview, now: datetime) -> _AtHand:
        known = self._at_hand.get(case)
        if known is not None and known.overview is overview and known.since <= now < known.until:
            return known
        self.made += 1
        return _AtHand(overview, now, _next_moment(overview, now), matters_in(overview, now))


def matters_in(overview: CaseOverview, now: datetime) -> Matters:
    """What waits in a case, what is most urgent first."""
    if not overview.tasks:
        return ()
    matters = matters_of(overview.tasks, now)
    if overview.has_ended:
        since_of = {a.message: a.at for a in overview.arrivals}
        matters = asked_after_the_end(matters, since_of, overview.ended_at)
    return tuple(matters)


def _next_moment(overview: CaseOverview, now: datetime) -> datetime:
    """When at the earliest something else waits without a change of the case: the next time in a task, or midnight."""
    times = [parse_time_text(at) for task in overview.tasks for at in (task["since"], task["due_at"]) if at]
    return min([end_of(day_of(now)), *(at for at in times if at > now)])
