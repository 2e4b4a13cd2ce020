"""Fields of what an agency records about itself."""

from __future__ import annotations

from typing import Any

from domain import events as e
from domain.calendar import day_of
from domain.codes import BusinessItem, CommunityService
from gateway.rehearsal.scenario.fields.codes import finding_code
from gateway.rehearsal.scenario.fields.values import day_text
from gateway.rehearsal.scenario.story import Step


def agency_fields(step: Step, cls: type[e.Event], actor: str) -> dict[str, Any]:
    """The fields of a command of an agency about itself. ``actor``: the person."""
    d = step.details
    today = day_of(step.at).isoformat()
    match cls.__name__:
        case "ConfidentialityRulesAdopted":
            return {"edition": str(d.get("edition", "1"))}
        case "ConfidentialityRulesAcknowledged":
            return {"edition": str(d.get("edition", "1")), "staff": actor}
        case "PrefecturalSupervisionReceived":
            return {"finding": finding_code(d)}
        case "CommunityServiceRegistered" | "ResourceGapRecorded":
            service = d.get("service") if d.get("service") in set(CommunityService) else "OTHER"
            numbers = (
                {"places": d.get("places")}
                if "Registered" in cls.__name__
                else {"families": int(d.get("families", 1))}
            )
            return {"service": service, **numbers}
        case _:
            named = d.get("happened_on") or d.get("started_on") or d.get("changed_on") or d.get("ended_on")
            return {
                "happened_on": day_text(named) or today,
                "items": sorted(item.value for item in BusinessItem),
                "reason": d.get("reason"),
            }
