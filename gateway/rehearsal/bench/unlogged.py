"""A hub that never writes its log: the cost of the log is measured against it. For the bench only; no option leads here.

Takes the arguments of ``kakehashi hub serve`` that the bench gives: ``hub serve --data DIR --clock TIME``.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

from gateway.hub.log import LogKeeper
from gateway.hub.serve import serve_hub
from gateway.installation.folder import moment, open_installation
from gateway.protocol.serving import wait_for_stop_signal
from gateway.rehearsal.guard import refuse_real_hub


def _skip_logging(self: LogKeeper) -> None:
    """Neither reads nor signs anything."""


def main(arguments: list[str]) -> None:
    """Serve until Ctrl-C; prints the URL first."""
    parser = ArgumentParser()
    parser.add_argument("command", nargs=2)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--clock", type=moment, required=True)
    options = parser.parse_args(arguments)
    refuse_real_hub(options.data)
    LogKeeper.start = _skip_logging  # type: ignore[method-assign]
    with serve_hub(open_installation(options.data), at=options.clock) as url:
        print(url, flush=True)
        wait_for_stop_signal()


if __name__ == "__main__":
    main(sys.argv[1:])
