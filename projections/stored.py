"""What a view is made of: a record and its place in the one stream."""

from __future__ import annotations

from dataclasses import dataclass

from domain.record import Record


@dataclass(frozen=True)
class Stored:
    """One record as it stands in the stream.

    ``position``: stream sequence, from 1 without gaps. ``leaf_sha``: SHA-256 digest (32 bytes) of its
    leaf, computed by who read it.
    """

    position: int
    record: Record
    subject: str
    leaf_sha: bytes
