"""What agencies send from what they have: one foreign format a file, each pure, bytes to messages and back."""

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
from adapters.agencies.fhir import Fhir
from adapters.agencies.spreadsheet import Spreadsheet

ADAPTERS: tuple[Adapter, ...] = (Fhir(), Spreadsheet())
"""All of them, in the order in which they are asked whether bytes are theirs."""


def adapter_for(data: bytes) -> Adapter:
    """The adapter whose format these bytes are, by their content and never by a name. Raises WrongFile."""
    for adapter in ADAPTERS:
        if adapter.recognises(data):
            return adapter
    raise WrongFile([Finding("ファイル", "", "unknown-format")])


__all__ = [
    "ADAPTERS",
    "ERROR_CODES",
    "Adapter",
    "Finding",
    "InboundMessage",
    "Outcome",
    "ParsedFile",
    "WrongFile",
    "adapter_for",
]
