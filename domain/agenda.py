"""What a meeting looks at, made from the log: every open case, what changed, what was promised and not done, and who
was never asked. Each office sees only what it may know of.

Basis: CWA 25-2(2), 25-3(1); guideline 6(2)[1], 6(4)[2].
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.calendar import day_of, months_later
from domain.case import Message
from domain.case_offices import offices_of_stays
from domain.codes import CaseStatus
from domain.events import InformationRequested
from domain.readiness import CLOSED
from domain.tasks import Task, TaskKind, can_see_message, tasks
from domain.world import World

QUIET_MONTHS = 3
"""A case without an entry for so long is marked. Basis: own rule (漫然とした進行管理への反省)."""


@dataclass(frozen=True)
class AgendaItem:
    """One case on the agenda. ``changed``: messages since the last meeting; ``late`` and ``open``: what waits, with
    us or with others as far as we know; ``not_consulted``: members of the network that had no part so far;
    ``silent``: who was asked and has not answered; ``quiet``: nobody wrote for months."""

    case: UUID
    status: CaseStatus
    last_at: datetime | None
    changed: tuple[Message, ...]
    late: tuple[Task, ...]
    open: tuple[Task, ...]
    not_consulted: frozenset[UUID]
    silent: frozenset[UUID]
    quiet: bool


def is_office(world: World, agency: UUID) -> bool:
    """Whether this agency looks after the case: its core agency, the coordinating one since registration, or an office of a
    town where some of the family stay."""
    case = world.case
    if agency == case.core or agency in offices_of_stays(world.register, case):
        return True
    networks = (world.register.networks.get(id) for id in case.registered_in)
    return any(n is not None and n.coordinating == agency for n in networks)


def agenda_item(world: World, agency: UUID, since: datetime, now: datetime) -> AgendaItem | None:
    """This case as this office sees it; None where it is not its to look after, or is closed."""
    case = world.case
    if case.status in CLOSED or not is_office(world, agency):
        return None
    known = [m for m in case.messages.values() if can_see_message(world, agency, m, now=now)]
    waiting = tasks(world, agency, now=now)
    late = tuple(t for t in waiting if t.kind.value.startswith("LATE_") or t.kind is TaskKind.SUPERVISE)
    last_at = max((m.at for m in known), default=None)
    return AgendaItem(
        case=case.id,
        status=case.status,
        last_at=last_at,
        changed=tuple(m for m in known if m.at > since),
        late=late,
        open=tuple(t for t in waiting if t not in late),
        not_consulted=not_consulted(world, known),
        silent=_unanswering_agencies(world, known),
        quiet=last_at is None or months_later(day_of(last_at), QUIET_MONTHS) < day_of(now),
    )


def not_consulted(world: World, known: list[Message]) -> frozenset[UUID]:
    """Members of the network that, as far as this office knows, were never sent anything of the case and never wrote.

    From what it knows alone: else the list would reveal who else has a part (CAPA 7).
    """
    network = world.register.networks.get(world.case.network) if world.case.network is not None else None
    if network is None:
        return frozenset()
    participants = {agency for m in known for agency in (m.by, *m.to)} | {network.core, network.coordinating}
    return frozenset(
        a for a in network.members if a not in participants and not world.register.is_contractor(a)
    )


def _unanswering_agencies(world: World, known: list[Message]) -> frozenset[UUID]:
    requests = {(m.id, agency) for m in known if isinstance(m.event, InformationRequested) for agency in m.to}
    return frozenset(agency for _, agency in requests - world.case.answered)
