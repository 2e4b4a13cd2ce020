"""The stored record: control, items, wrapped keys, and the audit office's way in."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.errors import Malformed, NotFound, Untrusted
from keys import sealing
from keys.item import open_item
from keys.lp import lp, sha256
from keys.record import (
    FixedKeys,
    build_record,
    list_parts,
    match_items,
    open_audit_layer,
    open_audit_wrapped_key,
    open_named_wrapped_key,
    open_record,
    open_wrapped_key_layer,
)
from keys.wrapped_key import open_wrapped_key

OTHER = UUID("99999999-9999-4999-8999-999999999999")


def opened(world, state=None, **changes):
    defaults = {"ck": world.ck, "hub": world.hub, "originator": world.case, "version": 1}
    return open_record(**(defaults | changes), state=world.state if state is None else state)


def assemble(*parts, epoch=1, suite=1, magic=b"KHR1"):
    """A record's bytes from (kind, data), built from the specification (KH-1 §3), not by the code."""
    data = magic + bytes([suite]) + epoch.to_bytes(4, "big") + len(parts).to_bytes(2, "big")
    return data + b"".join(bytes([kind]) + len(one).to_bytes(4, "big") + one for kind, one in parts)


def separated(world):
    parts = list_parts(world.state)
    return [
        (1, parts.control),
        (2, parts.audit_wrapped_key),
        *((3, one) for one in parts.items),
        *((4, one) for one in parts.sealed_wrapped_keys),
    ]


def test_a_record_opens_to_the_body_frame_and_parts_it_was_built_from(world):
    record = opened(world)
    assert (record.epoch, record.body_json, record.frame) == (1, world.body, world.frame_bytes)
    assert record.items == tuple(one.sealed for one in world.sealed)
    assert match_items(record, world.payload) == dict(zip(world.item_ids, record.items, strict=True))
    assert assemble(*separated(world)) == world.state
    assert "SealedItem" not in repr(record)


def test_a_recipient_opens_content_from_the_stored_record(world):
    record = opened(world)
    item = world.item_ids[1]
    wrapped_key = open_named_wrapped_key(record, world.payload, item, world.clinic, world.sks["MEDICAL"])
    ref = world.payload.items[1]
    key = open_wrapped_key(
        kem=world.clinic_kem,
        hub=world.hub,
        about=world.about,
        item=item,
        kc=ref.kc,
        keyset=world.keyset,
        wrapped_key=wrapped_key,
    )
    content = open_item(
        key=key,
        kc=ref.kc,
        hub=world.hub,
        about=world.about,
        item=item,
        section="MEDICAL",
        schema="text/v1",
        keyset=world.keyset,
        sealed=match_items(record, world.payload)[item],
    )
    assert content == world.contents[1]


def test_the_audit_office_opens_control_with_its_wrapped_key(world):
    layer = opened(world).audit_wrapped_key
    wrapped_key = open_audit_layer(world.sks["control"], layer)
    ck = open_audit_wrapped_key(
        kem=world.audit_kem, hub=world.hub, originator=world.case, epoch=1, wrapped_key=wrapped_key
    )
    assert opened(world, ck=ck).body_json == world.body


def test_an_event_without_frame_parts_or_audit_wrapped_key_is_a_record_too(world):
    state = world.record(frame=b"", items=[], wrapped_keys=[], audit=None)
    record = opened(world, state)
    assert (record.frame, record.items, record.sealed_wrapped_keys, record.audit_wrapped_key) == (
        b"",
        (),
        (),
        None,
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"version": 2}, id="another version"),
        pytest.param({"originator": OTHER}, id="another originator"),
        pytest.param({"hub": bytes(32)}, id="another hub"),
        pytest.param({"ck": bytes(32)}, id="another key"),
    ],
)
def test_attack_record_moved_to_another_place_does_not_open(refuses, world, change):
    with refuses(Untrusted, "seal-broken"):
        opened(world, **change)


def test_attack_two_records_of_one_case_swapped_do_not_open(refuses, world):
    one, two = world.record(version=1), world.record(version=2)
    for state, version in ((one, 2), (two, 1)):
        with refuses(Untrusted, "seal-broken"):
            opened(world, state, version=version)


def test_attack_epoch_of_a_record_changed_names_another_key(refuses, world):
    state = assemble(*separated(world), epoch=2)
    with refuses(NotFound, "control-key-not-given"):
        world.keys.ck(world.case, list_parts(state).epoch)
    with_second = FixedKeys({(world.case, 1): world.ck, (world.case, 2): bytes(32)})
    with refuses(Untrusted, "seal-broken"):
        opened(world, state, ck=with_second.ck(world.case, list_parts(state).epoch))


def test_attack_control_of_one_record_under_the_parts_of_another_is_refused(refuses, world):
    """The control opens, because it is at its own place; the parts do not match what was signed."""
    other = world.seal(world.item_ids[0], "BASIC", b"another text")
    forged = [(3, other.sealed) if one == (3, world.sealed[0].sealed) else one for one in separated(world)]
    record = opened(world, assemble(*forged))
    with refuses(Untrusted, "record-item-digest"):
        match_items(record, world.payload)


def test_attack_items_of_a_record_swapped_dropped_or_added_are_refused(refuses, world):
    head, audit, one, two, *wrapped_keys = separated(world)
    with refuses(Untrusted, "record-item-digest"):
        match_items(opened(world, assemble(head, audit, two, one, *wrapped_keys)), world.payload)
    for items in ([one], [], [one, two, two]):
        with refuses(Untrusted, "record-items-missing"):
            match_items(opened(world, assemble(head, audit, *items, *wrapped_keys)), world.payload)


def test_attack_wrapped_keys_of_a_record_swapped_dropped_or_added_are_refused(refuses, world):
    *front, one, two = separated(world)
    item, key = world.item_ids[1], world.sks["MEDICAL"]
    with refuses(Untrusted, "seal-broken"):
        open_named_wrapped_key(
            opened(world, assemble(*front, two, one)), world.payload, item, world.clinic, key
        )
    for wrapped_keys in ([one], [one, two, two]):
        record = opened(world, assemble(*front, *wrapped_keys))
        with refuses(Untrusted, "record-wrapped-keys-missing"):
            open_named_wrapped_key(record, world.payload, item, world.clinic, key)


def test_attack_wrapped_key_layer_of_another_section_does_not_open(refuses, world):
    with refuses(Untrusted, "seal-broken"):
        open_named_wrapped_key(
            opened(world), world.payload, world.item_ids[0], world.clinic, world.sks["MEDICAL"]
        )


def test_attack_hub_key_holder_puts_another_wrapped_key_under_the_layer(refuses, world):
    wrapped_key, other = (world.wrapped_keys[world.item_ids[0], to] for to in (world.core, world.clinic))
    key = world.sks["BASIC"]
    forged = sealing.seal(key, lp("kh/shred/v1", sha256(wrapped_key)), other)
    with refuses(Untrusted, "wrapped-key-layer-digest"):
        open_wrapped_key_layer(key, sha256(wrapped_key), forged)


def test_a_wrapped_key_that_the_payload_does_not_name_is_not_found(refuses, world):
    with refuses(NotFound, "no-such-wrapped-key"):
        open_named_wrapped_key(opened(world), world.payload, world.item_ids[0], OTHER, world.sks["BASIC"])


def test_keys_that_were_not_given_are_not_found(refuses, world):
    with refuses(NotFound, "shred-key-not-given"):
        world.keys.sk(world.case, "RISK")
    assert world.ck.hex() not in repr(world.keys)
    assert repr(world.ck) not in repr(world.keys)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"epoch": 2}, id="another epoch"),
        pytest.param({"originator": OTHER}, id="another originator"),
        pytest.param({"hub": bytes(32)}, id="another hub"),
    ],
)
def test_attack_audit_wrapped_key_moved_to_another_place_does_not_open(refuses, world, change):
    wrapped_key = open_audit_layer(world.sks["control"], opened(world).audit_wrapped_key)
    place = {"hub": world.hub, "originator": world.case, "epoch": 1} | change
    with refuses(Untrusted, "wrapped-key-broken"):
        open_audit_wrapped_key(kem=world.audit_kem, wrapped_key=wrapped_key, **place)


def test_attack_audit_wrapped_key_changed_or_read_without_the_hub_is_refused(refuses, world):
    layer = opened(world).audit_wrapped_key
    for key, forged in (
        (world.sks["control"], bytes(32) + layer[32:]),
        (world.sks["control"], layer[:-1] + bytes([layer[-1] ^ 1])),
        (world.sks["BASIC"], layer),
    ):
        with refuses(Untrusted, "seal-broken"):
            open_audit_layer(key, forged)
    with refuses(Malformed, "audit-layer-size"):
        open_audit_layer(world.sks["control"], layer[:-1])
    with refuses(Malformed, "audit-wrapped-key-length"):
        open_audit_wrapped_key(
            kem=world.audit_kem, hub=world.hub, originator=world.case, epoch=1, wrapped_key=b""
        )


ITEM, WRAPPED_KEY, AUDIT = (3, bytes(328)), (4, bytes(1240)), (2, bytes(1272))
CONTROL = (1, bytes(328))


@pytest.mark.parametrize(
    ("state", "error_code"),
    [
        pytest.param(b"", "record-truncated", id="nothing"),
        pytest.param(assemble(CONTROL, magic=b"KHR2"), "record-magic", id="another form"),
        pytest.param(assemble(CONTROL, suite=2), "record-suite", id="unknown suite"),
        pytest.param(assemble(CONTROL, epoch=0), "record-epoch", id="epoch nought"),
        pytest.param(assemble(), "record-part-count", id="no parts"),
        pytest.param(assemble(*[CONTROL] * 323), "record-part-count", id="too many parts"),
        pytest.param(assemble(CONTROL, (5, b"")), "record-part-kind", id="unknown kind"),
        pytest.param(assemble((0, b"")), "record-part-kind", id="kind nought"),
        pytest.param(assemble(ITEM, CONTROL), "record-part-order", id="control behind an item"),
        pytest.param(
            assemble(CONTROL, WRAPPED_KEY, ITEM), "record-part-order", id="item behind a wrapped key"
        ),
        pytest.param(assemble(ITEM), "record-control-count", id="no control"),
        pytest.param(assemble(CONTROL, CONTROL), "record-control-count", id="control twice"),
        pytest.param(assemble(CONTROL, AUDIT, AUDIT), "record-audit-count", id="two audit wrapped keys"),
        pytest.param(assemble(CONTROL, *[ITEM] * 65), "record-kind-count", id="65 items"),
        pytest.param(assemble(CONTROL, *[WRAPPED_KEY] * 257), "record-kind-count", id="257 wrapped keys"),
        pytest.param(assemble(CONTROL, (2, bytes(1271))), "record-audit-size", id="short audit wrapped key"),
        pytest.param(assemble(CONTROL, (3, bytes(327))), "record-item-size", id="short item"),
        pytest.param(assemble(CONTROL, (3, bytes(16_385))), "record-item-size", id="item for the store"),
        pytest.param(assemble(CONTROL, (4, bytes(1241))), "record-wrapped-key-size", id="long wrapped key"),
        pytest.param(assemble(CONTROL) + b"\0", "record-trailing", id="a byte more"),
        pytest.param(bytes(1536 * 1024 + 1), "record-size", id="more than 1.5 MiB"),
    ],
)
def test_attack_record_of_another_form_is_refused(refuses, world, state, error_code):
    with refuses(Malformed, error_code):
        list_parts(state)
    with refuses(Malformed, error_code):
        opened(world, state)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\0\0\0", id="half a length"),
        pytest.param(b"\0\0\0\0", id="no JSON"),
        pytest.param(b"\0\0\0\3{}", id="longer than it is"),
    ],
)
def test_a_body_of_another_form_is_refused(refuses, world, body):
    context = lp("kh/ctl/v1", world.hub, world.case, 1)
    state = assemble((1, sealing.seal(world.ck, context, sealing.pad(body))))
    with refuses(Malformed, "body-length"):
        opened(world, state)


def test_records_that_list_parts_would_refuse_are_not_built(refuses, world):
    with refuses(Malformed, "wrapped-key-size"):
        world.record(wrapped_keys=[("BASIC", bytes(1167))])
    with refuses(Malformed, "record-item-size"):
        world.record(items=[b"too short"])
    with refuses(NotFound, "control-key-not-given"):
        world.record(epoch=2)
    with refuses(Malformed, "record-size"):
        build_record(
            hub=world.hub,
            originator=world.case,
            version=1,
            epoch=1,
            keys=world.keys,
            body_json=bytes(1536 * 1024),
            scope=world.case,
        )
