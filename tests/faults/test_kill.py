"""I8: an answered command survives kill -9 at any instant, exactly once, and the scenario continues."""

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
from gateway.installation.folder import create_installation
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.run import Run
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
    full_story = read_story(STORY)
    return replace(full_story, expects=full_story.expects[1:2], must_hold=())


@contextmanager
def hub_process_and_doors(tmp_path: Path, story: Story) -> Iterator[tuple[HubProcess, RehearsalHub]]:
    """A hub in its own process, its doors in this one."""
    installation = create_installation(tmp_path / "hub", mode="rehearsal")
    hub = HubProcess(installation, start_of(story))
    try:
        hub.start()
        rehearsal_hub = RehearsalHub(installation, hub.url, start_of(story), runtime=None, retry_seconds=60.0)
        rehearsal_hub.set_clock(start_of(story))
        try:
            yield hub, rehearsal_hub
        finally:
            rehearsal_hub.close()
    finally:
        hub.stop()


def assert_recorded_once(rehearsal_hub: RehearsalHub, run: Run) -> None:
    """Every answered command is in the record exactly once, and the whole record verifies."""
    confirmed_ids: set[str] = set()
    for door in rehearsal_hub.doors.values():
        confirmed_ids |= {str(o.command_id) for o in door.store.outgoing(CONFIRMED)}
    assert len(confirmed_ids) > 40
    with open_archive(rehearsal_hub.installation) as archive:
        verification = Verifier(archive.recorder, archive.store, archive.genesis).run(
            doors=doors_of(rehearsal_hub.installation)
        )
        assert verification.findings == []
        assert verification.receipts >= len(confirmed_ids)
        recorded: Counter[str] = Counter()
        position = 1
        while page := archive.store.read(position, 500):
            recorded.update(f"{k.record.by}/{k.record.about.id}/{k.record.command_id}" for k in page)
            position += len(page)
    assert [recorded_key for recorded_key, n in recorded.items() if n > 1] == []
    assert confirmed_ids <= {recorded_key.rsplit("/", 1)[1] for recorded_key in recorded}


def test_killed_hubs_lose_and_duplicate_nothing(tmp_path: Path, story: Story) -> None:
    with hub_process_and_doors(tmp_path, story) as (hub, rehearsal_hub):

        def kill() -> None:
            hub.kill()
            hub.start()

        with killing(kill, seed=8) as done:
            run, report = play(story, rehearsal_hub)
        assert len(done) >= 2
        assert report.problems == []
        assert [c for c in report.checks if not c.ok] == []
        hub.stop()
        assert_recorded_once(rehearsal_hub, run)


def test_a_killed_bus_loses_and_duplicates_nothing_and_the_hub_recovers(tmp_path: Path, story: Story) -> None:
    with hub_process_and_doors(tmp_path, story) as (hub, rehearsal_hub):

        def kill() -> None:
            pid = hub.bus_pid()
            if pid is not None:
                os.kill(pid, signal.SIGKILL)

        with killing(kill, seed=9) as done:
            run, report = play(story, rehearsal_hub)
        assert len(done) >= 2
        assert hub.starts == 1
        assert report.problems == []
        assert [c for c in report.checks if not c.ok] == []
        hub.stop()
        assert_recorded_once(rehearsal_hub, run)
