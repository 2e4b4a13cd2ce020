"""The real executor and the real clock: threads, sleep and the time of the machine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic, sleep
from typing import TypeVar

from gateway.hub.executor import Background, Lane

SHUTDOWN_SECONDS = 30.0

A = TypeVar("A")


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ThreadExecutor:
    """Runs each lane, repeated step and follower in threads of its own."""

    def lane(self, name: str, workers: int = 1) -> Lane:
        return _ThreadLane(name) if workers == 1 else _PoolLane(name, workers)

    def repeat(self, name: str, first: float, step: Callable[[], float]) -> Background:
        return _RepeatedStep(name, first, step)

    def follow(self, name: str, work: Callable[[], None]) -> Background:
        return _Follower(name, work)

    def wait(self, future: Future[A]) -> A:
        return future.result()

    def sleep(self, seconds: float) -> None:
        sleep(seconds)

    def elapsed(self) -> float:
        return monotonic()


class _ThreadLane:
    """One thread with a queue of jobs."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._run_jobs, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)

    def close(self) -> None:
        self._jobs.put(None)
        self._thread.join(SHUTDOWN_SECONDS)

    def _run_jobs(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
        with suppress(Empty):  # what the last jobs submitted
            while True:
                if (job := self._jobs.get_nowait()) is not None:
                    job()


class _PoolLane:
    """Several threads that share one queue of jobs."""

    def __init__(self, name: str, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)

    def submit(self, job: Callable[[], None]) -> None:
        try:
            self._pool.submit(job)
        except RuntimeError:  # the lane is ending, and one of its last jobs submits another
            job()

    def close(self) -> None:
        self._pool.shutdown()


class _RepeatedStep:
    """A thread that calls a step again and again until it is stopped."""

    def __init__(self, name: str, first: float, step: Callable[[], float]) -> None:
        self._stopped = Event()
        self._thread = Thread(target=self._run_steps, args=(first, step), name=name, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self, timeout: float) -> None:
        self._stopped.set()
        self._thread.join(timeout)

    def _run_steps(self, delay: float, step: Callable[[], float]) -> None:
        while not self._stopped.wait(delay):
            delay = step()


class _Follower:
    """A thread that runs one function to its end."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._thread = Thread(target=work, name=name, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self, timeout: float) -> None:
        self._thread.join(timeout)
