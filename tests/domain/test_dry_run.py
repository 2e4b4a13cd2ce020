"""What would be decided is what is decided; of another's case, of openings and of ways around a rule nothing is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain import events as e
from domain.codes import Section
from domain.dry_run import NEVER_TRIED, dry_run, may_be_tried
from domain.errors import NotFound, Refused
from domain.record import AUDIT
from domain.refusals import is_refusal
from tests.domain.builders import (
    AZ_CORE,
    EXT_SERVICE,
    LEARNED,
    MID_HOSP,
    NOON,
    case_message,
    command_of,
    given,
    id_of,
)

S = Section


def referral(**more: Any) -> Any:
    return case_message(
        e.FamilyInformationProvided, MID_HOSP, [AZ_CORE], [S.BASIC], "CWA-21-10-5", name="new", **more
    )


def tried(*past: Any, message: Any, **changed: Any) -> e.Event:
    world = given(*past).world
    return dry_run(world, replace(command_of(message, NOON), **changed), now=NOON)


def test_it_is_what_the_command_is_answered() -> None:
    good, bad = referral(), case_message(e.DisclosureMade, MID_HOSP, [AZ_CORE], [S.BASIC], None, name="new")
    for message in (good, bad):
        [decided] = given(LEARNED).when(message)
        assert tried(LEARNED, message=message) == decided
    assert is_refusal(tried(LEARNED, message=bad))


def test_a_stranger_is_answered_as_of_a_new_case() -> None:
    news = case_message(
        e.FamilyInformationProvided, EXT_SERVICE, [AZ_CORE], [S.BASIC], "CWA-21-10-5", name="new"
    )
    assert tried(LEARNED, message=news) == tried(message=news)
    with pytest.raises(NotFound):
        tried(
            LEARNED,
            message=case_message(e.DisclosureMade, EXT_SERVICE, [AZ_CORE], [S.BASIC], None, name="new"),
        )


@pytest.mark.parametrize("changed", [{"actor": "sys:records"}, {"by": AUDIT}])
def test_only_a_person_of_an_agency_is_answered(changed: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="person-required"):
        tried(LEARNED, message=referral(), **changed)


def test_openings_and_ways_around_a_rule_are_never_tried() -> None:
    assert not any(may_be_tried(event) for event in (*NEVER_TRIED, e.SectionOpened, e.ItemsRewrapped))
    assert may_be_tried(e.DisclosureMade)
    requested = next(event for event in NEVER_TRIED if event is e.EmergencyAccessRequested)
    command = replace(command_of(referral(), NOON), proposed_event=object.__new__(requested))
    with pytest.raises(Refused, match="never-tried"):
        dry_run(given(LEARNED).world, command, now=NOON)


def test_not_yours_and_not_there_read_the_same() -> None:
    news = case_message(e.FamilyInformationProvided, id_of("unknown"), [AZ_CORE], [S.BASIC], None, name="new")
    with pytest.raises(NotFound, match="not-found"):
        tried(LEARNED, message=news)
