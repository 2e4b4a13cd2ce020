"""The history of one case, replayed: its state at any moment, who could open what then, and who opened it.

Everything is computed from records in the order of the stream. There are two sources with the same result: the read
models know the positions of the records of a case and of the register (fast at any size of the hub); a scan of the
stream needs no read models (slow).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.store import Store
from domain import events as e
from domain.alarms.raising import raised_alarms
from domain.audit_exceptions import (
    READ_NOT_ACTED_ON,
    UNACTED,
    UNREAD,
    ExceptionRow,
    exception_of_record,
    exception_order,
    is_notification,
    is_read_by_somebody,
    newly_readable,
)
from domain.calendar import day_of, end_of
from domain.case import Case, Message
from domain.editions import under_edition
from domain.notifier_protection import NAMELESS, by_notifier, token_of, tokens
from domain.reasons import Reason
from domain.record import About, Party, Record, access_of
from domain.register import Register
from domain.visibility import openable, refusal_to_open
from domain.world import World, empty_world
from gateway.verifier.judge import Judge, RecordFault
from keys.stored_record import StoredRecord, UnreadableRecord
from projections.queries import Queries

PAGE = 500

ProgressCallback = Callable[[int, int], None]


@dataclass(frozen=True)
class Reading:
    """One opening, or a refused one. ``by_somebody``: false where only a door's case index was rebuilt."""

    at: datetime
    by: Party
    actor: str
    item: UUID
    reason: str | None
    by_somebody: bool = True


@dataclass
class History:
    """A case as it stood after the records that were folded, by the rules of the last one. ``readings``: in order."""

    world: World
    readings: list[Reading] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    @property
    def case(self) -> Case:
        return self.world.case

    @property
    def register(self) -> Register:
        return self.world.register

    def fold(self, record: Record) -> None:
        """The next record, of this case, its readings or the register."""
        self.world = replace(self.world.after(record), edition=record.edition)
        if record.about == About(e.Kind.CASE, self.case.id):
            self.records.append(record)
        event = record.event
        if isinstance(event, e.SectionOpened | e.OpeningRefused):
            reason = event.reason if isinstance(event, e.OpeningRefused) else None
            by_somebody = isinstance(event, e.OpeningRefused) or is_read_by_somebody(event)
            self.readings.append(Reading(record.at, record.by, record.actor, event.item, reason, by_somebody))

    # --- who notified is never named (CAPA 7) ------------------------------------------------------------------

    def name(self, party: Party, message: Message | None = None) -> str:
        """The name shown for an agency, in the context of a message where there is one."""
        if message is not None and message.by == party and by_notifier(message.event):
            return token_of(message.event)
        return tokens(self.case).get(party) or str(party)

    def by(self, record: Record) -> str:
        """The name shown for the author of a record."""
        if by_notifier(record.event):
            return token_of(record.event)
        return NAMELESS if is_notification(record) else self.name(record.by)

    def at(self, record: Record) -> datetime:
        """The time shown for a record: for a notification the end of its day."""
        return end_of(day_of(record.at)) if is_notification(record) else record.at

    def pseudonymised(self, value: Any) -> Any:
        """JSON data in which the token replaces the id of an agency that only notified."""
        tokens_by_agency = {str(agency): token for agency, token in tokens(self.case).items()}
        return _replace_ids(value, tokens_by_agency) if tokens_by_agency else value

    # --- answers --------------------------------------------------------------------------------------------

    def could_open(self, agency: UUID, at: datetime, item: UUID | None = None) -> list[dict[str, Any]]:
        """For each item: whether this agency could open it then, why not, and when it did or tried."""
        rows = []
        for message, one in self.case.all_items():
            if item not in (None, one.item) or (by_notifier(message.event) and message.by == agency):
                continue  # a notifier is not revealed by a query for its own items
            reason = self._refusal_to_open(agency, message, one, at)
            keyed = agency in one.keyed or (one.item, agency) in self.case.rewrapped
            own_readings = [r for r in self.readings if r.item == one.item and r.by == agency]
            rows.append(
                {
                    **self._item_json(message, one),
                    "could_open": reason is None and keyed,
                    "reason": reason if reason is not None else (None if keyed else "PENDING_KEY"),
                    "opened": [e.dump(r.at) for r in own_readings if r.reason is None],
                    "refused": [e.dump(r.at) for r in own_readings if r.reason is not None],
                }
            )
        return rows

    def who_knows(self, at: datetime) -> list[dict[str, Any]]:
        """For each item: who wrote it, who holds a key, who could open it then, and who has opened it and when."""
        rows = []
        for message, one in self.case.all_items():
            rewrapped_for = {agency for item, agency in self.case.rewrapped if item == one.item}
            holders = {message.by, *one.keyed, *rewrapped_for}
            now = {agency for agency in holders if self._refusal_to_open(agency, message, one, at) is None}
            opened: dict[str, list[str]] = {}
            for reading in self.readings:
                if reading.item == one.item and reading.reason is None:
                    opened.setdefault(self.name(reading.by, message), []).append(e.dump(reading.at))
            rows.append(
                {
                    **self._item_json(message, one),
                    "holders": sorted(self.name(agency, message) for agency in holders),
                    "can_open": sorted(self.name(agency, message) for agency in now),
                    "opened": opened,
                }
            )
        return rows

    def _refusal_to_open(self, agency: Party, message: Message, one: e.Item, at: datetime) -> Reason | None:
        """By the rules of then."""
        rule_book = self.world.rule_book
        with under_edition(self.world.edition):
            return refusal_to_open(
                self.register, self.case, agency, None, message, one, now=at, rule_book=rule_book
            )

    def exceptions(self, at: datetime) -> list[ExceptionRow]:
        """What an auditor should look at: late, unread, refused, held, overridden, not informed, read but not acted on."""
        return sorted(
            (*self._current_exceptions(at), *self._record_exceptions(at), *self._reading_exceptions(at)),
            key=exception_order,
        )

    def _current_exceptions(self, at: datetime) -> Iterator[ExceptionRow]:
        id = self.case.id
        with under_edition(self.world.edition):
            alarms = list(raised_alarms(self.case, self.world.rule_book.get("policy", {})))
        for alarm in alarms:
            clock = alarm.clock
            if alarm.due_at <= at:
                yield ExceptionRow(
                    kind=f"LATE_{clock.kind}",
                    at=alarm.due_at,
                    case=id,
                    agency=self.name(clock.responsible),
                    message=clock.message,
                )
        for message in self.case.messages.values():
            for agency in message.held:
                yield ExceptionRow(
                    kind="HELD", at=message.at, case=id, agency=self.name(agency), message=message.id
                )

    def _record_exceptions(self, at: datetime) -> Iterator[ExceptionRow]:
        opened = {
            (self.case.message_of_item.get(r.item), r.by)
            for r in self.readings
            if r.reason is None and r.by_somebody
        }
        for record in self.records:
            when, by = self.at(record), self.by(record)
            result = exception_of_record(record)
            if result is not None:
                kind, act, reason = result
                yield ExceptionRow(kind=kind, at=when, case=self.case.id, agency=by, act=act, reason=reason)
            message, to = newly_readable(record, self.case) or (None, frozenset())
            for agency in to if record.at + UNREAD <= at else ():
                if (message, agency) not in opened:
                    yield ExceptionRow(
                        kind="UNREAD",
                        at=when,
                        case=self.case.id,
                        agency=self.name(agency),
                        act=record.topic,
                        message=message,
                    )

    def _reading_exceptions(self, at: datetime) -> Iterator[ExceptionRow]:
        for reading in self.readings:
            if reading.reason is None and reading.by_somebody and self._not_acted_on(reading, at):
                yield ExceptionRow(
                    kind=READ_NOT_ACTED_ON,
                    at=reading.at,
                    case=self.case.id,
                    agency=self.name(reading.by),
                    item=reading.item,
                )

    def _not_acted_on(self, reading: Reading, at: datetime) -> bool:
        """Whether a reader other than the author sent no message in the case within the time limit."""
        result = self.case.item(reading.item)
        if result is None or result[0].by == reading.by or at < reading.at + UNACTED:
            return False
        acts = (m for m in self.case.messages.values() if m.by == reading.by)
        return not any(reading.at <= m.at <= reading.at + UNACTED for m in acts)

    def openable_items(self, at: datetime) -> dict[str, list[str]]:
        """What each agency with a part in the case could open then: agency -> items.

        Agencies that only notified are left out, and so are an agency's items of its own notifications.
        """
        result = {}
        for agency in sorted(self.case.parties - set(tokens(self.case))):
            with under_edition(self.world.edition):
                items = list(
                    openable(self.register, self.case, agency, now=at, rule_book=self.world.rule_book)
                )
            result[str(agency)] = sorted(
                str(one.item) for m, one in items if not (m.by == agency and by_notifier(m.event))
            )
        return result

    def _item_json(self, message: Message, item: e.Item) -> dict[str, Any]:
        notified = by_notifier(message.event)
        return {
            "item": str(item.item),
            "message": str(message.id),
            "act": message.event.TOPIC,
            "section": item.section.value,
            "by": self.name(message.by, message),
            "at": e.dump(end_of(day_of(message.at)) if notified else message.at),
        }


def _replace_ids(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(k, k): _replace_ids(v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [_replace_ids(v, names) for v in value]
    return names.get(value, value) if isinstance(value, str) else value


# --- sources of the records --------------------------------------------------------------------------------


def scanned_records(
    store: Store,
    case: UUID | None,
    upto: datetime | None = None,
    on_progress: ProgressCallback = lambda *_: None,
) -> Iterator[StoredRecord]:
    """The records of the register, of the case (None: of all cases) and of its readings, by a scan of the stream."""
    position, head = 1, store.head()
    while page := store.read_tolerant(position, PAGE):
        for stored in page:
            if isinstance(stored, UnreadableRecord):
                continue  # of another case: a destroyed case itself is answered with «not there»
            if upto is not None and stored.record.at > upto:
                continue
            if (
                case is None
                or stored.record.originator.kind not in (e.Kind.CASE, e.Kind.CASE_ACCESS)
                or stored.record.about.id == case
            ):
                yield stored
        position += len(page)
        on_progress(position, head)


def indexed_records(
    store: Store, queries: Queries, case: UUID, upto: datetime | None = None
) -> Iterator[StoredRecord]:
    """The same records, by the positions in the read models."""
    record_positions = queries.record_positions(case, access_of(case))
    loaded = {
        originator_id: {k.record.version: k for k in store.load(originator_id)}
        for originator_id in {originator_id for _, originator_id, _ in record_positions}
    }
    for position, originator_id, version in record_positions:
        stored = loaded[originator_id].get(version)
        if stored is not None and (upto is None or stored.record.at <= upto):
            yield replace(stored, position=position)


def history(records: Iterator[StoredRecord], case: UUID) -> History:
    """The case after these records."""
    result = History(empty_world(Register(), case))
    for stored in records:
        result.fold(stored.record)
    return result


def exceptions(records: Iterator[StoredRecord], at: datetime) -> list[ExceptionRow]:
    """What an auditor should look at, over all cases in these records."""
    register, cases, edition = Register(), dict[UUID, History](), 1
    for stored in records:
        edition = stored.record.edition
        originator_id = stored.record.about.id
        if stored.record.originator.kind in (e.Kind.CASE, e.Kind.CASE_ACCESS):
            cases.setdefault(originator_id, History(empty_world(register, originator_id))).fold(stored.record)
        else:
            register = register.with_record(stored.record)
    for one in cases.values():
        one.world = replace(one.world, register=register, edition=edition)
    return sorted((row for one in cases.values() for row in one.exceptions(at)), key=exception_order)


@dataclass(frozen=True)
class Step:
    """One record of the case, verified again. ``case_history``: the case up to it; ``fault``: what is wrong with it;
    ``openable``: what each agency could open after it."""

    stored: StoredRecord
    case_history: History
    fault: RecordFault | None
    openable: dict[str, list[str]]


def replay(records: Iterator[StoredRecord], case: UUID, judge: Judge) -> Iterator[Step]:
    """Each record of the case and its readings in order, with signature and decision verified again."""
    result = History(empty_world(Register(), case))
    for stored in records:
        fault = judge.judge(stored)
        result.fold(stored.record)
        if stored.record.about == About(e.Kind.CASE, case):
            yield Step(stored, result, fault, result.openable_items(stored.record.at))


def event_fields(event: e.Event) -> dict[str, Any]:
    """The fields of an event that the auditor may read: control only, and the day instead of the time of a notification."""
    fields: dict[str, Any] = e.dump(event)
    fields.pop("items", None)
    if isinstance(event, e.NOTIFICATIONS):
        fields["received_at"] = e.dump(end_of(day_of(event.received_at)))
    return fields
