"""Content that can't be read is reported to its author by who has opened it, and waits there until it is answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import events as e
from domain.clocks import ClockKind
from domain.codes import ContentFault, FaultAnswer, Section
from domain.reasons import Reason
from domain.tasks import TaskKind, tasks
from domain.world import rests_on
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
    command_of,
    given,
    id_of,
    jst,
    opening,
    refused,
)
from tests.domain.test_clocks import run

S = Section
AT = jst("2025-05-12 09:00")
DISCLOSED = case_message(
    e.DisclosureMade, AZ_CORE, [KS_CGC, MID_HOSP], [S.BASIC, S.RISK], "APPI-69-2-4", name="disclosed", at=AT
)
OPENED = opening(DISCLOSED, KS_CGC, n=1)
OTHER = case_message(e.DisclosureMade, AZ_CORE, [KS_CGC], [S.BASIC], "APPI-69-2-4", name="other", at=AT)


def report(
    by: UUID = KS_CGC, to: Any = (AZ_CORE,), message: EventInput = DISCLOSED, n: int = 1
) -> EventInput:
    return case_message(
        e.ContentUnreadableReported,
        by,
        to,
        message=message.command_id,
        item=DISCLOSED.item(n).item,
        fault=ContentFault.FORM,
        name=f"report {by} {n}",
        at=AT,
    )


def answer(by: UUID = AZ_CORE, to: Any = (KS_CGC,), names: UUID | None = None) -> EventInput:
    return case_message(
        e.ContentUnreadableAnswered,
        by,
        to,
        answers=names or report().command_id,
        result=FaultAnswer.SENT_OTHERWISE,
        at=AT,
    )


def waits(so: Given, agency: UUID = AZ_CORE) -> bool:
    return TaskKind.MAKE_READABLE in {t.kind for t in tasks(so.world, agency, now=NOON)}


def test_who_opened_an_item_reports_that_it_can_not_be_read_and_its_author_has_a_task() -> None:
    so = given(LEARNED, DISCLOSED, OPENED)
    assert so.when(report()) == [report().event]
    so.put(report())
    assert (waits(so), waits(so, KS_CGC)) == (True, False)
    alarms = [
        (at, a.responsible)
        for at, a in run(so, AT + timedelta(days=3, hours=1))
        if type(a) is e.ContentUnreadableAlarmRaised
    ]
    assert alarms == [(AT + timedelta(days=3), AZ_CORE)]


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param([], report(), Reason.NOT_OPENED, id="never opened"),
        pytest.param([OPENED], report(n=0), Reason.NOT_OPENED, id="another item was opened"),
        pytest.param([OPENED], report(MID_HOSP), Reason.NOT_OPENED, id="somebody else opened it"),
        pytest.param(
            [OPENED], report(message=OTHER), Reason.UNKNOWN_MESSAGE, id="an item of another message"
        ),
        pytest.param([OPENED], report(to=(MID_HOSP,)), Reason.RECIPIENTS_WRONG, id="not to its author"),
        pytest.param(
            [OPENED], report(to=(AZ_CORE, MID_HOSP)), Reason.RECIPIENTS_WRONG, id="to others as well"
        ),
        pytest.param(
            [opening(DISCLOSED, AZ_CORE, n=1)],
            report(AZ_CORE),
            Reason.RECIPIENTS_WRONG,
            id="the author itself",
        ),
    ],
)
def test_a_report_is_of_what_was_opened_and_to_its_author(
    past: list[EventInput], command: EventInput, reason: Reason
) -> None:
    assert given(LEARNED, DISCLOSED, OTHER, *past).when(command) == refused(command, reason)


def test_a_report_rests_on_the_readings_of_the_case() -> None:
    so = given(LEARNED, DISCLOSED, OPENED)
    stated = {kind: version for kind, _, version in rests_on(so.world, command_of(report(), NOON))}
    assert stated[e.Kind.CASE_ACCESS] == so.world.access.version


def test_an_answer_that_names_the_report_ends_the_task() -> None:
    so = given(LEARNED, DISCLOSED, OPENED, report())
    assert so.when(answer()) == [answer().event]
    so.put(answer())
    assert not waits(so)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(answer(names=DISCLOSED.command_id), Reason.UNKNOWN_MESSAGE, id="no report"),
        pytest.param(answer(names=id_of("nothing")), Reason.UNKNOWN_MESSAGE, id="nothing"),
        pytest.param(answer(by=MID_HOSP), Reason.NOT_ADDRESSED, id="not the author"),
        pytest.param(answer(to=(EXT_SERVICE,)), Reason.RECIPIENTS_WRONG, id="not to the reader"),
    ],
)
def test_an_answer_is_of_the_author_to_the_reader(command: EventInput, reason: Reason) -> None:
    assert given(LEARNED, DISCLOSED, OPENED, report()).when(command) == refused(command, reason)


@pytest.mark.parametrize(("corrected", "is_done"), [(DISCLOSED, True), (OTHER, False)])
def test_the_notice_of_a_correction_ends_the_task_where_it_is_of_that_message(
    corrected: EventInput, is_done: bool
) -> None:
    correction = case_message(e.CorrectionMade, AZ_CORE, sections=[S.RISK], corrects=corrected.command_id)
    to = sorted(corrected.event.to)  # type: ignore[attr-defined]
    notice = case_message(e.CorrectionNotifiedToRecipients, AZ_CORE, to, answers=correction.command_id)
    so = given(LEARNED, DISCLOSED, OTHER, OPENED, report(), correction, notice)
    assert waits(so) is not is_done
    running = [kind for kind, *_ in so.world.case.clocks if kind is ClockKind.UNREADABLE]
    assert len(running) == (0 if is_done else 1)
