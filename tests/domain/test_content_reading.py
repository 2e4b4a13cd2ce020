"""Values of JSON become typed contents, or the one field is named that has to be corrected."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from domain.codes import NotificationChannel
from domain.content import (
    CONTENTS,
    UNKNOWN,
    Amount,
    Content,
    NamedChild,
    PartialDate,
    PersonName,
    TextContent,
)
from domain.content.address import KeptFrom, ProtectedAddress
from domain.content.common import Address, GoalProgress
from domain.content.form import Part
from domain.content.lines import identifying_text
from domain.content.notifier import Notifier
from domain.content.reading import completed, parse_schema, typed
from domain.content.values import plain
from domain.content.visit import Visit, VisitedChild
from domain.errors import Malformed
from domain.small_counts import SMALL_COUNT

SAKURA = UUID("7a3e1c52-1111-4222-8333-444455556666")


def full(cls: type[Part], **given: Any) -> dict[str, Any]:
    """An object with every key of the schema, null where nothing is given."""
    return dict.fromkeys(cls.fields()) | given


def test_what_was_not_named_is_not_asked_in_all_depths_and_what_is_unknown_stays_so() -> None:
    value = {
        "visitors": {"unknown": True},
        "children": [{"child": {"ref": str(SAKURA)}, "weight": {"value": "2.10"}}],
    }
    whole = completed(Visit, value)
    assert set(whole) == set(Visit.fields())
    assert whole["visitors"] == {"unknown": True}
    [child] = whole["children"]
    assert (child["seen"], child["child"]) == (None, {"called": None, "ref": str(SAKURA)})
    assert child["weight"] == {"value": "2.10"}  # a comparator is never guessed
    with pytest.raises(Malformed) as refused:
        typed(Visit, whole)
    assert "children.0.weight.comparator" in str(refused.value)


@pytest.mark.parametrize("wrong", [["a list"], "text", None, {"unknown": True}, {"children": "text", "x": 1}])
def test_what_is_wrong_stays_wrong_when_it_is_completed(wrong: Any) -> None:
    whole = completed(Visit, wrong)
    if isinstance(wrong, dict) and "x" in wrong:
        assert (whole["children"], whole["x"], whole["concerns"]) == ("text", 1, None)
    else:
        assert whole == wrong
    with pytest.raises(Malformed):
        typed(Visit, whole)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        pytest.param({"children": [{}]}, "children.0.child", id="a key that is needed"),
        pytest.param(
            {"children": [full(VisitedChild, child={"ref": "x", "called": None})]},
            "children.0.child.ref",
            id="not a reference",
        ),
        pytest.param(
            {"children": [full(VisitedChild, child={"ref": str(SAKURA).upper(), "called": None})]},
            "children.0.child.ref",
            id="a reference in capitals",
        ),
        pytest.param(
            {"children": [full(VisitedChild, child={"ref": 7, "called": None})]},
            "children.0.child.ref",
            id="a reference as a number",
        ),
        pytest.param(
            {
                "children": [
                    full(VisitedChild, child={"ref": str(SAKURA), "called": None}, seen="はい"),
                ]
            },
            "children.0.seen",
            id="yes in words",
        ),
        pytest.param(
            {
                "children": [
                    full(VisitedChild, child={"ref": str(SAKURA), "called": None}, seen={"unknown": 1}),
                ]
            },
            "children.0.seen",
            id="unknown by a number",
        ),
        pytest.param({"progress": [full(GoalProgress, number=-1)]}, "progress.0.number", id="below zero"),
        pytest.param(
            {"progress": [full(GoalProgress, number="1")]}, "progress.0.number", id="a count in words"
        ),
        pytest.param({"concerns": "傷\u202e"}, "concerns", id="a mark that turns the text around"),
        pytest.param({"concerns": "  "}, "concerns", id="blank"),
        pytest.param({"concerns": "あ" * 20_001}, "concerns", id="too long"),
        pytest.param({"concerns": 1}, "concerns", id="no text"),
        pytest.param({"children": {}}, "children", id="no list"),
        pytest.param({"children": [None] * 201}, "children", id="too many"),
    ],
)
def test_the_first_wrong_field_is_named_and_its_value_is_not(given: dict[str, Any], path: str) -> None:
    with pytest.raises(Malformed) as refused:
        typed(Visit, full(Visit, **given))
    assert f"Correct {path}:" in str(refused.value)
    assert refused.value.error_code == "content-form"
    assert str(SAKURA).upper() not in str(refused.value)


def test_a_key_that_the_schema_does_not_have_is_refused_without_its_name() -> None:
    with pytest.raises(Malformed) as refused:
        typed(Visit, full(Visit, 山田花子="x"))
    assert "山田" not in str(refused.value) + str(refused.value.detail_ja)


@pytest.mark.parametrize("cls", CONTENTS.values(), ids=list(CONTENTS))
def test_a_form_in_which_nothing_was_asked_is_a_content(cls: type[Content]) -> None:
    empty = {name: None for name, form in cls.fields().items() if form.is_answer}
    if len(empty) < len(cls.fields()):
        with pytest.raises(Malformed):
            typed(cls, empty)
    else:
        assert plain(typed(cls, empty)) == empty


@pytest.mark.parametrize(
    "schema", ["family/v2", "family/v0", "family", "nothing/v1", "family/v1.0", "family/v01"]
)
def test_a_schema_that_is_not_published_is_unknown(schema: str) -> None:
    with pytest.raises(Malformed, match="unknown-content-schema"):
        parse_schema(schema, CONTENTS)


def test_a_published_schema_is_known_by_its_name_and_version() -> None:
    assert {schema: parse_schema(schema, CONTENTS)[0].SCHEMA for schema in CONTENTS} == {
        schema: schema for schema in CONTENTS
    }


def test_what_identifies_a_notifier_is_looked_for_and_how_it_notified_is_not() -> None:
    notifier = Notifier(
        name=PersonName("川田 一郎", "かわだ いちろう"),
        phones=("090-1234-5678",),
        words=("夜に泣き声が\n三度聞こえた",),
        notified_on=PartialDate("2026-05-12", "五月十二日"),
        channel=NotificationChannel.TELEPHONE,
        note="折り返し不要",
    )
    shown = identifying_text(notifier)
    assert "氏名: 川田 一郎" in shown
    assert "言葉: 夜に泣き声が\n言葉: 三度聞こえた" in shown
    assert "五月" not in shown
    assert "折り返し" not in shown


def test_of_a_content_without_marks_every_text_may_identify_but_days_and_amounts_never_do() -> None:
    visit = Visit(
        concerns="傷がある",
        children=(VisitedChild(child=NamedChild(SAKURA, "さくら"), weight=Amount("2.10", "", "kg")),),
        visited_on=PartialDate("2026-05-12", "先週の火曜"),
    )
    shown = identifying_text(visit)
    assert "傷がある" in shown
    assert "さくら" in shown
    assert "2.10" not in shown
    assert "先週" not in shown
    assert identifying_text(TextContent("通告者は隣の人")) == "通告者は隣の人"


def test_whom_an_address_is_kept_from_is_not_looked_for() -> None:
    address = ProtectedAddress(
        addresses=(Address(text="架空市緑町1-2-3"),),
        place="みどり寮",
        kept_from=(KeptFrom(name=PersonName("川田 一郎", None), address="架空市赤町4"),),
    )
    assert identifying_text(address) == "住所: 架空市緑町1-2-3\n施設・避難先: みどり寮"


def test_unknown_is_named_so() -> None:
    assert repr(UNKNOWN) == "UNKNOWN"


def test_a_count_of_four_families_is_small() -> None:
    assert SMALL_COUNT == 5
