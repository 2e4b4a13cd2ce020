"""V7: who was ready and has lapsed is suspended by the clock; what is sent to it waits; release is asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain import events as e
from domain.codes import Employment, Module, Section
from domain.due import HUB_ACTS, DueEvent, next_due
from domain.readiness import Readiness, readiness
from domain.reasons import Reason
from domain.record import HUB
from tests.domain.builders import (
    ASSIGNED,
    AZ_COORD,
    AZ_CORE,
    CASE,
    COMMISSION,
    DECIDED,
    LEARNED,
    MID_HOSP,
    READY,
    REGISTERED,
    SORA_NPO,
    TO_SORA,
    WORKER,
    Given,
    case_message,
    contract,
    event_input,
    given,
    held,
    items,
    jst,
    refused,
    sworn,
    trained,
    verified,
    worker,
)

LAST_DAY = date(2025, 8, 31)
LAPSE = jst("2025-09-01 00:00")
M2_ONLY = [Module.M2_CONFIDENTIALITY]
OTHERS = [m for m in Module if m is not Module.M2_CONFIDENTIALITY]
COMMISSIONED = (
    contract(),
    verified(),
    worker(),
    trained(modules=OTHERS),
    trained(until=LAST_DAY, modules=M2_ONLY),
    sworn(),
)


def ready_until_the_end_of_august() -> Given:
    return given(LEARNED, COMMISSIONED, ASSIGNED)


def passed(so: Given, now) -> list[DueEvent]:  # type: ignore[no-untyped-def]
    """Let the clock bring what is due, each recorded at its own time."""
    due_events = []
    while (due := next_due(so.world.register, now)) is not None:
        so.put(replace(event_input(HUB, due.event, on=due.about, name=str(due)), at=due.at), by_hub=True)
        due_events.append(due)
    return due_events


def readiness_of(so: Given, now) -> Readiness:  # type: ignore[no-untyped-def]
    return readiness(so.world.register, so.world.case, SORA_NPO, now)


def test_a_training_lapses_with_the_end_of_its_last_day_in_japan_and_suspends() -> None:
    so = ready_until_the_end_of_august()
    [announced] = passed(so, LAPSE - timedelta(microseconds=1))
    assert type(announced.event) is e.VisitorGapAheadAlarmRaised
    lapse, suspension = passed(so, LAPSE)
    assert (lapse.at, lapse.event) == (
        LAPSE,
        e.TrainingLapsed(worker=WORKER, module=Module.M2_CONFIDENTIALITY, valid_until=LAST_DAY),
    )
    gap = f"{WORKER}:TRAINING_M2_CONFIDENTIALITY"
    assert (suspension.at, suspension.event) == (LAPSE, e.ContractorSuspended(gaps=frozenset({gap})))
    assert passed(so, LAPSE + timedelta(days=200)) == []


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(LAPSE - timedelta(seconds=1), Readiness.READY, id="the last second"),
        pytest.param(LAPSE, Readiness.SUSPENDED, id="the first of the next day"),
    ],
)
def test_readiness_does_not_wait_for_the_clock_process(now, expected) -> None:  # type: ignore[no-untyped-def]
    assert readiness_of(ready_until_the_end_of_august(), now) is expected


def test_the_suspended_contractor_opens_nothing_not_even_its_own() -> None:
    so = given(LEARNED, COMMISSIONED, ASSIGNED, TO_SORA)
    assert so.opens(SORA_NPO, now=LAPSE - timedelta(seconds=1)) == items(TO_SORA)
    passed(so, LAPSE)
    assert so.opens(SORA_NPO, now=LAPSE) == set()
    assert so.opens(AZ_CORE, now=LAPSE) >= items(TO_SORA)


def test_a_message_to_a_suspended_contractor_only_is_held() -> None:
    so = ready_until_the_end_of_august()
    passed(so, LAPSE)
    assert so.when(TO_SORA, now=LAPSE) == held(TO_SORA)


def test_others_get_theirs_at_once_and_the_suspended_one_waits() -> None:
    so = given(LEARNED, REGISTERED, COMMISSIONED, ASSIGNED)
    passed(so, LAPSE)
    command = case_message(e.DisclosureMade, AZ_CORE, [SORA_NPO, MID_HOSP], [Section.CHILD], "CWA-25-2-2")
    [event] = so.when(command, now=LAPSE)
    assert event == replace(command.event, held=frozenset({SORA_NPO}))  # type: ignore[type-var]
    so.put(replace(command, event=event))
    assert so.opens(MID_HOSP, now=LAPSE) >= items(command)
    assert so.opens(SORA_NPO, now=LAPSE) == set()


def test_another_message_keeps_its_own_event_and_names_held_addressees() -> None:
    so = given(LEARNED, DECIDED, COMMISSIONED, ASSIGNED)
    passed(so, LAPSE)
    command = case_message(e.SupportCommenced, AZ_CORE, [SORA_NPO], [Section.RISK], "CWA-21-10-2-3")
    assert so.when(command, now=LAPSE) == [replace(command.event, held=frozenset({SORA_NPO}))]  # type: ignore[type-var]


def test_a_message_without_sections_reaches_a_suspended_contractor() -> None:
    so = given(LEARNED, DECIDED, COMMISSIONED, ASSIGNED)
    passed(so, LAPSE)
    command = case_message(e.SupportCommenced, AZ_CORE, [SORA_NPO])
    assert so.when(command, now=LAPSE) == [command.event]


def waiting() -> Given:
    """Suspended, and a disclosure waits for it."""
    so = ready_until_the_end_of_august()
    passed(so, LAPSE)
    [event] = so.when(TO_SORA, now=LAPSE)
    so.put(replace(TO_SORA, event=event, at=LAPSE + timedelta(hours=1)))
    return so


RELEASE = case_message(e.HeldDisclosureReleased, AZ_CORE, [SORA_NPO], releases=TO_SORA.command_id)
REINSTATE = event_input(AZ_CORE, e.ContractorReinstated())
RETRAINED = trained(modules=M2_ONLY, name="trained again", at=LAPSE + timedelta(days=15))
LATER = LAPSE + timedelta(days=17)


def test_being_trained_again_does_not_reinstate() -> None:
    so = waiting()
    so.put(RETRAINED)
    assert readiness_of(so, LATER) is Readiness.SUSPENDED
    assert so.when(RELEASE, now=LATER) == refused(RELEASE, Reason.CONTRACTOR_SUSPENDED, SORA_NPO)


def test_reinstating_who_still_lacks_something_is_refused() -> None:
    assert waiting().when(REINSTATE, now=LATER) == refused(REINSTATE, Reason.CONTRACTOR_NOT_READY)


def test_reinstatement_does_not_release_what_waits() -> None:
    so = waiting()
    so.put(RETRAINED)
    assert so.when(REINSTATE, now=LATER) == [e.ContractorReinstated()]
    so.put(replace(REINSTATE, at=LATER))
    assert readiness_of(so, LATER) is Readiness.READY
    assert so.opens(SORA_NPO, now=LATER) == set()
    assert so.when(RELEASE, now=LATER) == [RELEASE.event]
    so.put(replace(RELEASE, at=LATER))
    assert so.opens(SORA_NPO, now=LATER) == items(TO_SORA)
    assert so.when(replace(RELEASE, command_id=CASE), now=LATER) == refused(RELEASE, Reason.NOT_HELD)


def test_only_the_sender_asks_for_release_and_only_of_what_is_there() -> None:
    so = waiting()
    other = case_message(e.HeldDisclosureReleased, AZ_COORD, [SORA_NPO], releases=TO_SORA.command_id)
    assert so.when(other, now=LATER) == refused(other, Reason.NOT_THE_SENDER)
    unknown = case_message(e.HeldDisclosureReleased, AZ_CORE, [SORA_NPO], releases=CASE)
    assert so.when(unknown, now=LATER) == refused(unknown, Reason.UNKNOWN_MESSAGE)


def test_a_release_is_decided_anew_and_the_matrix_and_basis_are_asked_again() -> None:
    so = waiting()
    so.put(RETRAINED)
    so.put(replace(REINSTATE, at=LATER))
    so.put(replace(event_input(AZ_CORE, e.OutsourcingContractEnded()), at=LATER))
    assert so.when(RELEASE, now=LATER)[0].reason == Reason.CONTRACTOR_NOT_COMMISSIONED  # type: ignore[attr-defined]


def test_an_oath_lapses_too() -> None:
    so = given(LEARNED, contract(), verified(), worker(), trained(), sworn(until=LAST_DAY), ASSIGNED)
    _, lapse, suspension = passed(so, LAPSE)
    assert lapse.event == e.OathLapsed(worker=WORKER, valid_until=LAST_DAY)
    assert suspension.event == e.ContractorSuspended(gaps=frozenset({f"{WORKER}:OATH"}))


def test_a_full_time_visitor_needs_no_oath() -> None:
    so = given(LEARNED, contract(), verified(), worker(employment=Employment.FULL_TIME), trained(), ASSIGNED)
    assert readiness_of(so, LAPSE) is Readiness.READY


def test_losing_membership_suspends_at_that_moment() -> None:
    so = given(LEARNED, READY)
    so.put(replace(event_input(AZ_COORD, e.NetworkMemberWithdrawn(member=SORA_NPO)), at=LAPSE))
    [suspension] = passed(so, LAPSE + timedelta(days=1))
    assert (suspension.at, suspension.event) == (LAPSE, e.ContractorSuspended(gaps=frozenset({"MEMBERSHIP"})))


def test_who_was_never_ready_does_not_lapse() -> None:
    so = given(LEARNED, contract(), verified(), worker(), trained(until=LAST_DAY))
    assert [type(d.event) for d in passed(so, LAPSE)] == [e.TrainingLapsed] * len(Module)
    assert not so.world.register.commissions[COMMISSION].suspended


def test_a_contract_ends_with_its_last_day_and_nothing_lapses_after_it() -> None:
    so = given(
        LEARNED,
        contract(ends_on=LAST_DAY),
        verified(),
        worker(),
        trained(until=date(2025, 9, 30)),
        sworn(),
        ASSIGNED,
    )
    end = passed(so, LAPSE + timedelta(days=100))[-1]
    assert (end.at, end.event) == (LAPSE, e.OutsourcingContractEnded())
    assert readiness_of(so, LAPSE) is Readiness.NOT_COMMISSIONED


def test_due_events_are_in_the_order_of_their_times() -> None:
    early, late = date(2025, 7, 31), LAST_DAY
    so = given(
        LEARNED,
        contract(),
        verified(),
        worker(),
        trained(modules=OTHERS, until=late),
        trained(modules=M2_ONLY, until=early),
        sworn(until=early),
        ASSIGNED,
    )
    due_events = passed(so, LAPSE)
    assert [d.at for d in due_events] == sorted(d.at for d in due_events)
    named = [type(d.event) for d in due_events if type(d.event) is not e.VisitorGapAheadAlarmRaised]
    assert named[:3] == [e.TrainingLapsed, e.OathLapsed, e.ContractorSuspended]
    assert {type(d.event) for d in due_events} <= set(HUB_ACTS)
