"""Recalls and corrections are confirmed; what a guardian asks where there is danger is looked at by two."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.clocks import ClockKind
from domain.codes import ConsentCapacity, Requester, Section
from domain.events import (
    CoercionCheckDone,
    CoercionCheckRequired,
    CorrectionMade,
    CorrectionNotifiedToRecipients,
    DisclosureMade,
    NoticeUnconfirmedAlarmRaised,
    RecallAcknowledged,
    RecallNoticeSent,
    SubjectAccessRequested,
)
from domain.reasons import Reason
from domain.tasks import TaskKind, tasks
from tests.domain.kit import (
    AZ_CORE,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    Said,
    consent_of,
    given,
    id_of,
    jst,
    refused,
    tell,
)
from tests.domain.test_clocks import run

S = Section
AT = jst("2025-05-12 09:00")
TOLD = tell(DisclosureMade, AZ_CORE, [KS_CGC, MID_HOSP], [S.BASIC], "APPI-69-2-4", name="told", at=AT)
NOTE = tell(DisclosureMade, AZ_CORE, [], [Section.RISK], name="note")
RECALL = tell(RecallNoticeSent, AZ_CORE, [KS_CGC, MID_HOSP], recalls=TOLD.ask, at=AT)


def test_everybody_who_was_given_it_is_asked_back_and_says_so() -> None:
    so = given(LEARNED, TOLD)
    assert so.when(RECALL) == [RECALL.fact]
    so.put(RECALL)
    confirm = tell(RecallAcknowledged, KS_CGC, [AZ_CORE], answers=RECALL.ask)
    assert so.when(confirm) == [confirm.fact]
    so.put(confirm)
    waits = {a: {t.kind for t in tasks(so.world, a, now=NOON)} for a in (KS_CGC, MID_HOSP)}
    assert [TaskKind.CONFIRM in kinds for kinds in waits.values()] == [False, True]
    late = [
        (at, a.late) for at, a in run(so, AT + timedelta(days=14)) if type(a) is NoticeUnconfirmedAlarmRaised
    ]
    assert late == [(AT + timedelta(days=14), MID_HOSP)]


def test_a_correction_that_was_told_is_confirmed_too() -> None:
    corrected = tell(CorrectionMade, AZ_CORE, sections=[S.BASIC], corrects=TOLD.ask)
    notice = tell(CorrectionNotifiedToRecipients, AZ_CORE, [KS_CGC, MID_HOSP], answers=corrected.ask)
    so = given(LEARNED, TOLD, corrected, notice)
    confirm = tell(RecallAcknowledged, MID_HOSP, [AZ_CORE], answers=notice.ask)
    assert so.when(confirm) == [confirm.fact]
    so.put(confirm)
    assert {late for kind, _, late in so.world.case.clocks if kind is ClockKind.CONFIRM} == {KS_CGC}


def test_it_is_asked_back_from_the_one_whom_it_concerns_alone() -> None:
    one = tell(RecallNoticeSent, AZ_CORE, [KS_CGC], recalls=TOLD.ask)
    assert given(LEARNED, TOLD).when(one) == [one.fact]


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(replace(RECALL, by=MID_HOSP), Reason.NOT_THE_SENDER, id="a recall of another's words"),
        pytest.param(
            tell(RecallNoticeSent, AZ_CORE, [KS_CGC, EXT_SERVICE], recalls=TOLD.ask),
            Reason.RECIPIENTS_WRONG,
            id="from one who was given nothing",
        ),
        pytest.param(
            tell(RecallNoticeSent, AZ_CORE, recalls=TOLD.ask),
            Reason.RECIPIENTS_WRONG,
            id="from nobody",
        ),
        pytest.param(
            tell(RecallNoticeSent, AZ_CORE, [KS_CGC], recalls=id_of("nothing")),
            Reason.UNKNOWN_MESSAGE,
            id="of nothing",
        ),
        pytest.param(
            tell(RecallNoticeSent, AZ_CORE, recalls=NOTE.ask),
            Reason.RECIPIENTS_WRONG,
            id="of what nobody was told",
        ),
        pytest.param(
            tell(RecallAcknowledged, MID_HOSP, [AZ_CORE], answers=TOLD.ask),
            Reason.UNKNOWN_MESSAGE,
            id="no notice",
        ),
        pytest.param(
            tell(RecallAcknowledged, MID_HOSP, [AZ_CORE], answers=LEARNED.ask),
            Reason.NOT_ADDRESSED,
            id="one's own",
        ),
        pytest.param(
            tell(CoercionCheckDone, AZ_CORE, answers=TOLD.ask), Reason.UNKNOWN_MESSAGE, id="no request"
        ),
        pytest.param(
            tell(CoercionCheckDone, AZ_CORE, answers=id_of("nothing")),
            Reason.UNKNOWN_MESSAGE,
            id="nothing there",
        ),
    ],
)
def test_what_may_not_be_is_refused(wish: Said, reason: Reason) -> None:
    to_self = replace(wish, fact=wish.fact)
    if wish.by == MID_HOSP and isinstance(wish.fact, RecallNoticeSent):
        to_self = replace(wish, fact=replace(wish.fact, to=frozenset({KS_CGC, AZ_CORE})))
    assert given(LEARNED, TOLD, NOTE).when(to_self) == refused(to_self, reason)


def asks(requester: Requester) -> Said:
    return tell(SubjectAccessRequested, AZ_CORE, requester=requester, at=AT, name="asks")


def consents(capacity: ConsentCapacity) -> Said:
    one = consent_of(at=AT)
    return replace(one, fact=replace(one.fact, capacity=capacity))  # type: ignore[call-arg]


RISK = tell(DisclosureMade, AZ_CORE, [], [S.RISK], name="risk", at=AT - timedelta(days=1))


@pytest.mark.parametrize(
    ("said", "looked_at"),
    [
        pytest.param(asks(Requester.LEGAL_REPRESENTATIVE), True, id="a guardian asks"),
        pytest.param(asks(Requester.SELF), False, id="the person asks"),
        pytest.param(consents(ConsentCapacity.GUARDIAN), True, id="a guardian consents"),
        pytest.param(consents(ConsentCapacity.SELF), False, id="the person consents"),
    ],
)
def test_where_there_is_danger_what_a_guardian_says_is_to_be_looked_at_at_once(
    said: Said, looked_at: bool
) -> None:
    def came(*past: Any) -> list[Any]:
        return [at for at, a in run(given(LEARNED, *past), AT) if type(a) is CoercionCheckRequired]

    assert came(RISK, said) == [AT] * looked_at
    assert came(said) == []
    assert came(RISK, said, tell(CoercionCheckDone, AZ_CORE, answers=said.ask)) == []


def test_two_persons_of_an_authority_look() -> None:
    asked = asks(Requester.LEGAL_REPRESENTATIVE)
    so = given(LEARNED, RISK, asked)
    both = tell(CoercionCheckDone, AZ_CORE, answers=asked.ask)
    alone = tell(CoercionCheckDone, AZ_CORE, answers=asked.ask, second="p-1")
    stranger = tell(CoercionCheckDone, MID_HOSP, answers=asked.ask)
    assert so.when(both) == [both.fact]
    assert so.when(alone) == refused(alone, Reason.SECOND_PERSON_MISSING)
    assert so.when(stranger) == refused(stranger, Reason.NOT_AN_AUTHORITY)


def test_a_guardians_consent_where_there_is_danger_carries_nothing_until_two_have_looked_at_it() -> None:
    paper = consents(ConsentCapacity.GUARDIAN)
    wish = tell(DisclosureMade, AZ_CORE, [EXT_SERVICE], [S.BASIC], "CONSENT", consent=[id_of("C1")])
    so = given(LEARNED, RISK, paper)
    [fact] = so.when(wish)
    assert [fact] == refused(wish, Reason.CONSENT_NOT_CHECKED, EXT_SERVICE, fact.fitting)  # type: ignore[attr-defined]
    so.put(tell(CoercionCheckDone, AZ_CORE, answers=paper.ask, coerced=True, name="coerced"))
    assert [f.reason for f in so.when(wish)] == [Reason.CONSENT_NOT_CHECKED]  # type: ignore[attr-defined]
    so.put(tell(CoercionCheckDone, AZ_CORE, answers=paper.ask, coerced=False, name="looked at again"))
    assert so.when(wish) == [wish.fact]
    assert given(LEARNED, paper).when(wish) == [wish.fact]  # where nothing was told of danger
    assert given(LEARNED, RISK, consents(ConsentCapacity.SELF)).when(wish) == [wish.fact]
