"""The bytes of contents: strict, canonical, bounded, and readable for ever."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.content_json import MAX_CONTENT_BYTES, read_content, write_content
from domain.codes import Section
from domain.content import (
    CONTENTS,
    UNKNOWN,
    Amount,
    AmountRange,
    Answer,
    Content,
    PartialDate,
    TextContent,
    as_text,
    lines,
)
from domain.content.family import Child, Family
from domain.content.form import asks
from domain.content.values import LongText, ShortText
from domain.content.visit import Visit, VisitedChild
from domain.errors import Malformed
from keys import canonical
from tests.domain.content_values import contents_of
from tests.vectors import make_contents

FORMS = [pytest.param(cls, id=cls.SCHEMA) for cls in CONTENTS.values()]
SAKURA = UUID("7a3e1c52-1111-4222-8333-444455556666")
VECTORS = Path(make_contents.HERE)
EMPTY_VISIT: dict[str, Any] = dict.fromkeys(Visit.fields())


def bytes_of(value: Any) -> bytes:
    return canonical.encode(value)


def refusal(schema: str, data: bytes) -> Malformed:
    with pytest.raises(Malformed) as caught:
        read_content(schema, data)
    return caught.value


@pytest.mark.parametrize("cls", FORMS)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_what_is_written_is_read_again_byte_for_byte(cls: type[Content], data: st.DataObject) -> None:
    content = data.draw(contents_of(cls))
    written = write_content(content)
    assert read_content(cls.SCHEMA, written) == content
    assert write_content(read_content(cls.SCHEMA, written)) == written


# --- golden vectors ------------------------------------------------------------------------------------------


def test_the_vectors_are_those_of_the_manifest() -> None:
    rows = [line.split("  ") for line in make_contents.MANIFEST.read_text().splitlines()]
    on_disk = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in VECTORS.glob("*.json")}
    assert {name: digest for digest, name in rows} == on_disk


def test_every_version_of_every_schema_has_its_vectors() -> None:
    wanted = {
        f"{cls.NAME}.v{version}{kind}.json"
        for cls in CONTENTS.values()
        for version in range(1, cls.VERSION + 1)
        for kind in (("",) if cls is TextContent else ("", ".empty"))
    }
    assert {p.name for p in VECTORS.glob("*.json")} == wanted


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda p: p.name)
def test_a_vector_is_read(path: Path) -> None:
    name, version, *_ = path.name.split(".")
    content = read_content(f"{name}/{version}", path.read_bytes())
    if int(version[1:]) == content.VERSION:
        assert write_content(content) == path.read_bytes()
        assert content == make_contents.vectors()[path.name]
    assert as_text(lines(content))


# --- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        pytest.param({"place": ""}, "Correct place: an empty text is null.", id="empty text"),
        pytest.param({"place": " \u3000\u2800"}, "Correct place: an empty text is null.", id="blank text"),
        pytest.param({"place": 3}, "Correct place: it is text.", id="a number for a text"),
        pytest.param({"place": "x" * 301}, "Correct place: it has 300 characters at most.", id="too long"),
        pytest.param(
            {"place": "\u202e山田"},
            "Correct place: it holds no control characters, line breaks or marks that change the direction of text.",
            id="text that runs backwards",
        ),
        pytest.param(
            {"place": "一\n二"},
            "Correct place: it holds no control characters, line breaks or marks that change the direction of text.",
            id="a line break on one line",
        ),
        pytest.param(
            {"note": "a\x00b"},
            "Correct note: it holds no control characters or marks that change the direction of text.",
            id="a control character",
        ),
        pytest.param(
            {"note": "山\u200b田"},
            "Correct note: it holds no control characters or marks that change the direction of text.",
            id="a space that is not seen",
        ),
        pytest.param({"started_at": "25:00"}, "Correct started_at: its form is HH:MM.", id="no such time"),
        pytest.param({"started_at": "１４:30"}, "Correct started_at: its form is HH:MM.", id="wide digits"),
        pytest.param({"met": {}}, "Correct met: it is a list.", id="an object for a list"),
        pytest.param({"met": [None]}, "Correct met.0: it is text.", id="nothing in a list"),
        pytest.param({"met": ["a"] * 201}, "Correct met: it has 200 entries at most.", id="a long list"),
        pytest.param(
            {"urgency": "SOON"},
            "Correct urgency: it is one of AT_ONCE, WITHIN_TIME, WATCH.",
            id="a code that is not of the list",
        ),
        pytest.param(
            {"urgency": {"unknown": 1}}, "Correct urgency: it is one of", id="an unknown that is a number"
        ),
        pytest.param({"urgency": {"unknown": False}}, "Correct urgency: it is one of", id="not unknown"),
        pytest.param(
            {"visited_on": {"value": "2026-02-30", "written": ""}},
            "Correct visited_on: there is no such date.",
            id="no such day",
        ),
        pytest.param(
            {"visited_on": {"value": "2026-2", "written": ""}},
            "Correct visited_on: a date is YYYY, YYYY-MM or YYYY-MM-DD.",
            id="a date of another form",
        ),
        pytest.param(
            {"visited_on": {"value": "２０２６", "written": ""}},
            "Correct visited_on: a date is YYYY, YYYY-MM or YYYY-MM-DD.",
            id="a date in wide digits",
        ),
        pytest.param(
            {"visited_on": {"value": "1799", "written": ""}},
            "Correct visited_on: the year is from 1800 to 2299.",
            id="long ago",
        ),
        pytest.param(
            {"visited_on": {"value": "2026-05-12", "written": "R7.5.12"}},
            "Correct visited_on: the date as written is another one than its value.",
            id="a date that was written otherwise",
        ),
        pytest.param(
            {"visited_on": {"value": "2026-05-12", "written": "令和8年5月"}},
            "Correct visited_on: the date as written is another one than its value.",
            id="a day of which only the month was written",
        ),
        pytest.param(
            {"visited_on": {"value": "2026"}},
            "Correct visited_on.written: the key is missing; write null where it was not asked.",
            id="a missing key inside",
        ),
        pytest.param(
            {"children": [{}]}, "Correct children.0.child: the key is missing", id="a child that is nobody"
        ),
        pytest.param(
            {"山田花子": 1}, "Correct the content: it has a key that the schema does not have.", id="a key"
        ),
    ],
)
def test_a_wrong_field_is_named_by_its_path_and_never_by_its_value(
    changed: dict[str, Any], detail: str
) -> None:
    error = refusal("visit/v1", bytes_of({**EMPTY_VISIT, **changed}))
    assert error.error_code == "content-form"
    assert error.detail.startswith(detail)


def test_a_person_reads_which_field_to_correct_in_the_words_of_the_form() -> None:
    child = {**dict.fromkeys(VisitedChild.fields()), "child": {"ref": str(SAKURA), "called": None}, "seen": 1}
    error = refusal("visit/v1", bytes_of({**EMPTY_VISIT, "children": [child]}))
    assert error.detail == "Correct children.0.seen: it is true or false."
    assert error.detail_ja == "「子ども › 1 › 目視」を直してください。true か false で書きます。"


@pytest.mark.parametrize(
    ("amount", "detail"),
    [
        pytest.param(
            {"value": "2,1", "comparator": "", "unit": "kg"}, "an amount is a decimal", id="a comma"
        ),
        pytest.param({"value": "+2", "comparator": "", "unit": "kg"}, "an amount is a decimal", id="a plus"),
        pytest.param(
            {"value": "02", "comparator": "", "unit": "kg"}, "an amount is a decimal", id="a leading nought"
        ),
        pytest.param(
            {"value": "2.", "comparator": "", "unit": "kg"}, "an amount is a decimal", id="a point at the end"
        ),
        pytest.param(
            {"value": "1e3", "comparator": "", "unit": "kg"}, "an amount is a decimal", id="an exponent"
        ),
        pytest.param(
            {"value": "NaN", "comparator": "", "unit": "kg"}, "an amount is a decimal", id="not a number"
        ),
        pytest.param(
            {"value": "２", "comparator": "", "unit": "kg"}, "an amount is a decimal", id="a wide digit"
        ),
        pytest.param({"value": "2", "comparator": "=", "unit": "kg"}, "a comparator is", id="no comparator"),
    ],
)
def test_an_amount_is_digits_as_measured(amount: dict[str, str], detail: str) -> None:
    child = {
        **dict.fromkeys(("seen", "how", "clothing", "measures", "injuries", "expression", "condition")),
        "own_words": None,
        "child": {"ref": str(SAKURA), "called": None},
        "weight": amount,
    }
    error = refusal("visit/v1", bytes_of({**EMPTY_VISIT, "children": [child]}))
    assert error.detail.startswith(f"Correct children.0.weight: {detail}")


def test_a_range_does_not_end_below_its_beginning() -> None:
    low, high = Amount("10.0", "", "g"), Amount("9.99", "", "g")
    fault = AmountRange(low, high).fault()
    assert fault == ("the range ends below its beginning", "下限が上限より大きくなっています")
    assert AmountRange(high, low).fault() is None
    assert AmountRange(low, Amount("9", "", "kg")).fault() is None
    assert AmountRange(low, None).fault() is None


@pytest.mark.parametrize(
    ("schema", "data", "error_code"),
    [
        pytest.param("visit/v2", b"{}", "unknown-content-schema", id="a version that is not there yet"),
        pytest.param("visit/v0", b"{}", "unknown-content-schema", id="version 0"),
        pytest.param("visit/v01", b"{}", "unknown-content-schema", id="another way to write a version"),
        pytest.param("visit", b"{}", "unknown-content-schema", id="no version"),
        pytest.param("nothing/v1", b"{}", "unknown-content-schema", id="no such schema"),
        pytest.param("visit/v1", b"", "json-syntax", id="nothing"),
        pytest.param("visit/v1", b"[]", "content-form", id="a list"),
        pytest.param("visit/v1", b"\xff", "json-utf8", id="no text"),
        pytest.param("visit/v1", b'{"a":1.5}', "json-float", id="a float"),
        pytest.param("visit/v1", b'{"a":NaN}', "json-float", id="not a number"),
        pytest.param("visit/v1", b'{"a":null,"a":null}', "json-duplicate-key", id="a key twice"),
        pytest.param("visit/v1", b'{"a": null}', "json-not-canonical", id="a space"),
        pytest.param("visit/v1", b"[" * 17 + b"]" * 17, "json-depth", id="too deep"),
        pytest.param("visit/v1", b"[" * 100_000, "json-nesting", id="as deep as a program can go"),
        pytest.param("visit/v1", b" " * (MAX_CONTENT_BYTES + 1), "content-too-long", id="too long"),
        pytest.param("text/v1", b"\xff", "content-form", id="text that is none"),
        pytest.param("visit/v1", b'{"a":"\\ud800"}', "json-surrogate", id="half a character"),
    ],
)
def test_bytes_that_are_not_of_the_form_are_refused(schema: str, data: bytes, error_code: str) -> None:
    assert refusal(schema, data).error_code == error_code


def test_what_could_not_be_read_again_is_not_written() -> None:
    wrong: Any = 3
    with pytest.raises(Malformed, match=r"Correct place: it is text\."):
        write_content(Visit(place=wrong))
    child = Child(ref=SAKURA, note="あ" * 20_000)
    with pytest.raises(Malformed) as caught:
        write_content(Family(children=(child,) * 20))
    assert caught.value.error_code == "content-too-long"


def test_what_matters_in_names_is_kept_as_it_is() -> None:
    for text in ("葛\U000e0100城", "\ue000田", "髙橋", "ネパ\u200dール", "Ａ", "が", "か\u3099"):
        content = Visit(place=text)
        assert read_content("visit/v1", write_content(content)) == content


def test_unknown_not_asked_and_none_are_three_things_in_bytes() -> None:
    data = json.loads(write_content(Visit(met=(), companions=UNKNOWN)))
    assert (data["met"], data["companions"], data["visitors"]) == ([], {"unknown": True}, None)


def test_plain_text_is_its_own_bytes() -> None:
    assert write_content(TextContent("一\r\n二")) == "一\r\n二".encode()
    assert read_content("text/v1", b"") == TextContent("")


# --- a second version ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Note(
    Content, schema="note", version=3, title="覚え書き", sections=(Section.BASIC,), is_published=False
):
    """As a schema looks in its third version: ``body`` was ``text`` once, and then came ``written_on``."""

    body: Answer[LongText] = asks("本文")
    written_on: Answer[PartialDate] = asks("日付")
    author: Answer[ShortText] = asks("書いた人")

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["body"] = state.pop("text")
        state["written_on"] = None

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        state["author"] = {"unknown": True}


NOTES = {"note/v3": Note}


@pytest.mark.parametrize(
    ("schema", "value", "content"),
    [
        pytest.param("note/v1", {"text": "古い"}, Note(body="古い", author=UNKNOWN), id="version 1"),
        pytest.param(
            "note/v2",
            {"body": None, "written_on": {"value": "2026", "written": ""}},
            Note(written_on=PartialDate("2026", ""), author=UNKNOWN),
            id="version 2",
        ),
        pytest.param(
            "note/v3",
            {"body": None, "written_on": None, "author": "鈴木"},
            Note(author="鈴木"),
            id="version 3",
        ),
    ],
)
def test_every_version_is_read_as_the_newest(schema: str, value: Any, content: Note) -> None:
    assert read_content(schema, bytes_of(value), NOTES) == content


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        pytest.param("note/v1", {"body": "新しい"}, id="a key of version 2"),
        pytest.param("note/v1", {"text": "古い", "more": None}, id="a key of none"),
        pytest.param("note/v2", {"body": None}, id="a key is missing"),
        pytest.param("note/v2", [], id="not an object"),
    ],
)
def test_an_old_version_is_read_as_strictly(schema: str, value: Any) -> None:
    with pytest.raises(Malformed) as caught:
        read_content(schema, bytes_of(value), NOTES)
    assert caught.value.error_code == "content-form"


def test_a_schema_states_its_name_and_the_way_from_each_version_to_the_next() -> None:
    with pytest.raises(TypeError, match="upcast_v1_v2 is missing"):
        type("Wrong", (Content,), {}, schema="wrong", version=2, title="x", sections=(), is_published=False)
    with pytest.raises(TypeError, match="'Wrong/' is not the name"):
        type("Wrong", (Content,), {}, schema="Wrong/", title="x", sections=(), is_published=False)
    with pytest.raises(TypeError, match="schema visit belongs to Visit"):
        type("Wrong", (Content,), {}, schema="visit", title="x", sections=())
