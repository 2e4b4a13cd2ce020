"""Two families that may be one: what is enough for a hint, and what agrees and differs."""

from __future__ import annotations

import pytest

from gateway.agency.index.cards import CardPerson, FamilyCard, FamilyView, IndexedItem, family_view
from gateway.agency.index.likeness import MAX_SHOWN, likeness, likenesses
from tests.gateway.index_kit import id_of

HANAKO = CardPerson("髙橋 花子", "たかはし はなこ", "2023-04-12", is_child=True)


def view(name: str, *people: CardPerson, **contact: tuple[str, ...]) -> FamilyView:
    card = FamilyCard(people, contact.get("addresses"), contact.get("phones"), contact.get("numbers", ()))
    result = family_view(id_of(name), [IndexedItem(name, name, "2026-01-01", (), card)])
    assert result is not None
    return result


ADDRESS, PHONE = {"addresses": ("青葉市本町3-12",)}, {"phones": ("090-1234-5678",)}


@pytest.mark.parametrize(
    ("one", "other", "labels"),
    [
        pytest.param(
            view("1", HANAKO),
            view("2", CardPerson("高橋花子", born="2023-04-12")),
            ["氏名・生年月日"],
            id="name and birth date",
        ),
        pytest.param(
            view("1", HANAKO),
            view("2", CardPerson("", "タカハシ ハナコ", "2023-04-12")),
            ["氏名・生年月日"],
            id="reading and birth date",
        ),
        pytest.param(
            view("1", HANAKO, **PHONE),
            view("2", CardPerson("高橋 花子"), phones=("09012345678",)),
            ["氏名またはふりがな", "電話"],
            id="name and telephone",
        ),
        pytest.param(
            view("1", HANAKO, **ADDRESS),
            view("2", CardPerson("高橋 花子"), addresses=("青葉市本町三丁目十二番",)),
            ["氏名またはふりがな", "住所"],
            id="name and address",
        ),
        pytest.param(
            view("1", **PHONE, **ADDRESS), view("2", **PHONE, **ADDRESS), ["電話", "住所"], id="both"
        ),
        pytest.param(
            view("1", HANAKO, **PHONE),
            view("2", CardPerson("別 人", born="2023-04-12"), **PHONE),
            ["生年月日", "電話"],
            id="telephone and birth date",
        ),
        pytest.param(
            view("1", numbers=("A-12",)), view("2", numbers=("a12",)), ["母子健康手帳番号など"], id="a number"
        ),
    ],
)
def test_what_is_enough(one: FamilyView, other: FamilyView, labels: list[str]) -> None:
    alike = likeness(one, other)
    assert alike is not None
    assert [a.label for a in alike.agrees] == labels
    back = likeness(other, one)
    assert back is not None
    assert [a.label for a in back.agrees] == labels


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(view("1", HANAKO), view("2", CardPerson("髙橋 花子")), id="a name alone"),
        pytest.param(
            view("1", HANAKO), view("2", CardPerson("別 人", born="2023-04-12")), id="a birth date alone"
        ),
        pytest.param(view("1", **PHONE), view("2", **PHONE), id="a telephone alone"),
        pytest.param(view("1", **ADDRESS), view("2", **ADDRESS), id="an address alone"),
        pytest.param(
            view("1", CardPerson("髙橋 花子", born="2023-04")),
            view("2", CardPerson("髙橋 花子", born="2023-04")),
            id="a name and a month",
        ),
        pytest.param(view("1", HANAKO), view("1", HANAKO), id="the same case"),
        pytest.param(view("1", CardPerson("")), view("2", CardPerson("")), id="nothing known"),
    ],
)
def test_what_is_not_enough(one: FamilyView, other: FamilyView) -> None:
    assert likeness(one, other) is None


def test_what_differs_is_listed() -> None:
    one = view("1", HANAKO, CardPerson("髙橋 葉子", born="1995-01-01"), **ADDRESS, **PHONE)
    two = view(
        "2", HANAKO, CardPerson("髙橋 葉子", born="1996-01-01"), addresses=("別の町1-1",), phones=("03-1",)
    )
    alike = likeness(one, two)
    assert alike is not None
    assert [(d.label, d.one, d.other) for d in alike.differs] == [
        ("生年月日", "髙橋 葉子(1995-01-01)", "髙橋 葉子(1996-01-01)"),
        ("電話", "090-1234-5678", "03-1"),
        ("住所", "青葉市本町3-12", "別の町1-1"),
    ]


def test_twins_are_listed_by_their_names() -> None:
    twin = CardPerson("髙橋 葵", "たかはし あおい", "2023-04-12", is_child=True)
    alike = likeness(view("1", HANAKO, twin), view("2", HANAKO, twin))
    assert alike is not None
    assert [a.one for a in alike.agrees if a.label == "氏名・生年月日"] == [
        "髙橋 花子(2023-04-12)",
        "髙橋 葵(2023-04-12)",
    ]


def test_those_that_agree_in_most_come_first_and_not_too_many_are_shown() -> None:
    one = view("1", HANAKO, **PHONE)
    others = [view(f"like {n}", HANAKO) for n in range(MAX_SHOWN + 2)]
    best = view("best", HANAKO, **PHONE)
    shown = likenesses(one, [*others, best])
    assert (shown[0].case, len(shown)) == (best.case, MAX_SHOWN)
