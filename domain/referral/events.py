"""The events of the family ``referral``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.actors import Actor
from domain.case_message import Carries, CaseMessage, CaseStep, Sender
from domain.children import SpeaksOfChildren, all_children_before
from domain.clock_kinds import REFERRAL_CLOCKS, ClockKind
from domain.codes import IndicatorValue, ReferralOutcome, SubjectConsent, SupportNeed


@dataclass(frozen=True, kw_only=True)
class FamilyInformationProvided(
    CaseMessage,
    SpeaksOfChildren,
    topic="family_information.provided",
    version=2,
    title="情報提供",
    law="CWA 21-10-5; guideline 6(1)[1]ア",
    actor=Actor.ANYONE,
    sender=Sender.INVOLVES_OFFICE,
    carries=Carries.MUST,
    starts=REFERRAL_CLOCKS,
    stops=(),
    begins_case=True,
    outgoing_copy=False,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=False,
):
    """An agency informs the municipality of a family that may need support.

    ``subject_consent``: whether the person agreed; a refusal does not bar it. ``weeks_pregnant``: null
    where not stated. ``indicators``: those the sender already noticed.
    """

    subject_consent: SubjectConsent
    weeks_pregnant: int | None
    indicators: dict[str, IndicatorValue]

    upcast_v1_v2 = staticmethod(all_children_before)


@dataclass(frozen=True, kw_only=True)
class InfantHomeVisitReported(
    CaseMessage,
    SpeaksOfChildren,
    topic="infant_home_visit.reported",
    version=3,
    title="全戸訪問実施報告",
    law="guideline 6(1)[1]ア; CWA 21-10-2(1)",
    actor=Actor.ANYONE,
    sender=Sender.INVOLVES_OFFICE,
    carries=Carries.MUST,
    starts=REFERRAL_CLOCKS,
    stops=(),
    begins_case=True,
    outgoing_copy=False,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=False,
):
    """The result of a visit to a home with an infant (all homes are visited). ``support_need``: whether the family needs
    support, as the visitor judges it; null where the report does not say."""

    support_need: SupportNeed | None

    upcast_v1_v2 = staticmethod(all_children_before)

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        state["support_need"] = None


@dataclass(frozen=True, kw_only=True)
class ProgrammeNotificationReceived(
    CaseMessage,
    SpeaksOfChildren,
    topic="programme_notification.received",
    version=2,
    title="児相等からの通知",
    law="CWA 26(1)8; guideline 6(1)[1]イ",
    actor=Actor.ANYONE,
    sender=Sender.INVOLVES_OFFICE,
    carries=Carries.MUST,
    starts=REFERRAL_CLOCKS,
    stops=(),
    begins_case=True,
    outgoing_copy=False,
    unsolicited=True,
    as_other_service=False,
    reveals_notification=False,
):
    """The child guidance centre names a family for whom this programme is thought fit."""

    upcast_v1_v2 = staticmethod(all_children_before)


@dataclass(frozen=True, kw_only=True)
class SupportCaseOpened(
    CaseMessage,
    SpeaksOfChildren,
    topic="support_case.opened",
    version=2,
    title="支援ケース開設",
    law="guideline 1; APPI 69(1)",
    actor=Actor.PERSON,
    sender=Sender.CORE,
    carries=Carries.MAY,
    starts=(),
    stops=(),
    no_task="it is the core agency's own step",
    begins_case=True,
    outgoing_copy=False,
    unsolicited=False,
    as_other_service=False,
    reveals_notification=False,
):
    """The core agency opens a case for support, and for no other purpose."""

    upcast_v1_v2 = staticmethod(all_children_before)


@dataclass(frozen=True, kw_only=True)
class ReferralAcknowledged(
    CaseStep,
    topic="referral.acknowledged",
    title="受領確認",
    law="own rule (受領確認)",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.NEVER,
    starts=(),
    stops=(ClockKind.ACKNOWLEDGE, ClockKind.TRANSFER),
):
    """The addressee confirms that the referral named in ``answers`` has arrived."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class ReferralRead(
    CaseStep,
    topic="referral.read",
    title="既読",
    law="own rule (閲読の記録)",
    actor=Actor.PERSON,
    sender=Sender.ANYONE,
    carries=Carries.NEVER,
    starts=(),
    stops=(ClockKind.READ,),
):
    """A named person of the addressee has read the referral named in ``answers``."""

    answers: UUID


@dataclass(frozen=True, kw_only=True)
class ReferralOutcomeReported(
    CaseStep,
    topic="referral_outcome.reported",
    title="結果の回答",
    law="own rule (outcome to the referrer); CWA 21-10-5",
    actor=Actor.ANYONE,
    sender=Sender.ANYONE,
    carries=Carries.MAY,
    starts=(),
    stops=(ClockKind.ACT,),
):
    """The sender of a referral is informed of its outcome, and of no more. ``answers``: the referral."""

    answers: UUID
    outcome: ReferralOutcome
