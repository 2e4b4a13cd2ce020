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

from gateway.hub.read_models import Follower
from gateway.installation.archive import alone_on_views, open_archive
from gateway.installation.folder import open_installation
from gateway.protocol.garbage_collection import without_pauses

LESS_URGENT = 10


def main() -> None:
    """``python -m gateway.hub.projecting FOLDER``, with the passphrase in hex as the first line of input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the hub that started it ends it
    passphrase = bytes.fromhex(sys.stdin.readline().strip())
    Thread(target=_end_with_input, daemon=True).start()
    os.nice(LESS_URGENT)
    installation = open_installation(Path(sys.argv[1]), passphrase)
    with alone_on_views(installation), open_archive(installation, start_bus=False) as archive:
        follower = Follower(archive.views, archive.store)
        without_pauses()
        while follower.alive:
            sleep(1.0)


def _end_with_input() -> None:
    """At once, whatever it waits for: rows and position are written together, so nothing is left half done."""
    while sys.stdin.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
