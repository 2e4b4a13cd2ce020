"""Who is in charge of a case: its history, deputies, and the hand-over of all cases of a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.errors import Malformed, Untrusted
from keys.signing import KemKey
from tests.gateway.index_kit import DAY, NOW, IndexedDoor, id_of, indexed_door

ONE, TWO, THREE = id_of("one"), id_of("two"), id_of("three")
PEOPLE = ["staff.a", "staff.b", "staff.c"]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[IndexedDoor]:
    with indexed_door(tmp_path) as opened:
        yield opened


def assign(door: IndexedDoor, actor: str, *cases: Any, **more: Any) -> None:
    door.charges.assign(cases or (ONE,), actor, by="staff.c", people=PEOPLE, **more)


def test_the_last_entry_is_who_is_in_charge_and_the_history_stays(door: IndexedDoor) -> None:
    assert (door.charges.of(ONE), door.charges.history(ONE)) == (None, ())
    assign(door, "staff.a")
    door.at += DAY
    assign(door, "staff.b")
    assert [(c.actor, c.since, c.set_by) for c in door.charges.history(ONE)] == [
        ("staff.a", "2026-11-30", "staff.c"),
        ("staff.b", "2026-12-01", "staff.c"),
    ]
    assert (door.charges.cases_of("staff.a"), door.charges.cases_of("staff.b")) == (frozenset(), {str(ONE)})


def test_a_deputy_stands_in_through_its_last_day(door: IndexedDoor) -> None:
    assign(door, "staff.a", deputy="staff.b", deputy_until=date(2026, 12, 1))
    assert door.charges.cases_of("staff.b") == {str(ONE)}
    door.at += DAY
    assert door.charges.cases_of("staff.b") == {str(ONE)}
    door.at += DAY
    assert (door.charges.cases_of("staff.b"), door.charges.cases_of("staff.a")) == (frozenset(), {str(ONE)})


@pytest.mark.parametrize(
    ("actor", "more", "code"),
    [
        pytest.param("staff.x", {}, "charge-person", id="a stranger"),
        pytest.param("", {}, "charge-person", id="nobody"),
        pytest.param(
            "staff.a", {"deputy": "staff.x", "deputy_until": date.max}, "charge-person", id="a deputy"
        ),
        pytest.param(
            "staff.a", {"deputy": "staff.a", "deputy_until": date.max}, "charge-deputy", id="itself"
        ),
        pytest.param("staff.a", {"deputy": "staff.b"}, "charge-deputy", id="without an end"),
        pytest.param("staff.a", {"deputy_until": date.max}, "charge-deputy", id="an end of nobody"),
        pytest.param(
            "staff.a", {"deputy": "staff.b", "deputy_until": date(2026, 11, 29)}, "charge-deputy", id="over"
        ),
    ],
)
def test_what_can_not_be_is_refused(door: IndexedDoor, actor: str, more: Any, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        assign(door, actor, **more)
    assert refused.value.error_code == code
    assert door.charges.of(ONE) is None


def test_all_cases_of_a_person_move_also_where_it_stands_in(door: IndexedDoor) -> None:
    assign(door, "staff.a", ONE, TWO)
    assign(door, "staff.b", THREE, deputy="staff.a", deputy_until=date(2026, 12, 31))
    moved = door.charges.hand_over("staff.a", "staff.b", by="staff.c", people=PEOPLE)
    assert moved == 3
    of_three = door.charges.of(THREE)
    assert of_three is not None
    assert (of_three.actor, of_three.deputy, of_three.deputy_until) == ("staff.b", "", "")
    assert door.charges.counts() == {"staff.b": 3}
    assert door.charges.hand_over("staff.a", "staff.b", by="staff.c", people=PEOPLE) == 0


@pytest.mark.parametrize(
    ("from_actor", "to_actor", "code"),
    [
        ("staff.a", "staff.x", "charge-person"),
        ("staff.a", "staff.a", "charge-same-person"),
        ("", "staff.a", "charge-same-person"),
    ],
)
def test_a_hand_over_needs_two_people(door: IndexedDoor, from_actor: str, to_actor: str, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        door.charges.hand_over(from_actor, to_actor, by="staff.c", people=PEOPLE)
    assert refused.value.error_code == code


def test_who_has_left_can_be_relieved(door: IndexedDoor) -> None:
    assign(door, "staff.a")
    assert door.charges.hand_over("staff.a", "staff.b", by="staff.c", people=["staff.b"]) == 1


def test_answers_about_two_cases_are_kept_with_their_reason(door: IndexedDoor) -> None:
    for reason in ("", "  ", "あ" * 501):
        with pytest.raises(Malformed, match="family-answer-reason"):
            door.charges.dismiss(ONE, TWO, by="staff.a", reason=reason)
    door.charges.dismiss(ONE, TWO, by="staff.a", reason="同姓同名")
    assert {case: (a.by, a.reason) for case, a in door.charges.dismissed(TWO).items()} == {
        ONE: ("staff.a", "同姓同名")
    }
    assert door.charges.dismissed(THREE) == {}


def test_what_another_door_sealed_is_not_believed(door: IndexedDoor) -> None:
    assign(door, "staff.a")
    stranger = IndexedDoor(door.path, KemKey(bytes([1]) * 32))
    with pytest.raises(Untrusted, match="seal-broken"):
        stranger.charges.of(ONE)
    stranger.close()
    again = IndexedDoor(door.path)
    assert again.charges.of(ONE) == door.charges.of(ONE)
    again.close()
    assert door.at == NOW
