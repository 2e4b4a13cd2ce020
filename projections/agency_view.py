"""What each agency knows of: one row for each agency and message, with control and references only.

A row says what the message's control is and which items the agency could open. A message that waits for
an agency, or that was never its to see, has no row for it: «not yours» and «not there» read the same.
A row that is not its any more says ``gone`` and nothing else, so that its door forgets it.
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
from domain.tasks import knows_of
from domain.visibility import refusal_to_open, standing_readers
from domain.world import World
from projections.projection import View
from projections.rows import METADATA, Key, Lru, Sheet, text_of
from projections.stored import Stored

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
"""The body of a row that is not this agency's any more."""

_COMMON = ("to", "basis", "consent", "purpose", "reason")
_APART = frozenset({*_COMMON, "items", "held"})


class Words:
    """A message's control as JSON text: it never changes, so it is written once.

    ``control`` and ``receipt`` lack the closing brace, ``items`` lack state and closing brace.
    """

    __slots__ = ("control", "items", "receipt")

    def __init__(self, case: UUID, message: Message) -> None:
        receipt = {
            "act": message.fact.TOPIC,
            "at": text_of(message.at),
            "by": str(message.by),
            "case": str(case),
            "message": str(message.id),
        }
        fields = dump(message.fact)
        own = {name: value for name, value in fields.items() if name not in _APART}
        control = receipt | {name: fields[name] for name in _COMMON} | {"fields": own}
        self.receipt = _text(receipt)[:-1]
        self.control = _text(control)[:-1]
        self.items = {item.item: _text(_item(item))[:-1] for item in message.items}


def _item(item: Item) -> dict[str, Any]:
    flags = sorted(flag.value for flag in item.flags)
    return {"flags": flags, "item": str(item.item), "section": item.section.value}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


class AgencyView(View):
    """The feed of every agency door."""

    name = "agency_view"
    tables = (MESSAGES,)

    def __init__(self, *, cases: int = 256) -> None:
        super().__init__()
        self._rows = Sheet(MESSAGES, cases=cases)
        self.sheets = [self._rows]
        self._words: Lru[tuple[UUID, int], Words] = Lru(cases * 64)

    def review(self, db: Connection, stored: Stored, world: World) -> None:
        case = str(world.case.id)
        have = dict(self._rows.of(db, case))
        wanted = dict(bodies(world, stored.known.at, self._written))
        for key, body in wanted.items():
            if key not in have or have[key][1] != body:
                self._rows.put(db, case, key, (stored.position, body))
        for key in have.keys() - wanted.keys():
            if have[key][1] != GONE:
                self._rows.put(db, case, key, (stored.position, GONE))

    def _written(self, case: UUID, message: Message) -> Words:
        known = self._words.get((case, message.version))
        if known is None:
            known = Words(case, message)
            self._words.put((case, message.version), known)
        return known


def bodies(
    world: World, now: datetime, words: Callable[[UUID, Message], Words] = Words
) -> Iterator[tuple[Key, str]]:
    """((agency, message), body) for every agency that sees something of this case at this moment."""
    register, case, book = world.register, world.case, world.book
    for message in case.messages.values():
        standing = {
            item.item: standing_readers(register, case, message.by, message.fact, item, book)
            for item in message.items
        }
        written = words(case.id, message)
        for agency in sorted({message.by, *message.to}.union(*standing.values())):
            if knows_of(world, agency, message, now=now):
                body = _body(world, message, agency, standing, written, now)
            elif agency == message.by:  # V6, V8: of its own messages a contractor keeps the receipt
                body = f'{written.receipt},"items":[]}}'
            else:
                continue
            yield (str(agency), str(message.id)), body


def _body(
    world: World,
    message: Message,
    agency: UUID,
    standing: Mapping[UUID, frozenset[UUID]],
    written: Words,
    now: datetime,
) -> str:
    """Control, the items that this agency has a claim to, and, to the author alone, who of its people wrote it and
    for whom it waits."""
    author = agency == message.by
    items = ",".join(
        f'{written.items[item.item]},"state":"{_state(world, message, item, agency, now)}"}}'
        for item in message.items
        if author or agency in standing[item.item] or _told(message, item, agency)
    )
    apart = {"actor": message.actor, "held": sorted(map(str, message.held))}
    own = f",{_text(apart)[1:-1]}" if author else ""
    return f'{written.control}{own},"items":[{items}],"status":"{world.case.status.value}"}}'


def _told(message: Message, item: Item, agency: UUID) -> bool:
    return agency in message.to and item.section not in AUTHOR_ONLY


def _state(world: World, message: Message, item: Item, agency: UUID, now: datetime) -> str:
    """OPENABLE, PENDING_KEY (it may, but nobody has made it a key yet), or CLOSED."""
    reason = refusal_to_open(
        world.register, world.case, agency, None, message, item, now=now, book=world.book
    )
    if reason is not None:
        return "CLOSED"
    keyed = agency in item.keyed or (item.item, agency) in world.case.rewrapped
    return "OPENABLE" if keyed else "PENDING_KEY"
