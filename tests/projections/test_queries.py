"""Typed reads of the rows: pages of the feed, head, leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import pytest

from projections.queries import CaseSummary, FeedRow, Leaf, ProjectionHead, Queries
from tests.projections.conftest import MakeEngine
from tests.projections.kit import CON, CORE, MED, RecordedStream, case, full

ReadQueries = Callable[[RecordedStream], Queries]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000])
def test_the_pages_hold_the_complete_feed_once(make_engine: MakeEngine, limit: int) -> None:
    story = full(2)
    engine = make_engine(story)
    engine.apply_many(story.stream)
    queries = Queries(engine.reader)
    whole_feed = queries.feed(CORE, 0, 10_000)
    rows: list[FeedRow] = []
    cursor, more = 0, True
    while more:
        page = queries.feed(CORE, cursor, limit)
        rows += page.rows
        cursor, more = page.cursor, page.more
    assert tuple(rows) == whole_feed.rows
    assert cursor == whole_feed.cursor
    assert queries.feed(CORE, cursor, limit).rows == ()
    assert queries.feed(CORE, cursor, limit).cursor == cursor


def test_a_feed_read_after_every_record_equals_the_current_rows(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    """A door that reads after every record has the same messages as a new door."""
    engine = make_engine(full_stream)
    queries = Queries(engine.reader)
    for agency in (CON, MED):
        body_by_message: dict[UUID, str] = {}
        cursor = 0
        for stream_record in full_stream.stream:
            engine.apply(stream_record)
            page = queries.feed(agency, cursor)
            cursor = page.cursor
            for row in page.rows:
                body_by_message[row.message] = row.body
                if row.gone:
                    del body_by_message[row.message]
        assert body_by_message == {r.message: r.body for r in queries.messages(agency, case(0))}


def test_the_cases_of_an_agency(make_engine: MakeEngine) -> None:
    story = full(2)
    engine = make_engine(story)
    engine.apply_many(story.stream)
    summaries = Queries(engine.reader).cases(MED)
    assert [(summary.case, summary.messages) for summary in summaries] == [(case(1), 2), (case(0), 2)]
    assert summaries[0] == CaseSummary(case(1), len(story.stream), 2)


def test_the_head_is_the_position_of_the_rows(make_engine: MakeEngine, full_stream: RecordedStream) -> None:
    engine = make_engine(full_stream)
    queries = Queries(engine.reader)
    assert queries.head() == ProjectionHead(0, ())
    engine.apply(full_stream.stream[0])
    assert queries.head() == ProjectionHead(1, ())


def test_the_leaves_hold_every_record_with_its_position(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    engine = make_engine(full_stream)
    engine.apply_many(full_stream.stream)
    queries = Queries(engine.reader)
    expected = [
        Leaf(s.position, s.record.originator.id, s.record.version, s.leaf_sha) for s in full_stream.stream
    ]
    assert queries.leaves() == expected
    assert queries.leaves(after=3, limit=2) == expected[3:5]
    assert queries.leaf_of(case(0), 2) == next(
        x for x in expected if (x.originator, x.version) == (case(0), 2)
    )
    assert queries.leaf_of(case(0), 99) is None


def test_readers_do_not_wait_for_the_writer(make_engine: MakeEngine, full_stream: RecordedStream) -> None:
    engine = make_engine(full_stream)
    engine.apply_many(full_stream.stream[:30])
    queries = Queries(engine.reader)
    done = threading.Event()
    with engine._writer.begin() as db:  # an open transaction
        db.exec_driver_sql("UPDATE tasks SET since = ''")

        def reader() -> None:
            queries.feed(CORE)
            queries.head()
            done.set()

        thread = threading.Thread(target=reader)
        thread.start()
        assert done.wait(5)
        thread.join()
        db.rollback()
