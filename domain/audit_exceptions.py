"""What an auditor should look at: late, unread, refused, held, overridden, not disclosed, read without action.

Defined once here, so that stored rows and replayed records agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain import events as e
from domain.case import Case
from domain.codes import AUTHOR_ONLY, Purpose
from domain.record import Record

UNREAD = timedelta(hours=48)
"""After this time an item that nobody has opened is an exception. Source: guideline 6(1), the hub's own time."""
UNACTED = timedelta(days=14)
"""A reading without action within this time is an exception. Basis: own rule (閲覧後に対応のないもの)."""

READ_NOT_ACTED_ON = "READ_NOT_ACTED_ON"
INDEX_REBUILT = "INDEX_REBUILT"
REHEARSAL_REFUSED = "REHEARSAL_REFUSED"
"""Refused, as a rehearsal asks for every item in the name of every agency to show who may open what."""


@dataclass(frozen=True, kw_only=True)
class ExceptionRow:
    """One thing to look at. ``at``: since when, of a notification the end of its day; ``agency``: whose, by its id or
    the token that replaces who notified; null is what does not belong to its kind."""

    kind: str
    at: datetime
    case: UUID
    agency: str
    act: str | None = None
    reason: str | None = None
    message: UUID | None = None
    item: UUID | None = None


def exception_order(row: ExceptionRow) -> tuple[datetime, str, str, str, str, str, str, str]:
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


def exception_of_record(record: Record) -> tuple[str, str | None, str | None] | None:
    """What an auditor should look at in a record by itself, if anything: (kind, act, reason)."""
    event = record.event
    match event:
        case e.OpeningRefused(purpose=Purpose.REHEARSAL_CHECK):
            return REHEARSAL_REFUSED, "section.opened", event.reason
        case e.DisclosureRefused() | e.CommandRefused() | e.OpeningRefused():
            return "REFUSED", getattr(event, "act", "section.opened"), event.reason
        case e.SectionOpened() if not is_read_by_somebody(event):
            return INDEX_REBUILT, event.TOPIC, None
        case e.DisclosureReceived() if not event.ok:
            return "NOT_OPENED", event.TOPIC, event.error_code
        case e.UnilateralEmergencyAccessOpened():
            return "UNILATERAL", event.TOPIC, None
        case e.BasisOverrideApproved() | e.EmergencyAccessApproved() | e.EmergencyAccessOpened():
            return "OVERRIDDEN", event.TOPIC, None
        case e.NonDisclosureDecided():
            return "NON_DISCLOSURE", None, event.reason
        case e.CaseMessage() if event.reason is not None:
            return "WITH_REASON", event.TOPIC, event.reason
        case _:
            return None


def is_read_by_somebody(event: e.SectionOpened) -> bool:
    """False for what a door opened again for its case index alone: that is no reading, and asks for no act."""
    return event.purpose is not Purpose.INDEX_REBUILD


def newly_readable(record: Record, case: Case) -> tuple[UUID, frozenset[UUID]] | None:
    """The message that this record lets agencies read from now on, and which. ``case``: after the record."""
    event = record.event
    if isinstance(event, e.HeldDisclosureReleased):
        readable_message, to = case.messages.get(event.releases), event.to
    elif isinstance(event, e.CaseMessage) and isinstance(record.by, UUID):
        readable_message, to = case.messages.get(record.command_id), event.to - event.held - {record.by}
    else:
        return None
    if readable_message is None or all(item.section in AUTHOR_ONLY for item in readable_message.items):
        return None
    return readable_message.id, to


def is_notification(record: Record) -> bool:
    """Whether it is a notification, or one that was refused."""
    topics = {notification.TOPIC for notification in e.NOTIFICATIONS}
    return not topics.isdisjoint((record.topic, getattr(record.event, "act", None)))
