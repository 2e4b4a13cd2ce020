"""An executor without threads: which job of the hub runs next is chosen by a seed, and time passes only by it."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from gateway.hub.executor import Background, Lane

MAX_IDLE_STEPS = 50
STEP_SHARE = 0.1  # how often a repeated step runs although there are jobs

A = TypeVar("A")


class SeededLane:
    """Jobs of one lane; with several workers, any of its first jobs may be the next to run."""

    def __init__(self, executor: SeededExecutor, workers: int) -> None:
        self.jobs: deque[Callable[[], None]] = deque()
        self.workers = workers
        self.running = 0
        self._executor = executor

    def submit(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def close(self) -> None:
        while self.jobs:
            self._executor.run_job(self)


class SeededStep:
    """A repeated step that runs whenever the executor chooses it."""

    def __init__(self, step: Callable[[], float]) -> None:
        self.step = step
        self.alive = True

    def stop(self, timeout: float) -> None:
        self.alive = False


class SeededExecutor:
    """Runs all lanes and steps in the calling thread, in an order that the seed determines."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self._lanes: list[SeededLane] = []
        self._steps: list[SeededStep] = []
        self._seconds = 0.0

    def lane(self, name: str, workers: int = 1) -> Lane:
        lane = SeededLane(self, workers)
        self._lanes.append(lane)
        return lane

    def repeat(self, name: str, first: float, step: Callable[[], float]) -> Background:
        new = SeededStep(step)
        self._steps.append(new)
        return new

    def follow(self, name: str, work: Callable[[], None]) -> Background:
        raise AssertionError(f"{name} would wait for its input in the only thread there is")

    def wait(self, future: Future[A]) -> A:
        self.run_until(future.done)
        return future.result()

    def sleep(self, seconds: float) -> None:
        self._seconds += seconds
        self._run_next()

    def elapsed(self) -> float:
        return self._seconds

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Run jobs until this holds. Fails where nothing is left that could bring it about."""
        idle = 0
        while not condition():
            idle = 0 if self._run_next() else idle + 1
            assert idle < MAX_IDLE_STEPS, "the hub waits for something that nobody does"

    def run_job(self, lane: SeededLane) -> None:
        """Run one of the next jobs of this lane."""
        n = self.rng.randrange(min(len(lane.jobs), lane.workers))
        job = lane.jobs[n]
        del lane.jobs[n]
        lane.running += 1
        try:
            job()
        finally:
            lane.running -= 1

    def _run_next(self) -> bool:
        """Run one job or one repeated step; whether it was a job."""
        ready = [lane for lane in self._lanes if lane.jobs and lane.running < lane.workers]
        if ready and self.rng.random() >= STEP_SHARE:
            self.run_job(self.rng.choice(ready))
            return True
        steps = [one for one in self._steps if one.alive]
        if steps:
            self._seconds += self.rng.choice(steps).step()
        return False
