"""Waiting times after failures: they grow with each failure, shrink with time, and end by themselves.

In memory only: a restart forgets them. Nothing that strangers try is written to disk.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from threading import Lock

MAX_KEYS = 10_000
"""Keys that are remembered: about 3 MB. The one that failed longest ago makes room for a new one."""
FIRST_WAIT_SECONDS = 1.0


@dataclass(frozen=True)
class Pace:
    """How failures count. After ``free`` of them each doubles the wait; one is forgotten every ``forget_seconds``."""

    free: int
    forget_seconds: float
    longest_seconds: float


class BackOff:
    """Failures by key. Thread-safe. Times in seconds of one clock that never goes back."""

    def __init__(self, pace: Pace, max_keys: int = MAX_KEYS) -> None:
        self.pace, self._max_keys = pace, max_keys
        self._lock = Lock()  # owns the table
        self._failures: OrderedDict[str, tuple[float, float]] = (
            OrderedDict()
        )  # key -> (level, time of the last)

    def __len__(self) -> int:
        return len(self._failures)

    def level(self, key: str, now: float) -> float:
        """The failures of this key that are not forgotten."""
        with self._lock:
            return self._level(key, now)

    def wait_seconds(self, key: str, now: float) -> float:
        """How long this key has to wait; 0 if it may try now."""
        with self._lock:
            return self._wait(key, now)

    def try_take(self, key: str, now: float) -> float:
        """0 where this key may try now, which counts as a failure until it is cleared: what is tried at once is counted,
        too. Else how long it has to wait, and nothing is counted."""
        with self._lock:
            wait = self._wait(key, now)
            if not wait:
                self._count_failure(key, now)
            return wait

    def fail(self, key: str, now: float) -> None:
        """Count one failure."""
        with self._lock:
            self._count_failure(key, now)

    def clear(self, key: str) -> None:
        """Forget the failures of this key."""
        with self._lock:
            self._failures.pop(key, None)

    def _wait(self, key: str, now: float) -> float:
        level, last = self._failures.get(key, (0.0, now))
        too_many = ceil(level) - self.pace.free
        if too_many < 0:
            return 0.0
        wait: float = FIRST_WAIT_SECONDS * 2**too_many
        return max(0.0, last + min(wait, self.pace.longest_seconds) - now)

    def _count_failure(self, key: str, now: float) -> None:
        self._failures[key] = (self._level(key, now) + 1, now)
        self._failures.move_to_end(key)
        if len(self._failures) > self._max_keys:
            self._failures.popitem(last=False)

    def _level(self, key: str, now: float) -> float:
        level, last = self._failures.get(key, (0.0, now))
        left = level - (now - last) / self.pace.forget_seconds
        if left <= 0:
            self._failures.pop(key, None)
            return 0.0
        return left
