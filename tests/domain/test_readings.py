"""Reading: an opening is decided at its moment, a refusal is an event, and keys are re-wrapped only where due."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import events as e
from domain.codes import Purpose, Section
from domain.decide import decide, rewrapper
from domain.errors import NotFound
from domain.reasons import Reason
from domain.record import AUDIT, REGISTRARS
from domain.visibility import pending_keys
from domain.world import may_address_case, placement_of, rests_on
from tests.domain.builders import (
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
    case_message,
    command_of,
    event_input,
    given,
    id_of,
    opening,
    refused,
)


def refusal(command, reason: Reason) -> list[e.OpeningRefused]:  # type: ignore[no-untyped-def]
    event = command.event
    return [
        e.OpeningRefused(
            message=event.message,
            item=event.item,
            section=event.section,
            purpose=event.purpose,
            reason=reason,
        )
    ]


def test_who_may_open_opens() -> None:
    command = opening(LEARNED, AZ_CORE)
    assert given(LEARNED).when(command) == [command.event]


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param([LEARNED], opening(LEARNED, KS_CGC), Reason.NOT_YOURS, id="a stranger"),
        pytest.param(
            [LEARNED], opening(LEARNED, AUDIT), Reason.AUDITOR_OPENS_NOTHING, id="the auditor (V10)"
        ),
        pytest.param(
            [LEARNED], opening(LEARNED, REGISTRARS), Reason.AUDITOR_OPENS_NOTHING, id="the registrars"
        ),
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
def test_who_may_not_open_is_refused_on_record(past, command, reason) -> None:  # type: ignore[no-untyped-def]
    assert given(past).when(command) == refusal(command, reason)


def test_the_visitor_that_is_ready_and_assigned_opens() -> None:
    command = opening(TO_SORA, SORA_NPO, actor=WORKER)
    assert given(LEARNED, READY, TO_SORA).when(command) == [command.event]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"item": id_of("no item")}, id="no such item"),
        pytest.param({"message": id_of("no message")}, id="another message"),
        pytest.param({"section": Section.RISK}, id="another section"),
    ],
)
def test_what_does_not_agree_is_not_there(change) -> None:  # type: ignore[no-untyped-def]
    command = opening(LEARNED, AZ_CORE)
    so, wrong = given(LEARNED), replace(command, event=replace(command.event, **change))
    with pytest.raises(NotFound):
        so.when(wrong)


# --- receipts ---------------------------------------------------------------------------------------------------


def received(of, by, *, ok: bool = True):  # type: ignore[no-untyped-def]
    event = of.event
    return event_input(
        by,
        e.DisclosureReceived(
            message=event.message,
            item=event.item,
            opening=of.command_id,
            ok=ok,
            error_code=None if ok else "x/y",
        ),
    )


def test_a_receipt_answers_ones_own_opening_only() -> None:
    command = opening(LEARNED, AZ_CORE)
    so = given(LEARNED, command)
    mine, anothers = received(command, AZ_CORE), received(command, MID_HOSP)
    assert so.when(mine) == [mine.event]
    assert so.when(anothers) == refused(anothers, Reason.UNKNOWN_MESSAGE)


# --- keys for readers whose standing access began later -------------------------------------------------------------


def keyed(message, *readers):  # type: ignore[no-untyped-def]
    """The message with wrapped keys for these."""
    items = tuple(replace(i, keyed=frozenset(readers)) for i in message.event.items)
    return replace(message, event=replace(message.event, items=items))


FIRST = keyed(LEARNED, MID_HOSP, AZ_CORE)


def duties(so: Given) -> set[tuple[Section, object]]:
    world = so.world
    return {
        (i.section, to) for _, i, to in pending_keys(world.register, world.case, rule_book=world.rule_book)
    }


def fetch(of, by, n: int = 0):  # type: ignore[no-untyped-def]
    item = of.item(n)
    return event_input(
        by, e.WrappedKeyFetchedForRewrap(message=of.command_id, item=item.item, section=item.section)
    )


def test_registration_brings_the_duty_to_wrap_what_the_coordinating_agency_may_read() -> None:
    assert duties(given(FIRST)) == set()
    so = given(FIRST, REGISTERED)
    assert duties(so) == {(Section.BASIC, AZ_COORD)}
    message = so.world.case.messages[FIRST.command_id]
    assert rewrapper(so.world, message) == AZ_CORE


def test_who_got_its_key_with_the_message_is_owed_none() -> None:
    assert duties(given(keyed(LEARNED, MID_HOSP, AZ_CORE, AZ_COORD), REGISTERED)) == set()


def test_the_responsible_door_fetches_its_wrap_and_makes_the_new_one() -> None:
    so = given(FIRST, REGISTERED)
    command = fetch(FIRST, AZ_CORE)
    assert so.when(command) == [command.event]
    rewrapped = event_input(
        AZ_CORE, e.ItemsRewrapped(wrapped_keys=(e.Rewrapped(item=FIRST.item().item, to=AZ_COORD),))
    )
    assert so.when(rewrapped) == [rewrapped.event]
    so.put(rewrapped)
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
    rewrapped = event_input(by, e.ItemsRewrapped(wrapped_keys=(e.Rewrapped(item=FIRST.item(n).item, to=to),)))
    assert so.when(rewrapped) == refused(rewrapped, Reason.NO_REWRAP_DUTY)


def test_no_wrap_is_fetched_and_none_made_where_there_is_no_duty() -> None:
    command = fetch(FIRST, AZ_CORE)
    assert given(FIRST).when(command) == refused(command, Reason.NO_REWRAP_DUTY)
    nothing = event_input(AZ_CORE, e.ItemsRewrapped(wrapped_keys=()))
    assert given(FIRST, REGISTERED).when(nothing) == refused(nothing, Reason.NO_REWRAP_DUTY)


def test_where_the_core_agency_has_no_key_the_author_wraps() -> None:
    visit = visit_message()
    so = given(LEARNED, READY, visit)
    assert rewrapper(so.world, so.world.case.messages[visit.command_id]) == SORA_NPO


def visit_message():  # type: ignore[no-untyped-def]
    from domain.events import VisitReportSubmitted

    return case_message(VisitReportSubmitted, SORA_NPO, sections=[Section.VISIT], actor=WORKER)


# --- who may address a case ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "command", "accepted"),
    [
        pytest.param([], LEARNED, True, id="news of a new family"),
        pytest.param(
            [LEARNED], replace(LEARNED, by=KS_CGC, command_id=id_of("news")), True, id="news of a known one"
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
def test_a_case_is_there_only_for_those_who_have_a_part_in_it(past, command, accepted) -> None:  # type: ignore[no-untyped-def]
    assert may_address_case(given(past).world, command_of(command, NOON)) is accepted


def test_the_first_message_that_can_settles_network_and_core_agency() -> None:
    unplaced = replace(LEARNED, event=replace(LEARNED.event, placed=None))
    world = given().world
    assert placement_of(world, command_of(unplaced, NOON)) == PLACED
    [event] = decide(world, command_of(unplaced, NOON), now=NOON)
    assert event == replace(unplaced.event, placed=PLACED)  # type: ignore[type-var]
    assert placement_of(given(LEARNED).world, command_of(unplaced, NOON)) is None


def test_a_decision_names_what_it_rests_on() -> None:
    world = given(LEARNED, READY).world
    rested = {(kind, id) for kind, id, _ in rests_on(world, command_of(TO_SORA, NOON))}
    assert {
        ("commission", COMMISSION),
        ("network", NETWORK),
        ("agency", AZ_CORE),
        ("agency", SORA_NPO),
    } == rested
    from_coord = command_of(replace(TO_SORA, by=AZ_COORD), NOON)
    assert ("agency", AZ_CORE) in {(kind, id) for kind, id, _ in rests_on(world, from_coord)}
    follow_on = command_of(case_message(e.FollowOnServiceArranged, AZ_CORE, [SORA_NPO]), NOON)
    assert ("commission", COMMISSION) in {(kind, id) for kind, id, _ in rests_on(world, follow_on)}
    command = command_of(opening(LEARNED, AZ_CORE), NOON)
    assert ("case", CASE, world.case.version) in rests_on(world, command)
    assert Purpose.SUPPORT in set(Purpose)
