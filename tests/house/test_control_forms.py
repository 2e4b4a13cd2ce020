"""Every field that an agency sends in control has a form that words do not have, and every date has its bounds."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime

import pytest

from domain.date_bounds import EVENT_DATES
from domain.decide import PERMITTED_COMMANDS
from domain.events import Event
from keys.control_text import TEXT_FORMS

SIGNED_BY_REGISTRARS = {
    "key_set.published": "it names an agency, never a person, and is public",
    "rule_book.published": "the rules are public",
}
WORDS = (
    "花子",
    "空野花子",
    "花子が泣いている",
    "Hanako cries",
    "hanako cries",
    "母の名は\n花子",
    "花子@空野",
    "",
)

COMMANDED = sorted(PERMITTED_COMMANDS, key=lambda c: c.TOPIC)


def typed_paths(hint: object, path: str) -> Iterator[tuple[str, object]]:
    """Every path of a type, into its parts, sets, lists and maps (their keys too)."""
    if isinstance(hint, type) and is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        for one in fields(hint):
            yield from typed_paths(hints[one.name], f"{path}.{one.name}")
        return
    arguments = [one for one in typing.get_args(hint) if one is not Ellipsis]
    for one in arguments:
        yield from typed_paths(one, path)
    if not arguments:
        yield path, hint


@pytest.mark.parametrize("cls", COMMANDED, ids=lambda c: c.TOPIC)
def test_a_text_that_an_agency_sends_has_a_form(cls: type[Event]) -> None:
    if cls.TOPIC in SIGNED_BY_REGISTRARS:
        return
    free = {
        path
        for path, hint in typed_paths(cls, cls.TOPIC)
        if hint in (str, typing.Any, object) and path.rpartition(".")[2] not in TEXT_FORMS
    }
    assert not free, "name its form in keys/control_text.py: a code, a reference, or a closed list"


@pytest.mark.parametrize("name", TEXT_FORMS)
def test_no_form_takes_words(name: str) -> None:
    taken = [words for words in WORDS if TEXT_FORMS[name].fullmatch(words)]
    assert taken == []
    assert TEXT_FORMS[name].fullmatch("x" * 200) is None, "a form is short"
    assert not re.search(r"\s", "".join(c for c in map(chr, range(0x3000)) if TEXT_FORMS[name].fullmatch(c)))


def test_no_form_is_left_over() -> None:
    names = {path.rpartition(".")[2] for cls in COMMANDED for path, _ in typed_paths(cls, cls.TOPIC)}
    assert set(TEXT_FORMS) <= names


def test_every_date_that_is_commanded_has_bounds_and_none_is_left_over() -> None:
    dated = {
        path for cls in COMMANDED for path, hint in typed_paths(cls, cls.TOPIC) if hint in (date, datetime)
    }
    assert set(EVENT_DATES) == dated, "say in domain/date_bounds.py what the date can mean"
