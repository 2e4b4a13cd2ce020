"""The hub's clock. Only that of a rehearsal hub can be set, and it only moves forward."""

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


class SetClock:
    """A rehearsal's clock: it keeps its time until it is set, also over a restart.

    ``path``: the file that holds its time; None for a clock that is not started again.
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
