"""A case as state, folded from its events. ``evolve`` never refuses: what was recorded, was so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from domain import events as e
from domain.calendar import end_of
from domain.clocks import Clock, ClockKey
from domain.codes import (
    AuthorityState,
    CaseStatus,
    HandoverItem,
    Parent,
    Requester,
    RetentionPolicy,
    Section,
    TargetClass,
)
from domain.family import NOBODY_KNOWN, Family
from domain.originator import Originator
from domain.persistent_map import PersistentMap
from domain.record import Party


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
    """The present state of a consent. ``withdrawn_at``: null while in force. ``unconfirmed_by_check``: a guardian gave it where there is
    danger, in this message, and two persons have not found it the family's own wish (yet)."""

    scope: tuple[e.ConsentScope, ...]
    given_at: datetime
    expires_at: datetime | None
    withdrawn_at: datetime | None = None
    unconfirmed_by_check: UUID | None = None

    def in_force(self, now: datetime) -> bool:
        return self.withdrawn_at is None and (self.expires_at is None or now < self.expires_at)

    def sections_for(self, sender: UUID, recipient: UUID) -> frozenset[Section]:
        """What it permits this sender to disclose to this recipient."""
        rows = (r.sections for r in self.scope if r.sender == sender and r.recipient == recipient)
        return frozenset[Section]().union(*rows)


@dataclass(frozen=True)
class Authority:
    """Who has parental authority, as it was last recorded. ``suspended_until``: the last day of a suspension."""

    states: Mapping[Parent, AuthorityState]
    suspended_until: date | None

    def without(self, parent: Parent) -> Authority:
        """Who has it after this parent has died. Basis: 民法818条."""
        return replace(self, states={p: state for p, state in self.states.items() if p is not parent})

    def holders(self, on: date) -> frozenset[Parent]:
        """The parents that have it on that day; a suspension is over after its last day. Basis: 民法834条の2."""
        over = self.suspended_until is not None and self.suspended_until < on
        held = {AuthorityState.HELD, AuthorityState.SUSPENDED} if over else {AuthorityState.HELD}
        return frozenset(parent for parent, state in self.states.items() if state in held)


@dataclass(frozen=True)
class Grant:
    """An emergency access that two persons approved: whose, and to which items. ``outside_approval``: another agency
    approved it; without one it opened since its time for that was over."""

    reader: UUID
    items: frozenset[UUID]
    outside_approval: bool


@dataclass(frozen=True)
class AuditGrant:
    """What officials approved for the audit office to open, until the end of which day, and who has approved it."""

    items: frozenset[UUID]
    until: date
    approvers: tuple[tuple[UUID, str], ...]

    def opens(self, item: UUID, now: datetime) -> bool:
        """Whether two have approved it, and its time is not over."""
        return item in self.items and len(self.approvers) >= APPROVERS and now < end_of(self.until)


@dataclass(frozen=True)
class Retention:
    """How long a case is kept: by which policy, and until which day where that is named."""

    policy: RetentionPolicy
    until: date | None


@dataclass(frozen=True)
class Disposal:
    """What is to be destroyed: the appraisal's message, its sections or the control, and who has approved it."""

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


@dataclass(frozen=True, kw_only=True)
class Stay:
    """Some of the family stay in another municipality. ``network``, ``core``: of that town; ``children``: who stays, empty
    for all; ``since``: when that was recorded; ``returns_on``: the planned day of the return, null where not known."""

    network: UUID
    core: UUID
    children: frozenset[UUID]
    since: datetime
    returns_on: date | None

    def concerns(self, children: Set[UUID]) -> bool:
        """Whether one of these children (none: all of the family) stays there."""
        return not children or not self.children or bool(children & self.children)


@dataclass(frozen=True)
class Override:
    """A disclosure without consent that two persons approved: by whom, on which basis, to whom, what; and since when."""

    by: UUID
    code: str
    recipients: frozenset[UUID]
    sections: frozenset[Section]
    since: datetime


@dataclass(frozen=True)
class Evaluation:
    """How support was evaluated before closing. Basis: guideline 6(5)[1]."""

    goal_reached: bool
    environment_improved: bool

    @property
    def reached(self) -> bool:
        return self.goal_reached and self.environment_improved


@dataclass(frozen=True)
class AddressApproval:
    """A protected address may stand in these sections of messages of one agency to these recipients; since when two
    persons have stated why."""

    by: UUID
    recipients: frozenset[UUID]
    sections: frozenset[Section]
    since: datetime


Raised = tuple[str, UUID | None, UUID, datetime, bool, UUID | None]
"""An alarm that was recorded: its topic, message, responsible agency, due time, whether it was escalated, and the child it
is about."""


@dataclass(frozen=True, kw_only=True)
class Case(Originator):
    """One family's case.

    ``messages`` by id, in order; ``message_of_item``: item -> message. ``assigned``: (agency, worker) now;
    ``plan``: the plan in force; ``answered``: (request, who answered it); ``follow_ons``: (request, who has
    not accepted it yet). ``clocks``: those that run for a message; ``raised``: alarms that were recorded.
    ``visits``: visits in the week of a Monday (JST); ``visited_at``, ``seen_at``: the last visit, the last
    time the child was seen; ``last_message_at``: the last message. ``access``: who asks for data and was not
    answered yet. ``stopped``: messages that are used no more. ``signals``: weak signals since people last assessed
    them together; ``at_risk``: it has content under RISK, or a notification. ``approvals``: emergency request -> who approved;
    ``granted``: those that two approved, and whose time is not over; ``opened_emergencies``: all that ever opened.
    ``unconfirmed_checks``: check for coercion -> what was checked, where the second person has not confirmed it yet.
    ``retention``: how long it is kept; ``holds``: legal holds in force; ``disposal``: what was appraised to be
    destroyed; ``appraised``: that was looked at since the retention was over.
    ``overrides``: exceptional disclosures that two persons approved. ``audits``: request of the audit office -> what
    officials approved for it to open.
    ``offices``: each network that has, or had, the case, and its core agency; ``registered_in``: networks with
    which it is registered; ``registration``: the last message that registered it; ``commissioned``: contractor ->
    the core agency that assigned it. ``transfer``: the hand-over under way; ``former``: core agencies that handed
    it over. ``protections``: the messages by which an address of the family is protected, and the last day of each
    (the last of all days where none is set). ``address_approvals``: request to send one in another section than ADDR ->
    what a second person approved.
    ``authority``: child -> who has parental authority over it; under None: over all children of the family.
    ``participants``: agencies that took part in a meeting about the family.
    ``move_known_at``: since when a move is known and no hand-over was begun. ``contact_bans``: restrictions of contact
    that were not lifted, with their last day (the last of all days where none is set).
    ``joined_with``: cases of the same family that were joined with this one; ``shares_received``: what each of them says,
    by case; ``shares_sent``: what each of them was informed of.
    ``signals_assessed_at``: when people last assessed the weak signals together.
    ``family``: its children; ``responsible_since``: since when its present core agency is responsible (again).
    ``stays``: message -> a stay in another municipality that lasts; ``away``: when all of the family stayed elsewhere, and
    are back.
    ``unattended_since``: since when the family, in support, has no visitor.
    """

    network: UUID | None = None
    core: UUID | None = None
    offices: Mapping[UUID, UUID] = field(default_factory=dict)
    registered_in: frozenset[UUID] = frozenset()
    registration: UUID | None = None
    commissioned: Mapping[UUID, UUID] = field(default_factory=dict)
    status: CaseStatus = CaseStatus.OPEN
    messages: PersistentMap[UUID, Message] = field(default_factory=PersistentMap)
    message_of_item: PersistentMap[UUID, UUID] = field(default_factory=PersistentMap)
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
    evaluation: Evaluation | None = None
    answered: frozenset[tuple[UUID, UUID]] = frozenset()
    follow_ons: frozenset[tuple[UUID, UUID]] = frozenset()
    rewrapped: PersistentMap[tuple[UUID, Party], tuple[int, UUID]] = field(default_factory=PersistentMap)
    clocks: PersistentMap[ClockKey, Clock] = field(default_factory=PersistentMap)
    raised: PersistentMap[Raised, None] = field(default_factory=PersistentMap)
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
    opened_emergencies: frozenset[UUID] = frozenset()
    unconfirmed_checks: Mapping[UUID, UUID] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    audits: Mapping[UUID, AuditGrant] = field(default_factory=dict)
    closed_at: datetime | None = None
    retention: Retention | None = None
    holds: frozenset[UUID] = frozenset()
    disposal: Disposal | None = None
    appraised: bool = False
    transfer: Transfer | None = None
    former: frozenset[UUID] = frozenset()
    protections: Mapping[UUID, date] = field(default_factory=dict)
    address_approvals: Mapping[UUID, AddressApproval] = field(default_factory=dict)
    participants: frozenset[UUID] = frozenset()
    authority: Mapping[UUID | None, Authority] = field(default_factory=dict)
    move_known_at: datetime | None = None
    joined_with: frozenset[UUID] = frozenset()
    shares_received: Mapping[UUID, Mapping[UUID, e.CaseShare]] = field(default_factory=dict)
    shares_sent: Mapping[UUID, Mapping[UUID, e.CaseShare]] = field(default_factory=dict)
    signals_assessed_at: datetime | None = None
    family: Family = NOBODY_KNOWN
    responsible_since: datetime | None = None
    contact_bans: Mapping[UUID, date] = field(default_factory=dict)
    stays: Mapping[UUID, Stay] = field(default_factory=dict)
    away: tuple[tuple[datetime, datetime], ...] = ()
    unattended_since: datetime | None = None

    @property
    def registered(self) -> bool:
        """Whether it is registered with the network that is responsible for it."""
        return self.network in self.registered_in

    @property
    def address_until(self) -> date | None:
        """The last day on which an address of the family is protected; None where none ever was, or all have ended."""
        return max(self.protections.values(), default=None)

    @property
    def all_away(self) -> bool:
        """Whether all of the family stay in another municipality now."""
        return any(not stay.children for stay in self.stays.values())

    def recorded_since(self, clock: Clock) -> datetime:
        """From when an act on record can be about what this clock waits for: a notification that was recorded late counts
        from when it came, but who was sighted before it was recorded was not sighted because of it. Basis: CAPA 8."""
        message = None if clock.message is None else self.messages.get(clock.message)
        return clock.since if message is None else max(clock.since, message.at)

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

    def authorities(self, children: frozenset[UUID]) -> tuple[Authority, ...]:
        """What is recorded of parental authority over these children; of all of the family where none is named."""
        if not children:
            return tuple(self.authority.values())
        known = (self.authority.get(child, self.authority.get(None)) for child in sorted(children))
        return tuple(authority for authority in known if authority is not None)


@dataclass(frozen=True, kw_only=True)
class Access(Originator):
    """The readings of a case. ``opened``: ask of an opening -> (who, item)."""

    opened: PersistentMap[UUID, tuple[Party, UUID]] = field(default_factory=PersistentMap)


APPROVERS = 2


def core_file(case: Case, sections: frozenset[Section]) -> Iterator[tuple[Message, e.Item]]:
    """What of these sections the core agency wrote or was sent."""
    for message, item in case.all_items():
        if item.section in sections and case.core in (message.by, *message.to):
            yield message, item
