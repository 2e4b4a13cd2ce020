"""I9 on a disk that is really full: a small file system of the test's own, filled and emptied again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx2 as httpx
import pytest

from adapters.bus import EmbeddedServer
from gateway.agency.store import CONFIRMED
from gateway.audit.verification import Verifier, doors_of
from gateway.hub.health import MIN_FREE_BYTES
from tests.gateway.hubkit import HubWithCase, hub_with_case_on_bus

pytestmark = pytest.mark.faults

SIZE = MIN_FREE_BYTES + 40 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, or none where that is not allowed."""
    where = tmp_path / "disk"
    where.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(where)]
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root on Linux")
    if subprocess.run(["mount", *options], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system is not allowed here")
    try:
        yield where
    finally:
        subprocess.run(["umount", str(where)], check=True)


def fill(path: Path) -> None:
    """Take every byte that is left."""
    with path.open("wb", buffering=0) as file:
        step = 1024 * 1024
        while step:
            try:
                file.write(bytes(step))
            except OSError:
                step //= 2


def ready(hub: HubWithCase) -> httpx.Response:
    return hub.http.get("/readyz")


def until(hub: HubWithCase, status: int, seconds: float = 60.0) -> httpx.Response:
    end = monotonic() + seconds
    while (answer := ready(hub)).status_code != status and monotonic() < end:
        sleep(0.2)
    return answer


def test_on_a_full_disk_health_is_red_nothing_is_half_done_and_it_recovers(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with (
        EmbeddedServer(small_disk / "bus", store_key=bytes(32)).start() as bus,
        hub_with_case_on_bus(bus, small_disk / "installation") as hub,
    ):
        assert ready(hub).status_code == 200
        waiting = [hub.disclosure().encode() for _ in range(40)]
        fill(ballast)
        red = ready(hub)
        assert red.status_code == 503
        assert "disk-full" in [p["code"] for p in red.json()["problems"]]
        with httpx.Client(base_url=hub.rehearsal_hub.url, timeout=60) as http:
            responses = [(data, http.post("/v1/commands", content=data)) for data in waiting[:2]]
        assert {a.status_code for _, a in responses} <= {
            200,
            503,
        }  # a little may still fit into what is laid out
        refused = [data for data, a in responses if a.status_code == 503]
        for _, answer in responses:
            if answer.status_code == 503:
                assert answer.json()["category"] == "unavailable"
        ballast.unlink()
        assert until(hub, 200).status_code == 200, ready(hub).json()
        answers = [eventually(hub, data) for data in (*refused, *waiting[2:])]
        assert {a.status_code for a in answers} == {200}
        runtime = hub.rehearsal_hub.runtime
        assert runtime is not None
        verification = Verifier(runtime.recorder, runtime.store, runtime.installation.genesis).run(
            doors=doors_of(runtime.installation)
        )
        assert verification.findings == []
        command_ids = [k.record.command_id for k in runtime.store.read(1, 500)]
        assert len(command_ids) == len(set(command_ids))
        assert {
            o.command_id for d in hub.rehearsal_hub.doors.values() for o in d.store.outgoing(CONFIRMED)
        } <= set(command_ids)
        assert len(runtime.store.load(hub.case)) == 1 + len(waiting)


def eventually(hub: HubWithCase, data: bytes) -> httpx.Response:
    end = monotonic() + 60
    while (answer := hub.post(data)).status_code == 503 and monotonic() < end:
        sleep(0.2)
    return answer
