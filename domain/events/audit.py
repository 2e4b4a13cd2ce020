"""Content for an audit or a court: asked for by the audit office, let by two officials, item by item.

Basis: guideline 8; APPI 66; own rule (V10: the audit office opens nothing else).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.codes import AuditGround
from domain.events.base import Event, Kind
from domain.events.case import CaseMessage


@dataclass(frozen=True, kw_only=True)
class AuditContentAccessRequested(Event, topic="audit_content_access.requested"):
    """監査閲覧の請求: the audit office asks for these items of a case, until the end of a day.

    It opens nothing by itself. Its frame is the audit office's, about the log.
    Basis: guideline 8; APPI 66; own rule (KH-1 §2, §7).
    """

    ON = Kind.LOG

    case: UUID
    opens: frozenset[UUID]
    ground: AuditGround
    until: date


@dataclass(frozen=True, kw_only=True)
class AuditControlRequested(Event, topic="audit_control.requested"):
    """監査の請求: the audit office asks for the control (never the content) of a case, or of all where it is null.

    Its control keys leave the hub only under such a request. Basis: guideline 8; APPI 66; own rule (KH-1 §3, §7).
    """

    ON = Kind.LOG

    case: UUID | None
    ground: AuditGround


@dataclass(frozen=True, kw_only=True)
class AuditMandateBegan(Event, topic="audit_mandate.began"):
    """監査の任期の開始: from the next record on, control lies under keys of its own; ``until`` is its last day (JST).

    The first mandate (1) begins with the hub. Who was let into one has no key of another.
    Basis: APPI 66; own rule (KH-1 §3: a new mandate at least yearly).
    """

    ON = Kind.LOG

    number: int
    until: date


@dataclass(frozen=True, kw_only=True)
class AuditContentAccessGranted(CaseMessage, topic="audit_content_access.granted"):
    """監査閲覧の承認 by one official; two are needed. What it lets is named again, so that each signs just that.

    Basis: guideline 8; APPI 66; own rule (二人の承認).
    """

    grants: UUID
    opens: frozenset[UUID]
    until: date
