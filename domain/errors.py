"""Every way in which an exchange can fail.

    ExchangeError
    ├── Malformed           the bytes are not of the agreed form: mend them and send again
    ├── Untrusted           a signature, key, digest or seal does not hold: find out why before anything else
    ├── Refused             the rules say no: trying again will not help
    ├── NotFound            no such thing, or not yours: the two read the same
    ├── Conflict            something else was recorded meanwhile, or another payload has this id
    ├── Unavailable         the hub can't answer now and has done nothing: try the same bytes again
    └── InvariantViolation  a state that must never be: the process stops and starts from the record

An error is identified by its class (what the caller can do) and its ``error_code`` (which condition failed).
Neither the error code nor the remedy ever holds a subject's data.
"""

from __future__ import annotations

from typing import ClassVar


class ExchangeError(Exception):
    """The root. ``code`` and ``error_code`` are public and stable: clients match on them.

    ``error_code`` is a short kebab-case word for the one condition that failed; ``remedy`` states in one
    English sentence what to mend.
    """

    code: ClassVar[str] = "error"

    def __init__(self, error_code: str, remedy: str = "") -> None:
        super().__init__(f"{self.code}/{error_code}" + (f": {remedy}" if remedy else ""))
        self.error_code = error_code
        self.remedy = remedy


class Malformed(ExchangeError):
    """The bytes are not of the agreed form."""

    code = "malformed"


class Untrusted(ExchangeError):
    """A signature, key, digest or seal does not hold."""

    code = "untrusted"


class Refused(ExchangeError):
    """The rules say no. Retrying will not help."""

    code = "refused"


class NotFound(ExchangeError):
    """No such thing, or not yours: the two read the same."""

    code = "not-there"


class Conflict(ExchangeError):
    """Something else was recorded meanwhile, or another payload has this id."""

    code = "conflict"


class Unavailable(ExchangeError):
    """The hub can't answer now and has done nothing. The same bytes may be sent again."""

    code = "unavailable"


class InvariantViolation(ExchangeError):
    """A state that must never be. The process stops and goes on only from the record."""

    code = "broken"
