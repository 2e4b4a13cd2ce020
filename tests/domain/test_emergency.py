"""Emergency access: requested with reason, approved by two others, one of them of another agency, or without one when
its time is over; owners informed, over in a day, reviewed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import events as e
from domain.audit_exceptions import exception_of_record
from domain.codes import Flag, Period, Section
from domain.editions import CURRENT_EDITION
from domain.reasons import Reason
from domain.record import HUB, REGISTRARS, About
from domain.rulebook import first_edition
from domain.tasks import TaskKind, task_ends_at, tasks
from domain.visibility import pending_keys
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    EXT_NURSERY,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    TOWN,
    EventInput,
    Given,
    case_message,
    event_input,
    given,
    id_of,
    items,
    jst,
    refused,
    rule_book,
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
    one = case_message(
        e.EmergencyAccessRequested, by, more.pop("to", [AZ_CORE, AZ_COORD]), **{**usual, **more}
    )
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


def kinds_at(so: Given, agency: Any, now: datetime) -> set[TaskKind]:
    return {t.kind for t in tasks(so.world, agency, now=now)}


def kinds(so: Given, agency: Any) -> set[TaskKind]:
    return kinds_at(so, agency, NOON)


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
    review = case_message(
        e.EmergencyAccessReviewed, AZ_CORE, [EXT_NURSERY], answers=id_of("emergency_request")
    )
    assert so.when(review) == [review.event]
    so.put(review)
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
            emergency_request(to=[AZ_CORE]),
            Reason.COORDINATING_NOT_ADDRESSED,
            None,
            id="behind the coordinating agency's back",
        ),
        pytest.param(
            emergency_request(AZ_COORD, S.BASIC, to=[AZ_CORE]),
            None,
            None,
            id="(the coordinating agency access_request)",
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
        pytest.param(
            [], approval("p-2", approves=LEARNED.command_id), Reason.UNKNOWN_MESSAGE, id="of no request"
        ),
        pytest.param([], approval("p-2", approves=id_of("nothing")), Reason.UNKNOWN_MESSAGE, id="of nothing"),
        pytest.param(
            [approval("p-2"), approval("p-3")],
            approval("p-4"),
            Reason.ALREADY_ANSWERED,
            id="by a third of the agency that asks",
        ),
        pytest.param(
            [approval("p-2"), approval("p-3", AZ_COORD)],
            approval("p-4", AZ_CORE),
            Reason.ALREADY_OPEN,
            id="when it is open",
        ),
        pytest.param(
            [approval("p-2", AZ_COORD)],
            approval("p-2", AZ_COORD, name="x"),
            Reason.SECOND_PERSON_MISSING,
            id="twice by one person from outside",
        ),
        pytest.param(
            [], approval("sys:emr", AZ_CORE), Reason.NOT_A_PERSON, id="by a system of another agency"
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


# --- the approval from outside ----------------------------------------------------------------------------

INSIDE = (approval("p-2", at=AT + timedelta(minutes=2)), approval("p-3", at=AT + timedelta(minutes=4)))
DUE = AT + timedelta(minutes=15)
EMERGENCY_ACTS = (
    e.EmergencyAccessOpened,
    e.UnilateralEmergencyAccessOpened,
    e.EmergencyAccessEnded,
    e.EmergencyReviewOverdueAlarmRaised,
)


def emergency_acts(so: Given, until: datetime) -> list[tuple[datetime, Any]]:
    """What the hub records of emergency accesses until then."""
    return [(at, event) for at, event in run(so, until) if isinstance(event, EMERGENCY_ACTS)]


@pytest.mark.parametrize(
    "by",
    [
        pytest.param(AZ_CORE, id="the core agency"),
        pytest.param(AZ_COORD, id="the coordinating agency"),
        pytest.param(MID_HOSP, id="a hospital that knows of the case"),
        pytest.param(KS_CGC, id="a member of the network that only the request tells of it"),
    ],
)
def test_an_approval_from_outside_opens_it_with_one_of_its_own_or_another(by: Any) -> None:
    access_request = emergency_request(to=[AZ_CORE, AZ_COORD, KS_CGC])
    outside = approval("p-3", by)
    for first in (approval("p-2"), approval("p-9", AZ_CORE)):
        so = given(*PAST, access_request, first)
        assert so.when(outside) == [outside.event]
        so.put(outside)
        assert beyond(so, EXT_NURSERY) >= BASIC_AND_RISK
        assert [g.outside_approval for g in so.world.case.granted.values()] == [True]


def test_an_approval_from_outside_comes_from_who_had_a_part_before() -> None:
    access_request = emergency_request(to=[AZ_CORE, AZ_COORD, EXT_SERVICE])
    friend = approval("p-3", EXT_SERVICE)
    assert given(*PAST, access_request).when(friend) == refused(friend, Reason.NO_OWN_PART)
    known = case_message(e.DisclosureMade, AZ_CORE, [EXT_SERVICE], [S.PLAN], "CWA-25-3-1", name="known")
    assert given(*PAST, known, access_request).when(friend) == [friend.event]
    later = replace(known, command_id=id_of("later"))
    assert given(*PAST, access_request, later).when(friend) == refused(friend, Reason.NO_OWN_PART)


def test_in_a_case_without_a_network_its_agencies_approve_from_outside() -> None:
    homeless = replace(LEARNED, event=replace(LEARNED.event, placed=None))
    one = approval("p-3", MID_HOSP)
    assert given(homeless, emergency_request()).when(one) == [one.event]


def test_an_agency_without_a_key_set_in_force_does_not_approve() -> None:
    revoked = event_input(
        REGISTRARS,
        e.KeySetRevoked(compromised_since=None),
        on=About(e.Kind.AGENCY, MID_HOSP),
        name="revoked",
    )
    one = approval("p-3", MID_HOSP)
    assert given(*PAST, emergency_request(), revoked).when(one) == refused(one, Reason.KEY_SET_MISSING)
    no_door = replace(revoked, on=About(e.Kind.AGENCY, AZ_COORD))
    access_request = emergency_request(to=[AZ_CORE])
    assert given(*PAST, no_door).when(access_request) == [
        access_request.event
    ]  # an emergency does not wait for its door


def test_two_of_the_agency_that_asks_open_nothing_before_a_quarter_of_an_hour_is_over() -> None:
    so = given(*PAST, emergency_request(), *INSIDE)
    assert beyond(so, EXT_NURSERY) == set()
    assert emergency_acts(so, DUE - timedelta(microseconds=1)) == []
    assert beyond(so, EXT_NURSERY) == set()
    assert TaskKind.EMERGENCY_APPROVAL in kinds_at(so, AZ_CORE, AT)


def test_after_a_quarter_of_an_hour_it_opens_by_itself_and_is_recorded_as_such() -> None:
    so = given(*PAST, emergency_request(), *INSIDE)
    [(at, opened)] = emergency_acts(so, DUE)
    assert at == DUE
    assert opened == e.UnilateralEmergencyAccessOpened(
        message=id_of("emergency_request"),
        responsible=EXT_NURSERY,
        to=frozenset({AZ_CORE, AZ_COORD, MID_HOSP}),
        due_at=DUE,
        escalated=False,
        child=None,
        period=Period.RUNS_THROUGH,
    )
    assert beyond(so, EXT_NURSERY) >= BASIC_AND_RISK
    assert [g.outside_approval for g in so.world.case.granted.values()] == [False]
    assert exception_of_record(so.records[-1]) == ("UNILATERAL", "unilateral_emergency_access.opened", None)
    for agency in (AZ_CORE, AZ_COORD, MID_HOSP):
        assert TaskKind.LATE_EMERGENCY_UNILATERAL in kinds_at(so, agency, DUE)
    assert TaskKind.EMERGENCY_REVIEW in kinds_at(so, AZ_CORE, DUE)
    assert TaskKind.EMERGENCY_APPROVAL not in kinds_at(so, AZ_CORE, DUE)
    late = approval("p-5", AZ_COORD)
    assert so.when(late) == refused(late, Reason.ALREADY_OPEN)


def test_nobody_is_asked_to_approve_what_has_ended_unopened() -> None:
    so = given(*PAST, emergency_request())
    request = so.world.case.messages[id_of("emergency_request")]
    ends_at = task_ends_at(request, so.world.rule_book["policy"])
    assert ends_at is not None
    assert TaskKind.EMERGENCY_APPROVAL in kinds_at(so, AZ_CORE, ends_at - timedelta(microseconds=1))
    assert TaskKind.EMERGENCY_APPROVAL not in kinds_at(so, AZ_CORE, ends_at)


def test_its_day_counts_from_when_it_opened_and_its_review_ends_the_alarm() -> None:
    so = given(*PAST, emergency_request(), *INSIDE)
    assert [r.at for r in due(so, "2025-06-30 00:00", e.EmergencyAccessEnded)] == [DUE + timedelta(days=1)]
    assert beyond(so, EXT_NURSERY) == set()
    assert (
        len([r for r in so.records if type(r.event) is e.UnilateralEmergencyAccessOpened]) == 2
    )  # escalated
    review = case_message(
        e.EmergencyAccessReviewed, AZ_CORE, [EXT_NURSERY], answers=id_of("emergency_request")
    )
    assert so.when(review) == [review.event]
    so.put(review)
    assert not {TaskKind.LATE_EMERGENCY_UNILATERAL, TaskKind.EMERGENCY_REVIEW} & kinds(so, AZ_COORD)


def test_a_second_of_its_own_after_the_time_opens_it_at_once() -> None:
    so = given(*PAST, emergency_request(), INSIDE[0])
    assert emergency_acts(so, AT + timedelta(minutes=39)) == []
    so.put(approval("p-3", at=AT + timedelta(minutes=40)))
    [(_, opened)] = emergency_acts(so, AT + timedelta(minutes=40))
    assert (type(opened), so.records[-1].at) == (
        e.UnilateralEmergencyAccessOpened,
        AT + timedelta(minutes=40),
    )
    assert beyond(so, EXT_NURSERY) >= BASIC_AND_RISK


def test_an_approval_from_outside_within_the_time_opens_it_at_once_and_ends_the_waiting() -> None:
    so = given(*PAST, emergency_request(), *INSIDE)
    outside = approval("p-7", AZ_COORD, at=AT + timedelta(minutes=6))
    assert so.when(outside) == [outside.event]
    so.put(outside)
    assert beyond(so, EXT_NURSERY) >= BASIC_AND_RISK
    brought = {type(event) for _, event in emergency_acts(so, jst("2025-06-20 00:00"))}
    assert e.EmergencyAccessOpened in brought
    assert e.UnilateralEmergencyAccessOpened not in brought


def test_the_rule_book_names_how_long_an_approval_from_outside_is_waited_for() -> None:
    policy = {**first_edition()["policy"], "emergency_outside_approval_minutes": 5}
    published = rule_book({**first_edition(), "policy": policy})
    town = [published if one.event.TOPIC == published.event.TOPIC else one for one in TOWN]
    so = given(*PAST, emergency_request(), *INSIDE, town=town)
    assert [at for at, _ in emergency_acts(so, AT + timedelta(minutes=6))] == [AT + timedelta(minutes=5)]


def test_another_rule_book_does_not_open_it_again() -> None:
    so = given(*PAST, emergency_request(), *INSIDE)
    emergency_acts(so, DUE)
    policy = {**first_edition()["policy"], "emergency_outside_approval_minutes": 30}
    so.put(rule_book({**first_edition(), "policy": policy}))
    assert emergency_acts(so, AT + timedelta(hours=1)) == []


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(None, id="of no message"),
        pytest.param(id_of("nothing"), id="of an unknown message"),
        pytest.param(LEARNED.command_id, id="of a message that asks for no access"),
        pytest.param(id_of("emergency_request"), id="of a request that nobody approved"),
    ],
)
def test_what_opens_without_an_approval_from_outside_is_nothing_where_nothing_waits(message: Any) -> None:
    so = given(*PAST, emergency_request())
    stray = e.UnilateralEmergencyAccessOpened(
        message=message,
        responsible=EXT_NURSERY,
        to=frozenset(),
        due_at=DUE,
        escalated=False,
        child=None,
        period=Period.RUNS_THROUGH,
    )
    so.put(event_input(HUB, stray, name="stray"))
    assert so.world.case.granted == {}


def test_in_the_first_edition_two_of_one_agency_open_it_at_once() -> None:
    so = given(*PAST, edition=1)
    steps = [emergency_request(to=[AZ_CORE]), *INSIDE]
    for one in steps:
        assert so.when(one) == [one.event]
        so.put(one)
    assert beyond(so, EXT_NURSERY) >= BASIC_AND_RISK
    third = approval("p-5", AZ_COORD, name="third")
    assert so.when(third) == refused(third, Reason.ALREADY_ANSWERED)


@pytest.mark.parametrize("edition", [1, CURRENT_EDITION])
def test_a_lone_approval_of_nothing_and_a_case_without_core_open_nothing(edition: int) -> None:
    stray = approval("p-2", approves=id_of("nothing"))
    assert given(*PAST, stray, edition=edition).world.case.granted == {}
    of_another = [approval("p-2", approves=LEARNED.command_id), approval("p-3", approves=LEARNED.command_id)]
    assert given(*PAST, of_another, edition=edition).world.case.granted == {}
    homeless = given(
        emergency_request(KS_CGC), approval("p-2", KS_CGC), approval("p-3", KS_CGC), edition=edition
    )
    assert homeless.world.case.granted == {}


def test_no_command_can_record_an_opening_by_itself() -> None:
    own = case_message(e.DisclosureMade, EXT_NURSERY, [], [(S.CHILD, Flag.SENSITIVE)], name="own words")
    so = given(*PAST)
    assert so.when(own) == [own.event]
    so.put(own)
    assert beyond(so, EXT_NURSERY) == items(own)
