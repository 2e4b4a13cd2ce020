"""Envelopes of visitors' devices, and what a door states to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from domain.errors import ExchangeError, Malformed, Untrusted
from keys import canonical
from keys.device import (
    STATEMENT,
    DevicePublic,
    EnvelopeHead,
    Statement,
    parse_envelope,
    parse_statement,
    seal_envelope,
)
from keys.frame import COMMAND, Frame, parse_frame, sign
from keys.signing import KemKey
from tests.keys.conftest import NOON, World, seed

VECTOR = json.loads((Path(__file__).parent.parent / "vectors" / "keys" / "device.json").read_bytes())
ENVELOPE = bytes.fromhex(VECTOR["envelope"])
PUBLIC = DevicePublic(bytes.fromhex(VECTOR["device_public"]))
DEVICE = MLDSA65PrivateKey.from_seed_bytes(bytes.fromhex(VECTOR["device_seed"]))


def test_the_released_envelope_opens_and_its_statements_verify(world: World) -> None:
    envelope = parse_envelope(ENVELOPE)
    PUBLIC.verify(envelope)
    assert envelope.open(KemKey(bytes.fromhex(VECTOR["door_kem_seed"]))).hex() == VECTOR["content"]
    assert envelope.digest.hex() == VECTOR["envelope_digest"]
    assert envelope.head.encode().decode() == VECTOR["head"]
    assert envelope.head.info.hex() == VECTOR["info"]
    for one in VECTOR["statements"]:
        statement = parse_statement(bytes.fromhex(one["frame"]), world.core_sig.public)
        assert statement.encode().decode() == one["payload"]
        assert str(statement.device) == VECTOR["device"]


def test_attack_each_changed_byte_of_an_envelope_is_refused(world: World) -> None:
    for at in range(0, len(ENVELOPE), 7):
        changed = bytearray(ENVELOPE)
        changed[at] ^= 1
        with pytest.raises((Malformed, Untrusted)):
            PUBLIC.verify(parse_envelope(bytes(changed)))
    for cut in (0, 3, 8, 200, len(ENVELOPE) - 1):
        with pytest.raises(Malformed, match=r"truncated|magic"):
            parse_envelope(ENVELOPE[:cut])
    with pytest.raises(Malformed, match="device-envelope-trailing"):
        parse_envelope(ENVELOPE + b"\0")


def test_attack_envelope_of_one_device_under_the_head_of_another_does_not_open(world: World) -> None:
    envelope = parse_envelope(ENVELOPE)
    other = EnvelopeHead(**{**vars(envelope.head), "device": uuid4()})
    moved = type(envelope)(other, envelope.sealed, envelope.signed, envelope.signature)
    with pytest.raises(Untrusted):
        moved.open(world.core_kem)
    later = EnvelopeHead(**{**vars(envelope.head), "number": 8})
    with pytest.raises(Untrusted):
        type(envelope)(later, envelope.sealed, envelope.signed, envelope.signature).open(world.core_kem)
    with pytest.raises(Untrusted):
        envelope.open(world.clinic_kem)


def test_attack_envelope_signed_by_another_device_is_refused(world: World) -> None:
    stranger = MLDSA65PrivateKey.from_seed_bytes(seed("stranger"))
    sealed = seal_envelope(parse_envelope(ENVELOPE).head, b"x", world.core_kem.public, stranger)
    with pytest.raises(Untrusted, match="device-signature-wrong"):
        PUBLIC.verify(parse_envelope(sealed))


def test_attack_statement_of_another_door_or_kind_is_refused(world: World) -> None:
    frame = bytes.fromhex(VECTOR["statements"][0]["frame"])
    with pytest.raises(Untrusted):
        parse_statement(frame, world.clinic_sig.public)
    payload = parse_frame(frame, STATEMENT.magic).payload
    as_command = sign(COMMAND, payload, world.core_sig)
    forged = Frame(payload, as_command.signatures, STATEMENT.magic).encode()
    with pytest.raises(Untrusted):
        parse_statement(forged, world.core_sig.public)
    for at in range(0, len(frame), 5):
        changed = bytearray(frame)
        changed[at] ^= 1
        with pytest.raises((Malformed, Untrusted)):
            parse_statement(bytes(changed), world.core_sig.public)


def test_every_statement_form_is_read_as_it_was_written(world: World) -> None:
    about = parse_envelope(ENVELOPE)
    for state in ("ACTIVE", "CLEARED", "STOPPED", "WAITING", "QUEUED", "SENT", "REFUSED", "DISCARDED"):
        one = Statement("receipt", about.head.hub, about.head.agency, uuid4(), about.digest, NOON, state)
        assert (
            parse_statement(sign(STATEMENT, one.encode(), world.core_sig).encode(), world.core_sig.public)
            == one
        )
    wrong = Statement("receipt", about.head.hub, about.head.agency, uuid4(), about.digest, NOON, "LOST")
    with pytest.raises(ExchangeError, match="device-statement-state"):
        parse_statement(sign(STATEMENT, wrong.encode(), world.core_sig).encode(), world.core_sig.public)


def error_code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ExchangeError) as caught:
        call()
    return caught.value.error_code


def framed(head: bytes, sealed: bytes, signature: bytes = bytes(3309)) -> bytes:
    return b"KHE1" + b"".join(
        (
            len(head).to_bytes(4, "big") + head,
            len(sealed).to_bytes(4, "big") + sealed,
            len(signature).to_bytes(2, "big") + signature,
        )
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"v": 2}, "device-envelope-v"),
        ({"hub": "00"}, "device-envelope-hub"),
        ({"agency": "x"}, "device-envelope-agency"),
        ({"device": 1}, "device-envelope-device"),
        ({"envelope": None}, "device-envelope-envelope"),
        ({"number": 0}, "device-envelope-number"),
        ({"kid": "zz"}, "device-envelope-kid"),
        ({"written_at": "2026-01-01"}, "device-envelope-written-at"),
        ({"more": 1}, "device-envelope-keys"),
    ],
)
def test_a_head_of_another_form_is_refused(change: dict[str, object], code: str) -> None:
    head = canonical.encode({**json.loads(VECTOR["head"]), **change})
    assert error_code_of(lambda: parse_envelope(framed(head, b"x"))) == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"KHE2", "device-envelope-magic"),
        (b"KHE1\0", "device-envelope-truncated"),
        (ENVELOPE + b"\0", "device-envelope-trailing"),
        (b"KHE1" + bytes(4), "device-envelope-size"),
        (b"KHE1" + (4097).to_bytes(4, "big") + bytes(5000), "device-envelope-size"),
        (framed(b"{}", b"x", b"short"), "device-envelope-size"),
    ],
)
def test_bytes_of_another_form_are_refused(data: bytes, code: str) -> None:
    assert error_code_of(lambda: parse_envelope(data)) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"v": 2}, "device-statement-v"),
        ({"hub": "00"}, "device-statement-hub"),
        ({"agency": "x"}, "device-statement-agency"),
        ({"device": 1}, "device-statement-device"),
        ({"about": "zz"}, "device-statement-about"),
        ({"at": "now"}, "device-statement-at"),
        ({"form": "wipe"}, "device-statement-form"),
        ({"state": "LOST"}, "device-statement-state"),
        ({"more": 1}, "device-statement-keys"),
    ],
)
def test_a_statement_of_another_form_is_refused(world: World, change: dict[str, object], code: str) -> None:
    payload = canonical.encode({**json.loads(VECTOR["statements"][0]["payload"]), **change})
    frame = sign(STATEMENT, payload, world.core_sig).encode()
    assert error_code_of(lambda: parse_statement(frame, world.core_sig.public)) == code


def test_a_device_key_of_another_length_is_refused() -> None:
    assert error_code_of(lambda: DevicePublic(bytes(32))) == "device-key-length"
