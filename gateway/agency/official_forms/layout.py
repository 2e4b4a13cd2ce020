"""What an official form consists of: sheets of ruled boxes, tables and texts, as data for the template.

An empty text is a blank to be written in by hand. Every text has a place, so that one that can't be printed is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Place = tuple[str, str]
"""Where a text stands in a form, and the text."""


@dataclass(frozen=True)
class Cell:
    """A box with its label. ``weight``: its share of the row's width; ``height``: of a blank, in millimetres.

    ``kana``: the reading of the text where it is known, printed above it.
    """

    label: str
    text: str = ""
    weight: int = 1
    height: int = 7
    kana: str = ""

    def to_json(self) -> dict[str, Any]:
        """The box as the template takes it."""
        return {
            "label": self.label,
            "text": self.text,
            "weight": self.weight,
            "height": self.height,
            "kana": self.kana,
        }


@dataclass(frozen=True)
class Cells:
    """Rows of boxes under a title. ``label_width``: of the labels, in millimetres; ``is_whole``: they stay on one page with
    their title, as what speaks of one child does."""

    title: str
    rows: Sequence[Sequence[Cell]]
    label_width: int = 30
    is_whole: bool = False

    def to_json(self) -> dict[str, Any]:
        rows = [[cell.to_json() for cell in row] for row in self.rows]
        return {
            "kind": "cells",
            "title": self.title,
            "rows": rows,
            "label_width": self.label_width,
            "is_whole": self.is_whole,
        }

    def places(self) -> Iterator[Place]:
        """Its texts, each with its place."""
        for row in self.rows:
            for cell in row:
                yield _place(self.title, cell.label), cell.text
                yield _place(self.title, cell.label, "ふりがな"), cell.kana


@dataclass(frozen=True)
class Table:
    """A table; its head is repeated on every page. ``blanks``: empty rows that are printed where there are fewer rows."""

    title: str
    head: Sequence[str]
    widths: Sequence[int]
    rows: Sequence[Sequence[str]]
    blanks: int = 2
    height: int = 8

    def to_json(self) -> dict[str, Any]:
        missing = max(self.blanks - len(self.rows), 0)
        rows = [*map(list, self.rows), *([""] * len(self.head) for _ in range(missing))]
        return {
            "kind": "table",
            "title": self.title,
            "head": list(self.head),
            "widths": list(self.widths),
            "rows": rows,
            "height": self.height,
        }

    def places(self) -> Iterator[Place]:
        for n, row in enumerate(self.rows, 1):
            for label, text in zip(self.head, row, strict=True):
                yield _place(self.title, f"{n}段目", label), text


@dataclass(frozen=True)
class Paragraphs:
    """Text of the form itself. ``size``: small, normal or large; ``align``: start, center or end."""

    lines: Sequence[str]
    size: str = "normal"
    align: str = "start"

    def to_json(self) -> dict[str, Any]:
        return {"kind": "paragraphs", "lines": list(self.lines), "size": self.size, "align": self.align}

    def places(self) -> Iterator[Place]:
        for line in self.lines:
            yield "本文", line


@dataclass(frozen=True)
class Letterhead:
    """Addressee on the left, day and sender on the right. ``sender``: label and text, a line each."""

    addressee: str
    day: str
    sender: Sequence[tuple[str, str]]

    def to_json(self) -> dict[str, Any]:
        sender = [{"label": label, "text": text} for label, text in self.sender]
        return {"kind": "letterhead", "addressee": self.addressee, "day": self.day, "sender": sender}

    def places(self) -> Iterator[Place]:
        yield "宛先", self.addressee
        yield "日付", self.day
        yield from self.sender


@dataclass(frozen=True)
class Stamps:
    """Boxes for seals (決裁欄, 押印欄)."""

    labels: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        return {"kind": "stamps", "labels": list(self.labels)}

    def places(self) -> Iterator[Place]:
        return iter(())


@dataclass(frozen=True)
class Signature:
    """Lines to be signed by hand: label, what is printed behind it, and whether it is sealed (印)."""

    rows: Sequence[tuple[str, str, bool]]
    title: str = ""

    def to_json(self) -> dict[str, Any]:
        rows = [{"label": label, "text": text, "seal": seal} for label, text, seal in self.rows]
        return {"kind": "signature", "title": self.title, "rows": rows}

    def places(self) -> Iterator[Place]:
        for label, text, _ in self.rows:
            yield _place(self.title, label), text


@dataclass(frozen=True)
class Rest:
    """Where what no field has taken is to stand; ``common.printed`` puts it there when all fields are filled."""

    def to_json(self) -> dict[str, Any]:
        return {"kind": "cells", "title": "", "rows": [], "label_width": 30}

    def places(self) -> Iterator[Place]:
        return iter(())


Block = Cells | Table | Paragraphs | Letterhead | Stamps | Signature | Rest


@dataclass(frozen=True)
class Sheet:
    """A form, or a part of it that stands on pages of its own. ``mark``: printed above the title."""

    title: str
    blocks: Sequence[Block]
    mark: str = ""


@dataclass(frozen=True)
class PrintedForm:
    """A filled form. ``handling``: the line at the foot about copies; empty on what the family is given.

    ``easy``: larger and with more air, for reading at home.
    """

    title: str
    sheets: Sequence[Sheet]
    handling: str
    easy: bool = False
    issued: str = field(default="")
    rehearsal: bool = False

    def to_json(self) -> dict[str, Any]:
        """The form as the template takes it."""
        return {
            "title": self.title,
            "handling": self.handling,
            "easy": self.easy,
            "issued": self.issued,
            "rehearsal": self.rehearsal,
            "sheets": [
                {"title": s.title, "mark": s.mark, "blocks": [b.to_json() for b in s.blocks]}
                for s in self.sheets
            ],
        }

    def places(self) -> Iterator[Place]:
        """All texts that are not of the form itself, each with its place."""
        for sheet in self.sheets:
            for block in sheet.blocks:
                yield from block.places()
        yield "発行", self.issued


def _place(*labels: str) -> str:
    return "「" + " ".join(label for label in labels if label) + "」"
