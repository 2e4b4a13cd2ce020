"""What waits for whom, since when and until when; and nothing that is already done."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from domain.codes import Section
from domain.events import (
    ContractorReinstated,
    ContractorSuspended,
    DisclosureHeld,
    DisclosureReceived,
    FamilyInformationProvided,
    FollowOnServiceAccepted,
    FollowOnServiceArranged,
    InformationRequestAnswered,
    InformationRequestDeclined,
    InformationRequested,
    ItemsRewrapped,
    Kind,
    NetworkCaseDeregistered,
    NetworkCaseRegistered,
    NetworkCaseRegistrationRequested,
    NetworkMembershipPublished,
    PlanReviewed,
    ProgrammeNotificationReceived,
    ReferralAcknowledged,
    ReferralRead,
    Rewrapped,
    SupportPlanFormulated,
    VisitReportSubmitted,
)
from domain.record import HUB, About, access_of
from domain.register import Originator, Register
from domain.tasks import Task, TaskKind, concerned, knows_of, tasks
from domain.world import empty_world, rests_on
from tests.domain.kit import (
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
    given,
    id_of,
    jst,
    opening,
    plan,
    rule_book,
    said,
    tell,
    wish_of,
)

MORNING = jst("2025-05-07 09:00")
K = TaskKind


def waits(so: Given, agency: Any, now: datetime = NOON) -> list[tuple[TaskKind, Any, datetime | None]]:
    """Kind, message and day of what waits for this agency."""
    return [(t.kind, t.message, t.due_at) for t in tasks(so.world, agency, now=now)]


# --- referrals -----------------------------------------------------------------------------------------------

REFERRALS = [
    pytest.param(FamilyInformationProvided, MID_HOSP, id="information of a family"),
    pytest.param(ProgrammeNotificationReceived, KS_CGC, id="notice of the child guidance centre"),
]


@pytest.mark.parametrize(("act", "by"), REFERRALS)
def test_a_referral_is_acknowledged_in_a_day_and_read_in_two_by_each_who_got_it(act: Any, by: Any) -> None:
    news = tell(act, by, [AZ_CORE, AZ_COORD], [Section.BASIC], name="news", at=MORNING)
    so = given(LEARNED, news)
    both = [
        (K.ACKNOWLEDGE, news.ask, jst("2025-05-08 09:00")),
        (K.READ, news.ask, jst("2025-05-09 09:00")),
        (K.ACT, news.ask, jst("2025-05-21 09:00")),
    ]
    assert waits(so, AZ_COORD) == both
    so.put(tell(ReferralAcknowledged, AZ_COORD, answers=news.ask))
    assert waits(so, AZ_COORD) == both[1:]
    so.put(tell(ReferralRead, AZ_COORD, answers=news.ask))
    assert waits(so, AZ_COORD) == both[2:]
    assert waits(so, AZ_CORE)[-3:] == both
    assert waits(so, by) == []


# --- requests ------------------------------------------------------------------------------------------------

ASKED = tell(InformationRequested, AZ_CORE, [MID_HOSP, KS_CGC], due_on=date(2025, 6, 10))


@pytest.mark.parametrize("act", [InformationRequestAnswered, InformationRequestDeclined])
def test_a_request_waits_for_each_until_the_end_of_its_day_in_japan(act: Any) -> None:
    so = given(LEARNED, ASKED, tell(act, MID_HOSP, [AZ_CORE], reason="NOTHING_KNOWN", answers=ASKED.ask))
    assert waits(so, MID_HOSP) == []
    assert waits(so, KS_CGC) == [(K.ANSWER, ASKED.ask, jst("2025-06-11 00:00"))]


def test_a_request_without_a_day_waits_without_a_time() -> None:
    so = given(LEARNED, tell(InformationRequested, AZ_CORE, [KS_CGC]))
    assert waits(so, KS_CGC) == [(K.ANSWER, id_of("information.requested"), None)]


def test_what_a_contractor_may_not_see_does_not_wait_for_it() -> None:
    asked = tell(InformationRequested, AZ_CORE, [SORA_NPO])
    assert waits(given(LEARNED, COMMISSIONED, asked), SORA_NPO) == []
    assert waits(given(LEARNED, READY, asked), SORA_NPO) == [(K.ANSWER, asked.ask, None)]


# --- registration ---------------------------------------------------------------------------------------------

SOUGHT = tell(NetworkCaseRegistrationRequested, AZ_CORE, [AZ_COORD])
AGAIN = tell(NetworkCaseRegistrationRequested, AZ_CORE, [AZ_COORD], name="again")
DEREGISTERED = tell(NetworkCaseDeregistered, AZ_COORD, reason="MOVED_AWAY")


@pytest.mark.parametrize(
    ("past", "waiting"),
    [
        pytest.param([SOUGHT], [SOUGHT], id="asked"),
        pytest.param([SOUGHT, REGISTERED], [], id="registered"),
        pytest.param([SOUGHT, REGISTERED, DEREGISTERED], [], id="deregistered, not asked again"),
        pytest.param([SOUGHT, REGISTERED, DEREGISTERED, AGAIN], [AGAIN], id="asked again"),
    ],
)
def test_registration_waits_for_the_coordinating_agency_until_it_is_done(past: Any, waiting: Any) -> None:
    assert waits(given(LEARNED, past), AZ_COORD) == [(K.REGISTER, one.ask, None) for one in waiting]


def test_registration_waits_for_nobody_who_does_not_coordinate() -> None:
    to_another = tell(NetworkCaseRegistrationRequested, AZ_CORE, [KS_CGC])
    assert waits(given(LEARNED, to_another), KS_CGC) == []


# --- keys -----------------------------------------------------------------------------------------------------


def test_keys_for_the_coordinating_agency_wait_since_registration_until_they_are_made() -> None:
    so = given(LEARNED, tell(NetworkCaseRegistered, AZ_COORD, [AZ_CORE], at=MORNING))
    [task] = [t for t in tasks(so.world, AZ_CORE, now=NOON) if t.kind is K.REWRAP]
    assert task == Task(K.REWRAP, CASE, None, MORNING, None)
    wraps = (Rewrapped(item=LEARNED.item().item, to=AZ_COORD),)
    so.put(said(AZ_CORE, ItemsRewrapped(wraps=wraps)))
    assert K.REWRAP not in {kind for kind, *_ in waits(so, AZ_CORE)}


def test_keys_of_a_later_item_wait_since_it_was_sent_and_without_registration_too() -> None:
    report = tell(VisitReportSubmitted, SORA_NPO, sections=[Section.VISIT], actor=WORKER, at=MORNING)
    so = given(LEARNED, READY, report)
    assert [t.since for t in tasks(so.world, SORA_NPO, now=NOON)] == [MORNING]


# --- what is held -----------------------------------------------------------------------------------------------

SUSPENDED = said(HUB, ContractorSuspended(gaps=frozenset({"x"})))
WAITING = tell(DisclosureHeld, AZ_CORE, [SORA_NPO], [Section.PLAN], name="waiting", held=[SORA_NPO])
REINSTATED = said(AZ_CORE, ContractorReinstated())


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
    assert [(k, m) for k, m, _ in waits(so, AZ_CORE) if m != LEARNED.ask] == [(k, WAITING.ask) for k in kinds]
    assert waits(so, SORA_NPO) == []
    assert not knows_of(so.world, SORA_NPO, so.world.case.messages[WAITING.ask], now=NOON)


def test_one_addressee_is_ready_and_another_is_not() -> None:
    both = tell(DisclosureHeld, AZ_CORE, [SORA_NPO, HIDA_SWC], [Section.PLAN], held=[SORA_NPO, HIDA_SWC])
    so = given(LEARNED, READY, both)
    assert [k for k, m, _ in waits(so, AZ_CORE) if m == both.ask] == [K.RELEASE, K.HELD]


# --- after the support, and during it -----------------------------------------------------------------------------


def test_a_follow_on_waits_fourteen_days_for_each_until_it_is_accepted() -> None:
    arranged = tell(FollowOnServiceArranged, AZ_CORE, [EXT_SERVICE, SORA_NPO], at=MORNING)
    so = given(LEARNED, COMMENCED, CLOSED, arranged)
    accept = [(K.ACCEPT, arranged.ask, jst("2025-05-21 09:00"))]
    assert waits(so, EXT_SERVICE) == waits(so, SORA_NPO) == accept
    so.put(tell(FollowOnServiceAccepted, EXT_SERVICE, answers=arranged.ask))
    assert waits(so, EXT_SERVICE) == []
    assert waits(so, SORA_NPO) == accept


BEGUN = tell(type(COMMENCED.fact), AZ_CORE, at=jst("2025-05-31 18:00"))  # type: ignore[arg-type]


def planned(review_due_on: date | None) -> Any:
    return tell(
        SupportPlanFormulated, AZ_CORE, sections=[Section.PLAN], plan=plan(review_due_on=review_due_on)
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
            [planned(date(2025, 7, 1)), BEGUN, tell(PlanReviewed, AZ_CORE, at=jst("2025-07-01 10:00"))],
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
    assert concerned(given(LEARNED, TO_SORA).world) == {MID_HOSP, AZ_CORE, AZ_COORD, SORA_NPO}
    assert concerned(given().world) == set()


def test_a_case_of_no_network_has_no_registration_to_wait_for() -> None:
    so = given(tell(NetworkCaseRegistrationRequested, KS_CGC, [AZ_COORD]))
    assert waits(so, AZ_COORD) == []
    assert concerned(so.world) == {KS_CGC, AZ_COORD}


def test_who_knows_of_a_message() -> None:
    to_sora = tell(InformationRequested, AZ_CORE, [SORA_NPO], name="to sora only")
    report = tell(VisitReportSubmitted, SORA_NPO, sections=[Section.VISIT], actor=WORKER)
    so = given(LEARNED, COMMISSIONED, ASSIGNED, to_sora, report)

    def know(one: Any, **_: Any) -> set[Any]:
        message = so.world.case.messages[one.ask]
        return {a for a in so.world.register.agencies if knows_of(so.world, a, message, now=NOON)}

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
    receipt = DisclosureReceived(
        message=LEARNED.ask, item=LEARNED.item().item, opening=read.ask, ok=True, flaw=None
    )
    so = given(LEARNED, read, said(AZ_CORE, receipt))
    assert so.world.access.version == 2
    assert so.world.access.opened == {read.ask: (AZ_CORE, LEARNED.item().item)}


def test_a_refusal_changes_nothing_but_is_counted() -> None:
    book = next(iter(given().world.register.rules.values()))
    refusal = said(AZ_CORE, rule_book().fact, on=About(Kind.RULE_BOOK, book.id))
    [fact] = given().when(refusal)
    so = given(said(AZ_CORE, fact, on=refusal.on))
    after = so.world.rules
    assert (after.book, after.version) == (book.book, book.version + 1)


def test_the_log_is_an_originator_too_and_keeps_what_it_was_asked() -> None:
    on = About(Kind.LOG, LOG)
    one = said(AZ_CORE, NetworkMembershipPublished(members=frozenset(), published_on=date(2025, 6, 2)), on=on)
    so = given(one)
    log = so.world.register.find(Kind.LOG, LOG)
    assert isinstance(log, Originator)
    assert log.version == 1
    assert log.knows_frame(AZ_CORE, wish_of(one, NOON).frame)
    assert not log.knows_frame(AZ_COORD, wish_of(one, NOON).frame)
    assert not log.knows_frame(AZ_CORE, bytes(32))


def test_the_published_members_are_those_last_published() -> None:
    fact = NetworkMembershipPublished(members=frozenset({AZ_CORE, MID_HOSP}), published_on=date(2025, 6, 2))
    assert given(said(AZ_COORD, fact)).world.register.networks[NETWORK].announced == {AZ_CORE, MID_HOSP}


def test_a_hub_without_a_rule_book_has_an_empty_one() -> None:
    world = empty_world(Register(), CASE)
    assert (world.book, world.rules.version) == ({}, 0)


def test_a_decision_about_a_case_without_network_rests_on_its_parties_alone() -> None:
    wish = wish_of(tell(InformationRequested, KS_CGC, [MID_HOSP, id_of("nobody")]), NOON)
    assert rests_on(given().world, wish) == tuple(
        sorted((Kind.AGENCY, agency, 1) for agency in (KS_CGC, MID_HOSP))
    )


def test_a_reading_rests_on_its_case() -> None:
    so = given(LEARNED)
    found = rests_on(so.world, wish_of(opening(LEARNED, AZ_CORE), NOON))
    assert (Kind.CASE, CASE, 1) in found
    assert access_of(CASE) not in {id for _, id, _ in found}
