"""``python -m tests.mutants --seed 1 --count 400 [--resume]``: change the rules in one place each, and see a test fail.

Own code, and little: mutmut and cosmic-ray change files of the checkout and start a test run for each of them, with no
sample by a seed; cosmic-ray 8 has no operator that removes a statement, an element of a table or a returned value. Here a
process that has collected all tests forks for each mutant, which takes a second instead of twenty.

Stoppable at any time; with ``--resume`` it goes on where it was. ``--again FILE`` plays the survivors of an earlier run
again, as the code and its tests are now. Ends with 1 where one survived.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from tests.mutants.choosing import SINCE, all_mutants, draw
from tests.mutants.operators import Mutant
from tests.mutants.running import ROOT, play, rows


def main(arguments: list[str]) -> int:
    options = _options().parse_args(arguments)
    if not options.resume:
        options.results.unlink(missing_ok=True)
    known = list(all_mutants(ROOT, options.since, options.under))
    again: Path | None = options.again
    chosen = _survivors(known, again) if again else draw(known, options.seed, options.count, options.tables)
    try:
        play(chosen, options.results, options.map, {"seed": options.seed}, _progress, options.at_most)
    except KeyboardInterrupt:
        print("\nstopped; --resume goes on from here", file=sys.stderr)
    return _report(options.results, len(known))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument(
        "--tables", action="store_true", help="of tables and class statements, not of functions"
    )
    parser.add_argument("--under", nargs="*", default=[], help="only of files whose path begins so")
    parser.add_argument("--since", default=SINCE, help="what changed since this commit")
    parser.add_argument("--again", type=Path, help="the survivors in this file, not a sample")
    parser.add_argument("--results", type=Path, default=Path("mutants.jsonl"), help="one line a mutant")
    parser.add_argument(
        "--map", type=Path, default=Path("mutants-map.json"), help="which test runs which line"
    )
    parser.add_argument(
        "--at-most", type=float, help="a first look: so many seconds of tests a mutant of a function"
    )
    parser.add_argument("--resume", action="store_true", help="go on after what the results file has")
    return parser


def _survivors(known: list[Mutant], earlier: Path) -> list[Mutant]:
    """Found by what they change: lines may have moved since."""
    wanted = {
        (r["path"], r["unit"], r["operator"], r["before"], r["after"])
        for r in rows(earlier)
        if r["outcome"] != "killed"
    }
    return [m for m in known if (m.path, m.unit, m.operator, m.before, m.after) in wanted]


def _progress(text: str) -> None:
    print(f"\r{text:<110.110}", end="", file=sys.stderr, flush=True)


def _report(results: Path, possible: int) -> int:
    played = rows(results)
    outcomes = Counter(row["outcome"] for row in played)
    print(f"\n{len(played)} of {possible} possible mutants: {dict(outcomes)}")
    for row in played:
        if row["outcome"] != "killed":
            print(f"{row['path']}:{row['line']} {row['unit']}, {row['operator']}: {row['before'][:90]}")
            by = row["by"] or f"{row.get('tests', 'all')} of {row.get('of', 'all')} tests"
            print(f"    -> {row['after'][:90]}  ({by})")
    return 1 if outcomes["survived"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
