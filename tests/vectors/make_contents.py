"""Makes the golden vector of every version of every schema that has none. It never rewrites one: a released form is permanent.

Each schema has two vectors: ``<name>.v<n>.json`` with every field filled, ``<name>.v<n>.empty.json`` with none.
``python -m tests.house.regenerate`` runs it.
"""

from __future__ import annotations

import hashlib
import sys
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from adapters.content_json import read_content, write_content
from domain.content import CONTENTS, Amount, Content, NamedChild, Part, PartialDate, PersonName, TextContent
from domain.content.form import Code, Count, Entries, FieldForm, Group, Shape, Text, YesNo

HERE = Path(__file__).parent / "content"
MANIFEST = HERE / "MANIFEST"
ROOT = UUID("5b7f2c1e-0000-4000-8000-000000000000")
_PATTERNS = {
    "HH:MM": "14:30",
    "NNN-NNNN": "123-4567",
    "digits with - ( ) +": "03-1234-5678",
    "64 hexadecimal digits": "ab" * 32,
    "the name of a file without folders": "診断書.pdf",
    "a media type": "application/pdf",
}
_VALUES: dict[type[Part], Part] = {
    PartialDate: PartialDate("2026-05", "令和8年5月ごろ"),
    Amount: Amount("2.10", "<", "kg"),
    PersonName: PersonName("山田\U000e0101 花子", "やまだ はなこ"),
    NamedChild: NamedChild(uuid5(ROOT, "child"), "さくら"),
}


def sample(form: FieldForm) -> Any:
    """One fixed value of a field, the same for ever."""
    return _of_shape(form.shape, form.label)


def _of_shape(shape: Shape, label: str) -> Any:
    match shape:
        case Text():
            words = label if shape.max_characters > 60 else label[: shape.max_characters]
            return (
                _PATTERNS[shape.form] if shape.form else f"{words}\n二行目" if shape.several_lines else words
            )
        case Count():
            return min(3, shape.maximum)
        case YesNo():
            return True
        case Code():
            return _last(shape.codes)
        case Entries():
            return (_of_shape(shape.of, label),)
        case Group():
            return _VALUES.get(shape.part) or filled(shape.part)
        case _:
            return uuid5(ROOT, label)


def _last(codes: type[StrEnum]) -> StrEnum:
    return list(codes)[-1]


def filled(cls: type[Part]) -> Any:
    """A part with a value in every field."""
    return cls(**{name: sample(form) for name, form in cls.fields().items()})


def empty(cls: type[Part]) -> Any:
    """A part of which nothing was asked but what it can't be without."""
    return cls(**{name: sample(form) for name, form in cls.fields().items() if not form.is_answer})


def vectors() -> dict[str, Content]:
    """File name -> what it holds."""
    contents: dict[str, Content] = {}
    for cls in CONTENTS.values():
        name = f"{cls.NAME}.v{cls.VERSION}"
        contents[f"{name}.json"] = TextContent("一行目\n二行目") if cls is TextContent else filled(cls)
        if cls is not TextContent:
            contents[f"{name}.empty.json"] = empty(cls)
    return contents


def main() -> None:
    HERE.mkdir(exist_ok=True)
    manifest = MANIFEST.read_text().splitlines() if MANIFEST.exists() else []
    for name, content in sorted(vectors().items()):
        path = HERE / name
        if path.exists():
            continue
        data = write_content(content)
        read_content(content.SCHEMA, data)
        path.write_bytes(data)
        manifest.append(f"{hashlib.sha256(data).hexdigest()}  {name}")
        print(f"added {name}", file=sys.stderr)
    MANIFEST.write_text("\n".join(manifest) + "\n")


if __name__ == "__main__":
    main()
