"""What else happens in the course of a case: contact sought, others asked and linked, goals looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.codes import SupportType
from domain.events.case import CaseMessage


@dataclass(frozen=True, kw_only=True)
class SupportCaseOpened(CaseMessage, topic="support_case.opened"):
    """支援ケースの開設 for a purpose; use for anything else is another matter. Basis: guideline 1; APPI 69(1)."""


@dataclass(frozen=True, kw_only=True)
class InfantHomeVisitReported(CaseMessage, topic="infant_home_visit.reported"):
    """乳児家庭全戸訪問の実施報告. Basis: guideline 6(1)[1]ア; CWA 21-10-2(1)."""


@dataclass(frozen=True, kw_only=True)
class ContactAttempted(CaseMessage, topic="contact.attempted"):
    """接触の試み. Basis: guideline 5(1)[3]."""


@dataclass(frozen=True, kw_only=True)
class ContactRefused(CaseMessage, topic="contact.refused"):
    """接触の拒否; closes nothing by itself. Basis: guideline 5(1)[3]."""


@dataclass(frozen=True, kw_only=True)
class HomeVisitScheduled(CaseMessage, topic="home_visit.scheduled"):
    """訪問予定. ``planned_on``: the day (JST). Basis: guideline 4(1)."""

    planned_on: date


@dataclass(frozen=True, kw_only=True)
class HomeVisitFailed(CaseMessage, topic="home_visit.failed"):
    """不在: nobody was met. Basis: guideline 5(1)[3]."""


@dataclass(frozen=True, kw_only=True)
class HomeVisitRefused(CaseMessage, topic="home_visit.refused"):
    """訪問の拒否; closes nothing by itself. Basis: guideline 5(1)[3]."""


@dataclass(frozen=True, kw_only=True)
class OtherSupportCoordinated(CaseMessage, topic="other_support.coordinated"):
    """他の支援との連絡調整. Basis: guideline 3(1), 5(1)[4]."""


@dataclass(frozen=True, kw_only=True)
class SpecialistServiceLinked(CaseMessage, topic="specialist_service.linked"):
    """専門サービスへの接続. Basis: guideline 5(2)[1]."""


@dataclass(frozen=True, kw_only=True)
class SpecialistJudgementRequested(CaseMessage, topic="specialist_judgement.requested"):
    """専門職判断の求め. ``due_on``: by which day (JST), null where none is named. Basis: guideline 3(3)."""

    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class SpecialistJudgementGiven(CaseMessage, topic="specialist_judgement.given"):
    """専門職判断. Basis: guideline 3(3)."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class NetworkMeetingRequested(CaseMessage, topic="network_meeting.requested"):
    """会議開催の要請. ``due_on``: by which day (JST), null where none is named. Basis: guideline 6(4)[2]."""

    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class NetworkMeetingHeld(CaseMessage, topic="network_meeting.held"):
    """会議の開催. ``answers``: the request, null where none was made. Basis: guideline 6(4)[2]; CWA 25-2(2)."""

    answers: UUID | None


@dataclass(frozen=True, kw_only=True)
class SupportTypeDecided(CaseMessage, topic="support_type.decided", version=2):
    """類型の決定. ``specialist_needed``: specialist help is to be linked. Basis: guideline 5(2)."""

    support_type: SupportType
    specialist_needed: bool

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["specialist_needed"] = False


@dataclass(frozen=True, kw_only=True)
class SupportTypeChanged(CaseMessage, topic="support_type.changed"):
    """類型の変更, with a reason. Basis: guideline 5(2)."""

    support_type: SupportType


@dataclass(frozen=True, kw_only=True)
class SupportPlanHandedOver(CaseMessage, topic="support_plan_handed.over"):
    """計画の手交 to the family. Basis: guideline 6(3)[1]; CWA 10(1)4."""


@dataclass(frozen=True, kw_only=True)
class ShortTermGoalEvaluated(CaseMessage, topic="short_term_goal.evaluated"):
    """短期目標の評価; a review too. Basis: guideline 6(3)[5]."""


@dataclass(frozen=True, kw_only=True)
class RoleDivisionConfirmed(CaseMessage, topic="role_division.confirmed"):
    """役割分担の確認. Basis: guideline 4(2), 6(4)[1]."""


@dataclass(frozen=True, kw_only=True)
class FollowUpProvided(CaseMessage, topic="follow_up.provided"):
    """家庭・訪問支援者へのフォロー. Basis: guideline 6(4)[1], 7(2)."""


@dataclass(frozen=True, kw_only=True)
class DisclosureRead(CaseMessage, topic="disclosure.read"):
    """開示の閲読: a named person of ours has read what was sent to us. Basis: own rule (閲読の記録)."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class CaseReopened(CaseMessage, topic="case.reopened"):
    """再開 of a closed case, with a reason. Basis: guideline 6(5)[2]."""
