"""What has a flag is sealed apart, so that the rest stays open to those who may not read it (docs/decisions/0039, 9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapters.content_json import complete_content
from domain.codes import Flag
from domain.content import Content, Part, flags_of, plain
from domain.content.form import Entries, FieldForm, Group
from domain.content.values import Amount, NamedChild, PartialDate, PersonName

NAMING = frozenset({"child", "children", "ref", "called", "person", "name", "relationship", "role"})
"""Fields that say whom a statement is about: they stand in each of the contents."""
_VALUES = (Amount, PartialDate, PersonName, NamedChild)


def split_by_flag(content: Content) -> list[Content]:
    """This content without its fields that have a flag, if anything else is in it, and one for each flag with these alone."""
    flags: list[Flag] = sorted(flags_of(content))
    if not flags:
        return [content]
    state = plain(content)
    kept: Iterable[Flag | None] = (None, *flags)
    states = (_kept_of_part(type(content), state, flag) for flag in kept)
    return [complete_content(content.SCHEMA, one) for one in states if one]


def _kept_of_part(cls: type[Part], state: Mapping[str, Any], flag: Flag | None) -> dict[str, Any]:
    """What stays for this flag (None: what has none); nothing where no more than names would stay."""
    kept = {name: value for name, value in _kept_fields(cls, state, flag) if value is not None}
    stated = {name: value for name, value in state.items() if value is not None}
    is_untouched = flag is None and kept == stated
    return kept if is_untouched or _states_something(kept) else {}


def _kept_fields(
    cls: type[Part], state: Mapping[str, Any], flag: Flag | None
) -> Iterator[tuple[str, Any | None]]:
    for name, form in cls.fields().items():
        value = state.get(name)
        if value is None:
            continue
        if form.flag is not None:
            yield name, value if form.flag is flag else None
        elif name in NAMING and not isinstance(value, list):
            yield name, value
        elif (part := _part_of(form)) is not None:
            yield name, _kept_value(part, value, flag)
        elif flag is None:
            yield name, value


def _kept_value(part: type[Part], value: Any, flag: Flag | None) -> Any | None:
    if isinstance(value, list):
        entries = [kept for one in value if (kept := _kept_of_part(part, one, flag))]
        return entries or (value if not value and flag is None else None)
    if value == {"unknown": True}:
        return value if flag is None else None
    return _kept_of_part(part, value, flag) or None


def _states_something(kept: Mapping[str, Any]) -> bool:
    """Whether there is more than who is spoken of; a list of those who are holds what is stated of them."""
    return any(name not in NAMING or isinstance(value, list) for name, value in kept.items())


def _part_of(form: FieldForm) -> type[Part] | None:
    """The part below this field, if it is one in which flags can stand."""
    shape = form.shape.of if isinstance(form.shape, Entries) else form.shape
    if not isinstance(shape, Group) or shape.part in _VALUES:
        return None
    return shape.part
