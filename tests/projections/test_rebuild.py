"""Views made anew: whole or not at all, and gone on with where they were stopped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import Broken
from projections.rebuild import fill, rebuild
from projections.stored import Stored
from tests.projections.conftest import Make
from tests.projections.kit import Story


class Stopped(Exception):
    """Somebody does not want to wait any longer."""


class Stream:
    """A source that remembers from where it was asked."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.asked: list[int] = []

    def __call__(self, after: int) -> Iterator[Stored]:
        self.asked.append(after)
        yield from self.story.stream[after:]


def test_rebuilt_views_take_the_place_of_the_old_ones(make: Make, life: Story, tmp_path: Path) -> None:
    live = make(life, "views.db")
    fill(live, Stream(life))
    wanted = live.digest()
    live.close()
    with sqlite3.connect(tmp_path / "views.db") as other:
        other.execute("DELETE FROM disclosures")
    other.close()
    told: list[int] = []
    position = rebuild(tmp_path / "views.db", Stream(life), life.load, progress=told.append, size=20)
    assert position == len(life.stream)
    assert told == [*range(20, len(life.stream), 20), len(life.stream)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["views.db"]
    assert make(life, "views.db").digest() == wanted


def test_a_rebuild_that_was_stopped_goes_on_where_it_was(make: Make, life: Story, tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    source = Stream(life)

    def stop(position: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        rebuild(path, source, life.load, progress=stop, size=20)
    assert not path.exists()
    with pytest.raises(Stopped):
        rebuild(path, source, life.load, progress=stop, size=20)
    rebuild(path, source, life.load)
    assert source.asked == [0, 20, 40]
    whole = make(life)
    fill(whole, source)
    assert make(life, "views.db").digest() == whole.digest()


def test_until_the_new_views_are_whole_the_old_ones_stand(make: Make, life: Story, tmp_path: Path) -> None:
    old = make(life, "views.db")
    fill(old, lambda after: life.stream[after:5])
    before = old.digest()
    old.close()
    with pytest.raises(Broken, match="gap"):
        rebuild(tmp_path / "views.db", lambda after: life.stream[after + 1 :], life.load)
    assert make(life, "views.db").digest() == before


def test_what_can_not_be_gone_on_with_is_begun_anew(make: Make, life: Story, tmp_path: Path) -> None:
    (tmp_path / "views.db.rebuild").write_bytes(b"no database at all" * 100)
    source = Stream(life)
    rebuild(tmp_path / "views.db", source, life.load)
    assert source.asked == [0]
    assert make(life, "views.db").position == len(life.stream)


def test_an_old_log_is_never_read_into_new_views(make: Make, life: Story, tmp_path: Path) -> None:
    (tmp_path / "views.db-wal").write_bytes(b"left behind by a crash")
    rebuild(tmp_path / "views.db", Stream(life), life.load)
    assert not (tmp_path / "views.db-wal").exists()
    assert make(life, "views.db").position == len(life.stream)
