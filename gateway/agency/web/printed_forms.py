"""Official forms on paper: which forms, what is opened for each, and the PDF; also for systems, and the log of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from domain.codes import Purpose
from domain.errors import Malformed, NotFound
from domain.events import dump
from gateway.agency.door import Door
from gateway.agency.official_forms.meeting_papers import MEETING_PAPERS
from gateway.agency.official_forms.printing import PRINTING_PURPOSES, FormPrinter, PrintOrder
from gateway.agency.official_forms.table import OATH, OFFICIAL_FORMS, OfficialForm
from gateway.agency.staff import Person, Staff
from gateway.agency.web.api import problems
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.messages import StrictModel
from gateway.agency.web.page_context import PageContext
from gateway.pages.labels import STAFF_LOG
from gateway.pages.texts import section_text
from gateway.protocol.problems import text_ja_of

MAX_ROWS = 200
CHUNK_BYTES = 64 * 1024
PDF = "application/pdf"


class PrintIn(StrictModel):
    """What is printed: ``items`` by their ids; ``confirmed_items``: those of ADDR and NOTIFIER, which only a person may name.

    ``message``: for which message of the case the form is printed, null for the case as a whole.
    """

    items: tuple[UUID, ...] = ()
    confirmed_items: tuple[UUID, ...] = ()
    message: UUID | None = None
    purpose: Purpose = Purpose.SUPPORT


def printer_of(door: Door, staff: Staff, mode: str) -> FormPrinter:
    """The printer of this door, with the door's own log."""
    return FormPrinter(door, staff.log_print, is_rehearsal=mode == "rehearsal")


def form_of(key: str) -> OfficialForm:
    """The form of a case with this key. Raises NotFound."""
    form = OFFICIAL_FORMS.get(key)
    if form is None:
        raise NotFound("not-found")
    return form


def pdf_response(pdf: bytes, name: str) -> StreamingResponse:
    """The PDF in parts. ``Cache-Control: no-store`` stands in every answer that is not static."""
    return StreamingResponse(
        _chunks(pdf),
        media_type=PDF,
        headers={
            "Content-Disposition": f'inline; filename="{name}"',
            "Content-Length": str(len(pdf)),
            "Cache-Control": "no-store",
        },
    )


def _chunks(pdf: bytes) -> Iterator[bytes]:
    for start in range(0, len(pdf), CHUNK_BYTES):
        yield pdf[start : start + CHUNK_BYTES]


def add_print_api(systems: APIRouter, door: Door, printer: FormPrinter) -> None:
    """Printing for the agency's own systems. What needs a person's own tick they do not get."""

    @systems.get("/cases/{case}/official-forms/{key}", responses=problems(400, 404))
    def get_printable_items(case: UUID, key: str, message: UUID | None = None) -> list[dict[str, Any]]:
        """The items that may be opened for this form, the newest first; ``chosen``: what the page proposes."""
        door.refresh_if_possible()
        return [
            {
                "message": str(i.message),
                "item": str(i.item),
                "section": i.section.value,
                "flags": list(i.flags),
                "at": i.at,
                "needs_own_tick": i.needs_own_tick,
                "chosen": i.chosen,
            }
            for i in printer.items(form_of(key), case, message)
        ]

    @systems.post(
        "/cases/{case}/official-forms/{key}",
        response_class=Response,
        responses={200: {"content": {PDF: {}}}, **problems(400, 403, 404, 409)},
    )
    def post_print(case: UUID, key: str, request_body: PrintIn, person: SignedIn) -> Response:
        """Print an official form as PDF. Every item is opened on record, with its purpose, before it is printed."""
        door.refresh_if_possible()
        form = form_of(key)
        order = PrintOrder(
            case=case,
            items=request_body.items,
            confirmed_items=request_body.confirmed_items,
            message=request_body.message,
            purpose=request_body.purpose,
        )
        return pdf_response(printer.print(form, order, actor=person.actor), form.file_name)


def add_print_pages(people: APIRouter, pages: PageContext, printer: FormPrinter) -> None:
    """Pages for people."""
    door = pages.door

    @people.get("/cases/{case}/print", response_class=HTMLResponse, include_in_schema=False)
    def print_list(case: UUID, person: SignedIn, message: UUID | None = None) -> Response:
        """Which forms there are, those that fit the message first."""
        door.refresh_if_possible()
        messages = door.store.messages(case)
        if not messages:
            raise NotFound("not-found")
        about = next((m for m in messages if m["message"] == str(message)), None)
        acts = {about["act"]} if about is not None else {m["act"] for m in messages}
        query = f"?{urlencode({'message': str(message)})}" if about is not None else ""
        return pages.render_page(
            "print.html",
            "様式で印刷 (PDF)",
            person,
            case=str(case),
            about=about,
            names=pages.names(),
            forms=[(form, query, bool(acts & set(form.acts))) for form in OFFICIAL_FORMS.values()],
            dv_protected=door.addresses.protected_until(case) is not None,
        )

    @people.get("/cases/{case}/print/{key}", response_class=HTMLResponse, include_in_schema=False)
    def print_page(case: UUID, key: str, person: SignedIn, message: UUID | None = None) -> Response:
        """What is opened for the form, before anything is."""
        door.refresh_if_possible()
        return _render_print(pages, printer, person, form_of(key), case, message)

    @people.post("/cases/{case}/print/{key}", include_in_schema=False)
    def print_form(
        case: UUID,
        key: str,
        person: SignedIn,
        purpose: Annotated[Purpose, Form()],
        item: Annotated[list[UUID], Form()] = [],  # noqa: B006 (FastAPI copies it)
        confirmed_item: Annotated[list[UUID], Form()] = [],  # noqa: B006
        message: Annotated[UUID | None, Form()] = None,
    ) -> Response:
        form = form_of(key)
        order = PrintOrder(
            case=case, items=item, confirmed_items=confirmed_item, message=message, purpose=purpose
        )
        try:
            return pdf_response(printer.print(form, order, actor=person.actor), form.file_name)
        except Malformed as error:
            return _render_print(
                pages, printer, person, form, case, message, order=order, problem=text_ja_of(error)
            )

    @people.post("/programme/print/oath", include_in_schema=False)
    def print_oath(
        commission: Annotated[UUID, Form()], worker: Annotated[str, Form()], person: SignedIn
    ) -> Response:
        return pdf_response(printer.print_oath(commission, worker, actor=person.actor), OATH.file_name)

    @people.get("/print-log", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def print_log(person: SignedIn) -> Response:
        """Who printed which form of which family, the newest first."""
        names, titles = (
            pages.staff.people(),
            {f.key: f.title for f in (*OFFICIAL_FORMS.values(), OATH, MEETING_PAPERS)},
        )
        entries = []
        for entry in pages.staff.print_log()[:MAX_ROWS]:
            key, *sections = entry.detail.split(" ")
            entries.append(
                {
                    "at": dump(entry.at),
                    "by": names.get(entry.by, entry.by),
                    "about": entry.about,
                    "form": titles.get(key, key),
                    "ticked": "、".join(map(section_text, sections)),
                }
            )
        return pages.render_page(
            "print_log.html", "様式の印刷記録", person, entries=entries, what=STAFF_LOG["form-printed"]
        )


def _render_print(
    pages: PageContext,
    printer: FormPrinter,
    person: Person,
    form: OfficialForm,
    case: UUID,
    message: UUID | None,
    *,
    order: PrintOrder | None = None,
    problem: str = "",
) -> HTMLResponse:
    items = printer.items(form, case, message)
    ticked = None if order is None else {*order.items, *order.confirmed_items}
    rows = [
        {
            "item": str(i.item),
            "section": i.section.value,
            "flags": i.flags,
            "act": i.act,
            "by": i.by,
            "at": i.at,
            "own": i.needs_own_tick,
            "checked": i.chosen if ticked is None else i.item in ticked,
        }
        for i in items
    ]
    return pages.render_page(
        "print_form.html",
        f"印刷: {form.title}",
        person,
        status=400 if problem else 200,
        case=str(case),
        form=form,
        message=message,
        items=[row for row in rows if not row["own"]],
        own_items=[row for row in rows if row["own"]],
        purposes=[p.value for p in PRINTING_PURPOSES],
        purpose=(order.purpose if order is not None else Purpose.SUPPORT).value,
        problem=problem,
        names=pages.names(),
        dv_protected=pages.door.addresses.protected_until(case) is not None,
    )
