"""What joined cases know of each other: a share of each, handed on along the pairs that were joined.

Joined pairs form a tree (who is of one family already is not joined again), so each share comes to a case by one way
only, and a pair that is split takes with it just what came by it. Basis: CAPA 8; CWA 25-2(2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from domain.case import Case
from domain.children import UNKNOWN_CHILD
from domain.joined.events import CaseShare

Shares = Mapping[UUID, CaseShare]


def shares_of_others(case: Case) -> Iterator[CaseShare]:
    """Of every other case of the family."""
    for shares in case.shares_received.values():
        yield from shares.values()


def cases_of_family(case: Case) -> frozenset[UUID]:
    """The ids of all cases that are of one family with this one, as far as it knows; its own among them."""
    received = (id for shares in case.shares_received.values() for id in shares)
    return frozenset({case.id, *case.joined_with, *received})


def shares_for(case: Case, other: UUID) -> Shares:
    """What this case tells that one: of itself, and of all that it knows otherwise; nothing where they are not joined."""
    if other not in case.joined_with:
        return {}
    shares = {case.id: own_share(case)}
    for neighbour, received in case.shares_received.items():
        if neighbour != other:
            shares |= received
    return {id: share for id, share in shares.items() if id != other}


def pending_share(case: Case, destroyed: frozenset[UUID]) -> tuple[UUID, Shares] | None:
    """The first joined case that does not know yet what counts here, and what is to be recorded there; ``destroyed``: cases
    in which nothing is recorded any more."""
    for other in sorted((case.joined_with | set(case.shares_sent)) - destroyed):
        shares = shares_for(case, other)
        if shares != case.shares_sent.get(other, {}):
            return other, shares
    return None


def own_share(case: Case) -> CaseShare:
    """What of this case itself counts for its family; what it has from the others is theirs."""
    others = list(shares_of_others(case))
    seen: dict[UUID, datetime] = {}
    sighted: dict[UUID, datetime] = {}
    for child, known in case.family.children.items():
        names = {child, *(name for name, one in case.family.joined.items() if one == child)} - {UNKNOWN_CHILD}
        seen |= _own_times(known.seen_at, names, [share.seen for share in others])
        sighted |= _own_times(known.sighted_at, names, [share.sighted for share in others])
    return CaseShare(
        signals=case.signals,
        assessed_at=case.signals_assessed_at,
        seen=seen,
        sighted=sighted,
        seen_at=None if case.seen_at in {share.seen_at for share in others} else case.seen_at,
        registered_in=case.registered_in,
    )


def _own_times(
    at: datetime | None, names: set[UUID], others: list[dict[UUID, datetime]]
) -> dict[UUID, datetime]:
    """This time under each name of the child; none where it is what another case says of the child."""
    if at is None or any(times.get(name) == at for times in others for name in names):
        return {}
    return dict.fromkeys(names, at)


def family_signals(case: Case) -> tuple[datetime, ...]:
    """The weak signals of all cases of the family since people last assessed some of them together, in order."""
    others = list(shares_of_others(case))
    if not others:
        return case.signals
    assessed = [at for at in (case.signals_assessed_at, *(s.assessed_at for s in others)) if at is not None]
    signals = sorted([*case.signals, *(at for share in others for at in share.signals)])
    return tuple(at for at in signals if not assessed or at > max(assessed))


def registered_for_family(case: Case) -> frozenset[UUID]:
    """The networks with which a case of the family is registered."""
    return case.registered_in.union(*(share.registered_in for share in shares_of_others(case)))
