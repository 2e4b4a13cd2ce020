"""The rules of ``domain.consent``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from domain import events as e
from domain.case_offices import offices_of
from domain.context import DecisionContext, Refusal, needs
from domain.reasons import Reason
from domain.rule_table import form_of


@form_of(e.ConsentGiven)
def consent_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)1: exactly what was explained: each consent named has a scope, and nothing else has."""
    event: e.ConsentGiven = context.event
    named = {row.consent for row in event.scope}
    if not event.consent or named != set(event.consent) or not all(row.sections for row in event.scope):
        return Refusal(Reason.CONSENT_SCOPE_WRONG)
    if not _may_record_scope(context, event.scope):
        return Refusal(Reason.CONSENT_SCOPE_WRONG)
    return needs(not named & set(context.case.consents), Reason.CONSENT_EXISTS)


@form_of(e.ConsentRefused)
def refused_consent_form(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)1."""
    return needs(_may_record_scope(context, context.event.requested_scope), Reason.CONSENT_SCOPE_WRONG)


def _may_record_scope(context: DecisionContext, scope: tuple[e.ConsentScope, ...]) -> bool:
    """An agency that has no part in the case yet records consent to its own disclosures only. Basis: APPI 69(2)1, 27(1)."""
    has_part = context.by in context.case.parties | offices_of(context.register, context.case)
    return has_part or all(row.sender == context.by for row in scope)


@form_of(e.ConsentWithdrawn)
def known_consents(context: DecisionContext) -> Refusal | None:
    """Basis: APPI 69(2)1."""
    return needs(
        bool(context.event.consent) and set(context.event.consent) <= set(context.case.consents),
        Reason.NO_CONSENT,
    )
