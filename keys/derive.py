"""Derived keys: where one secret serves several ends, each end has a key of its own.

Source: KH-1 §2, "Derived keys"; RFC 5869.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import Malformed
from keys.lp import lp
from keys.sealing import KEY_BYTES


class KeyUse(StrEnum):
    """What a derived key is for; the value is its label. Labels are added, never reused. Source: KH-1 §2."""

    COMMAND_DIGEST = "kh/command-digest-key/v1"
    FILE_DIGEST = "kh/file-digest-key/v1"
    FAMILY_DIGEST = "kh/family-digest-key/v1"
    NOTIFIER_MARK = "kh/notifier-mark-key/v1"
    ADDRESS_MARK = "kh/address-mark-key/v1"
    CASE_INDEX = "kh/case-index-key/v1"
    CASE_CHARGE = "kh/case-charge-key/v1"
    CHILD_REFERENCE = "kh/child-reference-key/v1"
    STATISTICS_LOT = "kh/statistics-lot-key/v1"
    ITEM_COMMITMENT = "kh/item-commitment-key/v1"
    LEAF_TAG = "kh/leaf-tag-key/v1"
    STORE_KEY_CHECK = "kh/store-key-check/v1"


OwnDigestUse: TypeAlias = Literal[
    KeyUse.COMMAND_DIGEST,
    KeyUse.FILE_DIGEST,
    KeyUse.FAMILY_DIGEST,
    KeyUse.NOTIFIER_MARK,
    KeyUse.ADDRESS_MARK,
    KeyUse.CHILD_REFERENCE,
    KeyUse.STATISTICS_LOT,
]
"""The ends for which a door computes digests of its own data."""
OWN_DIGEST_USES: tuple[OwnDigestUse, ...] = (
    KeyUse.COMMAND_DIGEST,
    KeyUse.FILE_DIGEST,
    KeyUse.FAMILY_DIGEST,
    KeyUse.NOTIFIER_MARK,
    KeyUse.ADDRESS_MARK,
    KeyUse.CHILD_REFERENCE,
    KeyUse.STATISTICS_LOT,
)
OwnSealUse: TypeAlias = Literal[KeyUse.CASE_INDEX, KeyUse.CASE_CHARGE]
"""The ends for which a door seals its own data for itself."""
OWN_SEAL_USES: tuple[OwnSealUse, ...] = (KeyUse.CASE_INDEX, KeyUse.CASE_CHARGE)


def derive_key(secret: bytes, use: KeyUse) -> bytes:
    """HKDF-SHA-256 of a 32-byte secret: no salt, info = LP(label), 32 bytes.

    Raises Malformed for a secret of another length.
    """
    if len(secret) != KEY_BYTES:
        raise Malformed("derivation-secret-length")
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=lp(use.value)).derive(secret)
