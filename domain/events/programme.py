"""Running the programme: rules of secrecy and who knows them, practice, performance, notices to the prefecture, resources.

What an agency says of itself stands in its own sequence; what concerns a commission stands there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.codes import BusinessItem, CommunityService, Finding, Practice, Tier
from domain.events.base import Event, Kind
from domain.events.commission import CommissionEvent


@dataclass(frozen=True, kw_only=True)
class QualificationVerified(CommissionEvent, topic="qualification.verified"):
    """資格確認 of a visitor. ``reason``: for one that is not on the list (等), null otherwise. Basis: guideline 4(2)."""

    worker: str
    qualification: str
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class FieldPracticeCompleted(CommissionEvent, topic="field_practice.completed"):
    """同行訪問・実技 of a visitor. Basis: guideline 7(1)."""

    worker: str
    practice: Practice


@dataclass(frozen=True, kw_only=True)
class ContractorPerformanceReported(CommissionEvent, topic="contractor_performance.reported"):
    """実施状況報告 of a contractor over a time, in numbers alone. Basis: guideline 9(2)[2]."""

    begins_on: date
    ends_on: date
    families: int
    visits: int


@dataclass(frozen=True, kw_only=True)
class ContractorSupervised(CommissionEvent, topic="contractor.supervised"):
    """指導 of a contractor by the core agency, and what was found. Basis: guideline 9(2)[2]."""

    finding: Finding


@dataclass(frozen=True, kw_only=True)
class PerformanceReportOverdueAlarmRaised(CommissionEvent, topic="performance_report_overdue_alarm.raised"):
    """実施状況報告の遅れ, seen by the hub. Basis: guideline 9(2)[2]; the months are local policy."""

    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class FurtherTrainingOverdueAlarmRaised(CommissionEvent, topic="further_training_overdue_alarm.raised"):
    """技術向上・応用研修の遅れ: a visitor has done nothing of this tier for too long, seen by the hub.

    ``tier``: of the three. It suspends nobody. Basis: guideline 7(3); the months are local policy.
    """

    worker: str
    tier: Tier
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class AgencyEvent(Event):
    """What an agency says of itself and its own programme."""

    ON = Kind.AGENCY


@dataclass(frozen=True, kw_only=True)
class ConfidentialityRulesAdopted(AgencyEvent, topic="confidentiality_rules.adopted"):
    """個人情報・守秘の規程の制定. From now on nobody of this agency opens anything who does not know them.

    ``edition``: the rules' own name. Basis: guideline 8[1].
    """

    edition: str


@dataclass(frozen=True, kw_only=True)
class ConfidentialityRulesAcknowledged(AgencyEvent, topic="confidentiality_rules.acknowledged"):
    """規程の周知確認: the person who signs knows this edition. ``staff``: that person's reference. Basis: guideline 8[1]."""

    edition: str
    staff: str


@dataclass(frozen=True, kw_only=True)
class BusinessNotice(AgencyEvent):
    """A notice of 第2種社会福祉事業 to the prefecture. ``happened_on``: the day of what is notified.

    ``items``: what the notice says; ``reason``: why it comes later than a month, null where it does not.
    """

    happened_on: date
    items: frozenset[BusinessItem]
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class BusinessCommencementNotified(BusinessNotice, topic="business_commencement.notified"):
    """事業開始の届出. Basis: guideline 10; 社会福祉法69条, 67条1項."""


@dataclass(frozen=True, kw_only=True)
class BusinessChangeNotified(BusinessNotice, topic="business_change.notified"):
    """事業変更の届出. Basis: guideline 10; 社会福祉法69条."""


@dataclass(frozen=True, kw_only=True)
class BusinessAbolitionNotified(BusinessNotice, topic="business_abolition.notified"):
    """事業廃止の届出. Basis: guideline 10; 社会福祉法69条."""


@dataclass(frozen=True, kw_only=True)
class BusinessNoticeOverdueAlarmRaised(AgencyEvent, topic="business_notice_overdue_alarm.raised"):
    """届出の遅れ: a programme runs for more than a month and was not notified, seen by the hub.

    Basis: guideline 10; 社会福祉法69条.
    """

    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class PrefecturalSupervisionReceived(AgencyEvent, topic="prefectural_supervision.received"):
    """都道府県の指導監督, and what was found. Basis: guideline 10; 社会福祉法70条."""

    finding: Finding


@dataclass(frozen=True, kw_only=True)
class CommunityServiceRegistered(AgencyEvent, topic="community_service.registered"):
    """地域の支援サービスの登録. Basis: guideline 11."""

    service: CommunityService
    places: int | None


@dataclass(frozen=True, kw_only=True)
class ResourceGapRecorded(AgencyEvent, topic="resource_gap.recorded"):
    """地域資源の不足: how many families wanted what is not there; numbers alone. Basis: guideline 11."""

    service: CommunityService
    families: int


@dataclass(frozen=True, kw_only=True)
class MembershipUnpublishedAlarmRaised(Event, topic="membership_unpublished_alarm.raised"):
    """公示の遅れ: members were admitted and are not announced, seen by the hub. Basis: guideline 8[4]; 施行規則25条の27."""

    ON = Kind.NETWORK

    members: frozenset[UUID]
    due_at: datetime
