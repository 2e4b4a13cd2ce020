"""A line between two ends that fails as lines do: cuts, delays, black holes, answers lost, requests doubled."""

from __future__ import annotations

import random
import socket
from collections import Counter
from contextlib import suppress
from threading import Event, Lock, Thread
from time import sleep

PIECE = 65536
LOST_SECONDS = 0.7  # how long a black hole is silent before it ends
FAULTS = ("cut before", "cut between", "answer lost", "delayed", "black hole", "doubled")


class BadLine:
    """Carries bytes between its own port and another, and at random moments does not.

    ``share``: which part of the exchanges is spoilt. ``whole``: pieces are whole HTTP requests, so that one
    can be doubled or its answer lost; else bytes of any protocol, which can only be cut, delayed or lost.
    """

    def __init__(self, port: int, chance: random.Random, *, share: float, whole: bool) -> None:
        self._to = port
        self._chance = chance
        self._share = share
        self._faults = FAULTS if whole else ("cut before", "delayed", "black hole")
        self._lock = Lock()
        self._ended = Event()
        self._open: set[socket.socket] = set()
        self._carrying: list[Thread] = []
        self.done: Counter[str] = Counter()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._accepting = Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def spoil(self, share: float) -> None:
        """From now on this part of the exchanges is spoilt; 0 is a good line."""
        self._share = share

    def close(self) -> None:
        """End it, and every connection over it."""
        self._ended.set()
        with suppress(OSError):
            socket.create_connection(self._listening.getsockname()).close()
        self._accepting.join(5)
        self._listening.close()
        with self._lock:
            ends = list(self._open)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._carrying:
            thread.join(5)

    def _accept(self) -> None:
        while not self._ended.is_set():
            with suppress(OSError):
                near, _ = self._listening.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._to), timeout=5)
                except OSError:
                    near.close()
                    continue
                with self._lock:
                    self._open |= {near, far}
                for source, sink, asking in ((near, far, True), (far, near, False)):
                    thread = Thread(target=self._carry, args=(source, sink, asking), daemon=True)
                    self._carrying.append(thread)
                    thread.start()

    def _carry(self, source: socket.socket, sink: socket.socket, asking: bool) -> None:
        """One direction. Faults strike requests alone, which is where an exchange begins."""
        with suppress(OSError):
            source.settimeout(None)
            while not self._ended.is_set() and (piece := source.recv(PIECE)):
                fault = self._fault() if asking else None
                if fault == "cut before":
                    break
                if fault in ("black hole", "delayed"):
                    sleep(LOST_SECONDS if fault == "black hole" else self._drawn() * LOST_SECONDS / 2)
                if fault == "black hole":
                    break
                if fault == "cut between":
                    sink.sendall(piece[: len(piece) // 2])
                    break
                sink.sendall(piece)
                if fault == "doubled":
                    self._again(piece)
                if fault == "answer lost":
                    sleep(self._drawn() * 0.1)
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            with self._lock:
                self._open.discard(end)

    def _again(self, piece: bytes) -> None:
        """The same request once more, over a connection of its own, whose answer nobody reads."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._to), timeout=5) as other:
            other.sendall(piece)
            other.settimeout(2)
            other.recv(PIECE)

    def _drawn(self) -> float:
        with self._lock:
            return self._chance.random()

    def _fault(self) -> str | None:
        with self._lock:
            if self._chance.random() >= self._share:
                return None
            fault = self._chance.choice(self._faults)
            self.done[fault] += 1
            return fault
