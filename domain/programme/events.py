"""The events of the family ``programme``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.actors import Actor
from domain.codes import BusinessItem, CommunityService, Finding
from domain.event import Cause, Event, Kind


@dataclass(frozen=True, kw_only=True)
class AgencyEvent(Event, on=Kind.AGENCY, cause=Cause.COMMAND):
    """What an agency records about itself and its own programme."""


@dataclass(frozen=True, kw_only=True)
class BusinessNotice(AgencyEvent):
    """A notice of 第2種社会福祉事業 to the prefecture. ``happened_on``: the day of what is notified.

    ``items``: what the notice covers; ``reason``: why it comes later than a month, null where it does not.
    """

    happened_on: date
    items: frozenset[BusinessItem]
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class ConfidentialityRulesAdopted(
    AgencyEvent,
    topic="confidentiality_rules.adopted",
    title="守秘規程の制定",
    law="guideline 8[1]",
    actor=Actor.PERSON,
):
    """An agency adopts its rules of secrecy; from now on nobody of this agency opens anything without having
    acknowledged them.

    ``edition``: the rules' own name.
    """

    edition: str


@dataclass(frozen=True, kw_only=True)
class ConfidentialityRulesAcknowledged(
    AgencyEvent,
    topic="confidentiality_rules.acknowledged",
    title="守秘規程の周知確認",
    law="guideline 8[1]",
    actor=Actor.PERSON,
):
    """The person who signs acknowledges this edition of the rules of secrecy.

    ``staff``: that person's reference.
    """

    edition: str
    staff: str


@dataclass(frozen=True, kw_only=True)
class BusinessCommencementNotified(
    BusinessNotice,
    topic="business_commencement.notified",
    title="事業開始届",
    law="guideline 10; 社会福祉法69条, 67条1項",
    actor=Actor.ANYONE,
):
    """The prefecture was notified that the programme begins."""


@dataclass(frozen=True, kw_only=True)
class BusinessChangeNotified(
    BusinessNotice,
    topic="business_change.notified",
    title="事業変更届",
    law="guideline 10; 社会福祉法69条",
    actor=Actor.ANYONE,
):
    """The prefecture was notified of a change of the programme."""


@dataclass(frozen=True, kw_only=True)
class BusinessAbolitionNotified(
    BusinessNotice,
    topic="business_abolition.notified",
    title="事業廃止届",
    law="guideline 10; 社会福祉法69条",
    actor=Actor.ANYONE,
):
    """The prefecture was notified that the programme ends."""


@dataclass(frozen=True, kw_only=True)
class BusinessNoticeOverdueAlarmRaised(
    AgencyEvent,
    topic="business_notice_overdue_alarm.raised",
    title="届出の遅れ",
    law="guideline 10; 社会福祉法69条",
    cause=Cause.CLOCK,
):
    """The hub found that a programme has run for more than a month without being notified."""

    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class CalendarEndingAlarmRaised(
    AgencyEvent,
    topic="calendar_ending_alarm.raised",
    title="休日の暦の期限切れ",
    law="own rule (a calendar names the last year that it covers); 民法142条",
    cause=Cause.CLOCK,
):
    """The public holidays in the rule book's calendar end with this year or are over: days after it are counted without.

    Raised for each core agency, and shown to who runs the hub. ``due_at``: since when.
    """

    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class PrefecturalSupervisionReceived(
    AgencyEvent,
    topic="prefectural_supervision.received",
    title="都道府県の指導監督",
    law="guideline 10; 社会福祉法70条",
    actor=Actor.ANYONE,
):
    """The prefecture supervised the programme, with this finding."""

    finding: Finding


@dataclass(frozen=True, kw_only=True)
class CommunityServiceRegistered(
    AgencyEvent,
    topic="community_service.registered",
    title="地域支援サービスの登録",
    law="guideline 11",
    actor=Actor.ANYONE,
):
    """A service of the community to which a family can be referred is registered."""

    service: CommunityService
    places: int | None


@dataclass(frozen=True, kw_only=True)
class ResourceGapRecorded(
    AgencyEvent,
    topic="resource_gap.recorded",
    title="地域資源の不足",
    law="guideline 11",
    actor=Actor.ANYONE,
):
    """How many families needed a service that is missing; numbers only."""

    service: CommunityService
    families: int


@dataclass(frozen=True, kw_only=True)
class MembershipUnpublishedAlarmRaised(
    Event,
    topic="membership_unpublished_alarm.raised",
    title="構成員の公示の遅れ",
    law="guideline 8[4]; 施行規則25条の27",
    on=Kind.NETWORK,
    cause=Cause.CLOCK,
):
    """The hub found that members were admitted and not announced."""

    members: frozenset[UUID]
    due_at: datetime
