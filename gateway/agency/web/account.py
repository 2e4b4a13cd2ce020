"""Of a person: the ways to sign in, and where they are signed in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from domain.errors import ExchangeError, Untrusted
from gateway.agency.factors import totp
from gateway.agency.factors.passkeys import MAX_CREDENTIAL_CHARACTERS
from gateway.agency.factors.tickets import TICKET_SECONDS, Ticket
from gateway.agency.staff import Person
from gateway.agency.web.cookies import SESSION, SET_UP, delete_host_cookie, set_host_cookie
from gateway.agency.web.guard import SessionReference, SignedIn, needs_fresh_factor, needs_no_hub
from gateway.agency.web.second_step import Code, picture_response
from gateway.agency.web.ways_in import WaysIn
from gateway.pages.labels import FACTORS
from gateway.protocol.problems import problem, text_ja_of

ACCOUNT, SESSIONS = "/account", "/sessions"


def add_account_pages(people: APIRouter, ways: WaysIn) -> None:
    """``/account``: app, recovery codes and passkeys."""
    _add_account_page(people, ways)
    _add_app_pages(people, ways)


def _add_account_page(people: APIRouter, ways: WaysIn) -> None:
    @people.get(ACCOUNT, response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(ACCOUNT)
    def account(person: SignedIn, session: SessionReference) -> Response:
        return _account_page(ways, person, session)

    @people.post(f"{ACCOUNT}/recovery-codes", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(ACCOUNT)
    def renew_recovery_codes(person: SignedIn) -> Response:
        codes = ways.factors.renew_recovery_codes(person.actor)
        return ways.pages.render_page("recovery_codes.html", "予備コード", person, codes=codes, after=ACCOUNT)

    @people.post(f"{ACCOUNT}/passkeys", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(ACCOUNT)
    def add_passkey(
        person: SignedIn,
        session: SessionReference,
        credential: Annotated[str, Form(max_length=MAX_CREDENTIAL_CHARACTERS)],
        name: Annotated[str, Form(max_length=200)],
    ) -> Response:
        try:
            ways.passkeys.register(person.actor, name, credential, session)
        except ExchangeError as error:
            return _account_page(ways, person, session, error)
        return RedirectResponse(f"{ways.pages.base}{ACCOUNT}", 303)

    @people.post(f"{ACCOUNT}/passkeys/end", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(ACCOUNT)
    def end_passkey(person: SignedIn, passkey: Annotated[str, Form(max_length=64)]) -> Response:
        ways.passkeys.end(person.actor, passkey, by=person.actor)
        return RedirectResponse(f"{ways.pages.base}{ACCOUNT}", 303)


def _add_app_pages(people: APIRouter, ways: WaysIn) -> None:
    @people.get(f"{ACCOUNT}/app", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(f"{ACCOUNT}/app")
    def app_page(request: Request, person: SignedIn) -> Response:
        held = _set_up_of(ways, request, person)
        if held is not None:
            return _app_form(ways, person, held.secret)
        secret = totp.new_secret()
        response = _app_form(ways, person, secret)
        ticket = ways.set_ups.issue(person.actor, b"", (), None, secret)
        set_host_cookie(response, SET_UP, ticket, max_age_seconds=TICKET_SECONDS)
        return response

    @people.get(f"{ACCOUNT}/app.svg", include_in_schema=False)
    @needs_no_hub
    def app_picture(request: Request, person: SignedIn) -> Response:
        held = _set_up_of(ways, request, person)
        if held is None:
            raise Untrusted("sign-in-expired")
        return picture_response(held.secret, person.actor, ways.pages.name())

    @people.post(f"{ACCOUNT}/app", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(f"{ACCOUNT}/app")
    def set_up_app(request: Request, person: SignedIn, code: Code) -> Response:
        held = _set_up_of(ways, request, person)
        if held is None:
            return RedirectResponse(f"{ways.pages.base}{ACCOUNT}/app", 303)
        try:
            codes = ways.factors.set_up_app(person.actor, held.secret, code)
        except ExchangeError as error:
            return _app_form(ways, person, held.secret, error)
        ways.set_ups.end(request.cookies.get(SET_UP, ""))
        shown = ways.pages.render_page(
            "recovery_codes.html", "予備コード", person, codes=codes, after=ACCOUNT
        )
        delete_host_cookie(shown, SET_UP)
        return shown


def add_session_pages(public: APIRouter, people: APIRouter, ways: WaysIn) -> None:
    """``/sessions``: where a person is signed in; ``/session/left``: how long this session lasts, for the page's script."""
    staff, base = ways.staff, ways.pages.base

    @public.get("/session/left", include_in_schema=False)
    def seconds_left(request: Request) -> Response:
        return JSONResponse({"seconds": staff.sessions.seconds_left(request.cookies.get(SESSION))})

    @people.post("/session/keep", include_in_schema=False)
    @needs_no_hub
    def keep(request: Request, person: SignedIn) -> Response:
        staff.sessions.touch(request.cookies.get(SESSION))
        return JSONResponse({"seconds": staff.sessions.seconds_left(request.cookies.get(SESSION))})

    @people.get(SESSIONS, response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def sessions(request: Request, person: SignedIn) -> Response:
        return _sessions_page(ways, request, person)

    @people.post(f"{SESSIONS}/end", include_in_schema=False)
    @needs_no_hub
    def end_session(person: SignedIn, session_id: Annotated[str, Form(max_length=64)]) -> Response:
        actor = "" if ways.may_administer(person) else person.actor
        with ways.pages.ending_sessions(actor):
            staff.sessions.end(session_id, by=person.actor, actor=actor)
        return RedirectResponse(f"{base}{SESSIONS}", 303)

    @people.post(f"{SESSIONS}/end-others", include_in_schema=False)
    @needs_no_hub
    def end_other_sessions(request: Request, person: SignedIn) -> Response:
        with ways.pages.ending_sessions(person.actor):
            staff.sessions.end_others(person.actor, request.cookies.get(SESSION), by=person.actor)
        return RedirectResponse(f"{base}{SESSIONS}", 303)


def _sessions_page(ways: WaysIn, request: Request, person: Person) -> HTMLResponse:
    current = ways.staff.sessions.id_of(request.cookies.get(SESSION))
    everybody = ways.may_administer(person)
    names = ways.staff.people()
    rows = [
        {
            "id": one.id,
            "person": names.get(one.actor, one.actor),
            "is_own": one.actor == person.actor,
            "device": one.device or "不明な端末",
            "factor": FACTORS.get(one.factor, ""),
            "began": _utc(one.began),
            "seen": _utc(one.seen),
            "is_this": one.id == current,
        }
        for one in ways.staff.sessions.open("" if everybody else person.actor)
    ]
    return ways.pages.render_page(
        "sessions.html",
        "ログイン中の端末",
        person,
        own=[row for row in rows if row["is_own"]],
        others=[row for row in rows if not row["is_own"]],
        everybody=everybody,
    )


def _account_page(
    ways: WaysIn, person: Person, session: str, error: ExchangeError | None = None
) -> HTMLResponse:
    state = ways.factors.state(person.actor)
    options = ""
    if ways.passkeys.are_possible:
        options = ways.passkeys.registration_options(person.actor, person.name, session)
    return ways.pages.render_page(
        "account.html",
        "ログインの方法",
        person,
        status=200 if error is None else problem(error)[0],
        error_text="" if error is None else text_ja_of(error),
        app_since=None if state.app_since is None else _utc(state.app_since),
        recovery_codes=state.recovery_codes,
        passkeys=[
            {
                "id": one.id,
                "name": one.name,
                "added": _utc(one.added_at),
                "used": None if one.used_at is None else _utc(one.used_at),
            }
            for one in ways.passkeys.of(person.actor)
        ],
        passkey_options=options,
    )


def _app_form(ways: WaysIn, person: Person, secret: str, error: ExchangeError | None = None) -> HTMLResponse:
    return ways.pages.render_page(
        "app_setup.html",
        "認証アプリの設定",
        person,
        status=200 if error is None else problem(error)[0],
        error_text="" if error is None else text_ja_of(error),
        secret=totp.grouped(secret),
        action=f"{ACCOUNT}/app",
        picture=f"{ACCOUNT}/app.svg",
    )


def _set_up_of(ways: WaysIn, request: Request, person: Person) -> Ticket | None:
    """The app that this person is setting up, or None."""
    held = ways.set_ups.find(request.cookies.get(SET_UP, ""))
    return held if held is not None and held.actor == person.actor else None


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
