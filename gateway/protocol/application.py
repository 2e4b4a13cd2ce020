"""What every application of the product is made of: bounded, with problems for errors, and security headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.routing import Mount
from starlette.types import ASGIApp

from domain.errors import ExchangeError, InvariantViolation, Malformed, NotFound
from gateway.protocol.limits import CAPACITIES, Capacity, LimitTable, Load, RouteLimit
from gateway.protocol.outermost import (
    LOOPBACK_NAMES,
    ErrorResponse,
    Outermost,
    problem_response,
)

# A file in clear stays in memory: it is never written to disk. How long it can be is bounded before it is parsed.
MultiPartParser.spool_max_size = 1 << 62


def wrong_request(_: RequestValidationError) -> ExchangeError:
    """The error of a request whose parameters do not have their form."""
    return Malformed("wrong-request")


class Application(FastAPI):
    """An application behind its ``Outermost``. The only way in which the product makes one (a house test proves it).

    ``limits``: one row for each route that has a body or is not public. ``challenge``: how a client proves who he is,
    for the answer 401. ``error_response`` makes the answer of an error, ``invalid`` the error of input that does not have its
    form.
    """

    def __init__(
        self,
        *,
        limits: Sequence[RouteLimit],
        capacities: Mapping[Load, Capacity] = CAPACITIES,
        challenge: str = "Bearer",
        error_response: ErrorResponse = problem_response,
        invalid: Callable[[RequestValidationError], ExchangeError] = wrong_request,
        openapi_url: str | None = None,
        **options: Any,
    ) -> None:
        self.table, self.host_names = LimitTable(limits), set(LOOPBACK_NAMES)
        self._capacities, self._challenge, self._error_response = capacities, challenge, error_response
        super().__init__(
            docs_url=None, redoc_url=None, openapi_url=openapi_url, redirect_slashes=False, **options
        )
        self._add_error_handlers(invalid)

    def answer_to(self, host_names: Iterable[str]) -> None:
        """Answer also to requests that name this host (a reverse proxy's public name), without port."""
        self.host_names.update(name.lower() for name in host_names)

    def build_middleware_stack(self) -> ASGIApp:
        self.outermost = Outermost(
            super().build_middleware_stack(),
            table=self.table,
            capacities=self._capacities,
            host_names=self.host_names,
            challenge=self._challenge,
            error_response=self._error_response,
            mounts=[r.path for r in self.routes if isinstance(r, Mount) and isinstance(r.app, Application)],
        )
        return self.outermost

    def _add_error_handlers(self, invalid: Callable[[RequestValidationError], ExchangeError]) -> None:
        @self.exception_handler(ExchangeError)
        def on_error(request: Request, error: ExchangeError) -> Response:
            return self._error_response(request, error)

        @self.exception_handler(RequestValidationError)
        def on_invalid_request(request: Request, error: RequestValidationError) -> Response:
            return self._error_response(request, invalid(error))

        @self.exception_handler(HTTPException)
        def on_refusal_of_the_framework(request: Request, error: HTTPException) -> Response:
            answer = self._error_response(request, _error_of_status(error.status_code))
            answer.headers.update(_with_head(error.headers or {}))
            return answer

        @self.exception_handler(Exception)
        def on_unexpected_error(request: Request, error: Exception) -> Response:
            return self._error_response(request, InvariantViolation("unexpected"))


def _error_of_status(status: int) -> ExchangeError:
    """The error that stands for an answer of the framework."""
    if status == 404:
        return NotFound("not-found")
    if status == 405:
        return Malformed("wrong-method")
    return Malformed("unreadable-body")  # bytes that are no form, no UTF-8 or no JSON at all


def _with_head(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a refused method: where GET is allowed, HEAD is."""
    allowed = headers.get("Allow", "").split(", ")
    extra = {"Allow": ", ".join(sorted({*allowed, "HEAD"}))} if "GET" in allowed else {}
    return {**headers, **extra}
