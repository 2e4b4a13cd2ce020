"""What an agency says of its own programme: rules of secrecy, notices to the prefecture, resources.

Basis: guideline 8[1], 10, 11; 社会福祉法69条.
"""

from __future__ import annotations

from datetime import datetime

from domain.calendar import day_of, months_later
from domain.codes import BusinessItem, Role
from domain.context import Refusal, needs
from domain.events import (
    AgencyFact,
    BusinessAbolitionNotified,
    BusinessChangeNotified,
    BusinessCommencementNotified,
    BusinessNotice,
    CommunityServiceRegistered,
    ConfidentialityRulesAcknowledged,
    ConfidentialityRulesAdopted,
    Fact,
    PrefecturalSupervisionReceived,
    ResourceGapRecorded,
)
from domain.reasons import Reason
from domain.record import Wish
from domain.register import Agency, Register

AGENCY_ACTS: frozenset[type[Fact]] = frozenset(
    {
        BusinessAbolitionNotified,
        BusinessChangeNotified,
        BusinessCommencementNotified,
        CommunityServiceRegistered,
        ConfidentialityRulesAcknowledged,
        ConfidentialityRulesAdopted,
        PrefecturalSupervisionReceived,
        ResourceGapRecorded,
    }
)
"""What an agency may say of itself."""

OPERATORS = frozenset({Role.CORE, Role.COORD, Role.CONTRACTOR})
"""Who runs the programme, or a part of it. Basis: guideline 10; 社会福祉法69条."""


def decide_agency(register: Register, wish: Wish, now: datetime) -> Refusal | None:
    """An agency speaks of itself, and of nobody else."""
    fact = wish.draft
    agency = register.agencies.get(wish.about.id)
    if agency is None or wish.by != agency.id or not isinstance(fact, AgencyFact):
        return Refusal(Reason.NOT_YOURS)
    match fact:
        case ConfidentialityRulesAdopted():
            return needs(fact.edition != agency.rules_edition, Reason.ALREADY_ADOPTED)
        case ConfidentialityRulesAcknowledged():
            return _acknowledges(agency, wish, fact)
        case BusinessNotice():
            return _operates(agency) or _notice(fact, now)
        case CommunityServiceRegistered() | ResourceGapRecorded():
            return needs(Role.CORE in agency.roles, Reason.NOT_RESPONSIBLE_CORE)
        case PrefecturalSupervisionReceived():
            return _operates(agency)
        case _:
            return Refusal(Reason.NOT_YOURS)


def _acknowledges(agency: Agency, wish: Wish, fact: ConfidentialityRulesAcknowledged) -> Refusal | None:
    """Basis: guideline 8[1]: each person for itself, and the edition in force."""
    if fact.staff != wish.actor:
        return Refusal(Reason.NOT_IN_PERSON)
    return needs(agency.rules_edition == fact.edition, Reason.RULES_NOT_ADOPTED)


def _operates(agency: Agency) -> Refusal | None:
    return needs(bool(agency.roles & OPERATORS), Reason.NOT_AN_OPERATOR)


def _notice(fact: BusinessNotice, now: datetime) -> Refusal | None:
    """Basis: 社会福祉法69条, 67条1項: whole at the start; within a month, else with the reason."""
    whole = not isinstance(fact, BusinessCommencementNotified) or fact.items == frozenset(BusinessItem)
    if not whole or not fact.items:
        return Refusal(Reason.NOTICE_INCOMPLETE)
    if fact.happened_on > day_of(now):
        return Refusal(Reason.TIME_AHEAD)
    in_time = day_of(now) <= months_later(fact.happened_on, 1)
    return needs(in_time or fact.reason is not None, Reason.REASON_MISSING)
