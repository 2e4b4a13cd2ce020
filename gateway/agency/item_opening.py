"""Opening an item: what an agency's door or the audit office verifies of a release before it decrypts it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.errors import Untrusted
from domain.events import Kind
from domain.record import About
from gateway.agency.key_sets import KeySets
from keys.command import CommandPayload, ItemRef, To, parse_command
from keys.frame import COMMAND, parse_frame, verify
from keys.item import open_item
from keys.lp import sha256
from keys.signing import KemKey
from keys.wrapped_key import open_wrapped_key


@dataclass(frozen=True)
class OpenedItem:
    """A verified item in clear: its section, who wrote it, and when.

    ``before``, ``after``: the items beside it in the author's signed frame, None at either end; of a document, its file is
    the one after it. ``beside``: all other items of that frame.
    """

    content: bytes = field(repr=False)
    section: str
    schema: str
    author: UUID
    created_at: datetime
    act: str
    item: UUID
    before: ItemRef | None = None
    after: ItemRef | None = None
    flags: tuple[str, ...] = ()
    beside: tuple[ItemRef, ...] = ()


class ItemOpener:
    """One reader of one hub. ``me``: the addressee whose wrapped keys ``kem`` opens."""

    def __init__(self, me: To, *, hub: bytes, kem: KemKey, key_sets: KeySets) -> None:
        self.me = me
        self._hub = hub
        self._kem = kem
        self._key_sets = key_sets

    def opened(self, case: UUID, message: UUID, item: UUID, release: Mapping[str, Any]) -> OpenedItem:
        """Verify a release in numbered steps and decrypt its item. Raises Untrusted. Source: KH-1 §4."""
        # (1) The author signed the frame, and it is about this case and this message.
        payload = self.verified_author_payload(release["frame"], release["key_sets"], case)
        if payload.command_id != message:
            raise Untrusted("frame-of-another-message")
        item_ref = next((i for i in payload.items if i.item == item), None)
        if item_ref is None:
            raise Untrusted("item-not-in-frame")
        # (2) The sealed item is the one the author signed.
        sealed = b64decode(release["sealed"])
        if sha256(sealed) != item_ref.digest:
            raise Untrusted("released-item-digest")
        # (3) The wrapped key is one that the author, or the door that re-wrapped, signed for us.
        key = self.unwrapped_item_key(case, payload, item_ref, release)
        # (4) The key is the one the author committed to, and the item decrypts in the context it was sealed for.
        content = open_item(
            key=key,
            kc=item_ref.kc,
            hub=self._hub,
            about=payload.about,
            item=item,
            section=item_ref.section,
            schema=item_ref.schema,
            keyset=payload.keyset,
            sealed=sealed,
        )
        n = payload.items.index(item_ref)
        return OpenedItem(
            content,
            item_ref.section,
            item_ref.schema,
            _author_agency(payload),
            payload.created_at,
            payload.act,
            item,
            before=payload.items[n - 1] if n > 0 else None,
            after=payload.items[n + 1] if n + 1 < len(payload.items) else None,
            flags=item_ref.flags,
            beside=tuple(other for other in payload.items if other is not item_ref),
        )

    def unwrapped_item_key(
        self, case: UUID, payload: CommandPayload, item_ref: ItemRef, release: Mapping[str, Any]
    ) -> bytes:
        """The item key, from a wrapped key that was signed for this reader. Raises Untrusted."""
        wrapping_command = payload
        if release["wrapped_key_frame"] is not None:
            wrapping_command = self.verified_author_payload(
                release["wrapped_key_frame"], release["rewrapper_key_sets"], case
            )
        wrapped_key = b64decode(release["wrapped_key"])
        addressed_to_me = any(
            w.item == item_ref.item and w.to == self.me and w.digest == sha256(wrapped_key)
            for w in wrapping_command.wrapped_keys
        )
        if not addressed_to_me:
            raise Untrusted("released-wrapped-key-digest")
        return open_wrapped_key(
            kem=self._kem,
            hub=self._hub,
            about=payload.about,
            item=item_ref.item,
            kc=item_ref.kc,
            keyset=wrapping_command.keyset,
            wrapped_key=wrapped_key,
        )

    def verified_author_payload(self, data: str, key_sets: Sequence[str], case: UUID) -> CommandPayload:
        """The payload of a frame about this case, its signatures verified under a registered key set. Raises Untrusted."""
        frame = parse_frame(b64decode(data))
        payload = parse_command(frame.payload)
        if payload.hub != self._hub or payload.about != About(Kind.CASE, case):
            raise Untrusted("frame-of-another-case")
        author = _author_agency(payload)
        if not self._key_sets.knows(payload.keyset):
            self._key_sets.verify([parse_frame(b64decode(frame)) for frame in key_sets])
        verify(COMMAND, frame, [self._key_sets.by_digest(payload.keyset, author).sig])
        return payload


def _author_agency(payload: CommandPayload) -> UUID:
    if not isinstance(payload.by, UUID):
        raise Untrusted("author-not-an-agency")
    return payload.by
