"""Writes domain/CONTENT.md: every published schema, its fields, their Japanese labels, sections and flags.

``python -m tests.house.regenerate`` runs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from domain.content import CONTENTS, Part, TextContent
from domain.content.code_texts import code_text
from domain.content.form import Code, Count, Entries, FieldForm, Group, Shape, Text, YesNo

PATH = Path(__file__).parents[2] / "domain" / "CONTENT.md"

_INTRODUCTION = (
    "What may stand in the content of an item, written by `tests/house/make_content_md.py` from the classes in"
    " `domain/content/`. An item names its schema; the hub sees that name and nothing of the content. Content is"
    ' canonical JSON (KH-1 §5) in which every key is always there: `null` was not asked (未確認), `{"unknown":true}` was'
    " asked and nobody knows (不明), `[]` was asked and there is none (なし). A field that is always filled is marked «!»."
    " `text/v1` is plain UTF-8. A schema is permanent: a new field is a new version, and old versions are read for ever"
    " (`docs/decisions/0039-content-with-form.md`). An item in which a field with a flag is filled carries that flag."
)


def page() -> str:
    """The schemas, then the parts that they share, then the lists of codes."""
    parts: dict[type[Part], None] = {}
    codes: dict[type[StrEnum], None] = {}
    lines = ["# Content with form", "", _INTRODUCTION, "", "| schema | title | sections |", "|---|---|---|"]
    for cls in CONTENTS.values():
        where = "any" if len(cls.SECTIONS) > 1 else ", ".join(sorted(cls.SECTIONS))
        lines.append(f"| `{cls.SCHEMA}` | {cls.TITLE} | {where} |")
    for cls in CONTENTS.values():
        if cls is not TextContent:
            lines += [
                "",
                f"## {cls.SCHEMA} {cls.TITLE}",
                "",
                _first_sentence(cls),
                "",
                *_table(cls, parts, codes),
            ]
    lines += ["", "## Parts"]
    done: set[type[Part]] = set()
    while todo := [part for part in parts if part not in done]:
        for part in todo:
            done.add(part)
            lines += ["", f"### {part.__name__}", "", _first_sentence(part), "", *_table(part, parts, codes)]
    lines += ["", "## Codes", "", "| list | codes |", "|---|---|"]
    lines += [f"| {c.__name__} | {'; '.join(f'`{x.value}` {code_text(x)}' for x in c)} |" for c in codes]
    return "\n".join(lines) + "\n"


def _first_sentence(cls: type) -> str:
    return " ".join((cls.__doc__ or "").split())


def _table(cls: type[Part], parts: dict[type[Part], None], codes: dict[type[StrEnum], None]) -> Iterator[str]:
    yield "| field | label | holds | flag |"
    yield "|---|---|---|---|"
    for form in cls.fields().values():
        mark = "" if form.is_answer else " !"
        yield f"| `{form.name}`{mark} | {_label(form)} | {_holds(form.shape, parts, codes)} | {form.flag or ''} |"


def _label(form: FieldForm) -> str:
    indicator = f" (`{form.indicator}`)" if form.indicator else ""
    words = f": {form.yes}・{form.no}" if isinstance(form.shape, YesNo) else ""
    return form.label + words + indicator


def _holds(shape: Shape, parts: dict[type[Part], None], codes: dict[type[StrEnum], None]) -> str:
    match shape:
        case Text():
            lines = ", in lines" if shape.several_lines else ""
            return (
                f"text of {shape.form}" if shape.form else f"text, {shape.max_characters:,} characters{lines}"
            )
        case Count():
            return f"number, 0 to {shape.maximum:,}"
        case YesNo():
            return "true, false"
        case Code():
            codes[shape.codes] = None
            return f"code of {shape.codes.__name__}"
        case Group():
            parts[shape.part] = None
            return shape.part.__name__
        case Entries():
            return f"list of: {_holds(shape.of, parts, codes)}"
        case _:
            return "UUID"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
