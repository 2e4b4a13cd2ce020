"""What each agency's rows say, by the rules of who sees what."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from domain.codes import Flag, Role, Section
from domain.events import (
    ConsentWithdrawn,
    CoordinatingAgencyDesignated,
    DisclosureMade,
    InformationRequested,
    Kind,
    NetworkCaseDeregistered,
    NetworkMembershipPublished,
    NetworkMemberWithdrawn,
    RuleBookPublished,
    SupportWorkerUnassigned,
)
from domain.rulebook import first_edition
from domain.visibility import openable
from projections.agency_view import GONE, MESSAGES, bodies
from projections.queries import Queries
from tests.projections.conftest import Make
from tests.projections.kit import (
    BOOK,
    CGC,
    CON,
    COORD,
    CORE,
    EXT,
    MED,
    NETWORK,
    OTHER,
    ROLES,
    SECOND,
    WORKER,
    Story,
    case,
    full,
)

Read = Callable[[Story], Queries]
ONE = case(0)


def rows(queries: Queries, agency: UUID, id: UUID = ONE) -> dict[UUID, dict[str, Any]]:
    """Message -> body, of all rows of this agency in this case."""
    page = queries.feed(agency, 0, 10_000)
    return {r.message: json.loads(r.body) for r in page.rows if r.case == id}


def states(body: dict[str, Any]) -> dict[str, str]:
    return {i["section"]: i["state"] for i in body["items"]}


def supported(story: Story) -> Story:
    """A registered case in support, with the contractor's visitor assigned."""
    story.acknowledged(ONE, story.referral(ONE))
    story.registered(ONE)
    story.decided(ONE)
    story.commenced(ONE)
    story.assigned(ONE)
    return story


# --- V1, V2, V5: author and addressees -----------------------------------------------------------------------


def test_author_and_addressee_have_the_message_and_nobody_else_has_a_trace(story: Story, read: Read) -> None:
    sent = story.referral(ONE)
    queries = read(story)
    [(message, body)] = rows(queries, CORE).items()
    assert message == sent.ask_id
    assert states(body) == {"BASIC": "OPENABLE", "ADDR": "OPENABLE", "RISK": "OPENABLE"}
    assert not {"actor", "held"} & set(body)
    own = rows(queries, MED)[sent.ask_id]
    assert states(own) == {**states(body), "SOURCE": "OPENABLE"}
    assert (own["actor"], own["held"]) == ("p-1", [])
    for agency in set(ROLES) - {CORE, MED}:
        assert rows(queries, agency) == {}
        assert queries.messages(agency, ONE) == []
        assert queries.cases(agency) == []


def test_a_row_says_control_and_references_only(story: Story, read: Read) -> None:
    referral = story.referral(ONE)
    queries = read(story)
    body = rows(queries, CORE)[referral.ask_id]
    item = referral.fact.items[0]  # type: ignore[attr-defined]
    assert body == {
        "act": "family_information.provided",
        "at": "2026-04-01T01:22:00.000000Z",
        "basis": {str(CORE): "CWA-21-10-5"},
        "by": str(MED),
        "case": str(ONE),
        "consent": [],
        "fields": {
            "indicators": {},
            "placed": {"core": str(CORE), "network": str(NETWORK)},
            "subject_consent": "GIVEN",
            "weeks_pregnant": None,
        },
        "items": body["items"],
        "message": str(referral.ask_id),
        "purpose": "SUPPORT",
        "reason": None,
        "status": "OPEN",
        "to": [str(CORE)],
    }
    assert body["items"][0] == {
        "item": str(item.item),
        "section": "BASIC",
        "flags": [],
        "state": "OPENABLE",
    }


def test_flags_stand_beside_their_item(story: Story, read: Read) -> None:
    story.referral(ONE)
    sent = story.disclosed(
        ONE,
        to=[CGC],
        basis="CWA-25-7-1",
        sections=[(Section.CHILD, frozenset({Flag.SENSITIVE, Flag.CHILD_STATEMENT}))],
    )
    [item] = rows(read(story), CGC)[sent.ask_id]["items"]
    assert item["flags"] == ["CHILD_STATEMENT", "SENSITIVE"]


# --- V3, V4: standing access ---------------------------------------------------------------------------------


def test_the_coordinating_agency_sees_the_core_file_from_registration_on(story: Story, read: Read) -> None:
    sent = story.referral(ONE)
    assert rows(read(story), COORD) == {}
    story.registered(ONE)
    waiting = rows(read(story), COORD)[sent.ask_id]
    assert states(waiting) == {"BASIC": "PENDING_KEY", "RISK": "PENDING_KEY"}  # no ADDR (V5)
    story.rewrapped(ONE)
    assert states(rows(read(story), COORD)[sent.ask_id]) == {"BASIC": "OPENABLE", "RISK": "OPENABLE"}


def test_copies_going_out_stay_outside_standing_access(story: Story, read: Read) -> None:
    story.referral(ONE)
    story.registered(ONE)
    sent = story.disclosed(ONE, to=[MED], basis="CWA-25-2-2", sections=[Section.PLAN])
    asked = story.say(ONE, CORE, InformationRequested, to=[CGC], due_on=None)
    queries = read(story)
    assert sent.ask_id in rows(queries, MED)
    assert not {sent.ask_id, asked.ask_id} & rows(queries, COORD).keys()


@pytest.mark.parametrize("how", ["deregistered", "another coordinating agency", "another rule book"])
def test_standing_access_that_ended_leaves_a_row_that_says_gone_and_nothing_else(
    story: Story, make: Make, how: str
) -> None:
    sent = story.referral(ONE)
    story.registered(ONE)
    engine = make(story)
    engine.apply_many(story.stream)
    queries = Queries(engine.reader)
    cursor = queries.feed(COORD, 0).cursor
    match how:
        case "deregistered":
            story.say(ONE, COORD, NetworkCaseDeregistered, to=[CORE], reason="MOVED")
        case "another coordinating agency":
            story.registry(Kind.NETWORK, NETWORK, CoordinatingAgencyDesignated(agency=SECOND))
        case _:
            book = first_edition() | {"standing": {"COORD": []}}
            story.registry(Kind.RULE_BOOK, BOOK, RuleBookPublished(edition="next", book=book))
    engine.apply_many(story.stream)
    page = queries.feed(COORD, cursor)
    [gone] = [r for r in page.rows if r.message == sent.ask_id]
    assert (gone.gone, gone.body, gone.seq) == (True, GONE, len(story.stream))
    assert all(r.message != sent.ask_id for r in queries.messages(COORD, ONE))
    assert engine.parked == {}


def test_who_takes_over_the_coordination_sees_what_it_may(story: Story, read: Read) -> None:
    sent = story.referral(ONE)
    story.registered(ONE)
    story.registry(Kind.NETWORK, NETWORK, CoordinatingAgencyDesignated(agency=SECOND))
    body = rows(read(story), SECOND)[sent.ask_id]
    assert states(body) == {"BASIC": "PENDING_KEY", "RISK": "PENDING_KEY"}


# --- V6, V8: the contractor -----------------------------------------------------------------------------------


def test_a_ready_and_assigned_contractor_sees_what_it_is_sent(story: Story, read: Read) -> None:
    sent = supported(story).disclosed(ONE)
    assert states(rows(read(story), CON)[sent.ask_id]) == {"PLAN": "OPENABLE", "CHILD": "OPENABLE"}


def test_a_contractor_that_is_not_assigned_does_not_learn_that_it_was_asked(story: Story, read: Read) -> None:
    story.referral(ONE)
    story.say(ONE, CORE, InformationRequested, to=[CON], due_on=None)
    assert rows(read(story), CON) == {}
    story.decided(ONE)
    story.commenced(ONE)
    story.assigned(ONE)
    assert len(rows(read(story), CON)) == 2


def lapse(story: Story) -> None:
    story.lapse()


def unassign(story: Story) -> None:
    story.say(ONE, CORE, SupportWorkerUnassigned, agency=CON, worker=WORKER)


def close(story: Story) -> None:
    story.closed(ONE)


def leave_network(story: Story) -> None:
    story.registry(Kind.NETWORK, NETWORK, NetworkMemberWithdrawn(member=CON), by=COORD)


@pytest.mark.parametrize("event", [lapse, unassign, close, leave_network])
def test_an_emptied_view_keeps_receipts_of_own_reports_and_forgets_the_rest(
    story: Story, make: Make, event: Callable[[Story], None]
) -> None:
    sent = supported(story).disclosed(ONE)
    visited = story.visited(ONE)
    engine = make(story)
    engine.apply_many(story.stream)
    queries = Queries(engine.reader)
    cursor = queries.feed(CON, 0).cursor
    event(story)
    engine.apply_many(story.stream)
    changed = {r.message: r.body for r in queries.feed(CON, cursor).rows}
    assert changed[sent.ask_id] == GONE
    assert json.loads(changed[visited.ask_id]) == {
        "act": "visit_report.submitted",
        "at": rows(queries, CORE)[visited.ask_id]["at"],
        "by": str(CON),
        "case": str(ONE),
        "items": [],
        "message": str(visited.ask_id),
    }
    assert [b for m, b in changed.items() if m != visited.ask_id] == [GONE] * (len(changed) - 1)
    assert [r.message for r in queries.messages(CON, ONE)] == [visited.ask_id]
    assert states(rows(queries, CORE)[visited.ask_id]) == {"VISIT": "OPENABLE"}


def test_after_closing_nothing_that_happens_later_reaches_the_contractor(story: Story, read: Read) -> None:
    supported(story)
    story.closed(ONE)
    before = read(story).feed(CON, 0).cursor
    story.lapse()
    story.reinstate()
    story.referral(ONE)
    assert read(story).feed(CON, 0).cursor == before


def test_a_case_of_another_contractor_is_not_touched(story: Story, make: Make) -> None:
    supported(story)
    engine = make(story)
    engine.apply_many(story.stream)
    queries = Queries(engine.reader)
    cursors = {a: queries.feed(a, 0).cursor for a in (CORE, COORD, MED, OTHER)}
    story.lapse()
    engine.apply_many(story.stream)
    assert {a: queries.feed(a, 0).cursor for a in cursors} == cursors


# --- V7: what waits ------------------------------------------------------------------------------------------------


def test_nothing_of_a_held_message_is_in_the_addressees_rows_until_it_is_released(
    story: Story, read: Read
) -> None:
    supported(story)
    story.lapse()
    held = story.disclosed(ONE)
    assert held.topic == "disclosure.held"
    queries = read(story)
    assert held.ask_id not in rows(queries, CON)
    assert str(held.ask_id) not in "".join(r.body for r in queries.feed(CON, 0).rows)
    assert rows(queries, CORE)[held.ask_id]["held"] == [str(CON)]
    story.reinstate()
    assert held.ask_id not in rows(read(story), CON)
    story.released(ONE, held)
    queries = read(story)
    assert states(rows(queries, CON)[held.ask_id]) == {"PLAN": "OPENABLE", "CHILD": "OPENABLE"}
    assert rows(queries, CORE)[held.ask_id]["held"] == []


def test_other_addressees_are_not_told_for_whom_it_waits(story: Story, read: Read) -> None:
    supported(story)
    story.lapse()
    sent = story.disclosed(
        ONE, to=[CON, CGC], basis={CON: "CWA-21-10-2-3", CGC: "CWA-25-7-1"}, sections=[Section.PLAN]
    )
    assert sent.topic == "disclosure.made"
    body = rows(read(story), CGC)[sent.ask_id]
    assert states(body) == {"PLAN": "OPENABLE"}
    assert "held" not in body
    assert "held" not in body["fields"]


# --- V9: consent --------------------------------------------------------------------------------------------------------


def test_what_rested_on_a_withdrawn_consent_closes_for_all_but_its_author(story: Story, read: Read) -> None:
    story.referral(ONE)
    consent = story.consented(ONE, CORE, EXT, [Section.CHILD])
    sent = story.say(
        ONE, CORE, DisclosureMade, to=[EXT], basis="APPI-69-2-1", sections=[Section.CHILD], consent=[consent]
    )
    assert states(rows(read(story), EXT)[sent.ask_id]) == {"CHILD": "OPENABLE"}
    story.say(ONE, CORE, ConsentWithdrawn, consent=[consent])
    queries = read(story)
    assert states(rows(queries, EXT)[sent.ask_id]) == {"CHILD": "CLOSED"}
    assert states(rows(queries, CORE)[sent.ask_id]) == {"CHILD": "OPENABLE"}


# --- one truth -------------------------------------------------------------------------------------------------------------


def test_openable_rows_are_just_what_the_rules_let_be_opened(make: Make) -> None:
    story = full(2)
    engine = make(story)
    again = Story()
    for stored in story.stream:
        engine.apply(stored)
        again.now = stored.record.at
        _fold(again, stored.record)
    queries = Queries(engine.reader)
    for id in (case(0), case(1)):
        world = again.world(id)
        for agency in ROLES:
            told = {
                UUID(i["item"])
                for r in queries.messages(agency, id)
                for i in json.loads(r.body)["items"]
                if i["state"] in ("OPENABLE", "PENDING_KEY")
            }
            may = {
                i.item
                for _, i in openable(world.register, world.case, agency, now=again.now, book=world.book)
            }
            assert told == may


def _fold(story: Story, record: Any) -> None:
    if record.originator.kind in (Kind.CASE, Kind.CASE_ACCESS):
        story.worlds[record.about.id] = story.world(record.about.id).after(record)
    else:
        story.register = story.register.with_record(record)


def test_no_row_mentions_an_agency_that_has_no_part(make: Make, life: Story) -> None:
    engine = make(life)
    engine.apply_many(life.stream)
    with engine.reader.connect() as db:
        found = list(db.execute(MESSAGES.select()))
    assert {UUID(r.agency) for r in found} == {CORE, COORD, MED, CON}
    assert not any(str(a) in r.body for r in found for a in (CGC, OTHER, EXT))


def test_only_changed_rows_are_written(story: Story, make: Make) -> None:
    sent = story.referral(ONE)
    engine = make(story)
    engine.apply_many(story.stream)
    seq = len(story.stream)
    story.say(ONE, CORE, InformationRequested, to=[CGC], due_on=None)
    engine.apply_many(story.stream)
    queries = Queries(engine.reader)
    assert [(r.seq, r.message == sent.ask_id) for r in queries.feed(MED, 0).rows] == [(seq, True)]
    assert {r.seq for r in queries.feed(CORE, 0).rows} == {seq, seq + 1}


def test_bodies_need_no_memory(life: Story) -> None:
    world = life.world(ONE)
    assert {agency for (agency, _), _ in bodies(world, life.now)} == {str(a) for a in (CORE, COORD, MED, CON)}


def test_an_agency_that_becomes_a_contractor_is_judged_as_one_from_then_on(story: Story, read: Read) -> None:
    story.referral(ONE)
    sent = story.disclosed(ONE, to=[CGC], basis="CWA-25-7-1", sections=[Section.CHILD])
    assert states(rows(read(story), CGC)[sent.ask_id]) == {"CHILD": "OPENABLE"}
    story.agency(CGC, Role.CONTRACTOR)
    assert rows(read(story), CGC)[sent.ask_id] == {"gone": True}
    story.agency(CGC)
    assert states(rows(read(story), CGC)[sent.ask_id]) == {"CHILD": "OPENABLE"}


def test_an_announcement_of_members_looks_at_no_case(story: Story, make: Make) -> None:
    story.referral(ONE)
    story.registry(
        Kind.NETWORK,
        NETWORK,
        NetworkMembershipPublished(members=frozenset({CORE}), published_on=story.now.date()),
        by=COORD,
    )
    engine = make(story, cases=1)
    story.loads.clear()
    engine.apply_many(story.stream)
    assert Queries(engine.reader).feed(CORE, 0).cursor == len(story.stream) - 1
