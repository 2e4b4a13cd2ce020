"""How it grows: the same measures at each size of the record, made of real wishes through the real hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from gateway.audit.history import history, of_views
from gateway.hub.read_models import source_of
from gateway.hub.runtime import HubRuntime, start_hub
from gateway.installation.folder import make_installation
from gateway.installation.founding import register_agencies
from gateway.protocol.serving import Served
from gateway.rehearsal.bench.ground import AGENCIES, CORE, Ground, ground_of
from gateway.rehearsal.bench.letters import MESSAGES_A_CASE, openings, referrals
from projections.rebuild import rebuild

CASES_AT_ONCE = 32
TRIES = 30
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Size:
    """What was measured when the record had this many records. Times in milliseconds, sizes in MB (10^6 bytes)."""

    records: int
    accepted_per_second: float
    opening_ms: float
    worklist_ms: float
    ledger_of_a_case_ms: float
    audit_of_a_case_ms: float  # the case as it stood at a moment, from its records: as-of, who-knows, replay
    rebuilt_per_second: float
    start_seconds: float
    hub_mb: float
    bus_mb: float
    stream_mb: float
    vault_mb: float
    views_mb: float


def grow(sizes: list[int], told: Told) -> Iterator[dict[str, Any]]:
    """Measure at each of these sizes, in one record that grows. Half of it are messages, half openings."""
    with TemporaryDirectory(prefix="kakehashi-growth-") as folder:
        now = datetime.now(UTC).replace(microsecond=0)
        installation = make_installation(Path(folder) / "hub", mode="rehearsal")
        runtime = start_hub(installation, at=now)
        try:
            with Served(runtime.app) as served:
                register_agencies(installation, served.url, AGENCIES)
                ground = ground_of(installation, served.url, now)
            for size in sizes:
                rate = _fill(runtime, ground, size, lambda done: told(done, sizes[-1]))
                runtime.follower.wait_for(runtime.store.head(), 3600)
                measured = _measured(runtime, ground)
                rebuilt = _rebuilt(runtime, Path(folder) / "anew.db")
                runtime.close()
                began = perf_counter()
                runtime = start_hub(installation, at=now)
                started = perf_counter() - began
                yield asdict(
                    Size(
                        records=runtime.store.head(),
                        accepted_per_second=round(rate, 1),
                        rebuilt_per_second=round(rebuilt, 1),
                        start_seconds=round(started, 2),
                        **measured,
                        **_sizes(runtime),
                    )
                )
        finally:
            runtime.close()


def _fill(runtime: HubRuntime, ground: Ground, size: int, told: Callable[[int], None]) -> float:
    """Up to this size; the rate of accepted wishes a second, their making not counted."""
    done, seconds = 0, 0.0
    while (head := runtime.store.head()) < size:
        told(head)
        lanes = referrals(ground, CASES_AT_ONCE, MESSAGES_A_CASE)
        asked = [[letter.request for letter in lane] for lane in lanes]
        reads = [openings(ground, lane) for lane in lanes]
        began = perf_counter()
        for requests in (asked, reads):
            for together in zip(*requests, strict=True):
                for answer in [runtime.hub.ask(data) for data in together]:
                    answer.result()
                    done += 1
        seconds += perf_counter() - began
    return done / seconds if done else 0.0


def _measured(runtime: HubRuntime, ground: Ground) -> dict[str, float]:
    [lane] = referrals(ground, 1, TRIES)
    for letter in lane:
        runtime.hub.handle(letter.request)
    runtime.follower.wait_for(runtime.store.head(), 3600)
    core, case = ground.agencies[CORE].id, lane[0].case
    views = runtime.follower
    return {
        "opening_ms": _timed([partial(runtime.hub.handle, data) for data in openings(ground, lane)]),
        "worklist_ms": _timed([lambda: views.queries.worklist(core)] * 5),
        "ledger_of_a_case_ms": _timed([lambda: views.queries.ledger(case=case, as_of=None)] * TRIES),
        "audit_of_a_case_ms": _timed(
            [lambda: history(of_views(runtime.store, views.queries, case, ground.now), case)] * TRIES
        ),
    }


def _timed(works: list[Callable[[], object]]) -> float:
    """The median time of these, in milliseconds."""
    times = []
    for work in works:
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return round(median(times) * 1000, 2)


def _rebuilt(runtime: HubRuntime, path: Path) -> float:
    """Records a second of views made anew."""
    head = runtime.store.head()

    began = perf_counter()
    rebuild(path, source_of(runtime.store), runtime.store.records)
    seconds = perf_counter() - began
    path.unlink()
    return head / seconds


def _sizes(runtime: HubRuntime) -> dict[str, float]:
    folder = runtime.installation.hub_folder
    bus = runtime.bus.pid if runtime.bus is not None else None
    return {
        "hub_mb": _memory("self"),
        "bus_mb": 0.0 if bus is None else _memory(str(bus)),
        "stream_mb": _disk(folder / "bus"),
        "vault_mb": _disk(folder, "vault.db*"),
        "views_mb": _disk(folder, "views.db*"),
    }


def _memory(process: str) -> float:
    status = Path("/proc") / process / "status"
    if not status.exists():
        return 0.0
    for line in status.read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) * 1024 / 1e6, 1)
    return 0.0


def _disk(folder: Path, pattern: str = "**/*") -> float:
    total = 0
    for path in folder.glob(pattern):
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return round(total / 1e6, 1)
