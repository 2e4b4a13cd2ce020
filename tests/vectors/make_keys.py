"""Regenerates every golden vector of KH-1 and their MANIFEST.

Keys, ids and texts are those of ``tests/keys/conftest.py``, from fixed seeds; what is randomised (sealing, wrapped
keys, ML-DSA, the time token) differs each time. A released form is permanent: run this only before the
formats are released.

python -m tests.vectors.make_keys
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from keys import canonical, sealing
from keys.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from keys.command import encode_command
from keys.derive import OWN_DIGEST_USES, KeyUse, derive_key
from keys.device import STATEMENT, EnvelopeHead, Statement, parse_envelope, seal_envelope
from keys.frame import COMMAND, RECEIPT, pae, sign
from keys.genesis import encode_genesis, sign_genesis
from keys.keyset import sign_key_set
from keys.keystore import Cost, add_passphrase, write_keystore
from keys.leaf import Leaf, leaf_tag, record_sha
from keys.lp import lp, sha256
from keys.note import with_signatures
from keys.proofs import RootAccumulator, entry_hash
from keys.receipt import MAGIC, Receipt, encode_note, encode_notes
from keys.request import encode_request
from keys.signing import SignatureKeys, SignatureKind
from keys.timestamps import build_time_request, stamp_of
from keys.tree import consistency, inclusion, subtree_of, tile_path
from tests.keys.conftest import World, an_id, seed
from tests.tsa import Authority

HERE = Path(__file__).parent / "keys"
CHEAP = Cost(memory_kib=64, passes=1, lanes=2)
HUB = bytes(range(32))
AT = 1_700_000_000

Vector = dict[str, Any]


def bytes_vector(world: World) -> Vector:
    lists: list[tuple[str, list[tuple[str, Any]]]] = [
        ("kh/x/v1", []),
        ("kh/x/v1", [("bytes", b"")]),
        (
            "kh/x/v1",
            [("bytes", b"ab"), ("text", "架け橋"), ("int", 0), ("int", 2**64 - 1), ("uuid", world.case)],
        ),
        ("kh/tag/v1", [("uuid", world.case), ("int", 7)]),
    ]
    value = {"a": {"é": '\x7f\u2028\n\0"\\/'}, "b": [True, False, None], "あ": "架け橋😀"}
    values: list[Any] = [{}, [], None, "", 0, -(2**53) + 1, value]
    lengths = [0, 1, 252, 253, 508, 4092, 4093, 8188, 8189, 16_000, 100_000]
    lengths += [2**20 - 4, 2**20 - 3, 25 * 2**20]
    return {
        "canonical": [canonical.encode(one).decode() for one in values],
        "lp": [
            {
                "elements": [{kind: _element_json(element)} for kind, element in elements],
                "label": label,
                "out": lp(label, *(element for _, element in elements)).hex(),
            }
            for label, elements in lists
        ],
        "pad": {"padded": sealing.pad(b"abc").hex(), "text": b"abc".hex()},
        "padded_size": [[length, sealing.padded_size(length)] for length in lengths],
        "times": [
            "0001-01-01T00:00:00.000000Z",
            canonical.format_time(world.noon),
            "9999-12-31T23:59:59.999999Z",
        ],
    }


def _element_json(value: bytes | str | int | UUID) -> str | int:
    match value:
        case bytes():
            return value.hex()
        case UUID():
            return str(value)
        case _:
            return value


def keys_vector(world: World) -> Vector:
    pairs = [("sig", "sig core", world.core_sig), ("log", "log", world.log)]
    secret = seed("derived")
    return {
        "derived": {
            "secret": secret.hex(),
            "keys": {use.value: derive_key(secret, use).hex() for use in KeyUse},
        },
        "own_digests": {use.value: world.core_kem.own_digest(use, b"data").hex() for use in OWN_DIGEST_USES},
        "kem": {
            "kid": world.core_kem.public.kid.hex(),
            "public": world.core_kem.public.to_json(),
            "seed": seed("kem core").hex(),
        },
        "pairs": [
            {
                "key_ids": [kid.hex() for kid in pair.public.key_ids],
                "kind": kind,
                "public": pair.public.to_json(),
                "seeds": seed(name, 64).hex(),
            }
            for kind, name, pair in pairs
        ],
    }


def genesis_vector(world: World) -> Vector:
    frame = sign_genesis(world.genesis, log=world.log, registrars=world.reg[:2])
    return {
        "frame": frame.encode().hex(),
        "hub": world.hub.hex(),
        "payload": encode_genesis(world.genesis).decode(),
    }


def key_set_vector(world: World) -> Vector:
    payload = encode_command(world.key_set_payload)
    frame = sign_key_set(payload, world.core_sig, *world.reg[:2])
    return {
        "digest": world.keyset.hex(),
        "frame": frame.encode().hex(),
        "payload": payload.decode(),
        "registrars": [one.to_json() for one in world.reg_public],
    }


def command_vector(world: World) -> Vector:
    return {
        "digest": world.frame.digest.hex(),
        "frame": world.frame_bytes.hex(),
        "pae": pae(COMMAND.payload_type, world.payload_bytes).hex(),
        "payload": world.payload_bytes.decode(),
        "request": world.request.hex(),
        "signer": world.core_sig.public.to_json(),
    }


def dry_run_vector(world: World) -> Vector:
    """The query that asks what would be decided on the command of ``command_vector``."""
    items = [
        {"flags": list(one.flags), "item": str(one.item), "section": one.section}
        for one in world.payload.items
    ]
    fields = {
        "act": "family_information.provided",
        "fields": {
            "basis": {str(world.clinic): "CWA-21-10-5"},
            "consent": [],
            "indicators": {},
            "purpose": "SUPPORT",
            "reason": None,
            "subject_consent": "NOT_REQUESTED",
            "to": [str(world.clinic)],
            "weeks_pregnant": None,
        },
        "items": items,
    }
    payload = world.command(
        act="dry_run",
        fields=fields,
        items=(),
        wrapped_keys=(),
        not_after=world.payload.created_at + timedelta(minutes=5),
    )
    frame = sign(COMMAND, encode_command(payload), world.core_sig)
    return {
        "digest": frame.digest.hex(),
        "payload": encode_command(payload).decode(),
        "request": encode_request(frame.encode(), []).hex(),
        "signer": world.core_sig.public.to_json(),
    }


def content_vector(world: World) -> Vector:
    item, sealed = world.item_ids[0], world.sealed[0]
    return {
        "about": {"id": str(world.about.id), "kind": world.about.kind},
        "content": world.contents[0].decode(),
        "hub": world.hub.hex(),
        "item": str(item),
        "item_key": sealed.key.hex(),
        "kc": sealed.kc.hex(),
        "kem_seed": seed("kem core").hex(),
        "keyset": world.keyset.hex(),
        "schema": "text/v1",
        "sealed": sealed.sealed.hex(),
        "section": world.sections[0],
        "wrapped_key": world.wrapped_keys[item, world.core].hex(),
    }


def record_vector(world: World) -> Vector:
    subject = f"kakehashi.v1.{world.case.hex}.1"
    return {
        "audit_kem_seed": seed("kem audit").hex(),
        "body": world.body.decode(),
        "ck": world.ck.hex(),
        "epoch": 1,
        "header": world.state[:11].hex(),
        "hub": world.hub.hex(),
        "originator": str(world.case),
        "sha": record_sha(subject, world.state).hex(),
        "sks": {name: key.hex() for name, key in world.sks.items()},
        "state": world.state.hex(),
        "subject": subject,
        "tag": leaf_tag(world.ck, world.case, 1).hex(),
        "version": 1,
    }


def receipt_vector(world: World) -> Vector:
    subject = f"kakehashi.v1.{world.case.hex}.1"
    leaf = Leaf(7, record_sha(subject, world.state), leaf_tag(world.ck, world.case, 1))
    receipt = Receipt(
        hub=world.hub,
        mode="rehearsal",
        command_id=world.payload.command_id,
        frame=world.frame.digest,
        leaf=leaf,
        promised_at=world.noon,
    )
    note = encode_note(receipt)
    payload = encode_notes(world.hub, "rehearsal", [b"\0", note, b"\1"])
    frame = sign(RECEIPT, payload, world.log).encode()
    return {
        "leaf": leaf.encode().decode(),
        "log": world.log.public.to_json(),
        "note": note.decode(),
        "payload": payload.decode(),
        "receipt": (MAGIC + len(note).to_bytes(2, "big") + note + frame).hex(),
    }


def log_vector(world: World) -> Vector:
    log, witness = world.log, SignatureKeys.from_seeds(SignatureKind.LOG, seed("witness", 64))
    entries = [Leaf(n + 1, sha256(bytes([n])), bytes([n]) * 16).encode() for n in range(5)]
    hashes = [entry_hash(entry) for entry in entries]
    head = RootAccumulator()
    roots = []
    for one in hashes:
        head.add(one)
        roots.append(head.root)
    tree = subtree_of(lambda level, n: b"".join(hashes))  # fewer than fill one tile
    origin, name, cosigned_at = origin_of(HUB, "rehearsal"), "witness.example/1", AT + 7
    checkpoint = Checkpoint(origin, len(entries), head.root)
    note = sign_checkpoint(checkpoint, log, AT)
    return {
        "log": log.public.to_json(),
        "hub": HUB.hex(),
        "mode": "rehearsal",
        "origin": origin,
        "entries": [entry.decode() for entry in entries],
        "root": head.root.hex(),
        "inclusion": {
            "index": 2,
            "size": 5,
            "proof": [one.hex() for one in inclusion(2, 5, tree)],
        },
        "consistency": {
            "first": 3,
            "second": 5,
            "root": roots[2].hex(),
            "proof": [one.hex() for one in consistency(3, 5, tree)],
        },
        "tile_paths": [
            [level, n, width, tile_path(level, n, width)]
            for level, n, width in ((0, 0, 5), (1, 1_234_067, 256), ("entries", 42, 256), ("entries", 0, 7))
        ],
        "text": checkpoint.text,
        "note": note.encode().decode(),
        "witness": witness.public.to_json(),
        "witness_name": name,
        "cosigned_at": cosigned_at,
        "cosigned": with_signatures(note, cosign(checkpoint, witness, name, cosigned_at)).encode().decode(),
    }


def time_vector(world: World) -> Vector:
    """A token by an authority of OpenSSL's, made on the spot and pinned by its root."""
    note = log_vector(world)["note"]
    with TemporaryDirectory(prefix="kakehashi-time-") as folder:
        authority = Authority(Path(folder))
        request, _ = build_time_request(note.encode())
        stamp = stamp_of(note.encode(), authority.answer(request))
        return {
            "at": stamp.at.isoformat(),
            "certificates": authority.pem().decode(),
            "checkpoint": note,
            "stamp": stamp.encode().hex(),
        }


KEPT = ("keystore.json",)
"""Of a form that is read and not written any more: KHK1."""


def keystore_passphrases_vector(world: World) -> Vector:
    """The second form: two passphrases, one of them with a label."""
    secrets = {"kem": world.core_kem.seed, "sig": world.core_sig.seeds}
    with TemporaryDirectory(prefix="kakehashi-keystore-") as folder:
        path = Path(folder) / "keystore"
        opened = write_keystore(path, secrets, "ひみつの言葉", CHEAP)
        add_passphrase(path, "ひみつの言葉", "封筒の言葉", "金庫の封筒", rehearsal=True)
        return {
            "data_key": opened.data_key.hex(),
            "file": path.read_bytes().hex(),
            "labels": ["", "金庫の封筒"],
            "passphrases": ["ひみつの言葉", "封筒の言葉"],
            "secrets": {name: value.hex() for name, value in secrets.items()},
        }


def device_vector(world: World) -> Vector:
    """An envelope of a device, what its door states, and the seeds of both."""
    device = MLDSA65PrivateKey.from_seed_bytes(seed("device"))
    head = EnvelopeHead(
        HUB, world.core, an_id("device"), an_id("envelope"), 7, world.core_kem.public.kid, world.noon
    )
    content = b'\x00\x00\x00\x07{"v":1}' + b"photo"
    envelope = seal_envelope(head, content, world.core_kem.public, device)
    about = parse_envelope(envelope).digest
    statements = [
        Statement("time", HUB, world.core, an_id("device"), seed("nonce"), world.noon, "ACTIVE"),
        *(
            Statement("receipt", HUB, world.core, an_id("device"), about, world.noon, state)
            for state in ("WAITING", "QUEUED", "DISCARDED")
        ),
    ]
    return {
        "agency": str(world.core),
        "content": content.hex(),
        "device": str(an_id("device")),
        "device_public": device.public_key().public_bytes_raw().hex(),
        "device_seed": seed("device").hex(),
        "door": {**world.core_sig.public.to_json(), **world.core_kem.public.to_json()},
        "door_kem_seed": world.core_kem.seed.hex(),
        "door_sig_seeds": world.core_sig.seeds.hex(),
        "envelope": envelope.hex(),
        "envelope_digest": about.hex(),
        "head": head.encode().decode(),
        "hub": HUB.hex(),
        "info": head.info.hex(),
        "statements": [
            {
                "frame": sign(STATEMENT, one.encode(), world.core_sig).encode().hex(),
                "payload": one.encode().decode(),
            }
            for one in statements
        ],
    }


VECTORS: dict[str, Callable[[World], Vector]] = {
    "bytes": bytes_vector,
    "command": command_vector,
    "content": content_vector,
    "device": device_vector,
    "dry_run": dry_run_vector,
    "genesis": genesis_vector,
    "key_set": key_set_vector,
    "keys": keys_vector,
    "keystore_passphrases": keystore_passphrases_vector,
    "log": log_vector,
    "receipt": receipt_vector,
    "record": record_vector,
    "time": time_vector,
}


def main() -> None:
    world = World()
    HERE.mkdir(exist_ok=True)
    lines = []
    for old in HERE.glob("*.json"):
        if old.name in KEPT:
            lines.append(f"{hashlib.sha256(old.read_bytes()).hexdigest()}  {old.name}")
        else:
            old.unlink()
    for name, make in sorted(VECTORS.items()):
        path = HERE / f"{name}.json"
        text = json.dumps(make(world), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        path.write_text(text, encoding="utf-8")
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
        print(f"made {path.name}", file=sys.stderr)
    (HERE / "MANIFEST").write_text("\n".join(sorted(lines, key=lambda line: line[66:])) + "\n")


if __name__ == "__main__":
    main()
