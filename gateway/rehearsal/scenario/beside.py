"""Steps that are no agency's message: what the registry orders, what becomes of key sets, and who reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from domain.codes import AuditGround, Purpose
from domain.errors import Malformed, NotThere, Untrusted
from domain.events import Kind, dump
from gateway.agency.door import Sent
from gateway.rehearsal.scenario.story import HUB, Step
from gateway.rehearsal.scenario.wording import BY_NAME

if TYPE_CHECKING:
    from gateway.rehearsal.scenario.player import Run

OFFICES = {"CoreAgencyDesignated": "CORE", "CoordinatingAgencyDesignated": "COORD"}
NOT_IN_FORCE = "key-set-not-in-force"


def _who(run: Run, step: Step, *names: str) -> str:
    """The agency that a step is about: as named, the addressee, or the sender itself."""
    named = next((step.details[name] for name in names if step.details.get(name)), None)
    return str(named or next(iter(step.to), step.by))


def _ordered(run: Run, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any]) -> Sent:
    answer = run.stage.registry.order(kind, about, act, fields)
    return Sent(uuid4(), about, answer["outcome"], act, answer.get("reason"))


# --- offices ------------------------------------------------------------------------------------------------


def designated(run: Run, step: Step) -> Sent:
    """The registry gives an office of the agency's network, to whom it has it already too."""
    agency = _designee(run, step)
    town = run.town_of(agency)
    return _ordered(run, Kind.NETWORK, run.networks[town], *_office(run, step, agency))


def designation_tried(run: Run, step: Step) -> Sent:
    """Where that must be refused: asked for by the agency itself, or for one network more of its municipality."""
    agency = _designee(run, step)
    act, fields = _office(run, step, agency)
    if step.by in run.stage.doors:
        return run.send(step.by, Kind.NETWORK, run.networks[run.town_of(agency)], act, fields)
    return _ordered(run, Kind.NETWORK, uuid4(), act, fields)


def _designee(run: Run, step: Step) -> str:
    role = OFFICES[step.event]
    named = _who(run, step, "agency", "designated", "core", "coordinating")
    roles = {a.code: a.role for a in run.story.doors()}
    candidates = (named, *step.to, step.by, run.story.core, run.story.coordinating or "")
    return named if "agency" in step.details else next(c for c in candidates if roles.get(c) == role)


def _office(run: Run, step: Step, agency: str) -> tuple[str, dict[str, Any]]:
    return BY_NAME[step.event].TOPIC, {"agency": str(run.id_of(agency))}


# --- key sets and rules -----------------------------------------------------------------------------------------


def revoked(run: Run, step: Step) -> Sent:
    """The registry takes an agency's key set out of force: from now on it sends and opens nothing."""
    since = step.details.get("compromised_since")
    if since is not None:
        since = dump(since if isinstance(since, datetime) else datetime.fromisoformat(str(since)))
    agency = run.id_of(_who(run, step, "agency"))
    return _ordered(run, Kind.AGENCY, agency, "key_set.revoked", {"compromised_since": since})


def published(run: Run, step: Step) -> Sent:
    """An agency's key set: in force since the story's start, or vouched for anew where it was revoked."""
    code = _who(run, step, "agency")
    if run.stage.in_force(code):
        return Sent(uuid4(), run.id_of(code), "recorded", "key_set.published")
    answer = run.stage.return_keys(run.story.agencies[code], run.story.doors(), core=run.story.core)
    return Sent(uuid4(), run.id_of(code), answer["outcome"], "key_set.published", answer.get("reason"))


def ruled(run: Run, step: Step) -> Sent:
    """The registry publishes the rules anew."""
    answer = run.stage.registry.publish_rule_book()
    return Sent(uuid4(), run.case, answer["outcome"], "rule_book.published", answer.get("reason"))


# --- reading ------------------------------------------------------------------------------------------------------


def opened(run: Run, step: Step) -> Sent:
    """The agency opens what the step names, by message and section; its door says what it received.

    Refused as a whole where any of it does not open: the one reason that readers are told.
    """
    named = [
        step.details[k] for k in ("opens", "answers", "about", "message", "messages") if k in step.details
    ]
    numbers = {int(n) for one in named for n in (one if isinstance(one, list) else [one])}
    wanted = [
        w
        for w in run.written
        if (not numbers or w.n in numbers) and (not step.sections or w.section in step.sections)
    ]
    if not wanted:
        raise Malformed("story-nothing-to-open", f"#{step.n}: name a message that carries sections")
    reader = next(iter(step.to), HUB) if step.by == HUB else step.by
    try:
        for w in wanted:
            run.read(reader, w, Purpose.SUPPORT)
    except NotThere:
        return Sent(uuid4(), run.case, "refused", reason="NOT_THERE")
    return Sent(uuid4(), run.case, "recorded", "section.opened")


def rewrapped(run: Run, step: Step) -> Sent:
    """Doors do what they owe standing readers; the step stands where something of this was recorded."""
    run.stage.settle()
    topic = BY_NAME[step.event].TOPIC
    done = any(r.topic == topic for r in run.stage.records())
    return Sent(
        uuid4(), run.case, "recorded" if done else "refused", topic, None if done else "NO_REWRAP_DUTY"
    )


def control_asked(run: Run, step: Step) -> Sent:
    """The audit office asks for the control of this case."""
    named = step.details.get("ground")
    ground = AuditGround(named) if named in set(AuditGround) else AuditGround.AUDIT
    return Sent(run.stage.audit.ask_for_control(run.case, ground=ground), run.case, "recorded")


def not_in_force(error: Untrusted) -> bool:
    """Whether an agency's keys are merely out of force: the hub refused it, as it must."""
    return error.flaw == NOT_IN_FORCE


BESIDE: Mapping[str, Callable[[Run, Step], Sent]] = {
    "CoreAgencyDesignated": designated,
    "CoordinatingAgencyDesignated": designated,
    "KeySetRevoked": revoked,
    "KeySetPublished": published,
    "RuleBookPublished": ruled,
    "SectionOpened": opened,
    "DisclosureReceived": opened,
    "WrapFetchedForRewrap": rewrapped,
    "ItemsRewrapped": rewrapped,
    "AuditControlRequested": control_asked,
}
"""How each is played."""
