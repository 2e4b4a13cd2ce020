"""The events of the family ``safety``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseMessage, Sender
from domain.children import SpeaksOfChildren, all_children_before
from domain.clock_kinds import REFERRAL_CLOCKS, ClockKind
from domain.codes import NotificationChannel, SafetyMethod, StaffAbuseResult, Urgency


@dataclass(frozen=True, kw_only=True)
class AbuseNotificationReceived(
    CaseMessage,
    SpeaksOfChildren,
    topic="abuse_notification.received",
    version=3,
    title="通告受理",
    law="CAPA 6(1), 7; CWA 25(1)",
    actor=Actor.ANYONE,
    sender=Sender.TO_AUTHORITY,
    carries=Carries.MUST,
    starts=(*REFERRAL_CLOCKS, ClockKind.SAFETY),
    stops=(),
    begins_case=True,
    outgoing_copy=False,
    unsolicited=True,
    as_other_service=True,
    reveals_notification=True,
):
    """An authority was notified of a child that may be abused; who notified is kept separate.

    ``notifier_token``: a pseudonym of whoever notified, null where none was given. ``received_at``: when
    it was received; the safety check counts from then. ``recorded_for_notifier``: somebody without a door
    notified the author, who recorded it; else the author itself notifies the addressees. ``channel``: by which way it
    came (also through a child commissioner, 児童委員), null where not stated.
    """

    notifier_token: str | None
    received_at: datetime
    recorded_for_notifier: bool
    channel: NotificationChannel | None

    upcast_v1_v2 = staticmethod(all_children_before)

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        """Earlier versions had no place for it."""
        state["channel"] = None


@dataclass(frozen=True, kw_only=True)
class StaffAbuseReported(
    CaseMessage,
    SpeaksOfChildren,
    topic="staff_abuse.reported",
    title="施設職員等による虐待の通報",
    law="CWA 33-12",
    actor=Actor.ANYONE,
    sender=Sender.TO_AUTHORITY,
    carries=Carries.MUST,
    starts=REFERRAL_CLOCKS,
    stops=(),
    begins_case=True,
    outgoing_copy=False,
    unsolicited=True,
    as_other_service=True,
    reveals_notification=True,
):
    """An authority was notified of a child that staff of a nursery or another facility may abuse.

    ``facility``: where it is, as an agency of the register, null for one that is none; it is no addressee.
    ``notifier_token``, ``received_at``, ``recorded_for_notifier``: as for a notification of abuse at home.
    """

    facility: UUID | None
    notifier_token: str | None
    received_at: datetime
    recorded_for_notifier: bool


NOTIFICATIONS = (AbuseNotificationReceived, StaffAbuseReported)
"""Whose notifier is protected. Basis: CAPA 7; CWA 33-13."""


@dataclass(frozen=True, kw_only=True)
class StaffAbuseInvestigated(
    CaseMessage,
    SpeaksOfChildren,
    topic="staff_abuse.investigated",
    title="施設職員等による虐待の事実確認",
    law="CWA 33-14",
    actor=Actor.PERSON,
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
    """What was reported of staff of a facility was checked. ``answers``: the report; ``result``: what the check showed."""

    answers: UUID
    result: StaffAbuseResult


@dataclass(frozen=True, kw_only=True)
class EmergencyTriaged(
    CaseMessage,
    SpeaksOfChildren,
    topic="emergency.triaged",
    version=3,
    title="緊急受理会議",
    law="CAPA 8; guideline 6(1)[1]イ",
    actor=Actor.PERSON,
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
    """The urgency of a notification was assessed. ``urgency``: null where it is not stated as a code.

    ``answers``: the notification or referral that was assessed, null: the oldest on which nobody has acted.
    """

    urgency: Urgency | None
    answers: UUID | None

    upcast_v1_v2 = staticmethod(all_children_before)

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        state["answers"] = None


@dataclass(frozen=True, kw_only=True)
class NotificationForwarded(
    CaseMessage,
    SpeaksOfChildren,
    topic="notification.forwarded",
    version=2,
    title="通告の転送",
    law="CAPA 7, 8",
    actor=Actor.ANYONE,
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

    upcast_v1_v2 = staticmethod(all_children_before)


@dataclass(frozen=True, kw_only=True)
class SafetyConfirmed(
    CaseMessage,
    SpeaksOfChildren,
    topic="safety.confirmed",
    version=2,
    title="安全確認",
    law="CAPA 8",
    actor=Actor.PERSON,
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

    upcast_v1_v2 = staticmethod(all_children_before)


@dataclass(frozen=True, kw_only=True)
class ChildSighted(
    CaseMessage,
    SpeaksOfChildren,
    topic="child.sighted",
    version=2,
    title="目視確認",
    law="CAPA 8; guideline 5(1)[3]",
    actor=Actor.PERSON,
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

    upcast_v1_v2 = staticmethod(all_children_before)


@dataclass(frozen=True, kw_only=True)
class SafetyConcernRaised(
    CaseMessage,
    SpeaksOfChildren,
    topic="safety_concern.raised",
    version=2,
    title="安全上の懸念",
    law="CAPA 5(2), 6(1); guideline 6(4)[1]",
    actor=Actor.ANYONE,
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

    upcast_v1_v2 = staticmethod(all_children_before)


@dataclass(frozen=True, kw_only=True)
class CaseReferredToCgc(
    CaseMessage,
    SpeaksOfChildren,
    topic="case_referred_to.cgc",
    version=2,
    title="児相送致",
    law="CWA 25-7; CAPA 8",
    actor=Actor.PERSON,
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

    upcast_v1_v2 = staticmethod(all_children_before)


@dataclass(frozen=True, kw_only=True)
class FamilyCourtNotified(
    CaseMessage,
    SpeaksOfChildren,
    topic="family_court.notified",
    title="家庭裁判所への通告",
    law="CWA 25(1) proviso",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.MUST,
    starts=(),
    stops=(ClockKind.ACT,),
    no_task="a court has no work list here; it answers by its own procedure",
    begins_case=False,
    outgoing_copy=True,
    unsolicited=True,
    as_other_service=True,
    reveals_notification=True,
):
    """A child of fourteen or more that has committed an offence is notified to the family court, and to nobody else."""
