"""What content for an audit or a court needs. Basis: guideline 8; APPI 66; CAPA 7; own rule (二人の承認)."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.calendar import day_of, end_of
from domain.case import APPROVERS
from domain.context import Asking, Refusal, needs
from domain.events import (
    AuditContentAccessGranted,
    AuditContentAccessRequested,
    AuditControlRequested,
    AuditMandateBegan,
    Fact,
)
from domain.reasons import Reason
from domain.record import AUDIT, REGISTRY, Wish
from domain.register import MANDATE_DAYS, Register
from domain.visibility import AUTHOR_ONLY, CLOSELY_KEPT


def decide_audit(register: Register, wish: Wish, now: datetime) -> Refusal | None:
    """The audit office alone asks, for items by name and for a time, or for control; the registry gives mandates.

    Basis: APPI 66.
    """
    match wish.draft:
        case AuditContentAccessRequested() as fact:
            if wish.by != AUDIT:
                return Refusal(Reason.NOT_YOURS)
            if not fact.opens:
                return Refusal(Reason.NOTHING_TO_OPEN)
            return needs(now < end_of(fact.until), Reason.ACCESS_OVER)
        case AuditControlRequested():
            return needs(wish.by == AUDIT, Reason.NOT_YOURS)
        case AuditMandateBegan() as fact:
            today = day_of(now)
            in_turn = fact.number == register.mandate + 1
            in_time = today < fact.until <= today + timedelta(days=MANDATE_DAYS)
            return needs(wish.by == REGISTRY, Reason.NOT_YOURS) or needs(
                in_turn and in_time, Reason.MANDATE_OUT_OF_TURN
            )
        case _:
            return Refusal(Reason.NOT_YOURS)


AUDIT_ACTS: frozenset[type[Fact]] = frozenset(
    {AuditContentAccessRequested, AuditControlRequested, AuditMandateBegan}
)
"""What can be asked for about the log."""


def grant_form(asking: Asking) -> Refusal | None:
    """Two officials of the authorities, each for just what was asked; never who notified, nor a protected address.

    Basis: APPI 66; CAPA 7; own rule (二人の承認).
    """
    fact: AuditContentAccessGranted = asking.fact
    request = asking.register.audit_requests.get(fact.grants)
    if request is None or request.case != asking.case.id:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if (fact.opens, fact.until) != (request.opens, request.until):
        return Refusal(Reason.ITEMS_DIFFER)
    if asking.now >= end_of(fact.until):
        return Refusal(Reason.ACCESS_OVER)
    named = [found[1] for found in map(asking.case.item, fact.opens) if found is not None]
    if len(named) != len(fact.opens):
        return Refusal(Reason.NOTHING_TO_OPEN)
    if any(item.section in CLOSELY_KEPT | AUTHOR_ONLY for item in named):
        return Refusal(Reason.NEVER_FOR_ROLE)
    given = asking.case.audits.get(fact.grants)
    if given is None:
        return None
    if len(given.approvers) >= APPROVERS:
        return Refusal(Reason.ALREADY_ANSWERED)
    return needs((asking.by, asking.actor) not in given.approvers, Reason.SECOND_PERSON_MISSING)
