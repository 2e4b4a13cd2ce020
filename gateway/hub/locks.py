"""The hub's own locks: one for each originator that is being decided, one for the register.

While one hub process writes, decisions over several originators are exact by these (event store, guards).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock
from uuid import UUID

STRIPES = 256


class Locks:
    """``deciding(id)`` for what rests on the register; ``changing()`` for what changes it."""

    def __init__(self) -> None:
        self._stripes = [Lock() for _ in range(STRIPES)]
        self._turn = Condition()
        self._readers = 0
        self._writing = False
        self._waiting = 0

    @contextmanager
    def deciding(self, originator: UUID) -> Iterator[None]:
        """Alone on this originator, while the register stands still."""
        with self._stripes[originator.int % STRIPES]:
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
