"""What one kind of torture did and found."""

from __future__ import annotations

from collections import Counter


class TortureResult:
    """What one kind did and found. ``done``: counts by what; ``faults``: every fault, in words."""

    def __init__(self, kind: str, seed: int) -> None:
        self.kind = kind
        self.seed = seed
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []

    def to_json(self) -> dict[str, object]:
        """The public form."""
        return {"kind": self.kind, "seed": self.seed, "done": dict(self.done), "faults": self.faults}
