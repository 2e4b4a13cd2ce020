"""For a meeting: the agenda of all open cases, and which other agencies opened items of our cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from domain.events import Kind, dump
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.page_context import PageContext

MAX_DAYS = 366


def add_meeting_page(people: APIRouter, pages: PageContext) -> None:
    """The last ``days`` days, between 1 and ``MAX_DAYS``."""
    door = pages.door

    @people.get("/meeting", response_class=HTMLResponse, include_in_schema=False)
    def meeting(person: SignedIn, days: int = 30) -> Response:
        since = {"since": dump(door.now() - timedelta(days=min(max(days, 1), MAX_DAYS)))}

        def query_agency(act: str) -> dict[str, Any]:
            return door.query(Kind.AGENCY, door.agency, act, since, actor=person.actor)

        return pages.render_page(
            "meeting.html",
            "会議資料",
            person,
            current_path="/meeting",
            days=days,
            agenda_items=query_agency("agenda")["lines"],
            openings=query_agency("openings")["openings"],
            names=pages.names(),
        )
