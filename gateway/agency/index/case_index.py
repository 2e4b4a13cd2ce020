"""The case index of one door: what is remembered of its families, found by people who may know it, and no longer than that.

It is fed by what this agency sent and by what it opened; what the feed takes away leaves it in the same transaction. While
an address of the family is protected, nothing of its address or telephone is matched or shown. Basis: APPI 66; V1–V9.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.calendar import day_of
from domain.codes import Purpose, Section
from domain.errors import Refused, Unavailable
from domain.events import AddressProtectionEnded, dump
from domain.time_text import parse_time_text
from gateway.agency.index.cards import FamilyView, IndexedItem, card_for_index, family_view
from gateway.agency.index.contents import card_of_content, states_family
from gateway.agency.index.family_search import FamilySearch, SearchResult
from gateway.agency.index.readers import IndexReader
from gateway.agency.index.sealed_families import FamilySeal
from gateway.agency.index.search_query import words_of
from gateway.agency.joined_cases import ACTS, cases_of_families

if TYPE_CHECKING:
    from gateway.agency.item_opening import OpenedItem
    from gateway.agency.protected_addresses import ProtectedAddresses
    from gateway.agency.store import DoorStore

MAX_AGE = timedelta(hours=24)
"""Without the hub this long, nobody knows what the agency may still open: then nothing is shown."""
READ_AT_ONCE = 100
"""So many entries are read before an answer; where more have changed, a thread reads them, and answers state it."""
MAX_SHOWN = 50
_LET_OTHERS_SECONDS = 0.001


@dataclass(frozen=True)
class IndexStatus:
    """``position``: the record up to which it does what the hub states; ``as_of``: when that was read (UTC text), None
    before the first time; ``families``: that can be searched; ``waiting``: entries that are still to be read;
    ``unreadable``: cases whose entry was changed or can't be opened."""

    position: int
    as_of: str | None
    families: int
    unreadable: tuple[UUID, ...]
    waiting: int = 0

    @property
    def entries(self) -> int:
        """All entries that this door has."""
        return self.families + len(self.unreadable) + self.waiting


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
    """Thread-safe. The sealed entries are the truth; what is in memory follows them before each answer.

    What changed is forgotten at once, and read again before the answer where it is little. Where it is much, as after a
    start, a thread reads it, and answers say how much is still to be read.
    """

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
        self._waiting: dict[UUID, None] = {}
        self._hidden: frozenset[UUID] = frozenset()
        self._families_of: tuple[Any, frozenset[UUID]] = (None, frozenset())
        self._change_count, self._n = -1, 0
        self._stop = Event()
        self._thread: Thread | None = None
        store.index.use(family_seal)

    def start(self) -> None:
        """Begin to read the entries, in a thread. Whoever asks meanwhile is told how many are still to be read."""
        with self._lock:
            if (self._thread is None or not self._thread.is_alive()) and not self._stop.is_set():
                self._thread = Thread(target=self._read_all, name="case-index", daemon=True)
                self._thread.start()

    def read_all(self) -> None:
        """Return once all entries have been read."""
        while self._read_some():
            pass

    def close(self) -> None:
        """Stop reading after the entries that are being read, and forget all."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)
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
            self._store.index.add(case, [indexed, *_of_no_use(message, at, opened)], from_feed=True)

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
                waiting=len(self._waiting),
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

    def search(self, text: str, reader: IndexReader, limit: int = MAX_SHOWN) -> SearchResult:
        """The families that fit, the best first. Raises Malformed (nothing to look for), Unavailable (too old), Refused
        (who has not acknowledged the agency's rules)."""
        words = words_of(text)
        self.require_current()
        if not reader.may_read:
            raise Refused("index-rules-not-acknowledged")
        may_know = None if reader.may_know_all else reader.may_know
        with self._lock:
            self._follow()
            result = self._search.matches(words, limit, may_know=may_know)
            shown = tuple(map(self._shown, result.families))
            return replace(result, families=shown, waiting=len(self._waiting))

    def family(self, case: UUID, reader: IndexReader) -> FamilyView | None:
        """What is known of one family, for this person; None where that is nothing. Raises Unavailable (too old)."""
        self.require_current()
        view = self._view(case)
        return None if view is None or not reader.may_know(case) else view

    def alike(self, family: FamilyView, reader: IndexReader) -> list[FamilyView]:
        """The other families that state one of the same names, readings, telephones or numbers, as far as this person may
        be shown them. Raises Unavailable (too old)."""
        self.require_current()
        with self._lock:
            self._follow()
            views = list(map(self._shown, self._search.alike(family)))
        return [view for view in views if reader.may_know(view.case)]

    def titles(self, cases: Iterable[UUID], reader: IndexReader) -> dict[str, str]:
        """The names of those of these families that this person may be shown, as far as they have been read."""
        if not self.is_current:
            return {}
        with self._lock:
            self._follow()
            views = [view for case in cases if (view := self._search.view(case)) is not None and view.title]
        return {str(view.case): view.title for view in views if reader.may_know(view.case)}

    def sort_names(self, cases: Iterable[UUID], reader: IndexReader) -> dict[str, str]:
        """By what a list is ordered: the reading of a family's name, else the name; of those that this person may be shown."""
        known = [case for case in cases if reader.may_know(case)] if self.is_current else []
        views = self._views(known).values()
        return {str(view.case): view.reading or view.title for view in views}

    def names(self, cases: Iterable[UUID], reader: IndexReader) -> dict[str, ListedName]:
        """What a list shows for each case instead of a number alone."""
        listed, today = list(cases), day_of(self._now())
        known = [case for case in listed if reader.may_know(case)] if self.is_current else []
        with self._lock:
            views = self._views(known)
            is_opened = {case: case in self._items for case in known}
        names = {case: self._listed_name(case, views.get(case), is_opened[case], today) for case in known}
        return {str(case): names.get(case, ListedName("HIDDEN")) for case in listed}

    def _listed_name(self, case: UUID, view: FamilyView | None, is_opened: bool, today: date) -> ListedName:
        if view is not None and view.title:
            ages = tuple(None if child.due else child.age_on(today) for child in view.children)
            return ListedName("NAMED", view.title, view.reading, ages)
        has_unopened = not is_opened and self._store.has_openable(case, Section.BASIC)
        return ListedName("UNOPENED" if has_unopened else "NAMELESS")

    def child_names(self, case: UUID, reader: IndexReader) -> dict[str, str]:
        """Reference -> name of each child of this family, as far as it was read and this person may know it."""
        if not self.is_current or not reader.may_know(case):
            return {}
        view = self._view(case)
        children = () if view is None else view.children
        return {child.ref: child.name or child.kana for child in children if child.ref}

    def birth_month(self, case: UUID, child: UUID) -> str | None:
        """When a child was born, ``YYYY-MM``, for counts by age; None where that is not known, or the feed is too old."""
        if not self.is_current:
            return None
        view = self._view(case)
        born = next((p.born for p in view.children if p.ref == str(child)), "") if view is not None else ""
        return born[:7] if len(born) >= len("2023-04") else None

    def has_item(self, case: UUID, item: str) -> bool:
        """Whether the index has already taken what this item states."""
        with self._lock:
            self._view(case)
            return item in self._items.get(case, ())

    def _view(self, case: UUID) -> FamilyView | None:
        """What is known of one family, read now if it still waits."""
        return self._views([case]).get(case)

    def _views(self, cases: Collection[UUID]) -> dict[UUID, FamilyView]:
        """What is known of these families, of those of which something is; those that still wait are read now."""
        with self._lock:
            self._follow()
            waiting = [case for case in cases if case in self._waiting]
            if waiting:
                self._read(waiting)
                self._hide(self._without_contact())
            views = ((case, self._search.view(case)) for case in cases)
            return {case: self._shown(view) for case, view in views if view is not None}

    # --- in the thread ----------------------------------------------------------------------------------------

    def _read_all(self) -> None:
        with suppress(Unavailable):  # whoever asks next starts it again
            while not self._stop.is_set() and self._read_some():
                self._stop.wait(_LET_OTHERS_SECONDS)

    def _read_some(self) -> bool:
        """Read some of what waits; whether more does."""
        with self._lock:
            self._note_changes()
            self._read(list(islice(self._waiting, READ_AT_ONCE)))
            return bool(self._waiting)

    # --- with the lock --------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Take over what changed in the sealed entries, by whichever process, and what is protected now."""
        self._note_changes()
        if len(self._waiting) <= READ_AT_ONCE:
            self._read(list(self._waiting))
        else:
            self.start()
        self._hide(self._without_contact())

    def _note_changes(self) -> None:
        """Forget what changed; it waits to be read again."""
        count = self._store.index.change_count
        if count == self._change_count:
            return
        changes = self._store.index.since(self._n)
        self._waiting = {case: None for case in self._waiting if case in changes.cases}
        self._waiting |= dict.fromkeys(changes.changed)
        stays = changes.cases - self._waiting.keys()
        self._search.remove(self._search.cases() - stays)
        self._items = {case: items for case, items in self._items.items() if case in stays}
        self._flagged = {case: view for case, view in self._flagged.items() if case in stays}
        self._unreadable &= stays
        self._change_count, self._n = count, changes.n

    def _read(self, cases: Collection[UUID]) -> None:
        """Read these entries; they wait no more."""
        if not cases:
            return
        views: list[FamilyView] = []
        for case, items in self._store.index.opened(cases).items():
            if items is None:
                self._unreadable.add(case)
                continue
            self._items[case] = frozenset(i.item for i in items)
            view = family_view(case, items)
            if view is not None:
                views.append(view)
                if view.contact_hidden_since is not None:
                    self._flagged[case] = view
        self._search.put(views, without_contact=self._hidden | self._flagged.keys())
        self._hidden |= self._flagged.keys() & {view.case for view in views}
        for case in cases:
            self._waiting.pop(case, None)

    def _hide(self, hidden: frozenset[UUID]) -> None:
        """From now on no address and no telephone of these families is matched, and of others they are again."""
        changed = (view for case in hidden ^ self._hidden if (view := self._search.view(case)) is not None)
        self._search.put(list(changed), without_contact=hidden)
        self._hidden = hidden

    def _without_contact(self) -> frozenset[UUID]:
        """The families of which no address and telephone is matched or shown: those under protection, with all cases of
        the same family. What is joined with an entry that is not read has none either: that entry may state a protected
        address."""
        protected = frozenset(self._addresses.protected_cases()) | {
            view.case for view in self._flagged.values() if self._is_hidden_by_flag(view)
        }
        unread = self._unreadable.union(self._waiting)
        known_for = (self._store.cursor, protected, unread)
        if (protected or unread) and self._families_of[0] != known_for:
            joins = self._store.messages_of_acts(ACTS)
            families = map(UUID, cases_of_families(joins, protected | unread)) if joins else ()
            self._families_of = (known_for, protected.union(families).difference(unread - protected))
        return self._families_of[1] if protected or unread else protected

    def _is_hidden_by_flag(self, view: FamilyView) -> bool:
        since = view.contact_hidden_since
        if since is None:
            return False
        ended = self._store.latest_of_act(view.case, AddressProtectionEnded.TOPIC)
        return ended is None or ended < since

    def _shown(self, view: FamilyView) -> FamilyView:
        return view.without_contact() if view.case in self._hidden else view


def _of_no_use(message: UUID, at: str, opened: OpenedItem) -> list[IndexedItem]:
    """The other items under BASIC of the same signed frame whose schema states no family, such as the bytes of a file: they
    are known to give nothing, and need never be opened for the index."""
    return [
        IndexedItem(str(other.item), str(message), at, tuple(other.flags), None)
        for other in opened.beside
        if other.section == Section.BASIC and not states_family(other.schema)
    ]
