"""The health of a door, from what it knows itself: neither question waits for the hub."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from domain.errors import ExchangeError
from gateway.agency.door import Door
from gateway.protocol.health import HealthFinding

NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {
        "description": "The door can't take messages now; the body says why, in the form of the answer 200.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


def add_health(public: APIRouter, door: Door) -> None:
    """``/healthz`` and ``/readyz``."""

    @public.get("/healthz")
    async def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "up"}

    @public.get("/readyz", responses=NOT_READY)
    def ready() -> JSONResponse:
        """Whether the door can take messages: its database works, its keys are in force. A hub that is away is an
        alarm, no problem: people go on working with what the door has, and what they send waits in the outbox."""
        report = health_report(door)
        return JSONResponse(report, 200 if report["ready"] else 503)


def health_report(door: Door) -> dict[str, Any]:
    """``problems`` and ``alarms``: lists of objects with the fields of HealthFinding; ``ready``: no problems."""
    problems, alarms = [], []
    waiting, since, feed_at, behind = 0, None, None, None
    try:
        waiting, since = door.store.waiting_since()
        feed_at, behind = door.store.feed_at, door.behind_since
        door.store.require_writable()
    except ExchangeError as error:
        problems.append(HealthFinding("door-store-not-ready", detail=error.error_code))
    if door.key_problem is not None:
        problems.append(HealthFinding("own-key-set-not-in-force", detail=door.key_problem))
    away = door.client.watch.away_seconds
    if away is not None:
        alarms.append(HealthFinding("hub-away", detail=f"for {away:.0f} seconds"))
    if waiting:
        alarms.append(HealthFinding("outbox-waiting", detail=f"{waiting} since {since}"))
    if behind is not None:
        alarms.append(HealthFinding("feed-behind", detail=f"as of {behind or 'never'}"))
    return {
        "ready": not problems,
        "mode": door.genesis.mode,
        "problems": [asdict(problem) for problem in problems],
        "alarms": [asdict(alarm) for alarm in alarms],
        "outbox_waiting": waiting,
        "feed_at": feed_at,
    }
