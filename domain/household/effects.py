"""The effects of ``domain.household``: what follows in the state of a case from its messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from domain import events as e
from domain.calendar import end_of
from domain.case import Authority, Case, Message, Raised
from domain.children import UNKNOWN_CHILD
from domain.clock_kinds import ClockKind
from domain.clocks import Clock, ClockKey, child_by_child
from domain.codes import Caregiver, ChildPlace, Parent
from domain.effects import effect_of
from domain.family import Placement

AFTER_A_MEASURE = frozenset({ChildPlace.TEMPORARY_PROTECTION, ChildPlace.INSTITUTION})
"""A child that comes home from there is looked after by law. Basis: CAPA 13-2."""


@effect_of(e.ChildPlaced)
def child_placed(case: Case, event: e.ChildPlaced, message: Message) -> Case:
    placed = Placement(place=event.place, since=event.placed_on)
    return replace(case, family=case.family.with_each(event.children, placed=placed))


@effect_of(e.ChildReturned)
def child_returned(case: Case, event: e.ChildReturned, message: Message) -> Case:
    """After a measure the core agency and the centre that ended it see the child again. Basis: CAPA 13-2."""
    case = replace(case, family=case.family.with_each(event.children, placed=None, returned_at=message.at))
    if event.returned_from not in AFTER_A_MEASURE:
        return case
    started = {
        clock.key_for(message.id): clock
        for agency in (case.core, event.released_by)
        if agency is not None
        for clock in _safety_checks(case, event, message, agency)
    }
    return replace(case, clocks=case.clocks | started)


def _safety_checks(case: Case, event: e.ChildReturned, message: Message, agency: UUID) -> Iterator[Clock]:
    check = Clock(
        kind=ClockKind.SAFETY,
        message=message.id,
        responsible=agency,
        informed=frozenset(),
        since=min(end_of(event.returned_on), message.at),  # when it was recorded the child was at home
    )
    yield from child_by_child(check, event, case.family)


@effect_of(e.UnknownChildIdentified)
def child_identified(case: Case, event: e.UnknownChildIdentified, message: Message) -> Case:
    """What waited for the unknown child waits for those whom it was; who was sighted since is not waited for."""
    family = case.family.with_identified(event.answers, event.children, message.at)
    moved = {
        key: tuple(family.resolved(event.children))
        for key, clock in case.clocks.items()
        if clock.message == event.answers and clock.child == UNKNOWN_CHILD
    }
    return with_moved_clocks(replace(case, family=family), moved)


@effect_of(e.ChildrenJoined)
def children_joined(case: Case, event: e.ChildrenJoined, message: Message) -> Case:
    family = case.family.with_joined(event.children)
    moved = {
        key: (family.one(clock.child),)
        for key, clock in case.clocks.items()
        if clock.child is not None and clock.child != family.one(clock.child)
    }
    case = with_moved_clocks(replace(case, family=family), moved)
    of_case: dict[Raised, None] = {
        (*alarm[:5], family.one(alarm[5])): None
        for alarm in case.raised
        if alarm[1] is None and alarm[5] is not None and alarm[5] != family.one(alarm[5])
    }
    return _without_seen(replace(case, raised=case.raised | of_case), event.children)


def with_moved_clocks(case: Case, moved: Mapping[ClockKey, tuple[UUID, ...]]) -> Case:
    """These clocks run for these children from now on; what was raised of one is not raised again of the other."""
    started: dict[ClockKey, Clock] = {}
    raised: dict[Raised, None] = {}
    for key, children in moved.items():
        for child in children:
            clock = replace(case.clocks[key], child=child)
            started[clock.key_for(key[1])] = clock
            raised |= {
                (*alarm[:5], child): None
                for alarm in case.raised
                if (alarm[1], alarm[2], alarm[5]) == (key[1], key[2], key[3])
            }
    case = replace(case, clocks=case.clocks.without(moved) | started, raised=case.raised | raised)
    return _without_seen(case, frozenset(c for children in moved.values() for c in children))


def _without_seen(case: Case, references: frozenset[UUID]) -> Case:
    """Nobody waits to see a child that was sighted since the clock began. Basis: CAPA 8."""
    children = case.family.resolved(references)
    done = [
        key
        for key, clock in case.clocks.items()
        if clock.kind is ClockKind.SAFETY
        and clock.child in children
        and case.family.children[clock.child].sighted_since(case.recorded_since(clock))
    ]
    return replace(case, clocks=case.clocks.without(done))


@effect_of(e.ChildDied)
def child_died(case: Case, event: e.ChildDied, message: Message) -> Case:
    """Nobody waits to see this child any more; where no child is left, nobody waits for the family's either."""
    family = replace(
        case.family.with_each(event.children, died=True, placed=None), death_unreviewed_since=message.at
    )
    died = family.resolved(event.children)
    over = [
        key
        for key, clock in case.clocks.items()
        if clock.kind is ClockKind.SAFETY
        and (clock.child in died or (clock.child is None and family.no_child_lives))
    ]
    return replace(case, family=family, clocks=case.clocks.without(over))


@effect_of(e.ParentDied)
def parent_died(case: Case, event: e.ParentDied, message: Message) -> Case:
    """Who has died has parental authority no more, so nobody waits for that consent; one that was given for a child goes on,
    since it is the child's. Basis: 民法99条, 818条, 838条."""
    case = replace(case, family=replace(case.family, bereaved_since=message.at))
    return replace(
        case,
        authority={child: _without_parent(known, event.parent) for child, known in case.authority.items()},
    )


_PARENTS = {
    Caregiver.MOTHER: (Parent.MOTHER, Parent.ADOPTIVE_MOTHER),
    Caregiver.FATHER: (Parent.FATHER, Parent.ADOPTIVE_FATHER),
}


def _without_parent(authority: Authority, died: Caregiver) -> Authority:
    """The mother, or where only an adoptive one is on record, that one."""
    parent = next((p for p in _PARENTS.get(died, ()) if p in authority.states), None)
    return authority if parent is None else authority.without(parent)
