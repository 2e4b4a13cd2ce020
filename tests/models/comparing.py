"""One story played and compared with the model: outcomes, views, alarms. Every check is counted by its rule."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from domain import events as e
from domain.children import UNKNOWN_CHILD
from gateway.rehearsal.scenario.player import play_story
from gateway.rehearsal.scenario.run import Check, Run
from gateway.rehearsal.scenario.story import Story, _parse_story
from tests.models.clocks import Clock
from tests.models.law import CONSENT_BASES
from tests.models.model import REFUSED, Message, Model, Outcome

CHILDREN = ("A", "B", "C", "X")
NUMBERED = re.compile(r"#(\d+)")
MODELLED = frozenset(
    {
        *("ReferralUnacknowledgedAlarmRaised", "ReferralUnreadAlarmRaised", "ReferralUnactedAlarmRaised"),
        *("SafetyCheckOverdueAlarmRaised", "RequestUnansweredAlarmRaised", "FollowOnUnacceptedAlarmRaised"),
        *("ReviewOverdueAlarmRaised", "PlanOverAlarmRaised", "VisitGapAlarmRaised", "ContactGapAlarmRaised"),
        *("ReportUnreadAlarmRaised", "CaseSilentAlarmRaised", "RightsRequestOverdueAlarmRaised"),
        *("NoticeUnconfirmedAlarmRaised", "TransferUnacknowledgedAlarmRaised", "TransferOverdueAlarmRaised"),
        *("TransferNotBegunAlarmRaised", "DecisionUnreviewedAlarmRaised", "VisitUnreportedAlarmRaised"),
        *("BreachReportOverdueAlarmRaised", "SpecialistUnlinkedAlarmRaised", "BundleMissingAlarmRaised"),
        *("CoercionCheckRequired", "SignalsGatheredAlarmRaised", "StayOverdueAlarmRaised"),
        *(
            "PlanEndingAlarmRaised",
            "SearchStalledAlarmRaised",
            "ContactBanEndsAlarmRaised",
            "RetentionExpired",
        ),
        *("FamilyWithoutVisitorAlarmRaised", "BreachPreliminaryOverdueAlarmRaised", "EmergencyAccessOpened"),
        *("BreachIntentReportOverdueAlarmRaised", "BreachNoticeOverdueAlarmRaised", "EmergencyAccessEnded"),
        *("UnilateralEmergencyAccessOpened", "EmergencyReviewOverdueAlarmRaised"),
        *("AddressProtectionEndsAlarmRaised",),
    }
)
"""Alarms of which the model says when they must and when they may be raised."""


@dataclass
class Difference:
    """Where the hub did otherwise than the text says."""

    kind: str
    rule: str
    text: str
    step: int | None = None

    @property
    def sort(self) -> tuple[str, str]:
        return self.kind, self.rule


@dataclass
class Comparison:
    """The result of one story."""

    seed: str
    checks: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    unmodelled: Counter[str] = field(default_factory=Counter)

    def compare(self, kind: str, rule: str, same: bool, text: str, step: int | None = None) -> None:
        self.checks[f"{kind} {rule}"] += 1
        if not same:
            self.differences.append(Difference(kind, rule, text, step))

    def keep_first_causes(self) -> None:
        """An act with another outcome than the text's makes all that follows differ: it alone is reported."""
        causes = [d for d in self.differences if d.kind in ("recorded", "refused", "held", "set-up")]
        if causes:
            self.differences = [min(causes, key=lambda d: d.step or 0)]


def read(raw: Mapping[str, Any]) -> Story:
    """The story as the player reads it from a file."""
    return _parse_story(raw, Path(f"{raw['id']}.yaml"))


def play_and_compare(raw: Mapping[str, Any], hub: Any, flip: str | None = None) -> Comparison:
    """Play on this hub (in process or live) and compare with a model of its own."""
    model = Model(raw, flip)
    outcomes: dict[int, Outcome] = {}
    run = Run(read(raw), hub)
    for label in raw.get("others", ()):  # the same children in each case of a family
        for child in CHILDREN:
            run.children[None, child] = run.children[label, child] = run.children.get((None, child), uuid4())
    play_story(run)
    result = Comparison(str(raw["id"]))
    views = _views(run)
    pending = list(raw["timeline"])
    ends = datetime.fromisoformat(raw["ends"])
    for expectation in raw["expect"]:
        at = datetime.fromisoformat(expectation["at"])
        while pending and datetime.fromisoformat(pending[0]["at"]) <= at:
            outcomes |= model.play([pending.pop(0)])
        model.pass_time(at)
        _compare_views(result, model, at, views)
    model.finish(ends)
    _compare_outcomes(result, run, raw, outcomes)
    _compare_alarms(result, run, model, ends)
    result.keep_first_causes()
    return result


def _views(run: Run) -> dict[tuple[datetime, str], Check]:
    return {(c.at, c.agency): c for c in run.checks}


def _compare_views(
    result: Comparison, model: Model, at: datetime, views: Mapping[tuple[datetime, str], Check]
) -> None:
    for code in (*model.agencies, "AUDITOR"):
        check = views[(at, code)]
        opened = {(n, s) for s, ns in check.openable.items() for n in ns}
        for wrong in check.wrong:
            result.compare("view", "text", False, f"{code} at {at}: {wrong}")
        for case, m in ((c, m) for c in model.every() for m in c.messages.values()):
            for section in m.sections:
                answer, rule = case.may_open(code, m.n, section, at)
                if answer is None:
                    result.checks[f"open {rule}"] += 1
                    continue
                same = ((m.n, section) in opened) == answer
                text = f"{code} {'must open' if answer else 'must not open'} #{m.n} {m.event} {section} at {at:%Y-%m-%d %H:%M}"
                result.compare("view", rule, same, text, m.n)
                if same:
                    for name in _rules_seen(case, code, m, section, rule):
                        result.checks[f"both ways {name} {'opened' if answer else 'closed'}"] += 1


def _rules_seen(case: Model, code: str, m: Message, section: str, rule: str) -> Iterator[str]:
    """Of which of V1–V11 this look says something, besides the rule that decided it."""
    core = code in case.agencies and case.agencies[code].role == "CORE"
    if rule.split()[0] not in ("V3", "EMERGENCY"):
        yield rule.split()[0]
    elif rule == "EMERGENCY" or core:
        yield rule
    if section in ("ADDR", "NOTIFIER") and rule in ("V1", "V2"):
        yield "V5"
    if code in m.commissioned and rule in ("V1", "V2"):
        yield "V6"
        yield "V8"
    if code in m.released and rule == "V2":
        yield "V7"
    if rule in ("V2", "V4") and any(b in CONSENT_BASES for b in m.basis.values()):
        yield "V9"


def _compare_outcomes(
    result: Comparison, run: Run, raw: Mapping[str, Any], outcomes: Mapping[int, Outcome]
) -> None:
    problems: dict[int, str] = {}
    for problem in run.problems:
        match = NUMBERED.search(problem)
        if match is None:
            result.compare("set-up", "player", False, problem)
        else:
            problems.setdefault(int(match[1]), problem)
    codes = {str(run.id_of(c)): c for c in run.rehearsal_hub.doors}
    for step in raw["timeline"]:
        n, outcome = step["n"], outcomes.get(step["n"])
        if outcome is None:
            continue
        event = step.get("tried", step)["event"]
        kind = "refused" if outcome.kind == REFUSED else "recorded"
        result.compare(
            kind,
            outcome.rule if kind == "refused" else event,
            n not in problems,
            f"{event}: {problems.get(n)}",
            n,
        )
        if kind == "recorded" and n in run.held and event not in ("HeldDisclosureReleased",):
            held = {codes[a] for a in run.held[n]}
            expected = set(outcome.held)
            if held or expected:
                result.compare(
                    "held", "V7", held == expected, f"#{n} held for {sorted(held)}, not {sorted(expected)}", n
                )


@dataclass(frozen=True)
class Raised:
    alarm: str
    about: int | None
    who: str
    due: datetime
    at: datetime
    family: str | None = None
    child: str | None = None


def _raised(run: Run, ends: datetime) -> Iterator[Raised]:
    numbers = {message: n for n, message in run.messages.items()}
    codes = {run.id_of(c): c for c in run.rehearsal_hub.doors}
    families: dict[Any, str | None] = {case: label for label, case in run.other_family_cases.items()}
    families[run.case] = None
    children = {(label, id): child for (label, child), id in run.children.items()}
    for record in run.rehearsal_hub.hub_records():
        alarm = record.event
        if (
            record.about.id not in families
            or not isinstance(alarm, e.CaseAlarm)
            or alarm.escalated
            or record.at > ends
        ):
            continue
        about = None if alarm.message is None else numbers.get(alarm.message, -1)
        who = codes.get(alarm.responsible, "?")
        family = families[record.about.id]
        child = "UNKNOWN" if alarm.child == UNKNOWN_CHILD else children.get((family, alarm.child))
        yield Raised(type(alarm).__name__, about, who, alarm.due_at, record.at, family, child)


def _compare_alarms(result: Comparison, run: Run, model: Model, ends: datetime) -> None:
    every = list(_raised(run, ends))
    for case in model.every():
        raised = [r for r in every if r.family == case.label]
        for clock in case.clocks:
            _compare_clock(result, case, clock, raised, ends)
        for one in raised:
            _compare_raised(result, case, one, ends)
        for kind, count in case.quiet.items():
            result.checks[f"both ways {kind} stopped"] += count  # in order: an alarm would be a false one


def _compare_clock(
    result: Comparison, case: Model, clock: Clock, raised: list[Raised], ends: datetime
) -> None:
    match = [r for r in raised if _is_of(case, r, clock)]
    if clock.must_raise(ends):
        text = f"{clock.alarm} about #{clock.about} for {clock.who or '?'}"
        text += f" {clock.child or ''} due {clock.due:%Y-%m-%d %H:%M} was not raised"
        result.compare("alarm", clock.kind, bool(match), text, clock.about)
        result.checks[f"rule {clock.rule}"] += 1
        result.checks[f"both ways {clock.kind} rang"] += bool(match)
    stopped = clock.stopped_at
    if stopped is not None and stopped < clock.due <= ends and clock.unsure_from is None and not match:
        result.checks[f"both ways {clock.kind} stopped"] += 1  # an alarm all the same would be a false one


def _compare_raised(result: Comparison, case: Model, one: Raised, ends: datetime) -> None:
    if one.alarm not in MODELLED:
        result.unmodelled[one.alarm] += 1
        return
    if one.child == "UNKNOWN":
        result.checks["open 0037: what is waited for of a child that nobody can name"] += 1
        return
    fits = [c for c in case.clocks if _is_of(case, one, c, doubtful=True) and c.may_raise(ends)]
    text = f"{one.alarm} about #{one.about} for {one.who} {one.child or ''} due {one.due:%Y-%m-%d %H:%M} has no ground"
    name = one.alarm.removesuffix("Raised").removesuffix("Alarm")
    result.compare("no false alarm", name, bool(fits), text, one.about)


def _is_of(case: Model, raised: Raised, clock: Clock, doubtful: bool = False) -> bool:
    names = {clock.alarm, "ReferralUnacknowledgedAlarmRaised"} if clock.kind == "CGC_ACK" else {clock.alarm}
    same = raised.alarm in names and clock.fits(raised.due) and raised.at >= clock.start
    about = clock.about == raised.about or clock.kind in ("SIGNALS",)
    who = clock.who is None or clock.who == raised.who or (doubtful and clock.unsure_from is not None)
    pair = [case.once_same.get(c or "", c) for c in (clock.child, raised.child)]
    child = None in pair or pair[0] == pair[1]
    return same and about and who and child
