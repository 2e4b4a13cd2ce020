"""The values of which contents are made: what was not asked, what is unknown, dates, amounts, names, children.

An answer is the value, ``UNKNOWN`` (asked, and nobody knows: 不明) or None (not asked: 未確認). An empty list was asked, and
there is none. Nothing here is ever rounded, completed or normalised. Source: own rule (docs/decisions/0039).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, TypeAlias, TypeVar
from uuid import UUID

from domain.children import UNKNOWN_CHILD
from domain.content.form import Part, Text, asks, needs
from domain.content.markers import UNKNOWN, Unknown
from domain.wareki import office_text, value_of_parts, western_parts

T = TypeVar("T")
Answer: TypeAlias = T | Unknown | None
"""What a field holds: a value, ``UNKNOWN``, or None where it was not asked."""

ShortText = Annotated[str, Text(300)]
"""Words on one line."""
LongText = Annotated[str, Text(20_000, several_lines=True)]
"""Words in lines."""
TimeOfDay = Annotated[
    str, Text(5, pattern=r"([01][0-9]|2[0-3]):[0-5][0-9]", form="HH:MM", form_ja="「14:30」の形")
]
"""Local time, ``14:30``."""

Names = Mapping[UUID, str]
"""Reference of a child -> what the reader calls it."""

FIRST_YEAR, LAST_YEAR = 1800, 2299
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,10})?")
COMPARATORS: Final = ("", "<", "<=", ">=", ">")
_COMPARATOR_TEXTS = {"": "", "<": "未満", "<=": "以下", ">=": "以上", ">": "超"}


@dataclass(frozen=True)
class PartialDate(Part):
    """A day, a month or a year. ``value``: ``2026-05-12``, ``2026-05`` or ``2026``; ``written``: as it was written down
    (``R8.5.12``, ``令和8年5月ごろ``), empty where it was written as its value."""

    value: Annotated[str, Text(10)] = needs("値")
    written: Annotated[str, Text(60, may_be_blank=True)] = needs("書かれたとおり")

    def fault(self) -> tuple[str, str] | None:
        match = _DATE.fullmatch(self.value)
        if match is None:
            return ("a date is YYYY, YYYY-MM or YYYY-MM-DD", "日付は 2026、2026-05、2026-05-12 の形です")
        year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
        try:
            date(year, month, day)
        except ValueError:
            return ("there is no such date", "この日付はありません")
        if not FIRST_YEAR <= year <= LAST_YEAR:
            return (
                f"the year is from {FIRST_YEAR} to {LAST_YEAR}",
                f"年は{FIRST_YEAR}から{LAST_YEAR}までです",
            )
        parts = western_parts(self.written)
        if parts is not None and value_of_parts(parts) != self.value:
            return (
                "the date as written is another one than its value",
                "書かれたとおりの日付と、値の日付が違います",
            )
        return None

    def as_text(self, names: Names) -> str:
        text = office_text(self.value)
        is_same = not self.written or western_parts(self.written) is not None
        return text if is_same else f"{text} 原文「{self.written}」"


@dataclass(frozen=True)
class Amount(Part):
    """A measured amount, digit for digit as measured: ``2.10``. ``comparator``: one of ``COMPARATORS``, empty for exactly;
    ``unit``: ``kg``, ``mg/dL``, ``点``; empty for a bare number."""

    value: Annotated[str, Text(30)] = needs("値")
    comparator: Annotated[str, Text(2, may_be_blank=True)] = needs("比較")
    unit: Annotated[str, Text(30, may_be_blank=True)] = needs("単位")

    def fault(self) -> tuple[str, str] | None:
        if _DECIMAL.fullmatch(self.value) is None:
            return ("an amount is a decimal number in digits", "数値は 2.10 のような数字です")
        if self.comparator not in COMPARATORS:
            return ("a comparator is <, <=, >=, > or empty", "比較は <、<=、>=、> か空です")
        return None

    def as_text(self, names: Names) -> str:
        space = " " if self.unit and self.unit.isascii() and self.unit != "%" else ""
        return f"{self.value}{space}{self.unit}{_COMPARATOR_TEXTS[self.comparator]}"


@dataclass(frozen=True)
class AmountRange(Part):
    """From a lowest to a highest amount; either end may be open (None)."""

    low: Answer[Amount] = asks("下限")
    high: Answer[Amount] = asks("上限")

    def fault(self) -> tuple[str, str] | None:
        low, high = self.low, self.high
        if not isinstance(low, Amount) or not isinstance(high, Amount) or low.unit != high.unit:
            return None
        if Decimal(low.value) > Decimal(high.value):
            return ("the range ends below its beginning", "下限が上限より大きくなっています")
        return None

    def as_text(self, names: Names) -> str:
        return f"{_end_text(self.low, names)}〜{_end_text(self.high, names)}"


def _end_text(end: Answer[Amount], names: Names) -> str:
    return end.as_text(names) if isinstance(end, Amount) else "不明" if end is UNKNOWN else ""


@dataclass(frozen=True)
class PersonName(Part):
    """A name as its bearer writes it, in whatever variant of a character, and its reading."""

    text: Answer[ShortText] = asks("氏名")
    kana: Answer[ShortText] = asks("ふりがな")

    def as_text(self, names: Names) -> str:
        text = self.text if isinstance(self.text, str) else "氏名不明" if self.text is UNKNOWN else ""
        if isinstance(self.kana, str):
            return f"{text}({self.kana})" if text else self.kana
        return (text or "氏名未確認") + ("(ふりがな不明)" if self.kana is UNKNOWN else "")


@dataclass(frozen=True)
class NamedChild(Part):
    """Which child: its reference, and what the sender calls it, so that a reader without BASIC knows whose this is."""

    ref: UUID = needs("参照")
    called: Answer[ShortText] = asks("呼び名")

    def as_text(self, names: Names) -> str:
        return child_text(self.ref, self.called if isinstance(self.called, str) else "", names)


def child_text(ref: UUID, name: str, names: Names) -> str:
    """A child by its name, and by its reference, so that two agencies can say whom they mean."""
    if ref == UNKNOWN_CHILD:
        return f"{name}(どの子か不明)" if name else "どの子か不明の子ども"
    known = name or names.get(ref, "")
    return f"{known}(参照 {str(ref)[:8]})" if known else f"子ども(参照 {str(ref)[:8]})"


def plain(value: Any) -> Any:
    """The JSON form of a value of a content."""
    if value is UNKNOWN:
        return {"unknown": True}
    if isinstance(value, Part):
        return {name: plain(getattr(value, name)) for name in type(value).fields()}
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, UUID) else value
