"""Fields of consents: scope, capacity, expiry, and the check for coercion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import as_list, expiry_time, first_given, message_or_last
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
    return {
        "scope": _consent_rows(step, run),
        "capacity": _capacity(d),
        "expires_at": expires,
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
    return named if isinstance(named, str) else "SELF"


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


CONSENT_FIELDS: Mapping[str, FieldBuilder] = {
    "CoercionCheckDone": _coercion_check,
    "ConsentGiven": _consented,
    "ConsentRefused": _consent_refused,
}
