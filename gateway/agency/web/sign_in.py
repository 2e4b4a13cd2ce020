"""Signing in and out; in a rehearsal, changing to another person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.errors import NotFound
from gateway.agency.web.guard import COOKIE
from gateway.agency.web.page_context import PageContext


def add_sign_in_pages(public: APIRouter, pages: PageContext) -> None:
    """The way in, and the way out also for those whose session is over."""

    @public.get("/sign-in", response_class=HTMLResponse, include_in_schema=False)
    def sign_in_page() -> HTMLResponse:
        return pages.render_page("sign_in.html", "窓口に入る", None, failed=False)

    @public.post("/sign-in", include_in_schema=False)
    def sign_in(
        actor: Annotated[str, Form()], passphrase: Annotated[str, Form()], request: Request
    ) -> Response:
        session = None if pages.staff.rehearsal_auto_sign_in else pages.staff.sign_in(actor, passphrase)
        if session is None:
            return pages.render_page("sign_in.html", "窓口に入る", None, status=401, failed=True)
        response = RedirectResponse(f"{pages.base}/", 303)
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, session, httponly=True, samesite="strict", secure=secure, path=pages.base or "/"
        )
        return response

    @public.post("/sign-out", include_in_schema=False)
    def sign_out(request: Request) -> Response:
        pages.staff.sign_out(request.cookies.get(COOKIE, ""))
        response = RedirectResponse(f"{pages.base}/sign-in", 303)
        response.delete_cookie(COOKIE, path=pages.base or "/")
        return response


def add_person_switch(people: APIRouter, pages: PageContext) -> None:
    """In a rehearsal one user can act as each of three persons, and so try what needs two approvals."""

    @people.post("/person", include_in_schema=False)
    def change_person(actor: Annotated[str, Form()]) -> Response:
        if not pages.staff.rehearsal_auto_sign_in or actor not in pages.staff.people():
            raise NotFound("not-found")
        response = RedirectResponse(f"{pages.base}/", 303)
        response.set_cookie(COOKIE, actor, httponly=True, samesite="strict", path=pages.base or "/")
        return response
