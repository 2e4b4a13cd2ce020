"""Fields of commands about a commission: contract, requirements, workers, training, oaths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from domain import events as e
from domain.calendar import day_of, months_later
from domain.codes import Module, Practice
from gateway.rehearsal.scenario.fields.codes import finding_code, with_canonical_codes
from gateway.rehearsal.scenario.fields.context import RunContext
from gateway.rehearsal.scenario.fields.values import day_text
from gateway.rehearsal.scenario.story import Step

CommissionFieldBuilder = Callable[[Step, RunContext, str], dict[str, Any]]


def commission_fields(step: Step, cls: type[e.Event], run: RunContext, contractor: str) -> dict[str, Any]:
    """The fields of a command about a commission."""
    builder = COMMISSION_FIELDS.get(cls.__name__)
    return with_canonical_codes(cls, {} if builder is None else builder(step, run, contractor))


def _worker(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    """The visitor that a step names, else the contractor's first."""
    return {"worker": step.details.get("worker", run.worker_of(contractor))}


def _oath(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    d = step.details
    return {
        **_worker(step, run, contractor),
        "employment": d.get("employment", "PART_TIME"),
        "valid_until": day_text(d.get("valid_until")),
    }


def _training(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    d = step.details
    modules = d.get("modules") or ([d["module"]] if "module" in d else [m.value for m in Module])
    return {
        **_worker(step, run, contractor),
        "modules": sorted(modules),
        "tier": d.get("tier", "T1_BASIC"),
        "valid_until": day_text(d.get("valid_until")),
    }


def _exemption(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    d = step.details
    return {
        **_worker(step, run, contractor),
        "module": d.get("module", Module.M6_VISIT_PRACTICE.value),
        "qualification": d.get("qualification", "保健師"),
    }


def _requirement(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    d = step.details
    return {"items": sorted(d.get("items", [1, 2])), "scope": d.get("scope", "PARTIAL")}


def _qualification(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    d = step.details
    return {
        **_worker(step, run, contractor),
        "qualification": d.get("qualification", "保健師"),
        "reason": d.get("reason"),
    }


def _practice(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    practice = step.details.get("practice")
    return {
        **_worker(step, run, contractor),
        "practice": practice if practice in set(Practice) else "ACCOMPANIED_VISIT",
    }


def _performance(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    d = step.details
    today = day_of(step.at).isoformat()
    return {
        "begins_on": day_text(d.get("begins_on") or d.get("period_from")) or today,
        "ends_on": day_text(d.get("ends_on") or d.get("period_until")) or today,
        "families": int(d.get("families", 0)),
        "visits": int(d.get("visits", 0)),
    }


def _supervision(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    return {"finding": finding_code(step.details)}


def _contract(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    d = step.details
    return {
        "contractor": str(run.id_of(contractor)),
        "scope": d.get("scope", "PARTIAL"),
        "begins_on": day_text(d.get("begins_on")) or day_of(step.at).isoformat(),
        "ends_on": day_text(d.get("ends_on")),
    }


def _registration(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    d = step.details
    return {
        **_worker(step, run, contractor),
        "employment": d.get("employment", "PART_TIME"),
        "qualification": d.get("qualification"),
    }


def _left(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    left_on = day_text(step.details.get("left_on")) or day_of(step.at).isoformat()
    return {**_worker(step, run, contractor), "left_on": left_on}


def _record_check(step: Step, run: RunContext, contractor: str) -> dict[str, Any]:
    d = step.details
    checked_on = day_text(d.get("checked_on")) or day_of(step.at).isoformat()
    valid_until = day_text(d.get("valid_until"))
    five_years = months_later(date.fromisoformat(checked_on), 60).isoformat()
    return {
        **_worker(step, run, contractor),
        "checked_on": checked_on,
        "valid_until": valid_until or five_years,
    }


COMMISSION_FIELDS: Mapping[str, CommissionFieldBuilder] = {
    "ContractorPerformanceReported": _performance,
    "ContractorRequirementVerified": _requirement,
    "ContractorSupervised": _supervision,
    "CriminalRecordCheckRecorded": _record_check,
    "FieldPracticeCompleted": _practice,
    "OathSigned": _oath,
    "OutsourcingContractConcluded": _contract,
    "QualificationVerified": _qualification,
    "SupportWorkerLeft": _left,
    "SupportWorkerRegistered": _registration,
    "TrainingModuleCompleted": _training,
    "TrainingModuleExempted": _exemption,
}
