"""What reading in an emergency needs. Basis: APPI 66, 69(2)4; CAPA 7, 8."""

from __future__ import annotations

from domain.case import APPROVERS, core_file
from domain.clocks import ClockKind
from domain.context import Asking, Refusal, is_authority, needs
from domain.events import (
    BasisOverrideApproved,
    BasisOverrideRequested,
    EmergencyAccessApproved,
    EmergencyAccessRequested,
    EmergencyAccessReviewed,
)
from domain.reasons import Reason
from domain.visibility import AUTHOR_ONLY, CLOSELY_KEPT


def emergency_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 69(2)4; CAPA 7: why, what else was thought of, and nothing that the matrix never gives."""
    fact: EmergencyAccessRequested = asking.fact
    if fact.reason is None or not fact.alternatives:
        return Refusal(Reason.REASON_MISSING)
    roles = asking.register.agencies[asking.by].roles
    never = frozenset.intersection(*(frozenset(asking.book["never"].get(r, ())) for r in roles))
    if fact.sections & (CLOSELY_KEPT | AUTHOR_ONLY) or fact.sections & never:
        return Refusal(Reason.NEVER_FOR_ROLE, asking.by)
    if asking.case.core not in fact.to:
        return Refusal(Reason.OWNER_NOT_TOLD)
    return needs(any(core_file(asking.case, fact.sections)), Reason.NOTHING_TO_OPEN)


def approval_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 69(2)4: two other persons, of the asking agency or of an authority, and no more than two."""
    fact: EmergencyAccessApproved = asking.fact
    request = asking.case.messages.get(fact.approves)
    if request is None or not isinstance(request.fact, EmergencyAccessRequested):
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if asking.by != request.by and not is_authority(asking, asking.by):
        return Refusal(Reason.NOT_AN_AUTHORITY)
    known = asking.case.approvals.get(fact.approves, ())
    if len(known) >= APPROVERS:
        return Refusal(Reason.ALREADY_ANSWERED)
    me = (asking.by, asking.actor)
    return needs(me != (request.by, request.actor) and me not in known, Reason.SECOND_PERSON_MISSING)


def look_back_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 66: another agency than the one that read looks at it, once."""
    fact: EmergencyAccessReviewed = asking.fact
    request = asking.case.messages.get(fact.answers)
    open_ones = {message for kind, message, _ in asking.case.clocks if kind is ClockKind.LOOK_BACK}
    if request is None or fact.answers not in open_ones:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(request.by != asking.by, Reason.OWN_REVIEW)


def override_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 69(2)4: why, what else was thought of, for whom and what; and only what the book lets be overridden."""
    fact: BasisOverrideRequested = asking.fact
    if fact.reason is None or not fact.alternatives:
        return Refusal(Reason.REASON_MISSING)
    if not any(row["code"] == fact.code and "OVERRIDE" in row["needs"] for row in asking.book["bases"]):
        return Refusal(Reason.BASIS_UNKNOWN)
    if fact.to:
        return Refusal(Reason.RECIPIENTS_WRONG)
    return needs(bool(fact.recipients) and bool(fact.sections), Reason.NO_SECTIONS)


def override_approval_form(asking: Asking) -> Refusal | None:
    """Basis: APPI 69(2)4; own rule: two other persons of the agency that would tell, and no more than two."""
    fact: BasisOverrideApproved = asking.fact
    request = asking.case.messages.get(fact.approves)
    if request is None or not isinstance(request.fact, BasisOverrideRequested) or request.by != asking.by:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    known = asking.case.approvals.get(fact.approves, ())
    if len(known) >= APPROVERS:
        return Refusal(Reason.ALREADY_ANSWERED)
    me = (asking.by, asking.actor)
    return needs(me != (request.by, request.actor) and me not in known, Reason.SECOND_PERSON_MISSING)
