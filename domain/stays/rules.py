"""The rules of ``domain.stays``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.calendar import day_of
from domain.case import Stay
from domain.case_message import Sender
from domain.case_offices import network_of_stay
from domain.context import DecisionContext, Refusal, needs
from domain.readiness import CLOSED
from domain.reasons import Reason
from domain.rule_table import form_of, ready_for, sender_rule


@sender_rule(Sender.TOWN_OF_STAY)
def town_of_stay(context: DecisionContext) -> Refusal | None:
    """The responsible core agency, or that of the town where they stay: whoever learns of the return first.

    Basis: CWA 10(1); own rule (里帰り).
    """
    towns = {context.case.core} | {stay.core for stay in context.case.stays.values()}
    return needs(context.by in towns, Reason.NOT_RESPONSIBLE_CORE)


@form_of(e.StayingElsewhere)
def stay_form(context: DecisionContext) -> Refusal | None:
    """They stay with one other municipality, whose core agency is addressed; the stay has begun, and ends after it began.
    One that is only planned is informed of as any family is (FamilyInformationProvided).

    Basis: APPI 69(2)3; guideline 3(1).
    """
    event: e.StayingElsewhere = context.event
    if network_of_stay(context.register, context.case, event) is None:
        return Refusal(Reason.NOT_ANOTHER_MUNICIPALITY)
    if event.stays_since > day_of(context.now):
        return Refusal(Reason.TIME_AHEAD)
    ordered = event.returns_on is None or event.stays_since <= event.returns_on
    return needs(ordered, Reason.RETURN_BEFORE_STAY)


@ready_for(e.StayingElsewhere)
def stay_ready(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: who supports nobody any more has no one stay elsewhere."""
    return needs(context.case.status not in CLOSED, Reason.CASE_CLOSED)


def _stay(context: DecisionContext) -> Stay | None:
    return context.case.stays.get(context.event.stay)


def _names_stay(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: it is about a stay that lasts, and the other of the two towns is addressed."""
    stay = _stay(context)
    if stay is None:
        return Refusal(Reason.NO_STAY)
    other = context.case.core if context.by == stay.core else stay.core
    return needs(other in context.event.to, Reason.OTHER_TOWN_NOT_ADDRESSED)


@form_of(e.StayExtended)
def stay_extension(context: DecisionContext) -> Refusal | None:
    """Basis: own rule (里帰り): the new day is not over yet."""
    ahead = context.event.returns_on >= day_of(context.now)
    return _names_stay(context) or needs(ahead, Reason.RETURN_DAY_OVER)


@form_of(e.StayEnded)
def stay_end(context: DecisionContext) -> Refusal | None:
    """Basis: own rule (里帰り): it is recorded when they are back, not before."""
    return _names_stay(context) or needs(context.event.returned_on <= day_of(context.now), Reason.TIME_AHEAD)
