"""Which cases this door knows to be of one family: by the joins that its own agency recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from domain.events import CasesJoined, CaseSplit, TransferCompleted

ACTS = (CasesJoined.TOPIC, CaseSplit.TOPIC, TransferCompleted.TOPIC)
"""What joins two cases, separates them, or hands one of them over to another core agency."""


def joined_with(messages: Iterable[Mapping[str, Any]], case: UUID) -> list[str]:
    """The cases that were joined with this one itself. ``messages``: of ``ACTS``, in the order of the record."""
    return sorted({id for pair in _pairs(messages) if str(case) in pair for id in pair} - {str(case)})


def cases_of_family(messages: Iterable[Mapping[str, Any]], case: UUID) -> list[str]:
    """All other cases of the family, also those joined by way of another one."""
    return sorted(cases_of_families(messages, [case]) - {str(case)})


def cases_of_families(messages: Iterable[Mapping[str, Any]], cases: Iterable[UUID]) -> set[str]:
    """These cases with all cases of the family of one of them."""
    pairs, families = _pairs(messages), {str(case) for case in cases}
    while more := {id for pair in pairs if not families.isdisjoint(pair) for id in pair} - families:
        families |= more
    return families


def _pairs(messages: Iterable[Mapping[str, Any]]) -> set[frozenset[str]]:
    pairs: set[frozenset[str]] = set()
    for message in messages:
        if message["act"] == TransferCompleted.TOPIC:
            pairs = {pair for pair in pairs if message["case"] not in pair}
            continue
        pair = frozenset({message["case"], message["fields"]["other"]})
        pairs = pairs | {pair} if message["act"] == CasesJoined.TOPIC else pairs - {pair}
    return pairs
