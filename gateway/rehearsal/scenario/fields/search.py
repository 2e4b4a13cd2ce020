"""Fields of a search for a family, and of restrictions of contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import day_text, message_or_last
from gateway.rehearsal.scenario.story import Step


def _lost(step: Step, run: RunContext) -> dict[str, Any]:
    return {"last_seen_on": day_text(step.details.get("last_seen_on"))}


def _search_step(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "answers": message_or_last(run, step, d.get("answers"), "WhereaboutsLost"),
        "search_step": d.get("search_step", "VISITED"),
        "search_result": d.get("search_result", "NO_TRACE"),
    }


def _located(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "answers": message_or_last(run, step, d.get("answers"), "WhereaboutsLost"),
        "located_by": d.get("located_by", "SIGHTED" if d.get("child_seen") else "OTHER_AGENCY"),
    }


def _forbidden(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    renews = d.get("renews")
    return {
        "contacts": sorted(d.get("contacts") or ["MEETING"]),
        "until": day_text(d.get("until")),
        "renews": None if renews is None else str(run.message_of(renews)),
    }


def _lifted(step: Step, run: RunContext) -> dict[str, Any]:
    return {"answers": message_or_last(run, step, step.details.get("answers"), "ContactForbidden")}


SEARCH_FIELDS: Mapping[str, FieldBuilder] = {
    "WhereaboutsLost": _lost,
    "SearchStepRecorded": _search_step,
    "WhereaboutsEstablished": _located,
    "ContactForbidden": _forbidden,
    "ContactBanLifted": _lifted,
}
