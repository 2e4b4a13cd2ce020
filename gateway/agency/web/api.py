"""The JSON API of a door, for the agency's own systems. It takes and returns sections in clear."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import Field

from adapters.agencies import Finding, WrongFile
from adapters.agencies.contract import MAX_FILE_BYTES
from domain.codes import Purpose, Section
from domain.error_codes import Audience
from domain.errors import Malformed
from domain.events import Kind, dump
from gateway.agency.content_form import shown_content
from gateway.agency.door import Door
from gateway.agency.files import FileResult, Files
from gateway.agency.inclusion import LogProver
from gateway.agency.web.attachment_api import add_attachment_api
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.messages import (
    MessageIn,
    RecordIn,
    SentOut,
    StrictModel,
    TimeText,
    send_message,
    send_record,
    to_sent_out,
)
from gateway.agency.web.outbox import shown_entries
from gateway.agency.web.page_context import PageContext
from gateway.protocol.problem_responses import problem_responses
from gateway.protocol.problems import MEDIA_TYPE, problem
from gateway.protocol.serving import read_bounded_body


class OpenIn(StrictModel):
    """Why an item is opened, and which message it belongs to."""

    message: UUID
    section: Section
    purpose: Purpose = Purpose.SUPPORT


class OpenAs(StrEnum):
    """How an opened item is returned."""

    TEXT = "text"
    JSON = "json"


class OpenedOut(StrictModel):
    """An item in clear, verified; its opening is recorded.

    ``text``: its lines in Japanese, as pages show them; ``content``: where it was asked for, the object of its schema in the
    newest version (null for ``text/v1``); ``readable``: whether it reads under its schema; if not, ``text`` is as it came. ``text`` is
    empty for the bytes of a file (``bytes/v1``).
    """

    section: str
    schema_: str = Field(alias="schema")
    text: str
    content: dict[str, Any] | None = None
    readable: bool
    author: UUID
    created_at: datetime
    act: str


class FileRowOut(StrictModel):
    """What became of one message of a file."""

    place: str
    case: UUID
    message: UUID
    outcome: str
    reason: str | None
    explanation: str
    remedy: str


class FileOut(StrictModel):
    """What became of a file. ``answer``: in the format of the file, base64; ``ending``: for its file name."""

    ok: bool
    rows: list[FileRowOut]
    media_type: str
    ending: str
    answer: str
    findings: list[dict[str, str]] = Field(default=[])


def file_out(file_result: FileResult, findings: Sequence[Finding] = ()) -> FileOut:
    """The answer to a file as the API returns it."""
    return FileOut(
        ok=file_result.ok,
        rows=[
            FileRowOut(
                place=place,
                case=o.case,
                message=o.message,
                outcome=o.outcome,
                reason=o.reason,
                explanation=o.explanation,
                remedy=o.remedy,
            )
            for place, o in file_result.rows
        ],
        media_type=file_result.media_type,
        ending=file_result.ending,
        answer=b64encode(file_result.data).decode("ascii"),
        findings=[finding.to_json() for finding in findings],
    )


MAX_MESSAGES = 500  # of one answer, some hundred kB; a case that is shorter comes at once, as most do
BEHIND_HEADER = "Kakehashi-Behind"
Limit = Annotated[int, Query(ge=1, le=MAX_MESSAGES)]
Cursor = Annotated[
    str,
    Query(
        max_length=100,
        pattern=r"^(\d{4}-[0-9T:.Z-]{1,24}/[0-9a-f-]{36})?$",
        description="From the header Link of the page before.",
    ),
]
BEHIND: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            BEHIND_HEADER: {
                "description": "How many records that may concern this agency the answer lacks; 0: none.",
                "schema": {"type": "integer"},
            }
        }
    }
}

problems = partial(problem_responses, Audience.DOOR)


def add_api(systems: APIRouter, pages: PageContext, files: Files) -> None:
    """The routes of the API, below ``/api``."""
    _add_sending(systems, pages, files)
    add_attachment_api(systems, pages.door, pages.attachments)
    _add_reading(systems, pages)
    _add_reports(systems, pages.door)


def _add_sending(systems: APIRouter, pages: PageContext, files: Files) -> None:
    """Messages and files to be sent, and what this door sent."""
    door, attachments = pages.door, pages.attachments

    @systems.post("/files", responses=problems(400, 413))
    async def post_file(request: Request, person: SignedIn) -> JSONResponse:
        """Send a file (FHIR Bundle, xlsx, csv) as it is; the format is recognised from its content. 200: accepted, with
        the outcome of each message; 400: not accepted, with all findings. The same file is recorded once."""
        data = await read_bounded_body(request, MAX_FILE_BYTES)
        try:
            file_result = await run_in_threadpool(files.send, person, data)
        except WrongFile as wrong:
            refusal = file_out(Files.refused(data, wrong), wrong.findings)
            body = problem(wrong)[1] | refusal.model_dump(mode="json")
            return JSONResponse(body, 400, media_type=MEDIA_TYPE)
        return JSONResponse(file_out(file_result).model_dump(mode="json"))

    @systems.post("/messages", responses=problems(400, 403, 404, 409))
    def post_message(message: MessageIn, person: SignedIn) -> SentOut:
        """Send a message. Outcome: recorded, refused (with the reason and what would fit), or waiting."""
        return to_sent_out(door, send_message(door, person, message, attachments))

    @systems.post("/programme", responses=problems(400, 403, 409))
    def post_programme(record: RecordIn, person: SignedIn) -> SentOut:
        """Record what is about no single case: a visitor's training, a report on the contract, a member of the network.
        Outcome as of a message."""
        return to_sent_out(door, send_record(door, person, record))

    @systems.get("/programme", responses=problems(400))
    def get_programme(person: SignedIn) -> dict[str, Any]:
        """This agency's commissions with what they lack, its networks with their members, and its rules of secrecy."""
        return door.query_or_known("programme", {}, actor=person.actor)

    @systems.get("/outbox")
    @needs_no_hub
    def get_outbox(person: SignedIn) -> list[dict[str, Any]]:
        """What this door sent, and what became of it."""
        is_shown = shown_entries(pages, person)
        return [
            {
                "command_id": str(o.command_id),
                "about": str(o.about),
                "act": o.act,
                "at": o.at,
                "state": o.state,
            }
            for o in door.store.outgoing()
            if is_shown(o)
        ]


def _refresh(door: Door, response: Response) -> None:
    """Read the feed; the header ``Kakehashi-As-Of`` says as of when the answer is, if the hub can't be reached."""
    door.refresh_if_possible()
    if door.behind_since is not None:
        response.headers["Kakehashi-As-Of"] = door.behind_since
    response.headers[BEHIND_HEADER] = str(door.store.behind)


def _add_reading(systems: APIRouter, pages: PageContext) -> None:
    """The cases of this agency: what waits, what it may know of, and opening an item."""
    door = pages.door

    @systems.get("/worklist", responses=BEHIND)
    def get_worklist(response: Response, person: SignedIn) -> list[dict[str, Any]]:
        """What waits for this agency.

        While the hub is away: as of the time in the header ``Kakehashi-As-Of``.
        """
        _refresh(door, response)
        is_shown = pages.permissions.shown_cases(person)
        return [dict(task) for task in door.store.tasks.all() if is_shown(task["case"])]

    @systems.get("/cases", responses=BEHIND)
    def get_cases(response: Response, person: SignedIn) -> list[str]:
        """The cases of which this agency may know at least one message.

        While the hub is away: as of the time in the header ``Kakehashi-As-Of``.
        """
        _refresh(door, response)
        return list(filter(pages.permissions.shown_cases(person), door.store.cases()))

    @systems.get("/cases/{case}", responses={**problems(400, 404), **BEHIND})
    def get_case(
        case: UUID, response: Response, cursor: Cursor = "", limit: Limit = MAX_MESSAGES
    ) -> list[dict[str, Any]]:
        """The messages of a case that this agency may know of, oldest first: control only.

        Where there are more than ``limit``, the header ``Link`` has the address of the next page (RFC 8288, rel next). While the hub is
        away: as of the time in the header ``Kakehashi-As-Of``.
        """
        _refresh(door, response)
        at, _, message = cursor.partition("/")
        messages = door.store.messages_after(case, at, message, limit + 1)
        if len(messages) > limit:
            last = messages[limit - 1]
            following = urlencode({"cursor": f"{last['at']}/{last['message']}", "limit": limit})
            response.headers["Link"] = f'<?{following}>; rel="next"'
        return messages[:limit]

    @systems.post("/cases/{case}/items/{item}/open", responses=problems(400, 404, 409))
    def post_open(
        case: UUID,
        item: UUID,
        request_body: OpenIn,
        person: SignedIn,
        as_: Annotated[OpenAs, Query(alias="as")] = OpenAs.TEXT,
    ) -> OpenedOut:
        """Open an item. The opening is recorded before the key is released. ``as=json``: with the structure of its content."""
        if request_body.purpose is Purpose.INDEX_REBUILD:  # nobody is shown what a door opens for its index
            raise Malformed("wrong-fields", "Choose the purpose for which somebody reads it.")
        opened = door.open(
            case,
            request_body.message,
            item,
            request_body.section.value,
            actor=person.actor,
            purpose=request_body.purpose,
        )
        shown = shown_content(opened.schema, opened.content)
        return OpenedOut(
            section=opened.section,
            schema=opened.schema,
            text=shown.text,
            content=shown.structure if as_ is OpenAs.JSON else None,
            readable=shown.is_readable,
            author=opened.author,
            created_at=opened.created_at,
            act=opened.act,
        )


def _add_reports(systems: APIRouter, door: Door) -> None:
    """Reports for a meeting, the state of the log, and the agencies that can be addressed."""

    @systems.get("/agenda", responses=problems(400))
    def get_agenda(since: TimeText, person: SignedIn) -> dict[str, Any]:
        """For a meeting: every open case of this agency, with changes since then, late tasks, and agencies never asked."""
        return door.query(Kind.AGENCY, door.agency, "agenda", {"since": dump(since)}, actor=person.actor)

    @systems.get("/openings", responses=problems(400))
    def get_openings(since: TimeText, person: SignedIn) -> dict[str, Any]:
        """Openings by other agencies in the cases of this agency, by day, case, agency and section."""
        return door.query(Kind.AGENCY, door.agency, "openings", {"since": dump(since)}, actor=person.actor)

    @systems.get("/log")
    @needs_no_hub
    def get_log() -> dict[str, Any]:
        """The state of this door's inclusion proofs: how many are proven, wait or are late, and contradictions of the log."""
        return LogProver(door).log_status().to_json()

    @systems.get("/agencies")
    def get_agencies() -> list[dict[str, Any]]:
        """The agencies that can be addressed, from key sets that the registrars signed."""
        return [
            {"id": str(k.agency), "code": k.code, "name": k.name, "roles": list(k.roles)}
            for k in door.directory()
        ]
