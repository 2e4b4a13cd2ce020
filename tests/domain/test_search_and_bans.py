"""A family that cannot be located, and restrictions of contact with a child. Basis: CAPA 4, 8, 12, 12-4."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain import events as e
from domain.alarms.raising import clocks, deadline, next_alarm
from domain.clock_kinds import ClockKind
from domain.codes import (
    ConsentCapacity,
    ForbiddenContact,
    LocatedBy,
    Period,
    SearchResult,
    SearchStep,
    Section,
)
from domain.reasons import Reason
from domain.tasks import TaskKind, tasks
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOBODY,
    NOON,
    EventInput,
    case_message,
    given,
    id_of,
    jst,
    refused,
)

S = Section
POLICY = {"search_days": 14, "ban_end_notice_days": 7}
LOST = case_message(
    e.WhereaboutsLost, AZ_CORE, [KS_CGC], [S.RISK], "APPI-69-2-3", last_seen_on=date(2025, 5, 20), at=NOON
)


def step_of_search(by: Any = AZ_CORE, days: int = 0, **more: Any) -> EventInput:
    usual: dict[str, Any] = {
        "answers": LOST.command_id,
        "search_step": SearchStep.RESIDENT_REGISTER,
        "search_result": SearchResult.PENDING,
    }
    return case_message(e.SearchStepRecorded, by, at=NOON + timedelta(days=days), **{**usual, **more})


def located(by: Any = AZ_CORE, **more: Any) -> EventInput:
    usual: dict[str, Any] = {"answers": LOST.command_id, "located_by": LocatedBy.OTHER_AGENCY}
    return case_message(e.WhereaboutsEstablished, by, **{**usual, **more})


def ban(by: Any = KS_CGC, name: str = "ban", **more: Any) -> EventInput:
    usual: dict[str, Any] = {
        "contacts": frozenset({ForbiddenContact.MEETING}),
        "until": date(2025, 8, 31),
        "renews": None,
    }
    return case_message(e.ContactForbidden, by, [AZ_CORE], name=name, **{**usual, **more})


def due(so: Any, kind: ClockKind) -> list[datetime | None]:
    return [deadline(clock, POLICY) for clock in clocks(so.world.case, POLICY) if clock.kind is kind]


# --- a search -----------------------------------------------------------------------------------------------


def test_a_search_is_due_a_fortnight_after_its_last_step_until_they_are_located() -> None:
    assert due(given(LEARNED, LOST), ClockKind.SEARCH) == [NOON + timedelta(days=14)]
    assert due(given(LEARNED, LOST, step_of_search(days=10)), ClockKind.SEARCH) == [NOON + timedelta(days=24)]
    assert due(given(LEARNED, LOST, step_of_search(days=10), located()), ClockKind.SEARCH) == []


def test_a_step_or_an_end_of_another_search_changes_nothing() -> None:
    other = case_message(e.WhereaboutsLost, AZ_CORE, name="other", last_seen_on=None, at=NOON)
    so = given(LEARNED, LOST, other, step_of_search(days=3), located())
    assert due(so, ClockKind.SEARCH) == [NOON + timedelta(days=14)]


def test_each_child_is_searched_for_until_it_is_located_itself() -> None:
    elder, younger = id_of("elder"), id_of("younger")
    lost = case_message(
        e.WhereaboutsLost, AZ_CORE, last_seen_on=None, at=NOON, children=frozenset({elder, younger})
    )
    so = given(LEARNED, lost, located(children=frozenset({elder})))
    assert [c.child for c in clocks(so.world.case, POLICY) if c.kind is ClockKind.SEARCH] == [younger]
    assert due(given(LEARNED, lost, located()), ClockKind.SEARCH) == []
    assert due(given(LEARNED, LOST, located(children=frozenset({elder}))), ClockKind.SEARCH) != []


def test_the_child_is_safe_only_when_somebody_has_seen_it() -> None:
    notified = case_message(
        e.AbuseNotificationReceived, AZ_COORD, sections=[S.RISK], recorded_for_notifier=True
    )
    for how in LocatedBy:
        so = given(LEARNED, notified, LOST, located(located_by=how))
        running = {clock.kind for clock in clocks(so.world.case, POLICY)}
        assert (ClockKind.SAFETY in running) is (how is not LocatedBy.SIGHTED)


def test_who_was_asked_to_search_acknowledges_it_and_who_began_it_is_asked_to_go_on() -> None:
    so = given(LEARNED, LOST)
    assert TaskKind.SEARCH in {t.kind for t in tasks(so.world, AZ_CORE, now=NOON)}
    assert {TaskKind.ACKNOWLEDGE, TaskKind.READ, TaskKind.ACT} <= {
        t.kind for t in tasks(so.world, KS_CGC, now=NOON)
    }


@pytest.mark.parametrize("by", [AZ_CORE, KS_CGC])
def test_whoever_searches_records_its_steps(by: Any) -> None:
    for command in (step_of_search(by), located(by)):
        [event] = given(LEARNED, LOST).when(command)
        assert type(event) is type(command.event)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(step_of_search(AZ_COORD), Reason.NOT_ADDRESSED, id="a step by who was not asked"),
        pytest.param(located(AZ_COORD), Reason.NOT_ADDRESSED, id="located by who was not asked"),
        pytest.param(step_of_search(answers=NOBODY), Reason.UNKNOWN_MESSAGE, id="a step of no search"),
        pytest.param(
            located(answers=LEARNED.command_id), Reason.UNKNOWN_MESSAGE, id="located without a search"
        ),
        pytest.param(
            case_message(e.WhereaboutsLost, AZ_CORE, name="again", last_seen_on=date(2025, 6, 3)),
            Reason.TIME_AHEAD,
            id="last seen tomorrow",
        ),
        pytest.param(
            case_message(e.WhereaboutsLost, MID_HOSP, name="again", last_seen_on=None),
            Reason.NOT_AN_AUTHORITY,
            id="a hospital searches for nobody",
        ),
    ],
)
def test_a_search_that_is_not_one_is_refused(command: EventInput, reason: Reason) -> None:
    assert given(LEARNED, LOST).when(command, now=NOON + timedelta(hours=1)) == refused(command, reason)


def test_a_search_that_stands_still_raises_its_alarm_and_one_for_the_supervisor() -> None:
    at, alarm = next_alarm(given(LEARNED, LOST).world.case, {"search_days": 14}) or (None, None)
    assert at == NOON + timedelta(days=14)
    assert alarm == e.SearchStalledAlarmRaised(
        message=LOST.command_id,
        responsible=AZ_CORE,
        to=frozenset({KS_CGC}),
        due_at=at,
        escalated=False,
        child=None,
        period=Period.RUNS_THROUGH,
    )


# --- restrictions of contact --------------------------------------------------------------------------------


def test_a_restriction_is_announced_a_week_before_it_ends() -> None:
    assert due(given(LEARNED, ban()), ClockKind.BAN_END) == [jst("2025-08-25 00:00")]
    assert due(given(LEARNED, ban(until=None)), ClockKind.BAN_END) == []


def test_the_centre_and_whom_it_informed_are_reminded_of_the_end() -> None:
    so = given(LEARNED, ban())
    _, alarm = next_alarm(so.world.case, {"ban_end_notice_days": 7}) or (None, None)
    assert isinstance(alarm, e.ContactBanEndsAlarmRaised)
    assert (alarm.responsible, alarm.to) == (KS_CGC, frozenset({AZ_CORE}))


def test_lifting_or_renewing_it_ends_just_this_one() -> None:
    other = ban(name="other", until=date(2025, 9, 30))
    first = ban()
    lifted = case_message(e.ContactBanLifted, KS_CGC, [AZ_CORE], answers=first.command_id)
    renewed = ban(name="renewed", until=date(2025, 12, 31), renews=first.command_id)
    assert due(given(LEARNED, first, other, lifted), ClockKind.BAN_END) == [jst("2025-09-24 00:00")]
    so = given(LEARNED, first, renewed)
    assert due(so, ClockKind.BAN_END) == [jst("2025-12-25 00:00")]
    assert set(so.world.case.contact_bans) == {renewed.command_id}


def test_a_guardians_consent_is_checked_where_contact_is_forbidden() -> None:
    consent = case_message(e.ConsentGiven, AZ_CORE, capacity=ConsentCapacity.GUARDIANS_JOINTLY, at=NOON)
    for past, is_checked in (((LEARNED, consent), False), ((LEARNED, ban(), consent), True)):
        kinds = {clock.kind for clock in clocks(given(*past).world.case, POLICY)}
        assert (ClockKind.COERCION in kinds) is is_checked


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(ban(AZ_COORD), Reason.NOT_A_CGC, id="by a municipality"),
        pytest.param(ban(contacts=frozenset()), Reason.CONTACTS_MISSING, id="of nothing"),
        pytest.param(ban(until=date(2025, 6, 1)), Reason.DAY_OVER, id="over yesterday"),
        pytest.param(ban(renews=NOBODY), Reason.UNKNOWN_MESSAGE, id="renews none"),
        pytest.param(
            case_message(e.ContactBanLifted, KS_CGC, [AZ_CORE], answers=LEARNED.command_id),
            Reason.UNKNOWN_MESSAGE,
            id="lifts none",
        ),
    ],
)
def test_a_restriction_that_is_not_one_is_refused(command: EventInput, reason: Reason) -> None:
    assert given(LEARNED).when(command) == refused(command, reason)


def test_only_the_centre_that_imposed_it_lifts_it() -> None:
    first = ban()
    command = case_message(e.ContactBanLifted, AZ_CORE, answers=first.command_id)
    assert given(LEARNED, first).when(command) == refused(command, Reason.NOT_THE_SENDER)
