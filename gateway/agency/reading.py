"""What a reader checks before it believes what a hub hands over, and opens it: an agency's door or the audit office."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.errors import Untrusted
from domain.events import Kind
from gateway.agency.key_sets import KeySets
from keys.command import ItemRef, To, WishPayload, parse_wish
from keys.frame import WISH, parse_frame, verify
from keys.item import open_item
from keys.lp import About, sha256
from keys.signing import KemKey
from keys.wrap import open_wrap


@dataclass(frozen=True)
class Opened:
    """An item in clear, verified: who wrote it, when, in which section."""

    content: bytes = field(repr=False)
    section: str
    schema: str
    author: UUID
    made_at: datetime
    act: str


class Reading:
    """One reader of one hub: ``me`` is whose wraps ``kem`` opens."""

    def __init__(self, me: To, *, hub: bytes, kem: KemKey, key_sets: KeySets) -> None:
        self.me = me
        self._hub = hub
        self._kem = kem
        self._key_sets = key_sets

    def opened(self, case: UUID, message: UUID, item: UUID, release: Mapping[str, Any]) -> Opened:
        """The numbered steps between what the hub hands over and what a person is shown. Source: KH-1 §4."""
        # (1) The author's frame is about this case and this message, and its author signed it.
        payload = self.authored(release["frame"], release["key_sets"], case)
        if payload.ask_id != message:
            raise Untrusted("frame-of-another-message", "the frame handed over is not this message's")
        named = next((i for i in payload.items if i.item == item), None)
        if named is None:
            raise Untrusted("item-not-in-frame", "the author's frame does not name this item")
        # (2) The sealed item is the one the author signed.
        sealed = b64decode(release["sealed"])
        if sha256(sealed) != named.digest:
            raise Untrusted("item-digest", "the sealed item is not the one the author signed")
        # (3) The wrap is one that the author, or the door that re-wrapped, signed for us.
        key = self.unwrapped(case, payload, named, release)
        # (4) The key is the one the author committed to, and it opens the item in its own place.
        content = open_item(
            key=key,
            kc=named.kc,
            hub=self._hub,
            about=payload.about,
            item=item,
            section=named.section,
            schema=named.schema,
            keyset=payload.keyset,
            sealed=sealed,
        )
        return Opened(content, named.section, named.schema, _author(payload), payload.made_at, payload.act)

    def unwrapped(
        self, case: UUID, payload: WishPayload, named: ItemRef, release: Mapping[str, Any]
    ) -> bytes:
        """The key of an item, from a wrap that was signed for this reader. Raises Untrusted."""
        carrying = payload
        if release["wrap_frame"] is not None:
            carrying = self.authored(release["wrap_frame"], release["wrap_key_sets"], case)
        wrap = b64decode(release["wrap"])
        signed_for_us = any(
            w.item == named.item and w.to == self.me and w.digest == sha256(wrap) for w in carrying.wraps
        )
        if not signed_for_us:
            raise Untrusted("wrap-digest", "the wrap is not one that was signed for this agency")
        return open_wrap(
            kem=self._kem,
            hub=self._hub,
            about=payload.about,
            item=named.item,
            kc=named.kc,
            keyset=carrying.keyset,
            wrap=wrap,
        )

    def authored(self, data: str, key_sets: Sequence[str], case: UUID) -> WishPayload:
        """The payload of a frame about this case whose signatures hold under a key set that the registry vouches for."""
        frame = parse_frame(b64decode(data))
        payload = parse_wish(frame.payload)
        if payload.hub != self._hub or payload.about != About(Kind.CASE.value, case):
            raise Untrusted("frame-of-another-case", "the frame handed over is about something else")
        author = _author(payload)
        if not self._key_sets.knows(payload.keyset):
            self._key_sets.verify([parse_frame(b64decode(one)) for one in key_sets])
        verify(WISH, frame, [self._key_sets.by_digest(payload.keyset, author).sig])
        return payload


def _author(payload: WishPayload) -> UUID:
    if not isinstance(payload.by, UUID):
        raise Untrusted("author-not-an-agency", "content is written by agencies")
    return payload.by
