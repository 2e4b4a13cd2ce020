"""Fields of a content on pages: what is entered becomes its content, what stays empty was not asked."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid5

import pytest

from domain.children import UNKNOWN_CHILD
from domain.codes import Flag, PlanAgreement, Urgency
from domain.content import UNKNOWN, Amount, Content, NamedChild, PartialDate, PersonName, flags_of
from domain.content.caregiver import CaregiverCondition, CaregiverConditions
from domain.content.child import ChildCondition, ChildConditions
from domain.content.codes import AbuseKind, ProgressDegree, Sex
from domain.content.common import Address, GoalProgress, OwnWords, PersonInQuestion, Staff
from domain.content.family import Adult, Child, Family
from domain.content.minutes import AgencyInformation, Minutes
from domain.content.plan import Goal, Plan, Support
from domain.content.risk import Abuse, CheckedChild, Risk, SafetyCheck
from domain.content.visit import Visit, VisitedChild
from gateway.agency.forms.content_inputs import (
    CAREGIVER_INPUTS,
    CHILD_INPUTS,
    CLOSING_INPUTS,
    ENVIRONMENT_INPUTS,
    FAMILY_INPUTS,
    MEDICAL_INPUTS,
    MINUTES_INPUTS,
    PLAN_INPUTS,
    PREGNANCY_INPUTS,
    RISK_INPUTS,
    VISIT_INPUTS,
    ContentInputs,
    FieldProblem,
    Input,
)
from gateway.agency.forms.flagged_fields import split_by_flag

COMMAND = UUID(int=7)
SAKURA = UUID("7a3e1c52-1111-4222-8333-444455556666")
KNOWN = {str(SAKURA): "子ども1(7a3e)", "new.1": "新しく加える子ども", str(UNKNOWN_CHILD): "不明"}
NONE_KNOWN = {"new.1": "新しく加える子ども", "new.2": "もう一人", str(UNKNOWN_CHILD): "不明"}
ALL_INPUTS = [
    pytest.param(i, id=i.content.SCHEMA)
    for i in (
        *(CAREGIVER_INPUTS, CHILD_INPUTS, CLOSING_INPUTS, ENVIRONMENT_INPUTS, FAMILY_INPUTS),
        *(MEDICAL_INPUTS, MINUTES_INPUTS, PLAN_INPUTS, PREGNANCY_INPUTS, RISK_INPUTS, VISIT_INPUTS),
    )
]


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
    return [n for i in inputs for n in names_of_one(i)]


def names_of_one(one: Input) -> list[str]:
    if one.kind == "choices":
        return [f"{one.name}.{code}" for code in one.choices]
    return names_of(one.inputs) if one.kind == "group" else [one.name]


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


def test_several_codes_are_ticked_each() -> None:
    entered = {
        f"abuses.{SAKURA}.kinds.PHYSICAL": "yes",
        f"abuses.{SAKURA}.kinds.NEGLECT": "yes",
        f"safety_checks.0.children.{SAKURA}.seen": "no",
    }
    content = read(RISK_INPUTS, entered)
    assert content == Risk(
        abuses=(Abuse(child=NamedChild(SAKURA), kinds=(AbuseKind.PHYSICAL, AbuseKind.NEGLECT)),),
        safety_checks=(SafetyCheck(children=(CheckedChild(child=NamedChild(SAKURA), seen=False),)),),
    )
    assert read(RISK_INPUTS, {f"abuses.{SAKURA}.kinds.THEFT": "yes"}) is None


def test_minutes_name_who_reported_what() -> None:
    entered = {
        "held_on": "R7.6.2",
        "participants.0.agency": "みはる市こども家庭センター",
        "information.1.staff.agency": "架空病院",
        "information.1.content": "体重が増えた",
        "lead.person": "架空太郎",
    }
    assert read(MINUTES_INPUTS, entered) == Minutes(
        held_on=PartialDate("2025-06-02", "R7.6.2"),
        participants=(Staff(agency="みはる市こども家庭センター"),),
        information=(AgencyInformation(staff=Staff(agency="架空病院"), content="体重が増えた"),),
        lead=Staff(person="架空太郎"),
    )


@pytest.mark.parametrize(
    ("entered", "apart"),
    [
        pytest.param({"growth": "よい"}, [{"growth": "よい"}], id="nothing has a flag"),
        pytest.param(
            {"growth": "よい", "own_words.0.words": "いたい"},
            [{"growth": "よい"}, {"own_words": (OwnWords(words="いたい"),)}],
            id="a child's own words",
        ),
        pytest.param(
            {"own_words.0.words": "いたい"},
            [{"own_words": (OwnWords(words="いたい"),)}],
            id="nothing but them",
        ),
    ],
)
def test_what_has_a_flag_is_a_content_of_its_own(
    entered: dict[str, str], apart: list[dict[str, object]]
) -> None:
    below = {f"children.{SAKURA}.{name}": text for name, text in entered.items()}
    content = read(CHILD_INPUTS, {f"children.{SAKURA}.called": "さくら", **below})
    assert content is not None
    assert split_by_flag(content) == [
        ChildConditions(children=(ChildCondition(child=NamedChild(SAKURA, "さくら"), **one),))  # type: ignore[arg-type]
        for one in apart
    ]


def test_a_person_is_named_in_each_content_that_states_something_of_it() -> None:
    mother = PersonInQuestion(relationship="母")
    content = read(
        CAREGIVER_INPUTS,
        {
            "persons.0.person.relationship": "母",
            "persons.0.upbringing_history": "施設で育った",
            "persons.0.health_status": "よい",
        },
    )
    assert content is not None
    assert split_by_flag(content) == [
        CaregiverConditions(persons=(CaregiverCondition(person=mother, health_status="よい"),)),
        CaregiverConditions(persons=(CaregiverCondition(person=mother, upbringing_history="施設で育った"),)),
    ]
    assert [flags_of(one) for one in split_by_flag(content)] == [frozenset(), frozenset({Flag.SENSITIVE})]
    only_named = CaregiverConditions(persons=(CaregiverCondition(person=mother),))
    assert split_by_flag(only_named) == [only_named]
