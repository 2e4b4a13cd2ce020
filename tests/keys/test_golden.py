"""Golden vectors: a format, once released, is written and read the same for ever.

Where an algorithm is randomised (sealing, wrapped keys, ML-DSA) the vector has one output, which must open
or verify; everything else is computed again and compared. A vector is never edited: MANIFEST lists the digests.
``tests/vectors/make_keys.py`` made them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.codes import Section
from domain.events import Kind
from domain.record import About
from gateway.hub.queries import parse_asked_event
from keys import canonical, sealing
from keys.checkpoint import Checkpoint, origin_of, verify_checkpoint, verify_cosignature
from keys.command import encode_command, parse_command
from keys.derive import OWN_DIGEST_USES, KeyUse, derive_key
from keys.frame import COMMAND, GENESIS, MAGIC, pae, parse_frame, verify
from keys.genesis import encode_genesis, verify_genesis
from keys.item import key_commitment, open_item
from keys.keyset import verify_key_set
from keys.keystore import passphrases_of, unlock_keystore, unseal_keystore
from keys.leaf import leaf_tag, parse_leaf, record_sha
from keys.lp import lp, sha256
from keys.proofs import RootAccumulator, entry_hash, verify_consistency, verify_inclusion
from keys.receipt import encode_note, encode_notes, verify_receipt
from keys.record import (
    list_parts,
    match_items,
    open_audit_layer,
    open_audit_wrapped_key,
    open_named_wrapped_key,
    open_record,
)
from keys.request import encode_request, match_parts, parse_request
from keys.signing import KemKey, SignatureKeys, SignatureKind, SignaturePublic
from keys.timestamps import TimeAuthority, parse_stamp, verify_time
from keys.tree import tile_path
from keys.wrapped_key import open_wrapped_key

VECTORS = Path(__file__).parent.parent / "vectors" / "keys"


def vector(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_bytes())
    return parsed


def test_vectors_and_manifest_agree():
    listed = dict(line.split("  ")[::-1] for line in (VECTORS / "MANIFEST").read_text().splitlines())
    there = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in VECTORS.glob("*.json")}
    assert there == listed


def _element(element: dict[str, Any]) -> bytes | str | int | UUID:
    [(kind, value)] = element.items()
    return {"bytes": bytes.fromhex, "uuid": UUID}.get(kind, lambda same: same)(value)


def test_golden_bytes():
    golden = vector("bytes")
    for one in golden["lp"]:
        assert lp(one["label"], *map(_element, one["elements"])).hex() == one["out"]
    for length, size in golden["padded_size"]:
        assert sealing.padded_size(length) == size
    assert sealing.pad(bytes.fromhex(golden["pad"]["text"])).hex() == golden["pad"]["padded"]
    for text in golden["canonical"]:
        assert canonical.encode(canonical.parse(text.encode())) == text.encode()
    for text in golden["times"]:
        assert canonical.format_time(canonical.parse_time(text)) == text


def test_golden_keys():
    golden = vector("keys")
    for one in golden["pairs"]:
        public = SignatureKeys.from_seeds(SignatureKind(one["kind"]), bytes.fromhex(one["seeds"])).public
        assert public.to_json() == one["public"]
        assert [kid.hex() for kid in public.key_ids] == one["key_ids"]
    kem = KemKey(bytes.fromhex(golden["kem"]["seed"])).public
    assert (kem.to_json(), kem.kid.hex()) == (golden["kem"]["public"], golden["kem"]["kid"])


def test_golden_derived_keys_and_own_digests():
    golden = vector("keys")
    secret = bytes.fromhex(golden["derived"]["secret"])
    assert {use.value: derive_key(secret, use).hex() for use in KeyUse} == golden["derived"]["keys"]
    kem = KemKey(bytes.fromhex(golden["kem"]["seed"]))
    digests = {use.value: kem.own_digest(use, b"data").hex() for use in OWN_DIGEST_USES}
    assert digests == golden["own_digests"]


def test_golden_derived_keys_computed_from_the_specification():
    """Computed from RFC 5869 and KH-1 §2, not by the code."""
    golden = vector("keys")["derived"]
    extracted = hmac.digest(bytes(32), bytes.fromhex(golden["secret"]), "sha256")
    for label, key in golden["keys"].items():
        assert hmac.digest(extracted, label.encode() + b"\0\0\0\1", "sha256").hex() == key


def test_golden_genesis(world):
    golden = vector("genesis")
    frame = parse_frame(bytes.fromhex(golden["frame"]))
    genesis = verify_genesis(frame, hub=bytes.fromhex(golden["hub"]))
    assert encode_genesis(genesis).decode() == frame.payload.decode() == golden["payload"]
    assert genesis == world.genesis
    assert pae(GENESIS.payload_type, b"").startswith(b"DSSEv1 38 application/vnd.kakehashi.genesis+json")


def test_golden_key_set():
    golden = vector("key_set")
    registrars = [SignaturePublic.from_json(SignatureKind.SIG, one) for one in golden["registrars"]]
    frame = parse_frame(bytes.fromhex(golden["frame"]))
    key_set = verify_key_set(frame, in_force=None, registrars=registrars)
    assert key_set.digest.hex() == golden["digest"]
    assert encode_command(parse_command(frame.payload)).decode() == golden["payload"]


def test_golden_command_frame_and_request():
    golden = vector("command")
    signer = SignaturePublic.from_json(SignatureKind.SIG, golden["signer"])
    request = parse_request(bytes.fromhex(golden["request"]))
    assert (request.frame_bytes.hex(), request.frame.digest.hex()) == (
        golden["frame"],
        golden["digest"],
    )
    assert encode_command(request.payload).decode() == golden["payload"]
    assert pae(COMMAND.payload_type, request.frame.payload).hex() == golden["pae"]
    verify(COMMAND, request.frame, [signer])
    match_parts(request.payload, request.parts)
    assert encode_request(request.frame.encode(), request.parts).hex() == golden["request"]


def test_golden_command_frame_built_from_the_specification():
    """Built from the specification (KH-1 §5), not by the code."""
    golden = vector("command")
    frame = parse_frame(bytes.fromhex(golden["frame"]))
    payload = golden["payload"].encode()
    one, two = frame.signatures
    assert bytes.fromhex(golden["frame"]) == (
        b"KHF1"
        + len(payload).to_bytes(4, "big")
        + payload
        + b"\x02"
        + (b"\x01" + one.key_id + (64).to_bytes(2, "big") + one.value)
        + (b"\x02" + two.key_id + (3309).to_bytes(2, "big") + two.value)
    )
    assert frame.magic == MAGIC


def test_golden_query_what_would_be_decided():
    """KH-1 §5: act, fields, and the items by id, section and flags; neither content nor keys."""
    golden = vector("dry_run")
    request = parse_request(bytes.fromhex(golden["request"]))
    asked = request.payload
    assert (encode_command(asked).decode(), request.frame.digest.hex()) == (
        golden["payload"],
        golden["digest"],
    )
    verify(COMMAND, request.frame, [SignaturePublic.from_json(SignatureKind.SIG, golden["signer"])])
    assert (asked.act, asked.items, asked.wrapped_keys, request.parts) == ("dry_run", (), (), ())
    assert sorted(asked.fields) == ["act", "fields", "items"]
    assert [sorted(item) for item in asked.fields["items"]] == [["flags", "item", "section"]] * 2
    event = parse_asked_event(asked)
    assert (event.TOPIC, {i.section for i in event.items}) == (
        "family_information.provided",
        {Section.BASIC, Section.MEDICAL},
    )


def test_golden_item_and_wrapped_key():
    golden = vector("content")
    place = {
        "hub": bytes.fromhex(golden["hub"]),
        "about": About(Kind(golden["about"]["kind"]), UUID(golden["about"]["id"])),
        "item": UUID(golden["item"]),
        "kc": bytes.fromhex(golden["kc"]),
        "keyset": bytes.fromhex(golden["keyset"]),
    }
    kem = KemKey(bytes.fromhex(golden["kem_seed"]))
    key = open_wrapped_key(kem=kem, wrapped_key=bytes.fromhex(golden["wrapped_key"]), **place)
    assert key.hex() == golden["item_key"]
    assert key_commitment(key, place["about"], place["item"]) == place["kc"]
    sealed = bytes.fromhex(golden["sealed"])
    content = open_item(key=key, section=golden["section"], schema=golden["schema"], sealed=sealed, **place)
    assert content.decode() == golden["content"]


def test_golden_record():
    golden = vector("record")
    place = {"hub": bytes.fromhex(golden["hub"]), "originator": UUID(golden["originator"])}
    state, ck = bytes.fromhex(golden["state"]), bytes.fromhex(golden["ck"])
    sks = {name: bytes.fromhex(key) for name, key in golden["sks"].items()}
    record = open_record(ck=ck, version=golden["version"], state=state, **place)
    assert record.epoch == list_parts(state).epoch == golden["epoch"]
    assert record.body_json.decode() == golden["body"]
    assert state.hex().startswith(golden["header"])
    assert golden["header"] == (b"KHR1\1\0\0\0\1" + (8).to_bytes(2, "big")).hex()
    payload = parse_command(parse_frame(record.frame).payload)
    assert set(match_items(record, payload)) == {one.item for one in payload.items}
    sections = {one.item: one.section for one in payload.items}
    for one in payload.wrapped_keys:
        open_named_wrapped_key(record, payload, one.item, one.to, sks[sections[one.item]])
    kem = KemKey(bytes.fromhex(golden["audit_kem_seed"]))
    wrapped_key = open_audit_layer(sks["control"], record.audit_wrapped_key or b"")
    assert open_audit_wrapped_key(kem=kem, epoch=golden["epoch"], wrapped_key=wrapped_key, **place) == ck
    assert record_sha(golden["subject"], state).hex() == golden["sha"]
    assert leaf_tag(ck, place["originator"], golden["version"]).hex() == golden["tag"]


def test_golden_receipt_and_leaf():
    golden = vector("receipt")
    log = SignaturePublic.from_json(SignatureKind.LOG, golden["log"])
    receipt = verify_receipt(bytes.fromhex(golden["receipt"]), log)
    note = encode_note(receipt)
    assert note.decode() == golden["note"]
    others = [sha256(bytes([n])).hex() for n in range(2)]
    assert encode_notes(receipt.hub, receipt.mode, [b"\0", note, b"\1"]).decode() == golden["payload"]
    assert [others[0], sha256(note).hex(), others[1]] == json.loads(golden["payload"])["notes"]
    assert receipt.leaf == parse_leaf(golden["leaf"].encode())
    assert parse_leaf(golden["leaf"].encode()).encode().decode() == golden["leaf"]


def test_golden_log():
    golden = vector("log")
    log, witness = (SignaturePublic.from_json(SignatureKind.LOG, golden[name]) for name in ("log", "witness"))
    entries = [one.encode() for one in golden["entries"]]
    head = RootAccumulator()
    for entry in entries:
        assert parse_leaf(entry).encode() == entry
        head.add(entry_hash(entry))
    assert head.root.hex() == golden["root"]
    inclusion = golden["inclusion"]
    proof = [bytes.fromhex(one) for one in inclusion["proof"]]
    verify_inclusion(
        entry_hash(entries[inclusion["index"]]), inclusion["index"], inclusion["size"], proof, head.root
    )
    later = golden["consistency"]
    proof = [bytes.fromhex(one) for one in later["proof"]]
    verify_consistency(later["first"], later["second"], proof, bytes.fromhex(later["root"]), head.root)
    for level, n, width, path in golden["tile_paths"]:
        assert tile_path(level, n, width) == path
    assert origin_of(bytes.fromhex(golden["hub"]), golden["mode"]) == golden["origin"]
    checkpoint, note = verify_checkpoint(golden["note"].encode(), golden["origin"], log)
    assert checkpoint == Checkpoint(golden["origin"], len(entries), head.root)
    assert (checkpoint.text, note.encode().decode()) == (golden["text"], golden["note"])
    _, cosigned = verify_checkpoint(golden["cosigned"].encode(), golden["origin"], log)
    assert verify_cosignature(cosigned, golden["witness_name"], witness) == golden["cosigned_at"]


def test_golden_time_stamp():
    golden = vector("time")
    stamp = parse_stamp(bytes.fromhex(golden["stamp"]))
    assert stamp.encode().hex() == golden["stamp"]
    assert stamp.note.decode() == golden["checkpoint"]
    authority = TimeAuthority.from_pem(golden["certificates"].encode())
    assert verify_time(stamp.token, stamp.note, authority).isoformat() == golden["at"]


def test_golden_keystore_with_two_passphrases(tmp_path):
    golden, path = vector("keystore_passphrases"), tmp_path / "keystore"
    path.write_bytes(bytes.fromhex(golden["file"]))
    path.chmod(0o600)
    assert [slot.label for slot in passphrases_of(path)] == golden["labels"]
    for passphrase in golden["passphrases"]:
        opened = unlock_keystore(path, passphrase, rehearsal=True)
        assert opened.data_key.hex() == golden["data_key"]
        assert {name: value.hex() for name, value in opened.secrets.items()} == golden["secrets"]


@pytest.mark.parametrize("form", ["text", "bytes"])
def test_golden_keystore(form):
    golden = vector("keystore")
    passphrase = golden["passphrase"] if form == "text" else golden["passphrase"].encode()
    opened = unseal_keystore(bytes.fromhex(golden["file"]), passphrase, rehearsal=True)
    assert {name: value.hex() for name, value in opened.items()} == golden["secrets"]
