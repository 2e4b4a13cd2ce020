"""The cases of a door: the list, one case with its messages, opening an item, confirming receipt."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.codes import Purpose, Section
from domain.errors import ExchangeError, Malformed
from domain.events import dump
from gateway.agency.content_form import shown_content
from gateway.agency.documents import BYTES_SCHEMA, DOCUMENT_SCHEMA
from gateway.agency.forms.table import forms_beginning_case
from gateway.agency.index.readers import reader_of
from gateway.agency.item_opening import OpenedItem
from gateway.agency.staff import Person
from gateway.agency.web.before_sending import objection_before_sending
from gateway.agency.web.case_home import ACT_OF_TASK, CaseHome, Only, TimelineChoice, names_of_children
from gateway.agency.web.families import charge_texts
from gateway.agency.web.form_context import case_messages, form_context_of
from gateway.agency.web.guard import SessionReference, SignedIn
from gateway.agency.web.messages import MessageIn, send_message
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.paging import PageNumber, page_of
from gateway.agency.web.reading import ReadingPurpose, open_ordinary
from gateway.pages.texts import reason_text


def add_case_pages(people: APIRouter, pages: PageContext) -> None:
    """What this agency may know of its cases."""
    door = pages.door

    @people.get("/cases", response_class=HTMLResponse, include_in_schema=False)
    def cases(person: SignedIn, page: PageNumber = 1, mine: bool = False) -> Response:
        door.refresh_if_possible()
        is_shown = pages.permissions.shown_cases(person)
        known = [one for one in door.overviews.latest_first() if is_shown(one.case)]
        if mine:
            own = door.charges.cases_of(person.actor)
            known = [one for one in known if one.case in own]
        shown = page_of("cases", known, page)
        listed = [UUID(one.case) for one in shown["cases"]]
        return pages.render_page(
            "cases.html",
            "事例",
            person,
            current_path="/cases",
            **shown,
            mine=mine,
            family_names=door.index.names(listed, reader_of(door, person.actor)),
            charges=charge_texts(pages, [one.case for one in shown["cases"]]),
            starting_forms=forms_beginning_case(form_context_of(pages, person)),
        )

    @people.get("/cases/{case}", response_class=HTMLResponse, include_in_schema=False)
    def case_page(
        case: UUID,
        person: SignedIn,
        session: SessionReference,
        done: str = "",
        page: PageNumber = 1,
        message: UUID | None = None,
        only: Only = Only.ALL,
        unopened: Annotated[int, Query(ge=0)] = 0,
        since: Annotated[int | None, Query(ge=0)] = None,
    ) -> Response:
        choice = TimelineChoice(only, page, message, since)
        return CaseHome(pages, person, session, case).render(choice, done=done, unopened=unopened)

    @people.post("/cases/{case}/read", include_in_schema=False)
    def read_message(
        case: UUID,
        message: Annotated[UUID, Form()],
        person: SignedIn,
        session: SessionReference,
        purpose: Annotated[ReadingPurpose, Form()] = ReadingPurpose.SUPPORT,
    ) -> Response:
        unopened = open_ordinary(
            door, case, message, actor=person.actor, session=session, purpose=Purpose(purpose.value)
        )
        rest = f"&unopened={unopened}" if unopened else ""
        return RedirectResponse(f"{pages.base}/cases/{case}?message={message}{rest}#m-{message}", 303)

    @people.post("/cases/{case}/open", response_class=HTMLResponse, include_in_schema=False)
    def open_item(
        case: UUID,
        message: Annotated[UUID, Form()],
        item: Annotated[UUID, Form()],
        section: Annotated[Section, Form()],
        person: SignedIn,
        session: SessionReference,
        purpose: Annotated[ReadingPurpose, Form()] = ReadingPurpose.SUPPORT,
    ) -> Response:
        opened = door.open(
            case, message, item, section.value, actor=person.actor, purpose=Purpose(purpose.value)
        )
        is_kept = door.recent.keep(session, case, message, opened, purpose.value)
        return pages.render_page(
            "opened.html",
            "情報の閲覧",
            person,
            case=str(case),
            opened=opened,
            message=str(message),
            is_ours=opened.author == door.agency,
            is_kept=is_kept,
            document_item=_document_item(opened),
            shown=None
            if opened.schema == BYTES_SCHEMA
            else shown_content(
                opened.schema, opened.content, names_of_children(case_messages(pages, person, case))
            ),
            author=pages.names().get(str(opened.author), "ほかの機関"),
            created_at=dump(opened.created_at),
            purpose=purpose,
        )

    @people.post("/cases/{case}/answer", include_in_schema=False)
    def answer(
        case: UUID, message: Annotated[UUID, Form()], act: Annotated[str, Form()], person: SignedIn
    ) -> Response:
        if act not in ACT_OF_TASK.values():
            raise Malformed("unknown-act")
        return _record_answer(pages, person, case, message, act)


def _record_answer(pages: PageContext, person: Person, case: UUID, message: UUID, act: str) -> Response:
    """Record what one button confirms about a message. Raises Malformed where the hub would not, or did not, record it."""
    answered = pages.door.store.message(case, message)
    to = [UUID(answered["by"])] if answered is not None and act != "referral.read" else []
    confirmation = MessageIn(case=case, act=act, to=to, fields={"answers": str(message)})
    objection = objection_before_sending(pages, person, confirmation, anyway=False)
    if objection is not None and objection.dry_run is None:
        raise _not_recorded_because(objection.text)
    if objection is not None and objection.dry_run is not None:
        raise _not_recorded(objection.dry_run.reason)
    sent = send_message(pages.door, person, confirmation)
    if sent.outcome == "waiting":
        return RedirectResponse(f"{pages.base}/outbox", 303)
    if sent.outcome != "recorded":
        raise _not_recorded(sent.reason)
    return RedirectResponse(f"{pages.base}/cases/{case}", 303)


def _not_recorded(reason: str | None) -> ExchangeError:
    """Why a confirmation by one button is not on record, in words."""
    return _not_recorded_because(reason_text(reason))


def _not_recorded_because(text: str) -> ExchangeError:
    error = Malformed("not-recorded")
    error.detail_ja = f"記録できませんでした。{text}"
    return error


def _document_item(opened: OpenedItem) -> UUID | None:
    """The item that says what file this is: itself, or the one before it where this is the file; None for neither."""
    if opened.schema == DOCUMENT_SCHEMA:
        return opened.item
    before = opened.before
    is_file = opened.schema == BYTES_SCHEMA and before is not None and before.schema == DOCUMENT_SCHEMA
    return before.item if is_file and before is not None else None
