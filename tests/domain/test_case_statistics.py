"""What an office and what everybody else can count of a case: codes and days, by who was responsible."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from domain import events as e
from domain.case_statistics import EntryKind, StatisticsEntry, statistics_entries
from domain.codes import NetworkStanding, Section
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    CASE,
    CLOSED,
    COMMENCED,
    ELIGIBLE,
    EXT_NURSERY,
    LEARNED,
    MID_HOSP,
    NOON,
    REGISTERED,
    case_message,
    given,
    id_of,
    jst,
)

K = EntryKind
CHILD = id_of("child")


def entries_of(
    agency: Any, *past: Any, since: date = date(2025, 4, 1), until: date = date(2026, 4, 1), now: Any = NOON
) -> list[StatisticsEntry]:
    return statistics_entries(given(*past).world, agency, since=since, until=until, now=now)


def counted(entries: list[StatisticsEntry]) -> Counter[tuple[str, str]]:
    return Counter((one.kind.value, one.code) for one in entries)


def test_a_core_agency_counts_the_course_of_its_case_and_what_it_decided():
    assert counted(entries_of(AZ_CORE, LEARNED, ELIGIBLE, COMMENCED, CLOSED)) == {
        ("REFERRAL", "MEDICAL"): 1,
        ("CASE_BEGUN", ""): 1,
        ("CASE_PHASE", "RECEIVED"): 1,
        ("CASE_PHASE", "ELIGIBLE"): 1,
        ("ELIGIBILITY", "ELIGIBLE"): 1,
        ("TARGET_CLASS", "TC1_PREGNANCY"): 1,
        ("CASE_PHASE", "SUPPORTED"): 1,
        ("CASE_CLOSED", "GOAL_REACHED"): 1,
        ("FOLLOW_ON", "NONE_NEEDED"): 1,
    }


def test_who_refers_counts_its_own_work_alone():
    assert entries_of(MID_HOSP, LEARNED, ELIGIBLE) == [
        StatisticsEntry(CASE, K.REFERRAL_SENT, date(2025, 4, 1), "MEDICAL")
    ]
    assert entries_of(EXT_NURSERY, LEARNED, ELIGIBLE, COMMENCED) == []


def test_a_coordinating_agency_counts_from_the_registration_on():
    assert entries_of(AZ_COORD, LEARNED, ELIGIBLE) == []
    registered = case_message(
        e.NetworkCaseRegistered, AZ_COORD, [AZ_CORE], standing=NetworkStanding.NEEDS_SUPPORT
    )
    assert counted(entries_of(AZ_COORD, LEARNED, ELIGIBLE, registered)) == {
        ("CASE_BEGUN", ""): 1,
        ("CASE_PHASE", "ELIGIBLE"): 1,
        ("REGISTRATION", "NEEDS_SUPPORT"): 1,
    }


def test_a_closing_that_a_coordinating_agency_cannot_see_still_ends_the_case():
    ended = counted(entries_of(AZ_COORD, LEARNED, REGISTERED, CLOSED))
    assert (ended["CASE_CLOSED", "UNKNOWN"], ended["FOLLOW_ON", "UNKNOWN"]) == (1, 1)
    assert ("CASE_CLOSED", "GOAL_REACHED") not in ended


def test_the_days_bound_what_is_counted_but_not_the_course_of_the_case():
    later = entries_of(AZ_CORE, LEARNED, ELIGIBLE, since=date(2025, 5, 1))
    assert counted(later) == {
        ("CASE_BEGUN", ""): 1,
        ("CASE_PHASE", "RECEIVED"): 1,
        ("CASE_PHASE", "ELIGIBLE"): 1,
    }
    assert entries_of(AZ_CORE, LEARNED, ELIGIBLE, until=date(2025, 4, 1)) == []


NOTIFIED = case_message(
    e.AbuseNotificationReceived,
    EXT_NURSERY,
    [AZ_CORE],
    sections=[Section.BASIC],
    basis="CAPA-6-1",
    received_at=jst("2025-06-02 09:00"),
    at=jst("2025-06-02 09:00"),
    children=frozenset({CHILD}),
    placed=e.Placed(network=id_of("NETWORK"), core=AZ_CORE),
)
SIGHTED = case_message(e.ChildSighted, AZ_CORE, children=frozenset({CHILD}), at=jst("2025-06-03 09:00"))


def test_a_notification_counts_with_its_child_and_its_safety_check():
    waiting = entries_of(AZ_CORE, NOTIFIED)
    assert StatisticsEntry(CASE, K.REFERRAL, date(2025, 6, 2), "NOTIFICATION", frozenset({CHILD})) in waiting
    assert counted(waiting)["SAFETY_CHECK", "WAITING"] == 1
    assert counted(entries_of(AZ_CORE, NOTIFIED, SIGHTED))["SAFETY_CHECK", "MET"] == 1


def test_a_visit_and_its_report_count_once_and_the_first_counts_its_days():
    visit = case_message(e.HomeVisitCompleted, AZ_CORE, name="v1", at=jst("2025-04-11 09:00"))
    absent = case_message(e.HomeVisitFailed, AZ_CORE, name="v2", at=jst("2025-04-12 09:00"))
    second = case_message(e.HomeVisitCompleted, AZ_CORE, name="v3", child_seen=False)
    planned = case_message(e.HomeVisitScheduled, AZ_CORE, name="p1", planned_on=date(2025, 4, 11))
    actual = counted(entries_of(AZ_CORE, LEARNED, planned, visit, absent, second))
    assert {key: n for key, n in actual.items() if "VISIT" in key[0]} == {
        ("VISIT_PLANNED", ""): 1,
        ("VISIT", "CHILD_SEEN"): 1,
        ("FIRST_VISIT", "10"): 1,
        ("VISIT", "NOBODY_MET"): 1,
        ("VISIT", "CHILD_NOT_SEEN"): 1,
    }


def test_a_case_that_is_opened_again_is_reopened_and_not_begun_twice():
    reopened = case_message(e.CaseReopened, AZ_CORE)
    actual = counted(entries_of(AZ_CORE, LEARNED, CLOSED, reopened))
    assert (actual["CASE_BEGUN", ""], actual["CASE_REOPENED", ""], actual["CASE_CLOSED", "GOAL_REACHED"]) == (
        1,
        1,
        1,
    )
