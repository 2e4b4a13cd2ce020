"""One HTTP connection, bounded before there is a request and after its answer.

uvicorn waits without end for the head of a first request and for a client that does not read its answer. It also
answers what is not HTTP with plain text. All else is uvicorn's.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from domain.errors import ExchangeError, Malformed, Unavailable
from gateway.protocol.limits import RETRY_AFTER_SECONDS, ConnectionLimits
from gateway.protocol.problems import MEDIA_TYPE, problem
from gateway.protocol.security_headers import SECURITY_HEADERS


def answer_bytes(error: ExchangeError) -> bytes:
    """A whole HTTP answer for a connection that has no request yet; the connection is closed after it."""
    status, document = problem(error)
    body = json.dumps(document, ensure_ascii=False).encode()
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "connection": "close",
        **SECURITY_HEADERS,
        **({"retry-after": str(RETRY_AFTER_SECONDS)} if status == 503 else {}),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} \r\n{lines}\r\n".encode() + body


class _LingeringTransport:
    """A transport that is closed only when the client had time to read its answer: it may still be sending.

    Closing at once would answer what still arrives with a reset, and the client might never see the answer.
    """

    def __init__(self, transport: asyncio.Transport, connection: BoundedConnection) -> None:
        self._transport, self._connection = transport, connection
        self.lingers = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self.lingers or self._transport.is_closing()

    def close(self) -> None:
        if self._connection.conn.their_state is not h11.SEND_BODY or self.is_closing():
            self._transport.close()
            return
        self.lingers = True
        self._transport.write_eof()
        self._transport.resume_reading()
        self._connection.loop.call_later(self._connection.limits.linger, self._transport.abort)


class BoundedConnection(H11Protocol):
    """A connection of uvicorn within ``ConnectionLimits``."""

    def __init__(self, *, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(**options)
        self.limits = limits
        self.idle_since: float | None = self.loop.time()
        """Since when it waits for the whole head of a request; None while one is worked on."""
        self._head_since: float | None = self.idle_since  # None between two requests, until the first byte
        self._discarded_bytes = 0
        self._unwritten_bytes = 0
        self._written_at = self.loop.time()
        self._check: asyncio.TimerHandle | None = None

    # --- what uvicorn calls -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, _LingeringTransport(transport, self)))
        self._check = self.loop.call_later(self.limits.check_every, self._check_progress)
        if len(self.connections) > self.limits.connections and not self._close_idlest():
            transport.write(answer_bytes(Unavailable("too-busy")))
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._check is not None:
            self._check.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            self._discarded_bytes += len(data)
            if self._discarded_bytes > self.limits.linger_bytes:
                self.transport.abort()
            return
        if self.idle_since is not None and self._head_since is None:
            self._head_since = self.loop.time()
        super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self.idle_since = self._head_since = None

    def on_response_complete(self) -> None:
        self.idle_since, self._head_since = self.loop.time(), None
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What arrived is not HTTP."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(answer_bytes(Malformed("not-http")))
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """A request that asks for another protocol is answered as if it did not, without a line in the log."""

    # --- bounds ------------------------------------------------------------------------------------------------------

    def _close_idlest(self) -> bool:
        """Make room: close the connection that waits longest for a request. False where all others are worked on."""
        idle = [
            (other.idle_since, id(other), other)
            for other in self.connections
            if isinstance(other, BoundedConnection) and other is not self and other.idle_since is not None
        ]
        if not idle:
            return False
        other = min(idle)[2]
        other.transport.abort()
        self.connections.discard(other)
        return True

    def _check_progress(self) -> None:
        """Close a connection whose head does not arrive, or whose answer is not read."""
        now, unwritten = self.loop.time(), self.transport.get_write_buffer_size()
        if unwritten == 0 or unwritten != self._unwritten_bytes:
            self._unwritten_bytes, self._written_at = unwritten, now
        if now - self._written_at > self.limits.stalled:
            self.transport.abort()
            return
        if self._head_since is not None and now - self._head_since > self.limits.head:
            self.transport.abort()
            return
        self._check = self.loop.call_later(self.limits.check_every, self._check_progress)
