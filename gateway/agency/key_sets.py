"""Key sets as a door trusts them: only what two registry persons of the pinned hub have signed.

A directory outside the log is a way in for whoever serves it (KH-1 §2), so every key is taken from its
signed publication, each set following from the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from domain.errors import Untrusted
from keys.command import ZEROS, parse_wish
from keys.frame import Frame
from keys.genesis import Genesis
from keys.keyset import KeySet, parse_key_set, verify_key_set

PUBLISHED = "key_set.published"


class Kept(Protocol):
    """Where verified key sets are kept: a door's book."""

    def key_set(self, digest: bytes) -> tuple[UUID, bytes] | None: ...

    def keep_key_set(self, digest: bytes, agency: UUID, payload: bytes) -> None: ...


class KeySets:
    """Verified key sets by digest, kept in the door's book."""

    def __init__(self, book: Kept, fetch: Callable[[UUID], Sequence[Frame]], genesis: Genesis) -> None:
        self._book = book
        self._fetch = fetch
        self._genesis = genesis

    def knows(self, digest: bytes) -> bool:
        """Whether this key set was verified before."""
        return self._book.key_set(digest) is not None

    def by_digest(self, digest: bytes, agency: UUID) -> KeySet:
        """The key set of this digest; fetched and verified where it is new. Raises Untrusted."""
        known = self._book.key_set(digest)
        if known is None:
            self.verify(self._fetch(agency))
            known = self._book.key_set(digest)
        if known is None or known[0] != agency:
            raise Untrusted("key-set-unknown", "the hub named a key set that nobody vouches for")
        return parse_key_set(known[1])[0]

    def verify(self, frames: Sequence[Frame]) -> None:
        """Take in a chain of key sets, oldest first: each signed by the one before and two registry persons."""
        in_force: KeySet | None = None
        for frame in frames:
            wish = parse_wish(frame.payload)
            if wish.act != PUBLISHED:
                in_force = None  # revoked: the next set stands by itself, by the registry alone
                continue
            fresh = wish.keyset == ZEROS
            if not fresh and (in_force is None or in_force.digest != wish.keyset):
                raise Untrusted("key-set-chain", "a key set does not follow from the one before")
            in_force = verify_key_set(
                frame,
                in_force=None if fresh or in_force is None else in_force.sig,
                registry=self._genesis.reg,
            )
            self._book.keep_key_set(in_force.digest, in_force.agency, frame.payload)
