"""A story being played: what was sent, written and recorded so far, and what steps refer to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from domain import events as e
from domain.record import Record
from gateway.agency.door import SectionContent, SubmissionResult
from gateway.rehearsal.scenario.crews import Crews
from gateway.rehearsal.scenario.referral_answers import answers
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub
from gateway.rehearsal.scenario.story import AUDITOR, HUB, PERSON, Actor, Step, Story

OpenableSections = dict[str, list[int]]


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
    """What one agency could open at one moment, and what the story expects."""

    at: datetime
    agency: str
    openable: OpenableSections
    expected: OpenableSections
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.openable == self.expected and not self.wrong


def town_in(code: str) -> str:
    """The municipality that an agency's code begins with."""
    return code.split("-")[0]


@dataclass
class Run:
    """A story being played. ``held``: for whom a message waits; ``refused``: steps that the hub refused as it must;
    ``audits``: the audit office's requests, their items and last day; ``checks``: the expected views;
    ``probe_checks``: the views at moments that a sentence names."""

    story: Story
    rehearsal_hub: RehearsalHub
    case: UUID = field(default_factory=uuid4)
    networks: dict[str, UUID] = field(default_factory=dict)
    messages: dict[int, UUID] = field(default_factory=dict)
    held: dict[int, tuple[str, ...]] = field(default_factory=dict)
    written: list[WrittenItem] = field(default_factory=list)
    consents: dict[str, UUID] = field(default_factory=dict)
    children: dict[tuple[str | None, str], UUID] = field(default_factory=dict)
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

    @cached_property
    def recorded(self) -> list[Record]:
        """Everything that the story has recorded, in order: read once, so to be asked for after its last step."""
        return list(self.rehearsal_hub.records())

    @property
    def crews(self) -> Crews:
        return Crews(self.story)

    def id_of(self, code: str) -> UUID:
        return self.rehearsal_hub.door(code).agency

    def case_of(self, step: Step) -> UUID:
        """The case of the family that a step speaks of: the story's own, where it names none."""
        return self.case_of_family(step.family)

    def case_of_family(self, label: str | None) -> UUID:
        """The case of the family of this letter; the story's own, where it is none of another family."""
        return self.case if label is None else self.other_family_cases.setdefault(label, uuid4())

    def consent_of(self, name: str) -> UUID:
        return self.consents.setdefault(name, uuid4())

    def message_of(self, n: int) -> UUID:
        return self.messages[n]

    def child_of(self, step: Step, label: str) -> UUID:
        """The reference of a child of the family that a step speaks of, the same one for the same label."""
        return self.children.setdefault((step.family, label), uuid4())

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
        by = self.author_of(step)
        candidates = [
            s
            for s in self.story.steps
            if (s.event in events if events else s.sections)
            and s.n in self.messages
            and s.family == step.family
            and (s.at, s.n) < (step.at, step.n)
            and by in (self.author_of(s), *(s.to if events else ()))
        ]
        return self.messages[candidates[-1].n] if candidates else uuid4()

    def last_received(self, step: Step) -> UUID:
        """The last message with content that was sent to the author of a step."""
        by = self.author_of(step)
        received = [s for s in self._before(step) if s.sections and by in s.to]
        return self.messages[received[-1].n] if received else uuid4()

    def begun_transfer(self, step: Step) -> UUID | None:
        """The last hand-over that was begun before a step."""
        begun = [s for s in self._before(step) if s.event == "TransferInitiated"]
        return self.messages[begun[-1].n] if begun else None

    def _before(self, step: Step) -> list[Step]:
        """The recorded steps about this family before a step."""
        earlier = (s for s in self.story.steps if (s.at, s.n) < (step.at, step.n))
        return [s for s in earlier if s.n in self.messages and s.family == step.family]

    def recalled_by(self, step: Step, named: list[int]) -> UUID:
        """What a recall is about: the message that it names, else the last with content that its author sent these
        (on the consent that it names, or on one withdrawn by then)."""
        steps = [s for s in self.story.steps if (s.at, s.n) < (step.at, step.n) and s.n in self.messages]
        gone = {c for s in steps if s.event == "ConsentWithdrawn" for c in s.consent}
        own = [s for s in steps if s.sections and self.author_of(s) == self.author_of(step)]
        for n in named:
            if any(s.n == n for s in own) or n not in self.messages:
                return self.message_of(n)
        theirs = [s for s in own if set(step.to) & set(s.to)] or own
        sent_on_consent = [s for s in theirs if set(s.consent) & (set(step.consent) or gone)] or theirs
        return self.messages[sent_on_consent[-1].n] if sent_on_consent else uuid4()

    def codes_with_door(self, codes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(c for c in codes if c not in (PERSON, HUB, AUDITOR))

    def held_from(self, code: str) -> set[int]:
        """The steps that were held for this agency."""
        agency = str(self.id_of(code))
        return {n for n, waiting in self.held.items() if agency in map(str, waiting)}

    def author_of(self, step: Step) -> str:
        """Who records a step: the sender, for what comes from outside the first addressee, and for what a story lets the
        hub do that agencies decide the core agency."""
        if step.by == HUB:
            return self.story.core
        return step.to[0] if step.by == PERSON else step.by

    @property
    def offices(self) -> dict[str, tuple[str, str]]:
        """The core and coordinating agency of each municipality, by the first word of their codes; the story's own first."""
        core = self.story.core
        offices = {town_in(core): (core, self.story.coordinating or core)}
        coords = {town_in(a.code): a.code for a in self.story.doors() if a.role == "COORD"}
        for actor in self.story.doors():
            if actor.role == "CORE":
                offices.setdefault(
                    town_in(actor.code), (actor.code, coords.get(town_in(actor.code), actor.code))
                )
        return offices

    def network_towns(self, actor: Actor) -> list[str]:
        """Whose network's member it is: its own municipality's; a child guidance centre is in all."""
        town = town_in(actor.code)
        if town in self.offices:
            return [town]
        return list(self.offices) if actor.role == "CGC" else [town_in(self.story.core)]

    def town_of(self, code: str) -> str:
        """Whose network an office belongs to; the story's own where its municipality has none."""
        return town_in(code) if town_in(code) in self.networks else town_in(self.story.core)

    def core_for(self, code: str) -> str:
        """The core agency that commissions this contractor: that of its municipality, else the story's."""
        if any(a.code == code and a.role == "CORE" for a in self.story.doors()):
            return code  # about its own visitors
        return self.offices.get(town_in(code), (self.story.core, ""))[0]

    def audit_request_of(self, n: int | None) -> tuple[UUID, list[UUID], date]:
        """The audit office's request of this step: its id, items and last day. The last request where no step is named."""
        return self.audits[n] if n is not None else list(self.audits.values())[-1]

    def send(
        self,
        by: str,
        kind: e.Kind,
        about: UUID,
        act: str,
        fields: dict[str, Any],
        parts: tuple[SectionContent, ...] = (),
        occurred_at: datetime | None = None,
        actor: str | None = None,
    ) -> SubmissionResult:
        """A command through this agency's door, by its usual person where no ``actor`` is named."""
        door = self.rehearsal_hub.door(by)
        who = actor or self.actor_of(by)
        sent = door.send(kind, about, act, fields, parts, actor=who, occurred_at=occurred_at)
        if sent.outcome == "waiting":
            raise RuntimeError(f"{by}: the hub did not answer in time")
        return sent

    def require_recorded(self, step: Step, sent: SubmissionResult) -> None:
        """Note a problem where the hub refused."""
        if sent.outcome != "recorded":
            self.problems.append(f"#{step.n} {step.event}: 拒否されました ({sent.reason})")
