"""The plain JSON API of a door, for the agency's own systems. Sections are in clear here, and never beyond."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from adapters.agencies import Finding, WrongFile
from adapters.agencies.contract import MAX_FILE_BYTES
from domain.codes import Flag, Purpose, Section
from domain.errors import Malformed
from domain.events import FACTS, CaseMessage, Kind, dump
from gateway.agency.door import Door, Part, Sent
from gateway.agency.files import Answered, Files
from gateway.agency.inclusion import Proving
from gateway.agency.staff import Person
from gateway.pages.texts import reason_text
from gateway.protocol.problems import problem
from gateway.protocol.serving import bounded_body


class Strict(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class SectionIn(Strict):
    """One section of a message, in clear."""

    section: Section
    text: Annotated[str, Field(max_length=4_000_000)]
    flags: list[Flag] = []


class MessageIn(Strict):
    """A message to be sealed, signed and sent. ``case`` null begins a new case.

    ``act``: a topic of the published list; ``fields``: the act's own fields. ``ask_id`` may be chosen by the
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
    ask_id: UUID | None = None


class OpenIn(Strict):
    """Why an item is opened, and which message it belongs to."""

    message: UUID
    section: Section
    purpose: Purpose = Purpose.SUPPORT


class SentOut(Strict):
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


class OpenedOut(Strict):
    """An item in clear, verified; its opening is recorded."""

    section: str
    text: str
    author: UUID
    made_at: datetime
    act: str


def send_message(door: Door, person: Person, message: MessageIn) -> Sent:
    """Seal and send. Raises Malformed for an act that is none, else what the door raises."""
    cls = FACTS.get(message.act)
    if cls is None or not issubclass(cls, CaseMessage):
        raise Malformed("unknown-act", "ask for an act of the published list")
    if message.occurred_at is not None and message.occurred_at.tzinfo is None:
        raise Malformed("naive-time", "write the time with its zone, such as +09:00")
    fields = {
        "to": sorted(map(str, message.to)),
        "basis": {str(a): code for a, code in message.basis.items()},
        "consent": sorted(map(str, message.consent)),
        "purpose": message.purpose.value,
        "reason": message.reason,
        **message.fields,
    }
    parts = [
        Part(s.section.value, s.text.encode(), tuple(sorted(f.value for f in s.flags)))
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
        ask_id=message.ask_id,
        asked=_asked(message) if message.ask_id is not None else None,
    )


def _asked(message: MessageIn) -> bytes:
    """What was asked, in one form whatever the order of its keys."""
    return json.dumps(message.model_dump(mode="json"), sort_keys=True).encode()


def sent_out(sent: Sent) -> SentOut:
    """A sent wish as this API tells it."""
    return SentOut(
        case=sent.case,
        message=sent.ask_id,
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


class FileRowOut(Strict):
    """What became of one message of a file."""

    place: str
    case: UUID
    message: UUID
    outcome: str
    reason: str | None
    words: str
    remedy: str


class FileOut(Strict):
    """What became of a file. ``answer``: in the sender's own format, base64; ``ending``: of its name."""

    ok: bool
    rows: list[FileRowOut]
    media_type: str
    ending: str
    answer: str
    findings: list[dict[str, str]] = []


def file_out(answered: Answered, findings: Sequence[Finding] = ()) -> FileOut:
    """A file's answer as this API tells it."""
    return FileOut(
        ok=answered.ok,
        rows=[
            FileRowOut(
                place=place,
                case=o.case,
                message=o.message,
                outcome=o.outcome,
                reason=o.reason,
                words=o.words,
                remedy=o.remedy,
            )
            for place, o in answered.rows
        ],
        media_type=answered.media_type,
        ending=answered.ending,
        answer=b64encode(answered.data).decode("ascii"),
        findings=[finding.to_json() for finding in findings],
    )


def agency_api(door: Door, who: Any, files: Files) -> APIRouter:
    """The routes. ``who``: the dependency that names the system or person, or refuses."""
    api = APIRouter(prefix="/api", tags=["agency"])
    caller = Depends(who)

    @api.post("/files")
    async def post_file(request: Request, person: Person = caller) -> JSONResponse:
        """Send a file (FHIR Bundle, xlsx, csv) as it is; its content tells its format. 200: taken, with what
        became of each message; 400: nothing was taken, with all findings. The same bytes are recorded once."""
        data = await bounded_body(request, MAX_FILE_BYTES)
        try:
            answered = await run_in_threadpool(files.send, person, data)
        except WrongFile as wrong:
            told = file_out(Files.refused(data, wrong), wrong.findings)
            return JSONResponse(problem(wrong)[1] | told.model_dump(mode="json"), 400)
        return JSONResponse(file_out(answered).model_dump(mode="json"))

    @api.post("/messages")
    def post_message(message: MessageIn, person: Person = caller) -> SentOut:
        """Send a message. Outcome: recorded, refused (with the reason and what would fit), or waiting."""
        return sent_out(send_message(door, person, message))

    @api.get("/worklist")
    def get_worklist(person: Person = caller) -> list[dict[str, Any]]:
        """What waits for this agency."""
        door.refresh()
        return door.book.tasks()

    @api.get("/cases")
    def get_cases(person: Person = caller) -> list[str]:
        """The cases of which this agency knows something."""
        door.refresh()
        return sorted({m["case"] for m in door.book.messages()})

    @api.get("/cases/{case}")
    def get_case(case: UUID, person: Person = caller) -> list[dict[str, Any]]:
        """The messages of a case that this agency may know of: control only."""
        door.refresh()
        return door.book.messages(case)

    @api.post("/cases/{case}/items/{item}/open")
    def post_open(case: UUID, item: UUID, wanted: OpenIn, person: Person = caller) -> OpenedOut:
        """Open an item. The opening is recorded before the key is released."""
        opened = door.open(
            case, wanted.message, item, wanted.section.value, actor=person.actor, purpose=wanted.purpose
        )
        return OpenedOut(
            section=opened.section,
            text=opened.content.decode("utf-8", "replace"),
            author=opened.author,
            made_at=opened.made_at,
            act=opened.act,
        )

    @api.get("/outbox")
    def get_outbox(person: Person = caller) -> list[dict[str, Any]]:
        """What this door sent, and what became of it."""
        return [
            {"ask_id": str(o.ask_id), "about": str(o.about), "act": o.act, "at": o.at, "state": o.state}
            for o in door.book.outgoing()
        ]

    @api.get("/agenda")
    def get_agenda(since: AwareDatetime, person: Person = caller) -> dict[str, Any]:
        """For a meeting: every open case that we look after, what changed since, what is late, who was never asked."""
        return door.question(Kind.AGENCY, door.agency, "agenda", {"since": dump(since)}, actor=person.actor)

    @api.get("/openings")
    def get_openings(since: AwareDatetime, person: Person = caller) -> dict[str, Any]:
        """Who else opened what of the cases that we answer for, gathered by day, case, agency and section."""
        return door.question(Kind.AGENCY, door.agency, "openings", {"since": dump(since)}, actor=person.actor)

    @api.get("/log")
    def get_log(person: Person = caller) -> dict[str, Any]:
        """How this door stands with the hub's log: what is proven, what waits or is late, and what is wrong."""
        return Proving(door).standing().to_json()

    @api.get("/agencies")
    def get_agencies(person: Person = caller) -> list[dict[str, Any]]:
        """The agencies that can be addressed, from key sets that the registry vouches for."""
        return [
            {"id": str(k.agency), "code": k.code, "name": k.name, "roles": list(k.roles)}
            for k in door.directory()
        ]

    return api
