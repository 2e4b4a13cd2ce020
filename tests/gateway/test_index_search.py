"""Names, readings, dates, telephones, addresses and numbers are matched however they are written, and strangers are not."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from domain.errors import Malformed
from gateway.agency.index.cards import CardPerson, FamilyCard, IndexedItem, family_view
from gateway.agency.index.family_search import FamilySearch
from gateway.agency.index.folding import folded_name, is_reading
from gateway.agency.index.search_query import MAX_CHARACTERS, words_of

PAIRS = [
    line.split("\t")
    for line in (Path(__file__).parent / "search_pairs.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
CASE = UUID(int=1)
OTHERS = FamilyCard((CardPerson("山田 一", "やまだ はじめ", "1999-01-01", is_child=True),))


def card(field: str, value: str) -> FamilyCard:
    person = CardPerson(
        value if field == "name" else "",
        value if field == "kana" else "",
        value if field == "born" else "",
        is_child=True,
    )
    return FamilyCard(
        (person,),
        (value,) if field == "address" else (),
        (value,) if field == "phone" else (),
        (value,) if field == "number" else (),
    )


def search_over(*cards: FamilyCard) -> FamilySearch:
    search = FamilySearch()
    for n, one in enumerate(cards, 1):
        view = family_view(UUID(int=n), [IndexedItem(str(n), str(n), "2026-01-01", (), one)])
        assert view is not None
        search.put([view])
    return search


def matched(search: FamilySearch, text: str, limit: int = 10) -> list[int]:
    return [view.case.int for view in search.matches(words_of(text), limit).families]


@pytest.mark.parametrize(
    ("typed", "stated", "field", "expected"),
    [p[:4] for p in PAIRS],
    ids=[f"{p[0]} {p[1]} {p[4]}" for p in PAIRS],
)
def test_what_is_typed_matches_what_is_stated(typed: str, stated: str, field: str, expected: str) -> None:
    try:
        hits = matched(search_over(card(field, stated), OTHERS), typed)
    except Malformed:
        hits = []
    assert hits == ([1] if expected == "yes" else [])


def test_the_table_has_enough_of_both() -> None:
    assert len(PAIRS) >= 60
    assert {p[3] for p in PAIRS} == {"yes", "no"}


def test_all_words_have_to_fit_the_same_family() -> None:
    one = FamilyCard((CardPerson("高橋 花子", born="2023-04-12"), CardPerson("佐藤 愛")))
    two = FamilyCard((CardPerson("高橋 葵", born="2021-01-01"),))
    search = search_over(one, two)
    assert matched(search, "高橋 R5.4.12") == [1]
    assert matched(search, "高橋 佐藤") == [1]
    assert sorted(matched(search, "高橋")) == [1, 2]
    assert matched(search, "高橋 鈴木") == []


def test_a_whole_name_comes_before_a_part_of_one() -> None:
    search = search_over(
        card("name", "小高 橋子"), card("name", "大高橋"), card("name", "高橋"), card("name", "高橋 花")
    )
    assert matched(search, "高橋")[:2] == [3, 4]


def test_an_address_and_a_telephone_that_are_protected_match_nothing() -> None:
    search = search_over(FamilyCard((CardPerson("高橋"),), ("青葉市本町3-12",), ("090-1234-5678",)))
    view = search.view(CASE)
    assert view is not None
    for hidden, expected in (((CASE,), []), ((), [1])):
        search.put([view], without_contact=hidden)
        for text in ("本町3-12", "09012345678", "5678", "青葉"):
            assert matched(search, text) == expected
        assert matched(search, "高橋") == [1]


def test_a_family_is_replaced_and_removed() -> None:
    search = search_over(card("name", "高橋"))
    renamed = family_view(CASE, [IndexedItem("1", "1", "2026-01-02", (), card("name", "佐藤"))])
    assert renamed is not None
    search.put([renamed])
    assert (matched(search, "高橋"), matched(search, "佐藤"), len(search)) == ([], [1], 1)
    search.remove([CASE, UUID(int=9)])
    assert (matched(search, "佐藤"), len(search)) == ([], 0)


@pytest.mark.parametrize("text", ["", "  ", "・", "。", "123"])
def test_what_states_nothing_is_not_looked_for(text: str) -> None:
    with pytest.raises(Malformed, match="search-empty"):
        words_of(text)


def test_a_search_has_a_limit() -> None:
    for text in ("あ" * (MAX_CHARACTERS + 1), " ".join("あいうえおかきくけ")):
        with pytest.raises(Malformed, match="search-too-long"):
            words_of(text)


def test_folding_is_stable() -> None:
    for typed, stated, *_ in PAIRS:
        for text in (typed, stated):
            assert folded_name(folded_name(text)) == folded_name(text)


def test_what_is_a_reading() -> None:
    assert [is_reading(folded_name(t)) for t in ("たかはし", "高橋", "")] == [True, False, False]


def named(*names: tuple[str, str]) -> FamilySearch:
    return search_over(*(FamilyCard((CardPerson(name, kana, is_child=True),)) for name, kana in names))


def test_of_equal_rank_the_reading_orders_and_who_has_none_is_last() -> None:
    search = named(
        ("高橋 湊", "たかはし みなと"), ("高橋", ""), ("高橋 葵", "たかはし あおい"), ("髙橋 一", "")
    )
    assert matched(search, "高橋") == [2, 3, 1, 4]  # the whole name first
    assert matched(search, "橋") == [3, 1, 2, 4]


def test_only_what_is_shown_is_taken_and_all_are_counted() -> None:
    search = named(*((f"高橋 {n}子", "たかはし") for n in range(30)))
    result = search.matches(words_of("高橋"), 5)
    assert (result.total, len(result.families)) == (30, 5)
    odd = search.matches(words_of("高橋"), 5, may_know=lambda case: case.int % 2 == 1)
    assert (odd.total, len(odd.families)) == (15, 5)
    assert {view.case.int % 2 for view in odd.families} == {1}
    assert search.matches(words_of("鈴木"), 5).families == ()


def test_more_families_of_one_reading_than_their_numbers_hold_apart_are_still_all_there() -> None:
    search = named(*(("佐藤 花子", "さとう はなこ") for _ in range(300)), ("佐藤 花", "さとう はな"))
    assert search.matches(words_of("佐藤"), 400).total == 301
    search.remove([UUID(int=1)])
    assert search.matches(words_of("さとう"), 400).total == 300


def test_families_that_state_one_name_telephone_or_number_are_compared_and_others_are_not() -> None:
    search = search_over(
        FamilyCard((CardPerson("高橋 花子", "たかはし はなこ"),), (), ("090-1234-5678",), ("AB-1",)),
        card("name", "髙橋花子"),
        card("kana", "タカハシ ハナコ"),
        card("phone", "09012345678"),
        card("number", "ab1"),
        card("name", "高橋"),
        card("phone", "090-1234-56789"),
        card("born", "2023-04-12"),
    )
    family = search.view(UUID(int=1))
    assert family is not None
    assert sorted(view.case.int for view in search.alike(family)) == [2, 3, 4, 5]
    nobody = search.view(UUID(int=8))
    assert nobody is not None
    assert search.alike(nobody) == []
