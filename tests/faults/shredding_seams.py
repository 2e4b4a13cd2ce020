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
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.stage import open_stage
from gateway.rehearsal.scenario.story import read_story
from gateway.rehearsal.torture.process import free_port
from gateway.rehearsal.torture.stepped import NEVER, SteppedHub

START_STEPS = 450  # about so many until it runs and is done
STORIES = Path(__file__).parents[1] / "scenarios"
WHAT = {
    "content": ("after-25-years.yaml", KeyDestroyed, 2),
    "control": ("nothing-left.yaml", ControlDestroyed, 3),
}


@dataclass
class Due:
    """The folder of a stopped hub on which keys are to be destroyed as soon as it runs."""

    folder: Path
    fact: type[KeyDestroyed | ControlDestroyed]
    generation: int
    killed: Counter[str] = field(default_factory=Counter)

    def steps(self, folder: Path) -> int:
        """How many steps a hub that runs takes from the moment when the keys are due until the log has it."""
        hub = self._copy(folder)
        try:
            assert hub.start()
            hub.ask(NEVER)
            assert hub.ask("tick") is not None
            done = hub.ask("steps")
            assert done is not None
            return done
        finally:
            hub.stop()

    def strike(self, folder: Path, at: int, *more: int) -> list[str]:
        """A hub that is killed at this step, and at these of its next starts; then what is wrong."""
        hub = self._copy(folder)
        try:
            wrong: list[str] = []
            hub.start()
            for n, step in enumerate((at, *more, 0)):
                if n:
                    hub.start(step)
                else:
                    hub.ask(step)
                if hub.ask("tick") is not None:
                    hub.ask(0)
                    break
                hub.wait()
                self.killed[hub.seam] += 1
                wrong += self._at_once(folder)
            hub.stop()
            return wrong + self._at_last(folder)
        finally:
            hub.stop()
            shutil.rmtree(folder)

    def _copy(self, folder: Path) -> SteppedHub:
        shutil.copytree(self.folder, folder)
        return SteppedHub(folder, free_port())

    def _at_once(self, folder: Path) -> list[str]:
        """As it lies there after the kill: what is on record as destroyed has no key (I7)."""
        with open_archive(open_installation(folder)) as archive:
            facts = self._facts(archive)
            here = [f for f in facts if self._has_keys(archive, f)]
        return [f"recorded, and the keys are there: {f.TOPIC}" for f in here]

    def _has_keys(self, archive: Archive, fact: KeyDestroyed | ControlDestroyed) -> bool:
        if isinstance(fact, ControlDestroyed):
            return archive.store.control_status(fact.scope) == "here"
        return any(archive.store.key_status(fact.scope, s.value) == "here" for s in fact.sections)

    def _facts(self, archive: Archive) -> list[KeyDestroyed | ControlDestroyed]:
        kept = [k for k in archive.store.seen(1, 10_000) if not hasattr(k, "gone")]
        facts: list[Any] = [k.record.fact for k in kept]  # type: ignore[union-attr]
        return [f for f in facts if isinstance(f, self.fact)]

    def _at_last(self, folder: Path) -> list[str]:
        """Done once, nothing left over, and everything verifies with the log, the rows and the doors' receipts."""
        installation = open_installation(folder)
        wrong: list[str] = []
        if [n for n in installation.hub_secrets() if n.startswith("vk/")] != [f"vk/{self.generation}"]:
            wrong.append("an old vault key is kept")
        if (installation.hub_folder / PENDING).exists():
            wrong.append("what was being destroyed is still written down")
        with open_archive(installation) as archive:
            facts = self._facts(archive)
            if [f.generation for f in facts] != [self.generation]:
                wrong.append(f"recorded {len(facts)} times")
            if any(self._has_keys(archive, f) for f in facts):
                wrong.append("the keys are there")
            catch_up(archive.views, archive.store)
            found = Verifier(archive.recorder, archive.store, archive.genesis).run(
                views=archive.views, doors=doors_of(installation), log=installation.hub_folder / "log"
            )
        if found.log_size != found.records:
            wrong.append(f"{found.records} records, and the log has {found.log_size}")
        return wrong + [f"{f.what} at {f.position}: {f.where} {f.detail}" for f in found.findings]


def due(folder: Path, what: str) -> Due:
    """Play a story up to the moment before its last keys are destroyed."""
    name, fact, generation = WHAT[what]
    destroy = Shredder.destroy

    def not_now(self: Shredder, of: Any, at: Any) -> None:
        if isinstance(of, fact):
            raise Unavailable("not-now", "not in this play")
        destroy(self, of, at)

    story = read_story(STORIES / name)
    with (
        patch.object(Shredder, "destroy", not_now),
        open_stage(folder / "hub", start_of(story)) as stage,
    ):
        play(story, stage)
    return Due(folder / "hub", fact, generation)


def strikes(one: Due, folder: Path, count: int, seed: int, told: Callable[[int], None]) -> list[str]:
    """Kills at so many steps, in an order by seed, half of them twice; what is wrong after each.

    A run may take fewer steps than the one that was counted: a kill that comes too late is made good by another step.
    """
    chance, wrong = random.Random(seed), []
    every = one.steps(folder / "counted")
    order = chance.sample(range(1, every + 1), every)
    struck = 0
    for n in range(3 * count):
        before, at = one.killed.total(), order[n % every]
        more = (chance.randint(1, START_STEPS),) if chance.random() < 0.5 else ()
        wrong += [f"{at} {more}: {w}" for w in one.strike(folder / f"at-{n}", at, *more)]
        struck += one.killed.total() > before
        told(struck)
        if struck == count:
            break
    return wrong


if __name__ == "__main__":
    wanted = argparse.ArgumentParser()
    wanted.add_argument("what", choices=WHAT)
    wanted.add_argument("--count", type=int, default=50)
    wanted.add_argument("--seed", type=int, default=1)
    given = wanted.parse_args()
    with TemporaryDirectory(prefix="kakehashi-shredding-") as place:
        struck = due(Path(place), given.what)
        found = strikes(struck, Path(place), given.count, given.seed, lambda n: print(n, end=" ", flush=True))
    told = {"what": given.what, "seed": given.seed, "killed": struck.killed.total()}
    print(json.dumps({**told, "different steps": len(struck.killed), "found": found}, indent=2))
