"""The effects of ``domain.emergency``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from domain.codes import Section
from domain.editions import since_edition
from domain.effects import effect_of
from domain.past.edition_1 import emergency as edition_1


@effect_of(e.EmergencyAccessApproved)
@since_edition(2, before=edition_1.emergency_access_approved)
def emergency_access_approved(case: Case, event: e.EmergencyAccessApproved, message: Message) -> Case:
    """With two approvals, one of another agency, the access is open; with two of the agency that asks the time for an
    approval from outside is waited for. Basis: APPI 66, 69(2)4.
    """
    request = case.messages.get(event.approves)
    if request is None or not isinstance(request.event, e.EmergencyAccessRequested):
        return case
    known = (*case.approvals.get(event.approves, ()), (message.by, message.actor))
    case = replace(case, approvals={**case.approvals, event.approves: known})
    if len(known) < APPROVERS or case.core is None or request.id in case.opened_emergencies:
        return case
    opening = _Opening(request, request.event.sections, case.core)
    if any(by != request.by for by, _ in known):
        case = opening.open(case, message.at, outside_approval=True)
        return opening.start(case, ClockKind.EMERGENCY, request.by, message.at, due_at=message.at)
    # it counts from the request: what remains of its time may be nothing
    return opening.start(case, ClockKind.EMERGENCY_UNILATERAL, request.by, request.at, informed=request.to)


def unilateral_access_opened(case: Case, event: e.UnilateralEmergencyAccessOpened, at: datetime) -> Case:
    """The case after the time for an approval from outside is over. Basis: APPI 66, 69(2)4."""
    request = case.messages.get(event.message) if event.message is not None else None
    if request is None or not isinstance(request.event, e.EmergencyAccessRequested) or case.core is None:
        return case
    clock = case.clocks.get((ClockKind.EMERGENCY_UNILATERAL, request.id, event.responsible, None))
    if clock is None or request.id in case.opened_emergencies:
        return case
    opening = _Opening(request, request.event.sections, case.core)
    case = opening.open(case, at, outside_approval=False)
    # with its time, so that a later rule book does not raise it again
    return opening.start(
        case, clock.kind, request.by, clock.since, due_at=event.due_at, informed=clock.informed
    )


@dataclass(frozen=True)
class _Opening:
    """An emergency access that opens, or waits to: its request, what it asks for, and whose file it opens."""

    request: Message
    sections: frozenset[Section]
    core: UUID

    def open(self, case: Case, at: datetime, *, outside_approval: bool) -> Case:
        """What is in the core agency's file at this moment opens; its end and its review are waited for."""
        opened_items = frozenset(item.item for _, item in core_file(case, self.sections))
        grant = Grant(self.request.by, opened_items, outside_approval)
        waiting = (ClockKind.EMERGENCY_UNILATERAL, self.request.id, self.request.by, None)
        case = replace(
            case,
            granted={**case.granted, self.request.id: grant},
            opened_emergencies=case.opened_emergencies | {self.request.id},
            clocks=case.clocks.without([waiting]),
        )
        case = self.start(case, ClockKind.EMERGENCY_END, self.request.by, at)
        return self.start(case, ClockKind.EMERGENCY_REVIEW, self.core, at)

    def start(
        self,
        case: Case,
        kind: ClockKind,
        responsible: UUID,
        since: datetime,
        *,
        due_at: datetime | None = None,
        informed: frozenset[UUID] = frozenset(),
    ) -> Case:
        """The case with this clock. Everyone whose items it opens is informed, and the agencies in ``informed``."""
        owners = frozenset({self.core, *(m.by for m, _ in core_file(case, self.sections))})
        clock = Clock(
            kind=kind,
            message=self.request.id,
            responsible=responsible,
            informed=owners | informed,
            since=since,
            due_at=due_at,
        )
        return replace(case, clocks=case.clocks | {clock.key_for(self.request.id): clock})


def emergency_access_ended(case: Case, event: e.EmergencyAccessEnded) -> Case:
    """The case after the time of an emergency access is over."""
    ended = (ClockKind.EMERGENCY_END, event.message)
    return replace(
        case,
        granted={k: g for k, g in case.granted.items() if k != event.message},
        clocks=case.clocks.without([key for key in case.clocks if key[:2] == ended]),
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
