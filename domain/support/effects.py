"""The effects of ``domain.support``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import (
    Case,
    Message,
)
from domain.codes import CaseStatus, EligibilityResult
from domain.effects import effect_of


@effect_of(e.IndicatorAssessmentRecorded)
def case_assessed(case: Case, event: e.IndicatorAssessmentRecorded, message: Message) -> Case:
    return replace(case, assessed=True)


@effect_of(e.EligibilityDetermined)
def eligibility_determined(case: Case, event: e.EligibilityDetermined, message: Message) -> Case:
    eligible = event.result is EligibilityResult.ELIGIBLE
    return replace(case, eligible=eligible, classes=event.target_classes)


@effect_of(e.SupportPlanFormulated, e.SupportPlanApproved)
def plan_decided(
    case: Case, event: e.SupportPlanFormulated | e.SupportPlanApproved, message: Message
) -> Case:
    return replace(case, plan=event.plan, plan_at=message.at)


@effect_of(e.SupportCommenced)
def support_commenced(case: Case, event: e.SupportCommenced, message: Message) -> Case:
    case = replace(
        case,
        status=CaseStatus.SUPPORTED,
        commenced_at=message.at,
        consulted=None,
        evaluation=None,
        classes=event.target_classes if event.target_classes is not None else case.classes,
    )
    return case if event.plan is None else replace(case, plan=event.plan, plan_at=message.at)


@effect_of(e.PlanReviewed, e.ShortTermGoalEvaluated)
def plan_reviewed(case: Case, event: e.PlanReviewed | e.ShortTermGoalEvaluated, message: Message) -> Case:
    return replace(case, reviewed_at=message.at)


@effect_of(e.PlanExtended)
def plan_extended(case: Case, event: e.PlanExtended, message: Message) -> Case:
    plan = None if case.plan is None else replace(case.plan, plan_until=event.plan_until)
    return replace(case, plan=plan)
