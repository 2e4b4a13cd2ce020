"""Abuse by staff of a nursery or another facility: to authorities only, never to the facility; then the facts are checked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain import events as e
from domain.clocks import ClockKind
from domain.codes import Section, StaffAbuseResult
from domain.evolution import weak_signal
from domain.notifier_protection import tokens
from domain.reasons import Reason
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    EXT_NURSERY,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    PLACED,
    SORA_NPO,
    EventInput,
    Given,
    case_message,
    given,
    id_of,
    jst,
    refused,
)

CHILD = id_of("child A")
NOON = jst("2025-10-02 12:00")


def report(by: Any = EXT_SERVICE, to: Any = (AZ_CORE,), **changed: Any) -> EventInput:
    usual: dict[str, Any] = {
        "at": jst("2025-10-02 10:00"),
        "received_at": jst("2025-10-02 09:50"),
        "recorded_for_notifier": False,
        "facility": EXT_NURSERY,
        "notifier_token": None,
        "placed": PLACED,
        "children": frozenset({CHILD}),
    }
    return case_message(
        e.StaffAbuseReported, by, to, [Section.RISK], "CWA-33-12", name="report", **{**usual, **changed}
    )


def taken_in(**changed: Any) -> EventInput:
    return report(AZ_CORE, (), recorded_for_notifier=True, **changed)


def checked(by: Any = AZ_CORE, to: Any = (), **changed: Any) -> EventInput:
    usual: dict[str, Any] = {"answers": id_of("report"), "result": StaffAbuseResult.SUBSTANTIATED}
    return case_message(
        e.StaffAbuseInvestigated, by, to, [Section.RISK], "APPI-69-1", name="checked", **{**usual, **changed}
    )


def acting(so: Given) -> set[Any]:
    return {clock.responsible for clock in so.world.case.clocks.values() if clock.kind is ClockKind.ACT}


@pytest.mark.parametrize("by", [EXT_SERVICE, MID_HOSP, SORA_NPO, EXT_NURSERY, AZ_COORD])
def test_anybody_reports_it_and_begins_a_case_with_it(by):
    command = report(by)
    assert given().when(command, now=NOON) == [command.event]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (report(to=(MID_HOSP,)), Reason.NOT_AN_AUTHORITY),
        (report(to=(SORA_NPO,)), Reason.NOT_AN_AUTHORITY),
        (report(to=(KS_CGC,), facility=KS_CGC), Reason.FACILITY_ADDRESSED),
        (report(facility=id_of("nobody")), Reason.FACILITY_UNKNOWN),
        (report(facility=AZ_COORD), Reason.FACILITY_UNKNOWN),
        (report(facility=AZ_CORE), Reason.FACILITY_UNKNOWN),
        (report(received_at=jst("2025-10-02 13:00")), Reason.TIME_AHEAD),
    ],
)
def test_it_goes_to_authorities_and_never_to_the_facility(command, reason):
    assert given().when(command, now=NOON) == refused(command, reason)


def test_a_facility_that_is_not_in_the_register_is_none():
    command = report(facility=None)
    assert given().when(command, now=NOON) == [command.event]


def test_its_basis_begins_with_the_day_on_which_nurseries_came_under_it():
    early = jst("2025-09-30 12:00")
    command = report(at=early, received_at=jst("2025-09-30 09:00"))
    [event] = given().when(command, now=early)
    assert event == refused(command, Reason.BASIS_NOT_IN_FORCE, AZ_CORE, event.fitting)[0]


def test_who_received_it_acts_on_it_by_checking_it():
    so = given(report(to=(AZ_CORE, KS_CGC)))
    assert acting(so) == {AZ_CORE, KS_CGC}
    assert ClockKind.SAFETY not in {clock.kind for clock in so.world.case.clocks.values()}
    so.put(replace(checked(), at=jst("2025-10-03 10:00")))
    assert acting(so) == {KS_CGC}


def test_who_took_it_in_acts_on_it_too():
    so = given(taken_in())
    assert acting(so) == {AZ_CORE}
    so.put(replace(checked(), at=jst("2025-10-03 10:00")))
    assert acting(so) == set()


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        ([LEARNED], checked(), Reason.UNKNOWN_MESSAGE),
        ([LEARNED], checked(answers=LEARNED.command_id), Reason.UNKNOWN_MESSAGE),
        ([report(), LEARNED], checked(AZ_COORD), Reason.NOT_ADDRESSED),
        ([report(to=(AZ_CORE,), facility=KS_CGC)], checked(to=(KS_CGC,)), Reason.FACILITY_ADDRESSED),
    ],
)
def test_a_check_is_of_a_report_that_one_received_and_stays_from_the_facility(past, command, reason):
    [event] = given(*past).when(command, now=NOON)
    assert Reason(event.reason) is reason


def test_it_is_forwarded_as_a_notification_is_but_not_to_the_facility():
    forward = case_message(
        e.NotificationForwarded,
        AZ_CORE,
        [KS_CGC],
        [Section.RISK],
        "CWA-25-7-1",
        forwards=id_of("report"),
        name="forward",
    )
    assert given(report()).when(forward, now=NOON) == [forward.event]
    so = given(report(facility=KS_CGC))
    assert so.when(forward, now=NOON) == refused(forward, Reason.FACILITY_ADDRESSED)


def test_who_reported_is_protected_and_the_report_is_a_weak_signal():
    so = given(report())
    assert tokens(so.world.case) == {EXT_SERVICE: "NOTIFIER"}
    assert tokens(given(taken_in()).world.case) == {}
    assert weak_signal(report().event)
    assert so.world.case.at_risk
