"""The events of the family ``visits``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseStep, Sender
from domain.children import SpeaksOfChildren, all_children_before
from domain.clock_kinds import ClockKind
from domain.codes import SupportRole


def _no_visit_named(state: dict[str, Any]) -> None:
    """Earlier versions did not say of which planned visit it was."""
    state["visit"] = None


@dataclass(frozen=True, kw_only=True)
class SupportWorkerAssigned(
    CaseStep,
    topic="support_worker.assigned",
    version=2,
    title="訪問支援者の割当",
    law="guideline 4(1)–4(3)",
    actor=Actor.PERSON,
    sender=Sender.ASSIGNING_CORE,
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
    actor=Actor.PERSON,
    sender=Sender.UNASSIGNING_CORE,
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
    version=2,
    title="訪問予定",
    law="guideline 4(1)",
    actor=Actor.ANYONE,
    sender=Sender.CORE_OR_CONTRACTOR,
    carries=Carries.MAY,
    starts=(ClockKind.VISIT_REPORT, ClockKind.BUNDLE),
    stops=(ClockKind.VISIT_REPORT,),
):
    """A visit is planned. ``planned_on``: the day (JST); ``replaces``: the plan that it postpones, null where none."""

    planned_on: date
    replaces: UUID | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["replaces"] = None


@dataclass(frozen=True, kw_only=True)
class VisitReportSubmitted(
    CaseStep,
    SpeaksOfChildren,
    topic="visit_report.submitted",
    version=4,
    title="訪問報告",
    law="guideline 6(4)[1]",
    actor=Actor.ANYONE,
    sender=Sender.CONTRACTOR,
    carries=Carries.MUST,
    starts=(ClockKind.REPORT, ClockKind.BUNDLE),
    stops=(ClockKind.VISIT_REPORT,),
):
    """A contractor reports a visit. ``child_seen``: the child itself was seen, not only the family.

    ``visit``: the plan of this visit, null where it was not planned. ``support_plan``: the version of the support plan on
    which it rests: the message that decided it, or that brought it to the sender; null where it rests on none.
    """

    child_seen: bool
    worker: str | None
    visit: UUID | None
    support_plan: UUID | None

    upcast_v1_v2 = staticmethod(all_children_before)
    upcast_v2_v3 = staticmethod(_no_visit_named)

    @staticmethod
    def upcast_v3_v4(state: dict[str, Any]) -> None:
        state["support_plan"] = None


@dataclass(frozen=True, kw_only=True)
class VisitReportReviewed(
    CaseStep,
    topic="visit_report.reviewed",
    title="訪問報告の確認",
    law="guideline 6(4)[1]",
    actor=Actor.PERSON,
    sender=Sender.REVIEWING_CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.REPORT,),
):
    """The core agency reviewed a visit report. ``answers``: the report."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class HomeVisitCompleted(
    CaseStep,
    SpeaksOfChildren,
    topic="home_visit.completed",
    version=3,
    title="訪問実施",
    law="guideline 6(4)[1]",
    actor=Actor.ANYONE,
    sender=Sender.CONTRACTOR_OR_NEXT_CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.VISIT_REPORT,),
):
    """A visit took place, made by a visitor of the sender. ``child_seen``: the child itself was seen.

    ``visit``: the plan of this visit, null where it was not planned.
    """

    child_seen: bool
    worker: str
    visit: UUID | None

    upcast_v1_v2 = staticmethod(all_children_before)
    upcast_v2_v3 = staticmethod(_no_visit_named)


@dataclass(frozen=True, kw_only=True)
class HomeVisitFailed(
    CaseStep,
    topic="home_visit.failed",
    version=2,
    title="訪問不在",
    law="guideline 5(1)[3]",
    actor=Actor.ANYONE,
    sender=Sender.CORE_OR_CONTRACTOR,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.VISIT_REPORT,),
):
    """Nobody was met at a visit. ``visit``: the plan of this visit, null where it was not planned."""

    visit: UUID | None

    upcast_v1_v2 = staticmethod(_no_visit_named)


@dataclass(frozen=True, kw_only=True)
class HomeVisitRefused(
    CaseStep,
    topic="home_visit.refused",
    version=2,
    title="訪問拒否",
    law="guideline 5(1)[3]",
    actor=Actor.ANYONE,
    sender=Sender.CORE_OR_CONTRACTOR,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.VISIT_REPORT,),
):
    """The family refused the visit; closes nothing by itself.

    ``visit``: the plan of this visit, null where it was not planned.
    """

    visit: UUID | None

    upcast_v1_v2 = staticmethod(_no_visit_named)


@dataclass(frozen=True, kw_only=True)
class ContactAttempted(
    CaseStep,
    topic="contact.attempted",
    title="接触の試み",
    law="guideline 5(1)[3]",
    actor=Actor.ANYONE,
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
    actor=Actor.ANYONE,
    sender=Sender.CORE_OR_CONTRACTOR,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The family refused contact; closes nothing by itself."""
