"""Writes the rows of events into domain/GLOSSARY.md from their class statements; the other rows are written by hand.

``python -m tests.house.regenerate`` runs it.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from domain.events import EVENTS, Event

PATH = Path(__file__).parents[2] / "domain" / "GLOSSARY.md"
HEADING = "## Events\n"


def page() -> str:
    """The glossary with the rows of all events, sorted by name."""
    by_hand, heading, _ = PATH.read_text(encoding="utf-8").partition(HEADING)
    assert heading, f"{PATH.name} has no heading «{HEADING.strip()}»"
    rows = (_row(cls) for cls in sorted(EVENTS.values(), key=lambda cls: cls.__name__))
    return by_hand + HEADING + "\n| word | 日本語 | meaning |\n|---|---|---|\n" + "".join(rows)


def meaning_of(cls: type[Event]) -> str:
    """The first sentence of the docstring."""
    doc = " ".join((inspect.getdoc(cls) or "").split())
    sentence = re.match(r".+?\.(?= |$)", doc)
    return doc if sentence is None else sentence[0]


def _row(cls: type[Event]) -> str:
    return f"| `{cls.__name__}` | {cls.TITLE} | {meaning_of(cls).removesuffix('.')} |\n"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
