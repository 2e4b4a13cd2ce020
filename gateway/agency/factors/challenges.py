"""Challenges for passkeys: made without memory, bound to a browser and to what they are for, good for five minutes and once.

A challenge carries its end and a seal of this process, so that strangers who ask for many cost nothing. Only those that were
answered rightly are remembered, until their end. Source: WebAuthn Level 3, section 13.4.3.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from threading import Lock

from domain.errors import Untrusted

CHALLENGE_SECONDS = 5 * 60
_NONCE_BYTES, _UNTIL_BYTES, _SEAL_BYTES = 16, 8, 32


class Challenges:
    """Those of one door. Thread-safe. ``clock``: seconds, of a clock that never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._key = clock, secrets.token_bytes(32)
        self._lock = Lock()  # owns those that were used
        self._used: dict[bytes, float] = {}

    def make(self, purpose: str, binding: str) -> bytes:
        """A new challenge. ``binding``: the cookie of the browser that may answer it."""
        head = secrets.token_bytes(_NONCE_BYTES) + int(self._clock() + CHALLENGE_SECONDS).to_bytes(
            _UNTIL_BYTES
        )
        return head + self._seal(head, purpose, binding)

    def check(self, challenge: bytes, purpose: str, binding: str) -> None:
        """Raises Untrusted: passkey-expired, for another's challenge, for one that is too old, and for one that was used."""
        head, seal = challenge[: _NONCE_BYTES + _UNTIL_BYTES], challenge[_NONCE_BYTES + _UNTIL_BYTES :]
        is_ours = len(challenge) == _NONCE_BYTES + _UNTIL_BYTES + _SEAL_BYTES and hmac.compare_digest(
            seal, self._seal(head, purpose, binding)
        )
        if not is_ours or int.from_bytes(head[_NONCE_BYTES:]) <= self._clock() or challenge in self._used:
            raise Untrusted("passkey-expired")

    def use(self, challenge: bytes) -> None:
        """Use it up. Raises Untrusted: passkey-expired, where it was used meanwhile."""
        now = self._clock()
        with self._lock:
            self._used = {one: end for one, end in self._used.items() if end > now}
            if challenge in self._used:
                raise Untrusted("passkey-expired")
            self._used[challenge] = now + CHALLENGE_SECONDS + 1

    def _seal(self, head: bytes, purpose: str, binding: str) -> bytes:
        return hmac.digest(
            self._key, head + f"{purpose}\0{binding}".encode("utf-8", "surrogatepass"), "sha256"
        )
