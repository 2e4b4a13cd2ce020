"""The rules of ``domain.emergency``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.case import APPROVERS, core_file
from domain.clocks import ClockKind
from domain.codes import (
    AUTHOR_ONLY,
)
from domain.common_rules import is_authority
from domain.context import DecisionContext, Refusal, needs
from domain.events import (
    BasisOverrideApproved,
    BasisOverrideRequested,
    EmergencyAccessApproved,
    EmergencyAccessRequested,
    EmergencyAccessReviewed,
)
from domain.reasons import Reason
from domain.rule_table import form_of
from domain.visibility import NO_STANDING_ACCESS


@form_of(e.EmergencyAccessRequested)
def emergency_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)4; CAPA 7: why, what else was considered, and nothing that the matrix never gives."""
    event: EmergencyAccessRequested = context.event
    if event.reason is None or not event.alternatives:
        return Refusal(Reason.REASON_MISSING)
    roles = context.register.agencies[context.by].roles
    never = frozenset.intersection(*(frozenset(context.rule_book["never"].get(r, ())) for r in roles))
    if event.sections & (NO_STANDING_ACCESS | AUTHOR_ONLY) or event.sections & never:
        return Refusal(Reason.NEVER_FOR_ROLE, context.by)
    if context.case.core not in event.to:
        return Refusal(Reason.OWNER_NOT_ADDRESSED)
    return needs(any(core_file(context.case, event.sections)), Reason.NOTHING_TO_OPEN)


@form_of(e.EmergencyAccessApproved)
def approval_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)4: two other persons, of the requesting agency or of an authority, and no more than two."""
    event: EmergencyAccessApproved = context.event
    request = context.case.messages.get(event.approves)
    if request is None or not isinstance(request.event, EmergencyAccessRequested):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if context.by != request.by and not is_authority(context, context.by):
        return Refusal(Reason.NOT_AN_AUTHORITY)
    known = context.case.approvals.get(event.approves, ())
    if len(known) >= APPROVERS:
        return Refusal(Reason.ALREADY_ANSWERED)
    approver = (context.by, context.actor)
    return needs(
        approver != (request.by, request.actor) and approver not in known, Reason.SECOND_PERSON_MISSING
    )


@form_of(e.EmergencyAccessReviewed)
def emergency_review_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 66: another agency than the reader reviews it, once."""
    event: EmergencyAccessReviewed = context.event
    request = context.case.messages.get(event.answers)
    open_ones = {message for kind, message, _ in context.case.clocks if kind is ClockKind.EMERGENCY_REVIEW}
    if request is None or event.answers not in open_ones:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(request.by != context.by, Reason.OWN_REVIEW)


@form_of(e.BasisOverrideRequested)
def override_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)4: why, what else was considered, for whom and what; only bases that may be overridden."""
    event: BasisOverrideRequested = context.event
    if event.reason is None or not event.alternatives:
        return Refusal(Reason.REASON_MISSING)
    if not any(
        row["code"] == event.code and "OVERRIDE" in row["needs"] for row in context.rule_book["bases"]
    ):
        return Refusal(Reason.BASIS_UNKNOWN)
    if event.to:
        return Refusal(Reason.RECIPIENTS_WRONG)
    return needs(bool(event.recipients) and bool(event.sections), Reason.NO_SECTIONS)


@form_of(e.BasisOverrideApproved)
def override_approval_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)4; own rule: two other persons of the agency that would disclose, and no more than two."""
    event: BasisOverrideApproved = context.event
    request = context.case.messages.get(event.approves)
    if request is None or not isinstance(request.event, BasisOverrideRequested) or request.by != context.by:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    known = context.case.approvals.get(event.approves, ())
    if len(known) >= APPROVERS:
        return Refusal(Reason.ALREADY_ANSWERED)
    approver = (context.by, context.actor)
    return needs(
        approver != (request.by, request.actor) and approver not in known, Reason.SECOND_PERSON_MISSING
    )
