"""The page that asks who has signed in to prove it again, and then goes on where they were."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.errors import ExchangeError, Untrusted
from gateway.agency.factors.passkeys import MAX_CREDENTIAL_CHARACTERS, STEP_UP
from gateway.agency.factors.second_factor import looks_like_recovery_code
from gateway.agency.factors.sessions import Factor
from gateway.agency.page_drafts import WRITING_PATHS
from gateway.agency.staff import Person
from gateway.agency.web.cookies import SESSION
from gateway.agency.web.guard import SessionReference, SignedIn, needs_no_hub
from gateway.agency.web.source import source_of
from gateway.agency.web.ways_in import WaysIn, devices_of
from gateway.protocol.problems import problem, text_ja_of, with_retry_after

_NEXT = re.compile(r"/(?:[A-Za-z0-9_-][A-Za-z0-9/_-]*)?(?:\?[A-Za-z0-9=&%._+-]*)?")
MAX_NEXT_CHARACTERS = 2000
Next = Annotated[str, Form(alias="next", max_length=MAX_NEXT_CHARACTERS)]


def add_step_up_pages(people: APIRouter, ways: WaysIn) -> None:
    """``/step-up``: a code of the app, or the passphrase where there is no app; ``/step-up/passkey``: a passkey."""
    page = _StepUpPage(ways)

    @people.get("/step-up", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def ask(request: Request, person: SignedIn, session: SessionReference) -> Response:
        return page.render(person, session, request.query_params.get("next", "/"))

    @people.post("/step-up", include_in_schema=False)
    @needs_no_hub
    async def answer(
        request: Request,
        person: SignedIn,
        session: SessionReference,
        proof: Annotated[str, Form(max_length=1024)],
        after: Next = "/",
    ) -> Response:
        try:
            factor = await page.check(request, person, proof)
        except ExchangeError as error:
            return await run_in_threadpool(page.render, person, session, after, error)
        return await run_in_threadpool(page.go_on, request, factor, after)

    @people.post("/step-up/passkey", include_in_schema=False)
    @needs_no_hub
    def answer_by_passkey(
        request: Request,
        person: SignedIn,
        session: SessionReference,
        credential: Annotated[str, Form(max_length=MAX_CREDENTIAL_CHARACTERS)],
        after: Next = "/",
    ) -> Response:
        try:
            if ways.passkeys.verify(credential, STEP_UP, session) != person.actor:
                raise Untrusted("passkey-refused")
        except ExchangeError as error:
            return page.render(person, session, after, error)
        return page.go_on(request, Factor.PASSKEY, after)


class _StepUpPage:
    def __init__(self, ways: WaysIn) -> None:
        self._ways = ways

    async def check(self, request: Request, person: Person, proof: str) -> Factor:
        """By what the person has proven it. Raises Untrusted, Unavailable."""
        ways, devices = self._ways, devices_of(request)
        if not self._has_app(person):
            checked, _ = await ways.sign_in.check_passphrase(person.actor, proof, source_of(request), devices)
            if checked is None:
                raise Untrusted("passphrase-wrong")
            return Factor.PASSPHRASE
        if looks_like_recovery_code(proof):
            if not await run_in_threadpool(ways.factors.take_recovery_code, person.actor, proof):
                raise Untrusted("code-wrong")
            return Factor.RECOVERY_CODE
        device = await run_in_threadpool(ways.staff.device_of, person.actor, devices)
        await run_in_threadpool(ways.sign_in.check_code, person.actor, proof, device=device)
        return Factor.APP

    def go_on(self, request: Request, factor: Factor, after: str) -> Response:
        """Where the person was."""
        self._ways.staff.sessions.refresh_factor(request.cookies.get(SESSION), factor)
        return RedirectResponse(f"{self._ways.pages.base}{local_path(after)}", 303)

    def render(
        self, person: Person, session: str, after: str, error: ExchangeError | None = None
    ) -> Response:
        ways = self._ways
        options = ""
        if ways.passkeys.are_possible and ways.passkeys.of(person.actor):
            options = ways.passkeys.authentication_options(STEP_UP, session, person.actor)
        response = ways.pages.render_page(
            "step_up.html",
            "もう一度、本人の確認",
            person,
            status=200 if error is None else problem(error)[0],
            error_text="" if error is None else text_ja_of(error),
            seconds=None if error is None else error.retry_after_seconds,
            has_app=self._has_app(person),
            has_passphrase=ways.staff.has_passphrase(person.actor),
            passkey_options=options,
            provider=ways.provider_name if ways.identities.is_linked(person.actor) else "",
            provider_path=f"/step-up/provider?{urlencode({'next': local_path(after)})}",
            next=local_path(after),
            is_draft=_leads_to_draft(after),
        )
        return response if error is None else with_retry_after(response, error)

    def _has_app(self, person: Person) -> bool:
        return self._ways.factors.state(person.actor).app_since is not None


def _leads_to_draft(after: str) -> bool:
    """Whether one goes on with what was kept as a draft."""
    path, _, query = local_path(after).partition("?")
    return WRITING_PATHS.fullmatch(path) is not None and "draft" in parse_qs(query)


def local_path(text: str) -> str:
    """A path of this door, as it was given; the start page for anything else."""
    return text if len(text) <= MAX_NEXT_CHARACTERS and _NEXT.fullmatch(text) else "/"
