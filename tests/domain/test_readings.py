"""Reading: an opening is decided at its moment, a refusal is a fact, and keys are re-wrapped only where due."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.codes import Purpose, Section
from domain.decide import decide, rewrapper
from domain.errors import NotThere
from domain.events import (
    DisclosureReceived,
    FollowOnServiceArranged,
    ItemsRewrapped,
    OpeningRefused,
    Rewrapped,
    WrapFetchedForRewrap,
)
from domain.reasons import Reason
from domain.record import AUDIT, REGISTRY
from domain.visibility import pending_keys
from domain.world import may_speak_of, placing, rests_on
from tests.domain.kit import (
    AZ_COORD,
    AZ_CORE,
    CASE,
    CLOSED,
    COMMISSION,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NETWORK,
    NOON,
    PLACED,
    READY,
    REGISTERED,
    SORA_NPO,
    TO_SORA,
    WORKER,
    Given,
    given,
    id_of,
    opening,
    refused,
    said,
    tell,
    wish_of,
)


def refusal(wish, reason: Reason) -> list[OpeningRefused]:  # type: ignore[no-untyped-def]
    fact = wish.fact
    return [
        OpeningRefused(
            message=fact.message, item=fact.item, section=fact.section, purpose=fact.purpose, reason=reason
        )
    ]


def test_who_may_open_opens() -> None:
    wish = opening(LEARNED, AZ_CORE)
    assert given(LEARNED).when(wish) == [wish.fact]


@pytest.mark.parametrize(
    ("past", "wish", "reason"),
    [
        pytest.param([LEARNED], opening(LEARNED, KS_CGC), Reason.NOT_YOURS, id="a stranger"),
        pytest.param(
            [LEARNED], opening(LEARNED, AUDIT), Reason.AUDITOR_OPENS_NOTHING, id="the auditor (V10)"
        ),
        pytest.param([LEARNED], opening(LEARNED, REGISTRY), Reason.AUDITOR_OPENS_NOTHING, id="the registry"),
        pytest.param(
            [LEARNED, READY, TO_SORA],
            opening(TO_SORA, SORA_NPO, actor="W-S9"),
            Reason.WORKER_NOT_READY,
            id="another visitor (V6)",
        ),
        pytest.param(
            [LEARNED, READY, TO_SORA, CLOSED],
            opening(TO_SORA, SORA_NPO, actor=WORKER),
            Reason.CASE_CLOSED,
            id="after closing (V8)",
        ),
    ],
)
def test_who_may_not_open_is_refused_on_record(past, wish, reason) -> None:  # type: ignore[no-untyped-def]
    assert given(past).when(wish) == refusal(wish, reason)


def test_the_visitor_that_is_ready_and_assigned_opens() -> None:
    wish = opening(TO_SORA, SORA_NPO, actor=WORKER)
    assert given(LEARNED, READY, TO_SORA).when(wish) == [wish.fact]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"item": id_of("no item")}, id="no such item"),
        pytest.param({"message": id_of("no message")}, id="another message"),
        pytest.param({"section": Section.RISK}, id="another section"),
    ],
)
def test_what_does_not_agree_is_not_there(change) -> None:  # type: ignore[no-untyped-def]
    wish = opening(LEARNED, AZ_CORE)
    so, wrong = given(LEARNED), replace(wish, fact=replace(wish.fact, **change))
    with pytest.raises(NotThere):
        so.when(wrong)


# --- receipts ---------------------------------------------------------------------------------------------------


def received(of, by, *, ok: bool = True):  # type: ignore[no-untyped-def]
    fact = of.fact
    return said(
        by,
        DisclosureReceived(
            message=fact.message, item=fact.item, opening=of.ask, ok=ok, flaw=None if ok else "x/y"
        ),
    )


def test_a_receipt_answers_ones_own_opening_only() -> None:
    wish = opening(LEARNED, AZ_CORE)
    so = given(LEARNED, wish)
    mine, anothers = received(wish, AZ_CORE), received(wish, MID_HOSP)
    assert so.when(mine) == [mine.fact]
    assert so.when(anothers) == refused(anothers, Reason.UNKNOWN_MESSAGE)


# --- keys for readers whose standing access began later -------------------------------------------------------------


def keyed(message, *readers):  # type: ignore[no-untyped-def]
    """The message with wraps for these."""
    items = tuple(replace(i, keyed=frozenset(readers)) for i in message.fact.items)
    return replace(message, fact=replace(message.fact, items=items))


FIRST = keyed(LEARNED, MID_HOSP, AZ_CORE)


def duties(so: Given) -> set[tuple[Section, object]]:
    world = so.world
    return {(i.section, to) for _, i, to in pending_keys(world.register, world.case, book=world.book)}


def fetch(of, by, n: int = 0):  # type: ignore[no-untyped-def]
    item = of.item(n)
    return said(by, WrapFetchedForRewrap(message=of.ask, item=item.item, section=item.section))


def test_registration_brings_the_duty_to_wrap_what_the_coordinating_agency_may_read() -> None:
    assert duties(given(FIRST)) == set()
    so = given(FIRST, REGISTERED)
    assert duties(so) == {(Section.BASIC, AZ_COORD)}
    message = so.world.case.messages[FIRST.ask]
    assert rewrapper(so.world, message) == AZ_CORE


def test_who_got_its_key_with_the_message_is_owed_none() -> None:
    assert duties(given(keyed(LEARNED, MID_HOSP, AZ_CORE, AZ_COORD), REGISTERED)) == set()


def test_the_responsible_door_fetches_its_wrap_and_makes_the_new_one() -> None:
    so = given(FIRST, REGISTERED)
    wish = fetch(FIRST, AZ_CORE)
    assert so.when(wish) == [wish.fact]
    made = said(AZ_CORE, ItemsRewrapped(wraps=(Rewrapped(item=FIRST.item().item, to=AZ_COORD),)))
    assert so.when(made) == [made.fact]
    so.put(made)
    assert duties(so) == set()


@pytest.mark.parametrize(
    ("by", "n", "to"),
    [
        pytest.param(MID_HOSP, 0, AZ_COORD, id="another door"),
        pytest.param(AZ_CORE, 1, AZ_COORD, id="a section it has no standing access to"),
        pytest.param(AZ_CORE, 0, KS_CGC, id="a reader without standing access"),
    ],
)
def test_no_other_wrap_is_made(by, n, to) -> None:  # type: ignore[no-untyped-def]
    so = given(FIRST, REGISTERED)
    made = said(by, ItemsRewrapped(wraps=(Rewrapped(item=FIRST.item(n).item, to=to),)))
    assert so.when(made) == refused(made, Reason.NO_REWRAP_DUTY)


def test_no_wrap_is_fetched_and_none_made_where_there_is_no_duty() -> None:
    wish = fetch(FIRST, AZ_CORE)
    assert given(FIRST).when(wish) == refused(wish, Reason.NO_REWRAP_DUTY)
    nothing = said(AZ_CORE, ItemsRewrapped(wraps=()))
    assert given(FIRST, REGISTERED).when(nothing) == refused(nothing, Reason.NO_REWRAP_DUTY)


def test_where_the_core_agency_has_no_key_the_author_wraps() -> None:
    visit = tell_visit()
    so = given(LEARNED, READY, visit)
    assert rewrapper(so.world, so.world.case.messages[visit.ask]) == SORA_NPO


def tell_visit():  # type: ignore[no-untyped-def]
    from domain.events import VisitReportSubmitted

    return tell(VisitReportSubmitted, SORA_NPO, sections=[Section.VISIT], actor=WORKER)


# --- who is heard at all ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "wish", "heard"),
    [
        pytest.param([], LEARNED, True, id="news of a new family"),
        pytest.param(
            [LEARNED], replace(LEARNED, by=KS_CGC, ask=id_of("news")), True, id="news of a known one"
        ),
        pytest.param([], TO_SORA, False, id="anything else about a case that is not there"),
        pytest.param([LEARNED], replace(TO_SORA, by=EXT_SERVICE), False, id="a stranger"),
        pytest.param(
            [LEARNED], replace(TO_SORA, by=AZ_COORD), True, id="the coordinating agency of its network"
        ),
        pytest.param([LEARNED], replace(TO_SORA, by=MID_HOSP), True, id="who wrote before"),
        pytest.param([LEARNED, READY], replace(TO_SORA, by=SORA_NPO), True, id="who was assigned"),
    ],
)
def test_a_case_is_there_only_for_those_who_have_a_part_in_it(past, wish, heard) -> None:  # type: ignore[no-untyped-def]
    assert may_speak_of(given(past).world, wish_of(wish, NOON)) is heard


def test_the_first_message_that_can_settles_network_and_core_agency() -> None:
    bare = replace(LEARNED, fact=replace(LEARNED.fact, placed=None))
    world = given().world
    assert placing(world, wish_of(bare, NOON)) == PLACED
    [fact] = decide(world, wish_of(bare, NOON), now=NOON)
    assert fact == replace(bare.fact, placed=PLACED)  # type: ignore[type-var]
    assert placing(given(LEARNED).world, wish_of(bare, NOON)) is None


def test_a_decision_names_what_it_rests_on() -> None:
    world = given(LEARNED, READY).world
    rested = {(kind, id) for kind, id, _ in rests_on(world, wish_of(TO_SORA, NOON))}
    assert {
        ("commission", COMMISSION),
        ("network", NETWORK),
        ("agency", AZ_CORE),
        ("agency", SORA_NPO),
    } == rested
    from_coord = wish_of(replace(TO_SORA, by=AZ_COORD), NOON)
    assert ("agency", AZ_CORE) in {(kind, id) for kind, id, _ in rests_on(world, from_coord)}
    follow_on = wish_of(tell(FollowOnServiceArranged, AZ_CORE, [SORA_NPO]), NOON)
    assert ("commission", COMMISSION) in {(kind, id) for kind, id, _ in rests_on(world, follow_on)}
    wish = wish_of(opening(LEARNED, AZ_CORE), NOON)
    assert ("case", CASE, world.case.version) in rests_on(world, wish)
    assert Purpose.SUPPORT in set(Purpose)
