"""Verifying proofs of the log. Knows nothing of how a tree is kept.

Source: RFC 9162 2.1.3.2 (inclusion), 2.1.4.2 (consistency).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from domain.errors import Malformed, Untrusted

MAX_PROOF = 63


def entry_hash(entry: bytes) -> bytes:
    """SHA-256(00 ‖ entry)."""
    return sha256(b"\0" + entry).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _not_included(why: str) -> Untrusted:
    return Untrusted("not-included", why)


def _not_consistent(why: str) -> Untrusted:
    return Untrusted("not-consistent", why)


def _check_proof_form(proof: Sequence[bytes]) -> None:
    if len(proof) > MAX_PROOF or any(len(one) != 32 for one in proof):
        raise Malformed("proof-form")


def verify_inclusion(entry: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """The entry whose hash this is stands at ``index`` of the ``size`` leaves under ``root``.

    Raises Malformed, or Untrusted ``not-included``.
    """
    _check_proof_form(proof)
    if not 0 <= index < size:
        raise Malformed("proof-index")
    fn, sn, r = index, size - 1, entry
    for p in proof:
        if sn == 0:
            raise _not_included("The proof is longer than the tree is high.")
        if fn & 1 or fn == sn:
            r = _node_hash(p, r)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            r = _node_hash(r, p)
        fn >>= 1
        sn >>= 1
    if sn != 0 or r != root:
        raise _not_included("The log does not have this entry at this position.")


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """The tree of ``second`` leaves begins with the tree of ``first``: nothing was changed, dropped or put between.

    Raises Malformed, or Untrusted ``not-consistent``.
    """
    _check_proof_form(proof)
    if not 0 <= first <= second:
        raise Malformed("proof-sizes")
    if first == 0 or first == second:
        if proof or (first == second and first_root != second_root):
            raise _not_consistent("There are two different heads of one size.")
        return
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        raise _not_consistent("The proof is too short.")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise _not_consistent("The proof is longer than the tree is high.")
        if fn & 1 or fn == sn:
            fr, sr = _node_hash(c, fr), _node_hash(c, sr)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            sr = _node_hash(sr, c)
        fn >>= 1
        sn >>= 1
    if sn != 0 or fr != first_root or sr != second_root:
        raise _not_consistent("The later head does not continue the earlier one.")


class RootAccumulator:
    """The root over entries that come one by one. Source: RFC 9162 2.1.2."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[bytes] = []

    def add(self, entry: bytes) -> None:
        """One entry more, by its hash."""
        self.size += 1
        self._stack.append(entry)
        merged = self.size
        while merged % 2 == 0:
            right = self._stack.pop()
            self._stack.append(_node_hash(self._stack.pop(), right))
            merged //= 2

    @property
    def root(self) -> bytes:
        """Of all entries so far."""
        if not self._stack:
            return sha256(b"").digest()
        folded = self._stack[-1]
        for left in reversed(self._stack[:-1]):
            folded = _node_hash(left, folded)
        return folded
