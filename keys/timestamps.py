"""Time tokens: the word of an authority that bytes were there at a time.

    stamp   "KHS1" ‖ u32 length ‖ checkpoint, as it was signed ‖ u32 length ‖ TimeStampResp (DER) over these very bytes

The library reads ASN.1, builds the chain and verifies the signature; what a token must say is checked here.
Source: RFC 3161; KH-1 §8.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from domain.errors import Malformed, Untrusted
from keys.checkpoint import Checkpoint, parse_checkpoint
from keys.note import MAX_NOTE_BYTES, parse_note

MAGIC = b"KHS1"
MAX_TOKEN_BYTES = 64 * 1024
MAX_STAMP_BYTES = len(MAGIC) + 8 + MAX_NOTE_BYTES + MAX_TOKEN_BYTES
_DIGESTS = {
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}


@dataclass(frozen=True)
class TimeAuthority:
    """Whose tokens are believed: those that chain to one of ``roots``; if ``signers`` are named, signed by one of them.

    ``policy``: the one policy under which a token must be made, as an OID; None for any.
    """

    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]
    signers: tuple[x509.Certificate, ...]
    policy: str | None = None

    @classmethod
    def from_pem(cls, data: bytes, policy: str | None = None) -> TimeAuthority:
        """Of certificates in PEM: those that issued themselves are roots, those made for time stamping signers.

        Raises Malformed.
        """
        try:
            candidates = x509.load_pem_x509_certificates(data)
            signers = tuple(one for one in candidates if _is_for_time_stamping(one))
        except (ValueError, x509.InvalidVersion, x509.DuplicateExtension) as error:
            raise Malformed("time-authority-pem") from error
        roots = tuple(one for one in candidates if one.issuer == one.subject)
        if not roots:
            raise Malformed("time-authority-root")
        if policy is not None:
            try:
                x509.ObjectIdentifier(policy)
            except ValueError as error:
                raise Malformed("time-policy-form") from error
        intermediates = tuple(one for one in candidates if one not in roots and one not in signers)
        return cls(roots, intermediates, signers, policy)


@dataclass(frozen=True)
class Stamp:
    """A signed checkpoint and the token over it, as they came. ``at``: what the token says, by whomever it was made."""

    note: bytes
    token: bytes
    checkpoint: Checkpoint
    at: datetime

    def encode(self) -> bytes:
        return b"".join((MAGIC, _length_prefixed(self.note), _length_prefixed(self.token)))


def stamp_of(note: bytes, token: bytes) -> Stamp:
    """This token over this checkpoint, neither of them verified. Raises Malformed, Untrusted."""
    checkpoint = parse_checkpoint(parse_note(note).text)
    return Stamp(note, token, checkpoint, _token_time(_decode_token(token), note))


def parse_stamp(data: bytes) -> Stamp:
    """The stamp of these bytes, and of no others. Raises Malformed, Untrusted."""
    at = len(MAGIC)
    parts = []
    for limit in (MAX_NOTE_BYTES, MAX_TOKEN_BYTES):
        length = int.from_bytes(data[at : at + 4], "big")
        parts.append(data[at + 4 : at + 4 + length] if length <= limit else b"")
        at += 4 + length
    if data[: len(MAGIC)] != MAGIC or at != len(data):
        raise Malformed("stamp-form")
    return stamp_of(parts[0], parts[1])


def build_time_request(data: bytes) -> tuple[bytes, int]:
    """A request for a token over these bytes (by SHA-512), and its nonce."""
    request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA512).build()
    assert request.nonce is not None
    return request.as_bytes(), request.nonce


def verify_time(token: bytes, data: bytes, authority: TimeAuthority, nonce: int | None = None) -> datetime:
    """By when these bytes were there, says the authority. ``nonce``: of the request that this must answer.

    Raises Malformed, Untrusted.
    """
    response = _decode_token(token)
    # (1) Does it speak of these bytes?
    at = _token_time(response, data)
    # (2) Does it answer what was asked, under the policy agreed?
    info = response.tst_info
    if nonce is not None and info.nonce != nonce:
        raise Untrusted("time-nonce")
    if authority.policy is not None and info.policy.dotted_string != authority.policy:
        raise Untrusted("time-policy")
    # (3) May its signer tell the time, and is it the one that is pinned?
    signer = _signer_certificate(response)
    if signer is None or not _is_for_time_stamping(signer):
        raise Untrusted("time-purpose")
    if authority.signers and signer not in authority.signers:
        raise Untrusted("time-signer")
    # (4) Does the certificate chain to a pinned root, was it valid then, and does the signature hold?
    verifier = VerifierBuilder(
        roots=list(authority.roots),
        intermediates=list(authority.intermediates),
        tsa_certificate=signer,
    ).build()
    try:
        verifier.verify_message(response, data)
    except (VerificationError, ValueError) as error:
        if "certificate verify error" in str(error):
            raise Untrusted("time-authority") from error
        raise Untrusted("time-signature") from error
    return at


def _decode_token(token: bytes) -> TimeStampResponse:
    if len(token) > MAX_TOKEN_BYTES:
        raise Malformed("time-token-size")
    try:
        response = decode_timestamp_response(token)
        granted = response.status == PKIStatus.GRANTED
        if granted:
            _ = response.tst_info, response.signed_data
    except ValueError as error:
        raise Malformed("time-token-form") from error
    if not granted:
        raise Untrusted("time-not-granted")
    return response


def _token_time(response: TimeStampResponse, data: bytes) -> datetime:
    imprint = response.tst_info.message_imprint
    digest = _DIGESTS.get(imprint.hash_algorithm.dotted_string)
    if digest is None or digest(data).digest() != imprint.message:
        raise Untrusted("time-imprint")
    return response.tst_info.gen_time


def _signer_certificate(response: TimeStampResponse) -> x509.Certificate | None:
    """The certificate, carried in the token, that its one signature names."""
    try:
        [info] = response.signed_data.signer_infos
        embedded = [x509.load_der_x509_certificate(one) for one in response.signed_data.certificates]
        candidates = [c for c in embedded if (c.issuer, c.serial_number) == (info.issuer, info.serial_number)]
    except Exception:  # an outsider's certificate: there are many ways in which it can be none
        return None
    return candidates[0] if len(candidates) == 1 else None


def _is_for_time_stamping(certificate: x509.Certificate) -> bool:
    """Whether it is for time stamping and for nothing else. Source: RFC 3161 2.3."""
    try:
        use = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return use.critical and list(use.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def _length_prefixed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data
