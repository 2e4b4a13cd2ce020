"""The hub: what happens to a command between its arrival and its answer.

The order is that of architecture §3: size and strict form; command id; not_after; key set; signatures; parts;
recipients; then ``decide``; then the record, durably; then the answer. What is refused before ``decide``
is an error and leaves no trace; what ``decide`` refuses is an event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from uuid import UUID

from adapters.mapper import command_of
from adapters.store import NO_EVIDENCE, Evidence, Store
from domain.case import Message
from domain.decide import decide, find_item, rewrapper
from domain.errors import Conflict, ExchangeError, Malformed, NotFound, Unavailable, Untrusted
from domain.events import (
    AccessEvent,
    CaseMessage,
    CommandRefused,
    ControlDestroyed,
    DisclosureRefused,
    Event,
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
    WrappedKeyFetchedForRewrap,
)
from domain.record import (
    AUDIT,
    HUB,
    REGISTRARS,
    About,
    Command,
    Party,
    Record,
    commission_of,
    hub_command_id,
)
from domain.register import Agency, Originator, Register
from domain.visibility import pending_keys, recipients
from domain.world import World, empty_world, may_address_case, placement_of, rests_on
from gateway.hub.clock import Clock, SetClock
from gateway.hub.memory import WorldCache
from gateway.hub.queue import CommandQueue, QueuedCommand
from gateway.hub.shredding import Shredder
from keys.command import AUDIT as TO_AUDIT
from keys.command import READ_AHEAD, WRITE_AHEAD, CommandPayload, To
from keys.frame import COMMAND, Frame, verify
from keys.genesis import Genesis
from keys.keyset import verify_key_set, verify_registrars_act
from keys.leaf import Leaf
from keys.receipt import MAX_NOTES, Receipt, sign_receipts
from keys.request import match_parts, parse_request
from keys.signing import KemPublic, SignatureKeys, SignatureKind, SignaturePublic
from keys.stored_record import StoredRecord

INCLUSION_PROMISE = timedelta(seconds=60)
MAX_ATTEMPTS = 5
VERSION_CONFLICT_CODES = ("version-exists", "head-moved")
RECORDS_PER_PAGE = 500
CACHED_PUBLIC_KEYS = 4096  # public keys kept read
ZEROS = bytes(32)

REFUSALS = (DisclosureRefused, CommandRefused, OpeningRefused)


@dataclass(frozen=True)
class Release:
    """What a reader's door gets after its opening is durable: all it needs to verify, unwrap and show.

    ``frame``: the author's signed frame; ``key_sets``: the author's published key sets, oldest first;
    ``wrapped_key_frame``: where the wrapped key came later, the frame that brought it, with its author's key sets.
    ``sealed`` is null for a fetch that is no reading.
    """

    frame: bytes
    key_sets: tuple[bytes, ...]
    wrapped_key: bytes
    sealed: bytes | None
    wrapped_key_frame: bytes | None
    wrapped_key_key_sets: tuple[bytes, ...]


@dataclass(frozen=True)
class Answer:
    """The hub's answer: the event that was recorded, its signed receipt, and a release where one is due."""

    event: Event
    receipt: bytes
    release: Release | None = None

    @property
    def refused(self) -> bool:
        return isinstance(self.event, REFUSALS)


@dataclass(frozen=True)
class VerifiedCommand:
    """A command as it was read: its form, its signatures, its parts. ``signature_error``: why its signatures do not hold now."""

    command: Command
    payload: CommandPayload
    frame: Frame
    items: Mapping[UUID, bytes]
    wrapped_keys: Mapping[tuple[UUID, To], bytes]
    signature_error: Untrusted | None


@dataclass(frozen=True)
class PendingRecord:
    """A decision to be recorded. ``world``: what it was decided on; ``release``: what its reader then gets
    (message, item, and whether it is a reading)."""

    world: World
    record: Record
    evidence: Evidence
    release: tuple[Message, Item, bool] | None = None


DeferredAnswer = Callable[[], Answer]
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
        offer_leaf: Callable[[Leaf], None] = lambda _: None,
    ) -> None:
        """``register``: as it stood at the position ``head`` of the stream. ``shredder``: who destroys keys; where
        there is none, nothing is destroyed."""
        self.genesis = genesis
        self.id = hub
        self.clock = clock
        self._event_store = store
        self._log_keys = log
        self._world_cache = WorldCache(store, register, deadlines)
        # What is decided rests on all of the record up to here; the deciding thread owns it.
        self._decided_head = head
        self._shredder = shredder
        self._offer_leaf = offer_leaf  # to the log: what has become durable
        self.failed_destructions: dict[UUID, str] = {}
        """Cases whose keys could not be destroyed, and why; tried again at the next start."""
        self._may_be_stale = False  # something may stand in the record that we do not know
        self._command_queue: CommandQueue[Answer, VerifiedCommand] = CommandQueue(
            self._parse_and_verify, self._process_batch, max_batch=MAX_NOTES
        )

    # --- commands ------------------------------------------------------------------------------------------

    @property
    def register(self) -> Register:
        """The register as it stands."""
        return self._world_cache.register

    def submit(self, data: bytes) -> Future[Answer]:
        """One request (KHQ1); its answer comes when it is durable. Instead of an answer, where nothing was
        recorded: Malformed, Untrusted, Refused, NotFound, Conflict or Unavailable."""
        return self._command_queue.put(data)

    def handle(self, data: bytes) -> Answer:
        """Answer one request. Raises what ``submit`` tells."""
        return self.submit(data).result()

    def close(self) -> None:
        """Answer what is under way, and end."""
        self._command_queue.close()

    def _parse_and_verify(self, data: bytes) -> VerifiedCommand:
        """What can be said of a command without looking at the case: size, form, signatures, parts."""
        request = parse_request(data)
        payload, frame = request.payload, request.frame
        if payload.hub != self.id:
            raise Untrusted("other-hub")
        command = command_of(payload, frame.digest)
        try:
            self._verify_signatures(command, payload, frame)
        except Untrusted as signature_error:
            return VerifiedCommand(command, payload, frame, {}, {}, signature_error)
        parts = match_parts(payload, request.parts)
        return VerifiedCommand(command, payload, frame, parts.items, parts.wrapped_keys, None)

    def _process_batch(
        self, batch: list[QueuedCommand[Answer, VerifiedCommand]]
    ) -> list[QueuedCommand[Answer, VerifiedCommand]]:
        """Decide, record and answer together what can't touch each other; returns who must come again."""
        if self._may_be_stale:
            self._catch_up_with_stream()
        self._tick()
        this_batch, next_batch = _partition(batch)
        pending_records: list[tuple[QueuedCommand[Answer, VerifiedCommand], PendingRecord]] = []
        for queued_command in this_batch:
            try:
                decision = self._decide(_verified(queued_command))
            except Exception as error:
                queued_command.fail(error)
                continue
            if isinstance(decision, PendingRecord):
                pending_records.append((queued_command, decision))
            else:
                self._command_queue.after(partial(_complete, queued_command, decision))
        to_retry: list[QueuedCommand[Answer, VerifiedCommand]] = []
        appended: list[tuple[QueuedCommand[Answer, VerifiedCommand], PendingRecord, Leaf]] = []
        for (queued_command, pending_record), outcome in zip(
            pending_records, self._append_batch([d for _, d in pending_records]), strict=True
        ):
            if isinstance(outcome, Leaf):
                appended.append((queued_command, pending_record, outcome))
            elif _is_retryable_conflict(outcome, queued_command):
                queued_command.attempts += 1
                to_retry.append(queued_command)
            else:
                queued_command.fail(_to_client_error(outcome))
        if appended:
            self._command_queue.after(partial(self._send_receipts, appended))
        return to_retry + next_batch

    def _append_batch(self, pending_records: list[PendingRecord]) -> list[Leaf | Exception]:
        """Record these, and remember what stands then."""
        found: list[Leaf | Exception] = []
        self._event_store.begin_epoch(self.register.mandate)
        outcomes = self._event_store.append_each(
            [(d.record, d.evidence) for d in pending_records], self._decided_head
        )
        self._decided_head = max([self._decided_head, *(o[0] for o in outcomes if isinstance(o, tuple))])
        self._may_be_stale |= any(isinstance(outcome, Exception) for outcome in outcomes)
        for pending_record, outcome in zip(pending_records, outcomes, strict=True):
            if isinstance(outcome, Exception):
                # It, or another, may have been stored: read before deciding again.
                self._world_cache.invalidate(pending_record.record.about)
                found.append(outcome)
            else:
                self._world_cache.fold_in(
                    pending_record.world.after(pending_record.record), pending_record.record
                )
                leaf = Leaf(*outcome)
                self._offer_leaf(leaf)
                found.append(leaf)
        return found

    def _catch_up_with_stream(self) -> None:
        """Take in what stands in the record beyond what we know: our own without an answer, or another hub's.

        Two hubs on one stream by mistake decide on what both have recorded, or not at all. Raises Unavailable.
        """
        while page := self._event_store.read_tolerant(self._decided_head + 1, RECORDS_PER_PAGE):
            for stored in page:
                if isinstance(stored, StoredRecord):
                    self._world_cache.invalidate(stored.record.about)
                elif stored.newer_edition or (
                    not stored.gone
                    and any(self.register.find(k, stored.originator) is not None for k in Kind)
                ):
                    raise Unavailable("newer-record")
                else:
                    self._world_cache.invalidate(About(Kind.CASE, stored.originator))
            self._decided_head = page[-1].position
        self._world_cache.reload_register()
        self._may_be_stale = False

    def _send_receipts(
        self, appended: list[tuple[QueuedCommand[Answer, VerifiedCommand], PendingRecord, Leaf]]
    ) -> None:
        """Hand out what is durable: receipts, and what an opening releases."""
        try:
            receipts = sign_receipts(
                [self._unsigned_receipt(d.record, leaf) for _, d, leaf in appended], self._log_keys
            )
        except Exception as error:
            for queued_command, _, _ in appended:
                queued_command.fail(error)
            raise
        for (queued_command, pending_record, _), receipt in zip(appended, receipts, strict=True):
            answer = Answer(pending_record.record.event, receipt)
            if pending_record.release is None:
                queued_command.complete(answer)
            else:
                # The opening is durable: only now may the wrapped key leave (I2).
                release = partial(
                    self._build_release,
                    pending_record.world,
                    pending_record.record.by,
                    *pending_record.release,
                )
                self._command_queue.after(
                    partial(_complete, queued_command, partial(_with_release, answer, release))
                )

    def _receipt_of_recorded_frame(self, verified_command: VerifiedCommand) -> DeferredAnswer | None:
        """The receipt of a frame that stands in the record, byte for byte, whatever became of its keys since.

        So a command sent again after a change of keys is not lost to its sender: its signatures were verified
        when it was recorded. Nobody else learns from it what there is. A reading is never answered from memory.
        """
        command = verified_command.command
        if isinstance(command.proposed_event, AccessEvent):
            return None
        try:
            originator = _originator_of(self._world_cache.world(command.about), command)
        except NotFound:
            return None
        known = originator.commands_seen.get((command.by, command.command_id))
        if (
            known is None
            or self._event_store.at(originator.id, known[1]).frame != verified_command.frame.encode()
        ):
            return None
        return partial(self._replayed_answer, originator.id, known[1])

    def _decide(self, verified_command: VerifiedCommand) -> PendingRecord | DeferredAnswer:
        """The decision on this command, at this moment. Raises what is answered without a record."""
        if verified_command.signature_error is not None:
            before = self._receipt_of_recorded_frame(verified_command)
            if before is None:
                raise verified_command.signature_error
            return before
        command, payload = verified_command.command, verified_command.payload
        world = self._world_cache.world(command.about)
        originator = _originator_of(world, command)
        reading = isinstance(command.proposed_event, AccessEvent)
        known = originator.commands_seen.get((command.by, command.command_id))
        if command.about.kind is Kind.CASE and known is None:
            other = world.case if reading else world.access
            if (command.by, command.command_id) in other.commands_seen:
                raise Conflict("command-id-taken")
        if known is not None:
            if known[0] != command.frame:
                raise Conflict("command-id-taken")
            if not reading:
                return partial(self._replayed_answer, originator.id, known[1])
        now = self.clock.now()
        self.require_valid_not_after(payload, READ_AHEAD if reading else WRITE_AHEAD)
        self._require_key_set_in_force(command, payload, verified_command.frame)
        if command.about.kind is Kind.CASE and not _may_address_case(world, command):
            raise NotFound("not-found")
        if payload.prev != ZEROS and not _knows_prev_frame(world, originator, command, payload.prev):
            raise Conflict("prev-unknown")
        if isinstance(command.proposed_event, CaseMessage):
            self._require_exact_recipients(world, command, command.proposed_event, payload)
            self._require_uploaded_items(payload)
        if isinstance(command.proposed_event, ItemsRewrapped):
            self._require_keys_in_force(payload)
        if isinstance(command.proposed_event, AccessEvent):
            return self._decide_opening(
                world, command, command.proposed_event, verified_command.frame, now, known
            )
        at = _not_before_last_record(now, originator)
        [event] = decide(world, command, now=at)
        accepted = not isinstance(event, REFUSALS)
        if not accepted and originator.version == 0 and not _may_create_originator(command):
            raise NotFound("not-found")
        evidence = Evidence(
            frame=verified_command.frame.encode(),
            items=tuple(
                verified_command.items[i.item] for i in payload.items if i.item in verified_command.items
            )
            if accepted
            else (),
            wrapped_keys=tuple(
                (_section_of(world, payload, w.item), verified_command.wrapped_keys[(w.item, w.to)])
                for w in payload.wrapped_keys
            )
            if accepted
            else (),
        )
        return self._build_pending_record(world, command, event, evidence, at)

    def _build_pending_record(
        self,
        world: World,
        command: Command,
        event: Event,
        evidence: Evidence,
        at: datetime,
        release: tuple[Message, Item, bool] | None = None,
    ) -> PendingRecord:
        originator = _originator_of(world, command)
        record = Record(
            originator=About(_originator_kind(event, command), originator.id),
            version=originator.version + 1,
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
        return PendingRecord(world, record, evidence, release)

    def _unsigned_receipt(self, record: Record, leaf: Leaf) -> Receipt:
        return Receipt(
            hub=self.id,
            mode=self.genesis.mode,
            command_id=record.command_id,
            frame=record.frame or ZEROS,
            leaf=leaf,
            promised_at=record.at + INCLUSION_PROMISE,
        )

    def _replayed_answer(self, originator: UUID, version: int) -> Answer:
        """The same payload again gets its receipt again and no new event."""
        stored = self._event_store.at(originator, version)
        leaf = Leaf(seq=stored.position, sha=stored.sha, tag=self._event_store.tag(stored))
        [receipt] = sign_receipts([self._unsigned_receipt(stored.record, leaf)], self._log_keys)
        return Answer(stored.record.event, receipt)

    # --- what is checked before a decision ---------------------------------------------------------------------

    def _verify_signatures(self, command: Command, payload: CommandPayload, frame: Frame) -> None:
        """The signatures hold under the keys the sender had in force; outside the locks, since it costs time."""
        reg = self.genesis.reg
        if isinstance(command.proposed_event, KeySetPublished):
            agency = self.register.agencies.get(command.about.id)
            if command.by != command.about.id:
                raise Untrusted("key-set-of-another")
            in_force = None if agency is None or agency.revoked else _signature_key(agency)
            verify_key_set(frame, in_force=in_force, registrars=reg)
        elif command.by == REGISTRARS:
            verify_registrars_act(frame, reg)
        elif command.by == AUDIT:
            verify(COMMAND, frame, [self.genesis.audit_sig])
        else:
            agency = self.register.agencies.get(command.by) if isinstance(command.by, UUID) else None
            if agency is None or agency.keyset is None:
                raise Untrusted("unknown-sender")
            verify(COMMAND, frame, [_signature_key(agency)])

    def _require_key_set_in_force(self, command: Command, payload: CommandPayload, frame: Frame) -> None:
        """Inside the lock: the key set named is the one in force at this moment."""
        expected: bytes | None
        if command.by in (REGISTRARS, AUDIT) or isinstance(command.proposed_event, KeySetPublished):
            expected = self._previous_key_set(command)
        else:
            agency = self.register.agencies[command.by] if isinstance(command.by, UUID) else None
            expected = None if agency is None or agency.revoked else agency.keyset
        if expected != payload.keyset:
            raise Untrusted("key-set-not-in-force")

    def _previous_key_set(self, command: Command) -> bytes:
        if command.by in (REGISTRARS, AUDIT):
            return ZEROS
        agency = self.register.agencies.get(command.about.id)
        return ZEROS if agency is None or agency.revoked or agency.keyset is None else agency.keyset

    def require_valid_not_after(self, payload: CommandPayload, ahead: timedelta) -> None:
        """Neither too late nor meant for too far ahead. Source: KH-1 §5."""
        now = self.clock.now()
        if payload.not_after < now:
            raise Malformed("too-late")
        if payload.not_after > now + ahead:
            raise Malformed("not-after-too-far")

    def signature_key(self, by: object, keyset: bytes) -> SignaturePublic:
        """The key with which this agency signs now. Raises Untrusted unless ``keyset`` is in force."""
        agency = self.register.agencies.get(by) if isinstance(by, UUID) else None
        if agency is None or agency.keyset is None:
            raise Untrusted("unknown-sender")
        if agency.revoked or agency.keyset != keyset:
            raise Untrusted("key-set-not-in-force")
        return _signature_key(agency)

    def _require_exact_recipients(
        self, world: World, command: Command, event: CaseMessage, payload: CommandPayload
    ) -> None:
        """Wrapped keys go to just whom the rule says, under just the keys in force. Source: KH-1 §4."""
        for item, expected in self._recipients(world, command, event):
            if item.keyed != expected:
                raise Conflict("wrong-recipients")
        self._require_keys_in_force(payload)

    def _require_uploaded_items(self, payload: CommandPayload) -> None:
        """What is kept in the store is there before the record that names it. Source: KH-1 §4."""
        for item in payload.items:
            if item.storage == "store" and not self._event_store.has_item(item.digest):
                raise Conflict("item-not-uploaded")

    def _require_keys_in_force(self, payload: CommandPayload) -> None:
        for wrapped_key in payload.wrapped_keys:
            if self._key_id_of(wrapped_key.to) != wrapped_key.kid:
                raise Conflict("stale-key-set")

    def _key_id_of(self, to: To) -> bytes | None:
        """The id of the wrap key in force of this recipient; none where it has none."""
        if not isinstance(to, UUID):
            return self.genesis.audit_kem.kid
        agency = self.register.agencies.get(to)
        return None if agency is None or agency.revoked else kem_of(agency).kid

    def _recipients(
        self, world: World, command: Command, event: CaseMessage
    ) -> list[tuple[Item, frozenset[UUID]]]:
        placed = placement_of(world, command)
        case = world.case if placed is None else replace(world.case, network=placed.network, core=placed.core)
        by = command.by
        if not isinstance(by, UUID):
            raise Malformed("wrong-sender")
        return [
            (item, recipients(world.register, case, by, event, item, world.rule_book)) for item in event.items
        ]

    # --- reading ---------------------------------------------------------------------------------------------------

    def _decide_opening(
        self,
        world: World,
        command: Command,
        proposed_event: AccessEvent,
        frame: Frame,
        now: datetime,
        known: tuple[bytes, int] | None,
    ) -> PendingRecord | DeferredAnswer:
        message, item = find_item(world, proposed_event)
        at = _not_before_last_record(now, world.access)
        [event] = decide(world, command, now=at)
        releasing = isinstance(event, (SectionOpened, WrappedKeyFetchedForRewrap))
        if releasing and not _has_key(world, command.by, item):
            raise Unavailable("pending-key")
        release = (message, item, isinstance(event, SectionOpened)) if releasing else None
        if known is None:
            return self._build_pending_record(
                world, command, event, Evidence(frame=frame.encode()), at, release
            )
        if isinstance(event, REFUSALS):
            raise NotFound("not-found")
        if self._event_store.head() != self._decided_head:
            self._may_be_stale = True  # no record of its own shows whether this rests on the last word
            raise Unavailable("state-not-current")
        return partial(self._replayed_opening, world, command, known[1], release)

    def _replayed_opening(
        self, world: World, command: Command, version: int, release: tuple[Message, Item, bool] | None
    ) -> Answer:
        """An opening that stands, asked for again and still allowed."""
        answer = self._replayed_answer(world.access.id, version)
        if release is None or isinstance(answer.event, REFUSALS):
            return answer
        return replace(answer, release=self._build_release(world, command.by, *release))

    def _build_release(
        self, world: World, reader: Party, message: Message, item: Item, reading: bool
    ) -> Release:
        case = world.case.id
        stored = self._event_store.at(case, message.version)
        sealed = self._event_store.sealed_item(stored, item.item) if reading else None
        key_sets = self.key_sets(message.by)
        later_wrapped_key = world.case.rewrapped.get((item.item, _wrapped_key_recipient(reader)))
        if reader in item.keyed or later_wrapped_key is None:
            wrapped_key = self._event_store.wrapped_key(
                stored, item.item, _wrapped_key_recipient(reader), item.section
            )
            return Release(stored.frame, key_sets, wrapped_key, sealed, None, ())
        rewrap_record = self._event_store.at(case, later_wrapped_key[0])
        wrapped_key = self._event_store.wrapped_key(
            rewrap_record, item.item, _wrapped_key_recipient(reader), item.section
        )
        rewrapper_id = rewrap_record.record.by
        rewrapper_key_sets = self.key_sets(rewrapper_id) if isinstance(rewrapper_id, UUID) else ()
        return Release(stored.frame, key_sets, wrapped_key, sealed, rewrap_record.frame, rewrapper_key_sets)

    def key_sets(self, agency: UUID) -> tuple[bytes, ...]:
        """The published key sets of an agency, oldest first, as they were signed."""
        return tuple(
            k.frame
            for k in self._event_store.load(agency)
            if isinstance(k.record.event, (KeySetPublished, KeySetRevoked))
        )

    # --- unrecorded, signed questions ---------------------------------------------------------------------------------

    def recipients_for(self, command: Command) -> list[tuple[Item, list[Agency]]]:
        """For whom the items of this command must be wrapped, with their keys in force."""
        world = self._world_cache.world(command.about)
        if not isinstance(command.proposed_event, CaseMessage) or not may_address_case(world, command):
            raise NotFound("not-found")
        found = self._recipients(world, command, command.proposed_event)
        agencies = world.register.agencies
        missing = [a for _, who in found for a in who if a not in agencies or agencies[a].revoked]
        if missing:
            raise NotFound("addressee-not-found")
        return [(item, [agencies[a] for a in sorted(who)]) for item, who in found]

    def duties(self, case: UUID, by: UUID) -> list[dict[str, str]]:
        """The wrapped keys that this agency's door has to make, for readers whose standing access began later and for the
        audit office."""
        world = self._world_cache.world(About(Kind.CASE, case))
        found = []
        for message, item, reader in pending_keys(world.register, world.case, rule_book=world.rule_book):
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
        """A case as it stands, with the register. Raises NotFound."""
        return self._world_cache.world(About(Kind.CASE, case))

    # --- the clock ------------------------------------------------------------------------------------------------------

    def tick(self) -> int:
        """Record what has fallen due by now, in order, each at its own time. Returns how many."""
        if not self._world_cache.is_due(self.clock.now()):
            return 0
        return self._run_exclusive(self._tick)

    def set_clock(self, at: datetime) -> int:
        """Move a rehearsal's clock; what falls due on the way is recorded first."""
        clock = self.clock
        if not isinstance(clock, SetClock):
            raise Malformed("real-clock")

        def advance() -> int:
            count = self._tick(at)
            clock.set(at)
            return count

        return self._run_exclusive(advance)

    def _run_exclusive(self, job: Callable[[], int]) -> int:
        result = self._command_queue.run_exclusive(job).result()
        assert isinstance(result, int)
        return result

    def _tick(self, until: datetime | None = None) -> int:
        """What ``tick`` does, by the deciding thread."""
        now = until or self.clock.now()
        if self._may_be_stale:
            self._catch_up_with_stream()
        if not self._world_cache.is_due(now):
            return 0
        count = 0
        self._world_cache.reload_register()
        conflicts = 0
        while (due := self._world_cache.next_due(now)) is not None:
            if isinstance(due.event, KeyDestroyed | ControlDestroyed) and not self._destroy_keys(
                due.event, due.at
            ):
                continue
            try:
                self._append_hub_event(due.about, due.event, due.at)
                if isinstance(due.event, KeyDestroyed | ControlDestroyed) and self._shredder is not None:
                    self._shredder.recorded(due.event.generation)
            except Conflict as conflict:  # another hub was faster: what is due is looked at again
                conflicts += 1
                if conflicts == MAX_ATTEMPTS:
                    raise Unavailable("repeated-conflict") from conflict
                self._catch_up_with_stream()
                continue
            count += 1
        return count

    def resume_pending_destruction(self) -> int:
        """Record what was destroyed when the hub ended before it could. Returns how many; raises Unavailable."""
        pending = None if self._shredder is None else self._shredder.pending()
        if pending is None or self._shredder is None:
            return 0
        event, at = pending
        shredder = self._shredder

        def recorded() -> int:
            if event.scope not in self.register.unreadable:
                self._append_hub_event(About(Kind.LOG, self.genesis.log_id), event, at)
            shredder.recorded(event.generation)
            return 1

        return self._run_exclusive(recorded)

    def _destroy_keys(self, event: KeyDestroyed | ControlDestroyed, at: datetime) -> bool:
        """Destroy the keys, before that is recorded. Where they can't be, that is told, and the case set aside."""
        try:
            if self._shredder is None:
                raise Unavailable("no-shredder")
            self._shredder.destroy(event, at)
        except (ExchangeError, OSError) as error:
            self.failed_destructions[event.scope] = (
                error.error_code if isinstance(error, ExchangeError) else "disk"
            )
            self._world_cache.defer_case(event.scope)
            return False
        return True

    def _append_hub_event(self, about: About, event: Event, at: datetime) -> None:
        in_case = about.kind is Kind.CASE
        world = self._world_cache.world(about) if in_case else empty_world(self.register, about.id)
        found: Originator | None = world.case if in_case else self.register.find(about.kind, about.id)
        version = found.version if found is not None else 0
        record = Record(
            originator=about,
            version=version + 1,
            at=max(at, found.last_at) if found is not None and found.last_at is not None else at,
            about=about,
            by=HUB,
            actor="",
            command_id=hub_command_id(about.id, version + 1),
            frame=None,
            rests_on=(),
            rules=world.rules.version,
            edition=world.edition,
            event=event,
        )
        [outcome] = self._append_batch([PendingRecord(world, record, NO_EVIDENCE)])
        if isinstance(outcome, Exception):
            raise outcome


def _partition(
    batch: list[QueuedCommand[Answer, VerifiedCommand]],
) -> tuple[list[QueuedCommand[Answer, VerifiedCommand]], list[QueuedCommand[Answer, VerifiedCommand]]]:
    """Who goes together now, and who comes after them: one command a case, and what changes the register alone."""
    this_batch: list[QueuedCommand[Answer, VerifiedCommand]] = []
    next_batch: list[QueuedCommand[Answer, VerifiedCommand]] = []
    cases: set[UUID] = set()
    for n, queued_command in enumerate(batch):
        about = _verified(queued_command).command.about
        if about.kind is not Kind.CASE:
            if this_batch or next_batch:
                return this_batch, next_batch + batch[n:]
            return [queued_command], batch[1:]
        (next_batch if about.id in cases else this_batch).append(queued_command)
        cases.add(about.id)
    return this_batch, next_batch


def _verified(queued_command: QueuedCommand[Answer, VerifiedCommand]) -> VerifiedCommand:
    assert queued_command.read is not None
    return queued_command.read


def _is_retryable_conflict(error: Exception, queued_command: QueuedCommand[Answer, VerifiedCommand]) -> bool:
    """Somebody else wrote first: it is read again, and decided again."""
    is_version_conflict = isinstance(error, Conflict) and error.error_code in VERSION_CONFLICT_CODES
    return is_version_conflict and queued_command.attempts < MAX_ATTEMPTS - 1


def _with_release(answer: Answer, release: Callable[[], Release]) -> Answer:
    return replace(answer, release=release())


def _to_client_error(error: Exception) -> Exception:
    """Who was overtaken again and again may send the same bytes again."""
    if isinstance(error, Conflict) and error.error_code in VERSION_CONFLICT_CODES:
        return Unavailable("repeated-conflict")
    return error


def _complete(queued_command: QueuedCommand[Answer, VerifiedCommand], deferred: DeferredAnswer) -> None:
    try:
        queued_command.complete(deferred())
    except Exception as error:
        queued_command.fail(error)


def kem_of(agency: Agency) -> KemPublic:
    """The agency's wrap key in force."""
    return _parse_kem_key(tuple(agency.kem.items()))


def _signature_key(agency: Agency) -> SignaturePublic:
    return _parse_signature_key(tuple(agency.sig.items()))


@lru_cache(maxsize=CACHED_PUBLIC_KEYS)
def _parse_kem_key(key: tuple[tuple[str, str], ...]) -> KemPublic:
    """Reading a key costs more than all that is done with it."""
    return KemPublic.from_json(dict(key))


@lru_cache(maxsize=CACHED_PUBLIC_KEYS)
def _parse_signature_key(key: tuple[tuple[str, str], ...]) -> SignaturePublic:
    return SignaturePublic.from_json(SignatureKind.SIG, dict(key))


def _originator_of(world: World, command: Command) -> Originator:
    if command.about.kind is Kind.CASE:
        return world.access if isinstance(command.proposed_event, AccessEvent) else world.case
    return world.register.find(command.about.kind, command.about.id) or Originator(id=command.about.id)


def _originator_kind(event: Event, command: Command) -> Kind:
    """Where an event stands: a refusal stands where the command was about (readings beside the case)."""
    if isinstance(command.proposed_event, AccessEvent):
        return Kind.CASE_ACCESS
    return command.about.kind


def _may_address_case(world: World, command: Command) -> bool:
    """Whether the case is there for this sender; the audit office may ask to read, and is refused on record."""
    return may_address_case(world, command) or (
        command.by == AUDIT and isinstance(command.proposed_event, AccessEvent)
    )


def _may_create_originator(command: Command) -> bool:
    """Whether even a refusal may be this originator's first record: else anybody could take any id, such as
    that of a case's readings, before its owner does."""
    if (
        command.about.kind is Kind.CASE
        or command.by == REGISTRARS
        or isinstance(command.proposed_event, KeySetPublished)
    ):
        return True
    proposed_event, by = command.proposed_event, command.by
    if not isinstance(by, UUID):
        return False
    if isinstance(proposed_event, SupportWorkerRegistered):  # of its own
        return command.about.id == commission_of(by, by)
    return isinstance(proposed_event, OutsourcingContractConcluded) and command.about.id == commission_of(
        by, proposed_event.contractor
    )


def _knows_prev_frame(world: World, originator: Originator, command: Command, prev: bytes) -> bool:
    places = (world.case, world.access) if command.about.kind is Kind.CASE else (originator,)
    return any(place.has_payload(command.by, prev) for place in places)


def _not_before_last_record(now: datetime, originator: Originator) -> datetime:
    return now if originator.last_at is None else max(now, originator.last_at)


def _has_key(world: World, reader: Party, item: Item) -> bool:
    return reader in item.keyed or (item.item, reader) in world.case.rewrapped


def _section_of(world: World, payload: CommandPayload, item: UUID) -> str:
    for ref in payload.items:
        if ref.item == item:
            return ref.section
    found = world.case.item(item)
    if found is None:
        raise NotFound("not-found")
    return found[1].section


def _wrapped_key_recipient(reader: Party) -> To:
    """Whoever can have a wrapped key: an agency or the audit office."""
    if isinstance(reader, UUID):
        return reader
    if reader != AUDIT:
        raise NotFound("not-found")
    return TO_AUDIT
