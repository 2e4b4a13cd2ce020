"""What has to be on record before an act, so that a page says it before somebody fills in a form in vain.

It mirrors rules of the domain by what this agency knows of the case; the hub decides. Where the agency may not know all
(it is no core agency, or took the case over from one), nothing is said to be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from domain import events as e
from domain.codes import EligibilityResult, Role
from domain.reasons import Reason
from gateway.agency.case_state import decides_plan
from gateway.agency.forms.kinds import Form, Message
from gateway.agency.index.case_overview import ENDED


@dataclass(frozen=True)
class CaseProgress:
    """How far the support of a family is, by the messages that this agency knows. ``is_complete``: whether it knows all that
    these are about."""

    status: str | None
    is_complete: bool
    is_assessed: bool
    is_eligible: bool
    has_plan: bool
    has_commenced: bool
    is_consulted: bool
    is_evaluated: bool

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED


@dataclass(frozen=True)
class Prerequisite:
    """What is missing: the reason for which the hub would refuse, and the form that records it; empty where none does."""

    reason: str
    form: str


def case_progress(messages: Iterable[Message], roles: Collection[str], agency: str) -> CaseProgress:
    """``messages``: of the case, oldest first; ``roles``: of this agency."""
    known = [m for m in messages if "fields" in m]
    took_over = any(m["act"] == e.TransferCompleted.TOPIC and agency in m.get("to", ()) for m in known)
    support = known[_last(known, e.CaseReopened.TOPIC) + 1 :]
    phase = support[_last(support, e.SupportCommenced.TOPIC) + 1 :]
    decisions = [m for m in support if m["act"] == e.EligibilityDetermined.TOPIC]
    acts, of_support, of_phase = ({m["act"] for m in some} for some in (known, support, phase))
    return CaseProgress(
        status=next((m["status"] for m in reversed(known) if m.get("status")), None),
        is_complete=Role.CORE.value in roles and not took_over,
        is_assessed=e.IndicatorAssessmentRecorded.TOPIC in acts,
        is_eligible=bool(decisions) and decisions[-1]["fields"]["result"] == EligibilityResult.ELIGIBLE,
        has_plan=any(map(decides_plan, support)),
        has_commenced=e.SupportCommenced.TOPIC in of_support,
        is_consulted=e.ClosingConsultationHeld.TOPIC in of_phase,
        is_evaluated=e.ClosingEvaluationRecorded.TOPIC in of_phase,
    )


def _last(messages: list[Message], act: str) -> int:
    """The place of the last message of this act; -1 where there is none."""
    return max((n for n, m in enumerate(messages) if m["act"] == act), default=-1)


_Check = tuple[Callable[[CaseProgress], bool], Reason, str]
_ASSESSED: _Check = (lambda progress: progress.is_assessed, Reason.NOT_ASSESSED, "assessment")
_ELIGIBLE: _Check = (lambda progress: progress.is_eligible, Reason.NOT_ELIGIBLE, "eligibility")
_PLANNED: _Check = (lambda progress: progress.has_plan, Reason.NO_PLAN, "plan")
_NOT_ENDED: _Check = (lambda progress: not progress.has_ended, Reason.CASE_CLOSED, "reopen")
_REQUIRED: Mapping[str, tuple[_Check, ...]] = {
    "eligibility": (_ASSESSED,),
    "plan": (_ELIGIBLE,),
    "plan-approval": (_ELIGIBLE,),
    "commence": (_NOT_ENDED, _ELIGIBLE, _PLANNED),
    "plan-review": (_PLANNED,),
    "plan-handed": (_PLANNED,),
    "plan-extension": (_PLANNED,),
    "goal": (_PLANNED,),
    "stay": (_NOT_ENDED,),
}
"""Form -> what has to be so before it, in this order; as the ``ready_for`` rules of the domain."""
_HIDDEN: Mapping[str, Callable[[CaseProgress], bool]] = {"reopen": lambda progress: not progress.has_ended}
"""Forms that make no sense now."""


def missing_before(form: Form, progress: CaseProgress) -> Prerequisite | None:
    """What is missing before this act; None where nothing is, as far as this agency knows."""
    if not progress.is_complete:
        return None
    for holds, reason, key in _REQUIRED.get(form.key, ()):
        if not holds(progress):
            return Prerequisite(reason.value, key)
    return None


def is_hidden(form: Form, progress: CaseProgress) -> bool:
    """Whether this act makes no sense in the case as it is."""
    hidden = _HIDDEN.get(form.key)
    return hidden is not None and hidden(progress)


@dataclass(frozen=True)
class Step:
    """A step of the support. ``state``: DONE, NOW (the next one) or LATER."""

    form: str
    text: str
    state: str


def steps_of(progress: CaseProgress) -> list[Step]:
    """The way of a case from the first assessment to its end, for the core agency that knows all of it; else none."""
    if not progress.is_complete:
        return []
    done = (
        ("assessment", "指標評価", progress.is_assessed),
        ("eligibility", "対象決定", progress.is_eligible),
        ("plan", "支援計画", progress.has_plan),
        ("commence", "支援の開始", progress.has_commenced),
        ("closing-consultation", "終結の協議", progress.is_consulted),
        ("evaluation", "支援後評価", progress.is_evaluated),
        ("close", "終結", progress.has_ended),
    )
    first_open = next((n for n, (_, _, is_done) in enumerate(done) if not is_done), len(done))
    if progress.has_ended:
        first_open = len(done)
    return [
        Step(key, text, "DONE" if is_done else "NOW" if n == first_open else "LATER")
        for n, (key, text, is_done) in enumerate(done)
    ]


def in_form_order(forms: Iterable[Form], progress: CaseProgress) -> list[tuple[Form, Prerequisite | None]]:
    """The forms that make sense now, each with what is missing before it; what can be done comes first."""
    rows = [(form, missing_before(form, progress)) for form in forms if not is_hidden(form, progress)]
    return sorted(rows, key=lambda row: row[1] is not None)
