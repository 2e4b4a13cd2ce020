"""The events of the family ``inquiry``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseMessage, CaseStep, Sender
from domain.clock_kinds import ClockKind


@dataclass(frozen=True, kw_only=True)
class InformationRequested(
    CaseMessage,
    topic="information.requested",
    title="照会",
    law="guideline 6(1)[2]; CWA 25-3(1)",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(ClockKind.ANSWER,),
    stops=(ClockKind.ACT,),
    begins_case=False,
    outgoing_copy=True,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=False,
):
    """An agency asks another what it knows of the family.

    ``due_on``: by which day (JST), null where none is named.
    """

    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class OfficialRequestReceived(
    CaseStep,
    topic="official_request.received",
    title="外部機関からの照会・嘱託の受理",
    law="APPI 27(1)1, 69(1); CRPA 197(2); ATTA 23-2; CPA 186, 226; DRPA 62",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(ClockKind.OFFICIAL,),
    stops=(),
):
    """A court, an investigating authority or a bar association asked the sender by law, mostly on paper.

    ``requesting_agency``: who asked; ``code``: by which row of the rule book; ``requested_on``: the day of its letter; ``due_on``:
    by which day (JST), null where none is named. Whether and what is answered, the sender decides and discloses by the
    same row, or decides not to.
    """

    requesting_agency: UUID
    code: str
    requested_on: date
    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class InformationRequestAnswered(
    CaseStep,
    topic="information_request.answered",
    title="回答",
    law="CWA 25-3(2); guideline 6(1)[2]",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ANSWER,),
):
    """The answer to a request for information."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class InformationRequestDeclined(
    CaseStep,
    topic="information_request.declined",
    title="不回答",
    law="CWA 25-3(2); guideline 6(1)[2]",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ANSWER,),
):
    """An agency that was asked does not answer, and states why."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class SpecialistJudgementRequested(
    CaseStep,
    topic="specialist_judgement.requested",
    title="専門職判断の求め",
    law="guideline 3(3)",
    actor=Actor.ANYONE,
    sender=Sender.OFFICE,
    carries=Carries.MAY,
    starts=(ClockKind.ANSWER,),
    stops=(),
    no_task="the work list shows it when its day is over (LATE_ANSWER)",
):
    """A profession's judgement is asked for. ``due_on``: by which day (JST), null where none is named."""

    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class SpecialistJudgementGiven(
    CaseStep,
    topic="specialist_judgement.given",
    title="専門職判断",
    law="guideline 3(3)",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ANSWER,),
):
    """The judgement that was asked for."""

    answers: UUID
