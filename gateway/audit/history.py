"""The history of one case, played again: what was so at any moment, who could see what then, and who looked.

Everything here is computed from records in the order of the stream. Two sources give them: the views know where
the records of a case and of the register lie (fast, whatever the size of the hub), and the stream itself has
them all (slow, and trusts nothing); the answers are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.store import Store
from domain.alarms import standing
from domain.calendar import day_of, end_of
from domain.case import Case, Message
from domain.events import AbuseNotificationReceived, Fact, Item, Kind, OpeningRefused, SectionOpened, dump
from domain.exceptional import (
    READ_ONLY,
    UNACTED,
    UNREAD,
    Exceptional,
    of_notification,
    of_record,
    order,
    told,
)
from domain.record import About, Party, Record, access_of
from domain.register import Register
from domain.shield import NAMELESS, by_notifier, token_of, tokens
from domain.visibility import openable, refusal_to_open
from domain.world import World, empty_world
from gateway.verifier.judge import Judge
from keys.stored_record import Kept, Unread
from projections.queries import Queries

PAGE = 500

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Reading:
    """One opening, or its refusal."""

    at: datetime
    by: Party
    actor: str
    item: UUID
    reason: str | None


@dataclass
class History:
    """A case as it stood after the records that were folded. ``readings``: in order."""

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
        self.world = self.world.after(record)
        if record.about == About(Kind.CASE, self.case.id):
            self.records.append(record)
        fact = record.fact
        if isinstance(fact, SectionOpened | OpeningRefused):
            reason = fact.reason if isinstance(fact, OpeningRefused) else None
            self.readings.append(Reading(record.at, record.by, record.actor, fact.item, reason))

    # --- who notified is never named (CAPA 7) ------------------------------------------------------------------

    def name(self, party: Party, message: Message | None = None) -> str:
        """Under what an agency stands, beside this message where it is about one."""
        if message is not None and message.by == party and by_notifier(message.fact):
            return token_of(message.fact)
        return tokens(self.case).get(party) or str(party)

    def by(self, record: Record) -> str:
        """Under what stands who made a record."""
        if by_notifier(record.fact):
            return token_of(record.fact)
        return NAMELESS if of_notification(record) else self.name(record.by)

    def at(self, record: Record) -> datetime:
        """When it was made; of a notification the end of its day."""
        return end_of(day_of(record.at)) if of_notification(record) else record.at

    def without_notifier(self, value: Any) -> Any:
        """JSON data with the token in place of who only notified, wherever it stands."""
        hidden = {str(agency): token for agency, token in tokens(self.case).items()}
        return _replaced(value, hidden) if hidden else value

    # --- answers --------------------------------------------------------------------------------------------

    def could(self, agency: UUID, at: datetime, item: UUID | None = None) -> list[dict[str, Any]]:
        """For each item: whether this agency could open it then, why not, and whether and when it did."""
        rows = []
        for message, one in self.case.all_items():
            if item not in (None, one.item) or (by_notifier(message.fact) and message.by == agency):
                continue  # whoever told it is not asked for by name
            reason = refusal_to_open(
                self.register, self.case, agency, None, message, one, now=at, book=self.world.book
            )
            keyed = agency in one.keyed or (one.item, agency) in self.case.rewrapped
            mine = [r for r in self.readings if r.item == one.item and r.by == agency]
            rows.append(
                {
                    **self._about(message, one),
                    "could": reason is None and keyed,
                    "reason": reason if reason is not None else (None if keyed else "PENDING_KEY"),
                    "opened": [dump(r.at) for r in mine if r.reason is None],
                    "refused": [dump(r.at) for r in mine if r.reason is not None],
                }
            )
        return rows

    def who_knows(self, at: datetime) -> list[dict[str, Any]]:
        """For each item: who wrote it, who holds a key, who could open it then, and who has opened it, how often."""
        rows = []
        for message, one in self.case.all_items():
            later = {agency for item, agency in self.case.rewrapped if item == one.item}
            holders = {message.by, *one.keyed, *later}
            now = {agency for agency in holders if self._may(agency, message, one, at)}
            opened: dict[str, list[str]] = {}
            for reading in self.readings:
                if reading.item == one.item and reading.reason is None:
                    opened.setdefault(self.name(reading.by, message), []).append(dump(reading.at))
            rows.append(
                {
                    **self._about(message, one),
                    "holders": sorted(self.name(agency, message) for agency in holders),
                    "can_open": sorted(self.name(agency, message) for agency in now),
                    "opened": opened,
                }
            )
        return rows

    def _may(self, agency: Party, message: Message, one: Item, at: datetime) -> bool:
        reason = refusal_to_open(
            self.register, self.case, agency, None, message, one, now=at, book=self.world.book
        )
        return reason is None

    def exceptions(self, at: datetime) -> list[Exceptional]:
        """What an auditor should look at: late, unread, refused, held, overridden, not told, read and nothing
        followed."""
        return sorted((*self._standing(at), *self._of_records(at), *self._of_readings(at)), key=order)

    def _standing(self, at: datetime) -> Iterator[Exceptional]:
        id = self.case.id
        for alarm in standing(self.case, self.world.book.get("policy", {})):
            clock = alarm.clock
            if alarm.due_at <= at:
                yield Exceptional(
                    kind=f"LATE_{clock.kind}",
                    at=alarm.due_at,
                    case=id,
                    agency=self.name(clock.late),
                    message=clock.message,
                )
        for message in self.case.messages.values():
            for agency in message.held:
                yield Exceptional(
                    kind="HELD", at=message.at, case=id, agency=self.name(agency), message=message.id
                )

    def _of_records(self, at: datetime) -> Iterator[Exceptional]:
        opened = {(self.case.where.get(r.item), r.by) for r in self.readings if r.reason is None}
        for record in self.records:
            when, by = self.at(record), self.by(record)
            found = of_record(record)
            if found is not None:
                kind, act, reason = found
                yield Exceptional(kind=kind, at=when, case=self.case.id, agency=by, act=act, reason=reason)
            message, to = told(record, self.case) or (None, frozenset())
            for agency in to if record.at + UNREAD <= at else ():
                if (message, agency) not in opened:
                    yield Exceptional(
                        kind="UNREAD",
                        at=when,
                        case=self.case.id,
                        agency=self.name(agency),
                        act=record.topic,
                        message=message,
                    )

    def _of_readings(self, at: datetime) -> Iterator[Exceptional]:
        for reading in self.readings:
            if reading.reason is None and self._nothing_followed(reading, at):
                yield Exceptional(
                    kind=READ_ONLY,
                    at=reading.at,
                    case=self.case.id,
                    agency=self.name(reading.by),
                    item=reading.item,
                )

    def _nothing_followed(self, reading: Reading, at: datetime) -> bool:
        """Whether who read did nothing in the case within the time, and was not its author."""
        found = self.case.item(reading.item)
        if found is None or found[0].by == reading.by or at < reading.at + UNACTED:
            return False
        acts = (m for m in self.case.messages.values() if m.by == reading.by)
        return not any(reading.at <= m.at <= reading.at + UNACTED for m in acts)

    def views(self, at: datetime) -> dict[str, list[str]]:
        """What each agency that has a part in the case could open then: agency -> items.

        What an agency told as a notifier does not stand among its own, nor does who only notified.
        """
        found = {}
        for agency in sorted(self.case.parties - set(tokens(self.case))):
            items = openable(self.register, self.case, agency, now=at, book=self.world.book)
            found[str(agency)] = sorted(
                str(one.item) for m, one in items if not (m.by == agency and by_notifier(m.fact))
            )
        return found

    def _about(self, message: Message, item: Item) -> dict[str, Any]:
        told = by_notifier(message.fact)
        return {
            "item": str(item.item),
            "message": str(message.id),
            "act": message.fact.TOPIC,
            "section": item.section.value,
            "by": self.name(message.by, message),
            "at": dump(end_of(day_of(message.at)) if told else message.at),
        }


def _replaced(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(k, k): _replaced(v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [_replaced(v, names) for v in value]
    return names.get(value, value) if isinstance(value, str) else value


# --- where the records come from ---------------------------------------------------------------------------


def of_stream(
    store: Store, case: UUID | None, upto: datetime | None = None, tell: Told = lambda *_: None
) -> Iterator[Kept]:
    """The records of the register, the case (or all) and its readings, from the stream itself, all of it."""
    position, head = 1, store.head()
    while page := store.seen(position, PAGE):
        for kept in page:
            if isinstance(kept, Unread):
                continue  # of another case: this one would be «not there»
            if upto is not None and kept.record.at > upto:
                continue
            if (
                case is None
                or kept.record.originator.kind not in (Kind.CASE, Kind.CASE_ACCESS)
                or kept.record.about.id == case
            ):
                yield kept
        position += len(page)
        tell(position, head)


def of_views(store: Store, queries: Queries, case: UUID, upto: datetime | None = None) -> Iterator[Kept]:
    """The same, from where the views say they lie."""
    places = queries.places_of(case, access_of(case))
    loaded = {on: {k.record.version: k for k in store.load(on)} for on in {on for _, on, _ in places}}
    for position, on, version in places:
        kept = loaded[on].get(version)
        if kept is not None and (upto is None or kept.record.at <= upto):
            yield replace(kept, position=position)


def history(records: Iterator[Kept], case: UUID) -> History:
    """The case as it stood after these records."""
    found = History(empty_world(Register(), case))
    for kept in records:
        found.fold(kept.record)
    return found


def exceptions(records: Iterator[Kept], at: datetime) -> list[Exceptional]:
    """What an auditor should look at in all cases that these records speak of."""
    register, cases = Register(), dict[UUID, History]()
    for kept in records:
        on = kept.record.about.id
        if kept.record.originator.kind in (Kind.CASE, Kind.CASE_ACCESS):
            cases.setdefault(on, History(empty_world(register, on))).fold(kept.record)
        else:
            register = register.with_record(kept.record)
    for one in cases.values():
        one.world = replace(one.world, register=register)
    return sorted((row for one in cases.values() for row in one.exceptions(at)), key=order)


@dataclass(frozen=True)
class Step:
    """One record of the case, judged again. ``past``: the case as far as it was played; ``flaw``: what does not hold;
    ``views``: what each could open after it."""

    kept: Kept
    past: History
    flaw: str | None
    views: dict[str, list[str]]


def replay(records: Iterator[Kept], case: UUID, judge: Judge) -> Iterator[Step]:
    """Each record of the case and its readings in order: signature and decision judged anew."""
    found = History(empty_world(Register(), case))
    for kept in records:
        flaw = judge.judge(kept)
        found.fold(kept.record)
        if kept.record.about == About(Kind.CASE, case):
            yield Step(kept, found, flaw, found.views(kept.record.at))


def fact_of(fact: Fact) -> dict[str, Any]:
    """A fact's own words, as the auditor may read them: control only, and of a notification the day alone."""
    told: dict[str, Any] = dump(fact)
    told.pop("items", None)
    if isinstance(fact, AbuseNotificationReceived):
        told["received_at"] = dump(end_of(day_of(fact.received_at)))
    return told
