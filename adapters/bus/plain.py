"""nats-py as it is, for comparison: a durable publish with nothing of ours between.

Benches hold the recorder, and all that stands on it, against this.
"""

from __future__ import annotations

from uuid import UUID

import nats

from .settings import BusSettings


class PlainPublisher:
    """nats-py's own JetStream publish: one message, one acknowledgement. Used in one event loop."""

    def __init__(self, settings: BusSettings) -> None:
        self._settings = settings
        self._client: nats.NATS | None = None

    async def open(self) -> None:
        """Connect. Raises what nats-py raises."""
        self._client = await nats.connect(
            self._settings.url,
            nkeys_seed_str=self._settings.read_seed(),
            inbox_prefix=self._settings.inbox.encode(),
            allow_reconnect=False,
        )
        self._stream = self._client.jetstream(timeout=self._settings.timeout)

    async def publish(self, originator: UUID, version: int, state: bytes) -> int:
        """Store one message where a record of this name would lie. Returns its position."""
        subject = f"{self._settings.prefix}.{originator.hex}.{version}"
        return (await self._stream.publish(subject, state)).seq

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
