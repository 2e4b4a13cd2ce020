"""A record as it lies in the stream, opened and typed: what the store gives, and what a verifier reads by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from domain.record import Record
from keys.command import CommandPayload
from keys.record import OpenedRecord


@dataclass(frozen=True)
class StoredRecord:
    """With its evidence and its leaf fields.

    ``position``: stream sequence (0 where it was not asked for). ``payload``: what was signed, None where
    the record has no command. ``opened.sealed_wrapped_keys`` still have the hub's outer layer. ``sha``: of subject and state.
    """

    position: int
    record: Record
    frame: bytes = field(repr=False)
    payload: CommandPayload | None = field(repr=False)
    opened: OpenedRecord = field(repr=False)
    subject: str
    sha: bytes


@dataclass(frozen=True)
class UnreadableRecord:
    """A record that can't be read here: a newer hub wrote it, or its control key was destroyed (``gone``)."""

    position: int
    originator: UUID
    version: int
    subject: str
    sha: bytes
    error_code: str

    @property
    def gone(self) -> bool:
        """Whether its control key was destroyed."""
        return self.error_code == KEY_GONE

    @property
    def newer_edition(self) -> bool:
        """Whether it was decided under newer rules than this release has."""
        return self.error_code == NEWER_EDITION


KEY_GONE = "key-gone"
NEWER_EDITION = "unknown-edition"
