"""A protected address: how long it is protected, and on whose word it stands outside ADDR."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import events as e
from domain.alarms.raising import clocks, deadline
from domain.clock_kinds import ClockKind
from domain.codes import Flag, Section
from domain.reasons import Reason
from domain.tasks import can_see_message, tasks
from domain.visibility import standing_readers
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    EXT_NURSERY,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    TW_CORE,
    EventInput,
    case_message,
    given,
    id_of,
    jst,
    refused,
)
from tests.domain.test_clocks import run
from tests.domain.test_moves import OTHER_TOWN, begins, package

S = Section
LAST_DAY = date(2026, 5, 31)
WITH_ADDRESS = (S.BASIC, Flag.ADDRESS_TRACE)


def protected(name: str = "protection", by: Any = AZ_CORE, to: Any = (), **more: Any) -> EventInput:
    usual = {"until": LAST_DAY, "name": name, **more}
    return case_message(
        e.ProtectedAddressRegistered, by, to, [S.ADDR], *(["APPI-69-2-3"] if to else []), **usual
    )


def ended(by: Any = AZ_CORE, reason: str | None = "MEASURE_ENDED", **more: Any) -> EventInput:
    usual = {"ends": PROTECTION.command_id, "reason": reason, **more}
    return case_message(e.AddressProtectionEnded, by, **usual)


PROTECTION = protected()


# --- how long ---------------------------------------------------------------------------------------------------


def test_two_protections_of_one_family_last_until_the_later_day():
    longer = protected("longer", until=None)
    assert given(LEARNED).world.case.address_until is None
    assert given(LEARNED, longer, PROTECTION).world.case.address_until == date.max
    assert given(LEARNED, PROTECTION, longer).world.case.address_until == date.max


def test_who_registered_a_protection_ends_it_and_another_one_goes_on():
    other = protected("other", by=AZ_COORD, to=[AZ_CORE])
    command = ended()
    assert given(LEARNED, PROTECTION, other).when(command) == [command.event]
    assert given(LEARNED, PROTECTION, other, command).world.case.protections == {other.command_id: LAST_DAY}
    assert given(LEARNED, PROTECTION, command).world.case.address_until is None


def test_the_responsible_core_agency_ends_a_protection_that_was_sent_to_it():
    sent = protected("sent", by=AZ_COORD, to=[AZ_CORE])
    command = ended(ends=sent.command_id)
    assert given(LEARNED, sent).when(command) == [command.event]
    kept = protected("kept", by=AZ_COORD)
    command = ended(ends=kept.command_id)
    assert given(LEARNED, kept).when(command) == refused(command, Reason.NOT_THE_SENDER)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(ended(ends=id_of("nothing")), Reason.UNKNOWN_MESSAGE, id="that never was"),
        pytest.param(ended(ends=LEARNED.command_id), Reason.UNKNOWN_MESSAGE, id="that is none"),
        pytest.param(ended(by=AZ_COORD), Reason.NOT_THE_SENDER, id="of another agency"),
        pytest.param(ended(reason=None), Reason.REASON_MISSING, id="for no reason"),
        pytest.param(replace(ended(), actor="sys:records"), Reason.NOT_A_PERSON, id="by a system"),
    ],
)
def test_a_protection_is_not_ended(command, reason):
    assert given(LEARNED, PROTECTION).when(command) == refused(command, reason)


def test_a_protection_is_ended_once():
    assert given(LEARNED, PROTECTION, ended()).when(ended(name="again")) == refused(
        ended(name="again"), Reason.UNKNOWN_MESSAGE
    )


# --- in another section than ADDR --------------------------------------------------------------------------------


def drafted(sections: Any = frozenset({S.BASIC}), **more: Any) -> EventInput:
    usual = {
        "recipients": frozenset({KS_CGC}),
        "reason": "NEEDED_TO_REACH_FAMILY",
        "actor": "staff.one",
        "name": "draft",
    }
    command = case_message(e.AddressDisclosureRequested, AZ_CORE, **{**usual, **more})
    return replace(command, event=replace(command.event, sections=sections))


def approved(**more: Any) -> EventInput:
    usual = {
        "approves": DRAFT.command_id,
        "reason": "LIFE_IN_DANGER",
        "actor": "staff.two",
        "name": "approval",
        "at": NOON,
    }
    return case_message(e.AddressDisclosureApproved, more.pop("by", AZ_CORE), **{**usual, **more})


DRAFT = drafted()
APPROVAL = approved()


def disclosed(to: Any = (KS_CGC,), items: Any = (WITH_ADDRESS,), **more: Any) -> EventInput:
    return case_message(
        e.DisclosureMade, more.pop("by", AZ_CORE), to, list(items), more.pop("basis", "APPI-69-2-3"), **more
    )


def test_a_protected_address_in_another_section_goes_where_two_persons_have_stated_why():
    command = disclosed()
    assert given(LEARNED).when(DRAFT) == [DRAFT.event]
    assert given(LEARNED).when(command) == refused(command, Reason.ADDRESS_NOT_APPROVED)
    assert given(LEARNED, DRAFT).when(command) == refused(command, Reason.ADDRESS_NOT_APPROVED)
    assert given(LEARNED, DRAFT, APPROVAL).when(command, now=NOON) == [command.event]


def test_no_approval_is_needed_where_it_stands_under_addr_or_stays_with_its_author():
    command = disclosed(items=[(S.ADDR, Flag.ADDRESS_TRACE), (S.REASON, Flag.ADDRESS_TRACE)])
    assert given(LEARNED).when(command) == [command.event]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(disclosed(to=[KS_CGC, AZ_COORD]), id="to one more agency"),
        pytest.param(disclosed(items=[WITH_ADDRESS, (S.RISK, Flag.ADDRESS_TRACE)]), id="in one more section"),
        pytest.param(disclosed(by=AZ_COORD), id="by another agency"),
    ],
)
def test_an_approval_is_for_just_what_was_drafted(command):
    assert given(LEARNED, DRAFT, APPROVAL).when(command, now=NOON) == refused(
        command, Reason.ADDRESS_NOT_APPROVED
    )


def test_an_approval_lasts_for_the_hours_of_the_rule_book():
    command = disclosed()
    past = given(LEARNED, DRAFT, APPROVAL)
    assert past.when(command, now=NOON + timedelta(hours=24)) == [command.event]
    late = past.when(command, now=NOON + timedelta(hours=24, seconds=1))
    assert late == refused(command, Reason.ADDRESS_NOT_APPROVED)


@pytest.mark.parametrize("never", [MID_HOSP, EXT_NURSERY])
def test_whoever_never_has_an_address_never_gets_it_in_another_section(never):
    command = disclosed(to=[never])
    assert given(LEARNED).when(command) == refused(command, Reason.NEVER_FOR_ROLE, never)
    draft = drafted(recipients=frozenset({KS_CGC, never}))
    assert given(LEARNED).when(draft) == refused(draft, Reason.NEVER_FOR_ROLE, never)


def test_a_system_never_sends_a_protected_address_in_another_section():
    command = replace(disclosed(), actor="sys:records")
    assert given(LEARNED, DRAFT, APPROVAL).when(command, now=NOON) == refused(command, Reason.NOT_A_PERSON)


def test_what_holds_a_protected_address_has_no_standing_readers():
    """V5: the coordinating agency reads BASIC of a registered case, but not with the address in it."""
    registered = case_message(e.NetworkCaseRegistered, AZ_COORD, [AZ_CORE])
    world = given(LEARNED, registered).world
    for item, readers in ((S.BASIC, {AZ_COORD}), (WITH_ADDRESS, set())):
        command = case_message(e.ContactAttempted, AZ_CORE, [], [item])
        [written] = command.event.items
        actual = standing_readers(
            world.register, world.case, AZ_CORE, command.event, written, world.rule_book
        )
        assert actual == frozenset(readers)


@pytest.mark.parametrize(
    ("command", "reason", "at_fault"),
    [
        pytest.param(drafted(reason=None), Reason.REASON_MISSING, None, id="for no reason"),
        pytest.param(drafted(to=[KS_CGC]), Reason.RECIPIENTS_WRONG, None, id="already sent"),
        pytest.param(drafted(sections=frozenset()), Reason.NO_SECTIONS, None, id="in no section"),
        pytest.param(
            drafted(sections=frozenset({S.ADDR})), Reason.NO_SECTIONS, None, id="in its own section"
        ),
        pytest.param(
            drafted(recipients=frozenset({id_of("stranger")})),
            Reason.UNKNOWN_ADDRESSEE,
            id_of("stranger"),
            id="to a stranger",
        ),
        pytest.param(replace(drafted(), actor="sys:records"), Reason.NOT_A_PERSON, None, id="by a system"),
    ],
)
def test_a_draft_is_refused(command, reason, at_fault):
    assert given(LEARNED).when(command) == refused(command, reason, at_fault)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(approved(approves=id_of("nothing")), Reason.UNKNOWN_MESSAGE, id="of nothing"),
        pytest.param(approved(approves=LEARNED.command_id), Reason.UNKNOWN_MESSAGE, id="of something else"),
        pytest.param(approved(by=AZ_COORD), Reason.UNKNOWN_MESSAGE, id="of another agency's draft"),
        pytest.param(approved(actor="staff.one"), Reason.SECOND_PERSON_MISSING, id="by who drafted it"),
        pytest.param(approved(reason=None), Reason.REASON_MISSING, id="for no reason"),
        pytest.param(approved(actor="sys:records"), Reason.NOT_A_PERSON, id="by a system"),
    ],
)
def test_an_approval_is_refused(command, reason):
    assert given(LEARNED, DRAFT).when(command) == refused(command, reason)


def test_a_draft_is_approved_once():
    again = approved(actor="staff.three", name="again")
    assert given(LEARNED, DRAFT, APPROVAL).when(again) == refused(again, Reason.ALREADY_ANSWERED)


def test_an_approval_of_nothing_changes_nothing():
    """The record is folded as it is, whatever it approves."""
    stray = approved(approves=LEARNED.command_id)
    assert given(LEARNED, stray).world.case.address_approvals == {}


# --- where the family goes ------------------------------------------------------------------------------------------


def test_neither_messages_nor_tasks_nor_alarms_name_the_town_of_a_hand_over_to_anybody_else():
    """The destination municipality is the place, too: only the two sides of the hand-over know it."""
    registered = case_message(e.NetworkCaseRegistered, AZ_COORD, [AZ_CORE])
    so = given(LEARNED, OTHER_TOWN, registered, PROTECTION, begins(), package())
    alarms = [
        alarm for _, alarm in run(so, jst("2025-08-01 00:00")) if TW_CORE in (alarm.responsible, *alarm.to)
    ]
    world, now = so.world, jst("2025-08-01 00:00")
    assert {type(alarm) for alarm in alarms} >= {e.TransferUnacknowledgedAlarmRaised}
    assert all({alarm.responsible, *alarm.to} <= {AZ_CORE, TW_CORE} for alarm in alarms)
    handed_over = {id_of("begins"), id_of("package")}
    for agency in (world.case.parties | {AZ_COORD}) - {AZ_CORE, TW_CORE}:
        seen = {m.id for m in world.case.messages.values() if can_see_message(world, agency, m, now=now)}
        waiting = {task.message for task in tasks(world, agency, now=now)}
        assert not handed_over & (seen | waiting)


# --- before it ends -------------------------------------------------------------------------------------------


def reminders(*past: EventInput) -> list[tuple[datetime, UUID]]:
    so = given(LEARNED, *past)
    policy = so.world.rule_book["policy"]
    running = [c for c in clocks(so.world.case, policy) if c.kind is ClockKind.PROTECTION_END]
    return [(at, c.responsible) for c in running if (at := deadline(c, policy)) is not None]


def registered(until: date | None, name: str, by: UUID = MID_HOSP) -> EventInput:
    return case_message(
        e.ProtectedAddressRegistered, by, [], [S.ADDR], until=until, name=name, at=jst("2025-06-02 10:00")
    )


def test_who_registered_the_last_protection_is_reminded_a_month_before_it_ends() -> None:
    until_autumn, until_winter = (
        registered(date(2025, 9, 30), "autumn"),
        registered(date(2025, 12, 31), "winter", KS_CGC),
    )
    ended = case_message(e.AddressProtectionEnded, KS_CGC, ends=id_of("winter"), reason="MEASURE_ENDED")
    september, december = (jst("2025-09-01 00:00"), MID_HOSP), (jst("2025-12-02 00:00"), KS_CGC)
    assert reminders(until_autumn) == [september]
    assert reminders(until_autumn, until_winter) == [december]
    assert reminders(until_autumn, until_winter, ended) == [september]
    assert reminders(until_autumn, registered(None, "open")) == []
    assert reminders() == []
    assert reminders(registered(date(2025, 6, 10), "soon")) == [(jst("2025-06-02 10:00"), MID_HOSP)]


def test_a_book_that_names_no_days_reminds_nobody_of_a_protection() -> None:
    so = given(LEARNED, registered(date(2025, 9, 30), "autumn"))
    assert [c for c in clocks(so.world.case, {}) if c.kind is ClockKind.PROTECTION_END] == []


def test_the_reminder_reaches_who_registered_it_and_the_core_agency() -> None:
    came = run(given(LEARNED, registered(date(2025, 9, 30), "autumn")), jst("2025-09-01 00:00"))
    [alarm] = [a for _, a in came if type(a) is e.AddressProtectionEndsAlarmRaised]
    assert (alarm.responsible, alarm.to, alarm.escalated) == (MID_HOSP, {AZ_CORE}, False)
