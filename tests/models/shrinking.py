"""The shortest story that still shows a difference: steps are left out while it remains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tests.models.comparing import Comparison
from tests.models.model import OPEN, Model, step_of
from tests.models.stories import as_played

REFERENCES = ("answers", "forwards", "hands_over", "recalls")


def shrink(raw: Mapping[str, Any], shows: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
    """``shows``: whether a story still shows the difference."""
    best = dict(raw)
    progress = True
    while progress:
        progress = False
        for step in reversed(best["timeline"]):
            shorter = without(best, step["n"])
            if shorter is not None and shows(shorter):
                best, progress = shorter, True
        for look in best["expect"][:-1]:
            shorter = {**best, "expect": [e for e in best["expect"] if e is not look]}
            if shows(shorter):
                best, progress = shorter, True
    return best


def without(raw: Mapping[str, Any], n: int) -> dict[str, Any] | None:
    """The story without a step and what refers to it, each other step as it then is; None where nothing is left."""
    gone = {n}
    plain = []
    for step in raw["timeline"]:
        flat = {**step, **step.get("tried", {})}
        flat.pop("tried", None)
        details = flat.get("details") or {}
        if (
            step["n"] in gone
            or any(details.get(r) in gone for r in REFERENCES)
            or flat.get("releases") in gone
        ):
            gone.add(step["n"])
            continue
        plain.append(flat)
    if not plain:
        return None
    model = Model({**raw, "timeline": plain})
    steps = []
    for flat in plain:
        flat = {**flat, "event": "DisclosureMade" if flat["event"] == "DisclosureHeld" else flat["event"]}
        step = step_of(flat)
        model.pass_time(step.at)
        outcome = model.judge(step)
        if outcome.kind == OPEN:
            continue
        model.take(step)
        steps.append(as_played(flat, outcome.kind, set(outcome.held), model))
    begins = datetime.fromisoformat(steps[0]["at"]) if steps else None
    looks = [e for e in raw["expect"] if begins is not None and datetime.fromisoformat(e["at"]) > begins]
    return {**raw, "timeline": steps, "expect": looks} if steps and looks else None


def shows_difference(
    play: Callable[[Mapping[str, Any]], Comparison], kind: str, rule: str
) -> Callable[[Mapping[str, Any]], bool]:
    def shows(raw: Mapping[str, Any]) -> bool:
        return any(d.sort == (kind, rule) for d in play(raw).differences)

    return shows
