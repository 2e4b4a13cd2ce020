"""Passphrases of a door's people: their form, and the hash that is stored.

New hashes are argon2id. Those that earlier versions stored are scrypt: they verify once, and are replaced. Both take the
same 64 MiB. Python can't erase a text from memory: a passphrase is held no longer than its check takes, and its bytes are
overwritten. Source: RFC 9106; RFC 7914.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from base64 import b64encode
from dataclasses import dataclass

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret, verify_secret

from domain.errors import Malformed
from keys import passphrase as rules

SALT_BYTES = 16
HASH_BYTES = 32
MEMORY_BYTES = 64 * 1024 * 1024
"""What one check takes, whoever wrote the hash. How many run at a time: ``check_queue``."""
ARGON2 = b"$argon2id$"
UNUSABLE = b""
"""The stored hash of a person who has no passphrase: nothing verifies against it."""


@dataclass(frozen=True)
class Cost:
    """What an argon2id hash costs: memory in KiB, passes over it. One lane, so that a check takes one core."""

    memory_kib: int = MEMORY_BYTES // 1024
    passes: int = 3

    def is_met_by(self, stored: bytes) -> bool:
        """Whether a stored hash costs at least this: only a weaker one is replaced."""
        cost = _cost_of(stored)
        return cost is not None and cost.memory_kib >= self.memory_kib and cost.passes >= self.passes


COST = Cost()
MOST = Cost(passes=16)
"""A stored hash that asks for more is not verified: whoever wrote it wanted the door's memory, or its time."""


def normalised(raw: bytes | str) -> bytearray:
    """A passphrase in NFC and UTF-8, without line ends around it, so that keyboard and file do not matter.

    Raises Malformed for bytes that are not UTF-8, for none, and for more than 1024.
    """
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
    except UnicodeDecodeError as error:
        raise Malformed("passphrase-utf8") from error
    return bytearray(rules.normalised(text.strip("\r\n")))


def chosen(raw: bytes | str) -> bytearray:
    """A new passphrase, normalised. Raises Malformed for one that is too short, as for a keystore."""
    data = normalised(raw)
    rules.require_long(_compatible(data))
    return data


def hashed(passphrase: bytes | bytearray) -> bytes:
    """A new hash, with salt and cost in it: of the passphrase in NFKC, so that full width and half width are the same."""
    cost, salt = COST, secrets.token_bytes(SALT_BYTES)
    return hash_secret(_compatible(passphrase), salt, cost.passes, cost.memory_kib, 1, HASH_BYTES, Type.ID)


def nobodys_hash() -> bytes:
    """A hash of today's cost that is nobody's: to check against it takes as long, and fails."""
    salt, digest = (b64encode(bytes(n)).rstrip(b"=").decode() for n in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v=19$m={COST.memory_kib},t={COST.passes},p=1${salt}${digest}".encode()


def verifies(passphrase: bytes | bytearray, salt: bytes, stored: bytes) -> bool:
    """Whether the stored hash is of this passphrase. ``salt``: of a hash of scrypt; one of argon2 has its own."""
    if not stored.startswith(ARGON2):
        return hmac.compare_digest(scrypt_hash(passphrase, salt), stored)
    cost = _cost_of(stored)
    if cost is None or cost.memory_kib > MOST.memory_kib or cost.passes > MOST.passes:
        return False
    try:
        return verify_secret(stored, _compatible(passphrase), Type.ID)
    except VerificationError:
        return False


def scrypt_hash(passphrase: bytes | bytearray, salt: bytes) -> bytes:
    """scrypt with 64 MiB, as earlier versions stored it. Source: RFC 7914."""
    return hashlib.scrypt(passphrase, salt=salt, n=2**16, r=8, p=1, dklen=HASH_BYTES, maxmem=2 * MEMORY_BYTES)


def overwrite(passphrase: bytearray) -> None:
    """Put zeros over the bytes."""
    passphrase[:] = bytes(len(passphrase))


def _compatible(passphrase: bytes | bytearray) -> bytes:
    return unicodedata.normalize("NFKC", passphrase.decode("utf-8", "surrogatepass")).encode(
        "utf-8", "surrogatepass"
    )


def _cost_of(stored: bytes) -> Cost | None:
    """The cost of a hash of argon2id with one lane; None for any other."""
    try:
        stored_cost = extract_parameters(stored.decode("ascii"))
    except (InvalidHashError, UnicodeDecodeError):
        return None
    return Cost(stored_cost.memory_cost, stored_cost.time_cost) if stored_cost.parallelism == 1 else None
