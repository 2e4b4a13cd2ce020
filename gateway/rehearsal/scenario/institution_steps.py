"""Steps about a commission, an agency or a network."""

from __future__ import annotations

from typing import Any

from domain import events as e
from domain.record import commission_of
from gateway.agency.door import SubmissionResult
from gateway.rehearsal.scenario.fields.agency import agency_fields
from gateway.rehearsal.scenario.fields.commission import commission_fields
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.setup import member_of, publish_members, submit_agency_command
from gateway.rehearsal.scenario.story import Step


def submit_commission_step(run: Run, step: Step, cls: type[e.Event]) -> SubmissionResult:
    """A command about a commission. Raises ValueError where the step does not say whose."""
    code = run.crews.contractor(step)
    if code is None:
        raise ValueError("どの委託先かを from・to か details.contractor で示してください")
    by = run.author_of(step)
    about = commission_of(run.id_of(run.core_for(code)), run.id_of(code))
    fields = commission_fields(step, cls, run, code)
    for command_fields in _split_commission_fields(run, step, code, fields):
        sent = run.send(by, e.Kind.COMMISSION, about, cls.TOPIC, command_fields)
        if sent.outcome != "recorded":
            break
    return sent


def _split_commission_fields(run: Run, step: Step, code: str, fields: dict[str, Any]) -> list[dict[str, Any]]:
    """One command for each exempted module, and one for each day on which the story lets modules lapse."""
    crews, worker = run.crews, str(fields.get("worker"))
    if "module" in fields:
        return [{**fields, "module": module} for module in step.details.get("modules") or [fields["module"]]]
    if fields.get("valid_until", "") is not None:
        return [fields]
    if "modules" not in fields:
        return [{**fields, "valid_until": crews.lapse("OathLapsed", code, None, worker, step.at)}]
    by_day: dict[str | None, list[str]] = {}
    for module in fields["modules"]:
        by_day.setdefault(crews.lapse("TrainingLapsed", code, module, worker, step.at), []).append(module)
    return [{**fields, "modules": modules, "valid_until": until} for until, modules in by_day.items()]


def submit_agency_step(run: Run, step: Step, cls: type[e.Event]) -> SubmissionResult:
    """A command of an agency about itself. Whoever opens items for it has acknowledged the rules that it adopts."""
    by = run.author_of(step)
    if step.event == "PrefecturalSupervisionReceived" and step.to:
        by = step.to[0]  # the prefecture supervises; the supervised agency records it
    actor = str(step.details.get("staff") or step.details.get("worker") or run.actor_of(by))
    fields = agency_fields(step, cls, actor)
    known = by in run.agencies_with_rules or step not in run.story.steps
    if step.event == "ConfidentialityRulesAcknowledged" and not known:
        # rules that are acknowledged must have been adopted
        edition = {"edition": fields["edition"]}
        submit_agency_command(run, by, "ConfidentialityRulesAdopted", edition)
        submit_agency_command(
            run, by, "ConfidentialityRulesAcknowledged", {**edition, "staff": run.actor_of(by)}
        )
        run.agencies_with_rules.add(by)
    sent = submit_agency_command(run, by, cls.__name__, fields, actor)
    if cls.__name__ == "ConfidentialityRulesAdopted":
        run.agencies_with_rules.add(by)
        acknowledgement = {**fields, "staff": run.actor_of(by)}
        submit_agency_command(run, by, "ConfidentialityRulesAcknowledged", acknowledgement)
    return sent


def submit_network_step(run: Run, step: Step) -> SubmissionResult:
    """An admission, a withdrawal, or the publication of the members."""
    town = run.town_of(step.by)
    if step.event == "NetworkMembershipPublished":
        named = step.details.get("members")
        listed = [str(m) for m in named] if named else sorted(run.network_members.get(town, ()))
        return publish_members(run, step.by, run.networks[town], listed)
    member = member_of(run, step)
    fields: dict[str, Any] = {"member": str(run.id_of(member))}
    if step.event == "NetworkMemberAdmitted":
        fields["item"] = int(step.details.get("item", 2))
    topic = BY_NAME[step.event].TOPIC
    sent = run.send(step.by, e.Kind.NETWORK, run.networks[town], topic, fields)
    if sent.outcome == "recorded":
        members = run.network_members.setdefault(town, set())
        (members.add if step.event == "NetworkMemberAdmitted" else members.discard)(member)
    return sent
