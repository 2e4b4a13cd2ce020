"""Which mutants are played: of what has changed since a commit, drawn by a seed."""

from __future__ import annotations

import random
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutants.operators import Mutant, mutants_of

SINCE = "6c9b0181"
"""The last commit before the rules were divided by families."""
LEFT_OUT = ("domain/error_codes/", "domain/public_holidays.py")
"""Texts for people, and days that an official table states."""


def changed_lines(root: Path, since: str) -> dict[str, set[int] | None]:
    """By file of ``domain/``: the lines that changed since this commit, or ``None``: all of it is new. All is new where
    git does not know the commit."""
    files = [f for f in _git(root, "ls-files", "domain/*.py") or () if not f.startswith(LEFT_OUT)]
    before = _git(root, "ls-tree", "-r", "--name-only", since, "domain")
    changed: dict[str, set[int] | None] = {}
    for file in files:
        if before is None or file not in before:
            changed[file] = None
            continue
        lines: set[int] = set()
        for line in _git(root, "diff", "--unified=0", since, "--", file) or ():
            if hunk := re.match(r"@@ .* \+(\d+)(?:,(\d+))? @@", line):
                lines |= set(range(int(hunk[1]), int(hunk[1]) + int(hunk[2] or 1)))
        if lines:
            changed[file] = lines
    return changed


def _git(root: Path, *arguments: str) -> list[str] | None:
    done = subprocess.run(["git", *arguments], check=False, cwd=root, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else None


def all_mutants(root: Path, since: str, under: Sequence[str] = ()) -> Iterator[Mutant]:
    """Every mutant of each unit that changed. ``under``: only of files whose path begins so."""
    for file, lines in changed_lines(root, since).items():
        if under and not file.startswith(tuple(under)):
            continue
        of_file = mutants_of(file, (root / file).read_bytes())
        spans: dict[str, set[int]] = defaultdict(set)
        for one in of_file:
            spans[one.unit] |= set(range(one.first, one.last + 1))
        yield from (one for one in of_file if lines is None or spans[one.unit] & lines)


def draw(mutants: Sequence[Mutant], seed: int, count: int, tables: bool) -> list[Mutant]:
    """``count`` of them, none twice: of a unit drawn by lot, of an operator drawn by lot, one drawn by lot. A longer draw
    of the same seed begins with the shorter. ``tables``: of tables and class statements, else of functions."""
    lots = random.Random(seed)
    units: dict[tuple[str, str], dict[str, list[Mutant]]] = {}
    for one in mutants:
        if one.in_function is not tables:
            units.setdefault((one.path, one.unit), {}).setdefault(one.operator, []).append(one)
    drawn: list[Mutant] = []
    while units and len(drawn) < count:
        unit = lots.choice(list(units))
        operator = lots.choice(list(units[unit]))
        left = units[unit][operator]
        drawn.append(left.pop(lots.randrange(len(left))))
        if not left:
            del units[unit][operator]
        if not units[unit]:
            del units[unit]
    return drawn
