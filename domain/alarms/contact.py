"""The clocks of who was not seen: in every open case, child by child, whatever messages come in.

The responsible core agency's clock always runs; the visitors' run while they support the family, and rest for a child
that does not live at home. Basis: guideline 5(1)[3], 6(4)[1]; own rule (札幌 2021: many had contact, nobody saw the child).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.calendar import day_of, end_of
from domain.case import Case
from domain.clocks import Clock, ClockKind
from domain.codes import CaseStatus, TargetClass
from domain.editions import since_edition
from domain.family import Child
from domain.past.edition_1 import contact as edition_1


@dataclass(frozen=True)
class _Unseen:
    """Whom nobody has seen, and since when; ``at_home_since``: since when the visitors can see it, null while they can't."""

    child: UUID | None
    since: datetime
    at_home_since: datetime | None


@since_edition(2, before=edition_1.contact_clocks)
def contact_clocks(case: Case, core: UUID, policy: Mapping[str, Any]) -> Iterator[Clock]:
    """Who was not seen, by the core agency and by each agency whose visitors are assigned."""
    if case.status not in (CaseStatus.OPEN, CaseStatus.SUPPORTED) or "contact_days" not in policy:
        return
    days = timedelta(days=int(policy["contact_days"]))
    visitors = _visitors(case, core)
    for unseen in _unseen(case):
        yield _clock(core, unseen, unseen.since, days)
        if unseen.at_home_since is not None and case.commenced_at is not None:
            since = max(unseen.since, unseen.at_home_since, case.commenced_at)
            for visitor in visitors:
                yield _clock(visitor, unseen, since, days)


def _clock(responsible: UUID, unseen: _Unseen, since: datetime, days: timedelta) -> Clock:
    return Clock(
        kind=ClockKind.CONTACT,
        message=None,
        responsible=responsible,
        informed=frozenset({responsible}),
        since=since,
        due_at=end_of(day_of(since) + days),
        child=unseen.child,
    )


def _visitors(case: Case, core: UUID) -> list[UUID]:
    """The agencies whose visitors support the family for this core agency, but for itself."""
    if case.status is not CaseStatus.SUPPORTED:
        return []
    elsewhere = {core} | {stay.core for stay in case.stays.values()}  # they visit in their own programme
    return sorted({a for a, _ in case.assigned if a not in elsewhere and case.core_of(a) == core})


def _unseen(case: Case) -> Iterator[_Unseen]:
    """Each child who lives; where none is known by a reference, the family as a whole.

    It counts since the present core agency is responsible, and since the case knows of the child.
    """
    begin = case.responsible_since
    if begin is None or case.family.no_child_lives:
        return
    if not case.family.children:
        met = case.visited_at if _is_expected(case) else case.seen_at
        yield _Unseen(None, max(begin, met or begin), None if case.all_away else _back_since(case, begin))
        return
    for reference, child in case.family.living():
        seen = _last_seen(case, child)
        away = child.placed is not None or any(stay.concerns({reference}) for stay in case.stays.values())
        at_home = None if away else _back_since(case, child.returned_at or begin)
        yield _Unseen(reference, max(begin, child.known_at, seen or begin), at_home)


def _back_since(case: Case, begin: datetime) -> datetime:
    """Since when the family is back from its last stay in another municipality; ``begin`` where there was none."""
    return max((begin, *(end for _, end in case.away)))


def _last_seen(case: Case, child: Child) -> datetime | None:
    """When the child was seen; before its birth, when the family was."""
    return case.visited_at if child.seen_at is None and _is_expected(case) else child.seen_at


def _is_expected(case: Case) -> bool:
    """Whether the family waits for a birth: by its class, and before there is one by what was stated of a pregnancy.

    Basis: guideline 2[1], 6(3)[2]ア.
    """
    if case.classes:
        return case.classes == {TargetClass.TC1_PREGNANCY}
    return case.family.expected
