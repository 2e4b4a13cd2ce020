"""The hub as a process of its own: its door over HTTP, its read models kept by a process beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from gateway.hub.runtime import start_hub
from gateway.installation.folder import Installation
from gateway.protocol.garbage_collection import defer_garbage_collection
from gateway.protocol.serving import ServedApp


@contextmanager
def serve_hub(
    installation: Installation,
    *,
    port: int = 0,
    at: datetime | None = None,
    trusted_proxies: Sequence[str] = (),
    host_names: Iterable[str] = (),
) -> Iterator[str]:
    """Yields the URL of the hub's door. ``at``: where the clock of a rehearsal hub starts. The others: as of ``ServedApp``."""
    runtime = start_hub(installation, at=at, subprocess_projector=True)
    try:
        with ServedApp(
            runtime.app, port=port, trusted_proxies=trusted_proxies, host_names=host_names
        ) as served:
            defer_garbage_collection()
            yield served.url
    finally:
        runtime.close()
