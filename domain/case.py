"""A case as state, folded from its events. ``evolve`` never refuses: what was recorded, was so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from domain import events as e
from domain.calendar import day_of, end_of, monday_of
from domain.clocks import Clock, ClockKey, ClockKind, by_guardian, child_was_sighted, update_clocks
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
from domain.editions import by_edition_of_record
from domain.record import Party, Record
from domain.register import Originator, with_position


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of the case as later decisions need it. ``held``: addressees for whom it still waits."""

    id: UUID
    version: int
    at: datetime
    by: UUID
    actor: str
    event: e.CaseMessage
    held: frozenset[UUID]

    @property
    def to(self) -> frozenset[UUID]:
        return self.event.to

    @property
    def items(self) -> tuple[e.Item, ...]:
        return self.event.items


@dataclass(frozen=True, kw_only=True)
class Consent:
    """A consent as it stands. ``withdrawn_at``: null while in force. ``unconfirmed_by_check``: a guardian gave it where there is
    danger, in this message, and two persons have not found it the family's own wish (yet)."""

    scope: tuple[e.ConsentScope, ...]
    given_at: datetime
    expires_at: datetime | None
    withdrawn_at: datetime | None = None
    unconfirmed_by_check: UUID | None = None

    def in_force(self, now: datetime) -> bool:
        return self.withdrawn_at is None and (self.expires_at is None or now < self.expires_at)

    def sections_for(self, sender: UUID, recipient: UUID) -> frozenset[Section]:
        """What it lets this sender tell this recipient."""
        rows = (r.sections for r in self.scope if r.sender == sender and r.recipient == recipient)
        return frozenset[Section]().union(*rows)


WEAK_SIGNALS = (
    e.AbuseNotificationReceived,
    e.SafetyConcernRaised,
    e.ContactRefused,
    e.HomeVisitRefused,
    e.HomeVisitFailed,
)
MISSED_CHECKUPS = frozenset({"CH_CHECKUP_STATUS", "PR_NO_CHECKUPS"})
JOINT_REVIEWS = (e.EmergencyTriaged, e.CaseConferenceConvened, e.ConferenceMinutesRecorded)
"""After these people have looked at all that is known."""


def weak_signal(event: e.CaseMessage) -> bool:
    """Whether this says a little by itself: a notification, a refusal, a missed check-up. Basis: CAPA 8."""
    if isinstance(event, e.FamilyInformationProvided):
        concern = {IndicatorValue.CONCERN, IndicatorValue.SERIOUS}
        return any(event.indicators.get(code) in concern for code in MISSED_CHECKUPS)
    return isinstance(event, WEAK_SIGNALS)


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
class Retention:
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

    ``messages`` by id, in order; ``message_of_item``: item -> message. ``assigned``: (agency, worker) now;
    ``plan``: the plan in force; ``answered``: (request, who answered it); ``follow_ons``: (request, who has
    not accepted it yet). ``clocks``: those that run for a message; ``raised``: alarms that were told.
    ``visits``: visits in the week of a Monday (JST); ``visited_at``, ``seen_at``: the last visit, the last
    time the child was seen; ``last_message_at``: the last message. ``access``: who asks for data and was not
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
    message_of_item: Mapping[UUID, UUID] = field(default_factory=dict)
    parties: frozenset[UUID] = frozenset()
    consents: Mapping[UUID, Consent] = field(default_factory=dict)
    assigned: frozenset[tuple[UUID, str]] = frozenset()
    visitors: frozenset[UUID] = frozenset()
    assessed: bool = False
    eligible: bool = False
    classes: frozenset[TargetClass] = frozenset()
    plan: e.Plan | None = None
    plan_at: datetime | None = None
    reviewed_at: datetime | None = None
    commenced_at: datetime | None = None
    consulted: frozenset[UUID] | None = None
    evaluated: bool = False
    answered: frozenset[tuple[UUID, UUID]] = frozenset()
    follow_ons: frozenset[tuple[UUID, UUID]] = frozenset()
    rewrapped: Mapping[tuple[UUID, Party], tuple[int, UUID]] = field(default_factory=dict)
    clocks: Mapping[ClockKey, Clock] = field(default_factory=dict)
    raised: frozenset[Raised] = frozenset()
    visits: Mapping[date, int] = field(default_factory=dict)
    visited_at: datetime | None = None
    seen_at: datetime | None = None
    last_message_at: datetime | None = None
    access: Mapping[UUID, Requester] = field(default_factory=dict)
    stopped: frozenset[UUID] = frozenset()
    signals: tuple[datetime, ...] = ()
    at_risk: bool = False
    approvals: Mapping[UUID, tuple[tuple[UUID, str], ...]] = field(default_factory=dict)
    granted: Mapping[UUID, Grant] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    audits: Mapping[UUID, AuditGrant] = field(default_factory=dict)
    closed_at: datetime | None = None
    retention: Retention | None = None
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

    def item(self, item: UUID) -> tuple[Message, e.Item] | None:
        """The message and the item of this id, or nothing."""
        message = self.messages.get(self.message_of_item[item]) if item in self.message_of_item else None
        if message is None:
            return None
        return next((message, i) for i in message.items if i.item == item)

    def all_items(self) -> Iterator[tuple[Message, e.Item]]:
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


@by_edition_of_record
def evolve_access(state: Access, record: Record) -> Access:
    """The readings after this record."""
    state = with_position(state, record)
    if isinstance(record.event, e.SectionOpened):
        return replace(state, opened={**state.opened, record.command_id: (record.by, record.event.item)})
    return state


@by_edition_of_record
def evolve(case: Case, record: Record) -> Case:
    """The case after this record."""
    case = with_position(case, record)
    event = record.event
    if isinstance(event, e.ItemsRewrapped):
        rewrapped_keys: dict[tuple[UUID, Party], tuple[int, UUID]] = {
            (w.item, w.to): (record.version, record.command_id) for w in event.wrapped_keys
        }
        return replace(case, rewrapped={**case.rewrapped, **rewrapped_keys})
    if isinstance(event, e.CaseAlarm):
        raised: Raised = (event.TOPIC, event.message, event.responsible, event.due_at, event.escalated)
        if isinstance(event, e.EmergencyAccessEnded):
            case = _emergency_access_ended(case, event)
        return replace(case, raised=case.raised | {raised})
    if not isinstance(event, e.CaseMessage) or not isinstance(record.by, UUID):
        return case  # a refusal: kept, and nothing follows from it
    message = Message(
        id=record.command_id,
        version=record.version,
        at=record.at,
        by=record.by,
        actor=record.actor,
        event=event,
        held=event.held,
    )
    case = replace(
        case,
        messages={**case.messages, message.id: message},
        message_of_item={**case.message_of_item, **{i.item: message.id for i in event.items}},
        parties=case.parties | {record.by} | event.to,
        clocks=update_clocks(case.clocks, event, message.id, message.by, message.at, event.to - event.held),
        seen_at=message.at if _child_was_seen(event) else case.seen_at,
        last_message_at=message.at,
    )
    case = _child_seen_at_destination(case, event, record.by)
    if isinstance(event, e.RelocationLearned):
        case = replace(case, move_known_at=record.at)
    elif isinstance(event, e.TransferInitiated | e.NonDisclosureDecided):
        case = replace(case, move_known_at=None)
    if isinstance(event, JOINT_REVIEWS):
        case = replace(case, signals=())
    elif weak_signal(event):
        case = replace(case, signals=(*case.signals, record.at))
    case = _with_bundle_clock(case, event, message)
    if case.at_risk and by_guardian(event):
        clock = Clock(
            kind=ClockKind.COERCION,
            message=message.id,
            responsible=message.by,
            informed=frozenset({message.by}),
            since=message.at,
            due_at=message.at,
        )
        case = replace(case, clocks={**case.clocks, (clock.kind, message.id, clock.responsible): clock})
    if isinstance(event, e.AbuseNotificationReceived) or any(i.section is Section.RISK for i in event.items):
        case = replace(case, at_risk=True)
    if event.placed is not None:
        case = _with_offices(case, event.placed, moves=isinstance(event, e.TransferCompleted))
    return _apply_event(case, event, message)


VISITOR_BUNDLE = frozenset({Section.BASIC, Section.PLAN})
"""What a contractor needs before it visits. Basis: guideline 4(1), 9(2)[1]."""


def _with_bundle_clock(case: Case, event: e.CaseMessage, message: Message) -> Case:
    """A contractor that visits without what it needs: its core agency is told at once. Basis: guideline 9(2)[1]."""
    by = message.by
    visits = isinstance(event, e.HomeVisitScheduled | e.VisitReportSubmitted) and by in case.visitors
    core = case.core_of(by)
    if not visits or core in (None, by) or core is None:
        return case
    received = {i.section for m in case.messages.values() if by in m.to - m.held for i in m.items}
    if received >= VISITOR_BUNDLE or any(kind is ClockKind.BUNDLE for kind, *_ in case.clocks):
        return case
    clock = Clock(
        kind=ClockKind.BUNDLE,
        message=message.id,
        responsible=core,
        informed=frozenset({by}),
        since=message.at,
        due_at=message.at,
    )
    return replace(case, clocks={**case.clocks, (clock.kind, message.id, core): clock})


def _apply_event(case: Case, event: e.Event, message: Message) -> Case:
    """What follows from this very event."""
    match event:
        case e.InformationRequestAnswered() | e.InformationRequestDeclined():
            return replace(case, answered=case.answered | {(event.answers, message.by)})
        case e.NetworkCaseRegistered():
            return replace(case, registered_in=case.registered_in | _registering_network(case, event))
        case e.NetworkCaseDeregistered():
            return replace(case, registered_in=case.registered_in - _registering_network(case, event))
        case e.IndicatorAssessmentRecorded():
            return replace(case, assessed=True)
        case e.EligibilityDetermined():
            eligible = event.result is EligibilityResult.ELIGIBLE
            return replace(case, eligible=eligible, classes=event.target_classes)
        case e.ConsentGiven():
            new_consents = {
                consent: Consent(
                    scope=tuple(row for row in event.scope if row.consent == consent),
                    given_at=message.at,
                    expires_at=event.expires_at,
                    unconfirmed_by_check=message.id
                    if (ClockKind.COERCION, message.id, message.by) in case.clocks
                    else None,
                )
                for consent in event.consent
            }
            return replace(case, consents={**case.consents, **new_consents})
        case e.CoercionCheckDone() if not event.coerced:
            confirmed_consents = {
                name: replace(c, unconfirmed_by_check=None)
                for name, c in case.consents.items()
                if c.unconfirmed_by_check == event.answers
            }
            return replace(case, consents={**case.consents, **confirmed_consents})
        case e.ConsentWithdrawn():
            withdrawn_consents = {
                c: replace(case.consents[c], withdrawn_at=message.at)
                for c in event.consent
                if c in case.consents
            }
            return replace(case, consents={**case.consents, **withdrawn_consents})
        case e.SupportPlanFormulated() | e.SupportPlanApproved():
            return replace(case, plan=event.plan, plan_at=message.at)
        case e.SupportPlanProposed():
            return case
        case e.SupportCommenced():
            return _support_commenced(case, event, message)
        case e.PlanReviewed() | e.ShortTermGoalEvaluated():
            return replace(case, reviewed_at=message.at)
        case e.PlanExtended():
            plan = None if case.plan is None else replace(case.plan, plan_until=event.plan_until)
            return replace(case, plan=plan)
        case e.SupportWorkerAssigned():
            return replace(
                case,
                assigned=case.assigned | {(event.agency, event.worker)},
                visitors=case.visitors | {event.agency},
                parties=case.parties | {event.agency},
                commissioned=case.commissioned
                if event.agency == message.by
                else {**case.commissioned, event.agency: message.by},
            )
        case e.SupportWorkerUnassigned():
            return replace(case, assigned=case.assigned - {(event.agency, event.worker)})
        case e.HeldDisclosureReleased():
            return _held_message_released(case, event, message.at)
        case e.ClosingConsultationHeld():
            return replace(case, consulted=event.consulted, reviewed_at=message.at)
        case e.ClosingEvaluationRecorded():
            return replace(case, evaluated=True)
        case e.VisitReportSubmitted() | e.HomeVisitCompleted():
            if isinstance(event, e.VisitReportSubmitted) and _visit_reported_before(case, message):
                return case  # it reports a visit that was told, and counted, when it was made
            week = monday_of(day_of(message.at))
            visits = {**case.visits, week: case.visits.get(week, 0) + 1}
            return replace(case, visits=visits, visited_at=message.at)
        case e.SubjectAccessRequested():
            return replace(case, access={**case.access, message.id: event.requester})
        case e.SubjectAccessDecided():
            return replace(case, access={a: who for a, who in case.access.items() if a != event.answers})
        case e.BasisOverrideApproved():
            return _override_approved(case, event, message)
        case e.EmergencyAccessApproved():
            return _emergency_access_approved(case, event, message)
        case e.TransferInitiated():
            return replace(case, transfer=_transfer_begun(message))
        case e.TransferPackageSent() | e.TransferReceiptConfirmed():
            return _transfer_papers_handed(case, event, message.id)
        case e.TransferCompleted():
            return _transfer_completed(case, event)
        case e.RetentionPolicyAssigned():
            return replace(case, retention=Retention(event.policy, event.until), appraised=False)
        case e.LegalHoldPlaced():
            return replace(case, holds=case.holds | {message.id})
        case e.LegalHoldLifted():
            return replace(case, holds=case.holds - {event.lifts})
        case e.RecordsAppraised():
            to_destroy = event.appraisal is Appraisal.DESTROY
            disposal = Disposal(message.id, event.sections, message.at) if to_destroy else None
            return replace(case, appraised=True, disposal=disposal)
        case e.ControlAppraised():
            control_disposal = Disposal(message.id, frozenset(), message.at, control=True)
            return replace(case, appraised=True, disposal=control_disposal)
        case e.DestructionApproved():
            return _destruction_approved(case, message)
        case e.AuditContentAccessGranted():
            return _audit_access_granted(case, event, message)
        case e.ProtectedAddressRegistered():
            return replace(case, address_until=event.until or date.max)
        case e.UseStopped():
            return replace(case, stopped=case.stopped | {event.stops})
        case e.CaseReopened():
            return replace(
                case, status=CaseStatus.OPEN, consulted=None, evaluated=False, closed_at=None, appraised=False
            )
        case e.SupportClosed() if event.closing_reason is ClosingReason.TRANSFER:
            return _support_ended_by_former_core(case, message.by)
        case e.SupportClosed():
            case = replace(case, status=CaseStatus.CLOSED, assigned=frozenset(), closed_at=message.at)
            return _with_follow_ons(case, case.follow_ons)
        case e.FollowOnServiceArranged():
            return _with_follow_ons(case, case.follow_ons | {(message.id, agency) for agency in event.to})
        case e.FollowOnServiceAccepted():
            return _with_follow_ons(case, case.follow_ons - {(event.answers, message.by)})
        case _:
            return case


def _visit_reported_before(case: Case, report: Message) -> bool:
    """Whether its sender has told of a visit, and not reported it yet."""
    own = [m for m in case.messages.values() if m.by == report.by and m.id != report.id]
    visits = [m for m in own if isinstance(m.event, e.HomeVisitCompleted | e.VisitReportSubmitted)]
    return bool(visits) and isinstance(visits[-1].event, e.HomeVisitCompleted)


def _child_was_seen(event: e.Event) -> bool:
    """Whether the child was seen. Basis: guideline 5(1)[3]."""
    visit = isinstance(event, e.VisitReportSubmitted | e.HomeVisitCompleted) and event.child_seen
    return visit or child_was_sighted(event)


def _support_commenced(case: Case, event: e.SupportCommenced, message: Message) -> Case:
    case = replace(
        case,
        status=CaseStatus.SUPPORTED,
        commenced_at=message.at,
        consulted=None,
        evaluated=False,
        classes=event.target_classes if event.target_classes is not None else case.classes,
    )
    return case if event.plan is None else replace(case, plan=event.plan, plan_at=message.at)


def _with_follow_ons(case: Case, waiting: frozenset[tuple[UUID, UUID]]) -> Case:
    """A closed case is pending until every follow-on is accepted. Basis: guideline 6(5)[2]."""
    status = case.status
    if status in (CaseStatus.CLOSED, CaseStatus.FOLLOW_ON_PENDING):
        status = CaseStatus.FOLLOW_ON_PENDING if waiting else CaseStatus.CLOSED
    return replace(case, follow_ons=waiting, status=status)


APPROVERS = 2


def core_file(case: Case, sections: frozenset[Section]) -> Iterator[tuple[Message, e.Item]]:
    """What of these sections the core agency wrote or was sent."""
    for message, item in case.all_items():
        if item.section in sections and case.core in (message.by, *message.to):
            yield message, item


def _emergency_access_approved(case: Case, event: e.EmergencyAccessApproved, message: Message) -> Case:
    """With the second person's word the reading is open, and everyone whose words it opens is told.

    Basis: APPI 66, 69(2)4.
    """
    request = case.messages.get(event.approves)
    if request is None or not isinstance(request.event, e.EmergencyAccessRequested):
        return case
    known = (*case.approvals.get(event.approves, ()), (message.by, message.actor))
    case = replace(case, approvals={**case.approvals, event.approves: known})
    if len(known) != APPROVERS or case.core is None:
        return case
    opened_items = list(core_file(case, request.event.sections))
    owners = frozenset({case.core, *(m.by for m, _ in opened_items)})

    def clock(kind: ClockKind, responsible: UUID, due_at: datetime | None = None) -> Clock:
        return Clock(
            kind=kind,
            message=request.id,
            responsible=responsible,
            informed=owners,
            since=message.at,
            due_at=due_at,
        )

    started = (
        clock(ClockKind.EMERGENCY, request.by, message.at),
        clock(ClockKind.EMERGENCY_END, request.by),
        clock(ClockKind.EMERGENCY_REVIEW, case.core),
    )
    grant = Grant(request.by, frozenset(item.item for _, item in opened_items))
    return replace(
        case,
        granted={**case.granted, request.id: grant},
        clocks={**case.clocks, **{(c.kind, request.id, c.responsible): c for c in started}},
    )


def _override_approved(case: Case, event: e.BasisOverrideApproved, message: Message) -> Case:
    """With the second person's word it may be told, for some hours by the book. Basis: APPI 69(2)4."""
    request = case.messages.get(event.approves)
    if request is None or not isinstance(request.event, e.BasisOverrideRequested):
        return case
    known = (*case.approvals.get(event.approves, ()), (message.by, message.actor))
    case = replace(case, approvals={**case.approvals, event.approves: known})
    if len(known) != APPROVERS:
        return case
    requested = request.event
    override = Override(request.by, requested.code, requested.recipients, requested.sections, message.at)
    return replace(case, overrides=(*case.overrides, override))


def _audit_access_granted(case: Case, event: e.AuditContentAccessGranted, message: Message) -> Case:
    known = case.audits.get(event.grants)
    approvers = () if known is None else known.approvers
    grant = AuditGrant(event.opens, event.until, (*approvers, (message.by, message.actor)))
    return replace(case, audits={**case.audits, event.grants: grant})


def _destruction_approved(case: Case, message: Message) -> Case:
    disposal = case.disposal
    if disposal is None:
        return case
    known = (*disposal.approvers, (message.by, message.actor))
    return replace(case, disposal=replace(disposal, approvers=known, at=message.at))


def _emergency_access_ended(case: Case, event: e.EmergencyAccessEnded) -> Case:
    ended = (ClockKind.EMERGENCY_END, event.message)
    return replace(
        case,
        granted={k: g for k, g in case.granted.items() if k != event.message},
        clocks={k: c for k, c in case.clocks.items() if k[:2] != ended},
    )


def _held_message_released(case: Case, event: e.HeldDisclosureReleased, at: datetime) -> Case:
    waiting = case.messages.get(event.releases)
    if waiting is None:
        return case
    released = replace(waiting, held=waiting.held - event.to)
    clocks = update_clocks(case.clocks, waiting.event, released.id, waiting.by, at, event.to)
    return replace(case, messages={**case.messages, released.id: released}, clocks=clocks)


# --- moves ------------------------------------------------------------------------------------------------


def _with_offices(case: Case, placed: e.Placed, *, moves: bool) -> Case:
    """The case with its offices; a second network that registers it does not become responsible by that."""
    case = replace(case, offices={**case.offices, placed.network: placed.core})
    if case.core is not None and not moves:
        return case
    former = case.former | ({case.core} if case.core is not None else set())
    return replace(case, network=placed.network, core=placed.core, former=former - {placed.core})


def _registering_network(case: Case, event: e.CaseMessage) -> frozenset[UUID]:
    """The network with which it is registered by this."""
    network = case.network if event.placed is None else event.placed.network
    return frozenset() if network is None else frozenset({network})


def _transfer_begun(message: Message) -> Transfer:
    return Transfer(
        id=message.id, by=message.by, to=message.to, at=message.at, papers=frozenset({message.id})
    )


def _transfer_papers_handed(
    case: Case, event: e.TransferPackageSent | e.TransferReceiptConfirmed, id: UUID
) -> Case:
    transfer = case.transfer
    if transfer is None:
        return case
    if isinstance(event, e.TransferPackageSent):
        sent = {
            handover_item for handover_item, state in event.checklist.items() if state is HandoverState.SENT
        }
        return replace(
            case, transfer=replace(transfer, papers=transfer.papers | {id}, sent=transfer.sent | sent)
        )
    return replace(
        case, transfer=replace(transfer, confirmed=True, received=transfer.received | event.received)
    )


def _child_seen_at_destination(case: Case, event: e.CaseMessage, by: UUID) -> Case:
    """Whether somebody of the new municipality has seen the child. Basis: own rule (札幌 2021: seen, not only met)."""
    transfer = case.transfer
    seen = _child_was_seen(event) or (isinstance(event, e.RelocationConfirmed) and event.child_seen)
    if transfer is None or not seen or not {by, case.core_of(by)} & transfer.to:
        return case
    return replace(case, transfer=replace(transfer, seen=True))


def _transfer_completed(case: Case, event: e.TransferCompleted) -> Case:
    """Responsibility has passed with ``placed``; where no door of the new municipality stands, the case ends here."""
    case = replace(case, transfer=None, consulted=None, evaluated=False)
    if event.placed is not None:
        return replace(case, status=CaseStatus.OPEN)
    former = case.former | ({case.core} if case.core is not None else set())
    return replace(case, status=CaseStatus.TRANSFERRED, assigned=frozenset(), former=former)


def _support_ended_by_former_core(case: Case, core: UUID) -> Case:
    """The old municipality's support is over: its visitors have no part in the case any more. Basis: guideline 6(5)[1]."""
    return replace(
        case, assigned=frozenset(a for a in case.assigned if core not in (a[0], case.core_of(a[0])))
    )
