"""Views made anew: whole or not at all, and gone on with where they were stopped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import InvariantViolation
from projections.rebuild import fill, rebuild
from projections.stream_record import StreamRecord
from tests.projections.conftest import MakeEngine
from tests.projections.kit import RecordedStream


class Stopped(Exception):
    """Somebody does not want to wait any longer."""


class Stream:
    """A source that remembers from where it was asked."""

    def __init__(self, story: RecordedStream) -> None:
        self.story = story
        self.started_after: list[int] = []

    def __call__(self, after: int) -> Iterator[StreamRecord]:
        self.started_after.append(after)
        yield from self.story.stream[after:]


def test_rebuilt_views_take_the_place_of_the_old_ones(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    live = make_engine(full_stream, "views.db")
    fill(live, Stream(full_stream))
    expected = live.digest()
    live.close()
    with sqlite3.connect(tmp_path / "views.db") as other:
        other.execute("DELETE FROM disclosures")
    other.close()
    progress_positions: list[int] = []
    position = rebuild(
        tmp_path / "views.db",
        Stream(full_stream),
        full_stream.load,
        progress=progress_positions.append,
        size=20,
    )
    assert position == len(full_stream.stream)
    assert progress_positions == [*range(20, len(full_stream.stream), 20), len(full_stream.stream)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["views.db"]
    assert make_engine(full_stream, "views.db").digest() == expected


def test_a_rebuild_that_was_stopped_goes_on_where_it_was(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    path = tmp_path / "views.db"
    source = Stream(full_stream)

    def stop(position: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        rebuild(path, source, full_stream.load, progress=stop, size=20)
    assert not path.exists()
    with pytest.raises(Stopped):
        rebuild(path, source, full_stream.load, progress=stop, size=20)
    rebuild(path, source, full_stream.load)
    assert source.started_after == [0, 20, 40]
    complete_engine = make_engine(full_stream)
    fill(complete_engine, source)
    assert make_engine(full_stream, "views.db").digest() == complete_engine.digest()


def test_until_the_new_views_are_whole_the_old_ones_stand(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    old = make_engine(full_stream, "views.db")
    fill(old, lambda after: full_stream.stream[after:5])
    before = old.digest()
    old.close()
    with pytest.raises(InvariantViolation, match="gap"):
        rebuild(tmp_path / "views.db", lambda after: full_stream.stream[after + 1 :], full_stream.load)
    assert make_engine(full_stream, "views.db").digest() == before


def test_what_can_not_be_gone_on_with_is_begun_anew(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    (tmp_path / "views.db.rebuild").write_bytes(b"no database at all" * 100)
    source = Stream(full_stream)
    rebuild(tmp_path / "views.db", source, full_stream.load)
    assert source.started_after == [0]
    assert make_engine(full_stream, "views.db").position == len(full_stream.stream)


def test_an_old_log_is_never_read_into_new_views(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    (tmp_path / "views.db-wal").write_bytes(b"left behind by a crash")
    rebuild(tmp_path / "views.db", Stream(full_stream), full_stream.load)
    assert not (tmp_path / "views.db-wal").exists()
    assert make_engine(full_stream, "views.db").position == len(full_stream.stream)
