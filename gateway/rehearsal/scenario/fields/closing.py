"""Fields of closing: consultation, evaluation, and what follows.

Whom a story consulted is never filled in where that agency visited; agencies that were only connected with the family
count as not reached where the story does not name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.codes import ClosingReason, FollowOn, NotConsulted
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import as_list, first_given
from gateway.rehearsal.scenario.story import Step

_VISITS = ("VisitReportSubmitted", "HomeVisitCompleted")
_CONNECTIONS = (
    "SpecialistServiceLinked",
    "OtherSupportCoordinated",
    "FamilyServiceAnswered",
    "FamilyServiceMeasureTaken",
)


def _this_support(step: Step, run: RunContext) -> list[Step]:
    """What was recorded of this family before the step, since it was last reopened."""
    earlier = [
        s
        for s in run.story.steps
        if s.n in run.messages and s.family == step.family and (s.at, s.n) < (step.at, step.n)
    ]
    reopened = [n for n, s in enumerate(earlier) if s.event == "CaseReopened"]
    return earlier[reopened[-1] + 1 :] if reopened else earlier


def _consulted(step: Step, run: RunContext) -> dict[str, Any]:
    asked = set(as_list(first_given(step.details, "consulted", "participants")) or step.to)
    support, by = _this_support(step, run), run.author_of(step)
    visited = {run.author_of(s) for s in support if s.event in _VISITS}
    if by in visited and asked & visited:
        asked.add(by)  # its own visitors sat at the table where others' did
    missed = _not_consulted(step.details.get("not_consulted"))
    connected = {code for s in support if s.event in _CONNECTIONS for code in run.codes_with_door(s.to)}
    missed = dict.fromkeys(connected - asked - {by}, "NO_ANSWER") | missed
    return {
        "consulted": sorted(str(run.id_of(code)) for code in asked),
        "not_consulted": {str(run.id_of(code)): why for code, why in missed.items()},
    }


def _not_consulted(named: Any) -> dict[str, str]:
    """Agency -> why it could not be asked; a list names no reason."""
    reasons = named if isinstance(named, Mapping) else dict.fromkeys(as_list(named), "NO_ANSWER")
    return {str(code): why if why in set(NotConsulted) else "NO_ANSWER" for code, why in reasons.items()}


def _evaluated(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "goal_reached": d.get("goal_reached"),  # both are answered, or the hub refuses it
        "environment_improved": d.get("environment_improved"),
    }


_EXPLANATIONS = ("explanation", "why", "why_not", "because", "justification", "reason_code")
"""Details by which a story says why a closing differs from the evaluation."""


def _closed(step: Step, run: RunContext) -> dict[str, Any]:
    named = step.details.get("reason", "OTHER")
    reason = named if named in set(ClosingReason) else "OTHER"
    explained = first_given(step.details, *_EXPLANATIONS) or reason != ClosingReason.GOAL_REACHED
    return {
        "closing_reason": reason,
        "reason": "STATED" if explained else None,
        "follow_on": _follow_on(step, run),
    }


def _follow_on(step: Step, run: RunContext) -> str | None:
    """As the story names it, if only with nothing; else what it has arranged, or that nothing is needed."""
    arranged = any(s.event == "FollowOnServiceArranged" for s in _this_support(step, run))
    usual = (FollowOn.ARRANGED if arranged else FollowOn.NONE_NEEDED).value
    named = step.details.get("follow_on", usual)
    return named if named is None or named in set(FollowOn) else usual


CLOSING_FIELDS: Mapping[str, FieldBuilder] = {
    "ClosingConsultationHeld": _consulted,
    "ClosingEvaluationRecorded": _evaluated,
    "SupportClosed": _closed,
}
