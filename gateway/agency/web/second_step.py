"""The second step of signing in with a passphrase: a code of the app, or setting the app up first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.errors import ExchangeError, Untrusted
from gateway.agency.factors import totp
from gateway.agency.factors.tickets import Ticket
from gateway.agency.web.cookies import TICKET, delete_host_cookie
from gateway.agency.web.ways_in import WaysIn, device_text_of
from gateway.protocol.problems import problem, text_ja_of, with_retry_after

EXPIRED = "sign-in-expired"
Code = Annotated[str, Form(max_length=100)]


def add_second_step_pages(public: APIRouter, ways: WaysIn) -> None:
    """``/sign-in/code`` asks for a code, ``/sign-in/app`` sets an app up; both only with the ticket of a right passphrase."""
    _add_code_page(public, ways)
    _add_app_pages(public, ways)


def _add_code_page(public: APIRouter, ways: WaysIn) -> None:
    pages = ways.pages

    @public.get("/sign-in/code", response_class=HTMLResponse, include_in_schema=False)
    def code_page(request: Request) -> Response:
        try:
            ways.sign_in.ticket(request.cookies.get(TICKET, ""))
        except Untrusted:
            return RedirectResponse(f"{pages.base}/sign-in", 303)
        return _code_form(ways)

    @public.post("/sign-in/code", include_in_schema=False)
    def give_code(request: Request, code: Code) -> Response:
        try:
            admission = ways.sign_in.try_code(request.cookies.get(TICKET, ""), code, device_text_of(request))
        except ExchangeError as error:
            return with_retry_after(_code_form(ways, error), error)
        return _without_ticket(ways.signed_in(admission))


def _add_app_pages(public: APIRouter, ways: WaysIn) -> None:
    pages = ways.pages

    @public.get("/sign-in/app", response_class=HTMLResponse, include_in_schema=False)
    def app_page(request: Request) -> Response:
        try:
            ticket = _setting_up(ways, request)
        except Untrusted:
            return RedirectResponse(f"{pages.base}/sign-in", 303)
        return _app_form(ways, ticket)

    @public.get("/sign-in/app.svg", include_in_schema=False)
    def app_picture(request: Request) -> Response:
        ticket = _setting_up(ways, request)
        return picture_response(ticket.secret, ticket.actor, pages.name())

    @public.post("/sign-in/app", include_in_schema=False)
    def set_up_app(request: Request, code: Code) -> Response:
        try:
            ticket = _setting_up(ways, request)
            done = ways.sign_in.set_up_app(request.cookies.get(TICKET, ""), code, device_text_of(request))
        except ExchangeError as error:
            if error.error_code == EXPIRED:
                return _code_form(ways, error)
            return _app_form(ways, ticket, error)
        shown = pages.render_page(
            "recovery_codes.html",
            "予備コード",
            None,
            codes=done.codes,
            after=ways.path_after_sign_in(ticket.actor),
        )
        return _without_ticket(ways.admitted(shown, done.signed_in))


def picture_response(secret: str, actor: str, door: str) -> Response:
    """The secret of an app as a QR code."""
    return Response(totp.picture(totp.uri(secret, actor, door)), media_type="image/svg+xml")


def _without_ticket(response: Response) -> Response:
    delete_host_cookie(response, TICKET)
    return response


def _setting_up(ways: WaysIn, request: Request) -> Ticket:
    """The ticket of who sets an app up. Raises Untrusted: sign-in-expired."""
    ticket = ways.sign_in.ticket(request.cookies.get(TICKET, ""))
    if not ticket.secret:
        raise Untrusted(EXPIRED)
    return ticket


def _code_form(ways: WaysIn, error: ExchangeError | None = None) -> HTMLResponse:
    return ways.pages.render_page(
        "sign_in_code.html",
        "認証コード",
        None,
        status=200 if error is None else problem(error)[0],
        error_text="" if error is None else text_ja_of(error),
        expired=error is not None and error.error_code == EXPIRED,
        seconds=None if error is None else error.retry_after_seconds,
    )


def _app_form(ways: WaysIn, ticket: Ticket, error: ExchangeError | None = None) -> HTMLResponse:
    return ways.pages.render_page(
        "app_setup.html",
        "認証アプリの設定",
        None,
        status=200 if error is None else problem(error)[0],
        error_text="" if error is None else text_ja_of(error),
        secret=totp.grouped(ticket.secret),
        action="/sign-in/app",
        picture="/sign-in/app.svg",
    )
