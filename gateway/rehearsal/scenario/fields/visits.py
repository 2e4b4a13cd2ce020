"""Fields of assignments, visits and reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.calendar import day_of
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import day_text, first_given, message_or_last
from gateway.rehearsal.scenario.story import Step


def _assigned(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "agency": str(run.id_of(_worker_agency(step, run))),
        "worker": d.get("worker") or run.worker_of(_worker_agency(step, run)),
        **role_of(d),
    }


def role_of(details: Mapping[str, Any]) -> dict[str, Any]:
    """What for a visitor is assigned: as the story says, else for specialist help by a nurse."""
    role, qualification = details.get("role", "SPECIALIST"), details.get("qualification")
    unstated = qualification is None and details.get("role") is None and details.get("reason") is None
    return {"role": role, "qualification": "保健師" if unstated else qualification}


def _worker_agency(step: Step, run: RunContext) -> str:
    """Whose worker it is: as named, the contractor addressed, or the sender itself."""
    d = step.details
    return str(d.get("agency") or d.get("contractor") or next(iter(step.to), step.by))


def _unassigned(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    agency = _worker_agency(step, run)
    return {"agency": str(run.id_of(agency)), "worker": d.get("worker") or run.worker_of(agency)}


def _named_visit(step: Step, run: RunContext) -> dict[str, Any]:
    """The planned visit that the story names; where it names none, the hub takes the oldest that is due."""
    n = first_given(step.details, "visit", "planned", "answers", "about")
    return {"visit": None if n is None else str(run.message_of(int(n)))}


def _reported(step: Step, run: RunContext) -> dict[str, Any]:
    seen = bool(step.details.get("child_seen", False))
    return {"child_seen": seen, "worker": step.details.get("worker"), **_named_visit(step, run)}


def _contractor_report(step: Step, run: RunContext) -> dict[str, Any]:
    """The report names the plan that last reached its sender; where none did though there is one, it says so."""
    earlier = [
        s
        for s in run.story.steps
        if s.n in run.messages and s.family == step.family and (s.at, s.n) < (step.at, step.n)
    ]
    plans = [s for s in earlier if "PLAN" in s.sections]
    held = run.held_from(run.author_of(step))
    known = [s.n for s in plans if run.author_of(step) in (run.author_of(s), *s.to) and s.n not in held]
    reason = step.details.get("reason") or (None if known or not plans else "NO_PLAN_RECEIVED")
    support_plan = str(run.message_of(known[-1])) if known else None
    return {**_reported(step, run), "support_plan": support_plan, "reason": reason}


def _visited(step: Step, run: RunContext) -> dict[str, Any]:
    worker = step.details.get("worker") or run.worker_of(step.by)
    return {**_reported(step, run), "worker": worker}


def _scheduled(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("replaces")
    return {
        "planned_on": day_text(d.get("planned_on") or d.get("planned_at")) or day_of(step.at).isoformat(),
        "replaces": None if n is None else str(run.message_of(int(n))),
    }


def _report_review(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    return {"answers": message_or_last(run, step, n, "VisitReportSubmitted")}


VISITS_FIELDS: Mapping[str, FieldBuilder] = {
    "HomeVisitScheduled": _scheduled,
    "VisitReportReviewed": _report_review,
    "SupportWorkerAssigned": _assigned,
    "SupportWorkerUnassigned": _unassigned,
    "VisitReportSubmitted": _contractor_report,
    "HomeVisitCompleted": _visited,
    "HomeVisitFailed": _named_visit,
    "HomeVisitRefused": _named_visit,
}
