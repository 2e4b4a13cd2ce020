"""Receipts: the hub's signed promise that an answer stands, or will stand, in the log.

Answers that became durable together are signed together: each asker gets its own note, and the frame that
lists the digests of all of them. Source: KH-1 §8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from domain.errors import Malformed, Untrusted
from keys import canonical
from keys.fields import Fields
from keys.frame import RECEIPT, parse_frame, sign, verify
from keys.leaf import Leaf
from keys.lp import sha256
from keys.reader import Reader
from keys.signing import SignatureKeys, SignaturePublic

Mode: TypeAlias = Literal["real", "rehearsal"]
MODES: tuple[Mode, ...] = ("real", "rehearsal")
MAGIC = b"KHN1"
MAX_RECEIPT_BYTES = 16 * 1024
MAX_NOTES = 64
"""So many answers are signed together at the most."""
_RECEIPT_KEYS = ("v", "hub", "mode", "notes")
_NOTE_KEYS = ("v", "command_id", "frame", "leaf", "promised_at")


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """``frame``: SHA-256 of the payload answered. ``leaf``: None only where the answer made no record.

    ``promised_at``: until when a checkpoint covers the leaf.
    """

    hub: bytes
    mode: Mode
    command_id: UUID
    frame: bytes
    leaf: Leaf | None
    promised_at: datetime


def parse_mode(fields: Fields) -> Mode:
    """``real`` or ``rehearsal``. Raises Malformed."""
    return "real" if fields.one_of("mode", MODES) == "real" else "rehearsal"


def encode_note(receipt: Receipt) -> bytes:
    """The canonical note of one answer: what its sender alone is sent. Raises Malformed for a naive time."""
    return canonical.encode(
        {
            "v": 1,
            "command_id": str(receipt.command_id),
            "frame": receipt.frame.hex(),
            "leaf": None if receipt.leaf is None else receipt.leaf.to_json(),
            "promised_at": canonical.format_time(receipt.promised_at),
        }
    )


def encode_notes(hub: bytes, mode: Mode, notes: Sequence[bytes]) -> bytes:
    """The canonical payload over notes that are signed together."""
    digests = [sha256(note).hex() for note in notes]
    return canonical.encode({"v": 1, "hub": hub.hex(), "mode": mode, "notes": digests})


def parse_receipt(payload: bytes, note: bytes) -> Receipt:
    """The receipt of a payload and a note that it names, its signatures not looked at.

    Raises Malformed, and Untrusted where the payload does not name the note.
    """
    fields = Fields(canonical.parse(payload), "receipt", _RECEIPT_KEYS)
    fields.require("v", 1)
    hub, mode, notes = fields.hex("hub"), parse_mode(fields), fields.list("notes", MAX_NOTES)
    if sha256(note).hex() not in notes:
        raise Untrusted("receipt-note")
    note_fields = Fields(canonical.parse(note), "note", _NOTE_KEYS)
    note_fields.require("v", 1)
    return Receipt(
        hub=hub,
        mode=mode,
        command_id=note_fields.uuid("command_id"),
        frame=note_fields.hex("frame"),
        leaf=None if note_fields.raw("leaf") is None else Leaf.from_json(note_fields.raw("leaf")),
        promised_at=note_fields.time("promised_at"),
    )


def sign_receipts(receipts: Sequence[Receipt], log: SignatureKeys) -> list[bytes]:
    """For each answer its receipt ("KHN1"), all under one signature of the LOG pair.

    They are of one hub and mode, and at most 64. Raises Malformed for what could not be read again.
    """
    if not 1 <= len(receipts) <= MAX_NOTES or len({(r.hub, r.mode) for r in receipts}) > 1:
        raise Malformed("receipt-count")
    notes = [encode_note(receipt) for receipt in receipts]
    payload = encode_notes(receipts[0].hub, receipts[0].mode, notes)
    frame = sign(RECEIPT, payload, log).encode()
    return [MAGIC + len(note).to_bytes(2, "big") + note + frame for note in notes]


def verify_receipt(data: bytes, log_public: SignaturePublic) -> Receipt:
    """The receipt, signed by this LOG pair. Raises Malformed or Untrusted.

    The caller holds hub, mode, command_id and frame against what it sent.
    """
    if len(data) > MAX_RECEIPT_BYTES:
        raise Malformed("receipt-size")
    reader = Reader(data, "receipt")
    reader.magic(MAGIC)
    note = reader.take(reader.number(2))
    frame = parse_frame(reader.rest(), RECEIPT.magic)
    verify(RECEIPT, frame, [log_public])
    return parse_receipt(frame.payload, note)
