"""What agencies send from what they have: one foreign format a file, each pure, bytes to messages and back.

The formats themselves are in ``formats``: only what reads a file loads them.
"""

from __future__ import annotations

from adapters.agencies.contract import (
    ERROR_CODES,
    Adapter,
    Finding,
    InboundMessage,
    Outcome,
    ParsedFile,
    WrongFile,
)

__all__ = [
    "ERROR_CODES",
    "Adapter",
    "Finding",
    "InboundMessage",
    "Outcome",
    "ParsedFile",
    "WrongFile",
]
