"""The outermost layer of every application: it bounds what a request may ask, and answers whatever goes wrong.

    head of a request ─▶ host, origin, size, length ─▶ a place ─▶ the application ─▶ security headers ─▶ answer
                                      │                  │               │
                                      └──────────────────┴───────────────┴─▶ a problem (RFC 9457), never a trace

The bytes of a body are counted as they arrive, whatever the request declares. A request that is answered before its
body has arrived closes its connection: nothing more of it is read.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Collection, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import ExchangeError, InvariantViolation, Malformed, Unavailable, Untrusted
from gateway.protocol.limits import (
    DURATIONS,
    HEAD_MAX_BYTES,
    RETRY_AFTER_SECONDS,
    Capacity,
    LimitTable,
    Load,
    Places,
    RouteLimit,
)
from gateway.protocol.problems import MEDIA_TYPE, problem, with_retry_after
from gateway.protocol.security_headers import missing_headers
from gateway.protocol.source import is_this_machine, source_of_host

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CHECKED = "kakehashi.checked"
"""In the scope of a request: an outer application has checked head and connection."""

ErrorResponse = Callable[[Request, ExchangeError], Response]

_log = logging.getLogger("kakehashi")


def problem_response(_: Request, error: ExchangeError) -> Response:
    """The problem document of an error."""
    status, body = problem(error)
    return with_retry_after(JSONResponse(body, status, media_type=MEDIA_TYPE), error)


class Outermost:
    """Wraps one application. ``mounts``: where others are mounted in it, which bound their requests themselves."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        table: LimitTable,
        capacities: Mapping[Load, Capacity],
        host_names: Collection[str],
        challenge: str,
        error_response: ErrorResponse,
        mounts: Collection[str] = (),
    ) -> None:
        self.app, self.table, self.host_names, self.challenge = app, table, host_names, challenge
        self.error_response = error_response
        self.places = {load: Places(capacity) for load, capacity in capacities.items()}
        self._mounts = tuple(f"{path}/" for path in mounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _Exchange(self, scope, receive, send).run()
        elif scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        else:  # no application takes web sockets
            await send({"type": "websocket.close", "code": 1008})

    def is_of_mount(self, path: str) -> bool:
        """Whether a mounted application answers this path."""
        return path.startswith(self._mounts)


class _Exchange:
    """One request and its answer."""

    def __init__(self, outermost: Outermost, scope: Scope, receive: Receive, send: Send) -> None:
        self._outermost, self._receive, self._send = outermost, receive, send
        self._headers = _values_by_name(scope["headers"])
        self._is_head = scope["method"] == "HEAD"
        self._is_inner = _CHECKED in scope
        self._scope = {**scope, "method": "GET" if self._is_head else scope["method"], _CHECKED: True}
        self._body_expected = "transfer-encoding" in self._headers or self._declared_length() != 0
        self._answered = False  # by this layer: what the application still sends is dropped
        self._started = False
        self._bytes_received = 0
        self._limit: RouteLimit | None = None
        self._is_bounded_here = True
        self._body_until = float("inf")

    # --- the way in ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        timer: asyncio.TimerHandle | None = None
        loop = asyncio.get_running_loop()
        try:
            path = _route_path(self._scope)
            if not self._is_inner:
                self._check_head()
            if self._outermost.is_of_mount(path):
                self._is_bounded_here = False
                await self._outermost.app(self._scope, self._receive_body, self._send_answer)
                return
            self._limit = self._outermost.table.find(self._scope["method"], path)
            load = Load.PUBLIC if self._limit is None else self._limit.load
            self._check_length()
            if load is Load.HEALTH:
                await self._outermost.app(self._scope, self._receive_body, self._send_answer)
                return
            async with self._outermost.places[load].take(self._source()):
                self._body_until = loop.time() + DURATIONS[load].body
                timer = loop.call_later(DURATIONS[load].answer, self._give_up)
                await self._outermost.app(self._scope, self._receive_body, self._send_answer)
        except ExchangeError as error:
            await self._refuse(error)
        except Exception as error:
            _log.error("%s %s", self._scope["method"], where_raised(error))
            await self._refuse(InvariantViolation("unexpected"))
        finally:
            if timer is not None:
                timer.cancel()

    def _source(self) -> str | None:
        """The source for the bound of one source; None where sources can't be told apart."""
        host = str((self._scope.get("client") or ("",))[0])
        return None if is_this_machine(host) else source_of_host(host)

    def _check_head(self) -> None:
        """Raises the error of a head that no application has to see."""
        scope = self._scope
        if sum(len(k) + len(v) for k, v in scope["headers"]) + len(scope["query_string"]) > HEAD_MAX_BYTES:
            raise Malformed("head-too-long")
        host = self._headers.get("host", [])
        if len(host) != 1 or _name_of(host[0]) not in self._outermost.host_names:
            raise Malformed("wrong-host")
        if not scope["path"].isprintable():  # no path of ours has control characters or halves of a character
            raise Malformed("wrong-request")
        if scope["method"] not in READING_METHODS:
            self._check_origin(host[0])
            self._check_charset()

    def _check_origin(self, host: str) -> None:
        """Pages of another site can't send anything here, nor those without an origin of their own (``null``)."""
        sites, origins = self._headers.get("sec-fetch-site", []), self._headers.get("origin", [])
        own = {f"https://{host}"} | ({f"http://{host}"} if _name_of(host) in LOOPBACK_NAMES else set())
        if not (set(sites) <= {"same-origin", "none"} and set(origins) <= own):
            raise Untrusted("other-origin")

    def _check_charset(self) -> None:
        """A text in another encoding could become one that can't be stored."""
        for content_type in self._headers.get("content-type", []):
            for parameter in content_type.lower().split(";")[1:]:
                name, _, value = parameter.partition("=")
                if name.strip() == "charset" and value.strip(" \t\"'") not in ("utf-8", "utf8", "us-ascii"):
                    raise Malformed("charset-not-utf8")

    def _declared_length(self) -> int | None:
        """The length of the body that the request declares, 0 for none; None where it is no number."""
        declared = self._headers.get("content-length", ["0"])
        return (
            int(declared[0])
            if declared[0].isascii() and declared[0].isdigit() and len(declared[0]) < 16
            else None
        )

    def _check_length(self) -> None:
        """Raises Malformed where the request declares more than its route takes. Unknown routes answer for themselves."""
        declared = self._declared_length()
        if self._limit is not None and (declared is None or declared > self._limit.max_bytes):
            raise self._too_long()

    def _max_bytes(self) -> int:
        return 0 if self._limit is None else self._limit.max_bytes

    def _too_long(self) -> Malformed:
        return Malformed("body-too-long", f"Send at most {self._max_bytes()} bytes.")

    async def _receive_body(self) -> Message:
        """The next part of the body, counted; the client counts as gone where it is too long or too late."""
        if self._answered:
            return {"type": "http.disconnect"}
        if not self._body_expected:
            return await self._receive()
        try:
            async with asyncio.timeout_at(None if self._body_until == float("inf") else self._body_until):
                message = await self._receive()
        except TimeoutError:
            await self._refuse(Malformed("body-too-slow"))
            return {"type": "http.disconnect"}
        if message["type"] == "http.request":
            self._bytes_received += len(message.get("body", b""))
            if self._bytes_received > self._max_bytes() and self._is_bounded_here:
                await self._refuse(self._too_long())
                return {"type": "http.disconnect"}
            self._body_expected = message.get("more_body", False)
        return message

    # --- the way out -----------------------------------------------------------------------------------------------

    async def _send_answer(self, message: Message) -> None:
        """What the application answers, unless this layer has answered already."""
        if not self._answered:
            await self._send_out(message)

    async def _send_out(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            message = {
                **message,
                "headers": self._completed(message["status"], list(message.get("headers", ()))),
            }
        elif message["type"] == "http.response.body" and self._is_head and not self._is_inner:
            message = {**message, "body": b""}
        await self._send(message)

    def _completed(self, status: int, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers of an answer, with those that every answer needs."""
        present = {name.lower() for name, _ in headers}
        headers += missing_headers(present, self._scope["path"])
        if status == 401 and b"www-authenticate" not in present:
            headers.append((b"www-authenticate", self._outermost.challenge.encode()))
        if status in (429, 503) and b"retry-after" not in present:
            headers.append((b"retry-after", str(RETRY_AFTER_SECONDS).encode()))
        if self._body_expected and b"connection" not in present:
            headers.append((b"connection", b"close"))
        return headers

    def _give_up(self) -> None:
        """The application takes too long: answer in its place. What it does goes on, and so keeps its place."""
        if not self._started and not self._answered:
            self._late_answer = asyncio.ensure_future(self._refuse(Unavailable("answer-too-slow")))

    async def _refuse(self, error: ExchangeError) -> None:
        """Answer with an error, if nothing was answered yet; an answer that was begun is cut off."""
        if self._answered:
            return
        self._answered = True
        if self._started:
            return
        request = Request(self._scope)
        try:
            response = await run_in_threadpool(self._outermost.error_response, request, error)
        except Exception as failure:
            _log.error("%s", where_raised(failure))
            response = problem_response(request, error)
        await response(self._scope, self._receive, self._send_out)


def where_raised(error: BaseException) -> str:
    """Kind and place of an error in one line. Its message is left out: it may quote what somebody wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "site-packages" not in f.filename] or frames
    place = f" at {own[-1].filename.rpartition('/')[2]}:{own[-1].lineno} in {own[-1].name}" if own else ""
    return f"{type(error).__name__}{place}"


def _values_by_name(headers: Any) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return values


def _name_of(host: str) -> str:
    """The name in a Host header, without port, in lower case."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def _route_path(scope: Scope) -> str:
    """The path within the application, without the part under which it is mounted."""
    path, root_path = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root_path) if root_path else path
