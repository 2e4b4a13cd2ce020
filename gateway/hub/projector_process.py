"""The read models of one running hub, kept up with its record by a process of its own.

Reads the data key of the hub's keystore from standard input and ends when that ends. It runs at a lower priority than the hub; it decides
nothing and records nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from gateway.hub.read_models import FollowingProjector
from gateway.hub.real import ThreadExecutor
from gateway.installation.archive import exclusive_read_models, open_archive
from gateway.installation.folder import open_installation
from gateway.protocol.garbage_collection import defer_garbage_collection
from gateway.protocol.process_memory import protect_process_memory

NICE_LEVEL = 10
POLL_SECONDS = 1.0


def main() -> None:
    """``python -m gateway.hub.projector_process FOLDER``, with the data key in hex as the first line of input."""
    protect_process_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the hub that started it ends it
    data_key = bytes.fromhex(sys.stdin.readline().strip())
    executor = ThreadExecutor()
    executor.follow("input", _exit_when_stdin_closes)
    os.nice(NICE_LEVEL)
    installation = open_installation(Path(sys.argv[1]), data_key=data_key)
    with exclusive_read_models(installation), open_archive(installation, start_bus=False) as archive:
        projector = FollowingProjector(archive.read_models, archive.store, executor)
        defer_garbage_collection()
        while projector.alive:
            executor.sleep(POLL_SECONDS)


def _exit_when_stdin_closes() -> None:
    """Exit at once: rows and position are written in one transaction, so nothing is left half done."""
    while sys.stdin.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
