"""Fields of assessment, eligibility, support type and plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.calendar import day_of, months_later
from domain.codes import IndicatorValue, PlanMaker, PlanPart, TargetClass
from domain.indicators import INDICATOR_CODES, INDICATOR_SET
from gateway.rehearsal.scenario.fields.codes import ELIGIBLE
from gateway.rehearsal.scenario.fields.context import CONTENT_BY_TARGET_CLASS, FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import (
    as_list,
    day_text,
    first_given,
    message_named,
    message_or_last,
)
from gateway.rehearsal.scenario.story import Step


def _assessed(step: Step, run: RunContext) -> dict[str, Any]:
    """A story that names no item looked at least at the composition of the family."""
    d = step.details
    given = d.get("indicators")
    seen = {"BI_FAMILY_COMPOSITION": IndicatorValue.NO_CONCERN.value} if given is None else dict(given)
    blank = dict.fromkeys(sorted(INDICATOR_CODES), IndicatorValue.NOT_ASSESSED.value)
    return {
        "indicator_set": INDICATOR_SET,
        "indicators": {**blank, **seen},
        "route": d.get("route"),
        "involved": [_involved(row, run) for row in d.get("involved") or ()],
        "home_visit_report": d.get("home_visit_report"),
    }


def _involved(row: Any, run: RunContext) -> dict[str, Any]:
    """One involved agency: its code alone, or what a story says of it."""
    named = row if isinstance(row, Mapping) else {"agency": row}
    code = named.get("agency")
    return {
        "agency": None if code is None else str(run.id_of(str(code))),
        "body": named.get("body"),
        "involvement": named.get("involvement", "SUPPORTS_NOW"),
        "contact_named": bool(named.get("contact_named", False)),
    }


_DISCHARGE_KEYS = (
    "discharge_on",
    "discharge_date",
    "discharged_on",
    "discharge_at",
    "discharged_at",
    "placement_ended_on",
    "placement_ended_at",
)


def _eligible(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "result": d.get("result", "ELIGIBLE"),
        "target_classes": _classes(d),
        "support_type": first_given(d, "support_type", "type"),
        "discharge_on": day_text(first_given(d, *_DISCHARGE_KEYS)),
        "reason": d.get("reason") or (None if d.get("result", "ELIGIBLE") in ELIGIBLE else "STATED"),
    }


def _classes(details: Mapping[str, Any]) -> list[str]:
    return sorted(as_list(first_given(details, "target_classes", "target_class")))


def plan_fields(step: Step, run: RunContext) -> dict[str, Any]:
    """A plan; where the story names no last day, it lasts as long as its target, or as its type may."""
    d = {**dict(step.details.get("period") or {}), **step.details}
    begins = day_text(first_given(d, "plan_from", "period_from", "from")) or day_of(step.at).isoformat()
    content = first_given(d, "content", "content_code") or _content(d) or run.last_plan_content
    mid_term = content in ("SC_C", "SC_D")
    target = d.get("target_months", 6 if mid_term else None)
    usual_end = months_later(date.fromisoformat(begins), int(target or 3)).isoformat()
    return {
        "plan_from": begins,
        "plan_until": day_text(first_given(d, "plan_until", "period_until", "until")) or usual_end,
        "content": content,
        "parts": sorted(p.value for p in PlanPart),
        "target_months": target,
        "short_term_months": d.get("short_term_months", 3 if mid_term else None),
        "review_due_on": day_text(first_given(d, "review_due", "review_due_on")),
        "visits_per_week": d.get("visits_per_week"),
        "housekeeping": d.get("housekeeping"),
        "made_by": sorted(as_list(d.get("made_by")) or [maker.value for maker in PlanMaker]),
        "services": sorted(as_list(d.get("services"))),
        "explained_on": day_text(d.get("explained_on")),
        "agreement": d.get("agreement"),
    }


def _handed_over(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "handed_on": day_text(d.get("handed_on")) or day_of(step.at).isoformat(),
        "handover": d.get("handover", "HANDED"),
        "agreement": d.get("agreement"),
    }


def _content(details: Mapping[str, Any]) -> str | None:
    classes = [TargetClass(c) for c in _classes(details)]
    return next((CONTENT_BY_TARGET_CLASS[c].value for c in classes if c in CONTENT_BY_TARGET_CLASS), None)


def _planned(step: Step, run: RunContext) -> dict[str, Any]:
    return {"plan": plan_fields(step, run)}


def _approved(step: Step, run: RunContext) -> dict[str, Any]:
    plans = ("SupportPlanProposed", "SupportPlanFormulated")
    return {"approves": message_named(step, run, ("approves",), *plans), "plan": plan_fields(step, run)}


def _commenced(step: Step, run: RunContext) -> dict[str, Any]:
    has_plan = "PLAN" in step.sections or "plan_from" in step.details
    classes = _classes(step.details)
    return {
        "plan": plan_fields(step, run) if has_plan else None,
        "target_classes": classes or None,
    }


def _extended(step: Step, run: RunContext) -> dict[str, Any]:
    named = day_text(first_given(step.details, "plan_until", "until", "extended_until", "period_until"))
    return {"plan_until": named or months_later(day_of(step.at), 3).isoformat()}


def _support_type(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {"support_type": d.get("support_type") or d.get("type") or "SHORT_INTENSIVE"}


def _type_changed(step: Step, run: RunContext) -> dict[str, Any]:
    return {**_support_type(step, run), **with_reason(step, run)}


def _type_decided(step: Step, run: RunContext) -> dict[str, Any]:
    return {
        **_support_type(step, run),
        "specialist_needed": bool(step.details.get("specialist_needed", False)),
    }


def with_reason(step: Step, run: RunContext) -> dict[str, Any]:
    return {"reason": step.details.get("reason", "STATED")}


def _service_recommended(step: Step, run: RunContext) -> dict[str, Any]:
    return {"service": step.details.get("service", "HOUSEHOLD_VISIT")}


def _service_days(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("answers")
    return {
        "answers": message_or_last(run, step, n, "FamilyServiceRecommended"),
        "begins_on": day_text(d.get("begins_on")),
        "ends_on": day_text(d.get("ends_on")),
    }


def _service_answered(step: Step, run: RunContext) -> dict[str, Any]:
    return {**_service_days(step, run), "answer": step.details.get("answer", "ACCEPTED")}


def _service_measure(step: Step, run: RunContext) -> dict[str, Any]:
    return {
        **_service_days(step, run),
        "unavoidable_reason": first_given(step.details, "unavoidable_reason", "ground") or "OTHER",
    }


PLAN_FIELDS: Mapping[str, FieldBuilder] = {
    "SupportTypeDecided": _type_decided,
    "SupportTypeChanged": _type_changed,
    "CaseReopened": with_reason,
    "NetworkCaseDeregistered": with_reason,
    "IndicatorAssessmentRecorded": _assessed,
    "EligibilityDetermined": _eligible,
    "SupportPlanFormulated": _planned,
    "SupportPlanApproved": _approved,
    "SupportCommenced": _commenced,
    "PlanExtended": _extended,
    "FamilyServiceRecommended": _service_recommended,
    "FamilyServiceAnswered": _service_answered,
    "FamilyServiceMeasureTaken": _service_measure,
    "SupportPlanHandedOver": _handed_over,
}
