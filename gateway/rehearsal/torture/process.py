"""A hub in a process of its own that can be killed and restarted on the same port and folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep

import httpx2 as httpx

from domain.errors import ExchangeError
from gateway.installation.folder import Installation
from gateway.protocol.client import HubClient
from gateway.rehearsal.guard import refuse_real_hub


class HubProcess:
    """``kakehashi hub serve`` as a child process. Ends only the process it started. Raises Refused for a real hub."""

    def __init__(self, installation: Installation, clock: datetime) -> None:
        refuse_real_hub(installation.folder)
        self.installation = installation
        self._clock = clock.isoformat()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.starts = 0
        self._hub_process: subprocess.Popen[bytes] | None = None
        self._log = (installation.folder / "hub.log").open("ab")

    def start(self, timeout_seconds: float = 60.0) -> None:
        """Start it and wait until it answers. Raises AssertionError with its log where it does not."""
        command = [
            sys.executable,
            "-m",
            "gateway.cli",
            "hub",
            "serve",
            "--data",
            str(self.installation.folder),
        ]
        self._hub_process = subprocess.Popen(
            [*command, "--port", str(self.port), "--clock", self._clock],
            stdout=self._log,
            stderr=self._log,
            cwd=Path(__file__).parents[3],
        )
        self.starts += 1
        client = HubClient(self.url, timeout=2.0)
        deadline = monotonic() + timeout_seconds
        try:
            while True:
                try:
                    client.now()
                    return
                except ExchangeError:
                    if self._hub_process.poll() is not None or monotonic() > deadline:
                        raise AssertionError(self.log()[-2000:]) from None
                    sleep(0.05)
        finally:
            client.close()

    def ready(self, timeout_seconds: float) -> bool:
        """Whether it reports within this time (seconds) that it can record."""
        deadline = monotonic() + timeout_seconds
        while monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", timeout=5.0).status_code == 200:
                    return True
            sleep(0.1)
        return False

    def kill(self) -> None:
        """kill -9, and wait until the process has ended; nats-server ends with its parent."""
        assert self._hub_process is not None
        self._hub_process.kill()
        self._hub_process.wait()

    def stop(self) -> None:
        """Stop it as an operator would."""
        if self._hub_process is not None and self._hub_process.poll() is None:
            self._hub_process.send_signal(signal.SIGTERM)
            try:
                self._hub_process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self._log.close()

    def bus_pid(self) -> int | None:
        """The process id of the nats-server that this hub started; None where there is none."""
        assert self._hub_process is not None
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                parent = int(entry.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1])
                name = os.readlink(entry / "exe")
            except (OSError, ValueError, IndexError):
                continue
            if parent == self._hub_process.pid and "nats-server" in name:
                return int(entry.name)
        return None

    def log(self) -> str:
        return (self.installation.folder / "hub.log").read_text(errors="replace")


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
