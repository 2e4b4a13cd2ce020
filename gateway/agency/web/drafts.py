"""The drafts of a person: kept as one types, listed, given back, thrown away. None of it waits for the hub."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from domain.calendar import JST
from domain.errors import Malformed, NotFound
from domain.time_text import parse_time_text
from gateway.agency.forms.table import FORMS
from gateway.agency.index.readers import reader_of
from gateway.agency.page_drafts import DRAFT_DAYS, FORM_MAX_FIELDS, PageDraft, case_of_path
from gateway.agency.staff import Person
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.page_context import PageContext

PATH_FORMS = {"new": "referral", "disclose": "disclosure"}
"""Last part of the path of a page -> its form, where it is not the form's key."""


def add_draft_pages(people: APIRouter, pages: PageContext) -> None:
    """``POST /drafts`` keeps what a page has now: by its script, which gets JSON, or by its button, which gets the page."""

    @people.post("/drafts", include_in_schema=False)
    @needs_no_hub
    async def save(request: Request, person: SignedIn) -> Response:
        async with request.form(max_files=1, max_fields=FORM_MAX_FIELDS) as entered:
            values = {
                name: [v for v in entered.getlist(name) if isinstance(v, str)]
                for name in entered
                if name != "save"
            }
        return await run_in_threadpool(_save_draft, pages, person, request, values)

    @people.get("/drafts", response_class=HTMLResponse, include_in_schema=False)
    def drafts(person: SignedIn) -> Response:
        pages.drafts.expire()
        own = pages.drafts.listed(person.actor)
        is_shown = pages.permissions.shown_cases(person)
        of_case = (draft.case for draft in own if isinstance(draft, PageDraft))
        cases = [case for case in of_case if case is not None and is_shown(str(case))]
        families = pages.door.index.names(cases, reader_of(pages.door, person.actor))
        now = pages.door.now()
        return pages.render_page(
            "drafts.html",
            "下書き",
            person,
            current_path="/drafts",
            days=DRAFT_DAYS,
            drafts=[
                {
                    **_listed_draft(draft, now),
                    "was_sent": pages.door.store.sent(draft.id) is not None,
                    "family": families.get(str(draft.case)) if draft.case else None,
                }
                if isinstance(draft, PageDraft)
                else {
                    "id": str(draft.id),
                    "title": "開けない下書き",
                    "case": None,
                    "link": "",
                    "was_sent": False,
                    "at": draft.at,
                    "age": _age(now - parse_time_text(draft.at)),
                }
                for draft in own
            ],
        )

    @people.post("/drafts/delete", include_in_schema=False)
    @needs_no_hub
    def delete(draft: Annotated[UUID, Form()], person: SignedIn) -> Response:
        pages.drafts.delete(person.actor, draft)
        return RedirectResponse(f"{pages.base}/drafts", 303)


def draft_link(draft: PageDraft, *, is_kept: bool = False) -> str:
    """Where a draft is written on, below the door. ``is_kept``: it was sent when the session had ended."""
    query = {"draft": str(draft.id)} | ({"kept": "1"} if is_kept else {})
    return f"{draft.path}?{urlencode(query)}"


def _save_draft(
    pages: PageContext, person: Person, request: Request, values: dict[str, list[str]]
) -> Response:
    try:
        id = UUID(next(iter(values.get("command_id", ())), ""))
    except ValueError as error:
        raise Malformed("wrong-fields", "Correct the field command_id.") from error
    path = next(iter(values.get("path", ())), "")
    case = case_of_path(path)
    if case is not None and not pages.permissions.shown_cases(person)(str(case)):
        raise NotFound("not-found")
    at = pages.drafts.save(person.actor, id, path, values)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"at": _local(at).strftime("%H:%M")})
    return RedirectResponse(f"{pages.base}{path}?{urlencode({'draft': str(id)})}", 303)


def _listed_draft(draft: PageDraft, now: datetime) -> dict[str, Any]:
    key = draft.path.rpartition("/")[2]
    form = FORMS.get(PATH_FORMS.get(key, key))
    return {
        "id": str(draft.id),
        "title": form.title if form else "下書き",
        "case": None if draft.case is None else str(draft.case),
        "about": _about(draft),
        "at": draft.at,
        "age": _age(now - parse_time_text(draft.at)),
        "link": draft_link(draft),
    }


def _about(draft: PageDraft) -> str:
    """Of which family a draft is that begins a case: the first name in it."""
    names = [
        text
        for name, texts in draft.values.items()
        if name.endswith(".name.text")
        for text in texts
        if text.strip()
    ]
    return f"{names[0]}(新しい家庭)" if names else "新しい家庭"


def _age(age: Any) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "いま"
    if minutes < 60:
        return f"{minutes}分前"
    return f"{minutes // 60}時間前" if minutes < 24 * 60 else f"{minutes // (24 * 60)}日前"


def _local(at: str) -> datetime:
    return parse_time_text(at).astimezone(JST)
