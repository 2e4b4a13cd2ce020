"""The tasks of each agency, and their due times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import events as e
from domain.codes import Employment, OutsourcingScope, Section
from domain.record import commission_of
from domain.tasks import Task, TaskKind, agencies_with_tasks, can_see_message, tasks
from projections.queries import Queries, WorklistEntry
from tests.projections.conftest import MakeEngine
from tests.projections.kit import CGC, CON, COORD, CORE, EXT, MED, ROLES, RecordedStream, case

ReadQueries = Callable[[RecordedStream], Queries]
CASE_1 = case(0)


def kinds(story: RecordedStream, agency: UUID) -> list[str]:
    return [task.kind.value for task in tasks(story.world(CASE_1), agency, now=story.now)]


def supported(story: RecordedStream) -> RecordedStream:
    story.acknowledged(CASE_1, story.referral(CASE_1))
    story.decided(CASE_1)
    story.commenced(CASE_1)
    story.assigned(CASE_1)
    return story


def test_a_referral_is_to_be_acknowledged_within_a_day_and_read_within_two(
    story: RecordedStream, read: ReadQueries
) -> None:
    sent = story.referral(CASE_1)
    assert read(story).worklist(CORE) == [
        WorklistEntry(CASE_1, "ACKNOWLEDGE", sent.command_id, sent.at, sent.at + timedelta(hours=24), None),
        WorklistEntry(CASE_1, "READ", sent.command_id, sent.at, sent.at + timedelta(hours=48), None),
        WorklistEntry(CASE_1, "ACT", sent.command_id, sent.at, sent.at + timedelta(days=14), None),
    ]
    story.send_message(CASE_1, CORE, e.ReferralAcknowledged, to=[MED], answers=sent.command_id)
    assert [t.kind for t in read(story).worklist(CORE)] == ["READ", "ACT"]
    story.acknowledged(CASE_1, sent)
    assert [t.kind for t in read(story).worklist(CORE)] == ["ACT"]
    story.decided(CASE_1)
    assert read(story).worklist(CORE) == []


def test_each_addressee_of_a_referral_acknowledges_for_itself(story: RecordedStream) -> None:
    sent = story.send_message(
        CASE_1,
        CGC,
        e.ProgrammeNotificationReceived,
        to=[CORE, COORD],
        basis="CWA-26-1-8",
        sections=[Section.BASIC],
    )
    assert sent.topic == "programme_notification.received"
    story.acknowledged(CASE_1, sent)
    assert (kinds(story, CORE), kinds(story, COORD)) == (["ACT"], ["ACKNOWLEDGE", "READ", "ACT"])


@pytest.mark.parametrize(
    ("due_on", "due_at"),
    [
        pytest.param(None, None, id="no day given"),
        pytest.param(
            date(2026, 4, 9), datetime(2026, 4, 9, 15, tzinfo=UTC), id="until the day is over in Japan"
        ),
    ],
)
@pytest.mark.parametrize("answer", [e.InformationRequestAnswered, e.InformationRequestDeclined])
def test_a_request_is_a_task_until_it_is_answered(
    story: RecordedStream, due_on: date | None, due_at: datetime | None, answer: Any
) -> None:
    story.acknowledged(CASE_1, story.referral(CASE_1))
    request = story.send_message(CASE_1, CORE, e.InformationRequested, to=[CGC], due_on=due_on)
    assert tasks(story.world(CASE_1), CGC, now=story.now) == [
        Task(TaskKind.ANSWER, CASE_1, request.command_id, request.at, due_at)
    ]
    story.send_message(CASE_1, CGC, answer, to=[CORE], answers=request.command_id, reason="NOT_KNOWN")
    assert kinds(story, CGC) == []


def test_a_registration_request_is_a_task_of_the_coordinating_agency_addressed(story: RecordedStream) -> None:
    story.acknowledged(CASE_1, story.referral(CASE_1))
    story.send_message(
        CASE_1, CORE, e.NetworkCaseRegistrationRequested
    )  # without an addressee there is no task
    assert kinds(story, COORD) == []
    story.send_message(CASE_1, CORE, e.NetworkCaseRegistrationRequested, to=[COORD, CGC])
    assert (kinds(story, COORD), kinds(story, CGC)) == (["REGISTER"], [])
    story.send_message(CASE_1, COORD, e.NetworkCaseRegistered, to=[CORE], standing=None)
    assert kinds(story, COORD) == []
    story.send_message(CASE_1, COORD, e.NetworkCaseDeregistered, to=[CORE], reason="MOVED")
    assert kinds(story, COORD) == []  # the old request was answered
    story.send_message(CASE_1, CORE, e.NetworkCaseRegistrationRequested, to=[COORD])
    assert kinds(story, COORD) == ["REGISTER"]


def test_missing_keys_of_a_new_standing_reader_are_one_task_for_each_case(
    story: RecordedStream, read: ReadQueries
) -> None:
    story.acknowledged(CASE_1, story.referral(CASE_1))
    story.decided(CASE_1)
    story.registered(CASE_1)
    registered = story.stream[-1].record.at
    assert read(story).worklist(CORE) == [WorklistEntry(CASE_1, "REWRAP", None, registered, None, None)]
    assert read(story).worklist(MED) == []
    story.rewrapped(CASE_1)
    assert read(story).worklist(CORE) == []


def test_a_missing_key_of_a_contractors_item_is_a_task_since_it_was_sent(
    story: RecordedStream,
) -> None:
    """Without a registration, access began with the item itself."""
    supported(story)
    visited = story.visited(CASE_1)
    message = story.world(CASE_1).case.messages[visited.command_id]
    world = story.world(CASE_1)
    without_keys = replace(
        message,
        event=replace(message.event, items=tuple(replace(i, keyed=frozenset()) for i in message.items)),
    )
    world = replace(
        world, case=replace(world.case, messages={**world.case.messages, visited.command_id: without_keys})
    )
    result = [t for t in tasks(world, CORE, now=story.now) if t.kind is TaskKind.REWRAP]
    assert result == [Task(TaskKind.REWRAP, CASE_1, None, visited.at, None)]


def test_a_held_message_is_a_task_of_its_sender_and_then_to_be_released(
    story: RecordedStream, read: ReadQueries
) -> None:
    supported(story)
    story.training_lapses()
    held = story.disclosed(CASE_1)

    def own() -> list[WorklistEntry]:
        return [w for w in read(story).worklist(CORE) if w.message == held.command_id]

    assert own() == [WorklistEntry(CASE_1, "HELD", held.command_id, held.at, None, None)]
    assert read(story).worklist(CON) == []
    story.reinstate()
    assert own() == [WorklistEntry(CASE_1, "RELEASE", held.command_id, held.at, None, None)]
    story.released(CASE_1, held)
    assert own() == []


def test_a_closed_case_has_no_held_messages_to_release(story: RecordedStream) -> None:
    supported(story)
    story.training_lapses()
    story.disclosed(CASE_1)
    story.closed(CASE_1)
    assert not {"HELD", "RELEASE"} & set(kinds(story, CORE))


def test_a_request_to_a_contractor_is_a_task_only_while_it_has_access(
    story: RecordedStream, read: ReadQueries
) -> None:
    supported(story)
    story.send_message(CASE_1, CORE, e.InformationRequested, to=[CON], due_on=None)
    assert [w.kind for w in read(story).worklist(CON)] == ["ANSWER"]
    story.training_lapses()
    assert read(story).worklist(CON) == []
    story.reinstate()
    late = ["LATE_CONTACT", "LATE_VISITS", "SUPERVISE"]  # there was no visit meanwhile
    assert sorted(w.kind for w in read(story).worklist(CON)) == ["ANSWER", *late]


def test_a_follow_on_service_is_to_be_accepted_within_two_weeks(story: RecordedStream) -> None:
    supported(story)
    request = story.send_message(CASE_1, CORE, e.FollowOnServiceArranged, to=[EXT], basis="CWA-25-1")
    due = request.at + timedelta(days=14)
    assert tasks(story.world(CASE_1), EXT, now=story.now) == [
        Task(TaskKind.ACCEPT, CASE_1, request.command_id, request.at, due)
    ]
    story.send_message(CASE_1, EXT, e.FollowOnServiceAccepted, to=[CORE], answers=request.command_id)
    assert kinds(story, EXT) == []


@pytest.mark.parametrize(
    ("named", "due_on"),
    [
        pytest.param(None, date(2026, 7, 1), id="three months"),
        pytest.param(date(2026, 5, 12), date(2026, 5, 12), id="the plan names an earlier day"),
        pytest.param(date(2026, 9, 10), date(2026, 7, 1), id="the plan names a later day"),
        pytest.param(date(2026, 3, 10), date(2026, 7, 1), id="the plan names a day gone by"),
    ],
)
def test_a_plan_is_to_be_reviewed_within_three_months_or_by_its_own_date(
    story: RecordedStream, named: date | None, due_on: date
) -> None:
    story.acknowledged(CASE_1, story.referral(CASE_1))
    story.decided(CASE_1)
    story.send_message(
        CASE_1, CORE, e.SupportPlanFormulated, sections=[Section.PLAN], plan=story.plan(review_due_on=named)
    )
    assert kinds(story, CORE) == []
    story.commenced(CASE_1)
    [review_task] = tasks(story.world(CASE_1), CORE, now=story.now)
    end = datetime(due_on.year, due_on.month, due_on.day, 15, tzinfo=UTC)
    assert review_task == Task(TaskKind.REVIEW, CASE_1, None, story.now, end)


def test_a_review_restarts_the_three_months(story: RecordedStream) -> None:
    supported(story)
    story.now = datetime(2026, 6, 30, 1, tzinfo=UTC)
    story.send_message(CASE_1, CORE, e.PlanReviewed)
    [review_task] = tasks(story.world(CASE_1), CORE, now=story.now)
    assert review_task.due_at == datetime(2026, 9, 30, 15, tzinfo=UTC)


def test_agencies_with_tasks_are_the_parties_and_the_network(story: RecordedStream) -> None:
    world = story.world(CASE_1)
    assert agencies_with_tasks(world) == frozenset()
    story.referral(CASE_1)
    assert agencies_with_tasks(story.world(CASE_1)) == {MED, CORE, COORD}


def test_only_author_and_addressee_can_see_a_message(story: RecordedStream) -> None:
    sent = story.referral(CASE_1)
    world = story.world(CASE_1)
    message = world.case.messages[sent.command_id]
    informed_agencies = {a for a in ROLES if can_see_message(world, a, message, now=story.now)}
    assert informed_agencies == {MED, CORE}


def test_tasks_are_sorted_by_due_time_and_those_without_one_come_last(
    story: RecordedStream, read: ReadQueries
) -> None:
    story.send_message(CASE_1, CORE, e.InformationRequested, to=[COORD], due_on=None)
    two = story.referral(case(1))
    story.registered(case(1))
    order = [(w.kind, w.message) for w in read(story).worklist(CORE)]
    referral = [("ACKNOWLEDGE", two.command_id), ("READ", two.command_id), ("ACT", two.command_id)]
    assert order == [*referral, ("REWRAP", None)]


def test_a_commission_record_that_changes_nothing_writes_no_row(
    story: RecordedStream, make_engine: MakeEngine
) -> None:
    supported(story)
    engine = make_engine(story)
    engine.apply_many(story.stream)
    before = Queries(engine.reader).worklist(CORE)
    story.commission(
        CORE, e.ContractorRequirementVerified(items=frozenset({1, 2}), scope=OutsourcingScope.PARTIAL)
    )
    story.commission(CORE, e.OutsourcingContractEnded())
    visitor = e.SupportWorkerRegistered(worker="W-own", employment=Employment.FULL_TIME, qualification=None)
    story.registrars(e.Kind.COMMISSION, commission_of(CORE, CORE), visitor, by=CORE)
    engine.apply_many(story.stream)
    assert Queries(engine.reader).worklist(CORE) == before


def test_the_next_deadline_of_each_case_is_stored(story: RecordedStream, read: ReadQueries) -> None:
    first, second = story.referral(CASE_1), story.referral(case(1))
    day = timedelta(hours=24)
    assert read(story).deadlines() == {CASE_1: first.at + day, case(1): second.at + day}
    story.acknowledged(CASE_1, first)
    assert read(story).deadlines() == {CASE_1: first.at + timedelta(days=14), case(1): second.at + day}


def test_an_alarm_is_a_task_of_both_sides_then_of_the_receivers_supervisor(
    story: RecordedStream, read: ReadQueries
) -> None:
    sent = story.referral(CASE_1)
    story.now = sent.at + timedelta(hours=24)
    story.clock()
    due_at = sent.at + timedelta(hours=24)
    alarm = WorklistEntry(CASE_1, "LATE_ACKNOWLEDGE", sent.command_id, due_at, None, None)
    assert read(story).worklist(MED) == [alarm]
    assert alarm in read(story).worklist(CORE)
    story.now += timedelta(hours=24)
    story.clock()
    assert "SUPERVISE" in [w.kind for w in read(story).worklist(CORE)]
    assert "SUPERVISE" not in [w.kind for w in read(story).worklist(MED)]
    story.acknowledged(CASE_1, sent)
    assert read(story).worklist(MED) == []
