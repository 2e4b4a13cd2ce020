"""What the pages of signing in share: the ways in of one door, and what a browser is given with a session."""

from __future__ import annotations

import re
from contextlib import suppress
from time import monotonic

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from domain.errors import ExchangeError
from domain.roles import DoorAct
from gateway.agency.factors.challenges import Challenges
from gateway.agency.factors.identities import Identities
from gateway.agency.factors.invitations import Invitations
from gateway.agency.factors.oidc import Provider
from gateway.agency.factors.passkeys import Passkeys
from gateway.agency.factors.second_factor import SecondFactors
from gateway.agency.factors.sessions import Factor, device_words
from gateway.agency.factors.settings import SignInSettings
from gateway.agency.factors.tickets import Tickets
from gateway.agency.sign_in import SignIn
from gateway.agency.staff import DEVICE_DAYS, Person, SignedIn
from gateway.agency.web.cookies import DEVICE, SESSION, set_host_cookie
from gateway.agency.web.drafts import draft_link
from gateway.agency.web.page_context import PageContext

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
MAX_DEVICES = 8
"""Persons of one machine who each have a place of their own; the one who has not come longest loses it."""


class WaysIn:
    """The ways into one door. In a rehearsal, where nobody signs in, there is none but the form."""

    def __init__(self, pages: PageContext, settings: SignInSettings) -> None:
        staff = pages.staff
        self.provider: Provider | None = None
        self.pages, self.staff, self.settings = pages, staff, settings
        if staff.rehearsal_auto_sign_in:
            self.sign_in = SignIn(staff)
            return
        self.factors = SecondFactors(staff.store, pages.door, staff.now)
        self.passkeys = Passkeys(staff.store, settings, Challenges(monotonic), staff.now)
        self.identities = Identities(staff.store, staff.now)
        if settings.oidc is not None:
            self.provider = Provider(settings.oidc, settings.public_url, staff.now)
        self.sign_in = SignIn(staff, factors=self.factors, settings=settings)
        self.invitations = Invitations(staff.store, staff.now)
        self.set_ups = Tickets(monotonic)

    @property
    def provider_name(self) -> str:
        """What people call the agency's identity provider; empty where there is none."""
        return "" if self.settings.oidc is None or self.provider is None else self.settings.oidc.name

    def is_by_provider(self, session: str) -> bool:
        """Whether this session was begun, or last confirmed, by the identity provider."""
        return self.provider is not None and self.staff.sessions.factor_of(session) == Factor.PROVIDER

    def sign_out_url(self, path: str) -> str | None:
        """Where the provider signs somebody out, who comes back to this path of the door; None where it can't."""
        return (
            None if self.provider is None else self.provider.sign_out_url(f"{self.settings.public_url}{path}")
        )

    def may_administer(self, person: Person) -> bool:
        """Whether this person looks after the people of this door."""
        return self.pages.may(person, DoorAct.CHANGE_PEOPLE)

    def admitted(self, response: Response, admission: SignedIn) -> Response:
        """The response with the cookies of a new session."""
        set_host_cookie(response, SESSION, admission.session)
        devices = ".".join(admission.devices[:MAX_DEVICES])
        set_host_cookie(response, DEVICE, devices, max_age_seconds=DEVICE_DAYS * 24 * 60 * 60)
        return response

    def signed_in(self, admission: SignedIn) -> Response:
        """To where somebody goes who has just signed in."""
        person = self.staff.person_of_session(admission.session)
        path = "/" if person is None else self.path_after_sign_in(person.actor)
        return self.admitted(RedirectResponse(f"{self.pages.base}{path}", 303), admission)

    def path_after_sign_in(self, actor: str) -> str:
        """The start page, or what this person had written when the last session ended."""
        kept = None
        with suppress(ExchangeError):
            kept = self.pages.drafts.give_back(actor)
        return "/" if kept is None else draft_link(kept, is_kept=True)


def devices_of(request: Request, invitation: str = "") -> list[str]:
    """The devices that a request brings: one for each person of the machine, and that of an invitation."""
    brought = [invitation, *request.cookies.get(DEVICE, "").split(".")[:MAX_DEVICES]]
    return [device for device in brought if SECRET.fullmatch(device)]


def device_text_of(request: Request) -> str:
    """Words for the machine that asks."""
    return device_words(request.headers.get("user-agent", ""))
