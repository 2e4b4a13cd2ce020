"""The hub's clock. Only a rehearsal hub's can be set, and it only moves forward."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Protocol

from domain.errors import Malformed
from keys.canonical import format_time, parse_time


class Clock(Protocol):
    """What time it is, aware UTC."""

    def now(self) -> datetime: ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SetClock:
    """A rehearsal's clock: it stands still until it is set, and stands there again after a restart.

    ``path``: the file that remembers where it stands; null for a clock that nobody starts again.
    """

    def __init__(self, at: datetime, path: Path | None = None) -> None:
        self._path = path
        stored_time = [parse_time(path.read_text().strip())] if path is not None and path.exists() else []
        self._current_time = max([at.astimezone(UTC), *stored_time])
        self._clock_lock = Lock()

    def now(self) -> datetime:
        with self._clock_lock:
            return self._current_time

    def set(self, at: datetime) -> None:
        """Move to ``at``. Raises Malformed where that is back in time."""
        with self._clock_lock:
            if at < self._current_time:
                raise Malformed("clock-back")
            self._current_time = at.astimezone(UTC)
            if self._path is not None:
                new = self._path.with_suffix(".new")
                new.write_text(format_time(self._current_time) + "\n")
                new.replace(self._path)
