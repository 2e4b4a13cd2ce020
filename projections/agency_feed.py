"""The feed of each agency: one row for each agency and message, with control and references only.

A row holds the message's control and the items that the agency could open. A message that is held for an agency, or that
it may not see, has no row for it: «not yours» and «not there» look the same. When an agency loses access, its row
becomes ``gone`` and nothing else, so that its door deletes the message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, Text

from domain.case import Message
from domain.codes import AUTHOR_ONLY
from domain.events import Item, dump
from domain.tasks import can_see_message
from domain.visibility import refusal_to_open, standing_readers
from domain.world import World
from projections.case_change import CaseChange
from projections.projection import Projection
from projections.rows import METADATA, CaseRows, Key, Lru, Row, text_of
from projections.stream_record import StreamRecord

MESSAGES = Table(
    "agency_messages",
    METADATA,
    Column("agency", String(36), primary_key=True),
    Column("case", String(36), primary_key=True),
    Column("message", String(36), primary_key=True),
    Column("seq", BigInteger, nullable=False),  # position at which the row last changed
    Column("body", Text, nullable=False),
)
BY_SEQ = Index("agency_messages_by_seq", MESSAGES.c.agency, MESSAGES.c.seq)
BY_CASE = Index("agency_messages_by_case", MESSAGES.c.case)

GONE = '{"gone":true}'
"""The body of a row to which the agency has lost access."""

_MESSAGE_FIELDS = ("to", "basis", "consent", "purpose", "reason")
_HANDLED_SEPARATELY = frozenset({*_MESSAGE_FIELDS, "items", "held"})


class MessageJson:
    """A message's control as JSON text. It never changes, so it is encoded once.

    ``control`` and ``receipt`` lack the closing brace; each of ``items`` lacks its state and closing brace.
    """

    __slots__ = ("control", "items", "receipt")

    def __init__(self, case: UUID, message: Message) -> None:
        receipt = {
            "act": message.event.TOPIC,
            "at": text_of(message.at),
            "by": str(message.by),
            "case": str(case),
            "message": str(message.id),
        }
        fields = dump(message.event)
        extra_fields = {name: value for name, value in fields.items() if name not in _HANDLED_SEPARATELY}
        control = receipt | {name: fields[name] for name in _MESSAGE_FIELDS} | {"fields": extra_fields}
        self.receipt = _compact_json(receipt)[:-1]
        self.control = _compact_json(control)[:-1]
        self.items = {item.item: _compact_json(_item_fields(item))[:-1] for item in message.items}


def _item_fields(item: Item) -> dict[str, Any]:
    flags = sorted(flag.value for flag in item.flags)
    return {"flags": flags, "item": str(item.item), "section": item.section.value}


def _compact_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


class AgencyProjection(Projection):
    """The feed of every agency door."""

    name = "agency_feed"
    tables = (MESSAGES,)

    def __init__(self, *, cases: int = 256) -> None:
        super().__init__()
        self._message_rows = CaseRows(MESSAGES, cases=cases, group_of=_message_of)
        self.case_tables = [self._message_rows]
        self._message_json_cache: Lru[tuple[UUID, int], MessageJson] = Lru(cases * 64)

    def refresh_case(self, db: Connection, stream_record: StreamRecord, change: CaseChange) -> None:
        case, messages = str(change.world.case.id), change.world.case.messages
        now = stream_record.known.at
        for id in change.messages:
            wanted_rows = dict(message_bodies(change.world, messages[id], now, self._message_json))
            self._put_rows(db, case, str(id), wanted_rows, stream_record.position)

    def _put_rows(
        self, db: Connection, case: str, message: str, wanted_rows: Mapping[Key, str], position: int
    ) -> None:
        existing_rows = dict(self._message_rows.group(db, case, message))
        for key, body in wanted_rows.items():
            if key not in existing_rows or existing_rows[key][1] != body:
                self._message_rows.put(db, case, key, (position, body))
        for key in existing_rows.keys() - wanted_rows.keys():
            if existing_rows[key][1] != GONE:
                self._message_rows.put(db, case, key, (position, GONE))

    def _message_json(self, case: UUID, message: Message) -> MessageJson:
        known = self._message_json_cache.get((case, message.version))
        if known is None:
            known = MessageJson(case, message)
            self._message_json_cache.put((case, message.version), known)
        return known


def _message_of(key: Key, _: Row) -> str:
    return key[1]


def message_bodies(
    world: World,
    message: Message,
    now: datetime,
    make_message_json: Callable[[UUID, Message], MessageJson] = MessageJson,
) -> Iterator[tuple[Key, str]]:
    """((agency, message), body) for every agency that sees something of this message at ``now``."""
    register, case, rule_book = world.register, world.case, world.rule_book
    standing_readers_by_item = {
        item.item: standing_readers(register, case, message.by, message.event, item, rule_book)
        for item in message.items
    }
    message_json = make_message_json(case.id, message)
    for agency in sorted({message.by, *message.to}.union(*standing_readers_by_item.values())):
        if can_see_message(world, agency, message, now=now):
            body = _row_body(world, message, agency, standing_readers_by_item, message_json, now)
        elif agency == message.by:  # V6, V8: a contractor keeps the receipts of its own messages
            body = f'{message_json.receipt},"items":[]}}'
        else:
            continue
        yield (str(agency), str(message.id)), body


def _row_body(
    world: World,
    message: Message,
    agency: UUID,
    standing_readers_by_item: Mapping[UUID, frozenset[UUID]],
    message_json: MessageJson,
    now: datetime,
) -> str:
    """Control and the items that the agency is addressed by or has standing access to; for the author also the person
    who wrote it and the agencies for which it is held."""
    author = agency == message.by
    items = ",".join(
        f'{message_json.items[item.item]},"state":"{_item_state(world, message, item, agency, now)}"}}'
        for item in message.items
        if author or agency in standing_readers_by_item[item.item] or _is_addressed(message, item, agency)
    )
    author_only_fields = {"actor": message.actor, "held": sorted(map(str, message.held))}
    extra_fields = f",{_compact_json(author_only_fields)[1:-1]}" if author else ""
    until = world.case.address_until
    of_case = _compact_json(
        {"protected_until": None if until is None else until.isoformat(), "status": world.case.status.value}
    )
    return f'{message_json.control}{extra_fields},"items":[{items}],{of_case[1:]}'


def _is_addressed(message: Message, item: Item, agency: UUID) -> bool:
    return agency in message.to and item.section not in AUTHOR_ONLY


def _item_state(world: World, message: Message, item: Item, agency: UUID, now: datetime) -> str:
    """OPENABLE, PENDING_KEY (permitted, but no key has been wrapped for it yet), or CLOSED."""
    reason = refusal_to_open(
        world.register, world.case, agency, None, message, item, now=now, rule_book=world.rule_book
    )
    if reason is not None:
        return "CLOSED"
    keyed = agency in item.keyed or (item.item, agency) in world.case.rewrapped
    return "OPENABLE" if keyed else "PENDING_KEY"
