"""A case as state, folded from its facts. ``evolve`` never refuses: what was recorded, was so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from domain.calendar import day_of, end_of, monday_of
from domain.clocks import Clock, ClockKind, Key, by_guardian, shows_the_child, wound
from domain.codes import (
    Appraisal,
    CaseStatus,
    ClosingReason,
    EligibilityResult,
    HandoverItem,
    HandoverState,
    IndicatorValue,
    Requester,
    RetentionPolicy,
    Section,
    TargetClass,
)
from domain.events import (
    AbuseNotificationReceived,
    AuditContentAccessGranted,
    BasisOverrideApproved,
    BasisOverrideRequested,
    CaseAlarm,
    CaseConferenceConvened,
    CaseMessage,
    CaseReopened,
    ClosingConsultationHeld,
    ClosingEvaluationRecorded,
    CoercionCheckDone,
    ConferenceMinutesRecorded,
    ConsentGiven,
    ConsentScope,
    ConsentWithdrawn,
    ContactRefused,
    ControlAppraised,
    DestructionApproved,
    EligibilityDetermined,
    EmergencyAccessApproved,
    EmergencyAccessEnded,
    EmergencyAccessRequested,
    EmergencyTriaged,
    Fact,
    FamilyInformationProvided,
    FollowOnServiceAccepted,
    FollowOnServiceArranged,
    HeldDisclosureReleased,
    HomeVisitCompleted,
    HomeVisitFailed,
    HomeVisitRefused,
    HomeVisitScheduled,
    IndicatorAssessmentRecorded,
    InformationRequestAnswered,
    InformationRequestDeclined,
    Item,
    ItemsRewrapped,
    LegalHoldLifted,
    LegalHoldPlaced,
    NetworkCaseDeregistered,
    NetworkCaseRegistered,
    NonDisclosureDecided,
    Placed,
    Plan,
    PlanExtended,
    PlanReviewed,
    ProtectedAddressRegistered,
    RecordsAppraised,
    RelocationConfirmed,
    RelocationLearned,
    RetentionPolicyAssigned,
    SafetyConcernRaised,
    SectionOpened,
    ShortTermGoalEvaluated,
    SubjectAccessDecided,
    SubjectAccessRequested,
    SupportClosed,
    SupportCommenced,
    SupportPlanApproved,
    SupportPlanFormulated,
    SupportPlanProposed,
    SupportWorkerAssigned,
    SupportWorkerUnassigned,
    TransferCompleted,
    TransferInitiated,
    TransferPackageSent,
    TransferReceiptConfirmed,
    UseStopped,
    VisitReportSubmitted,
)
from domain.record import Party, Record
from domain.register import Originator, stamped


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of the case as later decisions need it. ``held``: addressees for whom it still waits."""

    id: UUID
    version: int
    at: datetime
    by: UUID
    actor: str
    fact: CaseMessage
    held: frozenset[UUID]

    @property
    def to(self) -> frozenset[UUID]:
        return self.fact.to

    @property
    def items(self) -> tuple[Item, ...]:
        return self.fact.items


@dataclass(frozen=True, kw_only=True)
class Consent:
    """A consent as it stands. ``withdrawn_at``: null while in force. ``doubted``: a guardian gave it where there is
    danger, in this message, and two persons have not found it the family's own wish (yet)."""

    scope: tuple[ConsentScope, ...]
    given_at: datetime
    expires_at: datetime | None
    withdrawn_at: datetime | None = None
    doubted: UUID | None = None

    def in_force(self, now: datetime) -> bool:
        return self.withdrawn_at is None and (self.expires_at is None or now < self.expires_at)

    def sections_for(self, sender: UUID, recipient: UUID) -> frozenset[Section]:
        """What it lets this sender tell this recipient."""
        rows = (r.sections for r in self.scope if r.sender == sender and r.recipient == recipient)
        return frozenset[Section]().union(*rows)


WEAK_SIGNALS = (
    AbuseNotificationReceived,
    SafetyConcernRaised,
    ContactRefused,
    HomeVisitRefused,
    HomeVisitFailed,
)
MISSED_CHECKUPS = frozenset({"CH_CHECKUP_STATUS", "PR_NO_CHECKUPS"})
LOOKED_AT_TOGETHER = (EmergencyTriaged, CaseConferenceConvened, ConferenceMinutesRecorded)
"""After these people have looked at all that is known."""


def weak_signal(fact: CaseMessage) -> bool:
    """Whether this says a little by itself: a notification, a refusal, a missed check-up. Basis: CAPA 8."""
    if isinstance(fact, FamilyInformationProvided):
        concern = {IndicatorValue.CONCERN, IndicatorValue.SERIOUS}
        return any(fact.indicators.get(code) in concern for code in MISSED_CHECKUPS)
    return isinstance(fact, WEAK_SIGNALS)


@dataclass(frozen=True)
class Grant:
    """An emergency reading that two persons let: whose, and of which items."""

    reader: UUID
    items: frozenset[UUID]


@dataclass(frozen=True)
class AuditGrant:
    """What officials let the audit office open, until the end of which day, and who has let it."""

    items: frozenset[UUID]
    until: date
    approvers: tuple[tuple[UUID, str], ...]

    def opens(self, item: UUID, now: datetime) -> bool:
        """Whether two have let it, and its time is not over."""
        return item in self.items and len(self.approvers) >= APPROVERS and now < end_of(self.until)


@dataclass(frozen=True)
class Kept:
    """How long a case is kept: by which policy, and until which day where that is named."""

    policy: RetentionPolicy
    until: date | None


@dataclass(frozen=True)
class Disposal:
    """What is to be destroyed: the appraisal's message, its sections or the control, and who has let it."""

    appraisal: UUID
    sections: frozenset[Section]
    at: datetime
    approvers: tuple[tuple[UUID, str], ...] = ()
    control: bool = False


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A hand-over under way. ``by``: the responsible core agency; ``to``: those it goes to; ``papers``: the messages
    that a receipt may answer; ``sent``: things that packages brought, ``received``: those that are in hand."""

    id: UUID
    by: UUID
    to: frozenset[UUID]
    at: datetime
    papers: frozenset[UUID]
    sent: frozenset[HandoverItem] = frozenset()
    received: frozenset[HandoverItem] = frozenset()
    confirmed: bool = False
    seen: bool = False


@dataclass(frozen=True)
class Override:
    """What two persons let be told without consent: by whom, on which basis, to whom, what; and since when."""

    by: UUID
    code: str
    recipients: frozenset[UUID]
    sections: frozenset[Section]
    since: datetime


Raised = tuple[str, UUID | None, UUID, datetime, bool]
"""An alarm that was told: its topic, message, whose turn, when it fell due, and whether it climbed."""


@dataclass(frozen=True, kw_only=True)
class Case(Originator):
    """One family's case.

    ``messages`` by id, in order; ``where``: item -> message. ``assigned``: (agency, worker) now;
    ``plan``: the plan in force; ``answered``: (request, who answered it); ``follow_ons``: (request, who has
    not accepted it yet). ``clocks``: those that run for a message; ``raised``: alarms that were told.
    ``visits``: visits in the week of a Monday (JST); ``visited_at``, ``seen_at``: the last visit, the last
    time the child was seen; ``spoken_at``: the last message. ``access``: who asks for data and was not
    answered yet. ``stopped``: messages that are used no more. ``signals``: weak signs since people last looked at all of
    it together; ``at_risk``: something was told under RISK, or a notification came. ``approvals``: emergency request -> who approved;
    ``granted``: those that two approved, and whose time is not over.
    ``retention``: how long it is kept; ``holds``: legal holds in force; ``disposal``: what was appraised to be
    destroyed; ``appraised``: that was looked at since the retention was over.
    ``overrides``: exceptional disclosures that two persons let. ``audits``: request of the audit office -> what
    officials let it open.
    ``offices``: each network that has, or had, the case, and its core agency; ``registered_in``: networks with
    which it is registered; ``commissioned``: contractor -> the core agency that assigned it. ``transfer``: the
    hand-over under way; ``former``: core agencies that handed it over. ``address_until``: the last day on which
    the family's address is protected (the last of all days where none is set), null where it is not.
    ``move_known_at``: since when a move is known and no hand-over was begun.
    """

    network: UUID | None = None
    core: UUID | None = None
    offices: Mapping[UUID, UUID] = field(default_factory=dict)
    registered_in: frozenset[UUID] = frozenset()
    commissioned: Mapping[UUID, UUID] = field(default_factory=dict)
    status: CaseStatus = CaseStatus.OPEN
    messages: Mapping[UUID, Message] = field(default_factory=dict)
    where: Mapping[UUID, UUID] = field(default_factory=dict)
    parties: frozenset[UUID] = frozenset()
    consents: Mapping[UUID, Consent] = field(default_factory=dict)
    assigned: frozenset[tuple[UUID, str]] = frozenset()
    visitors: frozenset[UUID] = frozenset()
    assessed: bool = False
    eligible: bool = False
    classes: frozenset[TargetClass] = frozenset()
    plan: Plan | None = None
    plan_at: datetime | None = None
    reviewed_at: datetime | None = None
    commenced_at: datetime | None = None
    consulted: frozenset[UUID] | None = None
    evaluated: bool = False
    answered: frozenset[tuple[UUID, UUID]] = frozenset()
    follow_ons: frozenset[tuple[UUID, UUID]] = frozenset()
    rewrapped: Mapping[tuple[UUID, Party], tuple[int, UUID]] = field(default_factory=dict)
    clocks: Mapping[Key, Clock] = field(default_factory=dict)
    raised: frozenset[Raised] = frozenset()
    visits: Mapping[date, int] = field(default_factory=dict)
    visited_at: datetime | None = None
    seen_at: datetime | None = None
    spoken_at: datetime | None = None
    access: Mapping[UUID, Requester] = field(default_factory=dict)
    stopped: frozenset[UUID] = frozenset()
    signals: tuple[datetime, ...] = ()
    at_risk: bool = False
    approvals: Mapping[UUID, tuple[tuple[UUID, str], ...]] = field(default_factory=dict)
    granted: Mapping[UUID, Grant] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    audits: Mapping[UUID, AuditGrant] = field(default_factory=dict)
    closed_at: datetime | None = None
    retention: Kept | None = None
    holds: frozenset[UUID] = frozenset()
    disposal: Disposal | None = None
    appraised: bool = False
    transfer: Transfer | None = None
    former: frozenset[UUID] = frozenset()
    address_until: date | None = None
    move_known_at: datetime | None = None

    @property
    def registered(self) -> bool:
        """Whether it is registered with the network that is responsible for it."""
        return self.network in self.registered_in

    def core_of(self, contractor: UUID) -> UUID | None:
        """For which core agency this contractor visits here."""
        return None if self.core is None else self.commissioned.get(contractor, self.core)

    def item(self, item: UUID) -> tuple[Message, Item] | None:
        """The message and the item of this id, or nothing."""
        message = self.messages.get(self.where[item]) if item in self.where else None
        if message is None:
            return None
        return next((message, i) for i in message.items if i.item == item)

    def all_items(self) -> Iterator[tuple[Message, Item]]:
        """Every item with its message, in order."""
        for message in self.messages.values():
            for item in message.items:
                yield message, item

    def has_assigned(self, agency: UUID) -> bool:
        return any(who == agency for who, _ in self.assigned)


@dataclass(frozen=True, kw_only=True)
class Access(Originator):
    """The readings of a case. ``opened``: ask of an opening -> (who, item)."""

    opened: Mapping[UUID, tuple[Party, UUID]] = field(default_factory=dict)


def evolve_access(state: Access, record: Record) -> Access:
    """The readings after this record."""
    state = stamped(state, record)
    if isinstance(record.fact, SectionOpened):
        return replace(state, opened={**state.opened, record.ask_id: (record.by, record.fact.item)})
    return state


def evolve(case: Case, record: Record) -> Case:
    """The case after this record."""
    case = stamped(case, record)
    fact = record.fact
    if isinstance(fact, ItemsRewrapped):
        made: dict[tuple[UUID, Party], tuple[int, UUID]] = {
            (w.item, w.to): (record.version, record.ask_id) for w in fact.wraps
        }
        return replace(case, rewrapped={**case.rewrapped, **made})
    if isinstance(fact, CaseAlarm):
        told: Raised = (fact.TOPIC, fact.message, fact.late, fact.due_at, fact.escalated)
        if isinstance(fact, EmergencyAccessEnded):
            case = _ended(case, fact)
        return replace(case, raised=case.raised | {told})
    if not isinstance(fact, CaseMessage) or not isinstance(record.by, UUID):
        return case  # a refusal: kept, and nothing follows from it
    message = Message(
        id=record.ask_id,
        version=record.version,
        at=record.at,
        by=record.by,
        actor=record.actor,
        fact=fact,
        held=fact.held,
    )
    case = replace(
        case,
        messages={**case.messages, message.id: message},
        where={**case.where, **{i.item: message.id for i in fact.items}},
        parties=case.parties | {record.by} | fact.to,
        clocks=wound(case.clocks, fact, message.id, message.by, message.at, fact.to - fact.held),
        seen_at=message.at if _seen(fact) else case.seen_at,
        spoken_at=message.at,
    )
    case = _sighted_there(case, fact, record.by)
    if isinstance(fact, RelocationLearned):
        case = replace(case, move_known_at=record.at)
    elif isinstance(fact, TransferInitiated | NonDisclosureDecided):
        case = replace(case, move_known_at=None)
    if isinstance(fact, LOOKED_AT_TOGETHER):
        case = replace(case, signals=())
    elif weak_signal(fact):
        case = replace(case, signals=(*case.signals, record.at))
    case = _without_bundle(case, fact, message)
    if case.at_risk and by_guardian(fact):
        clock = Clock(
            kind=ClockKind.COERCION,
            message=message.id,
            late=message.by,
            told=frozenset({message.by}),
            since=message.at,
            due_at=message.at,
        )
        case = replace(case, clocks={**case.clocks, (clock.kind, message.id, clock.late): clock})
    if isinstance(fact, AbuseNotificationReceived) or any(i.section is Section.RISK for i in fact.items):
        case = replace(case, at_risk=True)
    if fact.placed is not None:
        case = _placed(case, fact.placed, moves=isinstance(fact, TransferCompleted))
    return _then(case, fact, message)


NEEDED_BY_A_VISITOR = frozenset({Section.BASIC, Section.PLAN})
"""What a contractor needs before it visits. Basis: guideline 4(1), 9(2)[1]."""


def _without_bundle(case: Case, fact: CaseMessage, message: Message) -> Case:
    """A contractor that visits without what it needs: its core agency is told at once. Basis: guideline 9(2)[1]."""
    by = message.by
    visits = isinstance(fact, HomeVisitScheduled | VisitReportSubmitted) and by in case.visitors
    core = case.core_of(by)
    if not visits or core in (None, by) or core is None:
        return case
    given = {i.section for m in case.messages.values() if by in m.to - m.held for i in m.items}
    if given >= NEEDED_BY_A_VISITOR or any(kind is ClockKind.BUNDLE for kind, *_ in case.clocks):
        return case
    clock = Clock(
        kind=ClockKind.BUNDLE,
        message=message.id,
        late=core,
        told=frozenset({by}),
        since=message.at,
        due_at=message.at,
    )
    return replace(case, clocks={**case.clocks, (clock.kind, message.id, core): clock})


def _then(case: Case, fact: Fact, message: Message) -> Case:
    """What follows from this very fact."""
    match fact:
        case InformationRequestAnswered() | InformationRequestDeclined():
            return replace(case, answered=case.answered | {(fact.answers, message.by)})
        case NetworkCaseRegistered():
            return replace(case, registered_in=case.registered_in | _registry_of(case, fact))
        case NetworkCaseDeregistered():
            return replace(case, registered_in=case.registered_in - _registry_of(case, fact))
        case IndicatorAssessmentRecorded():
            return replace(case, assessed=True)
        case EligibilityDetermined():
            eligible = fact.result is EligibilityResult.ELIGIBLE
            return replace(case, eligible=eligible, classes=fact.target_classes)
        case ConsentGiven():
            given = {
                consent: Consent(
                    scope=tuple(row for row in fact.scope if row.consent == consent),
                    given_at=message.at,
                    expires_at=fact.expires_at,
                    doubted=message.id
                    if (ClockKind.COERCION, message.id, message.by) in case.clocks
                    else None,
                )
                for consent in fact.consent
            }
            return replace(case, consents={**case.consents, **given})
        case CoercionCheckDone() if not fact.coerced:
            sure = {
                name: replace(c, doubted=None)
                for name, c in case.consents.items()
                if c.doubted == fact.answers
            }
            return replace(case, consents={**case.consents, **sure})
        case ConsentWithdrawn():
            gone = {
                c: replace(case.consents[c], withdrawn_at=message.at)
                for c in fact.consent
                if c in case.consents
            }
            return replace(case, consents={**case.consents, **gone})
        case SupportPlanFormulated() | SupportPlanApproved():
            return replace(case, plan=fact.plan, plan_at=message.at)
        case SupportPlanProposed():
            return case
        case SupportCommenced():
            return _commenced(case, fact, message)
        case PlanReviewed() | ShortTermGoalEvaluated():
            return replace(case, reviewed_at=message.at)
        case PlanExtended():
            plan = None if case.plan is None else replace(case.plan, plan_until=fact.plan_until)
            return replace(case, plan=plan)
        case SupportWorkerAssigned():
            return replace(
                case,
                assigned=case.assigned | {(fact.agency, fact.worker)},
                visitors=case.visitors | {fact.agency},
                parties=case.parties | {fact.agency},
                commissioned=case.commissioned
                if fact.agency == message.by
                else {**case.commissioned, fact.agency: message.by},
            )
        case SupportWorkerUnassigned():
            return replace(case, assigned=case.assigned - {(fact.agency, fact.worker)})
        case HeldDisclosureReleased():
            return _released(case, fact, message.at)
        case ClosingConsultationHeld():
            return replace(case, consulted=fact.consulted, reviewed_at=message.at)
        case ClosingEvaluationRecorded():
            return replace(case, evaluated=True)
        case VisitReportSubmitted() | HomeVisitCompleted():
            if isinstance(fact, VisitReportSubmitted) and _told_before(case, message):
                return case  # it reports a visit that was told, and counted, when it was made
            week = monday_of(day_of(message.at))
            visits = {**case.visits, week: case.visits.get(week, 0) + 1}
            return replace(case, visits=visits, visited_at=message.at)
        case SubjectAccessRequested():
            return replace(case, access={**case.access, message.id: fact.requester})
        case SubjectAccessDecided():
            return replace(case, access={a: who for a, who in case.access.items() if a != fact.answers})
        case BasisOverrideApproved():
            return _overridden(case, fact, message)
        case EmergencyAccessApproved():
            return _approved(case, fact, message)
        case TransferInitiated():
            return replace(case, transfer=_begun(message))
        case TransferPackageSent() | TransferReceiptConfirmed():
            return _handed(case, fact, message.id)
        case TransferCompleted():
            return _completed(case, fact)
        case RetentionPolicyAssigned():
            return replace(case, retention=Kept(fact.policy, fact.until), appraised=False)
        case LegalHoldPlaced():
            return replace(case, holds=case.holds | {message.id})
        case LegalHoldLifted():
            return replace(case, holds=case.holds - {fact.lifts})
        case RecordsAppraised():
            goes = fact.appraisal is Appraisal.DESTROY
            disposal = Disposal(message.id, fact.sections, message.at) if goes else None
            return replace(case, appraised=True, disposal=disposal)
        case ControlAppraised():
            doomed = Disposal(message.id, frozenset(), message.at, control=True)
            return replace(case, appraised=True, disposal=doomed)
        case DestructionApproved():
            return _let_go(case, message)
        case AuditContentAccessGranted():
            return _granted(case, fact, message)
        case ProtectedAddressRegistered():
            return replace(case, address_until=fact.until or date.max)
        case UseStopped():
            return replace(case, stopped=case.stopped | {fact.stops})
        case CaseReopened():
            return replace(
                case, status=CaseStatus.OPEN, consulted=None, evaluated=False, closed_at=None, appraised=False
            )
        case SupportClosed() if fact.closing_reason is ClosingReason.TRANSFER:
            return _left(case, message.by)
        case SupportClosed():
            case = replace(case, status=CaseStatus.CLOSED, assigned=frozenset(), closed_at=message.at)
            return _with_follow_ons(case, case.follow_ons)
        case FollowOnServiceArranged():
            return _with_follow_ons(case, case.follow_ons | {(message.id, agency) for agency in fact.to})
        case FollowOnServiceAccepted():
            return _with_follow_ons(case, case.follow_ons - {(fact.answers, message.by)})
        case _:
            return case


def _told_before(case: Case, report: Message) -> bool:
    """Whether its sender has told of a visit, and not reported it yet."""
    own = [m for m in case.messages.values() if m.by == report.by and m.id != report.id]
    told = [m for m in own if isinstance(m.fact, HomeVisitCompleted | VisitReportSubmitted)]
    return bool(told) and isinstance(told[-1].fact, HomeVisitCompleted)


def _seen(fact: Fact) -> bool:
    """Whether the child was seen. Basis: guideline 5(1)[3]."""
    visit = isinstance(fact, VisitReportSubmitted | HomeVisitCompleted) and fact.child_seen
    return visit or shows_the_child(fact)


def _commenced(case: Case, fact: SupportCommenced, message: Message) -> Case:
    case = replace(
        case,
        status=CaseStatus.SUPPORTED,
        commenced_at=message.at,
        consulted=None,
        evaluated=False,
        classes=fact.target_classes if fact.target_classes is not None else case.classes,
    )
    return case if fact.plan is None else replace(case, plan=fact.plan, plan_at=message.at)


def _with_follow_ons(case: Case, waiting: frozenset[tuple[UUID, UUID]]) -> Case:
    """A closed case is pending until every follow-on is accepted. Basis: guideline 6(5)[2]."""
    status = case.status
    if status in (CaseStatus.CLOSED, CaseStatus.FOLLOW_ON_PENDING):
        status = CaseStatus.FOLLOW_ON_PENDING if waiting else CaseStatus.CLOSED
    return replace(case, follow_ons=waiting, status=status)


APPROVERS = 2


def core_file(case: Case, sections: frozenset[Section]) -> Iterator[tuple[Message, Item]]:
    """What of these sections the core agency wrote or was sent."""
    for message, item in case.all_items():
        if item.section in sections and case.core in (message.by, *message.to):
            yield message, item


def _approved(case: Case, fact: EmergencyAccessApproved, message: Message) -> Case:
    """With the second person's word the reading is open, and everyone whose words it opens is told.

    Basis: APPI 66, 69(2)4.
    """
    request = case.messages.get(fact.approves)
    if request is None or not isinstance(request.fact, EmergencyAccessRequested):
        return case
    known = (*case.approvals.get(fact.approves, ()), (message.by, message.actor))
    case = replace(case, approvals={**case.approvals, fact.approves: known})
    if len(known) != APPROVERS or case.core is None:
        return case
    found = list(core_file(case, request.fact.sections))
    owners = frozenset({case.core, *(m.by for m, _ in found)})

    def clock(kind: ClockKind, late: UUID, due_at: datetime | None = None) -> Clock:
        return Clock(kind=kind, message=request.id, late=late, told=owners, since=message.at, due_at=due_at)

    started = (
        clock(ClockKind.EMERGENCY, request.by, message.at),
        clock(ClockKind.EMERGENCY_END, request.by),
        clock(ClockKind.LOOK_BACK, case.core),
    )
    grant = Grant(request.by, frozenset(item.item for _, item in found))
    return replace(
        case,
        granted={**case.granted, request.id: grant},
        clocks={**case.clocks, **{(c.kind, request.id, c.late): c for c in started}},
    )


def _overridden(case: Case, fact: BasisOverrideApproved, message: Message) -> Case:
    """With the second person's word it may be told, for some hours by the book. Basis: APPI 69(2)4."""
    request = case.messages.get(fact.approves)
    if request is None or not isinstance(request.fact, BasisOverrideRequested):
        return case
    known = (*case.approvals.get(fact.approves, ()), (message.by, message.actor))
    case = replace(case, approvals={**case.approvals, fact.approves: known})
    if len(known) != APPROVERS:
        return case
    asked = request.fact
    let = Override(request.by, asked.code, asked.recipients, asked.sections, message.at)
    return replace(case, overrides=(*case.overrides, let))


def _granted(case: Case, fact: AuditContentAccessGranted, message: Message) -> Case:
    known = case.audits.get(fact.grants)
    approvers = () if known is None else known.approvers
    grant = AuditGrant(fact.opens, fact.until, (*approvers, (message.by, message.actor)))
    return replace(case, audits={**case.audits, fact.grants: grant})


def _let_go(case: Case, message: Message) -> Case:
    now = case.disposal
    if now is None:
        return case
    known = (*now.approvers, (message.by, message.actor))
    return replace(case, disposal=replace(now, approvers=known, at=message.at))


def _ended(case: Case, fact: EmergencyAccessEnded) -> Case:
    ended = (ClockKind.EMERGENCY_END, fact.message)
    return replace(
        case,
        granted={k: g for k, g in case.granted.items() if k != fact.message},
        clocks={k: c for k, c in case.clocks.items() if k[:2] != ended},
    )


def _released(case: Case, fact: HeldDisclosureReleased, at: datetime) -> Case:
    waiting = case.messages.get(fact.releases)
    if waiting is None:
        return case
    free = replace(waiting, held=waiting.held - fact.to)
    clocks = wound(case.clocks, waiting.fact, free.id, waiting.by, at, fact.to)
    return replace(case, messages={**case.messages, free.id: free}, clocks=clocks)


# --- moves ------------------------------------------------------------------------------------------------


def _placed(case: Case, placed: Placed, *, moves: bool) -> Case:
    """The case with its offices; a second network that registers it does not become responsible by that."""
    case = replace(case, offices={**case.offices, placed.network: placed.core})
    if case.core is not None and not moves:
        return case
    former = case.former | ({case.core} if case.core is not None else set())
    return replace(case, network=placed.network, core=placed.core, former=former - {placed.core})


def _registry_of(case: Case, fact: CaseMessage) -> frozenset[UUID]:
    """The network with which it is registered by this."""
    network = case.network if fact.placed is None else fact.placed.network
    return frozenset() if network is None else frozenset({network})


def _begun(message: Message) -> Transfer:
    return Transfer(
        id=message.id, by=message.by, to=message.to, at=message.at, papers=frozenset({message.id})
    )


def _handed(case: Case, fact: TransferPackageSent | TransferReceiptConfirmed, id: UUID) -> Case:
    now = case.transfer
    if now is None:
        return case
    if isinstance(fact, TransferPackageSent):
        sent = {thing for thing, state in fact.checklist.items() if state is HandoverState.SENT}
        return replace(case, transfer=replace(now, papers=now.papers | {id}, sent=now.sent | sent))
    return replace(case, transfer=replace(now, confirmed=True, received=now.received | fact.received))


def _sighted_there(case: Case, fact: CaseMessage, by: UUID) -> Case:
    """Whether somebody of the new municipality has seen the child. Basis: own rule (札幌 2021: seen, not only met)."""
    now = case.transfer
    seen = _seen(fact) or (isinstance(fact, RelocationConfirmed) and fact.child_seen)
    if now is None or not seen or not {by, case.core_of(by)} & now.to:
        return case
    return replace(case, transfer=replace(now, seen=True))


def _completed(case: Case, fact: TransferCompleted) -> Case:
    """Responsibility has passed with ``placed``; where no door of the new municipality stands, the case ends here."""
    case = replace(case, transfer=None, consulted=None, evaluated=False)
    if fact.placed is not None:
        return replace(case, status=CaseStatus.OPEN)
    former = case.former | ({case.core} if case.core is not None else set())
    return replace(case, status=CaseStatus.TRANSFERRED, assigned=frozenset(), former=former)


def _left(case: Case, core: UUID) -> Case:
    """The old municipality's support is over: its visitors have no part in the case any more. Basis: guideline 6(5)[1]."""
    return replace(
        case, assigned=frozenset(a for a in case.assigned if core not in (a[0], case.core_of(a[0])))
    )
