"""Stories and engines for the tests of projections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from projections.engine import Engine
from projections.queries import Queries
from tests.projections.kit import RecordedStream, full

MakeEngine = Callable[..., Engine]


@pytest.fixture(scope="session")
def full_stream() -> RecordedStream:
    """The complete story of one family. Shared, so tests must not add to it."""
    return full(1)


@pytest.fixture
def story() -> RecordedStream:
    """A municipality whose contractor is ready."""
    return RecordedStream().set_up_agencies().contractor()


@pytest.fixture
def make_engine(tmp_path: Path) -> Iterator[MakeEngine]:
    """Makes engines on a new or a named file, and closes them at the end."""
    engines: list[Engine] = []

    def engine(story: RecordedStream, name: str | None = None, **options: Any) -> Engine:
        path = tmp_path / (name or f"views-{len(engines)}.db")
        engines.append(Engine(path, story.load, **options))
        engines[-1].start()
        return engines[-1]

    yield engine
    for opened_engine in engines:
        opened_engine.close()


@pytest.fixture
def read(make_engine: MakeEngine) -> Callable[[RecordedStream], Queries]:
    """Makes queries over the rows of a story so far."""

    def queries(story: RecordedStream) -> Queries:
        engine = make_engine(story)
        for stream_record in story.stream:
            engine.apply(stream_record)
        assert engine.parked == {}
        return Queries(engine.reader)

    return queries
