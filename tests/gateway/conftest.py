"""A case in progress on a real hub, for tests of pages and the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.agency.web.waiting import HubTimeLimits
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import read_story

STORY = Path(__file__).parents[1] / "scenarios" / "sc-1.yaml"


@pytest.fixture(autouse=True)
def _slow_is_not_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests share a machine with others: a page waits longer than a person would, where the test sets no limit itself."""
    limits = HubTimeLimits(page=30.0, send=30.0, system=30.0)
    monkeypatch.setattr(HubTimeLimits, "default", classmethod(lambda cls, mode: limits))


@pytest.fixture(scope="module")
def case_in_progress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """SC-1 up to the answered request of August: with plan, contractor and visits."""
    story = read_story(STORY)
    story = replace(story, steps=tuple(s for s in story.steps if s.n <= 23), expects=(), must_hold=())
    story = replace(story, contractors={c: replace(w, until=None) for c, w in story.contractors.items()})
    with open_rehearsal_hub(tmp_path_factory.mktemp("case") / "hub", start_of(story)) as rehearsal_hub:
        run, report = play(story, rehearsal_hub)
        assert report.problems == []
        rehearsal_hub.complete_rewrap_duties()
        yield run
