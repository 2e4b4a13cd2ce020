"""Wrapped keys: one item key for one recipient.

HPKE base mode authenticates nobody: a wrapped key is believed only because its digest was signed, and an
item key only because of its commitment. Source: KH-1 §4; RFC 9180.
"""

from __future__ import annotations

import hmac
from uuid import UUID

from domain.errors import Malformed, Untrusted
from keys.item import key_commitment
from keys.lp import About, lp
from keys.sealing import KEY_BYTES
from keys.signing import HPKE_OVERHEAD, KemKey, KemPublic

WRAPPED_KEY_BYTES = HPKE_OVERHEAD + KEY_BYTES  # 1,168


def _info(hub: bytes, about: About, item: UUID, kc: bytes, kid: bytes, keyset: bytes) -> bytes:
    return lp("kh/wrapped-key/v1", hub, about.kind, about.id, item, kc, kid, keyset)


def seal_wrapped_key(
    *, hub: bytes, about: About, item: UUID, kc: bytes, keyset: bytes, to: KemPublic, item_key: bytes
) -> bytes:
    """1,168 bytes that only the holder of ``to`` opens; the wrapped key's id is its SHA-256.

    ``keyset`` is that of the frame which carries the wrapped key. Raises Malformed for a key that is not
    32 bytes.
    """
    if len(item_key) != KEY_BYTES:
        raise Malformed("item-key-length")
    return to.encrypt(_info(hub, about, item, kc, to.kid, keyset), item_key)


def open_wrapped_key(
    *, kem: KemKey, hub: bytes, about: About, item: UUID, kc: bytes, keyset: bytes, wrapped_key: bytes
) -> bytes:
    """The item key, held against the author's commitment. Raises Malformed (length) or Untrusted."""
    if len(wrapped_key) != WRAPPED_KEY_BYTES:
        raise Malformed("wrapped-key-length")
    key = kem.decrypt(_info(hub, about, item, kc, kem.public.kid, keyset), wrapped_key)
    if not hmac.compare_digest(key_commitment(key, about, item), kc):
        raise Untrusted("wrapped-key-commitment")
    return key
