"""A persistent map is a mapping in order, and says what changed; the maps it was made from stay as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.persistent_map import MAX_CHANGES, PersistentMap
from tests.profiles import examples

KEYS = st.integers(0, 40)
STARTS = st.dictionaries(KEYS, st.integers(0, 10), max_size=30)
UPDATES = st.lists(
    st.one_of(
        st.dictionaries(KEYS, st.integers(1000, 1010), max_size=30),
        st.frozensets(KEYS, max_size=5),
    ),
    max_size=60,
)


def updated(
    known: PersistentMap[int, int], update: dict[int, int] | frozenset[int]
) -> PersistentMap[int, int]:
    return known.without(update) if isinstance(update, frozenset) else known | update


def dict_updated(known: dict[int, int], update: dict[int, int] | frozenset[int]) -> dict[int, int]:
    if isinstance(update, frozenset):
        return {key: value for key, value in known.items() if key not in update}
    return {**known, **update}


@examples(60, long=2000)
@given(start=STARTS, updates=UPDATES)
def test_it_is_the_dict_of_the_same_updates(
    start: dict[int, int], updates: list[dict[int, int] | frozenset[int]]
) -> None:
    versions: list[tuple[PersistentMap[int, int], dict[int, int]]] = [(PersistentMap(start), start)]
    for update in updates:
        known, plain = versions[-1]
        versions.append((updated(known, update), dict_updated(plain, update)))
    for known, plain in versions:
        assert list(known.items()) == list(plain.items())
        assert list(known.values()) == list(plain.values())
        assert list(known) == list(plain)
        assert list(reversed(known)) == list(reversed(plain))
        assert (len(known), known) == (len(plain), plain)
        assert all((key in known) == (key in plain) for key in range(41))


@examples(60, long=2000)
@given(start=STARTS, updates=UPDATES)
def test_it_names_what_differs_from_any_other_version(
    start: dict[int, int], updates: list[dict[int, int] | frozenset[int]]
) -> None:
    versions: list[PersistentMap[int, int]] = [PersistentMap(start)]
    for update in updates:
        versions.append(updated(versions[-1], update))
    for before in versions:
        after = versions[-1]
        differs = {k for k in before.keys() | after.keys() if before.get(k) is not after.get(k)}
        assert after.changed_since(before) == before.changed_since(after) == differs


def test_one_update_after_another_is_named_even_where_changes_are_merged() -> None:
    versions = [PersistentMap({n: n for n in range(100)})]
    for n in range(3 * MAX_CHANGES):
        versions.append(versions[-1] | {1000 + n: n})
    for n in range(3 * MAX_CHANGES):
        assert versions[n + 1].changed_since(versions[n]) == {1000 + n}
        assert versions[n].changed_since(versions[n + 1]) == {1000 + n}


def test_nothing_is_made_where_nothing_changes() -> None:
    known = PersistentMap({1: 1})
    assert known | {} is known
    assert known.without([2]) is known
    assert known.changed_since(known) == set()


def test_what_was_removed_is_not_there_and_comes_last_when_it_is_added_again() -> None:
    known = PersistentMap({1: 1, 2: 2}).without([1])
    with pytest.raises(KeyError):
        known[1]
    assert list(known | {1: 3}) == [2, 1]
    assert repr(known | {1: 3}) == "PersistentMap({2: 2, 1: 3})"
