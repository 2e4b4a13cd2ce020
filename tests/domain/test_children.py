"""Child by child: a clock of one child is stopped by that child only; who was not seen is missed in every open case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from domain import events as e
from domain.alarms.contact import contact_clocks
from domain.alarms.raising import raised_alarms
from domain.children import UNKNOWN_CHILD
from domain.clocks import ClockKind
from domain.codes import (
    Caregiver,
    ChildPlace,
    ClosingReason,
    HoldGround,
    RetentionPolicy,
    Section,
    SupportType,
    TargetClass,
)
from domain.editions import under_edition
from domain.family import Family
from domain.reasons import Reason
from domain.tasks import TaskKind, tasks
from tests.domain.builders import (
    ASSESSED,
    AZ_COORD,
    AZ_CORE,
    CLOSED,
    COMMENCED,
    CONSULTED,
    EVALUATED,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOBODY,
    PLACED,
    READY,
    SORA_NPO,
    TW_CORE,
    EventInput,
    Given,
    case_message,
    given,
    id_of,
    jst,
)
from tests.domain.test_clocks import run

A, B, C = sorted((id_of("child A"), id_of("child B"), id_of("child C")))
MORNING = jst("2025-06-02 09:00")
CHECK_DUE = jst("2025-06-04 08:20")


def notice(*children: UUID, name: str = "notice", **changed: Any) -> EventInput:
    usual: dict[str, Any] = {"at": MORNING, "placed": PLACED, "received_at": jst("2025-06-02 08:20")}
    return case_message(
        e.AbuseNotificationReceived,
        EXT,
        [AZ_CORE],
        [Section.RISK],
        name=name,
        children=frozenset(children),
        **{**usual, **changed},
    )


EXT = id_of("EXT-NURSERY")


def sighted(*children: UUID, at: str = "2025-06-02 15:00", name: str = "sighted") -> EventInput:
    return case_message(e.SafetyConfirmed, AZ_CORE, name=name, at=jst(at), children=frozenset(children))


def informed(*children: UUID, at: str = "2025-06-02 08:00", name: str = "informed") -> EventInput:
    return replace(
        case_message(
            e.FamilyInformationProvided,
            MID_HOSP,
            [AZ_CORE],
            [Section.BASIC],
            name=name,
            placed=PLACED,
            children=frozenset(children),
        ),
        at=jst(at),
    )


def late(so: Given, until: str = "2025-06-04 08:20") -> set[tuple[UUID | None, UUID | None]]:
    """(message, child) of each safety check of the core agency that is overdue, and not escalated yet."""
    came = run(so, jst(until))
    return {
        (a.message, a.child)
        for _, a in came
        if type(a) is e.SafetyCheckOverdueAlarmRaised and a.responsible == AZ_CORE and not a.escalated
    }


NOTICE = id_of("notice")
WEDNESDAY = jst("2025-06-11 12:00")


# --- whose clock a sighting stops ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "missed"),
    [
        pytest.param([notice(B), sighted(A)], {B}, id="the brother was seen"),
        pytest.param([notice(B), sighted(B)], set(), id="the child was seen"),
        pytest.param([notice(A, B), sighted(A)], {B}, id="one of two"),
        pytest.param([notice(A, B), sighted(A, B)], set(), id="both"),
        pytest.param([notice(A, B), sighted()], set(), id="all of the family"),
        pytest.param([notice(UNKNOWN_CHILD), sighted(A)], {UNKNOWN_CHILD}, id="another than the unknown"),
        pytest.param([notice(UNKNOWN_CHILD), sighted(UNKNOWN_CHILD)], set(), id="the unknown child"),
        pytest.param([notice(), sighted(A)], {None}, id="one whom only the sighting names"),
        pytest.param([notice(), sighted()], set(), id="nobody is named by either"),
        pytest.param(
            [notice(), informed(A, B, at="2025-06-02 12:00"), sighted(A)],
            {None},
            id="one of those named since",
        ),
        pytest.param(
            [
                notice(),
                informed(A, B, at="2025-06-02 12:00"),
                sighted(A),
                sighted(B, at="2025-06-02 16:00", name="later"),
            ],
            set(),
            id="each of those named since",
        ),
        pytest.param([informed(A, B), notice(), sighted(A)], {B}, id="all who were known are meant"),
        pytest.param([informed(A), notice(), sighted(A)], set(), id="the only one known"),
    ],
)
def test_a_sighting_stops_the_clocks_of_those_who_were_seen(
    past: list[EventInput], missed: set[UUID | None]
) -> None:
    assert late(given(*past)) == {(NOTICE, child) for child in missed}


def test_the_sight_before_a_notification_does_not_count_after_it() -> None:
    before = sighted(A, at="2025-06-01 09:00", name="before")
    since = sighted(B, at="2025-06-03 09:00", name="since")
    past = [informed(A, B, at="2025-06-01 08:00"), before, notice(), since]
    assert late(given(*past)) == {(NOTICE, A)}


def test_a_visit_where_a_child_was_met_is_no_safety_check() -> None:
    met = case_message(e.HomeVisitCompleted, AZ_CORE, at=jst("2025-06-02 16:00"), children=frozenset({A, B}))
    assert late(
        given(notice(), informed(A, B, at="2025-06-02 12:00"), met, sighted(A, at="2025-06-02 17:00"))
    ) == {(NOTICE, None)}


def test_in_edition_1_the_sight_of_any_child_stopped_the_clock_of_the_family() -> None:
    so = given(notice(B), sighted(A), edition=1)
    assert late(so) == set()
    assert {clock.child for clock in given(notice(B), edition=1).world.case.clocks.values()} == {None}


def test_each_child_has_a_task_of_its_own() -> None:
    so = given(notice(A, B))
    waiting = {t.child for t in tasks(so.world, AZ_CORE, now=MORNING) if t.kind is TaskKind.SEE_CHILD}
    assert waiting == {A, B}
    run(so, CHECK_DUE)
    overdue = {t.child for t in tasks(so.world, AZ_CORE, now=CHECK_DUE) if t.kind is TaskKind.LATE_SAFETY}
    assert overdue == {A, B}


# --- which child it was -------------------------------------------------------------------------------------------------


def identified(*children: UUID, answers: UUID = NOTICE, at: str = "2025-06-03 09:00") -> EventInput:
    return case_message(
        e.UnknownChildIdentified, AZ_CORE, answers=answers, at=jst(at), children=frozenset(children)
    )


@pytest.mark.parametrize(
    ("past", "missed"),
    [
        pytest.param([notice(UNKNOWN_CHILD), identified(A)], {A}, id="and nobody has seen it"),
        pytest.param([notice(UNKNOWN_CHILD), sighted(A), identified(A)], set(), id="who was seen since"),
        pytest.param([notice(UNKNOWN_CHILD), sighted(A), identified(B)], {B}, id="not the one who was seen"),
        pytest.param([notice(UNKNOWN_CHILD), sighted(A), identified(A, B)], {B}, id="they were two"),
    ],
)
def test_once_it_is_known_who_the_child_was_its_own_clock_counts(
    past: list[EventInput], missed: set[UUID]
) -> None:
    assert late(given(*past)) == {(NOTICE, child) for child in missed}


def test_an_alarm_that_was_raised_for_the_unknown_child_is_not_raised_again_for_the_known() -> None:
    so = given(notice(UNKNOWN_CHILD))
    assert late(so) == {(NOTICE, UNKNOWN_CHILD)}
    so.put(identified(A, at="2025-06-04 09:00"))
    assert late(so, "2025-06-04 20:00") == set()
    raised = raised_alarms(so.world.case, so.world.rule_book["policy"])
    assert {(s.clock.kind, s.clock.child) for s in raised} >= {(ClockKind.SAFETY, A)}


def test_the_unknown_child_is_missed_until_no_message_names_it() -> None:
    second = notice(UNKNOWN_CHILD, name="second", at=jst("2025-06-02 10:00"))
    so = given(notice(UNKNOWN_CHILD), second, identified(A))
    assert set(so.world.case.family.children) == {UNKNOWN_CHILD, A}
    so.put(
        replace(identified(B, answers=second.command_id, at="2025-06-03 10:00"), command_id=id_of("again"))
    )
    assert list(so.world.case.family.children) == [A, B]


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param([notice(A)], identified(A), Reason.UNKNOWN_MESSAGE, id="it named its child"),
        pytest.param([], identified(A), Reason.UNKNOWN_MESSAGE, id="there is no such message"),
        pytest.param(
            [notice(UNKNOWN_CHILD), identified(A)], identified(B), Reason.ALREADY_ANSWERED, id="said before"
        ),
        pytest.param([notice(UNKNOWN_CHILD)], identified(), Reason.CHILDREN_NOT_NAMED, id="nobody named"),
        pytest.param(
            [notice(UNKNOWN_CHILD)], identified(UNKNOWN_CHILD), Reason.CHILD_UNKNOWN, id="still unknown"
        ),
    ],
)
def test_who_it_was_is_recorded_once_and_by_name(
    past: list[EventInput], command: EventInput, reason: Reason
) -> None:
    assert refused(given(LEARNED, *past), command) is reason


def refused(so: Given, command: EventInput, now: datetime = WEDNESDAY) -> Reason | None:
    [event] = so.when(replace(command, command_id=id_of("the command")), now=now)
    return event.reason if isinstance(event, e.CommandRefused) else None  # type: ignore[return-value]


# --- two references for one child ---------------------------------------------------------------------------------------


def joined(*children: UUID, at: str = "2025-06-03 09:00", name: str | None = None) -> EventInput:
    return case_message(e.ChildrenJoined, AZ_CORE, at=jst(at), children=frozenset(children), name=name)


@pytest.mark.parametrize(
    ("past", "missed"),
    [
        pytest.param([informed(A), notice(B), sighted(A), joined(A, B)], set(), id="seen under the other"),
        pytest.param([informed(A), notice(B), joined(A, B)], {A}, id="nobody has seen it"),
        pytest.param(
            [informed(A), notice(B), joined(A, B), sighted(B, at="2025-06-03 12:00")],
            set(),
            id="seen afterwards",
        ),
        pytest.param([informed(A, C), notice(B), sighted(C), joined(A, B)], {A}, id="another child was seen"),
    ],
)
def test_clocks_and_sightings_look_over_joined_references(past: list[EventInput], missed: set[UUID]) -> None:
    assert late(given(*past)) == {(NOTICE, child) for child in missed}


def test_what_was_known_under_two_references_is_known_of_one_child() -> None:
    placed = case_message(
        e.ChildPlaced,
        AZ_CORE,
        at=jst("2025-06-02 18:00"),
        children=frozenset({B}),
        place=ChildPlace.HOSPITAL,
        placed_on=date(2025, 6, 2),
        known_from=None,
    )
    so = given(
        informed(A), informed(B, C, name="more", at="2025-06-02 09:00"), sighted(A), placed, joined(A, B)
    )
    family = so.world.case.family
    assert list(family.children) == [A, C]
    child = family.children[A]
    assert (child.known_at, child.sighted_at) == (jst("2025-06-02 08:00"), jst("2025-06-02 15:00"))
    assert child.placed is not None
    so.put(replace(joined(B, C, at="2025-06-04 09:00"), command_id=id_of("more joined")))
    assert list(so.world.case.family.children) == [A]
    assert so.world.case.family.resolved({A, B, C}) == {A}


def test_of_two_sights_of_one_child_the_later_counts_whichever_reference_it_was_under() -> None:
    for first, second in ((A, B), (B, A)):
        earlier, later = (
            sighted(child, at=at, name=at)
            for child, at in ((first, "2025-06-02 12:00"), (second, "2025-06-02 15:00"))
        )
        so = given(informed(A), informed(B, name="more"), earlier, later, joined(A, B))
        assert so.world.case.family.children[A].sighted_at == jst("2025-06-02 15:00")


def test_a_gap_that_was_alarmed_under_one_reference_is_not_alarmed_again() -> None:
    so = given(informed(A), informed(B, name="more"))
    run(so, jst("2025-07-05 00:00"))
    so.put(joined(A, B, at="2025-07-06 09:00"))
    assert [a for _, a in run(so, jst("2025-07-20 00:00")) if type(a) is e.ContactGapAlarmRaised] == []


@pytest.mark.parametrize(
    ("children", "reason"),
    [
        pytest.param((A, C), Reason.CHILD_UNKNOWN, id="one whom nobody has named"),
        pytest.param((A, UNKNOWN_CHILD), Reason.CHILD_UNKNOWN, id="the unknown one"),
        pytest.param((A,), Reason.ALREADY_ONE_CHILD, id="one alone"),
        pytest.param((), Reason.CHILDREN_NOT_NAMED, id="nobody"),
        pytest.param((A, B), None, id="two"),
    ],
)
def test_only_known_children_are_joined(children: tuple[UUID, ...], reason: Reason | None) -> None:
    so = given(informed(A, B), notice(UNKNOWN_CHILD))
    assert refused(so, joined(*children)) is reason


def test_what_is_joined_is_not_joined_twice() -> None:
    assert refused(given(informed(A, B), joined(A, B)), joined(A, B)) is Reason.ALREADY_ONE_CHILD


JOIN = id_of("children.joined")


def separated(*, answers: UUID = JOIN, at: str = "2025-06-03 18:00", **changed: Any) -> EventInput:
    usual: dict[str, Any] = {"reason": "DIFFERENT_CHILDREN", "name": f"separated {answers}"}
    return case_message(e.ChildrenSeparated, AZ_CORE, answers=answers, at=jst(at), **{**usual, **changed})


@pytest.mark.parametrize(
    ("past", "missed"),
    [
        pytest.param([informed(A), notice(B), sighted(A), joined(A, B), separated()], {B}, id="only as one was it seen"),
        pytest.param([informed(A), notice(B), sighted(B), joined(A, B), separated()], set(), id="seen by its own name"),
        pytest.param(
            [informed(A), notice(B), joined(A, B), separated()], {A, B}, id="nobody was seen: it goes on for each"
        ),
        pytest.param(
            [informed(A), notice(B), joined(A, B), sighted(A, at="2025-06-03 12:00"), separated()],
            {B},
            id="while they were one, one was seen: the notified one was not, for all that is known",
        ),
        pytest.param(
            [informed(A), notice(A), joined(A, B), sighted(A, at="2025-06-03 12:00"), separated()],
            {A},
            id="and it may have been the other that was seen",
        ),
        pytest.param(
            [informed(A), notice(A), joined(A, B), sighted(at="2025-06-03 12:00"), separated()],
            set(),
            id="all were seen while they were one",
        ),
        pytest.param(
            [informed(A), notice(A), joined(A, B), sighted(A, B, at="2025-06-03 12:00"), separated()],
            set(),
            id="both were, by their names",
        ),
        pytest.param(
            [
                informed(A), notice(A), joined(A, B),
                case_message(e.ChildSighted, MID_HOSP, [AZ_CORE], at=jst("2025-06-03 12:00"), children=frozenset({A})),
                separated(),
            ],
            set(),
            id="one was, by somebody who did not know that they were one",
        ),
        pytest.param(
            [informed(A), joined(A, B, at="2025-06-02 08:05"), replace(notice(A), by=AZ_CORE), separated()],
            {A, B},
            id="a notification while they were one may mean either",
        ),
        pytest.param(
            [informed(A), notice(B), joined(A, B), separated(), sighted(A, at="2025-06-03 19:00")],
            {B},
            id="who is seen afterwards is that one only",
        ),
        pytest.param(
            [informed(A, C), notice(B), joined(A, B, C), separated()], {A, B, C}, id="three were one"
        ),
        pytest.param(
            [informed(A, C), notice(B), joined(A, B), joined(A, C, name="another join"), separated()],
            {A, B},
            id="the other join holds",
        ),
    ],
)  # fmt: skip
def test_who_was_joined_by_mistake_is_waited_for_again(past: list[EventInput], missed: set[UUID]) -> None:
    first = informed(B, name="known too", at="2025-06-02 08:01")
    assert late(given(first, *past)) == {(NOTICE, child) for child in missed}


def test_a_child_is_known_after_a_separation_by_its_own_messages() -> None:
    placed = case_message(
        e.ChildPlaced,
        AZ_CORE,
        at=jst("2025-06-02 18:00"),
        children=frozenset({B}),
        place=ChildPlace.HOSPITAL,
        placed_on=date(2025, 6, 2),
        known_from=None,
    )
    past = [informed(A), informed(B, name="more", at="2025-06-02 09:00"), sighted(A), placed]
    died_as_one = died(A, at="2025-06-03 12:00")
    so = given(*past, joined(A, B), died_as_one, separated())
    assert so.world.case.family.children == given(*past).world.case.family.children  # who died is not known
    assert so.world.case.family.joined == {}


def test_a_child_that_was_seen_as_another_is_missed_by_everybody_again() -> None:
    seen = [sighted(A, at=f"2025-0{month}-20 10:00", name=f"seen {month}") for month in (6, 7)]
    past = [informed(A, B), joined(A, B), *seen, separated(at="2025-07-21 10:00")]
    assert gaps(given(*past), "2025-07-22 00:00") == [
        (jst("2025-07-03 00:00"), AZ_CORE, A),
        (jst("2025-07-03 00:00"), AZ_CORE, B),
    ]


def test_a_search_goes_on_for_each_until_each_is_located() -> None:
    begun = case_message(
        e.WhereaboutsLost, AZ_CORE, name="search", at=jst("2025-06-02 10:00"), children=frozenset({B}),
        last_seen_on=None,
    )  # fmt: skip
    located = case_message(
        e.WhereaboutsEstablished, AZ_CORE, at=jst("2025-06-03 12:00"), children=frozenset({A}),
        answers=id_of("search"), located_by="SIGHTED",
    )  # fmt: skip

    def searched(*past: EventInput) -> set[UUID | None]:
        clocks = given(informed(A, B), begun, *past).world.case.clocks.values()
        return {c.child for c in clocks if c.kind is ClockKind.SEARCH}

    assert searched(joined(A, B)) == {A}
    assert searched(joined(A, B), separated()) == {A, B}
    assert searched(joined(A, B), located) == set()
    assert searched(joined(A, B), located, separated()) == {B}


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param([joined(A, B)], separated(), None, id="a join"),
        pytest.param([], separated(), Reason.UNKNOWN_MESSAGE, id="there is none"),
        pytest.param([joined(A, B)], separated(answers=NOTICE), Reason.UNKNOWN_MESSAGE, id="another message"),
        pytest.param([joined(A, B)], separated(reason=None), Reason.REASON_MISSING, id="it does not say why"),
        pytest.param(
            [joined(A, B), separated()], separated(), Reason.ALREADY_ANSWERED, id="taken back before"
        ),
        pytest.param([joined(A, B), separated()], joined(A, B), None, id="joined again"),
    ],
)
def test_a_join_that_holds_is_taken_back_once_and_with_a_reason(
    past: list[EventInput], command: EventInput, reason: Reason | None
) -> None:
    assert refused(given(informed(A, B), notice(C), *past), command) is reason


def test_another_than_the_responsible_core_agency_takes_no_join_back() -> None:
    by_centre = replace(separated(), by=KS_CGC)
    so = given(informed(A, B), joined(A, B), sighted(C), replace(sighted(A, name="a centre"), by=KS_CGC))
    assert refused(so, by_centre) is Reason.NOT_RESPONSIBLE_CORE


# --- who was not seen ---------------------------------------------------------------------------------------------------


def gaps(so: Given, until: str) -> list[tuple[datetime, UUID, UUID | None]]:
    came = run(so, jst(until))
    return [
        (a.due_at, a.responsible, a.child)
        for _, a in came
        if type(a) is e.ContactGapAlarmRaised and not a.escalated
    ]


def attempt(at: str) -> EventInput:
    return case_message(e.ContactAttempted, AZ_CORE, name=f"attempt {at}", at=jst(at))


def test_an_open_case_misses_its_child_before_support_begins_and_whoever_writes() -> None:
    attempts = [attempt(f"2025-0{month}-12 10:00") for month in (6, 7)]
    assert gaps(given(informed(), *attempts), "2025-08-01 00:00") == [
        (jst("2025-07-03 00:00"), AZ_CORE, None)
    ]


def test_each_child_is_missed_by_itself() -> None:
    seen = case_message(e.HomeVisitCompleted, AZ_CORE, at=jst("2025-06-20 10:00"), children=frozenset({A}))
    later = informed(C, at="2025-06-15 10:00", name="a third child")
    expected = [
        (jst("2025-07-03 00:00"), AZ_CORE, B),
        (jst("2025-07-16 00:00"), AZ_CORE, C),
        (jst("2025-07-21 00:00"), AZ_CORE, A),
    ]
    assert gaps(given(informed(A, B), later, seen), "2025-08-01 00:00") == expected


@pytest.mark.parametrize("act", [e.RelocationConfirmed, e.TransferCompleted])
def test_the_first_sight_at_a_new_place_counts(act: Any) -> None:
    data = (
        {"moved_on": None} if act is e.RelocationConfirmed else {"hands_over": id_of("none"), "reason": "X"}
    )
    moved = case_message(
        act, TW_CORE, at=jst("2025-06-20 10:00"), child_seen=True, children=frozenset({A}), **data
    )
    so = given(informed(A), moved)
    assert so.world.case.family.children[A].seen_at == jst("2025-06-20 10:00")


def test_after_a_hand_over_the_new_core_agency_has_its_own_time() -> None:
    there = e.Placed(network=id_of("other network"), core=TW_CORE)
    moved = case_message(
        e.TransferCompleted,
        TW_CORE,
        at=jst("2025-06-25 10:00"),
        hands_over=id_of("none"),
        child_seen=False,
        placed=there,
    )
    assert gaps(given(informed(A), moved), "2025-09-01 00:00") == [(jst("2025-07-26 00:00"), TW_CORE, A)]


@pytest.mark.parametrize(
    "end", [CLOSED, case_message(e.TransferCompleted, AZ_CORE, hands_over=id_of("none"), child_seen=True)]
)
def test_a_closed_or_transferred_case_misses_nobody(end: EventInput) -> None:
    assert gaps(given(informed(A), replace(end, at=jst("2025-06-20 10:00"))), "2025-09-01 00:00") == []


def test_a_reopened_case_misses_its_child_anew() -> None:
    closed = replace(CLOSED, at=jst("2025-06-20 10:00"))
    reopened = case_message(e.CaseReopened, AZ_CORE, at=jst("2025-08-01 10:00"), reason="X")
    assert gaps(given(informed(A), closed, reopened), "2025-10-01 00:00") == [
        (jst("2025-09-01 00:00"), AZ_CORE, A)
    ]


BEGUN = replace(COMMENCED, at=jst("2025-06-10 10:00"))


def test_in_support_the_visitors_have_a_clock_beside_the_core_agencys() -> None:
    so = given(informed(A), *READY, BEGUN)
    assert gaps(so, "2025-08-01 00:00") == [
        (jst("2025-07-03 00:00"), AZ_CORE, A),
        (jst("2025-07-11 00:00"), SORA_NPO, A),
    ]


def test_in_edition_1_only_a_case_in_support_missed_its_child_and_one_agency_did() -> None:
    assert gaps(given(informed(A), edition=1), "2025-09-01 00:00") == []
    so = given(informed(A), *READY, BEGUN, edition=1)
    assert gaps(so, "2025-08-01 00:00") == [(jst("2025-07-11 00:00"), SORA_NPO, None)]
    without = replace(so.world.case, commenced_at=None, seen_at=None)
    assert [c for c in clocks_of(so, without) if c.kind is ClockKind.CONTACT] == []


def clocks_of(so: Given, case: Any) -> list[Any]:
    with under_edition(so.world.edition):
        return list(contact_clocks(case, AZ_CORE, so.world.rule_book["policy"]))


def test_a_book_that_names_no_days_misses_nobody() -> None:
    so = given(informed(A))
    assert list(contact_clocks(so.world.case, AZ_CORE, {})) == []
    unplaced = replace(so.world.case, responsible_since=None)
    assert clocks_of(so, unplaced) == []


EXPECTED_BIRTH = replace(
    informed(),
    event=replace(informed().event, weeks_pregnant=30),  # type: ignore[arg-type, type-var]
)
MET = case_message(
    e.HomeVisitCompleted, AZ_CORE, at=jst("2025-06-20 10:00"), child_seen=False, name="met the family"
)


@pytest.mark.parametrize(
    ("past", "first"),
    [
        pytest.param([EXPECTED_BIRTH, MET], "2025-07-21 00:00", id="before the birth the family is met"),
        pytest.param([informed(), MET], "2025-07-03 00:00", id="nobody is expected"),
        pytest.param(
            [
                EXPECTED_BIRTH,
                case_message(
                    e.EligibilityDetermined,
                    AZ_CORE,
                    at=jst("2025-06-03 10:00"),
                    target_classes=frozenset({TargetClass.TC2_POSTPARTUM}),
                    support_type=SupportType.SHORT_INTENSIVE,
                ),
                MET,
            ],
            "2025-07-03 00:00",
            id="it was born since",
        ),
        pytest.param(
            [EXPECTED_BIRTH, informed(A, name="the unborn child", at="2025-06-02 08:30"), MET],
            "2025-07-21 00:00",
            id="the unborn child has a reference",
        ),
    ],
)
def test_before_the_birth_the_sight_of_the_family_counts(past: list[EventInput], first: str) -> None:
    assert gaps(given(*past), "2025-08-01 00:00")[0][0] == jst(first)


def test_a_child_that_was_seen_is_born() -> None:
    seen = case_message(e.ChildSighted, MID_HOSP, at=jst("2025-06-10 10:00"), children=frozenset({A}))
    so = given(EXPECTED_BIRTH, seen, MET)
    assert gaps(so, "2025-08-01 00:00") == [(jst("2025-07-11 00:00"), AZ_CORE, A)]


# --- where a child lives ------------------------------------------------------------------------------------------------


def placement(place: ChildPlace, *children: UUID, **changed: Any) -> EventInput:
    usual: dict[str, Any] = {
        "at": jst("2025-06-12 10:00"),
        "placed_on": date(2025, 6, 12),
        "known_from": None,
    }
    return case_message(
        e.ChildPlaced, KS_CGC, place=place, children=frozenset(children), **{**usual, **changed}
    )


def returned(place: ChildPlace, *children: UUID, **changed: Any) -> EventInput:
    usual: dict[str, Any] = {
        "at": jst("2025-07-01 10:00"),
        "returned_on": date(2025, 7, 1),
        "released_by": None,
    }
    return case_message(
        e.ChildReturned, AZ_CORE, returned_from=place, children=frozenset(children), **{**usual, **changed}
    )


@pytest.mark.parametrize("place", ChildPlace)
def test_a_child_away_from_home_is_missed_by_the_core_agency_and_not_by_its_visitor(
    place: ChildPlace,
) -> None:
    so = given(informed(A, B), *READY, BEGUN, placement(place, A))
    assert set(gaps(so, "2025-08-01 00:00")) == {
        (jst("2025-07-03 00:00"), AZ_CORE, A),
        (jst("2025-07-03 00:00"), AZ_CORE, B),
        (jst("2025-07-11 00:00"), SORA_NPO, B),
    }


def test_at_home_again_it_is_missed_by_its_visitor_from_its_return_on() -> None:
    so = given(
        informed(A), *READY, BEGUN, placement(ChildPlace.HOSPITAL, A), returned(ChildPlace.HOSPITAL, A)
    )
    assert (jst("2025-08-01 00:00"), SORA_NPO, A) in gaps(so, "2025-08-02 00:00")


@pytest.mark.parametrize(
    ("place", "released_by", "checked_by"),
    [
        (ChildPlace.INSTITUTION, None, {AZ_CORE}),
        (ChildPlace.TEMPORARY_PROTECTION, KS_CGC, {AZ_CORE, KS_CGC}),
        (ChildPlace.HOSPITAL, None, set()),
        (ChildPlace.RELATIVES, KS_CGC, set()),
    ],
)
def test_a_child_that_comes_home_after_a_measure_is_seen_within_the_hours_of_a_safety_check(
    place: ChildPlace, released_by: UUID | None, checked_by: set[UUID]
) -> None:
    home = returned(place, A, released_by=released_by)
    so = given(informed(A, B), home)
    checks = {(c.responsible, c.child) for c in so.world.case.clocks.values() if c.kind is ClockKind.SAFETY}
    assert checks == {(agency, A) for agency in checked_by}
    overdue = late(so, "2025-07-04 00:00")
    assert overdue == ({(home.command_id, A)} if checked_by else set())


def test_the_hours_of_that_check_run_from_the_record_of_the_day_not_from_its_end() -> None:
    home = returned(ChildPlace.INSTITUTION, A)
    so = given(informed(A), home)
    [check] = [c for c in so.world.case.clocks.values() if c.kind is ClockKind.SAFETY]
    assert check.since == home.at
    later = replace(home, at=jst("2025-07-04 09:00"))
    [check] = [c for c in given(informed(A), later).world.case.clocks.values() if c.kind is ClockKind.SAFETY]
    assert check.since == jst("2025-07-02 00:00")  # the end of that day


def test_the_sight_of_the_child_at_home_ends_that_check() -> None:
    so = given(informed(A), returned(ChildPlace.INSTITUTION, A), sighted(A, at="2025-07-02 10:00"))
    assert late(so, "2025-07-10 00:00") == set()


def test_a_case_without_a_core_agency_has_no_one_to_check() -> None:
    so = given(
        replace(informed(A), event=replace(informed(A).event, placed=None)),
        returned(ChildPlace.INSTITUTION, A),
    )  # type: ignore[type-var]
    assert not [c for c in so.world.case.clocks.values() if c.kind is ClockKind.SAFETY]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(placement(ChildPlace.HOSPITAL, A), None, id="a stay"),
        pytest.param(
            placement(ChildPlace.HOSPITAL, A, known_from=MID_HOSP), None, id="known from the hospital"
        ),
        pytest.param(
            placement(ChildPlace.HOSPITAL, A, known_from=NOBODY),
            Reason.SOURCE_UNKNOWN,
            id="from nobody known",
        ),
        pytest.param(
            placement(ChildPlace.HOSPITAL, A, placed_on=date(2025, 7, 11)),
            Reason.TIME_AHEAD,
            id="not yet there",
        ),
        pytest.param(returned(ChildPlace.INSTITUTION, A), None, id="a return"),
        pytest.param(
            returned(ChildPlace.INSTITUTION, A, released_by=KS_CGC), None, id="released by its centre"
        ),
        pytest.param(
            returned(ChildPlace.INSTITUTION, A, returned_on=date(2025, 7, 11)),
            Reason.TIME_AHEAD,
            id="not yet home",
        ),
        pytest.param(
            returned(ChildPlace.INSTITUTION, A, released_by=MID_HOSP),
            Reason.NOT_A_CGC,
            id="released by a hospital",
        ),
        pytest.param(
            returned(ChildPlace.INSTITUTION, A, released_by=NOBODY),
            Reason.NOT_A_CGC,
            id="released by nobody known",
        ),
    ],
)
def test_a_stay_and_a_return_have_happened_and_name_agencies_that_are_known(
    command: EventInput, reason: Reason | None
) -> None:
    so = given(informed(A))
    so.put(case_message(e.CaseReferredToCgc, AZ_CORE, [KS_CGC], [Section.RISK]))
    assert refused(so, command, jst("2025-07-10 12:00")) is reason


# --- who died -----------------------------------------------------------------------------------------------------------


def died(*children: UUID, at: str = "2025-06-03 10:00", died_on: date | None = None) -> EventInput:
    return case_message(
        e.ChildDied, AZ_CORE, at=jst(at), children=frozenset(children), died_on=died_on, name=f"died {at}"
    )


def test_nobody_waits_to_see_a_child_that_died_and_its_brother_is_waited_for() -> None:
    so = given(notice(A, B), died(A))
    assert late(so) == {(NOTICE, B)}
    assert {child for *_, child in gaps(so, "2025-09-01 00:00")} == {B}


def test_the_clock_of_the_family_ends_with_its_last_child() -> None:
    past = [notice(), informed(A, B, at="2025-06-02 12:00"), died(A)]
    assert late(given(*past)) == {(NOTICE, None)}
    assert late(given(*past, died(B, at="2025-06-03 11:00"))) == set()


def test_a_notification_after_the_death_of_all_who_were_known_is_of_a_child_nobody_knows() -> None:
    so = given(informed(A), died(A, at="2025-06-02 08:30"), notice())
    assert late(so) == {(NOTICE, None)}


def test_where_no_child_lives_no_plan_is_late_and_no_signals_gather() -> None:
    signals = [
        case_message(e.SafetyConcernRaised, AZ_CORE, name=f"signal {n}", at=jst(f"2025-06-0{n} 12:00"))
        for n in (3, 4, 5)
    ]
    so = given(informed(A), *READY, BEGUN, died(A, at="2025-06-02 09:00"), *signals)
    kinds = {type(a) for _, a in run(so, jst("2025-09-20 00:00"))}
    nonsense = {
        e.ReviewOverdueAlarmRaised, e.VisitGapAlarmRaised, e.ContactGapAlarmRaised, e.SignalsGatheredAlarmRaised,
    }  # fmt: skip
    assert not kinds & nonsense
    assert e.CaseSilentAlarmRaised in kinds  # it is still to be closed
    assert TaskKind.REVIEW not in {t.kind for t in tasks(so.world, AZ_CORE, now=jst("2025-06-11 00:00"))}


END = replace(CLOSED, event=replace(CLOSED.event, closing_reason=ClosingReason.CHILD_DIED, follow_on=None))  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        pytest.param([informed(A), died(A)], None, id="without support, plan or evaluation"),
        pytest.param([informed(A), BEGUN, died(A, at="2025-06-11 10:00")], None, id="in support"),
        pytest.param([informed(A, B), died(A)], Reason.CHILD_LIVES, id="a brother lives"),
        pytest.param([informed(A), notice(UNKNOWN_CHILD), died(A)], Reason.CHILD_LIVES, id="one is unknown"),
        pytest.param([informed()], Reason.CHILD_LIVES, id="nobody is known to have died"),
        pytest.param(
            [informed(A), died(A), replace(END, at=jst("2025-06-04 10:00"))], Reason.CASE_CLOSED, id="closed"
        ),
    ],
)
def test_a_case_ends_by_a_death_when_no_child_lives(past: list[EventInput], reason: Reason | None) -> None:
    assert refused(given(*past), END) is reason


def test_another_closing_still_needs_its_evaluation() -> None:
    so = given(informed(A), BEGUN, died(A, at="2025-06-11 10:00"))
    assert refused(so, CLOSED, jst("2025-06-20 12:00")) is Reason.NOT_CONSULTED
    assert refused(given(informed(A), BEGUN, CONSULTED, EVALUATED), CLOSED, jst("2025-06-20 12:00")) is None


@pytest.mark.parametrize(
    ("children", "died_on", "reason"),
    [
        ((A,), date(2025, 6, 11), None),
        ((A,), None, None),
        ((), None, Reason.CHILDREN_NOT_NAMED),
        ((UNKNOWN_CHILD,), None, Reason.CHILD_UNKNOWN),
        ((A,), date(2025, 6, 12), Reason.TIME_AHEAD),
    ],
)
def test_a_death_names_its_child(
    children: tuple[UUID, ...], died_on: date | None, reason: Reason | None
) -> None:
    assert refused(given(informed(A)), died(*children, died_on=died_on)) is reason


def kinds_of(so: Given, agency: UUID = AZ_CORE) -> set[TaskKind]:
    return {t.kind for t in tasks(so.world, agency, now=jst("2025-06-10 12:00"))}


@pytest.mark.parametrize(
    "decided",
    [
        case_message(e.LegalHoldPlaced, AZ_CORE, ground=HoldGround.REVIEW),
        case_message(e.RetentionPolicyAssigned, AZ_CORE, policy=RetentionPolicy.AFTER_CLOSING, until=None),
    ],
)
def test_after_a_death_the_core_agency_decides_how_long_the_records_are_kept(decided: EventInput) -> None:
    so = given(informed(A), died(A))
    assert TaskKind.KEEP_RECORDS in kinds_of(so)
    assert TaskKind.KEEP_RECORDS not in kinds_of(so, AZ_COORD)
    so.put(decided)
    assert TaskKind.KEEP_RECORDS not in kinds_of(so)


PARENT_DIED = case_message(
    e.ParentDied, MID_HOSP, [AZ_CORE], at=jst("2025-06-03 10:00"), parent=Caregiver.MOTHER, died_on=None
)


def test_after_a_parents_death_the_case_goes_on_and_the_family_is_assessed_anew() -> None:
    so = given(informed(A), PARENT_DIED)
    assert TaskKind.REASSESS in kinds_of(so)
    assert gaps(so, "2025-07-03 00:00") == [(jst("2025-07-03 00:00"), AZ_CORE, A)]
    so.put(replace(ASSESSED, at=jst("2025-07-04 10:00")))
    assert TaskKind.REASSESS not in kinds_of(so)


def test_a_closed_case_is_not_assessed_after_a_parents_death() -> None:
    assert TaskKind.REASSESS not in kinds_of(given(informed(A), CLOSED, PARENT_DIED))


def test_a_parents_death_is_not_ahead() -> None:
    ahead = replace(PARENT_DIED, event=replace(PARENT_DIED.event, died_on=date(2025, 6, 12)))  # type: ignore[type-var]
    assert refused(given(informed(A)), ahead) is Reason.TIME_AHEAD
    assert refused(given(informed(A)), PARENT_DIED) is None


def test_nobody_is_joined_where_one_is_known_alone() -> None:
    family = Family().with_named({A}, MORNING)
    assert family.with_joined({A, B}) == family
    assert family.with_named({A}, MORNING) is family
