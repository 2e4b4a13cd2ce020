"""A record in a case of many messages against one in a new case, turn by turn in one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from gateway.agency.founding import register_agencies
from gateway.hub.executor import Executor
from gateway.hub.read_models import PolledProjector, as_stream_record
from gateway.hub.real import RealClock, ThreadExecutor
from gateway.hub.runtime import HubRuntime, Surroundings, start_hub
from gateway.installation.folder import create_installation
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.bench.prepared_commands import PreparedCommand, openings, referrals_to
from gateway.rehearsal.bench.target_hub import AGENCIES, CORE, HOSPITAL, BenchHub, connect_bench_hub
from projections.engine import Engine

SAMPLES = 30
PAGE = 100
ProgressCallback = Callable[[int, int], None]


@dataclass(frozen=True)
class Comparison:
    """The median time of one thing in the big case and in new cases, in milliseconds, and their ratio."""

    name: str
    big_ms: float
    new_ms: float
    ratio: float


def compare_big_case(messages: int, samples: int, report_progress: ProgressCallback) -> list[dict[str, Any]]:
    """Fill one case with this many messages, none of which is answered, then compare."""
    with TemporaryDirectory(prefix="kakehashi-big-case-") as folder, _hub(Path(folder)) as (runtime, target):
        big = uuid4()
        for done in range(0, messages, PAGE):
            report_progress(done, messages)
            for prepared in referrals_to(target, big, min(PAGE, messages - done)):
                runtime.hub.handle(prepared.request)
            runtime.projector.catch_up()
        return [asdict(one) for one in _Rounds(runtime, target, big, samples).compare()]


@contextmanager
def _hub(folder: Path) -> Iterator[tuple[HubRuntime, BenchHub]]:
    """A rehearsal hub whose read models are brought up to date only where it is asked for."""
    now = datetime.now(UTC).replace(microsecond=0)
    installation = create_installation(folder / "hub", mode="rehearsal")
    surroundings = Surroundings(ThreadExecutor(), RealClock(), projector=_polled)
    runtime = start_hub(installation, at=now, surroundings=surroundings)
    try:
        with ServedApp(runtime.app) as served:
            register_agencies(installation, served.url, AGENCIES)
            yield runtime, connect_bench_hub(installation, served.url, now)
    finally:
        runtime.close()


def _polled(engine: Engine, store: Any, _: Executor) -> PolledProjector:
    return PolledProjector(engine, store)


class _Rounds:
    """One record in the big case, one in a new case, and so on."""

    def __init__(self, runtime: HubRuntime, target: BenchHub, big: UUID, samples: int) -> None:
        self._runtime, self._target, self._big, self._samples = runtime, target, big, samples
        self._times: dict[tuple[str, bool], list[float]] = {}

    def compare(self) -> list[Comparison]:
        for _ in range(self._samples):
            for big in (True, False):
                self._run_round(big)
        names = dict.fromkeys(name for name, _ in self._times)
        return [self._comparison(name) for name in names]

    def _comparison(self, name: str) -> Comparison:
        big, new = (median(self._times[name, which]) * 1000 for which in (True, False))
        return Comparison(name, round(big, 3), round(new, 3), round(big / new, 2))

    def _run_round(self, big: bool) -> None:
        """A message and a reading: decided and recorded, then applied; then both agencies read what is new."""
        [first, second] = referrals_to(self._target, self._big if big else uuid4(), 2)
        if not big:
            self._runtime.hub.handle(first.request)  # a new case that exists
        self._runtime.projector.catch_up()
        self._measure("message decided and recorded", big, lambda: self._runtime.hub.handle(second.request))
        self._apply("message applied to the rows", big)
        [opening] = openings(self._target, [second])
        self._measure("reading decided and recorded", big, lambda: self._runtime.hub.handle(opening))
        self._apply("reading applied to the rows", big)
        self._read(second, big)

    def _apply(self, name: str, big: bool) -> None:
        engine, store = self._runtime.read_models, self._runtime.store
        page = [as_stream_record(one) for one in store.read_tolerant(engine.position + 1, PAGE)]
        self._measure(name, big, lambda: engine.apply_many(page))

    def _read(self, last: PreparedCommand, big: bool) -> None:
        """``feed``: what is new since the record before; its cost is by what is new."""
        read_models, core = self._runtime.projector, self._target.agencies[CORE].id
        hospital = self._target.agencies[HOSPITAL].id
        cursor = self._runtime.read_models.position - 2
        for agency in (core, hospital):
            self._measure("feed", big, partial(read_models.feed, agency, cursor, 500))

    def _measure(self, name: str, big: bool, work: Callable[[], object]) -> None:
        began = perf_counter()
        work()
        self._times.setdefault((name, big), []).append(perf_counter() - began)
