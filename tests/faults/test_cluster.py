"""A hub on a cluster, in small: the README's way to set one up, and the torture kind."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from domain.errors import Conflict, InvariantViolation, Unavailable
from gateway.audit.verification import Verifier, doors_of
from gateway.cli.main import app
from gateway.hub.runtime import start_hub
from gateway.installation.archive import name_bus, open_archive
from gateway.installation.folder import create_installation, open_installation
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.story import read_story
from gateway.rehearsal.torture import cluster as torture_cluster
from gateway.rehearsal.torture.process import HubProcess, free_port

pytestmark = [pytest.mark.faults, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

ROOT = Path(__file__).parents[2]
STORY = ROOT / "tests" / "scenarios" / "sc-1.yaml"
BIN = Path(sys.executable).parent


def ports(count: int) -> int:
    """The first of so many free ports that follow each other."""
    while True:
        first = free_port()
        if first + count < 65536 and all(_is_free(first + n) for n in range(count)):
            return first


def _is_free(port: int) -> bool:
    import socket

    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def kakehashi(*arguments: str) -> str:
    ran = CliRunner().invoke(app, list(arguments))
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    assert ran.exit_code == 0, ran.output
    return ran.output


def readme_commands(folder: Path) -> list[str]:
    """The commands of the README's block, with folders and ports of this test."""
    text = (ROOT / "gateway" / "README.md").read_text(encoding="utf-8")
    [block] = [b for b in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "bus config" in b]
    own_ports = f"bus config --port {ports(3)} --cluster-port {ports(3)}"
    block = block.replace("BUS", str(folder / "bus")).replace("DIR", str(folder / "hub"))
    return block.replace("bus config", own_ports).splitlines()


@pytest.fixture
def servers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Servers that the test starts; they are ended after it."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def start_server(line: str, servers: list[subprocess.Popen[bytes]]) -> None:
    match = re.fullmatch(r"\(cd (\S+) && nats-server -c nats\.conf\) &", line)
    assert match is not None, line
    with (Path(match[1]) / "nats.log").open("ab") as log:
        command = [str(BIN / "nats-server"), "-c", "nats.conf"]
        servers.append(subprocess.Popen(command, cwd=match[1], stdout=log, stderr=log))


def test_the_readme_sets_up_a_hub_on_three_servers(
    tmp_path: Path, servers: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    full_story = read_story(STORY)
    story = replace(full_story, expects=full_story.expects[1:2], must_hold=())
    monkeypatch.setattr(
        "gateway.hub.real.RealClock.now", lambda self: start_of(story)
    )  # its clock can't go back
    *lines, serve = readme_commands(tmp_path)
    for line in lines:
        if line.startswith("("):
            start_server(line, servers)
        else:
            program, *arguments = shlex.split(line)
            assert program == "kakehashi"
            kakehashi(*arguments)
    assert len(servers) == 3
    assert serve == f"kakehashi hub serve --data {tmp_path / 'hub'}"
    installation = open_installation(tmp_path / "hub")
    hub = HubProcess(installation, start_of(story))
    try:
        hub.start()
        assert hub.ready(30)
        rehearsal_hub = RehearsalHub(installation, hub.url, start_of(story), runtime=None, retry_seconds=60.0)
        try:
            rehearsal_hub.set_clock(start_of(story))
            _, report = play(story, rehearsal_hub)
        finally:
            rehearsal_hub.close()
        assert report.problems == []
        assert [c for c in report.checks if not c.ok] == []
    finally:
        hub.stop()
    with open_archive(installation) as archive:
        verification = Verifier(archive.recorder, archive.store, archive.genesis).run(
            doors=doors_of(installation)
        )
        assert verification.findings == []
        assert archive.recorder.settings.replicas == 3
    with pytest.raises(Conflict, match="bus-not-empty"):
        kakehashi(
            "hub",
            "init",
            "--rehearsal",
            "--data",
            str(tmp_path / "two"),
            "--bus",
            str(tmp_path / "bus/bus.json"),
        )
    assert not (tmp_path / "two").exists()


def test_a_wrong_store_key_is_refused_and_loses_nothing(
    tmp_path: Path, servers: list[subprocess.Popen[bytes]]
) -> None:
    """The hub, a new hub and ``bus make`` are all refused; with the right key the record is there."""
    bus, key_file = tmp_path / "bus", tmp_path / "bus" / "nats-1" / "store-key.conf"
    line = f"(cd {bus / 'nats-1'} && nats-server -c nats.conf) &"
    kakehashi("bus", "config", "--out", str(bus), "--port", str(free_port()))
    start_server(line, servers)
    make = ("bus", "make", "--bus", str(bus / "bus.json"), "--ops-seed-file", str(bus / "seeds" / "ops.seed"))
    init = ("hub", "init", "--rehearsal", "--bus", str(bus / "bus.json"), "--data")
    with pytest.raises(Unavailable, match="stream-missing"):
        kakehashi(*init, str(tmp_path / "early"))
    kakehashi(*make)
    kakehashi(*init, str(tmp_path / "hub"))

    def restart(key: str) -> None:
        servers[-1].terminate()
        servers[-1].wait()
        key_file.write_text(key)
        start_server(line, servers)

    right = key_file.read_text()
    restart(f'key: "{"ab" * 32}"\n')
    installation = open_installation(tmp_path / "hub")
    with pytest.raises(Unavailable, match=r"bus-not-reached|stream-missing"):
        start_hub(installation)
    with pytest.raises(Unavailable, match="could not be recovered"):
        kakehashi(*make)
    restart(right)
    start_hub(installation).close()
    with open_archive(installation) as archive:
        assert archive.store.at(archive.genesis.log_id, 1).position == 1


def test_a_hub_does_not_found_itself_again_on_an_empty_stream(
    tmp_path: Path, servers: list[subprocess.Popen[bytes]]
) -> None:
    bus = tmp_path / "bus"
    installation = create_installation(tmp_path / "hub", mode="rehearsal")
    runtime = start_hub(installation)  # on its own server
    runtime.log_keeper.step()
    runtime.close()
    kakehashi("bus", "config", "--out", str(bus), "--port", str(free_port()))
    start_server(f"(cd {bus / 'nats-1'} && nats-server -c nats.conf) &", servers)
    kakehashi(
        "bus", "make", "--bus", str(bus / "bus.json"), "--ops-seed-file", str(bus / "seeds" / "ops.seed")
    )
    name_bus(installation.hub_folder, bus / "bus.json")
    with pytest.raises(InvariantViolation, match="record-lost"):
        start_hub(installation)
    (installation.hub_folder / "read_models.db").unlink()
    with pytest.raises(InvariantViolation, match="record-lost"):
        start_hub(installation)


def test_a_short_torture_of_a_cluster_reports_no_fault(tmp_path: Path) -> None:
    """Five rounds of a seed whose faults are short; the command takes as many as it is told."""
    torture_result = torture_cluster.cluster(tmp_path, 5, 1093, lambda n: None)
    assert torture_result.faults == []
    assert torture_result.done["withdrawn"] > 0
    assert torture_result.done["opened"] > 0
    assert sum(torture_result.done[name] for name in torture_cluster.FAULTS) == 5


def test_a_stale_opening_would_be_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the proof that an answer is fresh, a slow replica makes openings that the torture finds."""
    monkeypatch.setattr("adapters.bus.fresh.FreshReads.require", lambda self, reached: None)
    monkeypatch.setattr(torture_cluster, "FAULTS", {"slow": torture_cluster.FAULTS["slow"]})
    monkeypatch.setattr(torture_cluster, "RESTART_SHARE", 0.0)
    faults = torture_cluster.cluster(tmp_path, 3, 1, lambda n: None).faults
    assert any(fault.startswith("released ") for fault in faults)
    assert any("stands behind the withdrawal" in fault for fault in faults)
    assert any(fault.startswith("decision-differs") for fault in faults)
