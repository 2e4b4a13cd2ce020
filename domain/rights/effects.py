"""The effects of ``domain.rights``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import (
    Case,
    Message,
)
from domain.effects import effect_of


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
def coercion_checked(case: Case, event: e.CoercionCheckDone, message: Message) -> Case:
    if event.coerced:
        return case
    confirmed_consents = {
        name: replace(consent, unconfirmed_by_check=None)
        for name, consent in case.consents.items()
        if consent.unconfirmed_by_check == event.answers
    }
    return replace(case, consents={**case.consents, **confirmed_consents})
