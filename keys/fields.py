"""One strict JSON object: just the agreed keys, each taken and checked on its own.

A wrong key is named as ``<noun>-<key>``, so a caller learns which one to correct and nothing else.
Source: KH-1 §5.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from domain.errors import Malformed
from keys import canonical

CODE = re.compile(r"[A-Z][A-Z0-9_]{0,47}")  # sections, flags, roles
KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")  # originator kinds
ACT = re.compile(r"[a-z][a-z0-9_]{0,47}(?:\.[a-z][a-z0-9_]{0,47}){0,2}")  # topics
ACTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}")  # pseudonymous staff references
SCHEMA = re.compile(r"[a-z0-9][a-z0-9._+/-]{0,63}")  # "text/v1"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # streams, agency codes


class Fields:
    """A reader over one JSON object. Raises Malformed ``<noun>-keys`` unless it has just ``keys``."""

    def __init__(self, value: object, noun: str, keys: Sequence[str]) -> None:
        if not isinstance(value, dict) or set(value) != set(keys):
            raise Malformed(f"{noun}-keys", f"Give exactly these keys: {', '.join(sorted(keys))}.")
        self._value: dict[str, Any] = value
        self._noun = noun

    def form_error(self, key: str, remedy: str) -> Malformed:
        """The error that names one key."""
        return Malformed(f"{self._noun}-{key.replace('_', '-')}", f"The field {key} must be {remedy}.")

    def raw(self, key: str) -> Any:
        return self._value[key]

    def require(self, key: str, wanted: object) -> None:
        """Just this value, of just this type (``True`` is not 1)."""
        actual = self._value[key]
        if type(actual) is not type(wanted) or actual != wanted:
            raise self.form_error(key, f"{wanted}")

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        actual = self._value[key]
        if not isinstance(actual, str) or actual not in allowed:
            raise self.form_error(key, "one of " + ", ".join(allowed))
        return actual

    def text(self, key: str, pattern: re.Pattern[str]) -> str:
        actual = self._value[key]
        if not isinstance(actual, str) or pattern.fullmatch(actual) is None:
            raise self.form_error(key, f"of the form {pattern.pattern}")
        return actual

    def codes(self, key: str, most: int) -> tuple[str, ...]:
        """A sorted list of different codes."""
        actual = self.list(key, most)
        if not all(isinstance(code, str) and CODE.fullmatch(code) for code in actual):
            raise self.form_error(key, "a list of codes")
        if any(one >= other for one, other in pairwise(actual)):
            raise self.form_error(key, "sorted, each code once")
        return tuple(actual)

    def list(self, key: str, most: int) -> list[Any]:
        actual = self._value[key]
        if not isinstance(actual, list) or len(actual) > most:
            raise self.form_error(key, f"a list of at most {most}")
        return actual

    def object(self, key: str) -> dict[str, Any]:
        actual = self._value[key]
        if not isinstance(actual, dict):
            raise self.form_error(key, "an object")
        return actual

    def integer(self, key: str, least: int, most: int) -> int:
        actual = self._value[key]
        if type(actual) is not int or not least <= actual <= most:
            raise self.form_error(key, f"an integer from {least} to {most}")
        return actual

    def hex(self, key: str, length: int = 32) -> bytes:
        try:
            return canonical.parse_hex(self._value[key], length)
        except Malformed as error:
            raise self.form_error(key, f"{length} bytes in lower-case hex") from error

    def uuid(self, key: str) -> UUID:
        try:
            return canonical.parse_uuid(self._value[key])
        except Malformed as error:
            raise self.form_error(key, "a lower-case UUID with hyphens") from error

    def time(self, key: str) -> datetime:
        try:
            return canonical.parse_time(self._value[key])
        except Malformed as error:
            raise self.form_error(key, "YYYY-MM-DDTHH:MM:SS.ffffffZ") from error

    def time_or_null(self, key: str) -> datetime | None:
        return None if self._value[key] is None else self.time(key)
