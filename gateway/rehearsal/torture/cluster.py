"""A hub on three servers of which some are paused, killed, wiped, cut off or slow, while consents are withdrawn.

Each round has a seed of its own: round ``k`` of seed ``s`` is the first of seed ``s + k``, so a run that was stopped goes
on from there.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

from domain.errors import ExchangeError, Unavailable
from gateway.agency.founding import register_agencies
from gateway.hub.real import RealClock, ThreadExecutor
from gateway.hub.runtime import HubRuntime, Surroundings, start_hub
from gateway.installation.archive import REMOTE_BUS_FILE, name_bus, open_archive
from gateway.installation.folder import Installation
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.bench.target_hub import AGENCIES
from gateway.rehearsal.torture.bus_cluster import HEALING_SECONDS, SERVERS, BusCluster
from gateway.rehearsal.torture.process import free_port
from gateway.rehearsal.torture.torture_result import TortureResult
from gateway.rehearsal.torture.traffic import START, create_target
from gateway.rehearsal.torture.withdrawals import Withdrawals, stale_openings

BUS_TIMES = {"JETSTREAM_TIMEOUT": "10", "JETSTREAM_TRY_TIMEOUT": "3", "JETSTREAM_CONNECT_TIMEOUT": "3"}
"""Seconds; shorter than an operator's, so that more happens in a round."""
RESTART_SHARE = 0.3  # the share of the rounds in which the hub is started again, on another server
LONG_PAUSE_SHARE = 0.1
START_SECONDS = 10.0  # for the start of a hub while a fault lasts


def cluster(folder: Path, count: int, seed: int, report_progress: Callable[[int], None]) -> TortureResult:
    """Servers of the hub's cluster that fail one at a time, while consents are withdrawn and items opened."""
    result = TortureResult("cluster", seed)
    installation = create_target(folder, "cluster")
    with BusCluster(folder / "bus") as bus:
        name_bus(installation.hub_folder, bus.bus_file)
        with _ServedHub(installation) as hub:
            register_agencies(installation, hub.url, AGENCIES)
            workload = Withdrawals(installation, hub.url, random.Random(seed), retry_seconds=5.0)
            workload.open()
            hub.resources.callback(workload.close)
            with _working(workload, result):
                for n in range(count):
                    if not _round(bus, hub, workload, random.Random(seed + n), result):
                        break
                    report_progress(n + 1)
            workload.flush_outboxes()
            result.done["disclosed"] = len(workload.disclosures)
            result.done["withdrawn"] = sum(one.withdrawn is not None for one in workload.disclosures)
            result.done["opened"] = workload.opened.total()
            result.done["refused or unavailable"] = workload.error_counts.total()
            if hub.runtime.log_keeper.problem:
                result.faults.append(f"the log has stopped: {hub.runtime.log_keeper.problem}")
            hub.runtime.projector.catch_up()
            hub.stop()
            result.faults += workload.stale + workload.check_invariants()
        with open_archive(installation) as archive:
            result.faults += stale_openings(archive.store)
    return result


def _round(
    bus: BusCluster, hub: _ServedHub, workload: Withdrawals, rng: random.Random, result: TortureResult
) -> bool:
    """One fault and its end; whether everything is well again."""
    name = rng.choice(list(FAULTS))
    sleep(rng.uniform(0.2, 1.0))
    FAULTS[name](bus, rng)
    if rng.random() < RESTART_SHARE:
        result.done["hub started again"] += 1
        if not hub.restart(first_server=rng.randrange(SERVERS)):  # not while the servers do not agree
            result.done["start refused until all was well"] += 1
            bus.proxies.heal()
            hub.start()
    sleep(rng.uniform(0.2, 1.0))
    bus.proxies.heal()
    result.done[name] += 1
    try:
        bus.wait_until_current()
        _wait_until_recording(workload, len(workload.disclosures))
    except Unavailable as error:
        result.faults.append(f"not well again after {name}: {error.explanation}")
        return False
    return True


def _wait_until_recording(workload: Withdrawals, before: int) -> None:
    deadline = monotonic() + HEALING_SECONDS
    while len(workload.disclosures) == before:
        if monotonic() > deadline:
            raise Unavailable("bus-not-reached", f"Nothing is recorded: {dict(workload.error_counts)}")
        sleep(0.1)


def _pause(bus: BusCluster, rng: random.Random) -> None:
    n = rng.randrange(SERVERS)
    bus.pause(n)
    sleep(rng.uniform(12.0, 16.0) if rng.random() < LONG_PAUSE_SHARE else rng.uniform(0.5, 5.0))
    bus.resume(n)


def _kill(bus: BusCluster, rng: random.Random) -> None:
    n = rng.randrange(SERVERS)
    bus.kill(n)
    sleep(rng.uniform(0.0, 3.0))
    bus.start(n)


def _wipe(bus: BusCluster, rng: random.Random) -> None:
    """A server that loses its disk while the two others are well: with one of them it could outvote the third."""
    n = rng.randrange(SERVERS)
    bus.kill(n)
    bus.wipe(n)
    sleep(rng.uniform(0.0, 2.0))
    bus.start(n)
    bus.wait_until_current()


def _isolate(bus: BusCluster, rng: random.Random) -> None:
    bus.proxies.partition(bus.pairs_of(rng.randrange(SERVERS)), cut=rng.random() < 0.5)
    sleep(rng.uniform(1.0, 8.0))


def _part_two(bus: BusCluster, rng: random.Random) -> None:
    """Two servers do not reach each other, and both reach the third."""
    n = rng.randrange(SERVERS)
    bus.proxies.partition([rng.choice(bus.pairs_of(n))], cut=rng.random() < 0.5)
    sleep(rng.uniform(1.0, 6.0))


def _slow(bus: BusCluster, rng: random.Random) -> None:
    """What is replicated to one server comes late; it answers its clients meanwhile."""
    bus.proxies.delay_replication(bus.pairs_of(rng.randrange(SERVERS)), rng.uniform(0.1, 0.9))
    sleep(rng.uniform(1.0, 5.0))


FAULTS: Mapping[str, Callable[[BusCluster, random.Random], None]] = {
    "paused": _pause,
    "killed": _kill,
    "wiped": _wipe,
    "isolated": _isolate,
    "two parted": _part_two,
    "slow": _slow,
}


class _ServedHub:
    """A hub in this process that can be started again on the same address. It keeps one case in memory, so that each
    decision on another reads the bus."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.resources = ExitStack()
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._running = ExitStack()
        self._use_servers(0)
        self.start()

    def __enter__(self) -> _ServedHub:
        return self

    def __exit__(self, *_: object) -> None:
        self.resources.close()
        self.stop()

    def restart(self, *, first_server: int) -> bool:
        """Start again; whether that was possible within a short time."""
        self.stop()
        self._use_servers(first_server)
        try:
            self.start(START_SECONDS)
        except ExchangeError:
            return False
        return True

    def stop(self) -> None:
        self._running.close()

    def start(self, seconds: float = HEALING_SECONDS) -> None:
        """Start it, trying for so long. Raises Unavailable."""
        deadline = monotonic() + seconds
        surroundings = Surroundings(ThreadExecutor(), RealClock(), cached_cases=1)
        while True:
            try:
                self.runtime: HubRuntime = start_hub(self.installation, at=START, surroundings=surroundings)
                break
            except ExchangeError:
                if monotonic() > deadline:
                    raise
                sleep(0.5)
        self._running.callback(self.runtime.close)
        self._running.enter_context(ServedApp(self.runtime.app, port=self._port))

    def _use_servers(self, first: int) -> None:
        path = self.installation.hub_folder / REMOTE_BUS_FILE
        about = json.loads(path.read_text())
        urls = sorted(about["JETSTREAM_URL"].split(","))
        about["JETSTREAM_URL"] = ",".join(urls[first:] + urls[:first])
        path.write_text(json.dumps({**about, **BUS_TIMES}))


@contextmanager
def _working(workload: Withdrawals, result: TortureResult) -> Iterator[None]:
    """The load, in a thread of its own."""
    stop_event = Event()

    def work() -> None:
        while not stop_event.is_set():
            try:
                workload.step()
            except Exception as error:  # an error that is not of the product is a fault
                result.faults.append(f"unexpected error under load: {type(error).__name__}: {error}")

    worker = Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        stop_event.set()
        worker.join()
