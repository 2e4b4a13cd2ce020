"""Clocks: what starts them, what stops them, when they run out, who is informed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain import events as e
from domain.alarms.raising import ALARMS, clocks, deadline
from domain.clocks import Clock, ClockKind
from domain.codes import Period, PlanContent, SafetyMethod, Section, TargetClass
from domain.due import HUB_ACTS, DueEvent, next_due_of_case
from domain.record import HUB
from domain.rulebook import first_edition
from domain.tasks import TaskKind, tasks
from tests.domain.builders import (
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
    READY,
    SORA_NPO,
    TOWN,
    WORKER,
    Given,
    case_message,
    event_input,
    given,
    jst,
    plan,
    rule_book,
)

MONDAY = jst("2025-06-02 09:00")
NEWS = case_message(
    e.FamilyInformationProvided, MID_HOSP, [AZ_CORE], [Section.BASIC], "CWA-21-10-5", placed=PLACED
)
NEWS = replace(NEWS, at=MONDAY)
NOTICE = case_message(
    e.AbuseNotificationReceived,
    AZ_COORD,
    sections=[Section.BASIC, Section.NOTIFIER, Section.RISK],
    at=MONDAY,
    placed=PLACED,
    received_at=jst("2025-06-02 08:20"),
    recorded_for_notifier=True,
)


def run(so: Given, until: datetime) -> list[tuple[datetime, e.CaseAlarm]]:
    """What the clock brings by then, recorded as it comes."""
    came: list[tuple[datetime, e.CaseAlarm]] = []
    while (due := next_due_of_case(so.world)) is not None and due.at <= until:
        assert isinstance(due.event, e.CaseAlarm)
        last_at = so.world.case.last_at
        at = due.at if last_at is None else max(due.at, last_at)  # as the hub records it
        so.put(event_input(HUB, due.event, on=due.about, name=f"due {len(came)}", at=at), by_hub=True)
        came.append((due.at, due.event))
        assert len(came) < 200
    return came


def brings(past: Any, until: str, kind: type[e.CaseAlarm]) -> list[tuple[datetime, bool]]:
    """When alarms of one kind come, and whether they climbed."""
    return [(at, a.escalated) for at, a in run(given(*past), jst(until)) if type(a) is kind]


# --- a referral ----------------------------------------------------------------------------------------------


def test_unanswered_referral_raises_alarms_after_1_2_and_14_days() -> None:
    came = run(given(NEWS), jst("2025-06-20 00:00"))
    assert [(at, type(a), a.escalated) for at, a in came] == [
        (jst("2025-06-03 09:00"), e.ReferralUnacknowledgedAlarmRaised, False),
        (jst("2025-06-04 09:00"), e.ReferralUnacknowledgedAlarmRaised, True),
        (jst("2025-06-04 09:00"), e.ReferralUnreadAlarmRaised, False),
        (jst("2025-06-05 09:00"), e.ReferralUnreadAlarmRaised, True),
        (jst("2025-06-16 09:00"), e.ReferralUnactedAlarmRaised, False),
        (jst("2025-06-17 09:00"), e.ReferralUnactedAlarmRaised, True),
    ]


def test_an_alarm_names_message_and_responsible_agency_and_informs_the_sender() -> None:
    [(at, alarm), *_] = run(given(NEWS), jst("2025-06-03 09:00"))
    assert alarm == e.ReferralUnacknowledgedAlarmRaised(
        message=NEWS.command_id,
        responsible=AZ_CORE,
        to=frozenset({MID_HOSP}),
        due_at=at,
        escalated=False,
        child=None,
        period=Period.RUNS_THROUGH,
    )


def test_nothing_is_due_one_second_early() -> None:
    due = next_due_of_case(given(NEWS).world)
    assert isinstance(due, DueEvent)
    assert run(given(NEWS), due.at - timedelta(seconds=1)) == []


@pytest.mark.parametrize(
    ("done", "remaining"),
    [
        pytest.param([], {"ACKNOWLEDGE", "READ", "ACT"}, id="nothing"),
        pytest.param(
            [case_message(e.ReferralAcknowledged, AZ_CORE, answers=NEWS.command_id)],
            {"READ", "ACT"},
            id="acknowledged",
        ),
        pytest.param(
            [case_message(e.ReferralRead, AZ_CORE, answers=NEWS.command_id)],
            {"ACKNOWLEDGE", "ACT"},
            id="read",
        ),
        pytest.param(
            [case_message(e.ReferralRead, AZ_COORD, answers=NEWS.command_id)],
            {"ACKNOWLEDGE", "READ", "ACT"},
            id="read by another agency",
        ),
        pytest.param(
            [case_message(e.ReferralRead, AZ_CORE, answers=NOTICE.command_id)],
            {"ACKNOWLEDGE", "READ", "ACT"},
            id="another referral was read",
        ),
        pytest.param([case_message(e.EligibilityDetermined, AZ_CORE)], {"ACKNOWLEDGE", "READ"}, id="decided"),
        pytest.param(
            [case_message(e.ReferralOutcomeReported, AZ_CORE, answers=NEWS.command_id)],
            {"ACKNOWLEDGE", "READ"},
            id="outcome reported",
        ),
        pytest.param(
            [case_message(e.NonDisclosureDecided, AZ_CORE, answers=NEWS.command_id)],
            {"ACKNOWLEDGE", "READ", "NON_DISCLOSURE"},
            id="decided not to act on it",
        ),
        pytest.param(
            [case_message(e.NonDisclosureDecided, AZ_CORE)],
            {"ACKNOWLEDGE", "READ", "ACT", "NON_DISCLOSURE"},
            id="decided not to disclose something",
        ),
        pytest.param(
            [case_message(e.EligibilityDetermined, AZ_COORD)],
            {"ACKNOWLEDGE", "READ", "ACT"},
            id="another agency acted",
        ),
        pytest.param(
            [case_message(e.ConsentRefused, AZ_CORE)],
            {"ACKNOWLEDGE", "READ", "ACT"},
            id="something that is no step",
        ),
    ],
)
def test_each_clock_of_a_referral_stops_by_its_own_message_only(done: Any, remaining: set[str]) -> None:
    assert {kind for kind, *_ in given(NEWS, done).world.case.clocks} == remaining


def test_what_waits_for_a_suspended_addressee_starts_no_clock_until_it_is_released() -> None:
    held = case_message(e.FollowOnServiceArranged, AZ_CORE, [EXT_SERVICE], held=[EXT_SERVICE], at=MONDAY)
    so = given(LEARNED, held)
    assert (ClockKind.ACCEPT, held.command_id, EXT_SERVICE, None) not in so.world.case.clocks
    so.put(
        case_message(
            e.HeldDisclosureReleased,
            AZ_CORE,
            [EXT_SERVICE],
            releases=held.command_id,
            at=MONDAY + timedelta(days=3),
        )
    )
    assert so.world.case.clocks[
        (ClockKind.ACCEPT, held.command_id, EXT_SERVICE, None)
    ].since == MONDAY + timedelta(days=3)


# --- the safety of a child -------------------------------------------------------------------------------------


def test_a_child_not_sighted_in_48_hours_from_the_receipt_raises_an_alarm() -> None:
    assert brings([NOTICE], "2025-06-05 08:19", e.SafetyCheckOverdueAlarmRaised) == [
        (jst("2025-06-04 08:20"), False)
    ]


@pytest.mark.parametrize(
    "method", [SafetyMethod.TELEPHONE, SafetyMethod.THROUGH_OTHERS, SafetyMethod.FAMILY_ONLY]
)
def test_a_call_or_a_meeting_with_the_family_never_stops_the_clock(method: SafetyMethod) -> None:
    phone_check = case_message(e.SafetyConfirmed, AZ_COORD, child_seen=False, method=method)
    assert brings([NOTICE, phone_check], "2025-06-04 08:20", e.SafetyCheckOverdueAlarmRaised)
    as_if_seen = case_message(e.SafetyConfirmed, AZ_COORD, child_seen=True, method=method)
    assert brings([NOTICE, as_if_seen], "2025-06-04 08:20", e.SafetyCheckOverdueAlarmRaised)


@pytest.mark.parametrize(
    "sighting",
    [
        pytest.param(case_message(e.SafetyConfirmed, AZ_CORE), id="by an agency to which it was forwarded"),
        pytest.param(case_message(e.ChildSighted, AZ_COORD), id="by the one that was notified"),
    ],
)
def test_sighting_the_child_stops_it(sighting: Any) -> None:
    assert brings([NOTICE, sighting], "2025-07-01 00:00", e.SafetyCheckOverdueAlarmRaised) == []


def test_a_visit_report_does_not_stop_it() -> None:
    report = case_message(e.VisitReportSubmitted, SORA_NPO, [AZ_CORE], [Section.VISIT])
    assert brings([NOTICE, report], "2025-06-04 08:20", e.SafetyCheckOverdueAlarmRaised)


def test_a_notification_that_was_recorded_late_is_overdue_at_once() -> None:
    responsible = replace(NOTICE, at=jst("2025-06-06 09:00"))
    so = given(responsible)
    due = next_due_of_case(so.world)
    assert due is not None
    assert due.at == jst("2025-06-04 08:20")


def test_recipients_of_a_notification_are_informed_that_the_child_was_not_seen() -> None:
    forwarded = case_message(e.NotificationForwarded, AZ_COORD, [KS_CGC, AZ_CORE], forwards=NOTICE.command_id)
    came = run(given(NOTICE, forwarded), jst("2025-06-04 08:20"))
    [alarm] = [a for _, a in came if type(a) is e.SafetyCheckOverdueAlarmRaised]
    assert (alarm.responsible, alarm.to) == (AZ_COORD, {KS_CGC, AZ_CORE})


def test_a_nursery_that_notifies_is_not_informed_whether_the_child_was_seen() -> None:
    by_nursery = case_message(
        e.AbuseNotificationReceived, EXT_NURSERY, [AZ_COORD], [Section.RISK], received_at=MONDAY, at=MONDAY
    )
    came = run(given(by_nursery), jst("2025-06-04 09:00"))
    [alarm] = [a for _, a in came if type(a) is e.SafetyCheckOverdueAlarmRaised]
    assert (alarm.responsible, alarm.to) == (AZ_COORD, frozenset())


def test_forwarding_starts_no_second_safety_clock_but_those_of_a_referral() -> None:
    forwarded = case_message(e.NotificationForwarded, AZ_COORD, [KS_CGC], forwards=NOTICE.command_id)
    kinds = {(k, responsible) for k, _, responsible, _ in given(NOTICE, forwarded).world.case.clocks}
    assert kinds == {
        (ClockKind.SAFETY, AZ_COORD),
        (ClockKind.ACKNOWLEDGE, KS_CGC),
        (ClockKind.READ, KS_CGC),
        (ClockKind.ACT, KS_CGC),
    }


def test_a_case_sent_to_the_centre_is_a_referral() -> None:
    sent = case_message(e.CaseReferredToCgc, AZ_COORD, [KS_CGC], [Section.RISK])
    assert (ClockKind.ACKNOWLEDGE, sent.command_id, KS_CGC, None) in given(NOTICE, sent).world.case.clocks


# --- answers, follow-ons, reports, the person's own request --------------------------------------------------------

REQUESTED = case_message(e.InformationRequested, AZ_CORE, [MID_HOSP], due_on=date(2025, 6, 10), at=MONDAY)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            case_message(e.InformationRequestAnswered, MID_HOSP, [AZ_CORE], answers=REQUESTED.command_id),
            id="answered",
        ),
        pytest.param(
            case_message(
                e.InformationRequestDeclined,
                MID_HOSP,
                [AZ_CORE],
                answers=REQUESTED.command_id,
                reason="NOT_KNOWN",
            ),
            id="declined",
        ),
    ],
)
def test_a_request_is_unanswered_when_its_day_is_over(answer: Any) -> None:
    assert brings([LEARNED, REQUESTED], "2025-06-11 00:00", e.RequestUnansweredAlarmRaised) == [
        (jst("2025-06-11 00:00"), False)
    ]
    assert brings([LEARNED, REQUESTED, answer], "2025-06-30 00:00", e.RequestUnansweredAlarmRaised) == []


def test_a_request_without_a_day_starts_no_clock() -> None:
    request = case_message(e.InformationRequested, AZ_CORE, [MID_HOSP])
    assert request.command_id not in {message for _, message, *_ in given(LEARNED, request).world.case.clocks}


def test_a_follow_on_unaccepted_for_14_times_24_hours_raises_an_alarm() -> None:
    arranged = case_message(e.FollowOnServiceArranged, AZ_CORE, [EXT_SERVICE, EXT_NURSERY], at=MONDAY)
    accepted = case_message(e.FollowOnServiceAccepted, EXT_NURSERY, answers=arranged.command_id)
    came = run(given(LEARNED, arranged, accepted), jst("2025-06-16 09:00"))
    [(at, alarm)] = [(at, a) for at, a in came if type(a) is e.FollowOnUnacceptedAlarmRaised]
    assert (at, alarm.message, alarm.responsible) == (
        jst("2025-06-16 09:00"),
        arranged.command_id,
        EXT_SERVICE,
    )


def test_a_contractor_sees_its_late_follow_on_whether_or_not_it_visits() -> None:
    so = given(LEARNED, case_message(e.FollowOnServiceArranged, AZ_CORE, [SORA_NPO], at=MONDAY))
    run(so, jst("2025-06-16 09:00"))
    responsible = {t.kind for t in tasks(so.world, SORA_NPO, now=jst("2025-06-16 09:00"))}
    assert TaskKind.LATE_ACCEPT in responsible


def test_a_report_that_the_core_agency_has_not_looked_at_in_seven_days_is_unread() -> None:
    report = case_message(e.VisitReportSubmitted, SORA_NPO, [AZ_CORE], [Section.VISIT], at=MONDAY)
    looked = case_message(e.VisitReportReviewed, AZ_CORE, answers=report.command_id)
    assert brings([LEARNED, report], "2025-06-09 09:00", e.ReportUnreadAlarmRaised) == [
        (jst("2025-06-09 09:00"), False)
    ]
    assert brings([LEARNED, report, looked], "2025-06-30 00:00", e.ReportUnreadAlarmRaised) == []


@pytest.mark.parametrize("to", [[], [AZ_COORD]], ids=["nobody", "another office"])
def test_a_report_waits_for_the_core_agency_also_where_it_was_sent_elsewhere(to: Any) -> None:
    report = case_message(e.VisitReportSubmitted, SORA_NPO, to, [Section.VISIT], at=MONDAY)
    looked = case_message(e.VisitReportReviewed, AZ_CORE, answers=report.command_id)
    overdue = jst("2025-06-09 09:00")

    def waits(so: Given) -> set[TaskKind]:
        kinds = {t.kind for t in tasks(so.world, AZ_CORE, now=overdue) if t.message == report.command_id}
        return kinds & {TaskKind.REVIEW_REPORT, TaskKind.LATE_REPORT}

    so = given(LEARNED, READY, report)
    assert waits(so) == {TaskKind.REVIEW_REPORT}
    run(so, overdue)
    assert waits(so) == {TaskKind.REVIEW_REPORT, TaskKind.LATE_REPORT}
    assert so.when(looked, now=overdue) == [looked.event]
    so.put(looked)
    assert waits(so) == set()


def test_a_request_of_the_person_is_overdue_after_thirty_days() -> None:
    request = case_message(e.SubjectAccessRequested, AZ_CORE, at=MONDAY)
    decided = case_message(e.SubjectAccessDecided, AZ_CORE, answers=request.command_id)
    assert brings([LEARNED, request], "2025-07-02 09:00", e.RightsRequestOverdueAlarmRaised) == [
        (jst("2025-07-02 09:00"), False)
    ]
    assert brings([LEARNED, request, decided], "2025-08-01 00:00", e.RightsRequestOverdueAlarmRaised) == []


# --- support -------------------------------------------------------------------------------------------------------

FIRST_DAY = jst("2025-06-02 10:00")
SHORT = case_message(
    e.SupportPlanFormulated,
    AZ_CORE,
    sections=[Section.PLAN],
    plan=plan(plan_from=date(2025, 6, 2), plan_until=date(2025, 7, 27), content=PlanContent.SC_B),
)
MID = case_message(
    e.SupportPlanFormulated,
    AZ_CORE,
    sections=[Section.PLAN],
    plan=plan(plan_from=date(2025, 6, 2), plan_until=None, content=PlanContent.SC_C, visits_per_week=None),
)
BEGUN = case_message(
    e.SupportCommenced, AZ_CORE, at=FIRST_DAY, target_classes=frozenset({TargetClass.TC2_POSTPARTUM})
)
IN_SHORT = [LEARNED, *DECIDED[:2], SHORT, *COMMISSIONED, ASSIGNED, BEGUN]
IN_MID = [LEARNED, *DECIDED[:2], MID, *COMMISSIONED, ASSIGNED, BEGUN]


def visit(at: str, *, seen: bool = True) -> Any:
    return case_message(
        e.VisitReportSubmitted,
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
    actual = []
    for at in visits:
        actual += run(so, jst(at))
        so.put(visit(at))
    actual += run(so, jst("2025-06-16 00:00"))
    gaps = [at for at, a in actual if type(a) is e.VisitGapAlarmRaised and not a.escalated]
    assert gaps[:1] == [jst(at) for at in came]


def test_a_short_week_raises_one_alarm_and_a_visit_ends_it() -> None:
    so = given(*IN_SHORT)
    run(so, jst("2025-06-09 00:00"))
    responsible = [
        t for t in tasks(so.world, AZ_CORE, now=jst("2025-06-09 00:00")) if t.kind is TaskKind.LATE_VISITS
    ]
    assert [t.since for t in responsible] == [jst("2025-06-09 00:00")]
    so.put(visit("2025-06-09 10:00"))
    kinds = {t.kind for t in tasks(so.world, AZ_CORE, now=jst("2025-06-09 10:00"))}
    assert TaskKind.LATE_VISITS not in kinds
    came = [at for at, a in run(so, jst("2025-06-16 00:00")) if type(a) is e.VisitGapAlarmRaised]
    assert came == [jst("2025-06-16 00:00")]


def test_one_visit_within_the_short_week_itself_does_not_end_its_alarm() -> None:
    so = given(*IN_SHORT, visit("2025-06-03 10:00"))
    run(so, jst("2025-06-09 00:00"))
    assert TaskKind.LATE_VISITS in {t.kind for t in tasks(so.world, AZ_CORE, now=jst("2025-06-09 00:00"))}


def test_the_plans_own_number_of_visits_counts_where_it_is_higher() -> None:
    thrice = replace(SHORT, event=replace(SHORT.event, plan=replace(SHORT.event.plan, visits_per_week=3)))  # type: ignore[attr-defined]
    two = [visit("2025-06-03 10:00"), visit("2025-06-05 10:00")]
    past = [LEARNED, thrice, *COMMISSIONED, ASSIGNED, BEGUN, *two]
    assert brings(past, "2025-06-09 00:00", e.VisitGapAlarmRaised) == [(jst("2025-06-09 00:00"), False)]


def test_a_broken_first_week_is_not_counted_nor_one_after_the_plan() -> None:
    begun = replace(BEGUN, at=jst("2025-06-03 10:00"))
    past = [LEARNED, SHORT, *COMMISSIONED, ASSIGNED, begun]
    weeks = [at for at, climbed in brings(past, "2025-09-01 00:00", e.VisitGapAlarmRaised) if not climbed]
    assert weeks[0] == jst("2025-06-16 00:00")
    assert weeks[-1] == jst("2025-07-28 00:00")


def test_the_mid_term_type_counts_no_weeks() -> None:
    assert brings(IN_MID, "2025-09-01 00:00", e.VisitGapAlarmRaised) == []


@pytest.mark.parametrize(
    ("past", "first"),
    [
        pytest.param([], "2025-07-03 00:00", id="never seen since the start"),
        pytest.param([visit("2025-06-20 10:00")], "2025-07-21 00:00", id="seen on June 20"),
        pytest.param(
            [visit("2025-06-20 10:00", seen=False)], "2025-07-03 00:00", id="only the family was met"
        ),
    ],
)
def test_a_child_that_was_not_seen_for_thirty_days_raises_an_alarm(past: Any, first: str) -> None:
    came = run(given(*IN_MID, *past), jst("2025-07-21 00:00"))
    of_visitor = [a for _, a in came if type(a) is e.ContactGapAlarmRaised and a.responsible == SORA_NPO]
    assert (of_visitor[0].due_at, of_visitor[0].escalated) == (jst(first), False)


def test_before_the_birth_meeting_the_family_is_enough() -> None:
    begun = replace(BEGUN, event=replace(BEGUN.event, target_classes=frozenset({TargetClass.TC1_PREGNANCY})))
    met = visit("2025-06-20 10:00", seen=False)
    past = [LEARNED, MID, *COMMISSIONED, ASSIGNED, begun, met]
    came = [(at, a) for at, a in run(given(*past), jst("2025-07-21 00:00")) if at >= jst("2025-06-20 10:00")]
    gaps = [(at, a.responsible) for at, a in came if type(a) is e.ContactGapAlarmRaised]
    assert gaps == [(jst("2025-07-21 00:00"), agency) for agency in sorted([AZ_CORE, SORA_NPO], key=str)]


def test_a_visit_by_the_core_agencys_own_visitor_counts_too() -> None:
    own = case_message(e.HomeVisitCompleted, AZ_CORE, sections=[Section.VISIT], at=jst("2025-06-20 10:00"))
    assert brings([*IN_MID, own], "2025-07-20 23:59", e.ContactGapAlarmRaised) == []


def test_a_visit_that_was_recorded_and_then_reported_counts_once() -> None:
    informed = case_message(
        e.HomeVisitCompleted, SORA_NPO, actor=WORKER, worker=WORKER, at=jst("2025-06-03 10:00")
    )
    reported = visit("2025-06-03 18:00")
    past = [LEARNED, SHORT, *COMMISSIONED, ASSIGNED, BEGUN, informed, reported]
    assert brings(past, "2025-06-09 00:00", e.VisitGapAlarmRaised) == [(jst("2025-06-09 00:00"), False)]
    assert brings([*past, visit("2025-06-05 18:00")], "2025-06-09 00:00", e.VisitGapAlarmRaised) == []


def test_who_is_responsible_for_a_visit() -> None:
    of = {c.kind: c for c in clocks(given(*IN_SHORT).world.case, first_edition()["policy"])}
    assert (of[ClockKind.VISITS].responsible, of[ClockKind.VISITS].informed) == (SORA_NPO, {AZ_CORE})
    own = {c.kind: c for c in clocks(given(LEARNED, SHORT, BEGUN).world.case, first_edition()["policy"])}
    assert (own[ClockKind.VISITS].responsible, own[ClockKind.CONTACT].responsible) == (AZ_CORE, AZ_CORE)


def test_an_overdue_review_raises_an_alarm_at_the_end_of_its_day_until_a_review() -> None:
    assert brings(IN_MID, "2025-09-03 00:00", e.ReviewOverdueAlarmRaised) == [
        (jst("2025-09-03 00:00"), False)
    ]
    for act in (e.PlanReviewed, e.ShortTermGoalEvaluated):
        reviewed = case_message(act, AZ_CORE, at=jst("2025-08-20 10:00"))
        assert brings([*IN_MID, reviewed], "2025-11-20 23:59", e.ReviewOverdueAlarmRaised) == []
        assert brings([*IN_MID, reviewed], "2025-11-21 00:00", e.ReviewOverdueAlarmRaised)


def test_an_ended_plan_raises_an_alarm_unless_extended_or_closed() -> None:
    assert brings(IN_SHORT, "2025-07-28 00:00", e.PlanOverAlarmRaised) == [(jst("2025-07-28 00:00"), False)]
    longer = case_message(e.PlanExtended, AZ_CORE, plan_until=date(2025, 8, 5), reason="TWINS")
    assert brings([*IN_SHORT, longer], "2025-08-05 23:59", e.PlanOverAlarmRaised) == []
    closed = [CONSULTED, EVALUATED, case_message(e.SupportClosed, AZ_CORE)]
    assert brings([*IN_SHORT, *closed], "2026-01-01 00:00", e.PlanOverAlarmRaised) == []


def test_an_open_case_of_which_nobody_speaks_for_three_months_is_silent() -> None:
    past = [
        replace(LEARNED, at=MONDAY),
        case_message(e.EligibilityDetermined, AZ_CORE, at=jst("2025-06-05 09:00")),
    ]
    came = brings(past, "2025-09-06 00:00", e.CaseSilentAlarmRaised)
    assert came == [(jst("2025-09-06 00:00"), False)]


def test_where_the_book_names_no_time_no_alarm_is_raised() -> None:
    policy = {k: v for k, v in first_edition()["policy"].items() if k in ("review_months",)}
    published = rule_book({**first_edition(), "policy": policy})
    so = given(
        *IN_SHORT, town=[published if one.event.TOPIC == published.event.TOPIC else one for one in TOWN]
    )
    assert {type(a) for _, a in run(so, jst("2026-06-01 00:00"))} == {
        e.ReviewOverdueAlarmRaised,
        e.PlanOverAlarmRaised,
    }


@pytest.mark.parametrize("kind", ClockKind)
def test_a_book_without_times_sets_none_for_any_clock_but_that_of_a_life_in_danger(kind: ClockKind) -> None:
    clock = Clock(kind=kind, message=NEWS.command_id, responsible=AZ_CORE, informed=frozenset(), since=MONDAY)
    emergency = kind is ClockKind.EMERGENCY_UNILATERAL
    assert deadline(clock, {}) == (MONDAY + timedelta(minutes=15) if emergency else None)
    assert deadline(replace(clock, due_at=MONDAY), {}) == MONDAY


def test_every_clock_has_an_alarm_of_the_published_list() -> None:
    assert set(ALARMS) == set(ClockKind)
    assert set(ALARMS.values()) <= set(HUB_ACTS)


# --- the work list ----------------------------------------------------------------------------------------------


def kinds_of(so: Given, agency: Any, at: str) -> set[TaskKind]:
    return {t.kind for t in tasks(so.world, agency, now=jst(at))}


def test_who_took_a_notification_in_is_to_see_the_child_and_who_was_asked_decides() -> None:
    request = case_message(e.SubjectAccessRequested, AZ_COORD, at=MONDAY)
    so = given(NOTICE, request)
    assert {TaskKind.SEE_CHILD, TaskKind.DECIDE_ACCESS} <= kinds_of(so, AZ_COORD, "2025-06-02 10:00")


def test_overdue_tasks_escalate_and_a_suspended_contractor_sees_none() -> None:
    so = given(*IN_SHORT)
    run(so, jst("2025-06-10 00:00"))
    assert {TaskKind.LATE_VISITS, TaskKind.SUPERVISE} <= kinds_of(so, SORA_NPO, "2025-06-10 00:00")
    of_core = tasks(so.world, AZ_CORE, now=jst("2025-06-10 00:00"))
    assert [t.message for t in of_core if t.kind is TaskKind.SUPERVISE] == [
        LEARNED.command_id,
        LEARNED.command_id,
        None,  # the child was not seen
    ]  # its own only
    so.put(
        event_input(HUB, e.ContractorSuspended(gaps=frozenset({"MEMBERSHIP"})), at=jst("2025-06-10 01:00"))
    )
    assert kinds_of(so, SORA_NPO, "2025-06-10 02:00") == set()
    assert TaskKind.LATE_VISITS in kinds_of(so, AZ_CORE, "2025-06-10 02:00")
