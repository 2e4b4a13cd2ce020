"""Playing a story through the doors: nothing is known here that a door would not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from adapters.agencies.contract import BASIS_OF
from adapters.agencies.fhir import Fhir
from domain import events as e
from domain.alarms import ALARMS, raised_alarms
from domain.calendar import day_of
from domain.case import Case, evolve
from domain.codes import AuditGround, BusinessItem, Purpose, Section
from domain.due import HUB_ACTS
from domain.errors import ExchangeError, Malformed, NotFound, Refused, Untrusted
from domain.reasons import Reason
from domain.record import About, commission_of
from domain.rulebook import first_edition
from domain.visibility import AUTHOR_ONLY, NO_STANDING_ACCESS
from gateway.agency.door import SectionContent, SubmissionResult
from gateway.agency.files import Files
from gateway.agency.staff import Person
from gateway.rehearsal.scenario.crews import Crews
from gateway.rehearsal.scenario.fields.agency import agency_fields
from gateway.rehearsal.scenario.fields.case import (
    case_fields,
    is_agency_event,
    is_case_event,
    is_commission_event,
)
from gateway.rehearsal.scenario.fields.codes import alternatives, reason_code
from gateway.rehearsal.scenario.fields.commission import commission_fields
from gateway.rehearsal.scenario.fields.consent import split_by_expiry
from gateway.rehearsal.scenario.fields.context import BY_NAME, CONTENT_BY_TARGET_CLASS
from gateway.rehearsal.scenario.fields.values import numbers
from gateway.rehearsal.scenario.referral_answers import REFERRAL_EVENTS, answers
from gateway.rehearsal.scenario.registrar_steps import (
    OFFICE_ROLES,
    SPECIAL_STEP_HANDLERS,
    attempt_designation,
    is_key_set_out_of_force,
)
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub
from gateway.rehearsal.scenario.simulated_hospital import hospital_bundle
from gateway.rehearsal.scenario.story import AUDITOR, HUB, PERSON, Actor, Expect, Step, Story

REASONS = {*Reason, "MALFORMED", "NOT_THERE", "REFUSED", "UNTRUSTED"}
REFUSALS = ("DisclosureRefused", "CommandRefused", "OpeningRefused")
NETWORK_EVENTS = ("NetworkMemberAdmitted", "NetworkMemberWithdrawn", "NetworkMembershipPublished")
HUB_EVENTS = tuple(cls.__name__ for cls in HUB_ACTS if cls is not e.OutsourcingContractEnded)

ALARM_ALIASES = {"ContactGapAlarmRaised": (e.VisitGapAlarmRaised,)}
"""What of the hub's own alarms a story may mean by a wider word."""

SECTIONS_CLOSED_TO_AUDIT = tuple(section.value for section in NO_STANDING_ACCESS | AUTHOR_ONLY)
COERCION_RISK_KEYS = (
    "subject_of_risk",
    "suspected",
    "suspected_abuser",
    "abuser",
    "alleged_abuser",
    "coerced",
    "coercion",
)
"""How a story may say that who consents is the one from whom the child needs protection."""
AUDIT_ACCESS_PERIOD = timedelta(days=30)
STEP_ERRORS = (ExchangeError, KeyError, ValueError, TypeError, AttributeError)
"""What a step of a story may come to that is not of the format, or that no agency could do."""

OpenableSections = dict[str, list[int]]


def _approvers(details: Mapping[str, Any], by: str) -> list[str]:
    """Who lets it: as the story names them, else two others of the agency."""
    named = details.get("approvers") or details.get("approved_by")
    if named is None:
        return [f"staff.{by}.{other}" for other in ("second", "third")]
    return [named] if isinstance(named, str) else [str(name) for name in named]


def _town(code: str) -> str:
    return code.split("-")[0]


@dataclass(frozen=True)
class WrittenItem:
    """One item as it was written: where it is, and what it must decrypt to."""

    n: int
    section: str
    case: UUID
    message: UUID
    item: UUID
    text: bytes = field(repr=False)


@dataclass
class Check:
    """What one agency could open at one moment, beside what the story says."""

    at: datetime
    agency: str
    openable: OpenableSections
    expected: OpenableSections
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.openable == self.expected and not self.wrong


@dataclass
class Run:
    """A story being played."""

    story: Story
    rehearsal_hub: RehearsalHub
    case: UUID = field(default_factory=uuid4)
    networks: dict[str, UUID] = field(default_factory=dict)
    messages: dict[int, UUID] = field(default_factory=dict)
    held: dict[int, tuple[str, ...]] = field(default_factory=dict)
    written: list[WrittenItem] = field(default_factory=list)
    consents: dict[str, UUID] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    probe_checks: list[Check] = field(default_factory=list)
    extra_probes: list[tuple[datetime, str]] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    other_family_cases: dict[str, UUID] = field(default_factory=dict)
    agencies_with_rules: set[str] = field(default_factory=set)
    pending_assignments: list[str] = field(default_factory=list)
    network_members: dict[str, set[str]] = field(default_factory=dict)
    recall_notices: dict[int, list[UUID]] = field(default_factory=dict)
    assigned_own_visitors: set[tuple[str, str]] = field(default_factory=set)
    audits: dict[int, tuple[UUID, list[UUID], date]] = field(default_factory=dict)
    audit_approval_counts: dict[str, int] = field(default_factory=dict)
    last_plan_content: str = "SC_A"
    progress: Callable[[str], None] = lambda _: None

    # --- what steps refer to ---------------------------------------------------------------------------------

    @property
    def crews(self) -> Crews:
        return Crews(self.story)

    def id_of(self, code: str) -> UUID:
        return self.rehearsal_hub.door(code).agency

    def case_of(self, step: Step) -> UUID:
        """The case of the family that a step speaks of: the story's own, where it names none."""
        return self.case if step.family is None else self.other_family_cases.setdefault(step.family, uuid4())

    def consent_of(self, name: str) -> UUID:
        return self.consents.setdefault(name, uuid4())

    def message_of(self, n: int) -> UUID:
        return self.messages[n]

    def worker_of(self, code: str) -> str:
        """The agency's visitor from the start, as the story names it or by a name made up."""
        return self.crews.first(code)

    def actor_of(self, code: str) -> str:
        return self.worker_of(code) if code in self.story.contractors else f"staff.{code}"

    def referral_for(self, step: Step) -> UUID:
        """The referral that an acknowledgement or reading without a number is about."""
        about = next((n for (n, _), by in answers(self.story, step.event).items() if by == step.n), None)
        return self.messages.get(about, uuid4()) if about is not None else uuid4()  # none: the hub says so

    def last_of(self, step: Step, *events: str) -> UUID:
        """The last message of these events before a step that its author wrote or was sent (where none is named: of
        those with content, that it wrote); one that does not exist where there is none, so that the hub says so."""
        by = self._author(step)
        found = [
            s
            for s in self.story.steps
            if (s.event in events if events else s.sections)
            and s.n in self.messages
            and s.family == step.family
            and (s.at, s.n) < (step.at, step.n)
            and by in (self._author(s), *(s.to if events else ()))
        ]
        return self.messages[found[-1].n] if found else uuid4()

    def recalled_by(self, step: Step, named: list[int]) -> UUID:
        """What a recall is about: the message that it names, else the last with content that its author sent these
        (on the consent that it names, or on one withdrawn by then)."""
        steps = [s for s in self.story.steps if (s.at, s.n) < (step.at, step.n) and s.n in self.messages]
        gone = {c for s in steps if s.event == "ConsentWithdrawn" for c in s.consent}
        own = [s for s in steps if s.sections and self._author(s) == self._author(step)]
        for n in named:
            if any(s.n == n for s in own) or n not in self.messages:
                return self.message_of(n)
        theirs = [s for s in own if set(step.to) & set(s.to)] or own
        sent_on_consent = [s for s in theirs if set(s.consent) & (set(step.consent) or gone)] or theirs
        return self.messages[sent_on_consent[-1].n] if sent_on_consent else uuid4()

    def _codes_with_door(self, codes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(c for c in codes if c not in (PERSON, HUB, AUDITOR))

    def _author(self, step: Step) -> str:
        """Who records a step: the sender, for what comes from outside the first addressee, and for what a story lets the
        hub do that agencies decide the core agency."""
        if step.by == HUB:
            return self.story.core
        return step.to[0] if step.by == PERSON else step.by

    # --- the play ----------------------------------------------------------------------------------------------

    def play(self) -> None:
        """Set up, send every message at its time, and look at every expected moment."""
        self._set_up()
        self._open_case()
        for at, _, act in sorted(self._schedule(), key=lambda p: (p[0], p[1])):
            self.rehearsal_hub.set_clock(at)
            try:
                act()
            except STEP_ERRORS as error:
                self.problems.append(f"{at.isoformat()}: {type(error).__name__}: {error}")

    def _schedule(self) -> Iterator[tuple[datetime, int, Callable[[], None]]]:
        for code, commissioned in self.story.contractors.items():
            for worker in self.crews.all(code):
                if not self.crews.sworn_by_story(code, worker):
                    record_oath = self._deferred(self._record_oath, (code, worker))
                    yield commissioned.since - timedelta(minutes=1), 0, record_oath
            yield commissioned.since, 1, self._deferred(self._assign, code)
            if commissioned.until is not None:
                yield commissioned.until, 3, self._deferred(self._unassign, code)
        for step in self.story.steps:
            yield step.at, 2, self._deferred(self._play_step, step)
        for expect in self.story.expects:
            yield expect.at, 4, self._deferred(self._check_views, expect)
        for at, code in self.extra_probes:
            yield at, 5, self._deferred(self._check_probe, code)

    def _deferred(self, act: Callable[[Any], None], what: Any) -> Callable[[], None]:
        return lambda: act(what)

    # --- before the story ----------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        """Agencies, offices, members and contractors, except what the story itself brings in time."""
        self.progress("機関・委託先の登録")
        self.rehearsal_hub.set_up_agencies(
            self.story.doors(),
            core=self.story.core,
            actor_of=self.actor_of,
            coordinating={coordinating for _, coordinating in self.offices.values()},
        )
        for town, (core, coordinating) in self.offices.items():
            self.networks[town] = uuid4()
            self.rehearsal_hub.registrars.designate(
                self.networks[town], core=self.id_of(core), coordinating=self.id_of(coordinating)
            )
        role = {a.code: a.role for a in self.story.doors()}
        for town in self.offices:
            for code in self._members(town):
                self._admit_member(town, code, 2 if role[code] == "CONTRACTOR" else 1)
        self._publish_members_and_notice()
        for code in self.story.contractors:
            self._record_commission(code)
        for core in (code for code in role if role[code] == "CORE"):
            for worker in self.crews.staff(core):
                self._employ(core, worker)

    def _open_case(self) -> None:
        """A story that does not begin with news of a family begins in a case that its core agency has opened."""
        first = next(iter(self.story.steps), None)
        if first is None or BY_NAME.get(first.event, e.Event) in e.BEGINS_CASE:
            return
        fields: dict[str, Any] = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
        topic = BY_NAME["SupportCaseOpened"].TOPIC
        self._require_recorded(
            first,
            self._send_through_door(self.story.core, e.Kind.CASE, self.case_of(first), topic, fields, ()),
        )

    def _publish_members_and_notice(self) -> None:
        """Members are made public and the programme is notified, except where the story itself brings it."""
        today = day_of(self.rehearsal_hub.now()).isoformat()
        notice = {"happened_on": today, "items": sorted(i.value for i in BusinessItem), "reason": None}
        public = any(s.event == "NetworkMembershipPublished" for s in self.story.steps)
        for town, (core, coordinating) in self.offices.items():
            told = any(s.event == "BusinessCommencementNotified" and s.by == core for s in self.story.steps)
            if not told:
                self._submit_agency_command(core, "BusinessCommencementNotified", notice)
            if not public:
                self._publish_members(coordinating, self.networks[town], self._members(town))

    def _members(self, town: str) -> list[str]:
        """Who belongs to the network of this municipality from the start: also who leaves it before it is admitted again."""
        first: dict[str, str] = {}
        for s in self.story.steps:
            if s.event in ("NetworkMemberAdmitted", "NetworkMemberWithdrawn"):
                first.setdefault(self._member(s), s.event)
        admitted_in_story = {code for code, event in first.items() if event == "NetworkMemberAdmitted"}
        return [
            a.code
            for a in self.story.doors()
            if a.member and a.code not in admitted_in_story and town in self._network_towns(a)
        ]

    def _publish_members(self, by: str, network: UUID, members: list[str]) -> SubmissionResult:
        fields = {
            "members": sorted(str(self.id_of(m)) for m in members),
            "published_on": day_of(self.rehearsal_hub.now()).isoformat(),
        }
        return self._send_through_door(
            by, e.Kind.NETWORK, network, "network_membership.published", fields, ()
        )

    @property
    def offices(self) -> dict[str, tuple[str, str]]:
        """The core and coordinating agency of each municipality, by the first word of their codes; the story's own first."""
        core = self.story.core
        found = {_town(core): (core, self.story.coordinating or core)}
        coords = {_town(a.code): a.code for a in self.story.doors() if a.role == "COORD"}
        for actor in self.story.doors():
            if actor.role == "CORE":
                found.setdefault(_town(actor.code), (actor.code, coords.get(_town(actor.code), actor.code)))
        return found

    def _network_towns(self, actor: Actor) -> list[str]:
        """Whose network's member it is: its own municipality's; a child guidance centre is in all."""
        town = _town(actor.code)
        if town in self.offices:
            return [town]
        return list(self.offices) if actor.role == "CGC" else [_town(self.story.core)]

    def town_of(self, code: str) -> str:
        """Whose network an office belongs to; the story's own where its municipality has none."""
        return _town(code) if _town(code) in self.networks else _town(self.story.core)

    def core_for(self, code: str) -> str:
        """The core agency that commissions this contractor: that of its municipality, else the story's."""
        if any(a.code == code and a.role == "CORE" for a in self.story.doors()):
            return code  # it speaks of its own visitors
        return self.offices.get(_town(code), (self.story.core, ""))[0]

    def _record_commission(self, code: str) -> None:
        since = self.story.contractors[code].since
        full = any(
            (s.event == "SupportPlanProposed" and s.by == code)
            or (s.details.get("contractor") == code and s.details.get("scope") == "FULL")
            for s in self.story.steps
        )
        scope = "FULL" if full else "PARTIAL"
        begins = day_of(self.rehearsal_hub.now()).isoformat()
        contractor = str(self.id_of(code))
        fields: dict[str, Any] = {
            "contractor": contractor,
            "scope": scope,
            "begins_on": begins,
            "ends_on": None,
        }
        self._submit_commission_command(code, "outsourcing_contract.concluded", fields)
        if not self.crews.is_recorded_by("ContractorRequirementVerified", code, since):
            items = [1, 2, 3] if full else [1, 2]
            self._submit_commission_command(
                code, "contractor_requirement.verified", {"items": items, "scope": scope}
            )
        for worker in self.crews.all(code):
            fields = {"worker": worker, "employment": "PART_TIME", "qualification": None}
            self._submit_commission_command(code, "support_worker.registered", fields)
            for until, modules in self.crews.training(code, worker).items():
                trained = {"worker": worker, "modules": modules, "valid_until": until, "tier": "T1_BASIC"}
                self._submit_commission_command(code, "training_module.completed", trained)

    def _employ(self, core: str, worker: str) -> None:
        """A core agency's own visitor of whose papers the story speaks, with those that it does not bring."""
        employment = self.crews.employment(core, worker)
        fields: dict[str, Any] = {"worker": worker, "employment": employment, "qualification": None}
        self._submit_commission_command(core, "support_worker.registered", fields)
        for until, modules in self.crews.training(core, worker).items():
            fields = {"worker": worker, "modules": modules, "valid_until": until, "tier": "T1_BASIC"}
            self._submit_commission_command(core, "training_module.completed", fields)
        if employment == "PART_TIME" and not self.crews.sworn_by_story(core, worker):
            self._record_oath((core, worker))

    def _member(self, step: Step) -> str:
        named = (
            step.details.get("member")
            or next(iter(step.to), None)
            or next(iter(self.story.contractors), None)
        )
        return str(named or step.by)

    def _record_oath(self, who: tuple[str, str]) -> None:
        code, worker = who
        until = self.crews.lapse("OathLapsed", code, None, worker)
        fields = {"worker": worker, "employment": "PART_TIME", "valid_until": until}
        self._submit_commission_command(code, "oath.signed", fields)

    def _assign(self, code: str) -> None:
        """Assign its visitor; where nobody has told of the family yet, as soon as somebody does."""
        try:
            self._assignment(code, "support_worker.assigned", {"qualification": None, "role": None})
        except NotFound:
            self.pending_assignments.append(code)

    def _unassign(self, code: str) -> None:
        closed = [s.at for s in self.story.steps if s.event == "SupportClosed"]
        until = self.story.contractors[code].until
        if not any(until is not None and at <= until for at in closed):
            for worker in self.crews.assigned(code):
                self._assignment(code, "support_worker.unassigned", {"worker": worker})

    def _assignment(self, code: str, act: str, more: dict[str, Any]) -> None:
        fields = {
            "to": [],
            "basis": {},
            "consent": [],
            "purpose": "SUPPORT",
            "reason": None,
            "agency": str(self.id_of(code)),
            "worker": self.worker_of(code),
            **more,
        }
        sent = self._send_through_door(self.core_for(code), e.Kind.CASE, self.case, act, fields, ())
        if sent.outcome != "recorded":
            self.problems.append(f"{code}: {act} は {sent.outcome} ({sent.reason})")

    def _submit_commission_command(self, code: str, act: str, fields: dict[str, Any]) -> SubmissionResult:
        core = self.core_for(code)
        about = commission_of(self.id_of(core), self.id_of(code))
        return self._send_through_door(core, e.Kind.COMMISSION, about, act, fields, ())

    def _admit_member(self, town: str, code: str, item: int) -> None:
        fields = {"member": str(self.id_of(code)), "item": item}
        _, by = self.offices[town]
        self._send_through_door(
            by, e.Kind.NETWORK, self.networks[town], "network_member.admitted", fields, ()
        )
        self.network_members.setdefault(town, set()).add(code)

    def send(self, by: str, kind: e.Kind, about: UUID, act: str, fields: dict[str, Any]) -> SubmissionResult:
        """A command without content, through this agency's door."""
        return self._send_through_door(by, kind, about, act, fields, ())

    def _send_through_door(
        self,
        by: str,
        kind: e.Kind,
        about: UUID,
        act: str,
        fields: dict[str, Any],
        parts: tuple[SectionContent, ...],
        occurred_at: datetime | None = None,
        actor: str | None = None,
    ) -> SubmissionResult:
        door = self.rehearsal_hub.door(by)
        who = actor or self.actor_of(by)
        sent = door.send(kind, about, act, fields, parts, actor=who, occurred_at=occurred_at)
        if sent.outcome == "waiting":
            raise RuntimeError(f"{by}: the hub did not answer in time")
        return sent

    # --- one message -----------------------------------------------------------------------------------------------

    def _play_step(self, step: Step) -> None:
        self.progress(f"#{step.n} {step.event}")
        try:
            self._dispatch_step(step)
        except STEP_ERRORS as error:
            self.problems.append(f"#{step.n} {step.event}: {type(error).__name__}: {error}")

    def _dispatch_step(self, step: Step) -> None:
        if step.event in REFUSALS:
            self._play_refusal(step)
        elif step.event not in BY_NAME and step.event != "DisclosureHeld":
            self.problems.append(f"#{step.n} {step.event}: まだ作られていない出来事です")
        elif step.event == "KeyDestroyed":
            self._play_destruction(step)
        elif step.event in HUB_EVENTS:
            self._check_hub_event(step)
        elif step.event == "HeldDisclosureReleased":
            self._require_recorded(step, self._release_held(step))
        elif step.event == "AuditContentAccessRequested":
            self._audit_requests(step)
        elif step.event == "AuditContentAccessGranted":
            self._grant_audit_access(step)
        elif step.event == "DisclosureHeld":
            sent = self._submit_message(step, BY_NAME["DisclosureMade"])
            if not sent.held:
                self.problems.append(f"#{step.n}: 保留されるはずが {sent.topic} になりました")
        elif step.event in ("RecallNoticeSent", "RecallAcknowledged"):
            self._play_recall(step)
        elif step.event == "ConsentGiven":
            for one in split_by_expiry(step):
                self._require_recorded(one, self._submit_step(one))
        else:
            if step.event == "HomeVisitCompleted":
                self._assign_own_visitor(step)
            self._require_recorded(step, self._submit_step(step))

    def _play_recall(self, step: Step) -> None:
        """A recall of several messages is a notice for each, and its answer answers them all."""
        if step.event == "RecallNoticeSent":
            for n in numbers(step, "recalls") or [0]:
                one = replace(step, details={**step.details, "recalls": n}) if n else step
                self._require_recorded(step, self._submit_step(one))
                if step.n in self.messages:
                    self.recall_notices.setdefault(step.n, []).append(self.messages[step.n])
            return
        n = next(iter(numbers(step)), 0)
        recall_notices = self.recall_notices.get(n, [])
        if not recall_notices:
            self._require_recorded(step, self._submit_step(step))
        for notice in recall_notices:
            self.messages[n] = notice
            self._require_recorded(step, self._submit_step(step))

    def _play_destruction(self, step: Step) -> None:
        """Keys go by the hub's own act; where the story tells no more, it was appraised and let by two at that time."""
        if not any(s.event in ("RecordsAppraised", "ControlAppraised") for s in self.story.steps):
            self._destroy_or_report(step)
        self._check_hub_event(step)

    def _destroy_or_report(self, step: Step) -> None:
        sent = self._submit_destruction(step)
        if sent.outcome != "recorded":
            self.problems.append(f"#{step.n} {step.event}: 拒否されました ({sent.reason})")

    def _submit_destruction(self, step: Step) -> SubmissionResult:
        """The appraisal and the approvals that a destruction takes: those of the persons whom the story names."""
        by = step.by if step.by in self.rehearsal_hub.doors else self.story.core
        d = step.details
        named = list(step.sections) or d.get("sections") or d.get("categories")
        appraisal = replace(step, by=by, to=(), sections=(), event="RecordsAppraised")
        appraisal = replace(appraisal, details={"sections": named} if named else {})
        sent = self._submit_message(appraisal, BY_NAME["RecordsAppraised"])
        for approver in _approvers(d, by) if sent.outcome == "recorded" else ():
            approval = replace(appraisal, event="DestructionApproved", details={"actor": approver})
            approval = replace(approval, details={**approval.details, "approves": step.n})
            self.messages[step.n] = self.messages.get(step.n, sent.command_id)
            appraised = self.messages[step.n]
            sent = self._submit_message(approval, BY_NAME["DestructionApproved"])
            self.messages[step.n] = appraised
        return sent

    def _assign_own_visitor(self, step: Step) -> None:
        """A core agency's own visitor whom the story does not name is assigned before the visit."""
        by = self._author(step)
        worker = self.worker_of(by)
        core = by in {core for core, _ in self.offices.values()}
        if not core or "worker" in step.details or (by, worker) in self.assigned_own_visitors:
            return
        self.assigned_own_visitors.add((by, worker))
        if any(s.event == "SupportWorkerAssigned" and self._author(s) == by for s in self.story.steps):
            return
        fields: dict[str, Any] = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
        more = {"agency": str(self.id_of(by)), "worker": worker, "qualification": None, "role": None}
        topic = BY_NAME["SupportWorkerAssigned"].TOPIC
        self._send_through_door(by, e.Kind.CASE, self.case_of(step), topic, {**fields, **more}, ())

    def _submit_step(self, step: Step) -> SubmissionResult:
        """Whatever an agency of the story, or the registrars, asks of the hub. Raises ValueError for what none can."""
        cls = BY_NAME[step.event]
        if step.event in SPECIAL_STEP_HANDLERS:
            return SPECIAL_STEP_HANDLERS[step.event](self, step)
        named = step.releases is not None or "releases" in step.details
        if step.event == "HeldDisclosureReleased" and named:
            return self._release_held(step, self._author(step))
        if is_case_event(cls):
            return self._submit_message(step, cls)
        if is_commission_event(cls):
            return self._play_commission_step(step, cls)
        if is_agency_event(cls):
            return self._play_agency_step(step, cls)
        if step.event in NETWORK_EVENTS:
            return self._play_network_step(step)
        raise ValueError("この出来事は物語からは送れません")

    def _submit_message(self, step: Step, cls: type[e.Event]) -> SubmissionResult:
        """Send a case message with an invented text in each section, and keep what was written."""
        by = self._author(step)
        to = tuple(c for c in self._codes_with_door(step.to) if c != by)
        fields = case_fields(step, cls, self, to)
        if self._is_sent_as_file(by, cls, to) and (
            "PREG" in step.sections or not fields.get("weeks_pregnant")
        ):
            return self._send_as_hospital(step, cls, by, to[0], fields)
        self._record_override_approvals(by, step, fields)
        texts = [self._item_text(step, section) for section in step.sections]
        parts = tuple(SectionContent(s, t) for s, t in zip(step.sections, texts, strict=True))
        actor = step.details.get("actor")
        sent = self._send_through_door(
            by, e.Kind.CASE, self.case_of(step), cls.TOPIC, fields, parts, step.at, actor
        )
        if sent.outcome == "recorded":
            self.messages[step.n] = sent.command_id
            self.held[step.n] = sent.held
            for (item, section), text in zip(sent.items, texts, strict=True):
                self.written.append(
                    WrittenItem(step.n, section, self.case_of(step), sent.command_id, item, text)
                )
            self._after_message(step, fields)
        return sent

    def _record_override_approvals(self, by: str, step: Step, fields: dict[str, Any]) -> None:
        """What a basis of exception needs first: one drafts it, two others of the agency let it."""
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
            override_request = self._send_through_door(
                by, e.Kind.CASE, self.case_of(step), topic, {**common, **override_fields}, ()
            )
            for approver in _approvers(step.details, by):
                approval = {**common, "reason": None, "approves": str(override_request.command_id)}
                topic = BY_NAME["BasisOverrideApproved"].TOPIC
                self._send_through_door(
                    by, e.Kind.CASE, self.case_of(step), topic, approval, (), actor=approver
                )

    def _is_sent_as_file(self, by: str, cls: type[e.Event], to: tuple[str, ...]) -> bool:
        """Hospitals send what the FHIR adapter takes as FHIR."""
        role = next(a.role for a in self.story.doors() if a.code == by)
        return role == "MED" and cls.TOPIC in BASIS_OF and len(to) == 1

    def _send_as_hospital(
        self, step: Step, cls: type[e.Event], by: str, to: str, fields: dict[str, Any]
    ) -> SubmissionResult:
        """The same, as the hospital's system sends it: a Bundle to the files of its door."""
        door = self.rehearsal_hub.door(by)
        wording = {section: self._item_text(step, section).decode() for section in step.sections}
        data = hospital_bundle(
            act=cls.TOPIC, to=to, at=step.at, case=self.case_of(step), fields=fields, texts=wording
        )
        answered = Files(door).send(Person(self.actor_of(by), self.story.id), data)
        [(_, outcome)] = answered.rows
        if outcome.outcome == "waiting":
            raise RuntimeError(f"{by}: the hub did not answer in time")
        sent = SubmissionResult(outcome.message, outcome.case, "refused", reason=outcome.reason)
        if outcome.outcome == "refused":
            return sent
        self.messages[step.n] = outcome.message
        self.held[step.n] = ()
        [inbound] = Fhir().read(data, {to: self.id_of(to)}).inbound_messages
        texts = {words.section: words.text for words in inbound.sections}
        for section, text in wording.items():
            if text not in texts.get(section, ""):
                self.problems.append(f"#{step.n} {section}: FHIRから記載が失われました")
        door.refresh()
        [known] = [m for m in door.store.messages(self.case_of(step)) if m["message"] == str(outcome.message)]
        for item in known["items"]:
            section = item["section"]
            if section in wording:
                name, content = UUID(item["item"]), texts[section].encode()
                self.written.append(
                    WrittenItem(step.n, section, self.case_of(step), outcome.message, name, content)
                )
        self._after_message(step, fields)
        return replace(sent, outcome="recorded", topic=cls.TOPIC)

    def _item_text(self, step: Step, section: str) -> bytes:
        return f"〔架空〕{self.story.id} #{step.n} {section} の記載。{self.rehearsal_hub.canary}".encode()

    def _after_message(self, step: Step, fields: dict[str, Any]) -> None:
        waiting, self.pending_assignments = self.pending_assignments, []
        for code in waiting:
            self._assign(code)
        plan = fields.get("plan")
        if plan:
            self.last_plan_content = plan["content"]
        for determined in fields.get("target_classes") or ():
            self.last_plan_content = CONTENT_BY_TARGET_CLASS.get(determined, self.last_plan_content)
        if step.event in REFERRAL_EVENTS and fields["to"]:
            self._add_missing_receipts(step)

        if (
            step.event == "ConsentGiven"
            and fields["capacity"] != "SELF"
            and not self._story_covers_coercion(step)
        ):
            self._record_coercion_check(step)

    def _story_covers_coercion(self, step: Step) -> bool:
        """Whether the story itself looks at a guardian's word, or says that he is the one to be feared."""
        told = any(s.event in ("CoercionCheckRequired", "CoercionCheckDone") for s in self.story.steps)
        return told or any(step.details.get(word) for word in COERCION_RISK_KEYS)

    def _record_coercion_check(self, step: Step) -> None:
        """A guardian's consent of which the story says no more was looked at by two persons, with no finding."""
        by = self.story.core
        answer_details = {"answers": step.n}
        check_step = replace(
            step, by=by, to=(), event="CoercionCheckDone", basis=None, consent=(), details=answer_details
        )
        fields = case_fields(check_step, BY_NAME[check_step.event], self, ())
        topic = BY_NAME[check_step.event].TOPIC
        with suppress(
            NotFound
        ):  # a case of which the core agency knows nothing yet tells of no danger either
            self._require_recorded(
                check_step, self._send_through_door(by, e.Kind.CASE, self.case_of(step), topic, fields, ())
            )

    def _add_missing_receipts(self, step: Step) -> None:
        """The player's own acknowledgement and reading, where the story has none."""
        acknowledged, read = (answers(self.story, each) for each in ("ReferralAcknowledged", "ReferralRead"))
        author = self._author(step)
        for code in self._codes_with_door(step.to):
            if code == author or (step.n, code) in acknowledged:
                continue
            self._send_referral_answer(step, code, "ReferralAcknowledged", (author,))
            if (step.n, code) not in read:
                self._send_referral_answer(step, code, "ReferralRead", ())

    def _send_referral_answer(self, step: Step, by: str, event: str, to: tuple[str, ...]) -> None:
        answer_details = {"answers": step.n}
        answer = replace(
            step, by=by, to=to, event=event, sections=(), basis=None, consent=(), details=answer_details
        )
        fields = case_fields(answer, BY_NAME[event], self, to)
        self._send_through_door(by, e.Kind.CASE, self.case_of(step), BY_NAME[event].TOPIC, fields, ())

    def _require_recorded(self, step: Step, sent: SubmissionResult) -> None:
        if sent.outcome != "recorded":
            self.problems.append(f"#{step.n} {step.event}: 拒否されました ({sent.reason})")

    def _play_refusal(self, step: Step) -> None:
        """The command that the hub must refuse."""
        default_attempt = {"event": "SectionOpened", "sections": step.sections, "details": step.details}
        tried = dict(step.tried or (default_attempt if step.event == "OpeningRefused" else {}))
        attempt = Step(
            n=step.n,
            at=step.at,
            by=str(tried.get("from") or (step.to[0] if step.by == HUB and step.to else step.by)),
            to=tuple(tried.get("to") or ()),
            event=str(tried.get("event", "")),
            sections=tuple(tried.get("sections") or ()),
            basis=tried.get("basis"),
            consent=(tried["consent"],)
            if isinstance(tried.get("consent"), str)
            else tuple(tried.get("consent") or ()),
            details=tried.get("details") or {},
            tried=None,
            releases=tried.get("releases"),
            family=tried.get("family", step.family),
        )
        if attempt.event not in BY_NAME:
            self.problems.append(f"#{step.n} {attempt.event}: まだ作られていない出来事です")
            return
        destroys = attempt.event == "KeyDestroyed"
        try:
            sent = self._submit_attempt(attempt)
        except (
            Malformed,
            NotFound,
            Refused,
            Untrusted,
        ) as error:  # with nothing on record: a datum is missing, or nothing is there
            if isinstance(error, Untrusted) and not is_key_set_out_of_force(error):
                raise
            self._check_refusal(step, error.code.upper().replace("-", "_"))
            return
        gone = destroys and any(
            r.topic == BY_NAME[attempt.event].TOPIC and r.at == step.at
            for r in self.rehearsal_hub.hub_records()
        )
        if sent.outcome == "refused" or (destroys and not gone):
            self._check_refusal(step, sent.reason or "")
        else:
            self.problems.append(f"#{step.n}: 拒否されるはずが {sent.topic} として記録されました")

    def _submit_attempt(self, attempt: Step) -> SubmissionResult:
        if attempt.event == "KeyDestroyed":
            return self._submit_destruction(attempt)
        return (
            attempt_designation(self, attempt)
            if attempt.event in OFFICE_ROLES
            else self._submit_step(attempt)
        )

    def _check_refusal(self, step: Step, reason: str) -> None:
        """It was refused; for the reason that the story names, where that is a word of ours."""
        self.refused.add(step.n)
        expected = step.details.get("reason")
        if expected in REASONS and expected != reason:
            self.problems.append(f"#{step.n}: {expected} で拒否されるはずが {reason} でした")

    def _audit_requests(self, step: Step) -> None:
        """The audit office asks for what the step names by message and section: all of it where it names nothing."""
        d = step.details
        messages = d.get("messages", d.get("about", d.get("items")))
        wanted = (
            {int(n) for n in (messages if isinstance(messages, list) else [messages])} if messages else None
        )
        items = [
            w.item
            for w in self.written
            if (wanted is None or w.n in wanted)
            and (w.section in step.sections if step.sections else w.section not in SECTIONS_CLOSED_TO_AUDIT)
        ]
        named = d.get("ground", d.get("reason"))
        ground = AuditGround(named) if named in set(AuditGround) else AuditGround.AUDIT
        until = (
            date.fromisoformat(str(d["until"])) if d.get("until") else day_of(step.at) + AUDIT_ACCESS_PERIOD
        )
        self.audits[step.n] = (
            self.rehearsal_hub.audit.request_content(self.case, items, ground=ground, until=until),
            items,
            until,
        )

    def _grant_audit_access(self, step: Step) -> None:
        """One official's word, or that of each official whom the step names; another of the agency each time."""
        if not self.audits:
            self._audit_requests(step)
        by = self.story.core if step.by in (AUDITOR, PERSON) else step.by
        d = step.details
        officials = d.get("officials") or d.get("approvers") or [d.get("actor")]
        for official in officials:
            self.audit_approval_counts[by] = self.audit_approval_counts.get(by, 0) + 1
            default_actor = f"{self.actor_of(by)}.{self.audit_approval_counts[by]}"
            one = replace(step, by=by, sections=(), details={**d, "actor": str(official or default_actor)})
            self._require_recorded(step, self._submit_message(one, BY_NAME[step.event]))

    def audit_request_of(self, n: int | None) -> tuple[UUID, list[UUID], date]:
        """What the audit office asked for in this step; the last where none is named."""
        return self.audits[n] if n is not None else list(self.audits.values())[-1]

    def _release_held(self, step: Step, by: str | None = None) -> SubmissionResult:
        """The held message's sender (or ``by``) asks that it go to those for whom it waits."""
        n = step.releases if step.releases is not None else step.details.get("releases")
        if n is None:
            return self._submit_message(step, BY_NAME[step.event])  # the datum is missing: the hub says so
        held = next(s for s in self.story.steps if s.n == n)
        waiting = self.held.get(n) or [str(self.id_of(code)) for code in self._codes_with_door(step.to)]
        fields: dict[str, Any] = {
            "to": sorted(waiting),
            "basis": {},
            "consent": [],
            "purpose": "SUPPORT",
            "reason": None,
            "releases": str(self.messages[n]),
        }
        act, who = "held_disclosure.released", by or self._author(held)
        return self._send_through_door(who, e.Kind.CASE, self.case_of(held), act, fields, ())

    def _play_commission_step(self, step: Step, cls: type[e.Event]) -> SubmissionResult:
        code = self.crews.contractor(step)
        if code is None:
            raise ValueError("どの委託先かを from・to か details.contractor で示してください")
        by = self._author(step)
        about = commission_of(self.id_of(self.core_for(code)), self.id_of(code))
        fields = commission_fields(step, cls, self, code)
        for each in self._split_commission_fields(step, code, fields):
            sent = self._send_through_door(by, e.Kind.COMMISSION, about, cls.TOPIC, each, ())
            if sent.outcome != "recorded":
                break
        return sent

    def _split_commission_fields(self, step: Step, code: str, fields: dict[str, Any]) -> list[dict[str, Any]]:
        """One step, as often as it is said: of each module that is exempt, and apart what the story lets lapse apart."""
        crews, worker = self.crews, str(fields.get("worker"))
        if "module" in fields:
            return [
                {**fields, "module": module} for module in step.details.get("modules") or [fields["module"]]
            ]
        if fields.get("valid_until", "") is not None:
            return [fields]
        if "modules" not in fields:
            return [{**fields, "valid_until": crews.lapse("OathLapsed", code, None, worker, step.at)}]
        by_day: dict[str | None, list[str]] = {}
        for module in fields["modules"]:
            by_day.setdefault(crews.lapse("TrainingLapsed", code, module, worker, step.at), []).append(module)
        return [{**fields, "modules": modules, "valid_until": until} for until, modules in by_day.items()]

    def _play_agency_step(self, step: Step, cls: type[e.Event]) -> SubmissionResult:
        """What an agency says of itself; who opens for it afterwards knows the rules it adopts."""
        by = self._author(step)
        if step.event == "PrefecturalSupervisionReceived" and step.to:
            by = step.to[0]  # the prefecture supervises: who was supervised records it
        actor = str(step.details.get("staff") or step.details.get("worker") or self.actor_of(by))
        fields = agency_fields(step, cls, actor)
        known = by in self.agencies_with_rules or step not in self.story.steps
        if step.event == "ConfidentialityRulesAcknowledged" and not known:
            # rules that the story says are known are there
            edition = {"edition": fields["edition"]}
            self._submit_agency_command(by, "ConfidentialityRulesAdopted", edition)
            self._submit_agency_command(
                by, "ConfidentialityRulesAcknowledged", {**edition, "staff": self.actor_of(by)}
            )
            self.agencies_with_rules.add(by)
        sent = self._submit_agency_command(by, cls.__name__, fields, actor)
        if cls.__name__ == "ConfidentialityRulesAdopted":
            self.agencies_with_rules.add(by)
            acknowledgement = {**fields, "staff": self.actor_of(by)}
            self._submit_agency_command(by, "ConfidentialityRulesAcknowledged", acknowledgement)
        return sent

    def _submit_agency_command(
        self, by: str, event: str, fields: dict[str, Any], actor: str | None = None
    ) -> SubmissionResult:
        return self._send_through_door(
            by, e.Kind.AGENCY, self.id_of(by), BY_NAME[event].TOPIC, fields, (), actor=actor
        )

    def _play_network_step(self, step: Step) -> SubmissionResult:
        town = self.town_of(step.by)
        if step.event == "NetworkMembershipPublished":
            named = step.details.get("members")
            listed = [str(m) for m in named] if named else sorted(self.network_members.get(town, ()))
            return self._publish_members(step.by, self.networks[town], listed)
        member = self._member(step)
        fields: dict[str, Any] = {"member": str(self.id_of(member))}
        if step.event == "NetworkMemberAdmitted":
            fields["item"] = int(step.details.get("item", 2))
        topic = BY_NAME[step.event].TOPIC
        sent = self._send_through_door(step.by, e.Kind.NETWORK, self.networks[town], topic, fields, ())
        if sent.outcome == "recorded":
            there = self.network_members.setdefault(town, set())
            (there.add if step.event == "NetworkMemberAdmitted" else there.discard)(member)
        return sent

    def _check_hub_event(self, step: Step) -> None:
        self.rehearsal_hub.door(self.story.core).refresh()  # whoever asks the hub sets its clock going
        kinds = (BY_NAME[step.event], *ALARM_ALIASES.get(step.event, ()))
        about = self.messages.get(int(step.details["about"])) if "about" in step.details else None
        alarm = issubclass(kinds[0], e.CaseAlarm)  # what was told before stands until it is done
        told = [r for r in self.rehearsal_hub.hub_records() if isinstance(r.event, kinds) and r.at <= step.at]
        if about is not None:
            told = [r for r in told if isinstance(r.event, e.CaseAlarm) and r.event.message == about]
        is_still_open = alarm and (about is not None or self._is_alarm_open(kinds))
        if not any(r.at == step.at or is_still_open for r in told):
            self.problems.append(f"#{step.n} {step.event}: ハブはこの時刻に記録していません")

    def _is_alarm_open(self, kinds: tuple[type[e.Event], ...]) -> bool:
        """Whether an alarm of the case as a whole was told and is not settled yet."""
        case = Case(id=self.case)
        for record in self.rehearsal_hub.records():
            if record.originator == About(e.Kind.CASE, self.case):
                case = evolve(case, record)
        known = raised_alarms(case, first_edition()["policy"])
        return any(s.clock.message is None and ALARMS[s.clock.kind] in kinds for s in known)

    # --- looking ------------------------------------------------------------------------------------------------------

    def _check_views(self, expect: Expect) -> None:
        """Open every item as every agency named, and as the audit office."""
        self.rehearsal_hub.complete_rewrap_duties()
        for code in dict.fromkeys((*expect.views, AUDITOR)):
            self.progress(f"{expect.at:%Y-%m-%d} {code} の閲覧を確認")
            expected = {s: list(ns) for s, ns in expect.views.get(code, {}).items() if ns}
            self.checks.append(self.view(code, expect.at, expected))

    def _check_probe(self, code: str) -> None:
        """A look that a sentence asks for, beside the expected ones."""
        self.rehearsal_hub.complete_rewrap_duties()
        at = self.rehearsal_hub.now()
        known = any(c.agency == code and c.at == at for c in self.checks)
        if not known:
            self.probe_checks.append(self.view(code, at, {}))

    def view(self, code: str, at: datetime, expected: OpenableSections) -> Check:
        """What this agency can really open now: what decrypts to the text that was written."""
        check = Check(at, code, {}, expected)
        for w in self.written:
            if w.section in (Section.SOURCE, Section.REASON):
                continue
            text = self._try_read(code, w)
            if text is None:
                continue
            if text == w.text:
                check.openable.setdefault(w.section, []).append(w.n)
            else:
                check.wrong.append(f"{w.section}(#{w.n}) は書かれた文と異なります")
        check.openable = {s: sorted(ns) for s, ns in sorted(check.openable.items())}
        check.expected = {s: sorted(ns) for s, ns in sorted(expected.items())}
        return check

    def _try_read(self, code: str, w: WrittenItem) -> bytes | None:
        if code != AUDITOR and code not in self.rehearsal_hub.doors:
            return None  # a person outside, and the hub itself, have no door and no keys
        try:
            return self.read(code, w, Purpose.REHEARSAL_CHECK)
        except NotFound:
            return None
        except Untrusted as error:
            if is_key_set_out_of_force(error):
                return None
            raise

    def read(self, code: str, w: WrittenItem, purpose: Purpose) -> bytes:
        """One item as this agency, or as the audit office. Raises NotFound for what is not theirs."""
        if code == AUDITOR:
            return self.rehearsal_hub.audit.open(
                w.case, w.message, w.item, w.section, purpose=purpose
            ).content
        actor = self.actor_of(code)
        return (
            self.rehearsal_hub.door(code)
            .open(w.case, w.message, w.item, w.section, actor=actor, purpose=purpose)
            .content
        )
