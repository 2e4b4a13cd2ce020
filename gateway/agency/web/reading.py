"""Reading a message in place: one click opens its ordinary items, each recorded; what a session opened a moment ago is shown
from the door's memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.codes import Purpose, Section
from domain.errors import ExchangeError, NotFound
from gateway.agency.content_form import ShownContent, shown_content
from gateway.agency.documents import DOCUMENT_SCHEMA
from gateway.agency.door import Door
from gateway.agency.recent_contents import RecentContent

OPENABLE = "OPENABLE"
OWN_CLICK = frozenset({Section.ADDR.value, Section.NOTIFIER.value, Section.SOURCE.value})
"""Sections of which each item is opened by itself: what only a few may know, and what came as foreign bytes."""


class ReadingPurpose(StrEnum):
    """For what a person opens something here."""

    SUPPORT = Purpose.SUPPORT.value
    SAFETY = Purpose.SAFETY.value
    SUPERVISION = Purpose.SUPERVISION.value


@dataclass(frozen=True)
class ShownItem:
    """An item that is shown in place. ``document``: whether it describes a file; ``purpose``: for which it was opened."""

    item: str
    section: str
    flags: tuple[str, ...]
    content: ShownContent
    document: bool
    purpose: str


@dataclass(frozen=True)
class ReadableItems:
    """The items of a message as a page shows them. ``ordinary``: sections that one click opens, each once; ``single``: items
    with a click of their own; ``closed``: (section, state) of what can't be opened now."""

    shown: tuple[ShownItem, ...]
    ordinary: tuple[str, ...]
    single: tuple[Mapping[str, Any], ...]
    closed: tuple[tuple[str, str], ...]


def is_ordinary(item: Mapping[str, Any]) -> bool:
    """Whether an item of the feed is opened together with the others of its message."""
    return item["section"] not in OWN_CLICK and not item["flags"]


def readable_items(
    door: Door,
    items: Iterable[Mapping[str, Any]],
    recent: Mapping[str, RecentContent],
    names: Mapping[UUID, str],
) -> ReadableItems:
    """The items of one message. ``recent``: what this session may be shown again; ``items``: of the feed, of this moment."""
    shown: list[ShownItem] = []
    ordinary: dict[str, None] = {}
    single: list[Mapping[str, Any]] = []
    closed: dict[tuple[str, str], None] = {}
    for item in items:
        if item["state"] != OPENABLE:
            closed[item["section"], item["state"]] = None
        elif item["item"] in recent:
            shown.append(_shown_item(item, recent[item["item"]], names))
        elif door.recent.document_of(item["item"]) is not None:
            continue  # the file of a document: one thing with it
        elif is_ordinary(item):
            ordinary[item["section"]] = None
        else:
            single.append(item)
    return ReadableItems(tuple(shown), tuple(ordinary), tuple(single), tuple(closed))


def _shown_item(item: Mapping[str, Any], kept: RecentContent, names: Mapping[UUID, str]) -> ShownItem:
    opened = kept.opened
    return ShownItem(
        item=item["item"],
        section=item["section"],
        flags=tuple(item["flags"]),
        content=shown_content(opened.schema, opened.content, names),
        document=opened.schema == DOCUMENT_SCHEMA,
        purpose=kept.purpose,
    )


def may_show_again(door: Door) -> bool:
    """Whether the door knows what may be opened at this moment: it has just read its feed."""
    return door.behind_since is None


def open_ordinary(
    door: Door, case: UUID, message: UUID, *, actor: str, session: str, purpose: Purpose
) -> int:
    """Open the ordinary items of a message that this session has not at hand, one recorded opening each; of a document the
    description, not yet its file. Returns how many could not be opened.

    Raises NotFound, and what ``Door.open`` raises where nothing could be opened.
    """
    row = door.store.message(case, message)
    if row is None:
        raise NotFound("not-found")
    at_hand: Collection[str] = door.recent.of_case(session, case) if may_show_again(door) else ()
    wanted = [i for i in row.get("items", ()) if i["state"] == OPENABLE and is_ordinary(i)]
    return _open_each(
        door, case, message, [i for i in wanted if i["item"] not in at_hand], actor, session, purpose
    )


def _open_each(
    door: Door,
    case: UUID,
    message: UUID,
    items: Sequence[Mapping[str, Any]],
    actor: str,
    session: str,
    purpose: Purpose,
) -> int:
    opened_count, failure = 0, None
    for item in items:
        if door.recent.document_of(item["item"]) is not None:
            opened_count += 1  # it is given with its document, when somebody wants the file
            continue
        try:
            opened = door.open(
                case, message, UUID(item["item"]), item["section"], actor=actor, purpose=purpose
            )
        except ExchangeError as error:
            failure = failure or error
            continue
        opened_count += 1
        door.recent.keep(session, case, message, opened, purpose.value)
    if failure is not None and opened_count == 0:
        raise failure
    return len(items) - opened_count
