"""The case index of one door: what is remembered of its families, found by people who may know it, and no longer than that.

It is fed by what this agency sent and by what it opened; what the feed takes away leaves it in the same transaction. While
an address of the family is protected, nothing of its address or telephone is matched or shown. Basis: APPI 66; V1–V9.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING
from uuid import UUID

from domain.calendar import day_of
from domain.codes import Purpose, Section
from domain.errors import Refused, Unavailable
from domain.events import AddressProtectionEnded, dump
from domain.time_text import parse_time_text
from gateway.agency.index.cards import FamilyView, IndexedItem, card_for_index, family_view
from gateway.agency.index.contents import card_of_content
from gateway.agency.index.family_search import FamilySearch, Hit
from gateway.agency.index.readers import IndexReader
from gateway.agency.index.sealed_families import FamilySeal
from gateway.agency.index.search_query import words_of
from gateway.agency.joined_cases import ACTS, cases_of_family

if TYPE_CHECKING:
    from gateway.agency.item_opening import OpenedItem
    from gateway.agency.protected_addresses import ProtectedAddresses
    from gateway.agency.store import DoorStore

MAX_AGE = timedelta(hours=24)
"""Without the hub this long, nobody knows what the agency may still open: then nothing is shown."""


@dataclass(frozen=True)
class IndexStatus:
    """``position``: the record up to which it does what the hub states; ``as_of``: when that was read (UTC text), None
    before the first time; ``unreadable``: cases whose entry was changed or can't be opened."""

    position: int
    as_of: str | None
    families: int
    unreadable: tuple[UUID, ...]


@dataclass(frozen=True)
class ListedName:
    """A family in a list: its name, or why there is none. ``state``: NAMED, UNOPENED (no item of BASIC was opened here),
    NAMELESS (what was opened states no name), HIDDEN (not for this person, or too old). ``reading``: of the name, in kana,
    where it is known; ``ages``: of its children in years, None for one whose age is not known or who is not born yet."""

    state: str
    text: str = ""
    reading: str = ""
    ages: tuple[int | None, ...] = ()


class CaseIndex:
    """Thread-safe. The sealed entries are the truth; what is in memory follows them before each answer."""

    def __init__(
        self,
        store: DoorStore,
        family_seal: FamilySeal,
        addresses: ProtectedAddresses,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._addresses, self._now = store, addresses, now
        self._lock = RLock()
        self._search = FamilySearch()
        self._items: dict[UUID, frozenset[str]] = {}
        self._unreadable: set[UUID] = set()
        self._flagged: dict[UUID, FamilyView] = {}
        self._change_count, self._n = -1, 0
        store.index.use(family_seal)

    def close(self) -> None:
        self._search.close()

    # --- what feeds it --------------------------------------------------------------------------------------

    def note_sent(
        self,
        case: UUID,
        message: UUID,
        parts: Iterable[tuple[str, str, str, Collection[str], bytes]],
        *,
        written_at: datetime,
    ) -> None:
        """What this agency wrote is on record. ``parts``: (item, section, schema, flags, content) of each."""
        items = [
            self._item(item, message, dump(written_at), schema, flags, content)
            for item, section, schema, flags, content in parts
            if section == Section.BASIC
        ]
        if items:
            self._store.index.add(case, items, from_feed=False)

    def note_opened(
        self, case: UUID, message: UUID, item: UUID, opened: OpenedItem, purpose: Purpose
    ) -> None:
        """Somebody of this agency opened an item on record."""
        if opened.section == Section.BASIC and purpose is not Purpose.REHEARSAL_CHECK:
            at = dump(opened.created_at)
            indexed = self._item(str(item), message, at, opened.schema, opened.flags, opened.content)
            self._store.index.add(case, [indexed], from_feed=True)

    @staticmethod
    def _item(
        item: str, message: UUID, at: str, schema: str, flags: Collection[str], content: bytes
    ) -> IndexedItem:
        card = card_for_index(card_of_content(schema, content), flags)
        return IndexedItem(item, str(message), at, tuple(sorted(flags)), card)

    # --- answers --------------------------------------------------------------------------------------------

    def status(self) -> IndexStatus:
        """How far it goes, and what is wrong with it."""
        with self._lock:
            self._follow()
            return IndexStatus(
                position=self._store.cursor,
                as_of=self._store.feed_at,
                families=len(self._search),
                unreadable=tuple(sorted(self._unreadable)),
            )

    @property
    def is_current(self) -> bool:
        """Whether the feed was read within ``MAX_AGE``."""
        read_at = self._store.feed_at
        return read_at is not None and self._now() - parse_time_text(read_at) <= MAX_AGE

    def require_current(self) -> None:
        """Raises Unavailable where the hub was away so long that nothing may be shown."""
        if not self.is_current:
            raise Unavailable("index-out-of-date")

    def search(self, text: str, reader: IndexReader) -> list[Hit]:
        """The families that fit, the best first. Raises Malformed (nothing to look for), Unavailable (too old), Refused
        (who has not acknowledged the agency's rules)."""
        words = words_of(text)
        self.require_current()
        if not reader.may_read:
            raise Refused("index-rules-not-acknowledged")
        with self._lock:
            self._follow()
            hidden = self._without_contact()
            hits = self._search.matches(words, without_contact=hidden)
        return [
            Hit(self._shown(hit.view, hidden), hit.rank) for hit in hits if reader.may_know(hit.view.case)
        ]

    def family(self, case: UUID, reader: IndexReader) -> FamilyView | None:
        """What is known of one family, for this person; None where that is nothing. Raises Unavailable (too old)."""
        self.require_current()
        with self._lock:
            self._follow()
            view = self._search.view(case)
            hidden = self._without_contact()
        if view is None or not reader.may_know(case):
            return None
        return self._shown(view, hidden)

    def families(self, reader: IndexReader) -> list[FamilyView]:
        """All that this person may be shown, to be compared with each other."""
        self.require_current()
        with self._lock:
            self._follow()
            views, hidden = self._search.views(), self._without_contact()
        return [self._shown(v, hidden) for v in views if reader.may_know(v.case)]

    def names(self, cases: Iterable[UUID], reader: IndexReader) -> dict[str, ListedName]:
        """What a list shows for each case instead of a number alone."""
        return {str(case): self._listed_name(case, reader) for case in cases}

    def _listed_name(self, case: UUID, reader: IndexReader) -> ListedName:
        if not self.is_current or not reader.may_know(case):
            return ListedName("HIDDEN")
        with self._lock:
            self._follow()
            view, is_opened = self._search.view(case), case in self._items
        if view is not None and view.title:
            today = day_of(self._now())
            ages = tuple(None if child.due else child.age_on(today) for child in view.children)
            return ListedName("NAMED", view.title, view.reading, ages)
        has_unopened = not is_opened and self._store.has_openable(case, Section.BASIC)
        return ListedName("UNOPENED" if has_unopened else "NAMELESS")

    def birth_month(self, case: UUID, child: UUID) -> str | None:
        """When a child was born, ``YYYY-MM``, for counts by age; None where that is not known, or the feed is too old."""
        if not self.is_current:
            return None
        with self._lock:
            self._follow()
            view = self._search.view(case)
        born = next((p.born for p in view.children if p.ref == str(child)), "") if view is not None else ""
        return born[:7] if len(born) >= len("2023-04") else None

    def has_item(self, case: UUID, item: str) -> bool:
        """Whether the index has already taken what this item states."""
        with self._lock:
            self._follow()
            return item in self._items.get(case, ())

    # --- with the lock --------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Take over what changed in the sealed entries, by whichever process."""
        count = self._store.index.change_count
        if count == self._change_count:
            return
        changes = self._store.index.since(self._n)
        self._search.remove(self._search.cases() - changes.cases)
        self._items = {case: items for case, items in self._items.items() if case in changes.cases}
        self._flagged = {case: view for case, view in self._flagged.items() if case in changes.cases}
        self._unreadable &= changes.cases
        views: list[FamilyView] = []
        for case, items in changes.families.items():
            self._unreadable.discard(case)
            view = None if items is None else family_view(case, items)
            if items is None:
                self._unreadable.add(case)
            self._items[case] = frozenset(i.item for i in items or ())
            self._flagged.pop(case, None)
            if view is not None and view.contact_hidden_since is not None:
                self._flagged[case] = view
            if view is None:
                self._search.remove([case])
            else:
                views.append(view)
        self._search.put(views)
        for case in self._unreadable:
            self._items.pop(case, None)
        self._change_count, self._n = count, changes.n

    def _without_contact(self) -> frozenset[UUID]:
        """The families of which no address and telephone is matched or shown: those under protection, with all cases of
        the same family."""
        protected = set(self._addresses.protected_cases())
        protected |= {view.case for view in self._flagged.values() if self._is_hidden_by_flag(view)}
        joins = self._store.messages_of_acts(ACTS) if protected else []
        families = (
            {UUID(other) for case in protected for other in cases_of_family(joins, case)} if joins else set()
        )
        return frozenset(protected | families)

    def _is_hidden_by_flag(self, view: FamilyView) -> bool:
        since = view.contact_hidden_since
        if since is None:
            return False
        ended = self._store.latest_of_act(view.case, AddressProtectionEnded.TOPIC)
        return ended is None or ended < since

    @staticmethod
    def _shown(view: FamilyView, hidden: Collection[UUID]) -> FamilyView:
        return view.without_contact() if view.case in hidden else view
