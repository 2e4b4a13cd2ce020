"""Tasks as people see them: each matter once, with what to do and by when.

The hub states every task. Here those that are about the same thing become one matter: a report that is to be reviewed, is
late and is to be looked at by a supervisor is one matter, not three. A case that has ended asks for nothing but what the
law still asks of its records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any

from domain.calendar import day_of
from domain.tasks import CLOCK_OF_TASK, TaskKind
from domain.time_text import parse_time_text

Task = Mapping[str, Any]
"""A task of the feed: kind, case, message, since, due_at, child."""

LATE = "LATE_"
"""How the kinds of tasks begin that name what is late (``domain.tasks``)."""
BY_THE_DOOR = frozenset({TaskKind.REWRAP.value})
"""What a door does by itself."""
AHEAD = frozenset({"LATE_PLAN_ENDING", "LATE_BAN_END", "LATE_PROTECTION_END", "LATE_RETENTION"})
"""Alarms that announce a day: nothing is overdue yet, or nothing was due."""
AT_ONCE = frozenset(
    {
        "EMERGENCY_APPROVAL",
        "LATE_EMERGENCY",
        "LATE_EMERGENCY_UNILATERAL",
        "LATE_EMERGENCY_END",
        "LATE_COERCION",
        "LATE_SIGNALS",
        "LATE_BUNDLE",
        "COVER_VISIT",
    }
)
"""What no day was set for: it is to be seen at once."""
WAITS = frozenset({TaskKind.HELD.value})
"""Nobody here can do anything: it waits for somebody else."""

_SAME_MATTER: Mapping[str, str] = {
    **dict.fromkeys(("ACKNOWLEDGE", "READ", "ACT"), "REFERRAL"),
    **dict.fromkeys(("EMERGENCY", "EMERGENCY_UNILATERAL", "EMERGENCY_END", "EMERGENCY_REVIEW"), "EMERGENCY"),
    **dict.fromkeys(("REVIEW", "PLAN_END", "PLAN_ENDING"), "PLAN"),
    **dict.fromkeys(("BREACH", "BREACH_PRELIMINARY", "BREACH_INTENT"), "BREACH"),
    **dict.fromkeys(("HELD", "RELEASE"), "HELD"),
    **dict.fromkeys(("VISIT_REPORT", "COVER_VISIT"), "VISIT_REPORT"),
    "REPLACE_VISITOR": "REPLACEMENT",
    "KEEP_RECORDS": "RETENTION",
}
"""Clock (or task without one) -> what it is about; others are about themselves."""
_NAMED_BY_ALARM = frozenset(
    {"LATE_EMERGENCY", "LATE_EMERGENCY_UNILATERAL", "LATE_EMERGENCY_END", "LATE_PLAN_END", "LATE_PLAN_ENDING"}
)
"""Alarms that say more than what is to be done."""
_OF_SUPPORT = frozenset(
    {
        "PLAN",
        "REPORT",
        "VISIT_REPORT",
        "BUNDLE",
        "VISITS",
        "CONTACT",
        "SILENCE",
        "REPLACEMENT",
        "STAY",
        "MOVE",
    }
    | {"SPECIALIST", "SERVICE", "REASSESS", "HELD", "NON_DISCLOSURE"}
)
"""What a case asks for only while somebody supports the family. Rights of the person, corrections, leaks, retention,
inquiries and a child that nobody has seen are asked for after the end, too. Basis: guideline 6(5)[1]."""

_ORDER = {kind.value: n for n, kind in enumerate(TaskKind)}


class When(IntEnum):
    """In which part of a list a matter stands."""

    URGENT = 0
    TODAY = 1
    THIS_WEEK = 2
    LATER = 3
    WAITING = 4
    NEW = 5
    NOTHING = 6


@dataclass(frozen=True)
class Matter:
    """One thing that waits in a case. ``kind``: the task that names it; ``due_at``: until when (UTC text), None where no
    time is set; ``is_late``: that time is over; ``children``: references of those it is about, none for the family."""

    kind: str
    about: str
    message: str | None
    due_at: str | None
    is_late: bool
    when: When
    children: tuple[str, ...]
    tasks: tuple[Task, ...]

    @property
    def order(self) -> tuple[int, bool, str, int]:
        return self.when, not self.is_late, self.due_at or "9", _ORDER.get(self.kind, 0)


def matters_of(tasks: Iterable[Task], now: datetime) -> list[Matter]:
    """What waits in one case, what is most urgent first. ``tasks``: of this case."""
    groups: dict[tuple[str, str], list[Task]] = {}
    open_tasks = [t for t in tasks if t["kind"] not in BY_THE_DOOR]
    for task in open_tasks:
        if task["kind"] != TaskKind.SUPERVISE:
            groups.setdefault((_about(task["kind"]), task["message"] or ""), []).append(task)
    for task in open_tasks:
        if task["kind"] == TaskKind.SUPERVISE:
            groups.setdefault(_supervised(task, groups), []).append(task)
    matters = [_matter(about, group, now) for (about, _), group in groups.items()]
    return sorted(matters, key=lambda m: m.order)


def asked_after_the_end(
    matters: Sequence[Matter], since_of: Mapping[str, str], ended_at: str
) -> list[Matter]:
    """What of these a case asks for when it has ended. ``since_of``: message -> when it was recorded; ``ended_at``: when the
    support ended, empty where this agency does not know. What was notified after the end asks like any other."""
    return [
        m
        for m in matters
        if m.about not in _OF_SUPPORT
        and not (m.about == "REFERRAL" and since_of.get(m.message or "", "9") < ended_at)
    ]


def _about(kind: str) -> str:
    clock = CLOCK_OF_TASK.get(kind)
    name = kind if clock is None else str(clock.value)
    if kind in (TaskKind.EMERGENCY_APPROVAL, TaskKind.COVER_VISIT):
        name = kind
    return _SAME_MATTER.get(name, name)


def _supervised(task: Task, groups: Mapping[tuple[str, str], Sequence[Task]]) -> tuple[str, str]:
    """What the supervisor is asked to look at: the alarm of the same message that was raised for the same time."""
    for key, group in groups.items():
        if key[1] == (task["message"] or "") and any(
            t["kind"].startswith(LATE) and t["since"] == task["since"] for t in group
        ):
            return key
    return TaskKind.SUPERVISE.value, task["message"] or ""


def _matter(about: str, tasks: Sequence[Task], now: datetime) -> Matter:
    named_by = min(tasks, key=_names_first)
    due = sorted(d for d in map(_due_of, tasks) if d)
    due_at = due[0] if due else None
    is_late = due_at is not None and parse_time_text(due_at) <= now
    return Matter(
        kind=named_by["kind"],
        about=about,
        message=named_by["message"],
        due_at=due_at,
        is_late=is_late,
        when=_when(tasks, due_at, is_late=is_late, now=now),
        children=tuple(sorted({str(t["child"]) for t in tasks if t.get("child")})),
        tasks=tuple(sorted(tasks, key=_names_first)),
    )


def _names_first(task: Task) -> tuple[int, str, int]:
    """An alarm that says more, then what is to be done and is due first, then that something is late."""
    kind = task["kind"]
    if kind in _NAMED_BY_ALARM:
        return 0, "", _ORDER[kind]
    later = kind.startswith(LATE) or kind == TaskKind.SUPERVISE
    return 2 if later else 1, task["due_at"] or "9", _ORDER.get(kind, 0)


def _due_of(task: Task) -> str | None:
    kind = task["kind"]
    if kind in AT_ONCE or kind in AHEAD or kind == TaskKind.SUPERVISE:
        return None
    due: str | None = task["since"] if kind.startswith(LATE) else task["due_at"]
    return due


def _when(tasks: Sequence[Task], due_at: str | None, *, is_late: bool, now: datetime) -> When:
    kinds = {t["kind"] for t in tasks}
    if is_late or kinds & AT_ONCE or any(kind.startswith(LATE) for kind in kinds):
        return When.URGENT
    if kinds <= WAITS:
        return When.WAITING
    return when_due(None if due_at is None else last_day(due_at), day_of(now))


def when_due(day: date | None, today: date) -> When:
    """The part of a list for what is due on this day, and is not late."""
    if day is None:
        return When.LATER
    if day <= today:
        return When.TODAY
    return When.THIS_WEEK if day <= today + timedelta(days=7) else When.LATER


def last_day(due_at: str) -> date:
    """The last day (JST) on which what is due at this moment is in time: of midnight the day before."""
    return day_of(parse_time_text(due_at) - timedelta(microseconds=1))


def days_left_text(due_at: str | None, now: datetime, *, at_once: bool = False) -> str:
    """By when, in words, with the date; empty where no time is set."""
    if due_at is None:
        return "すぐに" if at_once else ""
    due, today, day = parse_time_text(due_at), day_of(now), last_day(due_at)
    text = short_day(day, today)
    days = (day - today).days
    if due <= now:
        return f"期限超過 {text}" + (f"({-days}日前)" if days < 0 else "")
    return f"今日まで({text})" if days <= 0 else f"あと{days}日({text})"


def short_day(day: date, today: date) -> str:
    """A day as a list shows it: with its year where that is not this year."""
    text = f"{day.month}/{day.day}"
    return text if day.year == today.year else f"{day.year}/{text}"
