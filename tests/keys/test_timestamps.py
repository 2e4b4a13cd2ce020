"""A time token is accepted over exactly its bytes and from the pinned authority only."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from domain.errors import Malformed, Untrusted
from keys.checkpoint import Checkpoint, sign_checkpoint
from keys.signing import SignatureKeys, SignatureKind
from keys.timestamps import (
    MAX_TOKEN_BYTES,
    Stamp,
    TimeAuthority,
    _generation_time,
    build_time_request,
    parse_stamp,
    stamp_of,
    verify_time,
)
from tests.tsa import OTHER_POLICY, POLICY, REJECTED, Authority, needs_openssl, response

LOG = SignatureKeys.from_seeds(SignatureKind.LOG, bytes([5]) * 64)
NOTE = sign_checkpoint(Checkpoint("kakehashi/rehearsal/00", 7, bytes(32)), LOG, 1_700_000_000).encode()

pytestmark = needs_openssl


class Ours:
    """An authority, what was asked of it and what it answered."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "ours")
        self.strange = Authority(folder / "strange")
        self.pinned = TimeAuthority.from_pem(self.authority.pem())
        self.request, self.nonce = build_time_request(NOTE)
        self.token = self.authority.answer(self.request)

    @property
    def stamp(self) -> Stamp:
        return stamp_of(NOTE, self.token)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Ours:
    return Ours(tmp_path_factory.mktemp("tsa"))


def test_a_time_token_proves_the_checkpoint_existed_by_its_time(ours):
    at = verify_time(ours.token, NOTE, ours.pinned, ours.nonce)
    assert abs(datetime.now(UTC) - at) < timedelta(hours=1)
    assert verify_time(ours.token, NOTE, ours.pinned) == at
    assert ours.stamp.at == at
    assert ours.stamp.checkpoint.size == 7


@pytest.mark.parametrize("digits", [0, 3, 6])
def test_a_token_states_its_time_to_the_microsecond(ours, digits):
    """The library's own ``gen_time`` is cut to whole seconds: earlier than what the authority states."""
    token = ours.authority.answer(ours.request, precision_digits=digits)
    [stated] = re.findall(rb"\x18.(\d{14})(?:\.(\d+))?Z", token)
    seconds = datetime.strptime(stated[0].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    at = verify_time(token, NOTE, ours.pinned, ours.nonce)
    assert at == seconds + timedelta(microseconds=int(stated[1].ljust(6, b"0")))
    assert stamp_of(NOTE, token).at == at


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        pytest.param(b"20261129134306Z", 0, id="no fraction"),
        pytest.param(b"20261129134306.5Z", 500_000, id="tenths"),
        pytest.param(b"20261129134306.9598061Z", 959_807, id="finer than a microsecond, rounded up"),
        pytest.param(b"20261129134306.9999999Z", 1_000_000, id="up to the next second"),
    ],
)
@pytest.mark.parametrize("imprint_bytes", [20, 200, 300], ids=["one length byte", "two", "three"])
def test_the_time_of_a_token_is_never_earlier_than_stated(text, microseconds, imprint_bytes):
    def element(tag: int, content: bytes) -> bytes:
        size = len(content)
        length = (
            bytes([size])
            if size < 128
            else b"\x81" + bytes([size])
            if size < 256
            else b"\x82" + size.to_bytes(2, "big")
        )
        return bytes([tag]) + length + content

    encoded = element(
        0x30,
        element(2, b"\1") + element(6, b"*") + element(0x30, bytes(imprint_bytes)) + element(2, b"\7") + element(0x18, text),
    )  # fmt: skip
    whole_seconds = datetime(2026, 11, 29, 13, 43, 6, tzinfo=UTC)
    info = SimpleNamespace(gen_time=whole_seconds, as_bytes=lambda: encoded)
    assert _generation_time(info) == whole_seconds + timedelta(microseconds=microseconds)


def test_openssl_verifies_the_stored_time_token(ours):
    folder = ours.authority.folder
    (folder / "kept.tsr").write_bytes(parse_stamp(ours.stamp.encode()).token)
    (folder / "kept.note").write_bytes(parse_stamp(ours.stamp.encode()).note)
    command = ["openssl", "ts", "-verify", "-in", "kept.tsr", "-data", "kept.note", "-CAfile", "root.pem"]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def test_a_stamp_survives_encoding_and_parsing(ours):
    assert parse_stamp(ours.stamp.encode()) == ours.stamp


def test_attack_time_token_over_another_checkpoint_is_refused(ours, refuses):
    other = sign_checkpoint(Checkpoint("kakehashi/rehearsal/00", 8, bytes(32)), LOG, 1_700_000_000).encode()
    with refuses(Untrusted, "time-imprint"):
        verify_time(ours.token, other, ours.pinned)
    with refuses(Untrusted, "time-imprint"):
        stamp_of(other, ours.token)


def test_attack_time_token_of_another_request_is_refused(ours, refuses):
    with refuses(Untrusted, "time-nonce"):
        verify_time(ours.token, NOTE, ours.pinned, ours.nonce + 1)


def test_attack_time_token_under_another_policy_is_refused(ours, refuses):
    agreed = TimeAuthority.from_pem(ours.authority.pem(), POLICY)
    assert verify_time(ours.token, NOTE, agreed)
    other = ours.authority.answer(ours.request, more=("-tspolicy", OTHER_POLICY))
    assert verify_time(other, NOTE, ours.pinned)
    with refuses(Untrusted, "time-policy"):
        verify_time(other, NOTE, agreed)


@pytest.mark.parametrize("use", ["plain", "lax", "both"])
def test_attack_time_token_by_a_certificate_for_other_uses_is_refused(ours, refuses, use):
    """Without the extended key usage timeStamping; with it, but not critical; with it and another."""
    ours.authority.certify(use, use)
    with refuses(Untrusted, "time-purpose"):
        verify_time(ours.authority.signed_by(ours.token, use), NOTE, ours.pinned)


def test_the_hand_made_tokens_of_these_tests_verify_when_the_pinned_signer_makes_them(ours):
    assert verify_time(ours.authority.signed_by(ours.token, "time"), NOTE, ours.pinned)


def test_attack_time_token_of_another_authority_is_refused(ours, refuses):
    theirs = ours.strange.answer(ours.request)
    assert verify_time(theirs, NOTE, TimeAuthority.from_pem(ours.strange.pem()))
    with refuses(Untrusted, "time-authority"):
        verify_time(theirs, NOTE, ours.pinned)


def test_attack_time_token_of_another_authority_under_the_same_root_is_refused(ours, refuses):
    narrow = TimeAuthority.from_pem(ours.authority.pem("root", "time"))
    assert verify_time(ours.token, NOTE, narrow)
    ours.authority.certify("neighbour")
    theirs = ours.authority.answer(ours.request, signer="neighbour")
    assert verify_time(theirs, NOTE, ours.pinned)
    with refuses(Untrusted, "time-signer"):
        verify_time(theirs, NOTE, narrow)


@pytest.mark.parametrize(
    ("use", "in_order"),
    [pytest.param("wordy", True, id="in DER's order"), pytest.param("root", False, id="out of order")],
)
def test_intermediate_certificates_may_be_pinned_or_embedded_in_the_token(ours, refuses, use, in_order):
    """A set of certificates is sorted in DER (the shorter one first); the library takes no other."""
    ours.authority.certify("intermediates", use)
    ours.authority.certify("below", by="intermediates")
    unpinned = ours.authority.answer(ours.request, signer="below")
    with refuses(Untrusted, "time-authority"):
        verify_time(unpinned, NOTE, ours.pinned)
    assert verify_time(unpinned, NOTE, TimeAuthority.from_pem(ours.authority.pem("root", "intermediates")))
    with_chain = ours.authority.answer(ours.request, signer="below", more=("-chain", "intermediates.pem"))
    if in_order:
        assert verify_time(with_chain, NOTE, ours.pinned)
        return
    with refuses(Malformed, "time-token-form"):
        verify_time(with_chain, NOTE, ours.pinned)


def test_a_self_signed_time_authority_is_its_own_root(ours, refuses):
    ours.authority.self_certify("self", "self")
    token = ours.authority.answer(ours.request, signer="self")
    only_signer = TimeAuthority.from_pem(ours.authority.pem("self"))
    assert verify_time(token, NOTE, only_signer)
    with refuses(Untrusted, "time-signer"):
        verify_time(ours.token, NOTE, only_signer)


def test_attack_time_token_after_its_certificate_expired_is_refused(ours, refuses):
    ours.authority.certify("ended", days=-1)
    with refuses(Untrusted, "time-authority"):
        verify_time(ours.authority.signed_by(ours.token, "ended"), NOTE, ours.pinned)


def test_attack_time_token_with_a_changed_signature_is_refused(ours, refuses):
    wrong = bytearray(ours.token)
    wrong[-1] ^= 1
    with refuses(Untrusted, "time-signature"):
        verify_time(bytes(wrong), NOTE, ours.pinned)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_attack_time_token_with_any_bit_flipped_is_refused_or_means_the_same(ours):
    """A few bytes of CMS are under no signature (version numbers, the name of the signature's algorithm)."""
    at, same = ours.stamp.at, 0
    for place in range(len(ours.token)):
        wrong = bytearray(ours.token)
        wrong[place] ^= 1 << (place % 8)
        try:
            assert verify_time(bytes(wrong), NOTE, ours.pinned, ours.nonce) == at
            same += 1
        except (Malformed, Untrusted):
            pass
    assert same < 20


def test_a_response_without_granted_status_is_refused(ours, refuses):
    with refuses(Untrusted, "time-not-granted"):
        verify_time(response(REJECTED), NOTE, ours.pinned)


@pytest.mark.parametrize("data", [b"", b"\x30\x00", response("3003020100"), b"<html>"])
def test_bytes_that_are_no_time_token_are_malformed(ours, refuses, data):
    with refuses(Malformed, "time-token-form"):
        verify_time(data, NOTE, ours.pinned)
    with refuses(Malformed, "time-token-size"):
        verify_time(bytes(MAX_TOKEN_BYTES + 1), NOTE, ours.pinned)


def test_a_token_without_its_certificate_is_refused(ours, refuses):
    (ours.authority.folder / "note").write_bytes(NOTE)
    ours.authority._run("ts", "-query", "-data", "note", "-sha512", "-no_nonce", "-out", "unpinned")
    unpinned = ours.authority.answer((ours.authority.folder / "unpinned").read_bytes())
    with refuses(Untrusted, "time-purpose"):
        verify_time(unpinned, NOTE, ours.pinned)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_an_unparsable_signer_certificate_is_refused(ours, refuses):
    version = bytes.fromhex("a003020102")
    assert ours.token.count(version) == 1
    with refuses(Untrusted, "time-purpose"):
        verify_time(ours.token.replace(version, bytes.fromhex("a003020103")), NOTE, ours.pinned)


def test_pinned_certificates_must_be_pem_and_include_a_root(ours, refuses):
    for wrong in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with refuses(Malformed, "time-authority-pem"):
            TimeAuthority.from_pem(wrong)
    with refuses(Malformed, "time-authority-root"):
        TimeAuthority.from_pem(ours.authority.pem("time"))
    with refuses(Malformed, "time-policy-form"):
        TimeAuthority.from_pem(ours.authority.pem(), "any")


def test_bytes_that_are_no_stamp_are_malformed(ours, refuses):
    data = ours.stamp.encode()
    for wrong in (b"", data[:-1], data + b"\0", b"KHS2" + data[4:], data[:4] + b"\xff" * 4 + data[8:]):
        with refuses(Malformed, "stamp-form"):
            parse_stamp(wrong)
