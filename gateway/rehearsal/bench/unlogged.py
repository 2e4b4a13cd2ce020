"""A hub that never writes its log: what the log costs is held against it. For the bench alone; no option leads here."""

from __future__ import annotations

from gateway.cli.main import app
from gateway.hub.log import LogKeeper


def _skip_logging(self: LogKeeper) -> None:
    """Nothing is taken in, nothing is signed."""


if __name__ == "__main__":
    LogKeeper.start = _skip_logging  # type: ignore[method-assign]
    app()
