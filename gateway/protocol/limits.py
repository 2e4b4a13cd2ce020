"""How much a request may ask of a server: bytes, time, and places at the same time. All numbers are in this module.

Every application names its routes in one table of ``RouteLimit``. A request that no row fits may not have a body.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.routing import compile_path

from domain.errors import Unavailable

KIB = 1024
HEAD_MAX_BYTES = 16 * KIB
"""Path, query and headers of a request. The longest head of our own is an upload's, with 6 KiB of signatures."""
FORM_MAX_BYTES = 4096
"""A form of a few short fields, such as the one for signing in."""
RETRY_AFTER_SECONDS = 2
"""When a refused client may ask again: most places are free again within a second."""
WAIT_SECONDS = 10.0
"""How long a request waits for its place: less than what clients themselves wait for an answer (30 s)."""


class Load(StrEnum):
    """What a route asks of the server. Each has places of its own, so that one can't take those of another."""

    HEALTH = "health"  # answered at once, whatever else goes on
    PUBLIC = "public"  # strangers may come
    SIGN_IN = "sign-in"  # strangers may come; the work behind it has a queue of its own
    KNOWN = "known"  # whoever can prove who he is
    SYSTEM = "system"  # a system of the agency at its door, which may wait longer for the hub than a person
    LOCAL = "local"  # whoever can prove who he is, for what a door answers without the hub
    QUERY = "query"  # a signed question to the hub, which takes a thread
    HEAVY = "heavy"  # files, exports: long work, long bodies


@dataclass(frozen=True)
class Duration:
    """Seconds from a request's head to the end of its body, and from its place to the beginning of its answer."""

    body: float
    answer: float


DURATIONS: Mapping[Load, Duration] = {
    Load.HEALTH: Duration(body=5, answer=30),
    Load.PUBLIC: Duration(body=15, answer=60),
    Load.SIGN_IN: Duration(body=15, answer=60),
    Load.KNOWN: Duration(body=60, answer=120),  # 1 MiB over a line of 0.15 Mbit/s
    Load.SYSTEM: Duration(body=60, answer=120),
    Load.LOCAL: Duration(body=15, answer=60),
    Load.QUERY: Duration(body=60, answer=120),
    Load.HEAVY: Duration(body=300, answer=900),  # 25 MiB over a line of 0.7 Mbit/s; a file of 1,000 rows
}


@dataclass(frozen=True)
class Capacity:
    """How many requests are worked on at the same time, how many wait, and how many of all these one source can have."""

    active: int
    waiting: int
    of_one_source: int | None = None


CAPACITIES: Mapping[Load, Capacity] = {
    # Routes that are plain functions run in 40 threads (anyio). The sum of what can use one stays below, so that a
    # thread is always free to look up who comes.
    Load.PUBLIC: Capacity(active=8, waiting=64, of_one_source=16),
    Load.SIGN_IN: Capacity(active=400, waiting=0),  # the sign-in has a fair queue of its own
    Load.KNOWN: Capacity(active=16, waiting=128),
    Load.SYSTEM: Capacity(active=8, waiting=128),
    Load.LOCAL: Capacity(active=4, waiting=64),
    Load.HEAVY: Capacity(active=3, waiting=12),
}
"""The places of a door. A body is read in its place only: this bounds memory, too."""

HUB_CAPACITIES: Mapping[Load, Capacity] = {
    **CAPACITIES,
    # Commands wait for the disk, not in a thread, and are written in batches of those that wait. Who sends a command or a
    # query is known only after its body was read, hence the bound for one source: one door never needs so many.
    Load.KNOWN: Capacity(active=128, waiting=256, of_one_source=64),
    Load.QUERY: Capacity(active=24, waiting=256, of_one_source=64),
    Load.HEAVY: Capacity(active=4, waiting=32, of_one_source=8),
}


@dataclass(frozen=True)
class ConnectionLimits:
    """Bounds of what is not yet a request, and of answers that nobody reads. Times in seconds."""

    connections: int = 400  # under the usual limit of 1,024 open files, with room for databases and the hub
    head: float = 15.0  # from the connection, or the first byte of a next request, to the end of its head
    idle: float = 60.0  # between two requests: doors keep their connection to the hub
    stalled: float = 60.0  # an answer of which no byte could be written
    linger: float = 1.0  # after a refusal: what still arrives is thrown away, so that the answer is read
    linger_bytes: int = 1024 * KIB
    check_every: float = 1.0


@dataclass(frozen=True)
class RouteLimit:
    """The longest body of a route in bytes, and its load. ``path``: a template as in the routes."""

    method: str
    path: str
    load: Load
    max_bytes: int = 0


class LimitTable:
    """The limits of an application: the first row that fits a request holds."""

    def __init__(self, rows: Sequence[RouteLimit]) -> None:
        self.rows = tuple(rows)
        self._patterns = [(row, compile_path(row.path)[0]) for row in rows]

    def __iter__(self) -> Iterator[RouteLimit]:
        return iter(self.rows)

    def find(self, method: str, path: str) -> RouteLimit | None:
        """The row of this method and path (without the part under which the application is mounted)."""
        return next((r for r, pattern in self._patterns if r.method == method and pattern.match(path)), None)


@dataclass
class Places:
    """The places of one load. Belongs to the event loop that serves the application."""

    capacity: Capacity
    active: int = 0
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    _by_source: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def take(self, source: str | None) -> AsyncIterator[None]:
        """A place while the context lasts, waiting for it at most ``WAIT_SECONDS``.

        Raises Unavailable: too-many-requests (of this source), too-busy.
        """
        bound = self.capacity.of_one_source
        if source is not None and bound is not None and self._by_source[source] >= bound:
            raise Unavailable("too-many-requests")
        if source is not None:
            self._by_source[source] += 1
        try:
            await self._wait()
            try:
                yield
            finally:
                self._release()
        finally:
            if source is not None:
                self._by_source[source] -= 1
                if not self._by_source[source]:
                    del self._by_source[source]

    async def _wait(self) -> None:
        if self.active < self.capacity.active:
            self.active += 1
            return
        if len(self._waiting) >= self.capacity.waiting:
            raise Unavailable("too-busy")
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await place
        except BaseException as error:
            if place in self._waiting:
                self._waiting.remove(place)
            elif place.done() and not place.cancelled():  # it was given in the same moment
                self._release()
            if isinstance(error, TimeoutError):
                raise Unavailable("too-busy") from error
            raise

    def _release(self) -> None:
        """Hand the place to the request that waits longest."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self.active -= 1
