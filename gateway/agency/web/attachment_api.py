"""The JSON API of attachments: a system hands over a file, asks how far it is, and names it in a message."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from urllib.parse import unquote
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from adapters.attachments import MAX_ATTACHMENT_BYTES
from domain.codes import Purpose, Section
from domain.error_codes import Audience
from gateway.agency.attachments import Attachment, Attachments, Progress
from gateway.agency.door import Door
from gateway.agency.received_files import open_file
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.messages import StrictModel
from gateway.agency.web.received_files import file_response
from gateway.pages.labels import ATTACHMENT_CHANGES, ATTACHMENT_STEPS
from gateway.protocol.problem_responses import problem_responses
from gateway.protocol.problems import text_ja_of_code
from gateway.protocol.serving import read_bounded_body

FileName = Annotated[
    str,
    Header(
        alias="Kakehashi-File-Name",
        max_length=3000,
        description="The name of the file, percent-encoded UTF-8. It is sealed like the file.",
    ),
]
Number = Annotated[
    UUID | None,
    Header(
        alias="Kakehashi-Attachment",
        description="A number that the sender chooses, so that the same file sent again is one attachment.",
    ),
]


class AttachmentOut(StrictModel):
    """A file that was handed over, and how far it is.

    ``state``: RECEIVED (waits to be looked at), CHECKED, REFUSED (``error_code`` says why), SENT. ``step``: RECEIVED,
    CHECKED, SEALED, SENDING, RECORDED or REFUSED; ``changes``: what was changed in it before sending. ``uploaded`` of
    ``items``: how many of the large parts of the message the hub has.
    """

    attachment: UUID
    state: str
    step: str
    step_text: str
    error_code: str | None
    error_text: str | None
    file_name: str
    media_type: str | None
    size: int
    pages: int
    changes: list[str] = Field(default=[])
    change_texts: list[str] = Field(default=[])
    message: UUID | None
    uploaded: int
    items: int


class FileIn(StrictModel):
    """Why a file is opened, and which message it belongs to."""

    message: UUID
    section: Section
    purpose: Purpose = Purpose.SUPPORT


problems = partial(problem_responses, Audience.DOOR)


def add_attachment_api(systems: APIRouter, door: Door, attachments: Attachments) -> None:
    """``/attachments``, and the file behind a document that was received."""

    @systems.post("/attachments", responses=problems(400, 403, 413))
    async def post_attachment(
        request: Request, person: SignedIn, file_name: FileName = "file", number: Number = None
    ) -> AttachmentOut:
        """Hand over a file as it is: PDF, JPEG, PNG or HEIC, recognised from its content, up to 25 MB. It is sealed on disk,
        looked at, and waits for a message for a day. What may not be sent is answered with the state REFUSED."""
        data = await read_bounded_body(request, MAX_ATTACHMENT_BYTES)
        name = unquote(file_name, errors="replace")
        received = await run_in_threadpool(attachments.receive, person.actor, number or uuid4(), data, name)
        return _out(attachments, received)

    @systems.get("/attachments/{attachment}", responses=problems(400, 404))
    def get_attachment(attachment: UUID, person: SignedIn) -> AttachmentOut:
        """How far an attachment is. It is known for a day."""
        return _out(attachments, attachments.find(person.actor, attachment))

    @systems.delete("/attachments/{attachment}", status_code=204, responses=problems(400, 404))
    @needs_no_hub
    def delete_attachment(attachment: UUID, person: SignedIn) -> Response:
        """Erase an attachment that no message takes along."""
        attachments.discard(person.actor, attachment)
        return Response(status_code=204)

    @systems.post(
        "/cases/{case}/items/{item}/file",
        response_class=Response,
        responses={
            200: {"content": {"application/octet-stream": {}}, "description": "The bytes of the file."},
            **problems(400, 404, 409),
        },
    )
    def post_file_of_document(case: UUID, item: UUID, request_body: FileIn, person: SignedIn) -> Response:
        """The file of a document (``document/v1``). The openings of both are recorded before a key is released. The header
        ``Kakehashi-Unreadable`` has the code of what is wrong where the bytes are not what the document says."""
        received = open_file(
            door,
            attachments.pool,
            case,
            request_body.message,
            item,
            request_body.section.value,
            actor=person.actor,
            purpose=request_body.purpose,
        )
        response = file_response(received)
        if received.error_code is not None:
            response.headers["Kakehashi-Unreadable"] = received.error_code
        return response


def _out(attachments: Attachments, one: Attachment) -> AttachmentOut:
    progress: Progress = attachments.progress(one)
    return AttachmentOut(
        attachment=one.id,
        state=one.state,
        step=progress.step,
        step_text=ATTACHMENT_STEPS[progress.step],
        error_code=one.error_code,
        error_text=text_ja_of_code(one.error_code) if one.error_code else None,
        file_name=one.file_name,
        media_type=one.media_type,
        size=one.size,
        pages=one.pages,
        changes=[change.value for change in one.changes],
        change_texts=[ATTACHMENT_CHANGES[change] for change in one.changes],
        message=one.command_id,
        uploaded=progress.uploaded,
        items=progress.items,
    )
