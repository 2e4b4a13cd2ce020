"""Passphrases of a door's people: their form, and the hash that is stored.

Python can't erase a text from memory: a passphrase is held no longer than its check takes, and its bytes are overwritten.
"""

from __future__ import annotations

import hashlib

from domain.errors import Malformed
from keys import passphrase as rules

SALT_BYTES = 16
HASH_BYTES = 32
SCRYPT_MEMORY_BYTES = 64 * 1024 * 1024


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
    rules.require_long(bytes(data))
    return data


def scrypt_hash(passphrase: bytes | bytearray, salt: bytes) -> bytes:
    """scrypt with 64 MiB. Source: RFC 7914."""
    return hashlib.scrypt(
        passphrase, salt=salt, n=2**16, r=8, p=1, dklen=HASH_BYTES, maxmem=2 * SCRYPT_MEMORY_BYTES
    )


def overwrite(passphrase: bytearray) -> None:
    """Put zeros over the bytes."""
    passphrase[:] = bytes(len(passphrase))
