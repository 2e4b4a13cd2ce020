"""Writes domain/EVENTS.md from the events themselves.

``python -m tests.house.regenerate`` runs it.
"""

from __future__ import annotations

import re
import typing
from dataclasses import fields
from pathlib import Path

from domain.events import EVENTS, REFERRALS, CaseMessage, Event

PATH = Path(__file__).parents[2] / "domain" / "EVENTS.md"
SHARED = {f.name for f in fields(CaseMessage)}


def page() -> str:
    """The whole table, sorted by topic."""
    lines = [
        "# Events",
        "",
        "Every event that can be recorded, written from the class statements in `domain/<family>/events.py` by"
        " `tests/house/make_events_md.py`. Messages in a case share: "
        + ", ".join(f"`{n}`" for n in sorted(SHARED))
        + ".",
        "Clocks: + may start, − may stop. Actor: who may give a command for it: some are a person's own word.",
        "",
        "| topic | v | event | title | family | recorded on | own fields | actor | sender | clocks | groups | law |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for topic in sorted(EVENTS):
        lines.append(_row(EVENTS[topic]))
    return "\n".join(lines) + "\n"


def _row(cls: type[Event]) -> str:
    hints = typing.get_type_hints(cls)
    shared = SHARED if issubclass(cls, CaseMessage) else set()
    own = [f"`{f.name}`: {_type(hints[f.name])}" for f in fields(cls) if f.name not in shared]
    on = "that of the command" if cls.ON is None else cls.ON.value
    family = cls.__module__.split(".")[1]
    return (
        f"| {cls.TOPIC} | {cls.VERSION} | {cls.__name__} | {cls.TITLE} | [{family}]({family}/events.py) | {on} "
        f"| {', '.join(own) or '–'} | {cls.ACTOR.value if cls.ACTOR else '–'} | {_message_columns(cls)} | {cls.LAW} |"
    )


def _message_columns(cls: type[Event]) -> str:
    if not issubclass(cls, CaseMessage):
        return "– | – | –"
    groups = [name for name, yes in cls.IN_GROUPS.items() if yes]
    groups += ["referral"] if cls in REFERRALS else []
    clocks = [f"+{kind}" for kind in cls.STARTS or ()] + [f"−{kind}" for kind in cls.STOPS or ()]
    return (
        f"{cls.SENDER.value if cls.SENDER else '–'} | {', '.join(clocks) or '–'} | {', '.join(groups) or '–'}"
    )


def _type(hint: object) -> str:
    text = hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)
    return re.sub(r"\b(?:domain\.\w+(?:\.\w+)*|datetime|uuid|typing)\.(?=[A-Za-z])", "", text).replace(
        " | ", " or "
    )


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
