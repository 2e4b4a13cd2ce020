"""The effects of ``domain.emergency``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain import events as e
from domain.case import (
    APPROVERS,
    Case,
    Grant,
    Message,
    Override,
    core_file,
)
from domain.clocks import Clock, ClockKind
from domain.effects import effect_of


@effect_of(e.EmergencyAccessApproved)
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
    grant = Grant(request.by, frozenset(item.item for _, item in opened_items))
    return replace(
        case,
        granted={**case.granted, request.id: grant},
        clocks={**case.clocks, **{(c.kind, request.id, c.responsible): c for c in started}},
    )


def emergency_access_ended(case: Case, event: e.EmergencyAccessEnded) -> Case:
    """The case after the time of an emergency access is over."""
    ended = (ClockKind.EMERGENCY_END, event.message)
    return replace(
        case,
        granted={k: g for k, g in case.granted.items() if k != event.message},
        clocks={k: c for k, c in case.clocks.items() if k[:2] != ended},
    )


@effect_of(e.BasisOverrideApproved)
def override_approved(case: Case, event: e.BasisOverrideApproved, message: Message) -> Case:
    """With the second approval it may be disclosed, for some hours by the rule book. Basis: APPI 69(2)4."""
    request = case.messages.get(event.approves)
    if request is None or not isinstance(request.event, e.BasisOverrideRequested):
        return case
    known = (*case.approvals.get(event.approves, ()), (message.by, message.actor))
    case = replace(case, approvals={**case.approvals, event.approves: known})
    if len(known) != APPROVERS:
        return case
    requested = request.event
    override = Override(request.by, requested.code, requested.recipients, requested.sections, message.at)
    return replace(case, overrides=(*case.overrides, override))
