"""The torture command in small: each kind runs, reports no fault, and would report one."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from domain.errors import Unavailable
from gateway.cli.main import app
from gateway.rehearsal.torture import kinds
from gateway.rehearsal.torture.seams import RecordingProxy, Seams
from gateway.rehearsal.torture.stepped import SteppedHub
from gateway.rehearsal.torture.traffic import Traffic

pytestmark = [pytest.mark.faults, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]


@pytest.mark.parametrize(
    ("name", "count"), [("kill", 4), ("seams", 5), ("full", 3), ("network", 15), ("bits", 6)]
)
def test_a_short_torture_reports_no_fault(name: str, count: int, tmp_path: Path) -> None:
    progress: list[int] = []
    try:
        torture_result = kinds.KINDS[name](tmp_path, count, 7, progress.append)
    except Unavailable as missing:
        if missing.error_code != "no-small-disk":
            raise
        pytest.skip(missing.remedy)
    assert torture_result.faults == []
    assert progress == list(range(1, count + 1))
    assert torture_result.done.total() >= count


def test_damaged_read_models_are_reported(tmp_path: Path) -> None:
    stopped_hub = kinds._stopped_hub(tmp_path, "hub", 1)
    shas = kinds._verified_digests(stopped_hub)
    assert isinstance(shas, list)
    database = stopped_hub / "hub" / "read_models.db"
    database.write_bytes(database.read_bytes()[:4096])
    findings = kinds._verified_digests(stopped_hub)
    assert isinstance(findings, str)
    assert findings


def test_an_opening_without_a_record_is_detected(tmp_path: Path) -> None:
    stopped_hub = kinds._stopped_hub(tmp_path, "hub", 1)
    installation = kinds.open_installation(stopped_hub)
    workload = Traffic(installation, "http://127.0.0.1:1", random.Random(1))
    workload.opened[uuid4(), uuid4()] += 1
    [wrong] = workload.check_invariants()
    assert wrong.startswith("opened but not recorded")


def test_a_release_without_its_opening_and_an_invalid_head_are_detected(tmp_path: Path) -> None:
    """What the hub sent is compared with the record, and so is every checkpoint that was seen."""
    installation = kinds.open_installation(kinds._stopped_hub(tmp_path, "hub", 1))
    hub, proxy = SteppedHub(installation.folder, 1), RecordingProxy(1)
    workload = Traffic(installation, proxy.url, random.Random(1))
    seams = Seams(installation, hub, workload, proxy, random.Random(1))
    proxy.released.add(command_id := uuid4())
    seams.heads.add((2, bytes(32)))
    proxy.close()
    assert seams.check_invariants() == [
        f"released without a recorded opening: {command_id}",
        "checkpoint does not match the stream: 2",
    ]


def test_the_command_prints_counts_and_seed() -> None:
    ran = CliRunner().invoke(app, ["torture", "network", "--count", "3", "--seed", "5", "--json"])
    assert ran.exit_code == 0, ran.output
    [result_json] = json.loads(ran.stdout)
    assert (result_json["kind"], result_json["seed"], result_json["faults"]) == ("network", 5, [])
    assert result_json["done"]["steps"] == 3
    assert CliRunner().invoke(app, ["torture", "nothing"]).exit_code == 2
