"""The hub's clock. Only a rehearsal hub's can be set, and it only moves forward."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock
from typing import Protocol

from domain.errors import Malformed


class Clock(Protocol):
    """What time it is, aware UTC."""

    def now(self) -> datetime: ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SetClock:
    """A rehearsal's clock: it stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._at

    def set(self, at: datetime) -> None:
        """Move to ``at``. Raises Malformed where that is back in time."""
        with self._lock:
            if at < self._at:
                raise Malformed("clock-back", "a set clock only moves forward")
            self._at = at.astimezone(UTC)
