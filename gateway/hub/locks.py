"""The hub's own locks: one for each originator that is being decided, one for the register.

While one hub process writes, decisions over several originators are exact by these (event store, guards).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Condition, Lock
from uuid import UUID

STRIPES = 256


class Locks:
    """``deciding(id, …)`` for what rests on the register; ``changing()`` for what changes it."""

    def __init__(self) -> None:
        self._stripes = [Lock() for _ in range(STRIPES)]
        self._turn = Condition()
        self._readers = 0
        self._writing = False
        self._waiting = 0

    @contextmanager
    def deciding(self, *originators: UUID) -> Iterator[None]:
        """Alone on these originators, while the register stands still."""
        with ExitStack() as held:
            # In one order for all, so that no two wait for each other.
            for stripe in sorted({one.int % STRIPES for one in originators}):
                held.enter_context(self._stripes[stripe])
            with self._turn:
                while self._writing or self._waiting:
                    self._turn.wait()
                self._readers += 1
            try:
                yield
            finally:
                with self._turn:
                    self._readers -= 1
                    self._turn.notify_all()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Alone on the register and on everything that rests on it."""
        with self._turn:
            self._waiting += 1
            while self._writing or self._readers:
                self._turn.wait()
            self._waiting -= 1
            self._writing = True
        try:
            yield
        finally:
            with self._turn:
                self._writing = False
                self._turn.notify_all()
