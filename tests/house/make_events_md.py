"""Writes domain/EVENTS.md from the events themselves.

python tests/house/make_events_md.py
"""

from __future__ import annotations

import inspect
import re
import typing
from dataclasses import fields
from pathlib import Path

from domain.events import EVENTS, CaseMessage, Event

PATH = Path(__file__).parents[2] / "domain" / "EVENTS.md"
SHARED = {f.name for f in fields(CaseMessage)}


def page() -> str:
    """The whole table, sorted by topic."""
    lines = [
        "# Events",
        "",
        "Every event that can be recorded, written from the classes in `domain/events/` by"
        " `tests/house/make_events_md.py`. Messages in a case share: "
        + ", ".join(f"`{n}`" for n in sorted(SHARED))
        + ".",
        "",
        "| topic | v | event | stands in | own fields | basis |",
        "|---|---|---|---|---|---|",
    ]
    for topic in sorted(EVENTS):
        lines.append(_row(EVENTS[topic]))
    return "\n".join(lines) + "\n"


def _row(cls: type[Event]) -> str:
    doc = " ".join((inspect.getdoc(cls) or "").split())
    basis = re.search(r"Basis: (.+?)(?:\.$|\. )", doc + " ")
    hints = typing.get_type_hints(cls)
    shared = SHARED if issubclass(cls, CaseMessage) else set()
    own = [f"`{f.name}`: {_type(hints[f.name])}" for f in fields(cls) if f.name not in shared]
    on = "where it was asked" if cls.ON is None else cls.ON.value
    return f"| {cls.TOPIC} | {cls.VERSION} | {cls.__name__} | {on} | {', '.join(own) or '–'} | {basis[1] if basis else ''} |"


def _type(hint: object) -> str:
    text = hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)
    return re.sub(r"\b(?:domain\.\w+(?:\.\w+)*|datetime|uuid|typing)\.(?=[A-Za-z])", "", text).replace(
        " | ", " or "
    )


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
