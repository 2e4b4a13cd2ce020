"""Views made anew from the stream, beside the old ones, and put in their place only when they are whole."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from domain.errors import InvariantViolation
from projections.engine import Engine, Load, standard_projections
from projections.projection import Projection
from projections.stream_record import StreamRecord

Source = Callable[[int], Iterable[StreamRecord]]
"""``source(after)``: the records after this position, in order, up to the head of the stream."""

Progress = Callable[[int], None]
"""Told the position after each batch. What it raises stops the work; the next call goes on from there."""


def fill(engine: Engine, source: Source, *, progress: Progress | None = None, size: int = 500) -> None:
    """Apply all that comes after the engine's position, ``size`` records a transaction."""
    for batch in _batches(source(engine.position), size):
        engine.apply_many(batch)
        if progress is not None:
            progress(engine.position)


def rebuild(
    path: Path,
    source: Source,
    load: Load,
    *,
    projections: Callable[[], Sequence[Projection]] = standard_projections,
    progress: Progress | None = None,
    size: int = 500,
) -> int:
    """Make the SQLite views at ``path`` anew and return their position. Nothing may have ``path`` open meanwhile.

    They grow in ``<path>.rebuild``: stopped at any instant, the work goes on there when called again, and
    ``path`` has the old views until it has the new ones.
    """
    rebuild_path = path.with_name(path.name + ".rebuild")
    engine = _resume_or_create(rebuild_path, load, projections)
    try:
        fill(engine, source, progress=progress, size=size)
        position = engine.position
    finally:
        engine.close()
    _checkpoint_and_sync(rebuild_path)
    _delete_wal(path)
    os.replace(rebuild_path, path)
    _fsync(path.parent)
    return position


def _resume_or_create(
    rebuild_path: Path, load: Load, projections: Callable[[], Sequence[Projection]]
) -> Engine:
    """What was begun before, or a new beginning where that can't be gone on with."""
    engine = Engine(rebuild_path, load, projections=projections())
    try:
        engine.start()
    except InvariantViolation:
        engine.close()
        _delete_wal(rebuild_path)
        rebuild_path.unlink()
        engine = Engine(rebuild_path, load, projections=projections())
        engine.start()
    return engine


def _checkpoint_and_sync(path: Path) -> None:
    """Everything into the one file, and that to the disk."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()
    _fsync(path)


def _delete_wal(path: Path) -> None:
    """An old write-ahead log must never be read into a new file."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _batches(source: Iterable[StreamRecord], size: int) -> Iterator[list[StreamRecord]]:
    remaining = iter(source)
    while next_batch := list(islice(remaining, size)):
        yield next_batch
