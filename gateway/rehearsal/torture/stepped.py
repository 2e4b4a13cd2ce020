"""A hub that is killed at its n-th step. A step is what lasts or what others see: before it and after it.

Steps are writes to sockets, files and databases, syncs, renamings and removals, by any of the hub's threads.
Between two steps an end leaves nothing behind that an end at either of them would not, so that killing at every
step is killing at every instant. The hub is forked from a process that has read all code before.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import closing, suppress
from datetime import datetime
from functools import partial
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any

import gateway.hub.log
from domain.errors import Broken, Unavailable
from gateway.hub.runtime import HubRuntime, start_hub
from gateway.installation.folder import open_installation
from gateway.protocol.serving import Served

EFFECTS = frozenset(
    [
        "send",
        "sendmsg",
        "execute",
        "executemany",
        "commit",
        "rollback",
        "write",
        "flush",
        "fsync",
        "replace",
        "unlink",
        "mkdir",
        "rmdir",
    ]
)
NEVER = 1 << 60
START_SECONDS = 60.0
POLL_SECONDS = 0.05  # so often the log of such a hub looks for records
SEAM = "seam"
"""The file in which the hub says last at which step it ends."""


class _Steps:
    """Counts the steps of this process while ``at`` is set, and ends it at that one."""

    def __init__(self, told: Path) -> None:
        self._told = str(told)
        self._next = count(1)
        self.at = 0

    def arm(self, at: int) -> None:
        """Count from here; 0 ends the counting."""
        self._next, self.at = count(1), at

    @property
    def done(self) -> int:
        return next(self._next) - 1

    def see(self, frame: FrameType, event: str, of: Any) -> None:
        """Called by the interpreter before and after each call into C, and for all others."""
        if not self.at or not event.startswith("c_") or of.__name__ not in EFFECTS:
            return
        if of.__name__ == "replace" and of.__module__ != "posix":
            return  # of a text, or a moment
        if next(self._next) == self.at:
            when = "before" if event == "c_call" else "after"
            code = frame.f_code
            where = f"{when} {of.__name__} in {Path(code.co_filename).name}:{code.co_name}"
            file = os.open(self._told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(file, where.encode())
            os.kill(os.getpid(), signal.SIGKILL)


def _hub(folder: str, port: int, clock: datetime | None, at: int, line: Connection) -> None:
    """The child: counts from its first step where ``at`` is not 0; does then what it is told over ``line``."""
    said = os.open(f"{folder}/hub.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    steps = _Steps(Path(folder) / SEAM)
    steps.arm(at)
    threading.setprofile(steps.see)
    sys.setprofile(steps.see)
    gateway.hub.log.POLL_SECONDS = POLL_SECONDS
    with closing(start_hub(open_installation(Path(folder)), at=clock)) as runtime:
        with Served(runtime.app, port=port):
            line.send(0)
            with suppress(EOFError):  # its parent is gone
                _obey(line, runtime, steps)
        steps.arm(0)


def _obey(line: Connection, runtime: HubRuntime, steps: _Steps) -> None:
    while (wanted := line.recv()) != "end":
        if isinstance(wanted, int):
            steps.arm(wanted)
            done = 0
        elif wanted == "tick":
            done = runtime.hub.tick()
            runtime.logbook.wait_for(runtime.store.head())
        else:
            done = steps.done
        line.send(done)


class SteppedHub:
    """Such a hub, over a folder, on a port of its own. Ends only what it started."""

    def __init__(self, folder: Path, port: int, clock: datetime | None = None) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload([__name__])
        self._new = partial(self._context.Process, target=_hub)
        self._folder, self._port, self._clock = folder, port, clock
        self._process: BaseProcess | None = None
        self._line: Connection | None = None

    def start(self, at: int = 0) -> bool:
        """Start it; whether it answers, or was killed at its step ``at`` before it did. Raises Broken."""
        self._line, theirs = self._context.Pipe()
        arguments = (str(self._folder), self._port, self._clock, at, theirs)
        self._process = self._new(args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        try:
            if not self._line.poll(START_SECONDS):
                raise Unavailable("not-started", "the hub does not start")
            self._line.recv()
        except (EOFError, ConnectionError):
            self.wait()
            return False
        return True

    def ask(self, wanted: str | int) -> int | None:
        """«tick», «steps» (since it counts), or from where on it counts to its end; None where it ended."""
        assert self._line is not None
        try:
            self._line.send(wanted)
            done: int = self._line.recv()
        except (EOFError, OSError):
            return None
        return done

    def wait(self) -> None:
        """Until it is gone. Raises Broken where it ended otherwise than by its step."""
        assert self._process is not None
        self._process.join()
        if self._process.exitcode != -signal.SIGKILL:
            said = (self._folder / "hub.log").read_text(errors="replace")
            raise Broken("hub-ended", f"the hub ended by itself: {said[-1500:]}")

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    @property
    def seam(self) -> str:
        """At which step it was killed last."""
        return (self._folder / SEAM).read_text()

    def stop(self) -> None:
        """End it in order, if it runs."""
        if self._process is not None and self._process.is_alive():
            assert self._line is not None
            with suppress(OSError):
                self._line.send("end")
            self._process.join(30)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
