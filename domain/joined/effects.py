"""The effects of ``domain.joined``: what follows in the state of a case from its messages, and from what joined cases say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain import events as e
from domain.case import Case, Message
from domain.children import UNKNOWN_CHILD
from domain.clock_kinds import ClockKind
from domain.effects import effect_of
from domain.family import Child
from domain.joined.sharing import shares_of_others


@effect_of(e.CasesJoined)
def cases_joined(case: Case, event: e.CasesJoined, message: Message) -> Case:
    return replace(case, joined_with=case.joined_with | {event.other})


@effect_of(e.CaseSplit)
def case_split(case: Case, event: e.CaseSplit, message: Message) -> Case:
    return _without(case, event.other)


def joined_case_changed(case: Case, event: e.JoinedCaseChanged) -> Case:
    """What the joined case says counts here; where it says nothing any more, the two are joined no longer."""
    if not event.shares:
        return _without(case, event.source)
    case = replace(
        case,
        joined_with=case.joined_with | {event.source},
        shares_received={**case.shares_received, event.source: event.shares},
    )
    return with_sightings_of_family(case)


def sightings_taken_back(case: Case, event: e.JoinedCaseChanged) -> frozenset[UUID]:
    """The children whom the joined case said were seen, and says so no longer: it knew two of them as one."""
    pairs = (
        (times, times_now)
        for id, share in case.shares_received.get(event.source, {}).items()
        if (now := event.shares.get(id)) is not None
        for times, times_now in ((share.seen, now.seen), (share.sighted, now.sighted))
    )
    return frozenset(c for was, is_now in pairs for c, at in was.items() if c not in is_now or is_now[c] < at)


def joined_case_informed(case: Case, event: e.JoinedCaseInformed) -> Case:
    sent = {id: shares for id, shares in case.shares_sent.items() if id != event.other}
    return replace(case, shares_sent={**sent, event.other: event.shares} if event.shares else sent)


def without_joins(case: Case) -> Case:
    """The family is another core agency's from now on, which joins its own cases itself. Basis: guideline 3(1)."""
    return replace(case, joined_with=frozenset(), shares_received={})


def _without(case: Case, other: UUID) -> Case:
    received = {id: shares for id, shares in case.shares_received.items() if id != other}
    return replace(case, joined_with=case.joined_with - {other}, shares_received=received)


def with_sightings_of_family(case: Case) -> Case:
    """A child that was seen in a joined case was seen: by the reference of that case, or one joined with it here.

    Where no child is known here by a reference, seeing one counts as it does in one case. Basis: CAPA 8; guideline 5(1)[3].
    """
    others = list(shares_of_others(case))
    if not others:
        return case
    children = {
        reference: replace(
            child,
            seen_at=_latest(case, reference, child.seen_at, [share.seen for share in others]),
            sighted_at=_latest(case, reference, child.sighted_at, [share.sighted for share in others]),
        )
        for reference, child in case.family.children.items()
    }
    seen_at = max((at for at in (case.seen_at, *(s.seen_at for s in others)) if at is not None), default=None)
    family = case.family if children == case.family.children else replace(case.family, children=children)
    return _without_seen_children(replace(case, family=family, seen_at=seen_at), children)


def _latest(
    case: Case, reference: UUID, at: datetime | None, others: list[dict[UUID, datetime]]
) -> datetime | None:
    if reference == UNKNOWN_CHILD:
        return at
    times = [t for seen in others for name, t in seen.items() if case.family.one(name) == reference]
    return max((t for t in (at, *times) if t is not None), default=None)


def _without_seen_children(case: Case, children: Mapping[UUID, Child]) -> Case:
    """Nobody waits to see a child that was sighted since its clock began; the clock of all waits for each."""
    done = [
        key
        for key, clock in case.clocks.items()
        if clock.kind is ClockKind.SAFETY and _was_seen(clock.child, case.recorded_since(clock), children)
    ]
    return replace(case, clocks=case.clocks.without(done)) if done else case


def _was_seen(child: UUID | None, since: datetime, children: Mapping[UUID, Child]) -> bool:
    if child is not None:
        return child in children and children[child].sighted_since(since)
    living = [known for known in children.values() if not known.died]
    return bool(living) and all(known.sighted_since(since) for known in living)
