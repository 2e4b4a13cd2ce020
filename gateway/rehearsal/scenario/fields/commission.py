"""Fields of commands about a commission: contract, requirements, workers, training, oaths."""

from __future__ import annotations

from typing import Any

from domain import events as e
from domain.calendar import day_of
from domain.codes import Module, Practice
from gateway.rehearsal.scenario.fields.codes import finding_code, with_canonical_codes
from gateway.rehearsal.scenario.fields.context import RunContext
from gateway.rehearsal.scenario.fields.values import day_text
from gateway.rehearsal.scenario.story import Step


def commission_fields(step: Step, cls: type[e.Event], run: RunContext, contractor: str) -> dict[str, Any]:
    """The fields of a command about a commission."""
    return with_canonical_codes(cls, _commission_values(step, cls, run, contractor))


def _commission_values(step: Step, cls: type[e.Event], run: RunContext, contractor: str) -> dict[str, Any]:
    d = step.details
    match cls.__name__:
        case "OathSigned":
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "employment": d.get("employment", "PART_TIME"),
                "valid_until": day_text(d.get("valid_until")),
            }
        case "TrainingModuleCompleted":
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "modules": sorted(
                    d.get("modules") or ([d["module"]] if "module" in d else [m.value for m in Module])
                ),
                "tier": d.get("tier", "T1_BASIC"),
                "valid_until": day_text(d.get("valid_until")),
            }
        case "TrainingModuleExempted":
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "module": d.get("module", Module.M6_VISIT_PRACTICE.value),
                "qualification": d.get("qualification", "保健師"),
            }
        case "ContractorRequirementVerified":
            return {"items": sorted(d.get("items", [1, 2])), "scope": d.get("scope", "PARTIAL")}
        case "QualificationVerified":
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "qualification": d.get("qualification", "保健師"),
                "reason": d.get("reason"),
            }
        case "FieldPracticeCompleted":
            practice = d.get("practice")
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "practice": practice if practice in set(Practice) else "ACCOMPANIED_VISIT",
            }
        case "ContractorPerformanceReported":
            today = day_of(step.at).isoformat()
            return {
                "begins_on": day_text(d.get("begins_on") or d.get("period_from")) or today,
                "ends_on": day_text(d.get("ends_on") or d.get("period_until")) or today,
                "families": int(d.get("families", 0)),
                "visits": int(d.get("visits", 0)),
            }
        case "ContractorSupervised":
            return {"finding": finding_code(d)}
        case "OutsourcingContractConcluded":
            return {
                "contractor": str(run.id_of(contractor)),
                "scope": d.get("scope", "PARTIAL"),
                "begins_on": day_text(d.get("begins_on")) or day_of(step.at).isoformat(),
                "ends_on": day_text(d.get("ends_on")),
            }
        case "SupportWorkerRegistered":
            return {
                "worker": d.get("worker", run.worker_of(contractor)),
                "employment": d.get("employment", "PART_TIME"),
                "qualification": d.get("qualification"),
            }
        case _:
            return {}
