"""Case messages through the doors, with invented content in each section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import sleep
from typing import Any
from uuid import UUID

from adapters.agencies.contract import BASIS_OF
from adapters.agencies.fhir import Fhir
from adapters.content_json import read_content
from domain import events as e
from domain.content import as_text, lines
from domain.rulebook import first_edition
from gateway.agency.child_references import section_content
from gateway.agency.door import Door, SubmissionResult
from gateway.agency.files import Files
from gateway.agency.staff import Person
from gateway.rehearsal.scenario.assignments import assign
from gateway.rehearsal.scenario.contents import section_contents, section_text
from gateway.rehearsal.scenario.fields.case import case_fields
from gateway.rehearsal.scenario.fields.codes import alternatives, reason_code
from gateway.rehearsal.scenario.fields.context import BY_NAME, CONTENT_BY_TARGET_CLASS
from gateway.rehearsal.scenario.follow_ups import (
    add_missing_receipts,
    confirm_coercion_check,
    record_coercion_check,
    story_covers_coercion,
)
from gateway.rehearsal.scenario.referral_answers import REFERRAL_EVENTS
from gateway.rehearsal.scenario.run import Run, WrittenItem
from gateway.rehearsal.scenario.simulated_hospital import hospital_bundle
from gateway.rehearsal.scenario.story import Step

FEED_ATTEMPTS, FEED_PAUSE_SECONDS = 20, 0.5


def approvers_of(details: Mapping[str, Any], by: str) -> list[str]:
    """The approvers: as the story names them, else two other persons of the agency."""
    named = details.get("approvers") or details.get("approved_by")
    if named is None:
        return [f"staff.{by}.{other}" for other in ("second", "third")]
    return [named] if isinstance(named, str) else [str(name) for name in named]


def submit_message(run: Run, step: Step, cls: type[e.Event]) -> SubmissionResult:
    """Send a case message with invented content in each section, and note what was written."""
    by = run.author_of(step)
    to = tuple(c for c in run.codes_with_door(step.to) if c != by)
    fields = case_fields(step, cls, run, to)
    if _is_sent_as_file(run, by, cls, to, fields) and (
        "PREG" in step.sections or not fields.get("weeks_pregnant")
    ):
        return _send_as_hospital(run, step, cls, by, to[0], fields)
    _record_override_approvals(run, by, step, fields)
    parts = section_contents(run, step, fields)
    actor = step.details.get("actor")
    sent = run.send(by, e.Kind.CASE, run.case_of(step), cls.TOPIC, fields, parts, step.at, actor)
    if sent.outcome == "recorded":
        run.messages[step.n] = sent.command_id
        run.held[step.n] = sent.held
        for (item, section), part in zip(sent.items, parts, strict=True):
            run.written.append(
                WrittenItem(step.n, section, run.case_of(step), sent.command_id, item, part.content)
            )
        _after_message(run, step, fields)
    return sent


def _record_override_approvals(run: Run, by: str, step: Step, fields: dict[str, Any]) -> None:
    """The dual approval that a basis of exception needs first: one person requests, two others of the agency approve."""
    needed = {row["code"] for row in first_edition()["bases"] if "OVERRIDE" in row["needs"]}
    for code in sorted(needed & set(fields["basis"].values())):
        common = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT"}
        override_fields = {
            "code": code,
            "recipients": sorted(a for a, named in fields["basis"].items() if named == code),
            "sections": sorted(set(step.sections)),
            "alternatives": alternatives(step.details, "WAIT_FOR_CONSENT"),
            "reason": reason_code(step.details.get("reason") or "CLEARLY_IN_THEIR_INTEREST"),
        }
        topic = BY_NAME["BasisOverrideRequested"].TOPIC
        override_request = run.send(
            by, e.Kind.CASE, run.case_of(step), topic, {**common, **override_fields}, ()
        )
        for approver in approvers_of(step.details, by):
            approval = {**common, "reason": None, "approves": str(override_request.command_id)}
            topic = BY_NAME["BasisOverrideApproved"].TOPIC
            run.send(by, e.Kind.CASE, run.case_of(step), topic, approval, actor=approver)


def _is_sent_as_file(
    run: Run, by: str, cls: type[e.Event], to: tuple[str, ...], fields: Mapping[str, Any]
) -> bool:
    """Whether a hospital sends this act as FHIR; that has no references of children."""
    role = next(a.role for a in run.story.doors() if a.code == by)
    return role == "MED" and cls.TOPIC in BASIS_OF and len(to) == 1 and not fields.get("children")


def _after_message(run: Run, step: Step, fields: dict[str, Any]) -> None:
    """What follows a recorded message: assignments that waited, receipts, the check for coercion."""
    waiting, run.pending_assignments = run.pending_assignments, []
    for code in waiting:
        assign(run, code)
    plan = fields.get("plan")
    if plan:
        run.last_plan_content = plan["content"]
    for determined in fields.get("target_classes") or ():
        run.last_plan_content = CONTENT_BY_TARGET_CLASS.get(determined, run.last_plan_content)
    if step.event in REFERRAL_EVENTS and fields["to"]:
        add_missing_receipts(run, step)

    if step.event == "CoercionCheckDone":
        confirm_coercion_check(run, step, fields, run.messages[step.n])
    if step.event == "ConsentGiven" and fields["capacity"] != "SELF" and not story_covers_coercion(run, step):
        record_coercion_check(run, step)


def _known_at(door: Door, case: UUID, message: UUID) -> Mapping[str, Any]:
    """A recorded message as its sender's door knows it. The feed of a busy hub may be some seconds behind the record."""
    for _ in range(FEED_ATTEMPTS):
        door.refresh()
        for known in door.store.messages(case):
            if known["message"] == str(message):
                return known
        sleep(FEED_PAUSE_SECONDS)
    raise RuntimeError("the feed of the hub stayed behind")


def _send_as_hospital(
    run: Run, step: Step, cls: type[e.Event], by: str, to: str, fields: dict[str, Any]
) -> SubmissionResult:
    """The same message, sent by the hospital's system as a FHIR Bundle through its door."""
    door = run.rehearsal_hub.door(by)
    wording = {section: section_text(run, step, section) for section in step.sections}
    data = hospital_bundle(
        act=cls.TOPIC,
        to=to,
        at=step.at,
        case=run.case_of(step),
        fields=fields,
        texts=wording,
        family=run.story.family(step.family),
    )
    answered = Files(door, run.rehearsal_hub.parsing_pool).send(Person(run.actor_of(by), run.story.id), data)
    [(_, outcome)] = answered.rows
    if outcome.outcome == "waiting":
        raise RuntimeError(f"{by}: the hub did not answer in time")
    sent = SubmissionResult(outcome.message, outcome.case, "refused", reason=outcome.reason)
    if outcome.outcome == "refused":
        return sent
    run.messages[step.n] = outcome.message
    run.held[step.n] = ()
    [inbound] = Fhir().read(data, {to: run.id_of(to)}, run.rehearsal_hub.now()).inbound_messages
    contents = {part.section: section_content(door, run.case_of(step), part) for part in inbound.sections}
    for section, text in wording.items():
        sent_content = contents.get(section)
        if sent_content is None or text not in as_text(
            lines(read_content(sent_content.schema, sent_content.content))
        ):
            run.problems.append(f"#{step.n} {section}: FHIRから記載が失われました")
    known = _known_at(door, run.case_of(step), outcome.message)
    for item in known["items"]:
        section = item["section"]
        if section in wording:
            name, content = UUID(item["item"]), contents[section].content
            run.written.append(
                WrittenItem(step.n, section, run.case_of(step), outcome.message, name, content)
            )
    _after_message(run, step, fields)
    return replace(sent, outcome="recorded", topic=cls.TOPIC)
