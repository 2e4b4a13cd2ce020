"""What a view is made of: a record and its place in the one stream."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.errors import Malformed
from domain.record import Record


@dataclass(frozen=True)
class StreamRecord:
    """One record as it stands in the stream.

    ``record``: None where only a newer hub can read it, or nobody any more (``gone``: its control was destroyed).
    ``position``: stream sequence, from 1 without gaps.
    ``leaf_sha``: SHA-256 digest (32 bytes) of its leaf, computed by who read it.
    """

    position: int
    record: Record | None
    subject: str
    leaf_sha: bytes
    originator: UUID
    version: int
    gone: bool = False

    @property
    def known(self) -> Record:
        """The record. Raises Malformed where only a newer hub can read it."""
        if self.record is None:
            raise Malformed("newer-record")
        return self.record
