"""The events of the family ``closing``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseMessage, CaseStep, Sender
from domain.clock_kinds import ClockKind
from domain.codes import ClosingReason, FollowOn, NotConsulted


@dataclass(frozen=True, kw_only=True)
class ClosingConsultationHeld(
    CaseStep,
    topic="closing_consultation.held",
    version=2,
    title="終結協議",
    law="guideline 6(5)[1]",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """Visitors and agencies were consulted before support is closed.

    ``consulted``: those who were asked; the sender itself where its own visitors were. ``not_consulted``: those who
    could not be asked, and why. Several consultations count together.
    """

    consulted: frozenset[UUID]
    not_consulted: dict[UUID, NotConsulted]

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Version 1 named nobody who could not be asked."""
        state["not_consulted"] = {}


@dataclass(frozen=True, kw_only=True)
class ClosingEvaluationRecorded(
    CaseStep,
    topic="closing_evaluation.recorded",
    title="支援後評価",
    law="guideline 6(5)[1]",
    actor=Actor.PERSON,
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
    version=2,
    title="終結",
    law="guideline 6(5)[1]",
    actor=Actor.PERSON,
    sender=Sender.CLOSES,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """Support is closed. ``closing_reason``: why. ``follow_on``: what follows, null where the family was handed over, and
    in version 1, which did not name it."""

    closing_reason: ClosingReason
    follow_on: FollowOn | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["follow_on"] = None


@dataclass(frozen=True, kw_only=True)
class FollowOnServiceArranged(
    CaseMessage,
    topic="follow_on_service.arranged",
    title="後続支援の依頼",
    law="guideline 6(5)[2]",
    actor=Actor.ANYONE,
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
    actor=Actor.ANYONE,
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
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT,),
):
    """A closed case is reopened, with a reason."""
