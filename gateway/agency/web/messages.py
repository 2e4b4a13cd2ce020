"""Messages as pages and systems write them, with sections in clear, before the door seals them; and the outcome."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

from domain.codes import Flag, Purpose, Section
from domain.errors import Malformed
from domain.events import EVENTS, CaseMessage, Kind
from gateway.agency.door import Door, SectionContent, SubmissionResult
from gateway.agency.staff import Person
from gateway.pages.texts import reason_text


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


def send_message(door: Door, person: Person, message: MessageIn) -> SubmissionResult:
    """Seal and send a message. Raises Malformed (unknown act, time without zone), and what ``Door.send`` raises."""
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
        request=_canonical_request(message) if message.command_id is not None else None,
    )


def _canonical_request(message: MessageIn) -> bytes:
    """The request in one form, whatever the order of its keys."""
    return json.dumps(message.model_dump(mode="json"), sort_keys=True).encode()


def to_sent_out(sent: SubmissionResult) -> SentOut:
    """The outcome of a command as the API returns it."""
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
