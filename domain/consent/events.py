"""The events of the family ``consent``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseMessage, CaseStep, Sender
from domain.children import SpeaksOfChildren
from domain.clock_kinds import ClockKind
from domain.codes import AuthorityState, ConsentCapacity, Parent, Section
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
    SpeaksOfChildren,
    topic="consent.given",
    version=2,
    title="同意",
    law="APPI 69(2)1, 27(1)",
    actor=Actor.PERSON,
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

    ``expires_at``: null until withdrawn; given for a child it is named, and not later than the child is of age.
    ``children``: for whom it was given, where not for the person itself. ``given_by``: which parents gave it, empty where
    that is not stated. ``sole_holder``: the parent states to have parental authority alone. ``reason``: why the other one
    did not consent, where both have it.
    """

    scope: tuple[ConsentScope, ...]
    capacity: ConsentCapacity
    expires_at: datetime | None
    given_by: frozenset[Parent]
    sole_holder: bool

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["children"], state["given_by"], state["sole_holder"] = [], [], False  # not asked for before


@dataclass(frozen=True, kw_only=True)
class ParentalAuthorityRecorded(
    CaseStep,
    SpeaksOfChildren,
    topic="parental_authority.recorded",
    title="親権の状況",
    law="CWA 33-2; 民法818条; 民法824条の2; 民法834条; 民法838条",
    actor=Actor.PERSON,
    sender=Sender.AUTHORITY,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """An authority records who has parental authority over these children; it replaces what was recorded of them before.

    ``states``: of each parent; who is not named is no parent, or unknown. ``suspended_until``: the last day of a suspension
    by the family court, null where there is none.
    """

    states: dict[Parent, AuthorityState]
    suspended_until: date | None


@dataclass(frozen=True, kw_only=True)
class ConsentRefused(
    CaseMessage,
    topic="consent.refused",
    title="同意拒否",
    law="APPI 69(2)1, 27(1)",
    actor=Actor.ANYONE,
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
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The consents named in ``consent`` permit nothing from this instant."""
