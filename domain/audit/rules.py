"""The rules of ``domain.audit``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain import events as e
from domain.calendar import day_of, end_of
from domain.case import APPROVERS
from domain.codes import (
    AUTHOR_ONLY,
)
from domain.context import DecisionContext, Refusal, needs
from domain.events import (
    AuditContentAccessGranted,
    AuditContentAccessRequested,
    AuditControlRequested,
    AuditMandateBegan,
)
from domain.reasons import Reason
from domain.record import AUDIT, REGISTRARS, Command
from domain.register import MANDATE_DAYS, Register
from domain.rule_table import form_of
from domain.visibility import NO_STANDING_ACCESS


def decide_audit(register: Register, command: Command, now: datetime) -> Refusal | None:
    """Only the audit office requests items, by name and for a time, or control; the registrars give mandates.

    Basis: APPI 66.
    """
    match command.proposed_event:
        case AuditContentAccessRequested() as event:
            if command.by != AUDIT:
                return Refusal(Reason.NOT_YOURS)
            if not event.opens:
                return Refusal(Reason.NOTHING_TO_OPEN)
            return needs(now < end_of(event.until), Reason.ACCESS_EXPIRED)
        case AuditControlRequested():
            return needs(command.by == AUDIT, Reason.NOT_YOURS)
        case AuditMandateBegan() as event:
            today = day_of(now)
            next_in_sequence = event.number == register.mandate + 1
            in_time = today < event.until <= today + timedelta(days=MANDATE_DAYS)
            return needs(command.by == REGISTRARS, Reason.NOT_YOURS) or needs(
                next_in_sequence and in_time, Reason.MANDATE_OUT_OF_SEQUENCE
            )
        case _:
            return Refusal(Reason.NOT_YOURS)


@form_of(e.AuditContentAccessGranted)
def grant_form(context: DecisionContext) -> Refusal | None:
    """Two officials of the authorities, each for just what was asked; never who notified, nor a protected address.

    Basis: APPI 66; CAPA 7; own rule (二人の承認).
    """
    event: AuditContentAccessGranted = context.event
    request = context.register.audit_requests.get(event.grants)
    if request is None or request.case != context.case.id:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if (event.opens, event.until) != (request.opens, request.until):
        return Refusal(Reason.ITEMS_DIFFER)
    if context.now >= end_of(event.until):
        return Refusal(Reason.ACCESS_EXPIRED)
    named_items = [entry[1] for entry in map(context.case.item, event.opens) if entry is not None]
    if len(named_items) != len(event.opens):
        return Refusal(Reason.NOTHING_TO_OPEN)
    if any(item.judged_as & (NO_STANDING_ACCESS | AUTHOR_ONLY) for item in named_items):
        return Refusal(Reason.NEVER_FOR_ROLE)
    grant = context.case.audits.get(event.grants)
    if grant is None:
        return None
    if len(grant.approvers) >= APPROVERS:
        return Refusal(Reason.ALREADY_ANSWERED)
    return needs((context.by, context.actor) not in grant.approvers, Reason.SECOND_PERSON_MISSING)
