"""The embedded server: its files, its one owner, its end, and what it does when things break."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from eventsourcing.persistence import OperationalError, ProgrammingError

from adapters.bus import AlreadyRunning, EmbeddedServer, StreamDrift, connect
from adapters.bus.binary import binary_version, find_binary, version_mismatch

KEY = bytes(range(100, 132))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def await_(condition, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def listening_ports(pid: int) -> set[int]:
    """The TCP ports on which this process listens."""
    sockets = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            sockets.add(os.readlink(fd))
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return {int(f[1].rpartition(":")[2], 16) for f in lines if f[3] == "0A" and f"socket:[{f[9]}]" in sockets}


@pytest.fixture
def server(tmp_path):
    with EmbeddedServer(tmp_path / "data", store_key=KEY).start() as it:
        yield it


def test_only_its_owner_can_read_its_files(server):
    assert mode(server.folder) == 0o700
    for name in ("nats.conf", "lock", "seeds/hub.seed", "seeds/ops.seed", "seeds/sys.seed"):
        assert mode(server.folder / name) == 0o600, name


def test_the_store_key_is_in_no_file_argument_or_environment(server):
    key = KEY.hex().encode()
    visible = [path for path in server.folder.rglob("*") if path.is_file() and key in path.read_bytes()]
    assert visible == []
    process = Path(f"/proc/{server.pid}")
    if not process.exists():
        pytest.skip("this system has no /proc")
    assert key not in (process / "cmdline").read_bytes()
    assert key not in (process / "environ").read_bytes()
    for fd in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the server closes files of its own while this looks
            if "memfd" in os.readlink(fd):
                assert fd.read_bytes() == b"", "the memory that carried the key is empty"


def test_records_are_encrypted_on_disk(server, event):
    recorder = connect(server.hub_settings())
    recorder.insert_events([event(state=b"plain to see " * 20)])
    recorder.close()
    for path in (server.folder / "jetstream").rglob("*"):
        if path.is_file():
            assert b"plain to see" not in path.read_bytes(), path


def test_without_the_right_key_the_records_are_not_served(tmp_path, event):
    with EmbeddedServer(tmp_path / "data", store_key=KEY).start() as server:
        recorder = connect(server.hub_settings())
        recorder.insert_events([event()])
        recorder.close()
    with pytest.raises(ProgrammingError, match="the store key is not the one"):
        EmbeddedServer(tmp_path / "data", store_key=bytes(32)).start()
    (tmp_path / "data" / "store-key.check").unlink()
    with pytest.raises(StreamDrift, match="stream KAKEHASHI is not there"):
        EmbeddedServer(tmp_path / "data", store_key=bytes(32)).start()
    (tmp_path / "data" / "store-key.check").unlink()
    with EmbeddedServer(tmp_path / "data", store_key=KEY).start() as server:
        recorder = connect(server.hub_settings())
        assert recorder.head() == 1, "and the attempts have not harmed them"
        recorder.close()


def test_it_listens_on_loopback_only(server):
    assert server.url.startswith("nats://127.0.0.1:")
    conf = (server.folder / "nats.conf").read_text()
    assert 'listen: "127.0.0.1:' in conf
    assert "http" not in conf, "a monitoring port asks nobody to sign in"
    assert listening_ports(server.pid) == {int(server.url.rpartition(":")[2])}


def test_a_second_server_on_the_same_folder_is_refused(server, monkeypatch):
    import adapters.bus.server as module

    monkeypatch.setattr(module._lock_folder, "__defaults__", (0.2,))
    with pytest.raises(AlreadyRunning, match="another server uses this data folder"):
        EmbeddedServer(server.folder, store_key=KEY).start()
    with pytest.raises(AlreadyRunning, match="started already"):
        server.start()
    connect(server.hub_settings()).close()  # the first one is unharmed


def test_a_crashed_server_is_reported_and_restarted_on_the_same_port(tmp_path, event):
    reported: list[tuple[str, str]] = []
    with EmbeddedServer(
        tmp_path / "data", store_key=KEY, on_event=lambda *e: reported.append(e)
    ).start() as server:
        recorder = connect(server.hub_settings())
        url, pid = server.url, server.pid
        recorder.insert_events([event()])
        os.kill(pid, signal.SIGKILL)
        recorder.insert_events([event()])
        assert (server.url, recorder.head()) == (url, 2)
        assert server.pid not in (None, pid)
        recorder.close()
    assert [event_name for event_name, _ in reported] == ["started", "crashed", "started", "stopped"]
    assert "code -9" in reported[1][1]


def test_a_failing_event_listener_does_not_end_the_supervision(tmp_path, event):
    def broken(*_: str) -> None:
        raise RuntimeError("listener")

    with EmbeddedServer(tmp_path / "data", store_key=KEY, on_event=broken).start() as server:
        os.kill(server.pid, signal.SIGKILL)
        recorder = connect(server.hub_settings())
        recorder.insert_events([event()])
        recorder.close()


def test_stop_ends_the_server_and_is_idempotent(tmp_path):
    server = EmbeddedServer(tmp_path / "data", store_key=KEY).start()
    pid = server.pid
    server.stop()
    server.stop()
    assert not alive(pid)
    assert server.pid is None
    with server.start():  # and it can be started again
        assert server.pid is not None


PARENT = """
import sys, time
from adapters.bus import EmbeddedServer
server = EmbeddedServer(sys.argv[1], store_key=bytes(range(100, 132))).start()
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the mark to die with the parent is Linux's")
def test_the_server_dies_with_its_parent_and_the_folder_can_be_used_again(tmp_path):
    folder = tmp_path / "data"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE)
    with parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    assert await_(lambda: not alive(pid))
    EmbeddedServer(folder, store_key=KEY).start().stop()


def test_seeds_are_the_same_after_a_restart(tmp_path):
    seeds = []
    for _ in range(2):
        with EmbeddedServer(tmp_path / "data", store_key=KEY).start() as server:
            seeds.append((server.hub_settings().seed, server.ops_settings().seed))
    assert seeds[0] == seeds[1]
    assert seeds[0][0] != seeds[0][1]


def test_a_program_that_is_no_nats_server_is_refused(tmp_path):
    with pytest.raises(ProgrammingError):
        EmbeddedServer(tmp_path / "data", store_key=KEY, binary=Path(sys.executable)).start()


def test_a_server_that_cannot_start_reports_the_reason(tmp_path, bus):
    port = int(bus.server.url.rpartition(":")[2])
    with pytest.raises(OperationalError, match=r"did not start.*address already in use"):
        EmbeddedServer(tmp_path / "data", store_key=KEY, port=port).start()


def test_the_installed_server_version_is_a_tested_one():
    assert version_mismatch(binary_version(find_binary())) == ""


@pytest.mark.parametrize("version", ["2.15.0", "v2.16.0", "3.0.0", "2.9.25", "", "nonsense"])
def test_other_server_versions_are_refused(version):
    assert "is not within 2.15.1 and before 2.16.0" in version_mismatch(version)


@pytest.mark.parametrize("wrong", [{"store_key": b"short"}, {"store_key": KEY, "cipher": "rot13"}])
def test_invalid_server_options_are_refused(tmp_path, wrong):
    with pytest.raises(ValueError):
        EmbeddedServer(tmp_path, **wrong)


@pytest.mark.faults
def test_a_full_disk_is_an_operational_error_within_the_timeout(tmp_path, event):
    """A limit on the store simulates the full disk: no right to mount one is needed."""
    with EmbeddedServer(tmp_path / "data", store_key=KEY, max_file_store=3_000_000).start() as server:
        recorder = connect(replace(server.hub_settings(), timeout=1.5))
        stored = 0
        began = time.monotonic()

        def fill() -> None:
            nonlocal stored
            for _ in range(100):
                recorder.insert_events([event(state=os.urandom(100_000))])
                stored += 1

        with pytest.raises(OperationalError, match=r"not recorded: .*(resources|storage)"):
            fill()
        assert time.monotonic() - began < 8
        assert 20 <= stored < 40
        assert recorder.head() == stored
        assert recorder.check().room_bytes < 200_000
        recorder.close()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 12 MiB, where we may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a small file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.faults
def test_a_disk_filled_by_other_programs_is_reported_and_survived(small_disk, event, monkeypatch):
    """After such a failure the server answers nothing, even with free space again: it must be restarted."""
    monkeypatch.setattr("adapters.bus.server.CHECK_INTERVAL_SECONDS", 0.3)
    monkeypatch.setattr("adapters.bus.server.MIN_FREE_BYTES_TO_RESTART", 1024 * 1024)
    reported: list[str] = []
    filler = small_disk / "filler"
    with EmbeddedServer(
        small_disk / "data", store_key=KEY, on_event=lambda event_name, _: reported.append(event_name)
    ).start() as server:
        recorder = connect(replace(server.hub_settings(), timeout=1.5))
        recorder.insert_events([event()])
        filler.write_bytes(bytes(server.disk_free_bytes() - 300_000))
        stored = []

        def fill() -> None:
            for _ in range(20):
                stored.append(recorder.insert_events([event(state=os.urandom(100_000))]))

        with pytest.raises(OperationalError, match="no space left on device"):
            fill()
        assert await_(lambda: "stuck" in reported)
        assert "no space left on device" in recorder.check().trouble
        filler.unlink()
        assert await_(lambda: reported.count("started") == 2)
        recorder.insert_events([event()])
        assert recorder.head() == 1 + len(stored) + 1, (
            "everything acknowledged is stored, and appending continues"
        )
        recorder.close()
