"""Office days: which periods run through, which end on an open day, and who says that a calendar ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from domain import events as e
from domain.clocks import ClockKind
from domain.codes import Period, Section
from domain.due import DueEvent, next_due
from domain.editions import under_edition
from domain.office_days import (
    OFFICE_DAY_CLOCKS,
    ends_at,
    is_calendar,
    is_open,
    last_covered_day,
    on_open_day,
    period_of,
)
from domain.record import HUB
from domain.rulebook import first_edition, with_calendar
from domain.tasks import TaskKind, tasks
from tests.domain.builders import (
    AZ_CORE,
    MID_HOSP,
    PLACED,
    TOWN,
    TW_CORE,
    EventInput,
    Given,
    case_message,
    event_input,
    given,
    jst,
    rule_book,
)
from tests.domain.test_clocks import run

BOOK = first_edition()
CALENDAR = {
    "until_year": 2026,
    "holidays": {"2026-05-04": "みどりの日", "2026-05-05": "こどもの日", "2026-05-06": "振替休日"},
    "closing_days": ["2026-05-07"],
}
WITHOUT = {**BOOK, "policy": {k: v for k, v in BOOK["policy"].items() if k != "calendar"}}


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        pytest.param(date(2026, 5, 1), True, id="a Friday"),
        pytest.param(date(2026, 5, 2), False, id="a Saturday"),
        pytest.param(date(2026, 5, 3), False, id="a Sunday"),
        pytest.param(date(2026, 5, 4), False, id="a public holiday"),
        pytest.param(date(2026, 5, 7), False, id="a closing day of the office"),
        pytest.param(date(2026, 5, 8), True, id="the day after it"),
        pytest.param(date(2026, 12, 28), True, id="the last day of the year"),
        pytest.param(date(2026, 12, 29), False, id="the year end begins"),
        pytest.param(date(2026, 1, 2), False, id="the year end"),
        pytest.param(date(2028, 1, 3), False, id="it ends"),
        pytest.param(date(2028, 1, 4), True, id="the first open day"),
    ],
)
def test_offices_are_closed_at_weekends_holidays_the_year_end_and_by_their_own_days(
    day: date, open_: bool
) -> None:
    assert is_open(day, CALENDAR) is open_


@pytest.mark.parametrize(
    ("due_at", "moved"),
    [
        pytest.param("2026-05-01 10:00", "2026-05-01 10:00", id="on an open day it stays"),
        pytest.param("2026-05-02 10:00", "2026-05-08 10:00", id="from a Saturday over all holidays"),
        pytest.param("2026-05-02 00:00", "2026-05-02 00:00", id="the end of a Friday is of that Friday"),
        pytest.param(
            "2026-05-05 00:00", "2026-05-09 00:00", id="the end of a holiday is that of an open day"
        ),
        pytest.param("2026-12-30 09:00", "2027-01-04 09:00", id="over the year end"),
    ],
)
def test_what_ends_on_a_closed_day_ends_on_the_next_open_one(due_at: str, moved: str) -> None:
    assert on_open_day(jst(due_at), CALENDAR) == jst(moved)
    assert on_open_day(jst(moved), CALENDAR) == jst(moved)


def news(at: str) -> EventInput:
    sent = case_message(
        e.FamilyInformationProvided, MID_HOSP, [AZ_CORE], [Section.BASIC], "CWA-21-10-5", placed=PLACED
    )
    return replace(sent, at=jst(at))


def town(rules: dict[str, Any]) -> list[EventInput]:
    return [rule_book(rules), *TOWN[1:]]


def alarms(so: Given, until: str) -> dict[str, tuple[datetime, Period]]:
    """The first alarm of each kind."""
    came: dict[str, tuple[datetime, Period]] = {}
    for at, alarm in run(so, jst(until)):
        came.setdefault(type(alarm).__name__, (at, alarm.period))
    return came


def test_over_golden_week_hours_run_through_and_days_end_on_an_open_day() -> None:
    so = given(news("2026-04-20 10:00"), town=town(with_calendar(BOOK, CALENDAR)))
    through, office = Period.RUNS_THROUGH, Period.OFFICE_DAYS
    assert alarms(so, "2026-05-12 00:00") == {
        "ReferralUnacknowledgedAlarmRaised": (jst("2026-04-21 10:00"), through),
        "ReferralUnreadAlarmRaised": (jst("2026-04-22 10:00"), through),
        "ReferralUnactedAlarmRaised": (jst("2026-05-08 10:00"), office),  # 14 days: 05-04
    }
    late = next(t for t in tasks(so.world, AZ_CORE, now=jst("2026-05-12 00:00")) if t.kind is TaskKind.ACT)
    assert late.due_at == jst("2026-05-08 10:00")


def test_a_book_without_a_calendar_counts_as_before() -> None:
    so = given(news("2026-04-20 10:00"), town=town(WITHOUT))
    came = alarms(so, "2026-05-12 00:00")
    assert came["ReferralUnactedAlarmRaised"] == (jst("2026-05-04 10:00"), Period.RUNS_THROUGH)
    assert last_covered_day(WITHOUT["policy"]) is None


def test_edition_1_knew_no_calendar() -> None:
    so = given(news("2026-04-20 10:00"), town=town(with_calendar(BOOK, CALENDAR)), edition=1)
    came = alarms(so, "2026-05-12 00:00")
    assert came["ReferralUnactedAlarmRaised"] == (jst("2026-05-04 10:00"), Period.RUNS_THROUGH)
    with under_edition(1):
        assert next_due(so.world.register, jst("2030-01-01 00:00")) is None


@pytest.mark.parametrize("kind", ClockKind)
def test_each_kind_runs_through_or_ends_on_an_open_day(kind: ClockKind) -> None:
    policy, saturday = with_calendar(BOOK, CALENDAR)["policy"], jst("2026-05-02 10:00")
    by_calendar = kind in OFFICE_DAY_CLOCKS
    assert period_of(kind, policy) is (Period.OFFICE_DAYS if by_calendar else Period.RUNS_THROUGH)
    assert ends_at(kind, saturday, policy) == (jst("2026-05-08 10:00") if by_calendar else saturday)


def test_what_protects_a_child_and_what_the_law_counts_in_hours_runs_through() -> None:
    kinds = {
        ClockKind.SAFETY, ClockKind.ACKNOWLEDGE, ClockKind.READ, ClockKind.TRANSFER, ClockKind.CONTACT,
        ClockKind.VISITS, ClockKind.EMERGENCY, ClockKind.EMERGENCY_END, ClockKind.EMERGENCY_UNILATERAL,
        ClockKind.COERCION, ClockKind.SIGNALS, ClockKind.BUNDLE, ClockKind.ANSWER, ClockKind.PLAN_END,
        ClockKind.NON_DISCLOSURE, ClockKind.RETENTION,
    }  # fmt: skip
    assert set(ClockKind) - set(OFFICE_DAY_CLOCKS) >= kinds


# --- the calendar's end -------------------------------------------------------------------------------------


def ending(so: Given, now: str) -> list[DueEvent]:
    came = []
    while (due := next_due(so.world.register, jst(now))) is not None:
        so.put(event_input(HUB, due.event, on=due.about, name=f"due {len(came)}", at=due.at), by_hub=True)
        came.append(due)
    return [due for due in came if isinstance(due.event, e.CalendarEndingAlarmRaised)]


def test_before_a_calendar_ends_every_core_agency_is_alarmed_once() -> None:
    so = given(town=town(with_calendar(BOOK, CALENDAR)))
    at = jst("2026-10-03 00:00")  # 90 days before the end of its last year
    assert ending(so, "2026-10-02 23:59") == []
    came = ending(so, "2027-03-01 00:00")
    assert {(due.at, due.about.id) for due in came} == {(at, AZ_CORE), (at, TW_CORE)}
    assert {due.event for due in came} == {e.CalendarEndingAlarmRaised(due_at=at)}
    so.put(rule_book(with_calendar(BOOK, {**CALENDAR, "until_year": 2027})))
    assert ending(so, "2027-10-02 23:59") == []
    assert len(ending(so, "2027-10-03 00:00")) == 2


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        pytest.param({}, True, id="a calendar"),
        pytest.param({"closing_days": ["2026-5-7"]}, False, id="no day"),
        pytest.param({"closing_days": ["2026-02-30"]}, False, id="a day that there is not"),
        pytest.param({"closing_days": [20260507]}, False, id="a number"),
        pytest.param({"closing_days": {}}, False, id="no list of days"),
        pytest.param({"holidays": {"2026-05-04": 1}}, False, id="a name that is no text"),
        pytest.param({"holidays": {"2026-05-04": "名" * 31}}, False, id="a name that is too long"),
        pytest.param({"holidays": []}, False, id="no names"),
        pytest.param({"until_year": True}, False, id="no year"),
        pytest.param({"until_year": 1999}, False, id="a year too early"),
        pytest.param({"notes": []}, False, id="something else in it"),
    ],
)
def test_a_calendar_has_its_year_its_holidays_and_its_closing_days(changed: Any, fits: bool) -> None:
    assert is_calendar({**CALENDAR, **changed}) is fits
    assert not is_calendar(None)


def test_the_first_book_has_the_public_holidays_of_its_years() -> None:
    calendar = BOOK["policy"]["calendar"]
    assert is_calendar(calendar)
    years = {day[:4] for day in calendar["holidays"]}
    assert max(years) == str(calendar["until_year"])
    assert calendar["holidays"]["2026-05-06"] == "振替休日"
    assert calendar["holidays"]["2026-09-22"]  # a day between two holidays
