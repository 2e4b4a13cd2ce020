"""What we use of nats-py that it does not promise: if an update changes it, this fails first."""

from __future__ import annotations

import asyncio
import inspect
from importlib.metadata import version

import pytest
from eventsourcing.persistence import ListenNotifySubscription
from nats.aio.client import Client
from nats.aio.transport import TcpTransport

from adapters.bus.client import PRIVATE_NAMES, _InterceptingClient


def test_the_installed_nats_py_version_is_a_tested_one():
    assert version("nats-py").startswith("2.16."), "check the private names again, then raise this version"
    assert version("eventsourcing").startswith("9.5."), (
        "check the private names again, then raise this version"
    )


def test_every_private_name_of_nats_py_that_is_used_exists():
    client = Client()
    assert all(hasattr(client, name) for name in PRIVATE_NAMES)


def test_messages_are_delivered_with_raw_headers():
    parameters = list(inspect.signature(Client._process_msg).parameters)
    assert parameters == ["self", "sid", "subject", "reply", "data", "headers"]
    assert inspect.iscoroutinefunction(Client._process_msg)
    assert list(inspect.signature(_InterceptingClient._process_msg).parameters) == parameters


def test_the_transport_accepts_bytes_without_waiting():
    assert list(inspect.signature(TcpTransport.write).parameters) == ["self", "payload"]
    assert not inspect.iscoroutinefunction(TcpTransport.write)


def test_a_denied_permission_is_reported_by_the_error_callback():
    received: list[str] = []

    async def on_error(error: Exception) -> None:
        received.append(str(error))

    async def play() -> None:
        client = Client()
        client._error_cb = on_error
        await client._process_err("'permissions violation for publish to \"a.b\"'")

    asyncio.run(play())
    assert received == ['nats: permissions violation for publish to "a.b"']


@pytest.mark.parametrize("name", ["_loop_on_pull", "_pull"])
def test_the_librarys_subscription_pulls_pages_as_expected(name):
    assert callable(getattr(ListenNotifySubscription, name))
    source = inspect.getsource(ListenNotifySubscription)
    for used in ("_has_been_stopped", "_has_been_notified", "_notifications_queue", "_last_notification_id"):
        assert f"self.{used}" in source
