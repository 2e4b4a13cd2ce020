"""Signing in and out; in a rehearsal, changing to another person."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.errors import ExchangeError, NotFound, Untrusted
from gateway.agency.factors.challenges import CHALLENGE_SECONDS
from gateway.agency.factors.passkeys import MAX_CREDENTIAL_CHARACTERS, SIGN_IN
from gateway.agency.factors.sessions import Factor
from gateway.agency.factors.tickets import TICKET_SECONDS
from gateway.agency.sign_in import SecondStep
from gateway.agency.staff import SignedIn
from gateway.agency.web.cookies import (
    BROWSER,
    REHEARSAL_PERSON,
    SESSION,
    TICKET,
    delete_host_cookie,
    set_host_cookie,
)
from gateway.agency.web.guard import SessionReference, needs_no_hub, session_reference
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.source import source_of
from gateway.agency.web.ways_in import WaysIn, device_text_of, devices_of
from gateway.protocol.problems import problem, text_ja_of, with_retry_after

MAX_SHOWN_CHARACTERS = 64


def add_sign_in_pages(public: APIRouter, ways: WaysIn) -> None:
    """The way in, and the way out also for those whose session is over."""
    pages = ways.pages

    @public.get("/sign-in", response_class=HTMLResponse, include_in_schema=False)
    def sign_in_page(
        request: Request, invitation: str = "", kept: bool = False, out: bool = False
    ) -> Response:
        return sign_in_form(ways, request, invitation=invitation, kept=kept, out=out)

    @public.post("/sign-in", include_in_schema=False)
    async def sign_in(
        actor: Annotated[str, Form()],
        passphrase: Annotated[str, Form()],
        request: Request,
        invitation: Annotated[str, Form()] = "",
    ) -> Response:
        if pages.staff.rehearsal_auto_sign_in:
            return await run_in_threadpool(sign_in_form, ways, request, actor, status=401, failed=True)
        try:
            admission = await ways.sign_in.try_passphrase(
                actor,
                passphrase,
                source_of(request),
                devices_of(request, invitation),
                device_text_of(request),
            )
        except ExchangeError as error:
            status = problem(error)[0]
            answer = await run_in_threadpool(
                sign_in_form, ways, request, actor, status=status, error=error, invitation=invitation
            )
            return with_retry_after(answer, error)
        if admission is None:
            return await run_in_threadpool(
                sign_in_form, ways, request, actor, status=401, failed=True, invitation=invitation
            )
        return await run_in_threadpool(after_passphrase, ways, admission)

    @public.post("/sign-out", include_in_schema=False)
    def sign_out(request: Request) -> Response:
        session = request.cookies.get(SESSION, "")
        person = pages.staff.person_of_session(session)
        provider_session = person is not None and ways.is_by_provider(session)
        if person is not None:
            pages.door.recent.end_session(session_reference(session, person))
            pages.end_session(session_reference(session, person))
        pages.staff.sign_out(session)
        after = f"{pages.base}/sign-in?out=1"
        elsewhere = ways.sign_out_url("/sign-in?out=1") if provider_session else None
        response: Response = RedirectResponse(after, 303)
        if elsewhere is not None:  # browsers follow no form to another site
            response = pages.render_page("leads_on.html", "ログアウトしました", None, after=elsewhere)
        delete_host_cookie(response, SESSION)
        return response


def add_passkey_sign_in(public: APIRouter, ways: WaysIn) -> None:
    """A passkey alone is enough: it verifies its user."""

    @public.post("/sign-in/passkey", include_in_schema=False)
    def sign_in_by_passkey(
        request: Request, credential: Annotated[str, Form(max_length=MAX_CREDENTIAL_CHARACTERS)]
    ) -> Response:
        try:
            browser = request.cookies.get(BROWSER, "")
            actor = ways.passkeys.verify(credential, SIGN_IN, browser)
            admission = ways.staff.begin_session(
                actor,
                None,
                devices_of(request),
                factor=Factor.PASSKEY,
                device_text=device_text_of(request),
            )
            if admission is None:
                raise Untrusted("passkey-refused")
        except Untrusted as error:
            return sign_in_form(ways, request, status=401, error=error)
        return ways.signed_in(admission)


def after_passphrase(ways: WaysIn, admission: SignedIn | SecondStep) -> Response:
    """To where somebody goes whose passphrase was right."""
    if isinstance(admission, SignedIn):
        return ways.signed_in(admission)
    path = "/sign-in/app" if admission.sets_up else "/sign-in/code"
    response = RedirectResponse(f"{ways.pages.base}{path}", 303)
    set_host_cookie(response, TICKET, admission.ticket, max_age_seconds=TICKET_SECONDS)
    return response


def sign_in_form(
    ways: WaysIn,
    request: Request,
    actor: str = "",
    *,
    status: int = 200,
    failed: bool = False,
    error: ExchangeError | None = None,
    invitation: str = "",
    kept: bool = False,
    out: bool = False,
) -> HTMLResponse:
    """The form of the sign-in, with the name that was typed and what happened. Nothing of it needs the hub."""
    browser = secrets.token_urlsafe(32)
    options = ""
    if not ways.staff.rehearsal_auto_sign_in and ways.passkeys.are_possible:
        options = ways.passkeys.authentication_options(SIGN_IN, browser)
    response = ways.pages.render_page(
        "sign_in.html",
        "ログイン",
        None,
        status=status,
        failed=failed,
        waits=error is not None and error.error_code == "sign-in-busy",
        error_code="" if error is None else error.error_code,
        error_text="" if error is None else text_ja_of(error),
        seconds=None if error is None else error.retry_after_seconds,
        actor=actor[:MAX_SHOWN_CHARACTERS],
        invitation=invitation[:MAX_SHOWN_CHARACTERS],
        kept=kept,
        passkey_options=options,
        provider=ways.provider_name,
        out=out,
    )
    if options:
        set_host_cookie(response, BROWSER, browser, max_age_seconds=CHALLENGE_SECONDS)
    return response


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
