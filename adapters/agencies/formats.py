"""The formats of agencies that can be read, and which of them given bytes are."""

from __future__ import annotations

from adapters.agencies.contract import Adapter, Finding, WrongFile
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
