"""Leaves of the transparency log: they prove a record and reveal nothing about it.

Source: KH-1 §8; RFC 9162 2.1.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from keys import canonical
from keys.derive import KeyUse, derive_key
from keys.fields import Fields
from keys.lp import lp, sha256

TAG_BYTES = 16
_LEAF_KEYS = ("v", "seq", "sha", "tag")


@dataclass(frozen=True)
class Leaf:
    """``seq``: the stream sequence from 1; ``sha``: ``record_sha``; ``tag``: ``leaf_tag``."""

    seq: int
    sha: bytes
    tag: bytes

    def to_json(self) -> dict[str, Any]:
        return {"v": 1, "seq": self.seq, "sha": self.sha.hex(), "tag": self.tag.hex()}

    @classmethod
    def from_json(cls, value: object) -> Leaf:
        """Strict reverse of ``to_json``. Raises Malformed."""
        fields = Fields(value, "leaf", _LEAF_KEYS)
        fields.require("v", 1)
        return cls(
            fields.integer("seq", 1, canonical.INT_LIMIT - 1), fields.hex("sha"), fields.hex("tag", TAG_BYTES)
        )

    def encode(self) -> bytes:
        """The canonical bytes: the entry that the tree hashes. Raises Malformed for a leaf out of form."""
        data = canonical.encode(self.to_json())
        parse_leaf(data)
        return data


def parse_leaf(data: bytes) -> Leaf:
    """The leaf of these canonical bytes. Raises Malformed."""
    return Leaf.from_json(canonical.parse(data))


def record_sha(subject: str, state: bytes) -> bytes:
    """SHA-256(LP("kh/rec/v1", subject, state)): a record at its place in the stream."""
    return sha256(lp("kh/rec/v1", subject, state))


def leaf_tag(ck: bytes, originator: UUID, version: int) -> bytes:
    """The first 16 bytes of HMAC-SHA-256 of LP("kh/tag/v1", originator, version), under a key derived from CK.

    A holder of CK(originator, epoch) can see whether version n+1 exists; others learn nothing.
    """
    return hmac.digest(derive_key(ck, KeyUse.LEAF_TAG), lp("kh/tag/v1", originator, version), hashlib.sha256)[
        :TAG_BYTES
    ]
