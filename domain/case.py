"""A case as state, folded from its events. ``evolve`` never refuses: what was recorded, was so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from domain import events as e
from domain.calendar import end_of
from domain.clocks import Clock, ClockKey
from domain.codes import (
    CaseStatus,
    HandoverItem,
    Requester,
    RetentionPolicy,
    Section,
    TargetClass,
)
from domain.record import Party
from domain.register import Originator


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
class Grant:
    """An emergency access that two persons approved: whose, and to which items."""

    reader: UUID
    items: frozenset[UUID]


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


@dataclass(frozen=True)
class Override:
    """A disclosure without consent that two persons approved: by whom, on which basis, to whom, what; and since when."""

    by: UUID
    code: str
    recipients: frozenset[UUID]
    sections: frozenset[Section]
    since: datetime


Raised = tuple[str, UUID | None, UUID, datetime, bool]
"""An alarm that was recorded: its topic, message, responsible agency, due time, and whether it was escalated."""


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
    ``granted``: those that two approved, and whose time is not over.
    ``retention``: how long it is kept; ``holds``: legal holds in force; ``disposal``: what was appraised to be
    destroyed; ``appraised``: that was looked at since the retention was over.
    ``overrides``: exceptional disclosures that two persons approved. ``audits``: request of the audit office -> what
    officials approved for it to open.
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


APPROVERS = 2


def core_file(case: Case, sections: frozenset[Section]) -> Iterator[tuple[Message, e.Item]]:
    """What of these sections the core agency wrote or was sent."""
    for message, item in case.all_items():
        if item.section in sections and case.core in (message.by, *message.to):
            yield message, item
