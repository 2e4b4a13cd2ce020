"""Many seeds, resumable: one line a story in a results file, and a report of all of them."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.models.awaited import AWAITED
from tests.models.comparing import Comparison, Difference
from tests.models.stories import generate
from tests.models.through_decide import through_decide
from tests.models.through_hub import through_hub

WAYS: Mapping[str, Callable[[Mapping[str, Any]], Comparison]] = {"decide": through_decide, "hub": through_hub}


def play_seed(seed: int, way: str) -> dict[str, Any]:
    """The line of one seed."""
    try:
        result = WAYS[way](generate(seed))
    except Exception as error:  # the run goes on; the seed is reported
        text = f"{type(error).__name__}: {error}"
        return {
            "seed": seed,
            "way": way,
            "checks": {},
            "differences": [["error", type(error).__name__, text]],
            "other": {},
        }
    return {
        "seed": seed,
        "way": way,
        "checks": dict(result.checks),
        "differences": [[d.kind, d.rule, d.text] for d in result.differences],
        "other": dict(result.unmodelled),
    }


def done(results: Path) -> set[tuple[str, int]]:
    """What a results file has already; a last line that was cut off does not count."""
    return {(line["way"], line["seed"]) for line in lines(results)}


def lines(results: Path) -> list[dict[str, Any]]:
    if not results.exists():
        return []
    whole = []
    for text in results.read_text(encoding="utf-8").split("\n")[:-1]:
        with suppress(ValueError):  # a line that was cut off
            whole.append(json.loads(text))
    return whole


def append(results: Path, line: Mapping[str, Any]) -> None:
    """One write: a line stands whole or, cut off, without its end, and is played again."""
    data = (json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n").encode()
    begun = results.exists() and results.stat().st_size > 0 and not results.read_bytes().endswith(b"\n")
    handle = os.open(results, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(handle, (b"\n" if begun else b"") + data)
    finally:
        os.close(handle)


def run(seeds: Iterable[int], way: str, results: Path, progress: Callable[[str], None]) -> None:
    known = done(results)
    todo = [s for s in seeds if (way, s) not in known]
    count = 0
    for n, seed in enumerate(todo, 1):
        line = play_seed(seed, way)
        append(results, line)
        count += len(unexpected(line["differences"]))
        progress(f"{way}: {n}/{len(todo)} stories, seed {seed}, {count} differences")


def unexpected(differences: Iterable[Iterable[str]]) -> list[Difference]:
    """Those that do not wait for a rule."""
    every = [Difference(*one) for one in differences]
    return [d for d in every if d.sort not in AWAITED]


@dataclass
class Total:
    """What all lines of one way amount to."""

    stories: int = 0
    checks: Counter[str] = field(default_factory=Counter)
    differences: dict[tuple[str, str], list[tuple[int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    other: Counter[str] = field(default_factory=Counter)


def totals(results: Path) -> dict[str, Total]:
    by_way: dict[str, Total] = defaultdict(Total)
    for line in lines(results):
        total = by_way[line["way"]]
        total.stories += 1
        total.checks.update(line["checks"])
        total.other.update(line["other"])
        for kind, rule, text in line["differences"]:
            total.differences[kind, rule].append((line["seed"], text))
    return by_way
