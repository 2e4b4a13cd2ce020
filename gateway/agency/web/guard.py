"""Who may come: every route belongs to one of three groups, and its group decides before the body is read.

FastAPI runs dependencies only after it has read and parsed the body. A group's check is therefore part of the
route class of its router, and a handler takes the person from ``SignedIn``, which fails where no check ran.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute

from adapters.agencies.contract import MAX_FILE_BYTES
from domain.errors import ExchangeError, Malformed, Untrusted
from gateway.agency.staff import Person, Staff

COOKIE = "kakehashi"
PUBLIC_MAX_BYTES = 4096
FORM_MAX_BYTES = MAX_FILE_BYTES + 64 * 1024
UNKNOWN_LENGTH = 1 << 62

Check = Callable[[Request], Awaitable[Response | None]]
"""Lets a request pass (None), or answers it. It sees the head of the request only."""


class Guard:
    """The groups of one door's routes. ``base``: the path under which the door is mounted."""

    def __init__(self, staff: Staff, base: str) -> None:
        self._staff, self._base = staff, base

    def public(self) -> APIRouter:
        """Routes for everybody. A body is at most ``PUBLIC_MAX_BYTES`` long."""

        async def check(request: Request) -> Response | None:
            _require_length(request, PUBLIC_MAX_BYTES)
            return None

        return _checked_router(check)

    def people(self) -> APIRouter:
        """Pages for people who have signed in; everybody else is sent to the sign-in page."""

        async def check(request: Request) -> Response | None:
            session = request.cookies.get(COOKIE)
            person = await run_in_threadpool(self._staff.person_of_session, session)
            if person is None:
                return RedirectResponse(f"{self._base}/sign-in", 303)
            _require_length(request, FORM_MAX_BYTES)
            request.state.person = person
            return None

        return _checked_router(check)

    def systems(self) -> APIRouter:
        """The JSON API: for systems with a token, and for people who have signed in; 401 for everybody else."""

        async def check(request: Request) -> Response | None:
            request.state.person = await run_in_threadpool(self._person_of_token_or_session, request)
            return None

        return _checked_router(check)

    def _person_of_token_or_session(self, request: Request) -> Person:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        person = self._staff.person_of_token(token if scheme == "Bearer" else None)
        person = person or self._staff.person_of_session(request.cookies.get(COOKIE))
        if person is None:
            raise Untrusted("not-signed-in")
        return person


def _checked_router(check: Check) -> APIRouter:
    """A router whose routes run this check first."""

    class CheckedRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def check_and_handle(request: Request) -> Response:
                refusal = await check(request)
                return await handle(request) if refusal is None else refusal

            return check_and_handle

    return APIRouter(route_class=CheckedRoute)


def _signed_in(request: Request) -> Person:
    person: Person | None = getattr(request.state, "person", None)
    if person is None:
        raise Untrusted("not-signed-in")
    return person


SignedIn = Annotated[Person, Depends(_signed_in)]
"""The person or system that the group's check let in. Raises Untrusted on a route outside ``people`` and ``systems``."""


def _require_length(request: Request, max_bytes: int) -> None:
    if _declared_length(request) > max_bytes:
        raise Malformed("body-too-long", f"Send at most {max_bytes} bytes.")


def _declared_length(request: Request) -> int:
    """The length in bytes that a request declares; a POST that declares none counts as too long."""
    declared = request.headers.get("content-length", "0" if request.method != "POST" else "")
    return int(declared) if declared.isascii() and declared.isdigit() else UNKNOWN_LENGTH


def require_same_origin(app: FastAPI, error_response: Callable[[Request, ExchangeError], Response]) -> None:
    """Refuse every POST that did not come from this door's own pages or from a program, before any route."""

    @app.middleware("http")
    async def check_origin(request: Request, call_next: Any) -> Response:
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin")
        is_own_origin = origin in (None, "null") or origin.split("://")[-1] == request.headers.get("host")
        if request.method == "POST" and not (site in ("same-origin", "none") and is_own_origin):
            return error_response(request, Untrusted("other-origin"))
        response: Response = await call_next(request)
        return response
