"""The envelopes: a command (what an agency asks for) and a record (what then was so)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid5

from domain.events import Event, Kind

HUB = "HUB"
REGISTRARS = "REGISTRARS"
AUDIT = "AUDIT"

Party = UUID | str
"""Who speaks: an agency's originator id, or one of the words HUB, REGISTRARS, AUDIT."""


@lru_cache(maxsize=4096)
def access_of(case: UUID) -> UUID:
    """The access sequence beside a case."""
    return uuid5(case, "access")


def hub_command_id(originator: UUID, version: int) -> UUID:
    """The command id of an act of the hub itself: computed, so that whoever verifies it finds the same."""
    return uuid5(originator, f"hub/{version}")


def commission_of(commissioner: UUID, contractor: UUID) -> UUID:
    """The one commission of this pair: the name makes a second one impossible."""
    return uuid5(commissioner, contractor.hex)


@dataclass(frozen=True, slots=True, order=True)
class About:
    """What a command is about: the kind and id of an originator."""

    kind: Kind
    id: UUID


@dataclass(frozen=True, kw_only=True)
class Command:
    """What an agency asks for: it proposes the event that would then be so.

    ``proposed_event`` has the sender's fields and the items of its frame; the fields that the hub decides are
    empty. ``frame`` is the SHA-256 of the signed payload. ``actor`` is a pseudonymous staff reference;
    a contractor's is its registered worker's.
    """

    about: About
    command_id: UUID
    by: Party
    actor: str
    created_at: datetime
    occurred_at: datetime | None
    frame: bytes
    proposed_event: Event


@dataclass(frozen=True, kw_only=True)
class Record:
    """One recorded event with what must be known to judge it again.

    ``at``: when the hub recorded it (UTC). ``about``, ``by``, ``command_id``, ``frame``: of the command it
    answers; a hub act has ``by`` HUB and no frame. ``actor``: of the command, empty for the hub.
    ``rests_on``: versions of other originators the decision used. ``rules``: version of the rule book.
    ``edition``: of the rules it was decided under (``domain/editions.py``).
    """

    originator: About
    version: int
    at: datetime
    about: About
    by: Party
    actor: str
    command_id: UUID
    frame: bytes | None
    rests_on: tuple[tuple[Kind, UUID, int], ...]
    rules: int
    edition: int
    event: Event

    @property
    def topic(self) -> str:
        return self.event.TOPIC
