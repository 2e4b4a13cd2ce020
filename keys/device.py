"""What a visitor's device and its door send each other: sealed envelopes, and what the door states about them.

An envelope is sealed to the door's key alone, so the device can't read it again, and signed by the device's own key.
A statement (time, receipt) is signed by the door's pair. Source: KH-1 §5a.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from domain.errors import Malformed, Untrusted
from keys import canonical
from keys.fields import Fields
from keys.frame import Frame, FrameType, pae, parse_frame, verify
from keys.lp import lp, sha256
from keys.reader import Reader
from keys.sealing import pad, unpad
from keys.signing import PUBLIC_BYTES, SIGNATURE_BYTES, Alg, KemKey, KemPublic, SignaturePublic, key_id

MAGIC = b"KHE1"
ENVELOPE_TYPE = b"application/vnd.kakehashi.device-envelope"
ENVELOPE_CONTEXT = b"kakehashi/device-envelope/v1"
STATEMENT = FrameType(
    b"application/vnd.kakehashi.device-statement+json", b"kakehashi/device-statement/v1", b"KHV1"
)
MAX_HEAD_BYTES = 4096
MAX_SEALED_BYTES = 32 * 1024 * 1024
"""A photo of 25 MiB, what was written beside it, and padding."""
MAX_NUMBER = 2**31 - 1
_HEAD_KEYS = ("v", "hub", "agency", "device", "envelope", "number", "kid", "written_at")
_STATEMENT_KEYS = ("v", "form", "hub", "agency", "device", "about", "at", "state")
NONCE_BYTES = 32


@dataclass(frozen=True)
class EnvelopeHead:
    """What stands on an envelope in clear. ``number``: of this device's envelopes, from 1; ``kid``: of the door's key to which
    it is sealed; ``written_at``: as the device knows the door's time."""

    hub: bytes
    agency: UUID
    device: UUID
    envelope: UUID
    number: int
    kid: bytes
    written_at: datetime

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical.encode(
            {
                "v": 1,
                "hub": self.hub.hex(),
                "agency": str(self.agency),
                "device": str(self.device),
                "envelope": str(self.envelope),
                "number": self.number,
                "kid": self.kid.hex(),
                "written_at": canonical.format_time(self.written_at),
            }
        )

    @property
    def info(self) -> bytes:
        """HPKE's info: an envelope opens under its own head only."""
        return lp(
            "kh/device-envelope/v1", self.hub, self.agency, self.device, self.envelope, self.number, self.kid
        )


@dataclass(frozen=True)
class Envelope:
    """A parsed envelope. Its signature is not verified yet."""

    head: EnvelopeHead
    sealed: bytes
    signed: bytes
    signature: bytes

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of what is signed: signed again, it is the same envelope."""
        return sha256(self.signed)

    def open(self, kem: KemKey) -> bytes:
        """The content. Raises Untrusted, Malformed."""
        return unpad(kem.decrypt(self.head.info, self.sealed))


@dataclass(frozen=True)
class DevicePublic:
    """A device's ML-DSA-65 public key. Raises Malformed for another length."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_BYTES[Alg.ML_DSA_65]:
            raise Malformed("device-key-length")

    @cached_property
    def kid(self) -> bytes:
        return key_id(Alg.ML_DSA_65, self.raw)

    def verify(self, envelope: Envelope) -> None:
        """This device has signed this envelope. Raises Untrusted."""
        try:
            MLDSA65PublicKey.from_public_bytes(self.raw).verify(
                envelope.signature, pae(ENVELOPE_TYPE, envelope.signed), ENVELOPE_CONTEXT
            )
        except InvalidSignature as error:
            raise Untrusted("device-signature-wrong") from error


@dataclass(frozen=True)
class Statement:
    """What a door states to one device. ``form``: ``time`` (``about``: the device's nonce; ``state``: of the device) or
    ``receipt`` (``about``: digest of an envelope that is stored durably; ``state``: what becomes of it)."""

    form: str
    hub: bytes
    agency: UUID
    device: UUID
    about: bytes
    at: datetime
    state: str

    def encode(self) -> bytes:
        """Canonical JSON: the payload of a frame of type ``STATEMENT``."""
        return canonical.encode(
            {
                "v": 1,
                "form": self.form,
                "hub": self.hub.hex(),
                "agency": str(self.agency),
                "device": str(self.device),
                "about": self.about.hex(),
                "at": canonical.format_time(self.at),
                "state": self.state,
            }
        )


FORMS = ("time", "receipt")
STATES = ("ACTIVE", "CLEARED", "STOPPED", "WAITING", "QUEUED", "SENT", "REFUSED", "DISCARDED")


def _u32(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def signed_part(head: EnvelopeHead, sealed: bytes) -> bytes:
    """What the device signs."""
    return MAGIC + _u32(head.encode()) + _u32(sealed)


def seal_envelope(head: EnvelopeHead, content: bytes, to: KemPublic, device: MLDSA65PrivateKey) -> bytes:
    """The whole form, as a device makes it. ``head.kid`` is that of ``to``."""
    assert head.kid == to.kid
    signed = signed_part(head, to.encrypt(head.info, pad(content)))
    signature = device.sign(pae(ENVELOPE_TYPE, signed), ENVELOPE_CONTEXT)
    return signed + len(signature).to_bytes(2, "big") + signature


def parse_envelope(data: bytes) -> Envelope:
    """The envelope of these bytes, and of no others. Raises Malformed."""
    reader = Reader(data, "device-envelope")
    reader.magic(MAGIC)
    head_bytes = reader.take(_length(reader, MAX_HEAD_BYTES))
    sealed = reader.take(_length(reader, MAX_SEALED_BYTES))
    signed = data[: len(MAGIC) + 8 + len(head_bytes) + len(sealed)]
    size = SIGNATURE_BYTES[Alg.ML_DSA_65]
    signature = reader.take(_length(reader, size, least=size, width=2))
    reader.end()
    fields = Fields(canonical.parse(head_bytes), "device-envelope", _HEAD_KEYS)
    fields.require("v", 1)
    head = EnvelopeHead(
        hub=fields.hex("hub"),
        agency=fields.uuid("agency"),
        device=fields.uuid("device"),
        envelope=fields.uuid("envelope"),
        number=fields.integer("number", 1, MAX_NUMBER),
        kid=fields.hex("kid"),
        written_at=fields.time("written_at"),
    )
    return Envelope(head, sealed, signed, signature)


def parse_statement(data: bytes, door: SignaturePublic) -> Statement:
    """What this door states. Raises Malformed, Untrusted."""
    frame: Frame = parse_frame(data, STATEMENT.magic)
    verify(STATEMENT, frame, [door])
    fields = Fields(canonical.parse(frame.payload), "device-statement", _STATEMENT_KEYS)
    fields.require("v", 1)
    return Statement(
        form=fields.one_of("form", FORMS),
        hub=fields.hex("hub"),
        agency=fields.uuid("agency"),
        device=fields.uuid("device"),
        about=fields.hex("about"),
        at=fields.time("at"),
        state=fields.one_of("state", STATES),
    )


def _length(reader: Reader, most: int, *, least: int = 1, width: int = 4) -> int:
    length = reader.number(width)
    if not least <= length <= most:
        raise Malformed("device-envelope-size")
    return length
