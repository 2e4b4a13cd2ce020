"""The family's own list of disclosures: the part of it that harms nobody.

It is not the answer to a request under APPI 76: it is what a core agency may hand over at any time, and it
states on every sheet that it is not complete. What is on it, its reader knows already: a paper that he signed,
or the visits that he receives. So nothing on it is new to its reader, and what is left out can't be distinguished
from what never was.

(F1) Only acts of everyday support; every other act, and every act to come, stays off it until it is added here.
(F2) A message that carries a concern, a notifier, a hidden address, minutes or a flag is left out entirely:
    what is sent with a concern reveals its day.
(F3) Only between agencies whom the family meets. Never a child guidance centre or a coordinating agency; another
    service (a nursery, a school) only where the reader signed for it: whoever notified is most often one of them.
(F4) A row rests on a consent that the reader himself signed, or is a plan or a visit of the one who is
    supported. So a father's list and a mother's differ.
(F5) What is the supported person's own (pregnancy, health, her situation) is on no list but hers.
(F6) Once an address is hidden, the lists of all others stand still where they were.
(F7) After an answer that does not tell whether anything exists there is no list, for anyone.
(F8) Months that are over, never days; one row for each sender and recipient, never a count.

Basis: APPI 76, 78(1), 81; CAPA 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from domain import events as e
from domain.calendar import day_of
from domain.case import Case, Message
from domain.codes import AUTHOR_ONLY, AccessResult, Flag, Role, Section


class FamilyReader(StrEnum):
    """Who holds the list in his hands; the core agency knows, the record does not."""

    SUPPORTED = "SUPPORTED"  # the caregiver or expectant woman who is visited
    GUARDIAN = "GUARDIAN"  # the other guardian
    RELATIVE = "RELATIVE"  # a brother or sister, a grandparent


LISTED_ACTS: tuple[type[e.Event], ...] = (
    e.FamilyInformationProvided,
    e.InfantHomeVisitReported,
    e.InformationRequestAnswered,
    e.DisclosureMade,
    e.SupportPlanFormulated,
    e.SupportPlanApproved,
    e.SupportCommenced,
    e.PlanReviewed,
    e.HomeVisitCompleted,
    e.VisitReportSubmitted,
    e.SpecialistServiceLinked,
    e.FollowOnServiceArranged,
)
"""F1. A question, a meeting, a safety check, a registration, a move, an emergency: each lets somebody infer why.
Basis: APPI 78(1)6, 78(1)7, 81."""

CONCERN_SECTIONS = frozenset({Section.NOTIFIER, Section.ADDR, Section.RISK, Section.CONF})
"""F2: a message with one of these is left out as a whole. Basis: CAPA 7; APPI 78(1)1, 78(1)6."""

NEVER_LISTED_FLAGS = frozenset(Flag) - {Flag.SENSITIVE}
"""F2: hidden addresses, a child's words, other persons' words, the notifier's traces. Basis: APPI 78(1)1, 78(1)2."""

ROLES_MET = frozenset({Role.CORE, Role.CONTRACTOR, Role.MED})
ROLES_NEVER_MET = frozenset({Role.CGC, Role.COORD})
"""F3. An agency that is core and coordinating in one is met as the core agency. Basis: APPI 78(1)7, 81; CAPA 7."""

SUPPORTED_ONLY = frozenset({Section.PREG, Section.MEDICAL, Section.CAREGIVER})
"""F5. Basis: APPI 78(1)2: to anybody else she is another person."""

GIVEN_TO_SUPPORTED = frozenset({Section.PLAN, Section.VISIT})
"""F4: the plan is handed to her, the visits come to her. Basis: CWA 10(1)4; guideline 6(3)[1]."""


@dataclass(frozen=True, order=True)
class FamilyListRow:
    """In the month that begins on this day (JST), one agency disclosed these sections to another."""

    month: date
    by: UUID
    to: UUID
    sections: frozenset[Section]


def family_list(
    case: Case,
    roles: Mapping[UUID, frozenset[Role]],
    reader: FamilyReader,
    signed: frozenset[UUID],
    *,
    today: date,
) -> list[FamilyListRow]:
    """Who disclosed what to whom, month by month. ``signed``: the consents that this reader gave; ``today`` (JST)."""
    # (F7) an answer that does not confirm existence is not undone by a list
    if any(_existence_not_disclosed(m) for m in case.messages.values()):
        return []
    end = today.replace(day=1)  # (F8)
    hidden = min((_month(m) for m in case.messages.values() if _hides_address(m)), default=None)
    if hidden is not None and reader is not FamilyReader.SUPPORTED:
        end = min(end, hidden)  # (F6)
    rows: dict[tuple[date, UUID, UUID], frozenset[Section]] = {}
    for message in case.messages.values():
        # (F1), (F2), (F8)
        if not isinstance(message.event, LISTED_ACTS) or _has_concern(message) or _month(message) >= end:
            continue
        for to in message.to - message.held:
            sections_visible = _visible_sections(message, to, roles, reader, signed)
            if sections_visible:
                key = _month(message), message.by, to
                rows[key] = rows.get(key, frozenset()) | sections_visible
    return [FamilyListRow(*key, rows[key]) for key in sorted(rows)]


def _visible_sections(
    message: Message,
    to: UUID,
    roles: Mapping[UUID, frozenset[Role]],
    reader: FamilyReader,
    signed: frozenset[UUID],
) -> frozenset[Section]:
    """Of one message to one agency, what this reader may see."""
    own = bool(message.event.consent) and message.event.consent <= signed
    # (F3)
    for agency in (message.by, to):
        agency_roles = roles.get(agency, frozenset())
        if Role.CORE not in agency_roles and (
            agency_roles & ROLES_NEVER_MET or not (agency_roles & ROLES_MET or own)
        ):
            return frozenset()
    sections = frozenset(i.section for i in message.items) - AUTHOR_ONLY
    if reader is FamilyReader.SUPPORTED:
        return sections if own else sections & GIVEN_TO_SUPPORTED  # (F4)
    return sections - SUPPORTED_ONLY if own else frozenset()  # (F4), (F5)


def _month(message: Message) -> date:
    return day_of(message.at).replace(day=1)


def _has_concern(message: Message) -> bool:
    return any(i.section in CONCERN_SECTIONS or i.flags & NEVER_LISTED_FLAGS for i in message.items)


def _hides_address(message: Message) -> bool:
    """Whether from here on an address is to stay hidden. Basis: APPI 69(2) proviso."""
    hidden = any(i.section is Section.ADDR or Flag.DV_PROTECTED in i.flags for i in message.items)
    return hidden or isinstance(message.event, e.ProtectedAddressRegistered)


def _existence_not_disclosed(message: Message) -> bool:
    event = message.event
    return isinstance(event, e.SubjectAccessDecided) and event.result is AccessResult.EXISTENCE_NOT_DISCLOSED
