"""How much a refused reading weighs to an auditor: who reached for what is not theirs comes before who lacked a paper.

Source: own rule (the weights of refused readings).
"""

from __future__ import annotations

from domain.codes import Section
from domain.reasons import Reason
from projections.audit_rows import Weights

SERIOUS, NOTABLE, FORMAL = 3, 2, 1
PROTECTED = (Section.ADDR, Section.NOTIFIER)
"""One step more: a protected address, and who notified."""
BY_REASON = {
    Reason.NOT_YOURS: SERIOUS,
    Reason.AUDITOR_OPENS_NOTHING: SERIOUS,
    Reason.CONTRACTOR_NOT_COMMISSIONED: SERIOUS,
    Reason.CONTRACTOR_NOT_ASSIGNED: SERIOUS,
    Reason.CONTRACTOR_SUSPENDED: SERIOUS,
    Reason.USE_STOPPED: SERIOUS,
    Reason.CONSENT_WITHDRAWN: NOTABLE,
    Reason.CASE_CLOSED: NOTABLE,
    Reason.ACCESS_EXPIRED: NOTABLE,
    Reason.DESTROYED: NOTABLE,
}
"""What is not named here is formal: a reader with a claim who lacks a condition."""
WEIGHTS = Weights({reason.value: weight for reason, weight in BY_REASON.items()}, tuple(PROTECTED))


def weight_words(weight: int) -> str:
    """A weight in words."""
    return {FORMAL: "軽", NOTABLE: "中", SERIOUS: "重"}.get(weight, "最重")
