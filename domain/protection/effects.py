"""The effects of ``domain.protection``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from domain import events as e
from domain.case import AddressApproval, Case, Message
from domain.effects import effect_of


@effect_of(e.ProtectedAddressRegistered)
def address_protected(case: Case, event: e.ProtectedAddressRegistered, message: Message) -> Case:
    return replace(case, protections={**case.protections, message.id: event.until or date.max})


@effect_of(e.AddressProtectionEnded)
def address_protection_ended(case: Case, event: e.AddressProtectionEnded, message: Message) -> Case:
    """What others registered for the same family goes on."""
    return replace(case, protections={m: u for m, u in case.protections.items() if m != event.ends})


@effect_of(e.AddressDisclosureApproved)
def address_disclosure_approved(case: Case, event: e.AddressDisclosureApproved, message: Message) -> Case:
    """From now on, for some hours by the rule book, it may be sent. Basis: APPI 69(2) proviso."""
    request = case.messages.get(event.approves)
    if request is None or not isinstance(request.event, e.AddressDisclosureRequested):
        return case
    drafted = request.event
    approval = AddressApproval(request.by, drafted.recipients, drafted.sections, message.at)
    return replace(case, address_approvals={**case.address_approvals, request.id: approval})
