"""Plans as they were judged: without a last day, and of the mid-term type without target or short-term goal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain import events as e
from domain.calendar import day_of, months_later
from domain.codes import Housekeeping, PlanContent, PlanPart, TargetClass
from domain.context import DecisionContext, Refusal, needs
from domain.reasons import Reason

HOUSEKEEPING_MOVED_ON = date(2024, 4, 1)
"""Since then help with the household is 子育て世帯訪問支援事業. Basis: CWA 21-18."""

SHORT_TERM_CONTENTS = frozenset({PlanContent.SC_A, PlanContent.SC_B})

_CONTENT_FOR: Mapping[TargetClass, frozenset[PlanContent]] = {
    # Basis: guideline 6(3)[2]; an expectant family's plan continues after the birth with content イ
    TargetClass.TC1_PREGNANCY: frozenset({PlanContent.SC_A, PlanContent.SC_B}),
    TargetClass.TC2_POSTPARTUM: frozenset({PlanContent.SC_B}),
    TargetClass.TC3_INADEQUATE_CARE: frozenset({PlanContent.SC_C}),
    TargetClass.TC4_REUNIFICATION: frozenset({PlanContent.SC_D}),
    TargetClass.TC9_OTHER: frozenset(PlanContent),
}


def plan_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(3)[1], [3]: a plan has all five parts, its days are in order, housekeeping has a goal."""
    plan: e.Plan = context.event.plan
    if plan.parts != frozenset(PlanPart):
        return Refusal(Reason.PLAN_INCOMPLETE)
    if plan.plan_until is not None and plan.plan_until < plan.plan_from:
        return Refusal(Reason.PLAN_DATES_WRONG)
    if plan.housekeeping is Housekeeping.WITHOUT_GOAL:
        return Refusal(Reason.HOUSEKEEPING_WITHOUT_GOAL)
    moved_out = plan.housekeeping is not None and day_of(context.now) >= HOUSEKEEPING_MOVED_ON
    unusual = (
        _too_long(plan, context.rule_book["policy"]) or not content_fits_class(plan, context) or moved_out
    )
    return needs(not unusual or context.event.reason is not None, Reason.REASON_MISSING)


def _too_long(plan: e.Plan, policy: Mapping[str, Any]) -> bool:
    """Basis: guideline 6(3)[4], [5]: beyond the named times only with a recorded reason."""
    if plan.content in SHORT_TERM_CONTENTS:
        last = months_later(plan.plan_from, policy["short_type_months"])
        return plan.plan_until is not None and plan.plan_until > last
    least, most = policy["mid_type_months"]
    return plan.target_months is not None and not least <= plan.target_months <= most


def content_fits_class(plan: e.Plan, context: DecisionContext) -> bool:
    """Basis: guideline 6(3)[2]: the content is that of one of the family's classes."""
    classes = getattr(context.event, "target_classes", None) or context.case.classes
    return any(plan.content in _CONTENT_FOR[c] for c in classes) or not classes


def housekeeping_needs_reason(context: DecisionContext) -> bool:
    """Basis: CWA 21-18."""
    return day_of(context.now) >= HOUSEKEEPING_MOVED_ON


def has_plan_or_reason(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 4(1), 6(4)[1]: a visit report rests on a plan of the case; without one it states a reason."""
    justified = context.case.plan is not None or context.event.reason is not None
    return needs(justified, Reason.REASON_MISSING)
