"""The audit office opens nothing but what it asked for and two officials let it, item by item, for a time (V10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain.calendar import end_of
from domain.codes import AuditGround, Section
from domain.decide import rewrapper
from domain.events import (
    AuditContentAccessGranted,
    AuditContentAccessRequested,
    AuditControlRequested,
    AuditMandateBegan,
    DisclosureMade,
    HubFounded,
    ItemsRewrapped,
    KeyDestroyed,
    Rewrapped,
    UseStopped,
    WrapFetchedForRewrap,
)
from domain.reasons import Reason
from domain.record import AUDIT, HUB, REGISTRY
from domain.visibility import pending_keys
from domain.world import rests_on
from tests.domain.kit import (
    AZ_COORD,
    AZ_CORE,
    CASE,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    LOG,
    MID_HOSP,
    NOON,
    Given,
    Said,
    consent_of,
    given,
    id_of,
    items,
    jst,
    opening,
    refused,
    said,
    tell,
    wish_of,
    withdrawn,
)
from tests.domain.test_readings import refusal

S = Section
UNTIL = date(2025, 6, 30)
FOUNDED = said(REGISTRY, HubFounded(mode="rehearsal"))
FILE = tell(DisclosureMade, AZ_CORE, [], [S.RISK, S.ADDR, S.NOTIFIER, S.SOURCE], name="file")
NAMED = frozenset({LEARNED.item(1).item, FILE.item(0).item})


def asks(opens: Any = NAMED, *, by: Any = AUDIT, **changed: Any) -> Said:
    fact = AuditContentAccessRequested(
        case=CASE, opens=frozenset(opens), ground=AuditGround.AUDIT, until=UNTIL
    )
    return said(by, replace(fact, **changed), name="asks")


def lets(actor: str = "p-1", by: Any = AZ_CORE, **changed: Any) -> Said:
    usual: dict[str, Any] = {"grants": id_of("asks"), "opens": NAMED, "until": UNTIL}
    return tell(AuditContentAccessGranted, by, actor=actor, name=f"lets {actor} {by}", **{**usual, **changed})


def so_far(*past: Any) -> Given:
    return given(FOUNDED, LEARNED, FILE, *past)


LET = (asks(), lets(), lets("p-2", AZ_COORD))


def test_with_the_second_officials_word_and_not_before_it_opens_what_was_named() -> None:
    so = so_far(asks())
    assert so.when(asks()) == [asks().fact]
    for one, opens in ((lets(), set()), (lets("p-2"), NAMED)):
        assert so.when(one) == [one.fact]
        so.put(one)
        assert so.opens(AUDIT) == opens
    assert so.opens(REGISTRY) == set()
    wish = opening(FILE, AUDIT)
    assert so.when(wish) == [wish.fact]
    other = opening(LEARNED, AUDIT)
    assert so.when(other) == refusal(other, Reason.AUDITOR_OPENS_NOTHING)


def test_two_officials_of_two_requests_are_one_each() -> None:
    again = replace(asks(), ask=id_of("asks again"))
    so = so_far(asks(), again, lets(), lets("p-2", grants=id_of("asks again")))
    assert so.opens(AUDIT) == set()


def test_after_the_last_day_in_japan_it_is_over_to_the_minute() -> None:
    so = so_far(*LET)
    assert so.opens(AUDIT, now=jst("2025-06-30 23:59")) == NAMED
    assert so.opens(AUDIT, now=jst("2025-07-01 00:00")) == set()


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(asks(by=AZ_CORE), Reason.NOT_YOURS, id="an agency asks as if it were the audit office"),
        pytest.param(asks(()), Reason.NOTHING_TO_OPEN, id="all of a case, or nothing"),
        pytest.param(asks(until=date(2025, 6, 1)), Reason.ACCESS_OVER, id="for a day that is over"),
    ],
)
def test_the_audit_office_asks_for_named_items_and_for_a_time(wish: Said, reason: Reason) -> None:
    assert so_far().when(wish) == refused(wish, reason)


@pytest.mark.parametrize(
    ("past", "wish", "reason"),
    [
        pytest.param((), lets(), Reason.UNKNOWN_MESSAGE, id="nobody asked"),
        pytest.param(
            (asks(case=id_of("another case")),), lets(), Reason.UNKNOWN_MESSAGE, id="asked for another case"
        ),
        pytest.param((asks(),), lets(by=MID_HOSP), Reason.NOT_AN_AUTHORITY, id="a hospital"),
        pytest.param(
            (asks(),), lets(opens=items(FILE)), Reason.ITEMS_DIFFER, id="more than what was asked for"
        ),
        pytest.param((asks(),), lets(until=date(2025, 7, 1)), Reason.ITEMS_DIFFER, id="for longer"),
        pytest.param(
            (asks({id_of("x")}),),
            lets(opens=frozenset({id_of("x")})),
            Reason.NOTHING_TO_OPEN,
            id="no such item",
        ),
        pytest.param(
            (asks(), lets()),
            replace(lets(), ask=id_of("again")),
            Reason.SECOND_PERSON_MISSING,
            id="the same official twice",
        ),
        pytest.param(LET, lets("p-3", KS_CGC), Reason.ALREADY_ANSWERED, id="a third official"),
        *(
            pytest.param(
                (asks({FILE.item(n).item}),),
                lets(opens=frozenset({FILE.item(n).item})),
                Reason.NEVER_FOR_ROLE,
                id=f"{FILE.item(n).section}",
            )
            for n in (1, 2, 3)
        ),
        pytest.param(
            (asks({FILE.item(0).item, FILE.item(1).item}),),
            lets(opens=frozenset({FILE.item(0).item, FILE.item(1).item})),
            Reason.NEVER_FOR_ROLE,
            id="a hidden address beside what may be opened",
        ),
    ],
)
def test_officials_let_just_what_was_asked_for(past: Any, wish: Said, reason: Reason) -> None:
    assert so_far(*past).when(wish) == refused(wish, reason)


def test_nothing_is_asked_for_nor_let_after_the_last_day() -> None:
    wish, over = lets(), jst("2025-07-01 00:00")
    assert so_far().when(asks(), now=over) == refused(asks(), Reason.ACCESS_OVER)
    assert so_far().when(asks(), now=over - timedelta(seconds=1)) == [asks().fact]
    assert so_far(asks()).when(wish, now=over) == refused(wish, Reason.ACCESS_OVER)


# --- the keys for it -------------------------------------------------------------------------------------------


def made(by: Any, item: Any) -> Said:
    return said(by, ItemsRewrapped(wraps=(Rewrapped(item=item, to="AUDIT"),)))


def test_the_owners_door_makes_the_keys_once_two_have_let_it() -> None:
    def duties(so: Given) -> set[Any]:
        world = so.world
        return {
            i.item for _, i, to in pending_keys(world.register, world.case, book=world.book) if to == AUDIT
        }

    so = so_far(asks(), lets())
    early = made(AZ_CORE, FILE.item(0).item)
    assert duties(so) == set()
    assert so.when(early) == refused(early, Reason.NO_REWRAP_DUTY)
    so.put(lets("p-2"))
    assert duties(so) == NAMED
    assert rewrapper(so.world, so.world.case.messages[LEARNED.ask]) == AZ_CORE
    item = FILE.item(0)
    fetch = said(AZ_CORE, WrapFetchedForRewrap(message=FILE.ask, item=item.item, section=item.section))
    assert so.when(fetch) == [fetch.fact]
    assert so.when(early) == [early.fact]
    so.put(early)
    assert duties(so) == NAMED - {item.item}
    for wrong in (made(MID_HOSP, LEARNED.item(1).item), made(AZ_CORE, FILE.item(1).item)):
        assert so.when(wrong) == refused(wrong, Reason.NO_REWRAP_DUTY)


def test_an_officials_word_rests_on_the_request_in_the_log() -> None:
    so = so_far(asks())
    kinds = {(kind, id) for kind, id, _ in rests_on(so.world, wish_of(lets(), NOON))}
    assert ("log", LOG) in kinds


# --- what closes it ----------------------------------------------------------------------------------------------


def test_what_was_destroyed_or_is_used_no_more_is_closed_to_it_too() -> None:
    so = so_far(*LET)
    gone = KeyDestroyed(
        scope=CASE,
        sections=frozenset({S.RISK}),
        keys=frozenset({"sk"}),
        generation=2,
        last_version=9,
        approved=id_of("appraisal"),
    )
    so.put(said(HUB, gone), by_hub=True)
    wish = opening(FILE, AUDIT)
    assert so.when(wish) == refusal(wish, Reason.DESTROYED)
    so.put(tell(UseStopped, MID_HOSP, stops=LEARNED.ask))
    wish = opening(LEARNED, AUDIT, n=1)
    assert so.when(wish) == refusal(wish, Reason.USE_STOPPED)


def test_what_rested_on_a_withdrawn_consent_does_not_come_back_by_it() -> None:
    told = tell(
        DisclosureMade, AZ_CORE, [EXT_SERVICE], [S.BASIC], "CONSENT", name="told", consent=[id_of("C1")]
    )
    opens = frozenset(items(told))
    so = so_far(consent_of(), told, asks(opens), lets(opens=opens), lets("p-2", opens=opens))
    assert so.opens(AUDIT) == opens
    so.put(withdrawn())
    wish = opening(told, AUDIT)
    assert so.when(wish) == refusal(wish, Reason.CONSENT_WITHDRAWN)


# --- control, and mandates -------------------------------------------------------------------------------


def control(by: Any = AUDIT, case: Any = CASE) -> Said:
    return said(by, AuditControlRequested(case=case, ground=AuditGround.AUDIT), name=f"control {case}")


def mandate(number: int, until: date = UNTIL, by: Any = REGISTRY) -> Said:
    return said(by, AuditMandateBegan(number=number, until=until), name=f"mandate {number}")


@pytest.mark.parametrize("case", [CASE, None])
def test_the_audit_office_alone_asks_for_control(case: Any) -> None:
    so = so_far()
    assert so.when(control(case=case)) == [control(case=case).fact]
    for other in (AZ_CORE, REGISTRY):
        assert so.when(control(other)) == refused(control(other), Reason.NOT_YOURS)
    assert so.opens(AUDIT) == set()


def test_a_request_for_control_ends_with_its_mandate() -> None:
    so = so_far(control())
    assert set(so.world.register.control_requests) == {id_of(f"control {CASE}")}
    so.put(mandate(2))
    assert so.world.register.mandate == 2
    assert so.world.register.control_requests == {}


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(mandate(2, by=AUDIT), Reason.NOT_YOURS, id="the audit office gives itself one"),
        pytest.param(mandate(2, by=AZ_CORE), Reason.NOT_YOURS, id="an agency gives one"),
        pytest.param(mandate(1), Reason.MANDATE_OUT_OF_TURN, id="the first again"),
        pytest.param(mandate(3), Reason.MANDATE_OUT_OF_TURN, id="one left out"),
        pytest.param(mandate(2, date(2025, 6, 2)), Reason.MANDATE_OUT_OF_TURN, id="over today"),
        pytest.param(mandate(2, date(2026, 6, 4)), Reason.MANDATE_OUT_OF_TURN, id="for more than a year"),
    ],
)
def test_a_mandate_is_the_registrys_to_give_one_after_the_other_for_a_year_at_most(
    wish: Said, reason: Reason
) -> None:
    assert so_far().when(wish) == refused(wish, reason)
    assert so_far().when(mandate(2, date(2026, 6, 3))) == [mandate(2, date(2026, 6, 3)).fact]


def test_a_mandate_is_over_when_its_last_day_is_and_the_first_after_a_year() -> None:
    so = given(said(REGISTRY, HubFounded(mode="rehearsal")))
    founded = so.records[-1].at
    assert not so.world.register.mandate_over(founded + timedelta(days=365))
    assert so.world.register.mandate_over(founded + timedelta(days=368))
    last = founded.date() + timedelta(days=30)
    so.put(mandate(2, last))
    register = so.world.register
    assert register.mandate_until == end_of(last)
    assert (
        register.mandate_over(end_of(last) - timedelta(seconds=1)),
        register.mandate_over(end_of(last)),
    ) == (
        False,
        True,
    )
