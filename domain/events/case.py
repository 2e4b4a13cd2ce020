"""What happens in a case. Every event here is one message of one agency, with its sealed items by reference.

No name, address or free text of a person: codes, dates, parties and references only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from domain.codes import (
    ClosingReason,
    ConsentCapacity,
    EligibilityResult,
    Flag,
    Housekeeping,
    IndicatorValue,
    NetworkStanding,
    PlanContent,
    PlanPart,
    Purpose,
    Section,
    SubjectConsent,
    SupportRole,
    SupportType,
    TargetClass,
)
from domain.events.base import STRICT, Event, Kind


@dataclass(frozen=True, kw_only=True)
class Item:
    """One sealed piece of one section of a message; what is inside is known to its readers' doors alone.

    ``keyed``: the agencies for whom the author's frame brought a wrapped key of its key.
    """

    __pydantic_config__ = STRICT

    item: UUID
    section: Section
    flags: frozenset[Flag]
    keyed: frozenset[UUID]


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where a case belongs: its network and the core agency responsible for it."""

    __pydantic_config__ = STRICT

    network: UUID
    core: UUID


@dataclass(frozen=True, kw_only=True)
class CaseMessage(Event):
    """One message in a case. ``message`` everywhere means the ``command_id`` of its record.

    ``to``: addressees (agencies), empty where it is recorded inside the sender's own file.
    ``basis``: the lawful basis for each addressee. ``consent``: the consents it rests on.
    ``reason``: the code of a reason where a rule asks for one.
    ``held``: addressees for whom it waits because they are suspended. ``placed``: set by the hub where
    this message settles which network and core agency the case belongs to.
    """

    ON = Kind.CASE
    HUB_FIELDS = frozenset({"items", "held", "placed"})

    to: frozenset[UUID]
    basis: dict[UUID, str]
    consent: frozenset[UUID]
    purpose: Purpose
    reason: str | None
    items: tuple[Item, ...]
    held: frozenset[UUID]
    placed: Placed | None


# --- learning of a family ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FamilyInformationProvided(CaseMessage, topic="family_information.provided"):
    """情報提供: an agency tells the municipality of a family that may need support.

    ``subject_consent``: whether the person agreed; a refusal does not bar it. ``weeks_pregnant``: null
    where not said. ``indicators``: those the sender already noticed.
    Basis: CWA 21-10-5; guideline 6(1)[1]ア.
    """

    subject_consent: SubjectConsent
    weeks_pregnant: int | None
    indicators: dict[str, IndicatorValue]


@dataclass(frozen=True, kw_only=True)
class ProgrammeNotificationReceived(CaseMessage, topic="programme_notification.received"):
    """児相等からの通知: a family for whom this programme is thought fit.

    Basis: CWA 26(1)8; guideline 6(1)[1]イ.
    """


@dataclass(frozen=True, kw_only=True)
class ReferralAcknowledged(CaseMessage, topic="referral.acknowledged"):
    """受領確認: the referral named in ``answers`` has arrived with us. Basis: own rule (受領確認)."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class ReferralRead(CaseMessage, topic="referral.read"):
    """閲読: a named person of ours has read the referral. Basis: own rule (閲読の記録)."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class InformationRequested(CaseMessage, topic="information.requested"):
    """照会: what do you know of this family? ``due_on``: by which day (JST). Basis: guideline 6(1)[2]; CWA 25-3(1)."""

    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class InformationRequestAnswered(CaseMessage, topic="information_request.answered"):
    """回答. Basis: CWA 25-3(2); guideline 6(1)[2]."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class InformationRequestDeclined(CaseMessage, topic="information_request.declined"):
    """不回答, with its reason. Basis: CWA 25-3(2); guideline 6(1)[2]."""

    answers: UUID


# --- the network --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class NetworkCaseRegistrationRequested(CaseMessage, topic="network_case_registration.requested"):
    """要対協への登録の求め. Basis: CWA 25-2; guideline 3(2)."""


@dataclass(frozen=True, kw_only=True)
class NetworkCaseRegistered(CaseMessage, topic="network_case.registered"):
    """要対協への登録: from this moment CWA 25-2, 25-3 and 25-5 apply. Basis: CWA 25-2(2); guideline 3(2).

    ``standing``: as what the child is registered; null where the register does not say.
    """

    standing: NetworkStanding | None


@dataclass(frozen=True, kw_only=True)
class NetworkCaseDeregistered(CaseMessage, topic="network_case.deregistered"):
    """要対協の登録解除. Basis: CWA 25-2; guideline 3(2)."""


@dataclass(frozen=True, kw_only=True)
class CaseConferenceConvened(CaseMessage, topic="case_conference.convened"):
    """個別ケース検討会議の招集. Basis: CWA 25-2(2); guideline 6(2)[1]."""


@dataclass(frozen=True, kw_only=True)
class ConferenceMinutesRecorded(CaseMessage, topic="conference_minutes.recorded"):
    """会議録. Basis: CWA 25-2(2); guideline 6(2)[1]."""


# --- deciding on support --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class IndicatorAssessmentRecorded(CaseMessage, topic="indicator_assessment.recorded"):
    """指標評価 by a named edition of the list, every item answered. Basis: guideline 6(2)[2]."""

    indicator_set: str
    indicators: dict[str, IndicatorValue]


@dataclass(frozen=True, kw_only=True)
class EligibilityDetermined(CaseMessage, topic="eligibility.determined"):
    """対象決定, also where the answer is no.

    ``discharge_on``: end of residential or foster care, demanded by TC4. Basis: guideline 2, 6(2)[1].
    """

    result: EligibilityResult
    target_classes: frozenset[TargetClass]
    support_type: SupportType | None
    discharge_on: date | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What of a plan the rules need to know; its words are sealed in PLAN.

    Dates are days in Japan. ``parts``: which of the five things the sealed plan says, as the sender's
    door declares. ``target_months`` and ``short_term_months`` belong to the mid-term type. ``housekeeping``:
    whether help with it has a goal of its own, null where the plan has none.
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


def _plan_v1_v2(state: dict[str, Any]) -> None:
    """A plan of the first shape names no housekeeping."""
    if state["plan"] is not None:
        state["plan"]["housekeeping"] = None


@dataclass(frozen=True, kw_only=True)
class SupportPlanFormulated(CaseMessage, topic="support_plan.formulated", version=2):
    """計画策定 by the core agency: decided as it stands. Basis: guideline 6(3)[1]; CWA 10(1)4."""

    plan: Plan

    upcast_v1_v2 = staticmethod(_plan_v1_v2)


@dataclass(frozen=True, kw_only=True)
class SupportPlanProposed(CaseMessage, topic="support_plan.proposed"):
    """計画案 by a contractor that has the whole programme. Basis: guideline 6(3)[1], 9(1)[3]."""


@dataclass(frozen=True, kw_only=True)
class SupportPlanApproved(CaseMessage, topic="support_plan.approved", version=2):
    """計画承認: the core agency decides a proposed plan. Basis: guideline 6(3)[1]."""

    approves: UUID
    plan: Plan

    upcast_v1_v2 = staticmethod(_plan_v1_v2)


@dataclass(frozen=True, kw_only=True)
class SupportCommenced(CaseMessage, topic="support.commenced", version=2):
    """支援開始. Where it carries PLAN it decides the plan of a new phase. Basis: guideline 6(3)[1], 6(3)[4].

    ``target_classes``: the family's classes from this phase on, null where they stay.
    """

    plan: Plan | None
    target_classes: frozenset[TargetClass] | None

    upcast_v1_v2 = staticmethod(_plan_v1_v2)


@dataclass(frozen=True, kw_only=True)
class PlanReviewed(CaseMessage, topic="plan.reviewed"):
    """計画の見直し. Basis: guideline 6(3)[5]."""


@dataclass(frozen=True, kw_only=True)
class PlanExtended(CaseMessage, topic="plan.extended"):
    """期間延長, with a reason. ``plan_until``: the new last day. Basis: guideline 6(3)[4]."""

    plan_until: date


# --- consent ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ConsentScope:
    """One recipient and its categories that a consent covers; exactly what was explained."""

    __pydantic_config__ = STRICT

    consent: UUID
    sender: UUID
    recipient: UUID
    sections: frozenset[Section]


@dataclass(frozen=True, kw_only=True)
class ConsentGiven(CaseMessage, topic="consent.given"):
    """同意. ``expires_at``: null until withdrawn. Basis: APPI 69(2)1, 27(1)."""

    scope: tuple[ConsentScope, ...]
    capacity: ConsentCapacity
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ConsentRefused(CaseMessage, topic="consent.refused"):
    """同意の拒否. ``requested_scope``: what it was about. Basis: APPI 69(2)1, 27(1)."""

    requested_scope: tuple[ConsentScope, ...]


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(CaseMessage, topic="consent.withdrawn"):
    """同意の撤回 of the consents named in ``consent``, from this instant. Basis: APPI 69(2)1, 27(1)."""


# --- disclosure ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DisclosureMade(CaseMessage, topic="disclosure.made"):
    """開示: what another agency needs, and no more. Basis: guideline 9(2)[1]; APPI 69."""


@dataclass(frozen=True, kw_only=True)
class DisclosureHeld(CaseMessage, topic="disclosure.held"):
    """A disclosure whose only addressees are suspended: it waits, unread. Basis: guideline 9(1), 9(2)[1]."""


@dataclass(frozen=True, kw_only=True)
class HeldDisclosureReleased(CaseMessage, topic="held_disclosure.released"):
    """The sender asked for release and the rules, asked anew, let it go. Basis: guideline 9(1), 9(2)[1].

    ``releases``: the held message. ``to``: those for whom it is released now.
    """

    releases: UUID


@dataclass(frozen=True, kw_only=True)
class DisclosureRefused(Event, topic="disclosure.refused"):
    """The rules said no to a message that had sections; its frame is kept, its parts are not.

    ``act``: what was tried. ``at_fault``: the addressee for whom the rule failed, null where none in
    particular. ``fitting``: bases that would have carried it. Basis: APPI 69; guideline 8.
    """

    ON = Kind.CASE

    act: str
    to: frozenset[UUID]
    sections: frozenset[Section]
    basis: dict[UUID, str]
    reason: str
    at_fault: UUID | None
    fitting: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class CommandRefused(Event, topic="command.refused"):
    """The rules said no to a message without sections. Basis: own rule (every refusal is recorded)."""

    act: str
    reason: str
    at_fault: UUID | None


@dataclass(frozen=True, kw_only=True)
class Rewrapped:
    """One new wrapped key: whose key of which item."""

    __pydantic_config__ = STRICT

    item: UUID
    to: UUID | Literal["AUDIT"]


@dataclass(frozen=True, kw_only=True)
class ItemsRewrapped(Event, topic="items.rewrapped", version=2):
    """The responsible door made wrapped keys of earlier items for agencies whose standing access began later, or for the
    audit office, of what two officials let it open.

    ``wrapped_keys`` stand in the order of the frame's wrapped keys. Basis: CWA 25-2(5); guideline 3(2), 8.
    """

    ON = Kind.CASE
    HUB_FIELDS = frozenset({"wrapped_keys"})

    wrapped_keys: tuple[Rewrapped, ...]

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Version 1 knew agencies only: what it says holds as it stands."""


# --- support as it goes -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SupportWorkerAssigned(CaseMessage, topic="support_worker.assigned", version=2):
    """割当 of a visitor to this case. ``role``: what for, null where not said. Basis: guideline 4(1)–4(3)."""

    agency: UUID
    worker: str
    qualification: str | None
    role: SupportRole | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["role"] = None


@dataclass(frozen=True, kw_only=True)
class SupportWorkerUnassigned(CaseMessage, topic="support_worker.unassigned"):
    """割当の解除. Basis: guideline 4(1)."""

    agency: UUID
    worker: str


@dataclass(frozen=True, kw_only=True)
class VisitReportSubmitted(CaseMessage, topic="visit_report.submitted"):
    """訪問報告. ``child_seen``: the child itself was seen, not only the family. Basis: guideline 6(4)[1]."""

    child_seen: bool
    worker: str | None


@dataclass(frozen=True, kw_only=True)
class HomeVisitCompleted(CaseMessage, topic="home_visit.completed"):
    """訪問の実施 by the core agency's own visitor. Basis: guideline 6(4)[1]."""

    child_seen: bool
    worker: str


# --- closing ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ClosingConsultationHeld(CaseMessage, topic="closing_consultation.held"):
    """終結協議 with visitors and agencies. Basis: guideline 6(5)[1]."""

    consulted: frozenset[UUID]


@dataclass(frozen=True, kw_only=True)
class ClosingEvaluationRecorded(CaseMessage, topic="closing_evaluation.recorded"):
    """支援後評価: goal reached? environment improved? Basis: guideline 6(5)[1]."""

    goal_reached: bool
    environment_improved: bool


@dataclass(frozen=True, kw_only=True)
class SupportClosed(CaseMessage, topic="support.closed"):
    """終結. ``closing_reason``: why. Basis: guideline 6(5)[1]."""

    closing_reason: ClosingReason


@dataclass(frozen=True, kw_only=True)
class FollowOnServiceArranged(CaseMessage, topic="follow_on_service.arranged"):
    """後続支援の依頼. Basis: guideline 6(5)[2]."""


@dataclass(frozen=True, kw_only=True)
class FollowOnServiceAccepted(CaseMessage, topic="follow_on_service.accepted"):
    """後続支援の受入れ. Basis: guideline 6(5)[2]."""

    answers: UUID
