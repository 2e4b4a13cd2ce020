"""The events of the family ``alarms``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.children import no_child_before
from domain.codes import Period
from domain.event import Cause, Event, Kind


def _ran_through(state: dict[str, Any]) -> None:
    """Upcaster: before a rule book had a calendar, every period ran through."""
    state["period"] = Period.RUNS_THROUGH.value


@dataclass(frozen=True, kw_only=True)
class CaseAlarm(Event, on=Kind.CASE, cause=Cause.CLOCK):
    """Something in a case is overdue. It closes by itself when the thing is done; the event stays.

    ``message``: what waits, null where the case as a whole does. ``responsible``: the agency that has to act. ``to``: who
    else is informed (the sender sees it). ``due_at``: when it fell due. ``escalated``: it was raised before,
    and goes to the supervisor of ``responsible`` too. ``child``: which child it is about, null for the family.
    ``period``: whether its time ran through, or its last day is one on which the offices are open.
    """

    message: UUID | None
    responsible: UUID
    to: frozenset[UUID]
    due_at: datetime
    escalated: bool
    child: UUID | None
    period: Period

    upcast_v1_v2 = staticmethod(no_child_before)

    upcast_v2_v3 = staticmethod(_ran_through)


@dataclass(frozen=True, kw_only=True)
class ReferralUnacknowledgedAlarmRaised(
    CaseAlarm,
    topic="referral_unacknowledged_alarm.raised",
    version=3,
    title="未受領警報",
    law="own rule (受領確認)",
):
    """Nobody confirmed that a referral arrived."""


@dataclass(frozen=True, kw_only=True)
class ReferralUnreadAlarmRaised(
    CaseAlarm,
    topic="referral_unread_alarm.raised",
    version=3,
    title="未読警報",
    law="own rule (閲読の記録)",
):
    """No named person read a referral."""


@dataclass(frozen=True, kw_only=True)
class ReferralUnactedAlarmRaised(
    CaseAlarm,
    topic="referral_unacted_alarm.raised",
    version=3,
    title="未対応警報",
    law="guideline 6(2)[1]; the days are local policy",
):
    """No action followed from a referral."""


@dataclass(frozen=True, kw_only=True)
class SafetyCheckOverdueAlarmRaised(
    CaseAlarm,
    topic="safety_check_overdue_alarm.raised",
    version=3,
    title="安全確認の期限超過警報",
    law="CAPA 8; 48 h by local policy",
):
    """After a notification the child was not seen in time."""


@dataclass(frozen=True, kw_only=True)
class RequestUnansweredAlarmRaised(
    CaseAlarm,
    topic="request_unanswered_alarm.raised",
    version=3,
    title="未回答警報",
    law="CWA 25-3(2); guideline 6(1)[2], 3(3), 6(4)[2]",
):
    """A request was not answered by its day."""


@dataclass(frozen=True, kw_only=True)
class FollowOnUnacceptedAlarmRaised(
    CaseAlarm,
    topic="follow_on_unaccepted_alarm.raised",
    version=3,
    title="後続支援の未受入れ警報",
    law="guideline 6(5)[2]; the days are local policy",
):
    """A service that was asked has not accepted the family in time."""


@dataclass(frozen=True, kw_only=True)
class ReviewOverdueAlarmRaised(
    CaseAlarm,
    topic="review_overdue_alarm.raised",
    version=3,
    title="計画見直しの期限超過警報",
    law="guideline 6(3)[5]",
):
    """The plan was not reviewed in time."""


@dataclass(frozen=True, kw_only=True)
class PlanOverAlarmRaised(
    CaseAlarm,
    topic="plan_over_alarm.raised",
    version=3,
    title="計画期間の満了警報",
    law="guideline 6(3)[4]",
):
    """The plan's last day is over and support continues."""


@dataclass(frozen=True, kw_only=True)
class PlanEndingAlarmRaised(
    CaseAlarm,
    topic="plan_ending_alarm.raised",
    title="計画期間の満了前の知らせ",
    law="guideline 6(3)[4], 6(3)[5]; the days are local policy",
):
    """The plan's last day is near: it is time to review, to prolong, or to prepare the closing."""


@dataclass(frozen=True, kw_only=True)
class VisitGapAlarmRaised(
    CaseAlarm,
    topic="visit_gap_alarm.raised",
    version=3,
    title="訪問回数の不足警報",
    law="guideline 6(3)[4]",
):
    """A calendar week (JST) of the short type had too few visits."""


@dataclass(frozen=True, kw_only=True)
class ContactGapAlarmRaised(
    CaseAlarm,
    topic="contact_gap_alarm.raised",
    version=3,
    title="接触の空白警報",
    law="guideline 5(1)[3]",
):
    """The child (before birth: the family) was not seen for too long."""


@dataclass(frozen=True, kw_only=True)
class ReportUnreadAlarmRaised(
    CaseAlarm,
    topic="report_unread_alarm.raised",
    version=3,
    title="訪問報告の未確認警報",
    law="guideline 6(4)[1]",
):
    """The core agency has not reviewed a visit report in time."""


@dataclass(frozen=True, kw_only=True)
class CaseSilentAlarmRaised(
    CaseAlarm,
    topic="case_silent_alarm.raised",
    version=3,
    title="動きのない事例の警報",
    law="guideline 6(4)[1]",
):
    """No message was recorded in an open case for too long."""


@dataclass(frozen=True, kw_only=True)
class RightsRequestOverdueAlarmRaised(
    CaseAlarm,
    topic="rights_request_overdue_alarm.raised",
    version=3,
    title="本人請求の期限超過警報",
    law="APPI 83, 94, 102",
):
    """A request of the person concerned was not decided in time."""


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessOpened(
    CaseAlarm,
    topic="emergency_access.opened",
    version=3,
    title="緊急閲覧の通知",
    law="APPI 66, 69(2)4",
):
    """At once: two persons approved that ``responsible`` reads; everyone whose items it can read is
    informed.

    The alarm stays raised until the access is reviewed.
    """


@dataclass(frozen=True, kw_only=True)
class UnilateralEmergencyAccessOpened(
    CaseAlarm,
    topic="unilateral_emergency_access.opened",
    version=3,
    title="外部の承認のない緊急閲覧の開始",
    law="APPI 66, 69(2)4; own rule (外部の承認)",
):
    """No other agency approved in time: on the approvals of two others of its own, ``responsible`` reads from now on.

    The core and the coordinating agency, and everyone whose items it can read, are informed. The alarm stays raised
    until the access is reviewed.
    """


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessEnded(
    CaseAlarm,
    topic="emergency_access.ended",
    version=3,
    title="緊急閲覧の終了",
    law="APPI 66, 69(2)4",
):
    """The time of an emergency access is over, and it opens nothing any more."""


@dataclass(frozen=True, kw_only=True)
class EmergencyReviewOverdueAlarmRaised(
    CaseAlarm,
    topic="emergency_review_overdue_alarm.raised",
    version=3,
    title="緊急閲覧の事後確認の遅れ",
    law="APPI 66",
):
    """Nobody has reviewed an emergency access in time."""


@dataclass(frozen=True, kw_only=True)
class SignalsGatheredAlarmRaised(
    CaseAlarm,
    topic="signals_gathered_alarm.raised",
    version=3,
    title="兆候の集積",
    law="CAPA 8; guideline 6(4)[1]",
):
    """Several weak signals came within some months, none of them much by itself: people are to assess them
    together.

    There is no score and there are no weights; the count is all it states.
    """


@dataclass(frozen=True, kw_only=True)
class CoercionCheckRequired(
    CaseAlarm,
    topic="coercion_check.required",
    version=3,
    title="威迫の確認の求め",
    law="APPI 78; CAPA 8",
):
    """At once: a guardian asks for data, or consents, where the case has content under RISK."""


@dataclass(frozen=True, kw_only=True)
class NoticeUnconfirmedAlarmRaised(
    CaseAlarm,
    topic="notice_unconfirmed_alarm.raised",
    version=3,
    title="訂正・回収の未確認",
    law="APPI 97, 98",
):
    """A recipient has not confirmed that it followed a correction or a recall."""


@dataclass(frozen=True, kw_only=True)
class ContentUnreadableAlarmRaised(
    CaseAlarm,
    topic="content_unreadable_alarm.raised",
    title="読めない内容の未対応",
    law="own rule (読めない内容); APPI 65",
):
    """The author of what a reader could not read has neither corrected it nor answered."""


@dataclass(frozen=True, kw_only=True)
class TransferUnacknowledgedAlarmRaised(
    CaseAlarm,
    topic="transfer_unacknowledged_alarm.raised",
    version=3,
    title="移管未受領警報",
    law="own rule (目黒 2018)",
):
    """The new municipality has not confirmed that a hand-over arrived."""


@dataclass(frozen=True, kw_only=True)
class TransferOverdueAlarmRaised(
    CaseAlarm,
    topic="transfer_overdue_alarm.raised",
    version=3,
    title="移管未完了警報",
    law="own rule (相模原)",
):
    """A hand-over is under way for too long, and the child was not seen."""


@dataclass(frozen=True, kw_only=True)
class TransferNotBegunAlarmRaised(
    CaseAlarm,
    topic="transfer_not_begun_alarm.raised",
    version=3,
    title="移管未着手警報",
    law="own rule (札幌 2021)",
):
    """A move is known, and nobody has begun to hand the family over."""


@dataclass(frozen=True, kw_only=True)
class DecisionUnreviewedAlarmRaised(
    CaseAlarm,
    topic="decision_unreviewed_alarm.raised",
    version=3,
    title="不提供判断の未見直し警報",
    law="own rule (判断の見直し); APPI 69",
):
    """The day came on which a decision not to disclose was to be reviewed."""


@dataclass(frozen=True, kw_only=True)
class VisitUnreportedAlarmRaised(
    CaseAlarm,
    topic="visit_unreported_alarm.raised",
    version=3,
    title="訪問未報告警報",
    law="guideline 6(4)[1]",
):
    """A visit was planned, and nobody reported its result."""


@dataclass(frozen=True, kw_only=True)
class BreachReportOverdueAlarmRaised(
    CaseAlarm,
    topic="breach_report_overdue_alarm.raised",
    version=3,
    title="漏えい確報の遅れ",
    law="APPI 68 (確報 within 30 days)",
):
    """The full report of a leak is late."""


@dataclass(frozen=True, kw_only=True)
class RetentionExpired(
    CaseAlarm,
    topic="retention.expired",
    version=3,
    title="保存期間の満了",
    law="APPI 61; own rule (保存期間)",
):
    """The retention period is over: the case waits to be appraised."""


@dataclass(frozen=True, kw_only=True)
class SpecialistUnlinkedAlarmRaised(
    CaseAlarm,
    topic="specialist_unlinked_alarm.raised",
    version=3,
    title="専門サービス未接続警報",
    law="guideline 5(2)[1]",
):
    """Specialist help was found needed, and nobody linked it or stated why not."""


@dataclass(frozen=True, kw_only=True)
class BundleMissingAlarmRaised(
    CaseAlarm,
    topic="bundle_missing_alarm.raised",
    version=3,
    title="情報不足警報",
    law="guideline 9(2)[1]",
):
    """A contractor visits and was not given what it needs; too little is a breach too."""


@dataclass(frozen=True, kw_only=True)
class SearchStalledAlarmRaised(
    CaseAlarm,
    topic="search_stalled_alarm.raised",
    version=2,
    title="居所の調査の停滞警報",
    law="CAPA 8; own rule (居所不明児童); the days are local policy",
):
    """A family cannot be located, and nothing was done to locate it for so long."""

    upcast_v1_v2 = staticmethod(_ran_through)


@dataclass(frozen=True, kw_only=True)
class ContactBanEndsAlarmRaised(
    CaseAlarm,
    topic="contact_ban_ends_alarm.raised",
    version=2,
    title="面会・通信等の制限の満了予告",
    law="CAPA 12, 12-4; the days are local policy",
):
    """A restriction of contact is about to end, and nobody has renewed or lifted it."""

    upcast_v1_v2 = staticmethod(_ran_through)


@dataclass(frozen=True, kw_only=True)
class AddressProtectionEndsAlarmRaised(
    CaseAlarm,
    topic="address_protection_ends_alarm.raised",
    title="住所秘匿の満了予告",
    law="APPI 69(2) proviso; own rule (DV等支援措置の更新); the days are local policy",
):
    """The last protection of an address of the family is about to end, and nobody has renewed or ended it."""


@dataclass(frozen=True, kw_only=True)
class OfficialRequestUnansweredAlarmRaised(
    CaseAlarm,
    topic="official_request_unanswered_alarm.raised",
    title="照会・嘱託の未回答警報",
    law="APPI 69(1); CRPA 197(2); CPA 186, 226; ATTA 23-2",
):
    """The day that a court, an investigating authority or a bar association named is over, and its request was neither
    answered nor declined."""


@dataclass(frozen=True, kw_only=True)
class FamilyServiceUnansweredAlarmRaised(
    CaseAlarm,
    topic="family_service_unanswered_alarm.raised",
    title="利用勧奨への未回答警報",
    law="CWA 21-18; the days are local policy",
):
    """A kind of help was recommended to the family, and neither its answer nor a measure in its stead is on record."""


@dataclass(frozen=True, kw_only=True)
class StayOverdueAlarmRaised(
    CaseAlarm,
    topic="stay_overdue_alarm.raised",
    version=2,
    title="帰宅未確認警報",
    law="CWA 10(1); own rule (里帰り)",
):
    """The day on which a family was to return from another municipality is over, and neither town has recorded that it is
    back or stays longer."""

    upcast_v1_v2 = staticmethod(_ran_through)


@dataclass(frozen=True, kw_only=True)
class SupportWorkerAssignmentEnded(
    CaseAlarm,
    topic="support_worker_assignment.ended",
    version=2,
    title="退職による割当の終了",
    law="guideline 4(1), 9(1)",
):
    """A visitor who has left is assigned to this case no more; the core agency sees to it that the family is visited.

    ``agency``, ``worker``: whose visitor, and which.
    """

    agency: UUID
    worker: str

    upcast_v1_v2 = staticmethod(_ran_through)


@dataclass(frozen=True, kw_only=True)
class FamilyWithoutVisitorAlarmRaised(
    CaseAlarm,
    topic="family_without_visitor_alarm.raised",
    version=2,
    title="訪問支援者のいない家庭の警報",
    law="guideline 4(1), 6(4)[1]; the days are local policy",
):
    """A family in support has had no visitor for too long."""

    upcast_v1_v2 = staticmethod(_ran_through)


@dataclass(frozen=True, kw_only=True)
class BreachPreliminaryOverdueAlarmRaised(
    CaseAlarm,
    topic="breach_preliminary_overdue_alarm.raised",
    title="漏えい速報の期限警報",
    law="APPI 68; 3 days, for the supervisor 5, by local policy",
):
    """A leak has not been reported at once to the commission (速報)."""


@dataclass(frozen=True, kw_only=True)
class BreachIntentReportOverdueAlarmRaised(
    CaseAlarm,
    topic="breach_intent_report_overdue_alarm.raised",
    title="漏えい確報の期限警報(不正の目的のおそれ)",
    law="APPI 68; 60 days",
):
    """A leak that may have been caused with a wrongful purpose has not been reported in full."""


@dataclass(frozen=True, kw_only=True)
class BreachNoticeOverdueAlarmRaised(
    CaseAlarm,
    topic="breach_notice_overdue_alarm.raised",
    title="漏えいの本人通知の期限警報",
    law="APPI 68; the days are local policy",
):
    """The persons concerned by a leak have not been informed, nor was it stated why not."""
