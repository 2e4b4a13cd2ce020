"""Play mutants in a copy of the checkout, so that it can be worked on meanwhile, and write one line a mutant."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.operators import Mutant

ROOT = Path(__file__).parents[2]
SUITES = ("tests/domain", "tests/projections", "tests/editions", "tests/models")
"""In this order, the quicker tests of each first."""
SHARED_SETUP = "tests/domain/test_stories.py"
"""Its tests share what they set up: what one of them runs all of them run."""
SLOW = 0.8
"""Seconds from which on a test comes at the end."""
ENOUGH, TIMES, REST = 8, 2, 600
"""Seconds of processor time that a mutant has: so many, so many times what its tests take without it, and so
many for those that were not measured."""


class Session:
    """A worker process and the lines to it."""

    def __init__(self, folder: Path, tests: Sequence[str]) -> None:
        jobs, write = os.pipe()
        read, answers = os.pipe()
        command = [sys.executable, "-m", "tests.mutants.worker", str(jobs), str(answers), *tests]
        self._process = subprocess.Popen(
            ["nice", "-n", "10", *command],
            cwd=folder,
            pass_fds=(jobs, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(jobs)
        os.close(answers)
        self._jobs, self._answers = os.fdopen(write, "w", encoding="utf-8"), os.fdopen(read, encoding="utf-8")
        self.ready = self._answer()

    def ask(self, **job: Any) -> dict[str, Any]:
        self._jobs.write(json.dumps(job) + "\n")
        self._jobs.flush()
        return self._answer()

    def close(self) -> None:
        self._jobs.close()
        self._process.wait()
        self._answers.close()

    def _answer(self) -> dict[str, Any]:
        line = self._answers.readline()
        return json.loads(line) if line else {"outcome": "killed", "by": "the tests could not be collected"}


@contextmanager
def session(folder: Path, tests: Sequence[str] = SUITES) -> Iterator[Session]:
    one = Session(folder, tests)
    try:
        yield one
    finally:
        one.close()


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of what git tracks and of what is new, as it is now."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        for name in map(os.fsdecode, filter(None, names)):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        yield folder


@dataclass
class Coverage:
    """Which tests run a line of ``domain/``, and how long each takes. ``rest``: tests that were not measured, which run
    nearly all of it."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[int]]]
    rest: list[str]

    def __post_init__(self) -> None:
        self.names = list(self.seconds)
        self.together = [n for n, name in enumerate(self.names) if name.startswith(SHARED_SETUP)]
        self.killers: dict[str, list[str]] = {}

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Which run its statement: first those that failed of others in this file, then by suite the quick ones."""
        of_file = self.lines.get(mutant.path, {})
        run = {n for line in range(mutant.first, mutant.last + 1) for n in of_file.get(str(line), ())}
        if run & set(self.together):
            run |= set(self.together)
        chosen = {self.names[n] for n in run}
        early = [name for name in self.killers.get(mutant.path, ()) if name in chosen][:10]
        return [*early, *self._in_order(chosen - set(early))]

    def _in_order(self, chosen: set[str]) -> list[str]:
        """By suite, of each file in turn the quickest; what takes long at the end."""
        files: dict[str, list[str]] = {}
        for name in sorted(chosen, key=self.seconds.__getitem__):
            files.setdefault(name.partition("::")[0], []).append(name)
        ranked = [
            (self.seconds[name] > SLOW, self._suite(file), n, self.seconds[name], name)
            for file, names in files.items()
            for n, name in enumerate(names)
        ]
        return [name for *_, name in sorted(ranked)]

    @staticmethod
    def _suite(name: str) -> int:
        return next((n for n, suite in enumerate(SUITES) if name.startswith(suite)), len(SUITES))

    def within(self, tests: list[str], seconds: float | None) -> list[str]:
        """As many of them as take no longer together, without the rest; all and the rest where there is no limit."""
        if seconds is None:
            return [*tests, *self.rest]
        kept: list[str] = []
        for name in tests:
            seconds -= self.seconds[name]
            if seconds < 0:
                break
            kept.append(name)
        return kept

    def killed(self, mutant: Mutant, by: str) -> None:
        known = self.killers.setdefault(mutant.path, [])
        if by in known:
            known.remove(by)
        known.insert(0, by)


def fingerprint() -> str:
    """Of ``domain/`` and the tests that are run."""
    digest = hashlib.sha256()
    for folder in ("domain", *SUITES):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def coverage_of(folder: Path, kept: Path) -> Coverage:
    """Measured once for the same code and tests. ``kept``: where it is kept."""
    now = fingerprint()
    if kept.exists() and (known := json.loads(kept.read_bytes()))["of"] == now:
        return Coverage(known["seconds"], known["lines"], known["rest"])
    with session(folder) as one:
        measured = one.ask(map=True)
    seconds, rest = dict(zip(measured["tests"], measured["seconds"], strict=True)), measured["rest"]
    lines = {os.path.relpath(file, folder): of_file for file, of_file in measured["lines"].items()}
    kept.write_text(json.dumps({"of": now, "seconds": seconds, "lines": lines, "rest": rest}))
    return Coverage(seconds, lines, rest)


def play(
    mutants: Sequence[Mutant],
    results: Path,
    kept: Path,
    labels: dict[str, Any],
    progress: Callable[[str], None],
    at_most: float | None,
) -> None:
    """Play each that has no line yet. ``at_most``: seconds that its tests take without it; no more tests are run, and
    none that were not measured (``None``: all)."""
    known = {key_of(row) for row in rows(results)}
    left = [m for m in mutants if key_of(_row(m)) not in known]
    with copied() as folder:
        coverage = coverage_of(folder, kept)
        with session(folder, SUITES if at_most is None else SUITES[:1]) as one:
            for n, mutant in enumerate(left):
                progress(f"{n + 1} of {len(left)}: {mutant.path} {mutant.unit}")
                source = (folder / mutant.path).read_bytes()
                changed = mutant.apply(source)
                answer = _of_one(one, folder, mutant, changed, coverage, at_most)
                if answer["outcome"] == UNSURE and (at_most is None or not mutant.in_function):
                    answer = _in_file(folder, mutant, source, changed)
                with results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({**labels, **_row(mutant), **answer}, ensure_ascii=False) + "\n")


UNSURE = "unsure"
"""Runs when modules are imported, or in suites that are not measured: what a changed function object does is no proof."""


def _of_one(
    one: Session, folder: Path, mutant: Mutant, changed: bytes, coverage: Coverage, at_most: float | None
) -> dict[str, Any]:
    measured = mutant.in_function and bool(coverage.tests_of(mutant))
    if not mutant.in_function or (at_most is not None and not measured):
        return {"outcome": UNSURE, "by": ""}
    answer = _in_function(one, folder, mutant, changed, coverage, at_most)
    unsure = answer["outcome"] == "invalid" or (answer["outcome"] == "survived" and not measured)
    return {**answer, "outcome": UNSURE} if unsure else answer


def _in_function(
    one: Session, folder: Path, mutant: Mutant, changed: bytes, coverage: Coverage, at_most: float | None
) -> dict[str, Any]:
    all_tests = coverage.tests_of(mutant)
    tests = coverage.within(all_tests, at_most)
    measured = sum(coverage.seconds.get(name, 0) for name in tests)
    limit = ENOUGH + TIMES * int(measured) + (0 if at_most else REST)
    answer = one.ask(
        source=changed.decode(),
        file=str(folder / mutant.path),
        unit=mutant.unit,
        tests=tests,
        seconds=limit,
    )
    if answer["outcome"] == "killed" and answer["by"] in coverage.seconds:
        coverage.killed(mutant, answer["by"])
    return {**answer, "tests": len(tests), "of": len(all_tests) + len(coverage.rest)}


def _in_file(folder: Path, mutant: Mutant, source: bytes, changed: bytes) -> dict[str, Any]:
    """What is run when modules are imported. First the test files that speak of it, then all."""
    name = mutant.unit.split()[-1].split(".")[-1]
    speak = [
        str(path.relative_to(folder))
        for path in sorted((folder / "tests/domain").glob("test_*.py"))
        if name in path.read_text(encoding="utf-8")
    ]
    (folder / mutant.path).write_bytes(changed)
    try:
        answer: dict[str, Any] = {"outcome": "survived", "by": ""}
        for tests in ([speak] if speak else []) + [list(SUITES)]:
            with session(folder, tests) as one:
                answer = one.ready
                if "tests" in answer:
                    answer = one.ask(source="", file="", unit="", tests=one.ready["tests"], seconds=600)
            if answer["outcome"] != "survived":
                break
        return answer
    finally:
        (folder / mutant.path).write_bytes(source)


def rows(results: Path) -> list[dict[str, Any]]:
    """The lines of a results file; of one that was cut off, those that are whole."""
    read = []
    for line in results.read_text(encoding="utf-8").splitlines() if results.exists() else ():
        try:
            read.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return read


def key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """What names a mutant."""
    return tuple(row[name] for name in ("path", "unit", "operator", "line", "start", "after"))


def _row(mutant: Mutant) -> dict[str, Any]:
    return {
        "path": mutant.path,
        "unit": mutant.unit,
        "operator": mutant.operator,
        "line": mutant.first,
        "start": mutant.start,
        "before": mutant.before,
        "after": mutant.after,
    }
