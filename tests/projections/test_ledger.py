"""The ledger shows what was disclosed to whom on which basis, what was refused, and who opened it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from domain import events as e
from domain.codes import Flag, Section, SubjectConsent
from domain.record import About
from projections.ledger import disclosures
from projections.queries import ConsentEntry, DisclosureEntry, Queries
from tests.projections.conftest import MakeEngine
from tests.projections.kit import CGC, CON, COORD, CORE, EXT, MED, OTHER, WORKER, RecordedStream, case

ReadQueries = Callable[[RecordedStream], Queries]
CASE_1, CASE_2 = case(0), case(1)


def recipients_and_outcomes(lines: list[DisclosureEntry]) -> list[tuple[UUID | None, str, str]]:
    return [(line.to, line.section, line.outcome) for line in lines]


def test_the_ledger_has_an_entry_for_each_item_and_recipient(
    story: RecordedStream, read: ReadQueries
) -> None:
    story.referral(CASE_1)
    sent = story.disclosed(
        CASE_1,
        to=[CGC, COORD],
        basis={CGC: "CWA-25-7-1", COORD: "APPI-69-1"},
        sections=[(Section.CHILD, frozenset({Flag.THIRD_PARTY, Flag.SENSITIVE}))],
        reason="URGENT",
    )
    lines = [line for line in read(story).ledger(case=CASE_1) if line.message == sent.command_id]
    first = DisclosureEntry(
        position=len(story.stream),
        n=0,
        at=sent.at,
        case=CASE_1,
        message=sent.command_id,
        act="disclosure.made",
        by=str(CORE),
        to=COORD,
        section="CHILD",
        item=sent.event.items[0].item,  # type: ignore[attr-defined]
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
    assert recipients_and_outcomes(lines) == [(COORD, "CHILD", "DISCLOSED"), (CGC, "CHILD", "DISCLOSED")]
    assert lines[1].basis == "CWA-25-7-1"


def test_author_only_sections_have_no_ledger_entry(story: RecordedStream, read: ReadQueries) -> None:
    story.referral(CASE_1)
    assert recipients_and_outcomes(read(story).ledger()) == [
        (CORE, "BASIC", "DISCLOSED"),
        (CORE, "ADDR", "DISCLOSED"),
        (CORE, "RISK", "DISCLOSED"),
    ]


def test_an_entry_shows_a_refused_consent_and_the_basis_that_permitted_it(
    story: RecordedStream, read: ReadQueries
) -> None:
    story.referral(CASE_1, consent=SubjectConsent.REFUSED)
    lines = read(story).ledger(agency=CORE)
    assert {(line.subject_consent, line.basis, line.outcome) for line in lines} == {
        ("REFUSED", "CWA-21-10-5", "DISCLOSED")
    }


def test_standing_readers_have_an_entry_for_each_key_they_get(
    story: RecordedStream, read: ReadQueries
) -> None:
    story.referral(CASE_1)
    story.registered(CASE_1)
    rewrap_record = story.rewrapped(CASE_1)
    story.decided(CASE_1)
    lines = [line for line in read(story).ledger(case=CASE_1) if line.outcome == "STANDING"]
    assert [(line.to, line.section, line.act) for line in lines] == [
        (COORD, "BASIC", "items.rewrapped"),
        (COORD, "RISK", "items.rewrapped"),
        (COORD, "PLAN", "support_plan.formulated"),
    ]
    assert lines[0].by == str(rewrap_record.by)
    assert lines[0].subject_consent == "GIVEN"


def test_held_and_released_items_have_an_entry_each(story: RecordedStream, read: ReadQueries) -> None:
    story.acknowledged(CASE_1, story.referral(CASE_1))
    story.decided(CASE_1)
    story.commenced(CASE_1)
    story.assigned(CASE_1)
    story.training_lapses()
    held = story.disclosed(CASE_1, sections=[Section.PLAN, Section.REASON])
    story.reinstate()
    released = story.released(CASE_1, held)
    lines = [line for line in read(story).ledger(agency=CON) if line.message == held.command_id]
    assert [(line.outcome, line.section, line.at, line.basis) for line in lines] == [
        ("HELD", "PLAN", held.at, "CWA-21-10-2-3"),
        ("RELEASED", "PLAN", released.at, "CWA-21-10-2-3"),
    ]


def test_a_refusal_has_an_entry_for_each_addressee_and_section(
    story: RecordedStream, read: ReadQueries
) -> None:
    story.referral(CASE_1)
    refused = story.disclosed(
        CASE_1,
        to=[CGC, MED],
        basis={CGC: "CWA-25-2-2", MED: "CWA-25-1"},
        sections=[Section.RISK, Section.CHILD],
    )
    lines = [line for line in read(story).ledger() if line.outcome == "REFUSED"]
    assert refused.topic == "disclosure.refused"
    assert recipients_and_outcomes(lines) == [
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


def test_a_refused_message_without_recipients_has_an_entry(story: RecordedStream, read: ReadQueries) -> None:
    story.referral(CASE_1)
    story.send_message(CASE_1, MED, e.SupportPlanFormulated, sections=[Section.PLAN], plan=story.plan())
    [line] = [line for line in read(story).ledger() if line.outcome == "REFUSED"]
    assert (line.to, line.section, line.reason) == (None, "PLAN", "NOT_RESPONSIBLE_CORE")


def test_messages_without_items_have_no_entry(story: RecordedStream, read: ReadQueries) -> None:
    story.acknowledged(CASE_1, story.referral(CASE_1))
    before = len(read(story).ledger())
    story.send_message(CASE_1, CORE, e.InformationRequested, to=[CGC], due_on=None)
    story.send_message(
        CASE_1, EXT, e.InformationRequested, to=[EXT], due_on=None
    )  # refused, without sections
    assert len(read(story).ledger()) == before


def test_a_key_for_an_unknown_item_has_no_entry(story: RecordedStream) -> None:
    story.referral(CASE_1)
    wrapped_keys = (e.Rewrapped(item=UUID(int=9), to=COORD),)
    record = story.put(About(e.Kind.CASE, CASE_1), e.ItemsRewrapped(wrapped_keys=wrapped_keys), by=CORE)
    assert list(disclosures(record, story.world(CASE_1))) == []


def test_as_of_leaves_out_later_entries(story: RecordedStream, read: ReadQueries) -> None:
    first = story.referral(CASE_1)
    later = story.disclosed(CASE_1, to=[CGC], basis="CWA-25-7-1", sections=[Section.CHILD])
    queries = read(story)
    assert {line.message for line in queries.ledger(as_of=first.at)} == {first.command_id}
    assert {line.message for line in queries.ledger(as_of=later.at)} == {first.command_id, later.command_id}
    assert queries.ledger(as_of=first.at - timedelta(microseconds=1)) == []


def test_the_ledger_of_one_case_and_one_agency(story: RecordedStream, read: ReadQueries) -> None:
    story.referral(CASE_1)
    story.referral(CASE_2)
    story.disclosed(CASE_2, to=[CGC], basis="CWA-25-7-1", sections=[Section.CHILD])
    queries = read(story)
    assert {line.case for line in queries.ledger(case=CASE_2)} == {CASE_2}
    assert recipients_and_outcomes(queries.ledger(case=CASE_2, agency=CGC)) == [(CGC, "CHILD", "DISCLOSED")]
    assert queries.ledger(case=CASE_1, agency=CGC) == []
    assert {line.case for line in queries.ledger(agency=MED)} == {CASE_1, CASE_2}
    positions = [(line.position, line.n) for line in queries.ledger()]
    assert positions == sorted(positions)


# --- openings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ok", "received_status"), [(True, "OK"), (False, "wrapped-key-does-not-open")])
def test_an_opening_shows_the_first_receipt_of_the_readers_door(
    story: RecordedStream, read: ReadQueries, ok: bool, received_status: str
) -> None:
    sent = story.referral(CASE_1)
    opened = story.open(CASE_1, CORE, sent, actor="p-7")
    [before] = read(story).openings(case=CASE_1)
    assert (before.agency, before.actor, before.outcome, before.received) == (
        str(CORE),
        "p-7",
        "OPENED",
        None,
    )
    received = story.received(CASE_1, CORE, opened, ok=ok)
    story.received(CASE_1, CORE, opened, ok=not ok)  # the first receipt counts
    queries = read(story)
    [after] = queries.openings(agency=CORE)
    assert (after.received, after.received_at, after.command_id) == (
        received_status,
        received.at,
        opened.command_id,
    )
    assert (after.item, after.section, after.message) == (
        sent.event.items[0].item,  # type: ignore[attr-defined]
        "BASIC",
        sent.command_id,
    )
    [then] = queries.openings(as_of=opened.at)
    assert (then.received, then.received_at) == (None, None)


def test_a_refused_opening_is_in_the_ledger(story: RecordedStream, read: ReadQueries) -> None:
    sent = story.referral(CASE_1)
    story.open(CASE_1, OTHER, sent)
    [opening] = read(story).openings(agency=OTHER)
    assert (opening.outcome, opening.reason, opening.received) == ("REFUSED", "NOT_YOURS", None)


def test_opening_and_receipt_may_come_in_one_batch(story: RecordedStream, make_engine: MakeEngine) -> None:
    story.acknowledged(CASE_1, story.referral(CASE_1))
    story.decided(CASE_1)
    story.commenced(CASE_1)
    story.assigned(CASE_1)
    story.received(CASE_1, CON, story.open(CASE_1, CON, story.disclosed(CASE_1), actor=WORKER))
    engine = make_engine(story)
    engine.apply_many(story.stream)
    assert [o.received for o in Queries(engine.reader).openings()] == ["OK"]


# --- consents ------------------------------------------------------------------------------------------------------


def test_consents_given_refused_and_withdrawn(story: RecordedStream, read: ReadQueries) -> None:
    story.referral(CASE_1)
    consent = story.consented(CASE_1, CORE, EXT, [Section.CHILD, Section.BASIC])
    given = story.stream[-1]
    request = e.ConsentScope(
        consent=UUID(int=77), sender=CORE, recipient=MED, sections=frozenset({Section.RISK})
    )
    story.send_message(CASE_1, CORE, e.ConsentRefused, requested_scope=(request,))
    story.send_message(CASE_1, MED, e.ConsentRefused, requested_scope=())
    story.send_message(CASE_1, CORE, e.ConsentWithdrawn, consent=[consent])
    queries = read(story)
    lines = queries.consents(case=CASE_1)
    assert lines[0] == ConsentEntry(
        position=given.position,
        n=0,
        at=given.record.at,
        case=CASE_1,
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


def test_an_entry_names_the_consents_of_its_disclosure(story: RecordedStream, read: ReadQueries) -> None:
    story.referral(CASE_1)
    consent = story.consented(CASE_1, CORE, EXT, [Section.CHILD])
    story.send_message(
        CASE_1,
        CORE,
        e.DisclosureMade,
        to=[EXT],
        basis="APPI-69-2-1",
        sections=[Section.CHILD],
        consent=[consent],
    )
    [line] = read(story).ledger(agency=EXT)
    assert (line.basis, line.consent) == ("APPI-69-2-1", (consent,))


def test_an_event_without_subject_consent_has_none_in_its_entry(
    story: RecordedStream, read: ReadQueries
) -> None:
    story.referral(CASE_1)
    story.disclosed(CASE_1, to=[CGC], basis="CWA-25-7-1", sections=[Section.CHILD])
    assert read(story).ledger(agency=CGC)[0].subject_consent is None
