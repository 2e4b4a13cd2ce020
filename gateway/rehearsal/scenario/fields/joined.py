"""Fields of joining cases of one family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.story import Step


def _other_case(step: Step, run: RunContext) -> dict[str, Any]:
    """The case of the family of the letter that the story names; none: the story's own."""
    return {"other": str(run.case_of_family(step.details.get("other")))}


JOINED_FIELDS: Mapping[str, FieldBuilder] = {"CasesJoined": _other_case, "CaseSplit": _other_case}
