"""The effects of ``domain.rights``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import (
    Case,
    Message,
)
from domain.editions import since_edition
from domain.effects import effect_of
from domain.past.edition_1 import rights as edition_1


@effect_of(e.SubjectAccessRequested)
def access_requested(case: Case, event: e.SubjectAccessRequested, message: Message) -> Case:
    return replace(case, access={**case.access, message.id: event.requester})


@effect_of(e.SubjectAccessDecided)
def access_decided(case: Case, event: e.SubjectAccessDecided, message: Message) -> Case:
    return replace(case, access={a: who for a, who in case.access.items() if a != event.answers})


@effect_of(e.UseStopped)
def use_stopped(case: Case, event: e.UseStopped, message: Message) -> Case:
    return replace(case, stopped=case.stopped | {event.stops})


@effect_of(e.CoercionCheckDone)
@since_edition(2, before=edition_1.coercion_checked)
def coercion_checked(case: Case, event: e.CoercionCheckDone, message: Message) -> Case:
    """It waits for its second person; a check of the same before it, that nobody has confirmed, does so no more."""
    others = {
        check: checked for check, checked in case.unconfirmed_checks.items() if checked != event.answers
    }
    return replace(case, unconfirmed_checks={**others, message.id: event.answers})


@effect_of(e.CoercionCheckConfirmed)
def coercion_check_confirmed(case: Case, event: e.CoercionCheckConfirmed, message: Message) -> Case:
    """Two persons signed it: a consent that is the family's own wish counts from now on. Basis: APPI 78(1)1."""
    others = {check: checked for check, checked in case.unconfirmed_checks.items() if check != event.confirms}
    case = replace(case, unconfirmed_checks=others)
    if event.coerced:
        return case
    confirmed_consents = {
        name: replace(consent, unconfirmed_by_check=None)
        for name, consent in case.consents.items()
        if consent.unconfirmed_by_check == event.answers
    }
    return replace(case, consents={**case.consents, **confirmed_consents})
