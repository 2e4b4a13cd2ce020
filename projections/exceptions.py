"""What an auditor should look at, over all cases: one row a thing, and from when until when it stood so.

A row is shown at every moment from ``shows`` to before ``until``, so the same rows answer as of any moment. What
ended before it would have been shown is taken away: of all that was told and read only what is odd stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, Connection, String, Table, Text
from sqlalchemy import Index as By

from domain.alarms import standing
from domain.calendar import day_of, end_of
from domain.events import CaseMessage, Kind, SectionOpened
from domain.exceptional import READ_ONLY, UNACTED, UNREAD, of_notification, of_record, told
from domain.record import Record
from domain.shield import NAMELESS, by_notifier, token_of, tokens
from domain.world import World
from projections.projection import View
from projections.rows import LAST, METADATA, Key, Sheet, text_of, time_of
from projections.stored import Stored

EXCEPTIONS = Table(
    "exceptions",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("ref", String(80), primary_key=True),  # of what: a position, or message and agency
    Column("since", String(27), primary_key=True),  # since when the row says so
    Column("until", String(27), nullable=False),  # the moment at which it says so no more; LAST while it does
    Column("shows", String(27), nullable=False),
    Column("at", String(27), nullable=False),  # the time that is told: of a notification the end of its day
    Column("agency", String(64), nullable=False),  # as it is told: an id, or what stands for who notified
    Column(
        "party", String(36), nullable=False
    ),  # who it is: never told where ``agency`` is another; or empty
    Column("act", String(64)),
    Column("reason", Text),
    Column("message", String(36)),
    Column("item", String(36)),
)
EXCEPTIONS_BY_TIME = By("exceptions_by_time", EXCEPTIONS.c.until, EXCEPTIONS.c.shows)
SAID = Table(  # who wrote each message of a case, and when: what a reading is held against
    "said",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("message", String(36), primary_key=True),
    Column("at", String(27), nullable=False),
    Column("by", String(36), nullable=False),
    Column("token", String(64)),  # what stands for who wrote it, in all of the case; null where it is named
)


class Line(NamedTuple):
    """The columns of a row that are no key, in their order."""

    until: str
    shows: str
    at: str
    agency: str
    party: str
    act: str | None = None
    reason: str | None = None
    message: str | None = None
    item: str | None = None


class Exceptions(View):
    """What stands out in each case, and stood out before."""

    name = "exceptions"
    tables = (EXCEPTIONS, SAID)

    def __init__(self, *, cases: int = 256) -> None:
        super().__init__()
        self._rows = Sheet(EXCEPTIONS, cases=cases)
        self._said = Sheet(SAID, cases=cases)
        self.sheets = [self._rows, self._said]

    def see(self, db: Connection, stored: Stored, world: World | None) -> None:
        record = stored.known
        if record.about.kind is not Kind.CASE:
            return
        case, now, fact = str(record.about.id), text_of(record.at), record.fact
        found = of_record(record)
        if found is not None:
            kind, act, reason = found
            name, party = self._maker(db, record)
            line = Line(LAST, now, _when(record), name, party, act=act, reason=reason)
            self._add(db, case, kind, str(stored.position), now, line)
        if world is not None:
            self._tells(db, record, world)
        if isinstance(fact, CaseMessage) and isinstance(record.by, UUID):
            self._acts(db, record)
        if isinstance(fact, SectionOpened):
            self._reads(db, record, fact, str(stored.position))

    def review(self, db: Connection, stored: Stored, world: World) -> None:
        now, case = stored.known.at, str(world.case.id)
        names = {str(agency): token for agency, token in tokens(world.case).items()}
        for (message,), (at, by, token) in list(self._said.of(db, case).items()):
            if names.get(by) != token:
                self._said.put(db, case, (message,), (at, by, names.get(by)))
        standing_now = dict(_standing(world, text_of(now)))
        for key, line in self._open(db, case):
            kind, ref, _ = key
            wanted = line._replace(agency=names.get(line.party, line.party)) if line.party else line
            if kind.startswith(_STATES):
                state = standing_now.pop((kind, ref), None)
                if state is None or state.at != line.at:
                    self._end(db, case, key, line, text_of(now))
                    if state is None:
                        continue
                    wanted = state._replace(agency=wanted.agency)
            if wanted != line:  # under another name from now on
                self._end(db, case, key, line, text_of(now))
                shows = max(wanted.shows, text_of(now))
                self._add(db, case, kind, ref, text_of(now), wanted._replace(shows=shows))
        for (kind, ref), line in standing_now.items():
            named = line._replace(agency=names.get(line.party, line.party))
            self._add(db, case, kind, ref, text_of(now), named)

    def _tells(self, db: Connection, record: Record, world: World) -> None:
        """Whoever is told something has to open it."""
        found = told(record, world.case)
        if found is None:
            return
        message, to = found
        case, now = str(record.about.id), text_of(record.at)
        shows = text_of(record.at + UNREAD)
        for agency in sorted(map(str, to)):
            line = Line(LAST, shows, _when(record), agency, agency, act=record.topic, message=str(message))
            self._add(db, case, "UNREAD", f"{message}/{agency}", now, line)

    def _acts(self, db: Connection, record: Record) -> None:
        """Who acts has followed what it read before."""
        case, by, at = str(record.about.id), str(record.by), text_of(record.at)
        known = [token for _, who, token in self._said.of(db, case).values() if who == by]
        token = known[0] if known else None
        self._said.put(db, case, (str(record.ask_id),), (at, by, token))
        for key, line in self._open(db, case):
            within = line.at <= at <= text_of(time_of(line.at) + UNACTED)
            if key[0] == READ_ONLY and line.party == by and within:
                self._end(db, case, key, line, at)

    def _reads(self, db: Connection, record: Record, fact: SectionOpened, position: str) -> None:
        """Who opens one item of a message has not left it unread, and is expected to act."""
        case, by, at = str(record.about.id), str(record.by), text_of(record.at)
        for key, line in self._open(db, case):
            if key[0] == "UNREAD" and key[1] == f"{fact.message}/{by}":
                self._end(db, case, key, line, at)
        said = self._said.of(db, case)
        author = said.get((str(fact.message),))
        acted = any(who == by and at <= when for when, who, _ in said.values())
        if author is None or author[1] == by or acted:
            return
        name, party = self._maker(db, record)
        shows = text_of(record.at + UNACTED)
        self._add(db, case, READ_ONLY, position, at, Line(LAST, shows, at, name, party, item=str(fact.item)))

    def _maker(self, db: Connection, record: Record) -> tuple[str, str]:
        """Under what stands who made a record, and who it is. Basis: CAPA 7."""
        if by_notifier(record.fact):
            return token_of(record.fact), ""
        if of_notification(record):
            return NAMELESS, ""
        by = str(record.by)
        known = self._said.of(db, str(record.about.id)).values()
        return next((token for _, who, token in known if who == by and token is not None), by), by

    def _open(self, db: Connection, case: str) -> list[tuple[Key, Line]]:
        """The rows of this case that say so still."""
        rows = self._rows.of(db, case).items()
        return [(key, line) for key, row in rows if (line := Line(*row)).until == LAST]

    def _add(self, db: Connection, case: str, kind: str, ref: str, since: str, line: Line) -> None:
        self._rows.put(db, case, (kind, ref, since), line)

    def _end(self, db: Connection, case: str, key: Key, line: Line, at: str) -> None:
        """From this moment on it says so no more; what was not shown by then never was."""
        self._rows.put(db, case, key, None if at <= line.shows else line._replace(until=at))


_STATES = ("HELD", "LATE_")
"""The kinds that are read off a case as it stands."""


def _standing(world: World, now: str) -> Iterator[tuple[tuple[str, str], Line]]:
    """What is late, and what waits for its addressee: ((kind, ref), row)."""
    for alarm in standing(world.case, world.book.get("policy", {})):
        clock, late = alarm.clock, str(alarm.clock.late)
        message = None if clock.message is None else str(clock.message)
        at = text_of(alarm.due_at)
        line = Line(LAST, max(now, at), at, late, late, message=message)
        yield (f"LATE_{clock.kind}", f"{message or ''}/{late}"), line
    for one in world.case.messages.values():
        for agency in sorted(map(str, one.held)):
            line = Line(LAST, now, text_of(one.at), agency, agency, message=str(one.id))
            yield ("HELD", f"{one.id}/{agency}"), line


def _when(record: Record) -> str:
    return text_of(end_of(day_of(record.at)) if of_notification(record) else record.at)
