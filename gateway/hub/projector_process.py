"""The views of one running hub, kept up with its record by a process of its own.

Reads the passphrase from standard input and ends when that ends. It gives way to the hub where both want
the machine; it decides nothing and records nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Thread
from time import sleep

from gateway.hub.read_models import ThreadProjector
from gateway.installation.archive import exclusive_read_models, open_archive
from gateway.installation.folder import open_installation
from gateway.protocol.garbage_collection import defer_garbage_collection

NICE_LEVEL = 10


def main() -> None:
    """``python -m gateway.hub.projector_process FOLDER``, with the passphrase in hex as the first line of input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the hub that started it ends it
    passphrase = bytes.fromhex(sys.stdin.readline().strip())
    Thread(target=_exit_when_stdin_closes, daemon=True).start()
    os.nice(NICE_LEVEL)
    installation = open_installation(Path(sys.argv[1]), passphrase)
    with exclusive_read_models(installation), open_archive(installation, start_bus=False) as archive:
        projector = ThreadProjector(archive.read_models, archive.store)
        defer_garbage_collection()
        while projector.alive:
            sleep(1.0)


def _exit_when_stdin_closes() -> None:
    """At once, whatever it waits for: rows and position are written together, so nothing is left half done."""
    while sys.stdin.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
