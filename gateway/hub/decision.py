"""The decision on one command: a record to append, or an answer that needs no record.

The order is that of architecture §3: idempotency, time, key set, addressing, recipients and keys, then ``decide``.
What fails before ``decide`` is raised as an error and not recorded; what ``decide`` refuses is an event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from adapters.store import Evidence, Store
from domain.addressing import (
    has_recorded_frame,
    has_wrapped_key,
    is_addressable,
    item_recipients,
    may_create_originator,
    originator_name,
    originator_of,
    recorded_at,
)
from domain.case import Message
from domain.decide import decide, find_item
from domain.errors import Conflict, Malformed, NotFound, Unavailable, Untrusted
from domain.events import (
    AccessEvent,
    CaseMessage,
    Event,
    Item,
    ItemsRewrapped,
    Kind,
    SectionOpened,
    WrappedKeyFetchedForRewrap,
)
from domain.record import About, Command, Record
from domain.refusals import is_refusal
from domain.world import World, other_case_named_in, rests_on
from gateway.hub.admission import Admission, VerifiedCommand
from gateway.hub.clock import Clock
from gateway.hub.memory import WorldCache
from gateway.hub.recording import PendingRecord, Recording
from gateway.hub.release import Answer, ItemRelease, Releasing
from keys.command import READ_AHEAD, WRITE_AHEAD, CommandPayload
from keys.lp import ZEROS

DeferredAnswer = Callable[[], Answer]
"""Makes an answer to which nothing is recorded: it takes time and needs no decision, so it runs on a response lane."""


@dataclass(frozen=True)
class Deciding:
    """Decides commands, on the deciding lane. Raises what is answered without a record."""

    world_cache: WorldCache
    store: Store
    admission: Admission
    recording: Recording
    releasing: Releasing
    clock: Clock
    may_name_item: Callable[[bytes], bool]

    def decide(self, verified: VerifiedCommand) -> PendingRecord | DeferredAnswer:
        """The decision on this command by the state of this moment."""
        if verified.signature_error is not None:
            return self._recorded_answer(verified, verified.signature_error)
        command, payload = verified.command, verified.payload
        world = self.with_other_case(self.world_cache.world(command.about), command)
        version = _answered_version(world, command)
        reading = isinstance(command.proposed_event, AccessEvent)
        now = self.clock.now()  # read once: what is checked by it is recorded by it
        if version is not None and not reading:
            return partial(self.releasing.replayed_answer, originator_of(world, command).id, version)
        self.admission.require_in_time(payload, READ_AHEAD if reading else WRITE_AHEAD, now)
        self.admission.require_key_set_in_force(command, payload)
        if not is_addressable(world, command):
            raise NotFound("not-found")
        if payload.prev != ZEROS and not has_recorded_frame(world, command, payload.prev):
            raise Conflict("prev-unknown")
        if isinstance(command.proposed_event, AccessEvent):
            return self._decide_reading(world, verified, command.proposed_event, version, now)
        self._require_recipients_and_items(world, command, payload)
        return _decide_command(world, verified, now)

    def with_other_case(self, world: World, command: Command) -> World:
        """The world with the other case on which this decision rests, if it is there."""
        other = other_case_named_in(command.proposed_event)
        if other is None:
            return world
        try:
            return replace(world, other=self.world_cache.world(About(Kind.CASE, other)).case)
        except (NotFound, Malformed, Untrusted):  # no case, or one that can't be read any more
            return world

    def _recorded_answer(self, verified: VerifiedCommand, signature_error: Exception) -> DeferredAnswer:
        """The answer to a frame that is recorded byte for byte, whatever became of its keys since then.

        So a command that is sent again after a change of keys is not lost to its sender: its signatures were
        verified when it was recorded, and nobody else has these bytes. Readings are decided anew each time, so
        theirs must verify now. Raises ``signature_error``.
        """
        command = verified.command
        if isinstance(command.proposed_event, AccessEvent):
            raise signature_error
        try:
            originator = originator_of(self.world_cache.world(command.about), command)
        except NotFound:
            raise signature_error from None
        known = originator.commands_seen.get((command.by, command.command_id))
        if known is None or self.store.at(originator.id, known[1]).frame != verified.frame.encode():
            raise signature_error
        return partial(self.releasing.replayed_answer, originator.id, known[1])

    def _require_recipients_and_items(self, world: World, command: Command, payload: CommandPayload) -> None:
        """Keys are wrapped for just whom the rule says, under the keys in force, and items are uploaded.

        Raises Conflict. Source: KH-1 §4.
        """
        if isinstance(command.proposed_event, CaseMessage):
            if any(item.keyed != expected for item, expected in item_recipients(world, command)):
                raise Conflict("wrong-recipients")
            self.admission.require_keys_in_force(payload)
            for item in payload.items:
                if item.storage == "store" and not self.may_name_item(item.digest):
                    raise Conflict("item-not-uploaded")
        elif isinstance(command.proposed_event, ItemsRewrapped):
            self.admission.require_keys_in_force(payload)

    def _decide_reading(
        self,
        world: World,
        verified: VerifiedCommand,
        proposed_event: AccessEvent,
        version: int | None,
        now: datetime,
    ) -> PendingRecord | DeferredAnswer:
        """A reading. One that is recorded (``version``) and asked for again is decided anew: what is closed
        since then opens nothing."""
        command = verified.command
        message, item = find_item(world, proposed_event)
        at = recorded_at(now, world.access)
        [event] = decide(world, command, now=at)
        release = _release_of(event, message, item)
        if release is not None and not has_wrapped_key(world, command.by, item):
            raise Unavailable("pending-key")
        if version is None:
            evidence = Evidence(frame=verified.frame.encode())
            return _pending_record(world, command, event, at, evidence, release)
        if is_refusal(event):
            raise NotFound("not-found")
        self.recording.require_nothing_newer()  # no new record will show on what this answer rests
        return partial(self.releasing.replayed_reading, world, command.by, version, release)


def _decide_command(world: World, verified: VerifiedCommand, now: datetime) -> PendingRecord:
    command = verified.command
    originator = originator_of(world, command)
    at = recorded_at(now, originator)
    [event] = decide(world, command, now=at)
    if not is_refusal(event):
        return _pending_record(world, command, event, at, _evidence(world, verified))
    if originator.version == 0 and not may_create_originator(command):
        raise NotFound("not-found")
    return _pending_record(world, command, event, at, Evidence(frame=verified.frame.encode()))


def _pending_record(
    world: World,
    command: Command,
    event: Event,
    at: datetime,
    evidence: Evidence,
    release: ItemRelease | None = None,
) -> PendingRecord:
    record = Record(
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
    return PendingRecord(world, record, evidence, release)


def _answered_version(world: World, command: Command) -> int | None:
    """The version that answered this very command; None for a new one. Raises Conflict where its id is another's."""
    key = (command.by, command.command_id)
    known = originator_of(world, command).commands_seen.get(key)
    if known is None:
        other = world.case if isinstance(command.proposed_event, AccessEvent) else world.access
        if command.about.kind is Kind.CASE and key in other.commands_seen:
            raise _command_id_taken()
        return None
    if known[0] != command.frame:
        raise _command_id_taken()
    return known[1]


def _command_id_taken() -> Conflict:
    return Conflict("command-id-taken")


def _release_of(event: Event, message: Message, item: Item) -> ItemRelease | None:
    """What the reader gets once this event is durable."""
    if isinstance(event, SectionOpened | WrappedKeyFetchedForRewrap):
        return ItemRelease(message, item, reading=isinstance(event, SectionOpened))
    return None


def _evidence(world: World, verified: VerifiedCommand) -> Evidence:
    """Frame and parts of a command that the rules allow."""
    payload = verified.payload
    return Evidence(
        frame=verified.frame.encode(),
        items=tuple(verified.items[i.item] for i in payload.items if i.item in verified.items),
        wrapped_keys=tuple(
            (_section_of(world, payload, w.item), verified.wrapped_keys[(w.item, w.to)])
            for w in payload.wrapped_keys
        ),
    )


def _section_of(world: World, payload: CommandPayload, item_id: UUID) -> str:
    for item in payload.items:
        if item.item == item_id:
            return item.section
    message_and_item = world.case.item(item_id)
    if message_and_item is None:
        raise NotFound("not-found")
    return message_and_item[1].section
