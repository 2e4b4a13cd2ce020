"""Fields of a stay in another municipality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.calendar import day_of
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import day_text, message_or_last
from gateway.rehearsal.scenario.story import Step


def _stay_named(step: Step, run: RunContext) -> dict[str, Any]:
    named = step.details.get("stay") or step.details.get("about")
    return {"stay": message_or_last(run, step, named, "StayingElsewhere")}


def _began(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    since = day_text(d.get("stays_since") or d.get("since")) or day_of(step.at).isoformat()
    return {"stays_since": since, "returns_on": day_text(d.get("returns_on"))}


def _extended(step: Step, run: RunContext) -> dict[str, Any]:
    return {**_stay_named(step, run), "returns_on": day_text(step.details.get("returns_on"))}


def _ended(step: Step, run: RunContext) -> dict[str, Any]:
    returned_on = day_text(step.details.get("returned_on")) or day_of(step.at).isoformat()
    return {**_stay_named(step, run), "returned_on": returned_on}


STAYS_FIELDS: Mapping[str, FieldBuilder] = {
    "StayingElsewhere": _began,
    "StayExtended": _extended,
    "StayEnded": _ended,
}
