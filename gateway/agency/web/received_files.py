"""Giving a person a file that was received: as what it is, never to be shown by the browser as part of our pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from adapters.attachments import MediaType, safe_name
from domain.codes import ContentFault, Section
from gateway.agency.received_files import ReceivedFile, open_file
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.page_context import PageContext
from gateway.protocol.problems import text_ja_of_code

CHUNK_BYTES = 1 << 20
FILE_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def add_received_file_pages(people: APIRouter, pages: PageContext) -> None:
    """The file of a document; where it is not what it should be, first a page that says so."""

    @people.post("/cases/{case}/file", response_class=HTMLResponse, include_in_schema=False)
    def file(
        case: UUID,
        message: Annotated[UUID, Form()],
        item: Annotated[UUID, Form()],
        section: Annotated[Section, Form()],
        person: SignedIn,
        as_it_is: Annotated[bool, Form()] = False,
    ) -> Response:
        received = open_file(
            pages.door,
            pages.attachments.pool,
            case,
            message,
            item,
            section.value,
            actor=person.actor,
        )
        if received.error_code is None or as_it_is:
            return file_response(received)
        return pages.render_page(
            "unreadable.html",
            "読めないファイル",
            person,
            status=409,
            case=str(case),
            message=str(message),
            item=str(item),
            unreadable_item=str(received.item),
            section=section.value,
            text=text_ja_of_code(received.error_code),
            fault=(
                ContentFault.FILE_DIFFERS
                if received.error_code == "document-differs"
                else ContentFault.FILE_REFUSED
            ),
        )


def file_response(received: ReceivedFile) -> Response:
    """The file, to be saved. A browser runs nothing of it, whatever it is."""
    if received.error_code is None:
        name = safe_name(received.document.file_name, MediaType(received.document.media_type))
    else:
        name = "unreadable.bin"
    headers = {
        **FILE_HEADERS,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Length": str(len(received.data)),
    }
    return StreamingResponse(_chunks(received.data), media_type=received.media_type, headers=headers)


def _chunks(data: bytes) -> Iterator[bytes]:
    view = memoryview(data)
    for begin in range(0, len(view), CHUNK_BYTES):
        yield bytes(view[begin : begin + CHUNK_BYTES])
