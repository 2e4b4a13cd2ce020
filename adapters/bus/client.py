"""One connection to the bus: an event-loop thread, and callers of any thread who wait on it.

nats-py shakes hands, signs in, parses and keeps the connection alive. The hot path is ours: a
request is one buffer written to the transport, an answer is handed straight to the waiting thread.
The private names of nats-py that this needs are listed in ``PRIVATE_NAMES``; a test holds them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from eventsourcing.persistence import OperationalError
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.errors import NoServersError
from nats.nuid import NUID

from .errors import NotAllowed
from .settings import BusSettings
from .wire import Reply, frame

log = logging.getLogger(__name__)

# nats-py is pinned below 3; these names of nats.aio.client.Client are not part of its promise.
PRIVATE_NAMES = ("_process_msg", "_transport", "_server_info")

SLOW_POLL = 2.0  # seconds after which a watcher looks anyway, in case a wake-up was lost
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)  # between tries to connect; the last one repeats


class NotSent(Exception):
    """The request never left: to send it again is safe."""


class NoReply(Exception):
    """The request left and no answer came: what it did is unknown."""


class PendingRequest:
    """One request under way. Owned by the calling thread until sent, then by the loop until ``done``."""

    __slots__ = ("_reply_lock", "data", "error", "many", "parts", "replies", "subject", "token")

    def __init__(self, token: str, subject: str, data: bytes, many: bool, parts: int = 1) -> None:
        self.token = token
        self.subject = subject
        self.data = data
        self.many = many  # the answer has several parts and ends with a status
        self.parts = parts  # so many servers answer, each for itself
        self.replies: list[Reply] = []
        self.error: Exception | None = None
        self._reply_lock = threading.Lock()
        self._reply_lock.acquire()

    def add_reply(self, reply: Reply) -> bool:
        """Take a part of the answer; True if it was the last."""
        if not reply.raw and not reply.data:
            return False  # the first message of a batch is staged: the answer is still to come
        self.replies.append(reply)
        if (self.many or len(self.replies) < self.parts) and not reply.status:
            return False
        self._reply_lock.release()
        return True

    def fail(self, error: Exception) -> None:
        self.error = error
        self._reply_lock.release()

    def wait(self, seconds: float) -> bool:
        return self._reply_lock.acquire(timeout=max(seconds, 0.0))


class _InterceptingClient(NatsClient):
    """nats-py's client, with the answers to our own requests taken out before its queues."""

    def __init__(self, inbox: bytes, on_reply: Callable[[bytes, Reply], None]) -> None:
        super().__init__()
        self._kh_inbox = inbox
        self._kh_on_reply = on_reply

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        subject = bytes(subject)
        if subject.startswith(self._kh_inbox):
            self._kh_on_reply(subject, Reply(headers or b"", data))
        else:
            await super()._process_msg(sid, subject, reply, data, headers)

    def write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    @property
    def info(self) -> dict[str, Any]:
        """The server's INFO message."""
        return dict(self._server_info)


class Connection:
    """A connection that mends itself. Safe for use by many threads.

    A lost connection is replaced by a fresh one; requests in flight fail at once because their
    outcome is unknown. Close it when done.
    """

    def __init__(self, settings: BusSettings) -> None:
        self.settings = settings
        self._inbox = f"{settings.inbox}.{NUID().next().decode()}."
        self._inbox_bytes = self._inbox.encode()
        self._nkey_seed = settings.read_seed()
        self._tls = _tls_context(settings)
        self._request_count = 0
        self._request_count_lock = threading.Lock()
        self._outbox: deque[PendingRequest] = deque()  # filled by callers, emptied by the loop
        self._flush_scheduled = False  # a callback that empties the outbox is on its way
        # Below: the loop's own
        self._nats_client: _InterceptingClient | None = None
        self._pending: dict[bytes, PendingRequest] = {}
        self._address = 0  # of the urls, the one to connect to
        self._connected_at = 0.0  # by the loop's clock
        self._connection_lost = asyncio.Event()
        self._stop = asyncio.Event()
        self._watchers: dict[str, list[threading.Event]] = {}
        # Shared
        self._connected = threading.Event()
        self._closed = False
        self._system: Connection | None = None
        self._last_error = "the bus has not been reached yet"
        self._access_error = ""
        self._inbox_refused = False
        self._loop = asyncio.new_event_loop()
        self._loop_thread = threading.Thread(target=self._run_loop, name="bus-connection", daemon=True)
        self._loop_thread.start()

    # -- for callers

    @property
    def connected(self) -> bool:
        return self._connected.is_set()

    @property
    def server_version(self) -> str:
        """The version of the server at the other end, or "" while there is none."""
        client = self._nats_client
        return str(client.info.get("version", "")) if client is not None else ""

    @property
    def max_payload(self) -> int:
        client = self._nats_client
        return client.max_payload if client is not None else 0

    def await_connection(self, deadline: float) -> None:
        """Wait until connected. ``OperationalError`` at the deadline, or at once if we may not enter."""
        if self._connected.is_set():
            return
        while True:
            if self._closed:
                raise OperationalError("this connection to the bus is closed")
            if self._access_error:
                raise OperationalError(f"the bus refuses the credentials: {self._access_error}")
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise OperationalError(f"the bus is unreachable: {self._last_error}")
            if self._connected.wait(min(remaining, 0.1)):
                return

    def request(
        self,
        subject: str,
        payload: bytes,
        headers: tuple[tuple[str, str], ...] = (),
        *,
        deadline: float,
        many: bool = False,
    ) -> list[Reply]:
        """Send one request and wait for its answer.

        ``NotSent`` or ``NoReply`` if there is none, ``NotAllowed`` if the server refuses the right.
        """
        return self.take(self.put([(subject, headers, payload)], many=many), deadline)

    def put(
        self,
        messages: Sequence[tuple[str, tuple[tuple[str, str], ...], bytes]],
        *,
        many: bool = False,
        parts: int = 1,
    ) -> PendingRequest:
        """Send one request, or several messages as one buffer, without waiting; ``take`` has the answer.

        ``parts``: how many servers answer one request. Of several the answer is that to the last, or to the first if the server refuses it.
        """
        with self._request_count_lock:
            self._request_count += 1
            token = format(self._request_count, "x")
        inbox = self._inbox + token
        last = len(messages) - 1
        data = b"".join(
            frame(s, inbox if i in (0, last) else "", h, p) for i, (s, h, p) in enumerate(messages)
        )
        request = PendingRequest(token, messages[-1][0], data, many, parts)
        self._outbox.append(request)
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._call_in_loop(self._flush)
        return request

    def take(self, request: PendingRequest, deadline: float) -> list[Reply]:
        """Wait for the answer to what was put. Raises as ``request``."""
        if self._closed:  # checked last: what is put down later than the loop's end would wait in vain
            raise OperationalError("this connection to the bus is closed")
        if not request.wait(deadline - time.monotonic()):
            self.forget(request)
            raise NoReply(f"no answer within the time given ({request.subject.rpartition('.')[0]})")
        if request.error is not None:
            raise request.error
        return request.replies

    def forget(self, request: PendingRequest) -> None:
        """Wait for no further answer to this request."""
        self._call_in_loop(self._forget, request)

    def system(self) -> Connection | None:
        """A connection of the user of the servers' system account, made when it is first needed and closed with this
        one; None if the settings name no such user."""
        settings = self.settings.as_system()
        if settings is None:
            return None
        with self._request_count_lock:
            if self._system is None and not self._closed:
                self._system = Connection(settings)
            return self._system

    def leave_silent_server(self) -> None:
        """Go on to the next address, where there are several and this one has had the time of one try: a server that is
        cut off from the others keeps its clients and answers nothing that counts."""
        if len(self.settings.urls) > 1:
            self._call_in_loop(self._leave)

    def watch(self, subject: str, event: threading.Event) -> None:
        """Set the event whenever something comes on the subject, after each reconnection, and slowly."""
        self._call_in_loop(self._add_watch, subject, event)

    def unwatch(self, subject: str, event: threading.Event) -> None:
        self._call_in_loop(self._drop_watch, subject, event)

    def close(self) -> None:
        """Close the connection and end the thread. Safe to call twice, and from a finalizer."""
        if self._closed:
            return
        self._closed = True
        if self._system is not None:
            self._system.close()
        self._call_in_loop(self._stop.set)
        if threading.current_thread() is not self._loop_thread:
            self._loop_thread.join(10)

    def _call_in_loop(self, function: Callable[..., object], *args: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: there is no receiver
            self._loop.call_soon_threadsafe(function, *args)

    # -- the loop's own

    def _flush(self) -> None:
        """Write all that callers have put down. The flag falls first: a late caller kicks again."""
        self._flush_scheduled = False
        client = self._nats_client
        data = []
        while self._outbox:
            request = self._outbox.popleft()
            if client is None:
                request.fail(NotSent())
                continue
            self._pending[request.token.encode()] = request
            data.append(request.data)
            request.data = b""
        if client is not None and data:
            client.write(b"".join(data))

    def _leave(self) -> None:
        if self._nats_client is not None and (
            self._loop.time() - self._connected_at >= self.settings.try_timeout
        ):
            self._address += 1
            self._connection_lost.set()

    def _forget(self, request: PendingRequest) -> None:
        self._pending.pop(request.token.encode(), None)

    def _on_reply(self, subject: bytes, reply: Reply) -> None:
        token = subject[len(self._inbox_bytes) :]
        request = self._pending.get(token)
        if request is not None and request.add_reply(reply):
            del self._pending[token]

    async def _on_error(self, error: Exception) -> None:
        """The server reports a denied permission outside the reply: match it to the request it denies."""
        text = str(error)
        if "permissions violation" not in text.lower():
            self._last_error = text or type(error).__name__
            return
        self._last_error = text
        refused = text.partition('"')[2].partition('"')[0].lower()  # nats-py reports it in lower case
        log.warning("the bus denies a permission: %s", text)
        if refused.startswith(self._inbox.lower()):
            self._inbox_refused = True  # without it no answer can ever come
        for token, request in list(self._pending.items()):
            if request.subject.lower() == refused:
                del self._pending[token]
                request.fail(NotAllowed(text))

    def _add_watch(self, subject: str, event: threading.Event) -> None:
        listeners = self._watchers.setdefault(subject, [])
        listeners.append(event)
        if len(listeners) == 1 and self._nats_client is not None:
            self._task = self._loop.create_task(self._listen(self._nats_client, subject))
        event.set()

    def _drop_watch(self, subject: str, event: threading.Event) -> None:
        # The subscription itself stays until the connection ends: it costs little and others may follow.
        with contextlib.suppress(ValueError):
            self._watchers.get(subject, []).remove(event)

    async def _listen(self, client: _InterceptingClient, subject: str) -> None:
        async def wake(_: Msg) -> None:
            for event in self._watchers.get(subject, ()):
                event.set()

        with contextlib.suppress(Exception):  # the connection ended meanwhile: the next one subscribes again
            await client.subscribe(subject, cb=wake)

    def _wake_all(self) -> None:
        for listeners in self._watchers.values():
            for event in listeners:
                event.set()

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._keep_connected())
        finally:
            self._closed = True
            self._loop.run_until_complete(_cancel_remaining_tasks())
            self._loop.close()
            self._fail_pending(NotSent())

    async def _keep_connected(self) -> None:
        ticker = self._loop.create_task(self._tick())
        stop = self._loop.create_task(self._stop.wait())
        urls = self.settings.urls
        tries = 0
        while not self._stop.is_set():
            self._connection_lost = asyncio.Event()
            attempt = self._loop.create_task(self._connect(urls[(self._address + tries) % len(urls)]))
            await asyncio.wait({stop, attempt}, return_when=asyncio.FIRST_COMPLETED)
            if not attempt.done():
                await asyncio.wait({attempt}, timeout=0.5)  # cut short, it could leave its socket open
            if not attempt.done():
                attempt.cancel()
                break
            client = attempt.result()
            if client is None:
                pause = _PAUSES[min(tries // len(urls), len(_PAUSES) - 1)]
                tries += 1
                await asyncio.wait({stop}, timeout=pause)
                continue
            self._address, tries = (self._address + tries) % len(urls), 0
            self._connected_at = self._loop.time()
            self._nats_client = client
            self._connected.set()
            self._wake_all()
            end = self._loop.create_task(self._connection_lost.wait())
            await asyncio.wait({stop, end}, return_when=asyncio.FIRST_COMPLETED)
            end.cancel()
            self._connected.clear()
            self._nats_client = None
            self._fail_pending(NoReply("the connection to the bus was lost"))
            await _close(client)
            await asyncio.wait({stop}, timeout=_PAUSES[0])  # a server that drops us at once is not hammered
        ticker.cancel()
        self._wake_all()

    async def _connect(self, url: str) -> _InterceptingClient | None:
        """One try. None if it failed; the reason is kept for those who wait."""
        client = _InterceptingClient(self._inbox_bytes, self._on_reply)
        ended = self._connection_lost
        self._inbox_refused = False

        async def on_closed() -> None:
            ended.set()

        try:
            await asyncio.wait_for(
                client.connect(
                    url,
                    name=self.settings.name,
                    allow_reconnect=False,  # a fresh connection is simpler to reason about than a mended one
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=self.settings.connect_timeout,  # type: ignore[arg-type]
                    error_cb=self._on_error,
                    closed_cb=on_closed,
                    nkeys_seed_str=self._nkey_seed,
                    inbox_prefix=self.settings.inbox,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    tls=self._tls,
                ),
                self.settings.connect_timeout,
            )
            await client.subscribe(self._inbox + "*", cb=_ignore_message)
            for subject in self._watchers:
                await self._listen(client, subject)
            # A flush would overtake subscriptions that are not yet written.
            while client.pending_data_size and client.is_connected:
                await asyncio.sleep(0)
            await client.flush(timeout=self.settings.connect_timeout)  # type: ignore[arg-type]
            if self._inbox_refused:
                raise NotAllowed(self._last_error)
        except asyncio.CancelledError:
            await _close(client)
            raise
        except Exception as e:
            text = str(e) or type(e).__name__
            if not isinstance(e, NoServersError):  # the reason came before it, by the error callback
                self._last_error = text
            if self._inbox_refused or "authorization" in text.lower():
                self._access_error = text
            elif isinstance(e, NoServersError):
                self._access_error = (
                    ""  # nothing listens there. (A reset may hide a refusal: it proves nothing.)
                )
            await _close(client)
            return None
        self._access_error = ""
        return client

    def _fail_pending(self, error: Exception) -> None:
        """Tell everyone whose answer can't come any more."""
        waiting, self._pending = self._pending, {}
        for request in waiting.values():
            request.fail(error)
        while self._outbox:
            self._outbox.popleft().fail(NotSent())

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(SLOW_POLL)
            self._wake_all()


async def _ignore_message(_: Msg) -> None:
    """Answers are taken before they come here."""


async def _close(client: _InterceptingClient) -> None:
    with contextlib.suppress(Exception):  # an unfinished TLS connection may never report that it is closed
        await asyncio.wait_for(client.close(), 1.0)


async def _cancel_remaining_tasks() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    for _ in range(3):  # a transport closes its socket one loop iteration later
        await asyncio.sleep(0)


def _tls_context(settings: BusSettings) -> ssl.SSLContext | None:
    if settings.tls_ca is None and settings.tls_cert is None:
        return None
    context = ssl.create_default_context(cafile=settings.tls_ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if settings.tls_cert is not None:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    return context
