"""For a meeting: the agenda of all open cases, and which other agencies opened items of our cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from domain.events import dump
from gateway.agency.forms.children import child_names
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.page_context import PageContext

MAX_DAYS = 366
MOST_LINES = 20  # of each list of a case: a meeting looks at what is new; the case's own page has all


def add_meeting_page(people: APIRouter, pages: PageContext) -> None:
    """The last ``days`` days, between 1 and ``MAX_DAYS``."""
    door = pages.door

    @people.get("/meeting", response_class=HTMLResponse, include_in_schema=False)
    def meeting(person: SignedIn, days: int = 30) -> Response:
        days = min(max(days, 1), MAX_DAYS)
        since = {"since": dump(door.now() - timedelta(days=days))}

        def query_agency(act: str) -> dict[str, Any]:
            return door.query_or_known(act, since, actor=person.actor, name=f"{act}/{days}")

        agenda_items = query_agency("agenda")["lines"]
        return pages.render_page(
            "meeting.html",
            "会議資料",
            person,
            current_path="/meeting",
            days=days,
            most=MOST_LINES,
            agenda_items=agenda_items,
            children={i["case"]: child_names(door.store.messages(UUID(i["case"]))) for i in agenda_items},
            openings=query_agency("openings")["openings"],
            names=pages.names(),
        )
