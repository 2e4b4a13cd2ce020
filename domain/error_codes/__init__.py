"""The one table of error codes: what each means, what the caller does, in English and Japanese, and who sees it.

A code stands for one condition. It is public and stable: clients match on category and code. Every code that
the product raises, or reports as a finding, has its row here, in the file of its layer; house tests compare the rows with
the raise sites, and ``docs/errors.md`` and the OpenAPI documents are written from them. Source: KH-1 §12.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from domain.error_codes import (
    access,
    approvals,
    attachments,
    audit,
    devices,
    door,
    drafts,
    files,
    findings,
    health,
    hub,
    installation,
    keystores,
    log,
    records,
    rehearsal,
    signed_forms,
)
from domain.error_codes.model import (
    CONFLICT,
    FILE_FINDING,
    FINDING,
    HEALTH,
    INVARIANT_VIOLATION,
    MALFORMED,
    NOT_FOUND,
    REFUSED,
    STATUS_FREE,
    UNAVAILABLE,
    UNTRUSTED,
    Audience,
    ErrorCode,
)

LAYERS: Mapping[str, tuple[ErrorCode, ...]] = MappingProxyType(
    {
        "Signed forms": signed_forms.ROWS,
        "Keys, seals and signatures": access.ROWS,
        "Keystores and vault": keystores.ROWS,
        "Log, receipts and time tokens": log.ROWS,
        "Records and read models": records.ROWS,
        "Hub": hub.ROWS,
        "Agency door": door.ROWS,
        "Files of agencies": files.ROWS,
        "Attachments": attachments.ROWS,
        "Drafts": drafts.ROWS,
        "Visitors' phones": devices.ROWS,
        "Health of a hub": health.ROWS,
        "Audit": audit.ROWS,
        "Findings of a verification": findings.ROWS,
        "Installation and command line": installation.ROWS,
        "Approvals of the registrars": approvals.ROWS,
        "Rehearsal and measurement": rehearsal.ROWS,
    }
)
"""Title of the layer -> its rows."""


def _by_code(layers: Iterable[tuple[ErrorCode, ...]]) -> dict[str, ErrorCode]:
    table: dict[str, ErrorCode] = {}
    for layer in layers:
        for row in layer:
            if row.code in table:
                raise TypeError(f"error code {row.code} has two rows")
            table[row.code] = row
    return table


TABLE: Mapping[str, ErrorCode] = MappingProxyType(_by_code(LAYERS.values()))
"""Error code -> its row."""


def find(code: str) -> ErrorCode | None:
    """The row of a code; None where it is not ours (a peer of another version may send such a code)."""
    return TABLE.get(code)


@cache
def codes_of(audience: Audience, category: str | None = None) -> tuple[str, ...]:
    """The codes that this audience can see, sorted; of one category, or of all."""
    return tuple(
        sorted(
            row.code
            for row in TABLE.values()
            if row.audience & audience and (category is None or category in row.categories)
        )
    )
