"""What a story says about visitors: who visits for each contractor, who joins later, whose training or oath lapses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.calendar import day_of
from domain.codes import Module, Tier
from domain.rulebook import POLICY
from gateway.rehearsal.scenario.story import Step, Story

JOINING_EVENTS = ("SupportWorkerRegistered", "OathSigned", "SupportWorkerAssigned")
"""The events with which a visitor may join later."""
BASIC_TIER_CODES = (Tier.T1_BASIC.value, "T1", "BASIC")
QUALIFICATION_EVENTS = (
    "SupportWorkerRegistered",
    "QualificationVerified",
    "FieldPracticeCompleted",
    "TrainingModuleCompleted",
    "TrainingModuleExempted",
    "OathSigned",
)
"""Events about a visitor outside of cases."""
VISITING_EVENTS = ("SupportWorkerAssigned", "HomeVisitCompleted")
"""Events that a visitor who is not on the roll could not have."""
REPEATED_MODULES = frozenset(POLICY["training_valid_months"])
REPEATED_AFTER = timedelta(days=300)
"""In good time before a training of twelve months is over."""


@dataclass(frozen=True)
class Crews:
    """Read from the story only; independent of what was played."""

    story: Story

    def first(self, agency: str) -> str:
        """Its visitor from the start, as the story names it, else an invented name."""
        return next((w for w in self.named(agency) if not self.joins(agency, w)), f"W-{agency}")

    def named(self, agency: str) -> list[str]:
        """Every visitor of this agency whom the story names, in the story's order."""
        return list(
            dict.fromkeys(
                str(s.details["worker"])
                for s in self.story.steps
                if s.details.get("worker")
                and (
                    s.by == agency or agency in (s.details.get(k) for k in ("contractor", "member", "agency"))
                )
            )
        )

    def all(self, contractor: str) -> list[str]:
        """The visitor from the start, then every other whom the story names."""
        return list(dict.fromkeys((self.first(contractor), *self.named(contractor))))

    def joins(self, agency: str, worker: str) -> bool:
        """Whether this visitor of a contractor joins later: its first event is one of ``JOINING_EVENTS``, after ``from``.

        An oath after a lapsed one is a renewal.
        """
        mentions = [s for s in self.story.steps if str(s.details.get("worker")) == worker]
        if agency not in self.story.contractors or not mentions:
            return False
        is_renewal = mentions[0].event == "OathSigned" and any(
            s.event == "OathLapsed" and s.at <= mentions[0].at and self.contractor(s) == agency
            for s in self.story.steps
        )
        late = mentions[0].at > self.story.contractors[agency].since
        return mentions[0].event in JOINING_EVENTS and late and not is_renewal

    def sworn_by_story(self, contractor: str, worker: str) -> bool:
        """Whether the timeline records this visitor's first oath."""
        return any(
            self._before_start(contractor, worker, s) for s in self.steps("OathSigned", contractor, worker)
        )

    def trained_by_story(self, contractor: str, worker: str) -> set[str]:
        """Modules of the basic tier that the timeline records: «None» where it names no module."""
        return {
            str(module)
            for s in self.steps("TrainingModuleCompleted", contractor, worker)
            if self._before_start(contractor, worker, s)
            and s.details.get("tier", Tier.T1_BASIC) in BASIC_TIER_CODES
            for module in s.details.get("modules") or [s.details.get("module")]
        }

    def _before_start(self, contractor: str, worker: str, step: Step) -> bool:
        """Before ``from``, when the visitor joins, or, of a core agency's own visitor, before its first lapse."""
        if contractor in self.story.contractors:
            return step.at <= self.story.contractors[contractor].since or self.joins(contractor, worker)
        lapses = (
            *self.steps("OathLapsed", contractor, worker),
            *self.steps("TrainingLapsed", contractor, worker),
        )
        return all(step.at < s.at for s in lapses)

    def employment(self, core: str, worker: str) -> str:
        """How a core agency's own visitor is employed: as the story says, else part-time if it signs an oath."""
        worker_steps = [s for e in QUALIFICATION_EVENTS for s in self.steps(e, core, worker)]
        named = next(
            (str(s.details["employment"]) for s in worker_steps if s.details.get("employment")), None
        )
        return named or ("PART_TIME" if any(s.event == "OathSigned" for s in worker_steps) else "FULL_TIME")

    def training(self, contractor: str, worker: str) -> dict[str | None, list[str]]:
        """Modules completed before the story, by the last day of their validity."""
        by_day: dict[str | None, list[str]] = {}
        modules_in_story = self.trained_by_story(contractor, worker)
        for module in sorted(
            set() if "None" in modules_in_story else {m.value for m in Module} - modules_in_story
        ):
            by_day.setdefault(self.lapse("TrainingLapsed", contractor, module, worker), []).append(module)
        return by_day

    def lapse(
        self, event: str, contractor: str, module: str | None, worker: str, after: datetime | None = None
    ) -> str | None:
        """The day before the timeline lets a training or oath lapse (after this time); None where it does not."""
        for s in self.steps(event, contractor, worker):
            if (module is None or s.details.get("module") == module) and (after is None or s.at > after):
                return (day_of(s.at) - timedelta(days=1)).isoformat()
        return None

    def assigned(self, contractor: str) -> list[str]:
        """Which of its visitors are assigned when its time is over."""
        changes = ("SupportWorkerAssigned", "SupportWorkerUnassigned")
        until, first = self.story.contractors[contractor].until, self.first(contractor)
        last = {first: changes[0]}
        for s in self.story.steps:
            if s.event in changes and self.contractor(s) == contractor and (until is None or s.at <= until):
                last[str(s.details.get("worker", first))] = s.event
        gone = {s.details.get("worker", first) for s in self.steps("SupportWorkerLeft", contractor)}
        return [worker for worker, event in last.items() if event == changes[0] and worker not in gone]

    def steps(self, event: str, contractor: str, worker: str | None = None) -> list[Step]:
        """Steps of this event about this contractor, and about this visitor where one is given. A step that names no visitor
        is about the visitor from the start."""
        return [
            s
            for s in self.story.steps
            if s.event == event
            and self.contractor(s) == contractor
            and (worker is None or str(s.details.get("worker") or self.first(contractor)) == worker)
        ]

    def is_recorded_by(self, event: str, contractor: str, by: datetime) -> bool:
        """Whether the timeline has such an event by then."""
        return any(s.at <= by for s in self.steps(event, contractor))

    def employing_core(self, step: Step) -> str | None:
        """The core agency whose own visitor a step is about; None where it is about a contractor's visitor or nobody."""
        d = step.details
        about = d.get("agency") or step.by
        of_contractor = d.get("contractor") or d.get("member") or set(step.to) & set(self.story.contractors)
        is_of_contractor = any(d.get("worker") in self.named(c) for c in self.story.contractors)
        return (
            str(about)
            if about in self._core_agencies and d.get("worker") and not of_contractor and not is_of_contractor
            else None
        )

    def staff(self, core: str) -> list[str]:
        """This core agency's own visitors with an event about their qualification, training or oath."""
        return list(
            dict.fromkeys(
                str(s.details["worker"])
                for s in self.story.steps
                if s.event in (*QUALIFICATION_EVENTS, *VISITING_EVENTS) and self.employing_core(s) == core
            )
        )

    def roll(self, core: str) -> list[str]:
        """Every own visitor of this core agency: those whom the story names, and the one who visits where it names none."""
        visits = any(
            s.event == "HomeVisitCompleted" and s.by == core and not s.details.get("worker")
            for s in self.story.steps
        )
        assigns = any(
            s.event == "SupportWorkerAssigned" and not s.details.get("worker") for s in self.story.steps
        )
        unnamed = [self.first(core)] if visits or assigns else []
        return list(dict.fromkeys((*self.staff(core), *unnamed)))

    def renewals(self, agency: str, worker: str) -> dict[datetime, list[str]]:
        """When a visitor repeats trainings in a story longer than these are valid, and which."""
        modules = [m for m in self.training(agency, worker).get(None, []) if m in REPEATED_MODULES]
        times = [s.at for s in self.story.steps] + [x.at for x in self.story.expects]
        left = [s.at for s in self.steps("SupportWorkerLeft", agency, worker)]
        at, end = min(times) + REPEATED_AFTER, min([max(times), *left])
        renewals = {}
        while modules and at < end:
            renewals[at] = modules
            at += REPEATED_AFTER
        return renewals

    def contractor(self, step: Step) -> str | None:
        """The contractor whose commission a step is about: as named, by its parties, or by its visitor."""
        d = step.details
        known = (d.get("contractor"), d.get("agency"), step.by, *step.to)
        contractor_code = next((str(c) for c in known if c in self.story.contractors), d.get("contractor"))
        if contractor_code:
            return str(contractor_code)
        crew = next((c for c in self.story.contractors if d.get("worker") in self.named(c)), None)
        return crew or next((c for c in self._core_agencies if d.get("worker") in self.staff(c)), None)

    @property
    def _core_agencies(self) -> list[str]:
        return [a.code for a in self.story.doors() if a.role == "CORE"]
