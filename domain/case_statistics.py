"""What an agency can count of its cases: one entry for each thing that happened, as codes and days, without content.

An office counts what happened in a case while it was responsible for it, as far as it can see it; every other agency
counts its own work alone. Entries are made from control only: what stands in no code is not counted, such as the kind
of abuse, which is content.

Basis: CWA 25-2(2); guideline 6, 10.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from domain import events as e
from domain.calendar import day_of
from domain.case import Message
from domain.children import children_named_in
from domain.clock_kinds import ClockKind
from domain.codes import Body, CaseStatus, ClosingReason, EligibilityResult
from domain.readiness import CLOSED
from domain.tasks import can_see_message
from domain.world import World


class EntryKind(StrEnum):
    """What an entry counts. The code of each is of the list that its name says."""

    REFERRAL = "REFERRAL"  # 受理 (ReferralRoute)
    REFERRAL_SENT = "REFERRAL_SENT"  # 送付 (ReferralRoute)
    SAFETY_CHECK = "SAFETY_CHECK"  # 通告の安全確認 (SafetyCheckOutcome)
    REGISTRATION = "REGISTRATION"  # 要対協への登録 (NetworkStanding)
    ASSESSED_ROUTE = "ASSESSED_ROUTE"  # 初めての指標評価に記した経路 (Route)
    ELIGIBILITY = "ELIGIBILITY"  # 対象決定 (EligibilityResult)
    TARGET_CLASS = "TARGET_CLASS"  # 対象とした決定の区分 (TargetClass)
    VISIT_PLANNED = "VISIT_PLANNED"  # 訪問予定
    VISIT = "VISIT"  # 訪問 (VisitOutcome)
    FIRST_VISIT = "FIRST_VISIT"  # 初回訪問: days since the case began, as a number
    CASE_BEGUN = "CASE_BEGUN"  # 担当の始まり
    CASE_REOPENED = "CASE_REOPENED"  # 再開
    CASE_CLOSED = "CASE_CLOSED"  # 終結 (ClosingReason)
    CASE_HANDED_OVER = "CASE_HANDED_OVER"  # 担当の終わり(引継ぎ)
    CASE_PHASE = "CASE_PHASE"  # 段階 (CasePhase)
    FOLLOW_ON = "FOLLOW_ON"  # 終結後の支援 (FollowOn)


CASE_COURSE = frozenset(
    {
        EntryKind.CASE_BEGUN,
        EntryKind.CASE_REOPENED,
        EntryKind.CASE_CLOSED,
        EntryKind.CASE_HANDED_OVER,
        EntryKind.CASE_PHASE,
    }
)
"""The kinds that say which cases were open at a time; they count from the beginning of a case."""
UNKNOWN = "UNKNOWN"
"""The code of what the agency cannot see, or what nobody stated."""


class ReferralRoute(StrEnum):
    """How a referral came, by its act and by what its sender is in law. It names no person. Basis: guideline 6(1)[1]."""

    INFANT_HOME_VISIT = "INFANT_HOME_VISIT"  # 全戸訪問実施報告
    CHILD_GUIDANCE_CENTRE = "CHILD_GUIDANCE_CENTRE"  # 児相等からの通知
    NOTIFICATION = "NOTIFICATION"  # 通告
    FORWARDED = "FORWARDED"  # 転送された通告
    STAFF_ABUSE = "STAFF_ABUSE"  # 施設職員等による虐待の通報
    MEDICAL = "MEDICAL"  # 医療機関からの情報提供
    SCHOOL = "SCHOOL"  # 学校からの情報提供
    WELFARE_FACILITY = "WELFARE_FACILITY"  # 保育所・福祉施設からの情報提供
    LOCAL_GOVERNMENT = "LOCAL_GOVERNMENT"  # 地方公共団体からの情報提供
    OTHER = "OTHER"  # その他からの情報提供
    OWN = "OWN"  # 自機関での把握


class SafetyCheckOutcome(StrEnum):
    """Whether each child of a notification was seen in the time that the rule book names. Basis: CAPA 8."""

    MET = "MET"
    LATE = "LATE"
    WAITING = "WAITING"


class VisitOutcome(StrEnum):
    """What came of a visit."""

    CHILD_SEEN = "CHILD_SEEN"
    CHILD_NOT_SEEN = "CHILD_NOT_SEEN"
    NOBODY_MET = "NOBODY_MET"
    REFUSED = "REFUSED"


class CasePhase(StrEnum):
    """How far support has come in a case that is open."""

    RECEIVED = "RECEIVED"  # 受理・調査中
    ELIGIBLE = "ELIGIBLE"  # 対象決定済み
    SUPPORTED = "SUPPORTED"  # 支援中


@dataclass(frozen=True)
class StatisticsEntry:
    """One thing to count. ``day``: in Japan; ``children``: the references that the message names, for their age."""

    case: UUID
    kind: EntryKind
    day: date
    code: str = ""
    children: frozenset[UUID] = frozenset()


_ROUTE_BY_ACT = {
    e.InfantHomeVisitReported: ReferralRoute.INFANT_HOME_VISIT,
    e.ProgrammeNotificationReceived: ReferralRoute.CHILD_GUIDANCE_CENTRE,
    e.AbuseNotificationReceived: ReferralRoute.NOTIFICATION,
    e.NotificationForwarded: ReferralRoute.FORWARDED,
    e.StaffAbuseReported: ReferralRoute.STAFF_ABUSE,
}
_ROUTE_BY_BODY = {
    Body.MEDICAL: ReferralRoute.MEDICAL,
    Body.SCHOOL: ReferralRoute.SCHOOL,
    Body.WELFARE_FACILITY: ReferralRoute.WELFARE_FACILITY,
    Body.MUNICIPALITY: ReferralRoute.LOCAL_GOVERNMENT,
    Body.PREFECTURE: ReferralRoute.LOCAL_GOVERNMENT,
}


def statistics_entries(
    world: World, agency: UUID, *, since: date, until: date, now: datetime
) -> list[StatisticsEntry]:
    """What this agency can count of this case on the days from ``since`` to before ``until``, in the order of the record.

    The course of the case (``CASE_COURSE``) counts from its beginning: without it nobody could say how many were open.
    """
    course = _Course(world, agency, now)
    entries = (entry for message in world.case.messages.values() for entry in course.entries_of(message))
    return [
        one
        for one in (*entries, *course.unseen_closing())
        if one.day < until and (one.day >= since or one.kind in CASE_COURSE)
    ]


@dataclass
class _Course:
    """One walk through the messages of a case. ``_network``, ``_core``: where it is placed as of the last message."""

    world: World
    agency: UUID
    now: datetime
    _network: UUID | None = None
    _core: UUID | None = None
    _registered: frozenset[UUID] = frozenset()
    _status: CaseStatus = CaseStatus.OPEN
    _phase: CasePhase | None = None
    _counted: bool = False  # whether the case is open and in the charge of this agency
    _began_on: date | None = None
    _closed_before: bool = False
    _visited: bool = False
    _assessed: bool = False
    _visits_by: dict[UUID, list[e.HomeVisitCompleted | e.VisitReportSubmitted]] = field(default_factory=dict)

    def entries_of(self, message: Message) -> Iterator[StatisticsEntry]:
        is_first = self._core is None and self._network is None and not self._visits_by
        in_charge_before = self._in_charge()
        self._follow(message)
        in_charge = self._in_charge() or in_charge_before
        yield from self._course_entries(message)
        sees = can_see_message(self.world, self.agency, message, now=self.now)
        if message.by == self.agency or (in_charge and sees):
            for kind, code in self._codes(message, in_charge=in_charge, is_first=is_first, sees=sees):
                children = children_named_in(message.event) if sees else frozenset()
                yield StatisticsEntry(self.world.case.id, kind, day_of(message.at), code, children)

    def unseen_closing(self) -> Iterator[StatisticsEntry]:
        """The end of a case whose closing is in no message: every row of the feed shows the status itself."""
        case = self.world.case
        if self._counted and case.status in CLOSED:
            day = day_of(case.closed_at or self.now)
            yield StatisticsEntry(case.id, EntryKind.CASE_CLOSED, day, UNKNOWN)
            yield StatisticsEntry(case.id, EntryKind.FOLLOW_ON, day, UNKNOWN)

    # --- who is responsible, and how far the case has come -----------------------------------------------------

    def _follow(self, message: Message) -> None:
        event = message.event
        placed = getattr(event, "placed", None)
        if placed is not None:
            self._network, self._core = placed.network, placed.core
        match event:
            case e.NetworkCaseRegistered():
                if self._network is not None:
                    self._registered |= {self._network}
            case e.SupportClosed(closing_reason=reason) if reason is not ClosingReason.TRANSFER:
                # after a transfer the former core agency closes its own part alone
                self._status = CaseStatus.CLOSED
            case e.TransferCompleted():
                self._status, self._phase = CaseStatus.OPEN, None
                if placed is None:
                    self._status, self._core = CaseStatus.TRANSFERRED, None
            case e.CaseReopened():
                self._status, self._phase = CaseStatus.OPEN, None
            case e.EligibilityDetermined(result=EligibilityResult.ELIGIBLE):
                self._phase = CasePhase.ELIGIBLE
            case e.SupportCommenced():
                self._phase = CasePhase.SUPPORTED

    def _in_charge(self) -> bool:
        """Whether it is the case's core agency, or coordinates the network with which it is registered."""
        if self._core == self.agency and self._core is not None:
            return True
        network = self.world.register.networks.get(self._network) if self._network is not None else None
        return network is not None and network.id in self._registered and network.coordinating == self.agency

    def _course_entries(self, message: Message) -> Iterator[StatisticsEntry]:
        counted = self._in_charge() and self._status is CaseStatus.OPEN
        day = day_of(message.at)
        before, self._counted = self._counted, counted
        if counted and not before:
            kind = EntryKind.CASE_REOPENED if self._closed_before else EntryKind.CASE_BEGUN
            self._began_on, self._visited = day, False
            yield StatisticsEntry(self.world.case.id, kind, day)
            yield self._phase_entry(day)
        elif before and not counted:
            self._closed_before = isinstance(message.event, e.SupportClosed)
            for kind, code in self._end_codes(message):
                yield StatisticsEntry(self.world.case.id, kind, day, code)
        elif counted and isinstance(message.event, e.EligibilityDetermined | e.SupportCommenced):
            yield self._phase_entry(day)

    def _phase_entry(self, day: date) -> StatisticsEntry:
        phase = self._phase or CasePhase.RECEIVED
        return StatisticsEntry(self.world.case.id, EntryKind.CASE_PHASE, day, phase.value)

    def _end_codes(self, message: Message) -> Iterator[tuple[EntryKind, str]]:
        """Reason and follow-on of a closing, where this agency can see it; a hand-over has none."""
        event = message.event
        if not isinstance(event, e.SupportClosed):
            yield EntryKind.CASE_HANDED_OVER, ""
            return
        sees = can_see_message(self.world, self.agency, message, now=self.now)
        yield EntryKind.CASE_CLOSED, event.closing_reason.value if sees else UNKNOWN
        follow_on = event.follow_on if sees else None
        yield EntryKind.FOLLOW_ON, UNKNOWN if follow_on is None else follow_on.value

    # --- what a message counts as ------------------------------------------------------------------------------

    def _codes(
        self, message: Message, *, in_charge: bool, is_first: bool, sees: bool
    ) -> Iterator[tuple[EntryKind, str]]:
        route = self._route(message, is_first=is_first)
        if route is not None:
            yield from self._referral(message, route, in_charge=in_charge)
        outcome = self._visit(message)
        if outcome is not None:
            yield EntryKind.VISIT, outcome.value if sees else UNKNOWN
            made = outcome in (VisitOutcome.CHILD_SEEN, VisitOutcome.CHILD_NOT_SEEN)
            if made and in_charge and self._began_on is not None and not self._visited:
                self._visited = True
                yield EntryKind.FIRST_VISIT, str((day_of(message.at) - self._began_on).days)
        if isinstance(message.event, e.HomeVisitScheduled):
            yield EntryKind.VISIT_PLANNED, ""
        elif in_charge:
            yield from self._decisions(message)

    def _decisions(self, message: Message) -> Iterator[tuple[EntryKind, str]]:
        match message.event:
            case e.NetworkCaseRegistered(standing=standing):
                yield EntryKind.REGISTRATION, UNKNOWN if standing is None else standing.value
            case e.IndicatorAssessmentRecorded(route=route) if not self._assessed:
                self._assessed = True
                yield EntryKind.ASSESSED_ROUTE, UNKNOWN if route is None else route.value
            case e.EligibilityDetermined(result=result, target_classes=classes):
                yield EntryKind.ELIGIBILITY, result.value
                if result is EligibilityResult.ELIGIBLE:
                    yield from ((EntryKind.TARGET_CLASS, one.value) for one in sorted(classes))

    def _referral(
        self, message: Message, route: ReferralRoute, *, in_charge: bool
    ) -> Iterator[tuple[EntryKind, str]]:
        event = message.event
        own = route is ReferralRoute.OWN or bool(getattr(event, "recorded_for_notifier", False))
        if in_charge and (own or message.by != self.agency):
            yield EntryKind.REFERRAL, route.value
            if isinstance(event, e.AbuseNotificationReceived):
                yield EntryKind.SAFETY_CHECK, self._safety_check(message).value
        else:  # its own message: who is not in charge counts no other
            yield EntryKind.REFERRAL_SENT, route.value

    def _route(self, message: Message, *, is_first: bool) -> ReferralRoute | None:
        event = message.event
        if isinstance(event, e.SupportCaseOpened):
            return ReferralRoute.OWN if is_first else None
        if isinstance(event, e.FamilyInformationProvided):
            sender = self.world.register.agencies.get(message.by)
            body = None if sender is None else sender.body
            return ReferralRoute.OTHER if body is None else _ROUTE_BY_BODY.get(body, ReferralRoute.OTHER)
        return _ROUTE_BY_ACT.get(type(event))

    def _safety_check(self, message: Message) -> SafetyCheckOutcome:
        late = e.SafetyCheckOverdueAlarmRaised.TOPIC
        if any(topic == late and about == message.id for topic, about, *_ in self.world.case.raised):
            return SafetyCheckOutcome.LATE
        running = any(
            clock.kind is ClockKind.SAFETY and clock.message == message.id
            for clock in self.world.case.clocks.values()
        )
        return SafetyCheckOutcome.WAITING if running else SafetyCheckOutcome.MET

    def _visit(self, message: Message) -> VisitOutcome | None:
        """What came of the visit that this message records; None where it records none, or one that was counted."""
        match message.event:
            case e.HomeVisitFailed():
                return VisitOutcome.NOBODY_MET
            case e.HomeVisitRefused():
                return VisitOutcome.REFUSED
            case e.HomeVisitCompleted() | e.VisitReportSubmitted() as visit:
                earlier = self._visits_by.setdefault(message.by, [])
                counted = isinstance(visit, e.VisitReportSubmitted) and _reports_recorded(visit, earlier)
                earlier.append(visit)
                if counted:
                    return None
                return VisitOutcome.CHILD_SEEN if visit.child_seen else VisitOutcome.CHILD_NOT_SEEN
            case _:
                return None


def _reports_recorded(
    report: e.VisitReportSubmitted, earlier: list[e.HomeVisitCompleted | e.VisitReportSubmitted]
) -> bool:
    """As ``visits.effects.reports_recorded_visit``, among the visits that its sender had recorded until then."""
    last = earlier[-1] if earlier else None
    if report.visit is None or (isinstance(last, e.HomeVisitCompleted) and last.visit is None):
        return isinstance(last, e.HomeVisitCompleted)
    return any(isinstance(v, e.HomeVisitCompleted) and v.visit == report.visit for v in earlier)
