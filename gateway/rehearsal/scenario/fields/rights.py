"""Fields of access requests, corrections, stops, recalls, conditions and breaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.codes import Condition
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import (
    as_list,
    day_text,
    message_named,
    message_or_last,
    numbers,
    time_text,
)
from gateway.rehearsal.scenario.story import Step


def _access_request(step: Step, run: RunContext) -> dict[str, Any]:
    return {"requester": step.details.get("requester", "SELF")}


def _access_decision(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("answers")
    rows = [r if isinstance(r, dict) else {"section": r} for r in d.get("withheld") or []]
    return {
        "answers": message_or_last(run, step, n, "SubjectAccessRequested"),
        "result": d.get("result")
        or ("APPI-81" if step.basis == "APPI-81" else "PARTIAL" if rows else "FULL"),
        "withheld": [
            {"section": r["section"], "ground": r.get("ground", "APPI-78-1-2"), "flag": r.get("flag")}
            for r in rows
        ],
    }


def _corrected(step: Step, run: RunContext) -> dict[str, Any]:
    return {"corrects": message_named(step, run, ("corrects",))}


def _correction_notice(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    return {"answers": message_or_last(run, step, n, "CorrectionMade")}


def _stopped(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {"stops": message_named(step, run, ("stops",)), "reason": d.get("reason", "UNLAWFUL_USE")}


def _recalled(step: Step, run: RunContext) -> dict[str, Any]:
    return {"recalls": str(run.recalled_by(step, numbers(step, "recalls")))}


def _conditions(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("disclosure", d.get("about", d.get("answers")))
    codes = as_list(d.get("conditions")) or ["PURPOSE_ONLY", "NO_FURTHER_SHARING"]
    named = [c for c in codes if c in set(Condition)]
    return {
        "disclosure": message_or_last(run, step, n, "DisclosureMade"),
        "conditions": sorted(named or ["PURPOSE_ONLY"]),
        "until": day_text(d.get("until")),
    }


def _breach_report(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("answers")
    final = d.get("stage") == "FINAL" or n is not None
    return {
        "stage": "FINAL" if final else "PRELIMINARY",
        "found_at": time_text(d.get("found_at"), step.at),
        "leaked": sorted(d.get("leaked") or d.get("sections") or ["BASIC"]),
        "persons": int(d.get("persons", 1)),
        "subjects_informed": bool(d.get("told", False)),
        "answers": _reported_leak(run, step, n, final=final),
    }


def _reported_leak(run: RunContext, step: Step, n: Any, *, final: bool) -> str | None:
    """The leak or report that a report names: a preliminary one names a leak only where the story does. What was leaked
    (a disclosure, say) is no leak that was recorded."""
    if final:
        return message_or_last(run, step, n, "BreachReported", "BreachDetected")
    about = step.details.get("about")
    leaks = {s.n for s in run.story.steps if s.event == "BreachDetected"}
    return str(run.message_of(about)) if about in leaks else None


def _breach(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    persons = d.get("persons")
    return {
        "detected_at": time_text(d.get("detected_at"), step.at),
        "leaked": sorted(d.get("leaked") or d.get("sections") or ["BASIC"]),
        "persons": None if persons is None else int(persons),
        "intent": d.get("intent", "NONE"),
    }


def _informed(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    ground = d.get("ground")
    return {
        "answers": message_or_last(run, step, d.get("answers"), "BreachDetected"),
        "persons": int(d.get("persons", 1 if ground is None else 0)),
        "exception": ground,
    }


RIGHTS_FIELDS: Mapping[str, FieldBuilder] = {
    "DisclosureConditionsImposed": _conditions,
    "BreachDetected": _breach,
    "BreachReported": _breach_report,
    "BreachSubjectsInformed": _informed,
    "RecallNoticeSent": _recalled,
    "SubjectAccessRequested": _access_request,
    "SubjectAccessDecided": _access_decision,
    "CorrectionMade": _corrected,
    "CorrectionNotifiedToRecipients": _correction_notice,
    "UseStopped": _stopped,
}
