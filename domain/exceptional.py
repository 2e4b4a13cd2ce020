"""What an auditor should look at: late, unread, refused, held, overridden, not told, read and nothing followed.

Said once here, so that rows kept for it and records played again tell the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.case import Case
from domain.codes import AUTHOR_ONLY
from domain.events import (
    AbuseNotificationReceived,
    BasisOverrideApproved,
    CaseMessage,
    DisclosureReceived,
    DisclosureRefused,
    EmergencyAccessApproved,
    EmergencyAccessOpened,
    HeldDisclosureReleased,
    NonDisclosureDecided,
    OpeningRefused,
    WishRefused,
)
from domain.record import Record

UNREAD = timedelta(hours=48)
"""After this time somebody asks why nobody has opened it. Source: guideline 6(1), the hub's own time."""
UNACTED = timedelta(days=14)
"""A reading that nothing followed within this time is told. Basis: own rule (閲覧後に対応のないもの)."""

READ_ONLY = "READ_AND_NOTHING_FOLLOWED"


@dataclass(frozen=True, kw_only=True)
class Exceptional:
    """One thing to look at. ``at``: since when, of a notification the end of its day; ``agency``: whose, by its id or
    the token that stands for who notified; null is what does not belong to its kind."""

    kind: str
    at: datetime
    case: UUID
    agency: str
    act: str | None = None
    reason: str | None = None
    message: UUID | None = None
    item: UUID | None = None


def order(row: Exceptional) -> tuple[datetime, str, str, str, str, str, str, str]:
    """By when, then by kind, then by what it is about."""
    return (
        row.at,
        row.kind,
        str(row.case),
        row.agency,
        str(row.message or ""),
        str(row.item or ""),
        row.act or "",
        row.reason or "",
    )


def of_record(record: Record) -> tuple[str, str | None, str | None] | None:
    """What an auditor should look at in a record by itself, if anything: (kind, act, reason)."""
    fact = record.fact
    match fact:
        case DisclosureRefused() | WishRefused() | OpeningRefused():
            return "REFUSED", getattr(fact, "act", "section.opened"), fact.reason
        case DisclosureReceived() if not fact.ok:
            return "NOT_OPENED", fact.TOPIC, fact.flaw
        case BasisOverrideApproved() | EmergencyAccessApproved() | EmergencyAccessOpened():
            return "OVERRIDDEN", fact.TOPIC, None
        case NonDisclosureDecided():
            return "NOT_TOLD", None, fact.reason
        case CaseMessage() if fact.reason is not None:
            return "WITH_REASON", fact.TOPIC, fact.reason
        case _:
            return None


def told(record: Record, case: Case) -> tuple[UUID, frozenset[UUID]] | None:
    """The message that this record lets agencies read from now on, and which. ``case``: after the record."""
    fact = record.fact
    if isinstance(fact, HeldDisclosureReleased):
        waited, to = case.messages.get(fact.releases), fact.to
    elif isinstance(fact, CaseMessage) and isinstance(record.by, UUID):
        waited, to = case.messages.get(record.ask_id), fact.to - fact.held - {record.by}
    else:
        return None
    if waited is None or all(item.section in AUTHOR_ONLY for item in waited.items):
        return None
    return waited.id, to


def of_notification(record: Record) -> bool:
    """Whether it is a notification, or one that was refused."""
    return AbuseNotificationReceived.TOPIC in (record.topic, getattr(record.fact, "act", None))
