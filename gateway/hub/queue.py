"""The hub's command queue: any thread puts commands in, one lane decides them, those that wait together.

Because one lane decides, a decision over several originators is exact without locks. A batch shares one sync
of the vault and one append to the bus. Parsing and verifying (before) and signing receipts (after) have lanes
of their own. The functions that the queue is given never put two commands on one case into one batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from threading import Lock
from typing import Generic, TypeVar

from domain.errors import Unavailable
from gateway.hub.executor import Executor

RESPONSE_THREADS = 4
"""Number of threads that sign receipts and complete answers."""

A = TypeVar("A")
T = TypeVar("T")


class QueuedCommand(Generic[A, T]):
    """One command under way: its bytes, what was parsed of them, and the future of its answer."""

    __slots__ = ("answer", "attempts", "data", "parsed")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.answer: Future[A] = Future()
        self.parsed: T | None = None
        self.attempts = 0

    def fail(self, error: BaseException) -> None:
        """Answer with this error, unless there is an answer already."""
        with suppress(InvalidStateError):
            self.answer.set_exception(error)

    def complete(self, answer: A) -> None:
        """Answer, unless there is an answer already."""
        with suppress(InvalidStateError):
            self.answer.set_result(answer)


class CommandQueue(Generic[A, T]):
    """``parse``: parse and verify one command, on the reading lane. ``decide``: decide a batch, on the deciding
    lane; returns the commands that must be decided again.

    ``max_batch``: the largest number of commands in a batch.
    """

    def __init__(
        self,
        parse: Callable[[bytes], T],
        decide: Callable[[list[QueuedCommand[A, T]]], list[QueuedCommand[A, T]]],
        *,
        max_batch: int,
        executor: Executor,
    ) -> None:
        self._max_batch = max_batch
        self._parse_command = parse
        self._decide = decide
        self._executor = executor
        self._reading = executor.lane("hub-reading")
        self._deciding = executor.lane("hub-deciding")
        self._responding = executor.lane("hub-answers", RESPONSE_THREADS)
        self._incoming: deque[QueuedCommand[A, T]] = deque()  # not parsed
        self._waiting: deque[QueuedCommand[A, T]] = deque()  # parsed and not decided
        self._jobs: deque[tuple[Future[int], Callable[[], int]]] = deque()
        self._batch_scheduled = False
        self._schedule_lock = Lock()  # owns _batch_scheduled
        self._closed = False

    def put(self, data: bytes) -> Future[A]:
        """Add a command. The future gets its answer, or the error that is its answer."""
        command: QueuedCommand[A, T] = QueuedCommand(data)
        if self._closed:
            command.fail(_shutting_down_error())
        else:
            self._incoming.append(command)
            self._reading.submit(self._read_next)
        return command.answer

    def run_exclusive(self, job: Callable[[], int]) -> int:
        """Run this between two batches and wait for its result. Raises what the job raises."""
        if self._closed:
            raise _shutting_down_error()
        done: Future[int] = Future()
        self._jobs.append((done, job))
        self._deciding.submit(self._run_next_job)
        return self._executor.wait(done)

    def respond(self, work: Callable[[], None]) -> None:
        """Run this on a response thread, while the next batch is decided."""
        self._responding.submit(work)

    def close(self) -> None:
        """Answer what is under way and end the lanes; refuse what comes later. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        for lane in (self._reading, self._deciding, self._responding):
            lane.close()
        for commands in (self._incoming, self._waiting):  # there are some where a lane did not end in time
            while commands:
                commands.popleft().fail(_shutting_down_error())
        while self._jobs:
            self._jobs.popleft()[0].set_exception(_shutting_down_error())

    # --- on the lanes ----------------------------------------------------------------------------------------

    def _read_next(self) -> None:
        command = self._incoming.popleft()
        try:
            command.parsed = self._parse_command(command.data)
        except Exception as error:
            command.fail(error)
        else:
            self._waiting.append(command)
            self._schedule_batch()

    def _run_next_job(self) -> None:
        done, job = self._jobs.popleft()
        try:
            done.set_result(job())
        except Exception as error:
            done.set_exception(error)

    def _schedule_batch(self) -> None:
        with self._schedule_lock:
            if self._batch_scheduled:
                return
            self._batch_scheduled = True
        self._deciding.submit(self._decide_batch)

    def _decide_batch(self) -> None:
        with self._schedule_lock:
            self._batch_scheduled = False
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._max_batch))]
        if not batch:
            return
        try:
            self._waiting.extendleft(reversed(self._decide(batch)))
        except Exception as error:
            for command in batch:
                command.fail(error)
        if self._waiting:
            self._schedule_batch()


def _shutting_down_error() -> Unavailable:
    return Unavailable("hub-stopping")
