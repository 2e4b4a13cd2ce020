"""The events of the family ``network``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseStep, Sender
from domain.clock_kinds import ClockKind
from domain.codes import NetworkStanding


def _participants_not_stated(state: dict[str, Any]) -> None:
    state["participants"] = []  # version 1 did not say who took part


@dataclass(frozen=True, kw_only=True)
class NetworkCaseRegistrationRequested(
    CaseStep,
    topic="network_case_registration.requested",
    title="要対協登録の求め",
    law="CWA 25-2; guideline 3(2)",
    actor=Actor.ANYONE,
    sender=Sender.NEARBY_CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The core agency asks for registration with the network."""


@dataclass(frozen=True, kw_only=True)
class NetworkCaseRegistered(
    CaseStep,
    topic="network_case.registered",
    title="要対協登録",
    law="CWA 25-2(2); guideline 3(2)",
    actor=Actor.PERSON,
    sender=Sender.COORDINATING,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT,),
):
    """The case is registered with the network; from this moment CWA 25-2, 25-3 and 25-5 apply to it.

    ``standing``: as what the child is registered; null where the register does not state it.
    """

    standing: NetworkStanding | None


@dataclass(frozen=True, kw_only=True)
class NetworkCaseDeregistered(
    CaseStep,
    topic="network_case.deregistered",
    title="要対協登録解除",
    law="CWA 25-2; guideline 3(2)",
    actor=Actor.PERSON,
    sender=Sender.COORDINATING,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The case is no longer registered with the network."""


@dataclass(frozen=True, kw_only=True)
class CaseConferenceConvened(
    CaseStep,
    topic="case_conference.convened",
    title="個別ケース検討会議招集",
    law="CWA 25-2(2); guideline 6(2)[1]",
    actor=Actor.PERSON,
    sender=Sender.OFFICE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """A conference about this one family is called."""


@dataclass(frozen=True, kw_only=True)
class ConferenceMinutesRecorded(
    CaseStep,
    topic="conference_minutes.recorded",
    version=2,
    title="会議録",
    law="CWA 25-2(2); guideline 6(2)[1]",
    actor=Actor.PERSON,
    sender=Sender.OFFICE,
    carries=Carries.MUST,
    starts=(),
    stops=(ClockKind.ACT,),
):
    """What was discussed and agreed at the conference. ``participants``: the agencies that took part, as the office states
    them; empty where it does not."""

    participants: frozenset[UUID]

    upcast_v1_v2 = staticmethod(_participants_not_stated)


@dataclass(frozen=True, kw_only=True)
class NetworkMeetingRequested(
    CaseStep,
    topic="network_meeting.requested",
    title="会議開催要請",
    law="guideline 6(4)[2]",
    actor=Actor.ANYONE,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(ClockKind.ANSWER,),
    stops=(),
    no_task="the work list shows it when its day is over (LATE_ANSWER)",
):
    """The core agency asks for a meeting of the network.

    ``due_on``: by which day (JST), null where none is named.
    """

    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class NetworkMeetingHeld(
    CaseStep,
    topic="network_meeting.held",
    version=2,
    title="ネットワーク会議",
    law="guideline 6(4)[2]; CWA 25-2(2)",
    actor=Actor.ANYONE,
    sender=Sender.COORDINATING,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ANSWER,),
):
    """The network met about the family. ``answers``: the request, null where none was made; ``participants``: the agencies
    that took part, as the office states them; empty where it does not."""

    answers: UUID | None
    participants: frozenset[UUID]

    upcast_v1_v2 = staticmethod(_participants_not_stated)
