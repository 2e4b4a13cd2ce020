"""The input of projections: a record and its position in the stream."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.errors import Malformed
from domain.record import Record


@dataclass(frozen=True)
class StreamRecord:
    """One record of the stream.

    ``record``: None where only a newer hub can read it, or nobody can (``gone``: its control was destroyed).
    ``position``: stream sequence, from 1 without gaps.
    ``leaf_sha``: SHA-256 digest (32 bytes) of its leaf, computed by the reader of the stream.
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
