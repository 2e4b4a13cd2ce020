"""Which texts of an event may leave a door in control: codes and references, found wherever they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from domain.codes import Section
from domain.event import Event
from keys.control_text import path_of_free_text


@dataclass(frozen=True)
class _Part:
    worker: str = "staff.1"
    note: object = None


def path_of(**values: Any) -> str | None:
    return path_of_free_text(cast(Event, _Part(**values)))


@pytest.mark.parametrize(
    "note", [None, 3, Section.BASIC, {}, (), frozenset(), _Part(), (_Part(), _Part("visitor-2"))]
)
def test_codes_references_and_what_is_no_text_may_leave(note: object) -> None:
    assert path_of(note=note) is None


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"worker": "架空 花子"}, "worker"),
        ({"worker": ""}, "worker"),
        ({"note": "staff.1"}, "note"),  # a field without a form takes no text at all
        ({"note": {"CODE": 1}}, "note"),
        ({"note": {Section.BASIC: "words"}}, "note"),
        ({"note": (1, "words")}, "note"),
        ({"note": frozenset({"words"})}, "note"),
        ({"note": _Part("two words")}, "note.worker"),
        ({"note": (_Part(), _Part(note="words"))}, "note.note"),
    ],
)
def test_the_first_other_text_is_named_by_its_path(values: dict[str, Any], path: str) -> None:
    assert path_of(**values) == path
