"""Signed frames: the exact bytes, and two signatures a signer.

Nothing is canonicalised to verify: what is signed is what is stored. Source: KH-1 §5; DSSE v1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from domain.errors import Malformed, Untrusted
from keys.lp import sha256
from keys.reader import Reader
from keys.signing import SIGNATURE_BYTES, Alg, SignatureKeys, SignaturePublic

MAX_PAYLOAD_BYTES = 256 * 1024
MAX_SIGNERS = 3
MAGIC = b"KHF1"


@dataclass(frozen=True)
class FrameType:
    """What a frame is for: DSSE payload type, ML-DSA context, magic. No frame serves for two."""

    payload_type: bytes
    context: bytes
    magic: bytes = MAGIC


COMMAND = FrameType(b"application/vnd.kakehashi.command+json", b"kakehashi/command/v1")
GENESIS = FrameType(b"application/vnd.kakehashi.genesis+json", b"kakehashi/genesis/v1")
RECEIPT = FrameType(b"application/vnd.kakehashi.receipt+json", b"kakehashi/receipt/v1", b"KHT1")


@dataclass(frozen=True)
class Signature:
    """One signature: algorithm number, 32-byte key id, raw value."""

    alg: int
    key_id: bytes
    value: bytes


@dataclass(frozen=True)
class Frame:
    """A payload and its signatures, in order. ``digest`` (SHA-256 of the payload) is its name."""

    payload: bytes
    signatures: tuple[Signature, ...]
    magic: bytes = MAGIC

    @cached_property
    def digest(self) -> bytes:
        return sha256(self.payload)

    def encode(self) -> bytes:
        """magic, u32 length, payload, u8 n, n × (u8 alg, key id, u16 length, signature)."""
        parts = [self.magic, len(self.payload).to_bytes(4, "big"), self.payload]
        parts.append(len(self.signatures).to_bytes(1, "big"))
        for one in self.signatures:
            parts += (one.alg.to_bytes(1, "big"), one.key_id, len(one.value).to_bytes(2, "big"), one.value)
        return b"".join(parts)


def pae(payload_type: bytes, payload: bytes) -> bytes:
    """The bytes that are signed. Source: DSSE v1, "Pre-Authentication Encoding"."""
    return b"DSSEv1 %d %b %d %b" % (len(payload_type), payload_type, len(payload), payload)


def parse_frame(data: bytes, magic: bytes = MAGIC) -> Frame:
    """The frame of these bytes, and of no others. Raises Malformed. Signatures are not yet verified.

    A payload has 1 byte to 256 KiB; signatures come in pairs of one to three signers.
    """
    reader = Reader(data, "frame")
    reader.magic(magic)
    length = reader.number(4)
    if not 1 <= length <= MAX_PAYLOAD_BYTES:
        raise Malformed("frame-payload-size")
    payload = reader.take(length)
    count = reader.number(1)
    if count % 2 or not 2 <= count <= 2 * MAX_SIGNERS:
        raise Malformed("frame-signature-count")
    signatures = tuple(_signature(reader) for _ in range(count))
    reader.end()
    return Frame(payload, signatures, magic)


def _signature(reader: Reader) -> Signature:
    alg = reader.number(1)
    kid = reader.take(32)
    size = reader.number(2)
    if alg not in SIGNATURE_BYTES:
        raise Malformed("frame-algorithm")
    if size != SIGNATURE_BYTES[Alg(alg)]:
        raise Malformed("frame-signature-size")
    return Signature(alg, kid, reader.take(size))


def sign(frame_type: FrameType, payload: bytes, *keys: SignatureKeys) -> Frame:
    """The payload signed by each pair in turn, Ed25519 first. Signing is hedged: outputs differ.

    Raises Malformed for a payload that ``parse_frame`` would refuse.
    """
    if not 1 <= len(payload) <= MAX_PAYLOAD_BYTES:
        raise Malformed("sign-payload-size")
    message = pae(frame_type.payload_type, payload)
    signatures: list[Signature] = []
    for pair in keys:
        values = pair.sign_message(message, frame_type.context)
        for alg, kid, value in zip(pair.public.algs, pair.public.key_ids, values, strict=True):
            signatures.append(Signature(int(alg), kid, value))
    return Frame(payload, tuple(signatures), frame_type.magic)


def verify(frame_type: FrameType, frame: Frame, signers: Sequence[SignaturePublic]) -> None:
    """Just these signers signed, two signatures each, in this order. Raises Untrusted.

    (1) the frame is of this form; (2) two signatures a signer, no more; (3) each names the
    algorithm and key of its place; (4) each holds over the PAE of the exact payload.
    """
    if frame.magic != frame_type.magic:
        raise Untrusted("frame-type")
    if len(frame.signatures) != 2 * len(signers) or not signers:
        raise Untrusted("signature-count")
    for place, signer in enumerate(signers):
        for one, alg, kid in zip(
            frame.signatures[2 * place : 2 * place + 2], signer.algs, signer.key_ids, strict=True
        ):
            if one.alg != alg:
                raise Untrusted("signature-algorithm")
            if one.key_id != kid:
                raise Untrusted("signature-key")
    message = pae(frame_type.payload_type, frame.payload)
    for place, signer in enumerate(signers):
        first, second = frame.signatures[2 * place : 2 * place + 2]
        signer.verify_message(message, frame_type.context, (first.value, second.value))
