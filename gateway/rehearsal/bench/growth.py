"""Growth: the same measures at each size of the record, filled by real commands through the real hub."""

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

from gateway.agency.founding import register_agencies
from gateway.audit.history import history, indexed_records
from gateway.hub.read_models import record_source
from gateway.hub.runtime import HubRuntime, start_hub
from gateway.installation.folder import create_installation
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.bench.prepared_commands import MESSAGES_A_CASE, openings, referrals
from gateway.rehearsal.bench.target_hub import AGENCIES, CORE, BenchHub, connect_bench_hub
from projections.rebuild import rebuild

CASES_AT_ONCE = 32
SAMPLES = 30
ProgressCallback = Callable[[int, int], None]


@dataclass(frozen=True)
class SizeMeasurement:
    """The measures at this number of records. Times in milliseconds, sizes in MB (10^6 bytes)."""

    records: int
    accepted_per_second: float
    opening_ms: float
    worklist_ms: float
    ledger_of_a_case_ms: float
    audit_of_a_case_ms: float  # the case as it was at a moment, from its records: as-of, who-knows, replay
    rebuilt_per_second: float
    start_seconds: float
    hub_mb: float
    bus_mb: float
    stream_mb: float
    vault_mb: float
    read_models_mb: float


def grow(sizes: list[int], report_progress: ProgressCallback) -> Iterator[dict[str, Any]]:
    """Measure at each of these sizes, in one growing record: half messages, half openings."""
    with TemporaryDirectory(prefix="kakehashi-growth-") as folder:
        now = datetime.now(UTC).replace(microsecond=0)
        installation = create_installation(Path(folder) / "hub", mode="rehearsal")
        runtime = start_hub(installation, at=now)
        try:
            with ServedApp(runtime.app) as served:
                register_agencies(installation, served.url, AGENCIES)
                target_hub = connect_bench_hub(installation, served.url, now)
            for size in sizes:
                rate = _fill_to(runtime, target_hub, size, lambda done: report_progress(done, sizes[-1]))
                runtime.projector.wait_for(runtime.store.head(), 3600)
                measured = _measure_size(runtime, target_hub)
                rebuilt = _rebuild_rate(runtime, Path(folder) / "rebuilt.db")
                runtime.close()
                began = perf_counter()
                runtime = start_hub(installation, at=now)
                started = perf_counter() - began
                yield asdict(
                    SizeMeasurement(
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


def _fill_to(
    runtime: HubRuntime, target_hub: BenchHub, size: int, report_progress: Callable[[int], None]
) -> float:
    """Fill up to this size; accepted commands a second, without the time to prepare them."""
    done, seconds = 0, 0.0
    while (head := runtime.store.head()) < size:
        report_progress(head)
        lanes = referrals(target_hub, CASES_AT_ONCE, MESSAGES_A_CASE)
        referral_requests = [[prepared_command.request for prepared_command in lane] for lane in lanes]
        opening_requests = [openings(target_hub, lane) for lane in lanes]
        began = perf_counter()
        for requests in (referral_requests, opening_requests):
            for batch in zip(*requests, strict=True):
                for answer in [runtime.hub.submit(data) for data in batch]:
                    answer.result()
                    done += 1
        seconds += perf_counter() - began
    return done / seconds if done else 0.0


def _measure_size(runtime: HubRuntime, target_hub: BenchHub) -> dict[str, float]:
    [lane] = referrals(target_hub, 1, SAMPLES)
    for prepared_command in lane:
        runtime.hub.handle(prepared_command.request)
    runtime.projector.wait_for(runtime.store.head(), 3600)
    core, case = target_hub.agencies[CORE].id, lane[0].case
    read_models = runtime.projector
    return {
        "opening_ms": _median_ms([partial(runtime.hub.handle, data) for data in openings(target_hub, lane)]),
        "worklist_ms": _median_ms([lambda: read_models.queries.worklist(core)] * 5),
        "ledger_of_a_case_ms": _median_ms(
            [lambda: read_models.queries.ledger(case=case, as_of=None)] * SAMPLES
        ),
        "audit_of_a_case_ms": _median_ms(
            [lambda: history(indexed_records(runtime.store, read_models.queries, case, target_hub.now), case)]
            * SAMPLES
        ),
    }


def _median_ms(calls: list[Callable[[], object]]) -> float:
    """The median time of these, in milliseconds."""
    times = []
    for work in calls:
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return round(median(times) * 1000, 2)


def _rebuild_rate(runtime: HubRuntime, path: Path) -> float:
    """Records a second when the read models are rebuilt."""
    head = runtime.store.head()
    began = perf_counter()
    rebuild(path, record_source(runtime.store), runtime.store.records)
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
        "read_models_mb": _disk(folder, "read_models.db*"),
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
