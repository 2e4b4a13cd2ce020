"""Key pairs: two signature algorithms together, and the hybrid key that wrapped keys are made to.

Private classes show nothing of their seeds and can't be pickled. Source: KH-1 §2, §5.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import (
    MLDSA44PrivateKey,
    MLDSA44PublicKey,
    MLDSA65PrivateKey,
    MLDSA65PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from domain.errors import Malformed, Untrusted
from keys.derive import OWN_DIGEST_USES, OWN_SEAL_USES, OwnDigestUse, OwnSealUse, derive_key
from keys.fields import Fields
from keys.lp import lp, sha256
from keys.sealing import open_sealed, pad, seal, unpad

SEED_BYTES = 32


class Alg(IntEnum):
    """The numbers of algorithms in frames and key ids. Source: KH-1 §5."""

    ED25519 = 1
    ML_DSA_65 = 2
    ML_DSA_44 = 3
    X_WING = 4


PUBLIC_BYTES = {Alg.ED25519: 32, Alg.ML_DSA_65: 1952, Alg.ML_DSA_44: 1312, Alg.X_WING: 1216}
SIGNATURE_BYTES = {Alg.ED25519: 64, Alg.ML_DSA_65: 3309, Alg.ML_DSA_44: 2420}


class SignatureKind(StrEnum):
    """SIG: agencies, registrars, audit office. LOG: the hub's log, and witnesses."""

    SIG = "sig"
    LOG = "log"

    @property
    def second(self) -> Alg:
        """The algorithm that is paired with Ed25519."""
        return Alg.ML_DSA_65 if self is SignatureKind.SIG else Alg.ML_DSA_44

    @property
    def second_name(self) -> str:
        """Its key in JSON."""
        return "mldsa65" if self is SignatureKind.SIG else "mldsa44"


# The points of small order, in every encoding that OpenSSL reads: a "signature" under one of them
# can hold for texts that nobody signed. Source: RFC 8032 5.1.7; Chalkias et al., "Taming the many EdDSAs".
_FIELD_PRIME = 2**255 - 19
_Y8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD83D3D706A17C7
_SMALL_Y = frozenset({0, 1, _FIELD_PRIME - 1, _Y8, _FIELD_PRIME - _Y8})


def key_id(alg: Alg, raw_public: bytes) -> bytes:
    """kid = SHA-256(LP("kh/key/v1", alg, raw public key)). Source: KH-1 §5."""
    return sha256(lp("kh/key/v1", int(alg), raw_public))


@dataclass(frozen=True)
class SignaturePublic:
    """The public half of a pair: raw keys, key ids, JSON form.

    Raises Malformed for keys of the wrong length, and Untrusted for Ed25519 keys that are of small
    order or not in canonical form.
    """

    kind: SignatureKind
    ed25519: bytes
    mldsa: bytes

    def __post_init__(self) -> None:
        if len(self.ed25519) != PUBLIC_BYTES[Alg.ED25519]:
            raise Malformed("ed25519-key-length")
        if len(self.mldsa) != PUBLIC_BYTES[self.kind.second]:
            raise Malformed("mldsa-key-length")
        y = int.from_bytes(self.ed25519, "little") & ((1 << 255) - 1)
        if y >= _FIELD_PRIME:
            raise Untrusted("ed25519-key-not-canonical")
        if y in _SMALL_Y:
            raise Untrusted("ed25519-key-small-order")

    @cached_property
    def key_ids(self) -> tuple[bytes, bytes]:
        """The key ids of the Ed25519 and the ML-DSA half."""
        return key_id(Alg.ED25519, self.ed25519), key_id(self.kind.second, self.mldsa)

    @property
    def algs(self) -> tuple[Alg, Alg]:
        return Alg.ED25519, self.kind.second

    @cached_property
    def _verifiers(self) -> tuple[Ed25519PublicKey, MLDSA65PublicKey | MLDSA44PublicKey]:
        maker = MLDSA65PublicKey if self.kind is SignatureKind.SIG else MLDSA44PublicKey
        return Ed25519PublicKey.from_public_bytes(self.ed25519), maker.from_public_bytes(self.mldsa)

    def verify_message(self, message: bytes, context: bytes, signatures: tuple[bytes, bytes]) -> None:
        """Both signatures hold over ``message``. Raises Untrusted, an error code for each algorithm."""
        self.verify_ed25519(message, signatures[0])
        self.verify_mldsa(message, context, signatures[1])

    def verify_ed25519(self, message: bytes, signature: bytes) -> None:
        """The Ed25519 half alone. Raises Untrusted."""
        try:
            self._verifiers[0].verify(signature, message)
        except InvalidSignature as error:
            raise Untrusted("wrong-ed25519-signature") from error

    def verify_mldsa(self, message: bytes, context: bytes, signature: bytes) -> None:
        """The ML-DSA half alone. Raises Untrusted."""
        try:
            self._verifiers[1].verify(signature, message, context)
        except InvalidSignature as error:
            raise Untrusted("wrong-mldsa-signature") from error

    def to_json(self) -> dict[str, str]:
        """``{"ed25519": hex, "mldsa65" | "mldsa44": hex}``."""
        return {"ed25519": self.ed25519.hex(), self.kind.second_name: self.mldsa.hex()}

    @classmethod
    def from_json(cls, kind: SignatureKind, value: object) -> SignaturePublic:
        """Strict reverse of ``to_json``. Raises Malformed or Untrusted."""
        fields = Fields(value, f"{kind.value}-public", ("ed25519", kind.second_name))
        return cls(kind, fields.hex("ed25519"), fields.hex(kind.second_name, PUBLIC_BYTES[kind.second]))


class _Secret:
    """No seed in ``repr``, no pickling, no copying by accident."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError("private keys are not pickled")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("private keys are not pickled")


class SignatureKeys(_Secret):
    """A private pair: Ed25519 and ML-DSA. ``seeds`` is 64 bytes: Ed25519 seed, then ML-DSA seed."""

    __slots__ = ("_ed25519", "_mldsa", "_seeds", "public")

    def __init__(self, kind: SignatureKind, seeds: bytes) -> None:
        if len(seeds) != 2 * SEED_BYTES:
            raise Malformed("signature-seeds-length")
        self._seeds = seeds
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(seeds[:SEED_BYTES])
        maker = MLDSA65PrivateKey if kind is SignatureKind.SIG else MLDSA44PrivateKey
        self._mldsa: MLDSA65PrivateKey | MLDSA44PrivateKey = maker.from_seed_bytes(seeds[SEED_BYTES:])
        self.public = SignaturePublic(
            kind, self._ed25519.public_key().public_bytes_raw(), self._mldsa.public_key().public_bytes_raw()
        )

    @classmethod
    def generate(cls, kind: SignatureKind = SignatureKind.SIG) -> SignatureKeys:
        """A fresh pair."""
        return cls(kind, secrets.token_bytes(2 * SEED_BYTES))

    @classmethod
    def from_seeds(cls, kind: SignatureKind, seeds: bytes) -> SignatureKeys:
        """The pair of these 64 bytes. Raises Malformed for another length."""
        return cls(kind, seeds)

    @property
    def kind(self) -> SignatureKind:
        return self.public.kind

    @property
    def seeds(self) -> bytes:
        """Secret: for the keystore only."""
        return self._seeds

    def sign_message(self, message: bytes, context: bytes) -> tuple[bytes, bytes]:
        """Ed25519 and ML-DSA signatures; ``context`` is ML-DSA's context string."""
        return self._ed25519.sign(message), self._mldsa.sign(message, context)

    def __repr__(self) -> str:
        return f"<SignatureKeys {self.kind.value} {self.public.key_ids[0].hex()[:8]}>"


SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
ENC_BYTES = 1120
HPKE_OVERHEAD = ENC_BYTES + 16


@dataclass(frozen=True)
class KemPublic:
    """An X-Wing public key: ML-KEM-768 key (1,184 bytes), then X25519 key (32).

    Raises Malformed for another length and Untrusted for invalid halves. Source: KH-1 §5;
    draft-connolly-cfrg-xwing-kem.
    """

    raw: bytes
    _hpke: MLKEM768X25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_BYTES[Alg.X_WING]:
            raise Malformed("kem-key-length")
        try:
            mlkem = MLKEM768PublicKey.from_public_bytes(self.raw[:1184])
        except ValueError as error:
            raise Untrusted("kem-key-mlkem") from error
        x25519 = X25519PublicKey.from_public_bytes(self.raw[1184:])
        try:
            X25519PrivateKey.from_private_bytes(b"\x01" * 32).exchange(x25519)
        except ValueError as error:
            raise Untrusted("kem-key-small-order") from error
        object.__setattr__(self, "_hpke", MLKEM768X25519PublicKey(mlkem, x25519))

    @cached_property
    def kid(self) -> bytes:
        return key_id(Alg.X_WING, self.raw)

    def encrypt(self, info: bytes, plaintext: bytes) -> bytes:
        """HPKE base mode, one shot: enc (1,120 bytes), ciphertext, tag. Source: RFC 9180 5.1.1, 6.1."""
        return SUITE.encrypt(plaintext, self._hpke, info)

    def to_json(self) -> dict[str, str]:
        """``{"xwing": hex}``."""
        return {"xwing": self.raw.hex()}

    @classmethod
    def from_json(cls, value: object) -> KemPublic:
        """Strict reverse of ``to_json``. Raises Malformed or Untrusted."""
        return cls(Fields(value, "kem-public", ("xwing",)).hex("xwing", PUBLIC_BYTES[Alg.X_WING]))


class KemKey(_Secret):
    """An X-Wing private key: a 32-byte seed, spread by SHAKE256 over both halves.

    Source: draft-connolly-cfrg-xwing-kem, expandDecapsulationKey.
    """

    __slots__ = ("_digest_keys", "_hpke", "_kem_seed", "_seal_keys", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise Malformed("kem-seed-length")
        expanded = hashlib.shake_256(seed).digest(96)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        self._kem_seed = seed
        self._digest_keys = {use: derive_key(seed, use) for use in OWN_DIGEST_USES}
        self._seal_keys = {use: derive_key(seed, use) for use in OWN_SEAL_USES}
        self._hpke = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public = KemPublic(
            mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        )

    @classmethod
    def generate(cls) -> KemKey:
        """A fresh key."""
        return cls(secrets.token_bytes(SEED_BYTES))

    @property
    def seed(self) -> bytes:
        """Secret: for the keystore only."""
        return self._kem_seed

    def decrypt(self, info: bytes, sealed: bytes) -> bytes:
        """The plaintext of ``KemPublic.encrypt``. Raises Untrusted. Source: RFC 9180 5.1.1, 6.1."""
        try:
            return SUITE.decrypt(sealed, self._hpke, info)
        except InvalidTag as error:
            raise Untrusted("wrapped-key-broken") from error

    def own_digest(self, use: OwnDigestUse, data: bytes) -> bytes:
        """32 bytes by which the holder recognises its own data: HMAC-SHA-256 under the key derived for this use.

        Reveals nothing to anyone without the seed, however short the data. Never leaves the door. Source: KH-1 §4.
        """
        return hmac.digest(self._digest_keys[use], lp("kh/own-digest/v1", data), hashlib.sha256)

    def own_seal(self, use: OwnSealUse, context: bytes, data: bytes) -> bytes:
        """The data padded and sealed for the holder alone, in this context. Never leaves the door. Source: KH-1 §4."""
        return seal(self._seal_keys[use], context, pad(data))

    def open_own_seal(self, use: OwnSealUse, context: bytes, sealed: bytes) -> bytes:
        """What ``own_seal`` sealed. Raises Untrusted, Malformed where it was changed, or sealed for another end."""
        return unpad(open_sealed(self._seal_keys[use], context, sealed))

    def __repr__(self) -> str:
        return f"<KemKey {self.public.kid.hex()[:8]}>"
