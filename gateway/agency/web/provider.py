"""Signing in by the agency's identity provider: there, back, and out again."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from domain.errors import ExchangeError, Untrusted
from gateway.agency.factors.oidc import CALLBACK, FLOW_SECONDS, Provider, StepUp
from gateway.agency.factors.sessions import Factor
from gateway.agency.web.cookies import PROVIDER, SESSION, delete_host_cookie, set_host_cookie
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.sign_in import sign_in_form
from gateway.agency.web.step_up import local_path
from gateway.agency.web.ways_in import WaysIn, device_text_of, devices_of
from gateway.protocol.problems import problem


def add_provider_pages(public: APIRouter, ways: WaysIn, provider: Provider) -> None:
    """``/sign-in/provider`` sends the browser there. It comes back by a link of another site, with which no strict cookie is sent:
    so it gets a page of this door, which leads on."""

    @public.get("/sign-in/provider", include_in_schema=False)
    def go_there(request: Request) -> Response:
        try:
            flow = provider.begin()
        except ExchangeError as error:
            return sign_in_form(ways, request, status=problem(error)[0], error=error)
        response = RedirectResponse(flow.url, 303)
        set_host_cookie(response, PROVIDER, flow.cookie, max_age_seconds=FLOW_SECONDS)
        return response

    @public.get(CALLBACK, include_in_schema=False)
    def come_back(request: Request) -> Response:
        try:
            response = _answered(ways, provider, request)
        except ExchangeError as error:
            response = sign_in_form(ways, request, status=problem(error)[0], error=error)
        delete_host_cookie(response, PROVIDER)
        return response


def add_provider_step_up(people: APIRouter, ways: WaysIn, provider: Provider) -> None:
    """``/step-up/provider``: who has signed in proves it again at the provider."""

    @people.get("/step-up/provider", include_in_schema=False)
    @needs_no_hub
    def go_there(request: Request, person: SignedIn) -> Response:
        after = local_path(request.query_params.get("next", "/"))
        flow = provider.begin(StepUp(request.cookies.get(SESSION, ""), after))
        response = RedirectResponse(flow.url, 303)
        set_host_cookie(response, PROVIDER, flow.cookie, max_age_seconds=FLOW_SECONDS)
        return response


def _answered(ways: WaysIn, provider: Provider, request: Request) -> Response:
    """What a browser gets that came back with a good answer. Raises Untrusted, Unavailable."""
    answer = provider.finish(request.cookies.get(PROVIDER, ""), request.query_params)
    actor = ways.identities.person_of(provider.settings.issuer, answer.subject)
    if actor is None:
        raise Untrusted("provider-not-linked")
    if answer.step_up is not None:
        person = ways.staff.person_of_session(answer.step_up.session)
        if person is None or person.actor != actor:
            raise Untrusted("provider-flow")
        ways.staff.sessions.refresh_factor(answer.step_up.session, Factor.PROVIDER)
        return _lead_on(ways, "確認しました", answer.step_up.after)
    admission = ways.staff.begin_session(
        actor, None, devices_of(request), factor=Factor.PROVIDER, device_text=device_text_of(request)
    )
    if admission is None:
        raise Untrusted("provider-not-linked")
    return ways.admitted(_lead_on(ways, "ログインしました", ways.path_after_sign_in(actor)), admission)


def _lead_on(ways: WaysIn, title: str, path: str) -> Response:
    return ways.pages.render_page("leads_on.html", title, None, after=f"{ways.pages.base}{path}")
