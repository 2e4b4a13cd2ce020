"""Emergency access in edition 1: two approvals, whoever gave them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain import events as e
from domain.case import APPROVERS, Case, Grant, Message, core_file
from domain.clock_kinds import ClockKind
from domain.clocks import Clock
from domain.codes import AUTHOR_ONLY
from domain.common_rules import is_authority
from domain.context import DecisionContext, Refusal, needs
from domain.reasons import Reason
from domain.visibility import NO_STANDING_ACCESS


def emergency_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)4; CAPA 7: why, what else was considered, and nothing that the matrix never gives."""
    event: e.EmergencyAccessRequested = context.event
    if event.reason is None or not event.alternatives:
        return Refusal(Reason.REASON_MISSING)
    roles = context.register.agencies[context.by].roles
    never = frozenset.intersection(*(frozenset(context.rule_book["never"].get(r, ())) for r in roles))
    if event.sections & (NO_STANDING_ACCESS | AUTHOR_ONLY) or event.sections & never:
        return Refusal(Reason.NEVER_FOR_ROLE, context.by)
    if context.case.core not in event.to:
        return Refusal(Reason.OWNER_NOT_ADDRESSED)
    return needs(any(core_file(context.case, event.sections)), Reason.NOTHING_TO_OPEN)


def approval_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)4: two other persons, of the requesting agency or of an authority, and no more than two."""
    event: e.EmergencyAccessApproved = context.event
    request = context.case.messages.get(event.approves)
    if request is None or not isinstance(request.event, e.EmergencyAccessRequested):
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


def emergency_access_approved(case: Case, event: e.EmergencyAccessApproved, message: Message) -> Case:
    """With the second approval the access is open, and everyone whose items it opens is informed.

    Basis: APPI 66, 69(2)4.
    """
    request = case.messages.get(event.approves)
    if request is None or not isinstance(request.event, e.EmergencyAccessRequested):
        return case
    known = (*case.approvals.get(event.approves, ()), (message.by, message.actor))
    case = replace(case, approvals={**case.approvals, event.approves: known})
    if len(known) != APPROVERS or case.core is None:
        return case
    opened_items = list(core_file(case, request.event.sections))
    owners = frozenset({case.core, *(m.by for m, _ in opened_items)})

    def clock(kind: ClockKind, responsible: UUID, due_at: datetime | None = None) -> Clock:
        return Clock(
            kind=kind,
            message=request.id,
            responsible=responsible,
            informed=owners,
            since=message.at,
            due_at=due_at,
        )

    started = (
        clock(ClockKind.EMERGENCY, request.by, message.at),
        clock(ClockKind.EMERGENCY_END, request.by),
        clock(ClockKind.EMERGENCY_REVIEW, case.core),
    )
    outside = any(by != request.by for by, _ in known)
    grant = Grant(request.by, frozenset(item.item for _, item in opened_items), outside)
    return replace(
        case,
        granted={**case.granted, request.id: grant},
        opened_emergencies=case.opened_emergencies | {request.id},
        clocks=case.clocks | {c.key_for(request.id): c for c in started},
    )
