"""The cost of the transparency log to whoever waits for an answer: the same kinds of commands through two hubs in one
run, one with its log and one without, alternating."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from domain.errors import InvariantViolation, NotFound
from gateway.protocol.client import HubClient
from gateway.rehearsal.bench.prepared_commands import openings, referrals
from gateway.rehearsal.bench.run import SENDERS, ProgressCallback, Row, require_recorded
from gateway.rehearsal.bench.senders import send_all
from gateway.rehearsal.bench.target_hub import BenchHub, start_bench_hub

UNLOGGED_HUB_MODULE = "gateway.rehearsal.bench.unlogged"
CHECKPOINT_SECONDS = 30.0


def measure(
    commands: int, rounds: int, report_progress: ProgressCallback = lambda what: None
) -> list[dict[str, Any]]:
    """Rows of rate and p50, p95, p99 (milliseconds) for commands and for openings, with the log against without it.

    Raises InvariantViolation where an answer is not «recorded», or where one of the hubs has a log or has none against what is measured.
    """
    rows: dict[str, Row] = {}
    with TemporaryDirectory(prefix="kakehashi-bench-") as folder, ExitStack() as stack:
        report_progress("ハブを用意しています")
        hubs = [
            (
                "without log",
                stack.enter_context(start_bench_hub(Path(folder) / "without", UNLOGGED_HUB_MODULE)),
            ),
            ("with log", stack.enter_context(start_bench_hub(Path(folder) / "with"))),
        ]
        for n in range(rounds):
            for senders in SENDERS:
                report_progress(f"{n + 1}/{rounds} 回目・送り手 {senders}")
                for name, target_hub in hubs if n % 2 == 0 else hubs[::-1]:  # the order alternates
                    _measure_pair(rows, name, target_hub, senders, max(1, commands // senders))
        (_, without), (_, logged) = hubs
        if not _gets_checkpoint(logged) or _has_checkpoint(without):
            raise InvariantViolation("bench-not-logged")
    return [_row_with_p99_ratio(row, rows) for row in rows.values()]


def _measure_pair(rows: dict[str, Row], name: str, target_hub: BenchHub, senders: int, each: int) -> None:
    lanes = referrals(target_hub, senders, each)
    for what, bodies in (
        ("command", [[prepared_command.request for prepared_command in lane] for lane in lanes]),
        ("opening", [openings(target_hub, lane) for lane in lanes]),
    ):
        run = send_all(target_hub.url, "/v1/commands", bodies)
        require_recorded(run)
        against = None if name == "without log" else f"{what} without log, {senders}"
        row = rows.setdefault(f"{what} {name}, {senders}", Row(f"{what} {name}, {senders}", against))
        row.rates.append(run.rate)
        row.quantiles.append((run.quantile(0.5), run.quantile(0.95), run.quantile(0.99)))


def _gets_checkpoint(target_hub: BenchHub) -> bool:
    """Whether this hub signs a checkpoint; its log follows the records a moment later, longer on a busy machine."""
    until = monotonic() + CHECKPOINT_SECONDS
    while not (signed := _has_checkpoint(target_hub)) and monotonic() < until:
        sleep(0.1)
    return signed


def _has_checkpoint(target_hub: BenchHub) -> bool:
    """Whether this hub has signed a checkpoint."""
    client = HubClient(target_hub.url, hub=target_hub.installation.hub)
    try:
        client.checkpoint()
    except NotFound:
        return False
    finally:
        client.close()
    return True


def _row_with_p99_ratio(row: Row, rows: dict[str, Row]) -> dict[str, Any]:
    values = row.to_json(rows)
    slower = None
    if row.against is not None:
        slower = round(values["p99_ms"] / rows[row.against].to_json(rows)["p99_ms"], 2)
    return {**values, "p99_ratio": slower}
