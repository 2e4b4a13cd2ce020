"""What the person concerned asks for: each ground fits its section, what must stay back stays back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain import events as e
from domain.codes import AccessResult, Flag, Requester, Section
from domain.reasons import Reason
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    REGISTERED,
    case_message,
    given,
    id_of,
    items,
    jst,
    refused,
)

S = Section
ACCESS_REQUESTED = case_message(e.SubjectAccessRequested, AZ_CORE, at=jst("2025-06-02 10:00"))
BY_FATHER = case_message(
    e.SubjectAccessRequested, AZ_CORE, at=jst("2025-06-02 10:00"), requester=Requester.LEGAL_REPRESENTATIVE
)
NOTIFIED = case_message(
    e.AbuseNotificationReceived,
    AZ_CORE,
    sections=[S.NOTIFIER, S.RISK],
    recorded_for_notifier=True,
    name="notified",
)
STATEMENT = case_message(
    e.InformationRequestAnswered,
    MID_HOSP,
    [AZ_CORE],
    [(S.CHILD, Flag.CHILD_STATEMENT), S.CHILD],
    "APPI-27-1-3",
    answers=id_of("a request"),
)
LATER = jst("2025-06-04 10:00")


def withheld_row(section: Section, ground: str, flag: Flag | None = None) -> e.Withheld:
    return e.Withheld(section=section, ground=ground, flag=flag)


def decided(*withheld: e.Withheld, result: AccessResult | None = None, by: Any = AZ_CORE, **more: Any) -> Any:
    is_disclosed = AccessResult.PARTIAL if withheld else AccessResult.FULL
    return case_message(
        e.SubjectAccessDecided,
        by,
        **{
            "answers": ACCESS_REQUESTED.command_id,
            "result": result or is_disclosed,
            "withheld": withheld,
            **more,
        },
    )


# --- the decision ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(decided(), id="all is shown"),
        pytest.param(decided(withheld_row(S.CONF, "APPI-78-1-6")), id="minutes withheld as deliberation"),
        pytest.param(decided(withheld_row(S.CAREGIVER, "APPI-78-1-2")), id="third parties withheld"),
        pytest.param(
            decided(withheld_row(S.NOTIFIER, "APPI-81")), id="existence of a notifier not disclosed"
        ),
        pytest.param(decided(result=AccessResult.EXISTENCE_NOT_DISCLOSED), id="existence not disclosed"),
    ],
)
def test_a_decision_is_recorded(command: Any) -> None:
    assert given(LEARNED, ACCESS_REQUESTED).when(command) == [command.event]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(decided(answers=id_of("nothing")), Reason.UNKNOWN_MESSAGE, id="of no request"),
        pytest.param(decided(answers=LEARNED.command_id), Reason.UNKNOWN_MESSAGE, id="of something else"),
        pytest.param(decided(by=AZ_COORD), Reason.NOT_ADDRESSED, id="by another agency"),
        pytest.param(
            decided(withheld_row(S.PLAN, "APPI-81")),
            Reason.GROUND_NOT_APPLICABLE,
            id="the plan's existence withheld",
        ),
        pytest.param(
            decided(withheld_row(S.CONF, "BECAUSE")),
            Reason.GROUND_NOT_APPLICABLE,
            id="a ground that is not in the law",
        ),
        pytest.param(
            decided(result=AccessResult.PARTIAL),
            Reason.RESULT_INCONSISTENT,
            id="partly, and nothing withheld",
        ),
        pytest.param(
            decided(withheld_row(S.CONF, "APPI-78-1-6"), result=AccessResult.FULL),
            Reason.RESULT_INCONSISTENT,
            id="in full, and something withheld",
        ),
    ],
)
def test_other_decisions_are_refused(command: Any, reason: Reason) -> None:
    assert given(LEARNED, ACCESS_REQUESTED).when(command) == refused(command, reason)


def test_a_request_is_decided_once() -> None:
    repeated = decided(name="repeated")
    assert given(LEARNED, ACCESS_REQUESTED, decided()).when(repeated) == refused(
        repeated, Reason.ALREADY_ANSWERED
    )


def test_notifier_sections_are_withheld_entirely() -> None:
    so = given(LEARNED, NOTIFIED, ACCESS_REQUESTED)
    for command in (
        decided(),
        decided(withheld_row(S.CONF, "APPI-78-1-6")),
        decided(withheld_row(S.NOTIFIER, "APPI-81", Flag.THIRD_PARTY)),
    ):
        assert so.when(command) == refused(command, Reason.NOTIFIER_NOT_WITHHELD)
    for fine in (decided(withheld_row(S.NOTIFIER, "APPI-81")), decided(result=AccessResult.NONE)):
        assert so.when(fine) == [fine.event]


# --- a guardian asks ----------------------------------------------------------------------------------------------


def by_father(*withheld: e.Withheld, **more: Any) -> Any:
    return decided(*withheld, answers=BY_FATHER.command_id, **more)


@pytest.mark.parametrize(
    ("command", "is_disclosed"),
    [
        pytest.param(by_father(), False, id="nothing withheld"),
        pytest.param(by_father(withheld_row(S.CONF, "APPI-78-1-6")), False, id="something else withheld"),
        pytest.param(
            by_father(withheld_row(S.CHILD, "APPI-78-1-1", Flag.CHILD_STATEMENT)),
            True,
            id="its words withheld",
        ),
        pytest.param(by_father(withheld_row(S.CHILD, "APPI-78-1-1")), True, id="all of the child withheld"),
    ],
)
def test_a_childs_statements_are_never_shown_to_a_guardian(command: Any, is_disclosed: bool) -> None:
    expected = [command.event] if is_disclosed else refused(command, Reason.CHILD_STATEMENT_NOT_WITHHELD)
    assert given(LEARNED, STATEMENT, BY_FATHER).when(command, now=LATER) == expected


def test_to_the_person_itself_they_may_be_shown() -> None:
    assert given(LEARNED, STATEMENT, ACCESS_REQUESTED).when(decided()) == [decided().event]


def test_where_there_is_danger_a_guardians_request_rests_before_it_is_granted() -> None:
    danger = case_message(e.ConferenceMinutesRecorded, AZ_CORE, sections=[S.RISK])
    command = by_father(withheld_row(S.RISK, "APPI-78-1-1"))
    so = given(LEARNED, danger, BY_FATHER)
    assert so.when(command, now=NOON) == refused(command, Reason.GUARD_PAUSE)
    assert so.when(command, now=LATER) == [command.event]
    nothing_disclosed = by_father(result=AccessResult.NONE)
    assert so.when(nothing_disclosed, now=NOON) == [nothing_disclosed.event]
    assert given(LEARNED, BY_FATHER).when(command, now=NOON) == [command.event]


# --- correction, use stopped ----------------------------------------------------------------------------------------

WRONG = case_message(e.DisclosureMade, AZ_CORE, [MID_HOSP, KS_CGC], [S.MEDICAL], "APPI-69-2-4", name="wrong")
CORRECTED = case_message(e.CorrectionMade, AZ_CORE, sections=[S.MEDICAL], corrects=WRONG.command_id)


def test_who_wrote_it_corrects_it() -> None:
    so = given(LEARNED, WRONG)
    assert so.when(CORRECTED) == [CORRECTED.event]
    by_other = case_message(e.CorrectionMade, MID_HOSP, corrects=WRONG.command_id)
    assert so.when(by_other) == refused(by_other, Reason.NOT_THE_SENDER)
    unknown_correction = case_message(e.CorrectionMade, AZ_CORE, corrects=id_of("nothing"))
    assert so.when(unknown_correction) == refused(unknown_correction, Reason.UNKNOWN_MESSAGE)


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        pytest.param([MID_HOSP, KS_CGC], None, id="to all who had it"),
        pytest.param([MID_HOSP], Reason.RECIPIENTS_WRONG, id="one is left out"),
        pytest.param([MID_HOSP, KS_CGC, AZ_COORD], Reason.RECIPIENTS_WRONG, id="one too many"),
    ],
)
def test_a_correction_follows_the_copies(to: Any, reason: Reason | None) -> None:
    command = case_message(e.CorrectionNotifiedToRecipients, AZ_CORE, to, answers=CORRECTED.command_id)
    expected = [command.event] if reason is None else refused(command, reason)
    assert given(LEARNED, WRONG, CORRECTED).when(command) == expected


def test_standing_readers_may_receive_corrections_and_recalls_too() -> None:
    own = case_message(e.EmergencyTriaged, AZ_CORE, [], [S.RISK], name="own")
    fixed = case_message(e.CorrectionMade, AZ_CORE, sections=[S.RISK], corrects=own.command_id)
    notice = case_message(e.CorrectionNotifiedToRecipients, AZ_CORE, [AZ_COORD], answers=fixed.command_id)
    recall = case_message(e.RecallNoticeSent, AZ_CORE, [AZ_COORD], recalls=own.command_id)
    for command in (notice, recall):
        assert given(LEARNED, own, fixed).when(command) == refused(command, Reason.RECIPIENTS_WRONG)
        assert given(LEARNED, REGISTERED, own, fixed).when(command) == [command.event]


def test_an_addressee_of_a_held_message_is_not_notified_of_its_correction() -> None:
    waiting = replace(WRONG, event=replace(WRONG.event, held=frozenset({KS_CGC})))  # type: ignore[type-var]
    command = case_message(
        e.CorrectionNotifiedToRecipients, AZ_CORE, [MID_HOSP], answers=CORRECTED.command_id
    )
    assert given(LEARNED, waiting, CORRECTED).when(command) == [command.event]


@pytest.mark.parametrize(
    ("by", "answers", "reason"),
    [
        pytest.param(AZ_CORE, WRONG.command_id, Reason.UNKNOWN_MESSAGE, id="of what is no correction"),
        pytest.param(AZ_CORE, id_of("nothing"), Reason.UNKNOWN_MESSAGE, id="of nothing"),
        pytest.param(MID_HOSP, CORRECTED.command_id, Reason.NOT_THE_SENDER, id="by another agency"),
    ],
)
def test_other_notices_of_a_correction_are_refused(by: Any, answers: Any, reason: Reason) -> None:
    command = case_message(e.CorrectionNotifiedToRecipients, by, [KS_CGC], answers=answers)
    assert given(LEARNED, WRONG, CORRECTED).when(command) == refused(command, reason)


STOPPED = case_message(e.UseStopped, AZ_CORE, stops=WRONG.command_id, reason="UNLAWFUL_USE")


def test_a_stopped_message_is_opened_by_its_author_only() -> None:
    so = given(LEARNED, WRONG)
    assert so.opens(MID_HOSP) & items(WRONG)
    so.put(STOPPED)
    assert not so.opens(MID_HOSP) & items(WRONG)
    assert items(WRONG) <= so.opens(AZ_CORE)


def test_what_is_used_no_more_stays_so_when_something_else_is_stopped_too() -> None:
    other = replace(
        WRONG, command_id=id_of("other"), event=case_message(e.DisclosureMade, AZ_CORE, name="other").event
    )
    so = given(LEARNED, WRONG, other, STOPPED)
    so.put(case_message(e.UseStopped, AZ_CORE, stops=id_of("other"), reason="X", name="stops the other"))
    assert not so.opens(MID_HOSP) & items(WRONG)


def test_opening_it_is_refused_with_this_reason() -> None:
    from tests.domain.builders import opening

    [event] = given(LEARNED, WRONG, STOPPED).when(opening(WRONG, MID_HOSP))
    assert event.reason == Reason.USE_STOPPED  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param(
            [],
            case_message(e.UseStopped, MID_HOSP, stops=WRONG.command_id, reason="X"),
            Reason.NOT_THE_SENDER,
            id="by a reader",
        ),
        pytest.param(
            [],
            case_message(e.UseStopped, AZ_CORE, stops=id_of("no"), reason="X"),
            Reason.UNKNOWN_MESSAGE,
            id="of nothing",
        ),
        pytest.param(
            [],
            case_message(e.UseStopped, AZ_CORE, stops=WRONG.command_id),
            Reason.REASON_MISSING,
            id="for no reason",
        ),
        pytest.param(
            [STOPPED],
            case_message(e.UseStopped, AZ_CORE, stops=WRONG.command_id, reason="X", name="repeated"),
            Reason.ALREADY_ANSWERED,
            id="twice",
        ),
    ],
)
def test_other_stops_are_refused(past: Any, command: Any, reason: Reason) -> None:
    assert given(LEARNED, WRONG, past).when(command) == refused(command, reason)


def test_a_hospital_is_asked_and_decides_too() -> None:
    request = case_message(e.SubjectAccessRequested, MID_HOSP, name="at the hospital")
    command = decided(by=MID_HOSP, answers=request.command_id)
    assert given(LEARNED, request).when(command) == [command.event]


def test_a_correction_states_what_is_right_since_edition_2() -> None:
    empty = case_message(e.CorrectionMade, AZ_CORE, corrects=WRONG.command_id, name="empty")
    reason = case_message(
        e.CorrectionMade, AZ_CORE, sections=[S.REASON], corrects=WRONG.command_id, name="why"
    )
    for message in (empty, reason):
        assert given(LEARNED, WRONG).when(message) == refused(message, Reason.NO_SECTIONS)
        assert given(LEARNED, WRONG, edition=1).when(message) == [message.event]
