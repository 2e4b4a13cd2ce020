"""Long lists, shown page by page; links need no JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query

ROWS_PER_PAGE = (
    50  # what a person looks through; a page of a case with thousands of messages stays as quick as any
)

PageNumber = Annotated[int, Query(ge=1, le=100_000)]
"""The number of a page, from 1."""


@dataclass(frozen=True)
class PageNumbers:
    """Which page this is, of how many, and which rows of how many it shows (from 1)."""

    number: int
    pages: int
    first: int
    last: int
    total: int


def page_of(name: str, rows: Sequence[Any], number: int) -> dict[str, Any]:
    """What a template gets: the rows of this page under their name, and ``numbers``; the last page where it has fewer."""
    pages = max(1, -(-len(rows) // ROWS_PER_PAGE))
    number = min(number, pages)
    first = (number - 1) * ROWS_PER_PAGE
    shown = rows[first : first + ROWS_PER_PAGE]
    return {name: shown, "numbers": PageNumbers(number, pages, first + 1, first + len(shown), len(rows))}
