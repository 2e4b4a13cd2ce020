"""Recalls and corrections are confirmed; what a guardian asks where there is danger is looked at by two."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain import events as e
from domain.clocks import ClockKind
from domain.codes import ConsentCapacity, Requester, Section
from domain.reasons import Reason
from domain.tasks import TaskKind, tasks
from tests.domain.builders import (
    AZ_CORE,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    EventInput,
    Given,
    case_message,
    consent_of,
    given,
    id_of,
    jst,
    refused,
)
from tests.domain.test_clocks import run

S = Section
AT = jst("2025-05-12 09:00")
DISCLOSED = case_message(
    e.DisclosureMade, AZ_CORE, [KS_CGC, MID_HOSP], [S.BASIC], "APPI-69-2-4", name="told", at=AT
)
NOTE = case_message(e.DisclosureMade, AZ_CORE, [], [Section.RISK], name="note")
RECALL = case_message(e.RecallNoticeSent, AZ_CORE, [KS_CGC, MID_HOSP], recalls=DISCLOSED.command_id, at=AT)


def test_every_recipient_is_asked_to_return_it_and_confirms() -> None:
    so = given(LEARNED, DISCLOSED)
    assert so.when(RECALL) == [RECALL.event]
    so.put(RECALL)
    confirm = case_message(e.RecallAcknowledged, KS_CGC, [AZ_CORE], answers=RECALL.command_id)
    assert so.when(confirm) == [confirm.event]
    so.put(confirm)
    waits = {a: {t.kind for t in tasks(so.world, a, now=NOON)} for a in (KS_CGC, MID_HOSP)}
    assert [TaskKind.CONFIRM in kinds for kinds in waits.values()] == [False, True]
    responsible = [
        (at, a.responsible)
        for at, a in run(so, AT + timedelta(days=14))
        if type(a) is e.NoticeUnconfirmedAlarmRaised
    ]
    assert responsible == [(AT + timedelta(days=14), MID_HOSP)]


def test_a_notified_correction_is_confirmed_too() -> None:
    corrected = case_message(e.CorrectionMade, AZ_CORE, sections=[S.BASIC], corrects=DISCLOSED.command_id)
    notice = case_message(
        e.CorrectionNotifiedToRecipients, AZ_CORE, [KS_CGC, MID_HOSP], answers=corrected.command_id
    )
    so = given(LEARNED, DISCLOSED, corrected, notice)
    confirm = case_message(e.RecallAcknowledged, MID_HOSP, [AZ_CORE], answers=notice.command_id)
    assert so.when(confirm) == [confirm.event]
    so.put(confirm)
    assert {responsible for kind, _, responsible, _ in so.world.case.clocks if kind is ClockKind.CONFIRM} == {
        KS_CGC
    }


def test_a_recall_may_address_only_the_recipient_concerned() -> None:
    one = case_message(e.RecallNoticeSent, AZ_CORE, [KS_CGC], recalls=DISCLOSED.command_id)
    assert given(LEARNED, DISCLOSED).when(one) == [one.event]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(replace(RECALL, by=MID_HOSP), Reason.NOT_THE_SENDER, id="a recall of another's words"),
        pytest.param(
            case_message(e.RecallNoticeSent, AZ_CORE, [KS_CGC, EXT_SERVICE], recalls=DISCLOSED.command_id),
            Reason.RECIPIENTS_WRONG,
            id="from one who was given nothing",
        ),
        pytest.param(
            case_message(e.RecallNoticeSent, AZ_CORE, recalls=DISCLOSED.command_id),
            Reason.RECIPIENTS_WRONG,
            id="from nobody",
        ),
        pytest.param(
            case_message(e.RecallNoticeSent, AZ_CORE, [KS_CGC], recalls=id_of("nothing")),
            Reason.UNKNOWN_MESSAGE,
            id="of nothing",
        ),
        pytest.param(
            case_message(e.RecallNoticeSent, AZ_CORE, recalls=NOTE.command_id),
            Reason.RECIPIENTS_WRONG,
            id="of what was sent to nobody",
        ),
        pytest.param(
            case_message(e.RecallAcknowledged, MID_HOSP, [AZ_CORE], answers=DISCLOSED.command_id),
            Reason.UNKNOWN_MESSAGE,
            id="no notice",
        ),
        pytest.param(
            case_message(e.RecallAcknowledged, MID_HOSP, [AZ_CORE], answers=LEARNED.command_id),
            Reason.NOT_ADDRESSED,
            id="one's own",
        ),
        pytest.param(
            case_message(e.CoercionCheckDone, AZ_CORE, answers=DISCLOSED.command_id),
            Reason.UNKNOWN_MESSAGE,
            id="no request",
        ),
        pytest.param(
            case_message(e.CoercionCheckDone, AZ_CORE, answers=id_of("nothing")),
            Reason.UNKNOWN_MESSAGE,
            id="nothing there",
        ),
    ],
)
def test_what_may_not_be_is_refused(command: EventInput, reason: Reason) -> None:
    to_self = replace(command, event=command.event)
    if command.by == MID_HOSP and isinstance(command.event, e.RecallNoticeSent):
        to_self = replace(command, event=replace(command.event, to=frozenset({KS_CGC, AZ_CORE})))
    assert given(LEARNED, DISCLOSED, NOTE).when(to_self) == refused(to_self, reason)


def confirmation(checked: EventInput, *, check: str = "coercion_check.done", **changed: Any) -> EventInput:
    """The second person, whom the check names, confirms it."""
    usual = {"answers": checked.command_id, "confirms": id_of(check), "actor": "p-2", "name": f"{check} too"}
    return case_message(e.CoercionCheckConfirmed, changed.pop("by", AZ_CORE), **{**usual, **changed})


def access_request(requester: Requester) -> EventInput:
    return case_message(e.SubjectAccessRequested, AZ_CORE, requester=requester, at=AT, name="access_request")


def consents(capacity: ConsentCapacity) -> EventInput:
    one = consent_of(at=AT)
    return replace(one, event=replace(one.event, capacity=capacity))  # type: ignore[call-arg]


RISK = case_message(e.DisclosureMade, AZ_CORE, [], [S.RISK], name="risk", at=AT - timedelta(days=1))


@pytest.mark.parametrize(
    ("message", "looked_at"),
    [
        pytest.param(access_request(Requester.LEGAL_REPRESENTATIVE), True, id="a guardian asks"),
        pytest.param(access_request(Requester.SELF), False, id="the person asks"),
        pytest.param(consents(ConsentCapacity.GUARDIAN), True, id="a guardian consents"),
        pytest.param(consents(ConsentCapacity.SELF), False, id="the person consents"),
    ],
)
def test_in_a_case_at_risk_a_guardians_request_requires_a_check_at_once(
    message: EventInput, looked_at: bool
) -> None:
    def came(*past: Any) -> list[Any]:
        return [at for at, a in run(given(LEARNED, *past), AT) if type(a) is e.CoercionCheckRequired]

    assert came(RISK, message) == [AT] * looked_at
    assert came(message) == []
    check = case_message(e.CoercionCheckDone, AZ_CORE, answers=message.command_id)
    assert came(RISK, message, check) == [AT] * looked_at  # the second person has not confirmed it
    assert came(RISK, message, check, confirmation(message)) == []


def test_two_persons_of_an_authority_look() -> None:
    request = access_request(Requester.LEGAL_REPRESENTATIVE)
    so = given(LEARNED, RISK, request)
    both = case_message(e.CoercionCheckDone, AZ_CORE, answers=request.command_id)
    single_person_check = case_message(e.CoercionCheckDone, AZ_CORE, answers=request.command_id, second="p-1")
    stranger = case_message(e.CoercionCheckDone, MID_HOSP, answers=request.command_id)
    assert so.when(both) == [both.event]
    assert so.when(single_person_check) == refused(single_person_check, Reason.SECOND_PERSON_MISSING)
    assert so.when(stranger) == refused(stranger, Reason.NOT_AN_AUTHORITY)


def test_in_a_case_at_risk_a_guardians_consent_waits_for_the_check_of_two() -> None:
    paper = consents(ConsentCapacity.GUARDIAN)
    command = case_message(
        e.DisclosureMade, AZ_CORE, [EXT_SERVICE], [S.BASIC], "CONSENT", consent=[id_of("C1")]
    )
    so = given(LEARNED, RISK, paper)
    [event] = so.when(command)
    assert [event] == refused(command, Reason.CONSENT_NOT_CHECKED, EXT_SERVICE, event.fitting)  # type: ignore[attr-defined]
    so.put(case_message(e.CoercionCheckDone, AZ_CORE, answers=paper.command_id, coerced=True, name="coerced"))
    so.put(confirmation(paper, check="coerced", coerced=True))
    assert [f.reason for f in so.when(command)] == [Reason.CONSENT_NOT_CHECKED]  # type: ignore[attr-defined]
    so.put(
        case_message(
            e.CoercionCheckDone, AZ_CORE, answers=paper.command_id, coerced=False, name="looked at again"
        )
    )
    assert [f.reason for f in so.when(command)] == [Reason.CONSENT_NOT_CHECKED]  # type: ignore[attr-defined]
    so.put(confirmation(paper, check="looked at again"))
    assert so.when(command) == [command.event]
    assert given(LEARNED, paper).when(command) == [command.event]  # where the case is not at risk
    assert given(LEARNED, RISK, consents(ConsentCapacity.SELF)).when(command) == [command.event]


REQUEST = access_request(Requester.LEGAL_REPRESENTATIVE)
CHECK = case_message(e.CoercionCheckDone, AZ_CORE, answers=REQUEST.command_id)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(confirmation(REQUEST), None, id="(the one whom it names)"),
        pytest.param(confirmation(REQUEST, actor="p-1"), Reason.NOT_IN_PERSON, id="the first again"),
        pytest.param(confirmation(REQUEST, actor="p-3"), Reason.NOT_IN_PERSON, id="a third"),
        pytest.param(confirmation(REQUEST, by=KS_CGC), Reason.NOT_IN_PERSON, id="a namesake elsewhere"),
        pytest.param(confirmation(REQUEST, actor="sys:p-2"), Reason.NOT_A_PERSON, id="a system"),
        pytest.param(confirmation(REQUEST, coerced=True), Reason.ITEMS_DIFFER, id="another result"),
        pytest.param(confirmation(LEARNED), Reason.ITEMS_DIFFER, id="a check of something else"),
        pytest.param(confirmation(REQUEST, check="nothing"), Reason.UNKNOWN_MESSAGE, id="no check"),
        pytest.param(
            confirmation(REQUEST, confirms=REQUEST.command_id), Reason.UNKNOWN_MESSAGE, id="what is no check"
        ),
    ],
)
def test_the_second_person_confirms_a_check_in_person(command: EventInput, reason: Reason | None) -> None:
    seen = case_message(e.DisclosureMade, AZ_CORE, [KS_CGC], [Section.BASIC], name="seen")
    so = given(LEARNED, RISK, seen, REQUEST, CHECK)
    assert so.when(command) == ([command.event] if reason is None else refused(command, reason))


def test_a_check_is_confirmed_once_and_a_newer_one_takes_its_place() -> None:
    so = given(LEARNED, RISK, REQUEST, CHECK)
    assert check_tasks(so) == [CHECK.command_id]
    newer = replace(CHECK, command_id=id_of("newer"))
    so.put(newer)
    assert check_tasks(so) == [id_of("newer")]
    old, new = confirmation(REQUEST), confirmation(REQUEST, check="newer")
    assert so.when(old) == refused(old, Reason.ALREADY_ANSWERED)
    assert so.when(new) == [new.event]
    so.put(new)
    assert check_tasks(so) == []
    again = replace(new, command_id=id_of("again"))
    assert so.when(again) == refused(again, Reason.ALREADY_ANSWERED)


def check_tasks(so: Given) -> list[Any]:
    return [t.message for t in tasks(so.world, AZ_CORE, now=AT) if t.kind is TaskKind.CONFIRM_CHECK]


def test_no_system_is_named_as_the_second_person() -> None:
    command = case_message(e.CoercionCheckDone, AZ_CORE, answers=REQUEST.command_id, second="sys:desk")
    assert given(LEARNED, RISK, REQUEST).when(command) == refused(command, Reason.NOT_A_PERSON)


def test_in_the_first_edition_a_check_counts_when_the_first_has_recorded_it() -> None:
    paper = consents(ConsentCapacity.GUARDIAN)
    command = case_message(
        e.DisclosureMade, AZ_CORE, [EXT_SERVICE], [S.BASIC], "CONSENT", consent=[id_of("C1")]
    )
    check = case_message(e.CoercionCheckDone, AZ_CORE, answers=paper.command_id)
    so = given(LEARNED, RISK, paper, check, edition=1)
    assert so.when(command) == [command.event]
    assert check_tasks(so) == []
    assert [a for _, a in run(so, AT) if type(a) is e.CoercionCheckRequired] == []
    coerced = replace(check, event=replace(check.event, coerced=True))  # type: ignore[call-arg]
    waits = given(LEARNED, RISK, paper, coerced, edition=1).when(command)
    assert [f.reason for f in waits] == [Reason.CONSENT_NOT_CHECKED]  # type: ignore[attr-defined]
