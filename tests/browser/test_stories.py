"""SC-1, SC-3 and SC-4 through the pages alone, with JavaScript and without: what each agency reads is as the story says.

``--large`` plays SC-1 without JavaScript up to the day on which the support begins, and all of the three, both ways,
and writes what came of it to RESULT.md.
"""

from __future__ import annotations

import re
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
from gateway.rehearsal.scenario.must_hold import SentenceResult
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, open_rehearsal_hub
from gateway.rehearsal.scenario.report import start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.setup import set_up
from gateway.rehearsal.scenario.story import Story, read_story
from tests.browser.door_user import DoorUser
from tests.browser.stories_by_pages import StoryByPages
from tests.browser.test_pages import browser  # noqa: F401 (the same browser)
from tests.browser.test_pages import pytestmark as needs_browser

pytestmark = [*needs_browser, pytest.mark.timeout(1800)]
STORIES = Path(__file__).parents[1] / "scenarios"
RESULT = Path(__file__).with_name("RESULT.md")
UNTIL_COMMENCED = 13
GIT = ["git", "-C", str(STORIES), "rev-parse", "--short=8", "HEAD"]
COMMIT = subprocess.run(GIT, check=False, capture_output=True, text=True).stdout.strip()
"""As of which the run began."""
HEAD = """# The last run of the stories by pages

Written by `python -m pytest -n0 --large tests/browser/test_stories.py`. Every message of a story was sent by its form or button,
and every item that a page offers was opened by a click; what each agency was shown was compared with `expect` of the story, and
the sentences of `must_hold` were evaluated. What is before a story (keys, offices, members, contracts, training, oaths) is
recorded as every rehearsal records it. A support that commences with a plan is two forms, the plan and the commencement.

| story | JavaScript | day | commit | seconds | sent | clicks to read | views as expected | sentences that hold | record |
|---|---|---|---|---|---|---|---|---|---|
"""


def play_by_pages(browser: Any, story: Story, folder: Path, *, scripts: bool) -> dict[str, str]:  # noqa: F811
    """Play a story and compare; what the run's row of RESULT.md says."""
    started = monotonic()
    with open_rehearsal_hub(folder, start_of(story)) as hub:
        run = Run(story, hub)
        set_up(run)
        with ServedApp(pages_app(hub, Verification())) as served:
            doors = {a.code: f"{served.url}/agency/{a.code}/" for a in story.doors()}
            users = {code: DoorUser(browser, url, scripts=scripts) for code, url in doors.items()}
            for user in users.values():
                user.page.goto(user.url)
            by_pages = StoryByPages(run, users)
            sentences = by_pages.play()
            unexpected = [error for user in users.values() for error in user.unexpected]
            for user in users.values():
                user.page.context.close()
        views = [*run.checks, *run.probe_checks]
        assert run.problems == []
        assert [c for c in run.checks if not c.ok] == []
        assert [s for s in sentences if s.ok is False] == []
        assert unexpected == []
        assert run.checks
        assert _verified(hub)
    return {
        "seconds": f"{monotonic() - started:.0f}",
        "sent": str(by_pages.sent),
        "read": str(by_pages.clicks_to_read),
        "views": str(len(views)),
        "sentences": _counted(sentences),
    }


def _verified(hub: RehearsalHub) -> bool:
    assert hub.runtime is not None
    return Verifier(hub.runtime.recorder, hub.runtime.store, hub.genesis).run().ok


def _counted(sentences: list[SentenceResult]) -> str:
    """How many hold; those that no program evaluates are counted apart."""
    open_ones = len([s for s in sentences if s.ok is None])
    return f"{len(sentences) - open_ones}" + (f" ({open_ones} not evaluated)" if open_ones else "")


@pytest.mark.large
def test_sc_1_is_played_by_pages_up_to_its_support(
    browser: Any,  # noqa: F811
    large: bool,
    tmp_path: Path,
) -> None:
    if not large:
        pytest.skip("takes minutes; run with --large")
    story = read_story(STORIES / "sc-1.yaml")
    steps = tuple(s for s in story.steps if s.n <= UNTIL_COMMENCED)
    expects = story.expects[1:2]
    part = replace(story, steps=steps, expects=expects, must_hold=())
    play_by_pages(browser, part, tmp_path / "hub", scripts=False)


@pytest.mark.large
@pytest.mark.parametrize("scripts", [False, True], ids=["without JavaScript", "with JavaScript"])
@pytest.mark.parametrize("name", ["SC-1", "SC-3", "SC-4"])
def test_a_story_is_played_by_pages(
    browser: Any,  # noqa: F811
    tmp_path: Path,
    large: bool,
    name: str,
    scripts: bool,
) -> None:
    if not large:
        pytest.skip("takes minutes; run with --large")
    story = read_story(STORIES / f"{name.lower()}.yaml")
    row = play_by_pages(browser, story, tmp_path / "hub", scripts=scripts)
    _write_row(name, "on" if scripts else "off", row)


def _write_row(name: str, scripts: str, row: dict[str, str]) -> None:
    """Put this run's row in place of the one before."""
    key = f"| {name} | {scripts} |"
    cells = (row["seconds"], row["sent"], row["read"], row["views"], row["sentences"], "verified")
    line = f"{key} {datetime.now(UTC):%Y-%m-%d} | `{COMMIT}` | {' | '.join(cells)} |"
    known = RESULT.read_text(encoding="utf-8") if RESULT.exists() else ""
    others = [old for old in re.findall(r"^\| SC-.*$", known, re.MULTILINE) if not old.startswith(key)]
    RESULT.write_text(HEAD + "\n".join(sorted([*others, line])) + "\n", encoding="utf-8")
