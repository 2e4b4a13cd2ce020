"""What every adapter keeps to: foreign bytes in, messages to be sent out, and the answer in the sender's own format.

An adapter is pure: no clock of its own, no file, no id of its own making. It accepts a complete file or none of it, and reports
all findings at once, each with its place, never with the content found there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain import error_codes
from domain.errors import Malformed

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_FINDINGS = 1000
"""A file with more is wrong throughout; nobody reads further."""

ERROR_CODES = frozenset(row.code for row in error_codes.files.ROWS)
"""Everything that can be wrong with a file."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. ``place``: row or element; ``field``: column or path within it; ``error_code``: of ERROR_CODES."""

    place: str
    field: str
    error_code: str

    @property
    def meaning(self) -> str:
        return error_codes.TABLE[self.error_code].meaning_ja

    @property
    def remedy(self) -> str:
        return error_codes.TABLE[self.error_code].remedy_ja

    def to_json(self) -> dict[str, str]:
        """The public form."""
        return {
            "place": self.place,
            "field": self.field,
            "error_code": self.error_code,
            "meaning": self.meaning,
            "remedy": self.remedy,
        }


class WrongFile(Malformed):
    """Nothing of the file was recorded. ``findings``: what is wrong with it, the first ``MAX_FINDINGS``."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("wrong-file")
        self.findings = tuple(findings[:MAX_FINDINGS])
        if len(findings) > MAX_FINDINGS:
            self.findings += (Finding("ファイル", "", "more-findings"),)


@dataclass(frozen=True)
class SectionText:
    """One section in clear, inside the agency: text, or the canonical JSON of a schema of ``domain.content``."""

    section: str
    text: str = field(repr=False)
    schema: str = "text/v1"


@dataclass(frozen=True)
class InboundMessage:
    """One message of a file. ``place``: where in the file; ``reference``: the sender's own number for the family.

    ``case``: the hub's number, where the file names it. ``fields``: those of the act, ready for a command.
    ``source``: the foreign bytes that are stored sealed with it, for the author only; ``schema``: their form.
    """

    place: str
    reference: str | None = field(repr=False)
    case: UUID | None
    act: str
    fields: Mapping[str, Any]
    sections: tuple[SectionText, ...]
    occurred_at: datetime | None
    source: bytes = field(repr=False)
    schema: str


@dataclass(frozen=True)
class ParsedFile:
    """A file that was read completely. ``context``: what the adapter needs to answer in the same form."""

    inbound_messages: tuple[InboundMessage, ...]
    context: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """What became of one message: ``recorded``, ``held``, ``refused`` or ``waiting``; the reason in Japanese."""

    case: UUID
    message: UUID
    outcome: str
    reason: str | None
    explanation: str
    remedy: str


class Adapter(Protocol):
    """One foreign format."""

    name: str

    def recognises(self, data: bytes) -> bool:
        """Whether these bytes are of this format, at a glance."""
        ...

    def read(self, data: bytes, agencies: Mapping[str, UUID], now: datetime) -> ParsedFile:
        """The messages of a file. ``agencies``: who can be addressed, by code; ``now``: what its dates are measured by.

        Raises WrongFile.
        """
        ...

    def answer(self, parsed_file: ParsedFile, outcomes: Sequence[Outcome]) -> bytes:
        """The answer in the sender's own form."""
        ...

    def refuse(self, data: bytes, findings: Sequence[Finding]) -> bytes:
        """The answer to a file that was not taken, in the sender's own form."""
        ...

    def kind(self, data: bytes) -> tuple[str, str]:
        """Media type and file ending of an answer to these bytes."""
        ...


COMMON_FIELDS: Mapping[str, Any] = {"consent": [], "purpose": "SUPPORT", "reason": None}
BASIS_OF: Mapping[str, str] = {
    "family_information.provided": "CWA-21-10-5",
    "information_request.answered": "CWA-25-3-2",
}
"""The acts that adapters send, and the basis that is meant where a file names none. Source: domain/SOURCES.md, «Law»."""


def fields_of(act: str, to: UUID, basis: str | None, own: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a command to one addressee."""
    return {**COMMON_FIELDS, "to": [str(to)], "basis": {str(to): basis or BASIS_OF[act]}, **own}
