"""Key pairs and signed frames."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from domain.errors import InvariantViolation, Malformed, Untrusted
from keys import assert_supported
from keys.derive import OWN_DIGEST_USES, KeyUse, derive_key
from keys.frame import COMMAND, GENESIS, RECEIPT, Frame, FrameType, Signature, pae, parse_frame, sign, verify
from keys.lp import lp, sha256
from keys.signing import Alg, KemKey, KemPublic, SignatureKeys, SignatureKind, SignaturePublic, key_id

PAYLOAD = b"payload"


def test_the_installed_library_supports_the_whole_profile():
    assert_supported()


def test_a_library_that_lacks_an_algorithm_stops_the_process(refuses, monkeypatch):
    def lacking(*_):
        raise UnsupportedAlgorithm("ML-DSA-65 is not supported by this backend.")

    monkeypatch.setattr("keys.signing.SignatureKeys", lacking)
    with refuses(InvariantViolation, "unsupported-library"):
        assert_supported()


@pytest.mark.parametrize("kind", list(SignatureKind))
def test_a_signature_pair_is_restored_from_its_seeds_and_its_public_half_from_json(kind):
    pair = SignatureKeys.generate(kind)
    restored = SignatureKeys.from_seeds(kind, pair.seeds)
    assert restored.public == pair.public
    assert pair.kind is kind
    assert SignaturePublic.from_json(kind, pair.public.to_json()) == pair.public
    assert pair.public.key_ids[0] == sha256(lp("kh/key/v1", 1, pair.public.ed25519))
    assert pair.public.key_ids[1] == key_id(kind.second, pair.public.mldsa)


def test_a_kem_key_is_restored_from_its_seed_and_its_public_half_from_json():
    kem = KemKey.generate()
    assert KemKey(kem.seed).public == kem.public
    assert KemPublic.from_json(kem.public.to_json()) == kem.public
    assert kem.public.kid == sha256(lp("kh/key/v1", 4, kem.public.raw))
    assert kem.decrypt(b"info", kem.public.encrypt(b"info", b"text")) == b"text"


@pytest.mark.parametrize("key", [SignatureKeys.generate(), KemKey.generate()], ids=["pair", "kem"])
def test_attack_private_keys_do_not_leak_through_repr_pickle_or_copy(key):
    secret = key.seeds if isinstance(key, SignatureKeys) else key.seed
    printed = repr(key) + str(key) + f"{[key]}"
    assert secret.hex()[:8] not in printed
    assert repr(secret)[2:10] not in printed
    for leak in (pickle.dumps, copy.copy, copy.deepcopy, lambda one: one.__reduce__()):
        with pytest.raises(TypeError, match="not pickled"):
            leak(key)


def _public(**changes: bytes) -> SignaturePublic:
    return dataclasses.replace(SignatureKeys(SignatureKind.SIG, bytes(64)).public, **changes)


P = 2**255 - 19


@pytest.mark.parametrize(
    ("y", "error_code"),
    [
        pytest.param(0, "ed25519-key-small-order", id="order 4"),
        pytest.param(1, "ed25519-key-small-order", id="the neutral point"),
        pytest.param(1 + (1 << 255), "ed25519-key-small-order", id="the neutral point, sign set"),
        pytest.param(P - 1, "ed25519-key-small-order", id="order 2"),
        pytest.param(
            int("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7", 16),
            "ed25519-key-small-order",
            id="order 8",
        ),
        pytest.param(P + 1, "ed25519-key-not-canonical", id="the neutral point written otherwise"),
    ],
)
def test_attack_ed25519_keys_under_which_anything_verifies_are_refused(refuses, y, error_code):
    with refuses(Untrusted, error_code):
        _public(ed25519=y.to_bytes(32, "little"))


def test_attack_kem_keys_that_give_a_known_secret_are_refused(refuses):
    raw = KemKey(bytes(32)).public.raw
    with refuses(Untrusted, "kem-key-small-order"):
        KemPublic(raw[:1184] + bytes(32))
    with refuses(Untrusted, "kem-key-mlkem"):
        KemPublic(b"\xff" * 1184 + raw[1184:])


@pytest.mark.parametrize(
    ("make", "error_code"),
    [
        pytest.param(lambda: _public(ed25519=bytes(31)), "ed25519-key-length", id="Ed25519 key"),
        pytest.param(lambda: _public(mldsa=bytes(1312)), "mldsa-key-length", id="ML-DSA key"),
        pytest.param(lambda: KemPublic(bytes(1215)), "kem-key-length", id="KEM key"),
        pytest.param(lambda: KemKey(bytes(31)), "kem-seed-length", id="KEM seed"),
        pytest.param(
            lambda: SignatureKeys(SignatureKind.SIG, bytes(63)), "signature-seeds-length", id="seeds"
        ),
        pytest.param(
            lambda: SignaturePublic.from_json(SignatureKind.SIG, {}), "sig-public-keys", id="no keys"
        ),
        pytest.param(
            lambda: SignaturePublic.from_json(SignatureKind.LOG, []), "log-public-keys", id="no object"
        ),
        pytest.param(lambda: KemPublic.from_json(None), "kem-public-keys", id="nothing"),
        pytest.param(lambda: KemPublic.from_json({"xwing": "00"}), "kem-public-xwing", id="short hex"),
        pytest.param(
            lambda: SignaturePublic.from_json(SignatureKind.SIG, {"ed25519": 1, "mldsa65": ""}),
            "sig-public-ed25519",
            id="Ed25519 key no text",
        ),
        pytest.param(
            lambda: SignaturePublic.from_json(SignatureKind.SIG, {"ed25519": "00" * 32, "mldsa65": ""}),
            "sig-public-mldsa65",
            id="ML-DSA-65 key too short",
        ),
        pytest.param(
            lambda: SignaturePublic.from_json(SignatureKind.LOG, {"ed25519": "00" * 31, "mldsa44": ""}),
            "log-public-ed25519",
            id="Ed25519 key of a log too short",
        ),
        pytest.param(
            lambda: SignaturePublic.from_json(SignatureKind.LOG, {"ed25519": "00" * 32, "mldsa44": "AA"}),
            "log-public-mldsa44",
            id="ML-DSA-44 key too short",
        ),
    ],
)
def test_keys_of_another_form_are_refused(refuses, make, error_code):
    with refuses(Malformed, error_code):
        make()


def test_signatures_cover_the_dsse_encoding():
    assert pae(b"http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_a_frame_of_two_signers_verifies_for_them_in_their_order(world):
    frame = world.signed(world.core_sig, world.clinic_sig)
    assert parse_frame(frame.encode()) == frame
    assert frame.digest == sha256(world.payload_bytes)
    verify(COMMAND, frame, [world.core_sig.public, world.clinic_sig.public])


def test_attack_frame_signed_by_another_key_is_refused(refuses, world):
    with refuses(Untrusted, "signature-key"):
        verify(COMMAND, world.signed(world.clinic_sig), [world.core_sig.public])


def test_attack_frame_signed_under_a_borrowed_key_id_is_refused(refuses, world):
    foreign = world.signed(world.clinic_sig)
    renamed = tuple(
        dataclasses.replace(one, key_id=kid)
        for one, kid in zip(foreign.signatures, world.core_sig.public.key_ids, strict=True)
    )
    with refuses(Untrusted, "wrong-ed25519-signature"):
        verify(COMMAND, Frame(foreign.payload, renamed), [world.core_sig.public])


def test_attack_signatures_moved_to_another_payload_are_refused(refuses, world):
    other = Frame(world.payload_bytes + b" ", world.frame.signatures)
    with refuses(Untrusted, "wrong-ed25519-signature"):
        verify(COMMAND, other, [world.core_sig.public])


def test_attack_only_the_classical_signature_is_refused(refuses, world):
    classical = world.frame.signatures[:1]
    with refuses(Malformed, "frame-signature-count"):
        parse_frame(Frame(world.payload_bytes, classical).encode())
    with refuses(Untrusted, "signature-count"):
        verify(COMMAND, Frame(world.payload_bytes, classical), [world.core_sig.public])
    with refuses(Untrusted, "signature-algorithm"):
        verify(COMMAND, Frame(world.payload_bytes, classical * 2), [world.core_sig.public])


def test_attack_classical_signature_forged_or_post_quantum_signature_forged_is_refused(refuses, world):
    valid, bad = world.frame.signatures, world.signed(world.core_sig, payload=b"other").signatures
    with refuses(Untrusted, "wrong-ed25519-signature"):
        verify(COMMAND, Frame(world.payload_bytes, (bad[0], valid[1])), [world.core_sig.public])
    with refuses(Untrusted, "wrong-mldsa-signature"):
        verify(COMMAND, Frame(world.payload_bytes, (valid[0], bad[1])), [world.core_sig.public])


def test_attack_signatures_in_another_order_are_refused(refuses, world):
    one, two = world.frame.signatures
    with refuses(Untrusted, "signature-algorithm"):
        verify(COMMAND, Frame(world.payload_bytes, (two, one)), [world.core_sig.public])
    both = [world.core_sig.public, world.clinic_sig.public]
    with refuses(Untrusted, "signature-key"):
        verify(COMMAND, world.signed(world.clinic_sig, world.core_sig), both)


def test_attack_signatures_added_or_left_out_or_no_signer_expected_is_refused(refuses, world):
    both = [world.core_sig.public, world.clinic_sig.public]
    for frame, signers in (
        (world.signed(world.core_sig, world.clinic_sig), both[:1]),
        (world.frame, both),
        (world.frame, []),
        (Frame(world.payload_bytes, ()), []),
    ):
        with refuses(Untrusted, "signature-count"):
            verify(COMMAND, frame, signers)


def test_attack_frame_of_one_purpose_serves_no_other(refuses, world):
    genesis = sign(GENESIS, PAYLOAD, world.core_sig)
    with refuses(Untrusted, "wrong-ed25519-signature"):
        verify(COMMAND, genesis, [world.core_sig.public])
    receipt = sign(RECEIPT, PAYLOAD, world.log)
    with refuses(Malformed, "frame-magic"):
        parse_frame(receipt.encode())
    with refuses(Untrusted, "frame-type"):
        verify(COMMAND, receipt, [world.log.public])
    near = sign(FrameType(COMMAND.payload_type, b"kakehashi/other/v1"), PAYLOAD, world.core_sig)
    with refuses(Untrusted, "wrong-mldsa-signature"):
        verify(COMMAND, near, [world.core_sig.public])


def test_attack_log_key_does_not_sign_for_an_agency(refuses, world):
    with refuses(Untrusted, "signature-algorithm"):
        verify(
            COMMAND,
            sign(COMMAND, PAYLOAD, world.log),
            [SignatureKeys(SignatureKind.SIG, world.log.seeds).public],
        )


def _frame(payload: bytes = PAYLOAD, *signatures: Signature) -> bytes:
    return Frame(payload, signatures).encode()


ED = Signature(Alg.ED25519, bytes(32), bytes(64))


@pytest.mark.parametrize(
    ("data", "error_code"),
    [
        pytest.param(b"", "frame-truncated", id="nothing"),
        pytest.param(b"KHW2" + _frame(PAYLOAD, ED, ED)[4:], "frame-magic", id="another form"),
        pytest.param(_frame(b"", ED, ED), "frame-payload-size", id="empty payload"),
        pytest.param(_frame(bytes(256 * 1024 + 1), ED, ED), "frame-payload-size", id="payload too long"),
        pytest.param(b"KHF1\xff\xff\xff\xff", "frame-payload-size", id="length of four gigabytes"),
        pytest.param(_frame(), "frame-signature-count", id="no signatures"),
        pytest.param(_frame(PAYLOAD, ED, ED, ED), "frame-signature-count", id="three signatures"),
        pytest.param(_frame(PAYLOAD, *[ED] * 8), "frame-signature-count", id="eight signatures"),
        pytest.param(_frame(PAYLOAD, ED, dataclasses.replace(ED, alg=4)), "frame-algorithm", id="a KEM"),
        pytest.param(_frame(PAYLOAD, ED, dataclasses.replace(ED, alg=0)), "frame-algorithm", id="none"),
        pytest.param(
            _frame(PAYLOAD, ED, dataclasses.replace(ED, value=bytes(65))), "frame-signature-size", id="size"
        ),
        pytest.param(_frame(PAYLOAD, ED, ED) + b"\0", "frame-trailing", id="a byte more"),
    ],
)
def test_frames_of_another_form_are_refused(refuses, data, error_code):
    with refuses(Malformed, error_code):
        parse_frame(data)


@pytest.mark.parametrize("payload", [b"", bytes(256 * 1024 + 1)], ids=["empty", "too long"])
def test_a_payload_that_no_reader_accepts_is_not_signed(refuses, world, payload):
    with refuses(Malformed, "sign-payload-size"):
        sign(COMMAND, payload, world.core_sig)


def test_a_door_recognises_its_own_data_and_nobody_elses() -> None:
    one, other = KemKey(bytes(32)), KemKey(bytes([1]) * 32)
    use = KeyUse.COMMAND_DIGEST
    assert one.own_digest(use, b"codes") == KemKey(bytes(32)).own_digest(use, b"codes")
    assert len({k.own_digest(use, d) for k in (one, other) for d in (b"codes", b"other words")}) == 4


def test_attack_digest_of_one_use_matches_nothing_of_another() -> None:
    kem = KemKey(bytes(32))
    assert (
        len({kem.own_digest(use, b"the same text") for use in OWN_DIGEST_USES}) == len(OWN_DIGEST_USES) == 7
    )


def test_a_door_opens_what_it_sealed_for_itself_and_nobody_else_does(refuses) -> None:
    one, other = KemKey(bytes(32)), KemKey(bytes([1]) * 32)
    sealed = one.own_seal(KeyUse.CASE_INDEX, b"case 1", b"a family")
    assert one.open_own_seal(KeyUse.CASE_INDEX, b"case 1", sealed) == b"a family"
    for kem, use, context in (
        (other, KeyUse.CASE_INDEX, b"case 1"),
        (one, KeyUse.CASE_CHARGE, b"case 1"),
        (one, KeyUse.CASE_INDEX, b"case 2"),
    ):
        with refuses(Untrusted, "seal-broken"):
            kem.open_own_seal(use, context, sealed)


def test_every_derived_key_differs_from_every_other_and_from_its_secret() -> None:
    secrets = (bytes(32), bytes([1]) * 32)
    keys = {derive_key(secret, use) for secret in secrets for use in KeyUse}
    assert len(keys | set(secrets)) == 2 * len(KeyUse) + 2


@pytest.mark.parametrize("length", [0, 31, 33])
def test_keys_are_derived_from_secrets_of_32_bytes_only(refuses, length) -> None:
    with refuses(Malformed, "derivation-secret-length"):
        derive_key(bytes(length), KeyUse.LEAF_TAG)
