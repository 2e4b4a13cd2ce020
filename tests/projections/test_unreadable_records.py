"""Records that nobody can read any more, or only a newer hub: a leaf, and no row that says more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from domain.errors import InvariantViolation, Malformed
from domain.events import ControlDestroyed, Kind
from domain.record import About
from projections.engine import Engine
from projections.projection import Projection
from projections.queries import Queries
from projections.stream_record import StreamRecord
from tests.projections.conftest import MakeEngine
from tests.projections.kit import CORE, HUB_ID, RecordedStream, case, full


def without_content(stream_record: StreamRecord, *, gone: bool) -> StreamRecord:
    return replace(stream_record, record=None, gone=gone)


def destruction(story: RecordedStream) -> StreamRecord:
    """The record that the control of the family was destroyed, appended to the story."""
    event = ControlDestroyed(
        scope=case(0),
        keys=frozenset(),
        generation=2,
        last_version=len(story.records[case(0)]),
        approved=story.records[case(0)][-1].command_id,
        agency=CORE,
        approvers=frozenset(),
    )
    story.put(About(Kind.LOG, HUB_ID), event)
    return story.stream[-1]


def rows_about_cases(engine: Engine) -> dict[str, int]:
    """Table -> how many rows name the destroyed case."""
    with engine.reader.connect() as db:
        named = {t.name: t for t in engine.tables if "case" in t.c}
        return {
            name: len(db.execute(select(t).where(t.c.case == str(case(0)))).all())
            for name, t in named.items()
        }


def test_the_rows_of_a_case_whose_control_was_destroyed_are_erased(make_engine: MakeEngine) -> None:
    story = full(1)
    engine = make_engine(story)
    engine.apply_many(story.stream)
    assert any(rows_about_cases(engine).values())
    engine.apply(destruction(story))
    assert engine.parked == {}
    assert not any(rows_about_cases(engine).values())
    assert Queries(engine.reader).all_cases() == []


def test_rows_of_the_same_batch_are_erased_too(make_engine: MakeEngine) -> None:
    story = full(1)
    destruction(story)
    in_one_batch, one_by_one = make_engine(story), make_engine(story)
    in_one_batch.apply_many(story.stream)
    for stream_record in story.stream:
        one_by_one.apply(stream_record)
    assert not any(rows_about_cases(in_one_batch).values())
    assert in_one_batch.digest() == one_by_one.digest()


def test_a_record_that_nobody_can_read_has_its_leaf_and_no_other_row(make_engine: MakeEngine) -> None:
    story = full(1)
    of_cases = {Kind.CASE, Kind.CASE_ACCESS}
    destroyed = [
        without_content(one, gone=True) if one.known.originator.kind in of_cases else one
        for one in story.stream
    ]
    engine = make_engine(story)
    engine.apply_many(destroyed)
    assert (engine.position, engine.parked) == (len(destroyed), {})
    assert [leaf.sha for leaf in Queries(engine.reader).leaves()] == [one.leaf_sha for one in story.stream]
    assert not any(rows_about_cases(engine).values())


def test_a_record_of_a_case_that_only_a_newer_hub_reads_parks_its_projections(
    make_engine: MakeEngine,
) -> None:
    story = full(1)
    engine = make_engine(story)
    engine.apply_many(story.stream[:-1])
    last = story.stream[-1]
    assert last.known.originator.kind is Kind.CASE
    engine.apply(without_content(last, gone=False))
    parked = Queries(engine.reader).head().parked
    assert {(position, error) for _, position, error in parked} == {(last.position, "Malformed")}
    assert len(Queries(engine.reader).leaves()) == last.position


def test_a_record_of_the_register_that_only_a_newer_hub_reads_is_an_error(make_engine: MakeEngine) -> None:
    story = full(1)
    engine = make_engine(story)
    position = next(
        n
        for n, one in enumerate(story.stream)
        if one.version > 1 and one.known.originator.kind not in (Kind.CASE, Kind.CASE_ACCESS)
    )
    engine.apply_many(story.stream[:position])
    with pytest.raises(InvariantViolation, match="newer-register"):
        engine.apply(without_content(story.stream[position], gone=False))


def test_an_unreadable_record_is_malformed_for_a_projection_that_has_no_use_for_it() -> None:
    class Idle(Projection):
        name = "idle"
        tables = ()

    unreadable = StreamRecord(1, None, "s.1", b"", case(0), 1)
    with pytest.raises(Malformed, match="newer-record"):
        Idle().apply_unreadable(None, unreadable)  # type: ignore[arg-type]
