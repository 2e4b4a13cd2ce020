"""The event store: records sealed under their own keys, appended to the bus, and read back typed.

Keys that a record needs are in the vault, synced, before the append; what is answered is on disk. Source:
architecture §3 (5), §6; KH-1 §3, §6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from eventsourcing.persistence import (
    IntegrityError,
    PersistenceError,
    StoredEvent,
)

from adapters.bus import (
    HeadMoved,
    ItemMissing,
    ItemStore,
    JetStreamApplicationRecorder,
    OutcomeUnknown,
    RawMessage,
)
from adapters.bus.subscription import JetStreamSubscription
from adapters.mapper import body_of, record_of
from domain.errors import Broken, Conflict, ExchangeError, Malformed, NotThere, Unavailable, Untrusted
from domain.events import ControlDestroyed, KeyDestroyed, Kind
from domain.record import Record
from keys.command import To, parse_wish
from keys.frame import Frame, parse_frame
from keys.leaf import Leaf, leaf_tag, record_sha
from keys.lp import sha256
from keys.record import (
    CONTROL,
    build_record,
    list_parts,
    match_items,
    open_named_wrap,
    open_record,
)
from keys.signing import KemPublic
from keys.stored_record import GONE, Kept, Unread
from keys.vault import Status, Vault

TOPIC = "fact"


@dataclass(frozen=True)
class Evidence:
    """What a record keeps beside its fact: the signed frame, sealed items kept beside, wraps with their section."""

    frame: bytes
    items: tuple[bytes, ...] = ()
    wraps: tuple[tuple[str, bytes], ...] = ()


NO_EVIDENCE = Evidence(frame=b"")


KNOWN_EPOCHS = 65_536
NEWER = ("unknown-topic", "unknown-version")


class Store:
    """Appends and reads. One hub, one stream. Thread-safe as far as recorder and vault are."""

    def __init__(
        self,
        recorder: JetStreamApplicationRecorder,
        items: ItemStore,
        vault: Vault,
        *,
        hub: bytes,
        prefix: str,
        audit: KemPublic,
    ) -> None:
        self._recorder = recorder
        self._items = items
        self._following: JetStreamSubscription | None = None
        self._vault = vault
        self._hub = hub
        self._prefix = prefix
        self._audit = audit
        self._epoch = 1
        self._last: dict[UUID, int] = {}  # the epoch of an originator's last record, as far as looked up

    def append(self, record: Record, evidence: Evidence) -> tuple[int, bytes, bytes]:
        """Record one fact, durably. Returns its position and its leaf's digest and tag.

        Raises Conflict where this version exists already, Unavailable where the bus can't record now.
        """
        [found] = self.append_each([(record, evidence)])
        if isinstance(found, Exception):
            raise found
        return found

    def append_each(
        self, drafts: Sequence[tuple[Record, Evidence]], head: int | None = None
    ) -> list[tuple[int, bytes, bytes] | Exception]:
        """Several records of different originators at once, each for itself: for each what ``append`` returns
        or raises. Together they cost one sync of the vault and one trip to the bus.

        ``head``: the last position that they were decided on; a record is stored only right behind it and those
        before it here. Where somebody else has recorded since, it is a Conflict ``head-moved``.
        """
        if len(drafts) > 1:
            with suppress(ExchangeError):  # else each asks for its own keys, and fails by itself
                needed = [self._keys_of(record, evidence) for record, evidence in drafts]
                self._vault.ensure([ck for ck, _ in needed], [sk for _, sks in needed for sk in sks])
        found: list[tuple[int, bytes, bytes] | Exception] = []
        inserts: list[StoredEvent] = []
        leaves: list[tuple[int, bytes, bytes]] = []
        for n, (record, evidence) in enumerate(drafts):
            try:
                stored, sha, tag = self._sealed(record, evidence)
            except Exception as error:
                found.append(error)
            else:
                found.append(Broken("no-position", "the bus recorded without telling where"))
                inserts.append(stored)
                leaves.append((n, sha, tag))
        for (n, sha, tag), outcome in zip(leaves, self._recorder.insert_each(inserts, head), strict=True):
            if isinstance(outcome, Exception):
                found[n] = _told(outcome)
                self._last.pop(drafts[n][0].originator.id, None)  # somebody else may have written
            elif outcome:
                found[n] = (outcome[0], sha, tag)
                self._note(drafts[n][0].originator.id, self._epoch)
        return found

    def begin_epoch(self, epoch: int) -> None:
        """From the next record on, control lies under the keys of this mandate of the audit office. Source: KH-1 §3."""
        self._epoch = epoch

    def _begins(self, record: Record) -> bool:
        """Whether this is its originator's first record of the epoch: it brings the key for the audit office."""
        on, version = record.originator.id, record.version
        if version == 1 or self._epoch == 1:
            return version == 1
        if on not in self._last:
            self._note(on, self._epoch_of(on, version - 1))
        return self._last[on] < self._epoch

    def _epoch_of(self, originator: UUID, version: int) -> int:
        """The epoch in which this record was written. Raises Unavailable, NotThere."""
        try:
            found = self._recorder.select_events(originator, gt=version - 1 or None, lte=version)
        except PersistenceError as error:
            raise Unavailable("bus-away", "try again") from error
        if not found:
            raise NotThere("not-there", "no such record")
        return list_parts(found[0].state).epoch

    def _tag_of(self, originator: UUID, version: int, epoch: int, *, first: bool) -> bytes:
        """The leaf's keyed tag: under the key of the epoch of the record before, so that who can open that one can tell
        that this one is there. ``first``: it is the first of its epoch. Source: KH-1 §8."""
        if first and version > 1:
            epoch = self._epoch_of(originator, version - 1)
        try:
            return leaf_tag(self._vault.ck(originator, epoch), originator, version)
        except NotThere:
            kept = self._vault.tag(originator, version)
            if kept is None:
                raise
            return kept

    def tags(self, originator: UUID) -> list[tuple[UUID, int, bytes]]:
        """What the log says of each record of an originator: to be kept when its control key goes. Raises Unavailable."""
        try:
            found = self._recorder.select_events(originator)
        except PersistenceError as error:
            raise Unavailable("bus-away", "try again") from error
        return [(originator, e.originator_version, self._leaf(e, 0).tag) for e in found]

    def _note(self, originator: UUID, epoch: int) -> None:
        if len(self._last) >= KNOWN_EPOCHS:
            self._last.clear()
        self._last[originator] = epoch

    def _keys_of(self, record: Record, evidence: Evidence) -> tuple[tuple[UUID, int], list[tuple[UUID, str]]]:
        """The control key and the shred keys that must be in the vault before this record is."""
        scope = _scope(record)
        classes = {section for section, _ in evidence.wraps} | ({CONTROL} if self._begins(record) else set())
        return (record.originator.id, self._epoch), [(scope, cls) for cls in sorted(classes)]

    def _sealed(self, record: Record, evidence: Evidence) -> tuple[StoredEvent, bytes, bytes]:
        on, version = record.originator.id, record.version
        ck, sks = self._keys_of(record, evidence)
        self._vault.ensure([ck], sks)
        state = build_record(
            hub=self._hub,
            originator=on,
            version=version,
            epoch=self._epoch,
            keys=self._vault,
            body_json=body_of(record),
            frame=evidence.frame,
            items=evidence.items,
            wraps=evidence.wraps,
            audit=self._audit if self._begins(record) else None,
            scope=_scope(record),
        )
        sha = record_sha(self.subject(on, version), state)
        stored = StoredEvent(originator_id=on, originator_version=version, topic=TOPIC, state=state)
        epoch = self._last[on] if version > 1 and self._begins(record) else self._epoch
        return stored, sha, leaf_tag(self._vault.ck(on, epoch), on, version)

    def subject(self, originator: UUID, version: int) -> str:
        """Where a record lies."""
        return f"{self._prefix}.{originator.hex}.{version}"

    def load(self, originator: UUID, gt: int = 0, lte: int | None = None) -> list[Kept]:
        """The records of one originator after version ``gt``, up to ``lte``; none where there is no such.

        Raises NotThere where its control was destroyed."""
        try:
            events = self._recorder.select_events(originator, gt=gt or None, lte=lte)
        except PersistenceError as error:
            raise Unavailable("bus-away", "try again") from error
        found = [self._seen(e, 0) for e in events]
        if any(isinstance(one, Unread) and one.gone for one in found):
            raise NotThere("not-there", "no such record")
        if any(isinstance(one, Unread) for one in found):
            raise Unavailable("newer-record", "a newer hub has written here: update this one")
        return [one for one in found if isinstance(one, Kept)]

    def at(self, originator: UUID, version: int) -> Kept:
        """One record with its position. Raises NotThere, Unavailable."""
        try:
            found = self._recorder.locate(originator, version)
        except PersistenceError as error:
            raise Unavailable("bus-away", "try again") from error
        if found is None:
            raise NotThere("not-there", "no such record")
        return self.opened(found, found.id)

    def records(self, originator: UUID, up_to: int) -> list[Record]:
        """The typed records 1 to ``up_to`` of one originator."""
        return [k.record for k in self.load(originator, lte=up_to)]

    def read(self, start: int, limit: int) -> list[Kept]:
        """Records in stream order from position ``start``."""
        try:
            found = self._recorder.select_notifications(start, limit)
        except PersistenceError as error:
            raise Unavailable("bus-away", "try again") from error
        return [self.opened(n, n.id) for n in found]

    def seen(self, start: int, limit: int) -> list[Kept | Unread]:
        """Records in stream order from position ``start``, also those that only a newer hub can read."""
        try:
            found = self._recorder.select_notifications(start, limit)
        except PersistenceError as error:
            raise Unavailable("bus-away", "try again") from error
        return [self._seen(n, n.id) for n in found]

    def _seen(self, event: StoredEvent, position: int) -> Kept | Unread:
        try:
            return self.opened(event, position)
        except (Malformed, NotThere) as error:
            on, version = event.originator_id, event.originator_version
            if error.flaw not in (*NEWER, GONE) or not isinstance(on, UUID):
                raise
            subject = self.subject(on, version)
            return Unread(position, on, version, subject, record_sha(subject, event.state), error.flaw)

    def follow(self, after: int) -> Iterator[list[Kept | Unread]]:
        """Every record after this position, as it comes, those that came together in one list, until ``wake``."""
        with self._recorder.subscribe(gt=after) as subscription:
            self._following = subscription
            for first in subscription:
                yield [self._seen(n, n.id) for n in (first, *subscription.at_hand())]

    def wake(self) -> None:
        """End the following, wherever it waits."""
        if self._following is not None:
            self._following.stop()

    def head(self) -> int:
        """The position of the last record; 0 where there is none. Raises Unavailable."""
        try:
            return self._recorder.max_notification_id() or 0
        except PersistenceError as error:
            raise Unavailable("bus-away", "try again") from error

    def opened(self, event: StoredEvent, position: int) -> Kept:
        """One stored event, opened under its own key and typed. Raises Untrusted or Malformed.

        Where nothing is wrong with the store this never raises: see the audit for where it does.
        """
        on, version = event.originator_id, event.originator_version
        if not isinstance(on, UUID):
            raise Malformed("originator-id", "originators are UUIDs")
        if event.topic != TOPIC:
            raise Malformed("stored-topic", f"the stored topic is always {TOPIC}")
        epoch = list_parts(event.state).epoch
        ck = self._vault.ck(on, epoch)
        opened = open_record(ck=ck, hub=self._hub, originator=on, version=version, state=event.state)
        payload, frame = None, opened.frame
        if frame:
            signed: Frame = parse_frame(frame)
            payload = None if signed.digest == self._hub else parse_wish(signed.payload)  # None: the genesis
        record = record_of(opened.body_json, on, version, "" if payload is None else payload.actor)
        if isinstance(record.fact, KeyDestroyed | ControlDestroyed):
            self._vault.forget()  # another process of this hub may have destroyed them
        subject = self.subject(on, version)
        return Kept(position, record, frame, payload, opened, subject, record_sha(subject, event.state))

    def opened_raw(self, raw: RawMessage) -> Kept:
        """What ``opened`` does, for a message as it lies in the stream (for the audit)."""
        return self.opened(_event(raw), raw.sequence)

    def wrap(self, kept: Kept, item: UUID, to: To, section: str) -> bytes:
        """One wrap of a record, its outer layer opened. Raises NotThere where its class was destroyed."""
        if kept.payload is None:
            raise Broken("no-wraps", "this record has no frame")
        sk = self._vault.sk(kept.record.about.id, section)
        return open_named_wrap(kept.opened, kept.payload, item, to, sk)

    def control_key(self, originator: UUID, epoch: int) -> bytes:
        """The control key of an originator, for who opens records by itself (see ``gateway.verifier``).

        Raises NotThere where it was destroyed or never was."""
        return self._vault.ck(originator, epoch)

    def forget_keys(self) -> None:
        """Ask the vault anew for every key: another process of this hub may have destroyed some."""
        self._vault.forget()

    def control_status(self, originator: UUID) -> Status:
        """Whether the control key of an originator is here (of any epoch), was destroyed, or never was."""
        found = {self._vault.status_ck(originator, epoch) for epoch in range(1, self._epoch + 1)}
        return "here" if "here" in found else "gone" if "gone" in found else "never"

    def shred_key(self, scope: UUID, cls: str) -> bytes:
        """The key of the outer layer of a class's wraps. Raises NotThere where it was destroyed."""
        return self._vault.sk(scope, cls)

    def key_status(self, scope: UUID, section: str) -> Status:
        """Whether the key of a section of a case is here, was destroyed, or never was."""
        return self._vault.status_sk(scope, section)

    def sealed_item(self, kept: Kept, item: UUID) -> bytes:
        """One sealed item kept beside a record, held against its signed digest."""
        if kept.payload is None:
            raise Broken("no-items", "this record has no frame")
        beside = match_items(kept.opened, kept.payload)
        if item in beside:
            return beside[item]
        named = next(i for i in kept.payload.items if i.item == item)
        try:
            return self._items.get(named.digest)
        except ItemMissing as error:
            raise Unavailable(
                "item-missing", "the operator's store lacks a sealed item: tell them"
            ) from error
        except PersistenceError as error:
            raise Unavailable("bus-away", "try again") from error

    def has_item(self, digest: bytes) -> bool:
        """Whether a sealed item lies whole in the store. Raises Unavailable."""
        try:
            return self._items.has(digest)
        except PersistenceError as error:
            raise Unavailable("bus-away", "send the same bytes again") from error

    def put_item(self, digest: bytes, sealed: bytes) -> None:
        """Keep a sealed item in the store under its digest, synced. Raises Untrusted where they differ."""
        if sha256(sealed) != digest:
            raise Untrusted("item-upload-digest", "the bytes are not those of this digest")
        try:
            self._items.put(digest, sealed)
        except PersistenceError as error:
            raise Unavailable("bus-away", "send the same bytes again") from error

    def leaves(self, start: int, limit: int) -> list[Leaf]:
        """The leaves of the records from position ``start``; nothing is opened for it but the key of the tag.

        Raises Unavailable; NotThere where the control key of a record is gone.
        """
        try:
            found = self._recorder.select_notifications(start, limit)
        except PersistenceError as error:
            raise Unavailable("bus-away", "try again") from error
        return [self._leaf(n, n.id) for n in found]

    def _leaf(self, event: StoredEvent, position: int) -> Leaf:
        on, version = event.originator_id, event.originator_version
        if not isinstance(on, UUID):
            raise Malformed("originator-id", "originators are UUIDs")
        parts = list_parts(event.state)
        tag = self._tag_of(on, version, parts.epoch, first=parts.audit_wrap is not None)
        return Leaf(position, record_sha(self.subject(on, version), event.state), tag)

    def tag(self, kept: Kept) -> bytes:
        """The leaf's keyed tag of this record (KH-1 §8)."""
        on, version = kept.record.originator.id, kept.record.version
        return self._tag_of(on, version, kept.opened.epoch, first=kept.opened.audit_wrap is not None)


def _event(raw: RawMessage) -> StoredEvent:
    """A message of the stream as the record it says it is."""
    if raw.originator_id is None or raw.version is None or raw.topic is None:
        raise Malformed("foreign-message", "not a record")
    return StoredEvent(
        originator_id=raw.originator_id, originator_version=raw.version, topic=raw.topic, state=raw.state
    )


def _scope(record: Record) -> UUID:
    """Whose shred keys this record's wraps lie under: a case's readings share those of the case."""
    return record.about.id if record.originator.kind is Kind.CASE_ACCESS else record.originator.id


def _told(error: Exception) -> Exception:
    """What the bus says, in our words; what is no word of the bus stays as it is."""
    told: Exception = error
    match error:
        case HeadMoved():
            told = Conflict("head-moved", "read on and decide again")
        case IntegrityError():
            told = Conflict("version-exists", "read on and decide again")
        case OutcomeUnknown():
            told = Unavailable("outcome-unknown", "it may be recorded: send the same bytes again")
        case PersistenceError():
            told = Unavailable("bus-away", "send the same bytes again")
    told.__cause__ = error if told is not error else error.__cause__
    return told
