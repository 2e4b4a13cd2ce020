"""The hub's door against malformed and forged requests: each has its own error code and leaves no record."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.events import CommandRefused, DisclosureRefused, Kind, OpeningRefused
from domain.record import access_of, commission_of
from gateway.agency.door import SectionContent
from keys import canonical
from keys.frame import GENESIS, RECEIPT, Signature
from keys.request import MAX_REQUEST_BYTES
from keys.signing import SignatureKeys
from tests.gateway.hubkit import (
    FETCH,
    OPENING,
    RECEIVED,
    REFERRAL,
    HubWithCase,
    UnsignedRequest,
    frame_bytes,
    hub_with_case,
    request_bytes,
    sign_by,
    time_text,
)

PROBLEM = "application/problem+json"
MARK = "Zz-marked-by-the-sender-zZ"
NOT_FOUND = "not-found"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as new_hub:
        yield new_hub


def refused(hub: HubWithCase, data: bytes | UnsignedRequest, path: str = "/v1/commands") -> tuple[int, str]:
    """Send what must be refused without a trace; returns status and error code."""
    head = hub.head()
    answer = hub.post(data, path)
    assert hub.head() == head, f"recorded: {answer.text}"
    problem = answer.json()
    assert answer.headers["content-type"] == PROBLEM
    assert set(problem) == {"type", "title", "status", "category", "error_code", "detail", "detail_ja"}
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:kakehashi:problem:{problem['category']}:{problem['error_code']}"
    assert MARK not in answer.text
    assert hub.rehearsal_hub.canary not in answer.text
    return answer.status_code, problem["error_code"]


def test_the_unchanged_request_is_accepted(hub: HubWithCase) -> None:
    head = hub.head()
    answer = hub.post(hub.disclosure())
    assert (answer.status_code, answer.json()["outcome"]) == (200, "recorded")
    assert hub.head() == head + 1


# --- the payload ---------------------------------------------------------------------------------------

Change = Callable[[HubWithCase, dict], None]  # type: ignore[type-arg]


def put(key: str, value: object) -> Change:
    return lambda hub, p: p.update({key: value})


def drop(key: str) -> Change:
    return lambda hub, p: p.pop(key)


def field(key: str, value: object) -> Change:
    return lambda hub, p: p["fields"].update({key: value})


def of(what: str, key: str, value: object) -> Change:
    """Change one key of the first item or wrapped key."""
    return lambda hub, p: p[what][0].update({key: value})


def hours(key: str, n: float) -> Change:
    return lambda hub, p: p.update({key: time_text(hub.rehearsal_hub.now() + timedelta(hours=n))})


def twice(what: str) -> Change:
    return lambda hub, p: p[what].append(dict(p[what][0]))


def same(what: str, key: str) -> Change:
    return lambda hub, p: p[what][1].update({key: p[what][0][key]})


def keyset_of(code: str) -> Change:
    return lambda hub, p: p.update({"keyset": hub.door(code).keyset().hex()})


def by_agency(code: str) -> Change:
    return lambda hub, p: p.update({"by": str(hub.door(code).agency)})


def wrapped_key_for_its_author_only(hub: HubWithCase, p: dict) -> None:  # type: ignore[type-arg]
    mine = str(hub.door("MID-HOSP").agency)
    p["wrapped_keys"] = [w for w in p["wrapped_keys"] if w["to"] == mine]


def no_wrapped_key_for_its_author(hub: HubWithCase, p: dict) -> None:  # type: ignore[type-arg]
    mine = str(hub.door("MID-HOSP").agency)
    p["wrapped_keys"] = [w for w in p["wrapped_keys"] if w["to"] != mine]


WRONG_PAYLOADS: list[tuple[str, Change, int, str]] = [
    ("another format version", put("v", 2), 400, "command-v"),
    ("a version that is true", put("v", True), 400, "command-v"),
    ("another suite", put("suite", 2), 400, "command-suite"),
    ("a hub that is no digest", put("hub", MARK), 400, "command-hub"),
    ("another hub", put("hub", "ab" * 32), 401, "other-hub"),
    ("about nothing", put("about", None), 400, "command-about-keys"),
    ("about with more", put("about", {"kind": "case", "id": str(uuid4()), "x": MARK}), 400, "command-about-keys"),
    ("about a kind in capitals", put("about", {"kind": "CASE", "id": str(uuid4())}), 400, "command-about-kind"),
    ("about an unknown kind", put("about", {"kind": "house", "id": str(uuid4())}), 400, "unknown-kind"),
    ("about an agency", put("about", {"kind": "agency", "id": str(uuid4())}), 400, "wrong-kind"),
    ("about an id that is no UUID", put("about", {"kind": "case", "id": MARK}), 400, "command-about-id"),
    ("a command id that is no UUID", put("command_id", MARK), 400, "command-id"),
    ("a command id in capitals", put("command_id", str(uuid4()).upper().replace("0", "A")), 400, "command-id"),
    ("by a name", put("by", MARK), 400, "command-by"),
    ("by the hub", put("by", "HUB"), 400, "command-by"),
    ("by nobody known", put("by", str(uuid4())), 400, "item-without-author-wrapped-key"),
    ("an actor with a person's name", put("actor", "花子"), 400, "command-actor"),
    ("an actor that is no text", put("actor", 7), 400, "command-actor"),
    ("an act in capitals", put("act", "Do.It"), 400, "command-act"),
    ("an unknown act", put("act", "house.burnt"), 400, "unknown-act"),
    ("an act of the hub itself", put("act", "contractor.suspended"), 400, "unknown-act"),
    ("a refusal as a command", put("act", "disclosure.refused"), 400, "unknown-act"),
    ("the founding again", put("act", "hub.founded"), 400, "unknown-act"),
    ("a created_at without zone", put("created_at", "2025-05-12T01:00:00.000000"), 400, "command-created-at"),
    ("a created_at of no calendar", put("created_at", "2025-02-30T01:00:00.000000Z"), 400, "command-created-at"),
    ("an occurred_at that is a number", put("occurred_at", 5), 400, "command-occurred-at"),
    ("a not_after that is null", put("not_after", None), 400, "command-not-after"),
    ("not_after before created_at", hours("not_after", -1), 400, "command-times"),
    ("not_after in the past", lambda hub, p: (hours("created_at", -9)(hub, p), hours("not_after", -1)(hub, p)), 400, "too-late"),
    ("not_after eight days ahead", hours("not_after", 8 * 24), 400, "not-after-too-far"),
    ("fields that are a list", put("fields", []), 400, "command-fields"),
    ("a field missing", lambda hub, p: p["fields"].pop("purpose"), 400, "wrong-fields"),
    ("a field too many", field("colour", MARK), 400, "wrong-fields"),
    ("a field of the wrong type", field("weeks_pregnant", "20"), 400, "wrong-fields"),
    ("an unknown code", field("purpose", MARK), 400, "wrong-fields"),
    ("a list that is not sorted", field("to", [str(UUID(int=2)), str(UUID(int=1))]), 400, "wrong-fields"),
    ("a field twice in a set", lambda hub, p: p["fields"].update(to=p["fields"]["to"] * 2), 400, "wrong-fields"),
    ("who is held, brought along", field("held", []), 400, "hub-fields"),
    ("items, brought as a field", field("items", []), 400, "hub-fields"),
    ("where it is placed, brought along", field("placed", None), 400, "hub-fields"),
    ("items that are an object", put("items", {}), 400, "command-items"),
    ("65 items", lambda hub, p: p.update(items=p["items"] * 33), 400, "command-items"),
    ("257 wrapped keys", lambda hub, p: p.update(wrapped_keys=p["wrapped_keys"] * 65), 400, "command-wrapped-keys"),
    ("an item twice", twice("items"), 400, "repeated-item"),
    ("two items with one digest", same("items", "digest"), 400, "repeated-item-digest"),
    ("a wrapped key twice", twice("wrapped_keys"), 400, "repeated-wrapped-key"),
    ("two wrapped keys with one digest", same("wrapped_keys", "digest"), 400, "repeated-wrapped-key-digest"),
    ("an item with a key too many", of("items", "name", MARK), 400, "item-keys"),
    ("an item that is no UUID", of("items", "item", MARK), 400, "item-id"),
    ("a section in small letters", of("items", "section", "basic"), 400, "item-section"),
    ("a section that is not known", of("items", "section", "GARDEN"), 400, "wrong-fields"),
    ("flags that are not sorted", of("items", "flags", ["SENSITIVE", "CHILD_STATEMENT"]), 400, "item-flags"),
    ("a flag that is not known", of("items", "flags", ["GARDEN"]), 400, "wrong-fields"),
    ("a schema with a space", of("items", "schema", "text v1"), 400, "item-schema"),
    ("a size of nought", of("items", "size", 0), 400, "item-size"),
    ("a size that is text", of("items", "size", "328"), 400, "item-size"),
    ("stored elsewhere", of("items", "storage", "attic"), 400, "item-storage"),
    ("a small item kept in the store", of("items", "storage", "store"), 400, "item-storage-size"),
    ("a commitment too short", of("items", "kc", "ab"), 400, "item-kc"),
    ("a digest that is none", of("items", "digest", MARK), 400, "item-digest"),
    ("a wrapped key with a key missing", lambda hub, p: p["wrapped_keys"][0].pop("kid"), 400, "wrapped-key-keys"),
    ("a wrapped key of no item here", of("wrapped_keys", "item", str(uuid4())), 400, "wrapped-key-without-item"),
    ("a wrapped key to a name", of("wrapped_keys", "to", MARK), 400, "wrapped-key-to"),
    ("a kid that is none", of("wrapped_keys", "kid", MARK), 400, "wrapped-key-kid"),
    ("a wrapped key digest that is none", of("wrapped_keys", "digest", MARK), 400, "wrapped-key-digest"),
    ("no wrapped key for its author", no_wrapped_key_for_its_author, 400, "item-without-author-wrapped-key"),
    ("a keyset that is none", put("keyset", MARK), 400, "command-keyset"),
    ("a keyset that was never published", put("keyset", "cd" * 32), 401, "key-set-not-in-force"),
    ("another agency's keyset", keyset_of("AZ-CORE"), 401, "key-set-not-in-force"),
    ("keyset zeros", put("keyset", "00" * 32), 401, "key-set-not-in-force"),
    ("a prev that is none", put("prev", MARK), 400, "command-prev"),
    ("a prev that was never recorded", put("prev", "ef" * 32), 409, "prev-unknown"),
    ("a key of the payload missing", drop("prev"), 400, "command-keys"),
    ("a key of the payload too many", put("note", MARK), 400, "command-keys"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status", "error_code"), [w[1:] for w in WRONG_PAYLOADS], ids=[w[0] for w in WRONG_PAYLOADS]
)
def test_each_wrong_field_of_a_payload_is_refused_with_its_own_error_code(
    change: Change, status: int, error_code: str, hub: HubWithCase
) -> None:
    unsigned = hub.disclosure()
    change(hub, unsigned.payload)
    if len(unsigned.payload["wrapped_keys"]) < 4:
        mine = str(hub.door("MID-HOSP").agency)
        kept = [w["to"] == mine for w in hub.disclosure().payload["wrapped_keys"]]
        unsigned.parts = unsigned.parts[:2] + [
            p for p, own in zip(unsigned.parts[2:], kept, strict=True) if not own
        ]
    assert refused(hub, unsigned) == (status, error_code)


def test_error_codes_of_a_payload_are_different_for_each_condition() -> None:
    """Where two conditions share an error code it is one key that is wrong in two ways: the caller mends the same."""
    shared = {f for _, _, _, f in WRONG_PAYLOADS if [w[3] for w in WRONG_PAYLOADS].count(f) > 1}
    assert shared == {
        "command-v", "command-keys", "command-about-keys", "command-id", "command-by", "command-actor", "unknown-act",
        "command-created-at", "wrong-fields", "hub-fields", "command-items", "item-size", "key-set-not-in-force",
        "item-without-author-wrapped-key",
    }  # fmt: skip
    assert len({f for _, _, _, f in WRONG_PAYLOADS}) > 45


@pytest.mark.parametrize(
    ("spoil", "error_code"),
    [
        pytest.param(lambda p: p.replace(b'"v":1', b'"v": 1'), "json-not-canonical", id="a space"),
        pytest.param(lambda p: p.replace(b'"v":1', b'"v":1,"v":1'), "json-duplicate-key", id="a key twice"),
        pytest.param(lambda p: p.replace(b'"v":1', b'"v":1.0'), "json-float", id="a fraction"),
        pytest.param(lambda p: p.replace(b'"v":1', b'"v":NaN'), "json-float", id="not a number"),
        pytest.param(
            lambda p: p.replace(b'"v":1', b'"v":' + b"9" * 16), "json-integer-range", id="a number over 2^53"
        ),
        pytest.param(
            lambda p: p.replace(b'"v":1', b'"v":' + b"1" * 4000),
            "json-integer-length",
            id="a very long number",
        ),
        pytest.param(lambda p: p.replace(b"SUPPORT", b"\\ud800"), "json-surrogate", id="half a character"),
        pytest.param(lambda p: p.replace(b"SUPPORT", b"\xff"), "json-utf8", id="no UTF-8"),
        pytest.param(lambda p: p[:-1], "json-syntax", id="cut short"),
        pytest.param(lambda p: b"[" * 5000, "json-nesting", id="very deep"),
        pytest.param(lambda p: b"[" * 17 + b"]" * 17, "json-depth", id="17 deep"),
        pytest.param(lambda p: b"7", "command-keys", id="a number only"),
    ],
)
def test_signed_bytes_that_are_not_canonical_json_are_refused(
    spoil: Callable[[bytes], bytes], error_code: str, hub: HubWithCase
) -> None:
    payload = spoil(canonical.encode(hub.disclosure().payload))
    keys = hub.sig("MID-HOSP")
    data = request_bytes(frame_bytes(payload, sign_by(keys, payload)), hub.disclosure().parts)
    assert refused(hub, data) == (400, error_code)


# --- the signatures ----------------------------------------------------------------------------------------

Signatures = list[Signature]


def flipped(data: bytes, at: int = -1) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def spoilt(which: int) -> Callable[[HubWithCase, bytes, Signatures], Signatures]:
    def change(hub: HubWithCase, payload: bytes, original_signatures: Signatures) -> Signatures:
        original_signatures[which] = replace(
            original_signatures[which], value=flipped(original_signatures[which].value)
        )
        return original_signatures

    return change


def signature_half_of_another(
    which: int, code: str, *, own_name: bool
) -> Callable[[HubWithCase, bytes, Signatures], Signatures]:
    """One of the two by another agency's key, under its own name or under the sender's."""

    def change(hub: HubWithCase, payload: bytes, original_signatures: Signatures) -> Signatures:
        other = sign_by(hub.sig(code), payload)[which]
        original_signatures[which] = (
            other if own_name else replace(other, key_id=original_signatures[which].key_id)
        )
        return original_signatures

    return change


def over_another_payload(which: int) -> Callable[[HubWithCase, bytes, Signatures], Signatures]:
    def change(hub: HubWithCase, payload: bytes, original_signatures: Signatures) -> Signatures:
        original_signatures[which] = sign_by(hub.sig("MID-HOSP"), payload + b" ")[which]
        return original_signatures

    return change


WRONG_SIGNATURES = [
    ("none", lambda hub, p, s: [], 400, "frame-signature-count"),
    ("the second missing", lambda hub, p, s: s[:1], 400, "frame-signature-count"),
    ("the first missing", lambda hub, p, s: s[1:], 400, "frame-signature-count"),
    ("one too many", lambda hub, p, s: [*s, s[0]], 400, "frame-signature-count"),
    ("four signers", lambda hub, p, s: s * 4, 400, "frame-signature-count"),
    ("everything twice", lambda hub, p, s: s * 2, 401, "signature-count"),
    ("another agency's signatures added", lambda hub, p, s: [*s, *sign_by(hub.sig("AZ-CORE"), p)], 401, "signature-count"),
    ("swapped", lambda hub, p, s: [s[1], s[0]], 401, "signature-algorithm"),
    ("the first twice", lambda hub, p, s: [s[0], s[0]], 401, "signature-algorithm"),
    ("by another agency", lambda hub, p, s: sign_by(hub.sig("AZ-CORE"), p), 401, "signature-key"),
    ("by a key nobody knows", lambda hub, p, s: sign_by(SignatureKeys.generate(), p), 401, "signature-key"),
    ("the first by another agency", signature_half_of_another(0, "AZ-CORE", own_name=True), 401, "signature-key"),
    ("the second by another agency", signature_half_of_another(1, "AZ-CORE", own_name=True), 401, "signature-key"),
    ("the first by another agency under our name", signature_half_of_another(0, "AZ-CORE", own_name=False), 401, "wrong-ed25519-signature"),
    ("the second by another agency under our name", signature_half_of_another(1, "AZ-CORE", own_name=False), 401, "wrong-mldsa-signature"),
    ("a bit of the first", spoilt(0), 401, "wrong-ed25519-signature"),
    ("a bit of the second", spoilt(1), 401, "wrong-mldsa-signature"),
    ("the first over other bytes", over_another_payload(0), 401, "wrong-ed25519-signature"),
    ("the second over other bytes", over_another_payload(1), 401, "wrong-mldsa-signature"),
    ("an unknown algorithm", lambda hub, p, s: [replace(s[0], alg=9), s[1]], 400, "frame-algorithm"),
    ("a signature too short", lambda hub, p, s: [replace(s[0], value=s[0].value[:63]), s[1]], 400, "frame-signature-size"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status", "error_code"),
    [w[1:] for w in WRONG_SIGNATURES],
    ids=[w[0] for w in WRONG_SIGNATURES],
)
def test_a_frame_whose_signatures_were_tampered_with_is_refused(
    change: Callable[[HubWithCase, bytes, Signatures], Signatures],
    status: int,
    error_code: str,
    hub: HubWithCase,
) -> None:
    unsigned = hub.disclosure()
    payload, signatures = unsigned.signed()
    frame = frame_bytes(payload, change(hub, payload, signatures))
    assert refused(hub, request_bytes(frame, unsigned.parts)) == (status, error_code)


def test_a_signature_made_for_a_receipt_is_invalid_for_a_command(hub: HubWithCase) -> None:
    unsigned = hub.disclosure()
    payload = canonical.encode(unsigned.payload)
    for other in (RECEIPT, GENESIS):
        frame = frame_bytes(payload, sign_by(hub.sig("MID-HOSP"), payload, other))
        assert refused(hub, request_bytes(frame, unsigned.parts)) == (401, "wrong-ed25519-signature")


def test_an_agency_cannot_sign_as_another(hub: HubWithCase) -> None:
    unsigned = hub.unsigned("MID-HOSP", REFERRAL, hub.referral())
    unsigned.payload["by"] = str(hub.door("AZ-CORE").agency)
    assert refused(hub, unsigned) == (401, "signature-key")
    unsigned.payload["by"] = "REGISTRARS"
    unsigned.payload["keyset"] = "00" * 32
    assert refused(hub, unsigned)[0] == 401
    unsigned.payload["by"] = "AUDIT"
    assert refused(hub, unsigned) == (401, "signature-key")


def test_an_agency_without_a_published_key_set_is_refused(hub: HubWithCase) -> None:
    unsigned = hub.unsigned("MID-HOSP", REFERRAL, hub.referral(), by=str(uuid4()))
    unsigned.signers = [SignatureKeys.generate()]
    assert refused(hub, unsigned) == (401, "unknown-sender")


def test_an_agency_cannot_publish_the_key_set_of_another(hub: HubWithCase) -> None:
    installation = hub.rehearsal_hub.installation
    persons = installation.registrars()[:2]
    target = hub.door("AZ-CORE").agency
    sig = SignatureKeys.generate()
    fields = {
        "code": "AZ-CORE", "name": "x", "roles": ["CORE"], "body": "MUNICIPALITY", "municipality": "AZ",
        "custody": "HOSTED", "sig": sig.public.to_json(), "kem": hub.kem("MID-HOSP").to_json(),
    }  # fmt: skip
    about = {"kind": "agency", "id": str(target)}
    unsigned = hub.unsigned("MID-HOSP", "key_set.published", fields, about=about, keyset="00" * 32)
    unsigned.signers = [sig, *persons]
    assert refused(hub, unsigned) == (401, "key-set-of-another")
    unsigned.payload["by"] = str(target)  # as itself, but not signed by the key in force
    assert refused(hub, unsigned)[0] == 401
    unsigned.payload["keyset"] = hub.door("AZ-CORE").keyset().hex()
    assert refused(hub, unsigned)[0] == 401


def test_two_signatures_of_one_registrar_are_refused(hub: HubWithCase) -> None:
    first, second, _ = hub.rehearsal_hub.installation.registrars()
    unsigned = hub.unsigned(
        "AZ-CORE",
        "core_agency.designated",
        {"agency": str(hub.door("MID-HOSP").agency)},
        about={"kind": "network", "id": str(hub.network)},
        by="REGISTRARS",
        keyset="00" * 32,
    )
    error_codes = []
    for signers in ([first], [first, first], [second, first], [hub.sig("AZ-CORE"), first]):
        unsigned.signers = signers
        status, error_code = refused(hub, unsigned)
        assert status == 401
        error_codes.append(error_code)
    assert error_codes == [
        "registrars-signature-count", "registrars-same-person", "registrars-order", "registrars-unknown-person",
    ]  # fmt: skip


# --- the parts ---------------------------------------------------------------------------------------------

WRONG_PARTS = [
    ("none", lambda parts: [], 401, "part-missing"),
    ("the last wrapped key missing", lambda parts: parts[:-1], 401, "part-missing"),
    ("one too many", lambda parts: [*parts, parts[-1]], 401, "part-unnamed"),
    ("items swapped", lambda parts: [parts[1], parts[0], *parts[2:]], 401, "item-part-digest"),
    (
        "wrapped keys swapped",
        lambda parts: [*parts[:2], parts[3], parts[2], *parts[4:]],
        401,
        "wrapped-key-part-digest",
    ),
    ("a bit of an item", lambda parts: [flipped(parts[0]), *parts[1:]], 401, "item-part-digest"),
    (
        "a bit of a wrapped key",
        lambda parts: [*parts[:-1], flipped(parts[-1])],
        401,
        "wrapped-key-part-digest",
    ),
    ("an item cut short", lambda parts: [parts[0][:-1], *parts[1:]], 401, "item-part-size"),
    ("a wrapped key cut short", lambda parts: [*parts[:-1], parts[-1][:-1]], 401, "wrapped-key-part-size"),
    ("321 parts", lambda parts: [b""] * 321, 400, "request-part-count"),
]


@pytest.mark.parametrize(
    ("change", "status", "error_code"), [w[1:] for w in WRONG_PARTS], ids=[w[0] for w in WRONG_PARTS]
)
def test_parts_that_do_not_match_the_signed_digests_are_refused(
    change: Callable[[list[bytes]], list[bytes]], status: int, error_code: str, hub: HubWithCase
) -> None:
    unsigned = hub.disclosure()
    unsigned.parts = change(unsigned.parts)
    assert refused(hub, unsigned) == (status, error_code)


def test_wrapped_keys_for_too_many_or_too_few_agencies_are_refused(hub: HubWithCase) -> None:
    too_few_keys = hub.disclosure(to=("MID-HOSP",))
    many = hub.disclosure(to=("AZ-CORE", "MID-HOSP", "EXT-SERVICE"))
    other = hub.disclosure(to=("MID-HOSP", "EXT-SERVICE"))
    uneven = hub.disclosure(sections=())
    hub.add_item(uneven, "BASIC", b"one", ("AZ-CORE", "MID-HOSP"))
    hub.add_item(uneven, "MEDICAL", b"two", ("MID-HOSP",))
    for unsigned in (too_few_keys, many, other, uneven):
        assert refused(hub, unsigned) == (409, "wrong-recipients")


def test_a_wrapped_key_for_a_key_not_in_force_is_refused(hub: HubWithCase) -> None:
    unsigned = hub.disclosure()
    unsigned.payload["wrapped_keys"][0]["kid"] = "12" * 32
    assert refused(hub, unsigned) == (409, "stale-key-set")
    swapped = hub.disclosure()
    for wrapped_key in swapped.payload["wrapped_keys"]:  # the right agency, under the other one's key
        wrapped_key["kid"] = hub.kem(
            "MID-HOSP" if wrapped_key["to"] == str(hub.door("AZ-CORE").agency) else "AZ-CORE"
        ).kid.hex()
    assert refused(hub, swapped) == (409, "stale-key-set")


def test_a_large_item_that_was_never_uploaded_is_not_recorded(hub: HubWithCase) -> None:
    unsigned = hub.disclosure(sections=())
    hub.add_item(unsigned, "MEDICAL", bytes(20_000), ("AZ-CORE", "MID-HOSP"))
    assert unsigned.payload["items"][0]["storage"] == "store"
    assert refused(hub, unsigned) == (409, "item-not-uploaded")


def test_an_upload_under_another_digest_is_refused(hub: HubWithCase) -> None:
    door, named = hub.door("AZ-CORE"), bytes.fromhex("ab" * 32)
    signed_upload = door._signed_query(Kind.AGENCY, door.agency, "upload", {"digest": named.hex()}, "staff.1")
    for path, signed, status, error_code in (
        ("/v1/items/" + named.hex(), signed_upload, 401, "item-upload-digest"),
        ("/v1/items/" + "cd" * 32, signed_upload, 400, "wrong-fields"),
        ("/v1/items/" + named.hex(), b"", 400, "request-truncated"),
        ("/v1/items/" + MARK, signed_upload, 400, "digest-form"),
    ):
        headers = {"kakehashi-request": b64encode(signed).decode()}
        answer = hub.http.put(path, content=b"something else", headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (status, error_code)
        assert MARK not in answer.text


# --- the bytes around ---------------------------------------------------------------------------------------


def _longer_frame(data: bytes) -> bytes:
    size = int.from_bytes(data[4:8], "big")
    return data[:4] + (size + 1).to_bytes(4, "big") + data[8 : 8 + size] + b"\0" + data[8 + size :]


WRONG_BYTES = [
    ("nothing", lambda d: b"", "request-truncated"),
    ("garbage", lambda d: b"\x00\xff" * 300, "request-magic"),
    ("JSON", lambda d: json.dumps({"command": MARK}).encode(), "request-magic"),
    ("another magic", lambda d: b"KHQ2" + d[4:], "request-magic"),
    ("a frame without request", lambda d: d[8:], "request-magic"),
    ("another magic inside", lambda d: d[:8] + b"KHT1" + d[12:], "frame-magic"),
    ("one byte more", lambda d: d + b"\0", "request-trailing"),
    ("one byte less", lambda d: d[:-1], "request-truncated"),
    ("half", lambda d: d[: len(d) // 2], "request-truncated"),
    ("a wrong length", lambda d: d[:4] + b"\xff\xff\xff\xff" + d[8:], "request-truncated"),
    ("a frame with one byte more", _longer_frame, "frame-trailing"),
    ("an empty payload", lambda d: request_bytes(b"KHF1" + bytes(4) + b"\2"), "frame-payload-size"),
    ("a payload of 256 KiB and a byte", lambda d: request_bytes(b"KHF1\0\4\0\1" + b"{" * 262_145), "frame-payload-size"),
    ("over a mebibyte", lambda d: d + bytes(MAX_REQUEST_BYTES), "body-too-long"),
]  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/commands", "/v1/queries"])
@pytest.mark.parametrize(
    ("change", "error_code"), [w[1:] for w in WRONG_BYTES], ids=[w[0] for w in WRONG_BYTES]
)
def test_bytes_that_are_no_request_are_refused(
    change: Callable[[bytes], bytes], error_code: str, path: str, hub: HubWithCase
) -> None:
    status = 413 if error_code == "body-too-long" else 400
    assert refused(hub, change(hub.disclosure().encode()), path) == (status, error_code)


def test_the_content_type_of_a_request_does_not_matter(hub: HubWithCase) -> None:
    head = hub.head()
    answer = hub.post(hub.disclosure(), content_type="text/plain")
    assert answer.status_code == 200
    assert hub.head() == head + 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/v1/" + MARK, id="no such path"),
        pytest.param("GET", "/v1/key-sets/" + MARK, id="no agency's id"),
        pytest.param("GET", "/v1/key-sets/" + str(UUID(int=7)), id="no such agency"),
        pytest.param("DELETE", "/v1/commands", id="no such method"),
        pytest.param("POST", "/v1/rehearsal/clock", id="the clock without its token"),
    ],
)
def test_every_error_is_a_problem_document_without_data_of_the_request(
    method: str, path: str, hub: HubWithCase
) -> None:
    answer = hub.http.request(method, path, content=MARK.encode() if method == "POST" else None)
    assert answer.headers["content-type"] == PROBLEM
    assert set(answer.json()) == {"type", "title", "status", "category", "error_code", "detail", "detail_ja"}
    assert MARK not in answer.text
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"at":7}', b'{"at":"2025-05-12"}', b"\xff"],
    ids=["nothing", "half", "list", "number", "day", "no UTF-8"],
)
def test_setting_the_clock_to_an_invalid_time_is_refused(body: bytes, hub: HubWithCase) -> None:
    token = hub.rehearsal_hub.installation.clock_token
    answer = hub.http.post("/v1/rehearsal/clock", content=body, headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)


def test_the_clock_cannot_be_set_back_or_without_its_token(hub: HubWithCase) -> None:
    at = time_text(hub.rehearsal_hub.now() - timedelta(days=1))
    for token, status, error_code in (
        (hub.rehearsal_hub.installation.clock_token, 400, "clock-back"),
        ("wrong", 401, "wrong-token"),
        ("wröng", 401, "wrong-token"),
    ):
        headers = {"authorization": f"Bearer {token}".encode()}
        answer = hub.http.post("/v1/rehearsal/clock", json={"at": at}, headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (status, error_code)


QUESTIONS = [
    ("an unknown question", "weather", {}, "unknown-query"),
    ("the ledger, by an agency", "ledger", {"case": None, "as_of": None}, "unknown-query"),
    ("recipients of nothing", "recipients", {}, "wrong-fields"),
    ("recipients with fields that are a number", "recipients", {"act": REFERRAL, "fields": 3, "items": []}, "wrong-fields"),
    ("recipients with items that are a number", "recipients", {"act": REFERRAL, "fields": {}, "items": 3}, "wrong-fields"),
    ("recipients with an item that is a text", "recipients", {"act": REFERRAL, "fields": {}, "items": [MARK]}, "wrong-fields"),
    ("recipients with an act that is a list", "recipients", {"act": [MARK], "fields": {}, "items": []}, "unknown-act"),
    ("recipients of a reading", "recipients", {"act": OPENING, "fields": {}, "items": []}, "unknown-act"),
    ("recipients with fields missing", "recipients", {"act": REFERRAL, "fields": {"to": []}, "items": []}, "wrong-fields"),
    ("a dry run of nothing", "dry_run", {}, "wrong-fields"),
    ("a dry run with an item that is a text", "dry_run", {"act": REFERRAL, "fields": {}, "items": [MARK]}, "wrong-fields"),
    ("a dry run of a reading", "dry_run", {"act": OPENING, "fields": {}, "items": []}, "unknown-act"),
    ("a dry run with fields missing", "dry_run", {"act": REFERRAL, "fields": {"to": []}, "items": []}, "wrong-fields"),
    ("the programme of somebody", "programme", {"agency": MARK}, "wrong-fields"),
    ("audits of a case", "audits", {"case": MARK}, "wrong-fields"),
    ("a feed without cursor", "feed", {}, "wrong-fields"),
    ("a feed from below nought", "feed", {"cursor": -1}, "wrong-fields"),
    ("a feed from a truth", "feed", {"cursor": True}, "wrong-fields"),
    ("a feed after tasks of no edition", "feed", {"cursor": 0, "tasks_after": 0}, "wrong-fields"),
    ("a feed after tasks below nought", "feed", {"cursor": 0, "tasks_after": -1, "tasks_edition": 0}, "wrong-fields"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("act", "fields", "error_code"), [q[1:] for q in QUESTIONS], ids=[q[0] for q in QUESTIONS]
)
def test_a_malformed_query_is_refused_with_its_error_code(
    act: str, fields: dict, error_code: str, hub: HubWithCase
) -> None:  # type: ignore[type-arg]
    assert refused(hub, hub.unsigned("MID-HOSP", act, fields), "/v1/queries") == (400, error_code)


def test_queries_are_signed_and_in_time_like_commands(hub: HubWithCase) -> None:
    unsigned = hub.unsigned("MID-HOSP", "feed", {"cursor": 0})
    payload, signatures = unsigned.signed()
    signatures[1] = replace(signatures[1], value=flipped(signatures[1].value))
    data = request_bytes(frame_bytes(payload, signatures))
    assert refused(hub, data, "/v1/queries") == (401, "wrong-mldsa-signature")
    hours("not_after", 1)(hub, unsigned.payload)
    assert refused(hub, unsigned, "/v1/queries") == (400, "not-after-too-far")
    unsigned = hub.unsigned("MID-HOSP", "feed", {"cursor": 0}, keyset="00" * 32)
    assert refused(hub, unsigned, "/v1/queries") == (401, "key-set-not-in-force")
    assert refused(hub, hub.disclosure(), "/v1/queries") == (400, "parts-not-allowed")
    assert refused(hub, hub.unsigned("MID-HOSP", "feed", {"cursor": 0})) == (400, "unknown-act")


# --- what decide refuses is an event, and what it carried is gone ---------------------------------------------


def test_a_refused_disclosure_keeps_its_frame_and_drops_its_parts(hub: HubWithCase) -> None:
    unsigned = hub.disclosure()
    unsigned.payload["fields"]["basis"] = {str(hub.door("AZ-CORE").agency): "CWA-25-2-2"}
    frame = unsigned.frame()
    head = hub.head()
    answer = hub.post(request_bytes(frame, unsigned.parts))
    assert (answer.status_code, answer.json()["outcome"]) == (403, "refused")
    assert hub.head() == head + 1
    [kept] = hub.store.read(head + 1, 1)
    assert isinstance(kept.record.event, DisclosureRefused)
    assert kept.frame == frame
    assert kept.opened.items == ()
    assert kept.opened.sealed_wrapped_keys == ()
    assert kept.record.event.sections == {"BASIC", "MEDICAL"}
    second_response = hub.post(request_bytes(frame, unsigned.parts))
    assert (second_response.status_code, second_response.json()["reason"]) == (403, answer.json()["reason"])
    assert hub.head() == head + 1


def test_a_refused_reading_is_recorded_with_its_frame_and_answered_as_not_there(hub: HubWithCase) -> None:
    note = hub.note(hub.case)
    unsigned = hub.reading("MID-HOSP", note.items[0][0], note.command_id, fields={"section": "CONF"})
    frame, head = unsigned.frame(), hub.head()
    answer = hub.post(request_bytes(frame))
    assert (answer.status_code, answer.json()["error_code"]) == (404, NOT_FOUND)
    [kept] = hub.store.read(head + 1, 1)
    assert isinstance(kept.record.event, OpeningRefused)
    assert kept.frame == frame
    assert kept.record.event.reason == "NOT_YOURS"


def test_a_refused_command_without_sections_keeps_its_frame(hub: HubWithCase) -> None:
    unsigned = hub.unsigned("MID-HOSP", "referral.acknowledged", {
        "to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None, "answers": str(uuid4()),
    })  # fmt: skip
    frame, head = unsigned.frame(), hub.head()
    answer = hub.post(request_bytes(frame))
    assert answer.status_code == 403
    [kept] = hub.store.read(head + 1, 1)
    assert isinstance(kept.record.event, CommandRefused)
    assert kept.frame == frame


# --- not yours and not there read the same ------------------------------------------------------------------


def answers_to(hub: HubWithCase, unsigned_requests: list[UnsignedRequest]) -> set[tuple[int, str, bytes]]:
    answers = set()
    for unsigned in unsigned_requests:
        answer = hub.post(unsigned)
        answers.add((answer.status_code, answer.headers["content-type"], answer.content))
    return answers


def test_a_stranger_cannot_distinguish_a_case_of_others_from_no_case(hub: HubWithCase) -> None:
    head = hub.head()
    here = {"kind": "case", "id": str(hub.case)}
    nowhere = {"kind": "case", "id": str(uuid4())}
    readings = {"kind": "case", "id": str(access_of(hub.case))}
    an_agency = {"kind": "case", "id": str(hub.door("AZ-CORE").agency)}
    first, section = hub.sent.items[0]
    message = str(hub.sent.command_id)
    opening = {
        "message": message,
        "item": str(first),
        "opening": str(uuid4()),
        "ok": True,
        "error_code": None,
    }
    fetching = {"message": message, "item": str(first), "section": section}
    empty_fields = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
    unsigned_requests = [
        hub.reading("EXT-SERVICE", about=about)
        for about in (hub.unsigned("EXT-SERVICE", OPENING, {}).payload["about"], nowhere, readings, an_agency)
    ]
    unsigned_requests += [
        hub.reading("EXT-SERVICE", item=uuid4()),
        hub.reading("EXT-SERVICE", message=uuid4()),
    ]
    for act, fields in (
        (RECEIVED, opening),
        (FETCH, fetching),
        ("conference_minutes.recorded", empty_fields),
    ):
        unsigned_requests += [
            hub.unsigned("EXT-SERVICE", act, fields),
            hub.unsigned("EXT-SERVICE", act, fields, about=nowhere),
        ]
    for about in (here, nowhere):
        rewrap, other = hub.unsigned("EXT-SERVICE", "items.rewrapped", {}, about=about), hub.disclosure()
        rewrap.payload["wrapped_keys"], rewrap.parts = other.payload["wrapped_keys"][:1], other.parts[2:3]
        unsigned_requests.append(rewrap)
    answers = answers_to(hub, unsigned_requests)
    assert len(answers) == 1, answers
    [(status, _, body)] = answers
    assert (status, json.loads(body)["error_code"]) == (404, NOT_FOUND)
    assert hub.head() == head


def test_a_party_of_a_case_cannot_distinguish_an_item_of_others_from_no_item(hub: HubWithCase) -> None:
    note = hub.note(hub.case)
    item, message = note.items[0][0], note.command_id
    unsigned_requests = [
        hub.reading("MID-HOSP", item, message, fields={"section": "CONF"}),
        hub.reading("MID-HOSP", item, message, fields={"section": "BASIC"}),
        hub.reading("MID-HOSP", item, uuid4(), fields={"section": "CONF"}),
        hub.reading("MID-HOSP", uuid4(), message, fields={"section": "CONF"}),
        hub.reading("MID-HOSP", uuid4(), uuid4()),
        hub.reading("MID-HOSP", about={"kind": "case", "id": str(uuid4())}),
    ]
    for queried in (item, uuid4()):
        received = {
            "message": str(message),
            "item": str(queried),
            "opening": str(uuid4()),
            "ok": True,
            "error_code": None,
        }
        unsigned_requests.append(hub.unsigned("MID-HOSP", RECEIVED, received))
        fetching = {"message": str(message), "item": str(queried), "section": "CONF"}
        unsigned_requests.append(hub.unsigned("MID-HOSP", FETCH, fetching))
    assert {(s, json.loads(b)["error_code"]) for s, _, b in answers_to(hub, unsigned_requests)} == {
        (404, NOT_FOUND)
    }
    assert len(answers_to(hub, unsigned_requests)) == 1


def test_queries_reveal_nothing_of_a_case_to_a_stranger(hub: HubWithCase) -> None:
    nowhere = {"kind": "case", "id": str(uuid4())}
    empty_fields = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
    queried = {"act": "conference_minutes.recorded", "fields": empty_fields, "items": []}
    for act, fields in (("recipients", queried), ("duties", {})):
        answers = {
            hub.post(hub.unsigned("EXT-SERVICE", act, fields, **more), "/v1/queries").content
            for more in ({}, {"about": nowhere})
        }
        assert len(answers) == 1


def test_attack_taking_the_id_of_another_originator_is_refused_without_a_record(tmp_path: Path) -> None:
    """Whoever knows a case could take the id of its readings before the first reading, and so stop them all."""
    with hub_with_case(tmp_path / "hub") as hub:
        head = hub.head()
        readings = access_of(hub.case)
        commission = commission_of(hub.door("AZ-CORE").agency, hub.door("EXT-SERVICE").agency)
        agency = hub.door("AZ-CORE").agency
        member = {"member": str(hub.door("MID-HOSP").agency), "item": 1}
        oath = {"worker": "W-1", "employment": "PART_TIME", "valid_until": None}
        unsigned_requests = [
            hub.disclosure(about={"kind": "case", "id": str(id)}) for id in (readings, commission, agency)
        ]
        for id in (hub.case, readings, agency, commission, uuid4()):
            for kind, act, fields in (
                ("network", "network_member.admitted", member),
                ("commission", "oath.signed", oath),
                ("rule_book", "rule_book.published", {"edition": "x", "rule_book": {}}),
            ):
                unsigned_requests.append(
                    hub.unsigned("MID-HOSP", act, fields, about={"kind": kind, "id": str(id)})
                )
        answers = answers_to(hub, unsigned_requests)
        assert len(answers) == 1, answers
        [(status, _, body)] = answers
        assert (status, json.loads(body)["error_code"]) == (404, NOT_FOUND)
        assert hub.head() == head
        assert hub.post(hub.reading("AZ-CORE")).status_code == 200


# --- the same again ----------------------------------------------------------------------------------------


def test_the_same_bytes_twice_are_recorded_once_and_get_the_same_leaf(hub: HubWithCase) -> None:
    data, head = hub.disclosure().encode(), hub.head()
    answers = [hub.post(data) for _ in range(3)]
    assert [a.status_code for a in answers] == [200] * 3
    assert hub.head() == head + 1
    assert len({leaf_of(a.json()["receipt"]) for a in answers}) == 1


def leaf_of(receipt: str) -> str:
    data = b64decode(receipt)
    note = data[6 : 6 + int.from_bytes(data[4:6], "big")]
    return note.decode()


def test_a_recorded_payload_with_other_signatures_gets_no_receipt(hub: HubWithCase) -> None:
    unsigned = hub.disclosure()
    payload, signatures = unsigned.signed()
    valid_request = request_bytes(frame_bytes(payload, signatures), unsigned.parts)
    assert hub.post(valid_request).status_code == 200
    spoilt_ones = [
        [replace(signatures[0], value=flipped(signatures[0].value)), signatures[1]],
        sign_by(SignatureKeys.generate(), payload),
        sign_by(hub.sig("AZ-CORE"), payload),
    ]
    for spoilt in spoilt_ones:
        assert refused(hub, request_bytes(frame_bytes(payload, spoilt), unsigned.parts))[0] == 401
    second_response = request_bytes(
        frame_bytes(payload, sign_by(hub.sig("MID-HOSP"), payload)), unsigned.parts
    )
    assert hub.post(second_response).status_code == 200  # signing is hedged: the same command, signed anew


def test_without_a_valid_signature_nothing_is_revealed_of_what_exists(hub: HubWithCase) -> None:
    member = {"member": str(hub.door("MID-HOSP").agency), "item": 1}
    answers = set()
    for id in (hub.case, access_of(hub.case), hub.network, hub.door("AZ-CORE").agency, uuid4()):
        for kind, act, fields in (
            ("network", "network_member.admitted", member),
            ("case", REFERRAL, hub.referral()),
            ("case", OPENING, hub.reading("MID-HOSP").payload["fields"]),
        ):
            unsigned = hub.unsigned("MID-HOSP", act, fields, about={"kind": kind, "id": str(id)})
            unsigned.signers = [SignatureKeys.generate()]
            answers.add(hub.post(unsigned).content)
    assert len(answers) == 1


def test_another_payload_under_a_used_command_id_is_a_conflict(hub: HubWithCase) -> None:
    first = hub.disclosure()
    assert hub.post(first).status_code == 200
    assert refused(hub, hub.disclosure(command_id=str(first.command_id))) == (409, "command-id-taken")
    reading = hub.reading("MID-HOSP", command_id=str(first.command_id))
    assert refused(hub, reading) == (409, "command-id-taken")
    opened = hub.reading("AZ-CORE")
    assert hub.post(opened).status_code == 200
    assert refused(hub, hub.reading("AZ-CORE", command_id=str(opened.command_id), actor="staff.b")) == (
        409,
        "command-id-taken",
    )


def test_another_agency_may_use_the_same_command_id_for_a_reading(hub: HubWithCase) -> None:
    first = hub.reading("AZ-CORE")
    assert hub.post(first).status_code == 200
    assert hub.post(hub.reading("MID-HOSP", command_id=str(first.command_id))).status_code == 200


def test_a_late_repetition_gets_its_receipt_and_a_late_first_command_is_refused(tmp_path: Path) -> None:
    with hub_with_case(tmp_path / "hub") as hub:
        sent, late = hub.disclosure(), hub.disclosure()
        data = sent.encode()
        assert hub.post(data).status_code == 200
        head = hub.head()
        hub.rehearsal_hub.set_clock(hub.rehearsal_hub.now() + timedelta(hours=1))
        assert hub.post(data).status_code == 200
        assert refused(hub, late) == (400, "too-late")
        assert hub.head() == head


# --- a reading is decided anew each time --------------------------------------------------------------------


def test_a_repeated_reading_is_released_again_only_before_its_not_after(tmp_path: Path) -> None:
    with hub_with_case(tmp_path / "hub") as hub:
        data = hub.reading("AZ-CORE").encode()
        first = hub.post(data).json()
        head = hub.head()
        second_response = hub.post(data).json()
        assert second_response["release"] == first["release"]
        assert leaf_of(second_response["receipt"]) == leaf_of(first["receipt"])
        assert hub.head() == head
        hub.rehearsal_hub.set_clock(hub.rehearsal_hub.now() + timedelta(minutes=6))
        assert refused(hub, data) == (400, "too-late")
        far = hub.reading("AZ-CORE")
        hours("not_after", 1)(hub, far.payload)
        assert refused(hub, far) == (400, "not-after-too-far")


def test_replayed_opening_is_not_released_after_the_consent_it_rests_on_is_withdrawn(tmp_path: Path) -> None:
    """An old OpenSection frame, still within its time, opens nothing once the rules say no."""
    with hub_with_case(tmp_path / "hub") as hub:
        core, ext = hub.door("AZ-CORE"), str(hub.door("EXT-SERVICE").agency)
        consent = str(uuid4())
        empty_fields = {"to": [], "consent": [consent], "purpose": "SUPPORT", "reason": None, "basis": {}}
        scope = [{"consent": consent, "sender": str(core.agency), "recipient": ext, "sections": ["BASIC"]}]
        steps = [
            ("consent.given", {**empty_fields, "scope": scope, "capacity": "SELF", "expires_at": None}, []),
            (
                "disclosure.made",
                {**empty_fields, "to": [ext], "basis": {ext: "CONSENT"}, "answers": None},
                [SectionContent("BASIC", b"x")],
            ),
        ]
        for act, fields, parts in steps:
            sent = core.send(Kind.CASE, hub.case, act, fields, parts, actor="staff.a")
            assert sent.outcome == "recorded", sent
        unsigned = hub.reading("EXT-SERVICE", sent.items[0][0], sent.command_id, fields={"section": "BASIC"})
        data = unsigned.encode()
        assert hub.post(data).json()["release"] is not None
        gone = core.send(Kind.CASE, hub.case, "consent.withdrawn", empty_fields, actor="staff.a")
        assert gone.outcome == "recorded", gone
        head = hub.head()
        answer = hub.post(data)
        assert (answer.status_code, answer.json()["error_code"]) == (404, NOT_FOUND)
        assert "release" not in answer.json()
        assert hub.head() == head
