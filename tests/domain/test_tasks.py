"""What waits for whom, since when and until when; and nothing that is already done."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from domain import events as e
from domain.codes import Section
from domain.originator import Originator
from domain.record import HUB, About, access_of
from domain.register import Register
from domain.tasks import Task, TaskKind, agencies_with_tasks, can_see_message, tasks
from domain.world import empty_world, rests_on
from tests.domain.builders import (
    ASSIGNED,
    AZ_COORD,
    AZ_CORE,
    CASE,
    CLOSED,
    COMMENCED,
    COMMISSIONED,
    DECIDED,
    EXT_SERVICE,
    HIDA_SWC,
    KS_CGC,
    LEARNED,
    LOG,
    MID_HOSP,
    NETWORK,
    NOON,
    READY,
    REGISTERED,
    SORA_NPO,
    TO_SORA,
    WORKER,
    Given,
    case_message,
    command_of,
    event_input,
    given,
    id_of,
    jst,
    opening,
    plan,
    rule_book,
)

MORNING = jst("2025-05-07 09:00")
K = TaskKind


def waits(so: Given, agency: Any, now: datetime = NOON) -> list[tuple[TaskKind, Any, datetime | None]]:
    """Kind, message and day of what waits for this agency."""
    return [(t.kind, t.message, t.due_at) for t in tasks(so.world, agency, now=now)]


# --- referrals -----------------------------------------------------------------------------------------------

REFERRALS = [
    pytest.param(e.FamilyInformationProvided, MID_HOSP, id="information of a family"),
    pytest.param(e.ProgrammeNotificationReceived, KS_CGC, id="notice of the child guidance centre"),
]


@pytest.mark.parametrize(("act", "by"), REFERRALS)
def test_a_referral_is_acknowledged_in_a_day_and_read_in_two_by_each_who_got_it(act: Any, by: Any) -> None:
    news = case_message(act, by, [AZ_CORE, AZ_COORD], [Section.BASIC], name="news", at=MORNING)
    so = given(LEARNED, news)
    both = [
        (K.ACKNOWLEDGE, news.command_id, jst("2025-05-08 09:00")),
        (K.READ, news.command_id, jst("2025-05-09 09:00")),
        (K.ACT, news.command_id, jst("2025-05-21 09:00")),
    ]
    assert waits(so, AZ_COORD) == both
    so.put(case_message(e.ReferralAcknowledged, AZ_COORD, answers=news.command_id))
    assert waits(so, AZ_COORD) == both[1:]
    so.put(case_message(e.ReferralRead, AZ_COORD, answers=news.command_id))
    assert waits(so, AZ_COORD) == both[2:]
    assert waits(so, AZ_CORE)[-3:] == both
    assert waits(so, by) == []


# --- requests ------------------------------------------------------------------------------------------------

REQUESTED = case_message(e.InformationRequested, AZ_CORE, [MID_HOSP, KS_CGC], due_on=date(2025, 6, 10))


@pytest.mark.parametrize("act", [e.InformationRequestAnswered, e.InformationRequestDeclined])
def test_a_request_waits_for_each_until_the_end_of_its_day_in_japan(act: Any) -> None:
    so = given(
        LEARNED,
        REQUESTED,
        case_message(act, MID_HOSP, [AZ_CORE], reason="NOTHING_KNOWN", answers=REQUESTED.command_id),
    )
    assert waits(so, MID_HOSP) == []
    assert waits(so, KS_CGC) == [(K.ANSWER, REQUESTED.command_id, jst("2025-06-11 00:00"))]


def test_a_request_without_a_day_waits_without_a_time() -> None:
    so = given(LEARNED, case_message(e.InformationRequested, AZ_CORE, [KS_CGC]))
    assert waits(so, KS_CGC) == [(K.ANSWER, id_of("information.requested"), None)]


def test_what_a_contractor_may_not_see_does_not_wait_for_it() -> None:
    request = case_message(e.InformationRequested, AZ_CORE, [SORA_NPO])
    assert waits(given(LEARNED, COMMISSIONED, request), SORA_NPO) == []
    assert waits(given(LEARNED, READY, request), SORA_NPO) == [(K.ANSWER, request.command_id, None)]


# --- registration ---------------------------------------------------------------------------------------------

SOUGHT = case_message(e.NetworkCaseRegistrationRequested, AZ_CORE, [AZ_COORD])
SECOND_REQUEST = case_message(e.NetworkCaseRegistrationRequested, AZ_CORE, [AZ_COORD], name="repeated")
DEREGISTERED = case_message(e.NetworkCaseDeregistered, AZ_COORD, reason="MOVED_AWAY")


@pytest.mark.parametrize(
    ("past", "waiting"),
    [
        pytest.param([SOUGHT], [SOUGHT], id="request"),
        pytest.param([SOUGHT, REGISTERED], [], id="registered"),
        pytest.param([SOUGHT, REGISTERED, DEREGISTERED], [], id="deregistered, not asked again"),
        pytest.param([SOUGHT, REGISTERED, DEREGISTERED, SECOND_REQUEST], [SECOND_REQUEST], id="asked again"),
    ],
)
def test_registration_waits_for_the_coordinating_agency_until_it_is_done(past: Any, waiting: Any) -> None:
    assert waits(given(LEARNED, past), AZ_COORD) == [(K.REGISTER, one.command_id, None) for one in waiting]


def test_registration_waits_for_nobody_who_does_not_coordinate() -> None:
    to_another = case_message(e.NetworkCaseRegistrationRequested, AZ_CORE, [KS_CGC])
    assert waits(given(LEARNED, to_another), KS_CGC) == []


# --- keys -----------------------------------------------------------------------------------------------------


def test_rewrap_task_for_the_coordinating_agency_lasts_from_registration() -> None:
    so = given(LEARNED, case_message(e.NetworkCaseRegistered, AZ_COORD, [AZ_CORE], at=MORNING))
    [task] = [t for t in tasks(so.world, AZ_CORE, now=NOON) if t.kind is K.REWRAP]
    assert task == Task(K.REWRAP, CASE, None, MORNING, None)
    wrapped_keys = (e.Rewrapped(item=LEARNED.item().item, to=AZ_COORD),)
    so.put(event_input(AZ_CORE, e.ItemsRewrapped(wrapped_keys=wrapped_keys)))
    assert K.REWRAP not in {kind for kind, *_ in waits(so, AZ_CORE)}


def test_keys_of_a_later_item_wait_since_it_was_sent_and_without_registration_too() -> None:
    report = case_message(
        e.VisitReportSubmitted, SORA_NPO, sections=[Section.VISIT], actor=WORKER, at=MORNING
    )
    so = given(LEARNED, READY, report)
    assert [t.since for t in tasks(so.world, SORA_NPO, now=NOON)] == [MORNING]


# --- what is held -----------------------------------------------------------------------------------------------

SUSPENDED = event_input(HUB, e.ContractorSuspended(gaps=frozenset({"x"})))
WAITING = case_message(e.DisclosureHeld, AZ_CORE, [SORA_NPO], [Section.PLAN], name="waiting", held=[SORA_NPO])
REINSTATED = event_input(AZ_CORE, e.ContractorReinstated())


@pytest.mark.parametrize(
    ("past", "kinds"),
    [
        pytest.param([SUSPENDED, WAITING], [K.HELD], id="its addressee is suspended"),
        pytest.param([SUSPENDED, WAITING, REINSTATED], [K.RELEASE], id="its addressee is ready again"),
        pytest.param([SUSPENDED, WAITING, REINSTATED, CLOSED], [], id="the case is closed"),
    ],
)
def test_what_is_held_waits_for_its_sender_and_is_not_known_to_its_addressee(past: Any, kinds: Any) -> None:
    so = given(LEARNED, READY, past)
    assert [(k, m) for k, m, _ in waits(so, AZ_CORE) if m != LEARNED.command_id] == [
        (k, WAITING.command_id) for k in kinds
    ]
    assert waits(so, SORA_NPO) == []
    assert not can_see_message(so.world, SORA_NPO, so.world.case.messages[WAITING.command_id], now=NOON)


def test_one_addressee_is_ready_and_another_is_not() -> None:
    both = case_message(
        e.DisclosureHeld, AZ_CORE, [SORA_NPO, HIDA_SWC], [Section.PLAN], held=[SORA_NPO, HIDA_SWC]
    )
    so = given(LEARNED, READY, both)
    assert [k for k, m, _ in waits(so, AZ_CORE) if m == both.command_id] == [K.RELEASE, K.HELD]


# --- after the support, and during it -----------------------------------------------------------------------------


def test_a_follow_on_waits_fourteen_days_for_each_until_it_is_accepted() -> None:
    arranged = case_message(e.FollowOnServiceArranged, AZ_CORE, [EXT_SERVICE, SORA_NPO], at=MORNING)
    so = given(LEARNED, COMMENCED, CLOSED, arranged)
    accept = [(K.ACCEPT, arranged.command_id, jst("2025-05-21 09:00"))]
    assert waits(so, EXT_SERVICE) == waits(so, SORA_NPO) == accept
    so.put(case_message(e.FollowOnServiceAccepted, EXT_SERVICE, answers=arranged.command_id))
    assert waits(so, EXT_SERVICE) == []
    assert waits(so, SORA_NPO) == accept


BEGUN = case_message(type(COMMENCED.event), AZ_CORE, at=jst("2025-05-31 18:00"))  # type: ignore[arg-type]


def planned(review_due_on: date | None) -> Any:
    return case_message(
        e.SupportPlanFormulated, AZ_CORE, sections=[Section.PLAN], plan=plan(review_due_on=review_due_on)
    )


@pytest.mark.parametrize(
    ("past", "due_on"),
    [
        pytest.param([planned(None), BEGUN], date(2025, 8, 31), id="three months from the start"),
        pytest.param([BEGUN], date(2025, 8, 31), id="a start without plan"),
        pytest.param(
            [planned(date(2025, 7, 1)), BEGUN], date(2025, 7, 1), id="the day the plan names, if earlier"
        ),
        pytest.param(
            [planned(date(2025, 9, 1)), BEGUN], date(2025, 8, 31), id="not the day it names, if later"
        ),
        pytest.param([planned(date(2025, 5, 31)), BEGUN], date(2025, 8, 31), id="not a day that is over"),
        pytest.param(
            [
                planned(date(2025, 7, 1)),
                BEGUN,
                case_message(e.PlanReviewed, AZ_CORE, at=jst("2025-07-01 10:00")),
            ],
            date(2025, 10, 1),
            id="three months from the last review",
        ),
    ],
)
def test_a_plan_is_reviewed_by_the_end_of_its_day(past: Any, due_on: date) -> None:
    reviews = [t for t in tasks(given(LEARNED, past).world, AZ_CORE, now=NOON) if t.kind is K.REVIEW]
    assert [t.due_at for t in reviews] == [
        jst(f"{due_on} 00:00") + (jst("2025-01-02 00:00") - jst("2025-01-01 00:00"))
    ]


@pytest.mark.parametrize(
    ("past", "agency"),
    [
        pytest.param([*DECIDED], AZ_CORE, id="before the start"),
        pytest.param([COMMENCED, CLOSED], AZ_CORE, id="after the end"),
        pytest.param([COMMENCED], AZ_COORD, id="for another agency"),
    ],
)
def test_no_plan_is_reviewed(past: Any, agency: Any) -> None:
    assert K.REVIEW not in {kind for kind, *_ in waits(given(LEARNED, past), agency)}


# --- who is concerned, who knows ------------------------------------------------------------------------------------


def test_parties_and_offices_are_concerned() -> None:
    assert agencies_with_tasks(given(LEARNED, TO_SORA).world) == {MID_HOSP, AZ_CORE, AZ_COORD, SORA_NPO}
    assert agencies_with_tasks(given().world) == set()


def test_a_case_of_no_network_has_no_registration_to_wait_for() -> None:
    so = given(case_message(e.NetworkCaseRegistrationRequested, KS_CGC, [AZ_COORD]))
    assert waits(so, AZ_COORD) == []
    assert agencies_with_tasks(so.world) == {KS_CGC, AZ_COORD}


def test_who_knows_of_a_message() -> None:
    to_sora = case_message(e.InformationRequested, AZ_CORE, [SORA_NPO], name="to sora only")
    report = case_message(e.VisitReportSubmitted, SORA_NPO, sections=[Section.VISIT], actor=WORKER)
    so = given(LEARNED, COMMISSIONED, ASSIGNED, to_sora, report)

    def know(one: Any, **_: Any) -> set[Any]:
        message = so.world.case.messages[one.command_id]
        return {a for a in so.world.register.agencies if can_see_message(so.world, a, message, now=NOON)}

    assert know(LEARNED) == {MID_HOSP, AZ_CORE}
    assert know(to_sora) == {AZ_CORE, SORA_NPO}
    assert know(report) == {SORA_NPO, AZ_CORE}
    so.put(REGISTERED)
    assert know(LEARNED) == {MID_HOSP, AZ_CORE, AZ_COORD}
    so.put(CLOSED)
    assert know(report) == {AZ_CORE}


# --- what is only kept -----------------------------------------------------------------------------------------------


def test_a_receipt_opens_nothing_and_counts_as_a_reading_of_the_case() -> None:
    read = opening(LEARNED, AZ_CORE)
    receipt = e.DisclosureReceived(
        message=LEARNED.command_id,
        item=LEARNED.item().item,
        opening=read.command_id,
        ok=True,
        error_code=None,
    )
    so = given(LEARNED, read, event_input(AZ_CORE, receipt))
    assert so.world.access.version == 2
    assert so.world.access.opened == {read.command_id: (AZ_CORE, LEARNED.item().item)}


def test_a_refusal_changes_nothing_but_is_counted() -> None:
    before = next(iter(given().world.register.rules.values()))
    refusal = event_input(AZ_CORE, rule_book().event, on=About(e.Kind.RULE_BOOK, before.id))
    [event] = given().when(refusal)
    so = given(event_input(AZ_CORE, event, on=refusal.on))
    after = so.world.rules
    assert (after.rule_book, after.version) == (before.rule_book, before.version + 1)


def test_the_log_is_an_originator_too_and_keeps_what_it_was_asked() -> None:
    on = About(e.Kind.LOG, LOG)
    one = event_input(
        AZ_CORE, e.NetworkMembershipPublished(members=frozenset(), published_on=date(2025, 6, 2)), on=on
    )
    so = given(one)
    log = so.world.register.find(e.Kind.LOG, LOG)
    assert isinstance(log, Originator)
    assert log.version == 1
    assert log.has_payload(AZ_CORE, command_of(one, NOON).frame)
    assert not log.has_payload(AZ_COORD, command_of(one, NOON).frame)
    assert not log.has_payload(AZ_CORE, bytes(32))


def test_the_published_members_are_those_last_published() -> None:
    event = e.NetworkMembershipPublished(
        members=frozenset({AZ_CORE, MID_HOSP}), published_on=date(2025, 6, 2)
    )
    assert given(event_input(AZ_COORD, event)).world.register.networks[NETWORK].announced == {
        AZ_CORE,
        MID_HOSP,
    }


def test_a_hub_without_a_rule_book_has_an_empty_one() -> None:
    world = empty_world(Register(), CASE)
    assert (world.rule_book, world.rules.version) == ({}, 0)


def test_a_decision_in_a_case_without_network_rests_on_its_parties_only() -> None:
    command = command_of(case_message(e.InformationRequested, KS_CGC, [MID_HOSP, id_of("nobody")]), NOON)
    assert rests_on(given().world, command) == tuple(
        sorted((e.Kind.AGENCY, agency, 1) for agency in (KS_CGC, MID_HOSP))
    )


def test_a_reading_rests_on_its_case() -> None:
    so = given(LEARNED)
    actual = rests_on(so.world, command_of(opening(LEARNED, AZ_CORE), NOON))
    assert (e.Kind.CASE, CASE, 1) in actual
    assert access_of(CASE) not in {id for _, id, _ in actual}
