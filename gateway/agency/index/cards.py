"""What the case index holds of a family: identity and contact, from each content that states them, and all of it together.

The cards of a family come from several items; each leaves with its item. What is shown is the newest statement; names that
older ones state are matched too, and marked as former.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import chain
from typing import Any
from uuid import UUID

from domain.codes import Flag
from gateway.agency.index.folding import (
    folded_address,
    folded_kana,
    folded_name,
    folded_phone,
    kana_forms,
    name_forms,
)

CONTACT_HIDDEN_BY = frozenset({Flag.DV_PROTECTED.value, Flag.ADDRESS_TRACE.value})
"""An item with one of these states identity alone: its address and telephone are not taken."""
NOT_INDEXED = frozenset(
    f.value for f in (Flag.SENSITIVE, Flag.CHILD_STATEMENT, Flag.THIRD_PARTY, Flag.NOTIFIER_TRACE)
)
"""Nothing of an item with one of these is taken."""


@dataclass(frozen=True)
class CardPerson:
    """A child or an adult of the family. ``born``: ``2023``, ``2023-04``, ``2023-04-12`` or empty; ``due``: likewise, of a
    child that is not born yet; ``ref``: the child's reference, or empty. ``former``: an older statement that a newer one
    does not repeat."""

    name: str
    kana: str = ""
    born: str = ""
    due: str = ""
    is_child: bool = False
    relationship: str = ""
    ref: str = ""
    former: bool = False

    def age_on(self, day: date) -> int | None:
        """In whole years; None where the day of birth is not known to the day."""
        if len(self.born) != len("2023-04-12"):
            return None
        born = date.fromisoformat(self.born)
        years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        return years if years >= 0 else None

    def is_same_as(self, other: CardPerson) -> bool:
        """Whether two statements of one family are about one person."""
        if self.ref and other.ref:
            return self.ref == other.ref
        same_name = bool(self.name) and folded_name(self.name) == folded_name(other.name)
        same_kana = bool(self.kana) and folded_kana(self.kana) == folded_kana(other.kana)
        return (same_name or same_kana) and (not self.born or not other.born or self.born == other.born)


@dataclass(frozen=True)
class FamilyCard:
    """Identity and contact from one content. ``addresses``, ``phones``: None where it was not asked."""

    people: tuple[CardPerson, ...] = ()
    addresses: tuple[str, ...] | None = None
    phones: tuple[str, ...] | None = None
    numbers: tuple[str, ...] = ()

    def without_contact(self) -> FamilyCard:
        return replace(self, addresses=None, phones=None)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> FamilyCard:
        addresses, phones = data["addresses"], data["phones"]
        return FamilyCard(
            tuple(CardPerson(**person) for person in data["people"]),
            None if addresses is None else tuple(addresses),
            None if phones is None else tuple(phones),
            tuple(data["numbers"]),
        )


@dataclass(frozen=True)
class IndexedItem:
    """An item under BASIC that this agency wrote or has opened. ``card``: None where it states nothing for the index."""

    item: str
    message: str
    at: str
    flags: tuple[str, ...]
    card: FamilyCard | None

    def to_json(self) -> dict[str, Any]:
        card = None if self.card is None else self.card.to_json()
        return {
            "item": self.item,
            "message": self.message,
            "at": self.at,
            "flags": list(self.flags),
            "card": card,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> IndexedItem:
        card = None if data["card"] is None else FamilyCard.from_json(data["card"])
        return IndexedItem(data["item"], data["message"], data["at"], tuple(data["flags"]), card)


@dataclass(frozen=True)
class FamilyView:
    """What the index knows of a family now. ``contact_hidden_since``: when an item stated that its address is protected;
    ``as_of``: when the newest statement was made."""

    case: UUID
    people: tuple[CardPerson, ...]
    addresses: tuple[str, ...]
    phones: tuple[str, ...]
    numbers: tuple[str, ...]
    contact_hidden_since: str | None
    as_of: str

    @property
    def children(self) -> tuple[CardPerson, ...]:
        return tuple(p for p in self.people if p.is_child and not p.former)

    @property
    def adults(self) -> tuple[CardPerson, ...]:
        return tuple(p for p in self.people if not p.is_child and not p.former)

    @property
    def former(self) -> tuple[CardPerson, ...]:
        return tuple(p for p in self.people if p.former)

    @property
    def title(self) -> str:
        """The family in a list: its first child with a name, else its first person; empty where nobody is named."""
        named = self._named
        return (named.name or named.kana) if named is not None else ""

    @property
    def reading(self) -> str:
        """The reading of ``title``; empty where none is known."""
        named = self._named
        return named.kana if named is not None else ""

    @property
    def _named(self) -> CardPerson | None:
        return next((p for p in (*self.children, *self.adults) if p.name or p.kana), None)

    def without_contact(self) -> FamilyView:
        return replace(self, addresses=(), phones=())

    def folded_names(self) -> tuple[str, ...]:
        """Every name and reading in the forms in which it is matched, each once."""
        forms = ((*name_forms(p.name), *kana_forms(p.kana)) for p in self.people)
        return tuple(dict.fromkeys(chain.from_iterable(forms)))

    def folded_contacts(self) -> tuple[str, ...]:
        """Addresses and telephones in their one form."""
        return tuple(filter(None, (*map(folded_address, self.addresses), *map(folded_phone, self.phones))))

    @property
    def sort_key(self) -> str:
        """By which families are ordered: the reading of the first person who has one, folded; empty where nobody has."""
        return next((folded_kana(p.kana) for p in self.people if p.kana), "")


def card_for_index(card: FamilyCard | None, flags: Iterable[str]) -> FamilyCard | None:
    """What of a card the index may hold, by the flags of its item."""
    stated = frozenset(flags)
    if card is None or stated & NOT_INDEXED:
        return None
    return card.without_contact() if stated & CONTACT_HIDDEN_BY else card


def family_view(case: UUID, items: Iterable[IndexedItem]) -> FamilyView | None:
    """All cards of a family together; None where no item states who it is."""
    newest_first = sorted(items, key=lambda i: (i.at, i.item), reverse=True)
    cards = [(item, item.card) for item in newest_first if item.card is not None]
    if not cards:
        return None
    people: list[CardPerson] = []
    for n, (_, card) in enumerate(cards):
        for person in card.people:
            if not any(person == p or _repeats(person, p) for p in people):
                known = any(person.is_same_as(p) for p in people)
                people.append(replace(person, former=n > 0 and (known or _states_people(cards[0][1]))))
    hidden = [item.at for item in newest_first if CONTACT_HIDDEN_BY & frozenset(item.flags)]
    return FamilyView(
        case=case,
        people=tuple(people),
        addresses=next((c.addresses for _, c in cards if c.addresses is not None), ()),
        phones=next((c.phones for _, c in cards if c.phones is not None), ()),
        numbers=tuple(dict.fromkeys(n for _, c in cards for n in c.numbers)),
        contact_hidden_since=max(hidden, default=None),
        as_of=cards[0][0].at,
    )


def _repeats(older: CardPerson, newer: CardPerson) -> bool:
    """Whether the older statement states nothing that the newer one does not."""
    return (
        older.is_same_as(newer)
        and folded_name(older.name) in ("", folded_name(newer.name))
        and folded_kana(older.kana) in ("", folded_kana(newer.kana))
        and older.born in ("", newer.born)
    )


def _states_people(card: FamilyCard) -> bool:
    return bool(card.people)
