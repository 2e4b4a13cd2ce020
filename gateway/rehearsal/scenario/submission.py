"""One step submitted: by an agency, the registrars or the audit office."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as e
from gateway.agency.door import SubmissionResult
from gateway.rehearsal.scenario.fields.case import is_agency_event, is_case_event, is_commission_event
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.fields.values import numbers
from gateway.rehearsal.scenario.institution_steps import (
    submit_agency_step,
    submit_commission_step,
    submit_network_step,
)
from gateway.rehearsal.scenario.messages import submit_message
from gateway.rehearsal.scenario.registrar_steps import SPECIAL_STEP_HANDLERS
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import Step

NETWORK_EVENTS = ("NetworkMemberAdmitted", "NetworkMemberWithdrawn", "NetworkMembershipPublished")


def submit_step(run: Run, step: Step) -> SubmissionResult:
    """Submit the command of an agency or the registrars. Raises ValueError for an event that none of them can bring about."""
    cls = BY_NAME[step.event]
    if step.event in SPECIAL_STEP_HANDLERS:
        return SPECIAL_STEP_HANDLERS[step.event](run, step)
    named = step.releases is not None or "releases" in step.details
    if step.event == "HeldDisclosureReleased" and named:
        return release_held(run, step, run.author_of(step))
    if is_case_event(cls):
        return submit_message(run, step, cls)
    if is_commission_event(cls):
        return submit_commission_step(run, step, cls)
    if is_agency_event(cls):
        return submit_agency_step(run, step, cls)
    if step.event in NETWORK_EVENTS:
        return submit_network_step(run, step)
    raise ValueError("この出来事は物語からは送れません")


def release_held(run: Run, step: Step, by: str | None = None) -> SubmissionResult:
    """The held message's sender (or ``by``) requests its release to those for whom it waits."""
    n = step.releases if step.releases is not None else step.details.get("releases")
    if n is None:
        return submit_message(run, step, BY_NAME[step.event])  # a field is missing: the hub refuses it
    held = next(s for s in run.story.steps if s.n == n)
    waiting = run.held.get(n) or [str(run.id_of(code)) for code in run.codes_with_door(step.to)]
    fields: dict[str, Any] = {
        "to": sorted(waiting),
        "basis": {},
        "consent": [],
        "purpose": "SUPPORT",
        "reason": None,
        "releases": str(run.messages[n]),
    }
    act, who = "held_disclosure.released", by or run.author_of(held)
    return run.send(who, e.Kind.CASE, run.case_of(held), act, fields)


def play_recall(run: Run, step: Step) -> None:
    """A recall of several messages is a notice for each."""
    for n in numbers(step, "recalls") or [0]:
        one = replace(step, details={**step.details, "recalls": n}) if n else step
        run.require_recorded(step, submit_step(run, one))
        if step.n in run.messages:
            run.recall_notices.setdefault(step.n, []).append(run.messages[step.n])


def play_recall_answer(run: Run, step: Step) -> None:
    """One answer to a recall answers each of its notices."""
    n = next(iter(numbers(step)), 0)
    recall_notices = run.recall_notices.get(n, [])
    if not recall_notices:
        run.require_recorded(step, submit_step(run, step))
    for notice in recall_notices:
        run.messages[n] = notice
        run.require_recorded(step, submit_step(run, step))
