"""A hub without server, keys or seals: doors whose commands are decided by ``decide`` in this process.

It stands in for ``RehearsalHub``, so that the product's own player plays a story on it. What the hub does besides deciding
(verifying, sealing, storing) is not here; the order of what it asks the domain is that of ``gateway/hub/decision.py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid5

from adapters.mapper import command_of
from domain import events as e
from domain.addressing import (
    is_addressable,
    item_recipients,
    may_create_originator,
    originator_name,
    originator_of,
    recorded_at,
)
from domain.codes import AuditGround, Purpose, Section
from domain.decide import decide, find_item
from domain.due import DueEvent, next_due, next_due_of_case
from domain.errors import NotFound, Refused
from domain.originator import Originator
from domain.record import AUDIT, HUB, REGISTRARS, About, Command, Party, Record, hub_command_id
from domain.refusals import is_refusal
from domain.register import Register
from domain.rulebook import EDITION, first_edition
from domain.world import World, empty_world, other_case_named_in, rests_on
from gateway.agency.door import SectionContent, SubmissionResult
from gateway.rehearsal.scenario.rehearsal_hub import _body, _municipality, _towns
from gateway.rehearsal.scenario.story import Actor
from keys.command import CommandPayload, ItemRef, WrappedKeyRef
from keys.lp import ZEROS

NAMES = UUID("5a0e9c64-3f1b-4d0a-9a53-0c2f6f6a7d11")
MAX_DUE = 20_000


class TooManyDueEvents(AssertionError):
    """The hub's clock does not come to an end."""


@dataclass
class InProcessHub:
    """State of one hub: the register and every case, as folded from ``kept``."""

    start: datetime
    canary: str = "canary"
    kept: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.register = Register()
        self.worlds: dict[UUID, World] = {}
        self.doors: dict[str, InProcessDoor] = {}
        self.names: dict[str, str] = {}
        self.actors: dict[str, str] = {}
        self.contents: dict[UUID, bytes] = {}
        self.registrars = _Registrars(self)
        self.audit = _Audit(self)
        self.runtime = None
        self.parsing_pool = None
        self._now = self.start
        self._counter = 0
        self._deadlines: dict[UUID, datetime | None] = {}

    def new_id(self) -> UUID:
        """An id of version 4, the same for the same number."""
        self._counter += 1
        raw = bytearray(uuid5(NAMES, str(self._counter)).bytes)
        raw[6], raw[8] = (raw[6] & 0x0F) | 0x40, (raw[8] & 0x3F) | 0x80
        return UUID(bytes=bytes(raw))

    # --- as RehearsalHub ------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self._now

    def set_clock(self, at: datetime) -> None:
        """Record what falls due until then, in order, and move the clock."""
        if at > self._now:
            self.record_due_events(at)
            self._now = at

    def record_due_events(self, until: datetime) -> None:
        """Raises TooManyDueEvents where there is no end of them."""
        for _ in range(MAX_DUE):
            due = self._next_due(until)
            if due is None:
                return
            self._append_hub_event(due)
        raise TooManyDueEvents(f"more than {MAX_DUE} events fall due by {until}")

    def door(self, code: str) -> InProcessDoor:
        return self.doors[code]

    def set_up_agencies(
        self,
        actors: Sequence[Actor],
        *,
        core: str,
        actor_of: Callable[[str], str],
        coordinating: Collection[str] = (),
    ) -> None:
        self.registrars.publish_rule_book()
        towns = _towns(actors)
        for actor in actors:
            agency = self.new_id()
            body = _body(actor, core, towns)
            fields = {
                "code": actor.code,
                "name": actor.name,
                "roles": sorted({actor.role, *(["COORD"] if actor.code in coordinating else [])}),
                "body": body,
                "municipality": _municipality(actor, body, core, towns),
                "custody": "HOSTED",
                "sig": {},
                "kem": {},
            }
            self.submit(agency, e.Kind.AGENCY, agency, "key_set.published", fields, (), "registrars")
            self.doors[actor.code] = InProcessDoor(self, agency)
            self.names[actor.code], self.actors[actor.code] = actor.name, actor_of(actor.code)

    def in_force(self, code: str) -> bool:
        known = self.register.agencies.get(self.doors[code].agency)
        return known is not None and not known.revoked

    def complete_rewrap_duties(self) -> None:
        """Nothing is wrapped here: who may open by the rules, opens."""

    def hub_records(self) -> list[Record]:
        return [r for r in self.kept if r.by == HUB]

    def records(self) -> Iterator[Record]:
        return iter(tuple(self.kept))

    def close(self) -> None:
        """Nothing is open."""

    # --- deciding ---------------------------------------------------------------------------------------------

    def world(self, about: About) -> World:
        if about.kind is not e.Kind.CASE:
            return empty_world(self.register, about.id)
        known = self.worlds.get(about.id)
        return (
            empty_world(self.register, about.id) if known is None else replace(known, register=self.register)
        )

    def submit(
        self,
        by: Party,
        kind: e.Kind,
        about: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[SectionContent],
        actor: str,
        occurred_at: datetime | None = None,
    ) -> SubmissionResult:
        """Decide and record one command. Raises NotFound where the hub would know nothing of it for this sender."""
        self.record_due_events(self._now)
        items = tuple((self.new_id(), part) for part in parts)
        payload = self._payload(by, About(kind, about), act, fields, items, actor, occurred_at)
        command = command_of(payload, hashlib.sha256(str(payload.command_id).encode()).digest())
        world = self.world(command.about)
        other = other_case_named_in(command.proposed_event)
        if other in self.worlds:
            world = replace(world, other=self.worlds[other].case)
        if isinstance(command.proposed_event, e.CaseMessage) and items:
            wrapped = tuple(
                WrappedKeyRef(item=item.item, to=to, kid=ZEROS, digest=ZEROS)
                for item, recipients in item_recipients(world, command)
                for to in sorted(recipients, key=str)
            )
            command = command_of(replace(payload, wrapped_keys=wrapped), command.frame or ZEROS)
        if not is_addressable(world, command):
            raise NotFound("not-found")
        originator = originator_of(world, command)
        at = recorded_at(self._now, originator)
        [event] = decide(world, command, now=at)
        if is_refusal(event) and originator.version == 0 and not may_create_originator(command):
            raise NotFound("not-found")
        self._fold(world, self._record(world, command, event, at))
        if not is_refusal(event):
            self.contents |= {item: part.content for item, part in items}
        return self._result(command, event, items)

    def opens(
        self, by: Party, case: UUID, message: UUID, item: UUID, section: str, purpose: Purpose
    ) -> bytes:
        """The content of an item for a reader that may open it now. Raises NotFound."""
        proposed = e.SectionOpened(message=message, item=item, section=Section(section), purpose=purpose)
        command = Command(
            about=About(e.Kind.CASE, case),
            command_id=self.new_id(),
            by=by,
            actor=self._actor_of(by),
            created_at=self._now,
            occurred_at=None,
            frame=hashlib.sha256(str(item).encode()).digest(),
            proposed_event=proposed,
        )
        world = self.world(command.about)
        if not is_addressable(world, command):
            raise NotFound("not-found")
        find_item(world, proposed)
        [event] = decide(world, command, now=recorded_at(self._now, world.access))
        if is_refusal(event):
            raise NotFound("not-found")
        return self.contents[item]

    def _actor_of(self, by: Party) -> str:
        return next((self.actors[c] for c, d in self.doors.items() if d.agency == by), "auditor")

    def _payload(
        self,
        by: Party,
        about: About,
        act: str,
        fields: Mapping[str, Any],
        items: Sequence[tuple[UUID, SectionContent]],
        actor: str,
        occurred_at: datetime | None,
    ) -> CommandPayload:
        refs = tuple(
            ItemRef(
                item=item,
                section=part.section,
                flags=tuple(sorted(part.flags)),
                schema=part.schema,
                size=len(part.content),
                storage="inline",
                kc=ZEROS,
                digest=ZEROS,
            )
            for item, part in items
        )
        return CommandPayload(
            hub=ZEROS,
            about=about,
            command_id=self.new_id(),
            by=by,  # type: ignore[arg-type]
            actor=actor,
            act=act,
            created_at=self._now,
            occurred_at=occurred_at,
            not_after=self._now + timedelta(minutes=5),
            fields=fields,
            items=refs,
            keyset=ZEROS,
        )

    def _record(self, world: World, command: Command, event: e.Event, at: datetime) -> Record:
        return Record(
            originator=originator_name(world, command),
            version=originator_of(world, command).version + 1,
            at=at,
            about=command.about,
            by=command.by,
            actor=command.actor,
            command_id=command.command_id,
            frame=command.frame,
            rests_on=rests_on(world, command),
            rules=world.rules.version,
            edition=world.edition,
            event=event,
        )

    def _result(
        self, command: Command, event: e.Event, items: Sequence[tuple[UUID, SectionContent]]
    ) -> SubmissionResult:
        refused = is_refusal(event)
        return SubmissionResult(
            command_id=command.command_id,
            case=command.about.id,
            outcome="refused" if refused else "recorded",
            topic=event.TOPIC,
            reason=str(getattr(event, "reason", None)) if refused else None,
            held=tuple(sorted(str(a) for a in getattr(event, "held", ()))),
            items=() if refused else tuple((item, part.section) for item, part in items),
        )

    def _fold(self, world: World, record: Record) -> None:
        after = world.after(record)
        self.kept.append(record)
        if record.about.kind is e.Kind.CASE:
            self.worlds[record.about.id] = after
            self._deadlines.pop(record.about.id, None)
        else:
            self.register = after.register
            self._deadlines.clear()

    # --- what falls due ---------------------------------------------------------------------------------------

    def _next_due(self, now: datetime) -> DueEvent | None:
        dues = [d for d in (next_due(self.register, now), *self._due_of_cases(now)) if d is not None]
        return min((d for d in dues if d.at <= now), key=lambda d: d.at, default=None)

    def _due_of_cases(self, now: datetime) -> Iterator[DueEvent | None]:
        for case in self.worlds:
            if case in self._deadlines:
                at = self._deadlines[case]
                if at is None or at > now:
                    continue
            due = next_due_of_case(self.world(About(e.Kind.CASE, case)))
            self._deadlines[case] = None if due is None else due.at
            yield due

    def _append_hub_event(self, due: DueEvent) -> None:
        """What counts for a family is recorded in the joined case, and then where it comes from."""
        if isinstance(due.event, e.JoinedCaseChanged):
            shares = due.event.shares
            if self.worlds[due.about.id].case.shares_received.get(due.event.source, {}) != shares:
                self._record_due(due)
            informed = e.JoinedCaseInformed(other=due.about.id, shares=shares)
            due = DueEvent(due.at, About(e.Kind.CASE, due.event.source), informed)
        self._record_due(due)

    def _record_due(self, due: DueEvent) -> None:
        in_case = due.about.kind is e.Kind.CASE
        world = self.world(due.about)
        known = world.case if in_case else self.register.find(due.about.kind, due.about.id)
        originator = Originator(id=due.about.id) if known is None else known
        version = originator.version + 1
        record = Record(
            originator=due.about,
            version=version,
            at=recorded_at(due.at, originator),
            about=due.about,
            by=HUB,
            actor="",
            command_id=hub_command_id(due.about.id, version),
            frame=None,
            rests_on=(),
            rules=world.rules.version,
            edition=world.edition,
            event=due.event,
        )
        self._fold(world, record)


@dataclass
class InProcessDoor:
    """One agency's door."""

    hub: InProcessHub
    agency: UUID

    def __post_init__(self) -> None:
        self.store = SimpleNamespace(close=lambda: None)
        self.client = SimpleNamespace(close=lambda: None)

    def send(
        self,
        kind: e.Kind,
        about: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[SectionContent] = (),
        *,
        actor: str,
        occurred_at: datetime | None = None,
        **_: Any,
    ) -> SubmissionResult:
        return self.hub.submit(self.agency, kind, about, act, fields, parts, actor, occurred_at)

    def open(
        self, case: UUID, message: UUID, item: UUID, section: str, *, actor: str, purpose: Purpose
    ) -> SimpleNamespace:
        return SimpleNamespace(content=self.hub.opens(self.agency, case, message, item, section, purpose))

    def refresh(self) -> None:
        """Nothing is kept here; a request makes the hub record what is due."""
        self.hub.record_due_events(self.hub.now())

    def rewrap(self, *, actor: str) -> int:
        return 0


@dataclass
class _Audit:
    hub: InProcessHub

    def request_content(self, case: UUID, items: Iterable[UUID], *, ground: AuditGround, until: date) -> UUID:
        fields = {
            "case": str(case),
            "opens": sorted(map(str, items)),
            "ground": ground.value,
            "until": until.isoformat(),
        }
        act = "audit_content_access.requested"
        sent = self.hub.submit(AUDIT, e.Kind.LOG, uuid5(NAMES, "log"), act, fields, (), "auditor")
        if sent.outcome != "recorded":
            raise Refused("audit-refused", f"The hub recorded the reason {sent.reason}.")
        return sent.command_id

    def open(
        self, case: UUID, message: UUID, item: UUID, section: str, *, purpose: Purpose
    ) -> SimpleNamespace:
        return SimpleNamespace(content=self.hub.opens(AUDIT, case, message, item, section, purpose))


@dataclass
class _Registrars:
    hub: InProcessHub

    def order(self, kind: e.Kind, about: UUID, act: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        sent = self.hub.submit(REGISTRARS, kind, about, act, fields, (), "registrars")
        return {"outcome": sent.outcome, "reason": sent.reason}

    def publish_rule_book(self) -> dict[str, Any]:
        fields = {"edition": EDITION, "rule_book": first_edition()}
        return self.order(e.Kind.RULE_BOOK, uuid5(NAMES, "rules"), "rule_book.published", fields)

    def designate(self, network: UUID, *, core: UUID, coordinating: UUID) -> None:
        self.order(e.Kind.NETWORK, network, "core_agency.designated", {"agency": str(core)})
        self.order(e.Kind.NETWORK, network, "coordinating_agency.designated", {"agency": str(coordinating)})
