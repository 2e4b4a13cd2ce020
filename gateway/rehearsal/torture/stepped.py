"""A hub that is killed at its n-th step. A step is the moment before or after an effect that lasts or is seen outside.

Steps are writes to sockets, files and databases, syncs, renamings and removals, by any of the hub's threads.
Ending between two steps leaves the same state as ending at one of them, so killing at every step covers every
instant. The hub is forked from a process that has imported all code before.
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
from domain.errors import InvariantViolation, Unavailable
from gateway.hub.runtime import HubRuntime, start_hub
from gateway.installation.folder import open_installation
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.guard import refuse_real_hub

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
POLL_SECONDS = 0.05  # between two polls of the log for new records
SEAM_FILE = "seam"
"""The file in which the hub writes the step at which it ends."""


class _Steps:
    """Counts the steps of this process while ``at`` is set, and ends it at that one."""

    def __init__(self, seam_file: Path) -> None:
        self._seam_file = str(seam_file)
        self._counter = count(1)
        self.at = 0

    def arm(self, at: int) -> None:
        """Count from here; 0 ends the counting."""
        self._counter, self.at = count(1), at

    @property
    def done(self) -> int:
        return next(self._counter) - 1

    def on_call(self, frame: FrameType, event: str, function: Any) -> None:
        """The profile hook: called by the interpreter before and after each call."""
        if not self.at or not event.startswith("c_") or function.__name__ not in EFFECTS:
            return
        if function.__name__ == "replace" and function.__module__ != "posix":
            return  # str.replace or datetime.replace, not os.replace
        if next(self._counter) == self.at:
            when = "before" if event == "c_call" else "after"
            code = frame.f_code
            where = f"{when} {function.__name__} in {Path(code.co_filename).name}:{code.co_name}"
            file = os.open(self._seam_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(file, where.encode())
            os.kill(os.getpid(), signal.SIGKILL)


def _run_hub(folder: str, port: int, clock: datetime | None, at: int, pipe: Connection) -> None:
    """The child process: counts from its first step where ``at`` is not 0; then follows the instructions from ``pipe``."""
    hub_log = os.open(f"{folder}/hub.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(hub_log, 1)
    os.dup2(hub_log, 2)
    steps = _Steps(Path(folder) / SEAM_FILE)
    steps.arm(at)
    threading.setprofile(steps.on_call)
    sys.setprofile(steps.on_call)
    gateway.hub.log.LOG_POLL_SECONDS = POLL_SECONDS
    with closing(start_hub(open_installation(Path(folder)), at=clock)) as runtime:
        with ServedApp(runtime.app, port=port):
            pipe.send(0)
            with suppress(EOFError):  # its parent has ended
                _follow_instructions(pipe, runtime, steps)
        steps.arm(0)


def _follow_instructions(pipe: Connection, runtime: HubRuntime, steps: _Steps) -> None:
    while (instruction := pipe.recv()) != "end":
        if isinstance(instruction, int):
            steps.arm(instruction)
            done = 0
        elif instruction == "tick":
            done = runtime.hub.tick()
            runtime.log_keeper.wait_for(runtime.store.head())
        else:
            done = steps.done
        pipe.send(done)


class SteppedHub:
    """Such a hub on a folder and a port. Ends only what it started. Raises Refused for a real hub."""

    def __init__(self, folder: Path, port: int, clock: datetime | None = None) -> None:
        refuse_real_hub(folder)
        self.url = f"http://127.0.0.1:{port}"
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload([__name__])
        self._new_process = partial(self._context.Process, target=_run_hub)
        self._hub_folder, self._hub_port, self._clock = folder, port, clock
        self._child: BaseProcess | None = None
        self._pipe: Connection | None = None

    def start(self, at: int = 0) -> bool:
        """Start it. True: it answers; False: it was killed at its step ``at`` before. Raises InvariantViolation."""
        self._pipe, child_end = self._context.Pipe()
        arguments = (str(self._hub_folder), self._hub_port, self._clock, at, child_end)
        self._child = self._new_process(args=arguments, daemon=True)
        self._child.start()
        child_end.close()
        try:
            if not self._pipe.poll(START_SECONDS):
                raise Unavailable("not-started")
            self._pipe.recv()
        except (EOFError, ConnectionError):
            self.wait()
            return False
        return True

    def instruct(self, instruction: str | int) -> int | None:
        """«tick», «steps» (counted so far), or the number of the step at which it is killed; None where it has ended."""
        assert self._pipe is not None
        try:
            self._pipe.send(instruction)
            done: int = self._pipe.recv()
        except (EOFError, OSError):
            return None
        return done

    def wait(self) -> None:
        """Wait until it has ended. Raises InvariantViolation where it was not killed by its step."""
        assert self._child is not None
        self._child.join()
        if self._child.exitcode != -signal.SIGKILL:
            hub_log = (self._hub_folder / "hub.log").read_text(errors="replace")
            raise InvariantViolation("hub-ended", f"The hub ended by itself: {hub_log[-1500:]}")

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.is_alive()

    @property
    def seam(self) -> str:
        """The step at which it was killed last."""
        return (self._hub_folder / SEAM_FILE).read_text()

    def stop(self) -> None:
        """Stop it in an orderly way, if it runs."""
        if self._child is not None and self._child.is_alive():
            assert self._pipe is not None
            with suppress(OSError):
                self._pipe.send("end")
            self._child.join(30)
            if self._child.is_alive():
                self._child.kill()
                self._child.join()
