"""Reports of health that hold up neither who asks for them nor anything else, whatever their parts wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi.concurrency import run_in_threadpool

from gateway.protocol.health import HealthFinding

REPORT_SECONDS = 3.0
"""How long ``/readyz`` waits for its parts: a supervisor that asks every ten seconds gets an answer in time."""


class HealthReports:
    """The reports of one hub, each made once for all who ask at a time."""

    def __init__(self, report: Callable[[], dict[str, Any]], seconds: float = REPORT_SECONDS) -> None:
        self._report = report
        self._seconds = seconds
        self._under_way: asyncio.Task[dict[str, Any]] | None = None

    async def newest(self) -> dict[str, Any]:
        """The report; one that names ``bus-not-ready`` where its parts do not answer in time."""
        making = self._under_way
        if making is None or making.done() or making.get_loop() is not asyncio.get_running_loop():
            making = self._under_way = asyncio.create_task(run_in_threadpool(self._report))
        done, _ = await asyncio.wait([making], timeout=self._seconds)
        if done:
            return making.result()
        problem = HealthFinding("bus-not-ready", detail=f"no answer within {self._seconds:g} seconds")
        return {"ready": False, "problems": [asdict(problem)], "alarms": []}
