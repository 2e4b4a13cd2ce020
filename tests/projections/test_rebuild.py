"""Rebuilt rows replace the old ones completely or not at all, and a stopped rebuild resumes."""

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
    """Raised to stop a rebuild."""


class Stream:
    """A source that notes the positions after which it was read."""

    def __init__(self, story: RecordedStream) -> None:
        self.story = story
        self.started_after: list[int] = []

    def __call__(self, after: int) -> Iterator[StreamRecord]:
        self.started_after.append(after)
        yield from self.story.stream[after:]


def test_rebuilt_rows_replace_the_old_ones(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    live = make_engine(full_stream, "read_models.db")
    fill(live, Stream(full_stream))
    expected = live.digest()
    live.close()
    with sqlite3.connect(tmp_path / "read_models.db") as other:
        other.execute("DELETE FROM disclosures")
    other.close()
    progress_positions: list[int] = []
    position = rebuild(
        tmp_path / "read_models.db",
        Stream(full_stream),
        full_stream.load,
        progress=progress_positions.append,
        size=20,
    )
    assert position == len(full_stream.stream)
    assert progress_positions == [*range(20, len(full_stream.stream), 20), len(full_stream.stream)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["read_models.db"]
    assert make_engine(full_stream, "read_models.db").digest() == expected


def test_a_stopped_rebuild_resumes(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    path = tmp_path / "read_models.db"
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
    assert make_engine(full_stream, "read_models.db").digest() == complete_engine.digest()


def test_a_failed_rebuild_keeps_the_old_rows(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    old = make_engine(full_stream, "read_models.db")
    fill(old, lambda after: full_stream.stream[after:5])
    before = old.digest()
    old.close()
    with pytest.raises(InvariantViolation, match="gap"):
        rebuild(tmp_path / "read_models.db", lambda after: full_stream.stream[after + 1 :], full_stream.load)
    assert make_engine(full_stream, "read_models.db").digest() == before


def test_an_unusable_rebuild_file_is_replaced(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    (tmp_path / "read_models.db.rebuild").write_bytes(b"no database at all" * 100)
    source = Stream(full_stream)
    rebuild(tmp_path / "read_models.db", source, full_stream.load)
    assert source.started_after == [0]
    assert make_engine(full_stream, "read_models.db").position == len(full_stream.stream)


def test_an_old_write_ahead_log_is_not_applied_to_rebuilt_rows(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    (tmp_path / "read_models.db-wal").write_bytes(b"left behind by a crash")
    rebuild(tmp_path / "read_models.db", Stream(full_stream), full_stream.load)
    assert not (tmp_path / "read_models.db-wal").exists()
    assert make_engine(full_stream, "read_models.db").position == len(full_stream.stream)
