"""The effects of ``domain.audit``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import (
    AuditGrant,
    Case,
    Message,
)
from domain.effects import effect_of


@effect_of(e.AuditContentAccessGranted)
def audit_access_granted(case: Case, event: e.AuditContentAccessGranted, message: Message) -> Case:
    known = case.audits.get(event.grants)
    approvers = () if known is None else known.approvers
    grant = AuditGrant(event.opens, event.until, (*approvers, (message.by, message.actor)))
    return replace(case, audits={**case.audits, event.grants: grant})
