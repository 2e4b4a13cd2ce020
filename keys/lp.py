"""LP: the one way in which contexts, ``info`` and HMAC inputs are put together.

Source: KH-1 §1.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from domain.errors import Malformed

ZEROS = bytes(32)
"""The digest that stands for "none" (``prev``, ``keyset``)."""


@dataclass(frozen=True)
class About:
    """What a command or an item is about: an originator's kind (a code) and its id."""

    kind: str
    id: UUID


def lp(label: str, *elements: bytes | str | int | UUID) -> bytes:
    """Label, 0x00, u16 count, then each element as u32 length and bytes. Injective.

    Integers are u64 big endian, UUIDs 16 bytes, text UTF-8. Raises Malformed for a label that is
    empty, not ASCII or holds a zero byte, an integer outside u64, text with a lone surrogate, or
    more than 65,535 elements. Source: KH-1 §1.
    """
    if not label or not label.isascii() or "\0" in label:
        raise Malformed("lp-label")
    if len(elements) > 0xFFFF:
        raise Malformed("lp-count")
    parts = [label.encode("ascii"), b"\0", len(elements).to_bytes(2, "big")]
    for element in elements:
        data = _bytes(element)
        parts += (len(data).to_bytes(4, "big"), data)
    return b"".join(parts)


def _bytes(element: bytes | str | int | UUID) -> bytes:
    match element:
        case bytes():
            return element
        case str():
            try:
                return element.encode("utf-8")
            except UnicodeEncodeError as error:
                raise Malformed("lp-text") from error
        case UUID():
            return element.bytes
        case int() if not isinstance(element, bool) and 0 <= element < 1 << 64:
            return element.to_bytes(8, "big")
        case _:
            raise Malformed("lp-element")


def sha256(data: bytes) -> bytes:
    """The 32-byte digest used for every id and digest of the profile. Source: FIPS 180-4."""
    return hashlib.sha256(data).digest()
