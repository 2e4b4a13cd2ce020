"""A TCP proxy on each way between the servers of a cluster: it can fall silent, cut, or delay, and be well again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, TypeVar

CHUNK_BYTES = 1 << 16
SYSTEM_ROUTE = b'"route_account":"SYS"'  # in the greeting of the connection that carries the replication

T = TypeVar("T")


@dataclass
class _Link:
    """The way from one server to another; owned by the proxies' loop."""

    target_port: int
    silent: bool = False
    cut: bool = False
    replication_delay: float = 0.0  # seconds that what is replicated takes longer
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)


class RouteProxies:
    """Proxies for the ways between servers, by the pair of their numbers. Close them when done."""

    def __init__(self, cluster_ports: Sequence[int]) -> None:
        self._loop = asyncio.new_event_loop()
        self._links: dict[tuple[int, int], _Link] = {}
        self._servers: list[asyncio.Server] = []
        self.ports: dict[tuple[int, int], int] = {}
        self._thread = Thread(target=self._loop.run_forever, name="route-proxies", daemon=True)
        self._thread.start()
        self._run(self._listen(cluster_ports))

    def partition(self, pairs: Sequence[tuple[int, int]], *, cut: bool) -> None:
        """Nothing passes between these servers, either way: by silence, or by cut connections."""
        self._run(self._change(pairs, silent=not cut, cut=cut, delay=0.0))

    def delay_replication(self, pairs: Sequence[tuple[int, int]], seconds: float) -> None:
        """What is replicated between these servers takes so much longer; requests and answers do not."""
        self._run(self._change(pairs, silent=False, cut=False, delay=seconds))

    def heal(self) -> None:
        """Everything passes at once again."""
        self._run(self._change(list(self._links), silent=False, cut=False, delay=0.0))

    def close(self) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self, cluster_ports: Sequence[int]) -> None:
        numbers = range(len(cluster_ports))
        for pair in ((a, b) for a in numbers for b in numbers if a != b):
            link = self._links[pair] = _Link(cluster_ports[pair[1]])

            async def relay(
                near: asyncio.StreamReader, near_out: asyncio.StreamWriter, link: _Link = link
            ) -> None:
                await self._relay(link, near, near_out)

            server = await asyncio.start_server(relay, "127.0.0.1", 0)
            self._servers.append(server)
            self.ports[pair] = server.sockets[0].getsockname()[1]

    async def _change(
        self, pairs: Sequence[tuple[int, int]], *, silent: bool, cut: bool, delay: float
    ) -> None:
        for a, b in pairs:
            for link in (self._links[a, b], self._links[b, a]):
                link.silent, link.cut, link.replication_delay = silent, cut, delay
                link.moved.set()
                link.moved = asyncio.Event()
                for writer in list(link.writers) if cut else ():
                    writer.close()

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # a transport closes its socket one loop iteration later

    async def _relay(self, link: _Link, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        try:
            far, far_out = await asyncio.open_connection("127.0.0.1", link.target_port)
        except OSError:
            near_out.close()
            return
        writers = {near_out, far_out}
        link.writers |= writers
        replication = [False]  # either side may say so first
        ways = [
            asyncio.ensure_future(self._pass_on(link, source, sink, replication))
            for source, sink in ((near, far_out), (far, near_out))
        ]
        try:
            if not link.cut:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            link.writers -= writers
            for writer in writers:
                writer.close()

    async def _pass_on(
        self, link: _Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter, replication: list[bool]
    ) -> None:
        clock = self._loop.time
        pending: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=1024)

        async def write() -> None:
            while True:
                arrived, data = await pending.get()
                while link.silent or arrived + (link.replication_delay * replication[0]) > clock():
                    wait = None if link.silent else arrived + link.replication_delay - clock()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(link.moved.wait(), wait)
                sink.write(data)
                await sink.drain()

        writing = asyncio.ensure_future(write())
        try:
            with suppress(OSError):
                while (data := await source.read(CHUNK_BYTES)) and not writing.done():
                    replication[0] = replication[0] or SYSTEM_ROUTE in data
                    await pending.put((clock(), data))
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
