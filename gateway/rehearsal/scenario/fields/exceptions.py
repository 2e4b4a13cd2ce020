"""Fields of emergency access and of a basis of exception."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.rehearsal.scenario.fields.codes import alternatives
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import message_or_last
from gateway.rehearsal.scenario.story import Step


def _emergency(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "sections": sorted(d.get("sections") or ["BASIC", "RISK"]),
        "alternatives": alternatives(d, "REQUEST_FROM_OWNER"),
        "reason": d.get("reason", "LIFE_IN_DANGER"),
    }


def _emergency_approval(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("approves", step.details.get("answers"))
    requested_event = "EmergencyAccessRequested"
    return {"approves": message_or_last(run, step, n, requested_event)}


def _emergency_review(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("answers")
    request = message_or_last(run, step, n, "EmergencyAccessRequested")
    return {"answers": request, "justified": bool(step.details.get("justified", True))}


def _override_approval(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("approves", step.details.get("answers"))
    requested_event = "BasisOverrideRequested"
    return {"approves": message_or_last(run, step, n, requested_event)}


def _override(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "code": d.get("code") or (step.basis if isinstance(step.basis, str) else "APPI-69-2-4"),
        "recipients": sorted(str(run.id_of(code)) for code in d.get("recipients") or step.to),
        "sections": sorted(d.get("sections") or step.sections or ["BASIC"]),
        "alternatives": alternatives(d, "WAIT_FOR_CONSENT"),
        "reason": d.get("reason", "CLEARLY_IN_THEIR_INTEREST"),
        "to": [],
        "basis": {},
    }


EXCEPTIONS_FIELDS: Mapping[str, FieldBuilder] = {
    "BasisOverrideRequested": _override,
    "BasisOverrideApproved": _override_approval,
    "EmergencyAccessRequested": _emergency,
    "EmergencyAccessApproved": _emergency_approval,
    "EmergencyAccessReviewed": _emergency_review,
}
