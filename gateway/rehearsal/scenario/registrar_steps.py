"""Steps that are not an agency's message: the registrars' orders, key sets, readings and re-wrap duties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from domain.codes import AuditGround, Purpose
from domain.errors import Malformed, NotFound
from domain.events import Kind, dump
from gateway.agency.door import SubmissionResult
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import HUB, Step
from gateway.rehearsal.scenario.views import read_item

OFFICE_ROLES = {"CoreAgencyDesignated": "CORE", "CoordinatingAgencyDesignated": "COORD"}


def _target_agency(run: Run, step: Step, *names: str) -> str:
    """The agency that a step is about: as named, the addressee, or the sender itself."""
    named = next((step.details[name] for name in names if step.details.get(name)), None)
    return str(named or next(iter(step.to), step.by))


def _submit_order(run: Run, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any]) -> SubmissionResult:
    answer = run.rehearsal_hub.registrars.order(kind, about, act, fields)
    return SubmissionResult(uuid4(), about, answer["outcome"], act, answer.get("reason"))


# --- offices ------------------------------------------------------------------------------------------------


def designate_office(run: Run, step: Step) -> SubmissionResult:
    """The registrars designate an office of the agency's network; also to the agency that holds it already."""
    agency = _designated_agency(run, step)
    town = run.town_of(agency)
    return _submit_order(run, Kind.NETWORK, run.networks[town], *_designation_order(run, step, agency))


def attempt_designation(run: Run, step: Step) -> SubmissionResult:
    """A designation that must be refused: by the agency itself, or for a second network of its municipality."""
    agency = _designated_agency(run, step)
    act, fields = _designation_order(run, step, agency)
    if step.by in run.rehearsal_hub.doors:
        return run.send(step.by, Kind.NETWORK, run.networks[run.town_of(agency)], act, fields)
    return _submit_order(run, Kind.NETWORK, uuid4(), act, fields)


def _designated_agency(run: Run, step: Step) -> str:
    role = OFFICE_ROLES[step.event]
    named = _target_agency(run, step, "agency", "designate_office", "core", "coordinating")
    roles = {a.code: a.role for a in run.story.doors()}
    candidates = (named, *step.to, step.by, run.story.core, run.story.coordinating or "")
    return named if "agency" in step.details else next(c for c in candidates if roles.get(c) == role)


def _designation_order(run: Run, step: Step, agency: str) -> tuple[str, dict[str, Any]]:
    return BY_NAME[step.event].TOPIC, {"agency": str(run.id_of(agency))}


# --- key sets and rules -----------------------------------------------------------------------------------------


def revoke_key_set(run: Run, step: Step) -> SubmissionResult:
    """The registrars revoke an agency's key set: from now on it sends and opens nothing."""
    since = step.details.get("compromised_since")
    if since is not None:
        since = dump(since if isinstance(since, datetime) else datetime.fromisoformat(str(since)))
    agency = run.id_of(_target_agency(run, step, "agency"))
    return _submit_order(run, Kind.AGENCY, agency, "key_set.revoked", {"compromised_since": since})


def ensure_key_set_published(run: Run, step: Step) -> SubmissionResult:
    """An agency's key set: in force since the story's start, or published again where it was revoked."""
    code = _target_agency(run, step, "agency")
    if run.rehearsal_hub.in_force(code):
        return SubmissionResult(uuid4(), run.id_of(code), "recorded", "key_set.published")
    answer = run.rehearsal_hub.republish_key_set(
        run.story.agencies[code], run.story.doors(), core=run.story.core
    )
    return SubmissionResult(
        uuid4(), run.id_of(code), answer["outcome"], "key_set.published", answer.get("reason")
    )


def publish_rules(run: Run, step: Step) -> SubmissionResult:
    """The registrars publish the rule book again."""
    answer = run.rehearsal_hub.registrars.publish_rule_book()
    return SubmissionResult(uuid4(), run.case, answer["outcome"], "rule_book.published", answer.get("reason"))


# --- reading ------------------------------------------------------------------------------------------------------


def open_items(run: Run, step: Step) -> SubmissionResult:
    """The agency opens the items that the step names by message and section.

    Refused as a whole where one of them does not open. Raises Malformed where the step names no item.
    """
    named = [
        step.details[k] for k in ("opens", "answers", "about", "message", "messages") if k in step.details
    ]
    numbers = {int(n) for value in named for n in (value if isinstance(value, list) else [value])}
    wanted = [
        w
        for w in run.written
        if (not numbers or w.n in numbers) and (not step.sections or w.section in step.sections)
    ]
    if not wanted:
        raise Malformed("story-nothing-to-open", f"Step #{step.n} opens a message without sections.")
    reader = next(iter(step.to), HUB) if step.by == HUB else step.by
    try:
        for w in wanted:
            read_item(run, reader, w, Purpose.SUPPORT)
    except NotFound:
        return SubmissionResult(uuid4(), run.case, "refused", reason="NOT_FOUND")
    return SubmissionResult(uuid4(), run.case, "recorded", "section.opened")


def fulfil_rewrap_duties(run: Run, step: Step) -> SubmissionResult:
    """Doors fulfil their re-wrap duties; the step holds where such an event was recorded."""
    run.rehearsal_hub.complete_rewrap_duties()
    topic = BY_NAME[step.event].TOPIC
    done = any(r.topic == topic for r in run.rehearsal_hub.records())
    return SubmissionResult(
        uuid4(), run.case, "recorded" if done else "refused", topic, None if done else "NO_REWRAP_DUTY"
    )


def request_audit_control(run: Run, step: Step) -> SubmissionResult:
    """The audit office requests the control of this case."""
    named = step.details.get("ground")
    ground = AuditGround(named) if named in set(AuditGround) else AuditGround.AUDIT
    return SubmissionResult(
        run.rehearsal_hub.audit.request_control(run.case, ground=ground), run.case, "recorded"
    )


SPECIAL_STEP_HANDLERS: Mapping[str, Callable[[Run, Step], SubmissionResult]] = {
    "CoreAgencyDesignated": designate_office,
    "CoordinatingAgencyDesignated": designate_office,
    "KeySetRevoked": revoke_key_set,
    "KeySetPublished": ensure_key_set_published,
    "RuleBookPublished": publish_rules,
    "SectionOpened": open_items,
    "DisclosureReceived": open_items,
    "WrappedKeyFetchedForRewrap": fulfil_rewrap_duties,
    "ItemsRewrapped": fulfil_rewrap_duties,
    "AuditControlRequested": request_audit_control,
}
"""The handler of each such event."""
