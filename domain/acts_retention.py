"""What keeping and destroying a case's records needs. Basis: APPI 61, 66, 98; CAPA 4(5); own rules."""

from __future__ import annotations

from domain.case import APPROVERS
from domain.codes import Appraisal, RetentionPolicy
from domain.context import Asking, Refusal, any_core, is_authority, needs
from domain.events import DestructionApproved, LegalHoldLifted, LegalHoldPlaced, RetentionPolicyAssigned
from domain.reasons import Reason
from domain.retention import content_left, expires_at


def policy_form(asking: Asking) -> Refusal | None:
    """Basis: own rule: an age needs its day, and nothing else has one."""
    fact: RetentionPolicyAssigned = asking.fact
    fits = (fact.until is not None) is (fact.policy is RetentionPolicy.CHILD_AGE)
    return needs(fits, Reason.RETENTION_DAY_WRONG)


def holder(asking: Asking) -> Refusal | None:
    """Basis: CAPA 4(5): an office of the municipality or the child guidance centre."""
    return needs(is_authority(asking, asking.by), Reason.NOT_AN_AUTHORITY)


def lift_form(asking: Asking) -> Refusal | None:
    """Basis: own rule: who placed a hold lifts it."""
    fact: LegalHoldLifted = asking.fact
    placed = asking.case.messages.get(fact.lifts)
    if placed is None or not isinstance(placed.fact, LegalHoldPlaced) or fact.lifts not in asking.case.holds:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    return needs(placed.by == asking.by, Reason.NOT_THE_SENDER)


def appraisal_ready(asking: Asking) -> Refusal | None:
    """Basis: own rule (公文書管理条例): what has expired is looked at before it goes; a hold comes first."""
    expiry = expires_at(asking.case, asking.book["policy"])
    if expiry is None or asking.now < expiry:
        return Refusal(Reason.NOT_EXPIRED)
    if asking.case.holds:
        return Refusal(Reason.LEGAL_HOLD)
    named = bool(asking.fact.sections) is (asking.fact.appraisal is Appraisal.DESTROY)
    return needs(named, Reason.NO_SECTIONS)


def control_ready(asking: Asking) -> Refusal | None:
    """Basis: own rule: control outlives content: it goes after all of it, and under the same conditions."""
    expiry = expires_at(asking.case, asking.book["policy"])
    if expiry is None or asking.now < expiry:
        return Refusal(Reason.NOT_EXPIRED)
    if asking.case.holds:
        return Refusal(Reason.LEGAL_HOLD)
    return needs(not content_left(asking.register, asking.case), Reason.CONTENT_LEFT)


def destruction_form(asking: Asking) -> Refusal | None:
    """Basis: own rule (二人の承認): two other persons of the agency that appraised it; never while it is held."""
    fact: DestructionApproved = asking.fact
    now = asking.case.disposal
    if now is None or now.appraisal != fact.approves:
        return Refusal(Reason.UNKNOWN_MESSAGE)
    if asking.case.holds:
        return Refusal(Reason.LEGAL_HOLD)
    if len(now.approvers) >= APPROVERS:
        return Refusal(Reason.ALREADY_ANSWERED)
    appraiser = asking.case.messages[now.appraisal]
    others = (asking.by, asking.actor) not in {(appraiser.by, appraiser.actor), *now.approvers}
    return needs(others and asking.by == appraiser.by, Reason.SECOND_PERSON_MISSING)


keeper = any_core
"""A core agency that is or was responsible keeps the case. Basis: guideline 3(1)."""
