"""Serving an application over HTTP in a thread, on a free port, by default on loopback only."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import Event, Thread
from time import monotonic, sleep
from types import TracebackType

import uvicorn
from fastapi import Request
from starlette.requests import ClientDisconnect

from domain.errors import Malformed, Unavailable
from gateway.protocol.application import Application
from gateway.protocol.connections import BoundedConnection
from gateway.protocol.limits import HEAD_MAX_BYTES, ConnectionLimits

START_SECONDS = 20.0


async def read_bounded_body(request: Request, max_bytes: int) -> bytes:
    """The body of a request, in memory only. Raises Malformed as soon as it is longer than ``max_bytes``."""
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > max_bytes:
                raise Malformed("body-too-long", f"Send at most {max_bytes} bytes.")
            chunks.append(chunk)
    except ClientDisconnect as disconnect:
        raise Malformed("body-cut-off") from disconnect
    return b"".join(chunks)


class ServedApp:
    """One application being served at ``url``; leaving the context stops it.

    It answers to the names of this machine's loopback and to ``host_names``, those of the reverse proxy in front of it.
    """

    def __init__(
        self,
        app: Application,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        lifespan: bool = False,
        trusted_proxies: Sequence[str] = (),
        host_names: Iterable[str] = (),
        limits: ConnectionLimits = ConnectionLimits(),  # noqa: B008
    ) -> None:
        """``trusted_proxies``: addresses or networks whose word is taken for where a request came from (X-Forwarded-For,
        X-Forwarded-Proto). uvicorn would take that of every process of this machine if nothing else were set."""
        if not isinstance(app, Application):
            raise TypeError("an application without bounds is not served")
        app.answer_to(host_names)
        # the protocol is named so that asyncio sends without Nagle delay (40 ms an answer otherwise)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise Unavailable("port-taken", f"Port {port} can't be used: name another.") from error
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        config = uvicorn.Config(
            app,
            http=partial(BoundedConnection, limits=limits),  # type: ignore[arg-type]
            ws="none",
            log_config=None,
            log_level="critical",  # the application itself writes the one line of a failed request
            access_log=False,
            server_header=False,
            lifespan="on" if lifespan else "off",
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            timeout_keep_alive=limits.idle,  # type: ignore[arg-type]
            h11_max_incomplete_event_size=HEAD_MAX_BYTES,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> ServedApp:
        self._thread.start()
        deadline = monotonic() + START_SECONDS
        while not self._server.started:
            if monotonic() > deadline or not self._thread.is_alive():
                raise Unavailable("not-served")
            sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()


def wait_for_stop_signal(work: Callable[[], None] = lambda: None, every_seconds: float = 0.5) -> None:
    """Return after Ctrl-C or SIGTERM; until then do this work at each interval. Call it from the main thread."""
    stop = Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stop.set())
    while not stop.wait(every_seconds):
        work()
