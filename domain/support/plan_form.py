"""What a plan has to state. Basis: guideline 6(3)[1]–[5]; CWA 10(1)4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain import events as e
from domain.calendar import day_of, months_later
from domain.codes import FamilyService, Housekeeping, NetworkStanding, PlanMaker, PlanPart, TargetClass
from domain.context import DecisionContext, Refusal, needs
from domain.dated_rules import HOUSEKEEPING_ELSEWHERE, JOINT_SUPPORT_PLAN, holds
from domain.editions import since_edition
from domain.past.edition_1 import plans as edition_1
from domain.reasons import Reason


@since_edition(2, before=edition_1.plan_form)
def plan_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(3)[1], [3]: a plan has all five parts and a last day, its days are in order, housekeeping has a
    goal; what is unusual has a reason."""
    plan: e.Plan = context.event.plan
    if plan.parts != frozenset(PlanPart):
        return Refusal(Reason.PLAN_INCOMPLETE)
    if plan.plan_until is None:
        return Refusal(Reason.PLAN_WITHOUT_END)
    if plan.plan_until < plan.plan_from:
        return Refusal(Reason.PLAN_DATES_WRONG)
    if plan.housekeeping is Housekeeping.WITHOUT_GOAL:
        return Refusal(Reason.HOUSEKEEPING_WITHOUT_GOAL)
    return needs(not _is_unusual(plan, context) or context.event.reason is not None, Reason.REASON_MISSING)


def _is_unusual(plan: e.Plan, context: DecisionContext) -> bool:
    return (
        _outside_the_periods(plan, context.rule_book["policy"])
        or not edition_1.content_fits_class(plan, context)
        or _housekeeping_is_elsewhere(plan, context)
        or _was_to_be_made_together(plan, context)
    )


def _outside_the_periods(plan: e.Plan, policy: Mapping[str, Any]) -> bool:
    """Basis: guideline 6(3)[4]: the short type lasts no longer than named; 6(3)[5]: the mid-term type names its target and
    its short-term goal within the named months, and ends within the longest."""
    assert plan.plan_until is not None
    if plan.content in edition_1.SHORT_TERM_CONTENTS:
        return plan.plan_until > months_later(plan.plan_from, policy["short_type_months"])
    least, most = policy["mid_type_months"]
    soonest, latest = policy.get("mid_type_short_goal_months", SHORT_GOAL_MONTHS)
    return (
        plan.target_months is None
        or not least <= plan.target_months <= most
        or plan.short_term_months is None
        or not soonest <= plan.short_term_months <= latest
        or plan.plan_until > months_later(plan.plan_from, most)
    )


SHORT_GOAL_MONTHS = (1, 3)
"""The guideline's 当面3か月, where an older book does not name it."""


def _housekeeping_is_elsewhere(plan: e.Plan, context: DecisionContext) -> bool:
    """Help with the household is given as the service that it is now, else with a reason. Basis: guideline 6(3)[3];
    CWA 21-18."""
    given_here = plan.housekeeping is not None and FamilyService.HOUSEHOLD_VISIT not in plan.services
    return given_here and holds(context.rule_book, HOUSEKEEPING_ELSEWHERE, day_of(context.now))


def _was_to_be_made_together(plan: e.Plan, context: DecisionContext) -> bool:
    """For an expectant or young mother, and for who is registered as 要支援児童 or 特定妊婦, 母子保健 and 児童福祉 make the
    plan together, else with a reason. Basis: CWA 10(1)4; MCHA 9-2."""
    case = context.case
    message = None if case.registration is None else case.messages.get(case.registration)
    standing = (
        message.event.standing if message and isinstance(message.event, e.NetworkCaseRegistered) else None
    )
    classes = getattr(context.event, "target_classes", None) or case.classes
    together = bool(classes & _OF_MATERNAL_HEALTH) or standing in _NEEDING_SUPPORT
    return (
        together
        and plan.made_by != frozenset(PlanMaker)
        and holds(context.rule_book, JOINT_SUPPORT_PLAN, day_of(context.now))
    )


_OF_MATERNAL_HEALTH = frozenset({TargetClass.TC1_PREGNANCY, TargetClass.TC2_POSTPARTUM})
_NEEDING_SUPPORT = frozenset({NetworkStanding.NEEDS_SUPPORT, NetworkStanding.EXPECTANT})
