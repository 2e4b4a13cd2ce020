"""The effects of ``domain.consent``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import (
    Authority,
    Case,
    Consent,
    Message,
)
from domain.clocks import ClockKind
from domain.effects import effect_of


@effect_of(e.ConsentGiven)
def consent_given(case: Case, event: e.ConsentGiven, message: Message) -> Case:
    unchecked = (ClockKind.COERCION, message.id, message.by, None) in case.clocks
    new_consents = {
        consent: Consent(
            scope=tuple(row for row in event.scope if row.consent == consent),
            given_at=message.at,
            expires_at=event.expires_at,
            unconfirmed_by_check=message.id if unchecked else None,
        )
        for consent in event.consent
    }
    return replace(case, consents={**case.consents, **new_consents})


@effect_of(e.ParentalAuthorityRecorded)
def authority_recorded(case: Case, event: e.ParentalAuthorityRecorded, message: Message) -> Case:
    recorded = Authority(event.states, event.suspended_until)
    if not event.children:
        return replace(case, authority={None: recorded})
    return replace(case, authority={**case.authority, **dict.fromkeys(event.children, recorded)})


@effect_of(e.ConsentWithdrawn)
def consent_withdrawn(case: Case, event: e.ConsentWithdrawn, message: Message) -> Case:
    withdrawn_consents = {
        c: replace(case.consents[c], withdrawn_at=message.at) for c in event.consent if c in case.consents
    }
    return replace(case, consents={**case.consents, **withdrawn_consents})
