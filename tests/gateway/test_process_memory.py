"""Processes that hold keys: no core dump, and no reading of their memory by others of the same user.

The evidence comes from the kernel, inside each process: a module that Python loads at its start writes what the kernel
answers to a file named by the process.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.gateway.test_processes import AGENCIES, kakehashi, serving

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="the attribute is one of Linux"),
]

WATCHER = """
import ctypes, os, resource, sys, threading, time

def watch(folder=os.environ["WATCHED"], prctl=ctypes.CDLL(None).prctl):
    path = os.path.join(folder, str(os.getpid()))
    while True:
        answer = f"{prctl(3, 0, 0, 0, 0)} {resource.getrlimit(resource.RLIMIT_CORE)} {' '.join(sys.argv)}"
        with open(path + ".part", "w") as file:
            file.write(answer)
        os.replace(path + ".part", path)
        time.sleep(0.05)

threading.Thread(target=watch, daemon=True).start()
"""


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sitecustomize.py").write_text(WATCHER)
    folder = tmp_path / "watched"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("WATCHED", str(folder))
    return folder


def answers(folder: Path, part: str) -> list[str]:
    """What the kernel answered in the processes whose command line holds this."""
    texts = [path.read_text() for path in folder.iterdir() if path.suffix != ".part"]
    return [text for text in texts if part in text]


def test_every_process_that_holds_keys_is_closed_to_others(tmp_path: Path, watched: Path) -> None:
    listed, hub = tmp_path / "agencies.yaml", tmp_path / "hub"
    listed.write_text(AGENCIES, encoding="utf-8")
    kakehashi("hub", "init", "--data", str(hub), "--rehearsal", "--register", str(listed))
    folder = hub / "agencies" / "AZ-CORE"
    with (
        serving(tmp_path / "hub.log", "hub", "serve", "--data", str(hub)) as url,
        serving(tmp_path / "door.log", "agency", "serve", "--folder", str(folder), "--hub", url),
    ):
        until = monotonic() + 60
        for part in ("hub serve", "projector_process", "agency serve"):
            while not (seen := answers(watched, part)) or not all(a.startswith("0 (0, 0)") for a in seen):
                assert monotonic() < until, (part, seen)
                sleep(0.05)
    assert all(a.startswith("0 (0, 0)") for a in answers(watched, "hub init"))
