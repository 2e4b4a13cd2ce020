"""The events of the family ``closing``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.case_message import Carries, CaseMessage, CaseStep, Sender
from domain.clock_kinds import ClockKind
from domain.codes import ClosingReason


@dataclass(frozen=True, kw_only=True)
class ClosingConsultationHeld(
    CaseStep,
    topic="closing_consultation.held",
    title="終結協議",
    law="guideline 6(5)[1]",
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """Visitors and agencies were consulted before support is closed."""

    consulted: frozenset[UUID]


@dataclass(frozen=True, kw_only=True)
class ClosingEvaluationRecorded(
    CaseStep,
    topic="closing_evaluation.recorded",
    title="支援後評価",
    law="guideline 6(5)[1]",
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """Support was evaluated: whether the goal was reached and the environment improved."""

    goal_reached: bool
    environment_improved: bool


@dataclass(frozen=True, kw_only=True)
class SupportClosed(
    CaseStep,
    topic="support.closed",
    title="終結",
    law="guideline 6(5)[1]",
    sender=Sender.CLOSES,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT,),
):
    """Support is closed. ``closing_reason``: why."""

    closing_reason: ClosingReason


@dataclass(frozen=True, kw_only=True)
class FollowOnServiceArranged(
    CaseMessage,
    topic="follow_on_service.arranged",
    title="後続支援の依頼",
    law="guideline 6(5)[2]",
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(ClockKind.ACCEPT,),
    stops=(),
    begins_case=False,
    outgoing_copy=True,
    unsolicited=True,
    as_other_service=True,
    reveals_notification=False,
):
    """Another service is asked to support the family from now on."""


@dataclass(frozen=True, kw_only=True)
class FollowOnServiceAccepted(
    CaseMessage,
    topic="follow_on_service.accepted",
    title="後続支援の受入れ",
    law="guideline 6(5)[2]",
    sender=Sender.ANYONE,
    carries=Carries.NEVER,
    starts=(),
    stops=(ClockKind.ACCEPT,),
    begins_case=False,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=True,
    reveals_notification=False,
):
    """A service that was asked accepts the family."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class CaseReopened(
    CaseStep,
    topic="case.reopened",
    title="再開",
    law="guideline 6(5)[2]",
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT,),
):
    """A closed case is reopened, with a reason."""
