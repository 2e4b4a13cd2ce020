"""Reading in an emergency what was not told to us, and telling without consent: asked with reason, let by two
others, for a time, and looked at after.

No command can open anything by itself: what opens follows from the events of three persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.codes import Alternative, Section
from domain.events.case import CaseMessage


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessRequested(CaseMessage, topic="emergency_access.requested"):
    """緊急閲覧の求め: these sections of the core agency's file. ``alternatives``: what was considered before.

    Basis: APPI 69(2)4; CAPA 8.
    """

    sections: frozenset[Section]
    alternatives: frozenset[Alternative]


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessApproved(CaseMessage, topic="emergency_access.approved"):
    """緊急閲覧の承認 by one person; two are needed. Basis: APPI 69(2)4; own rule (二人の承認)."""

    approves: UUID


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessReviewed(CaseMessage, topic="emergency_access.reviewed"):
    """緊急閲覧の事後確認 by another agency than the one that read. Basis: APPI 66; own rule (事後確認)."""

    answers: UUID
    justified: bool


@dataclass(frozen=True, kw_only=True)
class BasisOverrideRequested(CaseMessage, topic="basis_override.requested"):
    """例外的提供の起案: to tell these sections to these agencies on ``code``, which needs more than one person's word.

    ``alternatives``: what was considered before. Basis: APPI 69(2)4.
    """

    code: str
    recipients: frozenset[UUID]
    sections: frozenset[Section]
    alternatives: frozenset[Alternative]


@dataclass(frozen=True, kw_only=True)
class BasisOverrideApproved(CaseMessage, topic="basis_override.approved"):
    """例外的提供の承認 by one person of the same agency; two others are needed. Basis: APPI 69(2)4; own rule (二人の承認)."""

    approves: UUID
