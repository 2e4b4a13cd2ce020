"""What a story tells of its contractors: who visits for each, who joins later, what it brings itself, what lapses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.calendar import day_of
from domain.codes import Module
from gateway.scenario.story import Step, Story

JOINING = ("SupportWorkerRegistered", "OathSigned", "SupportWorkerAssigned")
"""What a visitor comes with who joins later."""


@dataclass(frozen=True)
class Crews:
    """Read from the story alone; nothing here was played."""

    story: Story

    def first(self, agency: str) -> str:
        """Its visitor from the start, as the story names it or by a name made up."""
        return next((w for w in self.named(agency) if not self.joins(agency, w)), f"W-{agency}")

    def named(self, agency: str) -> list[str]:
        """Every visitor of this agency whom the story names, in the order in which it does."""
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
        """The visitor from the start, and whoever else the story names."""
        return list(dict.fromkeys((self.first(contractor), *self.named(contractor))))

    def joins(self, agency: str, worker: str) -> bool:
        """Whether this visitor of a contractor joins later: it is first heard of after ``from``, by what one joins with.

        An oath after one that lapsed is no joining.
        """
        heard = [s for s in self.story.steps if str(s.details.get("worker")) == worker]
        if agency not in self.story.contractors or not heard:
            return False
        again = heard[0].event == "OathSigned" and any(
            s.event == "OathLapsed" and s.at <= heard[0].at and self.contractor(s) == agency
            for s in self.story.steps
        )
        late = heard[0].at > self.story.contractors[agency].since
        return heard[0].event in JOINING and late and not again

    def sworn_by_story(self, contractor: str, worker: str) -> bool:
        """Whether the story itself brings this visitor's first oath: before ``from``, or as it joins."""
        since = self.story.contractors[contractor].since
        oaths = self.steps("OathSigned", contractor, worker)
        return any(s.at <= since for s in oaths) or (self.joins(contractor, worker) and bool(oaths))

    def trained_by_story(self, contractor: str, worker: str) -> set[str]:
        """Modules that the story itself brings, before ``from`` or as the visitor joins."""
        since, joins = self.story.contractors[contractor].since, self.joins(contractor, worker)
        steps = self.steps("TrainingModuleCompleted", contractor, worker)
        return {m for s in steps if s.at <= since or joins for m in s.details.get("modules", [])}

    def training(self, contractor: str, worker: str) -> dict[str | None, list[str]]:
        """What it is trained in before the story, by the last day of its validity."""
        by_day: dict[str | None, list[str]] = {}
        for module in sorted({m.value for m in Module} - self.trained_by_story(contractor, worker)):
            by_day.setdefault(self.lapse("TrainingLapsed", contractor, module, worker), []).append(module)
        return by_day

    def lapse(
        self, event: str, contractor: str, module: str | None, worker: str, after: datetime | None = None
    ) -> str | None:
        """The day before the story lets a training or oath lapse (after this time); none where it does not."""
        for s in self.steps(event, contractor, worker):
            if (module is None or s.details.get("module") == module) and (after is None or s.at > after):
                return (day_of(s.at) - timedelta(days=1)).isoformat()
        return None

    def assigned(self, contractor: str) -> list[str]:
        """Who of its visitors is assigned when its time is over."""
        changes = ("SupportWorkerAssigned", "SupportWorkerUnassigned")
        until, first = self.story.contractors[contractor].until, self.first(contractor)
        last = {first: changes[0]}
        for s in self.story.steps:
            if s.event in changes and self.contractor(s) == contractor and (until is None or s.at <= until):
                last[str(s.details.get("worker", first))] = s.event
        return [worker for worker, event in last.items() if event == changes[0]]

    def steps(self, event: str, contractor: str, worker: str | None = None) -> list[Step]:
        """Steps of this event about this contractor, and where one is named about this visitor of it: one that names
        none is about the visitor from the start."""
        return [
            s
            for s in self.story.steps
            if s.event == event
            and self.contractor(s) == contractor
            and (worker is None or str(s.details.get("worker") or self.first(contractor)) == worker)
        ]

    def brings(self, event: str, contractor: str, by: datetime) -> bool:
        """Whether the story itself brings such a thing by then."""
        return any(s.at <= by for s in self.steps(event, contractor))

    def contractor(self, step: Step) -> str | None:
        """Whose commission a step is about: as named, by its parties, or by its visitor."""
        d = step.details
        known = (d.get("contractor"), d.get("agency"), step.by, *step.to)
        found = next((str(c) for c in known if c in self.story.contractors), d.get("contractor"))
        if found:
            return str(found)
        return next((c for c in self.story.contractors if d.get("worker") in self.named(c)), None)
