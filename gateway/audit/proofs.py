"""What is proved of a row: the one place where the pages and reports learn it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

StatusOf = Callable[[int], str]
"""Position in the record -> VERIFIED, FAULTY or UNVERIFIED."""


def proofs(verification: Mapping[str, Any] | None) -> StatusOf:
    """By the last verification (``Verification.to_json``); what came after it, or without one, is unverified.

    A fault that lies at no position (a missing row or receipt) may concern any: then nothing counts as verified.
    """
    if verification is None:
        return lambda _: "UNVERIFIED"
    faulty = {f["position"] for f in verification["findings"]}
    last = verification["records"]

    def of(position: int) -> str:
        if position in faulty:
            return "FAULTY"
        return "VERIFIED" if position <= last and None not in faulty else "UNVERIFIED"

    return of
