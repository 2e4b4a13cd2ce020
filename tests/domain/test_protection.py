"""Protected addresses, conditions on disclosures, leaks, and disclosure without consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain import events as e
from domain.codes import Alternative, BreachIntent, BreachStage, Condition, NoticeException, Section
from domain.due import next_due_of_case
from domain.reasons import Reason
from domain.tasks import TaskKind, tasks
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    EventInput,
    Given,
    case_message,
    event_input,
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
    assert len(due(DISCLOSED)) == 1  # whatever it was, it was not about this decision
    assert due(replace(DISCLOSED, event=replace(DISCLOSED.event, answers=decided.command_id))) == []  # type: ignore[call-arg]
    again: dict[str, Any] = {"reason": "STILL_NOT", "review_on": date(2025, 9, 1)}
    another = case_message(e.NonDisclosureDecided, AZ_CORE, name="another", **again)
    assert len(due(another)) == 1
    reviewed = case_message(
        e.NonDisclosureDecided, AZ_CORE, name="reviewed", answers=decided.command_id, **again
    )
    assert due(reviewed) == []


def test_a_planned_visit_is_reported_on_within_a_week():
    planned = case_message(e.HomeVisitScheduled, AZ_CORE, planned_on=date(2025, 6, 10), at=AT)

    def due(*past: Any) -> list[Any]:
        came = run(given(LEARNED, planned, *past), until=jst("2025-06-18 00:00"))
        return [(at, a.responsible) for at, a in came if isinstance(a, e.VisitUnreportedAlarmRaised)]

    assert due() == [(jst("2025-06-18 00:00"), AZ_CORE)]
    assert due(case_message(e.HomeVisitFailed, AZ_CORE, visit=planned.command_id)) == []
    assert due(case_message(e.HomeVisitFailed, AZ_CORE, at=jst("2025-06-10 10:00"))) == []
    assert len(due(case_message(e.HomeVisitFailed, AZ_CORE))) == 1  # before its day: another visit
    assert len(due(case_message(e.HomeVisitFailed, KS_CGC, at=jst("2025-06-10 10:00")))) == 1


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


# --- from when a leak comes to light ---------------------------------------------------------------------------------


def detected(intent: BreachIntent = BreachIntent.NONE, by: Any = AZ_CORE, **more: Any) -> EventInput:
    usual = {"detected_at": AT, "leaked": frozenset({S.ADDR}), "persons": None, "intent": intent}
    return case_message(e.BreachDetected, by, **{"name": "detected", "at": AT, **usual, **more})


DETECTED = detected()
REPORTED = leak(answers=DETECTED.command_id, name="reported", at=AT)


def informed(persons: int = 2, ground: NoticeException | None = None, **more: Any) -> EventInput:
    usual = {"answers": DETECTED.command_id, "persons": persons, "exception": ground}
    return case_message(e.BreachSubjectsInformed, AZ_CORE, **{**usual, **more})


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(
            detected(detected_at=NOON + timedelta(seconds=1), name="ahead"), Reason.TIME_AHEAD, id="ahead"
        ),
        pytest.param(leak(answers=DETECTED.command_id), None, id="a first report of it"),
        pytest.param(leak(BreachStage.FINAL, answers=DETECTED.command_id), None, id="a full report of it"),
        pytest.param(
            leak(BreachStage.FINAL, answers=REPORTED.command_id), None, id="a full report of its first"
        ),
        pytest.param(
            leak(answers=REPORTED.command_id, name="another"),
            Reason.UNKNOWN_MESSAGE,
            id="a first one of a first",
        ),
        pytest.param(informed(), None, id="all were informed"),
        pytest.param(informed(0, NoticeException.UNREACHABLE), None, id="nobody, and why"),
        pytest.param(informed(0), Reason.REASON_MISSING, id="nobody, and not why"),
        pytest.param(informed(-1), Reason.NUMBERS_WRONG, id="less than nobody"),
        pytest.param(informed(answers=REPORTED.command_id), Reason.UNKNOWN_MESSAGE, id="of a report"),
        pytest.param(replace(informed(), by=AZ_COORD), Reason.UNKNOWN_MESSAGE, id="of another agency's leak"),
    ],
)
def test_reports_and_the_notice_to_the_persons_name_the_leak(command, reason):
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(LEARNED, DETECTED, REPORTED).when(command) == expected


def test_in_edition_1_a_first_report_named_nothing():
    command = leak(answers=DETECTED.command_id)
    past = given(LEARNED, DETECTED, edition=1)
    assert past.when(command) == refused(command, Reason.UNKNOWN_MESSAGE)
    assert past.when(leak()) == [leak().event]
    ahead = leak(found_at=NOON + timedelta(seconds=1))
    assert past.when(ahead) == refused(ahead, Reason.TIME_AHEAD)
    full = leak(BreachStage.FINAL, answers=DETECTED.command_id)
    assert past.when(full) == refused(full, Reason.UNKNOWN_MESSAGE)


def breach_alarms(so: Given, until: datetime) -> list[tuple[str, datetime, bool]]:
    """The alarms of the leak until then: which, when, and whether for the supervisor."""
    raised: list[tuple[str, datetime, bool]] = []
    while (due := next_due_of_case(so.world)) is not None and due.at <= until:
        name = f"due {len(so.records)}"
        so.put(event_input("HUB", due.event, on=due.about, name=name, at=due.at), by_hub=True)
        if "Breach" in type(due.event).__name__:
            raised.append((type(due.event).__name__, due.at, due.event.escalated))
    return raised


def days(n: int) -> datetime:
    return AT + timedelta(days=n)


@pytest.mark.parametrize(
    ("intent", "alarm", "last"),
    [
        pytest.param(BreachIntent.NONE, "BreachReportOverdueAlarmRaised", 30, id="no wrongful purpose"),
        pytest.param(
            BreachIntent.SUSPECTED, "BreachIntentReportOverdueAlarmRaised", 60, id="a wrongful purpose"
        ),
        pytest.param(BreachIntent.UNKNOWN, "BreachIntentReportOverdueAlarmRaised", 60, id="not known"),
    ],
)
def test_a_leak_is_reported_in_three_to_five_days_and_in_full_in_thirty_or_sixty(intent, alarm, last):
    alarms = breach_alarms(given(LEARNED, detected(intent)), days(last + 1))
    assert [a for a in alarms if a[0] != "BreachNoticeOverdueAlarmRaised"] == [
        ("BreachPreliminaryOverdueAlarmRaised", days(3), False),
        ("BreachPreliminaryOverdueAlarmRaised", days(5), True),
        (alarm, days(last), False),
        (alarm, days(last + 1), True),
    ]
    assert ("BreachNoticeOverdueAlarmRaised", days(14), False) in alarms


@pytest.mark.parametrize("names", [DETECTED, REPORTED], ids=["the leak", "the first report"])
@pytest.mark.parametrize("intent", [BreachIntent.NONE, BreachIntent.UNKNOWN])
def test_each_report_stops_its_own_clock_and_the_notice_the_last(names, intent):
    so = given(LEARNED, detected(intent))
    [task] = [t for t in tasks(so.world, AZ_CORE, now=AT) if t.kind is TaskKind.REPORT_BREACH]
    assert task.due_at == days(3)
    so.put(REPORTED)
    of_breach = {kind for kind, *_ in so.world.case.clocks if kind.startswith("BREACH")}
    assert len(of_breach) == 2
    so.put(replace(informed(), at=days(1)))
    so.put(leak(BreachStage.FINAL, answers=names.command_id, at=days(2)))
    assert not [kind for kind, *_ in so.world.case.clocks if kind.startswith("BREACH")]


def test_another_agencys_full_report_and_another_leak_stop_nothing():
    so = given(LEARNED, DETECTED)
    so.put(replace(leak(BreachStage.FINAL, answers=DETECTED.command_id), by=AZ_COORD, at=days(1)))
    so.put(leak(BreachStage.FINAL, answers=LEARNED.command_id, name="of another", at=days(1)))
    assert len([kind for kind, *_ in so.world.case.clocks if kind.startswith("BREACH")]) == 3
