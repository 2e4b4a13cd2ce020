"""The health report of a hub names each problem and each alarm by a code of the table of errors."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.bus import Health
from gateway.hub import health
from gateway.hub.health import MAX_LAG_RECORDS, MAX_LAG_SECONDS, HubHealth
from gateway.hub.read_models import Lag, LagMeter

NO_LAG = Lag(0, 0.0)
HEALTHY_BUS = {
    "stream": "KAKEHASHI",
    "connected": True,
    "server_version": "2",
    "head": 1,
    "stored_bytes": 1,
    "room_bytes": None,
    "mismatches": (),
}


def report(
    folder: Path,
    *,
    bus: dict[str, Any] | None = None,
    alive: bool = True,
    parked: tuple[tuple[str, int, str], ...] = (),
    cosignatures: dict[str, str] | None = None,
    signing: tuple[str | None, str | None] = (None, None),
    time_trouble: str | None = None,
    destructions: dict[str, str] | None = None,
    expired: bool = False,
    calendar_until: int = 2100,
    lag: Lag = NO_LAG,
    sweep: str | None = None,
) -> dict[str, Any]:
    """The report of a hub with parts in these states; everything else is in order."""
    policy = {"calendar": {"until_year": calendar_until}}
    register = SimpleNamespace(mandate=2, mandate_expired=lambda now: expired, policy=policy)
    parts: dict[str, Any] = {
        "bus": None,
        "recorder": SimpleNamespace(check=lambda: Health(**{**HEALTHY_BUS, **(bus or {})})),
        "projector": SimpleNamespace(
            alive=alive,
            position=1,
            lag=lambda head, elapsed: lag,
            queries=SimpleNamespace(head=lambda: SimpleNamespace(parked=parked)),
        ),
        "hub": SimpleNamespace(
            genesis=SimpleNamespace(mode="rehearsal"),
            id=bytes(32),
            register=register,
            failed_destructions=destructions or {},
            clock=SimpleNamespace(now=lambda: datetime(2026, 4, 1, tzinfo=UTC)),
        ),
        "log_keeper": SimpleNamespace(trouble=signing[0], problem=signing[1]),
        "witnesses": SimpleNamespace(missing_cosignatures=cosignatures or {}),
        "timestamps": SimpleNamespace(trouble=time_trouble),
        "executor": SimpleNamespace(elapsed=lambda: 0.0),
        "uploads": SimpleNamespace(report=lambda: {"trouble": sweep}),
    }
    return HubHealth(folder, **parts).report()


def test_a_healthy_hub_is_ready_and_has_no_alarm(tmp_path: Path) -> None:
    healthy = report(tmp_path)
    assert (healthy["ready"], healthy["problems"], healthy["alarms"]) == (True, [], [])


@pytest.mark.parametrize(
    ("state", "code", "detail"),
    [
        pytest.param({"bus": {"mismatches": ("replicas 1",)}}, "bus-mismatch", "replicas 1", id="mismatch"),
        pytest.param({"bus": {"trouble": "no leader"}}, "bus-not-ready", "no leader", id="bus not ready"),
        pytest.param({"bus": {"connected": False}}, "bus-disconnected", "", id="bus disconnected"),
        pytest.param({"bus": {"room_bytes": 0}}, "disk-full", "", id="no room in the stream"),
        pytest.param({"alive": False}, "read-models-stopped", "", id="projector ended"),
    ],
)
def test_a_problem_makes_the_hub_unready(
    tmp_path: Path, state: dict[str, Any], code: str, detail: str
) -> None:
    unready = report(tmp_path, **state)
    assert unready["problems"] == [{"code": code, "where": "", "detail": detail}]
    assert (unready["ready"], unready["alarms"]) == (False, [])


def test_a_full_disk_makes_the_hub_unready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.shutil, "disk_usage", lambda folder: SimpleNamespace(free=0))
    assert report(tmp_path)["problems"] == [{"code": "disk-full", "where": "", "detail": ""}]


def test_a_log_that_has_stopped_makes_the_hub_unready(tmp_path: Path) -> None:
    stopped = report(tmp_path, signing=(None, "record 3 is missing"))
    assert stopped["ready"] is False
    assert stopped["problems"] == [
        {"code": "log-signing-stopped", "where": "", "detail": "record 3 is missing"}
    ]


@pytest.mark.parametrize(
    ("state", "alarm"),
    [
        pytest.param(
            {"parked": (("ledger", 7, "unknown-topic"),)},
            ("read-model-parked", "ledger", "since record 7: unknown-topic"),
            id="parked read model",
        ),
        pytest.param(
            {"cosignatures": {"two": "late"}}, ("cosignature-missing", "two", "late"), id="no cosignature"
        ),
        pytest.param({"time_trouble": "late"}, ("time-token-delayed", "", "late"), id="no time token"),
        pytest.param({"signing": ("log-disk", None)}, ("log-signing-delayed", "", "log-disk"), id="unsigned"),
        pytest.param(
            {"destructions": {"1": "vault-locked"}},
            ("destruction-failed", "case 1", "vault-locked"),
            id="keys not destroyed",
        ),
        pytest.param({"sweep": "disk"}, ("item-sweep-failed", "", "disk"), id="items not swept"),
        pytest.param({"expired": True}, ("mandate-expired", "mandate 2", ""), id="mandate expired"),
        pytest.param(
            {"calendar_until": 2020}, ("calendar-ending", "until 2020-12-31", ""), id="the calendar is over"
        ),
        pytest.param(
            {"lag": Lag(MAX_LAG_RECORDS + 1, 0.0)},
            ("read-models-lagging", "", f"{MAX_LAG_RECORDS + 1} records, 0 s"),
            id="many records behind",
        ),
        pytest.param(
            {"lag": Lag(1, MAX_LAG_SECONDS + 1)},
            ("read-models-lagging", "", f"1 records, {MAX_LAG_SECONDS + 1:.0f} s"),
            id="behind for long",
        ),
    ],
)
def test_an_alarm_leaves_the_hub_ready(
    tmp_path: Path, state: dict[str, Any], alarm: tuple[str, str, str]
) -> None:
    alarmed = report(tmp_path, **state)
    assert alarmed["alarms"] == [dict(zip(("code", "where", "detail"), alarm, strict=True))]
    assert alarmed["ready"] is True


def test_a_small_lag_is_no_alarm(tmp_path: Path) -> None:
    assert report(tmp_path, lag=Lag(MAX_LAG_RECORDS, MAX_LAG_SECONDS))["alarms"] == []


def test_the_lag_counts_from_the_oldest_head_that_is_not_reached() -> None:
    meter = LagMeter()
    looks = [(5, 5, 0.0), (9, 5, 1.0), (12, 8, 4.0), (12, 9, 6.0), (12, 12, 9.0), (13, 12, 20.0)]
    assert [meter.measure(*look) for look in looks] == [
        Lag(0, 0.0),
        Lag(4, 0.0),
        Lag(4, 3.0),
        Lag(3, 2.0),
        Lag(0, 0.0),
        Lag(1, 0.0),
    ]


def test_a_system_that_cannot_protect_memory_is_an_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "can_be_protected", lambda: False)
    alarmed = report(tmp_path)
    assert alarmed["alarms"] == [{"code": "memory-not-protected", "where": "", "detail": ""}]
    assert alarmed["ready"] is True
