"""The effects of ``domain.retention``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import (
    Case,
    Disposal,
    Message,
    Retention,
)
from domain.codes import Appraisal
from domain.effects import effect_of


@effect_of(e.RetentionPolicyAssigned)
def policy_assigned(case: Case, event: e.RetentionPolicyAssigned, message: Message) -> Case:
    return replace(case, retention=Retention(event.policy, event.until), appraised=False)


@effect_of(e.LegalHoldPlaced)
def hold_placed(case: Case, event: e.LegalHoldPlaced, message: Message) -> Case:
    return replace(case, holds=case.holds | {message.id})


@effect_of(e.LegalHoldLifted)
def hold_lifted(case: Case, event: e.LegalHoldLifted, message: Message) -> Case:
    return replace(case, holds=case.holds - {event.lifts})


@effect_of(e.RecordsAppraised)
def records_appraised(case: Case, event: e.RecordsAppraised, message: Message) -> Case:
    to_destroy = event.appraisal is Appraisal.DESTROY
    disposal = Disposal(message.id, event.sections, message.at) if to_destroy else None
    return replace(case, appraised=True, disposal=disposal)


@effect_of(e.ControlAppraised)
def control_appraised(case: Case, event: e.ControlAppraised, message: Message) -> Case:
    control_disposal = Disposal(message.id, frozenset(), message.at, control=True)
    return replace(case, appraised=True, disposal=control_disposal)


@effect_of(e.DestructionApproved)
def destruction_approved(case: Case, event: e.DestructionApproved, message: Message) -> Case:
    disposal = case.disposal
    if disposal is None:
        return case
    known = (*disposal.approvers, (message.by, message.actor))
    return replace(case, disposal=replace(disposal, approvers=known, at=message.at))
