"""Answers to what is durable: signed receipts, and to a reader the wrapped key and sealed item it may open.

Nothing here runs before its record is durable (I2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from adapters.store import Store
from domain.case import Message
from domain.errors import NotFound
from domain.events import Event, Item, KeySetPublished, KeySetRevoked
from domain.record import AUDIT, Party, Record
from domain.refusals import is_refusal
from domain.world import World
from keys.command import To
from keys.leaf import Leaf
from keys.lp import ZEROS
from keys.receipt import Mode, Receipt, sign_receipts
from keys.signing import SignatureKeys

INCLUSION_PROMISE = timedelta(seconds=60)


@dataclass(frozen=True)
class Release:
    """What a reader's door gets after its opening is durable: all it needs to verify, unwrap and show.

    ``frame``: the author's signed frame; ``key_sets``: the author's published key sets, oldest first;
    ``wrapped_key_frame``: where the wrapped key was added later, the frame that added it; ``rewrapper_key_sets``: those of
    its author.
    ``sealed`` is None for a fetch that is no reading.
    """

    frame: bytes
    key_sets: tuple[bytes, ...]
    wrapped_key: bytes
    sealed: bytes | None
    wrapped_key_frame: bytes | None
    rewrapper_key_sets: tuple[bytes, ...]


@dataclass(frozen=True)
class Answer:
    """The hub's answer: the event that was recorded, its signed receipt, and a release where one is due."""

    event: Event
    receipt: bytes
    release: Release | None = None

    @property
    def refused(self) -> bool:
        return is_refusal(self.event)


@dataclass(frozen=True)
class ItemRelease:
    """Which item an opening releases. ``reading``: with its sealed content, not the wrapped key alone."""

    message: Message
    item: Item
    reading: bool


@dataclass(frozen=True)
class Releasing:
    """Makes the answers of one hub, on the response lanes. ``log_keys`` sign its receipts."""

    store: Store
    hub: bytes
    mode: Mode
    log_keys: SignatureKeys

    def receipts(self, recorded: list[tuple[Record, Leaf]]) -> list[bytes]:
        """The receipts of these records, under one signature."""
        return sign_receipts(
            [self._unsigned_receipt(record, leaf) for record, leaf in recorded], self.log_keys
        )

    def _unsigned_receipt(self, record: Record, leaf: Leaf) -> Receipt:
        return Receipt(
            hub=self.hub,
            mode=self.mode,
            command_id=record.command_id,
            frame=record.frame or ZEROS,
            leaf=leaf,
            promised_at=record.at + INCLUSION_PROMISE,
        )

    def replayed_answer(self, originator: UUID, version: int) -> Answer:
        """The answer to a command that is recorded already: its receipt again, and no new event."""
        stored = self.store.at(originator, version)
        leaf = Leaf(seq=stored.position, sha=stored.sha, tag=self.store.tag(stored))
        [receipt] = self.receipts([(stored.record, leaf)])
        return Answer(stored.record.event, receipt)

    def replayed_reading(
        self, world: World, reader: Party, version: int, release: ItemRelease | None
    ) -> Answer:
        """The answer to a recorded reading that is asked for again and still allowed."""
        answer = self.replayed_answer(world.access.id, version)
        if release is None or answer.refused:
            return answer
        return replace(answer, release=self.build_release(world, reader, release))

    def build_release(self, world: World, reader: Party, release: ItemRelease) -> Release:
        """What this reader gets of a recorded opening. Raises NotFound where its key class was destroyed."""
        item, to = release.item, _wrapped_key_recipient(reader)
        stored = self.store.at(world.case.id, release.message.version)
        sealed = self.store.sealed_item(stored, item.item) if release.reading else None
        key_sets = self.key_sets(release.message.by)
        rewrapped = world.case.rewrapped.get((item.item, to))
        if reader in item.keyed or rewrapped is None:
            wrapped_key = self.store.wrapped_key(stored, item.item, to, item.section)
            return Release(stored.frame, key_sets, wrapped_key, sealed, None, ())
        rewrap_record = self.store.at(world.case.id, rewrapped[0])
        wrapped_key = self.store.wrapped_key(rewrap_record, item.item, to, item.section)
        rewrapper = rewrap_record.record.by
        rewrapper_key_sets = self.key_sets(rewrapper) if isinstance(rewrapper, UUID) else ()
        return Release(stored.frame, key_sets, wrapped_key, sealed, rewrap_record.frame, rewrapper_key_sets)

    def key_sets(self, agency: UUID) -> tuple[bytes, ...]:
        """The published key sets of an agency, oldest first, as they were signed."""
        return tuple(
            stored.frame
            for stored in self.store.load(agency)
            if isinstance(stored.record.event, KeySetPublished | KeySetRevoked)
        )


def _wrapped_key_recipient(reader: Party) -> To:
    """How a wrapped key names this reader: an agency or the audit office. Raises NotFound for any other."""
    if isinstance(reader, UUID):
        return reader
    if reader != AUDIT:
        raise NotFound("not-found")
    return AUDIT
