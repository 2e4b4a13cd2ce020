"""Clocks: what starts them, what alone stops them, when they run out, who is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain.alarms import ALARMS, clocks, deadline
from domain.clocks import Clock, ClockKind
from domain.codes import PlanContent, SafetyMethod, Section, TargetClass
from domain.due import HUB_ACTS, Due, next_due_of_case
from domain.events import (
    AbuseNotificationReceived,
    CaseAlarm,
    CaseReferredToCgc,
    CaseSilentAlarmRaised,
    ChildSighted,
    ConsentRefused,
    ContactGapAlarmRaised,
    ContractorSuspended,
    EligibilityDetermined,
    FamilyInformationProvided,
    FollowOnServiceAccepted,
    FollowOnServiceArranged,
    FollowOnUnacceptedAlarmRaised,
    HeldDisclosureReleased,
    HomeVisitCompleted,
    InformationRequestAnswered,
    InformationRequestDeclined,
    InformationRequested,
    NonDisclosureDecided,
    NotificationForwarded,
    PlanExtended,
    PlanOverAlarmRaised,
    PlanReviewed,
    ReferralAcknowledged,
    ReferralOutcomeTold,
    ReferralRead,
    ReferralUnacknowledgedAlarmRaised,
    ReferralUnactedAlarmRaised,
    ReferralUnreadAlarmRaised,
    ReportUnreadAlarmRaised,
    RequestUnansweredAlarmRaised,
    ReviewOverdueAlarmRaised,
    RightsRequestOverdueAlarmRaised,
    SafetyCheckOverdueAlarmRaised,
    SafetyConfirmed,
    ShortTermGoalEvaluated,
    SubjectAccessDecided,
    SubjectAccessRequested,
    SupportClosed,
    SupportCommenced,
    SupportPlanFormulated,
    VisitGapAlarmRaised,
    VisitReportReviewed,
    VisitReportSubmitted,
)
from domain.record import HUB
from domain.rulebook import first_edition
from domain.tasks import TaskKind, tasks
from tests.domain.kit import (
    ASSIGNED,
    AZ_COORD,
    AZ_CORE,
    COMMISSIONED,
    CONSULTED,
    DECIDED,
    EVALUATED,
    EXT_NURSERY,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    PLACED,
    SORA_NPO,
    TOWN,
    WORKER,
    Given,
    given,
    jst,
    plan,
    rule_book,
    said,
    tell,
)

MONDAY = jst("2025-06-02 09:00")
NEWS = tell(FamilyInformationProvided, MID_HOSP, [AZ_CORE], [Section.BASIC], "CWA-21-10-5", placed=PLACED)
NEWS = replace(NEWS, at=MONDAY)
NOTICE = tell(
    AbuseNotificationReceived,
    AZ_COORD,
    sections=[Section.BASIC, Section.NOTIFIER, Section.RISK],
    at=MONDAY,
    placed=PLACED,
    received_at=jst("2025-06-02 08:20"),
    taken_in=True,
)


def run(so: Given, until: datetime) -> list[tuple[datetime, CaseAlarm]]:
    """What the clock brings by then, recorded as it comes."""
    came: list[tuple[datetime, CaseAlarm]] = []
    while (due := next_due_of_case(so.world)) is not None and due.at <= until:
        assert isinstance(due.fact, CaseAlarm)
        so.put(said(HUB, due.fact, on=due.about, name=f"due {len(came)}", at=due.at), by_hub=True)
        came.append((due.at, due.fact))
        assert len(came) < 200
    return came


def brings(past: Any, until: str, kind: type[CaseAlarm]) -> list[tuple[datetime, bool]]:
    """When alarms of one kind come, and whether they climbed."""
    return [(at, a.escalated) for at, a in run(given(*past), jst(until)) if type(a) is kind]


# --- a referral ----------------------------------------------------------------------------------------------


def test_a_referral_that_nobody_minds_is_unacknowledged_in_a_day_unread_in_two_and_unacted_in_fourteen() -> (
    None
):
    came = run(given(NEWS), jst("2025-06-20 00:00"))
    assert [(at, type(a), a.escalated) for at, a in came] == [
        (jst("2025-06-03 09:00"), ReferralUnacknowledgedAlarmRaised, False),
        (jst("2025-06-04 09:00"), ReferralUnacknowledgedAlarmRaised, True),
        (jst("2025-06-04 09:00"), ReferralUnreadAlarmRaised, False),
        (jst("2025-06-05 09:00"), ReferralUnreadAlarmRaised, True),
        (jst("2025-06-16 09:00"), ReferralUnactedAlarmRaised, False),
        (jst("2025-06-17 09:00"), ReferralUnactedAlarmRaised, True),
    ]


def test_an_alarm_says_what_waits_whose_turn_it_is_and_tells_the_sender() -> None:
    [(at, alarm), *_] = run(given(NEWS), jst("2025-06-03 09:00"))
    assert alarm == ReferralUnacknowledgedAlarmRaised(
        message=NEWS.ask, late=AZ_CORE, to=frozenset({MID_HOSP}), due_at=at, escalated=False
    )


def test_nothing_is_due_one_second_early() -> None:
    due = next_due_of_case(given(NEWS).world)
    assert isinstance(due, Due)
    assert run(given(NEWS), due.at - timedelta(seconds=1)) == []


@pytest.mark.parametrize(
    ("done", "left"),
    [
        pytest.param([], {"ACKNOWLEDGE", "READ", "ACT"}, id="nothing"),
        pytest.param(
            [tell(ReferralAcknowledged, AZ_CORE, answers=NEWS.ask)], {"READ", "ACT"}, id="acknowledged"
        ),
        pytest.param([tell(ReferralRead, AZ_CORE, answers=NEWS.ask)], {"ACKNOWLEDGE", "ACT"}, id="read"),
        pytest.param(
            [tell(ReferralRead, AZ_COORD, answers=NEWS.ask)],
            {"ACKNOWLEDGE", "READ", "ACT"},
            id="read by another agency",
        ),
        pytest.param(
            [tell(ReferralRead, AZ_CORE, answers=NOTICE.ask)],
            {"ACKNOWLEDGE", "READ", "ACT"},
            id="another referral was read",
        ),
        pytest.param([tell(EligibilityDetermined, AZ_CORE)], {"ACKNOWLEDGE", "READ"}, id="decided"),
        pytest.param(
            [tell(ReferralOutcomeTold, AZ_CORE, answers=NEWS.ask)], {"ACKNOWLEDGE", "READ"}, id="outcome told"
        ),
        pytest.param(
            [tell(NonDisclosureDecided, AZ_CORE)],
            {"ACKNOWLEDGE", "READ", "NOT_TOLD"},
            id="decided not to act",
        ),
        pytest.param(
            [tell(EligibilityDetermined, AZ_COORD)], {"ACKNOWLEDGE", "READ", "ACT"}, id="another agency acted"
        ),
        pytest.param(
            [tell(ConsentRefused, AZ_CORE)], {"ACKNOWLEDGE", "READ", "ACT"}, id="something that is no step"
        ),
    ],
)
def test_each_clock_of_a_referral_stops_by_its_own_act_alone(done: Any, left: set[str]) -> None:
    assert {kind for kind, *_ in given(NEWS, done).world.case.clocks} == left


def test_what_waits_for_a_suspended_addressee_starts_no_clock_until_it_is_released() -> None:
    held = tell(FollowOnServiceArranged, AZ_CORE, [EXT_SERVICE], held=[EXT_SERVICE], at=MONDAY)
    so = given(LEARNED, held)
    assert (ClockKind.ACCEPT, held.ask, EXT_SERVICE) not in so.world.case.clocks
    so.put(
        tell(HeldDisclosureReleased, AZ_CORE, [EXT_SERVICE], releases=held.ask, at=MONDAY + timedelta(days=3))
    )
    assert so.world.case.clocks[(ClockKind.ACCEPT, held.ask, EXT_SERVICE)].since == MONDAY + timedelta(days=3)


# --- the safety of a child -------------------------------------------------------------------------------------


def test_a_child_not_sighted_in_48_hours_from_the_receipt_raises_an_alarm() -> None:
    assert brings([NOTICE], "2025-06-05 08:19", SafetyCheckOverdueAlarmRaised) == [
        (jst("2025-06-04 08:20"), False)
    ]


@pytest.mark.parametrize(
    "method", [SafetyMethod.TELEPHONE, SafetyMethod.THROUGH_OTHERS, SafetyMethod.FAMILY_ONLY]
)
def test_a_call_or_a_meeting_with_the_family_never_stops_the_clock(method: SafetyMethod) -> None:
    call = tell(SafetyConfirmed, AZ_COORD, child_seen=False, method=method)
    assert brings([NOTICE, call], "2025-06-04 08:20", SafetyCheckOverdueAlarmRaised)
    as_if_seen = tell(SafetyConfirmed, AZ_COORD, child_seen=True, method=method)
    assert brings([NOTICE, as_if_seen], "2025-06-04 08:20", SafetyCheckOverdueAlarmRaised)


@pytest.mark.parametrize(
    "sighting",
    [
        pytest.param(tell(SafetyConfirmed, AZ_CORE), id="by an agency to which it was forwarded"),
        pytest.param(tell(ChildSighted, AZ_COORD), id="by the one that was notified"),
    ],
)
def test_sighting_the_child_stops_it(sighting: Any) -> None:
    assert brings([NOTICE, sighting], "2025-07-01 00:00", SafetyCheckOverdueAlarmRaised) == []


def test_a_visit_report_does_not_stop_it() -> None:
    report = tell(VisitReportSubmitted, SORA_NPO, [AZ_CORE], [Section.VISIT])
    assert brings([NOTICE, report], "2025-06-04 08:20", SafetyCheckOverdueAlarmRaised)


def test_a_notification_that_was_recorded_late_is_overdue_at_once() -> None:
    late = replace(NOTICE, at=jst("2025-06-06 09:00"))
    so = given(late)
    due = next_due_of_case(so.world)
    assert due is not None
    assert due.at == jst("2025-06-04 08:20")


def test_who_was_told_of_the_notification_is_told_that_the_child_was_not_seen() -> None:
    forwarded = tell(NotificationForwarded, AZ_COORD, [KS_CGC, AZ_CORE], forwards=NOTICE.ask)
    came = run(given(NOTICE, forwarded), jst("2025-06-04 08:20"))
    [alarm] = [a for _, a in came if type(a) is SafetyCheckOverdueAlarmRaised]
    assert (alarm.late, alarm.to) == (AZ_COORD, {KS_CGC, AZ_CORE})


def test_a_nursery_that_notifies_is_not_told_whether_the_child_was_seen() -> None:
    by_nursery = tell(
        AbuseNotificationReceived, EXT_NURSERY, [AZ_COORD], [Section.RISK], received_at=MONDAY, at=MONDAY
    )
    came = run(given(by_nursery), jst("2025-06-04 09:00"))
    [alarm] = [a for _, a in came if type(a) is SafetyCheckOverdueAlarmRaised]
    assert (alarm.late, alarm.to) == (AZ_COORD, frozenset())


def test_forwarding_starts_no_second_safety_clock_but_those_of_a_referral() -> None:
    forwarded = tell(NotificationForwarded, AZ_COORD, [KS_CGC], forwards=NOTICE.ask)
    kinds = {(k, late) for k, _, late in given(NOTICE, forwarded).world.case.clocks}
    assert kinds == {
        (ClockKind.SAFETY, AZ_COORD),
        (ClockKind.ACKNOWLEDGE, KS_CGC),
        (ClockKind.READ, KS_CGC),
        (ClockKind.ACT, KS_CGC),
    }


def test_a_case_sent_to_the_centre_is_a_referral() -> None:
    sent = tell(CaseReferredToCgc, AZ_COORD, [KS_CGC], [Section.RISK])
    assert (ClockKind.ACKNOWLEDGE, sent.ask, KS_CGC) in given(NOTICE, sent).world.case.clocks


# --- answers, follow-ons, reports, the person's own request --------------------------------------------------------

ASKED = tell(InformationRequested, AZ_CORE, [MID_HOSP], due_on=date(2025, 6, 10), at=MONDAY)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(tell(InformationRequestAnswered, MID_HOSP, [AZ_CORE], answers=ASKED.ask), id="answered"),
        pytest.param(
            tell(InformationRequestDeclined, MID_HOSP, [AZ_CORE], answers=ASKED.ask, reason="NOT_KNOWN"),
            id="declined",
        ),
    ],
)
def test_a_request_is_unanswered_when_its_day_is_over(answer: Any) -> None:
    assert brings([LEARNED, ASKED], "2025-06-11 00:00", RequestUnansweredAlarmRaised) == [
        (jst("2025-06-11 00:00"), False)
    ]
    assert brings([LEARNED, ASKED, answer], "2025-06-30 00:00", RequestUnansweredAlarmRaised) == []


def test_a_request_without_a_day_starts_no_clock() -> None:
    asked = tell(InformationRequested, AZ_CORE, [MID_HOSP])
    assert asked.ask not in {message for _, message, _ in given(LEARNED, asked).world.case.clocks}


def test_a_follow_on_is_unaccepted_after_fourteen_times_24_hours_for_the_one_that_is_late() -> None:
    arranged = tell(FollowOnServiceArranged, AZ_CORE, [EXT_SERVICE, EXT_NURSERY], at=MONDAY)
    accepted = tell(FollowOnServiceAccepted, EXT_NURSERY, answers=arranged.ask)
    came = run(given(LEARNED, arranged, accepted), jst("2025-06-16 09:00"))
    [(at, alarm)] = [(at, a) for at, a in came if type(a) is FollowOnUnacceptedAlarmRaised]
    assert (at, alarm.message, alarm.late) == (jst("2025-06-16 09:00"), arranged.ask, EXT_SERVICE)


def test_a_contractor_is_shown_that_it_is_late_with_a_follow_on_whether_or_not_it_visits() -> None:
    so = given(LEARNED, tell(FollowOnServiceArranged, AZ_CORE, [SORA_NPO], at=MONDAY))
    run(so, jst("2025-06-16 09:00"))
    late = {t.kind for t in tasks(so.world, SORA_NPO, now=jst("2025-06-16 09:00"))}
    assert TaskKind.LATE_ACCEPT in late


def test_a_report_that_the_core_agency_has_not_looked_at_in_seven_days_is_unread() -> None:
    report = tell(VisitReportSubmitted, SORA_NPO, [AZ_CORE], [Section.VISIT], at=MONDAY)
    looked = tell(VisitReportReviewed, AZ_CORE, answers=report.ask)
    assert brings([LEARNED, report], "2025-06-09 09:00", ReportUnreadAlarmRaised) == [
        (jst("2025-06-09 09:00"), False)
    ]
    assert brings([LEARNED, report, looked], "2025-06-30 00:00", ReportUnreadAlarmRaised) == []


def test_a_request_of_the_person_is_overdue_after_thirty_days() -> None:
    asked = tell(SubjectAccessRequested, AZ_CORE, at=MONDAY)
    decided = tell(SubjectAccessDecided, AZ_CORE, answers=asked.ask)
    assert brings([LEARNED, asked], "2025-07-02 09:00", RightsRequestOverdueAlarmRaised) == [
        (jst("2025-07-02 09:00"), False)
    ]
    assert brings([LEARNED, asked, decided], "2025-08-01 00:00", RightsRequestOverdueAlarmRaised) == []


# --- support -------------------------------------------------------------------------------------------------------

FIRST_DAY = jst("2025-06-02 10:00")
SHORT = tell(
    SupportPlanFormulated,
    AZ_CORE,
    sections=[Section.PLAN],
    plan=plan(plan_from=date(2025, 6, 2), plan_until=date(2025, 7, 27), content=PlanContent.SC_B),
)
MID = tell(
    SupportPlanFormulated,
    AZ_CORE,
    sections=[Section.PLAN],
    plan=plan(plan_from=date(2025, 6, 2), plan_until=None, content=PlanContent.SC_C, visits_per_week=None),
)
BEGUN = tell(SupportCommenced, AZ_CORE, at=FIRST_DAY, target_classes=frozenset({TargetClass.TC2_POSTPARTUM}))
IN_SHORT = [LEARNED, *DECIDED[:2], SHORT, *COMMISSIONED, ASSIGNED, BEGUN]
IN_MID = [LEARNED, *DECIDED[:2], MID, *COMMISSIONED, ASSIGNED, BEGUN]


def visit(at: str, *, seen: bool = True) -> Any:
    return tell(
        VisitReportSubmitted,
        SORA_NPO,
        [AZ_CORE],
        [Section.VISIT],
        name=f"visit {at}",
        at=jst(at),
        child_seen=seen,
    )


@pytest.mark.parametrize(
    ("visits", "came"),
    [
        pytest.param([], ["2025-06-09 00:00"], id="no visit"),
        pytest.param(["2025-06-03 10:00"], ["2025-06-09 00:00"], id="one visit"),
        pytest.param(
            ["2025-06-03 10:00", "2025-06-08 23:59"],
            ["2025-06-16 00:00"],
            id="two, the second on Sunday night",
        ),
        pytest.param(
            ["2025-06-03 10:00", "2025-06-05 10:00", "2025-06-09 00:00", "2025-06-10 10:00"],
            [],
            id="two in each week",
        ),
    ],
)
def test_a_week_of_the_short_type_with_fewer_than_two_visits_raises_an_alarm(
    visits: list[str], came: list[str]
) -> None:
    so = given(*IN_SHORT)
    found = []
    for at in visits:
        found += run(so, jst(at))
        so.put(visit(at))
    found += run(so, jst("2025-06-16 00:00"))
    gaps = [at for at, a in found if type(a) is VisitGapAlarmRaised and not a.escalated]
    assert gaps[:1] == [jst(at) for at in came]


def test_a_week_that_was_told_of_is_not_told_twice_and_a_visit_ends_its_alarm() -> None:
    so = given(*IN_SHORT)
    run(so, jst("2025-06-09 00:00"))
    late = [
        t for t in tasks(so.world, AZ_CORE, now=jst("2025-06-09 00:00")) if t.kind is TaskKind.LATE_VISITS
    ]
    assert [t.since for t in late] == [jst("2025-06-09 00:00")]
    so.put(visit("2025-06-09 10:00"))
    kinds = {t.kind for t in tasks(so.world, AZ_CORE, now=jst("2025-06-09 10:00"))}
    assert TaskKind.LATE_VISITS not in kinds
    came = [at for at, a in run(so, jst("2025-06-16 00:00")) if type(a) is VisitGapAlarmRaised]
    assert came == [jst("2025-06-16 00:00")]


def test_one_visit_within_the_short_week_itself_does_not_end_its_alarm() -> None:
    so = given(*IN_SHORT, visit("2025-06-03 10:00"))
    run(so, jst("2025-06-09 00:00"))
    assert TaskKind.LATE_VISITS in {t.kind for t in tasks(so.world, AZ_CORE, now=jst("2025-06-09 00:00"))}


def test_the_plans_own_number_of_visits_counts_where_it_is_higher() -> None:
    thrice = replace(SHORT, fact=replace(SHORT.fact, plan=replace(SHORT.fact.plan, visits_per_week=3)))  # type: ignore[attr-defined]
    two = [visit("2025-06-03 10:00"), visit("2025-06-05 10:00")]
    past = [LEARNED, thrice, *COMMISSIONED, ASSIGNED, BEGUN, *two]
    assert brings(past, "2025-06-09 00:00", VisitGapAlarmRaised) == [(jst("2025-06-09 00:00"), False)]


def test_a_broken_first_week_is_not_counted_nor_one_after_the_plan() -> None:
    begun = replace(BEGUN, at=jst("2025-06-03 10:00"))
    past = [LEARNED, SHORT, *COMMISSIONED, ASSIGNED, begun]
    weeks = [at for at, climbed in brings(past, "2025-09-01 00:00", VisitGapAlarmRaised) if not climbed]
    assert weeks[0] == jst("2025-06-16 00:00")
    assert weeks[-1] == jst("2025-07-28 00:00")


def test_the_mid_term_type_counts_no_weeks() -> None:
    assert brings(IN_MID, "2025-09-01 00:00", VisitGapAlarmRaised) == []


@pytest.mark.parametrize(
    ("past", "first"),
    [
        pytest.param([], "2025-07-03 00:00", id="never seen since the start"),
        pytest.param([visit("2025-06-20 10:00")], "2025-07-21 00:00", id="seen on June 20"),
        pytest.param(
            [visit("2025-06-20 10:00", seen=False)], "2025-07-03 00:00", id="the family alone was met"
        ),
    ],
)
def test_a_child_that_was_not_seen_for_thirty_days_raises_an_alarm(past: Any, first: str) -> None:
    assert brings([*IN_MID, *past], "2025-07-21 00:00", ContactGapAlarmRaised)[0] == (jst(first), False)


def test_before_the_birth_meeting_the_family_is_enough() -> None:
    begun = replace(BEGUN, fact=replace(BEGUN.fact, target_classes=frozenset({TargetClass.TC1_PREGNANCY})))
    met = visit("2025-06-20 10:00", seen=False)
    past = [LEARNED, MID, *COMMISSIONED, ASSIGNED, begun, met]
    assert brings(past, "2025-07-21 00:00", ContactGapAlarmRaised) == [(jst("2025-07-21 00:00"), False)]


def test_a_visit_by_the_core_agencys_own_visitor_counts_too() -> None:
    own = tell(HomeVisitCompleted, AZ_CORE, sections=[Section.VISIT], at=jst("2025-06-20 10:00"))
    assert brings([*IN_MID, own], "2025-07-20 23:59", ContactGapAlarmRaised) == []


def test_a_visit_that_was_told_and_then_reported_counts_once() -> None:
    told = tell(HomeVisitCompleted, SORA_NPO, actor=WORKER, worker=WORKER, at=jst("2025-06-03 10:00"))
    reported = visit("2025-06-03 18:00")
    past = [LEARNED, SHORT, *COMMISSIONED, ASSIGNED, BEGUN, told, reported]
    assert brings(past, "2025-06-09 00:00", VisitGapAlarmRaised) == [(jst("2025-06-09 00:00"), False)]
    assert brings([*past, visit("2025-06-05 18:00")], "2025-06-09 00:00", VisitGapAlarmRaised) == []


def test_whose_turn_a_visit_is() -> None:
    of = {c.kind: c for c in clocks(given(*IN_SHORT).world.case, first_edition()["policy"])}
    assert (of[ClockKind.VISITS].late, of[ClockKind.VISITS].told) == (SORA_NPO, {AZ_CORE})
    own = {c.kind: c for c in clocks(given(LEARNED, SHORT, BEGUN).world.case, first_edition()["policy"])}
    assert (own[ClockKind.VISITS].late, own[ClockKind.CONTACT].late) == (AZ_CORE, AZ_CORE)


def test_a_review_that_is_overdue_is_told_at_the_end_of_its_day_and_done_by_a_review() -> None:
    assert brings(IN_MID, "2025-09-03 00:00", ReviewOverdueAlarmRaised) == [(jst("2025-09-03 00:00"), False)]
    for act in (PlanReviewed, ShortTermGoalEvaluated):
        reviewed = tell(act, AZ_CORE, at=jst("2025-08-20 10:00"))
        assert brings([*IN_MID, reviewed], "2025-11-20 23:59", ReviewOverdueAlarmRaised) == []
        assert brings([*IN_MID, reviewed], "2025-11-21 00:00", ReviewOverdueAlarmRaised)


def test_a_plan_whose_last_day_is_over_raises_an_alarm_unless_it_was_extended_or_closed() -> None:
    assert brings(IN_SHORT, "2025-07-28 00:00", PlanOverAlarmRaised) == [(jst("2025-07-28 00:00"), False)]
    longer = tell(PlanExtended, AZ_CORE, plan_until=date(2025, 8, 5), reason="TWINS")
    assert brings([*IN_SHORT, longer], "2025-08-05 23:59", PlanOverAlarmRaised) == []
    closed = [CONSULTED, EVALUATED, tell(SupportClosed, AZ_CORE)]
    assert brings([*IN_SHORT, *closed], "2026-01-01 00:00", PlanOverAlarmRaised) == []


def test_an_open_case_of_which_nobody_speaks_for_three_months_is_silent() -> None:
    past = [replace(LEARNED, at=MONDAY), tell(EligibilityDetermined, AZ_CORE, at=jst("2025-06-05 09:00"))]
    came = brings(past, "2025-09-06 00:00", CaseSilentAlarmRaised)
    assert came == [(jst("2025-09-06 00:00"), False)]


def test_where_the_book_names_no_time_no_alarm_is_raised() -> None:
    policy = {k: v for k, v in first_edition()["policy"].items() if k in ("review_months",)}
    book = rule_book({**first_edition(), "policy": policy})
    so = given(*IN_SHORT, town=[book if one.fact.TOPIC == book.fact.TOPIC else one for one in TOWN])
    assert {type(a) for _, a in run(so, jst("2026-06-01 00:00"))} == {
        ReviewOverdueAlarmRaised,
        PlanOverAlarmRaised,
    }


@pytest.mark.parametrize("kind", ClockKind)
def test_a_book_without_times_sets_none_for_any_clock(kind: ClockKind) -> None:
    clock = Clock(kind=kind, message=NEWS.ask, late=AZ_CORE, told=frozenset(), since=MONDAY)
    assert deadline(clock, {}) is None
    assert deadline(replace(clock, due_at=MONDAY), {}) == MONDAY


def test_every_clock_has_an_alarm_of_the_published_list() -> None:
    assert set(ALARMS) == set(ClockKind)
    assert set(ALARMS.values()) <= set(HUB_ACTS)


# --- the work list ----------------------------------------------------------------------------------------------


def kinds_of(so: Given, agency: Any, at: str) -> set[TaskKind]:
    return {t.kind for t in tasks(so.world, agency, now=jst(at))}


def test_who_took_a_notification_in_is_to_see_the_child_and_who_was_asked_decides() -> None:
    asked = tell(SubjectAccessRequested, AZ_COORD, at=MONDAY)
    so = given(NOTICE, asked)
    assert {TaskKind.SEE_CHILD, TaskKind.DECIDE_ACCESS} <= kinds_of(so, AZ_COORD, "2025-06-02 10:00")


def test_what_is_overdue_climbs_where_it_is_late_and_a_suspended_visitor_is_shown_nothing() -> None:
    so = given(*IN_SHORT)
    run(so, jst("2025-06-10 00:00"))
    assert {TaskKind.LATE_VISITS, TaskKind.SUPERVISE} <= kinds_of(so, SORA_NPO, "2025-06-10 00:00")
    of_core = tasks(so.world, AZ_CORE, now=jst("2025-06-10 00:00"))
    assert [t.message for t in of_core if t.kind is TaskKind.SUPERVISE] == [LEARNED.ask] * 2  # its own, alone
    so.put(said(HUB, ContractorSuspended(gaps=frozenset({"MEMBERSHIP"})), at=jst("2025-06-10 01:00")))
    assert kinds_of(so, SORA_NPO, "2025-06-10 02:00") == set()
    assert TaskKind.LATE_VISITS in kinds_of(so, AZ_CORE, "2025-06-10 02:00")
