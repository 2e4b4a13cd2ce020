"""A core agency is shown, by day, what others opened of its cases, as far as it can see the message itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain.codes import Purpose
from domain.others_openings import CaseOpening, DailyOpenings, others_openings
from tests.domain.builders import AZ_COORD, AZ_CORE, CASE, LEARNED, MID_HOSP, given, id_of, jst

AT = jst("2025-06-02 23:30")
ONE = CaseOpening(
    at=AT, agency=MID_HOSP, message=LEARNED.command_id, section="BASIC", purpose="SUPPORT", refused=False
)


def daily_openings(*openings: CaseOpening, agency: Any = AZ_CORE) -> list[DailyOpenings]:
    world = given(LEARNED).world
    return others_openings(world, agency, openings, since=AT - timedelta(days=1), now=AT + timedelta(days=1))


def test_openings_are_counted_by_day_in_japan_agency_and_section() -> None:
    next_day = replace(ONE, at=AT + timedelta(minutes=30))
    medical = replace(ONE, section="MEDICAL")
    assert daily_openings(next_day, ONE, medical, ONE) == [
        DailyOpenings(date(2025, 6, 2), CASE, MID_HOSP, "BASIC", 2),
        DailyOpenings(date(2025, 6, 2), CASE, MID_HOSP, "MEDICAL", 1),
        DailyOpenings(date(2025, 6, 3), CASE, MID_HOSP, "BASIC", 1),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"refused": True}, id="refused"),
        pytest.param({"purpose": Purpose.REHEARSAL_CHECK.value}, id="a rehearsal's check"),
        pytest.param({"purpose": Purpose.INDEX_REBUILD.value}, id="for a door's case index alone"),
        pytest.param({"agency": AZ_CORE}, id="its own"),
        pytest.param({"message": id_of("a message it can't see")}, id="of a message it can't see"),
        pytest.param({"at": AT - timedelta(days=1)}, id="not after the time asked for"),
    ],
)
def test_other_openings_are_left_out(changed: dict[str, Any]) -> None:
    assert daily_openings(replace(ONE, **changed)) == []


def test_nobody_but_the_core_agency_is_informed() -> None:
    assert daily_openings(ONE, agency=AZ_COORD) == []
