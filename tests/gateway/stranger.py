"""A stranger at an application: every route and method, without credentials, with a body that never ends.

The requests go to the application itself (ASGI), so that it shows whether the body was read at all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
BODY_TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b")
CHUNK = b"x" * 4096
PARAMETERS = {"digest": "0" * 64, "seq": "1", "key": "emergency", "path": "0/000"}

Route = tuple[str, str]
"""Method and path template."""


@dataclass(frozen=True)
class Response:
    """What the application answered, and how much of the request's body it had read by then."""

    status: int
    headers: dict[str, str]
    body: bytes
    bytes_read: int


def request(
    app: FastAPI,
    method: str,
    path: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes | None = None,
    max_bytes: int = 0,
    query: str = "",
) -> Response:
    """One request. A body that is not given never ends; after ``max_bytes`` of it the connection is cut."""
    sent: list[dict[str, Any]] = []
    bytes_read, is_given = 0, False

    async def receive() -> dict[str, Any]:
        nonlocal bytes_read
        nonlocal is_given
        if body is not None:
            if is_given:
                return {"type": "http.disconnect"}
            is_given, bytes_read = True, len(body)
            return {"type": "http.request", "body": body, "more_body": False}
        bytes_read += len(CHUNK)
        if bytes_read > max_bytes + len(CHUNK):
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": CHUNK, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = list(headers)
    with_host = [*([] if any(k == "host" for k, _ in headers) else [("host", "127.0.0.1")]), *headers]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in with_host],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return Response(
        status=sent[0]["status"],
        headers={k.decode(): v.decode() for k, v in sent[0]["headers"]},
        body=b"".join(m.get("body", b"") for m in sent[1:]),
        bytes_read=bytes_read,
    )


def asked_route(method: str, path: str) -> Route:
    """The route that answers: HEAD is answered as GET, without its body."""
    return ("GET" if method == "HEAD" else method), path


def routes_of(app: FastAPI) -> set[Route]:
    """Every route of an application by method and path template; a mounted one as ``*``."""
    routes: set[Route] = set()
    for context in iter_route_contexts(app.routes):
        if isinstance(context.route, Mount):
            routes.add(("*", context.route.path))
        else:
            routes |= {(method, str(context.path)) for method in context.methods or METHODS}
    return routes


def example_path(template: str) -> str:
    """A path of this template, with values of the right form for its parameters."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda m: PARAMETERS.get(m[1], str(UUID(int=7))), template)


def strange_requests(app: FastAPI) -> Iterator[tuple[Route, Response]]:
    """Every path of an application with every method and every kind of body; what was answered to each."""
    for template in sorted({path for method, path in routes_of(app) if method != "*"}):
        for method in METHODS:
            for headers in _header_variants(method):
                yield (method, template), request(app, method, example_path(template), headers=headers)


def _header_variants(method: str) -> Iterator[list[tuple[str, str]]]:
    if method not in WITH_BODY:
        yield [("accept", "text/html")]
        return
    for body_type in BODY_TYPES:
        yield [("content-type", body_type), ("transfer-encoding", "chunked")]
        yield [("content-type", body_type), ("content-length", str(len(CHUNK)))]
