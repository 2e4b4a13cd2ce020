"""Steps that the hub must refuse."""

from __future__ import annotations

from domain.errors import Malformed, NotFound, Refused, Untrusted
from domain.reasons import Reason
from gateway.agency.door import SubmissionResult
from gateway.rehearsal.scenario.destruction import submit_destruction
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.registrar_steps import (
    OFFICE_ROLES,
    attempt_designation,
)
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import HUB, Step
from gateway.rehearsal.scenario.submission import submit_step
from gateway.rehearsal.scenario.views import is_key_set_out_of_force

REASONS = {*Reason, "MALFORMED", "NOT_FOUND", "REFUSED", "UNTRUSTED"}


def play_refusal(run: Run, step: Step) -> None:
    """The hub must refuse the command that the step tries, with an error or by recording a refusal."""
    attempt = _attempt_of(step)
    if attempt.event not in BY_NAME:
        run.problems.append(f"#{step.n} {attempt.event}: まだ作られていない出来事です")
        return
    try:
        sent = _submit_attempt(run, attempt)
    except (
        Malformed,
        NotFound,
        Refused,
    ) as error:  # nothing is recorded: a field is missing, or no such thing
        _check_refusal(run, step, error.category.upper().replace("-", "_"))
        return
    except Untrusted as error:
        if not is_key_set_out_of_force(error):
            raise
        _check_refusal(run, step, error.category.upper().replace("-", "_"))
        return
    if sent.outcome == "refused" or (attempt.event == "KeyDestroyed" and not _is_destroyed_at(run, step)):
        _check_refusal(run, step, sent.reason or "")
    else:
        run.problems.append(f"#{step.n}: 拒否されるはずが {sent.topic} として記録されました")


def _attempt_of(step: Step) -> Step:
    """The step that is tried; a refused opening that names none tries to open what the step names."""
    default_attempt = {"event": "SectionOpened", "sections": step.sections, "details": step.details}
    tried = dict(step.tried or (default_attempt if step.event == "OpeningRefused" else {}))
    return Step(
        n=step.n,
        at=step.at,
        by=str(tried.get("from") or (step.to[0] if step.by == HUB and step.to else step.by)),
        to=tuple(tried.get("to") or ()),
        event=str(tried.get("event", "")),
        sections=tuple(tried.get("sections") or ()),
        basis=tried.get("basis"),
        consent=(tried["consent"],)
        if isinstance(tried.get("consent"), str)
        else tuple(tried.get("consent") or ()),
        details=tried.get("details") or {},
        tried=None,
        releases=tried.get("releases"),
        family=tried.get("family", step.family),
    )


def _is_destroyed_at(run: Run, step: Step) -> bool:
    topic = BY_NAME["KeyDestroyed"].TOPIC
    return any(r.topic == topic and r.at == step.at for r in run.rehearsal_hub.hub_records())


def _submit_attempt(run: Run, attempt: Step) -> SubmissionResult:
    if attempt.event == "KeyDestroyed":
        return submit_destruction(run, attempt)
    return attempt_designation(run, attempt) if attempt.event in OFFICE_ROLES else submit_step(run, attempt)


def _check_refusal(run: Run, step: Step, reason: str) -> None:
    """Note the refusal, and a problem where the story names another reason that the product knows."""
    run.refused.add(step.n)
    expected = step.details.get("reason")
    if expected in REASONS and expected != reason:
        run.problems.append(f"#{step.n}: {expected} で拒否されるはずが {reason} でした")
