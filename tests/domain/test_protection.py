"""Protected addresses, conditions on disclosures, leaks, and disclosure without consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain import events as e
from domain.codes import Alternative, BreachStage, Condition, Section
from domain.reasons import Reason
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    EventInput,
    case_message,
    given,
    id_of,
    jst,
    refused,
)
from tests.domain.test_clocks import run

S = Section
AT = jst("2025-06-02 09:00")


# --- a case is opened for a purpose ----------------------------------------------------------------------


def test_the_core_agency_opens_a_case_and_nobody_else():
    command = case_message(e.SupportCaseOpened, AZ_CORE)
    assert given(LEARNED).when(command) == [command.event]
    other = case_message(e.SupportCaseOpened, AZ_COORD)
    assert given(LEARNED).when(other) == refused(other, Reason.NOT_RESPONSIBLE_CORE)


# --- protected addresses --------------------------------------------------------------------------------------


def test_a_protected_address_is_under_addr_only():
    without_address = case_message(e.ProtectedAddressRegistered, AZ_CORE, [], [S.BASIC], until=None)
    assert given(LEARNED).when(without_address) == refused(without_address, Reason.ADDRESS_MISSING)
    command = case_message(e.ProtectedAddressRegistered, AZ_CORE, [], [S.ADDR], until=date(2026, 5, 31))
    assert given(LEARNED).when(command) == [command.event]
    assert given(LEARNED, command).world.case.address_until == date(2026, 5, 31)
    for_ever = case_message(e.ProtectedAddressRegistered, AZ_CORE, [], [S.ADDR], until=None)
    assert given(LEARNED, for_ever).world.case.address_until == date.max


def test_a_protected_address_is_never_disclosed_to_a_hospital():
    command = case_message(
        e.ProtectedAddressRegistered, AZ_CORE, [MID_HOSP], [S.ADDR], "APPI-69-2-3", until=None
    )
    assert given(LEARNED).when(command) == refused(command, Reason.NEVER_FOR_ROLE, MID_HOSP)


# --- conditions -------------------------------------------------------------------------------------------------

DISCLOSED = case_message(
    e.DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3", name="subjects_informed"
)


def conditions_request(by: Any = AZ_CORE, to: Any = (KS_CGC,), **more: Any) -> EventInput:
    usual = {
        "disclosure": DISCLOSED.command_id,
        "conditions": frozenset({Condition.PURPOSE_ONLY}),
        "until": None,
    }
    return case_message(e.DisclosureConditionsImposed, by, to, **{**usual, **more})


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(
            conditions_request(disclosure=id_of("nothing")), Reason.UNKNOWN_MESSAGE, id="on nothing"
        ),
        pytest.param(conditions_request(by=AZ_COORD), Reason.NOT_THE_SENDER, id="on another's message"),
        pytest.param(conditions_request(to=[]), Reason.RECIPIENTS_WRONG, id="of nobody"),
        pytest.param(
            conditions_request(to=[MID_HOSP]), Reason.RECIPIENTS_WRONG, id="of who was given nothing"
        ),
        pytest.param(conditions_request(conditions=frozenset()), Reason.CONDITIONS_MISSING, id="none"),
    ],
)
def test_conditions_are_the_senders_to_ask_of_those_who_were_given_it(command, reason):
    assert given(LEARNED, DISCLOSED).when(command) == refused(command, reason)


def test_conditions_on_a_disclosure_are_recorded():
    assert given(LEARNED, DISCLOSED).when(conditions_request()) == [conditions_request().event]


# --- leaks --------------------------------------------------------------------------------------------------------


def leak(stage: BreachStage = BreachStage.PRELIMINARY, answers: Any = None, **more: Any) -> EventInput:
    usual = {"found_at": AT, "leaked": frozenset({S.ADDR}), "persons": 2, "subjects_informed": False}
    name = f"leak {stage}"
    return case_message(
        e.BreachReported, AZ_CORE, stage=stage, answers=answers, **{"name": name, **usual, **more}
    )


NOTE = case_message(e.DisclosureMade, AZ_CORE, [], [S.BASIC], name="note")
FINAL = leak(BreachStage.FINAL, answers=leak().command_id)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(
            leak(found_at=NOON + timedelta(seconds=1), name="another"),
            Reason.TIME_AHEAD,
            id="found later than now",
        ),
        pytest.param(
            leak(answers=LEARNED.command_id, name="another"),
            Reason.UNKNOWN_MESSAGE,
            id="a first report that answers",
        ),
        pytest.param(leak(BreachStage.FINAL), Reason.UNKNOWN_MESSAGE, id="a final one that answers nothing"),
        pytest.param(
            leak(BreachStage.FINAL, answers=LEARNED.command_id),
            Reason.UNKNOWN_MESSAGE,
            id="that answers no report",
        ),
        pytest.param(
            leak(BreachStage.FINAL, answers=NOTE.command_id),
            Reason.UNKNOWN_MESSAGE,
            id="another report of its own",
        ),
        pytest.param(replace(FINAL, by=AZ_COORD), Reason.UNKNOWN_MESSAGE, id="another agency's report"),
    ],
)
def test_a_leak_is_reported_at_once_and_then_in_full(command, reason):
    assert given(LEARNED, NOTE, leak(at=AT)).when(command) == refused(command, reason)


def test_a_leak_noticed_this_instant_is_reported():
    command = leak(found_at=NOON)
    assert given(LEARNED).when(command) == [command.event]


def test_the_full_report_is_due_in_thirty_days():
    assert given(LEARNED).when(leak()) == [leak().event]
    assert given(LEARNED, leak(at=AT)).when(FINAL) == [FINAL.event]

    def responsible(*past: Any) -> list[Any]:
        came = run(given(LEARNED, *past), until=AT + timedelta(days=30))
        return [at for at, alarm in came if isinstance(alarm, e.BreachReportOverdueAlarmRaised)]

    assert responsible(leak(at=AT)) == [AT + timedelta(days=30)]
    assert responsible(leak(at=AT), FINAL) == []


# --- what is to be looked at again, and what was planned ---------------------------------------------------------


def test_a_decision_not_to_disclose_raises_an_alarm_on_its_review_day():
    decided = case_message(
        e.NonDisclosureDecided, AZ_CORE, reason="NOT_NEEDED", review_on=date(2025, 7, 1), at=AT
    )

    def due(*past: Any) -> list[Any]:
        came = run(given(LEARNED, decided, *past), until=jst("2025-07-02 00:00"))
        return [(at, a.responsible) for at, a in came if isinstance(a, e.DecisionUnreviewedAlarmRaised)]

    assert due() == [(jst("2025-07-02 00:00"), AZ_CORE)]
    assert due(DISCLOSED) == []
    repeated = case_message(
        e.NonDisclosureDecided, AZ_CORE, reason="STILL_NOT", review_on=date(2025, 9, 1), name="repeated"
    )
    assert due(repeated) == []


def test_a_planned_visit_is_reported_on_within_a_week():
    planned = case_message(e.HomeVisitScheduled, AZ_CORE, planned_on=date(2025, 6, 10), at=AT)

    def due(*past: Any) -> list[Any]:
        came = run(given(LEARNED, planned, *past), until=jst("2025-06-18 00:00"))
        return [(at, a.responsible) for at, a in came if isinstance(a, e.VisitUnreportedAlarmRaised)]

    assert due() == [(jst("2025-06-18 00:00"), AZ_CORE)]
    assert due(case_message(e.HomeVisitFailed, AZ_CORE)) == []
    assert len(due(case_message(e.HomeVisitFailed, KS_CGC))) == 1


# --- telling without consent ---------------------------------------------------------------------------------------


def drafts(**more: Any) -> EventInput:
    usual: dict[str, Any] = {
        "code": "APPI-69-2-4",
        "recipients": frozenset({EXT_SERVICE}),
        "alternatives": frozenset({Alternative.WAIT_FOR_CONSENT}),
        "reason": "CLEARLY_IN_THEIR_INTEREST",
        "name": "drafts",
        "at": AT,
    }
    wanted = more.pop("sections", frozenset({S.BASIC}))
    one = case_message(e.BasisOverrideRequested, AZ_CORE, more.pop("to", ()), **{**usual, **more})
    return replace(one, event=replace(one.event, sections=wanted))  # type: ignore[call-arg]


def approval(actor: str, by: Any = AZ_CORE, **more: Any) -> EventInput:
    usual: dict[str, Any] = {"approves": drafts().command_id, "name": f"lets {actor}", "at": AT}
    return case_message(e.BasisOverrideApproved, by, actor=actor, **{**usual, **more})


DISCLOSURE = case_message(e.DisclosureMade, AZ_CORE, [EXT_SERVICE], [S.BASIC], "APPI-69-2-4", name="tells")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(drafts(reason=None), Reason.REASON_MISSING, id="without reason"),
        pytest.param(drafts(alternatives=frozenset()), Reason.REASON_MISSING, id="nothing else considered"),
        pytest.param(drafts(code="CWA-25-2-2"), Reason.BASIS_UNKNOWN, id="of a basis that needs none"),
        pytest.param(drafts(code="MADE-UP"), Reason.BASIS_UNKNOWN, id="of no basis"),
        pytest.param(drafts(to=[KS_CGC]), Reason.RECIPIENTS_WRONG, id="addressed to somebody"),
        pytest.param(drafts(recipients=frozenset()), Reason.NO_SECTIONS, id="for nobody"),
        pytest.param(drafts(sections=frozenset()), Reason.NO_SECTIONS, id="of nothing"),
    ],
)
def test_an_override_request_states_reason_alternatives_recipients_and_sections(command, reason):
    assert given(LEARNED).when(command) == refused(command, reason)


def test_exactly_two_others_of_the_agency_approve_an_override():
    so = given(LEARNED, drafts())
    assert so.when(approval("p-2")) == [approval("p-2").event]
    assert so.when(approval("p-1")) == refused(approval("p-1"), Reason.SECOND_PERSON_MISSING)
    so.put(approval("p-2"))
    assert so.when(approval("p-2")) == refused(approval("p-2"), Reason.MESSAGE_EXISTS)
    repeated = approval("p-2", name="repeated")
    assert so.when(repeated) == refused(repeated, Reason.SECOND_PERSON_MISSING)
    foreign = approval("p-3", by=KS_CGC)
    assert so.when(foreign) == refused(foreign, Reason.UNKNOWN_MESSAGE)
    so.put(approval("p-3"))
    assert so.when(approval("p-4")) == refused(approval("p-4"), Reason.ALREADY_ANSWERED)
    nothing = approval("p-2", approves=LEARNED.command_id, name="of nothing")
    assert so.when(nothing) == refused(nothing, Reason.UNKNOWN_MESSAGE)


APPROVED = (drafts(), approval("p-2"), approval("p-3"))


def test_an_approved_override_permits_disclosure_for_a_day():
    assert given(LEARNED, APPROVED).when(DISCLOSURE, now=AT + timedelta(hours=24)) == [DISCLOSURE.event]
    responsible = AT + timedelta(hours=24, seconds=1)
    [event] = given(LEARNED, APPROVED).when(DISCLOSURE, now=responsible)
    assert event.reason is Reason.NOT_APPROVED_BY_TWO  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("past", "command"),
    [
        pytest.param((), DISCLOSURE, id="nobody approved"),
        pytest.param(APPROVED[:1], DISCLOSURE, id="drafted"),
        pytest.param(APPROVED[:2], DISCLOSURE, id="one approved"),
        pytest.param(
            APPROVED,
            case_message(e.DisclosureMade, AZ_CORE, [EXT_SERVICE], [S.BASIC, S.CHILD], "APPI-69-2-4"),
            id="more than was approved",
        ),
        pytest.param(
            APPROVED,
            case_message(e.DisclosureMade, AZ_CORE, [MID_HOSP], [S.BASIC], "APPI-69-2-4"),
            id="to another",
        ),
        pytest.param(
            APPROVED,
            case_message(e.DisclosureMade, KS_CGC, [EXT_SERVICE], [S.BASIC], "APPI-69-2-4"),
            id="by another",
        ),
    ],
)
def test_an_override_permits_nothing_else(past, command):
    [event] = given(LEARNED, past).when(command)
    assert event.reason is Reason.NOT_APPROVED_BY_TWO  # type: ignore[attr-defined]


def test_a_basis_of_exception_is_never_among_those_that_would_have_fitted():
    command = replace(DISCLOSURE, event=replace(DISCLOSURE.event, basis={}))
    [event] = given(LEARNED).when(command)
    assert "APPI-69-2-4" not in event.fitting  # type: ignore[attr-defined]
