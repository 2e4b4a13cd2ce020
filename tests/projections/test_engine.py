"""The engine: rows and position together, rebuilt equal to live, faults kept where they belong."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, OperationalError

from domain.errors import Broken, Unavailable
from domain.events import HubFounded, Kind
from domain.record import About
from domain.world import World
from projections.engine import Difference, Engine, standard_views
from projections.leaves import Leaves
from projections.projection import View
from projections.queries import Queries
from projections.stored import Stored
from tests.projections.conftest import Make
from tests.projections.kit import BOOK, HUB_ID, Story, case, full


class Killed(BaseException):
    """What no code catches."""


class Failing(View):
    """A view that fails on one record, in one of its three steps."""

    name = "failing"
    tables = ()

    def __init__(self, at: int, error: BaseException, step: str = "see") -> None:
        super().__init__()
        self.at, self.error, self.step = at, error, step
        self.saw: list[int] = []  # in this transaction

    def see(self, db: Connection, stored: Stored, world: World | None) -> None:
        self.saw.append(stored.position)
        self._do("see", stored.position)

    def review(self, db: Connection, stored: Stored, world: World) -> None:
        self._do("review", stored.position)

    def flush(self, db: Connection) -> None:
        for position in self.saw:
            self._do("flush", position)

    def settle(self, *, kept: bool) -> None:
        self.saw.clear()

    def _do(self, step: str, position: int) -> None:
        if step == self.step and position == self.at:
            raise self.error


def applied(engine: Engine, story: Story, upto: int | None = None) -> Engine:
    for stored in story.stream[:upto]:
        engine.apply(stored)
    return engine


def place(story: Story, topic: str) -> int:
    """The position of the first record of this topic."""
    return next(stored.position for stored in story.stream if stored.record.topic == topic)


# --- rebuilt equals live (I4) --------------------------------------------------------------------------------


def test_rebuilt_equals_live_after_every_prefix(make: Make, life: Story) -> None:
    live = make(life, cases=1)
    for stored in life.stream:
        live.apply(stored)
        rebuilt = make(life)
        rebuilt.apply_many(life.stream[: stored.position])
        assert rebuilt.digest() == live.digest(), list(live.differences(rebuilt))
        assert (rebuilt.position, rebuilt.register) == (live.position, live.register)
        rebuilt.close()


def test_an_engine_started_again_after_every_record_makes_the_same_rows(make: Make, life: Story) -> None:
    whole = applied(make(life), life)
    for stored in life.stream:
        again = make(life, "again.db")
        assert again.position == stored.position - 1
        again.apply(stored)
        again.close()
    again = make(life, "again.db")
    assert again.register == whole.register
    assert again.digest() == whole.digest()


def test_however_it_is_batched_the_rows_are_the_same(make: Make) -> None:
    story = full(3)
    live, small = applied(make(story), story), make(story, cases=1)
    for n in range(0, len(story.stream), 7):
        small.apply_many(story.stream[n : n + 7])
    assert small.digest() == live.digest()
    assert any(
        originator == case(0) for originator, _ in story.loads
    )  # one case fits, so others were reloaded


# --- order ---------------------------------------------------------------------------------------------------


def test_a_record_applied_before_changes_nothing(make: Make, life: Story) -> None:
    engine = applied(make(life), life)
    before = engine.digest()
    engine.apply(life.stream[3])
    engine.apply_many(life.stream)
    assert (engine.position, engine.digest()) == (len(life.stream), before)


def test_a_gap_in_the_stream_is_broken_and_writes_nothing(make: Make, life: Story) -> None:
    engine = applied(make(life), life, 5)
    before = engine.digest()
    with pytest.raises(Broken, match="gap: record 6 is missing"):
        engine.apply(life.stream[6])
    with pytest.raises(Broken, match="gap"):
        engine.apply_many([life.stream[5], life.stream[7]])
    assert (engine.position, engine.digest()) == (5, before)


@pytest.mark.parametrize("position", [10, 30], ids=["of the register", "of a case"])
def test_a_gap_in_an_originator_is_broken(make: Make, life: Story, position: int) -> None:
    engine = applied(make(life), life, position - 1)
    stored = life.stream[position - 1]
    skipped = replace(stored, record=replace(stored.record, version=stored.record.version + 1))
    with pytest.raises(Broken, match="version-gap"):
        engine.apply(skipped)


def test_a_store_that_lacks_what_the_views_have_read_is_broken(make: Make, life: Story) -> None:
    applied(make(life, "views.db"), life).close()
    empty = Story()
    with pytest.raises(Broken, match="store-lacks-records"):
        make(empty, "views.db")


def test_two_writers_are_found(make: Make, life: Story) -> None:
    one, two = make(life, "views.db"), make(life, "views.db", projections=[])
    one.apply(life.stream[0])
    with pytest.raises(Broken):
        two.apply(life.stream[0])
    assert two.position == 0


def test_two_writers_are_found_even_where_no_row_clashes(make: Make, life: Story, tmp_path: Path) -> None:
    engine = make(life, "views.db")
    with sqlite3.connect(tmp_path / "views.db") as other:
        other.execute("UPDATE head SET position = 7")
    other.close()
    with pytest.raises(Broken, match="two-writers"):
        engine.apply(life.stream[0])


def test_views_of_another_edition_are_refused(make: Make, life: Story, tmp_path: Path) -> None:
    make(life, "views.db").close()
    with sqlite3.connect(tmp_path / "views.db") as other:
        other.execute("UPDATE head SET edition = 0")
    other.close()
    with pytest.raises(Broken, match="views-of-another-edition"):
        make(life, "views.db")


# --- together or not at all ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["see", "review", "flush"])
def test_killed_inside_a_projection_nothing_of_that_record_is_there(
    make: Make, life: Story, step: str
) -> None:
    at = place(life, "visit_report.submitted")
    engine = make(life, "views.db", projections=[*standard_views(), Failing(at, Killed(), step)])
    applied(engine, life, at - 1)
    before = engine.digest()
    with pytest.raises(Killed):
        engine.apply(life.stream[at - 1])
    assert (engine.position, engine.digest()) == (at - 1, before)
    engine.close()
    again = make(life, "views.db")
    assert again.position == at - 1
    applied(again, life)
    assert again.digest() == applied(make(life), life).digest()


def test_after_a_failed_batch_the_same_engine_goes_on(make: Make, life: Story) -> None:
    failing = Failing(place(life, "visit_report.submitted"), Killed())
    engine = make(life, projections=[*standard_views(), failing])
    with pytest.raises(Killed):
        engine.apply_many(life.stream)
    assert engine.position == 0
    failing.at = 0
    engine.apply_many(life.stream)
    assert engine.digest() == applied(make(life), life).digest()


# --- a poisoned record -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["see", "review", "flush"])
@pytest.mark.parametrize("batched", [False, True], ids=["one by one", "in a batch"])
def test_a_record_that_a_view_fails_on_parks_that_view_alone(
    make: Make, life: Story, step: str, batched: bool
) -> None:
    at = place(life, "visit_report.submitted")
    failing = Failing(at, KeyError("x"), step)
    engine = make(life, "views.db", projections=[*standard_views(), failing])
    if batched:
        engine.apply_many(life.stream)
    else:
        applied(engine, life)
    assert (engine.position, engine.parked) == (len(life.stream), {"failing": at})
    assert Queries(engine.reader).head().parked == (("failing", at, "KeyError"),)
    others = [d for d in engine.differences(applied(make(life), life)) if d.table != "parked"]
    assert others == []
    engine.close()
    assert make(life, "views.db").parked == {"failing": at}


def test_two_views_may_fail_on_one_record(make: Make, life: Story) -> None:
    second = Failing(5, DataError("", {}, ValueError()), "flush")
    second.name = "second"  # type: ignore[misc]
    engine = make(life, projections=[Failing(5, ValueError()), second, Leaves()])
    applied(engine, life)
    assert engine.parked == {"failing": 5, "second": 5}
    assert Queries(engine.reader).head().parked == (("failing", 5, "ValueError"), ("second", 5, "DataError"))


def test_a_database_that_does_not_answer_parks_nothing(make: Make, life: Story) -> None:
    failing = Failing(5, OperationalError("", {}, ValueError()))
    engine = make(life, projections=[failing])
    with pytest.raises(Unavailable, match="views-not-writable"):
        applied(engine, life)
    assert (engine.position, engine.parked) == (4, {})
    failing.at = 0
    applied(engine, life)
    assert engine.position == len(life.stream)


def test_a_file_that_is_no_database_is_broken(make: Make, life: Story, tmp_path: Path) -> None:
    (tmp_path / "views.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(Broken, match="views-unusable"):
        make(life, "views.db")


# --- following -----------------------------------------------------------------------------------------------------------


def test_who_waits_for_a_position_reads_its_own_writes(make: Make, life: Story) -> None:
    engine = make(life)
    go = threading.Event()

    def source() -> Iterator[list[Stored]]:
        yield []
        yield life.stream[:3]
        go.wait()
        yield from ([stored] for stored in life.stream[3:])

    thread = threading.Thread(target=engine.follow, args=(source(),))
    thread.start()
    assert engine.wait_for(3, 10)
    assert not engine.wait_for(4, 0.01)
    go.set()
    assert engine.wait_for(len(life.stream), 30)
    thread.join()
    assert engine.failure is None


def test_a_stopped_engine_follows_no_further(make: Make, life: Story) -> None:
    engine = make(life)

    def source() -> Iterator[list[Stored]]:
        yield [life.stream[0]]
        engine.stop()
        yield [life.stream[1]]
        raise AssertionError("nobody asks for more")

    engine.follow(source())
    assert engine.position == 1


def test_what_ends_following_is_kept_and_wakes_who_waits(make: Make, life: Story) -> None:
    engine = make(life)
    with pytest.raises(Broken, match="gap"):
        engine.follow([life.stream[1:]])
    assert isinstance(engine.failure, Broken)
    assert not engine.wait_for(1, 60)
    engine.follow([life.stream])
    assert engine.failure is None
    assert engine.wait_for(len(life.stream), 0)


# --- comparing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "table", "kind"),
    [
        pytest.param("UPDATE disclosures SET basis = 'CWA-25-1'", "disclosures", "CHANGED", id="altered"),
        pytest.param("DELETE FROM tasks", "tasks", "MISSING", id="dropped"),
        pytest.param("INSERT INTO case_parties VALUES ('c', 'a')", "case_parties", "EXTRA", id="slipped in"),
    ],
)
def test_a_row_that_differs_from_its_facts_is_named(
    make: Make, life: Story, tmp_path: Path, statement: str, table: str, kind: str
) -> None:
    told = place(life, "family_information.provided")
    live, rebuilt = applied(make(life, "live.db"), life, told), applied(make(life), life, told)
    with sqlite3.connect(tmp_path / "live.db") as other:
        other.execute(statement)
    other.close()
    found = list(live.differences(rebuilt))
    assert {(d.table, d.kind) for d in found} == {(table, kind)}
    assert all(d.key for d in found)
    assert live.digest() != rebuilt.digest()


def test_a_difference_names_the_key(make: Make, life: Story, tmp_path: Path) -> None:
    live, rebuilt = applied(make(life, "live.db"), life), applied(make(life), life)
    with sqlite3.connect(tmp_path / "live.db") as other:
        other.execute("UPDATE leaves SET sha = x'00' WHERE position = 9")
    other.close()
    assert list(live.differences(rebuilt)) == [Difference("leaves", (9,), "CHANGED")]


# --- what a wish about the register can leave behind --------------------------------------------------------------------------


def test_a_refusal_about_a_commission_changes_no_case(make: Make, story: Story) -> None:
    engine = applied(make(story), story)
    story.reinstate()  # refused: it is not suspended
    story.registry(Kind.RULE_BOOK, BOOK, story.records[BOOK][0].fact)
    story.put(About(Kind.LOG, HUB_ID), HubFounded(mode="REHEARSAL"))
    applied(engine, story)
    assert engine.parked == {}
    assert engine.tables == sorted(engine.tables, key=lambda t: t.name)


def test_a_view_that_does_nothing_is_a_view(make: Make, life: Story) -> None:
    class Idle(View):
        name = "idle"
        tables = ()

    assert applied(make(life, projections=[Idle()]), life).position == len(life.stream)
