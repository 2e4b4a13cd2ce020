"""What is sent to the hub: a signed frame, and beside it the sealed items and wraps it names.

Source: KH-1 §5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.errors import Malformed, Untrusted
from keys.command import MAX_ITEMS, MAX_WRAPS, To, WishPayload, parse_wish
from keys.frame import Frame, parse_frame
from keys.lp import sha256
from keys.reader import Reader
from keys.wrap import WRAP_BYTES

MAGIC = b"KHQ1"
MAX_REQUEST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Request:
    """A parsed request. Signatures and parts are not yet verified."""

    frame_bytes: bytes
    frame: Frame
    payload: WishPayload
    parts: tuple[bytes, ...]


@dataclass(frozen=True)
class MatchedParts:
    """Parts by name: sealed items (those kept beside the frame) and wraps."""

    items: dict[UUID, bytes] = field(default_factory=dict)
    wraps: dict[tuple[UUID, To], bytes] = field(default_factory=dict)


def encode_request(frame_bytes: bytes, parts: Sequence[bytes]) -> bytes:
    """ "KHQ1", u32 length, frame, u16 n, n × (u32 length, bytes). Raises Malformed if it is too long.

    ``parts``: the items kept beside, then the wraps, each in payload order.
    """
    chunks = [MAGIC, len(frame_bytes).to_bytes(4, "big"), frame_bytes, len(parts).to_bytes(2, "big")]
    for part in parts:
        chunks += (len(part).to_bytes(4, "big"), part)
    data = b"".join(chunks)
    if len(data) > MAX_REQUEST_BYTES:
        raise Malformed("request-too-long", "keep items over 16 KiB in the store; send less at once")
    return data


def parse_request(data: bytes) -> Request:
    """The request of these bytes, its frame and payload parsed. Raises Malformed."""
    if len(data) > MAX_REQUEST_BYTES:
        raise Malformed("request-size", "a request has at most 1 MiB")
    reader = Reader(data, "request")
    reader.magic(MAGIC)
    frame_bytes = reader.take(reader.number(4))
    count = reader.number(2)
    if count > MAX_ITEMS + MAX_WRAPS:
        raise Malformed("request-part-count", "at most 64 items and 256 wraps")
    parts = tuple(reader.take(reader.number(4)) for _ in range(count))
    reader.end()
    frame = parse_frame(frame_bytes)
    return Request(frame_bytes, frame, parse_wish(frame.payload), parts)


def match_parts(payload: WishPayload, parts: Sequence[bytes]) -> MatchedParts:
    """Every part is the one the payload names at its place, none missing, none more.

    Raises Untrusted, a flaw for each condition.
    """
    beside = [one for one in payload.items if one.kept == "beside"]
    wanted = len(beside) + len(payload.wraps)
    if len(parts) < wanted:
        raise Untrusted("part-missing", "send every item kept beside the frame, then every wrap")
    if len(parts) > wanted:
        raise Untrusted("part-unnamed", "send only the parts the payload names")
    found = MatchedParts()
    for item, part in zip(beside, parts, strict=False):
        if len(part) != item.size:
            raise Untrusted("item-part-size", "an item's sealed length is the size signed")
        if sha256(part) != item.digest:
            raise Untrusted("item-part-digest", "send the sealed bytes whose digest was signed")
        found.items[item.item] = part
    for wrap, part in zip(payload.wraps, parts[len(beside) :], strict=True):
        if len(part) != WRAP_BYTES:
            raise Untrusted("wrap-part-size", "a wrap has 1,168 bytes")
        if sha256(part) != wrap.digest:
            raise Untrusted("wrap-part-digest", "send the wrap whose digest was signed")
        found.wraps[wrap.item, wrap.to] = part
    return found
