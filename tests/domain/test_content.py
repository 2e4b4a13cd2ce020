"""Contents with form: what each schema holds, and how it is read as lines."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.children import UNKNOWN_CHILD
from domain.codes import Flag, Section
from domain.content import (
    CONTENTS,
    UNKNOWN,
    Amount,
    AmountRange,
    Content,
    Line,
    NamedChild,
    PartialDate,
    PersonName,
    TextContent,
    as_text,
    flags_of,
    lines,
    names_in,
    texts_of,
)
from domain.content.common import OwnWords
from domain.content.family import Adult, Child, Family
from domain.content.lines import NOT_ASKED
from domain.content.visit import Visit, VisitedChild
from tests.domain.content_values import contents_of

SAKURA = UUID("7a3e1c52-1111-4222-8333-444455556666")
FORMS = [pytest.param(cls, id=cls.SCHEMA) for cls in CONTENTS.values()]
THOROUGH = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def test_a_family_is_shown_with_what_is_known_unknown_none_and_not_asked() -> None:
    family = Family(
        children=(
            Child(
                ref=SAKURA,
                name=PersonName("山田 さくら", UNKNOWN),
                born_on=PartialDate("2019-04-30", "H31.4.30"),
                sex=UNKNOWN,
            ),
        ),
        adults=(),
        languages=("日本語", "ネパール語"),
        needs_interpreter=True,
        phones=UNKNOWN,
    )
    assert lines(family) == (
        Line("子ども", "山田 さくら(参照 7a3e1c52)", 0, "children.0"),
        Line("参照", str(SAKURA), 1, "children.0.ref"),
        Line("氏名", "山田 さくら(ふりがな不明)", 1, "children.0.name"),
        Line("生年月日", "平成31年4月30日(2019年4月30日)", 1, "children.0.born_on"),
        Line("性別", "不明", 1, "children.0.sex"),
        Line(
            NOT_ASKED,
            "出産予定日、年齢(聞いたまま)、続柄、所属(保育所・学校など)、同居、住所・居所(家族と違うとき)、備考",
            1,
            "children.0",
        ),
        Line("保護者・同居人", "なし", 0, "adults"),
        Line("電話", "不明", 0, "phones"),
        Line("使用言語", "日本語、ネパール語", 0, "languages"),
        Line("通訳", "必要", 0, "needs_interpreter"),
        Line(
            NOT_ASKED,
            "把握年月日、家族構成(補足)、住所・居所、母子健康手帳、通訳(言語・手配など)、関与機関、乳児家庭全戸訪問、"
            "情報提供、移管、協力依頼、備考",
            0,
            "",
        ),
    )


def test_several_entries_are_numbered_and_named_by_what_the_reader_knows() -> None:
    other = UUID("8b3e1c52-1111-4222-8333-444455556666")
    visit = Visit(
        children=(
            VisitedChild(child=NamedChild(SAKURA), seen=True, weight=Amount("2.10", "", "kg")),
            VisitedChild(child=NamedChild(UNKNOWN_CHILD), seen=False),
            VisitedChild(child=NamedChild(other), seen=UNKNOWN),
        )
    )
    shown = [line for line in lines(visit, {SAKURA: "さくら"}) if line.label != NOT_ASKED]
    assert [(line.label, line.text) for line in shown] == [
        ("子ども 1", "さくら(参照 7a3e1c52)"),
        ("子ども", "さくら(参照 7a3e1c52)"),
        ("目視", "目視した"),
        ("体重", "2.10 kg"),
        ("子ども 2", "どの子か不明の子ども"),
        ("子ども", "どの子か不明の子ども"),
        ("目視", "目視していない"),
        ("子ども 3", "子ども(参照 8b3e1c52)"),
        ("子ども", "子ども(参照 8b3e1c52)"),
        ("目視", "不明"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(PartialDate("2026-05-12", ""), "令和8年5月12日(2026年5月12日)", id="a day"),
        pytest.param(PartialDate("2026-05", ""), "令和8年5月(2026年5月)", id="a month"),
        pytest.param(PartialDate("2019", ""), "平成31年・令和元年(2019年)", id="a year of two eras"),
        pytest.param(
            PartialDate("1989-01", ""), "昭和64年1月・平成元年1月(1989年1月)", id="a month of two eras"
        ),
        pytest.param(PartialDate("1850", ""), "1850年", id="before the eras that are known here"),
        pytest.param(
            PartialDate("2026-05", "R8年5月ごろ"),
            "令和8年5月(2026年5月) 原文「R8年5月ごろ」",
            id="in other words",
        ),
        pytest.param(
            PartialDate("2020-06", "平成32年6月"), "令和2年6月(2020年6月)", id="an era past its end"
        ),
        pytest.param(Amount("0.50", "<", "mg/dL"), "0.50 mg/dL未満", id="an amount below"),
        pytest.param(Amount("12", ">=", "点"), "12点以上", id="a score"),
        pytest.param(
            AmountRange(Amount("0.5", "", "mg"), Amount("1.20", "", "mg")), "0.5 mg〜1.20 mg", id="a range"
        ),
        pytest.param(AmountRange(None, Amount("38.0", "", "℃")), "〜38.0℃", id="a range with an open end"),
        pytest.param(AmountRange(UNKNOWN, None), "不明〜", id="a range with an unknown end"),
        pytest.param(PersonName("髙橋", "たかはし"), "髙橋(たかはし)", id="a name"),
        pytest.param(PersonName(None, "たかはし"), "たかはし", id="a reading alone"),
        pytest.param(PersonName(UNKNOWN, None), "氏名不明", id="an unknown name"),
        pytest.param(PersonName(None, None), "氏名未確認", id="a name that was not asked"),
        pytest.param(NamedChild(SAKURA, "さくら"), "さくら(参照 7a3e1c52)", id="a child by its name"),
        pytest.param(
            NamedChild(UNKNOWN_CHILD, "下の子"), "下の子(どの子か不明)", id="which child is not known"
        ),
    ],
)
def test_a_value_is_read_as_an_office_writes_it(value: Any, text: str) -> None:
    assert value.as_text({}) == text


@pytest.mark.parametrize("cls", FORMS)
@THOROUGH
@given(data=st.data())
def test_lines_name_every_field_and_hold_every_text(cls: type[Content], data: st.DataObject) -> None:
    content = data.draw(contents_of(cls))
    shown = lines(content)
    text = as_text(shown)
    if isinstance(content, TextContent):
        assert text == content.text
        return
    for form in cls.fields().values():
        assert form.label in text
    assert all(line.depth >= 0 and line.text is not None for line in shown)
    assert {line.flag for line in shown} - {None} >= flags_of(content)


@pytest.mark.parametrize("cls", FORMS)
def test_every_schema_has_a_section_and_every_field_a_label_of_its_own(cls: type[Content]) -> None:
    labels = [form.label for form in cls.fields().values()]
    assert len(labels) == len(set(labels))
    assert cls.SECTIONS
    assert set(Section) >= cls.SECTIONS


def test_own_words_of_a_child_ask_for_their_flag_and_nothing_else_of_a_visit_does() -> None:
    child = VisitedChild(child=NamedChild(SAKURA), expression="泣いていた", own_words=())
    words = VisitedChild(child=NamedChild(SAKURA), own_words=(OwnWords(words="こわい"),))
    assert flags_of(Visit(concerns="傷がある", children=(child,))) == set()
    assert flags_of(Visit(children=(child, words))) == {Flag.CHILD_STATEMENT}


def test_the_names_of_children_are_in_what_ties_them_to_their_references() -> None:
    family = Family(
        children=(
            Child(ref=SAKURA, name=PersonName("山田 さくら", None)),
            Child(ref=UNKNOWN_CHILD, name=UNKNOWN),
        ),
        adults=(Adult(name=PersonName("山田 花子", None)),),
    )
    visit = Visit(children=(VisitedChild(child=NamedChild(SAKURA, "さくら")),))
    assert names_in(family) == {SAKURA: "山田 さくら"}
    assert names_in(visit) == {SAKURA: "さくら"}


def test_a_search_for_words_sees_the_lines_and_the_values_as_they_were_entered() -> None:
    family = Family(composition="父方の祖母 90-1234-5678", known_on=PartialDate("2026-05", "五月"))
    shown, entered = texts_of(family)
    assert "家族構成(補足): 父方の祖母 90-1234-5678" in shown
    assert entered == "2026-05\n五月\n父方の祖母 90-1234-5678"
    assert texts_of(TextContent("そのまま")) == ("そのまま", "そのまま")
