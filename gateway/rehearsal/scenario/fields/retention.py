"""Fields of retention, legal holds, destruction, and the audit office's access to content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.codes import HoldGround, RetentionPolicy, Section
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import day_text, message_or_last
from gateway.rehearsal.scenario.story import Step


def _retention_policy(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    until = day_text(d.get("until") or d.get("expires_on"))
    named = d.get("policy")
    policy = named if named in set(RetentionPolicy) else ("CHILD_AGE" if until else "AFTER_CLOSING")
    return {"policy": policy, "until": until if policy == "CHILD_AGE" else None}


def _legal_hold(step: Step, run: RunContext) -> dict[str, Any]:
    ground = step.details.get("ground", step.details.get("reason"))
    return {"ground": ground if ground in set(HoldGround) else "REVIEW"}


def _hold_lift(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("lifts", step.details.get("answers"))
    return {"lifts": message_or_last(run, step, n, "LegalHoldPlaced")}


def _appraised(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    if d.get("appraisal") == "PRESERVE":
        return {"appraisal": "PRESERVE", "sections": []}
    named = d.get("sections") or [s.value for s in Section]
    return {"appraisal": "DESTROY", "sections": sorted(named)}


def _destruction_approval(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("approves", step.details.get("answers"))
    return {"approves": message_or_last(run, step, n, "RecordsAppraised", "ControlAppraised")}


def _audit_grant(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("grants", d.get("answers", d.get("approves")))
    request, items, until = run.audit_request_of(None if n is None else int(n))
    return {"grants": str(request), "opens": sorted(map(str, items)), "until": until.isoformat()}


RETENTION_FIELDS: Mapping[str, FieldBuilder] = {
    "AuditContentAccessGranted": _audit_grant,
    "RetentionPolicyAssigned": _retention_policy,
    "LegalHoldPlaced": _legal_hold,
    "LegalHoldLifted": _hold_lift,
    "RecordsAppraised": _appraised,
    "DestructionApproved": _destruction_approval,
}
