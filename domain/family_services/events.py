"""The events of the family ``family_services``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseStep, Sender
from domain.children import SpeaksOfChildren
from domain.clock_kinds import ClockKind
from domain.codes import FamilyService, ServiceAnswer, UnavoidableReason


@dataclass(frozen=True, kw_only=True)
class FamilyServiceRecommended(
    CaseStep,
    SpeaksOfChildren,
    topic="family_service.recommended",
    title="家庭支援事業の利用勧奨",
    law="CWA 21-18(1); guideline 5(1)[4], 11",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(ClockKind.SERVICE,),
    stops=(),
):
    """The core agency chooses a kind of help for the family and recommends its use."""

    service: FamilyService


@dataclass(frozen=True, kw_only=True)
class FamilyServiceAnswered(
    CaseStep,
    SpeaksOfChildren,
    topic="family_service.answered",
    title="利用勧奨への答え",
    law="CWA 21-18(1)",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.SERVICE,),
):
    """The family answered the recommendation that ``answers`` names. Where it accepts, the help begins on ``begins_on``,
    and its provider is told by being addressed. ``ends_on``: the last day, null where the service has none."""

    answers: UUID
    answer: ServiceAnswer
    begins_on: date | None
    ends_on: date | None


@dataclass(frozen=True, kw_only=True)
class FamilyServiceMeasureTaken(
    CaseStep,
    SpeaksOfChildren,
    topic="family_service_measure.taken",
    title="家庭支援事業の措置",
    law="CWA 21-18(2)",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.SERVICE,),
):
    """The help that ``answers`` recommended is given without an application, for a reason beyond the family's control
    (``unavoidable_reason``)."""

    answers: UUID
    unavoidable_reason: UnavoidableReason
    begins_on: date
    ends_on: date | None
