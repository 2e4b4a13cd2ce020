"""I8: an answered wish survives kill -9 at any instant, exactly once, and the run goes on."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from gateway.agency.store import CONFIRMED
from gateway.audit.verification import Verifier, doors_of
from gateway.installation.archive import open_archive
from gateway.installation.folder import make_installation
from gateway.rehearsal.scenario.player import Run
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.stage import Stage
from gateway.rehearsal.scenario.story import Story, read_story
from gateway.rehearsal.torture.process import HubProcess

pytestmark = [pytest.mark.faults, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

STORY = Path(__file__).parents[1] / "scenarios" / "sc-1.yaml"
KILLS = 6


@contextmanager
def killing(kill: Callable[[], None], seed: int, count: int = KILLS) -> Iterator[list[int]]:
    """A thread that kills at random moments, seeded; yields the list of kills done."""
    chance, done, stop = random.Random(seed), [], Event()
    failures: list[BaseException] = []

    def run() -> None:
        for n in range(count):
            if stop.wait(chance.uniform(0.05, 0.9)):
                return
            try:
                kill()
            except BaseException as error:
                failures.append(error)
                return
            done.append(n)

    thread = Thread(target=run)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()
        assert failures == []


@pytest.fixture
def story() -> Story:
    found = read_story(STORY)
    return replace(found, expects=found.expects[1:2], must_hold=())


@contextmanager
def outside(tmp_path: Path, story: Story) -> Iterator[tuple[HubProcess, Stage]]:
    """A hub in its own process, its doors in this one."""
    installation = make_installation(tmp_path / "hub", mode="rehearsal")
    hub = HubProcess(installation, start_of(story))
    try:
        hub.start()
        stage = Stage(installation, hub.url, start_of(story), runtime=None, patience=60.0)
        stage.set_clock(start_of(story))
        try:
            yield hub, stage
        finally:
            stage.close()
    finally:
        hub.stop()


def judged(stage: Stage, run: Run) -> None:
    """Every answered wish is in the record exactly once, and the whole record verifies."""
    asked: set[str] = set()
    for door in stage.doors.values():
        asked |= {str(o.ask_id) for o in door.book.outgoing(CONFIRMED)}
    assert len(asked) > 40
    with open_archive(stage.installation) as archive:
        found = Verifier(archive.recorder, archive.store, archive.genesis).run(
            doors=doors_of(stage.installation)
        )
        assert found.findings == []
        assert found.receipts >= len(asked)
        recorded: Counter[str] = Counter()
        position = 1
        while page := archive.store.read(position, 500):
            recorded.update(f"{k.record.by}/{k.record.about.id}/{k.record.ask_id}" for k in page)
            position += len(page)
    assert [ask for ask, n in recorded.items() if n > 1] == []
    assert asked <= {ask.rsplit("/", 1)[1] for ask in recorded}


def test_killed_hubs_lose_and_double_nothing(tmp_path: Path, story: Story) -> None:
    with outside(tmp_path, story) as (hub, stage):

        def kill() -> None:
            hub.kill()
            hub.start()

        with killing(kill, seed=8) as done:
            run, report = play(story, stage)
        assert len(done) >= 2
        assert report.problems == []
        assert [c for c in report.checks if not c.ok] == []
        hub.stop()
        judged(stage, run)


def test_a_killed_bus_loses_and_doubles_nothing_and_the_hub_goes_on(tmp_path: Path, story: Story) -> None:
    with outside(tmp_path, story) as (hub, stage):

        def kill() -> None:
            pid = hub.bus_pid()
            if pid is not None:
                os.kill(pid, signal.SIGKILL)

        with killing(kill, seed=9) as done:
            run, report = play(story, stage)
        assert len(done) >= 2
        assert hub.starts == 1
        assert report.problems == []
        assert [c for c in report.checks if not c.ok] == []
        hub.stop()
        judged(stage, run)
