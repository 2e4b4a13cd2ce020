"""Who has given a passphrase and not yet the second factor: held in memory, for some minutes, bound to a cookie.

Only who knows a passphrase gets a ticket, so that strangers can't fill the table. A restart forgets them.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from keys.lp import sha256

TICKET_SECONDS = 10 * 60
MAX_TICKETS = 2000
TICKETS_OF_A_PERSON = 10


@dataclass(frozen=True)
class Ticket:
    """``checked``: the stored hash of the passphrase that was right; ``devices``: those of the machine; ``device``: the one of
    them that is this person's, or None; ``secret``: of the app that is being set up, empty where one is set up already."""

    actor: str
    checked: bytes
    devices: tuple[str, ...]
    device: str | None
    secret: str
    until: float


class Tickets:
    """Thread-safe. ``clock``: seconds, of a clock that never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()  # owns the table
        self._open: OrderedDict[bytes, Ticket] = OrderedDict()

    def issue(
        self, actor: str, checked: bytes, devices: tuple[str, ...], device: str | None, secret: str = ""
    ) -> str:
        """A secret that stands for the passphrase that was given."""
        ticket, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._drop(now, actor)
            self._open[sha256(ticket.encode())] = Ticket(
                actor, checked, devices, device, secret, now + TICKET_SECONDS
            )
        return ticket

    def find(self, ticket: str) -> Ticket | None:
        """The ticket, or None where it is unknown, used or too old."""
        with self._lock:
            held = self._open.get(sha256(ticket.encode("utf-8", "surrogatepass")))
        return held if held is not None and self._clock() < held.until else None

    def end(self, ticket: str) -> bool:
        """Use it up; False where somebody else has."""
        with self._lock:
            return self._open.pop(sha256(ticket.encode("utf-8", "surrogatepass")), None) is not None

    def _drop(self, now: float, actor: str) -> None:
        for key in [k for k, t in self._open.items() if t.until <= now]:
            del self._open[key]
        own = [k for k, t in self._open.items() if t.actor == actor]
        for key in own[: max(0, len(own) - TICKETS_OF_A_PERSON + 1)]:
            del self._open[key]
        while len(self._open) >= MAX_TICKETS:
            self._open.popitem(last=False)
