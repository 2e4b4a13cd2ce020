"""What the hub says when something that was due is not done. The clock brings these; nobody asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.events.base import Event, Kind


@dataclass(frozen=True, kw_only=True)
class CaseAlarm(Event):
    """Something in a case is overdue. It closes by itself when the thing is done; the event stays.

    ``message``: what waits, null where the case as a whole does. ``responsible``: whose turn it is. ``to``: who is
    told beside it (the sender sees it). ``due_at``: when it fell due. ``escalated``: it was told before, and
    climbs to the supervisor of ``responsible``.
    """

    ON = Kind.CASE

    message: UUID | None
    responsible: UUID
    to: frozenset[UUID]
    due_at: datetime
    escalated: bool


@dataclass(frozen=True, kw_only=True)
class ReferralUnacknowledgedAlarmRaised(CaseAlarm, topic="referral_unacknowledged_alarm.raised"):
    """未受領警報: nobody said that a referral arrived. Basis: own rule (受領確認)."""


@dataclass(frozen=True, kw_only=True)
class ReferralUnreadAlarmRaised(CaseAlarm, topic="referral_unread_alarm.raised"):
    """未閲読警報: no named person read a referral. Basis: own rule (閲読の記録)."""


@dataclass(frozen=True, kw_only=True)
class ReferralUnactedAlarmRaised(CaseAlarm, topic="referral_unacted_alarm.raised"):
    """未対応警報: nothing followed from a referral. Basis: guideline 6(2)[1]; the days are local policy."""


@dataclass(frozen=True, kw_only=True)
class SafetyCheckOverdueAlarmRaised(CaseAlarm, topic="safety_check_overdue_alarm.raised"):
    """安全確認の期限超過: after a notification the child was not seen in time. Basis: CAPA 8; 48 h by local policy."""


@dataclass(frozen=True, kw_only=True)
class RequestUnansweredAlarmRaised(CaseAlarm, topic="request_unanswered_alarm.raised"):
    """未回答警報: a request is not answered by its day. Basis: CWA 25-3(2); guideline 6(1)[2], 3(3), 6(4)[2]."""


@dataclass(frozen=True, kw_only=True)
class FollowOnUnacceptedAlarmRaised(CaseAlarm, topic="follow_on_unaccepted_alarm.raised"):
    """後続支援の未受入れ警報. Basis: guideline 6(5)[2]; the days are local policy."""


@dataclass(frozen=True, kw_only=True)
class ReviewOverdueAlarmRaised(CaseAlarm, topic="review_overdue_alarm.raised"):
    """見直しの期限超過. Basis: guideline 6(3)[5]."""


@dataclass(frozen=True, kw_only=True)
class PlanOverAlarmRaised(CaseAlarm, topic="plan_over_alarm.raised"):
    """計画期間の満了: the plan's last day is over and support goes on. Basis: guideline 6(3)[4]."""


@dataclass(frozen=True, kw_only=True)
class VisitGapAlarmRaised(CaseAlarm, topic="visit_gap_alarm.raised"):
    """訪問回数の不足: a calendar week (JST) of the short type with too few visits. Basis: guideline 6(3)[4]."""


@dataclass(frozen=True, kw_only=True)
class ContactGapAlarmRaised(CaseAlarm, topic="contact_gap_alarm.raised"):
    """接触の空白: the child (before birth: the family) was not seen for too long. Basis: guideline 5(1)[3]."""


@dataclass(frozen=True, kw_only=True)
class ReportUnreadAlarmRaised(CaseAlarm, topic="report_unread_alarm.raised"):
    """訪問報告の未確認: the core agency has not looked at a visit report. Basis: guideline 6(4)[1]."""


@dataclass(frozen=True, kw_only=True)
class CaseSilentAlarmRaised(CaseAlarm, topic="case_silent_alarm.raised"):
    """動きのない事例: an open case of which nobody said anything for too long. Basis: guideline 6(4)[1]."""


@dataclass(frozen=True, kw_only=True)
class RightsRequestOverdueAlarmRaised(CaseAlarm, topic="rights_request_overdue_alarm.raised"):
    """開示・訂正・利用停止請求の期限超過. Basis: APPI 83, 94, 102."""


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessOpened(CaseAlarm, topic="emergency_access.opened"):
    """緊急閲覧の通知, at once: two persons let ``responsible`` read; everyone whose words it can read is told.

    It stands until the reading was looked at. Basis: APPI 66, 69(2)4.
    """


@dataclass(frozen=True, kw_only=True)
class EmergencyAccessEnded(CaseAlarm, topic="emergency_access.ended"):
    """緊急閲覧の終了: its time is over, and nothing opens by it any more. Basis: APPI 66, 69(2)4."""


@dataclass(frozen=True, kw_only=True)
class EmergencyReviewOverdueAlarmRaised(CaseAlarm, topic="emergency_review_overdue_alarm.raised"):
    """緊急閲覧の事後確認の遅れ: nobody has looked at why an agency read. Basis: APPI 66."""


@dataclass(frozen=True, kw_only=True)
class SignalsGatheredAlarmRaised(CaseAlarm, topic="signals_gathered_alarm.raised"):
    """兆候の集積: several weak signals in some months, none of them much by itself: people look at them together.

    No score and no weights: it only says that there are so many. Basis: CAPA 8; guideline 6(4)[1].
    """


@dataclass(frozen=True, kw_only=True)
class CoercionCheckRequired(CaseAlarm, topic="coercion_check.required"):
    """威迫の確認の求め, at once: a guardian asks for data, or consents, where something was told under RISK.

    Basis: APPI 78; CAPA 8.
    """


@dataclass(frozen=True, kw_only=True)
class NoticeUnconfirmedAlarmRaised(CaseAlarm, topic="notice_unconfirmed_alarm.raised"):
    """訂正・回収の未確認: who was told of a correction or recall has not said that it followed it. Basis: APPI 97, 98."""


@dataclass(frozen=True, kw_only=True)
class TransferUnacknowledgedAlarmRaised(CaseAlarm, topic="transfer_unacknowledged_alarm.raised"):
    """移管未受領警報: the new municipality has not said that a hand-over arrived. Basis: own rule (目黒 2018)."""


@dataclass(frozen=True, kw_only=True)
class TransferOverdueAlarmRaised(CaseAlarm, topic="transfer_overdue_alarm.raised"):
    """移管未完了警報: a hand-over is under way for so long, and the child was not seen. Basis: own rule (相模原)."""


@dataclass(frozen=True, kw_only=True)
class TransferNotBegunAlarmRaised(CaseAlarm, topic="transfer_not_begun_alarm.raised"):
    """移管未着手警報: a move is known, and nobody has begun to hand the family over. Basis: own rule (札幌 2021)."""


@dataclass(frozen=True, kw_only=True)
class DecisionUnreviewedAlarmRaised(CaseAlarm, topic="decision_unreviewed_alarm.raised"):
    """不提供判断の未見直し: the day came on which a decision not to tell was to be looked at again.

    Basis: own rule (判断の見直し); APPI 69.
    """


@dataclass(frozen=True, kw_only=True)
class VisitUnreportedAlarmRaised(CaseAlarm, topic="visit_unreported_alarm.raised"):
    """訪問未報告警報: a visit was planned, and nobody told how it went. Basis: guideline 6(4)[1]."""


@dataclass(frozen=True, kw_only=True)
class BreachReportOverdueAlarmRaised(CaseAlarm, topic="breach_report_overdue_alarm.raised"):
    """漏えい確報の遅れ. Basis: APPI 68 (確報 within 30 days)."""


@dataclass(frozen=True, kw_only=True)
class RetentionExpired(CaseAlarm, topic="retention.expired"):
    """保存期間の満了: the case waits to be appraised; it stands until then. Basis: APPI 61; own rule (保存期間)."""


@dataclass(frozen=True, kw_only=True)
class SpecialistUnlinkedAlarmRaised(CaseAlarm, topic="specialist_unlinked_alarm.raised"):
    """専門サービス未接続警報: specialist help was found needed, and nobody linked it or said why not.

    Basis: guideline 5(2)[1].
    """


@dataclass(frozen=True, kw_only=True)
class BundleMissingAlarmRaised(CaseAlarm, topic="bundle_missing_alarm.raised"):
    """情報不足警報: a contractor visits and was not given what it needs; too little is a breach too.

    Basis: guideline 9(2)[1].
    """
