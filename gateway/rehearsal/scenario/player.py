"""Playing a story through the doors: nothing is known here that a door would not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

from domain import events as e
from domain.due import HUB_ACTS
from domain.errors import ExchangeError
from domain.refusals import REFUSALS
from gateway.rehearsal.scenario.assignments import assign, assign_own_visitor, unassign
from gateway.rehearsal.scenario.audit_steps import grant_audit_access, request_audit_access
from gateway.rehearsal.scenario.destruction import play_destruction
from gateway.rehearsal.scenario.fields.consent import split_by_expiry
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.hub_events import check_hub_event
from gateway.rehearsal.scenario.messages import submit_message
from gateway.rehearsal.scenario.refusals import play_refusal
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.setup import open_case, record_oath, renew_training, set_up
from gateway.rehearsal.scenario.story import Step
from gateway.rehearsal.scenario.submission import play_recall, play_recall_answer, release_held, submit_step
from gateway.rehearsal.scenario.views import check_probe, check_views

REFUSAL_NAMES = tuple(cls.__name__ for cls in REFUSALS)
HUB_EVENTS = tuple(cls.__name__ for cls in HUB_ACTS if cls is not e.OutsourcingContractEnded)
STEP_ERRORS = (ExchangeError, KeyError, ValueError, TypeError, AttributeError)
"""What a step raises that is not of the format, or that no agency could do."""


def play_story(run: Run) -> None:
    """Set up, send every message at its time, and check the views at every expected moment."""
    set_up(run)
    open_case(run)
    for at, _, act in sorted(_schedule(run), key=lambda p: (p[0], p[1])):
        run.rehearsal_hub.set_clock(at)
        try:
            act()
        except STEP_ERRORS as error:
            run.problems.append(f"{at.isoformat()}: {type(error).__name__}: {error}")


def _schedule(run: Run) -> Iterator[tuple[datetime, int, Callable[[], None]]]:
    """What is played, at which time, and in which order within one time."""
    for code, commissioned in run.story.contractors.items():
        for worker in run.crews.all(code):
            if not run.crews.sworn_by_story(code, worker):
                yield commissioned.since - timedelta(minutes=1), 0, partial(record_oath, run, code, worker)
            yield from _renewals(run, code, worker)
        yield commissioned.since, 1, partial(assign, run, code)
        if commissioned.until is not None:
            yield commissioned.until, 3, partial(unassign, run, code)
    for core in (a.code for a in run.story.doors() if a.role == "CORE"):
        for worker in run.crews.roll(core):
            yield from _renewals(run, core, worker)
    for step in run.story.steps:
        yield step.at, 2, partial(play_step, run, step)
    for expect in run.story.expects:
        yield expect.at, 4, partial(check_views, run, expect)
    for at, code in run.extra_probes:
        yield at, 5, partial(check_probe, run, code)


def _renewals(run: Run, code: str, worker: str) -> Iterator[tuple[datetime, int, Callable[[], None]]]:
    for at, modules in run.crews.renewals(code, worker).items():
        yield at, 0, partial(renew_training, run, code, worker, modules)


def play_step(run: Run, step: Step) -> None:
    """Play one step; what fails is a problem of the run, and the next step is played."""
    run.progress(f"#{step.n} {step.event}")
    try:
        dispatch_step(run, step)
    except STEP_ERRORS as error:
        run.problems.append(f"#{step.n} {step.event}: {type(error).__name__}: {error}")


def dispatch_step(run: Run, step: Step) -> None:
    """Play one step by the kind of its event. Raises what the step fails with."""
    if step.event in REFUSAL_NAMES:
        play_refusal(run, step)
    elif step.event in SPECIAL_EVENTS:
        SPECIAL_EVENTS[step.event](run, step)
    elif step.event in HUB_EVENTS:
        check_hub_event(run, step)
    elif step.event in BY_NAME:
        run.require_recorded(step, submit_step(run, step))
    else:
        run.problems.append(f"#{step.n} {step.event}: まだ作られていない出来事です")


def _play_release(run: Run, step: Step) -> None:
    run.require_recorded(step, release_held(run, step))


def _play_held(run: Run, step: Step) -> None:
    """A disclosure that the hub must answer by holding it."""
    sent = submit_message(run, step, BY_NAME["DisclosureMade"])
    if not sent.held:
        run.problems.append(f"#{step.n}: 保留されるはずが {sent.topic} になりました")


def _play_consent(run: Run, step: Step) -> None:
    for one in split_by_expiry(step):
        run.require_recorded(one, submit_step(run, one))


def _play_visit(run: Run, step: Step) -> None:
    assign_own_visitor(run, step)
    run.require_recorded(step, submit_step(run, step))


SPECIAL_EVENTS: Mapping[str, Callable[[Run, Step], None]] = {
    "AuditContentAccessGranted": grant_audit_access,
    "AuditContentAccessRequested": request_audit_access,
    "ConsentGiven": _play_consent,
    "DisclosureHeld": _play_held,
    "HeldDisclosureReleased": _play_release,
    "HomeVisitCompleted": _play_visit,
    "KeyDestroyed": play_destruction,
    "RecallAcknowledged": play_recall_answer,
    "RecallNoticeSent": play_recall,
}
"""Events that are played otherwise than by one command."""
