"""The events of the family ``alarms``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.event import Cause, Event, Kind


@dataclass(frozen=True, kw_only=True)
class CaseAlarm(Event, on=Kind.CASE, cause=Cause.CLOCK):
    """Something in a case is overdue. It closes by itself when the thing is done; the event stays.

    ``message``: what waits, null where the case as a whole does. ``responsible``: the agency that has to act. ``to``: who
    else is informed (the sender sees it). ``due_at``: when it fell due. ``escalated``: it was raised before,
    and goes to the supervisor of ``responsible`` too.
    """

    message: UUID | None
    responsible: UUID
    to: frozenset[UUID]
    due_at: datetime
    escalated: bool


@dataclass(frozen=True, kw_only=True)
class ReferralUnacknowledgedAlarmRaised(
    CaseAlarm,
    topic="referral_unacknowledged_alarm.raised",
    title="未受領警報",
    law="own rule (受領確認)",
):
    """Nobody confirmed that a referral arrived."""


@dataclass(frozen=True, kw_only=True)
class ReferralUnreadAlarmRaised(
    CaseAlarm,
    topic="referral_unread_alarm.raised",
    title="未閲読警報",
    law="own rule (閲読の記録)",
):
    """No named person read a referral."""


@dataclass(frozen=True, kw_only=True)
class ReferralUnactedAlarmRaised(
    CaseAlarm,
    topic="referral_unacted_alarm.raised",
    title="未対応警報",
    law="guideline 6(2)[1]; the days are local policy",
):
    """No action followed from a referral."""


@dataclass(frozen=True, kw_only=True)
class SafetyCheckOverdueAlarmRaised(
    CaseAlarm,
    topic="safety_check_overdue_alarm.raised",
    title="安全確認の期限超過警報",
    law="CAPA 8; 48 h by local policy",
):
    """After a notification the child was not seen in time."""


@dataclass(frozen=True, kw_only=True)
class RequestUnansweredAlarmRaised(
    CaseAlarm,
    topic="request_unanswered_alarm.raised",
    title="未回答警報",
    law="CWA 25-3(2); guideline 6(1)[2], 3(3), 6(4)[2]",
):
    """A request was not answered by its day."""


@dataclass(frozen=True, kw_only=True)
class FollowOnUnacceptedAlarmRaised(
    CaseAlarm,
    topic="follow_on_unaccepted_alarm.raised",
    title="後続支援の未受入れ警報",
    law="guideline 6(5)[2]; the days are local policy",
):
    """A service that was asked has not accepted the family in time."""


@dataclass(frozen=True, kw_only=True)
class ReviewOverdueAlarmRaised(
    CaseAlarm,
    topic="review_overdue_alarm.raised",
    title="計画見直しの期限超過警報",
    law="guideline 6(3)[5]",
):
    """The plan was not reviewed in time."""


@dataclass(frozen=True, kw_only=True)
class PlanOverAlarmRaised(
    CaseAlarm,
    topic="plan_over_alarm.raised",
    title="計画期間の満了警報",
    law="guideline 6(3)[4]",
):
    """The plan's last day is over and support continues."""


@dataclass(frozen=True, kw_only=True)
class VisitGapAlarmRaised(
    CaseAlarm,
    topic="visit_gap_alarm.raised",
    title="訪問回数の不足警報",
    law="guideline 6(3)[4]",
):
    """A calendar week (JST) of the short type had too few visits."""


@dataclass(frozen=True, kw_only=True)
class ContactGapAlarmRaised(
    CaseAlarm,
    topic="contact_gap_alarm.raised",
    title="接触の空白警報",
    law="guideline 5(1)[3]",
):
    """The child (before birth: the family) was not seen for too long."""


@dataclass(frozen=True, kw_only=True)
class ReportUnreadAlarmRaised(
    CaseAlarm,
    topic="report_unread_alarm.raised",
    title="訪問報告の未確認警報",
    law="guideline 6(4)[1]",
):
    """The core agency has not reviewed a visit report in time."""


@dataclass(frozen=True, kw_only=True)
class CaseSilentAlarmRaised(
    CaseAlarm,
    topic="case_silent_alarm.raised",
    title="動きのない事例の警報",
    law="guideline 6(4)[1]",
):
    """No message was recorded in an open case for too long."""


@dataclass(frozen=True, kw_only=True)
class RightsRequestOverdueAlarmRaised(
    CaseAlarm,
    topic="rights_request_overdue_alarm.raised",
    title="本人請求の期限超過警報",
    law="APPI 83, 94, 102",
):
    """A request of the person concerned was not decided in time."""


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessOpened(
    CaseAlarm,
    topic="emergency_access.opened",
    title="緊急閲覧の通知",
    law="APPI 66, 69(2)4",
):
    """At once: two persons approved that ``responsible`` reads; everyone whose items it can read is
    informed.

    The alarm stays raised until the access is reviewed.
    """


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessEnded(
    CaseAlarm,
    topic="emergency_access.ended",
    title="緊急閲覧の終了",
    law="APPI 66, 69(2)4",
):
    """The time of an emergency access is over, and it opens nothing any more."""


@dataclass(frozen=True, kw_only=True)
class EmergencyReviewOverdueAlarmRaised(
    CaseAlarm,
    topic="emergency_review_overdue_alarm.raised",
    title="緊急閲覧の事後確認の遅れ",
    law="APPI 66",
):
    """Nobody has reviewed an emergency access in time."""


@dataclass(frozen=True, kw_only=True)
class SignalsGatheredAlarmRaised(
    CaseAlarm,
    topic="signals_gathered_alarm.raised",
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
    title="威迫の確認の求め",
    law="APPI 78; CAPA 8",
):
    """At once: a guardian asks for data, or consents, where the case has content under RISK."""


@dataclass(frozen=True, kw_only=True)
class NoticeUnconfirmedAlarmRaised(
    CaseAlarm,
    topic="notice_unconfirmed_alarm.raised",
    title="訂正・回収の未確認",
    law="APPI 97, 98",
):
    """A recipient has not confirmed that it followed a correction or a recall."""


@dataclass(frozen=True, kw_only=True)
class TransferUnacknowledgedAlarmRaised(
    CaseAlarm,
    topic="transfer_unacknowledged_alarm.raised",
    title="移管未受領警報",
    law="own rule (目黒 2018)",
):
    """The new municipality has not confirmed that a hand-over arrived."""


@dataclass(frozen=True, kw_only=True)
class TransferOverdueAlarmRaised(
    CaseAlarm,
    topic="transfer_overdue_alarm.raised",
    title="移管未完了警報",
    law="own rule (相模原)",
):
    """A hand-over is under way for too long, and the child was not seen."""


@dataclass(frozen=True, kw_only=True)
class TransferNotBegunAlarmRaised(
    CaseAlarm,
    topic="transfer_not_begun_alarm.raised",
    title="移管未着手警報",
    law="own rule (札幌 2021)",
):
    """A move is known, and nobody has begun to hand the family over."""


@dataclass(frozen=True, kw_only=True)
class DecisionUnreviewedAlarmRaised(
    CaseAlarm,
    topic="decision_unreviewed_alarm.raised",
    title="不提供判断の未見直し警報",
    law="own rule (判断の見直し); APPI 69",
):
    """The day came on which a decision not to disclose was to be reviewed."""


@dataclass(frozen=True, kw_only=True)
class VisitUnreportedAlarmRaised(
    CaseAlarm,
    topic="visit_unreported_alarm.raised",
    title="訪問未報告警報",
    law="guideline 6(4)[1]",
):
    """A visit was planned, and nobody reported its result."""


@dataclass(frozen=True, kw_only=True)
class BreachReportOverdueAlarmRaised(
    CaseAlarm,
    topic="breach_report_overdue_alarm.raised",
    title="漏えい確報の遅れ",
    law="APPI 68 (確報 within 30 days)",
):
    """The full report of a leak is late."""


@dataclass(frozen=True, kw_only=True)
class RetentionExpired(
    CaseAlarm,
    topic="retention.expired",
    title="保存期間の満了",
    law="APPI 61; own rule (保存期間)",
):
    """The retention period is over: the case waits to be appraised."""


@dataclass(frozen=True, kw_only=True)
class SpecialistUnlinkedAlarmRaised(
    CaseAlarm,
    topic="specialist_unlinked_alarm.raised",
    title="専門サービス未接続警報",
    law="guideline 5(2)[1]",
):
    """Specialist help was found needed, and nobody linked it or stated why not."""


@dataclass(frozen=True, kw_only=True)
class BundleMissingAlarmRaised(
    CaseAlarm,
    topic="bundle_missing_alarm.raised",
    title="情報不足警報",
    law="guideline 9(2)[1]",
):
    """A contractor visits and was not given what it needs; too little is a breach too."""
