"""What a hub is given to run on: lanes that run its jobs, repeated steps, and time that passes.

No other module of the hub starts a thread, sleeps or reads the machine's clock (``real.py`` has the real
implementation). A simulation gives an executor of its own and decides by seed which job runs next.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

A = TypeVar("A")


class Lane(Protocol):
    """Jobs in the order in which they were submitted; with several workers, that many at a time."""

    def submit(self, job: Callable[[], None]) -> None:
        """Run this job after those before it. A job that may fail deals with its own errors."""

    def close(self) -> None:
        """Run what was submitted, jobs that these submit included, and end the lane."""


class Background(Protocol):
    """A thread or a repeated step that runs until it is stopped."""

    @property
    def alive(self) -> bool: ...

    def stop(self, timeout: float) -> None:
        """Let the step under way end, waiting at most ``timeout`` seconds for it."""


class Executor(Protocol):
    """The only source of concurrency and of passing time in a hub."""

    def lane(self, name: str, workers: int = 1) -> Lane: ...

    def repeat(self, name: str, first: float, step: Callable[[], float]) -> Background:
        """Call ``step`` in ``first`` seconds, and again as many seconds later as it returns each time."""

    def follow(self, name: str, work: Callable[[], None]) -> Background:
        """Run ``work``, which waits for its input, until it returns. Whoever stops it first ends its input."""

    def wait(self, future: Future[A]) -> A:
        """The result of a future that a job of this executor completes. Raises the future's exception."""

    def sleep(self, seconds: float) -> None:
        """Let this much time pass; other jobs go on meanwhile."""

    def elapsed(self) -> float:
        """Seconds since some moment; never goes back."""
