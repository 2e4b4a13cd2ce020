"""Taking back a join of two references: what a case knows of its children as if the join had never been, on the safe side.

A mistaken join hides a child that nobody sees behind one that somebody saw. So what was known while both counted as one
is not guessed: it is folded anew from the messages, and what may have been meant of either counts against nobody's safety.
Basis: CAPA 8; APPI 65.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from domain import events as e
from domain.case import Case, Message
from domain.children import children_named_in
from domain.clock_kinds import ClockKind
from domain.clocks import Clock, ClockKey
from domain.family import Family
from domain.household.effects import with_moved_clocks

Fold = Callable[[Case, Message], Case]
"""What a case is after a message."""

NOBODY = UUID("00000000-0000-4000-8000-0000c411d001")
"""In the fold stands for one of two of whom nobody can say which was meant; it is in no case."""

OF_A_CHILD = frozenset({ClockKind.SAFETY, ClockKind.SEARCH})
"""The clocks that run child by child."""


def joins_taken_back(case: Case) -> frozenset[UUID]:
    """The joins that do not hold any more."""
    return frozenset(
        m.event.answers for m in case.messages.values() if isinstance(m.event, e.ChildrenSeparated)
    )


def separated(case: Case, event: e.ChildrenSeparated, fold: Fold) -> Case:
    """Whose references were joined are children of their own again.

    A clock that runs for the one child goes on for each of them, but for whom was sighted since; a clock that ended only
    because they counted as one runs again.
    """
    join, before = case.messages.get(event.answers), case.family
    ones = frozenset() if join is None else before.resolved(children_named_in(join.event))
    references = {r for r in (*before.children, *before.joined) if before.one(r) in ones}
    family, clocks = _folded_anew(case, fold)
    children = family.resolved(references) & family.children.keys()
    shared = {key: tuple(sorted(children)) for key, clock in case.clocks.items() if clock.child in ones}
    case = with_moved_clocks(replace(case, family=family), shared)
    return replace(case, clocks=case.clocks | {k: c for k, c in clocks.items() if c.child in children})


def without_sightings_of(case: Case, children: Iterable[UUID], fold: Fold) -> Case:
    """A joined case has taken back that these children were seen: only what this case knows itself counts."""
    family, clocks = _folded_anew(case, fold)
    ones = family.resolved(children) & family.children.keys()
    case = replace(case, family=family)
    return replace(case, clocks=case.clocks | {k: c for k, c in clocks.items() if c.child in ones})


def _folded_anew(case: Case, fold: Fold) -> tuple[Family, dict[ClockKey, Clock]]:
    """The children and the clocks of each, folded from the messages without the joins that were taken back."""
    anew = Case(id=case.id)
    for message in _as_meant(case):
        anew = fold(anew, message)
    known = {c: child for c, child in anew.family.children.items() if c != NOBODY}
    clocks = {key: clock for key, clock in anew.clocks.items() if clock.kind in OF_A_CHILD}
    return replace(anew.family, children=known), clocks


@dataclass(frozen=True)
class _Mistake:
    """A join while it held by mistake: who knew of it, so that they had one name for two children."""

    id: UUID
    children: frozenset[UUID]
    known_to: frozenset[UUID]


def _as_meant(case: Case) -> Iterator[Message]:
    """The messages without what was taken back, each of whom it can be relied on to speak of."""
    taken_back, mistakes = joins_taken_back(case), list[_Mistake]()
    joins: dict[UUID, frozenset[UUID]] = {}
    for message in case.messages.values():
        event = message.event
        if isinstance(event, e.ChildrenSeparated):
            joins.pop(event.answers, None)
            mistakes = [mistake for mistake in mistakes if mistake.id != event.answers]
            continue
        if isinstance(event, e.ChildrenJoined):
            joins[message.id] = event.children
            if message.id in taken_back:
                mistakes.append(_Mistake(message.id, event.children, message.to | {message.by}))
            else:
                yield message
            continue
        yield _relied_on(message, mistakes, joins.values())


def _relied_on(message: Message, mistakes: Iterable[_Mistake], joins: Iterable[frozenset[UUID]]) -> Message:
    """Where its author had one name for two children: it starts the clocks of both, and proves nothing of either."""
    named = children_named_in(message.event)
    for mistake in mistakes:
        one_name = _joined_with(mistake.children, joins)
        if message.by not in mistake.known_to or not named & one_name or mistake.children <= named:
            continue
        starts = not OF_A_CHILD.isdisjoint(message.event.STARTS or ())
        named = named | one_name if starts else (named - one_name) | {NOBODY}
    if named == children_named_in(message.event):
        return message
    return replace(message, event=replace(message.event, children=named))  # type: ignore[call-arg]


def _joined_with(children: frozenset[UUID], joins: Iterable[frozenset[UUID]]) -> frozenset[UUID]:
    """These references, and all that were joined with one of them."""
    groups = [group for group in joins if group & children]
    more = children.union(*groups)
    return more if more == children else _joined_with(more, joins)
