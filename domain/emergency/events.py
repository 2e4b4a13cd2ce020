"""The events of the family ``emergency``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseStep, Sender
from domain.clock_kinds import ClockKind
from domain.codes import Alternative, Section


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessRequested(
    CaseStep,
    topic="emergency_access.requested",
    title="緊急閲覧の求め",
    law="APPI 69(2)4; CAPA 8",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
    no_task="its approval and its review are tasks of the agencies it is addressed to, while they are waited for",
):
    """An agency asks to read, in an emergency, sections of the core agency's file that were not sent to it.

    ``alternatives``: what was considered before.
    """

    sections: frozenset[Section]
    alternatives: frozenset[Alternative]


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessApproved(
    CaseStep,
    topic="emergency_access.approved",
    title="緊急閲覧の承認",
    law="APPI 69(2)4; own rule (二人の承認)",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.NEVER,
    starts=(
        ClockKind.EMERGENCY,
        ClockKind.EMERGENCY_UNILATERAL,
        ClockKind.EMERGENCY_END,
        ClockKind.EMERGENCY_REVIEW,
    ),
    stops=(),
):
    """One person approves an emergency access; two are needed, one of them of another agency.

    Where no other agency has approved it in time, two others of the agency that asks suffice.
    """

    approves: UUID


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessReviewed(
    CaseStep,
    topic="emergency_access.reviewed",
    title="緊急閲覧の事後確認",
    law="APPI 66; own rule (事後確認)",
    actor=Actor.PERSON,
    sender=Sender.AUTHORITY,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.EMERGENCY, ClockKind.EMERGENCY_UNILATERAL, ClockKind.EMERGENCY_REVIEW),
):
    """An agency other than the reader reviews an emergency access."""

    answers: UUID
    justified: bool


@dataclass(frozen=True, kw_only=True)
class BasisOverrideRequested(
    CaseStep,
    topic="basis_override.requested",
    title="例外的提供の起案",
    law="APPI 69(2)4",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
    no_task="it has no addressees; two persons of the same agency approve it",
):
    """One person drafts a disclosure of these sections to these agencies on ``code``, which needs the
    approval of two others.

    ``alternatives``: what was considered before.
    """

    code: str
    recipients: frozenset[UUID]
    sections: frozenset[Section]
    alternatives: frozenset[Alternative]


@dataclass(frozen=True, kw_only=True)
class BasisOverrideApproved(
    CaseStep,
    topic="basis_override.approved",
    title="例外的提供の承認",
    law="APPI 69(2)4; own rule (二人の承認)",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.NEVER,
    starts=(),
    stops=(),
):
    """One person of the same agency approves an exceptional disclosure; two others are needed."""

    approves: UUID
