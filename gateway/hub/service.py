"""The hub: what happens to a wish between its arrival and its answer.

The order is that of architecture §3: size and strict form; ask id; not_after; key set; signatures; parts;
recipients; then ``decide``; then the record, durably; then the answer. What is refused before ``decide``
is an error and leaves no trace; what ``decide`` refuses is a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from uuid import UUID

from adapters.mapper import wish_of
from adapters.store import NO_EVIDENCE, Evidence, Store
from domain.case import Message
from domain.decide import decide, found_item, rewrapper
from domain.errors import Conflict, ExchangeError, Malformed, NotThere, Unavailable, Untrusted
from domain.events import (
    AccessFact,
    CaseMessage,
    ControlDestroyed,
    DisclosureRefused,
    Fact,
    Item,
    ItemsRewrapped,
    KeyDestroyed,
    KeySetPublished,
    KeySetRevoked,
    Kind,
    OpeningRefused,
    OutsourcingContractConcluded,
    SectionOpened,
    SupportWorkerRegistered,
    WishRefused,
    WrapFetchedForRewrap,
)
from domain.record import AUDIT, DECIDER, HUB, REGISTRY, About, Party, Record, Wish, commission_of, hub_ask
from domain.register import Agency, Originator, Register
from domain.visibility import pending_keys, recipients
from domain.world import World, empty_world, may_speak_of, placing, rests_on
from gateway.hub.clock import Clock, SetClock
from gateway.hub.memory import Memory
from gateway.hub.queue import Desk, Turn
from gateway.hub.shredding import Shredder
from keys.command import AUDIT as TO_AUDIT
from keys.command import READ_AHEAD, WRITE_AHEAD, To, WishPayload
from keys.frame import WISH, Frame, verify
from keys.genesis import Genesis
from keys.keyset import verify_key_set, verify_registry_act
from keys.leaf import Leaf
from keys.receipt import MAX_NOTES, Receipt, sign_receipts
from keys.request import match_parts, parse_request
from keys.signing import KemPublic, SignatureKeys, SignatureKind, SignaturePublic
from keys.stored_record import Kept

PROMISE = timedelta(seconds=60)
TRIES = 5
OVERTAKEN = ("version-exists", "head-moved")
PAGE = 500
READY_KEYS = 4096  # public keys kept read
ZEROS = bytes(32)

REFUSALS = (DisclosureRefused, WishRefused, OpeningRefused)


@dataclass(frozen=True)
class Release:
    """What a reader's door gets after its opening is durable: all it needs to verify, unwrap and show.

    ``frame``: the author's signed frame; ``key_sets``: the author's published key sets, oldest first;
    ``wrap_frame``: where the wrap came later, the frame that brought it, with its author's key sets.
    ``sealed`` is null for a fetch that is no reading.
    """

    frame: bytes
    key_sets: tuple[bytes, ...]
    wrap: bytes
    sealed: bytes | None
    wrap_frame: bytes | None
    wrap_key_sets: tuple[bytes, ...]


@dataclass(frozen=True)
class Answer:
    """The hub's answer: the fact that was recorded, its signed receipt, and a release where one is due."""

    fact: Fact
    receipt: bytes
    release: Release | None = None

    @property
    def refused(self) -> bool:
        return isinstance(self.fact, REFUSALS)


@dataclass(frozen=True)
class Heard:
    """A wish as it was read: its form, its signatures, its parts. ``flaw``: why its signatures do not hold now."""

    wish: Wish
    payload: WishPayload
    frame: Frame
    items: Mapping[UUID, bytes]
    wraps: Mapping[tuple[UUID, To], bytes]
    flaw: Untrusted | None


@dataclass(frozen=True)
class Draft:
    """A decision to be recorded. ``world``: what it was decided on; ``release``: what its reader then gets
    (message, item, and whether it is a reading)."""

    world: World
    record: Record
    evidence: Evidence
    release: tuple[Message, Item, bool] | None = None


Ready = Callable[[], Answer]
"""An answer that needs no record: it stands already."""


class Hub:
    """One hub over one stream. Its methods may be called from any thread; ``close`` when done."""

    def __init__(
        self,
        *,
        store: Store,
        genesis: Genesis,
        hub: bytes,
        log: SignatureKeys,
        clock: Clock,
        register: Register,
        head: int,
        deadlines: Mapping[UUID, datetime] | None = None,
        shredder: Shredder | None = None,
        offer: Callable[[Leaf], None] = lambda _: None,
    ) -> None:
        """``register``: as it stood at the position ``head`` of the stream. ``shredder``: who destroys keys; where
        there is none, nothing is destroyed."""
        self.genesis = genesis
        self.id = hub
        self.clock = clock
        self._store = store
        self._log = log
        self._memory = Memory(store, register, deadlines)
        self._head = head  # what is decided rests on all of the record up to here; the desk's thread owns it
        self._shredder = shredder
        self._offer = offer  # to the log: what has become durable
        self.undestroyed: dict[UUID, str] = {}
        """Cases whose keys could not be destroyed, and why; tried again at the next start."""
        self._behind = False  # something may stand in the record that we do not know
        self._desk: Desk[Answer, Heard] = Desk(self._hear, self._round, most=MAX_NOTES)

    # --- wishes ------------------------------------------------------------------------------------------

    @property
    def register(self) -> Register:
        """The register as it stands."""
        return self._memory.register

    def ask(self, data: bytes) -> Future[Answer]:
        """One request (KHQ1); its answer comes when it is durable. Instead of an answer, where nothing was
        recorded: Malformed, Untrusted, Refused, NotThere, Conflict or Unavailable."""
        return self._desk.put(data)

    def handle(self, data: bytes) -> Answer:
        """Answer one request. Raises what ``ask`` tells."""
        return self.ask(data).result()

    def close(self) -> None:
        """Answer what is under way, and end."""
        self._desk.close()

    def _hear(self, data: bytes) -> Heard:
        """What can be said of a wish without looking at the case: size, form, signatures, parts."""
        request = parse_request(data)
        payload, frame = request.payload, request.frame
        if payload.hub != self.id:
            raise Untrusted("other-hub", "this wish was made for another hub")
        wish = wish_of(payload, frame.digest)
        try:
            self._verify(wish, payload, frame)
        except Untrusted as flaw:
            return Heard(wish, payload, frame, {}, {}, flaw)
        parts = match_parts(payload, request.parts)
        return Heard(wish, payload, frame, parts.items, parts.wraps, None)

    def _round(self, turns: list[Turn[Answer, Heard]]) -> list[Turn[Answer, Heard]]:
        """Decide, record and answer together what can't touch each other; returns who must come again."""
        if self._behind:
            self._read_on()
        self._tick()
        going, left = _apart(turns)
        drafts: list[tuple[Turn[Answer, Heard], Draft]] = []
        for turn in going:
            try:
                decided = self._decided(_heard_of(turn))
            except Exception as error:
                turn.fail(error)
                continue
            if isinstance(decided, Draft):
                drafts.append((turn, decided))
            else:
                self._desk.after(partial(_give, turn, decided))
        again: list[Turn[Answer, Heard]] = []
        done: list[tuple[Turn[Answer, Heard], Draft, Leaf]] = []
        for (turn, draft), outcome in zip(drafts, self._appended([d for _, d in drafts]), strict=True):
            if isinstance(outcome, Leaf):
                done.append((turn, draft, outcome))
            elif _may_decide_again(outcome, turn):
                turn.tries += 1
                again.append(turn)
            else:
                turn.fail(_told(outcome))
        if done:
            self._desk.after(partial(self._tell, done))
        return again + left

    def _appended(self, drafts: list[Draft]) -> list[Leaf | Exception]:
        """Record these, and remember what stands then."""
        found: list[Leaf | Exception] = []
        self._store.begin_epoch(self.register.mandate)
        outcomes = self._store.append_each([(d.record, d.evidence) for d in drafts], self._head)
        self._head = max([self._head, *(o[0] for o in outcomes if isinstance(o, tuple))])
        self._behind |= any(isinstance(outcome, Exception) for outcome in outcomes)
        for draft, outcome in zip(drafts, outcomes, strict=True):
            if isinstance(outcome, Exception):
                # It, or another, may have been stored: read before deciding again.
                self._memory.doubt(draft.record.about)
                found.append(outcome)
            else:
                self._memory.keep(draft.world.after(draft.record), draft.record)
                leaf = Leaf(*outcome)
                self._offer(leaf)
                found.append(leaf)
        return found

    def _read_on(self) -> None:
        """Take in what stands in the record beyond what we know: our own without an answer, or another hub's.

        Two hubs on one stream by mistake decide on what both have recorded, or not at all. Raises Unavailable.
        """
        while page := self._store.seen(self._head + 1, PAGE):
            for kept in page:
                if isinstance(kept, Kept):
                    self._memory.doubt(kept.record.about)
                elif not kept.gone and any(self.register.find(k, kept.originator) is not None for k in Kind):
                    raise Unavailable("newer-record", "a newer hub has written here: update this one")
                else:
                    self._memory.doubt(About(Kind.CASE, kept.originator))
            self._head = page[-1].position
        self._memory.reread_register()
        self._behind = False

    def _tell(self, done: list[tuple[Turn[Answer, Heard], Draft, Leaf]]) -> None:
        """Hand out what is durable: receipts, and what an opening releases."""
        try:
            receipts = sign_receipts([self._receipt(d.record, leaf) for _, d, leaf in done], self._log)
        except Exception as error:
            for turn, _, _ in done:
                turn.fail(error)
            raise
        for (turn, draft, _), receipt in zip(done, receipts, strict=True):
            answer = Answer(draft.record.fact, receipt)
            if draft.release is None:
                turn.give(answer)
            else:
                # The opening is durable: only now may the wrap leave (I2).
                release = partial(self._release, draft.world, draft.record.by, *draft.release)
                self._desk.after(partial(_give, turn, partial(_released, answer, release)))

    def _answered_before(self, heard: Heard) -> Ready | None:
        """The receipt of a frame that stands in the record, byte for byte, whatever became of its keys since.

        So a wish sent again after a change of keys is not lost to its sender: its signatures were verified
        when it was recorded. Nobody else learns from it what there is. A reading is never answered from memory.
        """
        wish = heard.wish
        if isinstance(wish.draft, AccessFact):
            return None
        try:
            originator = _originator(self._memory.world(wish.about), wish)
        except NotThere:
            return None
        known = originator.asks.get((wish.by, wish.ask_id))
        if known is None or self._store.at(originator.id, known[1]).frame != heard.frame.encode():
            return None
        return partial(self._again, originator.id, known[1])

    def _decided(self, heard: Heard) -> Draft | Ready:
        """The decision on this wish, at this moment. Raises what is answered without a record."""
        if heard.flaw is not None:
            before = self._answered_before(heard)
            if before is None:
                raise heard.flaw
            return before
        wish, payload = heard.wish, heard.payload
        world = self._memory.world(wish.about)
        originator = _originator(world, wish)
        reading = isinstance(wish.draft, AccessFact)
        known = originator.asks.get((wish.by, wish.ask_id))
        if wish.about.kind is Kind.CASE and known is None:
            other = world.case if reading else world.access
            if (wish.by, wish.ask_id) in other.asks:
                raise Conflict("ask-id-taken", "choose a new ask_id for another wish")
        if known is not None:
            if known[0] != wish.frame:
                raise Conflict("ask-id-taken", "choose a new ask_id for another wish")
            if not reading:
                return partial(self._again, originator.id, known[1])
        now = self.clock.now()
        self.in_time(payload, READ_AHEAD if reading else WRITE_AHEAD)
        self._in_force(wish, payload, heard.frame)
        if wish.about.kind is Kind.CASE and not _heard(world, wish):
            raise NotThere("not-there", "no such case, or not yours")
        if payload.prev != ZEROS and not _knows(world, originator, wish, payload.prev):
            raise Conflict("prev-unknown", "name the last frame you hold a receipt for, or zeros")
        if isinstance(wish.draft, CaseMessage):
            self._right_recipients(world, wish, wish.draft, payload)
            self._uploaded(payload)
        if isinstance(wish.draft, ItemsRewrapped):
            self._right_keys(payload)
        if isinstance(wish.draft, AccessFact):
            return self._decided_reading(world, wish, wish.draft, heard.frame, now, known)
        at = _no_earlier(now, originator)
        [fact] = decide(world, wish, now=at)
        kept = not isinstance(fact, REFUSALS)
        if not kept and originator.version == 0 and not _may_found(wish):
            raise NotThere("not-there", "no such thing, or not yours")
        evidence = Evidence(
            frame=heard.frame.encode(),
            items=tuple(heard.items[i.item] for i in payload.items if i.item in heard.items) if kept else (),
            wraps=tuple(
                (_section(world, payload, w.item), heard.wraps[(w.item, w.to)]) for w in payload.wraps
            )
            if kept
            else (),
        )
        return self._draft(world, wish, fact, evidence, at)

    def _draft(
        self,
        world: World,
        wish: Wish,
        fact: Fact,
        evidence: Evidence,
        at: datetime,
        release: tuple[Message, Item, bool] | None = None,
    ) -> Draft:
        originator = _originator(world, wish)
        record = Record(
            originator=About(_kind(fact, wish), originator.id),
            version=originator.version + 1,
            at=at,
            about=wish.about,
            by=wish.by,
            actor=wish.actor,
            ask_id=wish.ask_id,
            frame=wish.frame,
            rests_on=rests_on(world, wish),
            rules=world.rules.version,
            decider=DECIDER,
            fact=fact,
        )
        return Draft(world, record, evidence, release)

    def _receipt(self, record: Record, leaf: Leaf) -> Receipt:
        return Receipt(
            hub=self.id,
            mode=self.genesis.mode,
            ask_id=record.ask_id,
            frame=record.frame or ZEROS,
            leaf=leaf,
            promised_at=record.at + PROMISE,
        )

    def _again(self, originator: UUID, version: int) -> Answer:
        """The same payload again gets its receipt again and no new fact."""
        kept = self._store.at(originator, version)
        leaf = Leaf(seq=kept.position, sha=kept.sha, tag=self._store.tag(kept))
        [receipt] = sign_receipts([self._receipt(kept.record, leaf)], self._log)
        return Answer(kept.record.fact, receipt)

    # --- what is checked before a decision ---------------------------------------------------------------------

    def _verify(self, wish: Wish, payload: WishPayload, frame: Frame) -> None:
        """The signatures hold under the keys the sender had in force; outside the locks, since it costs time."""
        reg = self.genesis.reg
        if isinstance(wish.draft, KeySetPublished):
            agency = self.register.agencies.get(wish.about.id)
            if wish.by != wish.about.id:
                raise Untrusted("key-set-of-another", "an agency publishes its own key set")
            in_force = None if agency is None or agency.revoked else _signature_key(agency)
            verify_key_set(frame, in_force=in_force, registry=reg)
        elif wish.by == REGISTRY:
            verify_registry_act(frame, reg)
        elif wish.by == AUDIT:
            verify(WISH, frame, [self.genesis.audit_sig])
        else:
            agency = self.register.agencies.get(wish.by) if isinstance(wish.by, UUID) else None
            if agency is None or agency.keyset is None:
                raise Untrusted("unknown-sender", "have the registry publish your key set first")
            verify(WISH, frame, [_signature_key(agency)])

    def _in_force(self, wish: Wish, payload: WishPayload, frame: Frame) -> None:
        """Inside the lock: the key set named is the one in force at this moment."""
        expected: bytes | None
        if wish.by in (REGISTRY, AUDIT) or isinstance(wish.draft, KeySetPublished):
            expected = self._published(wish)
        else:
            agency = self.register.agencies[wish.by] if isinstance(wish.by, UUID) else None
            expected = None if agency is None or agency.revoked else agency.keyset
        if expected != payload.keyset:
            raise Untrusted("key-set-not-in-force", "sign with the key set in force and name it")

    def _published(self, wish: Wish) -> bytes:
        if wish.by in (REGISTRY, AUDIT):
            return ZEROS
        agency = self.register.agencies.get(wish.about.id)
        return ZEROS if agency is None or agency.revoked or agency.keyset is None else agency.keyset

    def in_time(self, payload: WishPayload, ahead: timedelta) -> None:
        """Neither too late nor meant for too far ahead. Source: KH-1 §5."""
        now = self.clock.now()
        if payload.not_after < now:
            raise Malformed("too-late", "not_after has passed: make the wish anew")
        if payload.not_after > now + ahead:
            raise Malformed(
                "not-after-too-far", "not_after may be 10 minutes ahead for reads, 7 days for wishes"
            )

    def signature_key(self, by: object, keyset: bytes) -> SignaturePublic:
        """The key with which this agency signs now. Raises Untrusted unless ``keyset`` is in force."""
        agency = self.register.agencies.get(by) if isinstance(by, UUID) else None
        if agency is None or agency.keyset is None:
            raise Untrusted("unknown-sender", "have the registry publish your key set first")
        if agency.revoked or agency.keyset != keyset:
            raise Untrusted("key-set-not-in-force", "sign with the key set in force and name it")
        return _signature_key(agency)

    def _right_recipients(self, world: World, wish: Wish, fact: CaseMessage, payload: WishPayload) -> None:
        """Wraps go to just whom the rule says, under just the keys in force. Source: KH-1 §4."""
        for item, expected in self._recipients(world, wish, fact):
            if item.keyed != expected:
                raise Conflict("wrong-recipients", "ask the hub again for whom to wrap, and seal anew")
        self._right_keys(payload)

    def _uploaded(self, payload: WishPayload) -> None:
        """What is kept in the store is there before the record that names it. Source: KH-1 §4."""
        for item in payload.items:
            if item.kept == "store" and not self._store.has_item(item.digest):
                raise Conflict("item-not-uploaded", "upload every item kept in the store, then send the wish")

    def _right_keys(self, payload: WishPayload) -> None:
        for wrap in payload.wraps:
            if self._kid(wrap.to) != wrap.kid:
                raise Conflict("stale-key-set", "ask the hub again for the keys in force, and seal anew")

    def _kid(self, to: To) -> bytes | None:
        """The id of the wrap key in force of this recipient; none where it has none."""
        if not isinstance(to, UUID):
            return self.genesis.audit_kem.kid
        agency = self.register.agencies.get(to)
        return None if agency is None or agency.revoked else kem_of(agency).kid

    def _recipients(self, world: World, wish: Wish, fact: CaseMessage) -> list[tuple[Item, frozenset[UUID]]]:
        placed = placing(world, wish)
        case = world.case if placed is None else replace(world.case, network=placed.network, core=placed.core)
        by = wish.by
        if not isinstance(by, UUID):
            raise Malformed("wrong-sender", "messages in a case are sent by agencies")
        return [(item, recipients(world.register, case, by, fact, item, world.book)) for item in fact.items]

    # --- reading ---------------------------------------------------------------------------------------------------

    def _decided_reading(
        self,
        world: World,
        wish: Wish,
        draft: AccessFact,
        frame: Frame,
        now: datetime,
        known: tuple[bytes, int] | None,
    ) -> Draft | Ready:
        message, item = found_item(world, draft)
        at = _no_earlier(now, world.access)
        [fact] = decide(world, wish, now=at)
        releasing = isinstance(fact, (SectionOpened, WrapFetchedForRewrap))
        if releasing and not _has_key(world, wish.by, item):
            raise Unavailable("pending-key", "the key for this item is still to be made: try again later")
        release = (message, item, isinstance(fact, SectionOpened)) if releasing else None
        if known is None:
            return self._draft(world, wish, fact, Evidence(frame=frame.encode()), at, release)
        if isinstance(fact, REFUSALS):
            raise NotThere("not-there", "closed since then")
        if self._store.head() != self._head:  # no record of its own shows whether this rests on the last word
            self._behind = True
            raise Unavailable("behind", "send the same bytes again")
        return partial(self._reopened, world, wish, known[1], release)

    def _reopened(
        self, world: World, wish: Wish, version: int, release: tuple[Message, Item, bool] | None
    ) -> Answer:
        """An opening that stands, asked for again and still allowed."""
        answer = self._again(world.access.id, version)
        if release is None or isinstance(answer.fact, REFUSALS):
            return answer
        return replace(answer, release=self._release(world, wish.by, *release))

    def _release(self, world: World, reader: Party, message: Message, item: Item, reading: bool) -> Release:
        case = world.case.id
        kept = self._store.at(case, message.version)
        sealed = self._store.sealed_item(kept, item.item) if reading else None
        key_sets = self.key_sets(message.by)
        later = world.case.rewrapped.get((item.item, _reader(reader)))
        if reader in item.keyed or later is None:
            wrap = self._store.wrap(kept, item.item, _reader(reader), item.section)
            return Release(kept.frame, key_sets, wrap, sealed, None, ())
        again = self._store.at(case, later[0])
        wrap = self._store.wrap(again, item.item, _reader(reader), item.section)
        maker = again.record.by
        makers = self.key_sets(maker) if isinstance(maker, UUID) else ()
        return Release(kept.frame, key_sets, wrap, sealed, again.frame, makers)

    def key_sets(self, agency: UUID) -> tuple[bytes, ...]:
        """The published key sets of an agency, oldest first, as they were signed."""
        return tuple(
            k.frame
            for k in self._store.load(agency)
            if isinstance(k.record.fact, (KeySetPublished, KeySetRevoked))
        )

    # --- unrecorded, signed questions ---------------------------------------------------------------------------------

    def recipients_for(self, wish: Wish) -> list[tuple[Item, list[Agency]]]:
        """For whom the items of this draft must be wrapped, with their keys in force."""
        world = self._memory.world(wish.about)
        if not isinstance(wish.draft, CaseMessage) or not may_speak_of(world, wish):
            raise NotThere("not-there", "no such case, or not yours")
        found = self._recipients(world, wish, wish.draft)
        agencies = world.register.agencies
        missing = [a for _, who in found for a in who if a not in agencies or agencies[a].revoked]
        if missing:
            raise NotThere("addressee-not-there", "an addressee is not known to the registry")
        return [(item, [agencies[a] for a in sorted(who)]) for item, who in found]

    def duties(self, case: UUID, by: UUID) -> list[dict[str, str]]:
        """The wraps that this agency's door has to make, for readers whose standing access began later and for the
        audit office."""
        world = self._memory.world(About(Kind.CASE, case))
        found = []
        for message, item, reader in pending_keys(world.register, world.case, book=world.book):
            keyset = self._keyset(reader)
            if rewrapper(world, message) == by and keyset is not None:
                found.append(
                    {
                        "message": str(message.id),
                        "item": str(item.item),
                        "section": item.section.value,
                        "to": str(reader),
                        "keyset": keyset.hex(),
                    }
                )
        return found

    def _keyset(self, reader: Party) -> bytes | None:
        """The key set in force of this reader; the audit office's keys are the genesis's."""
        if not isinstance(reader, UUID):
            return self.id
        agency = self.register.agencies.get(reader)
        return None if agency is None else agency.keyset

    def world_of(self, case: UUID) -> World:
        """A case as it stands, with the register. Raises NotThere."""
        return self._memory.world(About(Kind.CASE, case))

    # --- the clock ------------------------------------------------------------------------------------------------------

    def tick(self) -> int:
        """Record what has fallen due by now, in order, each at its own time. Returns how many."""
        if not self._memory.is_due(self.clock.now()):
            return 0
        return self._alone(self._tick)

    def set_clock(self, at: datetime) -> int:
        """Move a rehearsal's clock; what falls due on the way is recorded first."""
        clock = self.clock
        if not isinstance(clock, SetClock):
            raise Malformed("real-clock", "only a rehearsal hub's clock can be set")

        def move() -> int:
            count = self._tick(at)
            clock.set(at)
            return count

        return self._alone(move)

    def _alone(self, job: Callable[[], int]) -> int:
        done = self._desk.alone(job).result()
        assert isinstance(done, int)
        return done

    def _tick(self, until: datetime | None = None) -> int:
        """What ``tick`` does, by the desk's own thread."""
        now = until or self.clock.now()
        if self._behind:
            self._read_on()
        if not self._memory.is_due(now):
            return 0
        count = 0
        self._memory.reread_register()
        overtaken = 0
        while (due := self._memory.next_due(now)) is not None:
            if isinstance(due.fact, KeyDestroyed | ControlDestroyed) and not self._destroyed(
                due.fact, due.at
            ):
                continue
            try:
                self._hub_act(due.about, due.fact, due.at)
                if isinstance(due.fact, KeyDestroyed | ControlDestroyed) and self._shredder is not None:
                    self._shredder.recorded(due.fact.generation)
            except Conflict as conflict:  # another hub was faster: what is due is looked at again
                overtaken += 1
                if overtaken == TRIES:
                    raise Unavailable("overtaken", "send the same bytes again") from conflict
                self._read_on()
                continue
            count += 1
        return count

    def make_good(self) -> int:
        """Record what was destroyed when the hub ended before it could. Returns how many; raises Unavailable."""
        pending = None if self._shredder is None else self._shredder.pending()
        if pending is None or self._shredder is None:
            return 0
        fact, at = pending
        shredder = self._shredder

        def recorded() -> int:
            if fact.scope not in self.register.unreadable:
                self._hub_act(About(Kind.LOG, self.genesis.log_id), fact, at)
            shredder.recorded(fact.generation)
            return 1

        return self._alone(recorded)

    def _destroyed(self, fact: KeyDestroyed | ControlDestroyed, at: datetime) -> bool:
        """Destroy the keys, before that is recorded. Where they can't be, that is told, and the case set aside."""
        try:
            if self._shredder is None:
                raise Unavailable("no-shredder", "this hub destroys no keys")
            self._shredder.destroy(fact, at)
        except (ExchangeError, OSError) as error:
            self.undestroyed[fact.scope] = error.flaw if isinstance(error, ExchangeError) else "disk"
            self._memory.set_aside(fact.scope)
            return False
        return True

    def _hub_act(self, about: About, fact: Fact, at: datetime) -> None:
        in_case = about.kind is Kind.CASE
        world = self._memory.world(about) if in_case else empty_world(self.register, about.id)
        found: Originator | None = world.case if in_case else self.register.find(about.kind, about.id)
        version = found.version if found is not None else 0
        record = Record(
            originator=about,
            version=version + 1,
            at=max(at, found.last_at) if found is not None and found.last_at is not None else at,
            about=about,
            by=HUB,
            actor="",
            ask_id=hub_ask(about.id, version + 1),
            frame=None,
            rests_on=(),
            rules=world.rules.version,
            decider=DECIDER,
            fact=fact,
        )
        [outcome] = self._appended([Draft(world, record, NO_EVIDENCE)])
        if isinstance(outcome, Exception):
            raise outcome


def _apart(
    turns: list[Turn[Answer, Heard]],
) -> tuple[list[Turn[Answer, Heard]], list[Turn[Answer, Heard]]]:
    """Who goes together now, and who comes after them: one wish a case, and what changes the register alone."""
    going: list[Turn[Answer, Heard]] = []
    left: list[Turn[Answer, Heard]] = []
    cases: set[UUID] = set()
    for n, turn in enumerate(turns):
        about = _heard_of(turn).wish.about
        if about.kind is not Kind.CASE:
            if going or left:
                return going, left + turns[n:]
            return [turn], turns[1:]
        (left if about.id in cases else going).append(turn)
        cases.add(about.id)
    return going, left


def _heard_of(turn: Turn[Answer, Heard]) -> Heard:
    assert turn.read is not None
    return turn.read


def _may_decide_again(error: Exception, turn: Turn[Answer, Heard]) -> bool:
    """Somebody else wrote first: it is read again, and decided again."""
    overtaken = isinstance(error, Conflict) and error.flaw in OVERTAKEN
    return overtaken and turn.tries < TRIES - 1


def _released(answer: Answer, release: Callable[[], Release]) -> Answer:
    return replace(answer, release=release())


def _told(error: Exception) -> Exception:
    """Who was overtaken again and again may send the same bytes again."""
    if isinstance(error, Conflict) and error.flaw in OVERTAKEN:
        return Unavailable("overtaken", "send the same bytes again")
    return error


def _give(turn: Turn[Answer, Heard], ready: Ready) -> None:
    try:
        turn.give(ready())
    except Exception as error:
        turn.fail(error)


def kem_of(agency: Agency) -> KemPublic:
    """The agency's wrap key in force."""
    return _kem(tuple(agency.kem.items()))


def _signature_key(agency: Agency) -> SignaturePublic:
    return _signature(tuple(agency.sig.items()))


@lru_cache(maxsize=READY_KEYS)
def _kem(key: tuple[tuple[str, str], ...]) -> KemPublic:
    """Reading a key costs more than all that is done with it."""
    return KemPublic.from_json(dict(key))


@lru_cache(maxsize=READY_KEYS)
def _signature(key: tuple[tuple[str, str], ...]) -> SignaturePublic:
    return SignaturePublic.from_json(SignatureKind.SIG, dict(key))


def _originator(world: World, wish: Wish) -> Originator:
    if wish.about.kind is Kind.CASE:
        return world.access if isinstance(wish.draft, AccessFact) else world.case
    return world.register.find(wish.about.kind, wish.about.id) or Originator(id=wish.about.id)


def _kind(fact: Fact, wish: Wish) -> Kind:
    """Where a fact stands: a refusal stands where the wish was about (readings beside the case)."""
    if isinstance(wish.draft, AccessFact):
        return Kind.CASE_ACCESS
    return wish.about.kind


def _heard(world: World, wish: Wish) -> bool:
    """Whether the case is there for this sender; the audit office may ask to read, and is refused on record."""
    return may_speak_of(world, wish) or (wish.by == AUDIT and isinstance(wish.draft, AccessFact))


def _may_found(wish: Wish) -> bool:
    """Whether even a refusal may be this originator's first record: else anybody could take any id, such as
    that of a case's readings, before its owner does."""
    if wish.about.kind is Kind.CASE or wish.by == REGISTRY or isinstance(wish.draft, KeySetPublished):
        return True
    draft, by = wish.draft, wish.by
    if not isinstance(by, UUID):
        return False
    if isinstance(draft, SupportWorkerRegistered):  # of its own
        return wish.about.id == commission_of(by, by)
    return isinstance(draft, OutsourcingContractConcluded) and wish.about.id == commission_of(
        by, draft.contractor
    )


def _knows(world: World, originator: Originator, wish: Wish, prev: bytes) -> bool:
    places = (world.case, world.access) if wish.about.kind is Kind.CASE else (originator,)
    return any(place.knows_frame(wish.by, prev) for place in places)


def _no_earlier(now: datetime, originator: Originator) -> datetime:
    return now if originator.last_at is None else max(now, originator.last_at)


def _has_key(world: World, reader: Party, item: Item) -> bool:
    return reader in item.keyed or (item.item, reader) in world.case.rewrapped


def _section(world: World, payload: WishPayload, item: UUID) -> str:
    for ref in payload.items:
        if ref.item == item:
            return ref.section
    found = world.case.item(item)
    if found is None:
        raise NotThere("not-there", "no such item, or not yours")
    return found[1].section


def _reader(reader: Party) -> To:
    """Whoever can have a wrap: an agency or the audit office."""
    if isinstance(reader, UUID):
        return reader
    if reader != AUDIT:
        raise NotThere("not-there", "no such item, or not yours")
    return TO_AUDIT
