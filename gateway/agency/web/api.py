"""The plain JSON API of a door, for the agency's own systems. Sections are in clear here, and never beyond."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from adapters.agencies import Finding, WrongFile
from adapters.agencies.contract import MAX_FILE_BYTES
from domain.codes import Flag, Purpose, Section
from domain.error_codes import Audience
from domain.errors import Malformed
from domain.events import EVENTS, CaseMessage, Kind, dump
from gateway.agency.door import Door, SectionContent, SubmissionResult
from gateway.agency.files import FileResult, Files
from gateway.agency.inclusion import LogProver
from gateway.agency.staff import Person
from gateway.pages.texts import reason_text
from gateway.protocol.problem_responses import problem_responses
from gateway.protocol.problems import problem
from gateway.protocol.serving import read_bounded_body


class StrictModel(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class SectionIn(StrictModel):
    """One section of a message, in clear."""

    section: Section
    text: Annotated[str, Field(max_length=4_000_000)]
    flags: list[Flag] = []


class MessageIn(StrictModel):
    """A message to be sealed, signed and sent. ``case`` null begins a new case.

    ``act``: a topic of the published list; ``fields``: the act's own fields. ``command_id`` may be chosen by the
    sender, so that the same message twice is recorded once.
    """

    case: UUID | None = None
    act: str
    to: list[UUID] = []
    basis: dict[UUID, str] = {}
    consent: list[UUID] = []
    purpose: Purpose = Purpose.SUPPORT
    reason: str | None = None
    fields: dict[str, Any] = {}
    occurred_at: datetime | None = None
    sections: list[SectionIn] = []
    command_id: UUID | None = None


class OpenIn(StrictModel):
    """Why an item is opened, and which message it belongs to."""

    message: UUID
    section: Section
    purpose: Purpose = Purpose.SUPPORT


class SentOut(StrictModel):
    """What became of a message."""

    case: UUID
    message: UUID
    outcome: str
    topic: str | None
    reason: str | None
    reason_text: str | None
    fitting: list[str]
    held: list[str]
    position: int | None


class OpenedOut(StrictModel):
    """An item in clear, verified; its opening is recorded."""

    section: str
    text: str
    author: UUID
    created_at: datetime
    act: str


def send_message(door: Door, person: Person, message: MessageIn) -> SubmissionResult:
    """Seal and send. Raises Malformed for an act that is none, else what the door raises."""
    cls = EVENTS.get(message.act)
    if cls is None or not issubclass(cls, CaseMessage):
        raise Malformed("unknown-act")
    if message.occurred_at is not None and message.occurred_at.tzinfo is None:
        raise Malformed("naive-time")
    fields = {
        "to": sorted(map(str, message.to)),
        "basis": {str(a): code for a, code in message.basis.items()},
        "consent": sorted(map(str, message.consent)),
        "purpose": message.purpose.value,
        "reason": message.reason,
        **message.fields,
    }
    parts = [
        SectionContent(s.section.value, s.text.encode(), tuple(sorted(f.value for f in s.flags)))
        for s in message.sections
    ]
    return door.send(
        Kind.CASE,
        message.case or uuid4(),
        message.act,
        fields,
        parts,
        actor=person.actor,
        occurred_at=message.occurred_at,
        command_id=message.command_id,
        asked=_canonical_request(message) if message.command_id is not None else None,
    )


def _canonical_request(message: MessageIn) -> bytes:
    """What was asked, in one form whatever the order of its keys."""
    return json.dumps(message.model_dump(mode="json"), sort_keys=True).encode()


def to_sent_out(sent: SubmissionResult) -> SentOut:
    """A sent command as this API tells it."""
    return SentOut(
        case=sent.case,
        message=sent.command_id,
        outcome=sent.outcome,
        topic=sent.topic,
        reason=sent.reason,
        reason_text=reason_text(sent.reason) or None,
        fitting=list(sent.fitting),
        held=list(sent.held),
        position=sent.receipt.leaf.seq
        if sent.receipt is not None and sent.receipt.leaf is not None
        else None,
    )


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
    """What became of a file. ``answer``: in the sender's own format, base64; ``ending``: of its name."""

    ok: bool
    rows: list[FileRowOut]
    media_type: str
    ending: str
    answer: str
    findings: list[dict[str, str]] = []


def file_out(file_result: FileResult, findings: Sequence[Finding] = ()) -> FileOut:
    """A file's answer as this API tells it."""
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


def agency_api(door: Door, authenticate: Any, files: Files) -> APIRouter:
    """The routes. ``authenticate``: the dependency that names the system or person, or refuses."""
    api = APIRouter(prefix="/api", tags=["agency"], responses=problems(401, 500, 503))
    current_person = Depends(authenticate)

    @api.post("/files", responses=problems(400, 413))
    async def post_file(request: Request, person: Person = current_person) -> JSONResponse:
        """Send a file (FHIR Bundle, xlsx, csv) as it is; its content tells its format. 200: taken, with what
        became of each message; 400: nothing was taken, with all findings. The same bytes are recorded once."""
        data = await read_bounded_body(request, MAX_FILE_BYTES)
        try:
            file_result = await run_in_threadpool(files.send, person, data)
        except WrongFile as wrong:
            refusal = file_out(Files.refused(data, wrong), wrong.findings)
            return JSONResponse(problem(wrong)[1] | refusal.model_dump(mode="json"), 400)
        return JSONResponse(file_out(file_result).model_dump(mode="json"))

    @api.post("/messages", responses=problems(400, 404, 409))
    def post_message(message: MessageIn, person: Person = current_person) -> SentOut:
        """Send a message. Outcome: recorded, refused (with the reason and what would fit), or waiting."""
        return to_sent_out(send_message(door, person, message))

    @api.get("/worklist")
    def get_worklist(person: Person = current_person) -> list[dict[str, Any]]:
        """What waits for this agency."""
        door.refresh()
        return door.store.tasks()

    @api.get("/cases")
    def get_cases(person: Person = current_person) -> list[str]:
        """The cases of which this agency knows something."""
        door.refresh()
        return sorted({m["case"] for m in door.store.messages()})

    @api.get("/cases/{case}", responses=problems(400))
    def get_case(case: UUID, person: Person = current_person) -> list[dict[str, Any]]:
        """The messages of a case that this agency may know of: control only."""
        door.refresh()
        return door.store.messages(case)

    @api.post("/cases/{case}/items/{item}/open", responses=problems(400, 404, 409))
    def post_open(case: UUID, item: UUID, request_body: OpenIn, person: Person = current_person) -> OpenedOut:
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

    @api.get("/outbox")
    def get_outbox(person: Person = current_person) -> list[dict[str, Any]]:
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

    @api.get("/agenda", responses=problems(400))
    def get_agenda(since: AwareDatetime, person: Person = current_person) -> dict[str, Any]:
        """For a meeting: every open case that we look after, what changed since, what is late, who was never asked."""
        return door.query(Kind.AGENCY, door.agency, "agenda", {"since": dump(since)}, actor=person.actor)

    @api.get("/openings", responses=problems(400))
    def get_openings(since: AwareDatetime, person: Person = current_person) -> dict[str, Any]:
        """Who else opened what of the cases that we answer for, gathered by day, case, agency and section."""
        return door.query(Kind.AGENCY, door.agency, "openings", {"since": dump(since)}, actor=person.actor)

    @api.get("/log")
    def get_log(person: Person = current_person) -> dict[str, Any]:
        """How this door stands with the hub's log: what is proven, what waits or is late, and what is wrong."""
        return LogProver(door).log_status().to_json()

    @api.get("/agencies")
    def get_agencies(person: Person = current_person) -> list[dict[str, Any]]:
        """The agencies that can be addressed, from key sets that the registrars vouch for."""
        return [
            {"id": str(k.agency), "code": k.code, "name": k.name, "roles": list(k.roles)}
            for k in door.directory()
        ]

    return api
