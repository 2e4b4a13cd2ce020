"""The clocks of one case, followed from record to record: by message, and by when their alarms fall due.

What it answers is what ``alarms/raising.py`` computes from all clocks; the work of a step is by the clocks that changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from heapq import heappop, heappush
from typing import Any
from uuid import UUID

from domain import events as e
from domain.alarms.raising import (
    ALARMS,
    AlarmOrder,
    alarm_event,
    alarm_order,
    case_clocks,
    earliest,
    next_alarm_at,
)
from domain.case import Case
from domain.clocks import Clock, ClockKey
from domain.editions import edition_in_force

_KIND_OF_ALARM = {alarm.TOPIC: kind for kind, alarm in ALARMS.items()}


class AlarmSchedule:
    """Follows one case. It may be given any state of it next; cheap is the one after the next record. One thread at a
    time."""

    def __init__(self, case: Case) -> None:
        self._case = Case(id=case.id)
        self._by_message: dict[UUID, dict[ClockKey, Clock]] = {}
        self._policy: Mapping[str, Any] = {}
        self._edition = 0
        self._alarm_at: dict[ClockKey, datetime] = {}
        self._heap: list[tuple[datetime, AlarmOrder, ClockKey]] = []
        self._unscheduled: set[ClockKey] = set()  # changed since the heap was last brought up to date
        self.follow(case)

    def follow(self, case: Case) -> set[UUID]:
        """Go on to this state of the case. Returns the messages of which a clock or an alarm changed."""
        changed = case.clocks.changed_since(self._case.clocks)
        for key in changed:
            self._file(key, case.clocks.get(key))
        for topic, message, responsible, _, _, child in case.raised.changed_since(self._case.raised):
            if message is not None:
                changed.add((_KIND_OF_ALARM[topic], message, responsible, child))
        self._case = case
        self._unscheduled |= changed
        return {message for _, message, _, _ in changed}

    def _file(self, key: ClockKey, clock: Clock | None) -> None:
        _, message, _, _ = key
        clocks = self._by_message.setdefault(message, {})
        if clock is None:
            clocks.pop(key, None)
        else:
            clocks[key] = clock
        if not clocks:
            del self._by_message[message]

    def clocks_of(self, message: UUID) -> Collection[Clock]:
        """The clocks that run for this message, in no order."""
        return self._by_message.get(message, {}).values()

    def next_alarm(self, policy: Mapping[str, Any]) -> tuple[datetime, e.CaseAlarm] | None:
        """The alarm that falls due next, and when; None where no clock runs (as ``raising.next_alarm``)."""
        self._schedule(policy)
        first = earliest(self._case, self._candidates(policy), policy)
        return None if first is None else (first[0], alarm_event(self._case, first[1], policy))

    def _candidates(self, policy: Mapping[str, Any]) -> Iterator[Clock]:
        if self._heap:
            yield self._case.clocks[self._heap[0][2]]
        yield from case_clocks(self._case, policy)

    def _schedule(self, policy: Mapping[str, Any]) -> None:
        """Bring the heap up to date: what lies in it is valid where ``_alarm_at`` says the same."""
        if self._edition != edition_in_force() or (self._policy is not policy and self._policy != policy):
            self._heap, self._alarm_at = [], {}
            self._policy, self._edition = policy, edition_in_force()
            self._unscheduled = set(self._case.clocks)
        for key in self._unscheduled:
            clock = self._case.clocks.get(key)
            at = None if clock is None else next_alarm_at(self._case, clock, policy)
            if clock is None or at is None:
                self._alarm_at.pop(key, None)
            elif self._alarm_at.get(key) != at:
                self._alarm_at[key] = at
                heappush(self._heap, (at, alarm_order(clock), key))
        self._unscheduled = set()
        while self._heap and self._alarm_at.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
