"""A content as people read it: labelled lines in Japanese. Everything that shows content shows these.

Not asked (未確認) and unknown (不明) are never the same, and neither is «none» (なし). What was not asked is named once for each
group, so that a form of which little was filled stays short, and nothing that is missing is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from domain.codes import Flag
from domain.content.code_texts import code_text
from domain.content.form import Content, Entries, FieldForm, Group, Part
from domain.content.markers import UNKNOWN
from domain.content.text import TextContent
from domain.content.values import Amount, Names, PartialDate

NOT_ASKED, UNKNOWN_TEXT, NONE_TEXT = "未確認", "不明", "なし"
NO_NAMES: Names = MappingProxyType({})


@dataclass(frozen=True)
class Line:
    """One line. ``depth``: how far it is indented; ``path``: of the field; ``flag``: that the field asks for."""

    label: str
    text: str
    depth: int
    path: str
    flag: Flag | None = None


def lines(content: Content, names: Names = NO_NAMES) -> tuple[Line, ...]:
    """All that this content holds. ``names``: what the reader calls the children, where a content does not name them."""
    if isinstance(content, TextContent):
        return (Line("", content.text, 0, "text"),)
    return tuple(_lines_of_part(content, 0, "", None, names))


def as_text(shown: Iterable[Line]) -> str:
    """The lines as plain text, one below the other."""
    return "\n".join(_plain_line(line) for line in shown)


def _plain_line(line: Line) -> str:
    indent = "  " * line.depth
    if not line.label:
        return line.text
    first, *more = line.text.split("\n")
    return "\n".join([f"{indent}{line.label}: {first}".rstrip(), *(f"{indent}  {one}" for one in more)])


def _lines_of_part(part: Part, depth: int, path: str, flag: Flag | None, names: Names) -> Iterator[Line]:
    not_asked = []
    for name, form in type(part).fields().items():
        value = getattr(part, name)
        if value is None:
            not_asked.append(form.label)
            continue
        below = f"{path}.{name}" if path else name
        yield from _lines_of_field(form, value, depth, below, form.flag or flag, names)
    if not_asked:
        yield Line(NOT_ASKED, "、".join(not_asked), depth, path)


def _lines_of_field(
    form: FieldForm, value: Any, depth: int, path: str, flag: Flag | None, names: Names
) -> Iterator[Line]:
    is_list = isinstance(form.shape, Entries)
    if value is UNKNOWN or value == ():
        yield Line(form.label, UNKNOWN_TEXT if value is UNKNOWN else NONE_TEXT, depth, path, flag)
    elif is_list and isinstance(form.shape.of, Group):  # type: ignore[union-attr]
        for n, one in enumerate(value):
            label = f"{form.label} {n + 1}" if len(value) > 1 else form.label
            yield from _lines_of_entry(label, one, depth, f"{path}.{n}", flag, names)
    elif is_list:
        texts = [_plain_text(form, one) for one in value]
        separator = "\n" if any("\n" in text for text in texts) else "、"
        yield Line(form.label, separator.join(texts), depth, path, flag)
    elif isinstance(value, Part):
        yield from _lines_of_entry(form.label, value, depth, path, flag, names)
    else:
        yield Line(form.label, _plain_text(form, value), depth, path, flag)


def _lines_of_entry(
    label: str, part: Part, depth: int, path: str, flag: Flag | None, names: Names
) -> Iterator[Line]:
    text = part.as_text(names)
    if text is not None:
        yield Line(label, text, depth, path, flag)
        return
    yield Line(label, part.headline(names), depth, path, flag)
    yield from _lines_of_part(part, depth + 1, path, flag, names)


def _plain_text(form: FieldForm, value: Any) -> str:
    if isinstance(value, bool):
        return form.yes if value else form.no
    if isinstance(value, StrEnum):
        return code_text(value)
    return str(value)


# --- what follows from what is filled ------------------------------------------------------------------------


def flags_of(content: Content) -> frozenset[Flag]:
    """The flags that the filled fields of this content ask for."""
    return frozenset(_flags_of(content))


def _flags_of(value: Any) -> Iterator[Flag]:
    if isinstance(value, tuple):
        for one in value:
            yield from _flags_of(one)
    elif isinstance(value, Part):
        for name, form in type(value).fields().items():
            inner = getattr(value, name)
            if form.flag is not None and inner not in (None, UNKNOWN, ()):
                yield form.flag
            yield from _flags_of(inner)


def texts_of(content: Content) -> tuple[str, str]:
    """What a search for words has to look through: the lines, and the values alone, as they were entered."""
    return (as_text(lines(content)), "\n".join(entered.text for entered in entered_texts(content)))


def identifying_text(content: Content) -> str:
    """The entered words that identify what a content protects, each line under the label of its field: those of the fields
    that are marked so, or all where none is. Dates and amounts identify nothing."""
    entered = [one for one in entered_texts(content) if not isinstance(one.part, PartialDate | Amount)]
    if any(form.is_mark for form in type(content).fields().values()):
        entered = [one for one in entered if one.is_mark]
    return "\n".join(
        f"{one.label}: {line}" if one.label else line for one in entered for line in one.text.split("\n")
    )


@dataclass(frozen=True)
class Entered:
    """One text as it was entered. ``part``: in which it stands; ``is_mark``: it, or what it belongs to, is marked."""

    label: str
    text: str
    part: Part
    is_mark: bool


def entered_texts(content: Content) -> Iterator[Entered]:
    """Each text that was entered, in the order of the form."""
    if isinstance(content, TextContent):
        yield Entered("", content.text, content, False)
    else:
        yield from _texts_of_part(content, False)


def _texts_of_part(part: Part, is_mark: bool) -> Iterator[Entered]:
    for name, form in type(part).fields().items():
        value = getattr(part, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Part):
                yield from _texts_of_part(one, is_mark or form.is_mark)
            elif isinstance(one, str) and not isinstance(one, StrEnum):
                yield Entered(form.label, one, part, is_mark or form.is_mark)


def names_in(content: Content) -> Mapping[UUID, str]:
    """What this content calls the children that it names."""
    return dict(_names_in(content))


def _names_in(value: Any) -> Iterator[tuple[UUID, str]]:
    if isinstance(value, tuple):
        for one in value:
            yield from _names_in(one)
    elif isinstance(value, Part):
        ref, called = getattr(value, "ref", None), getattr(value, "called", getattr(value, "name", None))
        name = called if isinstance(called, str) else getattr(called, "text", None)
        if isinstance(ref, UUID) and isinstance(name, str):
            yield ref, name
        for field in type(value).fields():
            yield from _names_in(getattr(value, field))
