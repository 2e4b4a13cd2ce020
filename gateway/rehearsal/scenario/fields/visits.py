"""Fields of assignments, visits, reports and closing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.calendar import day_of
from domain.codes import ClosingReason
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import as_list, day_text, first_given, message_or_last
from gateway.rehearsal.scenario.story import Step


def _assigned(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "agency": str(run.id_of(_worker_agency(step, run))),
        "worker": d.get("worker") or run.worker_of(_worker_agency(step, run)),
        "qualification": d.get("qualification"),
        "role": d.get("role"),
    }


def _worker_agency(step: Step, run: RunContext) -> str:
    """Whose worker it is: as named, the contractor addressed, or the sender itself."""
    d = step.details
    return str(d.get("agency") or d.get("contractor") or next(iter(step.to), step.by))


def _unassigned(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    agency = _worker_agency(step, run)
    return {"agency": str(run.id_of(agency)), "worker": d.get("worker") or run.worker_of(agency)}


def _reported(step: Step, run: RunContext) -> dict[str, Any]:
    return {"child_seen": bool(step.details.get("child_seen", False)), "worker": step.details.get("worker")}


def _visited(step: Step, run: RunContext) -> dict[str, Any]:
    worker = step.details.get("worker") or run.worker_of(step.by)
    return {"child_seen": bool(step.details.get("child_seen", False)), "worker": worker}


def _scheduled(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {"planned_on": day_text(d.get("planned_on") or d.get("planned_at")) or day_of(step.at).isoformat()}


def _report_review(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    return {"answers": message_or_last(run, step, n, "VisitReportSubmitted")}


def _consulted(step: Step, run: RunContext) -> dict[str, Any]:
    named = as_list(first_given(step.details, "consulted", "participants")) or list(step.to)
    return {"consulted": sorted(str(run.id_of(c)) for c in named)}


def _evaluated(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "goal_reached": d.get("goal_reached"),  # both are answered, or the hub refuses it
        "environment_improved": d.get("environment_improved"),
    }


def _closed(step: Step, run: RunContext) -> dict[str, Any]:
    reason = step.details.get("reason", "OTHER")
    return {"closing_reason": reason if reason in set(ClosingReason) else "OTHER"}


VISITS_FIELDS: Mapping[str, FieldBuilder] = {
    "HomeVisitScheduled": _scheduled,
    "VisitReportReviewed": _report_review,
    "SupportWorkerAssigned": _assigned,
    "SupportWorkerUnassigned": _unassigned,
    "VisitReportSubmitted": _reported,
    "HomeVisitCompleted": _visited,
    "ClosingConsultationHeld": _consulted,
    "ClosingEvaluationRecorded": _evaluated,
    "SupportClosed": _closed,
}
