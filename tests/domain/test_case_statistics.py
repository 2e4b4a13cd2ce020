"""What an office and what everybody else can count of a case: codes and days, by who was responsible."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

from domain import events as e
from domain.case_statistics import EntryKind, StatisticsEntry, statistics_entries
from domain.codes import CaseStatus, ClosingReason, EligibilityResult, NetworkStanding, Period, Route, Section
from domain.record import HUB
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    CASE,
    CLOSED,
    COMMENCED,
    ELIGIBLE,
    EXT_NURSERY,
    EXT_SERVICE,
    LEARNED,
    MID_HOSP,
    NOON,
    READY,
    REGISTERED,
    SORA_NPO,
    TW_CORE,
    case_message,
    event_input,
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


THERE = e.Placed(network=id_of("other network"), core=TW_CORE)
HANDED_OVER = case_message(
    e.TransferCompleted,
    TW_CORE,
    at=jst("2025-05-20 10:00"),
    hands_over=id_of("none"),
    child_seen=True,
    placed=THERE,
)
CLOSED_AFTER = case_message(
    e.SupportClosed,
    AZ_CORE,
    at=jst("2025-05-21 10:00"),
    closing_reason=ClosingReason.TRANSFER,
    follow_on=None,
)


def test_a_case_that_is_handed_over_ends_for_the_one_and_begins_for_the_other():
    past = (LEARNED, ELIGIBLE, HANDED_OVER)
    day = date(2025, 5, 20)
    assert entries_of(AZ_CORE, *past)[-1] == StatisticsEntry(CASE, K.CASE_HANDED_OVER, day)
    assert [one for one in entries_of(TW_CORE, *past) if one.kind in (K.CASE_BEGUN, K.CASE_PHASE)] == [
        StatisticsEntry(CASE, K.CASE_BEGUN, day),
        StatisticsEntry(CASE, K.CASE_PHASE, day, "RECEIVED"),
    ]


def test_the_closing_of_the_former_core_agency_does_not_end_the_case_of_the_next():
    actual = counted(entries_of(TW_CORE, LEARNED, HANDED_OVER, CLOSED_AFTER))
    assert actual["CASE_BEGUN", ""] == 1
    assert not [key for key in actual if key[0] in ("CASE_CLOSED", "FOLLOW_ON")]
    mine = counted(entries_of(AZ_CORE, LEARNED, HANDED_OVER, CLOSED_AFTER))
    assert (mine["CASE_HANDED_OVER", ""], mine["CASE_CLOSED", "TRANSFER"]) == (1, 0)


def test_a_case_that_leaves_for_a_town_without_a_door_is_handed_over_and_comes_back_as_begun():
    gone = replace(HANDED_OVER, by=AZ_CORE, event=replace(HANDED_OVER.event, placed=None))
    back = case_message(e.CaseReopened, AZ_CORE, placed=e.Placed(network=id_of("NETWORK"), core=AZ_CORE))
    kinds = [one.kind for one in entries_of(AZ_CORE, LEARNED, gone, back)]
    assert kinds == [K.CASE_BEGUN, K.CASE_PHASE, K.REFERRAL, K.CASE_HANDED_OVER, K.CASE_BEGUN, K.CASE_PHASE]


def test_a_case_whose_closing_is_in_no_message_ends_on_the_day_that_its_state_names():
    world = given(LEARNED).world
    for closed_at, day in ((jst("2025-05-30 10:00"), date(2025, 5, 30)), (None, date(2025, 6, 2))):
        closed = replace(world, case=replace(world.case, status=CaseStatus.CLOSED, closed_at=closed_at))
        entries = statistics_entries(
            closed, AZ_CORE, since=date(2025, 4, 1), until=date(2026, 4, 1), now=NOON
        )
        assert entries[-2:] == [
            StatisticsEntry(CASE, K.CASE_CLOSED, day, "UNKNOWN"),
            StatisticsEntry(CASE, K.FOLLOW_ON, day, "UNKNOWN"),
        ]


def test_a_registration_before_the_case_is_placed_puts_nobody_in_charge():
    unplaced = replace(LEARNED, event=replace(LEARNED.event, placed=None))
    assert entries_of(AZ_COORD, unplaced, REGISTERED) == []
    elsewhere = replace(
        LEARNED, event=replace(LEARNED.event, placed=e.Placed(network=id_of("unknown"), core=AZ_CORE))
    )
    assert entries_of(AZ_COORD, elsewhere, REGISTERED) == []


def test_the_route_counts_at_the_first_assessment_alone():
    first = case_message(e.IndicatorAssessmentRecorded, AZ_CORE, route=Route.MEDICAL, name="first")
    second = case_message(e.IndicatorAssessmentRecorded, AZ_CORE, route=Route.NOTIFICATION, name="second")
    actual = counted(entries_of(AZ_CORE, LEARNED, first, second))
    assert {key: n for key, n in actual.items() if key[0] == "ASSESSED_ROUTE"} == {
        ("ASSESSED_ROUTE", "MEDICAL"): 1
    }
    without = case_message(e.IndicatorAssessmentRecorded, AZ_CORE)
    assert counted(entries_of(AZ_CORE, LEARNED, without))["ASSESSED_ROUTE", "UNKNOWN"] == 1


def test_who_is_not_eligible_is_in_no_class():
    refused = case_message(
        e.EligibilityDetermined,
        AZ_CORE,
        result=EligibilityResult.NOT_ELIGIBLE,
        target_classes=frozenset(),
        support_type=None,
    )
    actual = counted(entries_of(AZ_CORE, LEARNED, refused))
    assert actual["ELIGIBILITY", "NOT_ELIGIBLE"] == 1
    assert not [key for key in actual if key[0] == "TARGET_CLASS" or key == ("CASE_PHASE", "ELIGIBLE")]


def test_a_referral_counts_by_what_its_sender_is_in_law():
    def route(by: Any) -> str:
        referral = replace(LEARNED, by=by)
        [one] = [x for x in entries_of(AZ_CORE, referral) if x.kind is K.REFERRAL]
        return one.code

    assert route(MID_HOSP) == "MEDICAL"
    assert route(EXT_NURSERY) == "WELFARE_FACILITY"
    assert route(AZ_COORD) == "LOCAL_GOVERNMENT"
    assert route(EXT_SERVICE) == "OTHER"
    assert route(id_of("who is not in the register")) == "OTHER"


OPENED = case_message(
    e.SupportCaseOpened, AZ_CORE, placed=e.Placed(network=id_of("NETWORK"), core=AZ_CORE), name="opened"
)


def test_a_case_that_an_office_opens_itself_is_learned_of_by_itself_and_only_if_nobody_referred_it():
    assert counted(entries_of(AZ_CORE, OPENED))["REFERRAL", "OWN"] == 1
    assert counted(entries_of(AZ_CORE, LEARNED, OPENED))["REFERRAL", "OWN"] == 0


def test_a_notification_that_was_taken_down_for_its_notifier_is_received_and_its_late_check_is_late():
    taken_down = replace(NOTIFIED, by=AZ_CORE, event=replace(NOTIFIED.event, recorded_for_notifier=True))
    actual = counted(entries_of(AZ_CORE, taken_down))
    assert (actual["REFERRAL", "NOTIFICATION"], actual["REFERRAL_SENT", "NOTIFICATION"]) == (1, 0)
    alarm = event_input(
        HUB,
        e.SafetyCheckOverdueAlarmRaised(
            to=frozenset({AZ_CORE}),
            message=NOTIFIED.command_id,
            responsible=AZ_CORE,
            due_at=jst("2025-06-04 09:00"),
            escalated=False,
            period=Period.RUNS_THROUGH,
            child=CHILD,
        ),
        at=jst("2025-06-04 09:01"),
    )
    late = counted(entries_of(AZ_CORE, NOTIFIED, alarm, replace(SIGHTED, at=jst("2025-06-05 09:00"))))
    assert (late["SAFETY_CHECK", "LATE"], late["SAFETY_CHECK", "MET"]) == (1, 0)


def visits(*messages: Any) -> dict[tuple[str, str], int]:
    actual = counted(entries_of(SORA_NPO, LEARNED, *READY, *messages))
    return {key: n for key, n in actual.items() if key[0] == "VISIT"}


def made(name: str, **more: Any) -> Any:
    return case_message(e.HomeVisitCompleted, SORA_NPO, name=name, **more)


def reported(name: str, **more: Any) -> Any:
    return case_message(e.VisitReportSubmitted, SORA_NPO, [AZ_CORE], name=name, **more)


def test_a_report_counts_only_where_it_is_the_first_record_of_its_visit():
    plan_1, plan_2 = id_of("plan 1"), id_of("plan 2")
    assert visits(made("v"), reported("r")) == {("VISIT", "CHILD_SEEN"): 1}
    assert visits(reported("r")) == {("VISIT", "CHILD_SEEN"): 1}
    assert visits(made("v", visit=plan_1), reported("r", visit=plan_1)) == {("VISIT", "CHILD_SEEN"): 1}
    assert visits(made("v", visit=plan_1), reported("r", visit=plan_2, child_seen=False)) == {
        ("VISIT", "CHILD_SEEN"): 1,
        ("VISIT", "CHILD_NOT_SEEN"): 1,
    }
    assert visits(reported("r1"), reported("r2")) == {("VISIT", "CHILD_SEEN"): 2}


def test_a_visit_that_was_refused_counts_and_begins_no_first_visit():
    refused = case_message(e.HomeVisitRefused, AZ_CORE, name="refused")
    actual = counted(entries_of(AZ_CORE, LEARNED, refused))
    assert actual["VISIT", "REFUSED"] == 1
    assert ("FIRST_VISIT", "0") not in actual
