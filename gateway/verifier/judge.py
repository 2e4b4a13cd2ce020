"""Judging one record after the other: is it what its signed wish, the rules of its day and the record before it come to?

Whoever has the records in their order can judge: of a bundle, of the live stream, of one case alone. Source:
architecture §4; KH-1 §8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from domain.decide import decide
from domain.due import Due, next_due, next_due_of_case
from domain.errors import ExchangeError, Untrusted
from domain.events import (
    AccessFact,
    CaseAlarm,
    ControlDestroyed,
    Fact,
    HubFounded,
    KeyDestroyed,
    KeySetPublished,
    Kind,
)
from domain.record import AUDIT, DECIDER, HUB, REGISTRY, About, Record, Wish, hub_ask
from domain.register import Agency, Originator, Register
from domain.world import World, empty_world, rests_on
from gateway.verifier.reading import said, wish_of
from keys.command import READ_AHEAD, WRITE_AHEAD, ZEROS, WishPayload
from keys.frame import WISH, Frame, parse_frame, verify
from keys.genesis import Genesis, verify_genesis
from keys.keyset import verify_key_set, verify_registry_act
from keys.signing import SignatureKind, SignaturePublic
from keys.stored_record import Kept

READY_KEYS = 4096
PATIENCE = timedelta(hours=1)
"""An alarm that is so long overdue when something else is recorded was withheld: a hub records what is due first."""
CLOCKS = timedelta(days=1)
"""A hub's clock may go back by so much between two records of different originators."""


class Judge:
    """What was so before, and what was counted. ``unreadable``: originators whose control was destroyed, with version
    and position of their last record; who goes through a whole stream tells it."""

    def __init__(self, genesis: Genesis) -> None:
        self._genesis = genesis
        self._epochs: dict[UUID, int] = {}
        self._cases: dict[UUID, World] = {}
        self.register = Register()
        self.unreadable: dict[UUID, tuple[int, int]] = {}
        self.records = self.signatures = self.decisions = self.hub_acts = 0

    def judge(self, kept: Kept) -> str | None:
        """One record on top of those judged before (of the register and its case): what does not hold, or None.
        It is believed then, whatever was found, so that the next ones can be looked at."""
        try:
            flaw = self.hold(kept)
        except ExchangeError as error:
            flaw = error.flaw
        else:
            flaw = flaw and f"decision-differs: {flaw}"
        flaw = flaw or self.overdue(kept.record)
        self.fold(kept.record)
        return flaw

    def hold(self, kept: Kept) -> str | None:
        """The parts in which deciding again differs, or None. Raises Untrusted or Malformed for what does not hold by
        itself. Nothing is believed yet (see ``fold``)."""
        self.records += 1
        self._in_time(kept.record)
        expected = self._expected(kept)
        self._in_mandate(kept)
        same = expected == kept.record or said(expected) == said(kept.record)
        return None if same else _difference(expected, kept.record)

    def overdue(self, record: Record) -> str | None:
        """The flaw of a record that stands where an alarm of its case should have stood long before."""
        other = record.about.kind is not Kind.CASE or record.by == HUB
        return None if other or not self._silent(self._world(record), record.at) else "hub-act-withheld"

    def silent(self, now: datetime) -> Iterator[About]:
        """Where an act of the clock was overdue for long when the last record was made, at ``now``."""
        for case, world in self._cases.items():
            if self._silent(replace(world, register=self.register), now):
                yield About(Kind.CASE, case)
        register = self.register
        due = next_due(register, now - PATIENCE)
        if due is not None:
            on = register.find(due.about.kind, due.about.id)
            shelves = (register.rules, register.networks, register.commissions)
            known = [
                on,
                *(one for shelf in shelves for one in shelf.values()),
            ]  # what its being due may follow from
            if all(o is None or o.last_at is None or o.last_at + PATIENCE < now for o in known):
                yield due.about

    def fold(self, record: Record) -> None:
        """This is so from now on."""
        if record.originator.kind in (Kind.CASE, Kind.CASE_ACCESS):
            self._cases[record.about.id] = self._world(record).after(record)
        else:
            self.register = self.register.with_record(record)

    def section_of(self, record: Record, payload: WishPayload, item: UUID) -> str:
        """The section of an item that a wish names, be it its own or one of the case. Raises Untrusted."""
        for named in payload.items:
            if named.item == item:
                return named.section
        found = self._world(record).case.item(item)
        if found is None:
            raise Untrusted("wrap-of-unknown-item", "a wrap of an item that is not in the case")
        return found[1].section

    def _in_mandate(self, kept: Kept) -> None:
        """It lies under the key of the mandate of its day, which its originator's first record there brings."""
        on, epoch = kept.record.originator.id, kept.opened.epoch
        if epoch != self.register.mandate:
            raise Untrusted("other-mandate", "control lies under the key of the mandate of its day")
        if (kept.opened.audit_wrap is not None) != (self._epochs.get(on, 0) < epoch):
            raise Untrusted(
                "audit-wrap", "the first record of a mandate brings the audit office's key, no other does"
            )
        self._epochs[on] = epoch

    def _in_time(self, record: Record) -> None:
        last = self._originator(record).last_at
        if last is not None and record.at < last:
            raise Untrusted("time-goes-back", "recorded earlier than the record before it")

    def _expected(self, kept: Kept) -> Record:
        record = kept.record
        if isinstance(record.fact, HubFounded):
            return self._genesis_record(kept)
        if record.frame is None:
            return self._hub_act(record)
        frame = parse_frame(kept.frame)
        if frame.digest != record.frame:
            raise Untrusted("frame-of-another", "the record names another frame than it carries")
        payload = kept.payload
        if payload is None:
            raise Untrusted("no-frame", "a wish's record carries its frame")
        wish = wish_of(payload, frame.digest)
        self._signed(wish, payload, frame)
        self.signatures += 1
        self._same_envelope(wish, record)
        self._arrived(wish, payload, record)
        world = self._world(record)
        [fact] = decide(world, wish, now=record.at)
        self.decisions += 1
        return replace(
            record,
            version=self._originator(record).version + 1,
            rests_on=rests_on(world, wish),
            rules=world.rules.version,
            decider=DECIDER,
            fact=fact,
        )

    def _genesis_record(self, kept: Kept) -> Record:
        frame = parse_frame(kept.frame)
        genesis = verify_genesis(frame, hub=self._genesis.hub)
        if self.records != 1:
            raise Untrusted("genesis-not-first", "the genesis is record 1, and there is one")
        about = About(Kind.LOG, genesis.log_id)
        return replace(
            kept.record,
            originator=about,
            about=about,
            by=REGISTRY,
            ask_id=genesis.log_id,
            frame=frame.digest,
            rests_on=(),
            rules=0,
            decider=DECIDER,
            fact=HubFounded(mode=genesis.mode),
        )

    def _hub_act(self, record: Record) -> Record:
        """An act of the hub itself is what the clock would have brought."""
        if record.by != HUB:
            raise Untrusted("no-frame", "only the hub's own acts have no frame")
        due = self._due(record)
        if due is None or due.at > record.at or due.about != record.about or due.fact != record.fact:
            raise Untrusted("hub-act-not-due", "nothing of the kind had fallen due")
        self.hub_acts += 1
        found = self._originator(record)
        version = found.version + 1
        return replace(
            record,
            version=version,
            at=due.at if found.last_at is None else max(due.at, found.last_at),
            ask_id=hub_ask(record.about.id, version),
            rests_on=(),
            rules=self._world(record).rules.version,
            decider=DECIDER,
            fact=due.fact,
        )

    def _due(self, record: Record) -> Due | None:
        """What the clock would have brought here."""
        if record.originator.kind is Kind.CASE:
            return next_due_of_case(self._world(record))
        if isinstance(record.fact, KeyDestroyed | ControlDestroyed):
            if record.fact.scope in self.unreadable:  # what it followed from can't be read any more
                fits = record.fact.generation == self.register.generation + 1
                return Due(record.at, record.about, record.fact) if fits else None
            case = self._cases.get(record.fact.scope)
            return None if case is None else next_due_of_case(replace(case, register=self.register))
        return next_due(self.register, record.at)

    def _signed(self, wish: Wish, payload: WishPayload, frame: Frame) -> None:
        agency = self.register.agencies.get(wish.by) if isinstance(wish.by, UUID) else None
        if isinstance(wish.draft, KeySetPublished):
            in_force = None if agency is None or agency.revoked else _key(agency)
            verify_key_set(frame, in_force=in_force, registry=self._genesis.reg)
            expected = ZEROS if agency is None or agency.revoked else agency.keyset
        elif wish.by == REGISTRY:
            verify_registry_act(frame, self._genesis.reg)
            expected = ZEROS
        elif wish.by == AUDIT:
            verify(WISH, frame, [self._genesis.audit_sig])
            expected = ZEROS
        elif agency is None:
            raise Untrusted("unknown-sender", "no key set of this sender was published before")
        else:
            verify(WISH, frame, [_key(agency)])
            expected = None if agency.revoked else agency.keyset
        if payload.keyset != expected or payload.hub != self._genesis.hub:
            raise Untrusted("key-set-not-in-force", "signed under a key set that was not in force then")

    def _same_envelope(self, wish: Wish, record: Record) -> None:
        named = (wish.about, wish.by, wish.ask_id)
        if named != (record.about, record.by, record.ask_id):
            raise Untrusted(
                "envelope-differs", "the record says another sender, ask or matter than its frame"
            )
        if (record.by, record.ask_id) in self._originator(record).asks:
            raise Untrusted("ask-answered-twice", "this wish was answered before")

    def _arrived(self, wish: Wish, payload: WishPayload, record: Record) -> None:
        """It was recorded while its sender let it be, after what its sender holds a receipt for. Source: KH-1 §5."""
        world, originator = self._world(record), self._originator(record)
        ahead = READ_AHEAD if isinstance(wish.draft, AccessFact) else WRITE_AHEAD
        late = record.at > payload.not_after and record.at != originator.last_at  # as late as what it follows
        if late or payload.not_after > record.at + ahead:
            raise Untrusted("not-when-signed", "recorded at a time for which it was not signed")
        basis = (world.rules, *(self.register.find(kind, id) for kind, id, _ in record.rests_on))
        if any(o is not None and o.last_at is not None and record.at + CLOCKS < o.last_at for o in basis):
            raise Untrusted("rests-on-later", "judged by what was not so before it")
        places = (world.case, world.access) if wish.about.kind is Kind.CASE else (originator,)
        if payload.prev != ZEROS and not any(p.knows_frame(wish.by, payload.prev) for p in places):
            raise Untrusted("prev-not-recorded", "its sender has a receipt for a frame that is not here")

    def _silent(self, world: World, now: datetime) -> bool:
        due = next_due_of_case(world)
        if due is None or not isinstance(due.fact, CaseAlarm):
            return False
        known = (
            due.at,
            world.case.last_at,
            world.rules.last_at,
        )  # nobody knew of it before the last of these
        return max(at for at in known if at is not None) + PATIENCE < now

    def _world(self, record: Record) -> World:
        if record.about.kind is not Kind.CASE:
            return empty_world(self.register, record.about.id)
        known = self._cases.get(record.about.id) or empty_world(self.register, record.about.id)
        return replace(known, register=self.register)

    def _originator(self, record: Record) -> Originator:
        world = self._world(record)
        match record.originator.kind:
            case Kind.CASE:
                return world.case
            case Kind.CASE_ACCESS:
                return world.access
            case kind:
                return self.register.find(kind, record.originator.id) or Originator(id=record.originator.id)


def _key(agency: Agency) -> SignaturePublic:
    return _signature(tuple(agency.sig.items()))


@lru_cache(maxsize=READY_KEYS)
def _signature(key: tuple[tuple[str, str], ...]) -> SignaturePublic:
    """Reading a key costs more than all that is done with it."""
    return SignaturePublic.from_json(SignatureKind.SIG, dict(key))


def _difference(expected: Record, found: Record) -> str:
    """Which part differs, without saying what stands in it."""
    names = ("version", "at", "rests_on", "rules", "decider")
    parts = [n for n in names if getattr(expected, n) != getattr(found, n)]
    if type(expected.fact) is not type(found.fact):
        parts.append(f"{found.topic} instead of {expected.topic}")
    elif expected.fact != found.fact:
        parts += [
            f"fields.{n}" for n in expected.fact.__dict__ if _of(expected.fact, n) != _of(found.fact, n)
        ]
    return ", ".join(parts) or "form"


def _of(fact: Fact, name: str) -> Any:
    return getattr(fact, name)
