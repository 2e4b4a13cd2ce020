"""What an auditor's pages show, a page at a time: repeats stand in one row, with how many, the first and the last.

A list by time is read from its end: a page reads its own rows, the repeats of these, and no others, however long the list
is. Who notified is shown and selected by no id. Basis: CAPA 7.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, literal, or_, select, tuple_
from sqlalchemy import Engine as Database
from sqlalchemy import case as sql_case

from domain.audit_exceptions import INDEX_REBUILT
from domain.calendar import day_of
from domain.notifier_protection import NAMELESS
from domain.record import AUDIT
from projections.exceptions import EXCEPTIONS
from projections.ledger import CONSENTS, DISCLOSURES, NOTIFICATIONS, OPENINGS
from projections.rows import END_OF_TIME, text_of, time_of

REFUSED, OPENED = "REFUSED", "OPENED"
_BEHIND_HEX = "g"  # sorts behind every digit of an id

Row = dict[str, Any]
Condition = ColumnElement[bool]
Cursor = tuple[int, int]
"""A place in a list by time: position in the record, and number within it. A page begins before it."""


@dataclass(frozen=True, kw_only=True)
class LedgerFilter:
    """What is selected; what is empty or None selects everything. ``case``: an id, or how it begins; ``agency``: an id;
    ``since`` and ``as_of``: of a row's time, both included; ``kind``: of an exception."""

    case: str = ""
    agency: str = ""
    section: str = ""
    outcome: str = ""
    kind: str = ""
    since: datetime | None = None
    as_of: datetime | None = None


@dataclass(frozen=True)
class DayCount:
    """The exceptions of one kind of one agency on one day. ``day``: in Japan; ``agency``: as shown; ``items``: how many."""

    agency: str
    day: date
    first_at: datetime
    last_at: datetime
    items: int


@dataclass(frozen=True)
class Weights:
    """How much a refused reading weighs: by its reason (1 where none is named), and one more in a protected section."""

    by_reason: Mapping[str, int] = field(default_factory=dict)
    protected: Collection[str] = ()


@dataclass(frozen=True)
class Rows:
    """One page of JSON data. ``total``: how many records the whole list stands for; ``more``: whether rows follow.

    Rows have the columns of their table, ``count``, ``first_at`` and ``last_at``, and ``faulty``: how many of their records
    are among those that were asked about. ``cursor``: where the next page of a list by time begins.
    """

    rows: list[Row]
    total: int
    more: bool
    cursor: Cursor | None = None


class AuditRows:
    """Typed reads for the auditor's pages. ``database``: an engine's ``reader``; may be shared by threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def disclosures(
        self, chosen: LedgerFilter, limit: int, before: Cursor | None = None, faulty: Collection[int] = ()
    ) -> Rows:
        """Items and recipients, the latest first; what was refused several times alike is one row. ``opened``: how often
        the recipient has opened the item."""
        c = DISCLOSURES.c
        conditions = [
            *_of(DISCLOSURES, chosen),
            *([] if not chosen.agency else [or_(c.by == chosen.agency, c.to == chosen.agency)]),
            *_equal(c.section, chosen.section),
            *_equal(c.outcome, chosen.outcome),
        ]
        last_of_its_kind = or_(c.outcome != REFUSED, _is_last(DISCLOSURES, _SAME_REFUSAL, chosen))
        rows = self._latest(DISCLOSURES, conditions, last_of_its_kind, limit, before)
        self._count_repeats(
            rows.rows, DISCLOSURES, _SAME_REFUSAL, [*conditions, c.outcome == REFUSED], faulty
        )
        self._add_openings(rows.rows, chosen)
        return rows

    def readings(
        self, chosen: LedgerFilter, limit: int, before: Cursor | None = None, faulty: Collection[int] = ()
    ) -> Rows:
        """Readings, the latest first; those of one item by one person for one purpose are one row."""
        conditions = [*_readings(chosen), *_equal(OPENINGS.c.outcome, chosen.outcome)]
        last_of_its_kind = _is_last(OPENINGS, _SAME_READING, chosen)
        rows = self._latest(OPENINGS, conditions, last_of_its_kind, limit, before)
        self._count_repeats(rows.rows, OPENINGS, _SAME_READING, conditions, faulty)
        self._describe_readings(rows.rows)
        return rows

    def refused_readings(
        self,
        chosen: LedgerFilter,
        limit: int,
        offset: int,
        weights: Weights,
        *,
        of_audit: bool = False,
        faulty: Collection[int] = (),
    ) -> Rows:
        """Refused readings, the weightiest first, then the most frequent, then the latest. ``of_audit``: the audit office's
        own, which are in no other list."""
        c = OPENINGS.c
        weight: ColumnElement[int] = sql_case((c.section.in_(weights.protected), 1), else_=0)
        if weights.by_reason:
            weight = weight + sql_case(dict(weights.by_reason), value=c.reason, else_=1)
        own = c.agency == AUDIT
        conditions = [*_readings(chosen), c.outcome == REFUSED, own if of_audit else ~own]
        columns = [c[name] for name in (*_SAME_READING, "section")]
        grouped = (
            select(*columns, *_repeats(OPENINGS, faulty), weight.label("weight"))
            .where(*conditions)
            .group_by(*columns)
            .order_by(weight.desc(), func.count().desc(), func.max(c.position).desc())
        )
        rows = self._page(grouped, limit, offset)
        self._describe_readings(rows)
        total = self._count(select(func.count()).select_from(OPENINGS).where(*conditions))
        return Rows(rows[:limit], total, len(rows) > limit)

    def consents(self, chosen: LedgerFilter, limit: int, before: Cursor | None = None) -> Rows:
        """Consents given, refused and withdrawn, the latest first."""
        c = CONSENTS.c
        parties = or_(c.by == chosen.agency, c.sender == chosen.agency, c.recipient == chosen.agency)
        conditions = [*_of(CONSENTS, chosen), *([parties] if chosen.agency else [])]
        return self._latest(CONSENTS, conditions, None, limit, before)

    def notifications(self, chosen: LedgerFilter, limit: int, before: Cursor | None = None) -> Rows:
        """Notifications by day and token, the latest first. Nobody's id selects any of them."""
        if chosen.agency:
            return Rows([], 0, more=False)
        rows = self._latest(NOTIFICATIONS, _of(NOTIFICATIONS, chosen), None, limit, before)
        for row in rows.rows:
            del row["by"]  # never shown: its token is
        return rows

    def exceptions(
        self, chosen: LedgerFilter, limit: int, offset: int, apart: Collection[str] = (INDEX_REBUILT,)
    ) -> Rows:
        """Exceptions as of a moment, the latest first; those of one kind, case, agency, act and reason are one row. ``apart``:
        the kinds that ``by_day`` counts for the page, in no row unless their kind is chosen: a rebuild of a case index makes
        an exception for each family of an agency."""
        c = EXCEPTIONS.c
        columns = [c.kind, c.case, c.agency, c.act, c.reason]
        # as expressions: the rows are to be looked up by time, not read in the order of the groups
        alike = [func.coalesce(column, "") for column in columns]
        conditions = [
            *_exceptions(chosen),
            *_equal(c.kind, chosen.kind),
            *([] if chosen.kind else [c.kind.not_in(apart)]),
        ]
        grouped = (
            select(
                *columns,
                func.count().label("count"),
                func.min(c.at).label("first_at"),
                func.max(c.at).label("last_at"),
            )
            .where(*conditions)
            .group_by(*alike)
            .order_by(func.max(c.at).desc(), *alike)
        )
        rows = self._page(grouped, limit, offset)
        total = self._count(select(func.count()).select_from(EXCEPTIONS).where(*conditions))
        return Rows(rows[:limit], total, len(rows) > limit)

    def by_day(self, kind: str, chosen: LedgerFilter) -> list[DayCount]:
        """The exceptions of this kind, a row for each agency and day, the latest first."""
        c = EXCEPTIONS.c
        hour = func.substr(c.at, 1, len("2026-05-12T09"))  # a day in Japan is whole hours of UTC
        statement = (
            select(c.agency, func.min(c.at), func.max(c.at), func.count())
            .where(c.kind == kind, *_exceptions(chosen))
            .group_by(c.agency, hour)
        )
        by_day: dict[tuple[str, date], DayCount] = {}
        for agency, first, last, items in self._all(statement):
            one = DayCount(agency, day_of(time_of(first)), time_of(first), time_of(last), int(items))
            known = by_day.get((agency, one.day), one)
            by_day[agency, one.day] = replace(
                one,
                first_at=min(known.first_at, one.first_at),
                last_at=max(known.last_at, one.last_at),
                items=one.items + (0 if known is one else known.items),
            )
        return sorted(by_day.values(), key=lambda one: (one.last_at, one.agency), reverse=True)

    # --- reading -------------------------------------------------------------------------------------------------------

    def _latest(
        self,
        table: Table,
        conditions: Sequence[Condition],
        shown: Condition | None,
        limit: int,
        before: Cursor | None,
    ) -> Rows:
        """The last rows before a place, of those that meet the conditions and are shown."""
        place = (table.c.position, *([table.c.n] if "n" in table.c else []))
        statement = select(table).where(*conditions, *([] if shown is None else [shown]))
        if before is not None:
            statement = statement.where(tuple_(*place) < tuple_(*map(literal, before[: len(place)])))
        rows = self._page(statement.order_by(*(column.desc() for column in place)), limit, 0)
        more = len(rows) > limit
        rows = rows[:limit]
        for row in rows:
            row |= {"count": 1, "first_at": row["at"], "last_at": row["at"], "faulty": 0}
        cursor = (rows[-1]["position"], rows[-1].get("n", 0)) if more else None
        total = self._count(select(func.count()).select_from(table).where(*conditions))
        return Rows(rows, total, more, cursor)

    def _count_repeats(
        self,
        rows: list[Row],
        table: Table,
        same: Sequence[str],
        conditions: Iterable[Condition],
        faulty: Collection[int],
    ) -> None:
        """Complete each row by what is alike in all of ``same``."""
        columns = [table.c[name] for name in same]
        cases = {row["case"] for row in rows}
        statement = select(*columns, *_repeats(table, faulty)).where(table.c.case.in_(cases), *conditions)
        repeats = {
            tuple(r._mapping[name] for name in same): r._mapping
            for r in self._all(statement.group_by(*columns))
        }
        for row in rows:
            alike = repeats.get(tuple(row[name] for name in same))
            if alike is None:
                row["faulty"] = int(row["position"] in faulty)
            else:
                row |= {name: alike[name] for name in _REPEATS if name in alike}

    def _describe_readings(self, rows: list[Row]) -> None:
        """Add what each item's message was and who wrote it, where the ledger has it; and put the token where an agency
        read its own notification, and in a case in which it has no other part. Its person is not shown there."""
        cases, d, n = {row["case"] for row in rows}, DISCLOSURES.c, NOTIFICATIONS.c
        messages = (
            select(d.case, d.message, d.act, d.by)
            .where(d.case.in_(cases), d.message.in_({row["message"] for row in rows}))
            .distinct()
        )
        acts = {(m.case, m.message): (m.act, m.by) for m in self._all(messages)}
        notified = select(n.case, n.message, n.by, n.token, _has_other_part().label("named")).where(
            n.case.in_(cases), n.by.is_not(None)
        )
        tokens: dict[tuple[str, str], str] = {}
        for one in self._all(notified.order_by(n.position)):
            tokens[one.message, one.by] = one.token or NAMELESS
            if not one.named:
                tokens[one.case, one.by] = one.token or NAMELESS
        for row in rows:
            row["act"], row["author"] = acts.get((row["case"], row["message"]), (None, None))
            token = tokens.get((row["message"], row["agency"])) or tokens.get((row["case"], row["agency"]))
            if token is not None:
                row |= {"agency": token, "actor": ""}

    def _add_openings(self, rows: list[Row], chosen: LedgerFilter) -> None:
        c = OPENINGS.c
        counted = (
            select(c.item, c.agency, func.count())
            .where(
                c.case.in_({row["case"] for row in rows}),
                c.item.in_({row["item"] for row in rows if row["item"]}),
                c.outcome == OPENED,
                *([] if chosen.as_of is None else [c.at <= text_of(chosen.as_of)]),
            )
            .group_by(c.item, c.agency)
        )
        opened = {(item, agency): count for item, agency, count in self._all(counted)}
        for row in rows:
            row["opened"] = opened.get((row["item"], row["to"]), 0)

    def _page(self, statement: Select[Any], limit: int, offset: int) -> list[Row]:
        """The rows of a page, and the one behind them."""
        return [dict(r._mapping) for r in self._all(statement.limit(limit + 1).offset(offset))]

    def _count(self, statement: Select[Any]) -> int:
        [(number,)] = self._all(statement)
        return int(number)

    def _all(self, statement: Select[Any]) -> list[Any]:
        with self._database.connect() as db:
            return list(db.execute(statement))


_SAME_REFUSAL = ("case", "act", "by", "to", "section", "basis", "outcome", "reason", "at_fault")
_SAME_READING = ("case", "message", "item", "agency", "actor", "purpose", "outcome", "reason")
_REPEATS = ("count", "first_at", "last_at", "faulty", "not_shown")


def _repeats(table: Table, faulty: Collection[int]) -> list[Any]:
    """What is counted of rows that are alike. ``not_shown``: readings that the reader's door could not show."""
    c = table.c
    columns = [
        func.count().label("count"),
        func.min(c.at).label("first_at"),
        func.max(c.at).label("last_at"),
        func.max(c.position).label("position"),
        func.sum(sql_case((c.position.in_(faulty), 1), else_=0)).label("faulty"),
    ]
    if "received" in c:
        not_shown = and_(c.received.is_not(None), c.received != "OK")
        columns.append(func.sum(sql_case((not_shown, 1), else_=0)).label("not_shown"))
    return columns


def _is_last(table: Table, same: Sequence[str], chosen: LedgerFilter) -> Condition:
    """Whether no later row up to the moment that was asked about is alike in all of ``same``."""
    later = table.alias()
    # as expressions, so that the database looks the case up and not, say, all rows of an agency
    alike = [
        func.coalesce(later.c[name], "") == func.coalesce(table.c[name], "")
        for name in same
        if name != "case"
    ]
    place = ["position", *(["n"] if "n" in table.c else [])]
    behind = tuple_(*(later.c[p] for p in place)) > tuple_(*(table.c[p] for p in place))
    upto = [] if chosen.as_of is None else [later.c.at <= text_of(chosen.as_of)]
    exists = select(later.c.position).where(later.c.case == table.c.case, behind, *alike, *upto)
    return ~exists.correlate(table).exists()


def _exceptions(chosen: LedgerFilter) -> list[Condition]:
    c = EXCEPTIONS.c
    upto = END_OF_TIME if chosen.as_of is None else text_of(chosen.as_of)
    return [
        c.visible_from <= upto,
        c.until >= upto if chosen.as_of is None else c.until > upto,
        *_case_begins(c.case, chosen.case),
        *_equal(c.agency, chosen.agency),
        *([] if chosen.since is None else [c.at >= text_of(chosen.since)]),
    ]


def _readings(chosen: LedgerFilter) -> list[Condition]:
    """What selects readings. An agency that notified is not selected where it is shown under its token."""
    c, n = OPENINGS.c, NOTIFICATIONS.c
    conditions = [*_of(OPENINGS, chosen), *_equal(c.section, chosen.section)]
    if chosen.agency:
        hidden = select(n.position).where(
            n.case == c.case, n.by == c.agency, or_(n.message == c.message, ~_has_other_part())
        )
        conditions += [c.agency == chosen.agency, ~hidden.correlate(OPENINGS).exists()]
    return conditions


def _has_other_part() -> Condition:
    """Whether the agency of a notification has another part in the case by the ledger."""
    d, n = DISCLOSURES.c, NOTIFICATIONS.c
    other_part = select(d.position).where(d.case == n.case, or_(d.by == n.by, d.to == n.by))
    return other_part.correlate(NOTIFICATIONS).exists()


def _of(table: Table, chosen: LedgerFilter) -> list[Condition]:
    """Case and time."""
    conditions = _case_begins(table.c.case, chosen.case)
    if chosen.since is not None:
        conditions.append(table.c.at >= text_of(chosen.since))
    if chosen.as_of is not None:
        conditions.append(table.c.at <= text_of(chosen.as_of))
    return conditions


def _case_begins(column: Any, prefix: str) -> list[Condition]:
    return [column >= prefix, column < prefix + _BEHIND_HEX] if prefix else []


def _equal(column: Any, value: str) -> list[Condition]:
    return [column == value] if value else []
