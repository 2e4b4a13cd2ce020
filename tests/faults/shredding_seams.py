"""kill -9 of a hub at each step of destroying keys, from its start on. In large:
`python -m tests.faults.shredding_seams [content|control] --count N --seed S`."""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from domain.errors import Unavailable
from domain.events import ControlDestroyed, KeyDestroyed
from gateway.audit.verification import Verifier, doors_of
from gateway.hub.read_models import catch_up
from gateway.hub.shredding import PENDING, Shredder
from gateway.installation.archive import Archive, open_archive
from gateway.installation.folder import open_installation
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.story import read_story
from gateway.rehearsal.torture.process import free_port
from gateway.rehearsal.torture.stepped import NEVER, SteppedHub

START_STEPS = 450  # about so many until it runs and is done
STORIES = Path(__file__).parents[1] / "scenarios"
KINDS = {
    "content": ("after-25-years.yaml", KeyDestroyed, 2),
    "control": ("control-destroyed.yaml", ControlDestroyed, 3),
}


@dataclass
class DueEvent:
    """The folder of a stopped hub on which keys are to be destroyed as soon as it runs."""

    folder: Path
    event: type[KeyDestroyed | ControlDestroyed]
    generation: int
    killed: Counter[str] = field(default_factory=Counter)

    def steps(self, folder: Path) -> int:
        """How many steps a hub that runs takes from the moment when the keys are due until the log has it."""
        hub = self._copy(folder)
        try:
            assert hub.start()
            hub.instruct(NEVER)
            assert hub.instruct("tick") is not None
            done = hub.instruct("steps")
            assert done is not None
            return done
        finally:
            hub.stop()

    def kill_at(self, folder: Path, at: int, *more: int) -> list[str]:
        """A hub that is killed at this step, and at these of its next starts; then what is wrong."""
        hub = self._copy(folder)
        try:
            wrong: list[str] = []
            hub.start()
            for n, step in enumerate((at, *more, 0)):
                if n:
                    hub.start(step)
                else:
                    hub.instruct(step)
                if hub.instruct("tick") is not None:
                    hub.instruct(0)
                    break
                hub.wait()
                self.killed[hub.seam] += 1
                wrong += self._check_after_kill(folder)
            hub.stop()
            return wrong + self._check_after_restart(folder)
        finally:
            hub.stop()
            shutil.rmtree(folder)

    def _copy(self, folder: Path) -> SteppedHub:
        shutil.copytree(self.folder, folder)
        return SteppedHub(folder, free_port())

    def _check_after_kill(self, folder: Path) -> list[str]:
        """The folder after the kill: what is recorded as destroyed has no key (I7)."""
        with open_archive(open_installation(folder)) as archive:
            events = self._events(archive)
            here = [f for f in events if self._has_keys(archive, f)]
        return [f"recorded, and the keys are there: {f.TOPIC}" for f in here]

    def _has_keys(self, archive: Archive, event: KeyDestroyed | ControlDestroyed) -> bool:
        if isinstance(event, ControlDestroyed):
            return archive.store.control_status(event.scope) == "here"
        return any(archive.store.key_status(event.scope, s.value) == "here" for s in event.sections)

    def _events(self, archive: Archive) -> list[KeyDestroyed | ControlDestroyed]:
        readable = [k for k in archive.store.read_tolerant(1, 10_000) if not hasattr(k, "gone")]
        events: list[Any] = [k.record.event for k in readable]  # type: ignore[union-attr]
        return [f for f in events if isinstance(f, self.event)]

    def _check_after_restart(self, folder: Path) -> list[str]:
        """Done once, nothing left over, and everything verifies with the log, the rows and the doors' receipts."""
        installation = open_installation(folder)
        wrong: list[str] = []
        if [n for n in installation.hub_secrets() if n.startswith("vk/")] != [f"vk/{self.generation}"]:
            wrong.append("an old vault key is kept")
        if (installation.hub_folder / PENDING).exists():
            wrong.append("what was being destroyed is still written down")
        with open_archive(installation) as archive:
            events = self._events(archive)
            if [f.generation for f in events] != [self.generation]:
                wrong.append(f"recorded {len(events)} times")
            if any(self._has_keys(archive, f) for f in events):
                wrong.append("the keys are there")
            catch_up(archive.read_models, archive.store)
            verification = Verifier(archive.recorder, archive.store, archive.genesis).run(
                read_models=archive.read_models,
                doors=doors_of(installation),
                log=installation.hub_folder / "log",
            )
        if verification.log_size != verification.records:
            wrong.append(f"{verification.records} records, and the log has {verification.log_size}")
        return wrong + [f"{f.code} at {f.position}: {f.where} {f.detail}" for f in verification.findings]


def prepare_destruction(folder: Path, what: str) -> DueEvent:
    """Play a story up to the moment before its last keys are destroyed."""
    name, event, generation = KINDS[what]
    destroy = Shredder.destroy

    def unavailable(self: Shredder, of: Any, at: Any) -> None:
        if isinstance(of, event):
            raise Unavailable("not-now", "not in this play")
        destroy(self, of, at)

    story = read_story(STORIES / name)
    with (
        patch.object(Shredder, "destroy", unavailable),
        open_rehearsal_hub(folder / "hub", start_of(story)) as rehearsal_hub,
    ):
        play(story, rehearsal_hub)
    return DueEvent(folder / "hub", event, generation)


def kill_at_steps(
    one: DueEvent, folder: Path, count: int, seed: int, on_kill: Callable[[int], None]
) -> list[str]:
    """Kills at so many steps, in an order by seed, half of them twice; what is wrong after each.

    A run may take fewer steps than the one that was counted: a kill that comes too late is replaced by one at another step.
    """
    rng, wrong = random.Random(seed), []
    every = one.steps(folder / "counted")
    order = rng.sample(range(1, every + 1), every)
    struck = 0
    for n in range(3 * count):
        before, at = one.killed.total(), order[n % every]
        more = (rng.randint(1, START_STEPS),) if rng.random() < 0.5 else ()
        wrong += [f"{at} {more}: {w}" for w in one.kill_at(folder / f"at-{n}", at, *more)]
        struck += one.killed.total() > before
        on_kill(struck)
        if struck == count:
            break
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=KINDS)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="kakehashi-shredding-") as work_folder:
        struck = prepare_destruction(Path(work_folder), arguments.what)
        faults = kill_at_steps(
            struck,
            Path(work_folder),
            arguments.count,
            arguments.seed,
            lambda n: print(n, end=" ", flush=True),
        )
    summary = {"what": arguments.what, "seed": arguments.seed, "killed": struck.killed.total()}
    print(json.dumps({**summary, "different steps": len(struck.killed), "faults": faults}, indent=2))
