"""Reading the files that the holders of keys exchange: requests, approvals, genesis."""

from __future__ import annotations

from pathlib import Path

from domain.errors import Malformed, NotFound

MAX_FILE_BYTES = 16 * 1024 * 1024  # a request that names many agencies is below 2 MiB


def read_exchanged_file(path: Path) -> bytes:
    """The bytes of a file that somebody else has made. Raises NotFound, Malformed for one that is too long."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise NotFound("file-not-found", str(path)) from error
    if len(data) > MAX_FILE_BYTES:
        raise Malformed("approval-file-size")
    return data
