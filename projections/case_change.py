"""What a record changes in a case: the messages whose rows it can touch, so that no other row is made anew.

Rows of a message depend on the message, on what names it (clocks, alarms, answers, keys made later, a stop of its use),
and on conditions of the whole case (its status, offices, networks, contractors that are ready). Where a condition
changes, every row may change. A field of ``Case`` that is in none of the lists below is a condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from heapq import heappop, heappush
from typing import Any
from uuid import UUID

from domain.alarms.schedule import AlarmSchedule
from domain.case import Access, Case
from domain.case_offices import networks_informed
from domain.notifier_protection import NotifierTokens
from domain.readiness import readiness
from domain.record import access_of
from domain.register import Register
from domain.tasks import agencies_with_tasks, earliest_of_each, rewrap_duty_of, task_ends_at
from domain.world import World

_COUNTED = frozenset({"id", "version", "last_at", "commands_seen", "frames_seen"})
"""No row depends on these."""

_OF_MESSAGES = frozenset(
    {
        *("messages", "message_of_item", "clocks", "raised", "answered", "rewrapped", "stopped", "consents"),
        *("approvals", "unconfirmed_checks", "opened_emergencies"),
    }
)
"""Compared entry by entry: only messages that an entry names are touched (see ``_touched``)."""

_OF_CASE_ALONE = frozenset(
    {
        *("visits", "visited_at", "seen_at", "last_message_at", "signals", "at_risk"),
        *("plan", "plan_at", "assessed", "eligible", "classes", "assigned", "visitors"),
        *("commenced_at", "reviewed_at", "consulted", "evaluation", "closed_at", "follow_ons"),
        *("retention", "holds", "disposal", "appraised"),
        *("access", "overrides", "address_approvals", "move_known_at", "unattended_since"),
        *("signals_assessed_at", "joined_with", "shares_received", "shares_sent"),
        *("participants", "authority", "away", "contact_bans", "family", "responsible_since"),
    }
)
"""Rules look at these when they decide, and at clocks of the case as a whole, whose rows are made anew with each record.
``assigned`` shows in what contractors are ready, ``follow_ons`` in the status."""

_CONDITIONS = tuple(f.name for f in fields(Case) if f.name not in _COUNTED | _OF_MESSAGES | _OF_CASE_ALONE)


@dataclass(frozen=True)
class CaseChange:
    """A case whose rows are to be brought up to date. ``messages``: those whose rows may change; ``everything``: these are
    all of the case, and rows of any other message are old. ``alarms``: its clocks; ``tokens``: who only notified, with
    token; ``rewraps``: whose door has keys to make, and since when; ``agencies``: for whom something can wait."""

    world: World
    everything: bool
    messages: frozenset[UUID]
    alarms: AlarmSchedule
    tokens: dict[str, str]
    tokens_changed: bool
    rewraps: dict[UUID, datetime]
    agencies: frozenset[UUID]


class FollowedCase:
    """One case as its rows were last made. Where it is not known how they were made, everything is made anew.

    Owned by the engine's writer, for one transaction after another; discarded where one is rolled back.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._alarms = AlarmSchedule(case)
        self._tokens = NotifierTokens(case)
        self._known_tokens: dict[str, str] = {}
        self._rewraps: dict[UUID, tuple[UUID, datetime]] = {}
        self._conditions: tuple[Any, ...] | None = None
        self._now: datetime | None = None
        self._task_ends: list[tuple[datetime, UUID]] = []  # a heap: tasks that end by time alone

    def step(self, register: Register, case: Case, now: datetime) -> CaseChange:
        """Go on to this state. Returns what may have changed since the last step."""
        world = World(register, case, Access(id=access_of(case.id)))
        conditions = _conditions(world, now)
        # tasks that have ended by time are there again where the time of the records goes back
        everything = conditions != self._conditions or self._now is None or now < self._now
        touched = self._touched(case) | self._alarms.follow(case) | self._ended_by(now)
        messages = frozenset(case.messages if everything else (id for id in touched if id in case.messages))
        self._tokens.follow(case, touched)
        if everything:
            self._task_ends = []
        for id in messages:
            self._update_rewraps(world, id)
            self._note_task_end(world, id, now)
        self._now = now
        tokens = {str(agency): token for agency, token in self._tokens.tokens().items()}
        tokens_changed = everything or tokens != self._known_tokens
        self._case, self._conditions, self._known_tokens = case, conditions, tokens
        return CaseChange(
            world=world,
            everything=everything,
            messages=messages,
            alarms=self._alarms,
            tokens=tokens,
            tokens_changed=tokens_changed,
            rewraps=earliest_of_each(self._rewraps.values()),
            agencies=agencies_with_tasks(world),
        )

    def _touched(self, case: Case) -> set[UUID]:
        """The messages that an entry names which is new or changed."""
        before = self._case
        touched = case.messages.changed_since(before.messages)
        items = {item for item, _ in case.rewrapped.changed_since(before.rewrapped)}
        touched.update(case.message_of_item[item] for item in items if item in case.message_of_item)
        if case.answered is not before.answered:
            touched.update(message for message, _ in case.answered ^ before.answered)
        touched |= case.stopped ^ before.stopped
        touched |= case.opened_emergencies ^ before.opened_emergencies
        touched |= _changed(before.approvals, case.approvals)
        touched |= _changed(before.unconfirmed_checks, case.unconfirmed_checks)
        if case.consents is not before.consents:
            touched.update(_resting_on(case, _changed(before.consents, case.consents)))
        return touched

    def _ended_by(self, now: datetime) -> set[UUID]:
        """The messages of which a task has ended by now."""
        ended = set()
        while self._task_ends and self._task_ends[0][0] <= now:
            ended.add(heappop(self._task_ends)[1])
        return ended

    def _note_task_end(self, world: World, message: UUID, now: datetime) -> None:
        ends_at = task_ends_at(world.case.messages[message], world.rule_book.get("policy", {}))
        if ends_at is not None and ends_at > now:
            heappush(self._task_ends, (ends_at, message))

    def _update_rewraps(self, world: World, message: UUID) -> None:
        duty = rewrap_duty_of(world, world.case.messages[message])
        if duty is None:
            self._rewraps.pop(message, None)
        else:
            self._rewraps[message] = duty


def _changed(before: Mapping[UUID, Any], after: Mapping[UUID, Any]) -> set[UUID]:
    return {id for id in before.keys() | after.keys() if before.get(id) is not after.get(id)}


def _resting_on(case: Case, consents: set[UUID]) -> Iterable[UUID]:
    """The messages that name one of these consents."""
    return (m.id for m in case.messages.values() if not m.event.consent.isdisjoint(consents))


def _conditions(world: World, now: datetime) -> tuple[Any, ...]:
    """All that the rows of every message depend on. Contractors are judged at ``now``: contracts and training begin and
    end with days."""
    register, case = world.register, world.case
    agencies = sorted(agencies_with_tasks(world))
    contractors = [a for a in agencies if register.is_contractor(a)]
    networks = {n for n in (case.network, *case.registered_in) if n is not None}
    known = [register.networks[id] for id in sorted(networks) if id in register.networks]
    return (
        tuple(getattr(case, name) for name in _CONDITIONS),
        tuple(agencies),
        tuple((a, readiness(register, case, a, now)) for a in contractors),
        tuple((n.id, n.core, n.coordinating) for n in (*networks_informed(register, case), *known)),
        register.destroyed.get(case.id),
        _rules(world),
    )


def _rules(world: World) -> tuple[Any, ...]:
    """The parts of the rule book on which rows depend."""
    return world.rule_book.get("standing"), world.rule_book.get("policy")
