"""Every clock: what starts it, what alone stops it, when it is over. Written from ``domain.md`` §1, §6.1 and the law.

A clock that the text leaves unsure from some moment on (``unsure_from``) may raise its alarm and need not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.models.law import day_of, end_of_day, next_office_day

ZERO = timedelta()
MOMENT = timedelta(microseconds=1)
RUNS_THROUGH = frozenset(
    {
        *("ACKNOWLEDGE", "READ", "SAFETY", "TRANSFER_ACK", "CGC_ACK"),  # 24 and 48 hours
        *("BUNDLE", "COERCION", "SIGNALS", "VISIT_GAP"),  # at once, or the end of a week
        *(
            "SEARCH",
            "BAN_END",
            "PROTECTION_END",
            "PLAN_ENDING",
            "REPLACEMENT",
            "RETENTION",
            "CONTACT_VISITOR",
        ),
        *("EMERGENCY", "EMERGENCY_UNILATERAL", "EMERGENCY_END"),
        *("BREACH_PRELIMINARY", "BREACH_INTENT", "BREACH_NOTICE"),
    }
)
"""民法142条: these do not wait for an office day; every other period ends on one."""


@dataclass
class Clock:
    """One thing that is waited for. ``about``: the message's number, None where the case as a whole waits. ``who``: who has
    to act, None where the text does not say. ``within``: how much later than ``due`` still keeps the text («30 days»)."""

    kind: str
    alarm: str
    start: datetime
    due: datetime
    rule: str
    about: int | None = None
    who: str | None = None
    child: str | None = None
    within: timedelta = ZERO
    stopped_at: datetime | None = None
    unsure_from: datetime | None = None
    stopped_by: str = ""
    """Whose sighting stopped it."""
    named: str | None = None
    """The reference by which its child was named, where another stands for it since."""

    def stop(self, at: datetime) -> None:
        if self.stopped_at is None:
            self.stopped_at = at

    def doubt(self, at: datetime) -> None:
        """From here on the text does not say whether it still runs."""
        if self.unsure_from is None:
            self.unsure_from = at

    @property
    def runs(self) -> bool:
        return self.stopped_at is None

    @property
    def latest(self) -> datetime:
        """Up to when the alarm keeps the text."""
        latest = self.due + self.within
        if self.kind in RUNS_THROUGH:
            return latest
        return max(latest, end_of_day(next_office_day(day_of(latest - MOMENT))))

    def must_raise(self, end: datetime) -> bool:
        """Whether the alarm must have been raised by ``end``."""
        latest = self.latest
        ends = [at for at in (self.stopped_at, self.unsure_from) if at is not None]
        return latest <= end and all(at > latest for at in ends)

    def may_raise(self, end: datetime) -> bool:
        """Whether the alarm may have been raised by ``end``."""
        return self.due <= end and (self.stopped_at is None or self.stopped_at >= self.due)

    def fits(self, due: datetime) -> bool:
        return self.due <= due <= self.latest


def running(clocks: Iterable[Clock], *kinds: str) -> list[Clock]:
    return [c for c in clocks if c.runs and c.kind in kinds]
