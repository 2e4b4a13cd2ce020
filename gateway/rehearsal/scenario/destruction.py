"""Destruction of keys: appraised and approved where the story does not say how."""

from __future__ import annotations

from dataclasses import replace

from gateway.agency.door import SubmissionResult
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.hub_events import check_hub_event
from gateway.rehearsal.scenario.messages import approvers_of, submit_message
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import Step


def play_destruction(run: Run, step: Step) -> None:
    """The hub destroys the keys. Where the timeline has no appraisal, it is appraised and approved at that time."""
    if not any(s.event in ("RecordsAppraised", "ControlAppraised") for s in run.story.steps):
        _destroy_or_report(run, step)
    check_hub_event(run, step)


def _destroy_or_report(run: Run, step: Step) -> None:
    sent = submit_destruction(run, step)
    if sent.outcome != "recorded":
        run.problems.append(f"#{step.n} {step.event}: 拒否されました ({sent.reason})")


def submit_destruction(run: Run, step: Step) -> SubmissionResult:
    """The appraisal and the approvals that a destruction needs, by the persons whom the story names."""
    by = step.by if step.by in run.rehearsal_hub.doors else run.story.core
    d = step.details
    named = list(step.sections) or d.get("sections") or d.get("categories")
    appraisal = replace(step, by=by, to=(), sections=(), event="RecordsAppraised")
    appraisal = replace(appraisal, details={"sections": named} if named else {})
    sent = submit_message(run, appraisal, BY_NAME["RecordsAppraised"])
    for approver in approvers_of(d, by) if sent.outcome == "recorded" else ():
        approval = replace(appraisal, event="DestructionApproved", details={"actor": approver})
        approval = replace(approval, details={**approval.details, "approves": step.n})
        run.messages[step.n] = run.messages.get(step.n, sent.command_id)
        appraised = run.messages[step.n]
        sent = submit_message(run, approval, BY_NAME["DestructionApproved"])
        run.messages[step.n] = appraised
    return sent
