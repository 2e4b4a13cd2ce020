"""What an auditor should look at, over all cases: one row for each exception and its period.

A row is shown at every moment from ``visible_from`` to before ``until``, so the rows answer for any moment. A row that
ends before it would be shown is deleted: disclosures that were read in time leave no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, Connection, String, Table, Text
from sqlalchemy import Index as By

from domain.alarms.raising import case_clocks, raised_among
from domain.audit_exceptions import (
    READ_NOT_ACTED_ON,
    UNACTED,
    UNREAD,
    exception_of_record,
    is_notification,
    is_read_by_somebody,
    newly_readable,
)
from domain.calendar import day_of, end_of
from domain.events import CaseMessage, Kind, SectionOpened
from domain.notifier_protection import NAMELESS, by_notifier, token_of
from domain.record import Record
from domain.world import World
from projections.case_change import CaseChange
from projections.projection import Projection
from projections.rows import END_OF_TIME, METADATA, CaseRows, Key, Row, text_of, time_of
from projections.stream_record import StreamRecord

EXCEPTIONS = Table(
    "exceptions",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("ref", String(80), primary_key=True),  # a position, or message and agency
    Column("since", String(27), primary_key=True),  # start of the period
    Column("until", String(27), nullable=False),  # end of the period; END_OF_TIME while it lasts
    Column("visible_from", String(27), nullable=False),
    Column("at", String(27), nullable=False),  # the time that is shown: for a notification the end of its day
    Column("agency", String(64), nullable=False),  # as shown: an id, or the token of a notifier
    Column("party", String(36), nullable=False),  # its id, not shown where ``agency`` is a token; or empty
    Column("act", String(64)),
    Column("reason", Text),
    Column("message", String(36)),
    Column("item", String(36)),
)
EXCEPTIONS_BY_TIME = By("exceptions_by_time", EXCEPTIONS.c.until, EXCEPTIONS.c.visible_from)
MESSAGE_AUTHORS = Table(  # who wrote each message of a case, and when: to find readings without an act
    "message_authors",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("message", String(36), primary_key=True),
    Column("at", String(27), nullable=False),
    Column("by", String(36), nullable=False),
    Column("token", String(64)),  # shown instead of the author throughout the case; null where it is named
)


class ExceptionRow(NamedTuple):
    """The columns that are not in the key, in order."""

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
    """The exceptions of each case, current and past."""

    name = "exceptions"
    tables = (EXCEPTIONS, MESSAGE_AUTHORS)

    def __init__(self, *, cases: int = 256) -> None:
        super().__init__()
        self._exception_rows = CaseRows(EXCEPTIONS, cases=cases, group_of=_group_of_exception)
        self._message_authors = CaseRows(MESSAGE_AUTHORS, cases=cases, group_of=_group_of_author)
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
            self._end_not_acted_on(db, record)
        if isinstance(event, SectionOpened) and is_read_by_somebody(event):
            self._end_unread(db, record, event, str(stream_record.position))

    def refresh_case(self, db: Connection, stream_record: StreamRecord, change: CaseChange) -> None:
        now, case = text_of(stream_record.known.at), str(change.world.case.id)
        if change.tokens_changed:
            for (message,), (at, by, token) in list(self._message_authors.of(db, case).items()):
                if change.tokens.get(by) != token:
                    self._message_authors.put(db, case, (message,), (at, by, change.tokens.get(by)))
            for key, exception_row in self._current_rows(db, case, self._exception_rows.groups(db, case)):
                self._rename(db, case, key, exception_row, change.tokens, now)
        for id in ("", *map(str, change.messages)):
            states = dict(_state_rows(change, UUID(id) if id else None, now))
            for key, exception_row in self._current_rows(db, case, [id]):
                if key[0].startswith(_STATE_KINDS):
                    state = states.pop((key[0], key[1]), None)
                    self._update_state(db, case, key, exception_row, state, now)
                else:
                    self._rename(db, case, key, exception_row, change.tokens, now)
            for (kind, ref), exception_row in states.items():
                named = exception_row._replace(
                    agency=change.tokens.get(exception_row.party, exception_row.party)
                )
                self._add_row(db, case, kind, ref, now, named)

    def _rename(
        self, db: Connection, case: str, key: Key, row: ExceptionRow, tokens: Mapping[str, str], now: str
    ) -> None:
        """The agency of a row is shown under another name from now on, if it is. Basis: CAPA 7."""
        name = tokens.get(row.party, row.party)
        if row.party and name != row.agency:
            self._replace_row(db, case, key, row, row._replace(agency=name), now)

    def _update_state(
        self, db: Connection, case: str, key: Key, row: ExceptionRow, state: ExceptionRow | None, now: str
    ) -> None:
        """End the row of a state that is over (None), or began at another time."""
        if state is None:
            self._end_row(db, case, key, row, now)
        elif state.at != row.at:
            self._replace_row(db, case, key, row, state._replace(agency=row.agency), now)

    def _replace_row(
        self, db: Connection, case: str, key: Key, row: ExceptionRow, updated: ExceptionRow, now: str
    ) -> None:
        self._end_row(db, case, key, row, now)
        visible_from = max(updated.visible_from, now)
        self._add_row(db, case, key[0], key[1], now, updated._replace(visible_from=visible_from))

    def _add_unread(self, db: Connection, record: Record, world: World) -> None:
        """Add a row for each agency that has to open this message."""
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

    def _end_not_acted_on(self, db: Connection, record: Record) -> None:
        """A message of an agency ends the rows for what it has read and not acted on."""
        case, by, at = str(record.about.id), str(record.by), text_of(record.at)
        self._message_authors.put(db, case, (str(record.command_id),), (at, by, self._token(db, case, by)))
        for key, exception_row in self._current_rows(db, case, [_unacted_group(by)]):
            within = exception_row.at <= at <= text_of(time_of(exception_row.at) + UNACTED)
            if within:
                self._end_row(db, case, key, exception_row, at)

    def _end_unread(self, db: Connection, record: Record, event: SectionOpened, position: str) -> None:
        """Opening one item ends the row of an unread message, and begins the row of a reading without an act."""
        case, by, at = str(record.about.id), str(record.by), text_of(record.at)
        for key, exception_row in self._current_rows(db, case, [str(event.message)]):
            if key[0] == "UNREAD" and key[1] == f"{event.message}/{by}":
                self._end_row(db, case, key, exception_row, at)
        author = self._message_authors.of(db, case).get((str(event.message),))
        acted_since = any(at <= when for when, _, _ in self._message_authors.each_of_group(db, case, by))
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
        """The name shown for the author of a record, and the author's id (empty for a notification). Basis: CAPA 7."""
        if by_notifier(record.event):
            return token_of(record.event), ""
        if is_notification(record):
            return NAMELESS, ""
        by = str(record.by)
        return self._token(db, str(record.about.id), by) or by, by

    def _token(self, db: Connection, case: str, author: str) -> str | None:
        """The token shown for this author of messages throughout the case (the same in all its rows); None where it is named."""
        row = next(self._message_authors.each_of_group(db, case, author), None)
        return None if row is None or row[2] is None else str(row[2])

    def _current_rows(
        self, db: Connection, case: str, groups: Iterable[str]
    ) -> Iterator[tuple[Key, ExceptionRow]]:
        """The rows of these groups whose period has not ended."""
        for group in groups:
            if group != _ENDED:
                for key, row in self._exception_rows.group(db, case, group):
                    yield key, ExceptionRow(*row)

    def _add_row(
        self, db: Connection, case: str, kind: str, ref: str, since: str, exception_row: ExceptionRow
    ) -> None:
        self._exception_rows.put(db, case, (kind, ref, since), exception_row)

    def _end_row(self, db: Connection, case: str, key: Key, exception_row: ExceptionRow, at: str) -> None:
        """End the period of a row; delete the row where it was never shown."""
        self._exception_rows.put(
            db, case, key, None if at <= exception_row.visible_from else exception_row._replace(until=at)
        )


_STATE_KINDS = ("HELD", "LATE_")
"""The kinds that follow from the current state of a case."""


_ENDED = "ended"
"""The group of rows that never change again."""


def _group_of_exception(key: Key, row: Row) -> str:
    """Current rows are found by their message, readings without an act by who read; those of the case itself by ""."""
    exception_row = ExceptionRow(*row)
    if exception_row.until != END_OF_TIME:
        return _ENDED
    return _unacted_group(exception_row.party) if key[0] == READ_NOT_ACTED_ON else exception_row.message or ""


def _unacted_group(party: str) -> str:
    return f"unacted/{party}"


def _group_of_author(_: Key, row: Row) -> str:
    return str(row[1])


def _state_rows(
    change: CaseChange, message: UUID | None, now: str
) -> Iterator[tuple[tuple[str, str], ExceptionRow]]:
    """What is late or held of this message, or late of the case itself: ((kind, ref), row)."""
    case, policy = change.world.case, change.world.rule_book.get("policy", {})
    clocks = case_clocks(case, policy) if message is None else change.alarms.clocks_of(message)
    for alarm in raised_among(case, clocks, policy):
        clock, responsible = alarm.clock, str(alarm.clock.responsible)
        about = None if clock.message is None else str(clock.message)
        at = text_of(alarm.due_at)
        exception_row = ExceptionRow(END_OF_TIME, max(now, at), at, responsible, responsible, message=about)
        child = "" if clock.child is None else f"/{clock.child}"
        which = at if about is None else ""  # of the case itself several may be late, as two stays elsewhere
        yield (f"LATE_{clock.kind}", f"{about or ''}/{responsible}{child}{which}"), exception_row
    if message is not None:
        held_message = case.messages[message]
        for agency in sorted(map(str, held_message.held)):
            exception_row = ExceptionRow(
                END_OF_TIME, now, text_of(held_message.at), agency, agency, message=str(held_message.id)
            )
            yield ("HELD", f"{held_message.id}/{agency}"), exception_row


def _public_time(record: Record) -> str:
    return text_of(end_of(day_of(record.at)) if is_notification(record) else record.at)
