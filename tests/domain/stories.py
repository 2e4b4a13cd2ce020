"""The stories of ``tests/scenarios`` played in the domain only: no door, no seal, no bus, no hub process.

Independent of the product's own player. What a story's ``details`` leave out is filled with what needs no
reason; what the domain has no act for is skipped and named in ``skipped``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from domain import events as e
from domain.calendar import day_of, months_later
from domain.children import UNKNOWN_CHILD, SpeaksOfChildren
from domain.codes import (
    AccessResult,
    Body,
    Employment,
    Flag,
    FollowOn,
    IndicatorValue,
    Module,
    OutsourcingScope,
    PlanContent,
    Requester,
    Role,
    SafetyMethod,
    Section,
    SubjectConsent,
    SupportType,
    TargetClass,
    Tier,
)
from domain.due import DueEvent, next_due, next_due_of_case
from domain.record import AUDIT, HUB, REGISTRARS, About, Record, commission_of
from tests.domain.builders import (
    ALL_ASSESSED,
    EventInput,
    Given,
    case_message,
    event_input,
    given,
    id_of,
    own_visitor,
    plan,
    rule_book,
)

FOLDER = Path(__file__).parent.parent / "scenarios"
EVENT_CLASSES = {cls.__name__: cls for cls in e.EVENTS.values()}
BODIES = {
    "CORE": Body.MUNICIPALITY,
    "COORD": Body.MUNICIPALITY,
    "CGC": Body.PREFECTURE,
    "MED": Body.MEDICAL,
    "CONTRACTOR": Body.COMMISSIONED,
}
OWN_BODIES = {"AZ-MCH": Body.MUNICIPALITY, "EXT-NURSERY": Body.WELFARE_FACILITY}
PERSON = "EXT-PERSON"
NO_DOOR = {PERSON, "HUB"}


def at_of(text: Any) -> datetime:
    actual = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    return actual.astimezone(UTC)


class Story:
    """One story, its people, and how far it has been played."""

    def __init__(self, name: str) -> None:
        self.text: Mapping[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
        self.steps: list[Mapping[str, Any]] = self.text["timeline"]
        self.contractors: Mapping[str, Mapping[str, Any]] = self.text["setup"]["contractors"]
        self.skipped: list[int] = []
        self.answers: dict[int, e.Event] = {}
        self.due: list[Record] = []
        self.expectations: list[tuple[datetime, str, dict[str, set[int]], dict[str, set[int]]]] = []
        self._item: dict[UUID, tuple[str, int]] = {}
        self._content = PlanContent.SC_A
        self.so: Given = given(town=self._town())

    def agencies(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for code, agency in self.text["agencies"].items():
            if code not in NO_DOOR:
                yield code, agency

    # --- before the story ------------------------------------------------------------------------------------

    def _town(self) -> list[EventInput]:
        begin = at_of(self.steps[0]["at"]) - timedelta(days=30)
        setup = self.text["setup"]
        town = [replace(rule_book(), at=begin)]
        for code, agency in self.agencies():
            body = OWN_BODIES.get(code) or BODIES.get(agency["role"], Body.PRIVATE)
            event = e.KeySetPublished(
                code=code,
                name=agency["name"],
                roles=frozenset({Role(agency["role"])}),
                body=body,
                municipality="AZ" if body is Body.MUNICIPALITY else None,
                custody="HOSTED",
                sig={},
                kem={},
            )
            town.append(
                event_input(id_of(code), event, on=About(e.Kind.AGENCY, id_of(code)), name=f"keys {code}")
            )
        town.append(event_input(REGISTRARS, e.CoreAgencyDesignated(agency=id_of(setup["core"]))))
        town.append(
            event_input(REGISTRARS, e.CoordinatingAgencyDesignated(agency=id_of(setup["coordinating"])))
        )
        admitted = {s["details"]["member"] for s in self.steps if s["event"] == "NetworkMemberAdmitted"}
        for code, agency in self.agencies():
            if agency["network_member"] and code not in admitted:
                event_ = e.NetworkMemberAdmitted(member=id_of(code), item=2)
                town.append(event_input(id_of(setup["coordinating"]), event_, name=f"admitted {code}"))
        for code in self.contractors:
            town += self._commission(code, day_of(begin))
        for worker in self._own_visitors():
            town += own_visitor(worker, id_of(setup["core"]))
        return town

    def _own_visitors(self) -> list[str]:
        """The core agency's own visitors, whom it has on its roll from the start."""
        core = self.text["setup"]["core"]
        steps = [s["details"] for s in self.steps if s["event"] == "SupportWorkerAssigned"]
        return list(dict.fromkeys(d["worker"] for d in steps if d.get("agency") == core))

    def _commission(self, code: str, begins: date) -> list[EventInput]:
        """All of it at the start, except what the story brings itself; the oath just before ``from``."""
        full = any(s["event"] == "SupportPlanProposed" and s["from"] == code for s in self.steps)
        scope = OutsourcingScope.FULL if full else OutsourcingScope.PARTIAL
        events: list[e.Event] = [
            e.OutsourcingContractConcluded(
                contractor=id_of(code), scope=scope, begins_on=begins, ends_on=None
            ),
            e.ConfidentialityRulesAdopted(edition="rules"),
            e.SupportWorkerRegistered(
                worker=self.worker(code), employment=Employment.PART_TIME, qualification=None
            ),
        ]
        if not self._brings("ContractorRequirementVerified", code):
            events.append(
                e.ContractorRequirementVerified(items=frozenset({1, 2, 3} if full else {1, 2}), scope=scope)
            )
        for module in Module:
            until = next(
                (
                    day_of(at_of(s["at"])) - timedelta(days=1)
                    for s in self._brings("TrainingLapsed", code)
                    if s["details"]["module"] == module
                ),
                None,
            )
            events.append(
                e.TrainingModuleCompleted(
                    worker=self.worker(code),
                    modules=frozenset({module}),
                    tier=Tier.T1_BASIC,
                    valid_until=until,
                )
            )
        core = id_of(self.text["setup"]["core"])
        on = About(e.Kind.COMMISSION, commission_of(core, id_of(code)))
        itself = About(e.Kind.AGENCY, id_of(code))
        return [
            event_input(core, event, on=on, name=f"{code} {n}")
            if event.ON is e.Kind.COMMISSION
            else event_input(id_of(code), event, on=itself, name=f"{code} {n}")
            for n, event in enumerate(events)
        ]

    def _brings(self, event: str, code: str) -> list[Mapping[str, Any]]:
        return [
            s
            for s in self.steps
            if s["event"] == event
            and code in (s["from"], *s["to"], (s.get("details") or {}).get("contractor"))
        ]

    def worker(self, code: str) -> str:
        """The contractor's one visitor: as the story calls him, where it does."""
        named = (s["details"].get("worker") for s in self._brings("OathSigned", code))
        return next(named, f"W-{code}")

    # --- the story ---------------------------------------------------------------------------------------------

    def play(self) -> Story:
        """Everything in order of its time: assignments, messages, expectations."""
        for at, action in sorted(self._moments(), key=lambda m: m[0]):
            self._clock(at)
            action(at)
        return self

    def _moments(self) -> Iterator[tuple[datetime, Any]]:
        closed = [at_of(s["at"]) for s in self.steps if s["event"] == "SupportClosed"]
        for code, times in self.contractors.items():
            since, until = at_of(times["from"]), at_of(times["until"])
            if not self._brings("OathSigned", code):
                yield since - timedelta(minutes=1), lambda at, code=code: self._swear(code, at)
            yield since, lambda at, code=code: self._assign(e.SupportWorkerAssigned, code, at)
            if not any(at <= until for at in closed):
                yield until, lambda at, code=code: self._assign(e.SupportWorkerUnassigned, code, at)
        for step in self.steps:
            yield at_of(step["at"]), lambda at, step=step: self._step(step, at)
        for expectation in self.text["expect"]:
            yield (
                at_of(expectation["at"]),
                lambda at, expectation=expectation: self._check_expectation(expectation, at),
            )

    def _clock(self, now: datetime) -> None:
        while (due := self._due(now)) is not None:
            event = event_input(HUB, due.event, on=due.about, name=f"due {len(self.due)}", at=due.at)
            self.due.append(self.so.put(event, by_hub=True))

    def _due(self, now: datetime) -> DueEvent | None:
        of_case = next_due_of_case(self.so.world)
        dues = [next_due(self.so.world.register, now), of_case if of_case and of_case.at <= now else None]
        return min((d for d in dues if d is not None), key=lambda d: d.at, default=None)

    def _submit(self, command: EventInput, at: datetime) -> e.Event:
        [event] = self.so.when(command, now=at)
        self.so.put(replace(command, event=event, at=at))
        return event

    def _swear(self, code: str, at: datetime) -> None:
        core, contractor = id_of(self.text["setup"]["core"]), id_of(code)
        oath = e.OathSigned(worker=self.worker(code), employment=Employment.PART_TIME, valid_until=None)
        on = About(e.Kind.COMMISSION, commission_of(core, contractor))
        assert self._submit(event_input(contractor, oath, on=on, name=f"oath {code}"), at) == oath

    def _assign(self, act: Any, code: str, at: datetime) -> None:
        data: dict[str, Any] = {"agency": id_of(code), "worker": self.worker(code)}
        command = case_message(act, id_of(self.text["setup"]["core"]), name=f"{act.TOPIC} {code}", **data)
        assert self._submit(command, at) == command.event

    def _step(self, step: Mapping[str, Any], at: datetime) -> None:
        command = self._command(step)
        if command is None:
            self.skipped.append(step["n"])
            return
        if isinstance(command.event, e.CaseMessage):
            self._item |= {i.item: (str(i.section), step["n"]) for i in command.event.items}
        self.answers[step["n"]] = self._submit(command, at)

    def _check_expectation(self, expectation: Mapping[str, Any], at: datetime) -> None:
        for code in (*expectation["views"], AUDIT):
            reader = AUDIT if code == AUDIT else id_of(code)
            seen: dict[str, set[int]] = {}
            for item in self.so.opens(reader, now=at):
                section, n = self._item[item]
                seen.setdefault(section, set()).add(n)
            expected = {s: set(n) for s, n in expectation["views"].get(code, {}).items()}
            self.expectations.append((at, code, seen, expected))

    # --- one message -------------------------------------------------------------------------------------------

    def _command(self, step: Mapping[str, Any]) -> EventInput | None:
        """The command of a step; None for what the clock brings or the domain has no act for."""
        step = {**step, **step.get("tried", {})}
        cls: Any = EVENT_CLASSES.get(step["event"])
        if cls is e.DisclosureHeld:
            cls = e.DisclosureMade
        if cls is None or (step["from"] == "HUB" and cls is not e.HeldDisclosureReleased):
            return None
        details = step.get("details") or {}
        if cls.ON is e.Kind.COMMISSION:
            return self._about_commission(step, cls, details)
        if cls is e.NetworkMemberAdmitted:
            member = e.NetworkMemberAdmitted(member=id_of(details["member"]), item=details["item"])
            return event_input(id_of(step["from"]), member, name=str(step["n"]))
        by = self._sender(step)
        return case_message(
            cls,
            by,
            [id_of(a) for a in step["to"] if a not in NO_DOOR and id_of(a) != by],
            [Section(s) for s in step["sections"]],
            self._basis(step),
            name=str(step["n"]),
            actor=self.worker(step["from"]) if step["from"] in self.contractors else "p-1",
            consent=self._consents(step),
            reason=details.get("reason") if cls.__name__ != "SupportClosed" else None,
            **self._children(cls, details),
            **self._data(step, cls, details),
        )

    def _children(self, cls: Any, details: Mapping[str, Any]) -> dict[str, Any]:
        if not issubclass(cls, SpeaksOfChildren):
            return {}
        named = details.get("children", [])
        return {
            "children": frozenset(UNKNOWN_CHILD if c == "UNKNOWN" else id_of(f"child {c}") for c in named)
        }

    def _sender(self, step: Mapping[str, Any]) -> UUID:
        """The hub speaks for the held message's sender: it was asked by him."""
        if step["event"] == "HeldDisclosureReleased":
            return id_of(next(s["from"] for s in self.steps if s["n"] == step["releases"]))
        return id_of(step["to"][0] if step["from"] == PERSON else step["from"])

    def _about_commission(self, step: Mapping[str, Any], cls: Any, details: Mapping[str, Any]) -> EventInput:
        known = [details.get("contractor"), step["from"], *step["to"]]
        code = next(c for c in known if c in self.contractors)
        by = id_of(step["from"])
        event: e.Event
        if cls is e.OathSigned:
            event = e.OathSigned(
                worker=details["worker"], employment=Employment(details["employment"]), valid_until=None
            )
        elif cls is e.TrainingModuleCompleted:
            modules = frozenset(Module(m) for m in details["modules"])
            event = e.TrainingModuleCompleted(
                worker=self.worker(code), modules=modules, tier=Tier.T1_BASIC, valid_until=None
            )
        elif cls is e.ContractorRequirementVerified:
            scope = OutsourcingScope(details["scope"])
            event = e.ContractorRequirementVerified(items=frozenset(details["items"]), scope=scope)
        else:
            assert cls is e.ContractorReinstated
            event = e.ContractorReinstated()
        on = About(e.Kind.COMMISSION, commission_of(id_of(self.text["setup"]["core"]), id_of(code)))
        return event_input(by, event, on=on, name=str(step["n"]))

    def _basis(self, step: Mapping[str, Any]) -> dict[UUID, str]:
        basis = step.get("basis")
        if isinstance(basis, dict):
            return {id_of(a): code for a, code in basis.items()}
        return {} if basis is None else {id_of(a): basis for a in step["to"] if a not in NO_DOOR}

    def _consents(self, step: Mapping[str, Any]) -> list[UUID]:
        named = step.get("consent") or []
        return [id_of(c) for c in ([named] if isinstance(named, str) else named)]

    def _data(  # noqa: C901  one flat arm an event
        self, step: Mapping[str, Any], cls: Any, d: Mapping[str, Any]
    ) -> dict[str, Any]:
        match cls.__name__:
            case "FamilyInformationProvided":
                return {
                    "subject_consent": SubjectConsent(d.get("consent", "NOT_REQUESTED")),
                    "weeks_pregnant": d.get("weeks_pregnant"),
                    "indicators": self._indicators(d),
                }
            case "ReferralAcknowledged" | "ReferralRead":
                return {"answers": id_of(str(d.get("answers", self._last_referral(step))))}
            case "AbuseNotificationReceived":
                return {
                    "notifier_token": d.get("notifier_token"),
                    "received_at": at_of(d["received_at"]),
                    "recorded_for_notifier": step["from"] == PERSON,
                    "channel": None,
                }
            case "NotificationForwarded":
                return {"forwards": id_of(str(d["forwards"]))}
            case "SafetyConfirmed":
                return {"child_seen": d["child_seen"], "method": SafetyMethod(d["method"])}
            case "SubjectAccessRequested":
                return {"requester": Requester(d["requester"])}
            case "SubjectAccessDecided":
                rows = tuple(
                    e.Withheld(
                        section=Section(r["section"]),
                        ground=r["ground"],
                        flag=Flag(r["flag"]) if "flag" in r else None,
                    )
                    for r in d["withheld"]
                )
                return {
                    "answers": id_of(str(d["answers"])),
                    "result": AccessResult(d["result"]),
                    "withheld": rows,
                }
            case "InformationRequestAnswered" | "InformationRequestDeclined" | "FollowOnServiceAccepted":
                return {"answers": id_of(str(d["answers"]))}
            case "IndicatorAssessmentRecorded":
                return {"indicators": {**ALL_ASSESSED, **self._indicators(d)}}
            case "EligibilityDetermined":
                return {
                    "target_classes": frozenset(map(TargetClass, d["target_classes"])),
                    "support_type": SupportType(d["support_type"]),
                    "discharge_on": self._day(d.get("discharge_on")),
                }
            case "SupportPlanFormulated":
                return {"plan": self._plan(d)}
            case "SupportPlanApproved":
                return {"approves": id_of(str(d["approves"])), "plan": self._plan(d)}
            case "SupportCommenced":
                classes = d.get("target_classes")
                return {
                    "plan": self._plan(d) if "plan_from" in d else None,
                    "target_classes": None if classes is None else frozenset(map(TargetClass, classes)),
                }
            case "PlanExtended":
                return {"plan_until": self._day(d["plan_until"])}
            case "ConsentGiven":
                return {"scope": tuple(self._scope(row) for row in d["scope"])}
            case "SupportWorkerAssigned":
                return {"agency": id_of(d["agency"]), "worker": d["worker"]}
            case "HomeVisitCompleted":
                return {"child_seen": d["child_seen"], "worker": d["worker"]}
            case "VisitReportSubmitted":
                return {"child_seen": d["child_seen"], "support_plan": self._plan_known_to(step)}
            case "HeldDisclosureReleased":
                return {"releases": id_of(str(step["releases"]))}
            case "ConferenceMinutesRecorded" | "NetworkMeetingHeld":
                named = d.get("participants", [step["from"], *step["to"]])
                asked = {} if cls is e.ConferenceMinutesRecorded else {"answers": None}
                return {"participants": frozenset(map(id_of, named)), **asked}
            case "ClosingConsultationHeld":
                own = {self.text["setup"]["core"]} & {
                    s["from"] for s in self.steps if s["event"] == "HomeVisitCompleted" and s["n"] < step["n"]
                }
                return {"consulted": frozenset(map(id_of, {*d["consulted"], *own}))}
            case "SupportClosed":
                arranged = any(s["event"] == "FollowOnServiceArranged" for s in self.steps)
                return {"follow_on": FollowOn.ARRANGED if arranged else FollowOn.NONE_NEEDED}
            case _:
                return {}

    def _indicators(self, d: Mapping[str, Any]) -> dict[str, IndicatorValue]:
        return {code: IndicatorValue(v) for code, v in d.get("indicators", {}).items()}

    def _last_referral(self, step: Mapping[str, Any]) -> int:
        """The last referral to this sender before the step."""
        referrals = {"FamilyInformationProvided", "ProgrammeNotificationReceived"}
        actual = [s for s in self.steps if s["event"] in referrals and step["from"] in s["to"]]
        return int([s["n"] for s in actual if s["n"] < step["n"]][-1])

    def _plan_known_to(self, step: Mapping[str, Any]) -> UUID | None:
        """The last message that brought the plan to this sender."""
        known = [
            s["n"]
            for s in self.steps
            if "PLAN" in s["sections"] and step["from"] in s["to"] and s["n"] < step["n"] and "tried" not in s
        ]
        return id_of(str(known[-1])) if known else None

    def _plan(self, d: Mapping[str, Any]) -> Any:
        self._content = PlanContent(d.get("content", self._content))
        begins = self._day(d["plan_from"])
        mid = self._content in (PlanContent.SC_C, PlanContent.SC_D)
        target = d.get("target_months", 6 if mid else None)
        assert begins is not None
        return plan(
            plan_from=begins,
            plan_until=self._day(d.get("plan_until")) or months_later(begins, target or 3),
            content=self._content,
            target_months=target,
            short_term_months=d.get("short_term_months", 3 if mid else None),
            visits_per_week=d.get("visits_per_week"),
        )

    def _scope(self, row: Mapping[str, Any]) -> e.ConsentScope:
        return e.ConsentScope(
            consent=id_of(row["consent"]),
            sender=id_of(row["sender"]),
            recipient=id_of(row["recipient"]),
            sections=frozenset(Section(s) for s in row["sections"]),
        )

    def _day(self, value: Any) -> date | None:
        return value if value is None or isinstance(value, date) else date.fromisoformat(value)
