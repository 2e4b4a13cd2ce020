"""Becoming a person of this door by an invitation, and inviting others."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.errors import ExchangeError, Malformed, NotFound
from domain.roles import ROLE_TITLES, StaffRole
from gateway.agency.staff import Person
from gateway.agency.web.guard import SignedIn, needs_fresh_factor, needs_no_hub
from gateway.agency.web.sign_in import after_passphrase
from gateway.agency.web.ways_in import WaysIn, device_text_of, devices_of
from gateway.protocol.problems import problem, text_ja_of

INVITATIONS = "/invitations"
Short = Annotated[str, Form(max_length=200)]


def add_join_page(public: APIRouter, ways: WaysIn) -> None:
    """``/join``: a code and a passphrase that is chosen; then the second factor is set up as at a first sign-in."""

    @public.get("/join", response_class=HTMLResponse, include_in_schema=False)
    def join_page() -> Response:
        return _join_form(ways)

    @public.post("/join", include_in_schema=False)
    def join(
        request: Request,
        code: Short,
        passphrase: Annotated[str, Form(max_length=1024)],
        again: Annotated[str, Form(max_length=1024)],
    ) -> Response:
        try:
            ways.invitations.find(code)
            if passphrase != again:
                raise Malformed("passphrases-differ")
            actor, hashed = ways.invitations.accept(code, passphrase)
            admission = ways.sign_in.admit(
                actor, hashed, tuple(devices_of(request)), None, device_text_of(request)
            )
        except ExchangeError as error:
            return _join_form(ways, code, error)
        if admission is None:
            return RedirectResponse(f"{ways.pages.base}/sign-in", 303)
        return after_passphrase(ways, admission)


def _join_form(ways: WaysIn, code: str = "", error: ExchangeError | None = None) -> HTMLResponse:
    return ways.pages.render_page(
        "join.html",
        "招待コードで始める",
        None,
        status=200 if error is None else problem(error)[0],
        error_text="" if error is None else text_ja_of(error),
        code=code,
    )


def add_invitation_pages(people: APIRouter, ways: WaysIn) -> None:
    """``/invitations``, for administrators: a code for a new person, or for one who has lost every way in."""
    pages = ways.pages

    @people.get(INVITATIONS, response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(INVITATIONS)
    def invitation_page(person: SignedIn) -> Response:
        return _invitation_page(ways, person)

    @people.post(INVITATIONS, include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(INVITATIONS)
    def invite(
        person: SignedIn, actor: Short, name: Short, role: Annotated[list[StaffRole] | None, Form()] = None
    ) -> Response:
        try:
            code = ways.invitations.invite(actor, name, role or (), by=_administrator(ways, person))
        except ExchangeError as error:
            return _invitation_page(ways, person, error=error, typed=(actor, name))
        return _invitation_page(ways, person, code=code, invited=name)

    @people.post(f"{INVITATIONS}/reset", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(INVITATIONS)
    def reset(person: SignedIn, actor: Short) -> Response:
        by = _administrator(ways, person)
        if actor == person.actor:  # nobody shuts themselves out
            raise NotFound("person-not-found")
        with pages.ending_sessions(actor):
            code = ways.invitations.reset(actor, by=by)
        return _invitation_page(ways, person, code=code, invited=pages.staff.people()[actor])


def add_link_page(people: APIRouter, ways: WaysIn, issuer: str) -> None:
    """An administrator links a person with their subject at the identity provider; empty ends the link."""

    @people.post(f"{INVITATIONS}/link", include_in_schema=False)
    @needs_no_hub
    @needs_fresh_factor(INVITATIONS)
    def link(person: SignedIn, actor: Short, subject: Annotated[str, Form(max_length=1000)] = "") -> Response:
        by = _administrator(ways, person)
        try:
            with ways.pages.ending_sessions(actor):
                if subject.strip():
                    ways.identities.link(actor, issuer, subject, by=by)
                else:
                    ways.identities.unlink(actor, by=by)
        except ExchangeError as error:
            return _invitation_page(ways, person, error=error)
        return _invitation_page(ways, person, linked=ways.staff.people()[actor])


def _administrator(ways: WaysIn, person: Person) -> str:
    """Who invites, for the log. Raises NotFound for who is no administrator."""
    if not ways.may_administer(person):
        raise NotFound("not-found")
    return person.actor


def _invitation_page(
    ways: WaysIn,
    person: Person,
    *,
    code: str = "",
    invited: str = "",
    error: ExchangeError | None = None,
    typed: tuple[str, str] = ("", ""),
    linked: str = "",
) -> HTMLResponse:
    _administrator(ways, person)
    others = {actor: name for actor, name in ways.staff.people().items() if actor != person.actor}
    return ways.pages.render_page(
        "invitations.html",
        "職員の招待",
        person,
        status=200 if error is None else problem(error)[0],
        error_text="" if error is None else text_ja_of(error),
        code=code,
        invited=invited,
        typed=typed,
        others=others,
        roles={role.value: title for role, title in ROLE_TITLES.items()},
        linked=linked,
        provider=ways.provider_name,
        people_here=ways.staff.people(),
    )
