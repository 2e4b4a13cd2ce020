"""The tables of RESULT.md from a results file: ``python -m tests.models.report RESULTS``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.models.running import Total, totals

AT_LEAST = 20
RULES = tuple(f"V{n}" for n in range(1, 12))
ONE_WAY = {
    "EMERGENCY_END": "nothing stops it: it ends by its own time",
    "EMERGENCY": "raised at once; stopped by the review, which comes later",
    "V1": "never closed to its author, but by V6–V8",
    "V2": "closed where the matrix says N: then the whole message is refused («refused §3 N»)",
}


def main(results: Path) -> None:
    by_way = totals(results)
    decide, hub = by_way.get("decide", Total()), by_way.get("hub", Total())
    print("\n".join(both_ways(decide, hub)))
    print()
    print("\n".join(checks(decide, hub)))
    print()
    print("\n".join(differences(by_way)))


def both_ways(decide: Total, hub: Total) -> Iterator[str]:
    """Each clock and each rule of who may open what, as often as it was checked each way."""
    yield "| clock or rule | rang, or opened | stopped in time, or closed | on live hubs | |"
    yield "|---|---|---|---|---|"
    names = {key.split()[2] for key in decide.checks if key.startswith("both ways ")}
    for name in sorted(names - set(RULES)) + [r for r in RULES if r in names]:
        ways = ("opened", "closed") if name in RULES else ("rang", "stopped")
        counts = [_count(decide, name, way) for way in ways]
        if name == "V2":
            counts[1] = sum(n for key, n in decide.checks.items() if key.startswith("refused §3 N"))
        live = " / ".join(str(_count(hub, name, way)) for way in ways)
        few = "" if min(counts) >= AT_LEAST else ONE_WAY.get(name, "**too few**")
        yield f"| {name} | {counts[0]} | {counts[1]} | {live} | {few} |"
    opened, closed = (_count(decide, "EMERGENCY", way) for way in ("opened", "closed"))
    yield f"| reading in an emergency | {opened} | {closed} | | |"


def _count(total: Total, name: str, way: str) -> int:
    return total.checks[f"both ways {name} {way}"]


def checks(decide: Total, hub: Total) -> Iterator[str]:
    yield "| kind and rule | through `decide` | on live hubs |"
    yield "|---|---|---|"
    for name, count in sorted(decide.checks.items()):
        if not name.startswith("both ways "):
            yield f"| {name} | {count} | {hub.checks[name]} |"
    whole, live = (sum(n for k, n in t.checks.items() if "both ways" not in k) for t in (decide, hub))
    yield f"| **all** | **{whole}** | **{live}** |"


def differences(by_way: Mapping[str, Total]) -> Iterator[str]:
    yield "| difference | stories |"
    yield "|---|---|"
    for way, total in by_way.items():
        for (kind, rule), cases in sorted(total.differences.items()):
            yield f"| {way}: {kind} {rule} | {len(cases)} (seed {cases[0][0]}) |"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
