"""The views of one running hub, kept up with its record by a process of its own.

Reads the passphrase from standard input and ends when that ends. It gives way to the hub where both want
the machine; it decides nothing and records nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Event, Thread

from gateway.archive import alone_on_views, open_archive
from gateway.hub.views import Follower
from gateway.installation import open_installation

LESS_URGENT = 5


def main() -> None:
    """``python -m gateway.hub.projecting FOLDER``, with the passphrase in hex as the first line of input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the hub that started it ends it
    passphrase = bytes.fromhex(sys.stdin.readline().strip())
    os.nice(LESS_URGENT)
    installation = open_installation(Path(sys.argv[1]), passphrase)
    with alone_on_views(installation), open_archive(installation, start_bus=False) as archive:
        follower = Follower(archive.views, archive.store)
        ended = Event()
        Thread(target=_until_input_ends, args=(ended,), daemon=True).start()
        while follower.alive and not ended.wait(0.5):
            pass
        follower.stop()


def _until_input_ends(ended: Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    main()
