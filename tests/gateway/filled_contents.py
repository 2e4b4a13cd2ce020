"""Contents in which every field is filled, made from what the schemas state of themselves.

Each text is a word of its own, in which no line breaks: it can be found in a print.
"""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID

from domain.content.form import Code, Content, Count, Entries, Group, Part, Reference, Shape, Text, YesNo
from domain.content.values import Amount, NamedChild, PartialDate, PersonName

OF_PATTERN = {"NNN-NNNN": "123-4567", "HH:MM": "14:30", "digits with - ( ) +": "090-{n:04d}-5678"}


class Filler:
    """Fills contents. ``words``: every text that was written, in its order."""

    def __init__(self, entries: int = 2) -> None:
        self._numbers, self._entries = count(1), entries
        self.words: list[str] = []

    def content(self, schema: type[Content], **given: Any) -> Content:
        """A content of this schema, with these fields given."""
        part = self._part(schema, given)
        assert isinstance(part, Content)
        return part

    def _part(self, part: type[Part], given: dict[str, Any] | None = None) -> Part:
        if part is PartialDate:
            n = next(self._numbers)
            return PartialDate(f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}", "")
        if part is Amount:
            return Amount(f"{next(self._numbers)}.10", "", "kg")
        if part is PersonName:
            n = next(self._numbers)
            self.words += [f"n{n}n", f"k{n}k"]
            return PersonName(f"n{n}n", f"k{n}k")
        values = {
            name: self._value(form.shape, form.label)
            for name, form in part.fields().items()
            if name not in (given or {})
        }
        return part(**values, **(given or {}))

    def _value(self, shape: Shape, label: str) -> Any:
        match shape:
            case Text():
                word = OF_PATTERN.get(shape.form, f"w{next(self._numbers)}w")
                word = word.format(n=next(self._numbers))
                self.words.append(word)
                return word
            case Count():
                return next(self._numbers)
            case YesNo():
                return True
            case Code():
                return next(iter(shape.codes))
            case Reference():
                return UUID(int=next(self._numbers))
            case Group():
                return (
                    NamedChild(UUID(int=7), f"呼び名{next(self._numbers)}")
                    if shape.part is NamedChild
                    else self._part(shape.part)
                )
            case Entries():
                return tuple(self._value(shape.of, label) for _ in range(self._entries))
