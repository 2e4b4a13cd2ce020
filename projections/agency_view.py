"""What each agency knows of: one row for each agency and message, with control and references only.

A row says what the message's control is and which items the agency could open. A message that waits for
an agency, or that was never its to see, has no row for it: «not yours» and «not there» read the same.
A row that is not its any more says ``gone`` and nothing else, so that its door forgets it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, Text

from domain.case import Message
from domain.codes import AUTHOR_ONLY
from domain.facts import Item, dump
from domain.tasks import knows_of
from domain.visibility import refusal_to_open, standing_readers
from domain.world import World
from projections.rows import METADATA, Key, Sheet, text_of
from projections.stored import Stored
from projections.view import View

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


class AgencyView(View):
    """The feed of every agency door."""

    name = "agency_view"
    tables = (MESSAGES,)

    def __init__(self, *, cases: int = 256) -> None:
        super().__init__()
        self._rows = Sheet(MESSAGES, cases=cases)
        self.sheets = [self._rows]

    def review(self, db: Connection, stored: Stored, world: World) -> None:
        case = str(world.case.id)
        have = dict(self._rows.of(db, case))
        wanted = dict(bodies(world, stored.record.at))
        for key, body in wanted.items():
            if key not in have or have[key][1] != body:
                self._rows.put(db, case, key, (stored.position, body))
        for key in have.keys() - wanted.keys():
            if have[key][1] != GONE:
                self._rows.put(db, case, key, (stored.position, GONE))


def bodies(world: World, now: datetime) -> Iterator[tuple[Key, str]]:
    """((agency, message), body) for every agency that sees something of this case at this moment."""
    for message in world.case.messages.values():
        standing = {
            item.item: standing_readers(
                world.register, world.case, message.by, message.fact, item, world.book
            )
            for item in message.items
        }
        control = _control(world, message)
        for agency in sorted({message.by, *message.to}.union(*standing.values())):
            body = _body(world, message, agency, standing, control, now)
            if body is not None:
                yield (str(agency), str(message.id)), _text(body)


def _body(
    world: World,
    message: Message,
    agency: UUID,
    standing: dict[UUID, frozenset[UUID]],
    control: dict[str, Any],
    now: datetime,
) -> dict[str, Any] | None:
    if not knows_of(world, agency, message, now=now):
        # V6, V8: of its own messages a contractor keeps the receipt
        return _receipt(world, message) if agency == message.by else None
    items = [
        {
            "item": str(item.item),
            "section": item.section.value,
            "flags": sorted(flag.value for flag in item.flags),
            "state": _state(world, message, item, agency, now),
        }
        for item in message.items
        if _claims(message, item, agency) or agency in standing[item.item]
    ]
    held = {"held": sorted(str(a) for a in message.held)} if agency == message.by else {}
    return {**control, **held, "items": items}


def _claims(message: Message, item: Item, agency: UUID) -> bool:
    return agency == message.by or (agency in message.to and item.section not in AUTHOR_ONLY)


def _state(world: World, message: Message, item: Item, agency: UUID, now: datetime) -> str:
    reason = refusal_to_open(
        world.register, world.case, agency, None, message, item, now=now, book=world.book
    )
    if reason is not None:
        return "CLOSED"
    keyed = agency in item.keyed or (item.item, agency) in world.case.rewrapped
    return "OPENABLE" if keyed else "PENDING_KEY"


def _receipt(world: World, message: Message) -> dict[str, Any]:
    return {
        "case": str(world.case.id),
        "message": str(message.id),
        "act": message.fact.TOPIC,
        "at": text_of(message.at),
        "by": str(message.by),
        "items": [],
    }


def _control(world: World, message: Message) -> dict[str, Any]:
    """What the message says in the clear. For whom it waits is told to its author only."""
    fields = dump(message.fact)
    return {
        **_receipt(world, message),
        **{name: fields[name] for name in _COMMON},
        "fields": {name: value for name, value in fields.items() if name not in _APART},
        "status": world.case.status.value,
    }


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
