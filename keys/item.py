"""Sealed items: content under a key of its own, committed to in control.

Source: KH-1 §4.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from uuid import UUID

from domain.errors import Malformed, Untrusted
from keys import sealing
from keys.command import MAX_ITEM_BYTES
from keys.lp import About, lp, sha256


@dataclass(frozen=True)
class SealedItem:
    """``key`` is secret; the rest goes into payload (``kc``, ``digest``, ``size``) and parts (``sealed``)."""

    key: bytes = field(repr=False)
    kc: bytes
    sealed: bytes = field(repr=False)
    digest: bytes
    size: int


def key_commitment(key: bytes, about: About, item: UUID) -> bytes:
    """kc = HMAC-SHA-256(item key, LP("kh/kc/v1", about, item)); 32 bytes."""
    return hmac.digest(key, lp("kh/kc/v1", about.kind, about.id, item), hashlib.sha256)


def _context(hub: bytes, about: About, item: UUID, section: str, schema: str, keyset: bytes) -> bytes:
    return lp("kh/item/v1", hub, about.kind, about.id, item, section, schema, keyset)


def seal_item(
    *, hub: bytes, about: About, item: UUID, section: str, schema: str, keyset: bytes, content: bytes
) -> SealedItem:
    """Content padded and sealed under a fresh key. Raises Malformed if it exceeds 25 MiB sealed.

    ``keyset`` is that of the frame which carries the item.
    """
    size = sealing.sealed_size(sealing.padded_size(len(content)))
    if size > MAX_ITEM_BYTES:
        raise Malformed("item-too-long")
    key = sealing.new_key()
    sealed = sealing.seal(key, _context(hub, about, item, section, schema, keyset), sealing.pad(content))
    return SealedItem(key, key_commitment(key, about, item), sealed, sha256(sealed), size)


def open_item(
    *,
    key: bytes,
    kc: bytes,
    hub: bytes,
    about: About,
    item: UUID,
    section: str,
    schema: str,
    keyset: bytes,
    sealed: bytes,
) -> bytes:
    """The content. The key is first held against ``kc``, which the author signed.

    Raises Untrusted if key, commitment, context or bytes do not belong together.
    """
    if not hmac.compare_digest(key_commitment(key, about, item), kc):
        raise Untrusted("item-key-commitment")
    padded = sealing.open_sealed(key, _context(hub, about, item, section, schema, keyset), sealed)
    return sealing.unpad(padded)
