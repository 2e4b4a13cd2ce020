"""The events of the family ``support``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseStep, Sender
from domain.children import SpeaksOfChildren, all_children_before
from domain.clock_kinds import ClockKind
from domain.codes import (
    Body,
    EligibilityResult,
    FamilyService,
    Housekeeping,
    IndicatorValue,
    Involvement,
    PlanAgreement,
    PlanContent,
    PlanHandover,
    PlanMaker,
    PlanPart,
    Route,
    SupportNeed,
    SupportType,
    TargetClass,
)
from domain.event import STRICT


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What of a plan the rules need to know; its words are sealed in PLAN.

    Dates are days in Japan. ``parts``: which of the five parts the sealed plan has, as the sender's
    door declares. ``target_months`` and ``short_term_months`` belong to the mid-term type. ``housekeeping``:
    whether help with it has a goal of its own, null where the plan has none. ``made_by``: who made it together;
    ``services``: which of the six kinds of help it has; ``agreement``: what the family said, on ``explained_on``; null in
    plans of earlier versions. A plan's version is the message that decided it.
    """

    __pydantic_config__ = STRICT

    plan_from: date
    plan_until: date | None
    content: PlanContent
    parts: frozenset[PlanPart]
    target_months: int | None
    short_term_months: int | None
    review_due_on: date | None
    visits_per_week: int | None
    housekeeping: Housekeeping | None
    made_by: frozenset[PlanMaker]
    services: frozenset[FamilyService]
    explained_on: date | None
    agreement: PlanAgreement | None


def _plan_v1_v2(state: dict[str, Any]) -> None:
    """A plan of version 1 has no housekeeping."""
    if state["plan"] is not None:
        state["plan"]["housekeeping"] = None


def _plan_v2_v3(state: dict[str, Any]) -> None:
    """A plan of earlier versions does not say who made it, which services it has, and what the family said."""
    if state["plan"] is not None:
        state["plan"] |= {"made_by": [], "services": [], "explained_on": None, "agreement": None}


@dataclass(frozen=True, kw_only=True)
class InvolvedAgency:
    """One 関与機関: 機関名, 担当者, 経過. Names are sealed under BASIC; this is what of them is a code.

    ``agency``: its reference, null where it has no door here; ``body``: what it is in law; ``contact_named``: whether the
    sealed text names its 担当者.
    """

    __pydantic_config__ = STRICT

    agency: UUID | None
    body: Body | None
    involvement: Involvement
    contact_named: bool


@dataclass(frozen=True, kw_only=True)
class IndicatorAssessmentRecorded(
    CaseStep,
    SpeaksOfChildren,
    topic="indicator_assessment.recorded",
    version=3,
    title="指標評価",
    law="guideline 6(2)[2]",
    actor=Actor.ANYONE,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT,),
):
    """Every item of a named edition of the list of indicators was answered.

    ``route``, ``involved``: 関与機関または経路; ``home_visit_report``: what the report of the 乳児家庭全戸訪問 says, null
    where there is none. A protective item is answered like any other: NO_CONCERN means that the strength is there.
    """

    indicator_set: str
    indicators: dict[str, IndicatorValue]
    route: Route | None
    involved: tuple[InvolvedAgency, ...]
    home_visit_report: SupportNeed | None

    upcast_v1_v2 = staticmethod(all_children_before)

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        """Earlier versions had no place for them."""
        state |= {"route": None, "involved": [], "home_visit_report": None}


@dataclass(frozen=True, kw_only=True)
class EligibilityDetermined(
    CaseStep,
    SpeaksOfChildren,
    topic="eligibility.determined",
    version=2,
    title="対象決定",
    law="guideline 2, 6(2)[1]",
    actor=Actor.PERSON,
    sender=Sender.DECIDES_ELIGIBILITY,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT,),
):
    """The core agency decides whether the family is supported; «no» is a decision too.

    ``discharge_on``: end of residential or foster care, required by TC4.
    """

    result: EligibilityResult
    target_classes: frozenset[TargetClass]
    support_type: SupportType | None
    discharge_on: date | None

    upcast_v1_v2 = staticmethod(all_children_before)


@dataclass(frozen=True, kw_only=True)
class SupportTypeDecided(
    CaseStep,
    topic="support_type.decided",
    version=2,
    title="類型決定",
    law="guideline 5(2)",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(ClockKind.SPECIALIST,),
    stops=(),
):
    """The type of support is decided. ``specialist_needed``: specialist help is to be linked."""

    support_type: SupportType
    specialist_needed: bool

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["specialist_needed"] = False


@dataclass(frozen=True, kw_only=True)
class SupportTypeChanged(
    CaseStep,
    topic="support_type.changed",
    title="類型変更",
    law="guideline 5(2)",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The type of support changes, with a reason."""

    support_type: SupportType


@dataclass(frozen=True, kw_only=True)
class SupportPlanFormulated(
    CaseStep,
    topic="support_plan.formulated",
    version=3,
    title="計画策定",
    law="guideline 6(3)[1]; CWA 10(1)4",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MUST,
    starts=(),
    stops=(ClockKind.BUNDLE,),
):
    """The core agency decides a plan of its own."""

    plan: Plan

    upcast_v1_v2 = staticmethod(_plan_v1_v2)
    upcast_v2_v3 = staticmethod(_plan_v2_v3)


@dataclass(frozen=True, kw_only=True)
class SupportPlanProposed(
    CaseStep,
    topic="support_plan.proposed",
    title="計画案",
    law="guideline 6(3)[1], 9(1)[3]",
    actor=Actor.ANYONE,
    sender=Sender.FULL_CONTRACTOR,
    carries=Carries.MUST,
    starts=(),
    stops=(),
):
    """A contractor that has the whole programme drafts a plan."""


@dataclass(frozen=True, kw_only=True)
class SupportPlanApproved(
    CaseStep,
    topic="support_plan.approved",
    version=3,
    title="計画承認",
    law="guideline 6(3)[1]",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.BUNDLE,),
):
    """The core agency decides a proposed plan."""

    approves: UUID
    plan: Plan

    upcast_v1_v2 = staticmethod(_plan_v1_v2)
    upcast_v2_v3 = staticmethod(_plan_v2_v3)


@dataclass(frozen=True, kw_only=True)
class SupportPlanHandedOver(
    CaseStep,
    topic="support_plan_handed.over",
    version=2,
    title="計画の手交",
    law="guideline 6(3)[1]; CWA 10(1)4",
    actor=Actor.ANYONE,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The family was given its plan, or it is on record why not. ``handed_on``: the day, null in version 1.

    ``handover``: how, null in version 1; ``agreement``: what the family said, null where it did not say.
    """

    handed_on: date | None
    handover: PlanHandover | None
    agreement: PlanAgreement | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state |= {"handed_on": None, "handover": None, "agreement": None}


@dataclass(frozen=True, kw_only=True)
class SupportCommenced(
    CaseStep,
    topic="support.commenced",
    version=3,
    title="支援開始",
    law="guideline 6(3)[1], 6(3)[4]",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT, ClockKind.BUNDLE),
):
    """Support, or a new phase of it, begins. Where it carries PLAN it decides the plan of the new phase.

    ``target_classes``: the family's classes from this phase on, null where they stay.
    """

    plan: Plan | None
    target_classes: frozenset[TargetClass] | None

    upcast_v1_v2 = staticmethod(_plan_v1_v2)
    upcast_v2_v3 = staticmethod(_plan_v2_v3)


@dataclass(frozen=True, kw_only=True)
class PlanReviewed(
    CaseStep,
    topic="plan.reviewed",
    title="計画見直し",
    law="guideline 6(3)[5]",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The plan was reviewed."""


@dataclass(frozen=True, kw_only=True)
class PlanExtended(
    CaseStep,
    topic="plan.extended",
    title="期間延長",
    law="guideline 6(3)[4]",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The plan's last day is postponed, with a reason. ``plan_until``: the new last day."""

    plan_until: date


@dataclass(frozen=True, kw_only=True)
class ShortTermGoalEvaluated(
    CaseStep,
    topic="short_term_goal.evaluated",
    title="短期目標評価",
    law="guideline 6(3)[5]",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The short-term goal was evaluated; this counts as a review."""


@dataclass(frozen=True, kw_only=True)
class SpecialistServiceLinked(
    CaseStep,
    topic="specialist_service.linked",
    version=2,
    title="専門サービス接続",
    law="guideline 5(2)[1]",
    actor=Actor.ANYONE,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.SPECIALIST,),
):
    """The family was connected to a specialist agency.

    ``answers``: the decision on the type of support that asked for it, null: the oldest that is open.
    """

    answers: UUID | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["answers"] = None


@dataclass(frozen=True, kw_only=True)
class OtherSupportCoordinated(
    CaseStep,
    topic="other_support.coordinated",
    title="他支援連絡調整",
    law="guideline 3(1), 5(1)[4]",
    actor=Actor.ANYONE,
    sender=Sender.OFFICE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """Support by others was coordinated with this one."""


@dataclass(frozen=True, kw_only=True)
class RoleDivisionConfirmed(
    CaseStep,
    topic="role_division.confirmed",
    title="役割分担確認",
    law="guideline 4(2), 6(4)[1]",
    actor=Actor.ANYONE,
    sender=Sender.CORE_OR_CONTRACTOR,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """The division of roles was confirmed."""


@dataclass(frozen=True, kw_only=True)
class FollowUpProvided(
    CaseStep,
    topic="follow_up.provided",
    title="フォロー",
    law="guideline 6(4)[1], 7(2)",
    actor=Actor.ANYONE,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
):
    """Family or visitor was followed up."""
