"""The events of the family ``visits``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.case_message import Carries, CaseStep, Sender
from domain.clock_kinds import ClockKind
from domain.codes import SupportRole


@dataclass(frozen=True, kw_only=True)
class SupportWorkerAssigned(
    CaseStep,
    topic="support_worker.assigned",
    version=2,
    title="訪問支援者の割当",
    law="guideline 4(1)–4(3)",
    sender=Sender.PRESENT_OR_NEXT_CORE,
    carries=Carries.NEVER,
    starts=(),
    stops=(),
):
    """A visitor is assigned to this case. ``role``: what for, null where not stated."""

    agency: UUID
    worker: str
    qualification: str | None
    role: SupportRole | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["role"] = None


@dataclass(frozen=True, kw_only=True)
class SupportWorkerUnassigned(
    CaseStep,
    topic="support_worker.unassigned",
    title="割当解除",
    law="guideline 4(1)",
    sender=Sender.ANY_CORE,
    carries=Carries.NEVER,
    starts=(),
    stops=(),
):
    """A visitor is no longer assigned to this case."""

    agency: UUID
    worker: str


@dataclass(frozen=True, kw_only=True)
class HomeVisitScheduled(
    CaseStep,
    topic="home_visit.scheduled",
    title="訪問予定",
    law="guideline 4(1)",
    sender=Sender.CORE_OR_CONTRACTOR,
    carries=Carries.MAY,
    starts=(ClockKind.VISIT_REPORT, ClockKind.BUNDLE),
    stops=(),
):
    """A visit is planned. ``planned_on``: the day (JST)."""

    planned_on: date


@dataclass(frozen=True, kw_only=True)
class VisitReportSubmitted(
    CaseStep,
    topic="visit_report.submitted",
    title="訪問報告",
    law="guideline 6(4)[1]",
    sender=Sender.CONTRACTOR,
    carries=Carries.MUST,
    starts=(ClockKind.REPORT, ClockKind.BUNDLE),
    stops=(ClockKind.VISIT_REPORT,),
):
    """A contractor reports a visit. ``child_seen``: the child itself was seen, not only the family."""

    child_seen: bool
    worker: str | None


@dataclass(frozen=True, kw_only=True)
class VisitReportReviewed(
    CaseStep,
    topic="visit_report.reviewed",
    title="訪問報告の確認",
    law="guideline 6(4)[1]",
    sender=Sender.ANY_CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.REPORT,),
):
    """The core agency reviewed a visit report. ``answers``: the report."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class HomeVisitCompleted(
    CaseStep,
    topic="home_visit.completed",
    title="訪問実施",
    law="guideline 6(4)[1]",
    sender=Sender.CONTRACTOR_OR_NEXT_CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.VISIT_REPORT,),
):
    """A visit took place, made by a visitor of the sender. ``child_seen``: the child itself was seen."""

    child_seen: bool
    worker: str


@dataclass(frozen=True, kw_only=True)
class HomeVisitFailed(
    CaseStep,
    topic="home_visit.failed",
    title="訪問不在",
    law="guideline 5(1)[3]",
    sender=Sender.CORE_OR_CONTRACTOR,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.VISIT_REPORT,),
):
    """Nobody was met at a visit."""


@dataclass(frozen=True, kw_only=True)
class HomeVisitRefused(
    CaseStep,
    topic="home_visit.refused",
    title="訪問拒否",
    law="guideline 5(1)[3]",
    sender=Sender.CORE_OR_CONTRACTOR,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.VISIT_REPORT,),
):
    """The family refused the visit; closes nothing by itself."""


@dataclass(frozen=True, kw_only=True)
class ContactAttempted(
    CaseStep,
    topic="contact.attempted",
    title="接触の試み",
    law="guideline 5(1)[3]",
    sender=Sender.CORE_OR_CONTRACTOR,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """Somebody tried to reach the family."""


@dataclass(frozen=True, kw_only=True)
class ContactRefused(
    CaseStep,
    topic="contact.refused",
    title="接触の拒否",
    law="guideline 5(1)[3]",
    sender=Sender.CORE_OR_CONTRACTOR,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The family refused contact; closes nothing by itself."""
