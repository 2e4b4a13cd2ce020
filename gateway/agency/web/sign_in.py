"""Signing in and out; in a rehearsal, changing to another person."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.errors import ExchangeError, NotFound, Unavailable
from gateway.agency.sign_in import SignIn
from gateway.agency.staff import DEVICE_DAYS, SignedIn, typed_actor
from gateway.agency.web.cookies import (
    DEVICE,
    REHEARSAL_PERSON,
    SESSION,
    delete_host_cookie,
    set_host_cookie,
)
from gateway.agency.web.drafts import draft_link
from gateway.agency.web.guard import SessionReference, needs_no_hub, session_reference
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.source import source_of
from gateway.protocol.problems import problem, with_retry_after

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
MAX_DEVICES = 8
"""Persons of one machine who each have a place of their own; the one who has not come longest loses it."""
MAX_SHOWN_CHARACTERS = 64


def add_sign_in_pages(public: APIRouter, pages: PageContext) -> None:
    """The way in, and the way out also for those whose session is over."""
    way_in = SignIn(pages.staff)

    @public.get("/sign-in", response_class=HTMLResponse, include_in_schema=False)
    def sign_in_page(invitation: str = "", kept: bool = False, out: bool = False) -> HTMLResponse:
        return _form(pages, invitation=invitation, kept=kept, out=out)

    @public.post("/sign-in", include_in_schema=False)
    async def sign_in(
        actor: Annotated[str, Form()],
        passphrase: Annotated[str, Form()],
        request: Request,
        invitation: Annotated[str, Form()] = "",
    ) -> Response:
        if pages.staff.rehearsal_auto_sign_in:
            return await run_in_threadpool(_form, pages, actor, status=401, failed=True)
        devices = _devices_of(request, invitation)
        try:
            admission = await way_in.try_passphrase(actor, passphrase, source_of(request), devices)
        except Unavailable as busy:
            answer = await run_in_threadpool(
                _form, pages, actor, status=problem(busy)[0], error=busy, invitation=invitation
            )
            return with_retry_after(answer, busy)
        if admission is None:
            return await run_in_threadpool(
                _form, pages, actor, status=401, failed=True, invitation=invitation
            )
        return await run_in_threadpool(_signed_in, admission, typed_actor(actor), pages)

    @public.post("/sign-out", include_in_schema=False)
    def sign_out(request: Request) -> Response:
        session = request.cookies.get(SESSION, "")
        person = pages.staff.person_of_session(session)
        if person is not None:
            pages.door.recent.end_session(session_reference(session, person))
            pages.end_session(session_reference(session, person))
        pages.staff.sign_out(session)
        response = RedirectResponse(f"{pages.base}/sign-in?out=1", 303)
        delete_host_cookie(response, SESSION)
        return response


def _form(
    pages: PageContext,
    actor: str = "",
    *,
    status: int = 200,
    failed: bool = False,
    error: Unavailable | None = None,
    invitation: str = "",
    kept: bool = False,
    out: bool = False,
) -> HTMLResponse:
    """The form of the sign-in, with the name that was typed and what happened. Nothing of it needs the hub."""
    return pages.render_page(
        "sign_in.html",
        "ログイン",
        None,
        status=status,
        failed=failed,
        error_code="" if error is None else error.error_code,
        seconds=None if error is None else error.retry_after_seconds,
        actor=actor[:MAX_SHOWN_CHARACTERS],
        invitation=invitation[:MAX_SHOWN_CHARACTERS],
        kept=kept,
        out=out,
    )


def _signed_in(admission: SignedIn, actor: str | None, pages: PageContext) -> Response:
    """To the start page, or to what this person had written when the last session ended."""
    kept = None
    if actor is not None:
        with suppress(ExchangeError):
            kept = pages.drafts.give_back(actor)
    path = "/" if kept is None else draft_link(kept, is_kept=True)
    response = RedirectResponse(f"{pages.base}{path}", 303)
    set_host_cookie(response, SESSION, admission.session)
    devices = ".".join(admission.devices[:MAX_DEVICES])
    set_host_cookie(response, DEVICE, devices, max_age_seconds=DEVICE_DAYS * 24 * 60 * 60)
    return response


def _devices_of(request: Request, invitation: str) -> list[str]:
    """The devices that a request brings: one for each person of the machine, and that of an invitation."""
    brought = [invitation, *request.cookies.get(DEVICE, "").split(".")[:MAX_DEVICES]]
    return [device for device in brought if SECRET.fullmatch(device)]


def add_person_switch(people: APIRouter, pages: PageContext) -> None:
    """In a rehearsal one user can act as each of three persons, and so try what needs two approvals."""

    @people.post("/person", include_in_schema=False)
    @needs_no_hub
    def change_person(actor: Annotated[str, Form()], session: SessionReference) -> Response:
        if not pages.staff.rehearsal_auto_sign_in or actor not in pages.staff.people():
            raise NotFound("not-found")
        pages.door.recent.end_session(session)
        response = RedirectResponse(f"{pages.base}/", 303)
        response.set_cookie(REHEARSAL_PERSON, actor, httponly=True, samesite="strict", path=pages.base or "/")
        return response
