"""Golden vectors: what was written once must be written, or at least read, the same for ever.

Where an algorithm is randomised (sealing, wraps, ML-DSA) the vector keeps one output, which must open
or verify; all else is made anew and compared. A vector is never edited: MANIFEST holds their digests.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from keys import canonical, sealing
from keys.checkpoint import Checkpoint, origin_of, verify_checkpoint, verify_cosignature
from keys.command import encode_wish, parse_wish
from keys.frame import GENESIS, MAGIC, WISH, pae, parse_frame, verify
from keys.genesis import encode_genesis, verify_genesis
from keys.item import key_commitment, open_item
from keys.keyset import verify_key_set
from keys.keystore import unseal_keystore
from keys.leaf import leaf_tag, parse_leaf, record_sha
from keys.lp import About, lp, sha256
from keys.proofs import Head, entry_hash, verify_consistency, verify_inclusion
from keys.receipt import encode_note, encode_notes, verify_receipt
from keys.record import (
    list_parts,
    match_items,
    open_audit_layer,
    open_audit_wrap,
    open_named_wrap,
    open_record,
)
from keys.request import encode_request, match_parts, parse_request
from keys.signing import KemKey, SignatureKeys, SignatureKind, SignaturePublic
from keys.timestamps import TimeAuthority, parse_stamp, verify_time
from keys.tree import tile_path
from keys.wrap import open_wrap

VECTORS = Path(__file__).parent.parent / "vectors" / "keys"


def vector(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_bytes())
    return found


def test_no_vector_was_edited_added_or_taken_away_in_silence():
    listed = dict(line.split("  ")[::-1] for line in (VECTORS / "MANIFEST").read_text().splitlines())
    there = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in VECTORS.glob("*.json")}
    assert there == listed


def _element(given: dict[str, Any]) -> bytes | str | int | UUID:
    [(kind, value)] = given.items()
    return {"bytes": bytes.fromhex, "uuid": UUID}.get(kind, lambda same: same)(value)


def test_bytes():
    given = vector("bytes")
    for one in given["lp"]:
        assert lp(one["label"], *map(_element, one["elements"])).hex() == one["out"]
    for length, size in given["padded_size"]:
        assert sealing.padded_size(length) == size
    assert sealing.pad(bytes.fromhex(given["pad"]["text"])).hex() == given["pad"]["padded"]
    for text in given["canonical"]:
        assert canonical.encode(canonical.parse(text.encode())) == text.encode()
    for text in given["times"]:
        assert canonical.format_time(canonical.parse_time(text)) == text


def test_keys():
    given = vector("keys")
    for one in given["pairs"]:
        public = SignatureKeys.from_seeds(SignatureKind(one["kind"]), bytes.fromhex(one["seeds"])).public
        assert public.to_json() == one["public"]
        assert [kid.hex() for kid in public.key_ids] == one["key_ids"]
    kem = KemKey(bytes.fromhex(given["kem"]["seed"])).public
    assert (kem.to_json(), kem.kid.hex()) == (given["kem"]["public"], given["kem"]["kid"])


def test_genesis(world):
    given = vector("genesis")
    frame = parse_frame(bytes.fromhex(given["frame"]))
    genesis = verify_genesis(frame, hub=bytes.fromhex(given["hub"]))
    assert encode_genesis(genesis).decode() == frame.payload.decode() == given["payload"]
    assert genesis == world.genesis
    assert pae(GENESIS.payload_type, b"").startswith(b"DSSEv1 38 application/vnd.kakehashi.genesis+json")


def test_key_set():
    given = vector("key_set")
    registry = [SignaturePublic.from_json(SignatureKind.SIG, one) for one in given["registry"]]
    frame = parse_frame(bytes.fromhex(given["frame"]))
    key_set = verify_key_set(frame, in_force=None, registry=registry)
    assert key_set.digest.hex() == given["digest"]
    assert encode_wish(parse_wish(frame.payload)).decode() == given["payload"]


def test_wish_frame_and_request():
    given = vector("wish")
    signer = SignaturePublic.from_json(SignatureKind.SIG, given["signer"])
    request = parse_request(bytes.fromhex(given["request"]))
    assert (request.frame_bytes.hex(), request.frame.digest.hex()) == (given["frame"], given["digest"])
    assert encode_wish(request.payload).decode() == given["payload"]
    assert pae(WISH.payload_type, request.frame.payload).hex() == given["pae"]
    verify(WISH, request.frame, [signer])
    match_parts(request.payload, request.parts)
    assert encode_request(request.frame.encode(), request.parts).hex() == given["request"]


def test_wish_frame_bytes_laid_out_by_hand():
    """After KH-1 §5, not after the code."""
    given = vector("wish")
    frame = parse_frame(bytes.fromhex(given["frame"]))
    payload = given["payload"].encode()
    one, two = frame.signatures
    assert bytes.fromhex(given["frame"]) == (
        b"KHW1"
        + len(payload).to_bytes(4, "big")
        + payload
        + b"\x02"
        + (b"\x01" + one.key_id + (64).to_bytes(2, "big") + one.value)
        + (b"\x02" + two.key_id + (3309).to_bytes(2, "big") + two.value)
    )
    assert frame.magic == MAGIC


def test_item_and_wrap():
    given = vector("content")
    place = {
        "hub": bytes.fromhex(given["hub"]),
        "about": About(given["about"]["kind"], UUID(given["about"]["id"])),
        "item": UUID(given["item"]),
        "kc": bytes.fromhex(given["kc"]),
        "keyset": bytes.fromhex(given["keyset"]),
    }
    kem = KemKey(bytes.fromhex(given["kem_seed"]))
    key = open_wrap(kem=kem, wrap=bytes.fromhex(given["wrap"]), **place)
    assert key.hex() == given["item_key"]
    assert key_commitment(key, place["about"], place["item"]) == place["kc"]
    sealed = bytes.fromhex(given["sealed"])
    content = open_item(key=key, section=given["section"], schema=given["schema"], sealed=sealed, **place)
    assert content.decode() == given["content"]


def test_record():
    given = vector("record")
    place = {"hub": bytes.fromhex(given["hub"]), "originator": UUID(given["originator"])}
    state, ck = bytes.fromhex(given["state"]), bytes.fromhex(given["ck"])
    sks = {name: bytes.fromhex(key) for name, key in given["sks"].items()}
    record = open_record(ck=ck, version=given["version"], state=state, **place)
    assert record.epoch == list_parts(state).epoch == given["epoch"]
    assert record.body_json.decode() == given["body"]
    assert state.hex().startswith(given["header"])
    assert given["header"] == (b"KHR1\1\0\0\0\1" + (8).to_bytes(2, "big")).hex()
    payload = parse_wish(parse_frame(record.frame).payload)
    assert set(match_items(record, payload)) == {one.item for one in payload.items}
    sections = {one.item: one.section for one in payload.items}
    for one in payload.wraps:
        open_named_wrap(record, payload, one.item, one.to, sks[sections[one.item]])
    kem = KemKey(bytes.fromhex(given["audit_kem_seed"]))
    wrap = open_audit_layer(sks["control"], record.audit_wrap or b"")
    assert open_audit_wrap(kem=kem, epoch=given["epoch"], wrap=wrap, **place) == ck
    assert record_sha(given["subject"], state).hex() == given["sha"]
    assert leaf_tag(ck, place["originator"], given["version"]).hex() == given["tag"]


def test_receipt_and_leaf():
    given = vector("receipt")
    log = SignaturePublic.from_json(SignatureKind.LOG, given["log"])
    receipt = verify_receipt(bytes.fromhex(given["receipt"]), log)
    note = encode_note(receipt)
    assert note.decode() == given["note"]
    others = [sha256(bytes([n])).hex() for n in range(2)]
    assert encode_notes(receipt.hub, receipt.mode, [b"\0", note, b"\1"]).decode() == given["payload"]
    assert [others[0], sha256(note).hex(), others[1]] == json.loads(given["payload"])["notes"]
    assert receipt.leaf == parse_leaf(given["leaf"].encode())
    assert parse_leaf(given["leaf"].encode()).encode().decode() == given["leaf"]


def test_log():
    given = vector("log")
    log, witness = (SignaturePublic.from_json(SignatureKind.LOG, given[name]) for name in ("log", "witness"))
    entries = [one.encode() for one in given["entries"]]
    head = Head()
    for entry in entries:
        assert parse_leaf(entry).encode() == entry
        head.add(entry_hash(entry))
    assert head.root.hex() == given["root"]
    shown = given["inclusion"]
    proof = [bytes.fromhex(one) for one in shown["proof"]]
    verify_inclusion(entry_hash(entries[shown["index"]]), shown["index"], shown["size"], proof, head.root)
    later = given["consistency"]
    proof = [bytes.fromhex(one) for one in later["proof"]]
    verify_consistency(later["first"], later["second"], proof, bytes.fromhex(later["root"]), head.root)
    for level, n, width, path in given["tile_paths"]:
        assert tile_path(level, n, width) == path
    assert origin_of(bytes.fromhex(given["hub"]), given["mode"]) == given["origin"]
    checkpoint, note = verify_checkpoint(given["note"].encode(), given["origin"], log)
    assert checkpoint == Checkpoint(given["origin"], len(entries), head.root)
    assert (checkpoint.text, note.encode().decode()) == (given["text"], given["note"])
    _, cosigned = verify_checkpoint(given["cosigned"].encode(), given["origin"], log)
    assert verify_cosignature(cosigned, given["witness_name"], witness) == given["cosigned_at"]


def test_time():
    given = vector("time")
    stamp = parse_stamp(bytes.fromhex(given["stamp"]))
    assert stamp.encode().hex() == given["stamp"]
    assert stamp.note.decode() == given["checkpoint"]
    authority = TimeAuthority.from_pem(given["certificates"].encode())
    assert verify_time(stamp.token, stamp.note, authority).isoformat() == given["at"]


@pytest.mark.parametrize("form", ["text", "bytes"])
def test_keystore(form):
    given = vector("keystore")
    passphrase = given["passphrase"] if form == "text" else given["passphrase"].encode()
    opened = unseal_keystore(bytes.fromhex(given["file"]), passphrase, rehearsal=True)
    assert {name: value.hex() for name, value in opened.items()} == given["secrets"]
