"""What waits for whom, and until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.codes import Employment, OutsourcingScope, Section
from domain.events import (
    ContractorRequirementVerified,
    FollowOnServiceAccepted,
    FollowOnServiceArranged,
    InformationRequestAnswered,
    InformationRequestDeclined,
    InformationRequested,
    Kind,
    NetworkCaseDeregistered,
    NetworkCaseRegistered,
    NetworkCaseRegistrationRequested,
    OutsourcingContractEnded,
    PlanReviewed,
    ProgrammeNotificationReceived,
    ReferralAcknowledged,
    SupportPlanFormulated,
    SupportWorkerRegistered,
)
from domain.record import commission_of
from domain.tasks import Task, TaskKind, concerned, knows_of, tasks
from projections.queries import Queries, Waiting
from tests.projections.conftest import Make
from tests.projections.kit import CGC, CON, COORD, CORE, EXT, MED, ROLES, Story, case

Read = Callable[[Story], Queries]
ONE = case(0)


def kinds(story: Story, agency: UUID) -> list[str]:
    return [task.kind.value for task in tasks(story.world(ONE), agency, now=story.now)]


def supported(story: Story) -> Story:
    story.acknowledged(ONE, story.referral(ONE))
    story.decided(ONE)
    story.commenced(ONE)
    story.assigned(ONE)
    return story


def test_a_referral_is_to_be_acknowledged_within_a_day_and_read_within_two(story: Story, read: Read) -> None:
    sent = story.referral(ONE)
    assert read(story).worklist(CORE) == [
        Waiting(ONE, "ACKNOWLEDGE", sent.ask_id, sent.at, sent.at + timedelta(hours=24)),
        Waiting(ONE, "READ", sent.ask_id, sent.at, sent.at + timedelta(hours=48)),
        Waiting(ONE, "ACT", sent.ask_id, sent.at, sent.at + timedelta(days=14)),
    ]
    story.say(ONE, CORE, ReferralAcknowledged, to=[MED], answers=sent.ask_id)
    assert [t.kind for t in read(story).worklist(CORE)] == ["READ", "ACT"]
    story.acknowledged(ONE, sent)
    assert [t.kind for t in read(story).worklist(CORE)] == ["ACT"]
    story.decided(ONE)
    assert read(story).worklist(CORE) == []


def test_each_addressee_of_a_referral_acknowledges_for_itself(story: Story) -> None:
    sent = story.say(
        ONE,
        CGC,
        ProgrammeNotificationReceived,
        to=[CORE, COORD],
        basis="CWA-26-1-8",
        sections=[Section.BASIC],
    )
    assert sent.topic == "programme_notification.received"
    story.acknowledged(ONE, sent)
    assert (kinds(story, CORE), kinds(story, COORD)) == (["ACT"], ["ACKNOWLEDGE", "READ", "ACT"])


@pytest.mark.parametrize(
    ("due_on", "due_at"),
    [
        pytest.param(None, None, id="no day named"),
        pytest.param(
            date(2026, 4, 9), datetime(2026, 4, 9, 15, tzinfo=UTC), id="until the day is over in Japan"
        ),
    ],
)
@pytest.mark.parametrize("answer", [InformationRequestAnswered, InformationRequestDeclined])
def test_a_request_waits_for_its_answer(
    story: Story, due_on: date | None, due_at: datetime | None, answer: Any
) -> None:
    story.acknowledged(ONE, story.referral(ONE))
    asked = story.say(ONE, CORE, InformationRequested, to=[CGC], due_on=due_on)
    assert tasks(story.world(ONE), CGC, now=story.now) == [
        Task(TaskKind.ANSWER, ONE, asked.ask_id, asked.at, due_at)
    ]
    story.say(ONE, CGC, answer, to=[CORE], answers=asked.ask_id, reason="NOT_KNOWN")
    assert kinds(story, CGC) == []


def test_registration_waits_for_the_coordinating_agency_it_was_asked_of(story: Story) -> None:
    story.acknowledged(ONE, story.referral(ONE))
    story.say(ONE, CORE, NetworkCaseRegistrationRequested)  # asked of nobody: nobody is told
    assert kinds(story, COORD) == []
    story.say(ONE, CORE, NetworkCaseRegistrationRequested, to=[COORD, CGC])
    assert (kinds(story, COORD), kinds(story, CGC)) == (["REGISTER"], [])
    story.say(ONE, COORD, NetworkCaseRegistered, to=[CORE], standing=None)
    assert kinds(story, COORD) == []
    story.say(ONE, COORD, NetworkCaseDeregistered, to=[CORE], reason="MOVED")
    assert kinds(story, COORD) == []  # the old request was answered
    story.say(ONE, CORE, NetworkCaseRegistrationRequested, to=[COORD])
    assert kinds(story, COORD) == ["REGISTER"]


def test_keys_for_a_new_standing_reader_wait_for_the_core_agency_once_a_case(
    story: Story, read: Read
) -> None:
    story.acknowledged(ONE, story.referral(ONE))
    story.decided(ONE)
    story.registered(ONE)
    registered = story.stream[-1].record.at
    assert read(story).worklist(CORE) == [Waiting(ONE, "REWRAP", None, registered, None)]
    assert read(story).worklist(MED) == []
    story.rewrapped(ONE)
    assert read(story).worklist(CORE) == []


def test_a_contractors_item_without_a_key_for_the_core_agency_waits_since_it_was_sent(story: Story) -> None:
    """No registration: the access began with the item itself."""
    supported(story)
    visited = story.visited(ONE)
    message = story.world(ONE).case.messages[visited.ask_id]
    world = story.world(ONE)
    unkeyed = replace(
        message, fact=replace(message.fact, items=tuple(replace(i, keyed=frozenset()) for i in message.items))
    )
    world = replace(
        world, case=replace(world.case, messages={**world.case.messages, visited.ask_id: unkeyed})
    )
    found = [t for t in tasks(world, CORE, now=story.now) if t.kind is TaskKind.REWRAP]
    assert found == [Task(TaskKind.REWRAP, ONE, None, visited.at, None)]


def test_what_is_held_is_known_to_its_sender_and_can_be_released_when_the_addressee_is_ready(
    story: Story, read: Read
) -> None:
    supported(story)
    story.lapse()
    held = story.disclosed(ONE)

    def own() -> list[Waiting]:
        return [w for w in read(story).worklist(CORE) if w.message == held.ask_id]

    assert own() == [Waiting(ONE, "HELD", held.ask_id, held.at, None)]
    assert read(story).worklist(CON) == []
    story.reinstate()
    assert own() == [Waiting(ONE, "RELEASE", held.ask_id, held.at, None)]
    story.released(ONE, held)
    assert own() == []


def test_in_a_closed_case_nothing_can_be_released(story: Story) -> None:
    supported(story)
    story.lapse()
    story.disclosed(ONE)
    story.closed(ONE)
    assert not {"HELD", "RELEASE"} & set(kinds(story, CORE))


def test_a_request_to_a_contractor_waits_only_while_it_may_see_it(story: Story, read: Read) -> None:
    supported(story)
    story.say(ONE, CORE, InformationRequested, to=[CON], due_on=None)
    assert [w.kind for w in read(story).worklist(CON)] == ["ANSWER"]
    story.lapse()
    assert read(story).worklist(CON) == []
    story.reinstate()
    late = ["LATE_CONTACT", "LATE_VISITS", "SUPERVISE"]  # nobody visited meanwhile
    assert sorted(w.kind for w in read(story).worklist(CON)) == ["ANSWER", *late]


def test_a_follow_on_service_waits_two_weeks_to_be_accepted(story: Story) -> None:
    supported(story)
    asked = story.say(ONE, CORE, FollowOnServiceArranged, to=[EXT], basis="CWA-25-1")
    due = asked.at + timedelta(days=14)
    assert tasks(story.world(ONE), EXT, now=story.now) == [
        Task(TaskKind.ACCEPT, ONE, asked.ask_id, asked.at, due)
    ]
    story.say(ONE, EXT, FollowOnServiceAccepted, to=[CORE], answers=asked.ask_id)
    assert kinds(story, EXT) == []


@pytest.mark.parametrize(
    ("named", "due_on"),
    [
        pytest.param(None, date(2026, 7, 1), id="three months"),
        pytest.param(date(2026, 5, 10), date(2026, 5, 10), id="the plan names an earlier day"),
        pytest.param(date(2026, 9, 10), date(2026, 7, 1), id="the plan names a later day"),
        pytest.param(date(2026, 3, 10), date(2026, 7, 1), id="the plan names a day gone by"),
    ],
)
def test_a_plan_in_support_is_to_be_reviewed(story: Story, named: date | None, due_on: date) -> None:
    story.acknowledged(ONE, story.referral(ONE))
    story.decided(ONE)
    story.say(ONE, CORE, SupportPlanFormulated, sections=[Section.PLAN], plan=story.plan(review_due_on=named))
    assert kinds(story, CORE) == []
    story.commenced(ONE)
    [review] = tasks(story.world(ONE), CORE, now=story.now)
    end = datetime(due_on.year, due_on.month, due_on.day, 15, tzinfo=UTC)
    assert review == Task(TaskKind.REVIEW, ONE, None, story.now, end)


def test_a_review_begins_the_three_months_anew(story: Story) -> None:
    supported(story)
    story.now = datetime(2026, 6, 30, 1, tzinfo=UTC)
    story.say(ONE, CORE, PlanReviewed)
    [review] = tasks(story.world(ONE), CORE, now=story.now)
    assert review.due_at == datetime(2026, 9, 30, 15, tzinfo=UTC)


def test_a_case_without_network_concerns_its_parties(story: Story) -> None:
    world = story.world(ONE)
    assert concerned(world) == frozenset()
    story.referral(ONE)
    assert concerned(story.world(ONE)) == {MED, CORE, COORD}


def test_who_has_no_part_knows_of_nothing(story: Story) -> None:
    sent = story.referral(ONE)
    world = story.world(ONE)
    message = world.case.messages[sent.ask_id]
    knowing = {a for a in ROLES if knows_of(world, a, message, now=story.now)}
    assert knowing == {MED, CORE}


def test_what_is_due_first_comes_first_and_what_has_no_time_last(story: Story, read: Read) -> None:
    story.say(ONE, CORE, InformationRequested, to=[COORD], due_on=None)
    two = story.referral(case(1))
    story.registered(case(1))
    order = [(w.kind, w.message) for w in read(story).worklist(CORE)]
    referral = [("ACKNOWLEDGE", two.ask_id), ("READ", two.ask_id), ("ACT", two.ask_id)]
    assert order == [*referral, ("REWRAP", None)]


def test_a_commission_record_that_changes_nothing_writes_no_row(story: Story, make: Make) -> None:
    supported(story)
    engine = make(story)
    engine.apply_many(story.stream)
    before = Queries(engine.reader).worklist(CORE)
    story.commission(
        CORE, ContractorRequirementVerified(items=frozenset({1, 2}), scope=OutsourcingScope.PARTIAL)
    )
    story.commission(CORE, OutsourcingContractEnded())
    visitor = SupportWorkerRegistered(worker="W-own", employment=Employment.FULL_TIME, qualification=None)
    story.registry(Kind.COMMISSION, commission_of(CORE, CORE), visitor, by=CORE)
    engine.apply_many(story.stream)
    assert Queries(engine.reader).worklist(CORE) == before


def test_the_next_deadline_of_each_case_is_kept_for_a_hub_that_starts(story: Story, read: Read) -> None:
    first, second = story.referral(ONE), story.referral(case(1))
    day = timedelta(hours=24)
    assert read(story).deadlines() == {ONE: first.at + day, case(1): second.at + day}
    story.acknowledged(ONE, first)
    assert read(story).deadlines() == {ONE: first.at + timedelta(days=14), case(1): second.at + day}


def test_an_alarm_is_shown_to_sender_and_receiver_and_climbs_to_the_receivers_supervisor(
    story: Story, read: Read
) -> None:
    sent = story.referral(ONE)
    story.now = sent.at + timedelta(hours=24)
    story.clock()
    due_at = sent.at + timedelta(hours=24)
    alarm = Waiting(ONE, "LATE_ACKNOWLEDGE", sent.ask_id, due_at, None)
    assert read(story).worklist(MED) == [alarm]
    assert alarm in read(story).worklist(CORE)
    story.now += timedelta(hours=24)
    story.clock()
    assert "SUPERVISE" in [w.kind for w in read(story).worklist(CORE)]
    assert "SUPERVISE" not in [w.kind for w in read(story).worklist(MED)]
    story.acknowledged(ONE, sent)
    assert read(story).worklist(MED) == []
