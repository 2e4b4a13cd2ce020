"""The events of the family ``joined``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseStep, Sender
from domain.event import STRICT, Cause, Event, Kind


@dataclass(frozen=True, kw_only=True)
class CasesJoined(
    CaseStep,
    topic="cases.joined",
    title="同じ家庭の事例を結び付ける",
    law="CAPA 8; CWA 25-2(2); APPI 65",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.NEVER,
    starts=(),
    stops=(),
):
    """The core agency has found that two of its cases are of one family: clocks, weak signals and registration look at both.

    Rights stay as they are in each. ``other``: the other case.
    """

    other: UUID


@dataclass(frozen=True, kw_only=True)
class CaseSplit(
    CaseStep,
    topic="case.split",
    title="事例の結び付けを解く",
    law="APPI 65",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.NEVER,
    starts=(),
    stops=(),
):
    """Two cases were joined by mistake: from now on neither counts in the other. ``other``: the other case."""

    other: UUID


@dataclass(frozen=True, kw_only=True)
class CaseShare:
    """What of one case counts in all cases of its family: times and references only.

    ``signals``: its weak signals since people last assessed them together; ``assessed_at``: when they did, null for never.
    ``seen``, ``sighted``: child -> when it was last seen, and sighted in a safety check; ``seen_at``: when a child was last
    seen at all, null for never. ``registered_in``: networks with which it is registered.
    """

    __pydantic_config__ = STRICT

    signals: tuple[datetime, ...]
    assessed_at: datetime | None
    seen: dict[UUID, datetime]
    sighted: dict[UUID, datetime]
    seen_at: datetime | None
    registered_in: frozenset[UUID]


@dataclass(frozen=True, kw_only=True)
class JoinedCaseChanged(
    Event,
    on=Kind.CASE,
    topic="joined_case.changed",
    title="結び付けた事例からの反映",
    law="CAPA 8; CWA 25-2(2)",
    cause=Cause.CLOCK,
):
    """What counts for the family has changed in a joined case, and counts here from now on.

    ``source``: that case; ``shares``: of that case and of those joined by it, empty where the two are no longer joined.
    """

    source: UUID
    shares: dict[UUID, CaseShare]


@dataclass(frozen=True, kw_only=True)
class JoinedCaseInformed(
    Event,
    on=Kind.CASE,
    topic="joined_case.informed",
    title="結び付けた事例への反映",
    law="CAPA 8; CWA 25-2(2)",
    cause=Cause.CLOCK,
):
    """What counts for the family was recorded in the joined case, as of here. ``other``: that case; ``shares``: what."""

    other: UUID
    shares: dict[UUID, CaseShare]
