"""Three nats-servers as the operator's guide sets them up, with a proxy on each way between them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

from adapters.bus import BusSettings, Connection, PersistenceError, ensure_items, ensure_stream
from adapters.bus.api import Api, ApiError
from adapters.bus.binary import find_binary
from adapters.bus.external import OPS_INBOX, server_addresses, write_configuration
from adapters.bus.monitor import health_errors
from domain.errors import Unavailable
from gateway.installation.archive import read_bus_file
from gateway.installation.folder import STREAM
from gateway.rehearsal.torture.process import free_port
from gateway.rehearsal.torture.route_proxy import RouteProxies

SERVERS = 3
HEALING_SECONDS = 90.0  # until all servers must be up to date again
NO_PORT = 9  # where nothing listens: servers must not tell each other of ways around the proxies


class BusCluster:
    """A cluster with the streams of a new hub. Ends only the processes that it started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * SERVERS
        self._resources = ExitStack()
        self.addresses = [
            replace(address, port=free_port(), cluster_port=free_port())
            for address in server_addresses(["127.0.0.1"] * SERVERS)
        ]
        self.bus_file = write_configuration(folder, self.addresses, STREAM)
        self.proxies = RouteProxies([address.cluster_port for address in self.addresses])
        self._resources.callback(self.proxies.close)
        for n in range(SERVERS):
            self._lead_through_proxies(n)

    def __enter__(self) -> Self:
        try:
            for n in range(SERVERS):
                self.start(n)
            self._make_streams()
            settings = replace(self.operations, timeout=5.0, try_timeout=2.0)
            self._observer = Connection(settings)
            self._resources.callback(self._observer.close)
            self.wait_until_current()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        for n in range(SERVERS):
            self.kill(n)
        self._resources.close()

    @property
    def settings(self) -> BusSettings:
        """The hub's settings."""
        return read_bus_file(self.bus_file, STREAM)

    @property
    def operations(self) -> BusSettings:
        """The settings of the user who makes streams."""
        return replace(self.settings, seed_file=self.folder / "seeds" / "ops.seed", inbox=OPS_INBOX)

    # --- what happens to servers

    def start(self, n: int) -> None:
        place = self.folder / self.addresses[n].name
        with (place / "nats.log").open("ab") as log:
            self._processes[n] = subprocess.Popen(
                [str(find_binary()), "-c", "nats.conf"], cwd=place, stdout=log, stderr=log
            )

    def kill(self, n: int) -> None:
        """kill -9, also while it is paused."""
        process = self._processes[n]
        if process is not None:
            process.kill()
            process.wait()
            self._processes[n] = None

    def pause(self, n: int) -> None:
        self._send_signal(n, signal.SIGSTOP)

    def resume(self, n: int) -> None:
        self._send_signal(n, signal.SIGCONT)

    def wipe(self, n: int) -> None:
        """Lose the disk of a stopped server."""
        shutil.rmtree(self.folder / self.addresses[n].name / "jetstream", ignore_errors=True)

    def pairs_of(self, n: int) -> list[tuple[int, int]]:
        """The ways between this server and the others."""
        return [(n, other) for other in range(SERVERS) if other != n]

    def _send_signal(self, n: int, number: signal.Signals) -> None:
        process = self._processes[n]
        if process is not None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)

    # --- what it is like

    def leader(self) -> int | None:
        """The number of the server that leads the stream; None where no server says so."""
        name = self._report().get("cluster", {}).get("leader")
        names = [address.name for address in self.addresses]
        return names.index(name) if name in names else None

    def wait_until_current(self) -> None:
        """Wait until every server has all of the stream and is well. Raises Unavailable where that takes too long."""
        deadline = monotonic() + HEALING_SECONDS
        while monotonic() < deadline:
            cluster = self._report().get("cluster", {})
            peers = cluster.get("replicas") or []
            current = cluster.get("leader") and len(peers) == SERVERS - 1 and all(map(_is_current, peers))
            if current and self._all_are_well():
                return
            sleep(0.2)
        raise Unavailable("bus-not-reached", f"The cluster has not healed: {self._report().get('cluster')}")

    def _report(self) -> dict[str, Any]:
        try:
            return Api(self._observer).call(f"STREAM.INFO.{STREAM}")
        except (PersistenceError, ApiError):
            return {}

    def _all_are_well(self) -> bool:
        system = self._observer.system()
        assert system is not None
        try:
            return health_errors(system, 2.0) == [""] * SERVERS
        except PersistenceError:
            return False

    def _make_streams(self) -> None:
        deadline = monotonic() + HEALING_SECONDS
        while True:
            try:
                ensure_stream(self.operations)
                ensure_items(self.operations)
            except PersistenceError:  # a cluster that has just started elects its leaders
                if monotonic() > deadline:
                    raise
                sleep(0.5)
            else:
                return

    def _lead_through_proxies(self, n: int) -> None:
        path = self.folder / self.addresses[n].name / "nats.conf"
        text = path.read_text()
        for other in range(SERVERS):
            if other != n:
                port = self.addresses[other].cluster_port
                text = text.replace(f"@127.0.0.1:{port}", f"@127.0.0.1:{self.proxies.ports[n, other]}")
        path.write_text(text.replace("cluster {\n", f'cluster {{\n  advertise: "127.0.0.1:{NO_PORT}"\n'))


def _is_current(peer: dict[str, Any]) -> bool:
    return bool(peer.get("current")) and not peer.get("offline") and not peer.get("lag")
