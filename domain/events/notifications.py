"""Notifications of abuse and what must follow: sorted, forwarded, the child seen, sent on.

Whoever notified is in NOTIFIER alone; here stands a token at the most. Basis: CAPA 6, 7, 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.codes import ReferralOutcome, SafetyMethod, Urgency
from domain.events.case import CaseMessage


@dataclass(frozen=True, kw_only=True)
class AbuseNotificationReceived(CaseMessage, topic="abuse_notification.received"):
    """通告受理. ``notifier_token``: a pseudonym of whoever notified, null where none was given.

    ``received_at``: when it reached us; the safety check counts from then. ``recorded_for_notifier``: somebody without a
    door notified us, and we wrote it down; else the author itself notifies the addressees.
    Basis: CAPA 6(1), 7; CWA 25(1).
    """

    notifier_token: str | None
    received_at: datetime
    recorded_for_notifier: bool


@dataclass(frozen=True, kw_only=True)
class EmergencyTriaged(CaseMessage, topic="emergency.triaged"):
    """緊急受理会議. ``urgency``: null where it is not said in a code. Basis: CAPA 8; guideline 6(1)[1]イ."""

    urgency: Urgency | None


@dataclass(frozen=True, kw_only=True)
class NotificationForwarded(CaseMessage, topic="notification.forwarded"):
    """通告の転送, without what tells the notifier. ``forwards``: the notification. Basis: CAPA 7, 8."""

    forwards: UUID


@dataclass(frozen=True, kw_only=True)
class SafetyConfirmed(CaseMessage, topic="safety.confirmed"):
    """安全確認. Only where the child itself was sighted does the clock stop; a call does not stop it.

    Basis: CAPA 8.
    """

    child_seen: bool
    method: SafetyMethod


@dataclass(frozen=True, kw_only=True)
class ChildSighted(CaseMessage, topic="child.sighted"):
    """目視確認: the child itself was seen by us. Basis: CAPA 8; guideline 5(1)[3]."""


@dataclass(frozen=True, kw_only=True)
class SafetyConcernRaised(CaseMessage, topic="safety_concern.raised"):
    """安全上の懸念: something seen in the support that must be judged. Basis: CAPA 5(2), 6(1); guideline 6(4)[1]."""


@dataclass(frozen=True, kw_only=True)
class CaseReferredToCgc(CaseMessage, topic="case_referred_to.cgc"):
    """児相送致. Basis: CWA 25-7; CAPA 8."""


@dataclass(frozen=True, kw_only=True)
class ReferralOutcomeReported(CaseMessage, topic="referral_outcome.reported"):
    """結果の回答: whoever told us of the family hears what became of it, and no more.

    ``answers``: the referral. Basis: own rule (outcome to the referrer); CWA 21-10-5.
    """

    answers: UUID
    outcome: ReferralOutcome


@dataclass(frozen=True, kw_only=True)
class NonDisclosureDecided(CaseMessage, topic="non_disclosure.decided"):
    """不提供・不対応の判断, with its reason. ``review_on``: the day (JST) on which it is looked at again.

    Basis: own rule (decisions not to share or act are on record); APPI 69.
    """

    review_on: date | None


@dataclass(frozen=True, kw_only=True)
class VisitReportReviewed(CaseMessage, topic="visit_report.reviewed"):
    """訪問報告の確認. ``answers``: the report. Basis: guideline 6(4)[1]."""

    answers: UUID
