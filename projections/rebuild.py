"""Views made anew from the stream, beside the old ones, and put in their place only when they are whole."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from domain.errors import Broken
from projections.engine import Engine, Load, standard_views
from projections.projection import View
from projections.stored import Stored

Source = Callable[[int], Iterable[Stored]]
"""``source(after)``: the records after this position, in order, up to the head of the stream."""

Progress = Callable[[int], None]
"""Told the position after each batch. What it raises stops the work; the next call goes on from there."""


def fill(engine: Engine, source: Source, *, progress: Progress | None = None, size: int = 500) -> None:
    """Apply all that comes after the engine's position, ``size`` records a transaction."""
    for batch in _chunks(source(engine.position), size):
        engine.apply_many(batch)
        if progress is not None:
            progress(engine.position)


def rebuild(
    path: Path,
    source: Source,
    load: Load,
    *,
    projections: Callable[[], Sequence[View]] = standard_views,
    progress: Progress | None = None,
    size: int = 500,
) -> int:
    """Make the SQLite views at ``path`` anew and return their position. Nothing may have ``path`` open meanwhile.

    They grow in ``<path>.rebuild``: stopped at any instant, the work goes on there when called again, and
    ``path`` has the old views until it has the new ones.
    """
    growing = path.with_name(path.name + ".rebuild")
    engine = _begun(growing, load, projections)
    try:
        fill(engine, source, progress=progress, size=size)
        position = engine.position
    finally:
        engine.close()
    _settle(growing)
    _clear_log(path)
    os.replace(growing, path)
    _sync(path.parent)
    return position


def _begun(growing: Path, load: Load, projections: Callable[[], Sequence[View]]) -> Engine:
    """What was begun before, or a new beginning where that can't be gone on with."""
    engine = Engine(growing, load, projections=projections())
    try:
        engine.start()
    except Broken:
        engine.close()
        _clear_log(growing)
        growing.unlink()
        engine = Engine(growing, load, projections=projections())
        engine.start()
    return engine


def _settle(path: Path) -> None:
    """Everything into the one file, and that to the disk."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()
    _sync(path)


def _clear_log(path: Path) -> None:
    """An old write-ahead log must never be read into a new file."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _chunks(source: Iterable[Stored], size: int) -> Iterator[list[Stored]]:
    rest = iter(source)
    while chunk := list(islice(rest, size)):
        yield chunk
