"""What a schema is: a frozen dataclass whose fields state beside themselves all that is data about them.

Reader, writer, lines, document and forms are derived from ``fields()``; no schema has code of its own for any of them.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as fields_of_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from domain.codes import AUTHOR_ONLY, Flag, Section
from domain.content.markers import Unknown

MAX_ENTRIES = 200
"""Entries of one list."""
MAX_COUNT = 1_000_000_000
SHARED_SECTIONS = frozenset(Section) - AUTHOR_ONLY
_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9]{0,40}")


# --- what a field may hold -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """Text of at most so many characters (code points). ``pattern``: all of it matches; ``form``: what that is called."""

    max_characters: int
    several_lines: bool = False
    pattern: str = ""
    form: str = ""
    form_ja: str = ""
    may_be_blank: bool = False


@dataclass(frozen=True)
class Count:
    """A whole number from 0 to this."""

    maximum: int = MAX_COUNT


@dataclass(frozen=True)
class YesNo:
    """Yes or no, in the words of the field."""


@dataclass(frozen=True)
class Code:
    """One of a closed list of codes."""

    codes: type[StrEnum]


@dataclass(frozen=True)
class Reference:
    """A UUID."""


@dataclass(frozen=True)
class Group:
    """A part with fields of its own."""

    part: type[Part]


@dataclass(frozen=True)
class Entries:
    """A list; empty means that it was asked and there is none."""

    of: Shape


Shape = Text | Count | YesNo | Code | Reference | Group | Entries


@dataclass(frozen=True)
class FieldForm:
    """All that is data about a field.

    ``is_answer``: it may be None or ``UNKNOWN``; ``flag``: what has to be considered about an item in which it is filled;
    ``indicator``: the code in control whose note it is; ``is_mark``: it identifies what is protected (a notifier, a place), and
    doors look for it in all they send; ``yes``, ``no``: its words.
    """

    name: str
    label: str
    shape: Shape
    is_answer: bool
    flag: Flag | None = None
    indicator: str | None = None
    is_mark: bool = False
    yes: str = "はい"
    no: str = "いいえ"


def asks(
    label: str,
    *,
    flag: Flag | None = None,
    indicator: str | None = None,
    is_mark: bool = False,
    yes: str = "はい",
    no: str = "いいえ",
) -> Any:
    """A field that is answered, unknown, or not asked (None, the default)."""
    stated = {
        "label": label,
        "flag": flag,
        "indicator": indicator,
        "is_mark": is_mark,
        "yes": yes,
        "no": no,
    }
    return field(default=None, metadata=stated)


def needs(label: str) -> Any:
    """A field without which the rest means nothing; it always has a value."""
    return field(metadata={"label": label})


# --- parts and contents --------------------------------------------------------------------------------------


class Part:
    """What has fields: a value, a group of a content, or a content itself."""

    @classmethod
    def fields(cls) -> Mapping[str, FieldForm]:
        """Its fields by name, in the order of the form."""
        return _fields_of(cls)  # type: ignore[arg-type]  # a class is hashable

    def fault(self) -> tuple[str, str] | None:
        """What is wrong between fields that are each right, in English and Japanese and without a value; None if nothing."""
        return None

    def as_text(self, names: Mapping[UUID, str]) -> str | None:
        """Its text where it is shown on one line; None where each of its fields has a line."""
        return None

    def headline(self, names: Mapping[UUID, str]) -> str:
        """What stands beside its label, above the lines of its fields."""
        return ""


class Content(Part):
    """The content of one item. ``SCHEMA``: its published name with the version, ``TITLE``: its Japanese name, ``SECTIONS``:
    where it may stand. An old version is read by ``upcast_vN_vN+1``, each a function of the stored object."""

    NAME: ClassVar[str] = ""
    VERSION: ClassVar[int] = 0
    SCHEMA: ClassVar[str] = ""
    TITLE: ClassVar[str] = ""
    SECTIONS: ClassVar[frozenset[Section]] = frozenset()

    def __init_subclass__(
        cls,
        *,
        schema: str,
        version: int = 1,
        title: str,
        sections: Collection[Section],
        is_published: bool = True,
    ) -> None:
        super().__init_subclass__()
        if _SCHEMA_NAME.fullmatch(schema) is None:
            raise TypeError(f"{cls.__name__}: {schema!r} is not the name of a schema")
        for step in range(1, version):
            if not hasattr(cls, f"upcast_v{step}_v{step + 1}"):
                raise TypeError(f"{cls.__name__}: upcast_v{step}_v{step + 1} is missing")
        cls.NAME, cls.VERSION, cls.SCHEMA = schema, version, f"{schema}/v{version}"
        cls.TITLE, cls.SECTIONS = title, frozenset(sections)
        if is_published:
            if schema in _NEWEST:
                raise TypeError(f"{cls.__name__}: schema {schema} belongs to {_NEWEST[schema].__name__}")
            _NEWEST[schema] = cls
            CONTENTS[cls.SCHEMA] = cls

    @classmethod
    def upcast(cls, version: int, state: dict[str, Any]) -> None:
        """Bring a stored object of an old version to the present shape, in place."""
        for step in range(version, cls.VERSION):
            lift: Callable[[dict[str, Any]], None] = getattr(cls, f"upcast_v{step}_v{step + 1}")
            lift(state)


_NEWEST: dict[str, type[Content]] = {}
CONTENTS: dict[str, type[Content]] = {}
"""Every published schema in its newest version, by its name with the version (``family/v1``)."""


# --- reading the class statement -----------------------------------------------------------------------------


@cache
def _fields_of(cls: type[Part]) -> Mapping[str, FieldForm]:
    hints = typing.get_type_hints(cls, include_extras=True)
    forms = {}
    for one in fields_of_dataclass(cls):  # type: ignore[arg-type]
        shape, is_answer = _shape_of(hints[one.name])
        forms[one.name] = FieldForm(one.name, shape=shape, is_answer=is_answer, **one.metadata)
    return types.MappingProxyType(forms)


def _shape_of(hint: Any) -> tuple[Shape, bool]:
    """The shape of a type hint, and whether it is an answer."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        [inner] = [a for a in typing.get_args(hint) if a not in (Unknown, type(None))]
        return _plain_shape(inner), True
    return _plain_shape(hint), False


def _plain_shape(hint: Any) -> Shape:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return next(a for a in args[1:] if isinstance(a, Text | Count))
    if origin is tuple:
        return Entries(_plain_shape(args[0]))
    plain: dict[Any, Shape] = {bool: YesNo(), UUID: Reference(), int: Count()}
    if hint in plain:
        return plain[hint]
    if issubclass(hint, StrEnum):
        return Code(hint)
    return Group(hint)
