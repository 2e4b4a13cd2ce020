"""Protected addresses, conditions on what was told, leaks, and telling without consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain.codes import Alternative, BreachStage, Condition, Section
from domain.events import (
    BasisOverrideApproved,
    BasisOverrideRequested,
    BreachReported,
    BreachReportOverdueAlarmRaised,
    DecisionUnreviewedAlarmRaised,
    DisclosureConditionsImposed,
    DisclosureMade,
    HomeVisitFailed,
    HomeVisitScheduled,
    NonDisclosureDecided,
    ProtectedAddressRegistered,
    SupportCaseOpened,
    VisitUnreportedAlarmRaised,
)
from domain.reasons import Reason
from tests.domain.kit import (
    AZ_COORD,
    AZ_CORE,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    Said,
    given,
    id_of,
    jst,
    refused,
    tell,
)
from tests.domain.test_clocks import run

S = Section
AT = jst("2025-06-02 09:00")


# --- a case is opened for a purpose ----------------------------------------------------------------------


def test_the_core_agency_opens_a_case_and_nobody_else():
    wish = tell(SupportCaseOpened, AZ_CORE)
    assert given(LEARNED).when(wish) == [wish.fact]
    other = tell(SupportCaseOpened, AZ_COORD)
    assert given(LEARNED).when(other) == refused(other, Reason.NOT_RESPONSIBLE_CORE)


# --- protected addresses --------------------------------------------------------------------------------------


def test_a_protected_address_stands_under_addr_alone():
    bare = tell(ProtectedAddressRegistered, AZ_CORE, [], [S.BASIC], until=None)
    assert given(LEARNED).when(bare) == refused(bare, Reason.ADDRESS_MISSING)
    wish = tell(ProtectedAddressRegistered, AZ_CORE, [], [S.ADDR], until=date(2026, 5, 31))
    assert given(LEARNED).when(wish) == [wish.fact]
    assert given(LEARNED, wish).world.case.address_until == date(2026, 5, 31)
    for_ever = tell(ProtectedAddressRegistered, AZ_CORE, [], [S.ADDR], until=None)
    assert given(LEARNED, for_ever).world.case.address_until == date.max


def test_a_hospital_is_never_told_it():
    wish = tell(ProtectedAddressRegistered, AZ_CORE, [MID_HOSP], [S.ADDR], "APPI-69-2-3", until=None)
    assert given(LEARNED).when(wish) == refused(wish, Reason.NEVER_FOR_ROLE, MID_HOSP)


# --- conditions -------------------------------------------------------------------------------------------------

TOLD = tell(DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-3", name="told")


def asks(by: Any = AZ_CORE, to: Any = (KS_CGC,), **more: Any) -> Said:
    usual = {"disclosure": TOLD.ask, "conditions": frozenset({Condition.PURPOSE_ONLY}), "until": None}
    return tell(DisclosureConditionsImposed, by, to, **{**usual, **more})


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(asks(disclosure=id_of("nothing")), Reason.UNKNOWN_MESSAGE, id="on nothing"),
        pytest.param(asks(by=AZ_COORD), Reason.NOT_THE_SENDER, id="on another's message"),
        pytest.param(asks(to=[]), Reason.RECIPIENTS_WRONG, id="of nobody"),
        pytest.param(asks(to=[MID_HOSP]), Reason.RECIPIENTS_WRONG, id="of who was given nothing"),
        pytest.param(asks(conditions=frozenset()), Reason.CONDITIONS_MISSING, id="none"),
    ],
)
def test_conditions_are_the_senders_to_ask_of_those_who_were_given_it(wish, reason):
    assert given(LEARNED, TOLD).when(wish) == refused(wish, reason)


def test_conditions_are_told():
    assert given(LEARNED, TOLD).when(asks()) == [asks().fact]


# --- leaks --------------------------------------------------------------------------------------------------------


def leak(stage: BreachStage = BreachStage.PRELIMINARY, answers: Any = None, **more: Any) -> Said:
    usual = {"found_at": AT, "leaked": frozenset({S.ADDR}), "persons": 2, "told": False}
    name = f"leak {stage}"
    return tell(BreachReported, AZ_CORE, stage=stage, answers=answers, **{"name": name, **usual, **more})


NOTE = tell(DisclosureMade, AZ_CORE, [], [S.BASIC], name="note")
FINAL = leak(BreachStage.FINAL, answers=leak().ask)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(
            leak(found_at=NOON + timedelta(seconds=1), name="another"),
            Reason.TIME_AHEAD,
            id="found later than now",
        ),
        pytest.param(
            leak(answers=LEARNED.ask, name="another"),
            Reason.UNKNOWN_MESSAGE,
            id="a first report that answers",
        ),
        pytest.param(leak(BreachStage.FINAL), Reason.UNKNOWN_MESSAGE, id="a final one that answers nothing"),
        pytest.param(
            leak(BreachStage.FINAL, answers=LEARNED.ask), Reason.UNKNOWN_MESSAGE, id="that answers no report"
        ),
        pytest.param(
            leak(BreachStage.FINAL, answers=NOTE.ask), Reason.UNKNOWN_MESSAGE, id="another word of its own"
        ),
        pytest.param(replace(FINAL, by=AZ_COORD), Reason.UNKNOWN_MESSAGE, id="another agency's report"),
    ],
)
def test_a_leak_is_told_first_at_once_and_then_in_full(wish, reason):
    assert given(LEARNED, NOTE, leak(at=AT)).when(wish) == refused(wish, reason)


def test_what_is_found_now_is_told_now():
    wish = leak(found_at=NOON)
    assert given(LEARNED).when(wish) == [wish.fact]


def test_the_full_report_is_due_in_thirty_days():
    assert given(LEARNED).when(leak()) == [leak().fact]
    assert given(LEARNED, leak(at=AT)).when(FINAL) == [FINAL.fact]

    def late(*past: Any) -> list[Any]:
        came = run(given(LEARNED, *past), until=AT + timedelta(days=30))
        return [at for at, alarm in came if isinstance(alarm, BreachReportOverdueAlarmRaised)]

    assert late(leak(at=AT)) == [AT + timedelta(days=30)]
    assert late(leak(at=AT), FINAL) == []


# --- what is to be looked at again, and what was planned ---------------------------------------------------------


def test_a_decision_not_to_tell_comes_back_on_its_day():
    decided = tell(NonDisclosureDecided, AZ_CORE, reason="NOT_NEEDED", review_on=date(2025, 7, 1), at=AT)

    def due(*past: Any) -> list[Any]:
        came = run(given(LEARNED, decided, *past), until=jst("2025-07-02 00:00"))
        return [(at, a.late) for at, a in came if isinstance(a, DecisionUnreviewedAlarmRaised)]

    assert due() == [(jst("2025-07-02 00:00"), AZ_CORE)]
    assert due(TOLD) == []
    again = tell(NonDisclosureDecided, AZ_CORE, reason="STILL_NOT", review_on=date(2025, 9, 1), name="again")
    assert due(again) == []


def test_a_planned_visit_is_reported_on_within_a_week():
    planned = tell(HomeVisitScheduled, AZ_CORE, planned_on=date(2025, 6, 10), at=AT)

    def due(*past: Any) -> list[Any]:
        came = run(given(LEARNED, planned, *past), until=jst("2025-06-18 00:00"))
        return [(at, a.late) for at, a in came if isinstance(a, VisitUnreportedAlarmRaised)]

    assert due() == [(jst("2025-06-18 00:00"), AZ_CORE)]
    assert due(tell(HomeVisitFailed, AZ_CORE)) == []
    assert len(due(tell(HomeVisitFailed, KS_CGC))) == 1


# --- telling without consent ---------------------------------------------------------------------------------------


def drafts(**more: Any) -> Said:
    usual: dict[str, Any] = {
        "code": "APPI-69-2-4",
        "recipients": frozenset({EXT_SERVICE}),
        "alternatives": frozenset({Alternative.WAIT_FOR_CONSENT}),
        "reason": "CLEARLY_IN_THEIR_INTEREST",
        "name": "drafts",
        "at": AT,
    }
    wanted = more.pop("sections", frozenset({S.BASIC}))
    one = tell(BasisOverrideRequested, AZ_CORE, more.pop("to", ()), **{**usual, **more})
    return replace(one, fact=replace(one.fact, sections=wanted))  # type: ignore[call-arg]


def lets(actor: str, by: Any = AZ_CORE, **more: Any) -> Said:
    usual: dict[str, Any] = {"approves": drafts().ask, "name": f"lets {actor}", "at": AT}
    return tell(BasisOverrideApproved, by, actor=actor, **{**usual, **more})


TELLS = tell(DisclosureMade, AZ_CORE, [EXT_SERVICE], [S.BASIC], "APPI-69-2-4", name="tells")


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(drafts(reason=None), Reason.REASON_MISSING, id="without reason"),
        pytest.param(drafts(alternatives=frozenset()), Reason.REASON_MISSING, id="nothing else considered"),
        pytest.param(drafts(code="CWA-25-2-2"), Reason.BASIS_UNKNOWN, id="of a basis that needs none"),
        pytest.param(drafts(code="MADE-UP"), Reason.BASIS_UNKNOWN, id="of no basis"),
        pytest.param(drafts(to=[KS_CGC]), Reason.RECIPIENTS_WRONG, id="told to somebody"),
        pytest.param(drafts(recipients=frozenset()), Reason.NO_SECTIONS, id="for nobody"),
        pytest.param(drafts(sections=frozenset()), Reason.NO_SECTIONS, id="of nothing"),
    ],
)
def test_a_draft_says_why_what_else_for_whom_and_what(wish, reason):
    assert given(LEARNED).when(wish) == refused(wish, reason)


def test_two_others_of_the_agency_let_it_and_no_more():
    so = given(LEARNED, drafts())
    assert so.when(lets("p-2")) == [lets("p-2").fact]
    assert so.when(lets("p-1")) == refused(lets("p-1"), Reason.SECOND_PERSON_MISSING)
    so.put(lets("p-2"))
    assert so.when(lets("p-2")) == refused(lets("p-2"), Reason.MESSAGE_EXISTS)
    again = lets("p-2", name="again")
    assert so.when(again) == refused(again, Reason.SECOND_PERSON_MISSING)
    foreign = lets("p-3", by=KS_CGC)
    assert so.when(foreign) == refused(foreign, Reason.UNKNOWN_MESSAGE)
    so.put(lets("p-3"))
    assert so.when(lets("p-4")) == refused(lets("p-4"), Reason.ALREADY_ANSWERED)
    nothing = lets("p-2", approves=LEARNED.ask, name="of nothing")
    assert so.when(nothing) == refused(nothing, Reason.UNKNOWN_MESSAGE)


LET = (drafts(), lets("p-2"), lets("p-3"))


def test_with_their_word_it_may_be_told_for_a_day():
    assert given(LEARNED, LET).when(TELLS, now=AT + timedelta(hours=24)) == [TELLS.fact]
    late = AT + timedelta(hours=24, seconds=1)
    [fact] = given(LEARNED, LET).when(TELLS, now=late)
    assert fact.reason is Reason.NOT_APPROVED_BY_TWO  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("past", "wish"),
    [
        pytest.param((), TELLS, id="nobody let it"),
        pytest.param(LET[:1], TELLS, id="drafted"),
        pytest.param(LET[:2], TELLS, id="one let it"),
        pytest.param(
            LET,
            tell(DisclosureMade, AZ_CORE, [EXT_SERVICE], [S.BASIC, S.CHILD], "APPI-69-2-4"),
            id="more than was let",
        ),
        pytest.param(
            LET,
            tell(DisclosureMade, AZ_CORE, [MID_HOSP], [S.BASIC], "APPI-69-2-4"),
            id="to another",
        ),
        pytest.param(
            LET, tell(DisclosureMade, KS_CGC, [EXT_SERVICE], [S.BASIC], "APPI-69-2-4"), id="by another"
        ),
    ],
)
def test_nothing_else_is_told_by_it(past, wish):
    [fact] = given(LEARNED, past).when(wish)
    assert fact.reason is Reason.NOT_APPROVED_BY_TWO  # type: ignore[attr-defined]


def test_a_basis_of_exception_is_never_among_those_that_would_have_fitted():
    wish = replace(TELLS, fact=replace(TELLS.fact, basis={}))
    [fact] = given(LEARNED).when(wish)
    assert "APPI-69-2-4" not in fact.fitting  # type: ignore[attr-defined]
