"""One server for the whole run; every test has its own streams on it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from adapters.bus import (
    BusSettings,
    EmbeddedServer,
    JetStreamApplicationRecorder,
    User,
    connect,
    ensure_stream,
)
from adapters.bus.rights import new_seed, public_of

STORE_KEY = bytes(range(32))


class Bus:
    """A server, and a user with all rights: tests need more than the hub's rights."""

    def __init__(self, folder: Path) -> None:
        self._user_seed = new_seed()
        anybody = User(public=public_of(self._user_seed), publish=(">",), subscribe=(">",))
        self.server = EmbeddedServer(folder, store_key=STORE_KEY, extra_users=[anybody])
        self._numbers = itertools.count(1)

    def new_stream_settings(self) -> BusSettings:
        """The settings of a stream that does not exist yet."""
        n = next(self._numbers)
        return replace(
            self.server.hub_settings(),
            seed=self._user_seed,
            inbox="_INBOX.any",
            stream=f"S{n}",
            prefix=f"s{n}.v1",
            bucket=f"b{n}",
            name=f"test-{n}",
        )


@pytest.fixture(scope="session")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    it = Bus(tmp_path_factory.mktemp("bus") / "data")
    with it.server:
        yield it


@pytest.fixture
def settings(bus: Bus) -> BusSettings:
    """The settings of a fresh stream of records."""
    fresh = bus.new_stream_settings()
    ensure_stream(fresh)
    return fresh


@pytest.fixture
def recorder(settings: BusSettings) -> Iterator[JetStreamApplicationRecorder]:
    it = connect(settings)
    yield it
    it.close()


@pytest.fixture
def environment(bus: Bus, tmp_path: Path) -> dict[str, str]:
    """What an operator writes down for an application of the library, whose stream is still to be made."""
    fresh = bus.new_stream_settings()
    seed = tmp_path / "seed"
    seed.write_text(fresh.seed or "")
    return {
        "PERSISTENCE_MODULE": "adapters.bus",
        "JETSTREAM_URL": fresh.url,
        "JETSTREAM_STREAM": fresh.stream,
        "JETSTREAM_SUBJECT_PREFIX": fresh.prefix,
        "JETSTREAM_SEED_FILE": str(seed),
        "JETSTREAM_SYS_SEED_FILE": str(bus.server.folder / "seeds" / "sys.seed"),
        "CREATE_TABLE": "yes",
        "JETSTREAM_INBOX": fresh.inbox,
        "SQLITE_DBNAME": str(tmp_path / "positions.sqlite"),
    }


@pytest.fixture
def event():
    """Make an event: of a new originator, unless one is named."""

    def make(
        originator_id: UUID | str | None = None, version: int = 1, state: bytes = b"sealed"
    ) -> StoredEvent:
        return StoredEvent(originator_id or uuid4(), version, "event", state)

    return make


class Proxy:
    """A proxy between a client and the server that drops the messages it is configured to drop.

    ``lose_answers``: so many acknowledgements are read from the server and the connection is cut
    instead of passing them on. ``swallow_answers``: the same without a cut. ``lose_requests``: so
    many publications are dropped by a cut before the server sees them. ``swallow_everything``: the
    server receives requests and its answers are lost.
    """

    def __init__(self, port: int) -> None:
        self.lose_answers = self.swallow_answers = self.lose_requests = self.cuts = 0
        self.swallow_everything = False
        self._target_port = port
        self._loop = asyncio.new_event_loop()
        self._proxy_thread = threading.Thread(target=self._run_proxy, daemon=True)
        self._ready = threading.Event()
        self._proxy_thread.start()
        self._ready.wait(5)

    def close(self) -> None:
        if self._proxy_thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._proxy_thread.join(5)

    def _run_proxy(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await asyncio.sleep(0.01)  # a transport closes its socket one loop iteration later

    async def _relay(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far, far_out = await asyncio.open_connection("127.0.0.1", self._target_port)
        ways = {
            asyncio.create_task(self._pass_on(near, far_out, self._drops_request)),
            asyncio.create_task(self._pass_on(far, near_out, self._drops_answer)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for out in (near_out, far_out):
                out.close()
                with contextlib.suppress(OSError, asyncio.CancelledError):
                    await out.wait_closed()

    async def _pass_on(self, source, target, drops) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(1 << 16):
                verdict = drops(data)
                if verdict == "cut":
                    self.cuts += 1
                    return
                if verdict != "swallow":
                    target.write(data)
                    await target.drain()

    def _drops_request(self, data: bytes) -> str:
        if self.lose_requests and b"Kh-Insert" in data:
            self.lose_requests -= 1
            return "cut"
        return ""

    def _drops_answer(self, data: bytes) -> str:
        if self.swallow_everything:
            return "swallow"
        if b'"seq":' in data and b'{"stream":' in data:
            if self.lose_answers:
                self.lose_answers -= 1
                return "cut"
            if self.swallow_answers:
                self.swallow_answers -= 1
                return "swallow"
        return ""


@pytest.fixture
def proxy(bus: Bus) -> Iterator[Proxy]:
    it = Proxy(int(bus.server.url.rpartition(":")[2]))
    yield it
    it.close()
