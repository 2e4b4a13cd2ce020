"""The events of the family ``safety``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.case_message import Carries, CaseMessage, Sender
from domain.clock_kinds import REFERRAL_CLOCKS, ClockKind
from domain.codes import SafetyMethod, Urgency


@dataclass(frozen=True, kw_only=True)
class AbuseNotificationReceived(
    CaseMessage,
    topic="abuse_notification.received",
    title="通告受理",
    law="CAPA 6(1), 7; CWA 25(1)",
    sender=Sender.TO_AUTHORITY,
    carries=Carries.MUST,
    starts=(*REFERRAL_CLOCKS, ClockKind.SAFETY),
    stops=(),
    begins_case=True,
    outgoing_copy=False,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=True,
):
    """An authority was notified of a child that may be abused; who notified is kept separate.

    ``notifier_token``: a pseudonym of whoever notified, null where none was given. ``received_at``: when
    it was received; the safety check counts from then. ``recorded_for_notifier``: somebody without a door
    notified the author, who recorded it; else the author itself notifies the addressees.
    """

    notifier_token: str | None
    received_at: datetime
    recorded_for_notifier: bool


@dataclass(frozen=True, kw_only=True)
class EmergencyTriaged(
    CaseMessage,
    topic="emergency.triaged",
    title="緊急受理会議",
    law="CAPA 8; guideline 6(1)[1]イ",
    sender=Sender.AUTHORITY,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT,),
    begins_case=False,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=True,
):
    """The urgency of a notification was assessed. ``urgency``: null where it is not stated as a code."""

    urgency: Urgency | None


@dataclass(frozen=True, kw_only=True)
class NotificationForwarded(
    CaseMessage,
    topic="notification.forwarded",
    title="通告の転送",
    law="CAPA 7, 8",
    sender=Sender.AUTHORITY,
    carries=Carries.MUST,
    starts=REFERRAL_CLOCKS,
    stops=(ClockKind.ACT,),
    begins_case=False,
    outgoing_copy=True,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=True,
):
    """A notified agency forwards a notification to another authority, without what identifies the notifier.

    ``forwards``: the notification.
    """

    forwards: UUID


@dataclass(frozen=True, kw_only=True)
class SafetyConfirmed(
    CaseMessage,
    topic="safety.confirmed",
    title="安全確認",
    law="CAPA 8",
    sender=Sender.AUTHORITY,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT, ClockKind.SAFETY),
    begins_case=False,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=True,
):
    """The child's safety was checked; only where the child itself was sighted does the clock stop."""

    child_seen: bool
    method: SafetyMethod


@dataclass(frozen=True, kw_only=True)
class ChildSighted(
    CaseMessage,
    topic="child.sighted",
    title="目視確認",
    law="CAPA 8; guideline 5(1)[3]",
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT, ClockKind.SAFETY),
    no_task="it reports what was seen; nothing is asked of its addressees",
    begins_case=True,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=True,
):
    """The child itself was seen by the sender."""


@dataclass(frozen=True, kw_only=True)
class SafetyConcernRaised(
    CaseMessage,
    topic="safety_concern.raised",
    title="安全上の懸念",
    law="CAPA 5(2), 6(1); guideline 6(4)[1]",
    sender=Sender.INVOLVES_AUTHORITY,
    carries=Carries.MUST,
    starts=(),
    stops=(),
    no_task="it counts as a weak signal; the SIGNALS clock of the case asks for an assessment",
    begins_case=True,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=False,
):
    """Something was seen in the support that must be assessed."""


@dataclass(frozen=True, kw_only=True)
class CaseReferredToCgc(
    CaseMessage,
    topic="case_referred_to.cgc",
    title="児相送致",
    law="CWA 25-7; CAPA 8",
    sender=Sender.OFFICE,
    carries=Carries.MUST,
    starts=REFERRAL_CLOCKS,
    stops=(ClockKind.ACT,),
    begins_case=False,
    outgoing_copy=False,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=True,
):
    """The municipality refers the case to the child guidance centre."""
