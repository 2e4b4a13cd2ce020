"""The audit office's requests to open content, as the agencies that must approve them or make keys see them.

Basis: guideline 8; APPI 66.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.calendar import day_of
from domain.case import Message
from domain.common_rules import AUTHORITIES
from domain.events import AuditContentAccessRequested, Item
from domain.register import Register
from domain.tasks import can_see_message
from domain.world import World


@dataclass(frozen=True)
class AuditRequestStatus:
    """One request for one agency. ``items``: those that it can see; ``opens``: all, for an authority that may approve."""

    request: UUID
    requested: AuditContentAccessRequested
    items: tuple[tuple[Message, Item], ...]
    opens: frozenset[UUID]
    approvals: int


def pending_audit_requests(register: Register, now: datetime) -> dict[UUID, AuditContentAccessRequested]:
    """The requests whose last day is not over. Basis: guideline 8; APPI 66."""
    return {id: one for id, one in register.audit_requests.items() if day_of(now) <= one.until}


def audit_request_for(
    world: World, agency: UUID, id: UUID, requested: AuditContentAccessRequested, now: datetime
) -> AuditRequestStatus | None:
    """A request about this case as this agency sees it; None where it sees no item and may approve nothing.

    Basis: guideline 8; APPI 66.
    """
    may_approve = bool(world.register.agencies[agency].roles & AUTHORITIES)
    items = tuple(
        (message, item)
        for message, item in world.case.all_items()
        if item.item in requested.opens and can_see_message(world, agency, message, now=now)
    )
    opens = frozenset(requested.opens) if may_approve else frozenset()
    if not items and not opens:
        return None
    known = world.case.audits.get(id)
    return AuditRequestStatus(id, requested, items, opens, 0 if known is None else len(known.approvers))
