"""The rules of ``domain.programme``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from datetime import datetime

from domain import events as e
from domain.calendar import day_of, months_later
from domain.codes import (
    BusinessItem,
    Role,
)
from domain.context import Refusal, needs
from domain.reasons import Reason
from domain.record import Command
from domain.register import Agency, Register

OPERATORS = frozenset({Role.CORE, Role.COORD, Role.CONTRACTOR})
"""Who runs the programme, or a part of it. Basis: guideline 10; 社会福祉法69条."""


def decide_agency(register: Register, command: Command, now: datetime) -> Refusal | None:
    """An agency records what concerns itself, and nobody else."""
    event = command.proposed_event
    agency = register.agencies.get(command.about.id)
    if agency is None or command.by != agency.id or not isinstance(event, e.AgencyEvent):
        return Refusal(Reason.NOT_YOURS)
    match event:
        case e.ConfidentialityRulesAdopted():
            return needs(event.edition != agency.rules_edition, Reason.ALREADY_ADOPTED)
        case e.ConfidentialityRulesAcknowledged():
            return _check_acknowledgement(agency, command, event)
        case e.BusinessNotice():
            return _check_operator(agency) or _check_notice(event, now)
        case e.CommunityServiceRegistered() | e.ResourceGapRecorded():
            return needs(Role.CORE in agency.roles, Reason.NOT_RESPONSIBLE_CORE)
        case e.PrefecturalSupervisionReceived():
            return _check_operator(agency)
        case _:
            return Refusal(Reason.NOT_YOURS)


def _check_acknowledgement(
    agency: Agency, command: Command, event: e.ConfidentialityRulesAcknowledged
) -> Refusal | None:
    """Basis: guideline 8[1]: each person in person, and the edition in force."""
    if event.staff != command.actor:
        return Refusal(Reason.NOT_IN_PERSON)
    return needs(agency.rules_edition == event.edition, Reason.RULES_NOT_ADOPTED)


def _check_operator(agency: Agency) -> Refusal | None:
    return needs(bool(agency.roles & OPERATORS), Reason.NOT_AN_OPERATOR)


def _check_notice(event: e.BusinessNotice, now: datetime) -> Refusal | None:
    """Basis: 社会福祉法69条, 67条1項: complete at the start; within a month, else with the reason."""
    complete = not isinstance(event, e.BusinessCommencementNotified) or event.items == frozenset(BusinessItem)
    if not complete or not event.items:
        return Refusal(Reason.NOTICE_INCOMPLETE)
    if event.happened_on > day_of(now):
        return Refusal(Reason.TIME_AHEAD)
    in_time = day_of(now) <= months_later(event.happened_on, 1)
    return needs(in_time or event.reason is not None, Reason.REASON_MISSING)
