"""What the hub says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.events.base import Event, Kind


@dataclass(frozen=True, kw_only=True)
class HubFounded(Event, topic="hub.founded"):
    """Record 1: the genesis, signed by the log key and two of the registrars. Basis: own rule (KH-1 §2).

    What it says stands in its frame, whose digest is the hub's id for ever.
    """

    ON = Kind.LOG

    mode: str


@dataclass(frozen=True, kw_only=True)
class RuleBookPublished(Event, topic="rule_book.published"):
    """The dated rules as data, from this moment on. History is judged by the book of its day.

    Basis: own rule (architecture: rule book); the law itself is named in each row of the book.
    """

    ON = Kind.RULE_BOOK

    edition: str
    rule_book: dict[str, Any]
