"""What the transparency log costs who waits for an answer: the same kinds of wishes through two hubs in one run, one
with its log and one without, turn by turn."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from domain.errors import Broken, NotThere
from gateway.protocol.client import HubClient
from gateway.rehearsal.bench.ground import Ground, bench_hub
from gateway.rehearsal.bench.letters import openings, referrals
from gateway.rehearsal.bench.run import SENDERS, Row, Told, recorded
from gateway.rehearsal.bench.senders import send_all

WITHOUT = "gateway.rehearsal.bench.unlogged"


def measure(wishes: int, rounds: int, told: Told = lambda what: None) -> list[dict[str, Any]]:
    """Rows of rate and p50, p95, p99 (milliseconds) for wishes and for openings, with the log against without it.

    Raises Broken where an answer is not «recorded», or the log of one hub did not do what is measured.
    """
    rows: dict[str, Row] = {}
    with TemporaryDirectory(prefix="kakehashi-bench-") as folder, ExitStack() as stack:
        told("ハブを用意しています")
        hubs = [
            ("without log", stack.enter_context(bench_hub(Path(folder) / "without", WITHOUT))),
            ("with log", stack.enter_context(bench_hub(Path(folder) / "with"))),
        ]
        for n in range(rounds):
            for senders in SENDERS:
                told(f"{n + 1}/{rounds} 回目・送り手 {senders}")
                for name, ground in hubs if n % 2 == 0 else hubs[::-1]:  # who goes second goes first next
                    _turn(rows, name, ground, senders, max(1, wishes // senders))
        (_, without), (_, logged) = hubs
        if _signed(without) or not _signed(logged):
            raise Broken("bench-not-logged", "one hub was to keep a log, the other was not")
    return [_told(row, rows) for row in rows.values()]


def _turn(rows: dict[str, Row], name: str, ground: Ground, senders: int, each: int) -> None:
    lanes = referrals(ground, senders, each)
    for what, bodies in (
        ("wish", [[letter.request for letter in lane] for lane in lanes]),
        ("opening", [openings(ground, lane) for lane in lanes]),
    ):
        run = send_all(ground.url, "/v1/wishes", bodies)
        recorded(run)
        against = None if name == "without log" else f"{what} without log, {senders}"
        row = rows.setdefault(f"{what} {name}, {senders}", Row(f"{what} {name}, {senders}", against))
        row.rates.append(run.rate)
        row.quantiles.append((run.quantile(0.5), run.quantile(0.95), run.quantile(0.99)))


def _signed(ground: Ground) -> bool:
    """Whether this hub has signed a head."""
    client = HubClient(ground.url, hub=ground.installation.hub)
    try:
        client.checkpoint()
    except NotThere:
        return False
    finally:
        client.close()
    return True


def _told(row: Row, rows: dict[str, Row]) -> dict[str, Any]:
    told = row.told(rows)
    slower = None
    if row.against is not None:
        slower = round(told["p99_ms"] / rows[row.against].told(rows)["p99_ms"], 2)
    return {**told, "p99_ratio": slower}
