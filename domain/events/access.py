"""What happened when somebody asked to read. Recorded beside the case, so that reading never waits."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.codes import Purpose, Section
from domain.events.base import Event, Kind


@dataclass(frozen=True, kw_only=True)
class AccessEvent(Event):
    """About one item of one message of a case; the originator is the case's access sequence.

    The asker names message and item as its feed told it; another pair is «not there».
    """

    ON = Kind.CASE_ACCESS

    message: UUID
    item: UUID


@dataclass(frozen=True, kw_only=True)
class SectionOpened(AccessEvent, topic="section.opened"):
    """An agency's person asked to read an item and the rules let it. Recorded before the wrapped key leaves.

    Basis: guideline 8; APPI 66 (安全管理).
    """

    section: Section
    purpose: Purpose


@dataclass(frozen=True, kw_only=True)
class OpeningRefused(AccessEvent, topic="opening.refused"):
    """An agency's person asked to read an item and the rules said no. Basis: guideline 8; APPI 66."""

    section: Section
    purpose: Purpose
    reason: str


@dataclass(frozen=True, kw_only=True)
class DisclosureReceived(AccessEvent, topic="disclosure.received"):
    """The reader's door says whether what it was handed verified and opened. Basis: own rule (受領確認).

    ``opening`` is the command id of the opening it answers; ``error_code`` says what failed where ``ok`` is false.
    """

    opening: UUID
    ok: bool
    error_code: str | None


@dataclass(frozen=True, kw_only=True)
class WrappedKeyFetchedForRewrap(AccessEvent, topic="wrapped_key_fetched_for.rewrap"):
    """The responsible core agency's door took its own wrapped key of an item, to wrap it for a new standing reader.

    A wrapped key only, no ciphertext: not a reading. Basis: CWA 25-2(5); guideline 3(2).
    """

    section: Section
