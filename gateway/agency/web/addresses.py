"""Protected addresses on the pages of a door: what was stopped, and what a person who knows the address may do then."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from domain.errors import ExchangeError
from domain.events import dump
from gateway.agency.protected_addresses import Place
from gateway.agency.staff import Person
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.messages import MessageIn, parts_of
from gateway.agency.web.page_context import PageContext
from gateway.pages.labels import STAFF_LOG

CONFIRMED = "address_confirmed"
"""The tick by which a person states that a protected address stands in what it sends."""
MAX_ROWS = 200


@dataclass(frozen=True)
class AddressReview:
    """What a person who knows the address is shown: where it stands, and the form by which two persons state why it has to
    stand there (empty where the case does not exist yet)."""

    places: list[Place]
    draft: str


def address_review(
    pages: PageContext, person: Person, case: UUID | None, message: MessageIn, error: ExchangeError
) -> AddressReview | None:
    """After a message was stopped. None for who has not read the address at this door, and for other errors."""
    if error.error_code != "content-needs-review":
        return None
    about = message.case or UUID(int=0)
    places = pages.door.addresses.places(
        about, message.act, parts_of(message, person, pages.attachments), actor=person.actor
    )
    if not places:
        return None
    asked = {
        "recipients": [str(a) for a in message.to],
        "sections": sorted({place.section for place in places}),
    }
    path = f"{pages.base}/cases/{case}/forms/address-disclosure?{urlencode(asked, doseq=True)}"
    return AddressReview(places, "" if case is None else path)


def add_address_log_page(people: APIRouter, pages: PageContext) -> None:
    """What the door's own log says of protected addresses outside their section, the newest first."""

    @people.get("/address-log", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def address_log(person: SignedIn) -> Response:
        names = pages.staff.people()
        entries = pages.staff.address_log()
        return pages.render_page(
            "address_log.html",
            "秘匿住所の確認記録",
            person,
            entries=[
                {
                    "at": dump(entry.at),
                    "by": names.get(entry.by, entry.by),
                    "what": STAFF_LOG[entry.what],
                    "case": entry.about,
                    "act": entry.detail,
                }
                for entry in entries[:MAX_ROWS]
            ],
        )
