"""The JSON API of a door, for the agency's own systems. It takes and returns sections in clear."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field

from adapters.agencies import Finding, WrongFile
from adapters.agencies.contract import MAX_FILE_BYTES
from domain.codes import Purpose, Section
from domain.error_codes import Audience
from domain.events import Kind, dump
from gateway.agency.door import Door
from gateway.agency.files import FileResult, Files
from gateway.agency.inclusion import LogProver
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.messages import MessageIn, SentOut, StrictModel, send_message, to_sent_out
from gateway.protocol.problem_responses import problem_responses
from gateway.protocol.problems import MEDIA_TYPE, problem
from gateway.protocol.serving import read_bounded_body


class OpenIn(StrictModel):
    """Why an item is opened, and which message it belongs to."""

    message: UUID
    section: Section
    purpose: Purpose = Purpose.SUPPORT


class OpenedOut(StrictModel):
    """An item in clear, verified; its opening is recorded."""

    section: str
    text: str
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


problems = partial(problem_responses, Audience.DOOR)


def add_api(systems: APIRouter, door: Door, files: Files) -> None:
    """The routes of the API, below ``/api``."""
    _add_sending(systems, door, files)
    _add_reading(systems, door)
    _add_reports(systems, door)


def _add_sending(systems: APIRouter, door: Door, files: Files) -> None:
    """Messages and files to be sent, and what this door sent."""

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

    @systems.post("/messages", responses=problems(400, 404, 409))
    def post_message(message: MessageIn, person: SignedIn) -> SentOut:
        """Send a message. Outcome: recorded, refused (with the reason and what would fit), or waiting."""
        return to_sent_out(send_message(door, person, message))

    @systems.get("/outbox")
    def get_outbox() -> list[dict[str, Any]]:
        """What this door sent, and what became of it."""
        return [
            {
                "command_id": str(o.command_id),
                "about": str(o.about),
                "act": o.act,
                "at": o.at,
                "state": o.state,
            }
            for o in door.store.outgoing()
        ]


def _add_reading(systems: APIRouter, door: Door) -> None:
    """The cases of this agency: what waits, what it may know of, and opening an item."""

    @systems.get("/worklist")
    def get_worklist() -> list[dict[str, Any]]:
        """What waits for this agency."""
        door.refresh()
        return door.store.tasks()

    @systems.get("/cases")
    def get_cases() -> list[str]:
        """The cases of which this agency may know at least one message."""
        door.refresh()
        return sorted({m["case"] for m in door.store.messages()})

    @systems.get("/cases/{case}", responses=problems(400))
    def get_case(case: UUID) -> list[dict[str, Any]]:
        """The messages of a case that this agency may know of: control only."""
        door.refresh()
        return door.store.messages(case)

    @systems.post("/cases/{case}/items/{item}/open", responses=problems(400, 404, 409))
    def post_open(case: UUID, item: UUID, request_body: OpenIn, person: SignedIn) -> OpenedOut:
        """Open an item. The opening is recorded before the key is released."""
        opened = door.open(
            case,
            request_body.message,
            item,
            request_body.section.value,
            actor=person.actor,
            purpose=request_body.purpose,
        )
        return OpenedOut(
            section=opened.section,
            text=opened.content.decode("utf-8", "replace"),
            author=opened.author,
            created_at=opened.created_at,
            act=opened.act,
        )


def _add_reports(systems: APIRouter, door: Door) -> None:
    """Reports for a meeting, the state of the log, and the agencies that can be addressed."""

    @systems.get("/agenda", responses=problems(400))
    def get_agenda(since: AwareDatetime, person: SignedIn) -> dict[str, Any]:
        """For a meeting: every open case of this agency, with changes since then, late tasks, and agencies never asked."""
        return door.query(Kind.AGENCY, door.agency, "agenda", {"since": dump(since)}, actor=person.actor)

    @systems.get("/openings", responses=problems(400))
    def get_openings(since: AwareDatetime, person: SignedIn) -> dict[str, Any]:
        """Openings by other agencies in the cases of this agency, by day, case, agency and section."""
        return door.query(Kind.AGENCY, door.agency, "openings", {"since": dump(since)}, actor=person.actor)

    @systems.get("/log")
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
