"""Fields of a content on pages: what is entered becomes its content, what stays empty was not asked."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid5

import pytest

from domain.children import UNKNOWN_CHILD
from domain.codes import PlanAgreement, Urgency
from domain.content import UNKNOWN, Amount, Content, NamedChild, PartialDate, PersonName
from domain.content.codes import ProgressDegree, Sex
from domain.content.common import Address, GoalProgress, Staff
from domain.content.family import Adult, Child, Family
from domain.content.plan import Goal, Plan, Support
from domain.content.visit import Visit, VisitedChild
from gateway.agency.forms.content_inputs import (
    FAMILY_INPUTS,
    PLAN_INPUTS,
    VISIT_INPUTS,
    ContentInputs,
    FieldProblem,
    Input,
)

COMMAND = UUID(int=7)
SAKURA = UUID("7a3e1c52-1111-4222-8333-444455556666")
KNOWN = {str(SAKURA): "子ども1(7a3e)", "new.1": "新しく加える子ども", str(UNKNOWN_CHILD): "不明"}
NONE_KNOWN = {"new.1": "新しく加える子ども", "new.2": "もう一人", str(UNKNOWN_CHILD): "不明"}
ALL_INPUTS = [pytest.param(i, id=i.content.SCHEMA) for i in (FAMILY_INPUTS, PLAN_INPUTS, VISIT_INPUTS)]


def read(
    inputs: ContentInputs, entered: Mapping[str, str], children: Mapping[str, str] = KNOWN
) -> Content | None:
    return inputs.read("f", lambda name: entered.get(name.removeprefix("f."), ""), children, COMMAND)


@pytest.mark.parametrize("inputs", ALL_INPUTS)
def test_what_stays_empty_is_no_content(inputs: ContentInputs) -> None:
    assert read(inputs, {}) is None
    assert read(inputs, {f"children.{SAKURA}.called": "さくら"}) is None


def test_a_visit_is_read_from_its_fields() -> None:
    entered = {
        "visited_on": "R7.6.2",
        "started_at": "９時05分",
        "ended_at": "不明",
        "met": "母、祖母",
        "visitors.1.agency": "NPOそら",
        f"children.{SAKURA}.called": "さくら",
        f"children.{SAKURA}.seen": "yes",
        f"children.{SAKURA}.weight": "９.80 kg",
        f"children.{SAKURA}.injuries": "なし\r\n(全身を確かめた)",
        "progress.0.number": "１",
        "progress.0.degree": "PARTLY",
        "urgency": "?",
        "next_visit_on": "令和7年6月",
        "concerns": "\u202eなし\u200b",
    }
    assert read(VISIT_INPUTS, entered) == Visit(
        visited_on=PartialDate("2025-06-02", "R7.6.2"),
        started_at="09:05",
        ended_at=UNKNOWN,
        met=("母", "祖母"),
        visitors=(Staff(agency="NPOそら"),),
        children=(
            VisitedChild(
                child=NamedChild(SAKURA, "さくら"),
                seen=True,
                weight=Amount("9.80", "", "kg"),
                injuries="なし\n(全身を確かめた)",
            ),
        ),
        progress=(GoalProgress(number=1, degree=ProgressDegree.PARTLY),),
        urgency=UNKNOWN,
        next_visit_on=PartialDate("2025-06", "令和7年6月"),
        concerns="なし",
    )


def test_a_family_with_a_new_child_has_the_reference_that_control_gets() -> None:
    entered = {
        "known_on": "2025-06-02",
        "children.new.1.name.text": "山田 さくら",
        "children.new.1.name.kana": "不明",
        "children.new.1.sex": "FEMALE",
        "adults.0.relationship": "母",
        "adults.0.may_contact": "no",
        "addresses.0.text": "みはる市朝日ヶ丘3-12-5",
        "languages": "不明",
    }
    assert read(FAMILY_INPUTS, entered, NONE_KNOWN) == Family(
        known_on=PartialDate("2025-06-02", ""),
        children=(
            Child(ref=uuid5(COMMAND, "new.1"), name=PersonName("山田 さくら", UNKNOWN), sex=Sex.FEMALE),
        ),
        adults=(Adult(relationship="母", may_contact=False),),
        addresses=(Address(text="みはる市朝日ヶ丘3-12-5"),),
        languages=UNKNOWN,
    )


def test_a_plan_is_read_from_its_fields() -> None:
    entered = {
        "goals.0.number": "1",
        "goals.0.text": "授乳の量が増える",
        "supports.0.goals": "1、2",
        "agreement": "AGREED",
    }
    assert read(PLAN_INPUTS, entered) == Plan(
        goals=(Goal(number=1, text="授乳の量が増える"),),
        supports=(Support(goals=(1, 2)),),
        agreement=PlanAgreement.AGREED,
    )


@pytest.mark.parametrize(
    ("entered", "field", "message"),
    [
        pytest.param({"visited_on": "春ごろ"}, "f.visited_on", "「訪問日」を R8.5.12", id="no date"),
        pytest.param(
            {"visited_on": "R7.2.30"},
            "f",
            "「訪問日」を直してください。この日付はありません",
            id="no such day",
        ),
        pytest.param(
            {"started_at": "朝"}, "f", "「開始時刻」を直してください。「14:30」の形で書きます", id="no time"
        ),
        pytest.param(
            {"urgency": "SOON"}, "f", "「緊急性」を直してください。次の一つで書きます", id="no code"
        ),
        pytest.param(
            {"progress.0.number": "一"}, "f.progress.0.number", "「目標番号」を0以上の数", id="no number"
        ),
        pytest.param(
            {f"children.{SAKURA}.weight": "普通"},
            f"f.children.{SAKURA}.weight",
            "「体重」を 9.80 kg",
            id="no amount",
        ),
        pytest.param(
            {"place": "あ" * 301}, "f", "「場所」を直してください。300文字までで書きます", id="too long"
        ),
    ],
)
def test_what_can_not_be_meant_is_named_at_its_field(
    entered: dict[str, str], field: str, message: str
) -> None:
    with pytest.raises(FieldProblem) as caught:
        read(VISIT_INPUTS, entered)
    assert caught.value.field_name == field
    assert caught.value.message.startswith(message)


def names_of(inputs: tuple[Input, ...]) -> list[str]:
    return [n for i in inputs for n in (names_of(i.inputs) if i.kind == "group" else [i.name])]


@pytest.mark.parametrize("inputs", ALL_INPUTS)
def test_every_input_of_a_page_is_read(inputs: ContentInputs) -> None:
    names = names_of(inputs.inputs("f", KNOWN))
    assert len(names) == len(set(names))
    for name in names:
        if not name.endswith(".called"):
            content = read(inputs, {name.removeprefix("f."): "不明"})
            assert content is not None, name


def test_a_page_offers_the_children_of_the_case_or_new_ones() -> None:
    def labels(children: Mapping[str, str]) -> list[str]:
        return [i.label for i in VISIT_INPUTS.inputs("f", children) if i.name.startswith("f.children")]

    assert labels(KNOWN) == ["子ども1(7a3e)"]
    assert labels(NONE_KNOWN) == ["新しく加える子ども", "もう一人"]
    assert Urgency.WATCH in next(i for i in VISIT_INPUTS.inputs("f", KNOWN) if i.name == "f.urgency").choices
