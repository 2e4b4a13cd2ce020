"""Days and times on pages: in the Japanese calendar with the western year, or as a door has chosen."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient

from gateway.agency.staff import Staff
from gateway.agency.web.guard import Guard, SignedIn, needs_no_hub
from gateway.agency.web.waiting import HubTimeLimits
from gateway.pages.dates import DateStyle, dates_as, day_text, time_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("2026-05-12", "令和8(2026)年5月12日", id="a day"),
        pytest.param(date(2019, 5, 1), "令和元(2019)年5月1日", id="the first year of an era"),
        pytest.param("2019-04-30", "平成31(2019)年4月30日", id="the last day of an era"),
        pytest.param("1870-01-01", "1870年1月1日", id="before the present calendar"),
        pytest.param("2026-05-11T15:00:00.000000Z", "令和8(2026)年5月12日", id="the day in Japan of a time"),
        pytest.param(datetime(2026, 5, 11, 15, tzinfo=UTC), "令和8(2026)年5月12日", id="of a datetime"),
        pytest.param("2026-05", "2026-05", id="a month stays as it was written"),
        pytest.param("W-20260512", "W-20260512", id="a reference is no day"),
        pytest.param("20260512", "20260512", id="nor is a number"),
        pytest.param(None, "", id="none"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_day_is_in_both_calendars(value: Any, text: str) -> None:
    assert day_text(value) == text


def test_a_time_is_in_japan_to_the_minute() -> None:
    assert time_text("2026-05-11T15:04:59.000000Z") == "令和8(2026)年5月12日 00:04"
    assert (time_text(None), time_text("")) == ("", "")


def test_a_style_holds_inside_and_no_longer() -> None:
    with dates_as(DateStyle.WAREKI):
        assert day_text("2026-05-12") == "令和8年5月12日"
        with dates_as(DateStyle.WESTERN):
            assert time_text("2026-05-12T00:00:00Z") == "2026年5月12日 09:00"
    assert day_text("2026-05-12") == "令和8(2026)年5月12日"


def test_a_door_has_its_own_style_on_pages_that_ask_the_hub_and_on_those_that_do_not() -> None:
    staff = Staff.rehearsal("staff.a", mode="rehearsal")
    everybody = cast(Any, SimpleNamespace(require_of=lambda act, person, case: None))
    guard = Guard(staff, everybody, "", HubTimeLimits.default("rehearsal"), cast(Any, None), DateStyle.WAREKI)
    people = guard.people()

    @people.get("/hub")
    def of_hub(person: SignedIn) -> PlainTextResponse:
        return PlainTextResponse(day_text("2026-05-12"))

    @people.get("/local")
    @needs_no_hub
    def local(person: SignedIn) -> PlainTextResponse:
        return PlainTextResponse(day_text("2026-05-12"))

    app = FastAPI()
    app.include_router(people)
    client = TestClient(app)
    assert [client.get(path).text for path in ("/hub", "/local")] == ["令和8年5月12日"] * 2
