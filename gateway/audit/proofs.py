"""The verification status of a row, shared by pages and reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

StatusOf = Callable[[int], str]
"""Position in the record -> VERIFIED, FAULTY or UNVERIFIED."""


def proofs(verification: Mapping[str, Any] | None) -> StatusOf:
    """The status by the last verification (``Verification.to_json``). Later records are unverified, and so is everything
    without a verification.

    A fault without a position (a missing row or receipt) may concern any row: then no row counts as verified.
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


def group_proofs(verification: Mapping[str, Any] | None) -> Callable[[int, int], str]:
    """The status of several records together: (the position of the last, how many of them are faulty) -> as ``StatusOf``."""
    of = proofs(verification)
    return lambda last, faulty: "FAULTY" if faulty else of(last)
