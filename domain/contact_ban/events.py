"""The events of the family ``contact_ban``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseStep, Sender
from domain.children import SpeaksOfChildren
from domain.clock_kinds import ClockKind
from domain.codes import ForbiddenContact


@dataclass(frozen=True, kw_only=True)
class ContactForbidden(
    CaseStep,
    SpeaksOfChildren,
    topic="contact.forbidden",
    title="面会・通信等の制限",
    law="CAPA 12, 12-4",
    actor=Actor.PERSON,
    sender=Sender.CGC,
    carries=Carries.MAY,
    starts=(ClockKind.BAN_END,),
    stops=(ClockKind.BAN_END,),
):
    """The child guidance centre restricts or forbids contact with these children. Whose contact is content (RISK).

    ``until``: its last day (JST), null where none is set. ``renews``: the earlier one that it prolongs or replaces, null
    where there is none.
    """

    contacts: frozenset[ForbiddenContact]
    until: date | None
    renews: UUID | None


@dataclass(frozen=True, kw_only=True)
class ContactBanLifted(
    CaseStep,
    topic="contact_ban.lifted",
    title="面会・通信等の制限の解除",
    law="CAPA 12, 12-4",
    actor=Actor.PERSON,
    sender=Sender.CGC,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.BAN_END,),
):
    """A restriction of contact is lifted. ``answers``: the restriction."""

    answers: UUID
