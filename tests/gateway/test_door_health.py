"""The health report of a door names each problem and each alarm by a code of the table of errors, without the hub."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from domain.errors import Unavailable
from gateway.agency.web.health import health_report


def door(**changed: Any) -> Any:
    """A door in order, but for what is ``changed``."""
    state: dict[str, Any] = {
        "waiting": (0, None),
        "key_problem": None,
        "away": None,
        "behind": None,
        "writable": True,
        **changed,
    }

    def require_writable() -> None:
        if not state["writable"]:
            raise Unavailable("door-store-unavailable")

    store = SimpleNamespace(
        waiting_since=lambda: state["waiting"],
        feed_at="2026-04-01T00:00:00.000000Z",
        require_writable=require_writable,
    )
    return cast(
        Any,
        SimpleNamespace(
            store=store,
            key_problem=state["key_problem"],
            behind_since=state["behind"],
            client=SimpleNamespace(watch=SimpleNamespace(away_seconds=state["away"])),
            genesis=SimpleNamespace(mode="real"),
        ),
    )


def test_a_door_in_order_is_ready_and_has_no_alarm() -> None:
    report = health_report(door())
    assert (report["ready"], report["problems"], report["alarms"]) == (True, [], [])


@pytest.mark.parametrize(
    ("state", "code", "detail"),
    [
        ({"writable": False}, "door-store-not-ready", "door-store-unavailable"),
        ({"key_problem": "key-set-not-ours"}, "own-key-set-not-in-force", "key-set-not-ours"),
    ],
)
def test_a_problem_makes_the_door_unready(state: dict[str, Any], code: str, detail: str) -> None:
    report = health_report(door(**state))
    assert report["problems"] == [{"code": code, "where": "", "detail": detail}]
    assert report["ready"] is False


@pytest.mark.parametrize(
    ("state", "code", "detail"),
    [
        ({"away": 61.2}, "hub-away", "for 61 seconds"),
        ({"waiting": (2, "2026-04-01")}, "outbox-waiting", "2 since 2026-04-01"),
        ({"behind": "2026-04-01"}, "feed-behind", "as of 2026-04-01"),
        ({"behind": ""}, "feed-behind", "as of never"),
    ],
)
def test_an_alarm_leaves_the_door_ready(state: dict[str, Any], code: str, detail: str) -> None:
    report = health_report(door(**state))
    assert report["alarms"] == [{"code": code, "where": "", "detail": detail}]
    assert report["ready"] is True
