"""The ledger answers: who was told what, on which basis, what was refused, and who opened it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from domain.codes import Flag, Section, SubjectConsent
from domain.events import (
    ConsentRefused,
    ConsentScope,
    ConsentWithdrawn,
    DisclosureMade,
    InformationRequested,
    ItemsRewrapped,
    Kind,
    Rewrapped,
    SupportPlanFormulated,
)
from domain.record import About
from projections.ledger import disclosures
from projections.queries import ConsentLine, Disclosure, Queries
from tests.projections.conftest import Make
from tests.projections.kit import CGC, CON, COORD, CORE, EXT, MED, OTHER, WORKER, Story, case

Read = Callable[[Story], Queries]
ONE, TWO = case(0), case(1)


def told(lines: list[Disclosure]) -> list[tuple[UUID | None, str, str]]:
    return [(line.to, line.section, line.outcome) for line in lines]


def test_one_line_for_each_item_and_recipient_with_all_it_rests_on(story: Story, read: Read) -> None:
    story.referral(ONE)
    sent = story.disclosed(
        ONE,
        to=[CGC, COORD],
        basis={CGC: "CWA-25-7-1", COORD: "APPI-69-1"},
        sections=[(Section.CHILD, frozenset({Flag.THIRD_PARTY, Flag.SENSITIVE}))],
        reason="URGENT",
    )
    lines = [line for line in read(story).ledger(case=ONE) if line.message == sent.ask_id]
    first = Disclosure(
        position=len(story.stream),
        n=0,
        at=sent.at,
        case=ONE,
        message=sent.ask_id,
        act="disclosure.made",
        by=str(CORE),
        to=COORD,
        section="CHILD",
        item=sent.fact.items[0].item,  # type: ignore[attr-defined]
        flags=("SENSITIVE", "THIRD_PARTY"),
        basis="APPI-69-1",
        consent=(),
        subject_consent=None,
        purpose="SUPPORT",
        outcome="DISCLOSED",
        reason="URGENT",
        at_fault=None,
        fitting=(),
        version=2,
        rules=1,
    )
    assert lines[0] == first
    assert told(lines) == [(COORD, "CHILD", "DISCLOSED"), (CGC, "CHILD", "DISCLOSED")]
    assert lines[1].basis == "CWA-25-7-1"


def test_what_is_the_authors_alone_was_told_to_nobody(story: Story, read: Read) -> None:
    story.referral(ONE)
    assert told(read(story).ledger()) == [
        (CORE, "BASIC", "DISCLOSED"),
        (CORE, "ADDR", "DISCLOSED"),
        (CORE, "RISK", "DISCLOSED"),
    ]


def test_a_refused_consent_stands_beside_the_basis_that_carried_it(story: Story, read: Read) -> None:
    story.referral(ONE, consent=SubjectConsent.REFUSED)
    lines = read(story).ledger(agency=CORE)
    assert {(line.subject_consent, line.basis, line.outcome) for line in lines} == {
        ("REFUSED", "CWA-21-10-5", "DISCLOSED")
    }


def test_standing_readers_have_their_lines_when_they_get_a_key(story: Story, read: Read) -> None:
    story.referral(ONE)
    story.registered(ONE)
    made_later = story.rewrapped(ONE)
    story.decided(ONE)
    lines = [line for line in read(story).ledger(case=ONE) if line.outcome == "STANDING"]
    assert [(line.to, line.section, line.act) for line in lines] == [
        (COORD, "BASIC", "items.rewrapped"),
        (COORD, "RISK", "items.rewrapped"),
        (COORD, "PLAN", "support_plan.formulated"),
    ]
    assert lines[0].by == str(made_later.by)
    assert lines[0].subject_consent == "GIVEN"


def test_held_then_released(story: Story, read: Read) -> None:
    story.acknowledged(ONE, story.referral(ONE))
    story.decided(ONE)
    story.commenced(ONE)
    story.assigned(ONE)
    story.lapse()
    held = story.disclosed(ONE, sections=[Section.PLAN, Section.REASON])
    story.reinstate()
    released = story.released(ONE, held)
    lines = [line for line in read(story).ledger(agency=CON) if line.message == held.ask_id]
    assert [(line.outcome, line.section, line.at, line.basis) for line in lines] == [
        ("HELD", "PLAN", held.at, "CWA-21-10-2-3"),
        ("RELEASED", "PLAN", released.at, "CWA-21-10-2-3"),
    ]


def test_a_refusal_has_a_line_for_each_addressee_and_section_with_what_would_have_carried_it(
    story: Story, read: Read
) -> None:
    story.referral(ONE)
    refused = story.disclosed(
        ONE, to=[CGC, MED], basis={CGC: "CWA-25-2-2", MED: "CWA-25-1"}, sections=[Section.RISK, Section.CHILD]
    )
    lines = [line for line in read(story).ledger() if line.outcome == "REFUSED"]
    assert refused.topic == "disclosure.refused"
    assert told(lines) == [
        (CGC, "CHILD", "REFUSED"),
        (CGC, "RISK", "REFUSED"),
        (MED, "CHILD", "REFUSED"),
        (MED, "RISK", "REFUSED"),
    ]
    assert {(line.reason, line.at_fault, line.act, line.item) for line in lines} == {
        ("NOT_REGISTERED", CGC, "disclosure.made", None)
    }
    assert "CWA-25-7-1" in lines[0].fitting
    assert lines[0].basis == "CWA-25-2-2"


def test_a_refused_entry_in_ones_own_file_has_its_line_too(story: Story, read: Read) -> None:
    story.referral(ONE)
    story.say(ONE, MED, SupportPlanFormulated, sections=[Section.PLAN], plan=story.plan())
    [line] = [line for line in read(story).ledger() if line.outcome == "REFUSED"]
    assert (line.to, line.section, line.reason) == (None, "PLAN", "NOT_RESPONSIBLE_CORE")


def test_messages_that_tell_nothing_have_no_line(story: Story, read: Read) -> None:
    story.acknowledged(ONE, story.referral(ONE))
    before = len(read(story).ledger())
    story.say(ONE, CORE, InformationRequested, to=[CGC], due_on=None)
    story.say(ONE, EXT, InformationRequested, to=[EXT], due_on=None)  # refused, without sections
    assert len(read(story).ledger()) == before


def test_a_key_for_an_item_that_is_not_there_has_no_line(story: Story) -> None:
    story.referral(ONE)
    wraps = (Rewrapped(item=UUID(int=9), to=COORD),)
    record = story.put(About(Kind.CASE, ONE), ItemsRewrapped(wraps=wraps), by=CORE)
    assert list(disclosures(record, story.world(ONE))) == []


def test_as_of_shows_the_ledger_as_it_stood(story: Story, read: Read) -> None:
    first = story.referral(ONE)
    later = story.disclosed(ONE, to=[CGC], basis="CWA-25-7-1", sections=[Section.CHILD])
    queries = read(story)
    assert {line.message for line in queries.ledger(as_of=first.at)} == {first.ask_id}
    assert {line.message for line in queries.ledger(as_of=later.at)} == {first.ask_id, later.ask_id}
    assert queries.ledger(as_of=first.at - timedelta(microseconds=1)) == []


def test_the_ledger_of_one_case_and_one_agency(story: Story, read: Read) -> None:
    story.referral(ONE)
    story.referral(TWO)
    story.disclosed(TWO, to=[CGC], basis="CWA-25-7-1", sections=[Section.CHILD])
    queries = read(story)
    assert {line.case for line in queries.ledger(case=TWO)} == {TWO}
    assert told(queries.ledger(case=TWO, agency=CGC)) == [(CGC, "CHILD", "DISCLOSED")]
    assert queries.ledger(case=ONE, agency=CGC) == []
    assert {line.case for line in queries.ledger(agency=MED)} == {ONE, TWO}
    positions = [(line.position, line.n) for line in queries.ledger()]
    assert positions == sorted(positions)


# --- openings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ok", "word"), [(True, "OK"), (False, "wrap-does-not-open")])
def test_an_opening_and_what_the_readers_door_said(story: Story, read: Read, ok: bool, word: str) -> None:
    sent = story.referral(ONE)
    opened = story.open(ONE, CORE, sent, actor="p-7")
    [before] = read(story).openings(case=ONE)
    assert (before.agency, before.actor, before.outcome, before.received) == (
        str(CORE),
        "p-7",
        "OPENED",
        None,
    )
    received = story.received(ONE, CORE, opened, ok=ok)
    story.received(ONE, CORE, opened, ok=not ok)  # what was said first stands
    queries = read(story)
    [after] = queries.openings(agency=CORE)
    assert (after.received, after.received_at, after.ask) == (word, received.at, opened.ask_id)
    assert (after.item, after.section, after.message) == (
        sent.fact.items[0].item,  # type: ignore[attr-defined]
        "BASIC",
        sent.ask_id,
    )
    [then] = queries.openings(as_of=opened.at)
    assert (then.received, then.received_at) == (None, None)


def test_a_refused_opening_is_in_the_ledger(story: Story, read: Read) -> None:
    sent = story.referral(ONE)
    story.open(ONE, OTHER, sent)
    [opening] = read(story).openings(agency=OTHER)
    assert (opening.outcome, opening.reason, opening.received) == ("REFUSED", "NOT_YOURS", None)


def test_opening_and_receipt_may_come_in_one_batch(story: Story, make: Make) -> None:
    story.acknowledged(ONE, story.referral(ONE))
    story.decided(ONE)
    story.commenced(ONE)
    story.assigned(ONE)
    story.received(ONE, CON, story.open(ONE, CON, story.disclosed(ONE), actor=WORKER))
    engine = make(story)
    engine.apply_many(story.stream)
    assert [o.received for o in Queries(engine.reader).openings()] == ["OK"]


# --- consents ------------------------------------------------------------------------------------------------------


def test_consents_given_refused_and_withdrawn(story: Story, read: Read) -> None:
    story.referral(ONE)
    consent = story.consented(ONE, CORE, EXT, [Section.CHILD, Section.BASIC])
    given = story.stream[-1]
    asked = ConsentScope(consent=UUID(int=77), sender=CORE, recipient=MED, sections=frozenset({Section.RISK}))
    story.say(ONE, CORE, ConsentRefused, asked_for=(asked,))
    story.say(ONE, MED, ConsentRefused, asked_for=())
    story.say(ONE, CORE, ConsentWithdrawn, consent=[consent])
    queries = read(story)
    lines = queries.consents(case=ONE)
    assert lines[0] == ConsentLine(
        position=given.position,
        n=0,
        at=given.record.at,
        case=ONE,
        consent=consent,
        kind="GIVEN",
        sender=CORE,
        recipient=EXT,
        sections=("BASIC", "CHILD"),
        by=str(CORE),
    )
    assert [(line.kind, line.consent, line.recipient, line.sections) for line in lines[1:]] == [
        ("REFUSED", UUID(int=77), MED, ("RISK",)),
        ("REFUSED", None, None, ()),
        ("WITHDRAWN", consent, EXT, ("BASIC", "CHILD")),
    ]
    assert [line.kind for line in queries.consents(agency=EXT)] == ["GIVEN", "WITHDRAWN"]
    assert [line.kind for line in queries.consents(agency=MED)] == ["REFUSED", "REFUSED"]


def test_the_consents_a_disclosure_rested_on_stand_in_its_line(story: Story, read: Read) -> None:
    story.referral(ONE)
    consent = story.consented(ONE, CORE, EXT, [Section.CHILD])
    story.say(
        ONE, CORE, DisclosureMade, to=[EXT], basis="APPI-69-2-1", sections=[Section.CHILD], consent=[consent]
    )
    [line] = read(story).ledger(agency=EXT)
    assert (line.basis, line.consent) == ("APPI-69-2-1", (consent,))


def test_a_fact_without_a_word_on_consent_says_none(story: Story, read: Read) -> None:
    story.referral(ONE)
    story.disclosed(ONE, to=[CGC], basis="CWA-25-7-1", sections=[Section.CHILD])
    assert read(story).ledger(agency=CGC)[0].subject_consent is None
