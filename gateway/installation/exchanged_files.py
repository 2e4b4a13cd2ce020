"""Reading the files that the holders of keys exchange: requests, approvals, genesis."""

from __future__ import annotations

import shlex
from pathlib import Path

from domain.errors import Malformed, NotFound

MAX_FILE_BYTES = 16 * 1024 * 1024  # a request that names many agencies is below 2 MiB


def unreadable_file(path: Path) -> NotFound:
    """The error that names this file, and how to look at it."""
    error = NotFound("file-not-found")
    error.add_note(f"ls -l {shlex.quote(str(path))}")
    return error


def read_exchanged_file(path: Path) -> bytes:
    """The bytes of a file that somebody else has made. Raises NotFound, Malformed for one that is too long."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise unreadable_file(path) from error
    if len(data) > MAX_FILE_BYTES:
        raise Malformed("approval-file-size")
    return data
