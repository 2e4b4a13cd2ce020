"""What every sequence of records has as state, whatever it is about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from domain.persistent_map import PersistentMap
from domain.record import Party, Record


@dataclass(frozen=True, kw_only=True)
class Originator:
    """What every sequence has: its version, its last time, and the asks that were answered in it.

    ``commands_seen``: (who, command id) -> (payload digest, version that answered it). ``frames_seen``: (who, payload
    digest) -> that version.
    """

    id: UUID
    version: int = 0
    last_at: datetime | None = None
    commands_seen: PersistentMap[tuple[Party, UUID], tuple[bytes, int]] = field(default_factory=PersistentMap)
    frames_seen: PersistentMap[tuple[Party, bytes], int] = field(default_factory=PersistentMap)

    def has_payload(self, by: Party, digest: bytes) -> bool:
        """Whether this sequence has a payload of this sender."""
        return (by, digest) in self.frames_seen


S = TypeVar("S", bound=Originator)


def with_position(state: S, record: Record) -> S:
    """The originator with this record counted: its version, time and ask."""
    state = replace(state, version=record.version, last_at=record.at)
    if record.frame is None:
        return state
    return replace(
        state,
        commands_seen=state.commands_seen | {(record.by, record.command_id): (record.frame, record.version)},
        frames_seen=state.frames_seen | {(record.by, record.frame): record.version},
    )
