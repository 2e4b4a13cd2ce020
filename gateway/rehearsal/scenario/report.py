"""The result of a run: every view, every sentence, and whether all of it is as the story says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from domain.calendar import JST
from gateway.rehearsal.scenario.must_hold import SentenceResult, evaluate_sentences, probes
from gateway.rehearsal.scenario.player import play_story
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, open_rehearsal_hub
from gateway.rehearsal.scenario.run import Check, Run
from gateway.rehearsal.scenario.story import Story

CLOCK_LEAD = timedelta(hours=1)


@dataclass
class Report:
    """One story's result."""

    story: Story
    checks: list[Check] = field(default_factory=list)
    held: list[SentenceResult] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether all steps, views and sentences are as the story says (a sentence that can't be checked does not count)."""
        return (
            not self.problems and all(c.ok for c in self.checks) and all(h.ok is not False for h in self.held)
        )

    def to_json(self) -> dict[str, Any]:
        """The public form."""
        return {
            "id": self.story.id,
            "ok": self.ok,
            "reasons": self.problems,
            "checks": [
                {
                    "at": c.at.astimezone(JST).isoformat(),
                    "agency": c.agency,
                    "openable": c.openable,
                    "expected": c.expected,
                    "ok": c.ok,
                    **({"wrong": c.wrong} if c.wrong else {}),
                }
                for c in self.checks
            ],
            "must_hold": [{"text": h.text, "ok": h.ok, "how": h.how} for h in self.held],
        }


def play(
    story: Story, rehearsal_hub: RehearsalHub, progress: Callable[[str], None] = lambda _: None
) -> tuple[Run, Report]:
    """Play a story on a rehearsal hub."""
    run = Run(story, rehearsal_hub, progress=progress)
    run.extra_probes = [(p.at, p.agency) for p in probes(run)]
    play_story(run)
    return run, Report(story, run.checks, evaluate_sentences(run), run.problems)


def play_on_new_hub(story: Story, progress: Callable[[str], None] = lambda _: None) -> Report:
    """Play a story on a fresh rehearsal hub that is deleted afterwards."""
    with (
        TemporaryDirectory(prefix="kakehashi-") as folder,
        open_rehearsal_hub(Path(folder) / "hub", start_of(story)) as rehearsal_hub,
    ):
        return play(story, rehearsal_hub, progress)[1]


def start_of(story: Story) -> Any:
    """The time at which the rehearsal's clock starts."""
    times = [s.at for s in story.steps] + [c.since for c in story.contractors.values()]
    return min(times) - CLOCK_LEAD
