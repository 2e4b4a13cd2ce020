"""The events of the family ``stays``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseMessage, CaseStep, Sender
from domain.children import SpeaksOfChildren
from domain.clock_kinds import REFERRAL_CLOCKS


@dataclass(frozen=True, kw_only=True)
class StayingElsewhere(
    CaseMessage,
    SpeaksOfChildren,
    topic="staying.elsewhere",
    title="里帰り・一時的な滞在",
    law="CWA 10(1), 25-2(2); APPI 69(2)3; own rule (里帰り)",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MUST,
    starts=REFERRAL_CLOCKS,
    stops=(),
    begins_case=False,
    outgoing_copy=True,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=False,
):
    """Children of the family, or the expectant mother, stay in another municipality; the responsible core agency stays
    responsible, and the town of the stay takes part until they return.

    ``to``: the core agency of that town, and its coordinating agency where that is to be informed too.
    ``children``: who stays, empty for all of the family; an expectant mother and an unborn child have references too.
    ``stays_since``: since which day (JST). ``returns_on``: the planned day of the return (JST), null where not known.
    """

    stays_since: date
    returns_on: date | None


@dataclass(frozen=True, kw_only=True)
class StayExtended(
    CaseStep,
    topic="stay.extended",
    title="滞在の延長",
    law="CWA 10(1); own rule (里帰り)",
    actor=Actor.PERSON,
    sender=Sender.TOWN_OF_STAY,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The return is later than planned. ``stay``: the stay; ``returns_on``: the new planned day (JST)."""

    stay: UUID
    returns_on: date


@dataclass(frozen=True, kw_only=True)
class StayEnded(
    CaseStep,
    topic="stay.ended",
    title="帰宅(滞在の終了)",
    law="CWA 10(1); own rule (里帰り)",
    actor=Actor.PERSON,
    sender=Sender.TOWN_OF_STAY,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """They have returned; the town of the stay has no part from now on but what it wrote and was sent.

    ``stay``: the stay; ``returned_on``: since which day they are back (JST).
    """

    stay: UUID
    returned_on: date
