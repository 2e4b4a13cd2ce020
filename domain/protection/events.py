"""The events of the family ``protection``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.case_message import Carries, CaseStep, Sender
from domain.clock_kinds import ClockKind
from domain.codes import BreachStage, Condition, Section


@dataclass(frozen=True, kw_only=True)
class ProtectedAddressRegistered(
    CaseStep,
    topic="protected_address.registered",
    title="秘匿住所の登録",
    law="APPI 69(2) proviso; 66",
    sender=Sender.ANYONE,
    carries=Carries.MUST,
    starts=(),
    stops=(),
):
    """From now on no address of this family is disclosed except under ADDR.

    ``until``: last day of the measure (DV等支援措置), null where none is set.
    """

    until: date | None


@dataclass(frozen=True, kw_only=True)
class DisclosureConditionsImposed(
    CaseStep,
    topic="disclosure_conditions.imposed",
    title="提供条件",
    law="APPI 70",
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The sender imposes conditions on ``disclosure``, a message of its own, upon its recipients.

    ``until``: last day to keep it, null where none is named.
    """

    disclosure: UUID
    conditions: frozenset[Condition]
    until: date | None


@dataclass(frozen=True, kw_only=True)
class BreachReported(
    CaseStep,
    topic="breach.reported",
    title="漏えいの報告",
    law="APPI 68",
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(ClockKind.BREACH,),
    stops=(ClockKind.BREACH,),
):
    """A leak is reported, first at once, then in full. ``found_at``: when it was noticed; ``leaked``: of
    which sections; ``subjects_informed``: the persons concerned know.

    ``answers``: the preliminary report that a final one completes, null for a preliminary one.
    """

    stage: BreachStage
    found_at: datetime
    leaked: frozenset[Section]
    persons: int
    subjects_informed: bool
    answers: UUID | None
