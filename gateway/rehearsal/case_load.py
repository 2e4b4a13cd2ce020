"""The case load of the demo: SC-1, which ended a while ago, and then a dozen families as they are today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from domain.calendar import day_of
from gateway.rehearsal.scenario.player import play_step
from gateway.rehearsal.scenario.relative_days import from_today, moved
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import Story, raw_story, story_of

STORIES = Path(__file__).parent / "scenario" / "stories"
FIRST_STORY = STORIES / "sc-1.yaml"
CASE_LOAD = STORIES / "case-load.yaml"
_END_OF_FIRST, _DAYS_OF_LOAD, _WEEK = date(2025, 10, 29), 95, 7


def stories_for(now: datetime) -> tuple[Story, Story]:
    """SC-1 moved by whole weeks to before the case load, with all agencies of both; and the case load, as of ``now``."""
    load = from_today(raw_story(CASE_LOAD), now)
    weeks = ((day_of(now) - _END_OF_FIRST).days - _DAYS_OF_LOAD) // _WEEK
    first: dict[str, Any] = moved(raw_story(FIRST_STORY), weeks * _WEEK)
    first["agencies"] = {**first["agencies"], **load["agencies"]}
    return story_of(first, FIRST_STORY), story_of(load, CASE_LOAD)


def play_case_load(first: Run, load: Story, progress: Callable[[str], None]) -> Run:
    """Play the case load after another story, on its hub and by its agencies. Its ``problems`` say what went otherwise."""
    run = replace(
        first,
        story=load,
        case=uuid4(),
        messages={},
        held={},
        written=[],
        consents={},
        children={},
        problems=[],
        checks=[],
        refused=set(),
        other_family_cases={},
        progress=progress,
    )
    for step in load.steps:
        run.rehearsal_hub.set_clock(step.at)
        play_step(run, step)
    return run


def until_now(run: Run, now: datetime) -> None:
    """Bring the hub's clock to ``now``, so that what is late today is late on every page."""
    run.rehearsal_hub.set_clock(max(now, run.rehearsal_hub.now() + timedelta(seconds=1)))
    run.rehearsal_hub.complete_rewrap_duties()
