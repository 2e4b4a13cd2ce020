"""The rules of ``domain.emergency``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from uuid import UUID

from domain import events as e
from domain.case import APPROVERS, Message
from domain.case_offices import offices_of
from domain.clocks import ClockKind
from domain.context import DecisionContext, Refusal, needs
from domain.editions import since_edition
from domain.events import (
    BasisOverrideApproved,
    BasisOverrideRequested,
    EmergencyAccessApproved,
    EmergencyAccessRequested,
    EmergencyAccessReviewed,
)
from domain.past.edition_1 import emergency as edition_1
from domain.reasons import Reason
from domain.rule_table import form_of


@form_of(e.EmergencyAccessRequested)
@since_edition(2, before=edition_1.emergency_form)
def emergency_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)4; CAPA 7: as it was, and addressed to whoever is to know and may approve it from outside."""
    return edition_1.emergency_form(context) or _addressed_to_coordinating(context)


def _addressed_to_coordinating(context: DecisionContext) -> Refusal | None:
    """The coordinating agency, too, unless it has no door: an emergency does not wait for one. Basis: CWA 25-2(5)."""
    coordinating = context.coordinating
    needed = coordinating not in (None, context.by) and has_key_set(context, coordinating)
    return needs(not needed or coordinating in context.event.to, Reason.COORDINATING_NOT_ADDRESSED)


def has_key_set(context: DecisionContext, agency: UUID | None) -> bool:
    """Whether a key set of this agency is in force."""
    known = None if agency is None else context.register.agencies.get(agency)
    return known is not None and known.keyset is not None and not known.revoked


@form_of(e.EmergencyAccessApproved)
@since_edition(2, before=edition_1.approval_form)
def approval_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)4: two other persons, one of them of another agency of the case or of its network; until then
    no more than two of the agency that asks."""
    event: EmergencyAccessApproved = context.event
    request = context.case.messages.get(event.approves)
    if request is None or not isinstance(request.event, EmergencyAccessRequested):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if request.id in context.case.opened_emergencies:
        return Refusal(Reason.ALREADY_OPEN)
    known = context.case.approvals.get(event.approves, ())
    approver = (context.by, context.actor)
    if approver == (request.by, request.actor) or approver in known:
        return Refusal(Reason.SECOND_PERSON_MISSING)
    if context.by != request.by:
        return _check_outside_approver(context, request)
    return needs(sum(by == request.by for by, _ in known) < APPROVERS, Reason.ALREADY_ANSWERED)


def _check_outside_approver(context: DecisionContext, request: Message) -> Refusal | None:
    """An agency that had its part in the case, or in its network, before it was asked. Basis: own rule (外部の承認)."""
    if not has_key_set(context, context.by):
        return Refusal(Reason.KEY_SET_MISSING)
    network = None if context.case.network is None else context.register.networks.get(context.case.network)
    of_network = network is not None and context.by in network.members
    others = (m for m in context.case.messages.values() if m.version < request.version)
    of_case = context.by in offices_of(context.register, context.case) or any(
        context.by == m.by or context.by in m.to for m in others
    )
    return needs(of_network or of_case, Reason.NO_OWN_PART)


@form_of(e.EmergencyAccessReviewed)
def emergency_review_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 66: another agency than the reader reviews it, once."""
    event: EmergencyAccessReviewed = context.event
    request = context.case.messages.get(event.answers)
    open_ones = {message for kind, message, *_ in context.case.clocks if kind is ClockKind.EMERGENCY_REVIEW}
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
