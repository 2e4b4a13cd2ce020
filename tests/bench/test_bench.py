"""The bench itself: a tiny run measures every part with real processes. No time is asserted."""

from __future__ import annotations

from gateway.rehearsal.bench import logged
from gateway.rehearsal.bench.growth import grow
from gateway.rehearsal.bench.proofs import measure
from gateway.rehearsal.bench.run import SENDERS, Bench
from gateway.rehearsal.bench.senders import LoadResult

PARTS = ("raw publish", "recorder", "bare route", "hub door", "opening an item")


def test_a_tiny_run_measures_every_part_against_the_raw_one() -> None:
    rows = {row["name"]: row for row in Bench(16, 1).run()}
    for senders in SENDERS:
        for part in PARTS:
            row = rows.pop(f"{part}, {senders}")
            assert row["per_second"] > 0
            assert row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
            assert (row["ratio"] is None) == (part == "raw publish")
    assert set(rows) == {"reading the log", "verifying the record", "rebuilding the read models"}


def test_the_cost_of_the_log_is_measured_against_a_hub_without_one() -> None:
    rows = {row["name"]: row for row in logged.measure(16, 1)}
    assert set(rows) == {
        f"{what} {name}, {senders}"
        for what in ("command", "opening")
        for name in ("with log", "without log")
        for senders in SENDERS
    }
    for name, row in rows.items():
        assert (row["ratio"] is None) == (row["p99_ratio"] is None) == ("without" in name)
        assert row["per_second"] > 0


def test_a_quantile_is_one_of_the_measured_times() -> None:
    run = LoadResult(2.0, tuple(n / 100 for n in range(1, 101)), ())
    assert (run.rate, run.quantile(0.5), run.quantile(0.99), run.quantile(1.0)) == (50.0, 0.51, 1.0, 1.0)


def test_growth_measures_every_size() -> None:
    progress_calls: list[int] = []
    [row] = grow([100], lambda done, of: progress_calls.append(of))
    assert row["records"] >= 100
    assert all(row[name] > 0 for name in row if name != "bus_mb")
    assert progress_calls


def test_the_logs_proofs_are_measured_at_every_size() -> None:
    rows = list(measure([300, 600]))
    assert [row["leaves"] for row in rows] == [300, 600]
    assert all(value > 0 for row in rows for value in row.values())
    assert rows[1]["proof_bytes"] == 320
