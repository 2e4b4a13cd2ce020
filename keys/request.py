"""What is sent to the hub: a signed frame, then the sealed items and wrapped keys it names.

Source: KH-1 §5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.errors import Malformed, Untrusted
from keys.command import MAX_ITEMS, MAX_WRAPPED_KEYS, CommandPayload, To, parse_command
from keys.frame import Frame, parse_frame
from keys.lp import sha256
from keys.reader import Reader
from keys.wrapped_key import WRAPPED_KEY_BYTES

MAGIC = b"KHQ1"
MAX_REQUEST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Request:
    """A parsed request. Signatures and parts are not yet verified."""

    frame_bytes: bytes
    frame: Frame
    payload: CommandPayload
    parts: tuple[bytes, ...]


@dataclass(frozen=True)
class MatchedParts:
    """Parts by name: sealed items (those stored inline) and wrapped keys."""

    items: dict[UUID, bytes] = field(default_factory=dict)
    wrapped_keys: dict[tuple[UUID, To], bytes] = field(default_factory=dict)


def encode_request(frame_bytes: bytes, parts: Sequence[bytes]) -> bytes:
    """ "KHQ1", u32 length, frame, u16 n, n × (u32 length, bytes). Raises Malformed if it is too long.

    ``parts``: the inline items, then the wrapped keys, each in payload order.
    """
    chunks = [MAGIC, len(frame_bytes).to_bytes(4, "big"), frame_bytes, len(parts).to_bytes(2, "big")]
    for part in parts:
        chunks += (len(part).to_bytes(4, "big"), part)
    data = b"".join(chunks)
    if len(data) > MAX_REQUEST_BYTES:
        raise Malformed("request-too-long")
    return data


def parse_request(data: bytes) -> Request:
    """The request of these bytes, its frame and payload parsed. Raises Malformed."""
    if len(data) > MAX_REQUEST_BYTES:
        raise Malformed("request-size")
    reader = Reader(data, "request")
    reader.magic(MAGIC)
    frame_bytes = reader.take(reader.number(4))
    count = reader.number(2)
    if count > MAX_ITEMS + MAX_WRAPPED_KEYS:
        raise Malformed("request-part-count")
    parts = tuple(reader.take(reader.number(4)) for _ in range(count))
    reader.end()
    frame = parse_frame(frame_bytes)
    return Request(frame_bytes, frame, parse_command(frame.payload), parts)


def match_parts(payload: CommandPayload, parts: Sequence[bytes]) -> MatchedParts:
    """Every part is the one the payload names at its place, none missing, none more.

    Raises Untrusted, an error code for each condition.
    """
    inline = [one for one in payload.items if one.storage == "inline"]
    wanted = len(inline) + len(payload.wrapped_keys)
    if len(parts) < wanted:
        raise Untrusted("part-missing")
    if len(parts) > wanted:
        raise Untrusted("part-unnamed")
    matched = MatchedParts()
    for item, part in zip(inline, parts, strict=False):
        if len(part) != item.size:
            raise Untrusted("item-part-size")
        if sha256(part) != item.digest:
            raise Untrusted("item-part-digest")
        matched.items[item.item] = part
    for wrapped_key, part in zip(payload.wrapped_keys, parts[len(inline) :], strict=True):
        if len(part) != WRAPPED_KEY_BYTES:
            raise Untrusted("wrapped-key-part-size")
        if sha256(part) != wrapped_key.digest:
            raise Untrusted("wrapped-key-part-digest")
        matched.wrapped_keys[wrapped_key.item, wrapped_key.to] = part
    return matched
