"""The rules of ``domain.support``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain import events as e
from domain.calendar import day_of, months_later
from domain.codes import (
    EligibilityResult,
    Housekeeping,
    PlanContent,
    PlanPart,
    TargetClass,
)
from domain.common_rules import has_reason
from domain.context import DecisionContext, Refusal, needs
from domain.indicators import INDICATOR_CODES, INDICATOR_SET
from domain.reasons import Reason
from domain.rule_table import form_of, ready_for


def known_indicators(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(2)[2]: codes of the list only."""
    return needs(set(context.event.indicators) <= INDICATOR_CODES, Reason.INDICATOR_UNKNOWN)


@form_of(e.IndicatorAssessmentRecorded)
def all_indicators(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(2)[2]: every item answered, if only with NOT_ASSESSED."""
    refusal = needs(
        context.event.indicator_set == INDICATOR_SET, Reason.INDICATOR_UNKNOWN
    ) or known_indicators(context)
    return refusal or needs(set(context.event.indicators) == INDICATOR_CODES, Reason.INDICATORS_INCOMPLETE)


@form_of(e.EligibilityDetermined)
def eligibility_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 2: at least one class; TC4 names the discharge; TC9 («for example») has a reason."""
    event: e.EligibilityDetermined = context.event
    if event.result is EligibilityResult.NOT_ELIGIBLE:
        return needs(event.reason is not None, Reason.REASON_MISSING)
    if not event.target_classes:  # the type may be decided separately (5(2))
        return Refusal(Reason.NO_TARGET_CLASS)
    if TargetClass.TC4_REUNIFICATION in event.target_classes and event.discharge_on is None:
        return Refusal(Reason.DISCHARGE_DATE_MISSING)
    other = TargetClass.TC9_OTHER in event.target_classes
    return needs(not other or event.reason is not None, Reason.REASON_MISSING)


@ready_for(e.EligibilityDetermined)
def assessed(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 5(1)[1], 6(2)[2]: the assessment comes before the decision."""
    return needs(context.case.assessed, Reason.NOT_ASSESSED)


@ready_for(e.SupportPlanFormulated, e.SupportPlanProposed, e.SupportPlanApproved)
def eligible(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(2)[1]: a plan is for a family that was decided on."""
    return needs(context.case.eligible, Reason.NOT_ELIGIBLE)


_CONTENT_FOR: Mapping[TargetClass, frozenset[PlanContent]] = {
    # Basis: guideline 6(3)[2]; an expectant family's plan continues after the birth with content イ
    TargetClass.TC1_PREGNANCY: frozenset({PlanContent.SC_A, PlanContent.SC_B}),
    TargetClass.TC2_POSTPARTUM: frozenset({PlanContent.SC_B}),
    TargetClass.TC3_INADEQUATE_CARE: frozenset({PlanContent.SC_C}),
    TargetClass.TC4_REUNIFICATION: frozenset({PlanContent.SC_D}),
    TargetClass.TC9_OTHER: frozenset(PlanContent),
}


SHORT_TERM_CONTENTS = frozenset({PlanContent.SC_A, PlanContent.SC_B})


HOUSEKEEPING_MOVED_ON = date(2024, 4, 1)
"""Since then help with the household is 子育て世帯訪問支援事業. Basis: CWA 21-18."""


@form_of(e.SupportPlanFormulated)
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
        _too_long(plan, context.rule_book["policy"]) or not _content_fits_class(plan, context) or moved_out
    )
    return needs(not unusual or context.event.reason is not None, Reason.REASON_MISSING)


def _too_long(plan: e.Plan, policy: Mapping[str, Any]) -> bool:
    """Basis: guideline 6(3)[4], [5]: beyond the named times only with a recorded reason."""
    if plan.content in SHORT_TERM_CONTENTS:
        last = months_later(plan.plan_from, policy["short_type_months"])
        return plan.plan_until is not None and plan.plan_until > last
    least, most = policy["mid_type_months"]
    return plan.target_months is not None and not least <= plan.target_months <= most


def _content_fits_class(plan: e.Plan, context: DecisionContext) -> bool:
    """Basis: guideline 6(3)[2]: the content is that of one of the family's classes."""
    classes = getattr(context.event, "target_classes", None) or context.case.classes
    return any(plan.content in _CONTENT_FOR[c] for c in classes) or not classes


@form_of(e.SupportPlanApproved)
def approves_a_proposal(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(3)[1], 9(1)[3]."""
    message = context.case.messages.get(context.event.approves)
    proposed = message is not None and isinstance(message.event, e.SupportPlanProposed)
    return needs(proposed, Reason.UNKNOWN_MESSAGE) or plan_form(context)


@form_of(e.SupportCommenced)
def commencement_form(context: DecisionContext) -> Refusal | None:
    """A commencement that brings a plan brings a complete one. Basis: guideline 6(3)[1]."""
    return plan_form(context) if context.event.plan is not None else None


@ready_for(e.SupportCommenced)
def commencement_ready(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(3)[1]: support begins for a decided family on a decided plan."""
    return eligible(context) or needs(
        context.case.plan is not None or context.event.plan is not None, Reason.NO_PLAN
    )


@ready_for(e.PlanReviewed, e.SupportPlanHandedOver, e.ShortTermGoalEvaluated)
def has_plan(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 4(1), 6(3)[5]."""
    return needs(context.case.plan is not None, Reason.NO_PLAN)


@ready_for(e.PlanExtended)
def extends_plan(context: DecisionContext) -> Refusal | None:
    """An extension goes beyond today's plan. Basis: guideline 6(3)[4]."""
    plan = context.case.plan
    if plan is None:
        return Refusal(Reason.NO_PLAN)
    grows = context.event.plan_until > (plan.plan_until or plan.plan_from)
    return needs(grows, Reason.PLAN_DATES_WRONG)


form_of(e.PlanExtended, e.SupportTypeChanged)(has_reason)
