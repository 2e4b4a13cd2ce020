"""Commissions in edition 1: every visitor on the roll counted."""

from __future__ import annotations

from datetime import date
from typing import Any


def lapses(self: Any, on: date, *, member: bool, check_from: date | None = None) -> frozenset[str]:
    """What was once complete and is not any more, of any visitor. Basis: guideline 9(1)."""
    workers = {
        f"{ref}:{gap}" for ref, worker in self.workers.items() if worker.was_ready for gap in worker.gaps(on)
    }
    return (self.gaps(on, member=member) if self.was_ready else frozenset()) | workers
