"""The rows of each agency follow the rules of visibility (V1 to V9)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from domain import events as e
from domain.codes import Flag, Role, Section
from domain.rulebook import first_edition
from domain.visibility import openable
from projections.agency_feed import GONE, MESSAGES, message_bodies
from projections.queries import Queries
from tests.projections.conftest import MakeEngine
from tests.projections.kit import (
    CGC,
    CON,
    COORD,
    CORE,
    EXT,
    MED,
    NETWORK,
    OTHER,
    ROLES,
    RULE_BOOK_ID,
    SECOND,
    WORKER,
    RecordedStream,
    case,
    full,
)

ReadQueries = Callable[[RecordedStream], Queries]
CASE_1 = case(0)


def rows(queries: Queries, agency: UUID, id: UUID = CASE_1) -> dict[UUID, dict[str, Any]]:
    """Message -> body, of all rows of this agency in this case."""
    page = queries.feed(agency, 0, 10_000)
    return {r.message: json.loads(r.body) for r in page.rows if r.case == id}


def states(body: dict[str, Any]) -> dict[str, str]:
    return {i["section"]: i["state"] for i in body["items"]}


def supported(story: RecordedStream) -> RecordedStream:
    """A registered case in support, with the contractor's visitor assigned."""
    story.acknowledged(CASE_1, story.referral(CASE_1))
    story.registered(CASE_1)
    story.decided(CASE_1)
    story.commenced(CASE_1)
    story.assigned(CASE_1)
    return story


# --- V1, V2, V5: author and addressees -----------------------------------------------------------------------


def test_only_author_and_addressee_have_a_row_of_the_message(
    story: RecordedStream, read: ReadQueries
) -> None:
    sent = story.referral(CASE_1)
    queries = read(story)
    [(message, body)] = rows(queries, CORE).items()
    assert message == sent.command_id
    assert states(body) == {"BASIC": "OPENABLE", "ADDR": "OPENABLE", "RISK": "OPENABLE"}
    assert not {"actor", "held"} & set(body)
    own = rows(queries, MED)[sent.command_id]
    assert states(own) == {**states(body), "SOURCE": "OPENABLE"}
    assert (own["actor"], own["held"]) == ("p-1", [])
    for agency in set(ROLES) - {CORE, MED}:
        assert rows(queries, agency) == {}
        assert queries.messages(agency, CASE_1) == []
        assert queries.cases(agency) == []


def test_a_row_has_control_and_references_only(story: RecordedStream, read: ReadQueries) -> None:
    referral = story.referral(CASE_1)
    queries = read(story)
    body = rows(queries, CORE)[referral.command_id]
    item = referral.event.items[0]  # type: ignore[attr-defined]
    assert body == {
        "act": "family_information.provided",
        "at": "2026-04-01T01:22:00.000000Z",
        "basis": {str(CORE): "CWA-21-10-5"},
        "by": str(MED),
        "case": str(CASE_1),
        "consent": [],
        "fields": {
            "children": [],
            "indicators": {},
            "placed": {"core": str(CORE), "network": str(NETWORK)},
            "subject_consent": "GIVEN",
            "weeks_pregnant": None,
        },
        "items": body["items"],
        "message": str(referral.command_id),
        "protected_until": None,
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


def test_flags_are_in_the_row_of_their_item(story: RecordedStream, read: ReadQueries) -> None:
    story.referral(CASE_1)
    sent = story.disclosed(
        CASE_1,
        to=[CGC],
        basis="CWA-25-7-1",
        sections=[(Section.CHILD, frozenset({Flag.SENSITIVE, Flag.CHILD_STATEMENT}))],
    )
    [item] = rows(read(story), CGC)[sent.command_id]["items"]
    assert item["flags"] == ["CHILD_STATEMENT", "SENSITIVE"]


# --- V3, V4: standing access ---------------------------------------------------------------------------------


def test_the_coordinating_agency_sees_the_core_file_from_registration_on(
    story: RecordedStream, read: ReadQueries
) -> None:
    sent = story.referral(CASE_1)
    assert rows(read(story), COORD) == {}
    story.registered(CASE_1)
    waiting = rows(read(story), COORD)[sent.command_id]
    assert states(waiting) == {"BASIC": "PENDING_KEY", "RISK": "PENDING_KEY"}  # no ADDR (V5)
    story.rewrapped(CASE_1)
    assert states(rows(read(story), COORD)[sent.command_id]) == {"BASIC": "OPENABLE", "RISK": "OPENABLE"}


def test_outgoing_copies_are_outside_standing_access(story: RecordedStream, read: ReadQueries) -> None:
    story.referral(CASE_1)
    story.registered(CASE_1)
    sent = story.disclosed(CASE_1, to=[MED], basis="CWA-25-2-2", sections=[Section.PLAN])
    request = story.send_message(CASE_1, CORE, e.InformationRequested, to=[CGC], due_on=None)
    queries = read(story)
    assert sent.command_id in rows(queries, MED)
    assert not {sent.command_id, request.command_id} & rows(queries, COORD).keys()


@pytest.mark.parametrize("how", ["deregistered", "another coordinating agency", "another rule book"])
def test_the_end_of_standing_access_leaves_only_a_row_that_is_gone(
    story: RecordedStream, make_engine: MakeEngine, how: str
) -> None:
    sent = story.referral(CASE_1)
    story.registered(CASE_1)
    engine = make_engine(story)
    engine.apply_many(story.stream)
    queries = Queries(engine.reader)
    cursor = queries.feed(COORD, 0).cursor
    match how:
        case "deregistered":
            story.send_message(CASE_1, COORD, e.NetworkCaseDeregistered, to=[CORE], reason="MOVED")
        case "another coordinating agency":
            story.registrars(e.Kind.NETWORK, NETWORK, e.CoordinatingAgencyDesignated(agency=SECOND))
        case _:
            rule_book = first_edition() | {"standing": {"COORD": []}}
            story.registrars(
                e.Kind.RULE_BOOK, RULE_BOOK_ID, e.RuleBookPublished(edition="next", rule_book=rule_book)
            )
    engine.apply_many(story.stream)
    page = queries.feed(COORD, cursor)
    [gone] = [r for r in page.rows if r.message == sent.command_id]
    assert (gone.gone, gone.body, gone.seq) == (True, GONE, len(story.stream))
    assert all(r.message != sent.command_id for r in queries.messages(COORD, CASE_1))
    assert engine.parked == {}


def test_a_new_coordinating_agency_gets_its_standing_access(story: RecordedStream, read: ReadQueries) -> None:
    sent = story.referral(CASE_1)
    story.registered(CASE_1)
    story.registrars(e.Kind.NETWORK, NETWORK, e.CoordinatingAgencyDesignated(agency=SECOND))
    body = rows(read(story), SECOND)[sent.command_id]
    assert states(body) == {"BASIC": "PENDING_KEY", "RISK": "PENDING_KEY"}


# --- V6, V8: the contractor -----------------------------------------------------------------------------------


def test_a_ready_and_assigned_contractor_sees_what_is_disclosed_to_it(
    story: RecordedStream, read: ReadQueries
) -> None:
    sent = supported(story).disclosed(CASE_1)
    assert states(rows(read(story), CON)[sent.command_id]) == {"PLAN": "OPENABLE", "CHILD": "OPENABLE"}


def test_a_contractor_that_is_not_assigned_has_no_row_of_a_request(
    story: RecordedStream, read: ReadQueries
) -> None:
    story.referral(CASE_1)
    story.send_message(CASE_1, CORE, e.InformationRequested, to=[CON], due_on=None)
    assert rows(read(story), CON) == {}
    story.decided(CASE_1)
    story.commenced(CASE_1)
    story.assigned(CASE_1)
    assert len(rows(read(story), CON)) == 2


def training_lapses(story: RecordedStream) -> None:
    story.training_lapses()


def unassign(story: RecordedStream) -> None:
    story.send_message(CASE_1, CORE, e.SupportWorkerUnassigned, agency=CON, worker=WORKER)


def close(story: RecordedStream) -> None:
    story.closed(CASE_1)


def leave_network(story: RecordedStream) -> None:
    story.registrars(e.Kind.NETWORK, NETWORK, e.NetworkMemberWithdrawn(member=CON), by=COORD)


@pytest.mark.parametrize("event", [training_lapses, unassign, close, leave_network])
def test_a_contractor_that_loses_access_keeps_only_receipts_of_its_reports(
    story: RecordedStream, make_engine: MakeEngine, event: Callable[[RecordedStream], None]
) -> None:
    sent = supported(story).disclosed(CASE_1)
    visited = story.visited(CASE_1)
    engine = make_engine(story)
    engine.apply_many(story.stream)
    queries = Queries(engine.reader)
    cursor = queries.feed(CON, 0).cursor
    event(story)
    engine.apply_many(story.stream)
    changed = {r.message: r.body for r in queries.feed(CON, cursor).rows}
    assert changed[sent.command_id] == GONE
    assert json.loads(changed[visited.command_id]) == {
        "act": "visit_report.submitted",
        "at": rows(queries, CORE)[visited.command_id]["at"],
        "by": str(CON),
        "case": str(CASE_1),
        "items": [],
        "message": str(visited.command_id),
    }
    assert [b for m, b in changed.items() if m != visited.command_id] == [GONE] * (len(changed) - 1)
    assert [r.message for r in queries.messages(CON, CASE_1)] == [visited.command_id]
    assert states(rows(queries, CORE)[visited.command_id]) == {"VISIT": "OPENABLE"}


def test_after_closing_no_row_of_the_contractor_changes(story: RecordedStream, read: ReadQueries) -> None:
    supported(story)
    story.closed(CASE_1)
    before = read(story).feed(CON, 0).cursor
    story.training_lapses()
    story.reinstate()
    story.referral(CASE_1)
    assert read(story).feed(CON, 0).cursor == before


def test_a_suspension_changes_no_row_of_other_agencies(
    story: RecordedStream, make_engine: MakeEngine
) -> None:
    supported(story)
    engine = make_engine(story)
    engine.apply_many(story.stream)
    queries = Queries(engine.reader)
    cursors = {a: queries.feed(a, 0).cursor for a in (CORE, COORD, MED, OTHER)}
    story.training_lapses()
    engine.apply_many(story.stream)
    assert {a: queries.feed(a, 0).cursor for a in cursors} == cursors


# --- V7: held messages-----------------------------------------------------------------------------------------------


def test_an_addressee_has_no_row_of_a_held_message_until_its_release(
    story: RecordedStream, read: ReadQueries
) -> None:
    supported(story)
    story.training_lapses()
    held = story.disclosed(CASE_1)
    assert held.topic == "disclosure.held"
    queries = read(story)
    assert held.command_id not in rows(queries, CON)
    assert str(held.command_id) not in "".join(r.body for r in queries.feed(CON, 0).rows)
    assert rows(queries, CORE)[held.command_id]["held"] == [str(CON)]
    story.reinstate()
    assert held.command_id not in rows(read(story), CON)
    story.released(CASE_1, held)
    queries = read(story)
    assert states(rows(queries, CON)[held.command_id]) == {"PLAN": "OPENABLE", "CHILD": "OPENABLE"}
    assert rows(queries, CORE)[held.command_id]["held"] == []


def test_other_addressees_do_not_see_for_whom_a_message_is_held(
    story: RecordedStream, read: ReadQueries
) -> None:
    supported(story)
    story.training_lapses()
    sent = story.disclosed(
        CASE_1, to=[CON, CGC], basis={CON: "CWA-21-10-2-3", CGC: "CWA-25-7-1"}, sections=[Section.PLAN]
    )
    assert sent.topic == "disclosure.made"
    body = rows(read(story), CGC)[sent.command_id]
    assert states(body) == {"PLAN": "OPENABLE"}
    assert "held" not in body
    assert "held" not in body["fields"]


# --- V9: consent --------------------------------------------------------------------------------------------------------


def test_withdrawing_a_consent_closes_its_items_for_all_but_the_author(
    story: RecordedStream, read: ReadQueries
) -> None:
    story.referral(CASE_1)
    consent = story.consented(CASE_1, CORE, EXT, [Section.CHILD])
    sent = story.send_message(
        CASE_1,
        CORE,
        e.DisclosureMade,
        to=[EXT],
        basis="APPI-69-2-1",
        sections=[Section.CHILD],
        consent=[consent],
    )
    assert states(rows(read(story), EXT)[sent.command_id]) == {"CHILD": "OPENABLE"}
    story.send_message(CASE_1, CORE, e.ConsentWithdrawn, consent=[consent])
    queries = read(story)
    assert states(rows(queries, EXT)[sent.command_id]) == {"CHILD": "CLOSED"}
    assert states(rows(queries, CORE)[sent.command_id]) == {"CHILD": "OPENABLE"}


# --- one rule --------------------------------------------------------------------------------------------------------------


def test_openable_rows_equal_what_the_rules_permit(make_engine: MakeEngine) -> None:
    story = full(2)
    engine = make_engine(story)
    replayed = RecordedStream()
    for stream_record in story.stream:
        engine.apply(stream_record)
        replayed.now = stream_record.record.at
        _apply_record(replayed, stream_record.record)
    queries = Queries(engine.reader)
    for id in (case(0), case(1)):
        world = replayed.world(id)
        for agency in ROLES:
            listed_items = {
                UUID(i["item"])
                for r in queries.messages(agency, id)
                for i in json.loads(r.body)["items"]
                if i["state"] in ("OPENABLE", "PENDING_KEY")
            }
            openable_items = {
                i.item
                for _, i in openable(
                    world.register, world.case, agency, now=replayed.now, rule_book=world.rule_book
                )
            }
            assert listed_items == openable_items


def _apply_record(story: RecordedStream, record: Any) -> None:
    if record.originator.kind in (e.Kind.CASE, e.Kind.CASE_ACCESS):
        story.worlds[record.about.id] = story.world(record.about.id).after(record)
    else:
        story.register = story.register.with_record(record)


def test_no_row_mentions_an_agency_without_a_part_in_the_case(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    engine = make_engine(full_stream)
    engine.apply_many(full_stream.stream)
    with engine.reader.connect() as db:
        result = list(db.execute(MESSAGES.select()))
    assert {UUID(r.agency) for r in result} == {CORE, COORD, MED, CON}
    assert not any(str(a) in r.body for r in result for a in (CGC, OTHER, EXT))


def test_only_changed_rows_are_written(story: RecordedStream, make_engine: MakeEngine) -> None:
    sent = story.referral(CASE_1)
    engine = make_engine(story)
    engine.apply_many(story.stream)
    seq = len(story.stream)
    story.send_message(CASE_1, CORE, e.InformationRequested, to=[CGC], due_on=None)
    engine.apply_many(story.stream)
    queries = Queries(engine.reader)
    assert [(r.seq, r.message == sent.command_id) for r in queries.feed(MED, 0).rows] == [(seq, True)]
    assert {r.seq for r in queries.feed(CORE, 0).rows} == {seq, seq + 1}


def test_message_bodies_need_no_cache(full_stream: RecordedStream) -> None:
    world = full_stream.world(CASE_1)
    bodies = [b for m in world.case.messages.values() for b in message_bodies(world, m, full_stream.now)]
    assert {agency for (agency, _), _ in bodies} == {str(a) for a in (CORE, COORD, MED, CON)}


def test_an_agency_that_becomes_a_contractor_gets_a_contractors_rows(
    story: RecordedStream, read: ReadQueries
) -> None:
    story.referral(CASE_1)
    sent = story.disclosed(CASE_1, to=[CGC], basis="CWA-25-7-1", sections=[Section.CHILD])
    assert states(rows(read(story), CGC)[sent.command_id]) == {"CHILD": "OPENABLE"}
    story.agency(CGC, Role.CONTRACTOR)
    assert rows(read(story), CGC)[sent.command_id] == {"gone": True}
    story.agency(CGC)
    assert states(rows(read(story), CGC)[sent.command_id]) == {"CHILD": "OPENABLE"}


def test_publishing_the_members_refreshes_no_case(story: RecordedStream, make_engine: MakeEngine) -> None:
    story.referral(CASE_1)
    story.registrars(
        e.Kind.NETWORK,
        NETWORK,
        e.NetworkMembershipPublished(members=frozenset({CORE}), published_on=story.now.date()),
        by=COORD,
    )
    engine = make_engine(story, cases=1)
    story.loads.clear()
    engine.apply_many(story.stream)
    assert Queries(engine.reader).feed(CORE, 0).cursor == len(story.stream) - 1


# --- protected addresses ------------------------------------------------------------------------------------


def test_every_row_of_a_case_names_the_day_until_which_an_address_is_protected_and_no_more(
    story: RecordedStream, read: ReadQueries
) -> None:
    sent = story.referral(CASE_1)
    protection = story.send_message(
        CASE_1, CORE, e.ProtectedAddressRegistered, sections=[Section.ADDR], until=date(2026, 9, 30)
    )
    of_hospital = rows(read(story), MED)
    assert {id: body["protected_until"] for id, body in of_hospital.items()} == {
        sent.command_id: "2026-09-30"
    }
    assert str(protection.command_id) not in str(of_hospital)
    story.send_message(
        CASE_1, CORE, e.AddressProtectionEnded, ends=protection.command_id, reason="MEASURE_ENDED"
    )
    assert {body["protected_until"] for body in rows(read(story), MED).values()} == {None}
