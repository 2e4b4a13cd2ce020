"""A TCP proxy that fails as networks do: cuts, delays, black holes, lost answers, doubled requests."""

from __future__ import annotations

import random
import socket
from collections import Counter
from contextlib import suppress
from threading import Event, Lock, Thread
from time import sleep

CHUNK_BYTES = 65536
BLACK_HOLE_SECONDS = 0.7  # how long a black hole is silent before it ends
FAULTS = ("cut before", "cut between", "answer lost", "delayed", "black hole", "doubled")


class FaultyProxy:
    """Relays bytes between its own port and another, and injects faults at random.

    ``fault_share``: the share of exchanges with a fault. ``http_requests``: chunks are complete HTTP requests, so that one
    can be doubled or its answer lost; else bytes of any protocol, which can only be cut, delayed or lost.
    """

    def __init__(self, port: int, rng: random.Random, *, fault_share: float, http_requests: bool) -> None:
        self._target_port = port
        self._rng = rng
        self._fault_share = fault_share
        self._faults = FAULTS if http_requests else ("cut before", "delayed", "black hole")
        self._proxy_lock = Lock()
        self._stop_event = Event()
        self._open_sockets: set[socket.socket] = set()
        self._relay_threads: list[Thread] = []
        self.done: Counter[str] = Counter()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._accept_thread = Thread(target=self._accept_loop, daemon=True)
        self._accept_thread.start()

    def set_fault_share(self, fault_share: float) -> None:
        """From now on this share of the exchanges has a fault; 0: none."""
        self._fault_share = fault_share

    def close(self) -> None:
        """Close the proxy and every connection through it."""
        self._stop_event.set()
        with suppress(OSError):
            socket.create_connection(self._listener.getsockname()).close()
        self._accept_thread.join(5)
        self._listener.close()
        with self._proxy_lock:
            ends = list(self._open_sockets)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._relay_threads:
            thread.join(5)

    def _accept_loop(self) -> None:
        while not self._stop_event.is_set():
            with suppress(OSError):
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._target_port), timeout=5)
                except OSError:
                    near.close()
                    continue
                with self._proxy_lock:
                    self._open_sockets |= {near, far}
                for source, sink, is_request in ((near, far, True), (far, near, False)):
                    thread = Thread(target=self._relay, args=(source, sink, is_request), daemon=True)
                    self._relay_threads.append(thread)
                    thread.start()

    def _relay(self, source: socket.socket, sink: socket.socket, is_request: bool) -> None:
        """Relay one direction. Faults are injected into requests only: an exchange begins with its request."""
        with suppress(OSError):
            source.settimeout(None)
            while not self._stop_event.is_set() and (chunk := source.recv(CHUNK_BYTES)):
                fault = self._fault() if is_request else None
                if fault == "cut before":
                    break
                if fault in ("black hole", "delayed"):
                    sleep(
                        BLACK_HOLE_SECONDS
                        if fault == "black hole"
                        else self._random_number() * BLACK_HOLE_SECONDS / 2
                    )
                if fault == "black hole":
                    break
                if fault == "cut between":
                    sink.sendall(chunk[: len(chunk) // 2])
                    break
                sink.sendall(chunk)
                if fault == "doubled":
                    self._resend(chunk)
                if fault == "answer lost":
                    sleep(self._random_number() * 0.1)
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            with self._proxy_lock:
                self._open_sockets.discard(end)

    def _resend(self, chunk: bytes) -> None:
        """Send the same request again over a connection of its own; its answer is discarded."""
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", self._target_port), timeout=5) as other,
        ):
            other.sendall(chunk)
            other.settimeout(2)
            other.recv(CHUNK_BYTES)

    def _random_number(self) -> float:
        with self._proxy_lock:
            return self._rng.random()

    def _fault(self) -> str | None:
        with self._proxy_lock:
            if self._rng.random() >= self._fault_share:
                return None
            fault = self._rng.choice(self._faults)
            self.done[fault] += 1
            return fault
