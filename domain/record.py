"""The envelopes: a wish (what an agency asks for) and a record (what then was so)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid5

from domain.events import Fact, Kind

DECIDER = 1
"""The edition of ``decide``. Raised when a decision changes; the old one stays runnable in ``domain/past``."""

HUB = "HUB"
REGISTRY = "REGISTRY"
AUDIT = "AUDIT"

Party = UUID | str
"""Who speaks: an agency's originator id, or one of the words HUB, REGISTRY, AUDIT."""


@lru_cache(maxsize=4096)
def access_of(case: UUID) -> UUID:
    """The access sequence beside a case."""
    return uuid5(case, "access")


def hub_ask(originator: UUID, version: int) -> UUID:
    """The ask id of an act of the hub itself: computed, so that whoever verifies it finds the same."""
    return uuid5(originator, f"hub/{version}")


def commission_of(commissioner: UUID, contractor: UUID) -> UUID:
    """The one commission of this pair: the name makes a second one impossible."""
    return uuid5(commissioner, contractor.hex)


@dataclass(frozen=True, slots=True, order=True)
class About:
    """What a wish is about: the kind and id of an originator."""

    kind: Kind
    id: UUID


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What an agency asks for: a draft of the fact that would then be so.

    ``draft`` has the sender's fields and the items of its frame; the fields that the hub decides are
    empty. ``frame`` is the SHA-256 of the signed payload. ``actor`` is a pseudonymous staff reference;
    a contractor's is its registered worker's.
    """

    about: About
    ask_id: UUID
    by: Party
    actor: str
    made_at: datetime
    occurred_at: datetime | None
    frame: bytes
    draft: Fact


@dataclass(frozen=True, kw_only=True)
class Record:
    """One recorded fact with what must be known to judge it again.

    ``at``: when the hub recorded it (UTC). ``about``, ``by``, ``ask_id``, ``frame``: of the wish it
    answers; a hub act has ``by`` HUB and no frame. ``actor``: of the wish, empty for the hub.
    ``rests_on``: versions of other originators the decision used. ``rules``: version of the rule book.
    """

    originator: About
    version: int
    at: datetime
    about: About
    by: Party
    actor: str
    ask_id: UUID
    frame: bytes | None
    rests_on: tuple[tuple[Kind, UUID, int], ...]
    rules: int
    decider: int
    fact: Fact

    @property
    def topic(self) -> str:
        return self.fact.TOPIC
