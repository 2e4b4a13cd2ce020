"""Before the story begins: agencies, offices, members and contractors, except what its timeline records itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from domain import events as e
from domain.calendar import day_of
from domain.codes import BusinessItem
from domain.record import commission_of
from gateway.agency.door import SubmissionResult
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import Step


def set_up(run: Run) -> None:
    """Register agencies, designate offices, admit members and complete the commissions."""
    run.progress("機関・委託先の登録")
    run.rehearsal_hub.set_up_agencies(
        run.story.doors(),
        core=run.story.core,
        actor_of=run.actor_of,
        coordinating={coordinating for _, coordinating in run.offices.values()},
    )
    for town, (core, coordinating) in run.offices.items():
        run.networks[town] = uuid4()
        run.rehearsal_hub.registrars.designate(
            run.networks[town], core=run.id_of(core), coordinating=run.id_of(coordinating)
        )
    role = {a.code: a.role for a in run.story.doors()}
    for town in run.offices:
        for code in _members_from_start(run, town):
            _admit_member(run, town, code, 2 if role[code] == "CONTRACTOR" else 1)
    _publish_members_and_notice(run)
    for code in run.story.contractors:
        _record_commission(run, code)
    for core in (code for code in role if role[code] == "CORE"):
        for worker in run.crews.roll(core):
            _employ(run, core, worker)


def open_case(run: Run) -> None:
    """A story that does not begin with news of a family begins in a case that its core agency has opened."""
    first = next(iter(run.story.steps), None)
    if first is None or BY_NAME.get(first.event, e.Event) in e.BEGINS_CASE:
        return
    fields: dict[str, Any] = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
    topic = BY_NAME["SupportCaseOpened"].TOPIC
    run.require_recorded(
        first,
        run.send(run.story.core, e.Kind.CASE, run.case_of(first), topic, fields),
    )


def _publish_members_and_notice(run: Run) -> None:
    """Publish the members and notify the programme, except where the timeline does."""
    today = day_of(run.rehearsal_hub.now()).isoformat()
    notice = {"happened_on": today, "items": sorted(i.value for i in BusinessItem), "reason": None}
    public = any(s.event == "NetworkMembershipPublished" for s in run.story.steps)
    for town, (core, coordinating) in run.offices.items():
        if not any(s.event == "BusinessCommencementNotified" and s.by == core for s in run.story.steps):
            submit_agency_command(run, core, "BusinessCommencementNotified", notice)
        if not public:
            publish_members(run, coordinating, run.networks[town], _members_from_start(run, town))


def _members_from_start(run: Run, town: str) -> list[str]:
    """The first members of this municipality's network, including those that leave before they are admitted again."""
    first: dict[str, str] = {}
    for s in run.story.steps:
        if s.event in ("NetworkMemberAdmitted", "NetworkMemberWithdrawn"):
            first.setdefault(member_of(run, s), s.event)
    admitted_in_story = {code for code, event in first.items() if event == "NetworkMemberAdmitted"}
    return [
        a.code
        for a in run.story.doors()
        if a.member and a.code not in admitted_in_story and town in run.network_towns(a)
    ]


def publish_members(run: Run, by: str, network: UUID, members: list[str]) -> SubmissionResult:
    """Publish these agencies as the members of the network, today."""
    fields = {
        "members": sorted(str(run.id_of(m)) for m in members),
        "published_on": day_of(run.rehearsal_hub.now()).isoformat(),
    }
    return run.send(by, e.Kind.NETWORK, network, "network_membership.published", fields)


def _record_commission(run: Run, code: str) -> None:
    """All that makes a contractor ready, except oath and assignment."""
    since = run.story.contractors[code].since
    full = any(
        (s.event == "SupportPlanProposed" and s.by == code)
        or (s.details.get("contractor") == code and s.details.get("scope") == "FULL")
        for s in run.story.steps
    )
    scope = "FULL" if full else "PARTIAL"
    begins = day_of(run.rehearsal_hub.now()).isoformat()
    contractor = str(run.id_of(code))
    fields: dict[str, Any] = {
        "contractor": contractor,
        "scope": scope,
        "begins_on": begins,
        "ends_on": None,
    }
    _submit_commission_command(run, code, "outsourcing_contract.concluded", fields)
    _adopt_rules(run, code)
    for worker in run.crews.all(code):
        fields = {"worker": worker, "employment": "PART_TIME", "qualification": None}
        _submit_commission_command(run, code, "support_worker.registered", fields)
        for until, modules in run.crews.training(code, worker).items():
            trained = {"worker": worker, "modules": modules, "valid_until": until, "tier": "T1_BASIC"}
            _submit_commission_command(run, code, "training_module.completed", trained)
    if not run.crews.is_recorded_by("ContractorRequirementVerified", code, since):
        items = [1, 2, 3] if full else [1, 2]
        _submit_commission_command(
            run, code, "contractor_requirement.verified", {"items": items, "scope": scope}
        )


def _adopt_rules(run: Run, code: str) -> None:
    """A contractor's own rules of secrecy, which each of its visitors knows; its requirements rest on them."""
    submit_agency_command(run, code, "ConfidentialityRulesAdopted", {"edition": RULES_FROM_START})
    for actor in dict.fromkeys((run.actor_of(code), *run.crews.all(code))):
        fields = {"edition": RULES_FROM_START, "staff": actor}
        submit_agency_command(run, code, "ConfidentialityRulesAcknowledged", fields, actor)


RULES_FROM_START = "rules-from-the-start"


def renew_training(run: Run, code: str, worker: str, modules: list[str]) -> None:
    """A visitor repeats, in a long story, what has to be repeated and what the timeline does not let lapse."""
    fields = {"worker": worker, "modules": modules, "valid_until": None, "tier": "T1_BASIC"}
    _submit_commission_command(run, code, "training_module.completed", fields)


def _employ(run: Run, core: str, worker: str) -> None:
    """A core agency's own visitor whom the timeline mentions, with the training and oath that it does not record."""
    employment = run.crews.employment(core, worker)
    fields: dict[str, Any] = {"worker": worker, "employment": employment, "qualification": None}
    _submit_commission_command(run, core, "support_worker.registered", fields)
    for until, modules in run.crews.training(core, worker).items():
        fields = {"worker": worker, "modules": modules, "valid_until": until, "tier": "T1_BASIC"}
        _submit_commission_command(run, core, "training_module.completed", fields)
    if employment == "PART_TIME" and not run.crews.sworn_by_story(core, worker):
        record_oath(run, core, worker)


def record_oath(run: Run, code: str, worker: str) -> None:
    """The oath of a visitor, valid until the day before the story lets it lapse."""
    until = run.crews.lapse("OathLapsed", code, None, worker)
    fields = {"worker": worker, "employment": "PART_TIME", "valid_until": until}
    _submit_commission_command(run, code, "oath.signed", fields)


def _admit_member(run: Run, town: str, code: str, item: int) -> None:
    fields = {"member": str(run.id_of(code)), "item": item}
    _, by = run.offices[town]
    run.send(by, e.Kind.NETWORK, run.networks[town], "network_member.admitted", fields)
    run.network_members.setdefault(town, set()).add(code)


def _submit_commission_command(run: Run, code: str, act: str, fields: dict[str, Any]) -> SubmissionResult:
    core = run.core_for(code)
    about = commission_of(run.id_of(core), run.id_of(code))
    return run.send(core, e.Kind.COMMISSION, about, act, fields)


def member_of(run: Run, step: Step) -> str:
    """The agency that a network step is about: as named, the addressee, the first contractor, or the sender."""
    named = step.details.get("member") or next(iter(step.to), None) or next(iter(run.story.contractors), None)
    return str(named or step.by)


def submit_agency_command(
    run: Run, by: str, event: str, fields: dict[str, Any], actor: str | None = None
) -> SubmissionResult:
    """A command of an agency about itself."""
    return run.send(by, e.Kind.AGENCY, run.id_of(by), BY_NAME[event].TOPIC, fields, actor=actor)
