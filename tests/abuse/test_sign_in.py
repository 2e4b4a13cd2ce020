"""Strangers at the sign-in of a served door: memory and times, as ratios to one honest sign-in in the same run.

The strangers come from addresses of their own (127.0.0.0/8), as different sources do.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

import httpx2 as httpx
import pytest

from tests.abuse.door_at_sign_in import PASSPHRASE, PEOPLE, ROOT

SOURCES = 10
TRIES_OF_A_SOURCE = 4
MEMORY_RATIO = 1.9
"""Two checks instead of one: 64 MiB more on the some 130 MiB of an idle door."""
SIGN_IN_RATIO = 12
"""An honest sign-in waits for at most two checks that have begun; the rest is room for busy machines."""
HEALTH_RATIO = 4
"""Health is never as slow as some checks in a row."""

GIVE_UP_SECONDS = 60


@dataclass
class Served:
    url: str
    pid: int

    def peak_kib(self) -> int:
        """The largest memory that the process has had."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])

    def client(self, source: str = "127.0.0.1") -> httpx.Client:
        transport = httpx.HTTPTransport(local_address=source)
        headers = {"origin": self.url}
        return httpx.Client(base_url=self.url, timeout=120, transport=transport, headers=headers)

    def sign_in(self, source: str = "127.0.0.1", actor: str = PEOPLE[0], *, cookie: str = "") -> str:
        """An honest person signs in, again as often as the door asks for it. Returns the cookie of the device."""
        give_up = monotonic() + GIVE_UP_SECONDS
        with self.client(source) as client:
            while True:
                answer = client.post(
                    "/sign-in", data={"actor": actor, "passphrase": PASSPHRASE}, headers={"cookie": cookie}
                )
                if answer.status_code == 303:
                    break
                assert answer.status_code in (401, 429, 503), answer.text
                assert monotonic() < give_up, "the right passphrase does not get in"
                Event().wait(float(answer.headers.get("retry-after", 1)))
        cookies = answer.headers.get_list("set-cookie")
        return next((c.split(";")[0] for c in cookies if "device" in c), "")


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Served]:
    command = [sys.executable, str(ROOT / "tests" / "abuse" / "door_at_sign_in.py"), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Served(process.stdout.readline().strip(), process.pid)
        finally:
            process.communicate("", timeout=60)


def seconds(act: object) -> float:
    began = monotonic()
    act()  # type: ignore[operator]
    return monotonic() - began


class Strangers:
    """Guess at one name from many sources at once, until it is over."""

    def __init__(self, door: Served) -> None:
        self.answers: Counter[int] = Counter()
        self._over = Event()
        self._pool = ThreadPoolExecutor(SOURCES * TRIES_OF_A_SOURCE)
        for n in range(SOURCES * TRIES_OF_A_SOURCE):
            self._pool.submit(self._guess, door, f"127.0.1.{1 + n % SOURCES}")

    def _guess(self, door: Served, source: str) -> None:
        with door.client(source) as client:
            while not self._over.is_set():
                answer = client.post(
                    "/sign-in", data={"actor": PEOPLE[0], "passphrase": "a wrong passphrase"}
                )
                self.answers[answer.status_code] += 1
                if "retry-after" in answer.headers:
                    assert int(answer.headers["retry-after"]) >= 1
                    self._over.wait(0.2)  # less than they were asked to wait

    def __enter__(self) -> Strangers:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._pool.shutdown()


def test_strangers_neither_fill_the_memory_nor_keep_people_and_health_waiting(door: Served) -> None:
    known = door.sign_in()
    quiet = seconds(door.sign_in)
    quiet_peak = door.peak_kib()
    with Strangers(door) as strangers, door.client() as client:
        while sum(strangers.answers.values()) < SOURCES:  # the attack is under way
            Event().wait(0.05)
        health = max(seconds(lambda: client.get("/healthz")) for _ in range(10))
        new_machine = seconds(lambda: door.sign_in("127.0.2.1"))
        with_device = seconds(lambda: door.sign_in("127.0.1.1", cookie=known))
        colleague = seconds(lambda: door.sign_in("127.0.2.2", PEOPLE[1]))
    assert set(strangers.answers) <= {401, 429, 503}
    assert door.peak_kib() < MEMORY_RATIO * quiet_peak
    assert health < HEALTH_RATIO * quiet
    for honest in (new_machine, with_device, colleague):
        assert honest < SIGN_IN_RATIO * quiet
