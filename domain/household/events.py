"""The events of the family ``household``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseMessage, CaseStep, Sender
from domain.children import SpeaksOfChildren
from domain.clock_kinds import ClockKind
from domain.codes import Caregiver, ChildPlace


@dataclass(frozen=True, kw_only=True)
class ChildPlaced(
    CaseMessage,
    SpeaksOfChildren,
    topic="child.placed",
    title="子どもの居所(一時保護・入院・施設等)",
    law="CWA 27(1)3, 33; guideline 5(1)[3]",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
    begins_case=False,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=True,
):
    """A child does not live at home for a time: what is waited for of its visitor rests, not of the core agency.

    ``place``: where; ``placed_on``: since which day (JST); ``known_from``: the agency it is known from, null for the
    author's own knowledge.
    """

    place: ChildPlace
    placed_on: date
    known_from: UUID | None


@dataclass(frozen=True, kw_only=True)
class ChildReturned(
    CaseMessage,
    SpeaksOfChildren,
    topic="child.returned",
    title="子どもの帰宅",
    law="CAPA 13-2",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(ClockKind.SAFETY,),
    stops=(),
    begins_case=False,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=True,
):
    """A child lives at home again, be it for a time only; after a measure its safety is checked.

    ``returned_from``: where it was; ``returned_on``: the day (JST); ``released_by``: the child guidance centre that ended
    the measure, null where none did: it checks the child's safety, as the core agency does.
    """

    returned_from: ChildPlace
    returned_on: date
    released_by: UUID | None


@dataclass(frozen=True, kw_only=True)
class UnknownChildIdentified(
    CaseMessage,
    SpeaksOfChildren,
    topic="unknown_child.identified",
    title="名前の分からなかった子どもの判明",
    law="CAPA 8",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(ClockKind.SAFETY,),
    stops=(),
    begins_case=False,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=True,
):
    """It is known now of which child a message spoke. ``answers``: the message; ``children``: who it was."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class ChildrenJoined(
    CaseStep,
    SpeaksOfChildren,
    topic="children.joined",
    title="同じ子どもの記録をまとめる",
    law="CAPA 8; APPI 65",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.NEVER,
    starts=(),
    stops=(),
):
    """Two agencies spoke of one child by two references. ``children``: the references of the one child."""


@dataclass(frozen=True, kw_only=True)
class ChildrenSeparated(
    CaseStep,
    topic="children.separated",
    title="まとめた子どもの記録を分ける",
    law="CAPA 8; APPI 65",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(ClockKind.SAFETY, ClockKind.SEARCH),
    stops=(),
):
    """Two references that were joined are two children after all. ``answers``: the join (``ChildrenJoined``), which does not
    hold any more and stays on record; ``reason``: why, as a code.

    The clocks of the one child go on for each, and those run again that had ended only because the two counted as one.
    """

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class ChildDied(
    CaseStep,
    SpeaksOfChildren,
    topic="child.died",
    title="子どもの死亡",
    law="CAPA 4(5)",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """A child has died, before birth or after. ``children``: who, always named; ``died_on``: the day (JST), null where
    it is not known. Why is content (RISK, MEDICAL).
    """

    died_on: date | None


@dataclass(frozen=True, kw_only=True)
class ParentDied(
    CaseStep,
    topic="parent.died",
    title="保護者の死亡",
    law="guideline 5(1)[3], 6(4)[1]; 民法838条",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """A parent or another guardian has died: the case goes on, and the family is assessed anew.

    ``parent``: who; ``died_on``: the day (JST), null where it is not known.
    """

    parent: Caregiver
    died_on: date | None
