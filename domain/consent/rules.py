"""The rules of ``domain.consent``: what its messages have to state, and what has to be recorded before them."""

from __future__ import annotations

from datetime import timedelta

from domain import events as e
from domain.calendar import day_of, months_later
from domain.case_offices import offices_of
from domain.codes import PARENTS_CAPACITIES, AuthorityState, ConsentCapacity, Role
from domain.context import DecisionContext, Refusal, needs
from domain.editions import since_edition
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
    if named & set(context.case.consents):
        return Refusal(Reason.CONSENT_EXISTS)
    return _may_represent(context)


LONGEST = timedelta(days=19 * 366)
"""The youngest for whom somebody consents is not born yet, and of age in less than 19 years. Basis: 民法4条."""


def _anybody_represents(context: DecisionContext) -> Refusal | None:
    """Edition 1 did not ask who represents a child."""
    return None


@since_edition(2, before=_anybody_represents)
def _may_represent(context: DecisionContext) -> Refusal | None:
    """Who consents for a child may do so, and until it is of age at most. Control knows no birth: whoever records it
    names the last day. Basis: 民法4条, 818条, 824条の2, 834条, 838条; CWA 33-2."""
    event: e.ConsentGiven = context.event
    if event.capacity is ConsentCapacity.SELF:
        return None
    if event.expires_at is None or event.expires_at > context.now + LONGEST:
        return Refusal(Reason.CONSENT_END_MISSING)
    if event.capacity in PARENTS_CAPACITIES:
        return _parents_hold_authority(context) or _both_parents(context)
    return _acts_for_parents(context)


def _parents_hold_authority(context: DecisionContext) -> Refusal | None:
    """A parent whose authority is suspended or lost represents nobody. Basis: 民法834条, 834条の2."""
    given_by = context.event.given_by
    for authority in context.case.authorities(context.event.children):
        holders = authority.holders(day_of(context.now))
        if not holders or given_by - holders:
            return Refusal(Reason.AUTHORITY_NOT_HELD)
        if not given_by and holders != set(authority.states):
            return Refusal(Reason.GIVER_MISSING)
    return None


def _both_parents(context: DecisionContext) -> Refusal | None:
    """Both who have parental authority consent, or it is recorded why one does. Basis: 民法824条の2."""
    event: e.ConsentGiven = context.event
    since = context.rule_book.get("since", {}).get("joint_authority")
    if since is None or day_of(context.now).isoformat() < since:
        return None
    if event.capacity is ConsentCapacity.GUARDIANS_JOINTLY or event.reason is not None:
        return None
    known = context.case.authorities(event.children)
    if not known:
        return needs(event.sole_holder, Reason.OTHER_GUARDIAN_MISSING)
    alone = all(len(authority.holders(day_of(context.now))) == 1 for authority in known)
    return needs(alone, Reason.OTHER_GUARDIAN_MISSING)


def _acts_for_parents(context: DecisionContext) -> Refusal | None:
    """A guardian of a minor, the head of a child guidance centre or of an institution represents a child over which no
    parent has authority. Basis: 民法838条; CWA 33-2."""
    by = context.register.agencies[context.by]
    if context.event.capacity is ConsentCapacity.CGC_DIRECTOR and Role.CGC not in by.roles:
        return Refusal(Reason.NOT_A_CGC)
    on = day_of(context.now)
    held = any(authority.holders(on) for authority in context.case.authorities(context.event.children))
    return needs(not held, Reason.AUTHORITY_WITH_PARENTS)


@form_of(e.ParentalAuthorityRecorded)
def authority_form(context: DecisionContext) -> Refusal | None:
    """Basis: 民法818条, 834条の2: it is stated of somebody; a suspension ends, after two years at most."""
    event: e.ParentalAuthorityRecorded = context.event
    suspended = AuthorityState.SUSPENDED in event.states.values()
    if not event.states or suspended != (event.suspended_until is not None):
        return Refusal(Reason.AUTHORITY_INCOMPLETE)
    latest = months_later(day_of(context.now), 24)
    within = event.suspended_until is None or event.suspended_until <= latest
    return needs(within, Reason.AUTHORITY_INCOMPLETE)


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
