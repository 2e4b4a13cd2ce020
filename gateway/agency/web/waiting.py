"""How long a request of a door may wait for the hub, all its calls together.

Pages and messages that need no hub have places of their own (``Load.LOCAL``), and so have people and systems, so that
who waits for the hub keeps nobody else waiting (``protocol/limits.py``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HubTimeLimits:
    """In seconds. Someone who looks something up would think a door broken that takes longer, and it can show what it has.
    Sending and opening: a hub under load answers within it, and after it the outbox goes on trying. A system can wait."""

    page: float = 2.0
    send: float = 8.0
    system: float = 20.0

    @classmethod
    def default(cls, mode: str) -> HubTimeLimits:
        """In a rehearsal the bus, the hub and every door share one machine, often one process: slow is not away."""
        return cls(page=20.0, send=20.0) if mode == "rehearsal" else cls()

    def of_person(self, method: str) -> float:
        """For a page or a form of this HTTP method."""
        return self.page if method in ("GET", "HEAD") else self.send
