"""The bench: each part against the raw part underneath, in one run, on the same bytes.

Rounds are interleaved (a, b, c, a, b, c), so that the noise of the machine affects all alike; the medians are reported.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from adapters.bus import BusSettings, EmbeddedServer
from adapters.bus.bench import insert_all, publish_all
from domain.errors import InvariantViolation
from gateway.audit.verification import Verifier
from gateway.hub.read_models import record_source
from gateway.installation.archive import Archive, open_archive
from gateway.rehearsal.bench.prepared_commands import openings, referrals
from gateway.rehearsal.bench.senders import LoadResult, send_all
from gateway.rehearsal.bench.target_hub import BenchHub, child, start_bench_hub
from keys.sealing import new_key
from projections.rebuild import rebuild

SENDERS = (1, 16)
PAGE = 500
ProgressCallback = Callable[[str], None]


@dataclass
class Row:
    """One measure over the rounds. ``against``: the name of the raw part it is compared with.

    Rates are per second; times are seconds, one list a round.
    """

    name: str
    against: str | None
    rates: list[float] = field(default_factory=list)
    quantiles: list[tuple[float, float, float]] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return median(self.rates)

    def to_json(self, rows: dict[str, Row]) -> dict[str, Any]:
        """The public form: rate, ratio to the raw part, p50, p95 and p99 in milliseconds."""
        times = [round(median(one) * 1000, 2) for one in zip(*self.quantiles, strict=True)]
        return {
            "name": self.name,
            "per_second": round(self.rate, 1),
            "against": self.against,
            "ratio": None if self.against is None else round(self.rate / rows[self.against].rate, 3),
            "p50_ms": times[0] if times else None,
            "p95_ms": times[1] if times else None,
            "p99_ms": times[2] if times else None,
        }


class Bench:
    """All measures of one run. ``commands``: how many each measure sends in a round."""

    def __init__(
        self, commands: int, rounds: int, report_progress: ProgressCallback = lambda what: None
    ) -> None:
        self.commands = commands
        self.rounds = rounds
        self.rows: dict[str, Row] = {}
        self._report_progress = report_progress

    def run(self) -> list[dict[str, Any]]:
        """Start everything, measure, and end what was started. Raises InvariantViolation where an answer is not «recorded»."""
        with TemporaryDirectory(prefix="kakehashi-bench-") as folder, ExitStack() as stack:
            self._report_progress("ハブを用意しています")
            target_hub = stack.enter_context(start_bench_hub(Path(folder) / "hub"))
            bus = stack.enter_context(EmbeddedServer(Path(folder) / "raw", store_key=new_key()).start())
            settings = bus.hub_settings()
            about = {"url": settings.url, "seed": settings.read_seed(), "inbox": settings.inbox}
            plain_route_url = stack.enter_context(
                child("gateway.rehearsal.bench.plain_route", first=json.dumps(about).encode() + b"\n")
            )
            archive = stack.enter_context(open_archive(target_hub.installation, start_bus=False))
            for n in range(self.rounds):
                for senders in SENDERS:
                    self._report_progress(f"{n + 1}/{self.rounds} 回目・送り手 {senders}")
                    self._measure_round(target_hub, archive, settings, plain_route_url, senders)
            self._report_progress("再検証と作り直し")
            self._measure_history(archive, Path(folder) / "read_models.db")
        return [row.to_json(self.rows) for row in self.rows.values()]

    def _measure_round(
        self,
        target_hub: BenchHub,
        archive: Archive,
        settings: BusSettings,
        plain_route_url: str,
        senders: int,
    ) -> None:
        lanes = referrals(target_hub, senders, max(1, self.commands // senders))
        head = archive.store.head()
        sent = send_all(
            target_hub.url,
            "/v1/commands",
            [[prepared_command.request for prepared_command in lane] for lane in lanes],
        )
        require_recorded(sent)
        states = [raw.state for raw in archive.recorder.read_raw(head + 1, PAGE * 100)]
        states_by_sender = [states[n::senders] for n in range(senders)]
        opened = send_all(target_hub.url, "/v1/commands", [openings(target_hub, lane) for lane in lanes])
        require_recorded(opened)
        raw, recorder, route, door, opening = (
            f"{what}, {senders}"
            for what in ("raw publish", "recorder", "bare route", "hub door", "opening an item")
        )
        self._add_measurement(raw, None, _load_result(publish_all(settings, states_by_sender)))
        self._add_measurement(recorder, raw, _load_result(insert_all(settings, states_by_sender)))
        self._add_measurement(route, raw, send_all(plain_route_url, "/publish", states_by_sender))
        self._add_measurement(door, route, sent)
        self._add_measurement(opening, route, opened)

    def _add_measurement(self, name: str, against: str | None, run: LoadResult) -> None:
        row = self.rows.setdefault(name, Row(name, against))
        row.rates.append(run.rate)
        row.quantiles.append((run.quantile(0.5), run.quantile(0.95), run.quantile(0.99)))

    def _measure_history(self, archive: Archive, read_models: Path) -> None:
        """Read the record, verify it, and rebuild the read models from it."""
        head = archive.store.head()
        log = "reading the log"
        measures: list[tuple[str, str | None, Callable[[], None]]] = [
            (log, None, partial(_read_log, archive, head)),
            ("verifying the record", log, partial(_verify, archive)),
            ("rebuilding the read models", log, partial(_rebuild, archive, read_models)),
        ]
        for name, against, work in measures:
            row = self.rows.setdefault(name, Row(name, against))
            began = perf_counter()
            work()
            row.rates.append(head / (perf_counter() - began))


def machine() -> dict[str, Any]:
    """The machine that this was measured on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _lines(Path("/proc/cpuinfo"))
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version()}


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def require_recorded(run: LoadResult) -> None:
    """Raises InvariantViolation where an answer is not «recorded»."""
    wrong = [status for status, _ in run.answers if status != 200]
    if wrong:
        raise InvariantViolation("bench-not-recorded", f"{len(wrong)} requests were answered {wrong[0]}.")


def _load_result(timed: tuple[float, list[float]]) -> LoadResult:
    seconds, times = timed
    return LoadResult(seconds, tuple(times), ())


def _read_log(archive: Archive, head: int) -> None:
    start = 1
    while start <= head and (page := archive.recorder.read_raw(start, PAGE)):
        start = page[-1].sequence + 1


def _verify(archive: Archive) -> None:
    verification = Verifier(archive.recorder, archive.store, archive.genesis).run()
    if not verification.ok:
        raise InvariantViolation(
            "bench-not-verified", f"The first finding is {verification.findings[0].code}."
        )


def _rebuild(archive: Archive, read_models: Path) -> None:
    rebuild(read_models, record_source(archive.store), archive.store.records)
