"""Key sets as a door trusts them: only what two registrars of the pinned hub have signed.

Whoever serves an unsigned directory could put keys of its own into it (KH-1 §2). Every key is therefore taken from
a signed publication, and each key set follows from the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from domain.errors import Untrusted
from keys.command import parse_command
from keys.frame import Frame
from keys.genesis import Genesis
from keys.keyset import KeySet, parse_key_set, verify_key_set
from keys.lp import ZEROS

PUBLISHED = "key_set.published"


class KeySetStore(Protocol):
    """Where verified key sets are stored: a door's or the audit office's database."""

    def key_set(self, digest: bytes) -> tuple[UUID, bytes] | None: ...

    def store_key_set(self, digest: bytes, agency: UUID, payload: bytes) -> None: ...


class KeySets:
    """Verified key sets by digest. ``fetch``: all publications of an agency, oldest first."""

    def __init__(
        self, store: KeySetStore, fetch: Callable[[UUID], Sequence[Frame]], genesis: Genesis
    ) -> None:
        self._store = store
        self._fetch = fetch
        self._genesis = genesis
        self._parsed: dict[bytes, KeySet] = {}  # a digest names one key set for ever

    def knows(self, digest: bytes) -> bool:
        """True if this key set was verified before."""
        return self._store.key_set(digest) is not None

    def by_digest(self, digest: bytes, agency: UUID) -> KeySet:
        """The key set of this digest and agency, fetched and verified if it is new. Raises Untrusted."""
        known = self._parsed.get(digest)
        if known is not None and known.agency == agency:
            return known
        stored = self._store.key_set(digest)
        if stored is None:
            self.verify(self._fetch(agency))
            stored = self._store.key_set(digest)
        if stored is None or stored[0] != agency:
            raise Untrusted("key-set-unknown")
        return self._parsed.setdefault(digest, parse_key_set(stored[1])[0])

    def verify(self, frames: Sequence[Frame]) -> None:
        """Verify and store a chain of key sets, oldest first: each signed by the one before and by two registrars.

        Raises Untrusted.
        """
        in_force: KeySet | None = None
        for frame in frames:
            command = parse_command(frame.payload)
            if command.act != PUBLISHED:
                in_force = None  # revoked: the next set is a first one, signed by the registrars only
                continue
            is_first = command.keyset == ZEROS
            if not is_first and (in_force is None or in_force.digest != command.keyset):
                raise Untrusted("key-set-chain")
            in_force = verify_key_set(
                frame,
                in_force=None if is_first or in_force is None else in_force.sig,
                registrars=self._genesis.reg,
            )
            self._store.store_key_set(in_force.digest, in_force.agency, frame.payload)
