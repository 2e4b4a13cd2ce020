"""Fields of consents: scope, capacity, expiry, and the check for coercion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import (
    as_list,
    day_text,
    expiry_time,
    first_given,
    message_or_last,
)
from gateway.rehearsal.scenario.story import PERSON, Step


def _consent_rows(step: Step, run: RunContext) -> list[dict[str, Any]]:
    """The rows of a consent. A row without consent or sender is of the step's consents and author."""
    author = step.to[0] if step.by == PERSON else step.by
    return [
        {
            "consent": str(run.consent_of(consent)),
            "sender": str(run.id_of(row.get("sender") or row.get("from") or author)),
            "recipient": str(run.id_of(recipient)),
            "sections": sorted(as_list(row.get("sections") or row.get("categories"))),
        }
        for row in _scope_rows(step.details)
        for consent in as_list(row.get("consent") or step.consent)
        for recipient in as_list(row.get("recipient") or row.get("recipients") or row.get("to"))
    ]


def _consented(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    expiry_values = [_expiry_value(of) for of in (d, *_scope_rows(d))]
    expires = min((expiry_time(end) for end in expiry_values if end is not None), default=None)
    capacity = _capacity(d)
    if expires is None and capacity not in _OWN:  # a story need not say when the child is of age
        expires = expiry_time((step.at + _UNTIL_OF_AGE).date())
    return {
        "scope": _consent_rows(step, run),
        "capacity": capacity,
        "expires_at": expires,
        "given_by": sorted(_parents(d)),
        "sole_holder": _is_sole_holder(d),
        "reason": first_given(d, "reason", "joint_reason", "reason_alone", "why_alone", "sole_reason"),
    }


def split_by_expiry(step: Step) -> list[Step]:
    """A step that gives several consents, as one step each where they expire at different times."""
    rows = [row for row in _scope_rows(step.details) if isinstance(row, Mapping)]
    rows_by_consent = {
        c: [r for r in rows if c in as_list(r.get("consent") or step.consent)] for c in step.consent
    }
    expiry_values = {str([_expiry_value(row) for row in of][:1]) for of in rows_by_consent.values()}
    if len(expiry_values) < 2:
        return [step]
    return [
        replace(step, consent=(c,), details={**step.details, "scope": of})
        for c, of in rows_by_consent.items()
    ]


def _scope_rows(details: Mapping[str, Any]) -> list[Any]:
    scope = details.get("scope") or []
    return [scope] if isinstance(scope, Mapping) else list(scope)


_EXPIRY_KEYS = (
    *("expires_at", "expires_on", "expires", "valid_until", "valid_to", "until"),
    *("period_until", "ends_on", "end"),
)


def _expiry_value(named: Mapping[str, Any]) -> Any:
    """When a consent, or a row of it, expires: by a key of its own or of its period."""
    period = first_given(named, "period", "validity")
    return first_given({**(period if isinstance(period, Mapping) else {}), **named}, *_EXPIRY_KEYS)


def _capacity(details: Mapping[str, Any]) -> str:
    """The capacity of whoever consented: GUARDIANS_JOINTLY for several persons, SELF where none is given."""
    named = first_given(details, "capacity", "given_by")
    if isinstance(named, list):
        return "GUARDIANS_JOINTLY" if len(named) > 1 else str(named[0])
    named = details.get("capacity", "SELF")
    if not isinstance(named, str):
        return "SELF"
    if named in _SOLE:
        return "GUARDIAN"
    if named not in _OWN and any(details.get(key) for key in _SECOND_KEYS):
        return "GUARDIANS_JOINTLY"
    return named


_OWN = frozenset({"SELF", "SUBJECT", "PERSON", "CHILD", "CAREGIVER", "PREGNANT_MINOR", "本人"})
_UNTIL_OF_AGE = timedelta(days=17 * 365)
_PARENTS: Mapping[str, tuple[str, ...]] = {
    "MOTHER": ("MOTHER", "母"),
    "FATHER": ("FATHER", "父"),
    "ADOPTIVE_MOTHER": ("ADOPTIVE_MOTHER", "養母"),
    "ADOPTIVE_FATHER": ("ADOPTIVE_FATHER", "養父"),
}
_SOLE = frozenset(
    {"SOLE", "SOLE_GUARDIAN", "SINGLE", "SINGLE_GUARDIAN", "SOLE_HOLDER", "単独", "単独親権", "単独親権者"}
)
_SOLE_KEYS = ("sole_holder", "sole", "single_holder", "sole_guardian", "sole_authority", "only_holder")
_SECOND_KEYS = (
    *("second_guardian", "second_consents", "second_consent", "second_holder", "second"),
    *("other_guardian", "other_holder", "other_consents", "other_consent", "both", "jointly", "joint"),
)


def _parents(details: Mapping[str, Any]) -> set[str]:
    """Which parents gave it, where the story says so."""
    named = {*as_list(details.get("given_by")), *as_list(details.get("capacity"))}
    return {code for code, words in _PARENTS.items() if named & set(words)}


def _is_sole_holder(details: Mapping[str, Any]) -> bool:
    """Whether whoever consents states to have parental authority alone."""
    stated = any(details.get(key) is True for key in _SOLE_KEYS)
    named = {str(details.get(key)) for key in ("capacity", "authority", "custody", "parental_authority")}
    return stated or bool(named & _SOLE)


def _authority_recorded(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "states": dict(d.get("states") or {}),
        "suspended_until": day_text(first_given(d, "suspended_until", "until")),
    }


def _consent_refused(step: Step, run: RunContext) -> dict[str, Any]:
    return {"requested_scope": _consent_rows(step, run)}


def _coercion_check(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    n = d.get("answers", d.get("about"))
    requested_events = ("SubjectAccessRequested", "ConsentGiven")
    return {
        "answers": message_or_last(run, step, n, *requested_events),
        "second": d.get("second", "staff.second"),
        "coerced": bool(d.get("coerced", False)),
    }


def _coercion_confirmation(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "answers": message_or_last(run, step, d.get("answers"), "SubjectAccessRequested", "ConsentGiven"),
        "confirms": message_or_last(run, step, d.get("confirms"), "CoercionCheckDone"),
        "coerced": bool(d.get("coerced", False)),
    }


CONSENT_FIELDS: Mapping[str, FieldBuilder] = {
    "CoercionCheckConfirmed": _coercion_confirmation,
    "CoercionCheckDone": _coercion_check,
    "ConsentGiven": _consented,
    "ConsentRefused": _consent_refused,
    "ParentalAuthorityRecorded": _authority_recorded,
}
