"""The table of editions, the edition in force, and the rule that is chosen by it."""

from __future__ import annotations

import pytest

from domain import editions, evolution
from domain import events as e
from domain.case import Case
from domain.codes import Section
from domain.decide import decide
from domain.editions import (
    CURRENT_EDITION,
    EDITIONS,
    Edition,
    check_editions,
    edition_in_force,
    is_known,
    is_released,
    since_edition,
    under_edition,
)
from domain.evolution import evolve
from domain.reasons import Reason
from domain.world import World
from tests.domain.builders import AZ_CORE, LEARNED, NOON, case_message, command_of, given, refused
from tests.editions.made_up import FORMER, NEXT, NEXT_ROW, release_next_edition

WITH_NEXT = (*EDITIONS, NEXT_ROW)
MINUTES = case_message(e.ConferenceMinutesRecorded, AZ_CORE, sections=[Section.CONF])


def test_each_edition_has_its_row_with_what_it_changed() -> None:
    check_editions()
    assert [edition.number for edition in EDITIONS] == list(range(1, CURRENT_EDITION + 1))
    assert all(edition.changed and "\n" not in edition.changed for edition in EDITIONS)
    released = [edition.since for edition in EDITIONS if edition.since is not None]
    assert sorted(released) == released
    assert len(released) >= len(EDITIONS) - 1  # only the last may be unreleased


def test_an_unreleased_edition_before_the_last_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editions, "EDITIONS", (Edition(1, None, "not released"), *EDITIONS[1:]))
    with pytest.raises(LookupError, match="only the last edition may be unreleased"):
        check_editions()


def test_raising_the_edition_without_a_row_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editions, "CURRENT_EDITION", CURRENT_EDITION + 1)
    with pytest.raises(LookupError, match="its row in EDITIONS"):
        check_editions()


def test_a_row_without_raising_the_edition_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editions, "EDITIONS", WITH_NEXT)
    with pytest.raises(LookupError):
        check_editions()


@pytest.mark.parametrize("number", [0, 1, CURRENT_EDITION + 1])
def test_a_rule_can_only_change_with_an_edition_of_the_table(number: int) -> None:
    with pytest.raises(LookupError):
        since_edition(number, before=lambda: 1)


def test_the_rule_of_the_edition_in_force_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editions, "EDITIONS", WITH_NEXT)
    monkeypatch.setattr(editions, "CURRENT_EDITION", NEXT)

    @since_edition(NEXT, before=lambda: "as it was")
    def rule() -> str:
        return "as it is"

    assert (edition_in_force(), rule()) == (NEXT, "as it is")
    with under_edition(FORMER):
        assert (edition_in_force(), rule()) == (FORMER, "as it was")
        with under_edition(NEXT):
            assert rule() == "as it is"
        assert rule() == "as it was"
    assert rule() == "as it is"


def test_the_edition_in_force_is_the_former_one_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), under_edition(7):
        raise ZeroDivisionError
    assert edition_in_force() == CURRENT_EDITION


@pytest.mark.parametrize(
    ("number", "known"), [(0, False), (1, True), (CURRENT_EDITION, True), (CURRENT_EDITION + 1, False)]
)
def test_only_editions_of_the_table_are_known(number: int, known: bool) -> None:
    assert is_known(number) is known


def test_an_edition_is_released_from_its_day_on(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (EDITIONS[0], Edition(2, None, "not released"))
    monkeypatch.setattr(editions, "EDITIONS", rows)
    monkeypatch.setattr(editions, "CURRENT_EDITION", 2)
    assert [is_released(number) for number in (0, 1, 2, 3)] == [False, True, False, False]


def test_a_decision_follows_the_edition_of_its_world(monkeypatch: pytest.MonkeyPatch) -> None:
    past = given(LEARNED)
    release_next_edition(monkeypatch)
    command = command_of(MINUTES, NOON)
    assert past.world.edition == FORMER
    assert decide(past.world, command, now=NOON) == [MINUTES.event]
    world = World(past.world.register, past.world.case, past.world.access)
    assert world.edition == NEXT
    assert decide(world, command, now=NOON) == refused(MINUTES, Reason.REASON_MISSING)


def test_a_record_is_folded_by_the_rules_of_its_edition(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that says what a record starts."""
    so = given(LEARNED)
    record = so.records[-1]
    before = evolution.weak_signal
    release_next_edition(monkeypatch)
    always = since_edition(NEXT, before=before)(lambda event: True)
    monkeypatch.setattr(evolution, "weak_signal", always)
    fresh = Case(id=record.originator.id)
    assert evolve(fresh, record).signals == ()
    assert evolve(fresh, type(record)(**{**record.__dict__, "edition": NEXT})).signals == (record.at,)
