"""SC-1, SC-3 and SC-4 through the pages alone, with JavaScript and without: what each agency can read is as the story says."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from gateway.audit.verification import Verification, Verifier
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.demo import pages_app
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.setup import set_up
from gateway.rehearsal.scenario.story import Story, read_story
from tests.browser.door_user import DoorUser
from tests.browser.stories_by_pages import StoryByPages
from tests.browser.test_pages import browser, pytestmark  # noqa: F401 (the same browser, the same conditions)

STORIES = Path(__file__).parents[1] / "scenarios"


def play_by_pages(browser: Any, story: Story, folder: Path, *, scripts: bool) -> dict[str, Any]:  # noqa: F811
    started = monotonic()
    with open_rehearsal_hub(folder, start_of(story)) as hub:
        run = Run(story, hub, progress=lambda what: print(f"{monotonic() - started:6.1f} {what}"))
        set_up(run)
        with ServedApp(pages_app(hub, Verification())) as served:
            users = {
                a.code: DoorUser(browser, f"{served.url}/agency/{a.code}/", scripts=scripts)
                for a in story.doors()
            }
            for user in users.values():
                user.page.goto(user.url)
            by_pages = StoryByPages(run, users)
            held = by_pages.play()
            unexpected = {code: user.unexpected for code, user in users.items() if user.unexpected}
        print(monotonic() - started, by_pages.openings, by_pages.sent)
        for c in [*run.checks, *run.probe_checks]:
            if not c.ok:
                print(c)
        for h in held:
            print(h)
        print(run.problems)
        assert unexpected == {}
        return {}


@pytest.mark.parametrize("story", ["sc-1", "sc-3", "sc-4"])
@pytest.mark.parametrize("scripts", [False, True])
def test_a_story_by_pages(browser, tmp_path, story, scripts):  # noqa: F811
    play_by_pages(browser, read_story(STORIES / f"{story}.yaml"), tmp_path / "hub", scripts=scripts)
