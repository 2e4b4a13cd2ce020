"""Statistics that leave the agency: made with small numbers suppressed, and remembered, so that none of a series can be
subtracted from another.

An issue is stored sealed before anything of it is handed out. It holds what is known outside (numbers and masks) and,
since later issues have to add up with it, the masked numbers too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any

from domain.calendar import day_of, end_of
from domain.errors import Malformed, NotFound, Refused, Unavailable, Untrusted
from domain.events import Kind, dump
from domain.roles import DoorAct
from domain.small_counts import SMALL_COUNT
from domain.time_text import parse_time_text
from gateway.agency.door import Door
from gateway.agency.statistics.counts import (
    BirthMonths,
    Counts,
    count,
    parse_entries,
    parse_visitors,
)
from gateway.agency.statistics.periods import (
    is_complete,
    month_key,
    month_of,
    months_of,
    periods_of,
)
from gateway.agency.statistics.suppression import Cell, Standing, suppress
from gateway.agency.statistics.system import as_issued, build_system, is_issued, time_of_issue
from keys.derive import KeyUse

FIRST_YEAR = 2009
"""The year from which the programme is law. Basis: CWA 21-10-2."""
MASK = "x"
_STANDINGS = {standing.value: standing for standing in Standing}


@dataclass(frozen=True)
class Issue:
    """``number``: from 1 on; ``as_of``: the time of what is counted as of the day of issue; ``shown``: cell -> its number,
    None where it is masked; a cell that is not there was not issued."""

    number: int
    year: int
    at: datetime
    actor: str
    as_of: str
    shown: Mapping[str, int | None]


@dataclass(frozen=True)
class _Stored:
    issue: Issue
    cells: Mapping[str, Cell]


class Statistics:
    """The statistics of one door. ``births``: who knows how old children are, by default the door's case index."""

    def __init__(self, door: Door, births: BirthMonths | None = None) -> None:
        self._door, self._births = door, births
        self._lock = Lock()  # one issue at a time; another process meets its number in the store

    def counts(self, year: int, *, actor: str, known_if_away: bool = True) -> Counts:
        """All counts of a fiscal year, in full: for who works at this agency. Raises Malformed, Unavailable.

        ``known_if_away``: while the hub is away, count what it last answered.
        """
        months = months_of(_require_year(year, self._door.now()))
        since, until = months[0].months[0], months[-1].ends_before
        fields = {
            "since": dump(end_of(since - timedelta(days=1))),
            "until": dump(end_of(until - timedelta(days=1))),
        }
        answers = [
            self._query(act, asked, name=f"{act}/{year}", actor=actor, known_if_away=known_if_away)
            for act, asked in (("statistics", fields), ("programme", {}))
        ]
        return count(
            parse_entries(answers[0]["entries"]),
            [month.months[0] for month in months],
            self._births or self._door.index,
            parse_visitors(answers[1]["commissions"]),
            self.time_of_issue(),
        )

    def _query(
        self, act: str, fields: Mapping[str, Any], *, name: str, actor: str, known_if_away: bool
    ) -> dict[str, Any]:
        if known_if_away:
            return self._door.query_or_known(act, fields, actor=actor, name=name)
        answer = self._door.query(Kind.AGENCY, self._door.agency, act, fields, actor=actor)
        if answer.get("behind"):  # what is missing now would be missing for good
            raise Unavailable("read-models-behind")
        return answer

    def time_of_issue(self) -> str:
        return time_of_issue(month_key(month_of(day_of(self._door.now()))))

    def issue(self, year: int, *, actor: str) -> Issue:
        """Issue the statistics of a fiscal year: every month, quarter and the year itself that is complete. Where nothing is
        new since the last issue of the year, that one. Raises Refused (nothing is complete yet), Unavailable."""
        self._door.permissions.require(DoorAct.ISSUE_STATISTICS, actor)
        now = self._door.now()
        complete = [p for p in periods_of(_require_year(year, now)) if is_complete(p, day_of(now))]
        if not complete:
            raise Refused("no-complete-month")
        with self._lock:
            counts = self.counts(year, actor=actor, known_if_away=False)
            stored = self._stored()
            known = {key: cell for one in stored for key, cell in one.cells.items()}
            lot = partial(self._door.own_digest, KeyUse.STATISTICS_LOT)
            system = build_system(known, counts, year, complete, self.time_of_issue(), lot)
            last = next((one.issue for one in reversed(stored) if one.issue.year == year), None)
            if last is not None and not any(c.standing is Standing.NEW for c in system.cells.values()):
                return last
            cells = as_issued(system, known, suppress(system.cells, system.equations))
            times = {period.key for period in complete} | {self.time_of_issue()}
            issue = Issue(len(stored) + 1, year, now, actor, self.time_of_issue(), _shown(cells, times))
            self._store(_Stored(issue, {key: cell for key, cell in cells.items() if key not in known}))
            return issue

    def issues(self) -> list[Issue]:
        """Every issue of this door, the latest first. Raises Untrusted where one cannot be opened."""
        return [one.issue for one in reversed(self._stored())]

    def issue_of(self, number: int) -> Issue:
        """Raises NotFound."""
        for issue in self.issues():
            if issue.number == number:
                return issue
        raise NotFound("not-found")

    def _store(self, stored: _Stored) -> None:
        issue = stored.issue
        body = {
            "year": issue.year,
            "at": dump(issue.at),
            "actor": issue.actor,
            "as_of": issue.as_of,
            "small_count": SMALL_COUNT,
            "shown": dict(issue.shown),
            "cells": {key: [c.value, c.families, c.standing.value] for key, c in stored.cells.items()},
        }
        data = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        sealed = self._door.seal_for_itself(_name(issue.number), data)
        self._door.store.store_statistics_issue(issue.number, dump(issue.at), sealed)

    def _stored(self) -> list[_Stored]:
        """Raises Untrusted where an issue is missing or was changed: without it a later one could give a number away."""
        stored = []
        for expected, (n, _, sealed) in enumerate(self._door.store.statistics_issues(), start=1):
            if n != expected:
                raise Untrusted("own-seal-form")
            body = json.loads(self._door.open_own(_name(n), sealed))
            issue = Issue(
                number=n,
                year=body["year"],
                at=parse_time_text(body["at"]),
                actor=body["actor"],
                as_of=body["as_of"],
                shown=body["shown"],
            )
            cells = {
                key: Cell(value, families, _STANDINGS[standing])
                for key, (value, families, standing) in body["cells"].items()
            }
            stored.append(_Stored(issue, cells))
        return stored


def _name(number: int) -> str:
    return f"statistics issue {number}"


def _require_year(year: int, now: datetime) -> int:
    if not FIRST_YEAR <= year <= day_of(now).year:
        raise Malformed("date-out-of-range", f"Name a fiscal year from {FIRST_YEAR} on, and none to come.")
    return year


def _shown(cells: Mapping[str, Cell], times: set[str]) -> dict[str, int | None]:
    return {
        key: cell.value if cell.standing is Standing.SHOWN else None
        for key, cell in cells.items()
        if is_issued(key) and key.rsplit("/", 1)[1] in times
    }
