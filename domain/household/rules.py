"""The rules of ``domain.household``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from datetime import date

from domain import events as e
from domain.calendar import day_of
from domain.children import UNKNOWN_CHILD, children_named_in
from domain.codes import Role
from domain.common_rules import has_reason
from domain.context import DecisionContext, Refusal, needs
from domain.household.separation import joins_taken_back
from domain.reasons import Reason
from domain.rule_table import form_of


@form_of(e.ChildPlaced)
def placement_form(context: DecisionContext) -> Refusal | None:
    """A stay has begun, and it is known from an agency of the register. Basis: guideline 5(1)[3]; CWA 33."""
    event: e.ChildPlaced = context.event
    if event.known_from is not None and event.known_from not in context.register.agencies:
        return Refusal(Reason.SOURCE_UNKNOWN)
    return _has_happened(context, event.placed_on)


@form_of(e.ChildReturned)
def return_form(context: DecisionContext) -> Refusal | None:
    """The child is at home, and it was a child guidance centre that ended the measure. Basis: CAPA 13-2."""
    event: e.ChildReturned = context.event
    if event.released_by is not None:
        known = context.register.agencies.get(event.released_by)
        if known is None or Role.CGC not in known.roles:
            return Refusal(Reason.NOT_A_CGC)
    return _has_happened(context, event.returned_on)


@form_of(e.UnknownChildIdentified)
def identification_form(context: DecisionContext) -> Refusal | None:
    """It is about a message that spoke of an unknown child, and says who that was. Basis: CAPA 8."""
    event: e.UnknownChildIdentified = context.event
    message = context.case.messages.get(event.answers)
    if message is None or UNKNOWN_CHILD not in children_named_in(message.event):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if event.answers not in context.case.family.unidentified:
        return Refusal(Reason.ALREADY_ANSWERED)
    return _names_known_references(context)


@form_of(e.ChildrenJoined)
def join_form(context: DecisionContext) -> Refusal | None:
    """Two references or more, of children whom the case knows and who are not one yet. Basis: CAPA 8; APPI 65."""
    event: e.ChildrenJoined = context.event
    family = context.case.family
    if not event.children <= {*family.children, *family.joined}:
        return Refusal(Reason.CHILD_UNKNOWN)
    return _names_known_references(context) or needs(
        len(family.resolved(event.children)) > 1, Reason.ALREADY_ONE_CHILD
    )


@form_of(e.ChildrenSeparated)
def separation_form(context: DecisionContext) -> Refusal | None:
    """What is taken back is a join that holds, and it says why. Basis: CAPA 8; APPI 65."""
    join = context.case.messages.get(context.event.answers)
    if join is None or not isinstance(join.event, e.ChildrenJoined):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if join.id in joins_taken_back(context.case):
        return Refusal(Reason.ALREADY_ANSWERED)
    return has_reason(context)


@form_of(e.ChildDied)
def death_form(context: DecisionContext) -> Refusal | None:
    """It says which child has died, and the day is not ahead. Basis: CAPA 4(5)."""
    event: e.ChildDied = context.event
    return _names_known_references(context) or _has_happened(context, event.died_on)


@form_of(e.ParentDied)
def parent_death_form(context: DecisionContext) -> Refusal | None:
    """The day is not ahead. Basis: 民法838条."""
    return _has_happened(context, context.event.died_on)


def _names_known_references(context: DecisionContext) -> Refusal | None:
    """A statement about single children names them, and no child of whom nobody can say who it is. Basis: CAPA 8."""
    children = context.event.children
    if not children:
        return Refusal(Reason.CHILDREN_NOT_NAMED)
    return needs(UNKNOWN_CHILD not in children, Reason.CHILD_UNKNOWN)


def _has_happened(context: DecisionContext, day: date | None) -> Refusal | None:
    return needs(day is None or day <= day_of(context.now), Reason.TIME_AHEAD)
