"""What the doors read: pages, heads, leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import pytest

from projections.queries import CaseLine, FeedRow, Head, Leaf, Queries
from tests.projections.conftest import Make
from tests.projections.kit import CON, CORE, MED, Story, case, full

Read = Callable[[Story], Queries]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000])
def test_page_after_page_the_whole_feed_comes_once(make: Make, limit: int) -> None:
    story = full(2)
    engine = make(story)
    engine.apply_many(story.stream)
    queries = Queries(engine.reader)
    whole = queries.feed(CORE, 0, 10_000)
    rows: list[FeedRow] = []
    cursor, more = 0, True
    while more:
        page = queries.feed(CORE, cursor, limit)
        rows += page.rows
        cursor, more = page.cursor, page.more
    assert tuple(rows) == whole.rows
    assert cursor == whole.cursor
    assert queries.feed(CORE, cursor, limit).rows == ()
    assert queries.feed(CORE, cursor, limit).cursor == cursor


def test_a_feed_kept_by_its_cursor_is_the_feed(make: Make, life: Story) -> None:
    """What a door keeps, reading after every record, is what a new door would read."""
    engine = make(life)
    queries = Queries(engine.reader)
    for agency in (CON, MED):
        kept: dict[UUID, str] = {}
        cursor = 0
        for stored in life.stream:
            engine.apply(stored)
            page = queries.feed(agency, cursor)
            cursor = page.cursor
            for row in page.rows:
                kept[row.message] = row.body
                if row.gone:
                    del kept[row.message]
        assert kept == {r.message: r.body for r in queries.messages(agency, case(0))}


def test_the_cases_of_an_agency(make: Make) -> None:
    story = full(2)
    engine = make(story)
    engine.apply_many(story.stream)
    lines = Queries(engine.reader).cases(MED)
    assert [(line.case, line.messages) for line in lines] == [(case(1), 2), (case(0), 2)]
    assert lines[0] == CaseLine(case(1), len(story.stream), 2)


def test_the_head_says_how_far_the_rows_are(make: Make, life: Story) -> None:
    engine = make(life)
    queries = Queries(engine.reader)
    assert queries.head() == Head(0, ())
    engine.apply(life.stream[0])
    assert queries.head() == Head(1, ())


def test_the_leaves_name_every_record_in_its_place(make: Make, life: Story) -> None:
    engine = make(life)
    engine.apply_many(life.stream)
    queries = Queries(engine.reader)
    wanted = [Leaf(s.position, s.record.originator.id, s.record.version, s.leaf_sha) for s in life.stream]
    assert queries.leaves() == wanted
    assert queries.leaves(after=3, limit=2) == wanted[3:5]
    assert queries.leaf_of(case(0), 2) == next(x for x in wanted if (x.originator, x.version) == (case(0), 2))
    assert queries.leaf_of(case(0), 99) is None


def test_who_reads_does_not_wait_for_who_writes(make: Make, life: Story) -> None:
    engine = make(life)
    engine.apply_many(life.stream[:30])
    queries = Queries(engine.reader)
    done = threading.Event()
    with engine._writer.begin() as db:  # a transaction that is open
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
