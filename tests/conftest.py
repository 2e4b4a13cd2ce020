"""What every test keeps to: sockets on loopback only, and no test leaves a server behind."""

from __future__ import annotations

import socket

import pytest
from hypothesis import settings
from pytest_socket import socket_allow_hosts

LOOPBACK = ["127.0.0.1", "::1", "localhost"]


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> None:
    """Any other address is refused before a packet leaves."""
    socket_allow_hosts(LOOPBACK, allow_unix_socket=True)
    assert socket.socket is not None


settings.register_profile("long", deadline=None)
