"""Events that a rule treats alike."""

from __future__ import annotations

from domain.events.base import Event
from domain.events.case import (
    ConferenceMinutesRecorded,
    ConsentGiven,
    ConsentRefused,
    DisclosureHeld,
    DisclosureMade,
    EligibilityDetermined,
    FamilyInformationProvided,
    FollowOnServiceAccepted,
    FollowOnServiceArranged,
    IndicatorAssessmentRecorded,
    InformationRequested,
    NetworkCaseRegistered,
    ProgrammeNotificationReceived,
    SupportClosed,
    SupportCommenced,
)
from domain.events.course import CaseReopened, InfantHomeVisitReported, SupportCaseOpened
from domain.events.moves import (
    CgcTransferNotified,
    RelocationLearned,
    TransferCompleted,
    TransferConferenceHeld,
    TransferInitiated,
    TransferPackageSent,
    TransferReceiptConfirmed,
)
from domain.events.notifications import (
    AbuseNotificationReceived,
    CaseReferredToCgc,
    ChildSighted,
    EmergencyTriaged,
    NonDisclosureDecided,
    NotificationForwarded,
    ReferralOutcomeReported,
    SafetyConcernRaised,
    SafetyConfirmed,
)

BEGINS_CASE: tuple[type[Event], ...] = (
    FamilyInformationProvided,
    InfantHomeVisitReported,
    ProgrammeNotificationReceived,
    AbuseNotificationReceived,
    SupportCaseOpened,
    RelocationLearned,
    SafetyConcernRaised,
    ChildSighted,
    CgcTransferNotified,
    ConsentGiven,
    ConsentRefused,
)
"""What may begin a case, and what somebody may bring who had no part in it so far."""

OUTGOING_COPIES: tuple[type[Event], ...] = (
    DisclosureMade,
    DisclosureHeld,
    FollowOnServiceArranged,
    InformationRequested,
    NotificationForwarded,
    TransferInitiated,
    TransferPackageSent,
    TransferReceiptConfirmed,
    TransferConferenceHeld,
    TransferCompleted,
)
"""Copies going out: never within standing access (V4)."""

UNSOLICITED_DISCLOSURES: tuple[type[Event], ...] = (
    DisclosureMade,
    DisclosureHeld,
    FamilyInformationProvided,
    InfantHomeVisitReported,
    ProgrammeNotificationReceived,
    AbuseNotificationReceived,
    NotificationForwarded,
    CaseReferredToCgc,
    FollowOnServiceArranged,
    TransferInitiated,
    TransferPackageSent,
    CgcTransferNotified,
)
"""What is told of one's own accord: no request, no answer and no report back."""

AS_OTHER_SERVICE: tuple[type[Event], ...] = (FollowOnServiceArranged, FollowOnServiceAccepted)
"""What a contractor gets or writes as provider of another service, not as this case's contractor."""

REFERRALS: tuple[type[Event], ...] = (
    FamilyInformationProvided,
    InfantHomeVisitReported,
    ProgrammeNotificationReceived,
    AbuseNotificationReceived,
    NotificationForwarded,
    CaseReferredToCgc,
)
"""What is to be acknowledged, read and acted on."""

ACTS_ON_REFERRAL: tuple[type[Event], ...] = (
    IndicatorAssessmentRecorded,
    EligibilityDetermined,
    InformationRequested,
    NetworkCaseRegistered,
    ConferenceMinutesRecorded,
    SupportCommenced,
    SupportClosed,
    EmergencyTriaged,
    NotificationForwarded,
    SafetyConfirmed,
    ChildSighted,
    CaseReferredToCgc,
    ReferralOutcomeReported,
    NonDisclosureDecided,
    CaseReopened,
    TransferInitiated,
)
"""What shows that a referral was acted on: a decision (also not to act), a safety check, or a step towards one."""

REVEALS_NOTIFICATION: tuple[type[Event], ...] = (
    AbuseNotificationReceived,
    NotificationForwarded,
    EmergencyTriaged,
    SafetyConfirmed,
    ChildSighted,
    CaseReferredToCgc,
)
"""What lets somebody infer that there was a notification: never in a list for the family. Basis: CAPA 7; APPI 81."""
