"""The hub as a process of its own: its door over HTTP, its read models kept by a process beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from gateway.hub.runtime import start_hub
from gateway.installation.folder import Installation
from gateway.protocol.garbage_collection import defer_garbage_collection
from gateway.protocol.serving import ServedApp


@contextmanager
def serve_hub(installation: Installation, *, port: int = 0, at: datetime | None = None) -> Iterator[str]:
    """Yields the URL of the hub's door. ``at``: where the clock of a rehearsal hub starts."""
    runtime = start_hub(installation, at=at, subprocess_projector=True)
    try:
        with ServedApp(runtime.app, port=port) as served:
            defer_garbage_collection()
            yield served.url
    finally:
        runtime.close()
