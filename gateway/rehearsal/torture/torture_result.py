"""The result of one kind of torture."""

from __future__ import annotations

from collections import Counter


class TortureResult:
    """``done``: how often each thing was done; ``faults``: every fault, as a sentence."""

    def __init__(self, kind: str, seed: int) -> None:
        self.kind = kind
        self.seed = seed
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []

    def to_json(self) -> dict[str, object]:
        """The public form."""
        return {"kind": self.kind, "seed": self.seed, "done": dict(self.done), "faults": self.faults}
