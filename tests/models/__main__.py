"""``python -m tests.models --seeds 1000 [--hub 150] [--resume]``: play and compare, then say what was found.

Stoppable at any time; with ``--resume`` it goes on where it was. Ends with 1 where a difference does not wait for a rule.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.models.awaited import AWAITED
from tests.models.running import Total, run, totals

DEFAULT = Path("model-results.jsonl")


def main(arguments: list[str]) -> int:
    options = _options().parse_args(arguments)
    if not options.resume:
        options.results.unlink(missing_ok=True)
    try:
        run(range(options.first, options.first + options.seeds), "decide", options.results, _progress)
        run(range(options.first, options.first + options.hub), "hub", options.results, _progress)
    except KeyboardInterrupt:
        print("\nstopped; --resume goes on from here", file=sys.stderr)
    unexpected = 0
    for way, total in sorted(totals(options.results).items()):
        unexpected += _report(way, total)
    return 1 if unexpected else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.models", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="stories through decide, in one process")
    parser.add_argument("--hub", type=int, default=0, help="stories on a live rehearsal hub")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--results", type=Path, default=DEFAULT, help="one line a story")
    parser.add_argument("--resume", action="store_true", help="go on after what the results file has")
    return parser


def _progress(text: str) -> None:
    print(f"\r{text:<78}", end="", file=sys.stderr, flush=True)


def _report(way: str, total: Total) -> int:
    """Print one way's total. Returns how many differences do not wait for a rule."""
    print(f"\n\n{way}: {total.stories} stories, {sum(total.checks.values())} checks")
    for name, count in sorted(total.checks.items()):
        print(f"  {count:7} {name}")
    unexpected = 0
    for key, cases in sorted(total.differences.items(), key=lambda one: -len(one[1])):
        waits = AWAITED.get(key)
        unexpected += 0 if waits else len(cases)
        print(f"  {len(cases)} differences, {' '.join(key)}" + (f" (awaited: {waits})" if waits else ""))
        for seed, text in cases[:3]:
            print(f"      seed {seed}: {text}")
    return unexpected


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
