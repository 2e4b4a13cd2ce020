"""What was opened for a form, and how its fields take it: by the labelled lines in which every reader shows content.

A field that was not asked is a blank, what is unknown is 不明. What no field of the form takes is printed behind
them, so that nothing is opened and then left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from domain.calendar import day_of
from domain.codes import Section
from domain.content.form import CONTENTS, Content, Entries, FieldForm, Group, Part, Shape
from domain.content.lines import NOT_ASKED, Line, as_text, lines
from domain.content.values import NamedChild, Names, PersonName
from domain.wareki import office_text
from gateway.pages.texts import section_text

OWN_TICK = frozenset({Section.ADDR, Section.NOTIFIER})
"""Sections that are printed only where a person has ticked each of their items for itself."""
HIDDEN = "(秘匿のため印刷しません)"
_PLACES = frozenset({"address", "addresses", "phones"})
"""Fields of a family's addresses and telephones."""
_OF_AGENCIES = ("provision.sender", "transfer.handed_from", "transfer.handed_to", "transfer.accepted_by")
"""Where the addresses and telephones of offices stand."""
_ADDRESS_LABEL = re.compile(
    "住所|居所|電話|携帯|連絡先|連絡方法|郵便|様方|気付|転居先|退院先|避難|滞在先|本籍|実家|里帰り先|場所"
)
_TELEPHONE = re.compile(
    r"(?<![0-9])0[0-9]{1,4}[-‐‑–—―−ーｰ() ]{0,2}[0-9]{1,4}[-‐‑–—―−ーｰ() ]{0,2}[0-9]{3,4}(?![0-9])"
)
_HOUSE_NUMBER = re.compile(
    r"[0-9〇一二三四五六七八九十]+\s*(?:丁目|番地|号室)|[0-9]+番[0-9]+"
    r"|(?<=[^\x00-\x7f\s])[0-9]{1,3}-[0-9]{1,3}-[0-9]{1,4}(?![0-9])"
)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


@dataclass(frozen=True)
class OpenedSection:
    """One section that was opened on record. ``author``: the agency's name; ``act``: the title of its message."""

    message: str
    act: str
    section: Section
    content: Content = field(repr=False)
    author: str
    created_at: datetime

    @property
    def source(self) -> str:
        """Who wrote it, and when."""
        return f"{self.author} {office_text(day_of(self.created_at).isoformat())} {self.act}"


def hidden_addresses(line: Line, section: Section) -> Line:
    """The line without an address or a telephone number, as far as they are recognised by field, label or form."""
    is_of_office = line.path.startswith(_OF_AGENCIES) or (section is Section.CONF and line.path == "place")
    if is_of_office or not line.text:
        return line
    if _PLACES & set(line.path.split(".")) or _ADDRESS_LABEL.search(line.label):
        return replace(line, text=HIDDEN)
    kept = [HIDDEN if _holds_address(row) else row for row in line.text.split("\n")]
    return replace(line, text="\n".join(kept))


def _holds_address(row: str) -> bool:
    plain = row.translate(_FULL_WIDTH)
    label, mark, _ = re.sub("[::]", ":", plain, count=1).partition(":")
    is_labelled = bool(mark) and len(label) <= 20 and _ADDRESS_LABEL.search(label) is not None
    return is_labelled or _TELEPHONE.search(plain) is not None or _HOUSE_NUMBER.search(plain) is not None


class Filled:
    """One content, or none of its schema, as the fields of a form take it."""

    def __init__(self, schema: type[Content], content: Content | None, shown: Sequence[Line]) -> None:
        self._schema, self._content = schema, content
        self._lines = [line for line in shown if line.label != NOT_ASKED]
        self._taken: set[str] = set()

    @property
    def is_there(self) -> bool:
        """Whether such a content was opened."""
        return self._content is not None

    def text(self, path: str) -> str:
        """The text of this field, of a group all its lines; empty where it was not asked."""
        _require_field(self._schema, path)
        below = [line for line in self._lines if line.path == path or line.path.startswith(f"{path}.")]
        self._taken.update(line.path for line in below)
        return _one_text(below)

    def joined(self, prefix: str, *names: str, separator: str = " ") -> str:
        """The texts of these fields of a group in a row, those that have one."""
        return separator.join(text for text in (self.text(f"{prefix}.{name}") for name in names) if text)

    def joined_top(self, *names: str, separator: str = "\n") -> str:
        """The texts of these fields of the content itself, those that have one."""
        return separator.join(text for text in map(self.text, names) if text)

    def entries(self, path: str) -> list[str]:
        """The path of each entry of a list, in its order. Headline and reference of an entry count as taken."""
        _require_field(self._schema, path)
        prefix = f"{path}."
        numbers = {
            int(line.path.removeprefix(prefix).split(".")[0])
            for line in self._lines
            if line.path.startswith(prefix)
        }
        entries = [f"{path}.{n}" for n in sorted(numbers)]
        self._taken.update(entries)
        self._taken.update(f"{entry}.ref" for entry in entries)
        return entries

    def list_text(self, path: str) -> str:
        """What is stated of a list as a whole: 不明 or なし; empty where it has entries or was not asked."""
        _require_field(self._schema, path)
        stated = [line for line in self._lines if line.path == path]
        self._taken.update(line.path for line in stated)
        return stated[0].text if stated else ""

    def group(self, path: str) -> str:
        """Mark the headline of a group as taken; returns the path."""
        _require_field(self._schema, path)
        self._taken.add(path)
        return path

    def is_code(self, path: str, code: StrEnum) -> bool:
        """Whether this field has this code."""
        _require_field(self._schema, path)
        return self._value(path) is code

    def name(self, path: str) -> tuple[str, str]:
        """Name and reading of a person; an empty reading where it is not known."""
        text = self.text(path)
        value = self._value(path)
        if isinstance(value, PersonName) and isinstance(value.text, str) and isinstance(value.kana, str):
            return value.text, value.kana
        return text, ""

    def _value(self, path: str) -> object:
        value: object = self._content
        for step in path.split("."):
            value = value[int(step)] if isinstance(value, tuple) else getattr(value, step, None)
        return value

    def called(self, path: str) -> str:
        """What the children of a list are called, without their references: for who knows them by name."""
        text = self.text(path)
        value = getattr(self._content, path, None)
        if not isinstance(value, tuple) or not value:
            return text
        return "、".join(
            one.called if isinstance(one, NamedChild) and isinstance(one.called, str) else "(名前の記載なし)"
            for one in value
        )

    def rest(self) -> list[Line]:
        """The lines that no field has taken, under the headlines of their groups."""
        left = [line for line in self._lines if line.path not in self._taken]
        return [
            line
            for line in left
            if line.text or any(other.path.startswith(f"{line.path}.") for other in left)
        ]


class Contents:
    """All that was opened for one form. ``hides_addresses``: while a protected address is in force and not asked for."""

    def __init__(
        self, opened: Iterable[OpenedSection], names: Names, *, hides_addresses: bool = False
    ) -> None:
        self._opened = sorted(opened, key=lambda one: one.created_at)
        self._names = names
        self._hides = hides_addresses
        self._filled: dict[int, Filled] = {}
        self._shown: set[int] = set()

    def filled(self, name: str) -> Filled:
        """The newest content of the schema of this name (``family``), as fields take it."""
        schema = next(cls for cls in CONTENTS.values() if name == cls.NAME)
        newest = next((n for n in reversed(range(len(self._opened))) if self._is_of(n, schema)), None)
        if newest is None:
            return Filled(schema, None, ())
        if newest not in self._filled:
            self._filled[newest] = Filled(schema, self._opened[newest].content, self._lines(newest))
        return self._filled[newest]

    def of_section(self, section: Section, *, with_rest: bool = False) -> str:
        """All that was opened under this section and fills no fields of its own, with its source where that is needed.

        ``with_rest``: also what the fields have not taken of what fills them; then all fields were filled before.
        """
        numbers = [
            n
            for n, one in enumerate(self._opened)
            if one.section is section and n not in self._shown and (with_rest or n not in self._filled)
        ]
        self._shown.update(numbers)
        texts = {n: as_text(self._filled[n].rest() if n in self._filled else self._lines(n)) for n in numbers}
        shown = {n: text for n, text in texts.items() if text}
        if len(shown) == 1:
            return next(iter(shown.values()))
        return "\n".join(f"〔{self._opened[n].source}〕\n{text}" for n, text in shown.items())

    def has(self, section: Section) -> bool:
        """Whether something of this section was opened."""
        return any(one.section is section for one in self._opened)

    def remaining(self) -> Iterator[tuple[str, str]]:
        """Title and text of what no field of the form has taken."""
        for n, one in enumerate(self._opened):
            if n in self._shown or one.section is Section.NOTIFIER:  # who notified has a sheet of its own
                continue
            text = as_text(self._filled[n].rest() if n in self._filled else self._lines(n))
            if text:
                yield f"{section_text(one.section)}〔{one.source}〕", text

    def _is_of(self, n: int, schema: type[Content]) -> bool:
        return isinstance(self._opened[n].content, schema)

    def _lines(self, n: int) -> list[Line]:
        one = self._opened[n]
        shown = lines(one.content, self._names)
        if not self._hides or one.section in OWN_TICK:
            return list(shown)
        return [hidden_addresses(line, one.section) for line in shown]


def _one_text(below: Sequence[Line]) -> str:
    if len(below) <= 1:
        return below[0].text if below else ""
    depth = min(line.depth for line in below)
    return as_text(replace(line, depth=line.depth - depth) for line in below)


def _require_field(schema: type[Content], path: str) -> None:
    """A form that names a field which its schema lacks is a mistake of ours. Raises KeyError."""
    part: type[Part] = schema
    shape: Shape | None = None
    for step in path.split("."):
        if isinstance(shape, Entries):
            int(step)
            shape = shape.of
        else:
            form: FieldForm = part.fields()[step]
            shape = form.shape
        if isinstance(shape, Group):
            part = shape.part
