"""The queue before the checks of passphrases: few at a time, because each takes 64 MiB and a core for a moment.

It is bounded and fair by source: whoever has failed less, and has less in the queue, comes first. Who brings a
device has a place of his own and comes before all others. In memory only: a restart forgets who was waiting.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread, get_native_id
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")

WORKERS = 2
"""Checks at a time: 128 MiB, and two cores for as long as people keep signing in."""
SUSPECT_WORKERS = 1
"""Of these, for sources that have failed before: a guesser never keeps everybody waiting."""
PLACES = 64
"""Who may wait without a device: about ten seconds of work."""
PLACES_OF_A_SOURCE = 8
"""An office behind one address signs in at nine o'clock; one stranger does not fill the queue."""
DEVICE_PLACES = 64
PLACES_OF_A_DEVICE = 2
FIRST_GUESS_SECONDS = 0.3
"""How long a check takes, until the first one was timed."""


NICE_LEVEL = 5
"""The checks leave the core to who answers requests: pages and health stay fast while strangers guess."""


class Full(Exception):
    """No place in the queue. ``seconds``: when there may be one."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"try again in {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Place(Generic[T]):
    """One check that waits. ``has_device``: comes before those without. ``failures``: of its source so far."""

    source: str
    has_device: bool
    failures: int
    rank: tuple[int, int, int]
    work: Callable[[], T]
    done: Future[T]


class CheckQueue(Generic[T]):
    """Runs checks on threads of its own, which end when nothing waits. Thread-safe."""

    def __init__(
        self, *, places: int = PLACES, of_a_source: int = PLACES_OF_A_SOURCE, workers: int = WORKERS
    ) -> None:
        self._places, self._of_a_source, self._workers = places, of_a_source, workers
        self._lock = Lock()  # owns all below
        self._waiting: list[Place[T]] = []
        self._running: list[Place[T]] = []
        self._threads = 0
        self._arrivals = 0
        self._check_seconds = FIRST_GUESS_SECONDS

    def enter(
        self, source: str, work: Callable[[], T], *, has_device: bool = False, failures: int = 0
    ) -> Place[T]:
        """Take a place. Its ``done`` has the result, or Full where a better one has taken the place.

        Raises Full where there is none. ``source``: an address, or the device.
        """
        with self._lock:
            own = sum(place.source == source for place in (*self._waiting, *self._running))
            if own >= (PLACES_OF_A_DEVICE if has_device else self._of_a_source):
                raise Full(self._seconds_ahead())
            self._arrivals += 1
            rank = (0 if has_device else 1, failures + own, self._arrivals)
            place = Place(source, has_device, failures, rank, work, Future())
            self._make_room(place)
            self._waiting.append(place)
            self._start_thread()
        return place

    def leave(self, place: Place[T]) -> bool:
        """Give up a place; False if its check has begun."""
        with self._lock:
            if place not in self._waiting:
                return False
            self._waiting.remove(place)
            return True

    def seconds_ahead(self) -> int:
        """How long those who wait will take, in whole seconds, at least one."""
        with self._lock:
            return self._seconds_ahead()

    def _make_room(self, place: Place[T]) -> None:
        """Let a place with failures, or of a source with many, go for a better one. Raises Full where none is worse."""
        rivals = [one for one in self._waiting if one.has_device == place.has_device]
        if len(rivals) < (DEVICE_PLACES if place.has_device else self._places):
            return
        worst = max(rivals, key=lambda one: one.rank)
        if worst.rank[:2] <= place.rank[:2]:
            raise Full(self._seconds_ahead())
        self._waiting.remove(worst)
        worst.done.set_exception(Full(self._seconds_ahead()))

    def _seconds_ahead(self) -> int:
        count = len(self._waiting) + len(self._running)
        return max(1, int(count * self._check_seconds / self._workers + 0.999))

    def _next(self) -> Place[T] | None:
        suspects = sum(one.failures > 0 for one in self._running)
        ready = [one for one in self._waiting if one.failures == 0 or suspects < SUSPECT_WORKERS]
        return min(ready, key=lambda one: one.rank, default=None)

    def _start_thread(self) -> None:
        if self._threads < self._workers and self._next() is not None:
            self._threads += 1
            Thread(target=self._run, name="sign-in", daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError):  # on Linux a priority is one thread's; elsewhere there is no such process
            os.setpriority(os.PRIO_PROCESS, get_native_id(), NICE_LEVEL)
        while True:
            with self._lock:
                place = self._next()
                if place is None:
                    self._threads -= 1
                    return
                self._waiting.remove(place)
                self._running.append(place)
                self._start_thread()
            began = monotonic()
            try:
                result = place.work()
            except BaseException as error:  # the one who waits gets it
                self._finish(place, began)
                place.done.set_exception(error)
            else:
                self._finish(place, began)
                place.done.set_result(result)

    def _finish(self, place: Place[T], began: float) -> None:
        with self._lock:
            self._running.remove(place)
            self._check_seconds += (monotonic() - began - self._check_seconds) / 8
