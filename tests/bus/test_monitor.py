"""The servers' reports: asked as their system account's user; one missed check is no error, lasting silence is."""

from __future__ import annotations

import json
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest
from eventsourcing.persistence import OperationalError

from adapters.bus import BusSettings, Connection, NotAllowed
from adapters.bus.monitor import BUSY, HEALTH_ATTEMPTS, health_errors, server_reports
from adapters.bus.wire import Reply

WELL = {"status": "ok"}
NO_TIME = {"status": "unavailable", "error": f"{BUSY} after 1ms"}
FULL = {"status": "error", "error": "JetStream is not current with the meta leader"}


class Answering:
    """A system connection with these answers, the last one for ever."""

    settings = BusSettings()

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers, self.requests = answers, []
        self.replies: list[Reply] = []
        self.error = None

    def await_connection(self, deadline: float) -> None: ...

    def put(self, messages: list[tuple[str, tuple[()], bytes]], *, parts: int) -> Answering:
        data = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.replies = [Reply(b"", json.dumps({"server": {}, "data": data}).encode())] * parts
        self.requests.append(messages[0][0])
        return self

    def wait(self, seconds: float) -> bool:
        return True

    def forget(self, request: object) -> None: ...


@pytest.mark.parametrize(
    ("answers", "reported", "times"),
    [
        pytest.param([WELL], "", 1, id="well"),
        pytest.param([NO_TIME, NO_TIME, WELL], "", 3, id="busy for a moment"),
        pytest.param([NO_TIME], NO_TIME["error"], HEALTH_ATTEMPTS, id="not ready for long"),
        pytest.param([FULL], FULL["error"], 1, id="ill"),
        pytest.param([NO_TIME, FULL], FULL["error"], 2, id="busy, then ill"),
    ],
)
def test_only_a_lasting_health_error_is_reported(
    answers: list[dict[str, str]], reported: str, times: int
) -> None:
    system = Answering(*answers)
    assert health_errors(system, 5) == [reported]  # type: ignore[arg-type]
    assert system.requests == ["$SYS.REQ.SERVER.PING.HEALTHZ"] * times


def test_a_server_reports_to_its_system_user_and_to_nobody_else(bus) -> None:
    hub = Connection(bus.server.hub_settings())
    try:
        [report] = server_reports(hub.system(), 5)
        assert report["jetstream"]["config"]["sync_always"] is True
        with pytest.raises(OperationalError, match="can't be asked for"):
            server_reports(hub, 5)
    finally:
        hub.close()


def test_the_system_user_may_ask_for_reports_and_for_nothing_else(bus) -> None:
    settings = bus.server.hub_settings().as_system()
    system = Connection(settings)
    try:
        for subject in ("$SYS.REQ.SERVER.PING.CONNZ", "$JS.API.INFO", "$SYS.ACCOUNT.KAKEHASHI.DISCONNECT"):
            system.await_connection(monotonic() + 5)
            with pytest.raises(NotAllowed, match="permissions violation"):
                system.request(subject, b"{}", deadline=monotonic() + 3)
    finally:
        system.close()


def test_fewer_than_a_majority_of_the_servers_is_no_report(bus) -> None:
    hub = Connection(replace(bus.server.hub_settings(), replicas=3))
    try:
        with pytest.raises(OperationalError, match="1 of 3 servers answer"):
            server_reports(hub.system(), 1.0)
    finally:
        hub.close()
