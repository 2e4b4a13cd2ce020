"""What every test keeps to: sockets on loopback only, and no test leaves a server behind.

``fast`` tests need no server, no browser and no other process: run with ``-m fast`` they can't even open a socket.
``--large`` runs the whole of what the usual run samples; ``--hypothesis-profile=long`` makes the random histories many.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, socket_allow_hosts

import tests.profiles  # noqa: F401  (registers them)
from tests.measuring import Measuring

HERE = Path(__file__).parent
COVERAGE_FOLDER = os.environ.get("KAKEHASHI_COVERAGE")  # noqa: TID251
MEASURING = Measuring(Path(COVERAGE_FOLDER), HERE) if COVERAGE_FOLDER else None
"""Begins before any module of the product is imported."""
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 8 * 1024**3
LOOPBACK = ["127.0.0.1", "::1", "localhost"]

FAST_FOLDERS = frozenset({"adapters", "domain", "editions", "house", "keys", "projections"})
NEED_MORE = frozenset({"editions/test_two_editions.py", "projections/test_postgres.py"})
"""Modules of the fast folders that need a server after all."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--large", action="store_true", help="the whole of what the usual run samples")


def pytest_configure(config: pytest.Config) -> None:
    """Keep temporary folders in memory where there is room: every answered command is synced, and a slow disk would
    take most of the time. Tests kill processes, never the machine. A TMPDIR that is set stays."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES:  # noqa: TID251
        os.environ["TMPDIR"] = str(MEMORY)  # noqa: TID251
        tempfile.tempdir = None
    if MEASURING is not None:
        config.pluginmanager.register(MEASURING)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        module = item.path.relative_to(HERE)
        if module.parts[0] in FAST_FOLDERS and module.as_posix() not in NEED_MORE:
            item.add_marker(pytest.mark.fast)


@pytest.fixture(autouse=True, scope="session")
def _loopback_only(request: pytest.FixtureRequest) -> None:
    """Any other address is refused before a packet leaves; with ``-m fast`` every address is.

    Not test by test: servers that several tests share have threads of their own, which must not lose their sockets.
    """
    if request.config.getoption("markexpr") == "fast":
        disable_socket(allow_unix_socket=True)
    else:
        socket_allow_hosts(LOOPBACK, allow_unix_socket=True)
    assert socket.socket is not None


@pytest.fixture(scope="session")
def large(request: pytest.FixtureRequest) -> bool:
    """Whether the whole is wanted where the usual run takes a sample."""
    return bool(request.config.getoption("--large"))


settings.load_profile("ci")  # --hypothesis-profile is read after this
