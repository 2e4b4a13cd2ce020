"""The engine writes rows and position together, rebuilds equal rows, and parks only the projection that fails."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, OperationalError

from domain import events as e
from domain.errors import InvariantViolation, Unavailable
from domain.events import HubFounded, Kind
from domain.record import About
from domain.world import World
from projections.engine import Difference, Engine, standard_projections
from projections.log_leaves import Leaves
from projections.projection import Projection
from projections.queries import Queries
from projections.stream_record import StreamRecord
from tests.projections.conftest import MakeEngine
from tests.projections.kit import HUB_ID, MED, RULE_BOOK_ID, RecordedStream, case, full


class Killed(BaseException):
    """An exception that no code catches."""


class Failing(Projection):
    """A projection that fails on one record, in one of its three steps."""

    name = "failing"
    tables = ()

    def __init__(self, at: int, error: BaseException, step: str = "apply") -> None:
        super().__init__()
        self.at, self.error, self.step = at, error, step
        self.seen_positions: list[int] = []  # in this transaction

    def apply(self, db: Connection, stream_record: StreamRecord, world: World | None) -> None:
        self.seen_positions.append(stream_record.position)
        self._fail_at("apply", stream_record.position)

    def refresh_case(self, db: Connection, stream_record: StreamRecord, world: World) -> None:
        self._fail_at("refresh_case", stream_record.position)

    def flush(self, db: Connection) -> None:
        for position in self.seen_positions:
            self._fail_at("flush", position)

    def committed_or_rolled_back(self, *, committed: bool) -> None:
        self.seen_positions.clear()

    def _fail_at(self, step: str, position: int) -> None:
        if step == self.step and position == self.at:
            raise self.error


def applied(engine: Engine, story: RecordedStream, upto: int | None = None) -> Engine:
    for stream_record in story.stream[:upto]:
        engine.apply(stream_record)
    return engine


def position_of(story: RecordedStream, topic: str) -> int:
    """The position of the first record of this topic."""
    return next(
        stream_record.position for stream_record in story.stream if stream_record.record.topic == topic
    )


# --- rebuilt equals live (I4) --------------------------------------------------------------------------------


def test_rebuilt_equals_live_after_every_prefix(
    make_engine: MakeEngine, full_stream: RecordedStream, large: bool
) -> None:
    """The usual run rebuilds after every twelfth record and after the last one: each rebuild reads all before it."""
    live = make_engine(full_stream, cases=1)
    length = len(full_stream.stream)
    for stream_record in full_stream.stream:
        live.apply(stream_record)
        if not large and stream_record.position % 12 and stream_record.position != length:
            continue
        rebuilt = make_engine(full_stream)
        rebuilt.apply_many(full_stream.stream[: stream_record.position])
        assert rebuilt.digest() == live.digest(), list(live.differences(rebuilt))
        assert (rebuilt.position, rebuilt.register) == (live.position, live.register)
        rebuilt.close()


def test_an_engine_restarted_after_every_record_writes_the_same_rows(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    complete_engine = applied(make_engine(full_stream), full_stream)
    for stream_record in full_stream.stream:
        second_engine = make_engine(full_stream, "again.db")
        assert second_engine.position == stream_record.position - 1
        second_engine.apply(stream_record)
        second_engine.close()
    second_engine = make_engine(full_stream, "again.db")
    assert second_engine.register == complete_engine.register
    assert second_engine.digest() == complete_engine.digest()


def test_the_rows_do_not_depend_on_the_batches(make_engine: MakeEngine) -> None:
    story = full(3)
    live, small = applied(make_engine(story), story), make_engine(story, cases=1)
    for n in range(0, len(story.stream), 7):
        small.apply_many(story.stream[n : n + 7])
    assert small.digest() == live.digest()
    assert any(
        originator == case(0) for originator, _ in story.loads
    )  # one case fits, so others were reloaded


# --- order ---------------------------------------------------------------------------------------------------


def test_a_record_applied_before_changes_nothing(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    engine = applied(make_engine(full_stream), full_stream)
    before = engine.digest()
    engine.apply(full_stream.stream[3])
    engine.apply_many(full_stream.stream)
    assert (engine.position, engine.digest()) == (len(full_stream.stream), before)


def test_a_gap_in_the_stream_is_an_error_and_writes_nothing(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    engine = applied(make_engine(full_stream), full_stream, 5)
    before = engine.digest()
    with pytest.raises(InvariantViolation, match="gap: Record 6 is missing"):
        engine.apply(full_stream.stream[6])
    with pytest.raises(InvariantViolation, match="gap"):
        engine.apply_many([full_stream.stream[5], full_stream.stream[7]])
    assert (engine.position, engine.digest()) == (5, before)


@pytest.mark.parametrize("position", [10, 30], ids=["of the register", "of a case"])
def test_a_gap_in_an_originator_is_an_error(
    make_engine: MakeEngine, full_stream: RecordedStream, position: int
) -> None:
    engine = applied(make_engine(full_stream), full_stream, position - 1)
    stream_record = full_stream.stream[position - 1]
    skipped = replace(
        stream_record, record=replace(stream_record.record, version=stream_record.record.version + 1)
    )
    with pytest.raises(InvariantViolation, match="version-gap"):
        engine.apply(skipped)


def test_a_store_that_lacks_applied_records_is_an_error(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    applied(make_engine(full_stream, "read_models.db"), full_stream).close()
    empty = RecordedStream()
    with pytest.raises(InvariantViolation, match="store-lacks-records"):
        make_engine(empty, "read_models.db")


def test_two_writers_are_detected(make_engine: MakeEngine, full_stream: RecordedStream) -> None:
    one, two = (
        make_engine(full_stream, "read_models.db"),
        make_engine(full_stream, "read_models.db", projections=[]),
    )
    one.apply(full_stream.stream[0])
    with pytest.raises(InvariantViolation):
        two.apply(full_stream.stream[0])
    assert two.position == 0


def test_two_writers_are_detected_where_no_row_conflicts(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    engine = make_engine(full_stream, "read_models.db")
    with sqlite3.connect(tmp_path / "read_models.db") as other:
        other.execute("UPDATE head SET position = 7")
    other.close()
    with pytest.raises(InvariantViolation, match="two-writers"):
        engine.apply(full_stream.stream[0])


def test_rows_of_another_edition_are_refused(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    make_engine(full_stream, "read_models.db").close()
    with sqlite3.connect(tmp_path / "read_models.db") as other:
        other.execute("UPDATE head SET edition = 0")
    other.close()
    with pytest.raises(InvariantViolation, match="read-models-of-another-edition"):
        make_engine(full_stream, "read_models.db")


# --- atomic transactions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["apply", "refresh_case", "flush"])
def test_a_kill_inside_a_projection_writes_nothing_of_that_record(
    make_engine: MakeEngine, full_stream: RecordedStream, step: str
) -> None:
    at = position_of(full_stream, "visit_report.submitted")
    engine = make_engine(
        full_stream, "read_models.db", projections=[*standard_projections(), Failing(at, Killed(), step)]
    )
    applied(engine, full_stream, at - 1)
    before = engine.digest()
    with pytest.raises(Killed):
        engine.apply(full_stream.stream[at - 1])
    assert (engine.position, engine.digest()) == (at - 1, before)
    engine.close()
    second_engine = make_engine(full_stream, "read_models.db")
    assert second_engine.position == at - 1
    applied(second_engine, full_stream)
    assert second_engine.digest() == applied(make_engine(full_stream), full_stream).digest()


def test_an_engine_can_apply_a_failed_batch_again(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    failing = Failing(position_of(full_stream, "visit_report.submitted"), Killed())
    engine = make_engine(full_stream, projections=[*standard_projections(), failing])
    with pytest.raises(Killed):
        engine.apply_many(full_stream.stream)
    assert engine.position < failing.at  # what came before a change of the register is written
    failing.at = 0
    engine.apply_many(full_stream.stream)
    assert engine.digest() == applied(make_engine(full_stream), full_stream).digest()


def test_a_stop_of_use_whose_transaction_failed_is_shown_when_it_is_applied_again(
    make_engine: MakeEngine, story: RecordedStream
) -> None:
    """What the failed attempt has followed of the case is forgotten, else nothing would seem to have changed."""
    referral = story.referral(case(0))
    story.send_message(case(0), MED, e.UseStopped, to=[], stops=referral.command_id, reason="UNLAWFUL")
    last = len(story.stream)
    failing = Failing(last, OperationalError("", {}, ValueError()), "flush")
    engine = make_engine(story, projections=[*standard_projections(), failing])
    applied(engine, story, last - 1)
    with pytest.raises(Unavailable, match="read-models-not-writable"):
        engine.apply(story.stream[-1])
    failing.at = 0
    engine.apply(story.stream[-1])
    assert list(engine.differences(applied(make_engine(story), story))) == []


# --- a poisoned record -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["apply", "refresh_case", "flush"])
@pytest.mark.parametrize("batched", [False, True], ids=["one by one", "in a batch"])
def test_a_failing_projection_is_parked_and_the_others_continue(
    make_engine: MakeEngine, full_stream: RecordedStream, step: str, batched: bool
) -> None:
    at = position_of(full_stream, "visit_report.submitted")
    failing = Failing(at, KeyError("x"), step)
    engine = make_engine(full_stream, "read_models.db", projections=[*standard_projections(), failing])
    if batched:
        engine.apply_many(full_stream.stream)
    else:
        applied(engine, full_stream)
    assert (engine.position, engine.parked) == (len(full_stream.stream), {"failing": at})
    assert Queries(engine.reader).head().parked == (("failing", at, "KeyError"),)
    others = [
        d for d in engine.differences(applied(make_engine(full_stream), full_stream)) if d.table != "parked"
    ]
    assert others == []
    engine.close()
    assert make_engine(full_stream, "read_models.db").parked == {"failing": at}


def test_two_projections_can_be_parked_at_one_record(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    second = Failing(5, DataError("", {}, ValueError()), "flush")
    second.name = "second"  # type: ignore[misc]
    engine = make_engine(full_stream, projections=[Failing(5, ValueError()), second, Leaves()])
    applied(engine, full_stream)
    assert engine.parked == {"failing": 5, "second": 5}
    assert Queries(engine.reader).head().parked == (("failing", 5, "ValueError"), ("second", 5, "DataError"))


def test_a_database_that_does_not_answer_parks_nothing(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    failing = Failing(5, OperationalError("", {}, ValueError()))
    engine = make_engine(full_stream, projections=[failing])
    with pytest.raises(Unavailable, match="read-models-not-writable"):
        applied(engine, full_stream)
    assert (engine.position, engine.parked) == (4, {})
    failing.at = 0
    applied(engine, full_stream)
    assert engine.position == len(full_stream.stream)


def test_a_file_that_is_no_database_is_an_error(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    (tmp_path / "read_models.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(InvariantViolation, match="read-models-unusable"):
        make_engine(full_stream, "read_models.db")


# --- following -----------------------------------------------------------------------------------------------------------


def test_waiting_for_a_position_ends_when_its_rows_are_committed(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    engine = make_engine(full_stream)
    go = threading.Event()

    def source() -> Iterator[list[StreamRecord]]:
        yield []
        yield full_stream.stream[:3]
        go.wait()
        yield from ([stream_record] for stream_record in full_stream.stream[3:])

    thread = threading.Thread(target=engine.follow, args=(source(),))
    thread.start()
    assert engine.wait_for(3, 10)
    assert not engine.wait_for(4, 0.01)
    go.set()
    assert engine.wait_for(len(full_stream.stream), 30)
    thread.join()
    assert engine.failure is None


def test_a_stopped_engine_applies_no_further_batch(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    engine = make_engine(full_stream)

    def source() -> Iterator[list[StreamRecord]]:
        yield [full_stream.stream[0]]
        engine.stop()
        yield [full_stream.stream[1]]
        raise AssertionError("the source is read after stop")

    engine.follow(source())
    assert engine.position == 1


def test_an_error_that_ends_following_is_kept_and_ends_waiting(
    make_engine: MakeEngine, full_stream: RecordedStream
) -> None:
    engine = make_engine(full_stream)
    with pytest.raises(InvariantViolation, match="gap"):
        engine.follow([full_stream.stream[1:]])
    assert isinstance(engine.failure, InvariantViolation)
    assert not engine.wait_for(1, 60)
    engine.follow([full_stream.stream])
    assert engine.failure is None
    assert engine.wait_for(len(full_stream.stream), 0)


# --- comparing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "table", "kind"),
    [
        pytest.param("UPDATE disclosures SET basis = 'CWA-25-1'", "disclosures", "CHANGED", id="altered"),
        pytest.param("DELETE FROM tasks", "tasks", "MISSING", id="dropped"),
        pytest.param("INSERT INTO case_parties VALUES ('c', 'a')", "case_parties", "EXTRA", id="added"),
    ],
)
def test_a_row_that_differs_from_its_events_is_reported(
    make_engine: MakeEngine,
    full_stream: RecordedStream,
    tmp_path: Path,
    statement: str,
    table: str,
    kind: str,
) -> None:
    referral_position = position_of(full_stream, "family_information.provided")
    live, rebuilt = (
        applied(make_engine(full_stream, "live.db"), full_stream, referral_position),
        applied(make_engine(full_stream), full_stream, referral_position),
    )
    with sqlite3.connect(tmp_path / "live.db") as other:
        other.execute(statement)
    other.close()
    result = list(live.differences(rebuilt))
    assert {(d.table, d.kind) for d in result} == {(table, kind)}
    assert all(d.key for d in result)
    assert live.digest() != rebuilt.digest()


def test_a_difference_names_the_key(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    live, rebuilt = (
        applied(make_engine(full_stream, "live.db"), full_stream),
        applied(make_engine(full_stream), full_stream),
    )
    with sqlite3.connect(tmp_path / "live.db") as other:
        other.execute("UPDATE leaves SET sha = x'00' WHERE position = 9")
    other.close()
    assert list(live.differences(rebuilt)) == [Difference("leaves", (9,), "CHANGED")]


# --- records of the register -----------------------------------------------------------------------------------------------------


def test_a_refusal_about_a_commission_changes_no_case(make_engine: MakeEngine, story: RecordedStream) -> None:
    engine = applied(make_engine(story), story)
    story.reinstate()  # refused: it is not suspended
    story.registrars(Kind.RULE_BOOK, RULE_BOOK_ID, story.records[RULE_BOOK_ID][0].event)
    story.put(About(Kind.LOG, HUB_ID), HubFounded(mode="REHEARSAL"))
    applied(engine, story)
    assert engine.parked == {}
    assert engine.tables == sorted(engine.tables, key=lambda t: t.name)


def test_a_projection_may_override_nothing(make_engine: MakeEngine, full_stream: RecordedStream) -> None:
    class Idle(Projection):
        name = "idle"
        tables = ()

    assert applied(make_engine(full_stream, projections=[Idle()]), full_stream).position == len(
        full_stream.stream
    )
