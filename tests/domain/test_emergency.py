"""Emergency access: requested with reason, approved by two others, owners informed, over in a day, reviewed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain import events as e
from domain.codes import Flag, Section
from domain.reasons import Reason
from domain.tasks import TaskKind, tasks
from domain.visibility import pending_keys
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    EXT_NURSERY,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    EventInput,
    Given,
    case_message,
    given,
    id_of,
    items,
    jst,
    refused,
)
from tests.domain.test_clocks import run

S = Section
AT = jst("2025-06-01 09:00")
FILE = case_message(e.DisclosureMade, AZ_CORE, [], [S.BASIC, S.RISK, S.ADDR], name="own file")
NURSERY_INFORMED = case_message(
    e.DisclosureMade, AZ_CORE, [EXT_NURSERY], [S.PLAN], "CWA-25-2-2", name="nursery knows of the case"
)


def emergency_request(by: Any = EXT_NURSERY, *sections: Section, **more: Any) -> EventInput:
    usual = {"reason": "LIFE_IN_DANGER", "name": "emergency_request", "at": AT}
    one = case_message(e.EmergencyAccessRequested, by, more.pop("to", [AZ_CORE]), **{**usual, **more})
    wanted = frozenset(sections or (S.BASIC, S.RISK))
    return replace(one, event=replace(one.event, sections=wanted))  # type: ignore[call-arg]


def approval(actor: str, by: Any = EXT_NURSERY, **more: Any) -> EventInput:
    usual = {"approves": id_of("emergency_request"), "name": f"lets {actor} {by}", "at": AT}
    return case_message(e.EmergencyAccessApproved, by, actor=actor, **{**usual, **more})


PAST = (LEARNED, FILE, NURSERY_INFORMED)
OPENED = (*PAST, emergency_request(), approval("p-2"), approval("p-3", AZ_COORD))
BASIC_AND_RISK = {i.item for i in FILE.event.items if i.section is not S.ADDR}  # type: ignore[attr-defined]


def beyond(so: Given, reader: Any) -> set[Any]:
    """What it opens besides what was sent to it."""
    return so.opens(reader) - items(NURSERY_INFORMED)


def test_the_file_opens_after_the_second_approval_only() -> None:
    so = given(*PAST, emergency_request())
    for one, opens in ((approval("p-2"), set()), (approval("p-3", AZ_COORD), BASIC_AND_RISK)):
        assert so.when(one) == [one.event]
        so.put(one)
        assert beyond(so, EXT_NURSERY) & BASIC_AND_RISK == opens
    assert {i.item for i in LEARNED.event.items if i.section is S.BASIC} <= beyond(so, EXT_NURSERY)  # type: ignore[attr-defined]
    assert beyond(so, MID_HOSP) == items(LEARNED)  # nobody else


def test_the_keys_for_it_are_made_by_the_core_agencys_door() -> None:
    world = given(*OPENED).world
    wanted = {
        item.item
        for _, item, who in pending_keys(world.register, world.case, rule_book=world.rule_book)
        if who == EXT_NURSERY
    }
    assert wanted >= BASIC_AND_RISK


def test_what_is_written_later_is_not_opened_by_it() -> None:
    later = case_message(e.DisclosureMade, AZ_CORE, [], [S.BASIC], name="later")
    assert not items(later) & given(*OPENED, later).opens(EXT_NURSERY)


def due(so: Given, until: str, kind: Any) -> list[Any]:
    """The alarms of this kind that came by then."""
    run(so, jst(until))
    return [r for r in so.records if type(r.event) is kind]


def kinds(so: Given, agency: Any) -> set[TaskKind]:
    return {t.kind for t in tasks(so.world, agency, now=NOON)}


def test_emergency_access_ends_after_a_day_and_its_end_is_recorded_once() -> None:
    so = given(*OPENED)
    assert [r.at for r in due(so, "2025-06-30 00:00", e.EmergencyAccessEnded)] == [jst("2025-06-02 09:00")]
    assert beyond(so, EXT_NURSERY) == set()


def test_authors_of_opened_items_see_an_alarm_at_once_until_the_review() -> None:
    so = given(*OPENED)
    [notice] = due(so, "2025-06-01 09:00", e.EmergencyAccessOpened)
    assert (notice.at, notice.event.responsible, notice.event.to) == (AT, EXT_NURSERY, {AZ_CORE, MID_HOSP})
    assert all(TaskKind.LATE_EMERGENCY in kinds(so, a) for a in (AZ_CORE, MID_HOSP))
    assert TaskKind.EMERGENCY_REVIEW in kinds(so, AZ_CORE)
    looked = case_message(
        e.EmergencyAccessReviewed, AZ_CORE, [EXT_NURSERY], answers=id_of("emergency_request")
    )
    assert so.when(looked) == [looked.event]
    so.put(looked)
    assert not {TaskKind.EMERGENCY_REVIEW, TaskKind.LATE_EMERGENCY} & kinds(so, AZ_CORE)


def test_a_reading_that_nobody_looks_at_alarms_after_a_week() -> None:
    actual = due(given(*OPENED), "2025-06-08 09:00", e.EmergencyReviewOverdueAlarmRaised)
    assert [(r.at, r.event.responsible) for r in actual] == [(jst("2025-06-08 09:00"), AZ_CORE)]


@pytest.mark.parametrize(
    ("command", "reason", "at_fault"),
    [
        pytest.param(emergency_request(reason=None), Reason.REASON_MISSING, None, id="without reason"),
        pytest.param(
            emergency_request(alternatives=frozenset()),
            Reason.REASON_MISSING,
            None,
            id="nothing else thought of",
        ),
        pytest.param(
            emergency_request(EXT_NURSERY, S.NOTIFIER), Reason.NEVER_FOR_ROLE, EXT_NURSERY, id="who notified"
        ),
        pytest.param(
            emergency_request(EXT_NURSERY, S.ADDR),
            Reason.NEVER_FOR_ROLE,
            EXT_NURSERY,
            id="a protected address",
        ),
        pytest.param(
            emergency_request(EXT_NURSERY, S.CONF),
            Reason.NEVER_FOR_ROLE,
            EXT_NURSERY,
            id="what its role never gets",
        ),
        pytest.param(
            emergency_request(KS_CGC, S.ADDR),
            Reason.NEVER_FOR_ROLE,
            KS_CGC,
            id="a protected address, its role or not",
        ),
        pytest.param(
            emergency_request(KS_CGC, S.NOTIFIER),
            Reason.NEVER_FOR_ROLE,
            KS_CGC,
            id="who notified, its role or not",
        ),
        pytest.param(
            emergency_request(to=[]), Reason.OWNER_NOT_ADDRESSED, None, id="behind the core agency's back"
        ),
        pytest.param(
            emergency_request(EXT_NURSERY, S.MEDICAL, S.PREG), None, None, id="(medical papers are there)"
        ),
        pytest.param(
            emergency_request(EXT_NURSERY, S.PREG), Reason.NOTHING_TO_OPEN, None, id="what is not there"
        ),
    ],
)
def test_what_may_be_asked_for(command: EventInput, reason: Reason | None, at_fault: Any) -> None:
    expected = [command.event] if reason is None else refused(command, reason, at_fault)
    assert given(*PAST).when(command) == expected


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param([], approval("p-1"), Reason.SECOND_PERSON_MISSING, id="by the requester"),
        pytest.param(
            [approval("p-2")],
            approval("p-2", name="x"),
            Reason.SECOND_PERSON_MISSING,
            id="twice by one person",
        ),
        pytest.param([], approval("p-2", MID_HOSP), Reason.NOT_AN_AUTHORITY, id="by a hospital"),
        pytest.param(
            [], approval("p-2", approves=LEARNED.command_id), Reason.UNKNOWN_MESSAGE, id="of no request"
        ),
        pytest.param([], approval("p-2", approves=id_of("nothing")), Reason.UNKNOWN_MESSAGE, id="of nothing"),
        pytest.param(
            [approval("p-2"), approval("p-3")],
            approval("p-4"),
            Reason.ALREADY_ANSWERED,
            id="by a third, when two were enough",
        ),
    ],
)
def test_who_may_approve_an_emergency_access(
    past: list[EventInput], command: EventInput, reason: Reason
) -> None:
    assert given(*PAST, emergency_request(), past).when(command) == refused(command, reason)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(
            case_message(e.EmergencyAccessReviewed, KS_CGC, answers=id_of("emergency_request")),
            Reason.OWN_REVIEW,
            id="by who read",
        ),
        pytest.param(
            case_message(e.EmergencyAccessReviewed, AZ_CORE, answers=LEARNED.command_id),
            Reason.UNKNOWN_MESSAGE,
            id="of no reading",
        ),
        pytest.param(
            case_message(e.EmergencyAccessReviewed, MID_HOSP, answers=id_of("emergency_request")),
            Reason.NOT_AN_AUTHORITY,
            id="by a hospital",
        ),
    ],
)
def test_who_may_not_look_back(command: EventInput, reason: Reason) -> None:
    to_cgc = replace(NURSERY_INFORMED, event=replace(NURSERY_INFORMED.event, to=frozenset({KS_CGC})))
    so = given(
        LEARNED, FILE, to_cgc, emergency_request(KS_CGC), approval("p-2", KS_CGC), approval("p-3", AZ_CORE)
    )
    assert so.when(command) == refused(command, reason)


def test_a_lone_approval_of_nothing_and_a_case_without_core_open_nothing() -> None:
    stray = approval("p-2", approves=id_of("nothing"))
    assert given(*PAST, stray).world.case.granted == {}
    of_another = [approval("p-2", approves=LEARNED.command_id), approval("p-3", approves=LEARNED.command_id)]
    assert given(*PAST, of_another).world.case.granted == {}
    homeless = given(emergency_request(KS_CGC), approval("p-2", KS_CGC), approval("p-3", KS_CGC))
    assert homeless.world.case.granted == {}


def test_no_command_can_record_an_opening_by_itself() -> None:
    own = case_message(e.DisclosureMade, EXT_NURSERY, [], [(S.CHILD, Flag.SENSITIVE)], name="own words")
    so = given(*PAST)
    assert so.when(own) == [own.event]
    so.put(own)
    assert beyond(so, EXT_NURSERY) == items(own)
