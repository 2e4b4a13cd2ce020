"""Weak signals, none of them much by itself: so many in some months are looked at together, without a score."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from domain import events as e
from domain.alarms.raising import raised_alarms
from domain.clocks import ClockKind
from domain.codes import IndicatorValue, Section
from domain.rulebook import first_edition
from tests.domain.builders import (
    ASSIGNED,
    AZ_COORD,
    AZ_CORE,
    COMMISSIONED,
    LEARNED,
    MID_HOSP,
    REGISTERED,
    TOWN,
    EventInput,
    Given,
    case_message,
    given,
    jst,
    rule_book,
)
from tests.domain.test_clocks import run

KIND = e.SignalsGatheredAlarmRaised
NEWS = replace(LEARNED, at=jst("2025-04-02 09:00"))


def come(so: Given, until: datetime) -> list[Any]:
    """The alarms of gathered signals that came by then, with their time."""
    return [(at, alarm) for at, alarm in run(so, until) if type(alarm) is KIND and not alarm.escalated]


def alarm_is_raised(so: Given) -> bool:
    actual = raised_alarms(so.world.case, so.world.rule_book["policy"])
    return any(alarm.clock.kind is ClockKind.SIGNALS for alarm in actual)


def signal(act: Any, on: str, by: Any = AZ_CORE, **more: Any) -> EventInput:
    return case_message(act, by, at=jst(f"{on} 10:00"), name=f"{act.TOPIC} {on}", **more)


def missed(code: str, value: IndicatorValue, on: str) -> EventInput:
    return signal(e.FamilyInformationProvided, on, MID_HOSP, to=[AZ_CORE], indicators={code: value})


THREE = [
    signal(e.HomeVisitRefused, "2025-05-01"),
    missed("CH_CHECKUP_STATUS", IndicatorValue.CONCERN, "2025-06-01"),
    signal(
        e.AbuseNotificationReceived,
        "2025-07-01",
        AZ_COORD,
        sections=[Section.RISK],
        recorded_for_notifier=True,
    ),
]


@pytest.mark.parametrize(
    ("past", "on"),
    [
        pytest.param(THREE, "2025-07-01", id="a refused visit, a missed check-up, a notification"),
        pytest.param(
            [signal(e.SafetyConcernRaised, f"2025-0{n}-01", MID_HOSP, to=[AZ_CORE]) for n in (5, 6, 7)],
            "2025-07-01",
            id="three concerns",
        ),
        pytest.param(
            [
                signal(e.ContactRefused, "2025-05-01"),
                signal(e.HomeVisitFailed, "2025-08-01"),
                missed("PR_NO_CHECKUPS", IndicatorValue.SERIOUS, "2025-11-01"),
            ],
            "2025-11-01",
            id="the last on the same day half a year later",
        ),
        pytest.param(
            [
                signal(e.ContactRefused, "2025-05-01"),
                signal(e.HomeVisitFailed, "2025-08-01"),
                signal(e.HomeVisitFailed, "2025-11-02"),
                signal(e.HomeVisitFailed, "2025-12-01"),
            ],
            "2025-12-01",
            id="the first is too long ago, the next three are not",
        ),
    ],
)
def test_the_third_signal_in_half_a_year_alarms_only_the_core_agency_at_once(
    past: list[EventInput], on: str
) -> None:
    so = given(NEWS, COMMISSIONED, ASSIGNED, REGISTERED, past)
    [(at, alarm)] = come(so, jst(f"{on} 10:00"))
    assert (at, alarm.responsible, alarm.to) == (jst(f"{on} 10:00"), AZ_CORE, set())


@pytest.mark.parametrize(
    "past",
    [
        pytest.param(THREE[:2], id="two"),
        pytest.param([*THREE[:2], signal(e.ContactAttempted, "2025-07-01")], id="a call is no signal"),
        pytest.param(
            [*THREE[:2], missed("CH_CHECKUP_STATUS", IndicatorValue.NO_CONCERN, "2025-07-01")],
            id="nothing was missed",
        ),
        pytest.param(
            [*THREE[:2], missed("CH_EMOTIONAL_STABILITY", IndicatorValue.SERIOUS, "2025-07-01")],
            id="another sign of the list is weighed by people",
        ),
        pytest.param(
            [*THREE[:2], signal(e.ConferenceMinutesRecorded, "2025-06-15"), THREE[2]],
            id="a conference was held between",
        ),
    ],
)
def test_fewer_or_assessed_signals_raise_no_alarm(past: list[EventInput]) -> None:
    assert come(given(NEWS, past), jst("2026-01-01 00:00")) == []


def test_a_conference_that_was_only_called_has_assessed_nothing() -> None:
    past = [*THREE[:2], signal(e.CaseConferenceConvened, "2025-06-15"), THREE[2]]
    assert len(come(given(NEWS, past), jst("2025-07-02 00:00"))) == 1
    assert come(given(NEWS, past, edition=1), jst("2025-07-02 00:00")) == []


def test_without_a_core_agency_signals_raise_no_alarm() -> None:
    so = given(THREE)
    assert so.world.case.core is None
    assert come(so, jst("2026-01-01 00:00")) == []


def test_looking_at_it_together_closes_it_and_begins_anew() -> None:
    so = given(NEWS, THREE)
    come(so, jst("2025-07-02 09:00"))
    assert alarm_is_raised(so)
    so.put(signal(e.EmergencyTriaged, "2025-07-02", AZ_COORD))
    assert not alarm_is_raised(so)
    so.put(signal(e.HomeVisitRefused, "2025-07-03"))
    assert come(so, jst("2025-09-01 00:00")) == []


@pytest.mark.parametrize("name", ["signals_count", "signals_months"])
def test_without_a_count_in_the_rule_book_signals_raise_no_alarm(name: str) -> None:
    rules = first_edition()
    less = {**rules, "policy": {k: v for k, v in rules["policy"].items() if k != name}}
    so = given(NEWS, THREE, town=[rule_book(less), *TOWN[1:]])
    assert come(so, jst("2025-12-01 00:00")) == []
