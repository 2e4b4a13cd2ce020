"""LP, canonical JSON, text forms, padding, sealing: bytes before anything is signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Malformed, Untrusted
from keys import canonical, sealing
from keys.lp import lp

ID = UUID("00112233-4455-6677-8899-aabbccddeeff")


def test_lp_is_label_zero_count_then_length_and_bytes_of_each():
    assert lp("kh/x/v1", b"ab", "あ", 5, ID) == (
        b"kh/x/v1\0\0\x04\0\0\0\x02ab\0\0\0\x03\xe3\x81\x82\0\0\0\x08\0\0\0\0\0\0\0\x05\0\0\0\x10" + ID.bytes
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_attack_lp_elements_shifted_over_a_boundary_are_other_bytes(one, other):
    assert (lp("kh/x/v1", *one) == lp("kh/x/v1", *other)) == (one == other)


@pytest.mark.parametrize(
    ("label", "elements", "error_code"),
    [
        pytest.param("", (), "lp-label", id="no label"),
        pytest.param("kh\0x", (), "lp-label", id="zero byte in the label"),
        pytest.param("架", (), "lp-label", id="label not ASCII"),
        pytest.param("kh/x", (b"",) * 65_536, "lp-count", id="too many elements"),
        pytest.param("kh/x", (-1,), "lp-element", id="negative"),
        pytest.param("kh/x", (1 << 64,), "lp-element", id="beyond 64 bits"),
        pytest.param("kh/x", (True,), "lp-element", id="a truth value is no integer"),
        pytest.param("kh/x", (1.5,), "lp-element", id="a float"),
        pytest.param("kh/x", ("\ud800",), "lp-text", id="lone surrogate"),
    ],
)
def test_lp_refuses_labels_and_elements_without_an_encoding(refuses, label, elements, error_code):
    with refuses(Malformed, error_code):
        lp(label, *elements)


def test_canonical_json_has_sorted_keys_plain_text_and_no_spaces():
    class Element(StrEnum):
        A = "語"

    value = {"z": [1, (True, None)], "あ": Element.A, "a": {"b": -(2**53) + 1}, "é": "\x7f\u2028\n\x01/"}
    data = canonical.encode(value)
    assert data == (
        '{"a":{"b":-9007199254740991},"z":[1,[true,null]],"é":"\x7f\u2028\\n\\u0001/","あ":"語"}'.encode()
    )
    assert canonical.parse(data) == {**value, "z": [1, [True, None]]}


DEEP = b"[" * 16 + b"]" * 16


@pytest.mark.parametrize(
    ("data", "error_code"),
    [
        pytest.param(b'{"a":1,"a":1}', "json-duplicate-key", id="duplicate key"),
        pytest.param(b'{"a":1,"\\u0061":2}', "json-duplicate-key", id="duplicate key, escaped"),
        pytest.param(b"1.5", "json-float", id="fraction"),
        pytest.param(b"1e3", "json-float", id="exponent"),
        pytest.param(b"NaN", "json-float", id="NaN"),
        pytest.param(b"-Infinity", "json-float", id="Infinity"),
        pytest.param(b"-0", "json-not-canonical", id="minus nought"),
        pytest.param(b"9007199254740992", "json-integer-range", id="2^53"),
        pytest.param(b"-9007199254740992", "json-integer-range", id="-2^53"),
        pytest.param(b"1" * 23, "json-integer-length", id="23 digits"),
        pytest.param(b"1" * 5000, "json-integer-length", id="5,000 digits"),
        pytest.param(b'"\\ud800"', "json-surrogate", id="lone surrogate"),
        pytest.param(b"\xff", "json-utf8", id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf1", "json-syntax", id="byte order mark"),
        pytest.param(b"", "json-syntax", id="nothing"),
        pytest.param(b"01", "json-syntax", id="leading nought"),
        pytest.param("１".encode(), "json-syntax", id="digit of another script"),
        pytest.param(b"1 ", "json-not-canonical", id="space"),
        pytest.param(b'{"b":1,"a":1}', "json-not-canonical", id="keys not sorted"),
        pytest.param(b'"\\/"', "json-not-canonical", id="needless escape"),
        pytest.param(b'"\\u3042"', "json-not-canonical", id="escaped letter"),
        pytest.param(b'"\\u001F"', "json-not-canonical", id="upper-case escape"),
        pytest.param(b"[" + DEEP + b"]", "json-depth", id="17 deep"),
        pytest.param(b"[" * 100_000, "json-nesting", id="100,000 deep"),
    ],
)
def test_attack_ambiguous_json_is_refused(refuses, data, error_code):
    with refuses(Malformed, error_code):
        canonical.parse(data)


def test_json_nested_sixteen_levels_deep_is_accepted():
    assert canonical.encode(canonical.parse(DEEP)) == DEEP


@pytest.mark.parametrize(
    ("value", "error_code"),
    [
        pytest.param(1.0, "json-type", id="float"),
        pytest.param({1: 2}, "json-key", id="key not text"),
        pytest.param([b""], "json-type", id="bytes"),
        pytest.param(1 << 53, "json-integer-range", id="2^53"),
        pytest.param({"a": "\udfff"}, "json-surrogate", id="lone surrogate"),
    ],
)
def test_values_without_a_canonical_form_are_not_encoded(refuses, value, error_code):
    with refuses(Malformed, error_code):
        canonical.encode(value)


TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
LEAVES = st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | TEXT


@settings(max_examples=60, deadline=None)
@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=8))
def test_encoded_json_parses_to_the_same_value(value):
    assert canonical.parse(canonical.encode(value)) == value


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=24) | st.text('[]{}",:01e.-\\u ab', max_size=24).map(str.encode))
def test_any_bytes_parse_to_a_value_that_encodes_to_them_or_are_refused(data):
    try:
        value = canonical.parse(data)
    except Malformed:
        return
    assert canonical.encode(value) == data


def test_text_forms_survive_formatting_and_parsing():
    noon = datetime(2026, 4, 1, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=9)))
    assert canonical.format_time(noon) == "2026-04-01T03:00:00.000001Z"
    assert canonical.parse_time("2026-04-01T03:00:00.000001Z") == noon
    assert canonical.parse_time("0001-01-01T00:00:00.000000Z") == datetime(1, 1, 1, tzinfo=UTC)
    assert canonical.parse_uuid(str(ID)) == ID
    assert canonical.parse_digest("ab" * 32) == b"\xab" * 32
    assert canonical.to_hex(b"\xab") == "ab"
    assert canonical.parse_hex("ab") == b"\xab"


@pytest.mark.parametrize(
    ("parse", "text", "error_code"),
    [
        pytest.param(canonical.parse_digest, "AB" * 32, "digest-form", id="upper-case digest"),
        pytest.param(canonical.parse_digest, "ab" * 31, "digest-form", id="short digest"),
        pytest.param(canonical.parse_digest, None, "digest-form", id="no digest"),
        pytest.param(canonical.parse_digest, "ab" * 32 + "\n", "digest-form", id="line end after digest"),
        pytest.param(canonical.parse_hex, "AB", "hex-form", id="upper-case hex"),
        pytest.param(canonical.parse_hex, "a", "hex-form", id="half a byte"),
        pytest.param(canonical.parse_hex, 1, "hex-form", id="no text"),
        pytest.param(lambda text: canonical.parse_hex(text, 2), "ab", "hex-length", id="other length"),
        pytest.param(canonical.parse_uuid, str(ID).upper(), "uuid-form", id="upper-case UUID"),
        pytest.param(canonical.parse_uuid, ID.hex, "uuid-form", id="UUID without hyphens"),
        pytest.param(canonical.parse_uuid, "{" + str(ID) + "}", "uuid-form", id="UUID in braces"),
        pytest.param(canonical.parse_uuid, "x", "uuid-form", id="no UUID"),
        pytest.param(canonical.parse_uuid, 7, "uuid-form", id="a number"),
        pytest.param(canonical.parse_time, "2026-04-01T03:00:00Z", "time-form", id="no fraction"),
        pytest.param(canonical.parse_time, "2026-04-01T03:00:00.000000+00:00", "time-form", id="offset"),
        pytest.param(canonical.parse_time, "2026-04-01T03:00:00.00000１Z", "time-form", id="other digits"),
        pytest.param(canonical.parse_time, "2026-02-30T03:00:00.000000Z", "time-value", id="30 February"),
        pytest.param(canonical.parse_time, "2026-04-01T03:00:60.000000Z", "time-value", id="leap second"),
        pytest.param(canonical.parse_time, 0, "time-form", id="a number for a time"),
        pytest.param(canonical.format_time, datetime(2026, 4, 1), "time-naive", id="naive"),  # noqa: DTZ001
    ],
)
def test_other_text_forms_are_malformed(refuses, parse, text, error_code):
    with refuses(Malformed, error_code):
        parse(text)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300_000))
def test_padding_reveals_a_length_to_within_one_part_in_eight_only(length):
    size = sealing.padded_size(length)
    assert 4 + length <= size < (4 + length) * 9 / 8 + 256
    assert sealing.padded_size(size - 4) == size
    padded = sealing.pad(bytes(length))
    assert len(padded) == size
    assert sealing.unpad(padded) == bytes(length)


@pytest.mark.parametrize(
    ("padded", "error_code"),
    [
        pytest.param(b"", "pad-length", id="nothing"),
        pytest.param(b"\0\0\0", "pad-length", id="half a length"),
        pytest.param(sealing.pad(b"abc") + bytes(256), "pad-length", id="longer than needed"),
        pytest.param(sealing.pad(b"abc")[:-1], "pad-length", id="shorter than due"),
        pytest.param(b"\xff\xff\xff\xff" + bytes(252), "pad-length", id="length beyond the text"),
        pytest.param(sealing.pad(b"abc")[:-1] + b"\1", "pad-zeros", id="something in the padding"),
        pytest.param(b"\0\0\0\2" + sealing.pad(b"abc")[4:], "pad-zeros", id="text beyond the length"),
    ],
)
def test_attack_hidden_text_in_padding_is_refused(refuses, padded, error_code):
    with refuses(Malformed, error_code):
        sealing.unpad(padded)


@pytest.mark.parametrize("length", [0, 1, 16_383, 16_384, 16_385, 70_000])
def test_sealed_text_opens_and_has_the_computed_size(length):
    key = sealing.new_key()
    sealed = sealing.seal(key, b"here", bytes(length))
    assert len(sealed) == sealing.sealed_size(length)
    assert sealing.open_sealed(key, b"here", sealed) == bytes(length)


def test_attack_sealed_bytes_at_another_place_or_under_another_key_do_not_open(refuses):
    sealed = sealing.seal(bytes(32), b"here", b"text")
    for key, context in ((bytes(32), b"there"), (b"\1" * 32, b"here")):
        with refuses(Untrusted, "seal-broken"):
            sealing.open_sealed(key, context, sealed)


def test_attack_chunks_of_a_sealed_text_swapped_or_cut_off_are_refused(refuses):
    sealed = sealing.seal(bytes(32), b"", b"a" * 16_384 + b"b" * 16_384 + b"c")
    head, one, two, rest = sealed[:56], sealed[56:16_456], sealed[16_456:32_856], sealed[32_856:]
    for forged in (head + two + one + rest, head + one + two, head + one + one + two + rest, head + rest):
        with refuses(Untrusted, "seal-broken"):
            sealing.open_sealed(bytes(32), b"", forged)


def test_a_sealing_key_of_another_length_is_refused(refuses):
    with refuses(Malformed, "key-length"):
        sealing.seal(bytes(31), b"", b"")
    with refuses(Malformed, "key-length"):
        sealing.open_sealed(bytes(33), b"", bytes(72))
