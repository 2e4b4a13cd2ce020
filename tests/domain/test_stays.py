"""A family stays in another municipality for a while: its home town stays responsible, the town of the stay takes part."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain import events as e
from domain.agenda import is_office
from domain.alarms.contact import contact_clocks
from domain.case_offices import nearby_cores, networks_informed
from domain.codes import Section
from domain.due import next_due_of_case
from domain.readiness import Readiness, readiness
from domain.reasons import Reason
from domain.record import HUB, About, commission_of
from domain.tasks import TaskKind, rewrap_duties, tasks
from domain.visibility import pending_keys, recipients
from domain.world import may_address_case, placement_of
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    COMMENCED,
    CONSULTED,
    DECIDED,
    EVALUATED,
    HIDA_SWC,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    OTHER_NETWORK,
    REGISTERED,
    SORA_NPO,
    TW_CORE,
    TW_ONE,
    EventInput,
    case_message,
    command_of,
    contract,
    event_input,
    given,
    id_of,
    items,
    jst,
    own_visitor,
    refused,
    sworn,
    trained,
    verified,
    worker,
)
from tests.domain.test_moves import OTHER_TOWN

S = Section
OTHER = About(e.Kind.NETWORK, OTHER_NETWORK)
THERE = e.Placed(network=OTHER_NETWORK, core=TW_CORE)
ELDER, BABY = id_of("elder child"), id_of("baby")


def staying(
    *children: Any, to: tuple[Any, ...] = (TW_CORE,), name: str = "stays", **changed: Any
) -> EventInput:
    usual = {"stays_since": date(2025, 6, 1), "returns_on": date(2025, 7, 31), "placed": THERE}
    return case_message(
        e.StayingElsewhere,
        AZ_CORE,
        to,
        [S.BASIC],
        "APPI-69-2-3",
        name=name,
        children=frozenset(children),
        **{**usual, **changed},
    )


def as_commanded(one: EventInput) -> EventInput:
    """The command that asks for it: without what the hub decides."""
    return replace(one, event=replace(one.event, placed=None))


STAYS = staying()
BACK = case_message(
    e.StayEnded, AZ_CORE, [TW_CORE], stay=id_of("stays"), returned_on=date(2025, 6, 2), name="back"
)
LONGER = case_message(
    e.StayExtended, TW_CORE, [AZ_CORE], stay=id_of("stays"), returns_on=date(2025, 9, 30), name="longer"
)
INFORMED = case_message(
    e.FamilyInformationProvided, AZ_CORE, [TW_CORE], [S.BASIC, S.PREG], "APPI-69-2-3", name="informed"
)
AT_HOME: tuple[Any, ...] = (*OTHER_TOWN, LEARNED, REGISTERED, *DECIDED, COMMENCED)
RISK = case_message(
    e.SafetyConcernRaised, AZ_CORE, sections=[S.RISK, S.ADDR, S.NOTIFIER, S.CHILD], name="risk"
)
REGISTERED_THERE = case_message(
    e.NetworkCaseRegistered, TW_ONE, [TW_CORE], name="registered there", placed=THERE
)


# --- informed of the family, without a stay ----------------------------------------------------------------------


def test_the_network_of_a_town_that_was_informed_of_the_family_registers_it():
    asked = replace(REGISTERED_THERE, event=replace(REGISTERED_THERE.event, placed=None))
    assert given(*AT_HOME, INFORMED).when(asked) == [REGISTERED_THERE.event]


def test_the_network_of_a_town_that_nobody_informed_does_not_learn_that_there_is_a_family():
    so = given(*AT_HOME)
    command = command_of(REGISTERED_THERE, NOON)
    assert not may_address_case(so.world, command)
    assert may_address_case(given(*AT_HOME, INFORMED).world, command)
    assert not may_address_case(given(*AT_HOME, INFORMED, edition=1).world, command)


VISITED = case_message(
    e.HomeVisitCompleted,
    TW_CORE,
    [AZ_CORE],
    [S.VISIT],
    "APPI-69-2-3",
    child_seen=True,
    worker="W-T1",
    name="visited there",
)


def test_a_town_that_was_informed_reports_that_it_saw_the_child_and_the_home_town_counts_it():
    so = given(*AT_HOME, INFORMED)
    assert so.when(VISITED) == [VISITED.event]
    so.put(replace(VISITED, at=NOON))
    assert so.world.case.seen_at == NOON


@pytest.mark.parametrize("act", [e.HomeVisitFailed, e.HomeVisitRefused, e.ContactAttempted, e.ContactRefused])
def test_a_town_that_was_informed_reports_what_came_of_its_visits(act):
    command = case_message(act, TW_CORE, [AZ_CORE])
    assert given(*AT_HOME, INFORMED).when(command) == [command.event]
    assert given(*AT_HOME).when(command) == refused(command, Reason.NOT_A_CONTRACTOR)
    assert given(*AT_HOME, INFORMED, edition=1).when(command) == refused(command, Reason.NOT_A_CONTRACTOR)


def test_a_town_that_nobody_informed_makes_no_visit():
    assert given(*AT_HOME).when(VISITED) == refused(VISITED, Reason.NOT_RESPONSIBLE_CORE)
    assert given(*AT_HOME, INFORMED, edition=1).when(VISITED) == refused(VISITED, Reason.NOT_RESPONSIBLE_CORE)


ASKS_REGISTRATION = case_message(
    e.NetworkCaseRegistrationRequested, TW_CORE, [TW_ONE], name="registration asked there"
)


def test_a_town_that_was_informed_asks_its_own_network_to_register():
    assert given(*AT_HOME, INFORMED).when(ASKS_REGISTRATION) == [ASKS_REGISTRATION.event]
    assert given(*AT_HOME).when(ASKS_REGISTRATION) == refused(ASKS_REGISTRATION, Reason.NOT_RESPONSIBLE_CORE)


def registration_tasks(*past: Any, agency: Any = TW_ONE) -> int:
    so = given(*AT_HOME, *past)
    return sum(t.kind is TaskKind.REGISTER for t in tasks(so.world, agency, now=NOON))


def test_the_registration_that_was_asked_of_its_network_waits_until_it_has_registered():
    assert registration_tasks(INFORMED, ASKS_REGISTRATION) == 1
    assert registration_tasks(INFORMED, ASKS_REGISTRATION, REGISTERED_THERE) == 0
    ended = case_message(
        e.NetworkCaseDeregistered, TW_ONE, [TW_CORE], reason="OTHER", placed=THERE, name="ended there"
    )
    assert registration_tasks(INFORMED, ASKS_REGISTRATION, REGISTERED_THERE, ended) == 0
    assert registration_tasks(INFORMED, ASKS_REGISTRATION, agency=AZ_COORD) == 0


def test_a_registration_that_a_stranger_asked_for_waits_for_nobody():
    assert registration_tasks(replace(ASKS_REGISTRATION, by=KS_CGC)) == 0


def test_what_another_towns_network_registered_is_no_basis_between_agencies_that_are_not_of_it():
    asks = case_message(
        e.InformationRequested, AZ_CORE, [MID_HOSP], [S.BASIC], "CWA-25-3-1", name="asks at home"
    )
    only_there = (*OTHER_TOWN, LEARNED, INFORMED, REGISTERED_THERE)
    [event] = given(*only_there).when(asks)
    assert (event.reason, event.at_fault) == (Reason.NOT_REGISTERED, MID_HOSP)
    assert given(*only_there, edition=1).when(asks) == [asks.event]
    there = replace(asks, by=TW_CORE)
    assert given(*only_there).when(there) == [asks.event]


def test_a_former_core_agency_is_not_near_the_family_unless_it_stays_there():
    so = given(*AT_HOME, INFORMED)
    assert nearby_cores(so.world.register, so.world.case) == {TW_CORE}
    moved = replace(so.world.case, core=TW_CORE, network=OTHER_NETWORK, former=frozenset({AZ_CORE}))
    assert nearby_cores(so.world.register, moved) == frozenset()


# --- the stay ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", [(TW_CORE,), (TW_CORE, TW_ONE)])
def test_the_responsible_core_agency_informs_the_town_of_the_stay(to):
    command = as_commanded(staying(to=to))
    assert given(*AT_HOME).when(command) == [staying(to=to).event]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(
            staying(to=(TW_ONE,)), Reason.NOT_ANOTHER_MUNICIPALITY, id="not to the core agency there"
        ),
        pytest.param(staying(to=(AZ_COORD,)), Reason.NOT_ANOTHER_MUNICIPALITY, id="to nobody elsewhere"),
        pytest.param(staying(to=(KS_CGC,)), Reason.NOT_ANOTHER_MUNICIPALITY, id="to no office"),
        pytest.param(staying(to=(TW_CORE, KS_CGC)), Reason.NOT_ANOTHER_MUNICIPALITY, id="to others too"),
        pytest.param(staying(to=(TW_CORE, AZ_COORD)), Reason.NOT_ANOTHER_MUNICIPALITY, id="to two networks"),
        pytest.param(staying(stays_since=date(2025, 6, 3)), Reason.TIME_AHEAD, id="only planned"),
        pytest.param(staying(returns_on=date(2025, 5, 31)), Reason.RETURN_BEFORE_STAY, id="back before"),
        pytest.param(replace(STAYS, by=KS_CGC), Reason.NOT_RESPONSIBLE_CORE, id="by another agency"),
    ],
)
def test_a_stay_that_is_refused(command, reason):
    [event] = given(*AT_HOME).when(as_commanded(command))
    assert event.reason is reason


def test_a_stay_may_have_no_planned_end_and_may_begin_today():
    command = as_commanded(staying(stays_since=date(2025, 6, 2), returns_on=None))
    [event] = given(*AT_HOME).when(command)
    assert isinstance(event, e.StayingElsewhere)


def test_nobody_stays_elsewhere_where_the_support_is_closed():
    closed = case_message(e.SupportClosed, AZ_CORE)
    assert given(*AT_HOME, closed).when(as_commanded(STAYS)) == refused(STAYS, Reason.CASE_CLOSED)


def test_a_network_without_a_core_agency_is_no_town_to_stay_in():
    without = [one for one in OTHER_TOWN if not isinstance(one.event, e.CoreAgencyDesignated)]
    command = as_commanded(staying(to=(TW_ONE,)))
    [event] = given(*without, LEARNED).when(command)
    assert event.reason is Reason.NOT_ANOTHER_MUNICIPALITY


def test_a_second_network_of_the_same_municipality_is_no_other_town():
    same = [replace(o, event=replace(o.event, municipality="AZ")) if isinstance(o.event, e.KeySetPublished) else o
            for o in OTHER_TOWN]  # fmt: skip
    [event] = given(*same, LEARNED).when(as_commanded(STAYS))
    assert event.reason is Reason.NOT_ANOTHER_MUNICIPALITY


def test_a_case_without_a_core_agency_has_nobody_stay_elsewhere():
    so = given(*OTHER_TOWN)
    assert placement_of(so.world, command_of(as_commanded(STAYS), NOON)) is not None  # it begins there
    assert so.when(as_commanded(STAYS)) == refused(STAYS, Reason.NOT_ANOTHER_MUNICIPALITY)


# --- V11: what the town of the stay sees -------------------------------------------------------------------------


def seen(*past: Any, by: Any = TW_CORE) -> set[Any]:
    so = given(*AT_HOME, *past)
    return so.opens(by, now=so.records[-1].at)


PLAN = items(DECIDED[2])


@pytest.mark.parametrize("office", [TW_CORE, TW_ONE])
def test_the_town_of_the_stay_sees_basics_plan_and_dangers_also_earlier_ones(office):
    basic = {LEARNED.item(0).item}
    informed = {STAYS.item().item} if office == TW_CORE else set()
    assert seen(RISK, by=office) == set()
    assert seen(RISK, STAYS, by=office) == basic | PLAN | {RISK.item(0).item} | informed
    later = replace(RISK, command_id=id_of("later"))
    assert seen(STAYS, later, by=office) == basic | PLAN | {RISK.item(0).item} | informed


def test_copies_that_the_home_town_sends_out_are_not_the_town_of_the_stays():
    out = case_message(e.DisclosureMade, AZ_CORE, [MID_HOSP], [S.BASIC], "CWA-25-2-2", name="out")
    assert seen(STAYS, out) == seen(STAYS)


def test_what_others_send_each_other_is_not_the_town_of_the_stays():
    between = case_message(
        e.FamilyInformationProvided, MID_HOSP, [KS_CGC], [S.BASIC], "CWA-25-2-2", name="between"
    )
    assert seen(STAYS, between) == seen(STAYS)


def about(*children: Any, name: str) -> EventInput:
    """A home visit that speaks of these children."""
    return case_message(e.ChildSighted, AZ_CORE, sections=[S.RISK], name=name, children=frozenset(children))


def test_what_is_about_a_child_that_stays_at_home_is_not_the_town_of_the_stays():
    of_baby, of_elder, of_both, of_all = (
        about(BABY, name="baby"),
        about(ELDER, name="elder"),
        about(BABY, ELDER, name="both"),
        about(name="all"),
    )
    informed = (of_baby, of_elder, of_both, of_all)
    assert seen(staying(BABY), *informed) - seen(staying(BABY)) == items(of_baby, of_both, of_all)
    assert seen(staying(), *informed) - seen(staying()) == items(*informed)


def test_after_the_return_it_sees_nothing_but_what_it_wrote_and_was_sent():
    assert seen(INFORMED, STAYS, VISITED, BACK) == items(INFORMED, STAYS, VISITED)
    assert seen(INFORMED, STAYS, VISITED, BACK, RISK, by=TW_ONE) == set()


def test_its_keys_are_made_at_the_start_and_none_after_the_return():
    def lacking(*past: Any) -> set[Any]:
        world = given(*AT_HOME, *past).world
        pending = pending_keys(world.register, world.case, rule_book=world.rule_book)
        return {(item.item, to) for _, item, to in pending if to in (TW_CORE, TW_ONE)}

    expected = {LEARNED.item(0).item, *PLAN}
    assert lacking(STAYS) == {(item, to) for item in expected for to in (TW_CORE, TW_ONE)}
    assert lacking(STAYS, BACK) == set()
    so = given(*AT_HOME, STAYS)
    assert rewrap_duties(so.world)[AZ_CORE] == so.records[-1].at


def test_the_key_of_what_is_written_meanwhile_is_made_for_it_at_once():
    world = given(*AT_HOME, STAYS).world
    event: Any = RISK.event
    readers = [
        recipients(world.register, world.case, AZ_CORE, event, i, world.rule_book) for i in event.items
    ]
    assert readers[0] == {AZ_CORE, AZ_COORD, TW_CORE, TW_ONE}
    assert all(TW_CORE not in some for some in readers[1:])


def test_an_older_rule_book_opens_nothing_to_a_town_of_stay():
    world = given(*AT_HOME, STAYS).world
    book = {**world.rule_book, "standing": {"COORD": []}}
    event: Any = RISK.event
    assert recipients(world.register, world.case, AZ_CORE, event, event.items[0], book) == {AZ_CORE}


def test_the_town_of_the_stay_looks_after_the_case_while_it_lasts():
    for office in (TW_CORE, TW_ONE):
        assert is_office(given(*AT_HOME, STAYS).world, office)
        assert not is_office(given(*AT_HOME, STAYS, BACK).world, office)


def test_a_stay_of_a_network_that_is_not_known_any_more_names_its_core_agency():
    so = given(*AT_HOME, STAYS)
    gone = replace(so.world, register=replace(so.world.register, networks={}))
    assert is_office(gone, TW_CORE)
    assert not is_office(gone, TW_ONE)
    assert networks_informed(gone.register, gone.case) == ()


# --- visits there -------------------------------------------------------------------------------------------------

THERE_COMMISSION = About(e.Kind.COMMISSION, commission_of(TW_CORE, SORA_NPO))
COMMISSIONED_THERE = (
    *(
        replace(one, by=TW_CORE, on=THERE_COMMISSION, command_id=id_of(f"there {one.command_id}"))
        for one in (contract(), verified(), worker("W-T1"), trained("W-T1"), sworn("W-T1"))
    ),
    event_input(TW_ONE, e.NetworkMemberAdmitted(member=SORA_NPO, item=2), on=OTHER, name="admitted there"),
)
ASSIGNED_THERE = case_message(
    e.SupportWorkerAssigned, TW_CORE, agency=SORA_NPO, worker="W-T1", name="assigned there"
)
OWN_THERE = case_message(e.SupportWorkerAssigned, TW_CORE, agency=TW_CORE, worker="W-T9", name="own there")


def test_the_town_of_the_stay_assigns_its_own_visitors_and_its_contractors():
    so = given(*AT_HOME, *COMMISSIONED_THERE, own_visitor("W-T9", TW_CORE), STAYS)
    assert so.when(ASSIGNED_THERE) == [ASSIGNED_THERE.event]
    assert so.when(OWN_THERE) == [OWN_THERE.event]


@pytest.mark.parametrize("past", [(INFORMED,), (STAYS, BACK)], ids=["only informed", "returned"])
def test_where_nobody_stays_no_visitor_is_assigned(past):
    so = given(*AT_HOME, *COMMISSIONED_THERE, *past)
    assert so.when(ASSIGNED_THERE) == refused(ASSIGNED_THERE, Reason.NOT_RESPONSIBLE_CORE)


REPORT_THERE = case_message(
    e.VisitReportSubmitted,
    SORA_NPO,
    [TW_CORE],
    [S.VISIT],
    "CWA-21-10-2-3",
    actor="W-T1",
    name="report there",
    reason="NO_PLAN_RECEIVED",
)


def test_a_contractor_there_is_the_town_of_the_stays_until_they_return():
    so = given(*AT_HOME, *COMMISSIONED_THERE, STAYS, ASSIGNED_THERE)
    assert readiness(so.world.register, so.world.case, SORA_NPO, NOON) is Readiness.READY
    assert so.when(REPORT_THERE) == [REPORT_THERE.event]
    so.put(REPORT_THERE)
    review = case_message(e.VisitReportReviewed, TW_CORE, answers=REPORT_THERE.command_id)
    assert so.when(review) == [review.event]
    so.put(BACK)
    assert readiness(so.world.register, so.world.case, SORA_NPO, NOON) is Readiness.NOT_ASSIGNED
    assert so.opens(SORA_NPO, now=NOON) == set()


def test_visitors_of_the_home_town_stay_assigned_after_the_return():
    hida = case_message(e.SupportWorkerAssigned, AZ_CORE, agency=HIDA_SWC, worker="W-H1", name="at home")
    so = given(*AT_HOME, *COMMISSIONED_THERE, hida, STAYS, ASSIGNED_THERE, OWN_THERE, BACK)
    assert so.world.case.assigned == {(HIDA_SWC, "W-H1")}


def test_as_long_as_a_sibling_stays_there_the_visitors_stay_too():
    sibling = staying(ELDER, name="sibling stays")
    so = given(*AT_HOME, *COMMISSIONED_THERE, STAYS, sibling, ASSIGNED_THERE, BACK)
    assert (SORA_NPO, "W-T1") in so.world.case.assigned
    assert set(so.world.case.stays) == {sibling.command_id}


def test_a_town_unassigns_whom_it_assigned_and_nobody_else():
    def unassigned(by: Any, agency: Any, name: str) -> EventInput:
        return case_message(e.SupportWorkerUnassigned, by, agency=agency, worker=name)

    hida = case_message(e.SupportWorkerAssigned, AZ_CORE, agency=HIDA_SWC, worker="W-H1", name="at home")
    so = given(*AT_HOME, *COMMISSIONED_THERE, hida, STAYS, ASSIGNED_THERE, OWN_THERE)
    for agency, name in ((SORA_NPO, "W-T1"), (TW_CORE, "W-T9")):
        command = unassigned(TW_CORE, agency, name)
        assert so.when(command) == [command.event]
    others = unassigned(TW_CORE, HIDA_SWC, "W-H1")
    assert so.when(others) == refused(others, Reason.NOT_RESPONSIBLE_CORE)


SHORT_PLAN = (
    *OTHER_TOWN,
    replace(LEARNED, at=jst("2025-05-26 09:00")),
    REGISTERED,
    *DECIDED,
    replace(COMMENCED, at=jst("2025-05-30 09:00")),
)
BACK_IN_JULY = replace(
    BACK, at=jst("2025-07-09 09:00"), event=replace(BACK.event, returned_on=date(2025, 7, 9))
)


def gaps(*past: Any) -> list[str]:
    """The ends of the weeks with too few visits, as the hub records them."""
    so, ends = given(*SHORT_PLAN, *past), []
    while (due := next_due_of_case(so.world)) is not None and due.at <= jst("2025-07-29 00:00"):
        so.put(replace(event_input(HUB, due.event, name=f"due {due}"), at=due.at), by_hub=True)
        if isinstance(due.event, e.VisitGapAlarmRaised) and not due.event.escalated:
            ends.append(str(due.at.date()))
    return ends


def test_no_visits_at_home_are_missed_while_all_of_the_family_stay_elsewhere():
    assert gaps()[:1] == ["2025-06-15"]
    assert gaps(STAYS) == []
    assert gaps(staying(BABY))[:1] == ["2025-06-15"]
    assert gaps(STAYS, BACK_IN_JULY) == ["2025-07-20", "2025-07-27"]


def test_while_they_stay_elsewhere_the_home_towns_core_agency_sees_to_it_that_the_child_is_seen():
    visitor = case_message(e.SupportWorkerAssigned, AZ_CORE, agency=HIDA_SWC, worker="W-H1", name="at home")
    assert missed_by(visitor) == missed_by(visitor, STAYS, BACK) == {AZ_CORE, HIDA_SWC}
    assert missed_by(visitor, STAYS) == {AZ_CORE}
    assert missed_by(visitor, staying(BABY)) == {AZ_CORE}  # nobody else is known


def missed_by(*past: Any) -> set[Any]:
    """Who waits to see the child, or the family."""
    world = given(*AT_HOME, *past).world
    return {clock.responsible for clock in contact_clocks(world.case, AZ_CORE, world.rule_book["policy"])}


def test_a_visit_there_is_not_waited_for_from_the_town_of_the_stay():
    """The home town's own rhythm of visits is its own visitors'."""
    so = given(*AT_HOME, STAYS, OWN_THERE)
    due = next_due_of_case(so.world)
    assert due is not None
    assert getattr(due.event, "responsible", None) != TW_CORE


# --- longer, and back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "to"), [(AZ_CORE, TW_CORE), (TW_CORE, AZ_CORE)])
def test_either_town_records_the_return_or_a_later_one(by, to):
    for command in (BACK, LONGER):
        one = replace(command, by=by, event=replace(command.event, to=frozenset({to})))
        assert given(*AT_HOME, STAYS).when(one) == [one.event]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(replace(BACK, by=MID_HOSP), Reason.NOT_RESPONSIBLE_CORE, id="a hospital"),
        pytest.param(
            replace(BACK, event=replace(BACK.event, stay=id_of("another"))), Reason.NO_STAY, id="another stay"
        ),
        pytest.param(
            replace(BACK, event=replace(BACK.event, to=frozenset())),
            Reason.OTHER_TOWN_NOT_ADDRESSED,
            id="the town of the stay is not informed",
        ),
        pytest.param(
            replace(LONGER, event=replace(LONGER.event, to=frozenset({TW_ONE}))),
            Reason.OTHER_TOWN_NOT_ADDRESSED,
            id="the home town is not informed",
        ),
        pytest.param(
            replace(BACK, event=replace(BACK.event, returned_on=date(2025, 6, 3))),
            Reason.TIME_AHEAD,
            id="back tomorrow",
        ),
        pytest.param(
            replace(LONGER, event=replace(LONGER.event, returns_on=date(2025, 6, 1))),
            Reason.RETURN_DAY_OVER,
            id="until a day that is over",
        ),
    ],
)
def test_a_word_on_the_stay_that_is_refused(command, reason):
    assert given(*AT_HOME, STAYS).when(command) == refused(command, reason)


def test_a_stay_that_ended_is_not_ended_again():
    again = replace(BACK, command_id=id_of("again"))
    assert given(*AT_HOME, STAYS, BACK).when(again) == refused(again, Reason.NO_STAY)


def test_what_is_recorded_of_an_unknown_stay_changes_nothing():
    so = given(*AT_HOME, STAYS)
    before = so.world.case.stays
    so.put(replace(LONGER, event=replace(LONGER.event, stay=id_of("another"))))
    so.put(replace(BACK, event=replace(BACK.event, stay=id_of("another"))))
    assert so.world.case.stays == before


def alarms(*past: Any, until: str) -> list[tuple[str, str]]:
    """When the return was not recorded in time, and whether it was escalated."""
    so, raised = given(*AT_HOME, *past), []
    for _ in range(200):
        due = next_due_of_case(so.world)
        if due is None or due.at > jst(until):
            break
        so.put(replace(event_input(HUB, due.event, name=f"due {due}"), at=due.at), by_hub=True)
        if isinstance(due.event, e.StayOverdueAlarmRaised):
            assert (due.event.responsible, due.event.to) == (AZ_CORE, {TW_CORE})
            raised.append((str(due.at.date()), str(due.event.escalated)))
    return raised


def test_a_planned_return_that_passes_without_a_word_is_an_alarm_to_both_towns():
    assert alarms(STAYS, until="2025-07-31 12:00") == []
    assert alarms(STAYS, until="2025-08-03 00:00") == [("2025-07-31", "False"), ("2025-08-01", "True")]
    assert alarms(STAYS, LONGER, until="2025-08-03 00:00") == []
    assert alarms(STAYS, LONGER, until="2025-10-01 00:00") == [("2025-09-30", "False")]
    assert alarms(STAYS, BACK, until="2025-10-01 00:00") == []


def test_a_return_of_which_nobody_knows_the_day_is_asked_after_sixty_days():
    begun = staying(returns_on=None)
    assert alarms(begun, until="2025-05-31 00:00") == []
    assert alarms(begun, until="2025-06-01 00:00")[:1] == [("2025-05-31", "False")]


def test_a_book_without_those_days_asks_after_no_unknown_return():
    so = given(*AT_HOME, staying(returns_on=None))
    policy = {k: v for k, v in so.world.rule_book["policy"].items() if k != "stay_days"}
    from domain.alarms.raising import case_clocks
    from domain.clocks import ClockKind

    assert ClockKind.STAY not in {clock.kind for clock in case_clocks(so.world.case, policy)}


def test_the_overdue_return_is_in_the_work_list_of_both_towns():
    so = given(*AT_HOME, STAYS)
    for _ in range(60):
        due = next_due_of_case(so.world)
        assert due is not None
        so.put(replace(event_input(HUB, due.event, name=f"due {due}"), at=due.at), by_hub=True)
        if isinstance(due.event, e.StayOverdueAlarmRaised):
            break
    for agency in (AZ_CORE, TW_CORE):
        assert TaskKind.LATE_STAY in {t.kind for t in tasks(so.world, agency, now=jst("2025-08-01 09:00"))}
    assert TaskKind.LATE_STAY not in {t.kind for t in tasks(so.world, AZ_COORD, now=jst("2025-08-01 09:00"))}


def first_alarm(kind: Any, *past: Any) -> Any:
    so = given(*AT_HOME, *past)
    for _ in range(200):
        due = next_due_of_case(so.world)
        assert due is not None
        if isinstance(due.event, kind):
            return due.event
        so.put(replace(event_input(HUB, due.event, name=f"due {due}"), at=due.at), by_hub=True)
    raise AssertionError(kind)


def test_that_the_child_was_not_seen_reaches_the_town_where_it_may_be():
    notified = case_message(
        e.AbuseNotificationReceived, MID_HOSP, [AZ_CORE], [S.RISK], "CAPA-6-1", name="notified"
    )
    for kind, past in ((e.SafetyCheckOverdueAlarmRaised, (notified,)), (e.ContactGapAlarmRaised, ())):
        assert TW_CORE in first_alarm(kind, *past, STAYS).to
        assert TW_CORE not in first_alarm(kind, *past, STAYS, BACK).to


# --- how it ends otherwise -----------------------------------------------------------------------------------------


def test_a_stay_ends_with_the_support():
    closed = case_message(e.SupportClosed, AZ_CORE)
    so = given(*AT_HOME, STAYS, CONSULTED, EVALUATED, closed)
    assert so.world.case.stays == {}
    so.put(case_message(e.CaseReopened, AZ_CORE))
    assert so.opens(TW_CORE, now=NOON) == items(STAYS)


VISITOR_AT_HOME = case_message(
    e.SupportWorkerAssigned, AZ_CORE, agency=HIDA_SWC, worker="W-H1", name="assigned at home"
)
OWN_VISIT_THERE = case_message(
    e.HomeVisitCompleted, TW_CORE, [AZ_CORE], worker="W-T9", name="own visit there"
)


@pytest.mark.parametrize(
    ("visit", "consulted", "at_fault"),
    [
        (REPORT_THERE, {MID_HOSP}, TW_CORE),
        (REPORT_THERE, {TW_CORE}, None),
        (REPORT_THERE, {SORA_NPO}, None),
        (OWN_VISIT_THERE, {MID_HOSP}, TW_CORE),
        (OWN_VISIT_THERE, {TW_CORE}, None),
        (None, {MID_HOSP}, HIDA_SWC),
        (None, {HIDA_SWC}, None),
    ],
)
def test_a_family_that_only_the_town_of_the_stay_visited_is_closed_when_those_visitors_were_asked(
    visit, consulted, at_fault
):
    asked = case_message(e.ClosingConsultationHeld, AZ_CORE, consulted=frozenset(consulted))
    visits = [] if visit is None else [visit]
    past = [
        *COMMISSIONED_THERE,
        VISITOR_AT_HOME,
        STAYS,
        ASSIGNED_THERE,
        OWN_THERE,
        *visits,
        BACK,
        asked,
        EVALUATED,
    ]
    so = given(*AT_HOME, *past)
    closing = case_message(e.SupportClosed, AZ_CORE)
    answer = [closing.event] if at_fault is None else refused(closing, Reason.VISITOR_NOT_CONSULTED, at_fault)
    assert so.when(closing) == answer


def test_a_stay_ends_where_the_family_is_handed_over_to_that_town():
    begun = case_message(e.TransferInitiated, AZ_CORE, [TW_CORE], moves_on=None, name="hand-over")
    done = case_message(
        e.TransferCompleted, TW_CORE, hands_over=id_of("hand-over"), child_seen=True, placed=THERE
    )
    so = given(*AT_HOME, STAYS, begun, done)
    assert (so.world.case.core, so.world.case.stays) == (TW_CORE, {})
