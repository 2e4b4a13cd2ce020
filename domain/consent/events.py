"""The events of the family ``consent``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.case_message import Carries, CaseMessage, CaseStep, Sender
from domain.clock_kinds import ClockKind
from domain.codes import ConsentCapacity, Section
from domain.event import STRICT


@dataclass(frozen=True, kw_only=True)
class ConsentScope:
    """One recipient and its categories that a consent covers; exactly what was explained."""

    __pydantic_config__ = STRICT

    consent: UUID
    sender: UUID
    recipient: UUID
    sections: frozenset[Section]


@dataclass(frozen=True, kw_only=True)
class ConsentGiven(
    CaseMessage,
    topic="consent.given",
    title="同意",
    law="APPI 69(2)1, 27(1)",
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(ClockKind.COERCION,),
    stops=(),
    no_task="it records what the person decided; nothing is asked of its addressees",
    begins_case=True,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=False,
):
    """The person agrees that exactly these sections go from this agency to that one.

    ``expires_at``: null until withdrawn.
    """

    scope: tuple[ConsentScope, ...]
    capacity: ConsentCapacity
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ConsentRefused(
    CaseMessage,
    topic="consent.refused",
    title="同意拒否",
    law="APPI 69(2)1, 27(1)",
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
    no_task="it records what the person decided; nothing is asked of its addressees",
    begins_case=True,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=False,
):
    """The person was asked and did not agree; bars nothing by itself.

    ``requested_scope``: what it was about.
    """

    requested_scope: tuple[ConsentScope, ...]


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(
    CaseStep,
    topic="consent.withdrawn",
    title="同意撤回",
    law="APPI 69(2)1, 27(1)",
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The consents named in ``consent`` permit nothing from this instant."""
