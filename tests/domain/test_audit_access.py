"""The audit office opens only what it requested and two officials approved, item by item, for a time (V10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain import events as e
from domain.calendar import end_of
from domain.codes import AuditGround, Flag, Section
from domain.decide import rewrapper
from domain.reasons import Reason
from domain.record import AUDIT, HUB, REGISTRARS
from domain.visibility import pending_keys
from domain.world import rests_on
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    CASE,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    LOG,
    MID_HOSP,
    NOON,
    EventInput,
    Given,
    case_message,
    command_of,
    consent_of,
    event_input,
    given,
    id_of,
    items,
    jst,
    opening,
    refused,
    withdrawn,
)
from tests.domain.test_readings import refusal

S = Section
UNTIL = date(2025, 6, 30)
FOUNDED = event_input(REGISTRARS, e.HubFounded(mode="rehearsal"))
FILE = case_message(
    e.DisclosureMade,
    AZ_CORE,
    [],
    [S.RISK, S.ADDR, S.NOTIFIER, S.SOURCE, (S.CONF, Flag.ADDRESS_TRACE)],
    name="file",
)
NAMED = frozenset({LEARNED.item(1).item, FILE.item(0).item})


def content_request(opens: Any = NAMED, *, by: Any = AUDIT, **changed: Any) -> EventInput:
    event = e.AuditContentAccessRequested(
        case=CASE, opens=frozenset(opens), ground=AuditGround.AUDIT, until=UNTIL
    )
    return event_input(by, replace(event, **changed), name="content_request")


def approval(actor: str = "p-1", by: Any = AZ_CORE, **changed: Any) -> EventInput:
    usual: dict[str, Any] = {"grants": id_of("content_request"), "opens": NAMED, "until": UNTIL}
    return case_message(
        e.AuditContentAccessGranted, by, actor=actor, name=f"lets {actor} {by}", **{**usual, **changed}
    )


def so_far(*past: Any) -> Given:
    return given(FOUNDED, LEARNED, FILE, *past)


APPROVED = (content_request(), approval(), approval("p-2", AZ_COORD))


def test_the_audit_office_opens_named_items_after_the_second_approval_only() -> None:
    so = so_far(content_request())
    assert so.when(content_request()) == [content_request().event]
    for one, opens in ((approval(), set()), (approval("p-2"), NAMED)):
        assert so.when(one) == [one.event]
        so.put(one)
        assert so.opens(AUDIT) == opens
    assert so.opens(REGISTRARS) == set()
    command = opening(FILE, AUDIT)
    assert so.when(command) == [command.event]
    other = opening(LEARNED, AUDIT)
    assert so.when(other) == refusal(other, Reason.AUDITOR_OPENS_NOTHING)


def test_two_officials_of_two_requests_are_one_each() -> None:
    repeated = replace(content_request(), command_id=id_of("asks again"))
    so = so_far(content_request(), repeated, approval(), approval("p-2", grants=id_of("asks again")))
    assert so.opens(AUDIT) == set()


def test_after_the_last_day_in_japan_it_is_over_to_the_minute() -> None:
    so = so_far(*APPROVED)
    assert so.opens(AUDIT, now=jst("2025-06-30 23:59")) == NAMED
    assert so.opens(AUDIT, now=jst("2025-07-01 00:00")) == set()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(
            content_request(by=AZ_CORE), Reason.NOT_YOURS, id="an agency asks as if it were the audit office"
        ),
        pytest.param(content_request(()), Reason.NOTHING_TO_OPEN, id="all of a case, or nothing"),
        pytest.param(
            content_request(until=date(2025, 6, 1)), Reason.ACCESS_EXPIRED, id="for a day that is over"
        ),
    ],
)
def test_the_audit_office_asks_for_named_items_and_for_a_time(command: EventInput, reason: Reason) -> None:
    assert so_far().when(command) == refused(command, reason)


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param((), approval(), Reason.UNKNOWN_MESSAGE, id="no request"),
        pytest.param(
            (content_request(case=id_of("another case")),),
            approval(),
            Reason.UNKNOWN_MESSAGE,
            id="asked for another case",
        ),
        pytest.param((content_request(),), approval(by=MID_HOSP), Reason.NOT_AN_AUTHORITY, id="a hospital"),
        pytest.param(
            (content_request(),),
            approval(opens=items(FILE)),
            Reason.ITEMS_DIFFER,
            id="more than what was asked for",
        ),
        pytest.param(
            (content_request(),), approval(until=date(2025, 7, 1)), Reason.ITEMS_DIFFER, id="for longer"
        ),
        pytest.param(
            (content_request({id_of("x")}),),
            approval(opens=frozenset({id_of("x")})),
            Reason.NOTHING_TO_OPEN,
            id="no such item",
        ),
        pytest.param(
            (content_request(), approval()),
            replace(approval(), command_id=id_of("repeated")),
            Reason.SECOND_PERSON_MISSING,
            id="the same official twice",
        ),
        pytest.param(APPROVED, approval("p-3", KS_CGC), Reason.ALREADY_ANSWERED, id="a third official"),
        *(
            pytest.param(
                (content_request({FILE.item(n).item}),),
                approval(opens=frozenset({FILE.item(n).item})),
                Reason.NEVER_FOR_ROLE,
                id=f"{FILE.item(n).section}",
            )
            for n in (1, 2, 3, 4)
        ),
        pytest.param(
            (content_request({FILE.item(0).item, FILE.item(1).item}),),
            approval(opens=frozenset({FILE.item(0).item, FILE.item(1).item})),
            Reason.NEVER_FOR_ROLE,
            id="a hidden address besides what may be opened",
        ),
    ],
)
def test_officials_approve_exactly_what_was_requested(past: Any, command: EventInput, reason: Reason) -> None:
    assert so_far(*past).when(command) == refused(command, reason)


def test_nothing_is_requested_or_approved_after_the_last_day() -> None:
    command, expiry = approval(), jst("2025-07-01 00:00")
    assert so_far().when(content_request(), now=expiry) == refused(content_request(), Reason.ACCESS_EXPIRED)
    assert so_far().when(content_request(), now=expiry - timedelta(seconds=1)) == [content_request().event]
    assert so_far(content_request()).when(command, now=expiry) == refused(command, Reason.ACCESS_EXPIRED)


# --- the keys for it -------------------------------------------------------------------------------------------


def opening_of(by: Any, item: Any) -> EventInput:
    return event_input(by, e.ItemsRewrapped(wrapped_keys=(e.Rewrapped(item=item, to="AUDIT"),)))


def test_the_owners_door_wraps_keys_once_two_have_approved() -> None:
    def duties(so: Given) -> set[Any]:
        world = so.world
        return {
            i.item
            for _, i, to in pending_keys(world.register, world.case, rule_book=world.rule_book)
            if to == AUDIT
        }

    so = so_far(content_request(), approval())
    early = opening_of(AZ_CORE, FILE.item(0).item)
    assert duties(so) == set()
    assert so.when(early) == refused(early, Reason.NO_REWRAP_DUTY)
    so.put(approval("p-2"))
    assert duties(so) == NAMED
    assert rewrapper(so.world, so.world.case.messages[LEARNED.command_id]) == AZ_CORE
    item = FILE.item(0)
    fetch = event_input(
        AZ_CORE, e.WrappedKeyFetchedForRewrap(message=FILE.command_id, item=item.item, section=item.section)
    )
    assert so.when(fetch) == [fetch.event]
    assert so.when(early) == [early.event]
    so.put(early)
    assert duties(so) == NAMED - {item.item}
    for wrong in (opening_of(MID_HOSP, LEARNED.item(1).item), opening_of(AZ_CORE, FILE.item(1).item)):
        assert so.when(wrong) == refused(wrong, Reason.NO_REWRAP_DUTY)


def test_an_approval_rests_on_the_request_in_the_log() -> None:
    so = so_far(content_request())
    kinds = {(kind, id) for kind, id, _ in rests_on(so.world, command_of(approval(), NOON))}
    assert ("log", LOG) in kinds


# --- what closes it ----------------------------------------------------------------------------------------------


def test_what_was_destroyed_or_is_used_no_more_is_closed_to_it_too() -> None:
    so = so_far(*APPROVED)
    destroyed = e.KeyDestroyed(
        scope=CASE,
        sections=frozenset({S.RISK}),
        keys=frozenset({"sk"}),
        generation=2,
        last_version=9,
        approved=id_of("appraisal"),
    )
    so.put(event_input(HUB, destroyed), by_hub=True)
    command = opening(FILE, AUDIT)
    assert so.when(command) == refusal(command, Reason.DESTROYED)
    so.put(case_message(e.UseStopped, MID_HOSP, stops=LEARNED.command_id))
    command = opening(LEARNED, AUDIT, n=1)
    assert so.when(command) == refusal(command, Reason.USE_STOPPED)


def test_an_audit_does_not_reopen_what_rested_on_a_withdrawn_consent() -> None:
    disclosed = case_message(
        e.DisclosureMade,
        AZ_CORE,
        [EXT_SERVICE],
        [S.BASIC],
        "CONSENT",
        name="disclosed",
        consent=[id_of("C1")],
    )
    opens = frozenset(items(disclosed))
    so = so_far(
        consent_of(), disclosed, content_request(opens), approval(opens=opens), approval("p-2", opens=opens)
    )
    assert so.opens(AUDIT) == opens
    so.put(withdrawn())
    command = opening(disclosed, AUDIT)
    assert so.when(command) == refusal(command, Reason.CONSENT_WITHDRAWN)


# --- control, and mandates -------------------------------------------------------------------------------


def control(by: Any = AUDIT, case: Any = CASE) -> EventInput:
    return event_input(
        by, e.AuditControlRequested(case=case, ground=AuditGround.AUDIT), name=f"control {case}"
    )


def mandate(number: int, until: date = UNTIL, by: Any = REGISTRARS) -> EventInput:
    return event_input(by, e.AuditMandateBegan(number=number, until=until), name=f"mandate {number}")


@pytest.mark.parametrize("case", [CASE, None])
def test_only_the_audit_office_requests_control(case: Any) -> None:
    so = so_far()
    assert so.when(control(case=case)) == [control(case=case).event]
    for other in (AZ_CORE, REGISTRARS):
        assert so.when(control(other)) == refused(control(other), Reason.NOT_YOURS)
    assert so.opens(AUDIT) == set()


def test_a_request_for_control_ends_with_its_mandate() -> None:
    so = so_far(control())
    assert set(so.world.register.control_requests) == {id_of(f"control {CASE}")}
    so.put(mandate(2))
    assert so.world.register.mandate == 2
    assert so.world.register.control_requests == {}


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(mandate(2, by=AUDIT), Reason.NOT_YOURS, id="the audit office gives itself one"),
        pytest.param(mandate(2, by=AZ_CORE), Reason.NOT_YOURS, id="an agency gives one"),
        pytest.param(mandate(1), Reason.MANDATE_OUT_OF_SEQUENCE, id="the first again"),
        pytest.param(mandate(3), Reason.MANDATE_OUT_OF_SEQUENCE, id="one left out"),
        pytest.param(mandate(2, date(2025, 6, 2)), Reason.MANDATE_OUT_OF_SEQUENCE, id="over today"),
        pytest.param(mandate(2, date(2026, 6, 4)), Reason.MANDATE_OUT_OF_SEQUENCE, id="for more than a year"),
    ],
)
def test_a_mandate_is_the_registrys_to_give_one_after_the_other_for_a_year_at_most(
    command: EventInput, reason: Reason
) -> None:
    assert so_far().when(command) == refused(command, reason)
    assert so_far().when(mandate(2, date(2026, 6, 3))) == [mandate(2, date(2026, 6, 3)).event]


def test_a_mandate_is_over_when_its_last_day_is_and_the_first_after_a_year() -> None:
    so = given(event_input(REGISTRARS, e.HubFounded(mode="rehearsal")))
    founded = so.records[-1].at
    assert not so.world.register.mandate_expired(founded + timedelta(days=365))
    assert so.world.register.mandate_expired(founded + timedelta(days=368))
    last = founded.date() + timedelta(days=30)
    so.put(mandate(2, last))
    register = so.world.register
    assert register.mandate_until == end_of(last)
    assert (
        register.mandate_expired(end_of(last) - timedelta(seconds=1)),
        register.mandate_expired(end_of(last)),
    ) == (
        False,
        True,
    )
