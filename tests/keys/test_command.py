"""The payload of a command, and the request that carries it."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from uuid import UUID

import pytest

from domain.errors import Malformed, Untrusted
from domain.events import Kind
from domain.record import AUDIT, REGISTRARS, About
from keys import canonical
from keys.command import encode_command, parse_command
from keys.frame import COMMAND, parse_frame, sign, verify
from keys.lp import ZEROS
from keys.request import encode_request, match_parts, parse_request

OTHER = UUID("99999999-9999-4999-8999-999999999999")


def test_a_command_survives_encoding_and_parsing(world):
    assert parse_command(world.payload_bytes) == world.payload
    assert set(json.loads(world.payload_bytes)) == {
        *("v", "suite", "hub", "about", "command_id", "by", "actor", "act", "created_at", "occurred_at"),
        *("not_after", "fields", "items", "wrapped_keys", "keyset", "prev"),
    }


def test_the_registrars_and_the_audit_office_send_commands_too(world):
    for by, keyset in ((REGISTRARS, ZEROS), (AUDIT, world.hub)):
        command = world.command(
            by=by,
            keyset=keyset,
            items=(),
            wrapped_keys=(),
            about=About(Kind.LOG, OTHER),
            occurred_at=None,
            act="key_set.revoked",
        )
        assert parse_command(encode_command(command)) == command


def test_the_audit_office_may_be_a_recipient_or_the_author_of_an_item(world):
    wrapped_keys = tuple(
        dataclasses.replace(one, to=AUDIT) if one.to == world.core else one
        for one in world.payload.wrapped_keys
    )
    command = world.command(by=AUDIT, wrapped_keys=wrapped_keys)
    assert parse_command(encode_command(command)) == command


def test_a_rewrap_carries_wrapped_keys_for_items_of_another_frame(world):
    command = world.command(act="items.rewrapped", items=())
    assert parse_command(encode_command(command)) == command


BAD_DIGESTS = ["", "AB" * 32, "ab" * 31, None, 7]
BAD_IDS = ["", "x", "00112233445566778899aabbccddeeff", None, 7]
BAD_TIMES = ["2026-04-01T03:00:00Z", "2026-02-30T03:00:00.000000Z", 0]


def cases(error_code, path, values):
    return [
        pytest.param(path, value, error_code, id=f"{error_code} {number}")
        for number, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("path", "value", "error_code"),
    [
        *cases("command-v", ("v",), [0, 2, "1", True, None]),
        *cases("command-suite", ("suite",), [0, 2, "1", True, None]),
        *cases("command-hub", ("hub",), BAD_DIGESTS),
        *cases("command-about-keys", ("about",), [{}, None, {"kind": "case", "id": str(OTHER), "x": 1}]),
        *cases("unknown-kind", ("about", "kind"), ["house", "rules"]),
        *cases("command-about-kind", ("about", "kind"), ["", "Case", "a b", "a" * 33, None]),
        *cases("command-about-id", ("about", "id"), BAD_IDS),
        *cases("command-id", ("command_id",), BAD_IDS),
        *cases("command-by", ("by",), [*BAD_IDS, "HUB", "registrars", ["AUDIT"]]),
        *cases("command-actor", ("actor",), ["", "山田", "a b", "a" * 65, None]),
        *cases("command-act", ("act",), ["", "Provide", "a..b", "a.b.c.d", "a b", None]),
        *cases("command-created-at", ("created_at",), [*BAD_TIMES, None]),
        *cases("command-occurred-at", ("occurred_at",), BAD_TIMES),
        *cases("command-not-after", ("not_after",), [*BAD_TIMES, None]),
        *cases("command-fields", ("fields",), [None, [], "x"]),
        *cases("command-items", ("items",), [None, {}, [{}] * 65]),
        *cases("command-wrapped-keys", ("wrapped_keys",), [None, {}, [{}] * 257]),
        *cases("command-keyset", ("keyset",), BAD_DIGESTS),
        *cases("command-prev", ("prev",), BAD_DIGESTS),
        *cases("item-keys", ("items", 0), [{}, None, []]),
        *cases("item-id", ("items", 0, "item"), BAD_IDS),
        *cases("item-section", ("items", 0, "section"), ["", "basic", "a" * 49, None]),
        *cases("item-flags", ("items", 0, "flags"), [None, ["B", "A"], ["A", "A"], ["a"], [1], ["A"] * 17]),
        *cases("item-schema", ("items", 0, "schema"), ["", "Text/v1", "text v1", "a" * 65, None]),
        *cases("item-size", ("items", 0, "size"), [327, -1, 25 * 1024 * 1024 + 1, "328", True, None]),
        *cases("item-storage", ("items", 0, "storage"), ["", "Inline", None, ["inline"]]),
        *cases("item-kc", ("items", 0, "kc"), BAD_DIGESTS),
        *cases("item-digest", ("items", 0, "digest"), BAD_DIGESTS),
        *cases("wrapped-key-keys", ("wrapped_keys", 0), [{}, None, []]),
        *cases("wrapped-key-item", ("wrapped_keys", 0, "item"), BAD_IDS),
        *cases("wrapped-key-to", ("wrapped_keys", 0, "to"), [*BAD_IDS, "REGISTRARS", "audit"]),
        *cases("wrapped-key-kid", ("wrapped_keys", 0, "kid"), BAD_DIGESTS),
        *cases("wrapped-key-digest", ("wrapped_keys", 0, "digest"), BAD_DIGESTS),
    ],
)
def test_each_field_of_another_form_is_refused_with_its_own_error_code(
    refuses, world, path, value, error_code
):
    document = json.loads(world.payload_bytes)
    at = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with refuses(Malformed, error_code):
        parse_command(canonical.encode(document))


@pytest.mark.parametrize("path", [(), ("about",), ("items", 0), ("wrapped_keys", 0)], ids=str)
def test_attack_an_unknown_or_missing_key_is_refused(world, path):
    names = {
        (): "command",
        ("about",): "command-about",
        ("items", 0): "item",
        ("wrapped_keys", 0): "wrapped-key",
    }
    for change in ("more", "less"):
        document = json.loads(world.payload_bytes)
        at = document
        for step in path:
            at = at[step]
        if change == "more":
            at["extra"] = None
        else:
            del at[sorted(at)[0]]
        with pytest.raises(Malformed) as caught:
            parse_command(canonical.encode(document))
        assert caught.value.error_code == f"{names[path]}-keys"


def test_a_payload_that_is_no_object_is_malformed(refuses):
    with refuses(Malformed, "command-keys"):
        parse_command(b"[]")


def test_a_payload_of_more_than_256_kib_is_refused(refuses):
    with refuses(Malformed, "command-size"):
        parse_command(bytes(256 * 1024 + 1))


def flipped(part):
    return part[:-1] + bytes([part[-1] ^ 1])


def changed(world, **changes):
    return encode_command(world.command(**changes))


def test_attack_item_named_twice_is_refused(refuses, world):
    items, wrapped_keys = world.payload.items, world.payload.wrapped_keys
    with refuses(Malformed, "repeated-item"):
        changed(world, items=(*items, dataclasses.replace(items[0], digest=bytes(32))))
    with refuses(Malformed, "repeated-item-digest"):
        changed(world, items=(items[0], dataclasses.replace(items[1], digest=items[0].digest)))
    with refuses(Malformed, "repeated-wrapped-key"):
        changed(world, wrapped_keys=(*wrapped_keys, dataclasses.replace(wrapped_keys[0], digest=bytes(32))))
    with refuses(Malformed, "repeated-wrapped-key-digest"):
        changed(
            world,
            wrapped_keys=(
                *wrapped_keys[:-1],
                dataclasses.replace(wrapped_keys[-1], digest=wrapped_keys[0].digest),
            ),
        )


def test_attack_wrapped_key_of_an_item_not_named_is_refused(refuses, world):
    wrapped_keys = world.payload.wrapped_keys
    with refuses(Malformed, "wrapped-key-without-item"):
        changed(
            world,
            wrapped_keys=(*wrapped_keys, dataclasses.replace(wrapped_keys[0], item=OTHER, digest=bytes(32))),
        )


def test_every_item_is_wrapped_to_its_author(refuses, world):
    wrapped_keys = tuple(one for one in world.payload.wrapped_keys if one.to != world.core)
    with refuses(Malformed, "item-without-author-wrapped-key"):
        changed(world, wrapped_keys=wrapped_keys)
    with refuses(Malformed, "item-without-author-wrapped-key"):
        changed(world, wrapped_keys=())


def test_items_over_16_kib_use_the_store_and_smaller_ones_are_inline(refuses, world):
    first, second = world.payload.items
    large = dataclasses.replace(first, size=16 * 1024 + 1, storage="store")
    command = world.command(items=(large, second))
    assert parse_command(encode_command(command)) == command
    for bad in (dataclasses.replace(large, storage="inline"), dataclasses.replace(first, storage="store")):
        with refuses(Malformed, "item-storage-size"):
            changed(world, items=(bad, second))


def test_attack_registrars_act_with_items_or_with_a_key_set_is_refused(refuses, world):
    with refuses(Malformed, "registrars-items"):
        changed(world, by=REGISTRARS, keyset=ZEROS)
    with refuses(Malformed, "registrars-keyset"):
        changed(world, by=REGISTRARS, items=(), wrapped_keys=())


def test_a_rewrap_has_wrapped_keys_and_no_items(refuses, world):
    for changes in ({}, {"items": (), "wrapped_keys": ()}):
        with refuses(Malformed, "rewrap-form"):
            changed(world, act="items.rewrapped", **changes)


def test_not_after_may_not_precede_created_at(refuses, world):
    with refuses(Malformed, "command-times"):
        changed(world, not_after=world.noon - timedelta(microseconds=1))


def test_a_request_survives_encoding_and_its_parts_match_the_payload(world):
    request = parse_request(world.request)
    assert (request.frame_bytes, request.payload) == (world.frame_bytes, world.payload)
    assert request.parts == world.parts
    assert encode_request(request.frame_bytes, request.parts) == world.request
    verify(COMMAND, request.frame, [world.core_sig.public])
    matched = match_parts(request.payload, request.parts)
    assert matched.items == dict(zip(world.item_ids, (one.sealed for one in world.sealed), strict=True))
    assert matched.wrapped_keys == world.wrapped_keys


def test_items_in_the_store_are_not_parts_of_the_request(world):
    large = dataclasses.replace(world.payload.items[0], size=20_000, storage="store")
    command = world.command(items=(large, world.payload.items[1]))
    assert set(match_parts(command, world.parts[1:]).items) == {world.item_ids[1]}


def test_attack_part_left_out_is_refused(refuses, world):
    for place in range(len(world.parts)):
        with refuses(Untrusted, "part-missing"):
            match_parts(world.payload, world.parts[:place] + world.parts[place + 1 :])


def test_attack_part_added_is_refused(refuses, world):
    with refuses(Untrusted, "part-unnamed"):
        match_parts(world.payload, (*world.parts, world.parts[-1]))


def test_attack_items_of_a_request_swapped_or_changed_are_refused(refuses, world):
    one, two, *rest = world.parts
    for parts in ((two, one, *rest), (flipped(one), two, *rest)):
        with refuses(Untrusted, "item-part-digest"):
            match_parts(world.payload, parts)
    with refuses(Untrusted, "item-part-size"):
        match_parts(world.payload, (one + b"\0", two, *rest))


def test_attack_wrapped_keys_of_a_request_swapped_or_changed_are_refused(refuses, world):
    *front, one, two = world.parts
    for parts in ((*front, two, one), (*front, one, flipped(two))):
        with refuses(Untrusted, "wrapped-key-part-digest"):
            match_parts(world.payload, parts)
    with refuses(Untrusted, "wrapped-key-part-size"):
        match_parts(world.payload, (*front, one, two[:-1]))


def test_attack_parts_of_one_command_under_the_frame_of_another_are_refused(refuses, world):
    resealed = tuple(
        world.seal(i, section, content)
        for i, section, content in zip(world.item_ids, world.sections, world.contents, strict=True)
    )
    with refuses(Untrusted, "item-part-digest"):
        match_parts(world.payload, (*(one.sealed for one in resealed), *world.parts[2:]))


@pytest.mark.parametrize(
    ("data", "error_code"),
    [
        pytest.param(b"", "request-truncated", id="nothing"),
        pytest.param(b"KHQ2", "request-magic", id="another form"),
        pytest.param(bytes(1024 * 1024 + 1), "request-size", id="more than 1 MiB"),
        pytest.param(b"KHQ1\xff\xff\xff\xff", "request-truncated", id="a frame of four gigabytes"),
        pytest.param(b"KHQ1\0\0\0\0\x01\x41", "request-part-count", id="321 parts"),
    ],
)
def test_requests_of_another_form_are_refused(refuses, data, error_code):
    with refuses(Malformed, error_code):
        parse_request(data)


def test_attack_bytes_after_a_request_are_refused(refuses, world):
    with refuses(Malformed, "request-trailing"):
        parse_request(world.request + b"\0")


def test_a_request_over_1_mib_is_not_encoded(refuses, world):
    with refuses(Malformed, "request-too-long"):
        encode_request(world.frame_bytes, [bytes(1024 * 1024)])


def test_attack_signed_payload_in_another_json_form_is_refused(refuses, world):
    loose = json.dumps(json.loads(world.payload_bytes)).encode()
    frame = sign(COMMAND, loose, world.core_sig).encode()
    verify(COMMAND, parse_frame(frame), [world.core_sig.public])
    with refuses(Malformed, "json-not-canonical"):
        parse_request(encode_request(frame, world.parts))
