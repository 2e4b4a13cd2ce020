"""Fields of what is known of the children and parents of a family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.calendar import day_of
from domain.codes import Caregiver, ChildPlace
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import day_text, first_given, message_or_last
from gateway.rehearsal.scenario.story import Step


def _day(step: Step, *names: str) -> str:
    return day_text(first_given(step.details, *names)) or day_of(step.at).isoformat()


def _place(step: Step, *names: str) -> str:
    place = first_given(step.details, *names)
    return place if place in set(ChildPlace) else ChildPlace.TEMPORARY_PROTECTION.value


def _agency(step: Step, run: RunContext, *names: str) -> str | None:
    code = first_given(step.details, *names)
    return None if code is None else str(run.id_of(str(code)))


def _placed(step: Step, run: RunContext) -> dict[str, Any]:
    return {
        "place": _place(step, "place", "where"),
        "placed_on": _day(step, "placed_on", "since"),
        "known_from": _agency(step, run, "known_from", "known_by"),
    }


def _returned(step: Step, run: RunContext) -> dict[str, Any]:
    return {
        "returned_from": _place(step, "returned_from", "place", "where"),
        "returned_on": _day(step, "returned_on"),
        "released_by": _agency(step, run, "released_by"),
    }


def _identified(step: Step, run: RunContext) -> dict[str, Any]:
    n = first_given(step.details, "answers", "about")
    return {"answers": message_or_last(run, step, n, "AbuseNotificationReceived")}


def _separated(step: Step, run: RunContext) -> dict[str, Any]:
    return {"answers": message_or_last(run, step, step.details.get("answers"), "ChildrenJoined")}


def _died(step: Step, run: RunContext) -> dict[str, Any]:
    return {"died_on": day_text(step.details.get("died_on"))}


def _parent_died(step: Step, run: RunContext) -> dict[str, Any]:
    parent = step.details.get("parent")
    return {"parent": parent if parent in set(Caregiver) else Caregiver.MOTHER.value, **_died(step, run)}


HOUSEHOLD_FIELDS: Mapping[str, FieldBuilder] = {
    "ChildPlaced": _placed,
    "ChildReturned": _returned,
    "UnknownChildIdentified": _identified,
    "ChildrenSeparated": _separated,
    "ChildDied": _died,
    "ParentDied": _parent_died,
}
