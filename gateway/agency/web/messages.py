"""Messages as pages and systems write them, with sections in clear, before the door seals them; and the outcome."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID, uuid4

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from adapters.content_json import complete_content, write_content
from domain import events as e
from domain.blank_text import is_blank
from domain.children import SpeaksOfChildren
from domain.codes import Flag, Purpose, Section
from domain.errors import Malformed
from domain.events import EVENTS, CaseMessage, Kind
from domain.record import commission_of
from domain.time_text import parse_time_text
from gateway.agency.attachments import MAX_IN_MESSAGE, AttachedPart, Attachments
from gateway.agency.content_form import in_section
from gateway.agency.door import Door, DryRun, SectionContent, SubmissionResult
from gateway.agency.drafts import TEXT
from gateway.agency.factors.step_up import require_fresh_factor
from gateway.agency.notifier_marks import LABELLED
from gateway.agency.staff import Person
from gateway.pages.texts import reason_text


class StrictModel(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


TimeText = Annotated[datetime, BeforeValidator(parse_time_text)]
"""A time as text with its offset, and nothing else: pydantic would take a number, and a day without a time."""


class SectionIn(StrictModel):
    """One section of a message, in clear: as ``text`` (text/v1), or as the object ``content`` of a ``schema``.

    Schemas: domain/CONTENT.md. A key that is left out of ``content`` was not asked (null).
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    section: Section
    text: Annotated[str, Field(max_length=4_000_000)] | None = None
    schema_: Annotated[str, Field(alias="schema", max_length=64)] = TEXT
    content: dict[str, Any] | None = None
    flags: list[Flag] = []

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.text is None) == (self.content is None):
            raise ValueError("a section has either text or content")
        if (self.schema_ == TEXT) != (self.content is None):
            raise ValueError("content has a schema, text has none")
        return self


class AttachmentIn(StrictModel):
    """A file that was attached before, and the section that it belongs to. ``day``: of the document, a day, a month or a
    year; empty for none."""

    attachment: UUID
    section: Section
    title: Annotated[str, Field(max_length=300)] = ""
    day: Annotated[str, Field(pattern=r"^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?$")] = ""
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
    occurred_at: TimeText | None = None
    sections: list[SectionIn] = []
    attachments: Annotated[list[AttachmentIn], Field(max_length=MAX_IN_MESSAGE)] = []
    command_id: UUID | None = None


class RecordIn(StrictModel):
    """What is recorded about no single case: contracts, visitors and their training, members of the network.

    ``act``: a topic of the published list. ``about``: the commission or network as ``GET /api/programme`` names it; where it
    is null, ``contractor`` names the commission with this agency, else it is about the agency itself. ``command_id``
    may be chosen by the sender, so that the same record twice is recorded once.
    """

    act: str
    about: UUID | None = None
    contractor: UUID | None = None
    fields: dict[str, Any] = {}
    occurred_at: TimeText | None = None
    command_id: UUID | None = None


class SentOut(StrictModel):
    """What became of a message. ``dv_protected``: an address of this family is protected, so none may be written."""

    case: UUID
    message: UUID
    outcome: str
    topic: str | None
    reason: str | None
    reason_text: str | None
    fitting: list[str]
    held: list[str]
    position: int | None
    dv_protected: bool


def send_message(
    door: Door, person: Person, message: MessageIn, attachments: Attachments | None = None
) -> SubmissionResult:
    """Seal and send a message. ``attachments``: those of this door, where the message may take some along.

    Raises Malformed (unknown act, an attachment that is not kept), Refused (step-up-needed), and what ``Door.send`` raises."""
    fields = fields_of(message)
    if not _was_sent(door, message):
        require_fresh_factor(message.act, {str(a): code for a, code in message.basis.items()})
    return door.send(
        Kind.CASE,
        message.case or uuid4(),
        message.act,
        fields,
        [] if _was_sent(door, message) else parts_of(message, person, attachments),
        actor=person.actor,
        occurred_at=message.occurred_at,
        command_id=message.command_id,
        request=_canonical_request(message) if message.command_id is not None else None,
    )


def try_message(
    door: Door, person: Person, message: MessageIn, attachments: Attachments | None = None
) -> DryRun | None:
    """What the hub would answer this message, which is not sent; None where its outcome is known already. Raises what
    ``Door.dry_run`` raises."""
    if _was_sent(door, message):
        return None
    return door.dry_run(
        message.case or uuid4(),
        message.act,
        fields_of(message),
        parts_of(message, person, attachments),
        actor=person.actor,
        occurred_at=message.occurred_at,
    )


def fields_of(message: MessageIn) -> dict[str, Any]:
    """The fields of its command. Raises Malformed for an unknown act."""
    cls = EVENTS.get(message.act)
    if cls is None or not issubclass(cls, CaseMessage):
        raise Malformed("unknown-act")
    return {
        "to": sorted(map(str, message.to)),
        "basis": {str(a): code for a, code in message.basis.items()},
        "consent": sorted(map(str, message.consent)),
        "purpose": message.purpose.value,
        "reason": message.reason,
        **_unstated_fields(cls),
        **message.fields,
    }


def _was_sent(door: Door, message: MessageIn) -> bool:
    """Whether the door answers with the outcome of the first time: what was attached then is kept no more."""
    return message.command_id is not None and door.store.is_sent(message.command_id)


RECORD_KINDS = frozenset({Kind.AGENCY, Kind.COMMISSION, Kind.NETWORK})


def send_record(door: Door, person: Person, record: RecordIn) -> SubmissionResult:
    """Sign and send what is about no single case. Raises Malformed (unknown act), and what ``Door.send`` raises."""
    cls = EVENTS.get(record.act)
    if cls is None or cls.ON not in RECORD_KINDS:
        raise Malformed("unknown-act")
    commission = None if record.contractor is None else commission_of(door.agency, record.contractor)
    return door.send(
        cls.ON,
        record.about or commission or door.agency,
        record.act,
        record.fields,
        actor=person.actor,
        occurred_at=record.occurred_at,
        command_id=record.command_id,
        request=_canonical_request(record) if record.command_id is not None else None,
    )


def parts_of(
    message: MessageIn, person: Person, attachments: Attachments | None = None
) -> list[SectionContent]:
    """The sections of a message, as the door seals them; two for each attachment. Raises Malformed."""
    parts = [_part_of(n, section) for n, section in enumerate(message.sections)]
    if not message.attachments:
        return parts
    if attachments is None:
        raise Malformed("attachment-not-kept")
    attached = [
        AttachedPart(a.attachment, a.section, a.title, a.day, tuple(sorted(f.value for f in a.flags)))
        for a in message.attachments
    ]
    return [*parts, *attachments.parts(person.actor, attached)]


def _part_of(n: int, section: SectionIn) -> SectionContent:
    """The section as the door seals it. Raises Malformed where its content does not have the form of its schema."""
    flags = tuple(sorted(f.value for f in section.flags))
    if section.content is None:
        _require_labels(n, section)
        return SectionContent(section.section.value, (section.text or "").encode(), flags)
    try:
        content = complete_content(section.schema_, section.content)
    except Malformed as error:
        raise in_section(n, error) from None
    return SectionContent(section.section.value, write_content(content), flags, content.SCHEMA)


def _require_labels(n: int, section: SectionIn) -> None:
    """Text about who notified has labels, so that the door learns from it what may stand nowhere else. Raises Malformed."""
    text = section.text or ""
    if section.section is Section.NOTIFIER and not is_blank(text) and LABELLED.search(text) is None:
        raise Malformed(
            "notifier-unlabelled", f"Correct sections.{n}.text: write 氏名: … on a line of its own."
        )


def with_address_flags(
    door: Door, person: Person, message: MessageIn, attachments: Attachments | None = None
) -> MessageIn:
    """The message as a person sends it who states that a protected address stands in it, and knows the address."""
    parts = door.addresses.with_flags(
        message.case or UUID(int=0),
        message.act,
        parts_of(message, person, attachments),
        actor=person.actor,
    )
    written = len(message.sections)
    sections = [
        s.model_copy(update={"flags": [Flag(f) for f in part.flags]})
        for s, part in zip(message.sections, parts[:written], strict=True)
    ]
    attached = [
        a.model_copy(update={"flags": [Flag(f) for f in part.flags]})
        for a, part in zip(message.attachments, parts[written::2], strict=True)
    ]
    return message.model_copy(update={"sections": sections, "attachments": attached})


_UNSTATED: Mapping[type[CaseMessage], Mapping[str, Any]] = {
    e.DisclosureMade: {"answers": None},
    e.EmergencyTriaged: {"answers": None},
    e.HomeVisitCompleted: {"visit": None},
    e.HomeVisitFailed: {"visit": None},
    e.HomeVisitRefused: {"visit": None},
    e.HomeVisitScheduled: {"replaces": None},
    e.NonDisclosureDecided: {"answers": None, "withheld_from": []},
    e.SpecialistServiceLinked: {"answers": None},
    e.VisitReportSubmitted: {"visit": None},
}
"""What a message names only where there is something to name; systems that do not know these fields leave them out."""


def _unstated_fields(cls: type[CaseMessage]) -> dict[str, Any]:
    children: dict[str, Any] = {"children": []} if issubclass(cls, SpeaksOfChildren) else {}
    return {**children, **_UNSTATED.get(cls, {})}


def _canonical_request(message: MessageIn | RecordIn) -> bytes:
    """The request in one form, whatever the order of its keys."""
    return json.dumps(message.model_dump(mode="json", by_alias=True), sort_keys=True).encode()


def to_sent_out(door: Door, sent: SubmissionResult) -> SentOut:
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
        dv_protected=door.addresses.protected_until(sent.case) is not None,
    )
