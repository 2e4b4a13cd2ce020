"""What door and reading process say to each other: length, JSON; the file's bytes follow a request.

A process reads either the files of systems or attachments. Of an attachment the request is its bytes alone, and the
answer is length, JSON, and its bytes as they may be sent.

The reading process has seen foreign bytes, so what it answers is foreign too: it is checked like any input, and
nothing in it is more than text, codes and ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from adapters.agencies import ERROR_CODES, Finding, InboundMessage, ParsedFile
from adapters.agencies.contract import BASIS_OF, MAX_FINDINGS, SectionText
from adapters.agencies.fhir import SCHEMA as FHIR_SCHEMA
from adapters.agencies.spreadsheet import MAX_ROWS
from adapters.agencies.spreadsheet import SCHEMA as ROWS_SCHEMA
from adapters.attachments import ERROR_CODES as ATTACHMENT_ERROR_CODES
from adapters.attachments import Change, CheckedAttachment, MediaType
from domain.codes import Section

LENGTH_BYTES = 4
ORDER: Literal["big"] = "big"
EXIT_NO_MEMORY, EXIT_UNREADABLE = 3, 4
"""The status of a process that ended over a file."""
WorkerKind = Literal["files", "attachments"]
FILES: WorkerKind = "files"
ATTACHMENTS: WorkerKind = "attachments"
Place = Annotated[str, Field(max_length=1000)]
ContentSchema = Literal[
    "text/v1", "family/v1", "medical/v1", "pregnancy/v1", "caregiver/v1", "environment/v1"
]
"""What a section of a file may be: text, or what adapters make of its fields (``adapters.agencies.sections``)."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ParsingRequest(_Strict):
    """One file to read; ``size``: how many bytes of it follow."""

    agencies: dict[str, UUID]
    now: AwareDatetime
    size: int


class FindingOut(_Strict):
    place: Place
    field: Place
    error_code: str


class SectionOut(_Strict):
    section: Section
    text: str
    content: ContentSchema


class InboundOut(_Strict):
    """One message. ``source`` null: the file itself."""

    place: Place
    reference: Place | None
    case: UUID | None
    act: str
    fields: dict[str, Any]
    sections: list[SectionOut]
    occurred_at: datetime | None
    source: str | None
    form: Literal["fhir+json/r4", "rows+json/v1"]


class ParsingAnswer(_Strict):
    """Messages and what their answer needs, or findings."""

    findings: Annotated[list[FindingOut], Field(max_length=MAX_FINDINGS + 1)] = []
    inbound_messages: Annotated[list[InboundOut], Field(max_length=MAX_ROWS)] = []
    context: dict[str, str | None] = {}


_CONTENTS: Mapping[str, ContentSchema] = {schema: schema for schema in get_args(ContentSchema)}
_FORMS: Mapping[str, Literal["fhir+json/r4", "rows+json/v1"]] = {
    FHIR_SCHEMA: "fhir+json/r4",
    ROWS_SCHEMA: "rows+json/v1",
}


def answer_of(parsed_file: ParsedFile, data: bytes) -> bytes:
    """The answer to a file that was read."""
    return (
        ParsingAnswer(
            inbound_messages=[_to_json(inbound, data) for inbound in parsed_file.inbound_messages],
            context=dict(parsed_file.context),
        )
        .model_dump_json()
        .encode()
    )


def refusal_of(findings: tuple[Finding, ...]) -> bytes:
    """The answer to a file with errors."""
    rows = [FindingOut(place=f.place[:1000], field=f.field[:1000], error_code=f.error_code) for f in findings]
    return ParsingAnswer(findings=rows).model_dump_json().encode()


def _to_json(inbound: InboundMessage, data: bytes) -> InboundOut:
    return InboundOut(
        place=inbound.place,
        reference=inbound.reference,
        case=inbound.case,
        act=inbound.act,
        fields=dict(inbound.fields),
        sections=[
            SectionOut(section=Section(one.section), text=one.text, content=_CONTENTS[one.schema])
            for one in inbound.sections
        ],
        occurred_at=inbound.occurred_at,
        source=None if inbound.source == data else inbound.source.decode(),
        form=_FORMS[inbound.schema],
    )


def parse_answer(answer: bytes, data: bytes) -> ParsedFile | tuple[Finding, ...]:
    """The messages or the findings of an answer about this file. Raises ValueError for anything else."""
    parsed = ParsingAnswer.model_validate_json(answer)
    findings = tuple(Finding(one.place, one.field, one.error_code) for one in parsed.findings)
    if not {one.error_code for one in findings} <= ERROR_CODES or bool(findings) == bool(
        parsed.inbound_messages
    ):
        raise ValueError("neither messages nor findings")
    if findings:
        return findings
    return ParsedFile(tuple(_of_json(one, data) for one in parsed.inbound_messages), parsed.context)


def _of_json(one: InboundOut, data: bytes) -> InboundMessage:
    if one.act not in BASIS_OF or any(
        part.section in (Section.SOURCE, Section.REASON) for part in one.sections
    ):
        raise ValueError("not what a file may say")
    return InboundMessage(
        place=one.place,
        reference=one.reference,
        case=one.case,
        act=one.act,
        fields=one.fields,
        sections=tuple(SectionText(part.section.value, part.text, part.content) for part in one.sections),
        occurred_at=one.occurred_at,
        source=data if one.source is None else one.source.encode(),
        schema=one.form,
    )


class CheckedOut(_Strict):
    """An attachment that may be sent, its bytes following; or the code of what is wrong with it."""

    error_code: str | None = None
    media_type: MediaType | None = None
    changes: Annotated[list[Change], Field(max_length=len(Change))] = []
    pages: Annotated[int, Field(ge=0)] = 0
    words: str = ""


def checked_answer(checked: CheckedAttachment) -> bytes:
    """The answer about an attachment that may be sent."""
    head = CheckedOut(
        media_type=checked.media_type,
        changes=list(checked.changes),
        pages=checked.pages,
        words=checked.words,
    )
    return _with_length(head) + checked.data


def unchecked_answer(error_code: str) -> bytes:
    """The answer about one that may not."""
    return _with_length(CheckedOut(error_code=error_code))


def _with_length(head: CheckedOut) -> bytes:
    encoded = head.model_dump_json().encode("utf-8", "replace")
    return len(encoded).to_bytes(LENGTH_BYTES, ORDER) + encoded


def parse_checked(answer: bytes, data: bytes) -> CheckedAttachment | str:
    """The attachment, or the code of what is wrong with it. Raises ValueError for anything else."""
    length = int.from_bytes(answer[:LENGTH_BYTES], ORDER)
    begin = LENGTH_BYTES + length
    head = CheckedOut.model_validate_json(answer[LENGTH_BYTES:begin])
    if head.error_code is not None and head.error_code in ATTACHMENT_ERROR_CODES and len(answer) == begin:
        return head.error_code
    if head.error_code is not None or head.media_type is None or len(answer) == begin:
        raise ValueError("neither an attachment nor an error")
    return CheckedAttachment(
        media_type=head.media_type,
        data=answer[begin:],
        changes=tuple(head.changes),
        pages=head.pages,
        words=head.words,
    )
