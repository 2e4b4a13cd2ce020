"""Content for an audit or a court: asked for by the audit office, let by two officials, item by item.

Basis: guideline 8; APPI 66; own rule (V10: the audit office opens nothing else).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.codes import AuditGround
from domain.facts.base import Fact, Kind
from domain.facts.case import CaseMessage


@dataclass(frozen=True, kw_only=True)
class AuditContentAccessRequested(Fact, topic="audit_content_access.requested"):
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
class AuditContentAccessGranted(CaseMessage, topic="audit_content_access.granted"):
    """監査閲覧の承認 by one official; two are needed. What it lets is named again, so that each signs just that.

    Basis: guideline 8; APPI 66; own rule (二人の承認).
    """

    grants: UUID
    opens: frozenset[UUID]
    until: date
