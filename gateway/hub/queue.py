"""The hub's command queue: any thread puts commands in, one thread decides, and those that wait are decided together.

While one thread decides, a decision over several originators is exact without locks. Together they share
one sync of the vault and one trip to the bus; reading and verifying (before) and signing and handing out
(after) have threads of their own. Two commands that could touch each other never share a batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from domain.errors import Unavailable

RESPONSE_THREADS = 4
"""So many threads hand out answers."""
SHUTDOWN_SECONDS = 30.0

A = TypeVar("A")
T = TypeVar("T")


class QueuedCommand(Generic[A, T]):
    """One command under way: its bytes, what was read of them, and the answer to come."""

    __slots__ = ("answer", "attempts", "data", "read")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.answer: Future[A] = Future()
        self.read: T | None = None
        self.attempts = 0

    def fail(self, error: BaseException) -> None:
        """Tell the asker, unless it was told before."""
        with suppress(InvalidStateError):
            self.answer.set_exception(error)

    def complete(self, answer: A) -> None:
        with suppress(InvalidStateError):
            self.answer.set_result(answer)


class CommandQueue(Generic[A, T]):
    """``read``: take in one command (any time, alone). ``decide``: answer a batch and return who must come again.

    ``max_batch``: so many commands share a batch at the most.
    """

    def __init__(
        self,
        read: Callable[[bytes], T],
        decide: Callable[[list[QueuedCommand[A, T]]], list[QueuedCommand[A, T]]],
        *,
        max_batch: int,
    ) -> None:
        self._max_batch = max_batch
        self._parse_command = read
        self._decide = decide
        self._incoming: SimpleQueue[QueuedCommand[A, T] | None] = SimpleQueue()
        self._ready: SimpleQueue[QueuedCommand[A, T] | Future[object] | None] = SimpleQueue()
        self._jobs: dict[Future[object], Callable[[], object]] = {}
        self._response_pool = ThreadPoolExecutor(RESPONSE_THREADS, thread_name_prefix="hub-answers")
        self._closed = False
        self._threads = [
            Thread(target=self._read_incoming, name="hub-reading", daemon=True),
            Thread(target=self._decide_batches, name="hub-deciding", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def put(self, data: bytes) -> Future[A]:
        """A command; its answer, or what is wrong with it, comes as the future's."""
        queued_command: QueuedCommand[A, T] = QueuedCommand(data)
        if self._closed:
            queued_command.fail(_shutting_down_error())
        else:
            self._incoming.put(queued_command)
        return queued_command.answer

    def run_exclusive(self, job: Callable[[], object]) -> Future[object]:
        """Do this while nothing is being decided."""
        done: Future[object] = Future()
        if self._closed:
            done.set_exception(_shutting_down_error())
            return done
        self._jobs[done] = job
        self._ready.put(done)
        return done

    def after(self, work: Callable[[], None]) -> None:
        """Do this beside the deciding: what is durable is told while the next batch goes on."""
        self._response_pool.submit(work)

    def close(self) -> None:
        """End the threads; who still waits is told that the hub is ending. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._incoming.put(None)
        for thread in self._threads:
            thread.join(SHUTDOWN_SECONDS)
        self._response_pool.shutdown()
        for queue in (self._incoming, self._ready):
            with suppress(Empty):
                while True:
                    unanswered = queue.get_nowait()
                    if isinstance(unanswered, QueuedCommand):
                        unanswered.fail(_shutting_down_error())
                    elif unanswered is not None:
                        unanswered.set_exception(_shutting_down_error())

    # --- the threads -----------------------------------------------------------------------------------------

    def _read_incoming(self) -> None:
        while (queued_command := self._incoming.get()) is not None:
            try:
                queued_command.read = self._parse_command(queued_command.data)
            except Exception as error:
                queued_command.fail(error)
            else:
                self._ready.put(queued_command)
        self._ready.put(None)

    def _decide_batches(self) -> None:
        waiting: deque[QueuedCommand[A, T]] = deque()
        ended = False
        while not ended or waiting:
            jobs: list[Future[object]] = []
            with suppress(Empty):
                while len(waiting) < self._max_batch:
                    entry = self._ready.get_nowait() if waiting or jobs or ended else self._ready.get()
                    if entry is None:
                        ended = True
                    elif isinstance(entry, QueuedCommand):
                        waiting.append(entry)
                    else:
                        jobs.append(entry)
            for job in jobs:
                _run_job(job, self._jobs.pop(job))
            if waiting:
                batch = list(waiting)
                waiting.clear()
                try:
                    waiting.extend(self._decide(batch))
                except Exception as error:
                    for queued_command in batch:
                        queued_command.fail(error)


def _run_job(done: Future[object], job: Callable[[], object]) -> None:
    try:
        done.set_result(job())
    except Exception as error:
        done.set_exception(error)


def _shutting_down_error() -> Unavailable:
    return Unavailable("hub-stopping")
