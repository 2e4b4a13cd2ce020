"""Genesis, key sets, acts of the registrars, receipts and leaves."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from uuid import UUID, uuid4

import pytest

from domain.errors import Malformed, Untrusted
from domain.events import Kind
from domain.record import AUDIT, REGISTRARS, About
from keys import canonical
from keys.command import encode_command
from keys.derive import KeyUse, derive_key
from keys.frame import COMMAND, GENESIS, RECEIPT, Frame, parse_frame, sign, verify
from keys.genesis import encode_genesis, hub_id, parse_genesis, sign_genesis, two_persons, verify_genesis
from keys.keyset import (
    KeySet,
    sign_key_set,
    sign_registrars_act,
    verify_key_set,
    verify_registrars_act,
)
from keys.leaf import Leaf, leaf_tag, parse_leaf, record_sha
from keys.lp import ZEROS, lp, sha256
from keys.receipt import (
    Receipt,
    encode_note,
    encode_notes,
    parse_receipt,
    sign_receipts,
    verify_receipt,
)
from keys.signing import SignatureKeys, SignatureKind

OTHER = UUID("99999999-9999-4999-8999-999999999999")


def founded(world, *persons):
    return sign(GENESIS, encode_genesis(world.genesis), world.log, *(world.reg[n] for n in persons))


@pytest.mark.parametrize("persons", [(0, 1), (0, 2), (1, 2)])
def test_a_genesis_is_signed_by_its_log_and_two_registrars(world, persons):
    frame = sign_genesis(world.genesis, log=world.log, registrars=[world.reg[n] for n in persons])
    assert verify_genesis(parse_frame(frame.encode()), hub=world.hub) == world.genesis
    assert world.genesis.hub == hub_id(frame.payload) == frame.digest == world.hub


def test_attack_genesis_of_another_hub_than_the_one_pinned_is_refused(refuses, world):
    other = dataclasses.replace(world.genesis, log_id=OTHER)
    frame = sign_genesis(other, log=world.log, registrars=world.reg[:2])
    with refuses(Untrusted, "genesis-other-hub"):
        verify_genesis(frame, hub=world.hub)


@pytest.mark.parametrize(
    ("persons", "error_code"),
    [
        pytest.param((0,), "genesis-signature-count", id="one person"),
        pytest.param((), "genesis-signature-count", id="nobody"),
        pytest.param((0, 0), "registrars-same-person", id="one person twice"),
        pytest.param((1, 0), "registrars-order", id="in another order"),
    ],
)
def test_attack_genesis_signed_by_fewer_than_two_persons_is_refused(refuses, world, persons, error_code):
    with refuses(Untrusted, error_code):
        verify_genesis(founded(world, *persons))


def test_attack_genesis_signed_by_a_stranger_is_refused(refuses, world):
    payload = encode_genesis(world.genesis)
    with refuses(Untrusted, "registrars-unknown-person"):
        verify_genesis(sign(GENESIS, payload, world.log, world.reg[0], world.core_sig))
    with refuses(Untrusted, "registrars-unknown-person"):
        verify_genesis(sign(GENESIS, payload, world.log, world.core_sig, world.reg[0]))
    with refuses(Untrusted, "signature-key"):
        verify_genesis(sign(GENESIS, payload, world.core_sig, *world.reg[:2]))
    with refuses(Untrusted, "wrong-ed25519-signature"):
        verify_genesis(sign(COMMAND, payload, world.log, *world.reg[:2]))


def test_attack_one_key_in_two_offices_is_refused(refuses, world):
    for change in (
        {"audit_sig": world.reg[0].public},
        {"reg": (world.reg_public[0], world.reg_public[0], world.reg_public[1])},
        {"audit_sig": dataclasses.replace(world.audit_sig.public, ed25519=world.log.public.ed25519)},
    ):
        with refuses(Untrusted, "genesis-repeated-key"):
            sign_genesis(
                dataclasses.replace(world.genesis, **change), log=world.log, registrars=world.reg[:2]
            )


GENESIS_KEYS = ("v", "suite", "mode", "stream", "log_id", "rules_id", "log", "reg", "audit")


@pytest.mark.parametrize(
    ("path", "value", "error_code"),
    [
        pytest.param(("v",), 2, "genesis-v", id="version"),
        pytest.param(("suite",), 2, "genesis-suite", id="suite"),
        pytest.param(("mode",), "test", "genesis-mode", id="mode"),
        pytest.param(("stream",), "a b", "genesis-stream", id="stream"),
        pytest.param(("log_id",), "x", "genesis-log-id", id="log"),
        pytest.param(("rules_id",), None, "genesis-rules-id", id="rule book"),
        pytest.param(("reg",), {}, "genesis-reg", id="registrars no list"),
        pytest.param(("reg",), [], "genesis-registrar-count", id="no persons"),
        pytest.param(("log",), {}, "log-public-keys", id="log's keys"),
        pytest.param(("audit",), {}, "genesis-audit-keys", id="audit office"),
        pytest.param(("extra",), 1, "genesis-keys", id="a key more"),
    ],
)
def test_a_genesis_of_another_form_is_refused(refuses, world, path, value, error_code):
    document = json.loads(encode_genesis(world.genesis))
    assert set(document) == set(GENESIS_KEYS)
    document[path[0]] = value
    with refuses(Malformed, error_code):
        parse_genesis(canonical.encode(document))


def test_log_and_rule_book_are_two_originators(refuses, world):
    with refuses(Malformed, "genesis-ids"):
        parse_genesis(encode_genesis(dataclasses.replace(world.genesis, rules_id=world.genesis.log_id)))


def test_a_hub_has_three_registrars(refuses, world):
    with refuses(Malformed, "registrars-count"):
        two_persons(founded(world, 0, 1), 2, world.reg_public[:2])


def published(world, sig=None, persons=(0, 1), **changes):
    payload = encode_command(world.key_set(**changes))
    return sign_key_set(payload, sig or world.core_sig, *(world.reg[n] for n in persons))


def test_a_first_key_set_is_signed_by_itself_and_two_persons(world):
    frame = published(world)
    key_set = verify_key_set(parse_frame(frame.encode()), in_force=None, registrars=world.reg_public)
    assert key_set == KeySet(
        digest=world.keyset,
        agency=world.core,
        by=world.core,
        code="core-1",
        name="こども家庭センター",
        roles=("CORE",),
        body="MUNICIPALITY",
        municipality="131016",
        custody="HSM",
        sig=world.core_sig.public,
        kem=world.core_kem.public,
    )


def with_fields(world, **changes):
    return {**world.key_set_payload.fields, **changes}


def test_a_next_key_set_is_signed_by_the_one_in_force(world):
    fields = with_fields(world, sig=world.clinic_sig.public.to_json(), body=None, municipality=None)
    frame = published(world, keyset=world.keyset, fields=fields)
    key_set = verify_key_set(frame, in_force=world.core_sig.public, registrars=world.reg_public)
    assert (key_set.sig, key_set.body, key_set.municipality) == (world.clinic_sig.public, None, None)


def test_the_audit_office_publishes_about_the_log(world):
    frame = published(world, by=AUDIT, about=About(Kind.LOG, world.genesis.log_id))
    key_set = verify_key_set(frame, in_force=None, registrars=world.reg_public)
    assert (key_set.by, key_set.agency) == (AUDIT, world.genesis.log_id)


def test_attack_key_set_signed_by_a_key_not_in_force_is_refused(refuses, world):
    taken = published(world, sig=world.clinic_sig, keyset=world.keyset)
    with refuses(Untrusted, "signature-key"):
        verify_key_set(taken, in_force=world.core_sig.public, registrars=world.reg_public)
    with refuses(Untrusted, "signature-key"):
        verify_key_set(published(world, sig=world.clinic_sig), in_force=None, registrars=world.reg_public)


def test_attack_first_key_set_again_while_another_is_in_force_is_refused(refuses, world):
    with refuses(Untrusted, "key-set-not-chained"):
        verify_key_set(published(world), in_force=world.core_sig.public, registrars=world.reg_public)
    with refuses(Untrusted, "key-set-not-first"):
        verify_key_set(published(world, keyset=world.keyset), in_force=None, registrars=world.reg_public)


@pytest.mark.parametrize(
    ("persons", "error_code"),
    [
        pytest.param((0, 0), "registrars-same-person", id="one person twice"),
        pytest.param((2, 1), "registrars-order", id="in another order"),
    ],
)
def test_attack_key_set_authorised_by_one_person_is_refused(refuses, world, persons, error_code):
    with refuses(Untrusted, error_code):
        verify_key_set(published(world, persons=persons), in_force=None, registrars=world.reg_public)


def test_attack_key_set_without_the_registrars_is_refused(refuses, world):
    payload = encode_command(world.key_set())
    for signers in ((world.core_sig,), (world.core_sig, world.reg[0])):
        with refuses(Untrusted, "key-set-signature-count"):
            verify_key_set(sign(COMMAND, payload, *signers), in_force=None, registrars=world.reg_public)
    with refuses(Untrusted, "registrars-unknown-person"):
        verify_key_set(
            sign(COMMAND, payload, world.core_sig, world.clinic_sig, world.reg[0]),
            in_force=None,
            registrars=world.reg_public,
        )


def test_attack_registrar_named_by_half_a_key_is_refused(refuses, world):
    """Ed25519 of one person and ML-DSA of another are not a third person, nor either of the two."""
    valid = published(world).signatures
    other = sign(COMMAND, encode_command(world.key_set()), world.reg[2]).signatures
    mixed = Frame(encode_command(world.key_set()), (*valid[:3], other[1], *valid[4:]))
    with refuses(Untrusted, "signature-key"):
        verify_key_set(mixed, in_force=None, registrars=world.reg_public)


def test_attack_agency_that_takes_over_a_registrars_key_is_refused(refuses, world):
    half = dataclasses.replace(world.core_sig.public, mldsa=world.reg_public[1].mldsa)
    for public in (world.reg_public[0], half):
        frame = published(world, sig=world.reg[0], fields=with_fields(world, sig=public.to_json()))
        with refuses(Untrusted, "key-set-registrars-key"):
            verify_key_set(frame, in_force=None, registrars=world.reg_public)


@pytest.mark.parametrize(
    ("changes", "error_code"),
    [
        pytest.param({"act": "case.opened"}, "key-set-act", id="another act"),
        pytest.param({"by": OTHER}, "key-set-about", id="by another agency"),
        pytest.param({"about": About(Kind.CASE, OTHER)}, "key-set-about", id="about a case"),
        pytest.param({"by": AUDIT}, "key-set-about", id="audit office about an agency"),
        pytest.param({"about": About(Kind.AGENCY, OTHER)}, "key-set-about", id="about another agency"),
        pytest.param({"fields": {}}, "key-set-keys", id="no fields"),
    ],
)
def test_attack_key_set_for_somebody_else_is_refused(refuses, world, changes, error_code):
    with refuses(Malformed, error_code):
        published(world, **changes)


def test_a_key_set_carries_no_items(refuses, world):
    with refuses(Malformed, "key-set-items"):
        published(world, items=world.payload.items, wrapped_keys=world.payload.wrapped_keys)


@pytest.mark.parametrize(
    ("key", "value", "error_code"),
    [
        pytest.param("code", "core 1", "key-set-code", id="code"),
        pytest.param("name", "", "key-set-name", id="no name"),
        pytest.param("name", "a\nb", "key-set-name", id="line end in a name"),
        pytest.param("roles", ["core"], "key-set-roles", id="roles"),
        pytest.param("body", "city", "key-set-body", id="body"),
        pytest.param("municipality", "千代田", "key-set-municipality", id="municipality"),
        pytest.param("custody", "cloud", "key-set-custody", id="custody"),
        pytest.param("sig", {}, "sig-public-keys", id="signature keys"),
        pytest.param("kem", {}, "kem-public-keys", id="KEM key"),
    ],
)
def test_each_field_of_a_key_set_out_of_form_is_refused(refuses, world, key, value, error_code):
    with refuses(Malformed, error_code):
        published(world, fields=with_fields(world, **{key: value}))


def act_of_registrars(world, **changes):
    defaults = {"by": REGISTRARS, "act": "key_set.revoked", "fields": {"compromised_since": None}}
    return encode_command(world.key_set(**(defaults | changes)))


def test_an_act_of_the_registrars_is_signed_by_just_two_of_them(world):
    frame = sign_registrars_act(act_of_registrars(world), world.reg[1], world.reg[2])
    command = verify_registrars_act(frame, world.reg_public)
    assert (command.by, command.act) == (REGISTRARS, "key_set.revoked")


def test_attack_registrars_act_with_fewer_more_or_other_signers_is_refused(refuses, world):
    payload = act_of_registrars(world)
    for signers, error_code in (
        ([world.reg[0]], "registrars-signature-count"),
        (world.reg, "registrars-signature-count"),
        ([world.reg[0], world.reg[0]], "registrars-same-person"),
        ([world.reg[1], world.reg[0]], "registrars-order"),
        ([world.core_sig, world.clinic_sig], "registrars-unknown-person"),
    ):
        with refuses(Untrusted, error_code):
            verify_registrars_act(sign(COMMAND, payload, *signers), world.reg_public)


def test_attack_agency_command_signed_by_the_registrars_is_refused(refuses, world):
    with refuses(Malformed, "registrars-by"):
        sign_registrars_act(act_of_registrars(world, by=world.core), *world.reg[:2])


def leaf_of(world):
    return Leaf(7, record_sha("kakehashi.v1.x.1", world.state), leaf_tag(world.ck, world.case, 1))


def test_a_leaf_survives_encoding_and_parsing(world):
    leaf = leaf_of(world)
    assert parse_leaf(leaf.encode()) == leaf
    assert leaf.encode() == canonical.encode(leaf.to_json())
    assert leaf.encode().startswith(b'{"seq":7,"sha":"')
    assert leaf.sha == sha256(lp("kh/rec/v1", "kakehashi.v1.x.1", world.state))
    assert (
        leaf.tag
        == hmac.digest(derive_key(world.ck, KeyUse.LEAF_TAG), lp("kh/tag/v1", world.case, 1), hashlib.sha256)[
            :16
        ]
    )


def test_attack_record_at_another_subject_or_changed_has_another_leaf(world):
    sha = record_sha("kakehashi.v1.x.1", world.state)
    assert record_sha("kakehashi.v1.x.2", world.state) != sha
    assert record_sha("kakehashi.v1.x.1", world.state + b"\0") != sha
    assert record_sha("kakehashi.v1.x.1K", world.state[1:]) != sha


def test_attack_leaf_tag_is_guessed_without_the_control_key(world):
    tags = {leaf_tag(world.ck, world.case, n) for n in range(1, 5)} | {leaf_tag(bytes(32), world.case, 1)}
    assert len(tags) == 5


@pytest.mark.parametrize(
    ("key", "value", "error_code"),
    [
        pytest.param("v", 2, "leaf-v", id="version"),
        pytest.param("seq", 0, "leaf-seq", id="sequence nought"),
        pytest.param("sha", "00", "leaf-sha", id="digest"),
        pytest.param("tag", "00" * 32, "leaf-tag", id="tag"),
        pytest.param("x", 1, "leaf-keys", id="a key more"),
    ],
)
def test_a_leaf_of_another_form_is_refused(refuses, world, key, value, error_code):
    with refuses(Malformed, error_code):
        parse_leaf(canonical.encode(leaf_of(world).to_json() | {key: value}))
    with refuses(Malformed, "leaf-seq"):
        dataclasses.replace(leaf_of(world), seq=0).encode()


def receipt_of(world, **changes):
    receipt = Receipt(
        hub=world.hub,
        mode="rehearsal",
        command_id=world.payload.command_id,
        frame=world.frame.digest,
        leaf=leaf_of(world),
        promised_at=world.noon,
    )
    return dataclasses.replace(receipt, **changes)


@pytest.mark.parametrize("changes", [{}, {"leaf": None, "mode": "real"}], ids=["recorded", "not recorded"])
def test_a_signed_receipt_verifies_and_parses_to_the_same_value(world, changes):
    receipt = receipt_of(world, **changes)
    [data] = sign_receipts([receipt], world.log)
    assert data.startswith(b"KHN1")
    assert verify_receipt(data, world.log.public) == receipt


def test_receipts_signed_together_each_verify_without_the_others(refuses, world):
    receipts = [receipt_of(world, command_id=uuid4()) for _ in range(64)]
    signed = sign_receipts(receipts, world.log)
    assert [verify_receipt(one, world.log.public) for one in signed] == receipts
    assert len({one[-2500:] for one in signed}) == 1, "one signature for all"
    for wrong in ([], [*receipts, receipts[0]], [receipts[0], receipt_of(world, mode="real")]):
        with refuses(Malformed, "receipt-count"):
            sign_receipts(wrong, world.log)


def test_attack_note_that_was_not_signed_is_refused(refuses, world):
    mine, other = (sign_receipts([receipt_of(world, command_id=uuid4())], world.log)[0] for _ in range(2))
    length = 6 + int.from_bytes(mine[4:6], "big")
    with refuses(Untrusted, "receipt-note"):
        verify_receipt(mine[:length] + other[length:], world.log.public)


def test_attack_receipt_of_another_log_or_of_an_agency_is_refused(refuses, world):
    other = SignatureKeys.generate(SignatureKind.LOG)
    with refuses(Untrusted, "signature-key"):
        verify_receipt(sign_receipts([receipt_of(world)], other)[0], world.log.public)
    with refuses(Untrusted, "signature-key"):
        verify_receipt(sign_receipts([receipt_of(world)], world.core_sig)[0], world.log.public)


def test_attack_command_frame_passed_off_as_a_receipt_is_refused(refuses, world):
    note = encode_note(receipt_of(world))
    head = b"KHN1" + len(note).to_bytes(2, "big") + note
    command = sign(COMMAND, encode_notes(world.hub, "rehearsal", [note]), world.log)
    with refuses(Malformed, "frame-magic"):
        verify_receipt(head + command.encode(), world.log.public)
    moved = dataclasses.replace(command, magic=RECEIPT.magic)
    with refuses(Untrusted, "wrong-ed25519-signature"):
        verify_receipt(head + moved.encode(), world.log.public)


def test_a_receipt_of_more_than_16_kib_is_refused(refuses, world):
    with refuses(Malformed, "receipt-size"):
        verify_receipt(bytes(16 * 1024 + 1), world.log.public)


@pytest.mark.parametrize(
    ("key", "value", "error_code"),
    [
        pytest.param("v", 2, "receipt-v", id="version"),
        pytest.param("hub", "", "receipt-hub", id="hub"),
        pytest.param("mode", "test", "receipt-mode", id="mode"),
        pytest.param("notes", None, "receipt-notes", id="notes"),
        pytest.param("notes", ["00"] * 65, "receipt-notes", id="too many notes"),
        pytest.param("x", 1, "receipt-keys", id="a key more"),
    ],
)
def test_a_list_of_notes_of_another_form_is_refused(refuses, world, key, value, error_code):
    note = encode_note(receipt_of(world))
    document = json.loads(encode_notes(world.hub, "rehearsal", [note])) | {key: value}
    with refuses(Malformed, error_code):
        parse_receipt(canonical.encode(document), note)


@pytest.mark.parametrize(
    ("key", "value", "error_code"),
    [
        pytest.param("v", 2, "note-v", id="version"),
        pytest.param("command_id", "x", "note-command-id", id="command"),
        pytest.param("frame", None, "note-frame", id="frame"),
        pytest.param("leaf", {}, "leaf-keys", id="leaf"),
        pytest.param("promised_at", None, "note-promised-at", id="promise"),
        pytest.param("x", 1, "note-keys", id="a key more"),
    ],
)
def test_a_note_of_another_form_is_refused(refuses, world, key, value, error_code):
    note = canonical.encode(json.loads(encode_note(receipt_of(world))) | {key: value})
    with refuses(Malformed, error_code):
        parse_receipt(encode_notes(world.hub, "rehearsal", [note]), note)


def test_a_receipt_cut_off_or_of_another_magic_is_refused(refuses, world):
    [data] = sign_receipts([receipt_of(world)], world.log)
    with refuses(Malformed, "receipt-truncated"):
        verify_receipt(data[:40], world.log.public)
    with refuses(Malformed, "receipt-magic"):
        verify_receipt(b"KHT1" + data[4:], world.log.public)


def test_a_command_frame_verifies_as_a_command(world):
    verify(COMMAND, world.frame, [world.core_sig.public])
    assert world.key_set_payload.keyset == ZEROS
