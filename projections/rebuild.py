"""Rebuilding rows from the stream: into a second database, which replaces the first only when it is complete."""

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
"""Called with the position after each batch. An exception stops the rebuild; the next call resumes it there."""


def fill(engine: Engine, source: Source, *, progress: Progress | None = None, size: int = 500) -> None:
    """Apply all records after the engine's position, ``size`` records in each transaction."""
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
    """Rebuild the SQLite database at ``path`` and return its position. Nothing may have ``path`` open meanwhile.

    The rows are written to ``<path>.rebuild``: a rebuild that was stopped resumes there, and ``path`` keeps the old rows
    until it is replaced.
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
    """The database of a stopped rebuild, or a new one where that can't be resumed."""
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
    """Move everything into the one file, and sync it to disk."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()
    _fsync(path)


def _delete_wal(path: Path) -> None:
    """Delete the old write-ahead log: SQLite must not apply it to the new file."""
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
