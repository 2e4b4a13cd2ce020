"""The effects of ``domain.visits``: what follows in the state of a case from its messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain import events as e
from domain.calendar import day_of, monday_of
from domain.case import (
    Case,
    Message,
)
from domain.codes import CaseStatus
from domain.editions import since_edition
from domain.effects import effect_of
from domain.past.edition_1 import visits as edition_1


@effect_of(e.SupportWorkerAssigned)
def worker_assigned(case: Case, event: e.SupportWorkerAssigned, message: Message) -> Case:
    own = event.agency == message.by
    return replace(
        case,
        assigned=case.assigned | {(event.agency, event.worker)},
        visitors=case.visitors | {event.agency},
        parties=case.parties | {event.agency},
        commissioned=case.commissioned if own else {**case.commissioned, event.agency: message.by},
        unattended_since=None,
    )


@effect_of(e.SupportWorkerUnassigned)
@since_edition(2, before=edition_1.worker_unassigned)
def worker_unassigned(case: Case, event: e.SupportWorkerUnassigned, message: Message) -> Case:
    return without_visitor(case, event.agency, event.worker, message.at)


def without_visitor(case: Case, agency: UUID, worker: str, at: datetime) -> Case:
    """This visitor visits no more; from then on a family in support that has no other waits for one.

    Basis: guideline 4(1), 6(4)[1].
    """
    assigned = case.assigned - {(agency, worker)}
    unattended = case.status is CaseStatus.SUPPORTED and not assigned
    return replace(case, assigned=assigned, unattended_since=at if unattended else None)


@effect_of(e.VisitReportSubmitted, e.HomeVisitCompleted)
def visit_counted(case: Case, event: e.VisitReportSubmitted | e.HomeVisitCompleted, message: Message) -> Case:
    if reports_recorded_visit(case, event, message.by, ignoring=message.id):
        return case  # it was counted when it was made
    week = monday_of(day_of(message.at))
    visits = {**case.visits, week: case.visits.get(week, 0) + 1}
    return replace(case, visits=visits, visited_at=message.at)


def reports_recorded_visit(case: Case, event: e.CaseMessage, by: UUID, ignoring: UUID | None = None) -> bool:
    """Whether this is the report of a visit that its sender has recorded: of the planned visit that both name, and
    where it names none, of the last, if that was not reported yet. ``ignoring``: a message that does not count."""
    if not isinstance(event, e.VisitReportSubmitted):
        return False
    visits = _visits_of(case, by, ignoring)
    last = next(visits, None)
    if event.visit is None or (isinstance(last, e.HomeVisitCompleted) and last.visit is None):
        return isinstance(last, e.HomeVisitCompleted)
    return any(isinstance(v, e.HomeVisitCompleted) and v.visit == event.visit for v in (last, *visits))


def _visits_of(
    case: Case, by: UUID, ignoring: UUID | None
) -> Iterator[e.HomeVisitCompleted | e.VisitReportSubmitted]:
    """The visits that this agency recorded or reported, the last first."""
    for id in reversed(case.messages):
        message = case.messages[id]
        event = message.event
        of_this_agency = message.by == by and id != ignoring
        if of_this_agency and isinstance(event, e.HomeVisitCompleted | e.VisitReportSubmitted):
            yield event
