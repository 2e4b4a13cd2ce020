"""For a meeting: the agenda of all open cases, papers of chosen cases as PDF, and which other agencies opened items of our cases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from domain.calendar import day_of
from domain.errors import NotFound
from domain.events import dump
from gateway.agency.forms.children import child_names
from gateway.agency.index.cards import CardPerson
from gateway.agency.index.readers import reader_of
from gateway.agency.official_forms.meeting_papers import MAX_CASES, MEETING_PAPERS
from gateway.agency.official_forms.printing import FormPrinter, MeetingCase
from gateway.agency.staff import Person
from gateway.agency.web.families import charge_text
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.printed_forms import pdf_response

MAX_DAYS = 366
MOST_LINES = 20  # of each list of a case: a meeting looks at what is new; the case's own page has all
CHOOSE = f"会議資料にする事例を、1件から{MAX_CASES}件まで選んでください。"


def add_meeting_page(people: APIRouter, pages: PageContext, printer: FormPrinter) -> None:
    """The last ``days`` days, between 1 and ``MAX_DAYS``."""

    @people.get("/meeting", response_class=HTMLResponse, include_in_schema=False)
    def meeting(person: SignedIn, days: int = 30) -> Response:
        return _render_meeting(pages, person, days)

    @people.post("/meeting/papers", include_in_schema=False)
    def papers(
        person: SignedIn,
        case: Annotated[list[UUID], Form()] = [],  # noqa: B006 (FastAPI copies it)
        days: Annotated[int, Form()] = 30,
        opens: Annotated[bool, Form()] = False,
    ) -> Response:
        """The papers of the chosen cases, in the order of the agenda."""
        if not 1 <= len(set(case)) <= MAX_CASES:
            return _render_meeting(pages, person, days, problem=CHOOSE, chosen=case)
        pages.door.refresh_if_possible()
        agenda = _agenda(pages, person, days)
        chosen = [item for item in agenda if UUID(item["case"]) in case]
        if len(chosen) != len(set(case)):
            raise NotFound("not-found")
        cases = [_meeting_case(pages, person, item, days) for item in chosen]
        return pdf_response(
            printer.print_meeting(cases, opens=opens, actor=person.actor), MEETING_PAPERS.file_name
        )


def _query(pages: PageContext, person: Person, act: str, days: int) -> dict[str, Any]:
    days = min(max(days, 1), MAX_DAYS)
    since = {"since": dump(pages.door.now() - timedelta(days=days))}
    return pages.door.query_or_known(act, since, actor=person.actor, name=f"{act}/{days}")


def _agenda(pages: PageContext, person: Person, days: int) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = _query(pages, person, "agenda", days)["lines"]
    return lines


def _render_meeting(
    pages: PageContext,
    person: Person,
    days: int,
    *,
    problem: str = "",
    chosen: list[UUID] | None = None,
) -> HTMLResponse:
    agenda_items = _agenda(pages, person, days)
    door = pages.door
    return pages.render_page(
        "meeting.html",
        "会議資料",
        person,
        status=400 if problem else 200,
        current_path="/meeting",
        days=min(max(days, 1), MAX_DAYS),
        most=MOST_LINES,
        most_cases=MAX_CASES,
        problem=problem,
        chosen=[str(one) for one in chosen or ()],
        agenda_items=agenda_items,
        children={i["case"]: child_names(door.store.messages(UUID(i["case"]))) for i in agenda_items},
        openings=_query(pages, person, "openings", days)["openings"],
        names=pages.names(),
    )


def _meeting_case(pages: PageContext, person: Person, item: dict[str, Any], days: int) -> MeetingCase:
    """What the paper takes from the door's read models and its index, as this person may know it."""
    case, door = UUID(item["case"]), pages.door
    about = {
        "agenda": item,
        "children": _children(pages, person, case),
        "charge": charge_text(pages, case),
        "days": min(max(days, 1), MAX_DAYS),
    }
    if not door.store.messages(case):
        raise NotFound("not-found")
    return MeetingCase(case=case, about=about)


def _children(pages: PageContext, person: Person, case: UUID) -> str:
    """The children by name and age, where the index has them; else what pages call them."""
    door = pages.door
    view = door.index.family(case, reader_of(door, person.actor)) if door.index.is_current else None
    today = day_of(door.now())
    named = [_called_with_age(child, today) for child in (view.children if view is not None else ())]
    return "、".join(named or child_names(door.store.messages(case)).values())


def _called_with_age(child: CardPerson, today: date) -> str:
    age = child.age_on(today)
    name = child.name or child.kana or "(名前の記載なし)"
    return name if age is None else f"{name}({age}歳)"
