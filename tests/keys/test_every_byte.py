"""Whatever byte is changed and wherever a form is cut off: refused, and by our own errors only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Malformed, NotFound, Untrusted
from keys.command import parse_command
from keys.frame import COMMAND, parse_frame, verify
from keys.item import open_item
from keys.keystore import Cost, seal_keystore, unseal_keystore
from keys.leaf import Leaf, leaf_tag, record_sha
from keys.receipt import Receipt, sign_receipts, verify_receipt
from keys.record import (
    list_parts,
    match_items,
    open_audit_layer,
    open_audit_wrapped_key,
    open_named_wrapped_key,
    open_record,
)
from keys.request import match_parts, parse_request
from keys.wrapped_key import open_wrapped_key

FORMS = ["frame", "request", "record", "item", "wrapped_key", "receipt", "keystore"]
_KEYSTORE = seal_keystore({"sig": bytes(64)}, "x", Cost(8, 1, 1))


def read_frame(world: Any, data: bytes) -> None:
    frame = parse_frame(data)
    verify(COMMAND, frame, [world.core_sig.public])
    parse_command(frame.payload)


def read_request(world: Any, data: bytes) -> None:
    request = parse_request(data)
    verify(COMMAND, request.frame, [world.core_sig.public])
    match_parts(request.payload, request.parts)


def read_record(world: Any, state: bytes) -> None:
    """Everything a reader does with a record: its epoch chooses the key; every part is verified."""
    ck = world.keys.ck(world.case, list_parts(state).epoch)
    record = open_record(ck=ck, hub=world.hub, originator=world.case, version=1, state=state)
    match_items(record, world.payload)
    for ref in world.payload.wrapped_keys:
        section = world.sections[world.item_ids.index(ref.item)]
        open_named_wrapped_key(record, world.payload, ref.item, ref.to, world.sks[section])
    if record.audit_wrapped_key is None:
        raise Untrusted("no-audit-wrapped-key", "the first record of an epoch has one")
    wrapped_key = open_audit_layer(world.sks["control"], record.audit_wrapped_key)
    open_audit_wrapped_key(
        kem=world.audit_kem, hub=world.hub, originator=world.case, epoch=1, wrapped_key=wrapped_key
    )


def read_item(world: Any, sealed: bytes) -> None:
    one = world.sealed[0]
    open_item(
        key=one.key,
        kc=one.kc,
        hub=world.hub,
        about=world.about,
        item=world.item_ids[0],
        section="BASIC",
        schema="text/v1",
        keyset=world.keyset,
        sealed=sealed,
    )


def read_wrapped_key(world: Any, wrapped_key: bytes) -> None:
    open_wrapped_key(
        kem=world.core_kem,
        hub=world.hub,
        about=world.about,
        item=world.item_ids[0],
        kc=world.sealed[0].kc,
        keyset=world.keyset,
        wrapped_key=wrapped_key,
    )


def read_receipt(world: Any, data: bytes) -> None:
    verify_receipt(data, world.log.public)


def read_keystore(world: Any, data: bytes) -> None:
    unseal_keystore(data, "x", rehearsal=True)


READ: dict[str, Callable[[Any, bytes], None]] = {
    "frame": read_frame,
    "request": read_request,
    "record": read_record,
    "item": read_item,
    "wrapped_key": read_wrapped_key,
    "receipt": read_receipt,
    "keystore": read_keystore,
}


@pytest.fixture(autouse=True)
def _a_low_ceiling(monkeypatch):
    """A changed cost must not make this test itself eat a gigabyte."""
    monkeypatch.setattr("keys.keystore.CEILING", Cost(4096, 16, 16))


@pytest.fixture(scope="module")
def intact(world):
    leaf = Leaf(1, record_sha("kakehashi.v1.x.1", world.state), leaf_tag(world.ck, world.case, 1))
    receipt = Receipt(
        hub=world.hub,
        mode="rehearsal",
        command_id=world.payload.command_id,
        frame=world.frame.digest,
        leaf=leaf,
        promised_at=world.noon,
    )
    return {
        "frame": world.frame_bytes,
        "request": world.request,
        "record": world.state,
        "item": world.sealed[0].sealed,
        "wrapped_key": world.wrapped_keys[world.item_ids[0], world.core],
        "receipt": sign_receipts([receipt], world.log)[0],
        "keystore": _KEYSTORE,
    }


def refused(world: Any, form: str, data: bytes) -> None:
    with pytest.raises((Malformed, Untrusted, NotFound)) as caught:
        READ[form](world, data)
    if caught.type is NotFound:  # only where a changed epoch names a key that never existed
        assert (form, caught.value.error_code) == ("record", "control-key-not-given")


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_accepted_unchanged(world, intact, form):
    READ[form](world, intact[form])


@pytest.mark.parametrize("form", FORMS)
def test_attack_one_byte_changed_anywhere_is_refused(world, intact, form):
    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(intact[form]) - 1), st.integers(1, 255))
    def check(place, flip):
        data = bytearray(intact[form])
        data[place] ^= flip
        refused(world, form, bytes(data))

    check()


@pytest.mark.parametrize("form", FORMS)
def test_attack_each_byte_of_the_head_changed_is_refused(world, intact, form):
    """The first 64 bytes contain magic, lengths and counts: flip each of their bits in turn."""
    for bit in range(8 * 64):
        data = bytearray(intact[form])
        data[bit // 8] ^= 1 << bit % 8
        refused(world, form, bytes(data))


@pytest.mark.parametrize("form", FORMS)
def test_attack_form_cut_off_anywhere_is_refused(world, intact, form):
    data = intact[form]
    step = 1 if len(data) < 2000 else 7
    for end in {*range(0, len(data), step), len(data) - 1}:
        refused(world, form, data[:end])


@pytest.mark.parametrize("form", FORMS)
def test_attack_bytes_added_at_the_end_are_refused(world, intact, form):
    for more in (b"\0", b"\xff" * 16, intact[form]):
        refused(world, form, intact[form] + more)
