"""The guard at the way out of a door: a protected address stands under ADDR, and nowhere else.

Everything that a door seals passes here first, whoever wrote it and on whichever way it came. Who has not read the address at
this door learns nothing of it: not which words, not which case.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import Lock
from typing import Any
from uuid import UUID

from domain.actors import is_system
from domain.calendar import day_of
from domain.codes import AUTHOR_ONLY, Flag, Section
from domain.errors import Refused
from domain.events import ProtectedAddressRegistered
from gateway.agency.address_marks import AddressIndex, Match, address_marks
from gateway.agency.address_store import AddressStore
from gateway.agency.content_form import identifying_texts, searched_texts
from gateway.agency.drafts import TEXT, SectionContent

STOPPED, SENT, NOTIFIER_MET = "address-stopped", "address-sent", "notifier-met"
OwnLog = Callable[[str, str, UUID, str], None]
"""Writes an entry of the door's own log: who, what (``STOPPED``, ``SENT``, ``NOTIFIER_MET``), in which case, by which act."""
MAX_LOGGED = 10_000
"""Of how many entries the door remembers that it wrote them about the same words."""
NOT_SEARCHED = AUTHOR_ONLY | {Section.ADDR}
"""What its author alone, or whoever is sent the address, opens."""


@dataclass(frozen=True)
class Place:
    """Where a protected address stands in a message: its section, and the words as they were written there."""

    section: str
    words: str


class ProtectedAddresses:
    """The protected addresses that one door knows. Thread-safe, as its store is."""

    def __init__(
        self, store: AddressStore, digest: Callable[[bytes], bytes], now: Callable[[], datetime]
    ) -> None:
        self._store, self._digest, self._now = store, digest, now
        self.own_log: OwnLog | None = None
        self._logged: OrderedDict[tuple[str, str, UUID, str, bytes], None] = OrderedDict()
        self._logged_lock = Lock()

    def protected_until(self, case: UUID) -> date | None:
        """The last day of a protection in force, as far as this door knows; None where there is none."""
        until = self._store.protected_until(case)
        return until if until is not None and until >= day_of(self._now()) else None

    def protected_cases(self) -> list[UUID]:
        """The cases with a protection in force, as far as this door knows."""
        return self._store.protected_cases(day_of(self._now()))

    def require_clean(
        self,
        case: UUID,
        act: str,
        parts: Sequence[SectionContent],
        *,
        actor: str,
        is_tried: bool = False,
        refresh: Callable[[], None] = lambda: None,
    ) -> None:
        """Raises Refused where a protected address stands outside ADDR and the sender has not stated that it does.

        ``is_tried``: it is looked at, not sent: nothing is logged as sent, and what is stopped is logged once, however often
        the same words are looked at. ``refresh``: learns what the hub has recorded by now; a protection may have ended.
        """
        flagged = [p for p in parts if Flag.ADDRESS_TRACE.value in p.flags]
        if flagged and is_system(actor):
            raise Refused("person-required", "Let a person sign in and do it.")
        unflagged = [p for p in parts if p not in flagged]
        stopped = any(self._matches(case, act, parts, unflagged))
        if stopped:
            refresh()
            stopped = any(self._matches(case, act, parts, unflagged))
        if stopped:
            if is_tried:
                self.log_once(actor, STOPPED, case, act, parts)
            else:
                self._log(actor, STOPPED, case, act)
            raise Refused("content-needs-review")
        if flagged and not is_tried:
            self._log(actor, SENT, case, act)

    def places(self, case: UUID, act: str, parts: Sequence[SectionContent], *, actor: str) -> list[Place]:
        """Where protected addresses stand in this, for a person who has read each of them at this door; else nothing."""
        matches = list(self._matches(case, act, parts, parts))
        known = not is_system(actor) and all(
            origin == (case, NOT_SENT) or self._store.has_read(origin, actor)
            for _, _, match in matches
            for origin in match.origins
        )
        shown = {Place(part.section, text[m.start : m.end]) for part, text, m in matches} if known else set()
        return sorted(shown, key=lambda place: (place.section, place.words))

    def with_flags(
        self, case: UUID, act: str, parts: Sequence[SectionContent], *, actor: str
    ) -> list[SectionContent]:
        """The parts as somebody sends them who has read the address: flagged where it stands in them."""
        sections = {place.section for place in self.places(case, act, parts, actor=actor)}
        return [
            replace(p, flags=tuple(sorted({*p.flags, Flag.ADDRESS_TRACE.value})))
            if p.section in sections
            else p
            for p in parts
        ]

    def note_sent(
        self,
        case: UUID,
        message: UUID,
        act: str,
        fields: Mapping[str, Any],
        parts: Sequence[SectionContent],
        *,
        actor: str,
    ) -> None:
        """Keep the marks of the addresses in a message that is about to be sent."""
        until = fields.get("until")
        last_day = date.max if until is None else date.fromisoformat(until)
        for part in parts:
            if part.section == Section.ADDR:
                schema, content = part.searchable
                self.note_read(case, message, act, content, actor=actor, until=last_day, schema=schema)

    def note_read(
        self,
        case: UUID,
        message: UUID,
        act: str,
        content: bytes,
        *,
        actor: str,
        until: date | None = None,
        schema: str = TEXT,
    ) -> None:
        """Keep the marks of an address that this person has written or opened.

        What registers a protection protects at once. ``until``: its last day, None where the feed has yet to state it.
        """
        self._store.store(case, message, actor, _marks_of(schema, content, self._digest))
        if act == ProtectedAddressRegistered.TOPIC and (until or self.protected_until(case) is None):
            self._store.protect(case, until or date.max, message)

    def note_refused(self, case: UUID, message: UUID) -> None:
        """The hub has refused the message: its address is not on record."""
        self._store.withdraw(case, message)

    def _matches(
        self, case: UUID, act: str, parts: Sequence[SectionContent], searched: Collection[SectionContent]
    ) -> list[tuple[SectionContent, str, Match]]:
        """What is marked in these parts: by addresses in force, and by those of the message itself."""
        searched = [p for p in searched if p.section not in NOT_SEARCHED]
        if not searched:
            return []
        marks = self._store.marks(day_of(self._now()))
        if act == ProtectedAddressRegistered.TOPIC or self.protected_until(case) is not None:
            own = (p for p in parts if p.section == Section.ADDR)
            marks += [((case, NOT_SENT), m) for p in own for m in _marks_of(*p.searchable, self._digest)]
        index = AddressIndex(marks, self._digest)
        texts = ((p, text) for p in searched for text in searched_texts(*p.searchable))
        return [(part, text, match) for part, text in texts for match in index.matches(text)]

    def log_once(self, actor: str, what: str, case: UUID, act: str, parts: Sequence[SectionContent]) -> None:
        """Write an entry of the door's own log about these words, unless the same was written of them since it started."""
        words = repr([(part.section, *part.searchable) for part in parts]).encode()
        entry = (actor, what, case, act, self._digest(words))
        with self._logged_lock:
            if entry in self._logged:
                self._logged.move_to_end(entry)
                return
            self._logged[entry] = None
            if len(self._logged) > MAX_LOGGED:
                self._logged.popitem(last=False)
        self._log(actor, what, case, act)

    def _log(self, actor: str, what: str, case: UUID, act: str) -> None:
        if self.own_log is not None:
            self.own_log(actor, what, case, act)


NOT_SENT = UUID(int=0)
"""Stands for a message that has no number yet."""


def _marks_of(schema: str, content: bytes, digest: Callable[[bytes], bytes]) -> frozenset[Any]:
    return frozenset(m for text in identifying_texts(schema, content) for m in address_marks(text, digest))
