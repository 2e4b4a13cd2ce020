"""A cursor over binary forms: lengths are believed only as far as the bytes go.

Source: KH-1 §1 (all integers big endian, nothing may be left over).
"""

from __future__ import annotations

from domain.errors import Malformed


class Reader:
    """Takes pieces off the front. Every shortage or remainder is Malformed under the form's noun."""

    def __init__(self, data: bytes, noun: str) -> None:
        self._buffer = data
        self._noun = noun
        self._offset = 0

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes. Raises Malformed ``<noun>-truncated``."""
        end = self._offset + count
        if end > len(self._buffer):
            raise Malformed(f"{self._noun}-truncated")
        piece = self._buffer[self._offset : end]
        self._offset = end
        return piece

    def number(self, width: int) -> int:
        """The next ``width`` bytes as an unsigned integer, big endian."""
        return int.from_bytes(self.take(width), "big")

    def magic(self, wanted: bytes) -> None:
        """Raises Malformed ``<noun>-magic`` unless the next bytes are ``wanted``."""
        if self.take(len(wanted)) != wanted:
            raise Malformed(f"{self._noun}-magic")

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._buffer) - self._offset)

    def end(self) -> None:
        """Raises Malformed ``<noun>-trailing`` if bytes are left over."""
        if self._offset != len(self._buffer):
            raise Malformed(f"{self._noun}-trailing")
