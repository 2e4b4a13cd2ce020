"""Visitors assigned to the case and unassigned from it, where the story does not do so itself."""

from __future__ import annotations

from typing import Any

from domain import events as e
from domain.errors import NotFound
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.fields.visits import role_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import Step


def assign(run: Run, code: str) -> None:
    """Assign the contractor's visitor; where the case does not exist yet, after the message that begins it."""
    try:
        _submit_assignment(run, code, "support_worker.assigned", role_of({}))
    except NotFound:
        run.pending_assignments.append(code)


def unassign(run: Run, code: str) -> None:
    """Unassign the contractor's visitors at the end of its time, unless the case is closed by then."""
    closed = [s.at for s in run.story.steps if s.event == "SupportClosed"]
    until = run.story.contractors[code].until
    if not any(until is not None and at <= until for at in closed):
        for worker in run.crews.assigned(code):
            _submit_assignment(run, code, "support_worker.unassigned", {"worker": worker})


def _submit_assignment(run: Run, code: str, act: str, more: dict[str, Any]) -> None:
    fields = {
        "to": [],
        "basis": {},
        "consent": [],
        "purpose": "SUPPORT",
        "reason": None,
        "agency": str(run.id_of(code)),
        "worker": run.worker_of(code),
        **more,
    }
    sent = run.send(run.core_for(code), e.Kind.CASE, run.case, act, fields)
    if sent.outcome != "recorded":
        run.problems.append(f"{code}: {act} は {sent.outcome} ({sent.reason})")


def assign_own_visitor(run: Run, step: Step) -> None:
    """A core agency's own visitor whom the story does not name is assigned before the visit."""
    by = run.author_of(step)
    worker = run.worker_of(by)
    core = by in {core for core, _ in run.offices.values()}
    if not core or "worker" in step.details or (by, worker) in run.assigned_own_visitors:
        return
    run.assigned_own_visitors.add((by, worker))
    if any(s.event == "SupportWorkerAssigned" and run.author_of(s) == by for s in run.story.steps):
        return
    fields: dict[str, Any] = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
    more = {"agency": str(run.id_of(by)), "worker": worker, **role_of({})}
    topic = BY_NAME["SupportWorkerAssigned"].TOPIC
    run.send(by, e.Kind.CASE, run.case_of(step), topic, {**fields, **more})
