"""The effects of ``domain.visits``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.calendar import day_of, monday_of
from domain.case import (
    Case,
    Message,
)
from domain.effects import effect_of


@effect_of(e.SupportWorkerAssigned)
def worker_assigned(case: Case, event: e.SupportWorkerAssigned, message: Message) -> Case:
    own = event.agency == message.by
    return replace(
        case,
        assigned=case.assigned | {(event.agency, event.worker)},
        visitors=case.visitors | {event.agency},
        parties=case.parties | {event.agency},
        commissioned=case.commissioned if own else {**case.commissioned, event.agency: message.by},
    )


@effect_of(e.SupportWorkerUnassigned)
def worker_unassigned(case: Case, event: e.SupportWorkerUnassigned, message: Message) -> Case:
    return replace(case, assigned=case.assigned - {(event.agency, event.worker)})


@effect_of(e.VisitReportSubmitted, e.HomeVisitCompleted)
def visit_counted(case: Case, event: e.VisitReportSubmitted | e.HomeVisitCompleted, message: Message) -> Case:
    if isinstance(event, e.VisitReportSubmitted) and _visit_recorded_before(case, message):
        return case  # the report of a visit that was recorded, and counted, when it was made
    week = monday_of(day_of(message.at))
    visits = {**case.visits, week: case.visits.get(week, 0) + 1}
    return replace(case, visits=visits, visited_at=message.at)


def _visit_recorded_before(case: Case, report: Message) -> bool:
    """Whether the sender has recorded a visit, and not reported it yet."""
    own = [m for m in case.messages.values() if m.by == report.by and m.id != report.id]
    visits = [m for m in own if isinstance(m.event, e.HomeVisitCompleted | e.VisitReportSubmitted)]
    return bool(visits) and isinstance(visits[-1].event, e.HomeVisitCompleted)
