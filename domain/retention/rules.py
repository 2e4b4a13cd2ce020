"""The rules of ``domain.retention``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.case import APPROVERS
from domain.codes import (
    Appraisal,
    RetentionPolicy,
)
from domain.context import DecisionContext, Refusal, needs
from domain.events import (
    DestructionApproved,
    LegalHoldLifted,
    LegalHoldPlaced,
    RetentionPolicyAssigned,
)
from domain.reasons import Reason
from domain.retention.disposal import expires_at, remaining_content
from domain.rule_table import form_of, ready_for


@form_of(e.RetentionPolicyAssigned)
def retention_policy_form(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: an age needs its day, and nothing else has one."""
    event: RetentionPolicyAssigned = context.event
    fits = (event.until is not None) is (event.policy is RetentionPolicy.CHILD_AGE)
    return needs(fits, Reason.RETENTION_DAY_WRONG)


@form_of(e.LegalHoldLifted)
def hold_lift_form(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: who placed a hold lifts it."""
    event: LegalHoldLifted = context.event
    placed = context.case.messages.get(event.lifts)
    if (
        placed is None
        or not isinstance(placed.event, LegalHoldPlaced)
        or event.lifts not in context.case.holds
    ):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(placed.by == context.by, Reason.NOT_THE_SENDER)


@ready_for(e.RecordsAppraised)
def appraisal_ready(context: DecisionContext) -> Refusal | None:
    """Basis: own rule (公文書管理条例): what has expired is appraised before it is destroyed; a hold prevents it."""
    expiry = expires_at(context.case, context.rule_book["policy"])
    if expiry is None or context.now < expiry:
        return Refusal(Reason.NOT_EXPIRED)
    if context.case.holds:
        return Refusal(Reason.LEGAL_HOLD)
    named = bool(context.event.sections) is (context.event.appraisal is Appraisal.DESTROY)
    return needs(named, Reason.NO_SECTIONS)


@ready_for(e.ControlAppraised)
def control_ready(context: DecisionContext) -> Refusal | None:
    """Basis: own rule: control outlives content: it is destroyed after all of it, under the same conditions."""
    expiry = expires_at(context.case, context.rule_book["policy"])
    if expiry is None or context.now < expiry:
        return Refusal(Reason.NOT_EXPIRED)
    if context.case.holds:
        return Refusal(Reason.LEGAL_HOLD)
    return needs(not remaining_content(context.register, context.case), Reason.CONTENT_NOT_DESTROYED)


@form_of(e.DestructionApproved)
def destruction_form(context: DecisionContext) -> Refusal | None:
    """Basis: own rule (二人の承認): two other persons of the agency that appraised it; never while it is held."""
    event: DestructionApproved = context.event
    disposal = context.case.disposal
    if disposal is None or disposal.appraisal != event.approves:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if context.case.holds:
        return Refusal(Reason.LEGAL_HOLD)
    if len(disposal.approvers) >= APPROVERS:
        return Refusal(Reason.ALREADY_ANSWERED)
    appraiser = context.case.messages[disposal.appraisal]
    others = (context.by, context.actor) not in {(appraiser.by, appraiser.actor), *disposal.approvers}
    return needs(others and context.by == appraiser.by, Reason.SECOND_PERSON_MISSING)
