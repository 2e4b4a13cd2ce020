"""The event store: records sealed under their own keys, appended to the bus, and read back typed.

Keys that a record needs are in the vault, synced, before the append; what is answered is on disk. Source:
architecture §3 (5), §6; KH-1 §3, §6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
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
from domain.errors import (
    Conflict,
    ExchangeError,
    InvariantViolation,
    Malformed,
    NotFound,
    Unavailable,
    Untrusted,
)
from domain.events import ControlDestroyed, KeyDestroyed, Kind
from domain.record import Record
from keys.command import To, parse_command
from keys.frame import Frame, parse_frame
from keys.leaf import Leaf, leaf_tag, record_sha
from keys.lp import sha256
from keys.record import (
    CONTROL,
    build_record,
    list_parts,
    match_items,
    open_named_wrapped_key,
    open_record,
)
from keys.signing import KemPublic
from keys.stored_record import KEY_GONE, StoredRecord, UnreadableRecord
from keys.vault import Status, Vault

TOPIC = "event"


@dataclass(frozen=True)
class Evidence:
    """What a record holds besides its event: the signed frame, its inline sealed items, its wrapped keys with their section."""

    frame: bytes
    items: tuple[bytes, ...] = ()
    wrapped_keys: tuple[tuple[str, bytes], ...] = ()


NO_EVIDENCE = Evidence(frame=b"")


MAX_CACHED_EPOCHS = 65_536
NEWER_RECORD_CODES = ("unknown-kind", "unknown-topic", "unknown-version", "unknown-edition")


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
        self._subscription: JetStreamSubscription | None = None
        self._vault = vault
        self._hub_id = hub
        self._prefix = prefix
        self._audit = audit
        self._epoch = 1
        # the epoch of an originator's last record, as far as looked up
        self._last_epochs: dict[UUID, int] = {}

    def append(self, record: Record, evidence: Evidence) -> tuple[int, bytes, bytes]:
        """Record one event, durably. Returns its position and its leaf's digest and tag.

        Raises Conflict where this version exists already, Unavailable where the bus can't record now.
        """
        [outcome] = self.append_each([(record, evidence)])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def append_each(
        self, pending: Sequence[tuple[Record, Evidence]], head: int | None = None
    ) -> list[tuple[int, bytes, bytes] | Exception]:
        """Append several records of different originators, each independently: for each what ``append`` returns
        or raises. Together they cost one sync of the vault and one round trip to the bus.

        ``head``: the last position that they were decided on; a record is stored only directly after it and those
        before it here. If another writer has recorded since, it is a Conflict ``head-moved``.
        """
        if len(pending) > 1:
            with suppress(ExchangeError):  # on failure each record ensures its own keys, and fails on its own
                required_keys = [self._keys_of(record, evidence) for record, evidence in pending]
                self._vault.ensure(
                    [ck for ck, _ in required_keys], [sk for _, sks in required_keys for sk in sks]
                )
        results: list[tuple[int, bytes, bytes] | Exception] = []
        inserts: list[StoredEvent] = []
        leaves: list[tuple[int, bytes, bytes]] = []
        for n, (record, evidence) in enumerate(pending):
            try:
                stored, sha, tag = self._seal_record(record, evidence)
            except Exception as error:
                results.append(error)
            else:
                results.append(InvariantViolation("no-position"))
                inserts.append(stored)
                leaves.append((n, sha, tag))
        for (n, sha, tag), outcome in zip(leaves, self._recorder.insert_each(inserts, head), strict=True):
            if isinstance(outcome, Exception):
                results[n] = _to_domain_error(outcome)
                self._last_epochs.pop(pending[n][0].originator.id, None)  # another writer may have recorded
            elif outcome:
                results[n] = (outcome[0], sha, tag)
                self._remember_epoch(pending[n][0].originator.id, self._epoch)
        return results

    def begin_epoch(self, epoch: int) -> None:
        """From the next record on, seal control under the keys of this mandate of the audit office. Source: KH-1 §3."""
        self._epoch = epoch

    def _is_first_of_epoch(self, record: Record) -> bool:
        """Whether this is its originator's first record of the epoch: it carries the wrapped key of the audit office."""
        on, version = record.originator.id, record.version
        if version == 1 or self._epoch == 1:
            return version == 1
        if on not in self._last_epochs:
            self._remember_epoch(on, self._epoch_of(on, version - 1))
        return self._last_epochs[on] < self._epoch

    def _epoch_of(self, originator: UUID, version: int) -> int:
        """The epoch in which this record was written. Raises Unavailable, NotFound."""
        try:
            loaded = self._recorder.select_events(originator, gt=version - 1 or None, lte=version)
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error
        if not loaded:
            raise NotFound("not-found")
        return list_parts(loaded[0].state).epoch

    def _tag_of(self, originator: UUID, version: int, epoch: int, *, first: bool) -> bytes:
        """The leaf's keyed tag: under the key of the epoch of the previous record, so that a reader of that one can see
        that this one exists. ``first``: it is the first of its epoch. Source: KH-1 §8."""
        if first and version > 1:
            epoch = self._epoch_of(originator, version - 1)
        try:
            return leaf_tag(self._vault.ck(originator, epoch), originator, version)
        except NotFound:
            saved_tag = self._vault.tag(originator, version)
            if saved_tag is None:
                raise
            return saved_tag

    def tags(self, originator: UUID) -> list[tuple[UUID, int, bytes]]:
        """The leaf tag of each record of an originator: to be stored when its control key is destroyed. Raises Unavailable."""
        try:
            loaded = self._recorder.select_events(originator)
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error
        return [(originator, e.originator_version, self._leaf_of_event(e, 0).tag) for e in loaded]

    def _remember_epoch(self, originator: UUID, epoch: int) -> None:
        if len(self._last_epochs) >= MAX_CACHED_EPOCHS:
            self._last_epochs.clear()
        self._last_epochs[originator] = epoch

    def _keys_of(self, record: Record, evidence: Evidence) -> tuple[tuple[UUID, int], list[tuple[UUID, str]]]:
        """The control key and the shred keys that must be in the vault before this record is."""
        scope = _shred_scope(record)
        classes = {section for section, _ in evidence.wrapped_keys} | (
            {CONTROL} if self._is_first_of_epoch(record) else set()
        )
        return (record.originator.id, self._epoch), [(scope, cls) for cls in sorted(classes)]

    def _seal_record(self, record: Record, evidence: Evidence) -> tuple[StoredEvent, bytes, bytes]:
        on, version = record.originator.id, record.version
        ck, sks = self._keys_of(record, evidence)
        self._vault.ensure([ck], sks)
        state = build_record(
            hub=self._hub_id,
            originator=on,
            version=version,
            epoch=self._epoch,
            keys=self._vault,
            body_json=body_of(record),
            frame=evidence.frame,
            items=evidence.items,
            wrapped_keys=evidence.wrapped_keys,
            audit=self._audit if self._is_first_of_epoch(record) else None,
            scope=_shred_scope(record),
        )
        sha = record_sha(self.subject(on, version), state)
        stored = StoredEvent(originator_id=on, originator_version=version, topic=TOPIC, state=state)
        epoch = self._last_epochs[on] if version > 1 and self._is_first_of_epoch(record) else self._epoch
        return stored, sha, leaf_tag(self._vault.ck(on, epoch), on, version)

    def subject(self, originator: UUID, version: int) -> str:
        """The subject of a record."""
        return f"{self._prefix}.{originator.hex}.{version}"

    def load(self, originator: UUID, gt: int = 0, lte: int | None = None) -> list[StoredRecord]:
        """The records of one originator after version ``gt``, up to ``lte``; none where there is no such.

        Raises NotFound where its control was destroyed."""
        try:
            stored_events = self._recorder.select_events(originator, gt=gt or None, lte=lte)
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error
        loaded = [self._open_or_unreadable(e, 0) for e in stored_events]
        if any(isinstance(one, UnreadableRecord) and one.gone for one in loaded):
            raise NotFound("not-found")
        if any(isinstance(one, UnreadableRecord) for one in loaded):
            raise Unavailable("newer-record")
        return [one for one in loaded if isinstance(one, StoredRecord)]

    def at(self, originator: UUID, version: int) -> StoredRecord:
        """One record with its position. Raises NotFound, Unavailable."""
        try:
            loaded = self._recorder.locate(originator, version)
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error
        if loaded is None:
            raise NotFound("not-found")
        return self.opened(loaded, loaded.id)

    def records(self, originator: UUID, up_to: int) -> list[Record]:
        """The typed records 1 to ``up_to`` of one originator."""
        return [k.record for k in self.load(originator, lte=up_to)]

    def read(self, start: int, limit: int) -> list[StoredRecord]:
        """Records in stream order from position ``start``."""
        try:
            loaded = self._recorder.select_notifications(start, limit)
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error
        return [self.opened(n, n.id) for n in loaded]

    def read_tolerant(self, start: int, limit: int) -> list[StoredRecord | UnreadableRecord]:
        """Records in stream order from position ``start``, including those that can't be read here."""
        try:
            loaded = self._recorder.select_notifications(start, limit)
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error
        return [self._open_or_unreadable(n, n.id) for n in loaded]

    def _open_or_unreadable(
        self, stored_event: StoredEvent, position: int
    ) -> StoredRecord | UnreadableRecord:
        try:
            return self.opened(stored_event, position)
        except (Malformed, NotFound) as error:
            on, version = stored_event.originator_id, stored_event.originator_version
            if error.error_code not in (*NEWER_RECORD_CODES, KEY_GONE) or not isinstance(on, UUID):
                raise
            subject = self.subject(on, version)
            return UnreadableRecord(
                position, on, version, subject, record_sha(subject, stored_event.state), error.error_code
            )

    def follow(self, after: int) -> Iterator[list[StoredRecord | UnreadableRecord]]:
        """Subscribe to every record after this position until ``wake``; records that arrive together are one list."""
        with self._recorder.subscribe(gt=after) as subscription:
            self._subscription = subscription
            for first in subscription:
                yield [self._open_or_unreadable(n, n.id) for n in (first, *subscription.drain_received())]

    def wake(self) -> None:
        """End the subscription of ``follow``, even while it waits."""
        if self._subscription is not None:
            self._subscription.stop()

    def head(self) -> int:
        """The position of the last record; 0 where there is none. Raises Unavailable."""
        try:
            return self._recorder.max_notification_id() or 0
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error

    def opened(self, stored_event: StoredEvent, position: int) -> StoredRecord:
        """One stored event, opened under its own key and typed. Raises Untrusted or Malformed.

        This never raises for an intact store; the audit reports where it does.
        """
        on, version = stored_event.originator_id, stored_event.originator_version
        if not isinstance(on, UUID):
            raise Malformed("originator-id")
        if stored_event.topic != TOPIC:
            raise Malformed("stored-topic", f"The topic of the store is {TOPIC}.")
        epoch = list_parts(stored_event.state).epoch
        ck = self._vault.ck(on, epoch)
        opened = open_record(
            ck=ck, hub=self._hub_id, originator=on, version=version, state=stored_event.state
        )
        payload, frame = None, opened.frame
        if frame:
            signed: Frame = parse_frame(frame)
            genesis = signed.digest == self._hub_id
            payload = None if genesis else parse_command(signed.payload)
        record = record_of(opened.body_json, on, version, "" if payload is None else payload.actor)
        if isinstance(record.event, KeyDestroyed | ControlDestroyed):
            self._vault.forget()  # another process of this hub may have destroyed them
        subject = self.subject(on, version)
        return StoredRecord(
            position, record, frame, payload, opened, subject, record_sha(subject, stored_event.state)
        )

    def opened_raw(self, raw: RawMessage) -> StoredRecord:
        """Like ``opened``, for a raw message of the stream (for the audit)."""
        return self.opened(_to_stored_event(raw), raw.sequence)

    def wrapped_key(self, stored: StoredRecord, item: UUID, to: To, section: str) -> bytes:
        """One wrapped key of a record, its outer layer opened. Raises NotFound where its class was destroyed."""
        if stored.payload is None:
            raise InvariantViolation("no-wrapped-keys")
        sk = self._vault.sk(stored.record.about.id, section)
        return open_named_wrapped_key(stored.opened, stored.payload, item, to, sk)

    def control_key(self, originator: UUID, epoch: int) -> bytes:
        """The control key of an originator, for a caller that opens records itself (see ``gateway.verifier``).

        Raises NotFound where it was destroyed or never existed."""
        return self._vault.ck(originator, epoch)

    def forget_keys(self) -> None:
        """Drop the vault's cache of opened keys: another process of this hub may have destroyed some."""
        self._vault.forget()

    def control_status(self, originator: UUID) -> Status:
        """Whether the control key of an originator is here (of any epoch), was destroyed, or never existed."""
        statuses = {self._vault.status_ck(originator, epoch) for epoch in range(1, self._epoch + 1)}
        return "here" if "here" in statuses else "gone" if "gone" in statuses else "never"

    def shred_key(self, scope: UUID, cls: str) -> bytes:
        """The key of the outer layer of a class's wrapped keys. Raises NotFound where it was destroyed."""
        return self._vault.sk(scope, cls)

    def key_status(self, scope: UUID, section: str) -> Status:
        """Whether the key of a section of a case is here, was destroyed, or never existed."""
        return self._vault.status_sk(scope, section)

    def sealed_item(self, stored: StoredRecord, item: UUID) -> bytes:
        """One sealed item of a record, checked against its signed digest."""
        if stored.payload is None:
            raise InvariantViolation("no-items")
        inline = match_items(stored.opened, stored.payload)
        if item in inline:
            return inline[item]
        named = next(i for i in stored.payload.items if i.item == item)
        try:
            return self._items.get(named.digest)
        except ItemMissing as error:
            raise Unavailable("item-missing") from error
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error

    def has_item(self, digest: bytes) -> bool:
        """Whether a sealed item is stored completely. Raises Unavailable."""
        try:
            return self._items.has(digest)
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error

    def item_stored_at(self, digest: bytes) -> datetime | None:
        """When a sealed item was last stored completely; None where it is not there. Raises Unavailable."""
        try:
            return self._items.stored_at(digest)
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error

    def delete_orphaned_items(self, older_than: datetime, is_needed: Callable[[bytes], bool]) -> int:
        """Delete the items stored before then that are not needed. Returns how many. Raises Unavailable."""
        try:
            return self._items.delete_orphans(older_than, is_needed)
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error

    def put_item(self, digest: bytes, sealed: bytes, renew_before: datetime | None = None) -> None:
        """Store a sealed item under its digest, synced; again if it was stored before ``renew_before``.

        Raises Untrusted where they differ, Unavailable."""
        if sha256(sealed) != digest:
            raise Untrusted("item-upload-digest")
        try:
            self._items.put(digest, sealed, renew_before)
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error

    def leaves(self, start: int, limit: int) -> list[Leaf]:
        """The leaves of the records from position ``start``; only the key of the tag is opened.

        Raises Unavailable; NotFound where the control key of a record was destroyed.
        """
        try:
            loaded = self._recorder.select_notifications(start, limit)
        except PersistenceError as error:
            raise Unavailable("bus-unreachable") from error
        return [self._leaf_of_event(n, n.id) for n in loaded]

    def _leaf_of_event(self, stored_event: StoredEvent, position: int) -> Leaf:
        on, version = stored_event.originator_id, stored_event.originator_version
        if not isinstance(on, UUID):
            raise Malformed("originator-id")
        parts = list_parts(stored_event.state)
        tag = self._tag_of(on, version, parts.epoch, first=parts.audit_wrapped_key is not None)
        return Leaf(position, record_sha(self.subject(on, version), stored_event.state), tag)

    def tag(self, stored: StoredRecord) -> bytes:
        """The leaf's keyed tag of this record (KH-1 §8)."""
        on, version = stored.record.originator.id, stored.record.version
        return self._tag_of(
            on, version, stored.opened.epoch, first=stored.opened.audit_wrapped_key is not None
        )


def _to_stored_event(raw: RawMessage) -> StoredEvent:
    """A message of the stream as the stored event that its headers name."""
    if raw.originator_id is None or raw.version is None or raw.topic is None:
        raise Malformed("foreign-message")
    return StoredEvent(
        originator_id=raw.originator_id, originator_version=raw.version, topic=raw.topic, state=raw.state
    )


def _shred_scope(record: Record) -> UUID:
    """The scope of the shred keys of this record's wrapped keys: case access shares those of its case."""
    return record.about.id if record.originator.kind is Kind.CASE_ACCESS else record.originator.id


def _to_domain_error(error: Exception) -> Exception:
    """The bus's errors as ours; any other error stays as it is."""
    domain_error: Exception = error
    match error:
        case HeadMoved():
            domain_error = Conflict("head-moved")
        case IntegrityError():
            domain_error = Conflict("version-exists")
        case OutcomeUnknown():
            domain_error = Unavailable("outcome-unknown")
        case PersistenceError():
            domain_error = Unavailable("bus-unreachable")
    domain_error.__cause__ = error if domain_error is not error else error.__cause__
    return domain_error
