"""Families in the JSON API of a door: search, one family, who is in charge, the state of the index."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from domain.error_codes import Audience
from domain.errors import NotFound, Refused
from gateway.agency.index.charges import Charge
from gateway.agency.index.readers import reader_of
from gateway.agency.index.search_query import MAX_CHARACTERS
from gateway.agency.staff import Person
from gateway.agency.staff_store import StaffAct
from gateway.agency.web.families import assign_charge, family_row, hand_over, require_case, search_families
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.messages import StrictModel
from gateway.agency.web.page_context import PageContext
from gateway.protocol.problem_responses import problem_responses

problems = partial(problem_responses, Audience.DOOR)


class SearchIn(StrictModel):
    """What to look for: names, readings, dates of birth, telephones, addresses, numbers, or parts; words by spaces."""

    text: Annotated[str, Field(max_length=MAX_CHARACTERS)]


class SearchOut(StrictModel):
    """The families that fit, at most 50, the best first. ``total``: how many fit; ``waiting``: how many families of the door
    were not read yet when this was searched, as after its start: search again; ``position``: the record up to which the index
    goes; ``as_of``: when that was read."""

    total: int
    waiting: int
    position: int
    as_of: str | None
    families: list[dict[str, Any]]


class ChargeIn(StrictModel):
    """Who is in charge of a case from today on. ``deputy``: who stands in through ``deputy_until`` (YYYY-MM-DD)."""

    actor: Annotated[str, Field(max_length=64)]
    deputy: Annotated[str, Field(max_length=64)] = ""
    deputy_until: Annotated[str, Field(max_length=10)] = ""


class HandOverIn(StrictModel):
    """All cases of one person go to another."""

    from_actor: Annotated[str, Field(max_length=64)]
    to_actor: Annotated[str, Field(max_length=64)]


class ChargeOut(StrictModel):
    """One entry of the history of who is in charge."""

    actor: str
    since: str
    deputy: str
    deputy_until: str
    set_by: str
    set_at: str


def add_families_api(systems: APIRouter, pages: PageContext) -> None:
    """The routes of families, below ``/api``."""
    door = pages.door

    @systems.post("/search", responses=problems(400, 403))
    def post_search(search: SearchIn, person: SignedIn) -> SearchOut:
        """The families of this agency that fit. Each search is an entry in the door's own log: who, which families."""
        door.refresh_if_possible()
        result = search_families(pages, person, search.text)
        status = door.index.status()
        return SearchOut(
            total=result.total,
            waiting=result.waiting,
            position=status.position,
            as_of=status.as_of,
            families=[family_row(pages, view) for view in result.families],
        )

    @systems.get("/cases/{case}/family", responses=problems(400, 404))
    def get_family(case: UUID, person: SignedIn) -> dict[str, Any]:
        """What the index knows of a family; an entry in the door's own log."""
        door.refresh_if_possible()
        require_case(pages, case)
        view = door.index.family(case, reader_of(door, person.actor))
        if view is None:
            raise NotFound("not-found")
        pages.staff.log_act(person.actor, StaffAct.FAMILY_SHOWN, str(case))
        return {
            **family_row(pages, view),
            "addresses": list(view.addresses),
            "phones": list(view.phones),
            "numbers": list(view.numbers),
            "as_of": view.as_of,
        }

    @systems.get("/cases/{case}/charge", responses=problems(400, 404))
    def get_charge(case: UUID) -> list[ChargeOut]:
        """Who is in charge of a case, and who was, oldest first."""
        require_case(pages, case)
        return [_charge_out(one) for one in door.charges.history(case)]

    @systems.post("/cases/{case}/charge", responses=problems(400, 403, 404))
    def post_charge(case: UUID, charge: ChargeIn, person: SignedIn) -> list[ChargeOut]:
        """Put a person in charge of a case; only people do that."""
        _require_person(person)
        assign_charge(pages, person, case, charge.actor, charge.deputy, charge.deputy_until)
        return [_charge_out(one) for one in door.charges.history(case)]

    @systems.post("/charges/hand-over", responses=problems(400, 403))
    @needs_no_hub
    def post_hand_over(change: HandOverIn, person: SignedIn) -> dict[str, int]:
        """Move all cases of one person to another; only people do that."""
        _require_person(person)
        return {"moved": hand_over(pages, person, change.from_actor, change.to_actor)}

    @systems.get("/index")
    @needs_no_hub
    def get_index() -> dict[str, Any]:
        """The state of the case index: position, when it was read, how many families, how many are still to be read since the
        start of the door, which entries can't be opened."""
        status = door.index.status()
        return {
            "position": status.position,
            "as_of": status.as_of,
            "current": door.index.is_current,
            "families": status.families,
            "waiting": status.waiting,
            "unreadable": [str(case) for case in status.unreadable],
        }


def _charge_out(charge: Charge) -> ChargeOut:
    return ChargeOut(
        actor=charge.actor,
        since=charge.since,
        deputy=charge.deputy,
        deputy_until=charge.deputy_until,
        set_by=charge.set_by,
        set_at=charge.set_at,
    )


def _require_person(person: Person) -> None:
    if person.is_system:
        raise Refused("person-required", "Let a person sign in and do it.")
