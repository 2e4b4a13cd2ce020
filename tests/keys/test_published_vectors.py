"""Vectors that others published: the library, and what is built on it here, agree with them."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from itertools import islice
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl as rust
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from domain.errors import Untrusted
from keys.sealing import seal
from keys.signing import KemKey, SignatureKeys, SignatureKind

ROOT = Path(cryptography_vectors.__file__).parent


def rsp(name: str) -> list[dict[str, str]]:
    """Blocks of ``key = value`` lines that begin with ``count``."""
    blocks: list[dict[str, str]] = []
    for line in (ROOT / name).read_text().splitlines():
        if " = " not in line or line.startswith("#"):
            continue
        key, value = line.split(" = ", 1)
        if key.lower() == "count":
            blocks.append({})
        blocks[-1][key] = value.strip()
    return blocks


@pytest.mark.parametrize(
    ("kind", "name", "size"),
    [(SignatureKind.SIG, "65", 3309), (SignatureKind.LOG, "44", 2420)],
    ids=["ML-DSA-65", "ML-DSA-44"],
)
def test_published_mldsa_keys_and_signatures_hold(kind, name, size):
    for block in rsp(f"asymmetric/MLDSA/kat_MLDSA_{name}_det_pure.rsp")[:20]:
        one = {key: bytes.fromhex(block[key]) for key in ("xi", "pk", "msg", "sm")}
        pair = SignatureKeys.from_seeds(kind, bytes(32) + one["xi"])
        assert pair.public.mldsa == one["pk"]
        context = bytes.fromhex(block["ctx"].removeprefix("None"))
        valid = (pair.sign_message(one["msg"], context)[0], one["sm"][:size])
        pair.public.verify_message(one["msg"], context, valid)
        with pytest.raises(Untrusted) as caught:
            pair.public.verify_message(one["msg"], context + b"x", valid)
        assert caught.value.error_code == "wrong-mldsa-signature"


def test_published_ed25519_keys_and_signatures_hold():
    lines = (ROOT / "asymmetric/Ed25519/sign.input").read_text().splitlines()
    for line in lines[:40]:
        secret, public, message, signed = (bytes.fromhex(part) for part in line.split(":")[:4])
        pair = SignatureKeys.from_seeds(SignatureKind.LOG, secret[:32] + bytes(32))
        assert pair.public.ed25519 == public
        assert pair.sign_message(message, b"")[0] == signed[:64]


def test_mlkem_seeds_are_d_then_z():
    for block in rsp("asymmetric/MLKEM/kat_MLKEM_768.rsp")[:10]:
        key = MLKEM768PrivateKey.from_seed_bytes(bytes.fromhex(block["d"] + block["z"]))
        assert key.public_key().public_bytes_raw().hex() == block["pk"]
        assert key.decapsulate(bytes.fromhex(block["ct"])).hex() == block["ss"]


XWING = [
    one
    for one in json.loads((ROOT / "HPKE/hpke-pq-test-vectors.json").read_text())
    if (one["kem_id"], one["kdf_id"]) == (0x647A, 1)
]


def test_xwing_seed_expands_to_the_published_public_key_and_opens_the_published_text():
    """The published suite is ChaCha20-Poly1305; seed, KEM and key schedule are those of KH-1."""
    assert XWING
    for one in XWING:
        kem = KemKey(bytes.fromhex(one["skRm"]))
        assert kem.public.raw.hex() == one["pkRm"]
        assert one["aead_id"] == 3
        suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
        first = one["encryptions"][0]
        sealed = bytes.fromhex(one["enc"] + first["ct"])
        args = (kem._hpke, bytes.fromhex(one["info"]), bytes.fromhex(first["aad"]))
        assert rust.hpke._decrypt_with_aad(suite, sealed, *args).hex() == first["pt"]
        with pytest.raises(InvalidTag):
            rust.hpke._decrypt_with_aad(suite, sealed[:-1] + b"\0", *args)


def chunked_open(key: bytes, context: bytes, sealed: bytes, hash_: hashes.HashAlgorithm) -> bytes:
    """A reader of our own, after the text of c2sp.org/chunked-encryption; the hash is a choice there."""
    salt, commitment, chunks = sealed[:24], sealed[24:56], sealed[56:]
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
    derived = HKDFExpand(hash_, 32 + 12 + 32, info).derive(key)
    if len(sealed) < 56 + 16 or derived[44:] != commitment:
        raise InvalidTag
    text = b""
    for number in range(len(chunks) // 16_400 + 1):
        nonce = (int.from_bytes(derived[32:44], "big") ^ number).to_bytes(12, "big")
        text += AESGCM(derived[:32]).decrypt(nonce, chunks[number * 16_400 : (number + 1) * 16_400], b"")
    return text


CHUNKED = [
    one
    for one in json.loads((ROOT / "chunked-encryption/vectors.json").read_text())["vectors"]
    if one["aead"] == "AEAD_AES_256_GCM" and len(one["key"]) == 64
]


@pytest.mark.parametrize("one", CHUNKED, ids=lambda one: one["name"])
def test_chunked_encryption_with_sha_256_is_read_by_our_own_reader(one):
    """The vectors in the package are of the instantiation with SHA-256; Cobblestone-256 is SHA-512."""
    key, context = bytes.fromhex(one["key"]), one["context"].encode()
    sealed = base64.b64decode(one["ciphertext"] or "")
    if one.get("compressed"):
        sealed = zlib.decompress(sealed)
    if one["expect"] == "success":
        text = chunked_open(key, context, sealed, hashes.SHA256())
        assert len(text) == one["payload_length"]
        assert hashlib.sha256(text).hexdigest() == one["payload_sha256"]
    else:
        with pytest.raises(InvalidTag):
            chunked_open(key, context, sealed, hashes.SHA256())


@pytest.mark.parametrize("length", [0, 1, 16_383, 16_384, 40_000])
def test_what_is_sealed_here_is_chunked_encryption_with_sha_512(length):
    sealed = seal(b"k" * 32, b"context", b"t" * length)
    assert chunked_open(b"k" * 32, b"context", sealed, hashes.SHA512()) == b"t" * length


def test_published_argon2id_vector_holds():
    checked = 0
    for block in islice(rsp("KDF/argon2id.txt"), 6):
        generated = Argon2id(
            salt=bytes.fromhex(block["salt"]),
            length=int(block["length"]),
            iterations=int(block["iter"]),
            lanes=int(block["lanes"]),
            memory_cost=int(block["memcost"]),
            ad=bytes.fromhex(block["ad"]) if block.get("ad") else None,
            secret=bytes.fromhex(block["secret"]) if block.get("secret") else None,
        ).derive(bytes.fromhex(block.get("pass", "")))
        assert generated.hex() == block["output"].lower()
        checked += 1
    assert checked
