"""Several cases of one family: what counts for the family counts in each, and rights stay as they are in each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import events as e
from domain.children import UNKNOWN_CHILD
from domain.clock_kinds import ClockKind
from domain.codes import Section
from domain.due import next_due_of_case
from domain.joined.sharing import cases_of_family, family_signals, pending_share
from domain.reasons import Reason
from domain.record import HUB, About
from domain.world import other_case_named_in, rests_on
from tests.domain.builders import (
    ASSESSED,
    AZ_COORD,
    AZ_CORE,
    EXT_NURSERY,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NETWORK,
    NOON,
    OTHER_NETWORK,
    REGISTERED,
    TOWN,
    TW_CORE,
    EventInput,
    Given,
    case_message,
    command_of,
    event_input,
    id_of,
    jst,
    refused,
)

S = Section
ONE, TWO, THREE, FOUR = (UUID(f"00000000-0000-4000-8000-00000000000{n}") for n in range(1, 5))
ANNA, BEN = id_of("Anna"), id_of("Ben")
AT = jst("2025-05-01 09:00")


class Family:
    """Some cases of one town, with what the hub records of itself in each."""

    def __init__(self, *cases: UUID) -> None:
        self.cases = {id: Given(id) for id in cases}
        for one in self.cases.values():
            for paper in TOWN:
                one.put(paper)
        self.now = AT
        for case in cases:
            self.put(case, LEARNED)

    def put(self, case: UUID, one: EventInput, *, at: datetime | None = None) -> UUID:
        self.now = at or self.now + timedelta(minutes=1)
        id = id_of(f"{one.command_id} {case} {self.now}")
        self.cases[case].put(replace(one, on=About(e.Kind.CASE, case), command_id=id, at=self.now))
        self.settle()
        return id

    def settle(self) -> None:
        """What joined cases say of each other is recorded, as the hub does."""
        for _ in range(100):
            due = [
                (id, d) for id, one in self.cases.items() if (d := next_due_of_case(one.world)) is not None
            ]
            shares = [(id, d) for id, d in due if isinstance(d.event, e.JoinedCaseChanged)]
            if not shares:
                return
            source, share = shares[0]
            event: Any = share.event
            self._by_hub(share.about.id, event)
            self._by_hub(source, e.JoinedCaseInformed(other=share.about.id, shares=event.shares))
        raise AssertionError("what joined cases say of each other never ends")

    def _by_hub(self, case: UUID, event: e.Event) -> None:
        on, id = About(e.Kind.CASE, case), id_of(f"hub {case} {len(self.cases[case].records)}")
        self.cases[case].put(EventInput(by=HUB, event=event, on=on, command_id=id, at=self.now), by_hub=True)

    def asked(self, case: UUID, one: EventInput, other: UUID | None = None) -> list[e.Event]:
        so = self.cases[case]
        so.world = replace(so.world, other=self.cases[other].world.case if other in self.cases else None)
        return so.when(replace(one, on=About(e.Kind.CASE, case)), now=self.now)

    def case(self, id: UUID) -> Any:
        return self.cases[id].world.case

    def alarms(self, case: UUID, kind: type[e.Event]) -> list[datetime]:
        """When the hub raises this alarm in this case, and goes on."""
        so, times = self.cases[case], []
        for _ in range(200):
            due = next_due_of_case(so.world)
            if due is None:
                break
            so.put(
                replace(event_input(HUB, due.event, on=due.about, name=f"due {due}"), at=due.at), by_hub=True
            )
            if isinstance(due.event, kind) and not due.event.escalated:  # type: ignore[attr-defined]
                times.append(due.at)
        return times


def joins(other: UUID) -> EventInput:
    return case_message(e.CasesJoined, AZ_CORE, other=other)


def test_a_decision_to_join_rests_on_the_other_case_too_and_no_other_decision_does() -> None:
    assert other_case_named_in(joins(TWO).event) == TWO
    assert other_case_named_in(LEARNED.event) is None


def splits(other: UUID, **changed: Any) -> EventInput:
    return case_message(e.CaseSplit, AZ_CORE, **{"reason": "MISTAKE", "other": other, **changed})


@pytest.fixture
def two() -> Family:
    family = Family(ONE, TWO)
    family.put(ONE, joins(TWO))
    return family


# --- who joins what ------------------------------------------------------------------------------------------


def test_the_core_agency_joins_two_of_its_cases_and_each_knows_of_it():
    family = Family(ONE, TWO)
    assert family.asked(ONE, joins(TWO), TWO) == [joins(TWO).event]
    family.put(ONE, joins(TWO))
    assert family.case(ONE).joined_with == {TWO}
    assert family.case(TWO).joined_with == {ONE}
    assert cases_of_family(family.case(TWO)) == {ONE, TWO}


def test_what_is_not_joined():
    family = Family(ONE, TWO)
    theirs = replace(joins(TWO), by=MID_HOSP)
    assert family.asked(ONE, theirs, TWO) == refused(theirs, Reason.NOT_YOUR_CASE)
    assert family.asked(ONE, joins(ONE), ONE) == refused(joins(ONE), Reason.SAME_CASE)
    assert family.asked(ONE, joins(THREE)) == refused(joins(THREE), Reason.NOT_YOUR_CASE)
    there = Family(ONE, TWO)
    there.cases[TWO].world = replace(
        there.cases[TWO].world, case=replace(there.case(TWO), core=TW_CORE, network=OTHER_NETWORK)
    )
    assert there.asked(ONE, joins(TWO), TWO) == refused(joins(TWO), Reason.NOT_YOUR_CASE)


def test_no_other_agency_joins_the_core_agencys_cases():
    family = Family(ONE, TWO)
    family.cases[TWO].world = replace(family.cases[TWO].world, case=replace(family.case(TWO), core=AZ_COORD))
    command = replace(joins(TWO), by=AZ_COORD)
    assert family.asked(ONE, command, TWO) == refused(command, Reason.NOT_RESPONSIBLE_CORE)


def test_cases_of_one_family_are_not_joined_again_from_either_side(two):
    assert two.asked(ONE, joins(TWO), TWO) == refused(joins(TWO), Reason.ALREADY_JOINED)
    assert two.asked(TWO, joins(ONE), ONE) == refused(joins(ONE), Reason.ALREADY_JOINED)


def test_cases_are_not_joined_again_before_they_know_of_each_other():
    family = Family(ONE, TWO)
    command = replace(joins(TWO), on=About(e.Kind.CASE, ONE), command_id=id_of("joins"), at=family.now)
    family.cases[ONE].put(command)  # the hub has not recorded yet what they say of each other
    assert family.case(ONE).shares_received == {}
    assert family.asked(ONE, joins(TWO), TWO) == refused(joins(TWO), Reason.ALREADY_JOINED)


def test_the_ends_of_a_chain_are_one_family_already():
    family = Family(ONE, TWO, THREE)
    family.put(ONE, joins(TWO))
    family.put(TWO, joins(THREE))
    assert cases_of_family(family.case(ONE)) == {ONE, TWO, THREE}
    assert family.asked(ONE, joins(THREE), THREE) == refused(joins(THREE), Reason.ALREADY_JOINED)


def test_a_decision_to_join_rests_on_the_other_case_where_it_is_the_senders_own():
    family = Family(ONE, TWO)
    so = family.cases[ONE]
    command = command_of(replace(joins(TWO), on=About(e.Kind.CASE, ONE)), NOON)
    other = family.case(TWO)
    named = (e.Kind.CASE, TWO, other.version)
    assert named in rests_on(replace(so.world, other=other), command)
    for nothing in (None, replace(other, core=TW_CORE), so.world.case):
        assert all(
            kind is not e.Kind.CASE for kind, _, _ in rests_on(replace(so.world, other=nothing), command)
        )


# --- what counts in each -----------------------------------------------------------------------------------

CONCERN = case_message(e.SafetyConcernRaised, EXT_NURSERY, [AZ_CORE], [S.RISK], "CAPA-6-1", name="concern")
TRIAGED = case_message(e.EmergencyTriaged, AZ_CORE)


def test_three_weak_signals_over_two_joined_cases_are_an_alarm_where_the_last_came(two):
    two.put(ONE, CONCERN)
    two.put(TWO, CONCERN)
    last = two.now + timedelta(minutes=1)
    two.put(ONE, CONCERN)
    assert len(family_signals(two.case(TWO))) == 3
    assert two.alarms(ONE, e.SignalsGatheredAlarmRaised) == [last]
    assert two.alarms(TWO, e.SignalsGatheredAlarmRaised) == []


def test_without_the_join_there_is_no_alarm():
    family = Family(ONE, TWO)
    for case in (ONE, TWO, ONE):
        family.put(case, CONCERN)
    assert family.alarms(ONE, e.SignalsGatheredAlarmRaised) == []


def test_signals_that_came_before_the_join_count_too():
    family = Family(ONE, TWO)
    for case in (ONE, TWO, ONE):
        family.put(case, CONCERN)
    family.put(TWO, joins(ONE))
    assert len(family.alarms(ONE, e.SignalsGatheredAlarmRaised)) == 1


def test_an_assessment_in_one_case_is_of_the_signals_of_all(two):
    two.put(ONE, CONCERN)
    two.put(TWO, CONCERN)
    two.put(TWO, TRIAGED)
    assert family_signals(two.case(ONE)) == ()
    two.put(ONE, CONCERN)
    assert len(family_signals(two.case(TWO))) == 1


def test_signals_go_along_a_chain_of_joined_cases():
    family = Family(ONE, TWO, THREE)
    family.put(ONE, joins(TWO))
    family.put(THREE, joins(TWO))
    for case in (ONE, TWO, THREE):
        family.put(case, CONCERN)
    assert {len(family_signals(family.case(case))) for case in (ONE, TWO, THREE)} == {3}


def request_by_network(family: Family, case: UUID) -> list[e.Event]:
    asks = case_message(e.InformationRequested, AZ_CORE, [MID_HOSP], [S.BASIC], "CWA-25-3-1", name="asks")
    return family.asked(case, asks)


def test_a_registration_counts_for_all_joined_cases_while_it_lasts(two):
    assert type(request_by_network(two, TWO)[0]) is e.DisclosureRefused
    two.put(ONE, REGISTERED)
    assert type(request_by_network(two, TWO)[0]) is e.InformationRequested
    two.put(ONE, case_message(e.NetworkCaseDeregistered, AZ_COORD, [AZ_CORE], reason="OTHER"))
    assert type(request_by_network(two, TWO)[0]) is e.DisclosureRefused


def test_nobody_sees_more_by_a_join(two):
    """The coordinating agency sees the case that its network has registered, and not the other one."""
    two.put(ONE, REGISTERED)
    assert two.cases[ONE].opens(AZ_COORD, now=two.now) != set()
    assert two.cases[TWO].opens(AZ_COORD, now=two.now) == set()
    assert two.case(TWO).parties == {MID_HOSP, AZ_CORE}
    assert not two.case(TWO).registered


# --- children --------------------------------------------------------------------------------------------------


def notified(*children: UUID) -> EventInput:
    return case_message(
        e.AbuseNotificationReceived,
        KS_CGC,
        [AZ_CORE],
        [S.RISK],
        "CAPA-6-1",
        name="notified",
        received_at=AT,
        children=frozenset(children),
    )


def sighted(*children: UUID) -> EventInput:
    return case_message(e.ChildSighted, AZ_CORE, name="sighted", children=frozenset(children))


def safety_checks(family: Family, case: UUID) -> set[UUID | None]:
    return {c.child for c in family.case(case).clocks.values() if c.kind is ClockKind.SAFETY}


def test_a_child_that_was_seen_in_one_case_is_not_waited_for_in_the_other(two):
    two.put(TWO, notified(ANNA, BEN))
    two.put(ONE, sighted(ANNA))
    assert safety_checks(two, TWO) == {BEN}
    assert two.case(TWO).family.children[ANNA].seen_at == two.now
    assert two.case(TWO).family.children[BEN].seen_at is None


def test_a_sighting_before_the_notification_was_recorded_is_not_the_check_of_it(two):
    late = notified(ANNA)
    received = two.now + timedelta(minutes=1)
    two.put(ONE, sighted(ANNA), at=two.now + timedelta(minutes=30))
    two.put(
        TWO, replace(late, event=replace(late.event, received_at=received)), at=two.now + timedelta(hours=1)
    )
    assert safety_checks(two, TWO) == {ANNA}
    two.put(ONE, sighted(ANNA))
    assert safety_checks(two, TWO) == set()


def test_a_child_with_another_reference_is_the_same_once_the_references_are_joined(two):
    hers = id_of("Anna as the nursery calls her")
    two.put(TWO, notified(ANNA))
    two.put(ONE, sighted(hers))
    assert safety_checks(two, TWO) == {ANNA}
    two.put(TWO, case_message(e.ChildrenJoined, AZ_CORE, children=frozenset({ANNA, hers})))
    assert safety_checks(two, TWO) == set()


def test_a_sighting_recorded_of_the_wrong_child_is_taken_back_in_the_other_case_too(two):
    hers = id_of("Anna as the nursery calls her")
    two.put(ONE, notified(ANNA))
    two.put(TWO, notified(ANNA, BEN))
    two.put(
        ONE, case_message(e.FamilyInformationProvided, MID_HOSP, [AZ_CORE], children=frozenset({hers, BEN}))
    )
    join = two.put(ONE, case_message(e.ChildrenJoined, AZ_CORE, children=frozenset({ANNA, hers})))
    two.put(ONE, sighted(hers))
    two.put(ONE, sighted(BEN))
    assert safety_checks(two, TWO) == safety_checks(two, ONE) == set()
    two.put(ONE, case_message(e.ChildrenSeparated, AZ_CORE, answers=join, reason="DIFFERENT_CHILDREN"))
    assert safety_checks(two, ONE) == {ANNA}
    assert safety_checks(two, TWO) == {ANNA}
    assert two.case(TWO).family.children[ANNA].seen_at is None
    assert two.case(TWO).family.children[BEN].seen_at is not None


def test_a_child_of_whom_nobody_knows_which_it_is_is_another_one_in_each_case(two):
    two.put(TWO, notified(UNKNOWN_CHILD))
    two.put(ONE, sighted(UNKNOWN_CHILD))
    assert safety_checks(two, TWO) == {UNKNOWN_CHILD}


def test_the_check_of_all_children_ends_when_each_was_sighted_somewhere(two):
    two.put(TWO, case_message(e.ContactAttempted, AZ_CORE))
    two.put(TWO, notified())
    assert safety_checks(two, TWO) == {None}
    two.put(ONE, sighted(ANNA))
    assert safety_checks(two, TWO) == {None}  # whom this case does not know says nothing about its children
    two.put(TWO, case_message(e.ChildPlaced, AZ_CORE, children=frozenset({ANNA, BEN}), place="HOSPITAL",
                              placed_on=AT.date(), known_from=None))  # fmt: skip
    assert safety_checks(two, TWO) == {None}
    two.put(ONE, sighted(BEN))
    assert safety_checks(two, TWO) == set()


def test_not_seen_begins_anew_in_both_cases_when_the_child_is_seen_in_one(two):
    for case in (ONE, TWO):
        two.put(case, sighted(ANNA))
    later = two.now + timedelta(days=20)
    two.put(ONE, sighted(ANNA), at=later)
    [first, *_] = two.alarms(TWO, e.ContactGapAlarmRaised)
    assert first > later + timedelta(days=29)


def test_where_no_child_is_known_by_reference_seeing_one_counts_in_both(two):
    later = two.now + timedelta(days=20)
    two.put(ONE, sighted(), at=later)
    assert two.case(TWO).seen_at == later
    [first, *_] = two.alarms(TWO, e.ContactGapAlarmRaised)
    assert first > later + timedelta(days=29)


def test_what_a_case_has_from_another_it_does_not_hand_on_as_its_own(two):
    two.put(ONE, notified(ANNA))
    two.put(TWO, notified(ANNA))
    two.put(ONE, sighted(ANNA))
    [of_two] = two.case(ONE).shares_received[TWO].values()
    assert (of_two.seen, of_two.sighted, of_two.seen_at) == ({}, {}, None)


# --- mistakes, and how it ends ------------------------------------------------------------------------------------


def test_a_mistake_is_taken_back_with_a_reason_and_nothing_is_deleted(two):
    two.put(TWO, CONCERN)
    assert two.asked(ONE, splits(TWO)) == [splits(TWO).event]
    without = splits(TWO, reason=None)
    assert two.asked(ONE, without) == refused(without, Reason.REASON_MISSING)
    assert two.asked(ONE, splits(THREE)) == refused(splits(THREE), Reason.NOT_JOINED)
    records = len(two.cases[ONE].records)
    two.put(ONE, splits(TWO))
    for case, other in ((ONE, TWO), (TWO, ONE)):
        assert two.case(case).joined_with == frozenset()
        assert two.case(case).shares_received == {}
        assert two.case(case).shares_sent == {}
        assert other not in cases_of_family(two.case(case))
    assert len(two.cases[ONE].records) > records
    assert family_signals(two.case(ONE)) == ()


def test_either_case_takes_the_join_back_and_both_can_be_joined_again(two):
    two.put(TWO, splits(ONE))
    assert two.case(ONE).joined_with == frozenset()
    assert two.asked(ONE, joins(TWO), TWO) == [joins(TWO).event]
    two.put(ONE, joins(TWO))
    assert cases_of_family(two.case(TWO)) == {ONE, TWO}


def test_a_chain_that_is_split_leaves_two_families():
    family = Family(ONE, TWO, THREE, FOUR)
    for one, other in ((ONE, TWO), (TWO, THREE), (THREE, FOUR)):
        family.put(one, joins(other))
    for case in (ONE, FOUR):
        family.put(case, CONCERN)
    family.put(TWO, splits(THREE))
    assert [cases_of_family(family.case(c)) for c in (ONE, TWO)] == [{ONE, TWO}] * 2
    assert [cases_of_family(family.case(c)) for c in (THREE, FOUR)] == [{THREE, FOUR}] * 2
    assert [len(family_signals(family.case(c))) for c in (ONE, TWO, THREE, FOUR)] == [1, 1, 1, 1]


def test_a_hand_over_ends_the_joins_of_the_case():
    family = Family(ONE, TWO)
    family.put(ONE, joins(TWO))
    begun = family.put(ONE, case_message(e.TransferInitiated, AZ_CORE, [TW_CORE], moves_on=None))
    done = case_message(
        e.TransferCompleted,
        TW_CORE,
        hands_over=begun,
        child_seen=True,
        placed=e.Placed(network=OTHER_NETWORK, core=TW_CORE),
    )
    family.put(ONE, done)
    assert family.case(ONE).joined_with == family.case(TWO).joined_with == frozenset()


def test_a_case_without_a_place_yet_is_placed_without_losing_anything():
    family = Family(ONE)
    assert family.case(ONE).network == NETWORK


def test_in_a_case_whose_control_was_destroyed_nothing_is_recorded_any_more(two):
    so = two.cases[ONE]
    so.put(replace(CONCERN, on=About(e.Kind.CASE, ONE), at=two.now))
    assert pending_share(so.world.case, frozenset()) is not None
    assert pending_share(so.world.case, frozenset({TWO})) is None


def test_what_is_known_of_the_family_is_recorded_before_any_alarm(two):
    so = two.cases[ONE]
    so.put(replace(CONCERN, on=About(e.Kind.CASE, ONE), at=two.now))
    due = next_due_of_case(so.world)
    assert due is not None
    assert (due.at, due.about) == (two.now, About(e.Kind.CASE, TWO))
    assert isinstance(due.event, e.JoinedCaseChanged)


def test_a_message_that_changes_nothing_for_the_family_is_not_handed_on(two):
    before = len(two.cases[TWO].records)
    two.put(ONE, ASSESSED)
    assert len(two.cases[TWO].records) == before
