"""The effects of ``domain.stays``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import Case, Message, Stay
from domain.effects import effect_of


@effect_of(e.StayingElsewhere)
def stay_began(case: Case, event: e.StayingElsewhere, message: Message) -> Case:
    if event.placed is None:  # no cover: the hub places every stay that it records
        return case
    stay = Stay(
        network=event.placed.network,
        core=event.placed.core,
        children=event.children,
        since=message.at,
        returns_on=event.returns_on,
    )
    return replace(case, stays={**case.stays, message.id: stay})


@effect_of(e.StayExtended)
def stay_extended(case: Case, event: e.StayExtended, message: Message) -> Case:
    stay = case.stays.get(event.stay)
    if stay is None:
        return case
    return replace(case, stays={**case.stays, event.stay: replace(stay, returns_on=event.returns_on)})


@effect_of(e.StayEnded)
def stay_ended(case: Case, event: e.StayEnded, message: Message) -> Case:
    """Its visitors have no part in the case any more, where nobody else of the family stays with that town."""
    ended = case.stays.get(event.stay)
    if ended is not None:
        case = replace(case, family=case.family.with_each(ended.children, returned_at=message.at))
    if ended is not None and not ended.children:
        case = replace(case, away=(*case.away, (ended.since, message.at)))
    lasting = {id: stay for id, stay in case.stays.items() if id != event.stay}
    if ended is None or any(stay.core == ended.core for stay in lasting.values()):
        return replace(case, stays=lasting)
    others = frozenset(a for a in case.assigned if ended.core not in (a[0], case.commissioned.get(a[0])))
    return replace(case, stays=lasting, assigned=others)
