"""I8 at its seams: the hub, or its bus, is killed between the record and the answer, every time."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest

from domain.events import Kind, SectionOpened
from gateway.agency.door import SectionContent
from gateway.agency.store import CONFIRMED
from gateway.audit.verification import Verifier, doors_of
from gateway.installation.archive import open_archive
from gateway.installation.folder import create_installation
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub
from gateway.rehearsal.torture.process import HubProcess
from tests.gateway.hubkit import REFERRAL, START, HubWithCase

pytestmark = [pytest.mark.faults, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]


class Proxy:
    """Carries bytes between doors and hub. ``armed`` is called once, at the moment that ``when`` names:

    «asked»: the hub has the whole request, and has perhaps done nothing yet;
    «answered»: the hub has recorded and speaks. Its answer never arrives.
    """

    def __init__(self, port: int) -> None:
        self._target_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.when = ""
        self.armed: Callable[[], None] | None = None
        self.cut = 0
        self._is_closed = False
        self._threads: list[Thread] = []
        self._accepting = Thread(target=self._accept_doors)
        self._accepting.start()

    def close(self) -> None:
        self._is_closed = True
        with suppress(OSError):
            socket.create_connection(self._listener.getsockname()).close()
        self._accepting.join(10)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept_doors(self) -> None:
        while not self._is_closed:
            door, _ = self._listener.accept()
            thread = Thread(target=self._relay, args=(door,))
            self._threads.append(thread)
            thread.start()

    def _relay(self, door: socket.socket) -> None:
        """One request and its answer a time, as HTTP/1.1 with a length in both (which is what both sides speak)."""
        with door:
            door.settimeout(0.2)
            try:
                with socket.create_connection(("127.0.0.1", self._target_port)) as hub:
                    hub.settimeout(60)
                    while not self._is_closed and (request := self._read_message(door, idle=True)):
                        hub.sendall(request)
                        is_command = request.startswith(b"POST /v1/commands")
                        if is_command and self._kill_at_seam("requested"):
                            return
                        answer = self._read_message(hub, idle=False)
                        if not answer or (is_command and self._kill_at_seam("answered")):
                            return
                        door.sendall(answer)
            except OSError:
                return

    def _kill_at_seam(self, moment: str) -> bool:
        armed = self.armed if self.when == moment else None
        if armed is None:
            return False
        self.armed = None
        armed()
        self.cut += 1
        return True

    def _read_message(self, end: socket.socket, *, idle: bool) -> bytes:
        data = b""
        while True:
            head, separator, body = data.partition(b"\r\n\r\n")
            if separator:
                lengths = [
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ]
                if len(body) >= (lengths[0] if lengths else 0):
                    return data
            try:
                more = end.recv(65536)
            except TimeoutError:
                if self._is_closed or not idle:
                    return b""
                continue
            if not more:
                return b""
            data += more


@contextmanager
def hub_behind_proxy(tmp_path: Path) -> Iterator[tuple[HubProcess, Proxy, HubWithCase]]:
    installation = create_installation(tmp_path / "hub", mode="rehearsal")
    hub = HubProcess(installation, START)
    try:
        hub.start()
        proxy = Proxy(hub.port)
        try:
            rehearsal_hub = RehearsalHub(installation, proxy.url, START, runtime=None, retry_seconds=60.0)
            try:
                hub_with_case = HubWithCase(rehearsal_hub)
                try:
                    yield hub, proxy, hub_with_case
                finally:
                    hub_with_case.close()
            finally:
                rehearsal_hub.close()
        finally:
            proxy.close()
    finally:
        hub.stop()


def verify_and_read(hub_with_case: HubWithCase) -> list[object]:
    """All records; the whole record verifies, and every receipt in the doors' stores is in the log."""
    with open_archive(hub_with_case.rehearsal_hub.installation) as archive:
        verifier = Verifier(archive.recorder, archive.store, archive.genesis)
        assert verifier.run(doors=doors_of(hub_with_case.rehearsal_hub.installation)).findings == []
        return [k.record for k in archive.store.read(1, 500)]


@pytest.mark.parametrize("who", ["hub", "bus"])
@pytest.mark.parametrize("when", ["requested", "answered"])
def test_a_command_is_recorded_once_when_the_hub_dies_before_its_answer(
    who: str, when: str, tmp_path: Path
) -> None:
    with hub_behind_proxy(tmp_path) as (hub, proxy, hub_with_case):

        def kill() -> None:
            if who == "hub":
                hub.kill()
                Thread(target=hub.start).start()
            else:
                pid = hub.bus_pid()
                assert pid is not None
                os.kill(pid, signal.SIGKILL)

        proxy.when = when
        door, sent = hub_with_case.door("MID-HOSP"), []
        for n in range(2):
            proxy.armed = kill
            parts = [SectionContent("BASIC", f"nr. {n}".encode())]
            sent.append(
                door.send(
                    Kind.CASE, hub_with_case.case, REFERRAL, hub_with_case.referral(), parts, actor="staff.h"
                )
            )
        proxy.armed = kill
        item, section = sent[0].items[0]
        opened = hub_with_case.door("AZ-CORE").open(
            hub_with_case.case, sent[0].command_id, item, section, actor="staff.a"
        )
        assert opened.content == b"nr. 0"
        assert proxy.cut == 3
        assert [s.outcome for s in sent] == ["recorded", "recorded"]
        assert all(o.state == CONFIRMED for o in door.store.outgoing())
        hub.stop()
        records = verify_and_read(hub_with_case)
    command_ids = [r.command_id for r in records]  # type: ignore[attr-defined]
    assert len(set(command_ids)) == len(command_ids)
    assert {s.command_id for s in sent} <= set(command_ids)
    assert sum(isinstance(r.event, SectionOpened) for r in records) == 1  # type: ignore[attr-defined]


def test_a_command_queued_while_the_hub_is_dead_is_sent_by_a_later_flush(tmp_path: Path) -> None:
    """The door gives up before the hub is back; the outbox keeps the bytes, and their prev still holds."""
    with hub_behind_proxy(tmp_path) as (hub, proxy, hub_with_case):
        door = hub_with_case.door("MID-HOSP")
        door._retry_seconds = 0.5
        proxy.when, proxy.armed = "answered", hub.kill
        parts = [SectionContent("BASIC", b"x")]
        fields = hub_with_case.referral()
        first = door.send(Kind.CASE, hub_with_case.case, REFERRAL, fields, parts, actor="staff.h")
        assert first.outcome == "waiting"
        assert door.flush() == 0
        hub.start()
        assert door.flush() == 1
        case = uuid4()
        assert door.send(Kind.CASE, case, REFERRAL, fields, parts, actor="staff.h").outcome == "recorded"
        hub.stop()
        command_ids = [r.command_id for r in verify_and_read(hub_with_case)]  # type: ignore[attr-defined]
    assert command_ids.count(first.command_id) == 1
