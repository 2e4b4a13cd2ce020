"""The events of the family ``whereabouts``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseMessage, CaseStep, Sender
from domain.children import SpeaksOfChildren
from domain.clock_kinds import REFERRAL_CLOCKS, ClockKind
from domain.codes import LocatedBy, SearchResult, SearchStep


@dataclass(frozen=True, kw_only=True)
class WhereaboutsLost(
    CaseMessage,
    SpeaksOfChildren,
    topic="whereabouts.lost",
    title="居所不明の把握",
    law="CAPA 4, 8; own rule (居所不明児童)",
    actor=Actor.PERSON,
    sender=Sender.AUTHORITY,
    carries=Carries.MAY,
    starts=(*REFERRAL_CLOCKS, ClockKind.SEARCH),
    stops=(ClockKind.ACT,),
    begins_case=True,
    outgoing_copy=False,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=False,
):
    """Nobody knows where these children are; the sender searches, and whom it addresses searches too.

    ``last_seen_on``: the day (JST) on which they were last seen, null where not known.
    """

    last_seen_on: date | None


@dataclass(frozen=True, kw_only=True)
class SearchStepRecorded(
    CaseStep,
    topic="search_step.recorded",
    title="居所の調査",
    law="CAPA 8; own rule (居所不明児童)",
    actor=Actor.ANYONE,
    sender=Sender.AUTHORITY,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT,),
):
    """Something was done to locate them. ``answers``: the report that they cannot be located."""

    answers: UUID
    search_step: SearchStep
    search_result: SearchResult


@dataclass(frozen=True, kw_only=True)
class WhereaboutsEstablished(
    CaseStep,
    SpeaksOfChildren,
    topic="whereabouts.established",
    title="居所の確認",
    law="CAPA 8; own rule (居所不明児童)",
    actor=Actor.PERSON,
    sender=Sender.AUTHORITY,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT, ClockKind.SEARCH, ClockKind.SAFETY),
):
    """It is known again where these children are. ``answers``: the report that they could not be located.

    Where they are is content (ADDR, BASIC). Only ``SIGHTED`` says that somebody has seen them.
    """

    answers: UUID
    located_by: LocatedBy
