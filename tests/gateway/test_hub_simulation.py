"""The hub's real code on a real stream, with one thread, whose interleavings are chosen by seed.

Commands of several clients wait together; appends get lost, or their answers do. Whatever the order, each command is
answered and recorded once, and the record is the one that its commands give when they are sent one after another.
"""

from __future__ import annotations

import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from adapters.bus import JetStreamApplicationRecorder, OutcomeUnknown
from adapters.mapper import body_of
from domain.errors import ExchangeError, Unavailable
from domain.record import Record
from gateway.audit.verification import Verifier
from gateway.hub import decision
from gateway.hub import hub as hub_module
from gateway.hub.clock import SetClock
from gateway.hub.memory import WorldCache
from gateway.hub.read_models import PolledProjector
from gateway.hub.recording import Recording
from gateway.hub.release import Answer
from gateway.hub.runtime import HubRuntime, Surroundings, start_hub
from gateway.hub.transport import Transport, open_bus
from gateway.installation.folder import Installation, open_installation
from keys.receipt import verify_receipt
from tests.gateway.hubkit import START, HubWithCase, hub_with_case
from tests.gateway.seeded_executor import SeededExecutor

SEEDS = range(3)
MAX_SENDS = 60
LOSS_SHARE = 0.25  # how often an append, or its answer, is lost


@dataclass(frozen=True)
class Workload:
    """A hub's folder with agencies and one case, and signed requests about other cases and the register."""

    folder: Path
    requests: tuple[bytes, ...]


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    folder = tmp_path_factory.mktemp("hub") / "installation"
    with hub_with_case(folder) as hub:
        requests = tuple(one for _ in range(3) for one in case_requests(hub)) + register_requests(hub)
    return Workload(folder, requests)


def case_requests(hub: HubWithCase) -> list[bytes]:
    """Two disclosures and two readings of the first, most of them sent twice, and another payload under a used id."""
    about = {"kind": "case", "id": str(uuid4())}
    first, second = (hub.disclosure(("BASIC",), about=about) for _ in range(2))
    item = UUID(first.payload["items"][0]["item"])
    readings = [hub.reading("AZ-CORE", item, first.command_id, about=about).encode() for _ in range(2)]
    other = hub.disclosure(("BASIC",), about=about, command_id=str(second.command_id))
    return [first.encode(), first.encode(), second.encode(), other.encode(), *readings, *readings]


def register_requests(hub: HubWithCase) -> tuple[bytes, ...]:
    """A member of the network comes and goes; every case of the network rests on it."""
    about = {"kind": "network", "id": str(hub.network)}
    member = {"member": str(hub.door("EXT-SERVICE").agency)}
    return tuple(
        hub.unsigned("AZ-COORD", act, fields, about=about).encode()
        for _ in range(3)
        for act, fields in (
            ("network_member.admitted", {**member, "item": 3}),
            ("network_member.withdrawn", member),
        )
    )


class LossyRecorder:
    """The real recorder; an append sometimes does not arrive, or arrives and its answer does not."""

    def __init__(self, recorder: JetStreamApplicationRecorder, executor: SeededExecutor) -> None:
        self._recorder = recorder
        self._executor = executor
        self.share = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recorder, name)

    def insert_each(
        self, stored_events: Sequence[StoredEvent], head: int | None = None
    ) -> list[list[int] | Exception]:
        lost = self._executor.rng.random() < self.share
        if lost and self._executor.rng.random() < 0.5:
            return [OutcomeUnknown("lost on its way") for _ in stored_events]
        outcomes = self._recorder.insert_each(stored_events, head)
        return [OutcomeUnknown("its answer was lost") for _ in outcomes] if lost else outcomes


@contextmanager
def simulated_hub(folder: Path, executor: SeededExecutor) -> Iterator[tuple[HubRuntime, LossyRecorder]]:
    """A hub over this folder that runs on this executor alone."""
    lossy: list[LossyRecorder] = []

    def open_lossy_bus(installation: Installation, resources: ExitStack) -> Transport:
        transport = open_bus(installation, resources)
        lossy.append(LossyRecorder(transport.recorder, executor))
        recorder = cast(JetStreamApplicationRecorder, lossy[0])
        return Transport(transport.server, recorder, transport.items, transport.prefix)

    surroundings = Surroundings(
        executor,
        SetClock(START),
        open_bus=open_lossy_bus,
        projector=lambda engine, store, _: PolledProjector(engine, store),
    )
    runtime = start_hub(open_installation(folder), surroundings=surroundings)
    try:
        yield runtime, lossy[0]
    finally:
        runtime.close()


class Client:
    """Sends one request until it is answered with anything else than Unavailable."""

    def __init__(self, runtime: HubRuntime, request: bytes, network: Any) -> None:
        self.request = request
        self.answers: list[Answer | ExchangeError] = []
        self.sends = 0
        self._runtime = runtime
        self._network = network

    def send(self) -> None:
        self.sends += 1
        self._runtime.hub.submit(self.request).add_done_callback(self._on_answer)

    def _on_answer(self, future: Future[Answer]) -> None:
        error = future.exception()
        if isinstance(error, Unavailable) and self.sends < MAX_SENDS:
            self._network.submit(self.send)
        elif error is None:
            self.answers.append(future.result())
        else:
            assert isinstance(error, ExchangeError), error
            self.answers.append(error)


@dataclass
class Simulated:
    """What one run gave: the clients' answers, and the records after those of the workload's folder."""

    clients: list[Client]
    records: list[Record]
    positions: dict[bytes, set[int]] = field(default_factory=dict)
    findings: list[Any] = field(default_factory=list)

    @property
    def bodies(self) -> list[bytes]:
        return [body_of(record) for record in self.records]

    @property
    def releases(self) -> int:
        return sum(isinstance(a, Answer) and a.release is not None for c in self.clients for a in c.answers)


def simulate(
    folder: Path, requests: Sequence[bytes], seed: int, *, loss: float = LOSS_SHARE, one_by_one: bool = False
) -> Simulated:
    """Send these requests to a hub over this folder; ``one_by_one``: one after another, in this order."""
    executor = SeededExecutor(seed)
    with simulated_hub(folder, executor) as (runtime, recorder):
        before = runtime.store.head()
        network = executor.lane("network", workers=len(requests))
        clients = [Client(runtime, one, network) for one in requests]
        recorder.share = loss
        for client in clients:
            network.submit(client.send)
            if one_by_one:
                executor.run_until(lambda client=client: bool(client.answers))  # type: ignore[misc]
        executor.run_until(lambda: all(client.answers for client in clients))
        recorder.share = 0.0
        records = [stored.record for stored in runtime.store.read(before + 1, 500)]
        simulated = Simulated(clients, records)
        log_public = runtime.installation.genesis.log
        for client in clients:
            for answer in client.answers:
                if isinstance(answer, Answer):
                    position = verify_receipt(answer.receipt, log_public).leaf.seq
                    simulated.positions.setdefault(client.request, set()).add(position)
        runtime.projector.catch_up()
        verifier = Verifier(runtime.recorder, runtime.store, runtime.installation.genesis)
        simulated.findings = list(verifier.run(read_models=runtime.read_models).findings)
        return simulated


def copy_of(workload: Workload, folder: Path) -> Path:
    shutil.copytree(workload.folder, folder)
    return folder


def require_invariants(run: Simulated) -> None:
    """Each request is answered and recorded once, and what was recorded verifies."""
    assert all(len(client.answers) == 1 for client in run.clients)
    assert not [c for c in run.clients if isinstance(c.answers[0], Unavailable)]
    recorded = Counter((record.by, record.command_id) for record in run.records)
    assert set(recorded.values()) == {1}, "a command was recorded twice"
    assert all(len(positions) == 1 for positions in run.positions.values()), "two receipts for one request"
    assert {p for positions in run.positions.values() for p in positions} == {
        n for n, _ in enumerate(run.records, min(map(min, run.positions.values())))
    }, "a record was not answered for"
    assert run.findings == []


def recorded_requests(run: Simulated) -> list[bytes]:
    """The requests that were recorded, in the order of the record."""
    return sorted(run.positions, key=lambda request: min(run.positions[request]))


@pytest.mark.parametrize("seed", SEEDS)
def test_any_interleaving_records_what_its_commands_give_one_after_another(
    workload: Workload, tmp_path: Path, seed: int
) -> None:
    run = simulate(copy_of(workload, tmp_path / "interleaved"), workload.requests, seed)
    require_invariants(run)
    one_by_one = simulate(
        copy_of(workload, tmp_path / "one-by-one"), recorded_requests(run), 0, loss=0.0, one_by_one=True
    )
    assert one_by_one.bodies == run.bodies


def test_same_seed_gives_the_same_record_and_another_seed_another_order(
    workload: Workload, tmp_path: Path
) -> None:
    first, again, other = (
        simulate(copy_of(workload, tmp_path / name), workload.requests, seed)
        for name, seed in (("first", 7), ("again", 7), ("other", 8))
    )
    assert first.bodies == again.bodies
    assert [client.sends for client in first.clients] == [client.sends for client in again.clients]
    assert first.bodies != other.bodies
    assert sum(run.releases for run in (first, again, other)) > 0


# --- a hub that is wrong is found ----------------------------------------------------------------------------------


def answers_nothing_from_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision, "_answered_version", lambda world, command: None)


def does_not_catch_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recording, "catch_up_if_stale", lambda self: None)


def decides_cases_together_with_the_register(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "_partition", lambda batch: (batch, []))


def keeps_stale_cases_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorldCache, "invalidate", lambda self, about: None)


@pytest.mark.parametrize(
    "broken",
    [
        answers_nothing_from_memory,
        does_not_catch_up,
        decides_cases_together_with_the_register,
        keeps_stale_cases_in_memory,
    ],
)
def test_a_broken_hub_breaks_an_invariant_under_some_seed(
    workload: Workload,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[pytest.MonkeyPatch], None],
) -> None:
    broken(monkeypatch)
    runs = (simulate(copy_of(workload, tmp_path / f"{seed}"), workload.requests, seed) for seed in SEEDS)
    with pytest.raises(AssertionError):
        deque(map(require_invariants, runs))
