"""What was opened a moment ago, so that the same person need not open it again to go on reading.

In memory only, never on disk; for one session; at most ``SECONDS`` after the opening that is on record. What a feed takes
away leaves it, and whoever shows something of it asks the copy of the feed again whether it may still be opened. Protected
addresses and what points to a notifier are never kept. Basis: APPI 66; V1–V9.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any
from uuid import UUID

from domain.codes import Flag, Section
from gateway.agency.documents import BYTES_SCHEMA, DOCUMENT_SCHEMA
from gateway.agency.item_opening import OpenedItem

SECONDS = 15 * 60
MAX_BYTES = 32 * 1024 * 1024
MAX_ITEM_BYTES = 1024 * 1024
MAX_ITEMS = 2_000
MAX_FILES = 20_000
NEVER_KEPT = frozenset({Section.ADDR.value, Section.NOTIFIER.value})
NEVER_KEPT_FLAGS = frozenset({Flag.ADDRESS_TRACE.value, Flag.NOTIFIER_TRACE.value})

Place = tuple[str, str, str]
"""Case, message, item."""


@dataclass(frozen=True)
class RecentContent:
    """An item that this session opened. ``until``: when it is shown no more, by the clock of this memory."""

    opened: OpenedItem = field(repr=False)
    purpose: str
    until: float


class RecentContents:
    """The memory of one door. Thread-safe; ``clock``: seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = RLock()
        self._kept: OrderedDict[tuple[str, Place], RecentContent] = OrderedDict()
        self._bytes = 0
        self._families: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._file_of: OrderedDict[str, str] = OrderedDict()

    def keep(self, session: str, case: UUID, message: UUID, opened: OpenedItem, purpose: str) -> bool:
        """Keep what was just opened on record; false for what is never kept, or is too large."""
        self.note_form(opened)
        if not session or not may_be_kept(opened):
            return False
        place = (str(case), str(message), str(opened.item))
        with self._lock:
            self._drop([(session, place)])
            self._kept[session, place] = RecentContent(opened, purpose, self._clock() + SECONDS)
            self._bytes += len(opened.content)
            self.prune()
            while self._bytes > MAX_BYTES or len(self._kept) > MAX_ITEMS:
                self._drop([next(iter(self._kept))])
        return True

    def note_form(self, opened: OpenedItem) -> None:
        """Remember which item is the file of which document: control, which the author's frame states."""
        file = opened.after
        if opened.schema == DOCUMENT_SCHEMA and file is not None and file.schema == BYTES_SCHEMA:
            with self._lock:
                self._file_of[str(file.item)] = str(opened.item)
                while len(self._file_of) > MAX_FILES:
                    self._file_of.popitem(last=False)

    def document_of(self, item: str) -> str | None:
        """The document whose file this item is, where that is known."""
        with self._lock:
            return self._file_of.get(item)

    def of_case(self, session: str, case: UUID) -> dict[str, RecentContent]:
        """Item -> what this session opened of the case and may still be shown."""
        with self._lock:
            self.prune()
            return {
                place[2]: kept
                for (who, place), kept in self._kept.items()
                if who == session and place[0] == str(case)
            }

    def is_first_look(self, session: str, case: UUID) -> bool:
        """Whether this session was not shown this family within ``SECONDS``; from now on it was."""
        with self._lock:
            self.prune()
            key = (session, str(case))
            if key in self._families:
                return False
            self._families[key] = self._clock() + SECONDS
            return True

    # --- what ends it ---------------------------------------------------------------------------------------

    def end_session(self, session: str) -> None:
        """Somebody signed out."""
        with self._lock:
            self._drop([key for key in self._kept if key[0] == session])
            for family in [key for key in self._families if key[0] == session]:
                del self._families[family]

    def apply_feed(self, messages: Iterable[Mapping[str, Any]], erased: Collection[str]) -> None:
        """What may not be opened any more leaves it."""
        with self._lock:
            if not self._kept:
                return
            open_items = {(m["case"], m["message"]): open_items_of(m["body"]) for m in messages}
            self._drop(
                [
                    (who, place)
                    for who, place in self._kept
                    if place[0] in erased
                    or (place[:2] in open_items and place[2] not in open_items[place[0], place[1]])
                ]
            )

    def prune(self) -> None:
        """Drop what is too old. Called at short intervals also where nobody reads anything."""
        now = self._clock()
        with self._lock:
            self._drop([key for key, kept in self._kept.items() if kept.until <= now])
            for family in [key for key, until in self._families.items() if until <= now]:
                del self._families[family]

    def _drop(self, keys: Iterable[tuple[str, Place]]) -> None:
        for key in keys:
            kept = self._kept.pop(key, None)
            if kept is not None:
                self._bytes -= len(kept.opened.content)


def may_be_kept(opened: OpenedItem) -> bool:
    """Whether it is shown again at all: no protected address, nothing of a notifier, no file."""
    return (
        opened.section not in NEVER_KEPT
        and not NEVER_KEPT_FLAGS & set(opened.flags)
        and opened.schema != BYTES_SCHEMA
        and len(opened.content) <= MAX_ITEM_BYTES
    )


def open_items_of(body: Mapping[str, Any]) -> frozenset[str]:
    """The items of a message that may be opened now, by a row of the feed."""
    return frozenset(i["item"] for i in body.get("items", ()) if i["state"] == "OPENABLE")
