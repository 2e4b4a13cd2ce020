"""What an auditor should look at, over all cases: one row a thing, and from when until when it stood so.

A row is shown at every moment from ``visible_from`` to before ``until``, so the same rows answer as of any moment. What
ended before it would have been shown is taken away: of all that was told and read only what is odd stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, Connection, String, Table, Text
from sqlalchemy import Index as By

from domain.alarms.raising import raised_alarms
from domain.audit_exceptions import (
    READ_NOT_ACTED_ON,
    UNACTED,
    UNREAD,
    exception_of_record,
    is_notification,
    newly_readable,
)
from domain.calendar import day_of, end_of
from domain.events import CaseMessage, Kind, SectionOpened
from domain.notifier_protection import NAMELESS, by_notifier, token_of, tokens
from domain.record import Record
from domain.world import World
from projections.projection import Projection
from projections.rows import END_OF_TIME, METADATA, CaseRows, Key, text_of, time_of
from projections.stream_record import StreamRecord

EXCEPTIONS = Table(
    "exceptions",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("ref", String(80), primary_key=True),  # of what: a position, or message and agency
    Column("since", String(27), primary_key=True),  # since when the row says so
    Column(
        "until", String(27), nullable=False
    ),  # the moment at which it says so no more; END_OF_TIME while it does
    Column("visible_from", String(27), nullable=False),
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
EXCEPTIONS_BY_TIME = By("exceptions_by_time", EXCEPTIONS.c.until, EXCEPTIONS.c.visible_from)
MESSAGE_AUTHORS = Table(  # who wrote each message of a case, and when: what a reading is held against
    "message_authors",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("message", String(36), primary_key=True),
    Column("at", String(27), nullable=False),
    Column("by", String(36), nullable=False),
    Column("token", String(64)),  # what stands for who wrote it, in all of the case; null where it is named
)


class ExceptionRow(NamedTuple):
    """The columns of a row that are no key, in their order."""

    until: str
    visible_from: str
    at: str
    agency: str
    party: str
    act: str | None = None
    reason: str | None = None
    message: str | None = None
    item: str | None = None


class Exceptions(Projection):
    """What stands out in each case, and stood out before."""

    name = "exceptions"
    tables = (EXCEPTIONS, MESSAGE_AUTHORS)

    def __init__(self, *, cases: int = 256) -> None:
        super().__init__()
        self._exception_rows = CaseRows(EXCEPTIONS, cases=cases)
        self._message_authors = CaseRows(MESSAGE_AUTHORS, cases=cases)
        self.case_tables = [self._exception_rows, self._message_authors]

    def apply(self, db: Connection, stream_record: StreamRecord, world: World | None) -> None:
        record = stream_record.known
        if record.about.kind is not Kind.CASE:
            return
        case, now, event = str(record.about.id), text_of(record.at), record.event
        derived = exception_of_record(record)
        if derived is not None:
            kind, act, reason = derived
            name, party = self._author(db, record)
            exception_row = ExceptionRow(
                END_OF_TIME, now, _public_time(record), name, party, act=act, reason=reason
            )
            self._add_row(db, case, kind, str(stream_record.position), now, exception_row)
        if world is not None:
            self._add_unread(db, record, world)
        if isinstance(event, CaseMessage) and isinstance(record.by, UUID):
            self._end_read_only(db, record)
        if isinstance(event, SectionOpened):
            self._end_unread(db, record, event, str(stream_record.position))

    def refresh_case(self, db: Connection, stream_record: StreamRecord, world: World) -> None:
        now, case = stream_record.known.at, str(world.case.id)
        tokens_by_agency = {str(agency): token for agency, token in tokens(world.case).items()}
        for (message,), (at, by, token) in list(self._message_authors.of(db, case).items()):
            if tokens_by_agency.get(by) != token:
                self._message_authors.put(db, case, (message,), (at, by, tokens_by_agency.get(by)))
        current_states = dict(_state_rows(world, text_of(now)))
        for key, exception_row in self._current_rows(db, case):
            kind, ref, _ = key
            updated = (
                exception_row._replace(agency=tokens_by_agency.get(exception_row.party, exception_row.party))
                if exception_row.party
                else exception_row
            )
            if kind.startswith(_STATE_KINDS):
                state = current_states.pop((kind, ref), None)
                if state is None or state.at != exception_row.at:
                    self._end_row(db, case, key, exception_row, text_of(now))
                    if state is None:
                        continue
                    updated = state._replace(agency=updated.agency)
            if updated != exception_row:  # under another name from now on
                self._end_row(db, case, key, exception_row, text_of(now))
                visible_from = max(updated.visible_from, text_of(now))
                self._add_row(db, case, kind, ref, text_of(now), updated._replace(visible_from=visible_from))
        for (kind, ref), exception_row in current_states.items():
            named = exception_row._replace(
                agency=tokens_by_agency.get(exception_row.party, exception_row.party)
            )
            self._add_row(db, case, kind, ref, text_of(now), named)

    def _add_unread(self, db: Connection, record: Record, world: World) -> None:
        """Whoever is told something has to open it."""
        derived = newly_readable(record, world.case)
        if derived is None:
            return
        message, to = derived
        case, now = str(record.about.id), text_of(record.at)
        visible_from = text_of(record.at + UNREAD)
        for agency in sorted(map(str, to)):
            exception_row = ExceptionRow(
                END_OF_TIME,
                visible_from,
                _public_time(record),
                agency,
                agency,
                act=record.topic,
                message=str(message),
            )
            self._add_row(db, case, "UNREAD", f"{message}/{agency}", now, exception_row)

    def _end_read_only(self, db: Connection, record: Record) -> None:
        """Who acts has followed what it read before."""
        case, by, at = str(record.about.id), str(record.by), text_of(record.at)
        known = [
            token for _, author_id, token in self._message_authors.of(db, case).values() if author_id == by
        ]
        token = known[0] if known else None
        self._message_authors.put(db, case, (str(record.command_id),), (at, by, token))
        for key, exception_row in self._current_rows(db, case):
            within = exception_row.at <= at <= text_of(time_of(exception_row.at) + UNACTED)
            if key[0] == READ_NOT_ACTED_ON and exception_row.party == by and within:
                self._end_row(db, case, key, exception_row, at)

    def _end_unread(self, db: Connection, record: Record, event: SectionOpened, position: str) -> None:
        """Who opens one item of a message has not left it unread, and is expected to act."""
        case, by, at = str(record.about.id), str(record.by), text_of(record.at)
        for key, exception_row in self._current_rows(db, case):
            if key[0] == "UNREAD" and key[1] == f"{event.message}/{by}":
                self._end_row(db, case, key, exception_row, at)
        authors = self._message_authors.of(db, case)
        author = authors.get((str(event.message),))
        acted_since = any(author_id == by and at <= when for when, author_id, _ in authors.values())
        if author is None or author[1] == by or acted_since:
            return
        name, party = self._author(db, record)
        visible_from = text_of(record.at + UNACTED)
        self._add_row(
            db,
            case,
            READ_NOT_ACTED_ON,
            position,
            at,
            ExceptionRow(END_OF_TIME, visible_from, at, name, party, item=str(event.item)),
        )

    def _author(self, db: Connection, record: Record) -> tuple[str, str]:
        """Under what stands who made a record, and who it is. Basis: CAPA 7."""
        if by_notifier(record.event):
            return token_of(record.event), ""
        if is_notification(record):
            return NAMELESS, ""
        by = str(record.by)
        known = self._message_authors.of(db, str(record.about.id)).values()
        return next((token for _, author_id, token in known if author_id == by and token is not None), by), by

    def _current_rows(self, db: Connection, case: str) -> list[tuple[Key, ExceptionRow]]:
        """The rows of this case that say so still."""
        rows = self._exception_rows.of(db, case).items()
        return [
            (key, exception_row)
            for key, row in rows
            if (exception_row := ExceptionRow(*row)).until == END_OF_TIME
        ]

    def _add_row(
        self, db: Connection, case: str, kind: str, ref: str, since: str, exception_row: ExceptionRow
    ) -> None:
        self._exception_rows.put(db, case, (kind, ref, since), exception_row)

    def _end_row(self, db: Connection, case: str, key: Key, exception_row: ExceptionRow, at: str) -> None:
        """From this moment on it says so no more; what was not shown by then never was."""
        self._exception_rows.put(
            db, case, key, None if at <= exception_row.visible_from else exception_row._replace(until=at)
        )


_STATE_KINDS = ("HELD", "LATE_")
"""The kinds that are read off a case as it stands."""


def _state_rows(world: World, now: str) -> Iterator[tuple[tuple[str, str], ExceptionRow]]:
    """What is late, and what waits for its addressee: ((kind, ref), row)."""
    for alarm in raised_alarms(world.case, world.rule_book.get("policy", {})):
        clock, responsible = alarm.clock, str(alarm.clock.responsible)
        message = None if clock.message is None else str(clock.message)
        at = text_of(alarm.due_at)
        exception_row = ExceptionRow(END_OF_TIME, max(now, at), at, responsible, responsible, message=message)
        yield (f"LATE_{clock.kind}", f"{message or ''}/{responsible}"), exception_row
    for held_message in world.case.messages.values():
        for agency in sorted(map(str, held_message.held)):
            exception_row = ExceptionRow(
                END_OF_TIME, now, text_of(held_message.at), agency, agency, message=str(held_message.id)
            )
            yield ("HELD", f"{held_message.id}/{agency}"), exception_row


def _public_time(record: Record) -> str:
    return text_of(end_of(day_of(record.at)) if is_notification(record) else record.at)
