"""Events that the hub must have recorded by itself at a step's time."""

from __future__ import annotations

from domain import events as e
from domain.alarms.raising import ALARMS, raised_alarms
from domain.case import Case
from domain.evolution import evolve
from domain.record import About
from domain.rulebook import first_edition
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import Step

ALARM_ALIASES = {"ContactGapAlarmRaised": (e.VisitGapAlarmRaised,)}
"""Alarm names that a story may use for several alarm types."""


def check_hub_event(run: Run, step: Step) -> None:
    """The hub must have recorded this event at the step's time; an alarm may be older while it is open."""
    run.rehearsal_hub.door(run.story.core).refresh()  # a request makes the hub record what is due
    kinds = (BY_NAME[step.event], *ALARM_ALIASES.get(step.event, ()))
    about = run.messages.get(int(step.details["about"])) if "about" in step.details else None
    alarm = issubclass(kinds[0], e.CaseAlarm)
    recorded = [r for r in run.rehearsal_hub.hub_records() if isinstance(r.event, kinds) and r.at <= step.at]
    if about is not None:
        recorded = [r for r in recorded if isinstance(r.event, e.CaseAlarm) and r.event.message == about]
    is_still_open = alarm and (about is not None or _is_alarm_open(run, kinds))
    if not any(r.at == step.at or is_still_open for r in recorded):
        run.problems.append(f"#{step.n} {step.event}: ハブはこの時刻に記録していません")


def _is_alarm_open(run: Run, kinds: tuple[type[e.Event], ...]) -> bool:
    """Whether an alarm about the case, not about one message, was raised and is not settled yet."""
    case = Case(id=run.case)
    for record in run.rehearsal_hub.records():
        if record.originator == About(e.Kind.CASE, run.case):
            case = evolve(case, record)
    known = raised_alarms(case, first_edition()["policy"])
    return any(s.clock.message is None and ALARMS[s.clock.kind] in kinds for s in known)
