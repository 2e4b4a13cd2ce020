"""What the table of errors says of one error code, and how its rows are written down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Flag, auto

MALFORMED = "malformed"
UNTRUSTED = "untrusted"
REFUSED = "refused"
NOT_FOUND = "not-found"
CONFLICT = "conflict"
UNAVAILABLE = "unavailable"
INVARIANT_VIOLATION = "invariant-violation"
FILE_FINDING = "file-finding"
FINDING = "finding"
HEALTH = "health"
"""The categories. All but the last three name a class of errors. A file finding is a part of the error ``wrong-file``; a
finding is a line in the result of a verification; a health code is a line in the report of ``/readyz``."""

STATUS_FREE = frozenset({FILE_FINDING, FINDING, HEALTH})
"""Categories that are never an error of their own, and so have no HTTP status."""


class Audience(Flag):
    """Who can see an error code."""

    HUB = auto()  # a client of the hub's HTTP interface
    DOOR = auto()  # a client of an agency door's HTTP interface, or a person at its pages
    AUDIT_PAGES = auto()  # a person at the pages of the audit office
    OPERATOR = auto()  # the operator, on the command line or in the log of a process
    AUDITOR = auto()  # an auditor, as a finding of a verification
    INTERNAL = auto()  # nobody outside: a mistake of the calling code


@dataclass(frozen=True)
class ErrorCode:
    """One row of the table.

    ``meaning`` and ``remedy`` are English sentences; ``meaning_ja`` and ``remedy_ja`` say the same in Japanese,
    without the closing mark. ``status`` is the HTTP status where it is not the one of the category.
    """

    code: str
    categories: tuple[str, ...]
    audience: Audience
    meaning: str
    remedy: str
    meaning_ja: str
    remedy_ja: str
    status: int | None = None

    @property
    def text_ja(self) -> str:
        """What happened and what to do, in Japanese."""
        return f"{self.meaning_ja}。{self.remedy_ja}。"


Texts = tuple[str, str, str, str, str]
"""Code, meaning, remedy, meaning in Japanese, remedy in Japanese."""


def rows(
    categories: str | tuple[str, ...], audience: Audience, *texts: Texts, status: int | None = None
) -> Iterator[ErrorCode]:
    """The rows of codes that share category and audience."""
    of_code = (categories,) if isinstance(categories, str) else categories
    for code, meaning, remedy, meaning_ja, remedy_ja in texts:
        yield ErrorCode(code, of_code, audience, meaning, remedy, meaning_ja, remedy_ja, status)


def field_error_code(noun: str, key: str) -> str:
    """``<noun>-<key>``; a key that begins with the noun is not doubled: ``item-id``, ``command-id``."""
    if key == noun:
        return f"{noun}-id"
    return key if key.startswith(f"{noun}-") else f"{noun}-{key}"
