"""Symmetric sealing: Cobblestone-256 and padding.

Cobblestone commits to its key and context: one sealed text opens under one key only.
Source: KH-1 §1, §3; C2SP chunked-encryption, Cobblestone-256 (SHA-512, AES-256-GCM).
"""

from __future__ import annotations

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from domain.errors import Malformed, Untrusted

KEY_BYTES = 32
CHUNK_BYTES = 16_384
HEADER_BYTES = 56  # 24 salt, 32 commitment
TAG_BYTES = 16


def new_key() -> bytes:
    """32 fresh random bytes."""
    return Cobblestone256Encryptor.generate_key()


def seal(key: bytes, context: bytes, plaintext: bytes) -> bytes:
    """Sealed bytes, longer by 56 and by 16 for each begun chunk of 16 KiB. The salt is random.

    Raises Malformed for a key that is not 32 bytes.
    """
    encryptor = Cobblestone256Encryptor(_check_key(key), context)
    return encryptor.update(plaintext) + encryptor.finalize()


def open_sealed(key: bytes, context: bytes, sealed: bytes) -> bytes:
    """The plaintext. Raises Untrusted if key, context or bytes are not those of the sealing."""
    decryptor = Cobblestone256Decryptor(_check_key(key), context)
    try:
        return decryptor.update(sealed) + decryptor.finalize()
    except InvalidTag as error:
        raise Untrusted("seal-broken") from error


def sealed_size(plaintext_bytes: int) -> int:
    """Length in bytes of the sealed form of so many bytes."""
    return plaintext_bytes + HEADER_BYTES + TAG_BYTES * (plaintext_bytes // CHUNK_BYTES + 1)


def padded_size(text_bytes: int) -> int:
    """n = 4 + length, rounded up to a multiple of max(256, 2^(ceil(log2 n) - 4)). Source: KH-1 §3."""
    n = 4 + text_bytes
    step = max(256, 1 << max(0, (n - 1).bit_length() - 4))
    return -(-n // step) * step


def pad(text: bytes) -> bytes:
    """u32 length, text, zeros up to ``padded_size``: the length is revealed to within one part in eight."""
    return len(text).to_bytes(4, "big") + text + bytes(padded_size(len(text)) - 4 - len(text))


def unpad(padded: bytes) -> bytes:
    """The text. Raises Malformed unless ``pad`` would have written just these bytes."""
    length = int.from_bytes(padded[:4], "big")
    if len(padded) < 256 or padded_size(length) != len(padded):
        raise Malformed("pad-length")
    if padded.count(0, 4 + length) != len(padded) - 4 - length:
        raise Malformed("pad-zeros")
    return padded[4 : 4 + length]


def _check_key(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise Malformed("key-length")
    return key
