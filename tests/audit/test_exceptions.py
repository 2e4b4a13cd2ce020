"""Exceptions: the rows give at every moment the same as the replayed record."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import event as hypothesis_event
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event as sa_event

import tests.domain.builders as kit
from domain import events as e
from domain.audit_exceptions import INDEX_REBUILT, REHEARSAL_REFUSED, UNACTED, UNREAD, ExceptionRow
from domain.codes import Section
from domain.record import Record
from domain.visibility import openable
from gateway.audit.exception_texts import counted_together
from gateway.audit.history import exceptions
from projections.audit_rows import AuditRows, DayCount, LedgerFilter
from projections.engine import Engine
from projections.queries import Queries
from projections.stream_record import StreamRecord
from tests.domain.builders import CASE, EXT_NURSERY, Given, case_message, opening
from tests.domain.stories import Story
from tests.domain.test_visibility_model import AGENCIES, BEFORE, STEPS, Step, play
from tests.profiles import examples
from tests.projections.kit import case as family
from tests.projections.kit import full

SECOND = timedelta(seconds=1)
BY_NURSERY = case_message(
    e.AbuseNotificationReceived,
    EXT_NURSERY,
    [kit.AZ_COORD],
    [Section.BASIC, Section.RISK],
    "CAPA-6-1",
    placed=kit.PLACED,
    name="nursery",
)
NOTIFIED = {
    "a nursery that notified": (BY_NURSERY,),
    "a nursery that notified about a known family": (kit.LEARNED, BY_NURSERY),
    "a nursery with an earlier disclosure of the family": (
        kit.LEARNED,
        case_message(e.DisclosureMade, kit.AZ_CORE, [EXT_NURSERY], [Section.PLAN], "CONSENT", name="shared"),
        BY_NURSERY,
    ),
}


def stream_of(records: Sequence[Record]) -> list[StreamRecord]:
    """These records as input of projections, up to the first destroyed control. As in a real record, the time of an
    originator never goes back."""
    stream_records: list[StreamRecord] = []
    last: dict[UUID, datetime] = {}
    for n, record in enumerate(records, 1):
        if isinstance(record.event, e.ControlDestroyed):
            break
        last[record.originator.id] = max(record.at, last.get(record.originator.id, record.at))
        record = replace(record, at=last[record.originator.id])
        sha = hashlib.sha256(str(n).encode()).digest()
        stream_records.append(StreamRecord(n, record, f"s.{n}", sha, record.originator.id, record.version))
    return stream_records


def read_models_of(stream: Sequence[StreamRecord], folder: str, size: int) -> Engine:
    """Read models of these records, with ``size`` records in each transaction."""

    def load(originator: UUID, upto: int) -> list[Record]:
        mine = [s.record for s in stream if s.record is not None and s.originator == originator]
        return mine[:upto]

    engine = Engine(Path(folder) / "read_models.db", load, cases=1)
    engine.start()
    for at in range(0, len(stream), size):
        engine.apply_many(stream[at : at + size])
    assert engine.parked == {}
    return engine


def from_records(records: Sequence[Record], at: datetime) -> list[ExceptionRow]:
    """The exceptions by replaying the record up to this moment."""
    stored_records: Iterator[Any] = (SimpleNamespace(record=r) for r in records if r.at <= at)
    return exceptions(stored_records, at)


def moments(records: Sequence[Record]) -> list[datetime]:
    """One second before, at and after each record and each of its deadlines."""
    starts = sorted({r.at for r in records})
    later = {at + gap for at in starts for gap in (UNREAD, UNACTED)}
    return sorted({m for at in (*starts, *later) for m in (at - SECOND, at, at + SECOND)})


def compare(records: Sequence[Record], size: int = 7) -> Counter[str]:
    """Assert that rows and replayed record agree at all moments. Returns how often each kind occurred."""
    stream = stream_of(records)
    counts: Counter[str] = Counter()
    readable = [s.known for s in stream]
    with TemporaryDirectory() as folder:
        engine = read_models_of(stream, folder, size)
        try:
            queries = Queries(engine.reader)
            times = moments(readable)
            for at in times[:: 1 + len(times) // 200]:
                expected = from_records(readable, at)
                assert queries.exceptions(at) == expected, at
                for case in {row.case for row in expected}:
                    assert queries.exceptions(at, case) == [row for row in expected if row.case == case]
                counts.update(row.kind for row in expected)
        finally:
            engine.close()
    return counts


def append_readings(so: Given, n: int) -> None:
    """Readings, refused readings and failed receipts, several of them at the same instant."""
    now, world = so.records[-1].at, so.world
    reader = AGENCIES[n % len(AGENCIES)]
    openable_messages = [
        m for m, _ in openable(world.register, world.case, reader, now=now, rule_book=world.rule_book)
    ]
    for message in openable_messages[n % 3 :: 3][:2]:
        item = message.items[0]
        command = kit.event_input(
            reader,
            e.SectionOpened(
                message=message.id, item=item.item, section=item.section, purpose=kit.Purpose.SUPPORT
            ),
            name=f"opens {len(so.records)}",
            at=now,
        )
        so.put(command)
        if n % 4 == 0:
            flawed = e.DisclosureReceived(
                message=message.id,
                item=item.item,
                opening=command.command_id,
                ok=False,
                error_code="untrusted/x",
            )
            so.put(kit.event_input(reader, flawed, name=f"receives {len(so.records)}", at=now))
    if n % 5 == 0 and world.case.messages:
        message = next(m for m in world.case.messages.values())
        for item in message.items[:1]:
            refused = e.OpeningRefused(
                message=message.id,
                item=item.item,
                section=item.section,
                purpose=kit.Purpose.SUPPORT,
                reason="NO_PART",
            )
            so.put(kit.event_input(reader, refused, name=f"refused {len(so.records)}", at=now))


@examples(10, long=400)
@given(
    before=st.sampled_from(sorted(BEFORE | NOTIFIED)),
    steps=STEPS,
    reads=st.lists(st.integers(0, 60), min_size=30, max_size=30),
    size=st.integers(1, 9),
)
def test_rows_equal_the_replayed_record_for_any_history(
    before: str, steps: list[Step], reads: list[int], size: int
) -> None:
    counts = iter(reads)
    so = play((BEFORE | NOTIFIED)[before], steps, lambda so: append_readings(so, next(counts)))
    for kind in compare(so.records, size):
        hypothesis_event(kind)


@pytest.mark.parametrize("name", ["sc-1", "sc-3", "sc-4", "sc-6"])
def test_rows_equal_the_replayed_record_for_the_scenarios(name: str) -> None:
    counts = compare(Story(name).play().so.records)
    assert counts["UNREAD"]
    assert any(kind.startswith("LATE_") for kind in counts)


def test_rows_equal_the_replayed_record_for_several_families() -> None:
    counts = compare([s.known for s in full(2).stream], size=50)
    assert {"UNREAD", "HELD"} <= set(counts)


def at_home(*past: object, open_at: datetime) -> tuple[Given, datetime]:
    so = kit.given(kit.LEARNED, *past)  # type: ignore[arg-type]
    so.put(replace(opening(kit.LEARNED, kit.AZ_CORE), at=open_at))
    return so, open_at


def kinds(records: Sequence[Record], at: datetime) -> list[str]:
    with TemporaryDirectory() as folder:
        engine = read_models_of(stream_of(records), folder, 3)
        try:
            return [row.kind for row in Queries(engine.reader).exceptions(at)]
        finally:
            engine.close()


def test_a_message_is_unread_from_the_48th_hour_until_it_is_opened() -> None:
    so = kit.given(kit.LEARNED)
    sent = so.records[-1].at
    so.put(replace(opening(kit.LEARNED, kit.AZ_CORE), at=sent + UNREAD + SECOND))
    checked = [sent + UNREAD - SECOND, sent + UNREAD, sent + UNREAD + SECOND]
    assert [kinds(so.records, at) for at in checked] == [[], ["UNREAD"], []]
    compare(so.records)


def test_a_reading_without_an_act_is_an_exception_from_the_14th_day() -> None:
    so, read_at = at_home(open_at=kit.NOON)
    assert kinds(so.records, read_at + UNACTED - SECOND) == []
    assert kinds(so.records, read_at + UNACTED) == ["READ_NOT_ACTED_ON"]
    so.put(replace(kit.DECIDED[0], at=read_at + UNACTED))
    assert kinds(so.records, read_at + UNACTED) == []
    compare(so.records)


def test_what_a_door_opens_again_for_its_index_is_marked_and_is_no_reading() -> None:
    so, read_at = at_home(open_at=kit.NOON)
    so.put(replace(kit.DECIDED[0], at=read_at + SECOND))
    again = opening(kit.LEARNED, kit.AZ_CORE, purpose=kit.Purpose.INDEX_REBUILD)
    so.put(replace(again, command_id=kit.id_of("again"), at=read_at + 2 * SECOND))
    assert kinds(so.records, read_at + 2 * UNACTED) == ["INDEX_REBUILT"]
    compare(so.records)


def test_what_doors_open_again_for_their_index_is_counted_by_agency_and_day(tmp_path: Path) -> None:
    so, read_at = at_home(open_at=kit.NOON)
    for n in range(4):
        again = opening(kit.LEARNED, kit.AZ_CORE, purpose=kit.Purpose.INDEX_REBUILD)
        at = read_at + timedelta(hours=1 + 6 * n)  # 13:00, 19:00, and 01:00, 07:00 of the next day in Japan
        so.put(replace(again, command_id=kit.id_of(f"again {n}"), at=at))
    engine = read_models_of(stream_of(so.records), str(tmp_path), 3)
    queries, pages, at = Queries(engine.reader), AuditRows(engine.reader), read_at + timedelta(days=2)
    first, last = read_at + timedelta(hours=1), read_at + timedelta(hours=19)
    expected = [
        DayCount(str(kit.AZ_CORE), date(2025, 6, 3), last - timedelta(hours=6), last, 2),
        DayCount(str(kit.AZ_CORE), date(2025, 6, 2), first, first + timedelta(hours=6), 2),
    ]
    for case in ("", str(kit.CASE)):
        assert pages.by_day(INDEX_REBUILT, LedgerFilter(as_of=at, case=case)) == expected
    assert pages.by_day(INDEX_REBUILT, LedgerFilter(as_of=first))[0].items == 1
    assert pages.by_day(INDEX_REBUILT, LedgerFilter(as_of=at, case=str(kit.id_of("another case")))) == []
    shown = pages.exceptions(LedgerFilter(as_of=at), 100, 0)
    assert "INDEX_REBUILT" not in [row["kind"] for row in shown.rows]
    chosen = pages.exceptions(LedgerFilter(as_of=at, kind="INDEX_REBUILT"), 100, 0)
    assert (chosen.total, [row["count"] for row in chosen.rows]) == (4, [4])
    every = queries.exceptions(at)
    counted = [(row.kind, count) for row, count in counted_together(every)]
    assert counted.count(("INDEX_REBUILT", 2)) == 2
    assert sum(count for _, count in counted) == len(every) == shown.total + 4
    engine.close()


def test_what_the_check_of_a_rehearsal_was_refused_is_counted_apart(tmp_path: Path) -> None:
    so, read_at = at_home(open_at=kit.NOON)
    at = read_at + timedelta(hours=1)
    for n, purpose in enumerate(
        [kit.Purpose.REHEARSAL_CHECK, kit.Purpose.REHEARSAL_CHECK, kit.Purpose.SUPPORT]
    ):
        refused = e.OpeningRefused(
            message=kit.LEARNED.command_id,
            item=kit.LEARNED.item().item,
            section=Section.BASIC,
            purpose=purpose,
            reason="NO_PART",
        )
        so.put(kit.event_input(kit.KS_CGC, refused, name=f"refused {n}", at=at))
    compare(so.records)
    engine = read_models_of(stream_of(so.records), str(tmp_path), 3)
    pages, chosen = AuditRows(engine.reader), LedgerFilter(as_of=at)
    shown = pages.exceptions(chosen, 100, 0, apart=(INDEX_REBUILT, REHEARSAL_REFUSED))
    assert [(row["kind"], row["count"]) for row in shown.rows] == [("REFUSED", 1)]
    assert [count.items for count in pages.by_day(REHEARSAL_REFUSED, chosen)] == [2]
    everything = pages.exceptions(
        chosen, 100, 0
    )  # as on a real hub: nothing is set apart by the purpose that is claimed
    assert sorted((row["kind"], row["count"]) for row in everything.rows) == [
        ("REFUSED", 1),
        (REHEARSAL_REFUSED, 2),
    ]
    counted = [
        count
        for row, count in counted_together(Queries(engine.reader).exceptions(at))
        if row.kind == REHEARSAL_REFUSED
    ]
    assert counted == [2]
    engine.close()


def test_a_notifier_is_shown_under_its_token_in_every_row_at_any_moment() -> None:
    """Also for refused attempts; by its name only once it has another part in the case. Basis: CAPA 7."""
    notified = replace(BY_NURSERY, event=replace(BY_NURSERY.event, notifier_token="N-1"))  # type: ignore[type-var]
    so = kit.given(notified)
    attempts = e.OpeningRefused(
        message=BY_NURSERY.command_id,
        item=BY_NURSERY.item().item,
        section=Section.BASIC,
        purpose=kit.Purpose.SUPPORT,
        reason="NO_PART",
    )
    so.put(kit.event_input(EXT_NURSERY, attempts, name="attempts", at=kit.NOON))
    part = kit.NOON + UNREAD
    so.put(
        case_message(
            e.DisclosureMade, kit.AZ_CORE, [EXT_NURSERY], [Section.PLAN], "CONSENT", name="a part", at=part
        )
    )
    compare(so.records)
    with TemporaryDirectory() as folder:
        engine = read_models_of(stream_of(so.records), folder, 3)
        try:
            queries = Queries(engine.reader)
            before, after = queries.exceptions(part - SECOND), queries.exceptions(part)
        finally:
            engine.close()
    assert [(row.kind, row.agency) for row in before if row.kind == "REFUSED"] == [("REFUSED", "N-1")]
    assert str(EXT_NURSERY) not in str(before)
    assert [(row.kind, row.agency) for row in after if row.kind == "REFUSED"] == [
        ("REFUSED", str(EXT_NURSERY))
    ]


def test_what_was_read_and_acted_on_in_time_leaves_no_row() -> None:
    """The table only has rows that are exceptions or may still become so."""
    so = kit.given(kit.LEARNED)
    sent = so.records[-1].at
    so.put(replace(opening(kit.LEARNED, kit.AZ_CORE), at=sent + SECOND))
    so.put(replace(kit.DECIDED[0], at=sent + 2 * SECOND))
    with TemporaryDirectory() as folder:
        engine = read_models_of(stream_of(so.records), folder, 1)
        try:
            with engine.reader.connect() as db:
                rows = db.exec_driver_sql("SELECT kind, until FROM exceptions").fetchall()
        finally:
            engine.close()
    assert rows == []


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_the_pages_hold_each_exception_once_latest_first_and_repeats_in_one_row(
    tmp_path: Path, limit: int
) -> None:
    story = full(3)
    engine = read_models_of(story.stream, str(tmp_path), 50)
    queries, pages, at = Queries(engine.reader), AuditRows(engine.reader), story.now + UNREAD
    for case in (None, family(1)):
        chosen = LedgerFilter(as_of=at, case="" if case is None else str(case))
        expected = Counter(_alike(row) for row in queries.exceptions(at, case))
        shown: list[dict[str, Any]] = []
        while True:
            page = pages.exceptions(chosen, limit, len(shown))
            shown += page.rows
            if not page.more:
                break
        alike = [tuple(row[name] for name in ("kind", "case", "agency", "act", "reason")) for row in shown]
        assert dict(zip(alike, (row["count"] for row in shown), strict=True)) == expected
        assert page.total == expected.total() > 4
        assert [row["last_at"] for row in shown] == sorted((row["last_at"] for row in shown), reverse=True)
        assert all(row["first_at"] <= row["last_at"] for row in shown)
    engine.close()


def _alike(row: ExceptionRow) -> tuple[str | None, ...]:
    return row.kind, str(row.case), row.agency, row.act, row.reason


# --- every query uses an index -------------------------------------------------------------------------------

BIG = {
    "disclosures",
    "openings",
    "consents",
    "notifications",
    "exceptions",
    "message_authors",
    "leaves",
    "cases",
}


def test_no_query_of_an_auditor_scans_a_big_table(tmp_path: Path) -> None:
    """By SQLite's query plans: exceptions, record positions and ledger of all and of one case."""
    story = full(2)
    engine = read_models_of(story.stream, str(tmp_path), 50)
    queries = Queries(engine.reader)
    checked: list[tuple[str, Any]] = []

    @sa_event.listens_for(engine.reader, "before_cursor_execute")
    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            checked.append((statement, values))

    now, case = story.now, family(0)
    queries.exceptions(now)
    queries.exceptions(now, case)
    pages = AuditRows(engine.reader)
    pages.exceptions(LedgerFilter(as_of=now), 1, 0)
    pages.exceptions(LedgerFilter(as_of=now, case=str(case)), 1, 1)
    pages.by_day(INDEX_REBUILT, LedgerFilter(as_of=now))
    pages.by_day(INDEX_REBUILT, LedgerFilter(as_of=now, case=str(case)))
    for one in (LedgerFilter(case=str(case)), LedgerFilter(case=str(case)[:8], agency=str(kit.AZ_CORE))):
        pages.disclosures(one, 10, (99, 0))
        pages.readings(one, 10, (99, 0))
        pages.consents(one, 10)
        pages.notifications(one, 10)
    queries.record_positions(case, CASE)
    queries.ledger(case=case)
    queries.openings(case=case)
    queries.consents(case=case)
    queries.notifications(case=case)
    sa_event.remove(engine.reader, "before_cursor_execute", note)
    assert len(checked) > 7
    with engine.reader.connect() as db:
        for statement, values in checked:
            plan = [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            scans = {line.split()[1] for line in plan if line.startswith("SCAN")}
            assert not scans & BIG, (statement, plan)
    engine.close()
