"""How a record is named on the bus: ``<prefix>.<originator>.<version>``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote
from uuid import UUID

from eventsourcing.persistence import ProgrammingError

_HEX = re.compile(r"[0-9a-f]{32}")
_RECORD_VERSION = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Subjects:
    """The naming of one stream. ``ids`` is "uuid" or "text": the originator ids of the application."""

    prefix: str
    ids: str = "uuid"

    def record(self, originator_id: UUID | str, version: int) -> str:
        """The subject of one record. ``ProgrammingError`` for an id or version that has none."""
        if isinstance(version, bool) or not isinstance(version, int) or not 0 <= version < 10**18:
            raise ProgrammingError("an originator's version is a whole number from 0")
        return f"{self.prefix}.{self.token(originator_id)}.{version}"

    def originator(self, originator_id: UUID | str) -> str:
        """All records of one originator."""
        return f"{self.prefix}.{self.token(originator_id)}.*"

    def token(self, originator_id: UUID | str) -> str:
        if self.ids == "uuid":
            if not isinstance(originator_id, UUID):
                raise ProgrammingError("originator ids of this stream are UUIDs")
            return originator_id.hex
        if not isinstance(originator_id, str) or not originator_id:
            raise ProgrammingError("originator ids of this stream are texts that are not empty")
        # A dot parts words of a subject, and quote() leaves it as it is.
        return quote(originator_id, safe="-_:/").replace(".", "%2E").replace("~", "%7E")

    def parse(self, subject: str) -> tuple[UUID | str, int] | None:
        """Originator and version of a subject, or None if we could not have written it."""
        head = self.prefix + "."
        token, dot, digits = subject.removeprefix(head).partition(".")
        if not (subject.startswith(head) and dot and _RECORD_VERSION.fullmatch(digits)):
            return None
        if self.ids == "uuid":
            return (UUID(token), int(digits)) if _HEX.fullmatch(token) else None
        text = unquote(token)
        return (text, int(digits)) if text and self.token(text) == token else None
