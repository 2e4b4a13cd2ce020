"""nats-py as it is, for comparison: a durable publish with nothing of ours between.

Benches compare the recorder, and everything built on it, with this.
"""

from __future__ import annotations

from uuid import UUID

import nats

from .settings import BusSettings


class PlainPublisher:
    """nats-py's own JetStream publish: one message, one acknowledgement. Used in one event loop."""

    def __init__(self, settings: BusSettings) -> None:
        self._bus_settings = settings
        self._nats: nats.NATS | None = None

    async def open(self) -> None:
        """Connect. Raises what nats-py raises."""
        self._nats = await nats.connect(
            self._bus_settings.url,
            nkeys_seed_str=self._bus_settings.read_seed(),
            inbox_prefix=self._bus_settings.inbox.encode(),
            allow_reconnect=False,
        )
        self._stream = self._nats.jetstream(timeout=self._bus_settings.timeout)

    async def publish(self, originator: UUID, version: int, state: bytes) -> int:
        """Store one message at the subject of a record with this name. Returns its position."""
        subject = f"{self._bus_settings.prefix}.{originator.hex}.{version}"
        return (await self._stream.publish(subject, state)).seq

    async def close(self) -> None:
        if self._nats is not None:
            await self._nats.close()
