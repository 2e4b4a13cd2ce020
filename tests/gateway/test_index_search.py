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


def matched(search: FamilySearch, text: str, hidden: tuple[UUID, ...] = ()) -> list[int]:
    return [hit.view.case.int for hit in search.matches(words_of(text), without_contact=hidden)]


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
    for text in ("本町3-12", "09012345678", "5678", "青葉"):
        assert matched(search, text) == [1]
        assert matched(search, text, (CASE,)) == []
    assert matched(search, "高橋", (CASE,)) == [1]


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
