"""Receipts: the hub's signed promise that an answer stands, or will stand, in the log.

Source: KH-1 §8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from domain.errors import Malformed
from keys import canonical
from keys.fields import Fields
from keys.frame import RECEIPT, parse_frame, sign, verify
from keys.leaf import Leaf
from keys.signing import SignatureKeys, SignaturePublic

Mode: TypeAlias = Literal["real", "rehearsal"]
MODES: tuple[Mode, ...] = ("real", "rehearsal")
MAX_RECEIPT_BYTES = 16 * 1024
_KEYS = ("v", "hub", "mode", "ask_id", "frame", "leaf", "promised_at")


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """``frame``: SHA-256 of the payload answered. ``leaf``: None only where the answer made no record.

    ``promised_at``: until when a checkpoint covers the leaf.
    """

    hub: bytes
    mode: Mode
    ask_id: UUID
    frame: bytes
    leaf: Leaf | None
    promised_at: datetime


def parse_mode(fields: Fields) -> Mode:
    """``real`` or ``rehearsal``. Raises Malformed."""
    return "real" if fields.word("mode", MODES) == "real" else "rehearsal"


def encode_receipt(receipt: Receipt) -> bytes:
    """The canonical payload. Raises Malformed for what could not be read again."""
    data = canonical.encode(
        {
            "v": 1,
            "hub": receipt.hub.hex(),
            "mode": receipt.mode,
            "ask_id": str(receipt.ask_id),
            "frame": receipt.frame.hex(),
            "leaf": None if receipt.leaf is None else receipt.leaf.to_json(),
            "promised_at": canonical.format_time(receipt.promised_at),
        }
    )
    parse_receipt(data)
    return data


def parse_receipt(payload: bytes) -> Receipt:
    """The receipt of a payload, its signatures not looked at. Raises Malformed."""
    fields = Fields(canonical.parse(payload), "receipt", _KEYS)
    fields.only("v", 1)
    return Receipt(
        hub=fields.hex("hub"),
        mode=parse_mode(fields),
        ask_id=fields.uuid("ask_id"),
        frame=fields.hex("frame"),
        leaf=None if fields.raw("leaf") is None else Leaf.from_json(fields.raw("leaf")),
        promised_at=fields.time("promised_at"),
    )


def sign_receipt(receipt: Receipt, log: SignatureKeys) -> bytes:
    """The framed receipt ("KHT1"), signed by the LOG pair."""
    return sign(RECEIPT, encode_receipt(receipt), log).encode()


def verify_receipt(data: bytes, log_public: SignaturePublic) -> Receipt:
    """The receipt, signed by this LOG pair. Raises Malformed or Untrusted.

    The caller holds hub, mode, ask_id and frame against what it sent.
    """
    if len(data) > MAX_RECEIPT_BYTES:
        raise Malformed("receipt-size", "a receipt has at most 16 KiB")
    frame = parse_frame(data, RECEIPT.magic)
    verify(RECEIPT, frame, [log_public])
    return parse_receipt(frame.payload)
