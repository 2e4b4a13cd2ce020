"""Which readings by other agencies a core agency is informed of.

Basis: APPI 66.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.calendar import day_of
from domain.codes import Purpose
from domain.tasks import can_see_message
from domain.world import World


@dataclass(frozen=True, kw_only=True)
class CaseOpening:
    """One reading of a case, as it was recorded. ``refused``: the rules did not allow it."""

    at: datetime
    agency: UUID
    message: UUID
    section: str
    purpose: str
    refused: bool


@dataclass(frozen=True, order=True)
class DailyOpenings:
    """How often one agency opened one section of a case on one day (JST)."""

    day: date
    case: UUID
    agency: UUID
    section: str
    count: int


_READ_BY_NOBODY = frozenset({Purpose.REHEARSAL_CHECK.value, Purpose.INDEX_REBUILD.value})


def others_openings(
    world: World, agency: UUID, openings: Iterable[CaseOpening], *, since: datetime, now: datetime
) -> list[DailyOpenings]:
    """What other agencies opened after ``since`` of a case that this agency answers for as its core agency.

    Only of messages that it can see itself; readings of a rehearsal, and those that
    only rebuild a door's case index, are left out. None where the case is another's.
    Basis: APPI 66.
    """
    if world.case.core != agency:
        return []
    visible = {m.id for m in world.case.messages.values() if can_see_message(world, agency, m, now=now)}
    counts = Counter(
        (day_of(one.at), one.agency, one.section)
        for one in openings
        if not one.refused
        and one.purpose not in _READ_BY_NOBODY
        and one.agency != agency
        and one.message in visible
        and one.at > since
    )
    return sorted(
        DailyOpenings(day, world.case.id, reader, section, count)
        for (day, reader, section), count in counts.items()
    )
