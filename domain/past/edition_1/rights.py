"""Rights in edition 1: of a check for coercion the first person named the second, and a correction could be empty."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.case import Case, Message
from domain.context import DecisionContext, Refusal


def may_be_empty(context: DecisionContext) -> Refusal | None:
    """A correction could state its reason alone, or nothing. Basis: APPI 90, 92."""
    return None


def coercion_checked(case: Case, event: e.CoercionCheckDone, message: Message) -> Case:
    """The check counted at once. Basis: APPI 78(1)1."""
    if event.coerced:
        return case
    confirmed_consents = {
        name: replace(consent, unconfirmed_by_check=None)
        for name, consent in case.consents.items()
        if consent.unconfirmed_by_check == event.answers
    }
    return replace(case, consents={**case.consents, **confirmed_consents})
