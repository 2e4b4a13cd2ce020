"""Every way in which an exchange can fail.

    ExchangeError
    ├── Malformed           the bytes are not of the agreed form: correct them and send again
    ├── Untrusted           a signature, key, digest or seal does not hold: find out why before anything else
    ├── Refused             the rules say no: trying again will not help
    ├── NotFound            no such thing, or not yours: the two read the same
    ├── Conflict            another record was appended first, or another payload has this id
    ├── Unavailable         the hub can't answer now and has done nothing: send the same bytes again
    └── InvariantViolation  a state that must never occur: the process stops and starts again from the record

An error has a category (what the caller can do) and an error code (which condition failed). Every error code
has its row in ``domain.error_codes``. Neither code nor detail ever holds a subject's data.
"""

from __future__ import annotations

from typing import ClassVar

from domain import error_codes


class ExchangeError(Exception):
    """The root. ``category`` and ``error_code`` are public and stable: clients match on them.

    ``error_code`` is a short kebab-case word for the one condition that failed. ``detail`` is one English
    sentence about this occurrence, given only where it says more than the table.
    """

    category: ClassVar[str] = "error"
    retry_after_seconds: int | None = None
    """When the caller may try again, where that is known."""
    detail_ja: str = ""
    """What happened and what to do, in Japanese, where that says more than the table."""

    def __init__(self, error_code: str, detail: str = "") -> None:
        row = error_codes.find(error_code)
        remedy = detail or ("" if row is None else row.remedy)
        super().__init__(f"{self.category}/{error_code}" + (f": {remedy}" if remedy else ""))
        self.error_code = error_code
        self.detail = detail
        self.remedy = remedy
        """What to do: the detail if one was given, else the remedy of the table."""
        self.explanation = detail or (error_code if row is None else row.meaning)
        """What happened: the detail if one was given, else the meaning of the table, else the code."""


class Malformed(ExchangeError):
    """The bytes are not of the agreed form."""

    category = error_codes.MALFORMED


class Untrusted(ExchangeError):
    """A signature, key, digest or seal does not hold."""

    category = error_codes.UNTRUSTED


class Refused(ExchangeError):
    """The rules say no. Retrying will not help."""

    category = error_codes.REFUSED


class NotFound(ExchangeError):
    """No such thing, or not yours: the two read the same."""

    category = error_codes.NOT_FOUND


class Conflict(ExchangeError):
    """Another record was appended first, or another payload has this id."""

    category = error_codes.CONFLICT


class Unavailable(ExchangeError):
    """The hub can't answer now and has done nothing. The same bytes may be sent again."""

    category = error_codes.UNAVAILABLE

    def __init__(self, error_code: str, detail: str = "", *, retry_after_seconds: int | None = None) -> None:
        super().__init__(error_code, detail)
        self.retry_after_seconds = retry_after_seconds


class InvariantViolation(ExchangeError):
    """A state that must never occur. The process stops and starts again from the record."""

    category = error_codes.INVARIANT_VIOLATION
