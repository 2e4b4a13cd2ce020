"""Who may come: every route belongs to one of three groups, and its group decides before the body is read.

FastAPI runs dependencies only after it has read and parsed the body. A group's check is therefore part of the
route class of its router, and a handler takes the person from ``SignedIn``, which fails where no check ran.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute

from domain.errors import Untrusted
from gateway.agency.factors.sessions import reference_of
from gateway.agency.factors.step_up import factor_of
from gateway.agency.permissions import StaffPermissions
from gateway.agency.staff import Person, Staff
from gateway.agency.web.bearers import Bearers
from gateway.agency.web.cookies import REHEARSAL_PERSON, SESSION
from gateway.agency.web.interrupted import InterruptedPosts
from gateway.agency.web.route_acts import ROUTE_ACTS, WHOEVER_IS_SIGNED_IN
from gateway.agency.web.waiting import HubTimeLimits
from gateway.pages.dates import DateStyle, dates_as
from gateway.protocol.outermost import READING_METHODS
from gateway.protocol.waiting import waiting_at_most

DEVICE_HEADER = "kakehashi-device"
"""By which a registered phone names itself."""
Check = Callable[[Request], Awaitable[Response | None]]
"""Lets a request pass (None), or answers it. It sees the head of the request only."""


Handle = Callable[[Request], Coroutine[Any, Any, Response]]
Run = Callable[[Request, Handle], Awaitable[Response]]
"""Runs the handler of a request that has passed."""
StepUp = Callable[[Request, str], Awaitable[Response | None]]
"""Asks for a fresh factor, and then leads to this page; None where the request may pass."""
API = "/api"
"""Below which the routes of systems are."""
Permit = Callable[[Request, str], None]
"""Asks whether the person of a request may come to the route of this path. Raises Refused."""
H = TypeVar("H", bound=Callable[..., Any])


def needs_no_hub(handler: H) -> H:
    """Mark a handler that never asks the hub. Its route has the load ``LOCAL``."""
    handler.__dict__["needs_no_hub"] = True
    return handler


def needs_fresh_factor(page: str) -> Callable[[H], H]:
    """Mark a handler that changes people, keys or ways to sign in: it asks for a fresh factor first. ``page``: where one goes
    on afterwards, below the door."""

    def mark(handler: H) -> H:
        handler.__dict__["fresh_factor_page"] = page
        return handler

    return mark


def step_up_path(after: str) -> str:
    """The page that asks for a fresh factor, below the door. ``after``: where one goes on, below the door."""
    return f"/step-up?{urlencode({'next': after})}"


class Guard:
    """The groups of one door's routes. ``base``: the path under which the door is mounted; ``interrupted``: keeps what a page
    sends after its session has ended; ``permissions``: who may come to which."""

    def __init__(
        self,
        staff: Staff,
        permissions: StaffPermissions,
        base: str,
        hub_limits: HubTimeLimits,
        interrupted: InterruptedPosts,
        dates: DateStyle = DateStyle.BOTH,
    ) -> None:
        self._staff, self._base, self._hub_limits, self._dates = staff, base, hub_limits, dates
        self._permissions, self._interrupted = permissions, interrupted
        self._bearers = Bearers(staff)
        self._cookie = REHEARSAL_PERSON if staff.rehearsal_auto_sign_in else SESSION

    def public(self) -> APIRouter:
        """Routes for everybody, which never ask the hub."""

        async def check(request: Request) -> Response | None:
            return None

        return _checked_router(check, _run_without_hub)

    def people(self) -> APIRouter:
        """Pages for people who have signed in; everybody else is sent to the sign-in page."""

        async def check(request: Request) -> Response | None:
            session = request.cookies.get(self._cookie)
            person = await run_in_threadpool(self._staff.person_of_session, session)
            if person is None:
                is_kept = _states_its_page(request) and await self._interrupted.keep(request, session)
                return RedirectResponse(f"{self._base}/sign-in{'?kept=1' if is_kept else ''}", 303)
            _require_page_of_this_door(request)
            request.state.person = person
            request.state.session = session_reference(session, person)
            return None

        async def run(request: Request, handle: Handle) -> Response:
            is_fresh = self._freshness(request)
            with (
                dates_as(self._dates),
                waiting_at_most(self._hub_limits.of_person(request.method)),
                factor_of(is_fresh),
            ):
                return await handle(request)

        return _checked_router(
            check, run, without_hub=self._run_local, step_up=self._step_up, permit=self._permit
        )

    def _freshness(self, request: Request) -> Callable[[], bool] | None:
        """Whether the person of this request has just proven who they are; None for a system, and in a rehearsal."""
        person: Person = request.state.person
        if self._staff.rehearsal_auto_sign_in or person.is_system:
            return None
        return partial(self._staff.sessions.is_fresh, request.cookies.get(self._cookie))

    async def _step_up(self, request: Request, page: str) -> Response | None:
        """To the page that asks for a fresh factor, where the person has none; None where it goes on."""
        is_fresh = self._freshness(request)
        if is_fresh is None or await run_in_threadpool(is_fresh):
            return None
        return RedirectResponse(f"{self._base}{step_up_path(page)}", 303)

    def devices(self, require_device: Callable[[Request], Awaitable[None]]) -> APIRouter:
        """Routes for registered phones, with or without a session. ``require_device``: raises for any other, by the head."""

        async def check(request: Request) -> Response | None:
            await require_device(request)
            session = request.cookies.get(self._cookie)
            person = await run_in_threadpool(self._staff.person_of_session, session)
            if person is not None and _states_its_page(request):
                request.state.person = person
            return None

        async def run(request: Request, handle: Handle) -> Response:
            with dates_as(self._dates), waiting_at_most(self._hub_limits.of_person(request.method)):
                return await handle(request)

        return _checked_router(check, run, without_hub=self._run_local)

    async def _run_local(self, request: Request, handle: Handle) -> Response:
        with dates_as(self._dates):
            return await _run_without_hub(request, handle)

    def systems(self) -> APIRouter:
        """The JSON API: for systems with a token, and for people who have signed in; 401 for everybody else, and 429
        for sources that keep sending wrong tokens."""

        async def check(request: Request) -> Response | None:
            request.state.person = await run_in_threadpool(self._person_of_token_or_session, request)
            return None

        async def run(request: Request, handle: Handle) -> Response:
            with waiting_at_most(self._hub_limits.system), factor_of(self._freshness(request)):
                return await handle(request)

        def permit(request: Request, path: str) -> None:
            self._permit(request, API + path.removeprefix(API))  # a route may not know its router's prefix

        return _checked_router(check, run, permit=permit)

    def _permit(self, request: Request, path: str) -> None:
        """Raises Refused where the person may not come to this route; a route without a row is nobody's."""
        act = ROUTE_ACTS.get((request.method, path), path)
        if act != WHOEVER_IS_SIGNED_IN:
            self._permissions.require_of(act, request.state.person, _case_of(request))

    def _person_of_token_or_session(self, request: Request) -> Person:
        person = self._bearers.person_of(request)
        if person is not None:
            return person
        person = self._staff.person_of_session(request.cookies.get(self._cookie))
        if person is None:
            self._bearers.count_failure(request)
            raise Untrusted("not-signed-in")
        _require_page_of_this_door(request)
        return person


async def _run_without_hub(request: Request, handle: Handle) -> Response:
    with waiting_at_most(0):
        return await handle(request)


def _require_page_of_this_door(request: Request) -> None:
    """A cookie is sent by the browser whoever asks for it, so with one the browser must say which page asks.

    Every browser says it (Origin or Sec-Fetch-Site), and what it says was checked before. A program uses a token.
    """
    if (
        request.method not in READING_METHODS
        and "cookie" in request.headers
        and not _states_its_page(request)
    ):
        raise Untrusted("other-origin", "State the page in Origin, or use a token instead of a session.")


def _states_its_page(request: Request) -> bool:
    return "origin" in request.headers or "sec-fetch-site" in request.headers


def _case_of(request: Request) -> UUID | None:
    """The case in the path; None where there is none, or something else in its place, which the handler refuses."""
    try:
        return UUID(request.path_params["case"])
    except (KeyError, ValueError):
        return None


def _checked_router(
    check: Check,
    run: Run,
    *,
    without_hub: Run = _run_without_hub,
    step_up: StepUp | None = None,
    permit: Permit | None = None,
) -> APIRouter:
    """A router whose routes run this check first, then ask whether the person may come, and then run their handlers in this
    way."""

    class CheckedRoute(APIRoute):
        def get_route_handler(self) -> Handle:
            handle = super().get_route_handler()
            run_handler = without_hub if getattr(self.endpoint, "needs_no_hub", False) else run

            async def check_and_handle(request: Request) -> Response:
                refusal = await check(request)
                if refusal is not None:
                    return refusal
                if permit is not None:
                    await run_in_threadpool(permit, request, self.path)
                page = getattr(self.endpoint, "fresh_factor_page", None)
                asked = None if step_up is None or page is None else await step_up(request, page)
                return await run_handler(request, handle) if asked is None else asked

            return check_and_handle

    return APIRouter(route_class=CheckedRoute)


def _signed_in(request: Request) -> Person:
    person: Person | None = getattr(request.state, "person", None)
    if person is None:
        raise Untrusted("not-signed-in")
    return person


def session_reference(session: str | None, person: Person) -> str:
    """By what the door's memory tells sessions apart: nobody gets a session from it. In a rehearsal, where nobody signs in,
    the person is the session."""
    return reference_of(person.actor, session)


def _session_of(request: Request) -> str:
    return str(getattr(request.state, "session", ""))


SessionReference = Annotated[str, Depends(_session_of)]
"""``session_reference`` of a page's person; empty for a system."""

SignedIn = Annotated[Person, Depends(_signed_in)]
"""The person or system that the group's check let in. Raises Untrusted on a route outside ``people`` and ``systems``."""
