"""The hub's desk: wishes come in from any thread, one thread decides, and those that wait together go together.

While one thread decides, a decision over several originators is exact without locks. Together they share
one sync of the vault and one trip to the bus; reading and verifying (before) and signing and handing out
(after) have threads of their own. Two wishes that could touch each other never share a round.
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

HANDS = 4
"""So many threads hand out answers."""
END_SECONDS = 30.0

A = TypeVar("A")
T = TypeVar("T")


class Turn(Generic[A, T]):
    """One wish under way: its bytes, what was read of them, and the answer to come."""

    __slots__ = ("answer", "data", "read", "tries")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.answer: Future[A] = Future()
        self.read: T | None = None
        self.tries = 0

    def fail(self, error: BaseException) -> None:
        """Tell the asker, unless it was told before."""
        with suppress(InvalidStateError):
            self.answer.set_exception(error)

    def give(self, answer: A) -> None:
        with suppress(InvalidStateError):
            self.answer.set_result(answer)


class Desk(Generic[A, T]):
    """``read``: take in one wish (any time, alone). ``decide``: answer a round and return who must come again.

    ``most``: so many wishes share a round at the most.
    """

    def __init__(
        self,
        read: Callable[[bytes], T],
        decide: Callable[[list[Turn[A, T]]], list[Turn[A, T]]],
        *,
        most: int,
    ) -> None:
        self._most = most
        self._read = read
        self._decide = decide
        self._came: SimpleQueue[Turn[A, T] | None] = SimpleQueue()
        self._ready: SimpleQueue[Turn[A, T] | Future[object] | None] = SimpleQueue()
        self._jobs: dict[Future[object], Callable[[], object]] = {}
        self._hands = ThreadPoolExecutor(HANDS, thread_name_prefix="hub-answers")
        self._closed = False
        self._threads = [
            Thread(target=self._take_in, name="hub-reading", daemon=True),
            Thread(target=self._work, name="hub-deciding", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def put(self, data: bytes) -> Future[A]:
        """A wish; its answer, or what is wrong with it, comes as the future's."""
        turn: Turn[A, T] = Turn(data)
        if self._closed:
            turn.fail(_ending())
        else:
            self._came.put(turn)
        return turn.answer

    def alone(self, job: Callable[[], object]) -> Future[object]:
        """Do this while nothing is being decided."""
        done: Future[object] = Future()
        if self._closed:
            done.set_exception(_ending())
            return done
        self._jobs[done] = job
        self._ready.put(done)
        return done

    def after(self, work: Callable[[], None]) -> None:
        """Do this beside the deciding: what is durable is told while the next round goes on."""
        self._hands.submit(work)

    def close(self) -> None:
        """End the threads; who still waits is told that the hub is ending. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._came.put(None)
        for thread in self._threads:
            thread.join(END_SECONDS)
        self._hands.shutdown()
        for queue in (self._came, self._ready):
            with suppress(Empty):
                while True:
                    left = queue.get_nowait()
                    if isinstance(left, Turn):
                        left.fail(_ending())
                    elif left is not None:
                        left.set_exception(_ending())

    # --- the threads -----------------------------------------------------------------------------------------

    def _take_in(self) -> None:
        while (turn := self._came.get()) is not None:
            try:
                turn.read = self._read(turn.data)
            except Exception as error:
                turn.fail(error)
            else:
                self._ready.put(turn)
        self._ready.put(None)

    def _work(self) -> None:
        waiting: deque[Turn[A, T]] = deque()
        ended = False
        while not ended or waiting:
            jobs: list[Future[object]] = []
            with suppress(Empty):
                while len(waiting) < self._most:
                    came = self._ready.get_nowait() if waiting or jobs or ended else self._ready.get()
                    if came is None:
                        ended = True
                    elif isinstance(came, Turn):
                        waiting.append(came)
                    else:
                        jobs.append(came)
            for job in jobs:
                _do(job, self._jobs.pop(job))
            if waiting:
                turns = list(waiting)
                waiting.clear()
                try:
                    waiting.extend(self._decide(turns))
                except Exception as error:
                    for turn in turns:
                        turn.fail(error)


def _do(done: Future[object], job: Callable[[], object]) -> None:
    try:
        done.set_result(job())
    except Exception as error:
        done.set_exception(error)


def _ending() -> Unavailable:
    return Unavailable("hub-ending", "send the same bytes again")
