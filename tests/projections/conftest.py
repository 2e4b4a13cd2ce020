"""Stories and engines for the tests of projections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from projections.engine import Engine
from projections.queries import Queries
from tests.projections.kit import Story, full

Make = Callable[..., Engine]


@pytest.fixture(scope="session")
def life() -> Story:
    """One family's whole story. Not to be added to."""
    return full(1)


@pytest.fixture
def story() -> Story:
    """A town whose contractor is ready."""
    return Story().town().contractor()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Engines on files of their own, or on one named; closed in the end."""
    made: list[Engine] = []

    def engine(story: Story, name: str | None = None, **options: Any) -> Engine:
        path = tmp_path / (name or f"views-{len(made)}.db")
        made.append(Engine(path, story.load, **options))
        made[-1].start()
        return made[-1]

    yield engine
    for each in made:
        each.close()


@pytest.fixture
def read(make: Make) -> Callable[[Story], Queries]:
    """The rows of a story as it stands."""

    def queries(story: Story) -> Queries:
        engine = make(story)
        for stored in story.stream:
            engine.apply(stored)
        assert engine.parked == {}
        return Queries(engine.reader)

    return queries
