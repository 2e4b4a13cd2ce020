"""From the plain values of JSON to a typed content: every key there and no other, every value of its field's form.

An error names the path of the field and what is wrong with it, never a value. Keys that a sender invented are left out of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from domain.blank_text import is_blank
from domain.content.form import (
    MAX_ENTRIES,
    Code,
    Content,
    Count,
    Entries,
    FieldForm,
    Group,
    Part,
    Reference,
    Shape,
    Text,
    YesNo,
)
from domain.content.markers import UNKNOWN
from domain.errors import Malformed

P = TypeVar("P", bound=Part)
UNKNOWN_FORM = {"unknown": True}
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
"""What no text holds: it is not seen, or it changes the order in which other characters are seen. Joiners and variation
selectors are needed for names, and characters of private use are in use for names (外字). Source: The Unicode Standard,
General Category; the list is closed, so that a text stays readable under later versions of Unicode."""


def completed(cls: type[Part], value: Any) -> Any:
    """The same object with null for each key that is missing and may be null, in all depths; what is wrong stays wrong."""
    if not isinstance(value, dict) or value == UNKNOWN_FORM:
        return value
    forms = cls.fields()
    missing = {name: None for name, form in forms.items() if form.is_answer and name not in value}
    return missing | {
        name: _completed_value(forms[name].shape, one) if name in forms else one
        for name, one in value.items()
    }


def _completed_value(shape: Shape, value: Any) -> Any:
    if isinstance(shape, Group):
        return completed(shape.part, value)
    if isinstance(shape, Entries) and isinstance(value, list):
        return [_completed_value(shape.of, one) for one in value]
    return value


@dataclass(frozen=True)
class _Place:
    """Where a value stands: by the names of fields, and by their labels."""

    path: str = ""
    label: str = ""

    def below(self, name: str, label: str) -> _Place:
        return _Place(
            f"{self.path}.{name}" if self.path else name, f"{self.label} › {label}" if self.label else label
        )

    def refusal(self, what: str, what_ja: str) -> Malformed:
        error = Malformed("content-form", f"Correct {self.path or 'the content'}: {what}.")
        error.detail_ja = f"「{self.label or '内容'}」を直してください。{what_ja}。"
        return error


def typed(content: type[P], value: object) -> P:
    """The content of this class. Raises Malformed (``content-form``), which names the first wrong field."""
    return _part(content, value, _Place())


def _part(cls: type[P], value: object, place: _Place) -> P:
    if not isinstance(value, dict):
        raise place.refusal("it is an object", "項目の集まりで書きます")
    forms = cls.fields()
    for name, form in forms.items():
        if name not in value:
            raise place.below(name, form.label).refusal(
                "the key is missing; write null where it was not asked",
                "項目がありません。未確認は null と書きます",
            )
    if len(value) != len(forms):
        raise place.refusal("it has a key that the schema does not have", "この様式にない項目があります")
    part = cls(
        **{name: _answer(form, value[name], place.below(name, form.label)) for name, form in forms.items()}
    )
    fault = part.fault()
    if fault is not None:
        raise place.refusal(*fault)
    return part


def _answer(form: FieldForm, value: object, place: _Place) -> Any:
    if form.is_answer:
        if value is None:
            return None
        if value == UNKNOWN_FORM and type(value["unknown"]) is bool:
            return UNKNOWN
    return _value(form.shape, value, place)


def _value(shape: Shape, value: object, place: _Place) -> Any:
    return _READERS[type(shape)](shape, value, place)


def _count(shape: Count, value: object, place: _Place) -> int:
    if type(value) is not int or not 0 <= value <= shape.maximum:
        raise place.refusal(
            f"it is a whole number from 0 to {shape.maximum}", f"0から{shape.maximum}までの整数で書きます"
        )
    return value


def _yes_no(shape: YesNo, value: object, place: _Place) -> bool:
    if type(value) is not bool:
        raise place.refusal("it is true or false", "true か false で書きます")
    return value


def _code(shape: Code, value: object, place: _Place) -> StrEnum:
    codes = {code.value: code for code in shape.codes}
    if not isinstance(value, str) or value not in codes:
        known = ", ".join(codes)
        raise place.refusal(f"it is one of {known}", f"次の一つで書きます: {known}")
    return codes[value]


def _group(shape: Group, value: object, place: _Place) -> Part:
    return _part(shape.part, value, place)


def _text(shape: Text, value: object, place: _Place) -> str:
    if not isinstance(value, str):
        raise place.refusal("it is text", "文字で書きます")
    if len(value) > shape.max_characters:
        most = shape.max_characters
        raise place.refusal(f"it has {most} characters at most", f"{most}文字までで書きます")
    if INVISIBLE.search(value) or (not shape.several_lines and ("\n" in value or "\t" in value)):
        lines, lines_ja = ("", "") if shape.several_lines else (", line breaks", "・改行")
        raise place.refusal(
            f"it holds no control characters{lines} or marks that change the direction of text",
            f"見えない文字{lines_ja}・文字の向きを変える記号は使えません",
        )
    if is_blank(value) and not (shape.may_be_blank and value == ""):
        raise place.refusal("an empty text is null", "空の項目は null と書きます")
    if shape.pattern and re.fullmatch(shape.pattern, value) is None:
        raise place.refusal(f"its form is {shape.form}", f"{shape.form_ja}で書きます")
    return value


def _reference(shape: Reference, value: object, place: _Place) -> UUID:
    try:
        reference = UUID(value) if isinstance(value, str) else None
    except ValueError:
        reference = None
    if reference is None or str(reference) != value:
        raise place.refusal("it is a UUID in lower case", "小文字のUUIDで書きます")
    return reference


def _entries(shape: Entries, value: object, place: _Place) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise place.refusal("it is a list", "並びで書きます")
    if len(value) > MAX_ENTRIES:
        raise place.refusal(f"it has {MAX_ENTRIES} entries at most", f"{MAX_ENTRIES}件までで書きます")
    return tuple(_value(shape.of, one, place.below(str(n), str(n + 1))) for n, one in enumerate(value))


_READERS: Mapping[type, Callable[[Any, object, _Place], Any]] = {
    Text: _text,
    Count: _count,
    YesNo: _yes_no,
    Code: _code,
    Reference: _reference,
    Group: _group,
    Entries: _entries,
}


def parse_schema(schema: str, contents: Mapping[str, type[Content]]) -> tuple[type[Content], int]:
    """The newest class of a schema, and the version that is named. Raises Malformed (``unknown-content-schema``)."""
    name, _, version = schema.rpartition("/v")
    newest = next((c for c in contents.values() if name == c.NAME), None)
    if newest is None or re.fullmatch("[1-9][0-9]{0,3}", version) is None or int(version) > newest.VERSION:
        raise Malformed("unknown-content-schema")
    return newest, int(version)
