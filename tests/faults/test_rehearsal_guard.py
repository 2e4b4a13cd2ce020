"""Rehearsals play, kill and damage; none of it works on a folder whose genesis says that its hub is real."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from domain.errors import Refused
from gateway.cli import printing
from gateway.installation.folder import Installation, create_installation
from gateway.rehearsal.bench.target_hub import connect_bench_hub
from gateway.rehearsal.bench.unlogged import main as serve_unlogged
from gateway.rehearsal.demo import run_demo
from gateway.rehearsal.guard import refuse_real_hub
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, reopen_rehearsal_hub
from gateway.rehearsal.torture.kinds import KINDS
from gateway.rehearsal.torture.process import HubProcess
from gateway.rehearsal.torture.stepped import SteppedHub

NOW = datetime(2025, 5, 12, tzinfo=UTC)
URL = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return create_installation(
        tmp_path_factory.mktemp("real") / "hub", mode="real", passphrase=b"an invented passphrase"
    )


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def reopen(real: Installation) -> None:
    with reopen_rehearsal_hub(real.folder):
        pass


@pytest.mark.parametrize(
    "use",
    [
        *(
            pytest.param(
                lambda real, name=name: KINDS[name](real.folder, 1, 1, lambda done: None),
                id=f"torture {name}",
            )
            for name in KINDS
        ),
        pytest.param(lambda real: HubProcess(real, NOW), id="a hub to be killed"),
        pytest.param(lambda real: SteppedHub(real.folder, 1), id="a hub to be killed at a step"),
        pytest.param(reopen, id="a rehearsal hub opened again"),
        pytest.param(
            lambda real: RehearsalHub(real, URL, NOW, runtime=None), id="a rehearsal hub over a running one"
        ),
        pytest.param(
            lambda real: run_demo(Console(), printing, once=True, port=0, data=real.folder), id="demo --data"
        ),
        pytest.param(lambda real: connect_bench_hub(real, URL, NOW), id="bench"),
        pytest.param(
            lambda real: serve_unlogged(
                ["hub", "serve", "--data", str(real.folder), "--clock", NOW.isoformat()]
            ),
            id="a hub without its log",
        ),
    ],
)
def test_a_real_hub_is_refused_and_not_touched(
    use: Callable[[Installation], object], real: Installation
) -> None:
    before = files(real.folder)
    with pytest.raises(Refused) as refused:
        use(real)
    assert refused.value.error_code == "real-hub"
    assert files(real.folder) == before


def test_the_genesis_decides_not_the_file_beside_it(tmp_path: Path) -> None:
    real = create_installation(tmp_path / "hub", mode="real", passphrase=b"an invented passphrase")
    path = real.folder / "installation.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "mode": "rehearsal"}))
    with pytest.raises(Refused):
        refuse_real_hub(real.folder)


def test_a_rehearsal_hub_and_an_empty_folder_pass(tmp_path: Path) -> None:
    refuse_real_hub(tmp_path)
    refuse_real_hub(create_installation(tmp_path / "hub", mode="rehearsal").folder)
