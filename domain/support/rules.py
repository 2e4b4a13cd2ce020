"""The rules of ``domain.support``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.calendar import day_of
from domain.codes import (
    EligibilityResult,
    PlanHandover,
    Route,
    Section,
    TargetClass,
)
from domain.common_rules import has_reason, known_indicators
from domain.context import DecisionContext, Refusal, needs
from domain.dated_rules import PREGNANCY_SUPPORT, holds
from domain.editions import since_edition
from domain.indicators import CONCERNS, INDICATOR_CODES, INDICATOR_SET, is_assessed
from domain.readiness import CLOSED
from domain.reasons import Reason
from domain.rule_table import form_of, ready_for
from domain.support.plan_form import plan_form


def all_indicators(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(2)[2]: every item answered, if only with NOT_ASSESSED."""
    refusal = needs(
        context.event.indicator_set == INDICATOR_SET, Reason.INDICATOR_UNKNOWN
    ) or known_indicators(context)
    return refusal or needs(set(context.event.indicators) == INDICATOR_CODES, Reason.INDICATORS_INCOMPLETE)


@form_of(e.IndicatorAssessmentRecorded)
@since_edition(2, before=all_indicators)
def assessment_form(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(2)[2]: every item answered, if only with NOT_ASSESSED, and at least one looked at; what the
    list leaves open («その他（　）», 機関名 and 担当者) is in words; CWA 6-3: through a service that exists by then."""
    event: e.IndicatorAssessmentRecorded = context.event
    refusal = all_indicators(context)
    if refusal is not None:
        return refusal
    if not is_assessed(event.indicators):
        return Refusal(Reason.NOTHING_ASSESSED)
    if event.route is Route.PREGNANCY_SUPPORT and not holds(
        context.rule_book, PREGNANCY_SUPPORT, day_of(context.now)
    ):
        return Refusal(Reason.SERVICE_NOT_IN_FORCE)
    sections = {item.section for item in event.items}
    if event.indicators["PR_OTHER"] in CONCERNS and Section.PREG not in sections:
        return Refusal(Reason.WORDS_MISSING)
    names_needed = any(one.agency is None or one.contact_named for one in event.involved)
    return needs(not names_needed or Section.BASIC in sections, Reason.NAMES_NOT_SEALED)


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


def on_decision_and_plan(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(3)[1]: support begins for a decided family on a decided plan."""
    return eligible(context) or needs(
        context.case.plan is not None or context.event.plan is not None, Reason.NO_PLAN
    )


@ready_for(e.SupportCommenced)
@since_edition(2, before=on_decision_and_plan)
def commencement_ready(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 6(3)[1], 6(5)[2]: what was closed is reopened first, with a new decision and plan."""
    if context.case.status in CLOSED:
        return Refusal(Reason.CASE_CLOSED)
    return on_decision_and_plan(context)


def nothing_asked(context: DecisionContext) -> Refusal | None:
    """In edition 1 it only said that the plan was given."""
    return None


@form_of(e.SupportPlanHandedOver)
@since_edition(2, before=nothing_asked)
def handover_form(context: DecisionContext) -> Refusal | None:
    """Basis: CWA 10(1)4: on which day and how the family was given its plan; a plan that is not given has a reason."""
    event: e.SupportPlanHandedOver = context.event
    if event.handed_on is None or event.handover is None:
        return Refusal(Reason.HANDOVER_UNCLEAR)
    if event.handed_on > day_of(context.now):
        return Refusal(Reason.TIME_AHEAD)
    withheld = event.handover is PlanHandover.NOT_GIVEN
    return needs(not withheld or event.reason is not None, Reason.REASON_MISSING)


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


@form_of(e.SpecialistServiceLinked)
def links_what_was_decided(context: DecisionContext) -> Refusal | None:
    """Basis: guideline 5(2)[1]: what it names is a decision that specialist help is to be linked."""
    if context.event.answers is None:
        return None
    message = context.case.messages.get(context.event.answers)
    decided = message is not None and isinstance(message.event, e.SupportTypeDecided)
    return needs(decided, Reason.UNKNOWN_MESSAGE)


form_of(e.SupportPlanFormulated)(plan_form)
form_of(e.PlanExtended, e.SupportTypeChanged)(has_reason)
