"""A door's store with its case index, fed by pages that look as the hub's: for tests that need no hub."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from adapters.content_json import write_content
from domain.codes import Purpose
from domain.content import PartialDate, PersonName
from domain.content.common import Address, Phone
from domain.content.family import Adult, Child, Family, Handbook
from domain.events import dump
from gateway.agency.index.cards import FamilyView
from gateway.agency.index.case_index import CaseIndex
from gateway.agency.index.charges import Charges
from gateway.agency.index.readers import IndexReader
from gateway.agency.index.sealed_families import FamilySeal
from gateway.agency.item_opening import OpenedItem
from gateway.agency.protected_addresses import ProtectedAddresses
from gateway.agency.store import DoorStore
from gateway.agency.task_store import TaskChanges
from keys.derive import KeyUse
from keys.signing import KemKey

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
HUB = bytes(range(32))
ROOT = UUID("5f1f1a34-6c43-4a2b-9d38-0d9a3f7b2c11")
OWN, OTHER = uuid5(ROOT, "own"), uuid5(ROOT, "other")
STAFF = "staff.a"


def id_of(name: str) -> UUID:
    return uuid5(ROOT, name)


def family_content(
    name: str = "髙橋 花子",
    kana: str = "たかはし はなこ",
    *,
    born: str = "2023-04-12",
    mother: str = "髙橋 葉子",
    address: str | None = "青葉市本町三丁目12番5号",
    phone: str | None = "090-1234-5678",
    number: str | None = None,
    ref: UUID | None = None,
) -> Family:
    """A family with one child and its mother."""
    child = Child(
        ref=ref or id_of(f"child {name}"),
        name=PersonName(text=name, kana=kana or None),
        born_on=PartialDate(value=born, written="") if born else None,
    )
    adult = Adult(name=PersonName(text=mother, kana=None), relationship="母", is_guardian=True)
    return Family(
        children=(child,),
        adults=(adult,) if mother else (),
        addresses=None if address is None else (Address(text=address),),
        phones=None if phone is None else (Phone(number=phone),),
        handbooks=None if number is None else (Handbook(number=number),),
    )


def reader(actor: str = STAFF, **changed: Any) -> IndexReader:
    """A person of a core agency that has no rules of secrecy of its own."""
    values: dict[str, Any] = {
        "agency": OWN,
        "roles": frozenset({"CORE"}),
        "programme": {"commissions": [], "rules": {"edition": None, "acknowledged": []}},
        "assignments": lambda case: [],
    }
    return IndexReader(actor=actor, **(values | changed))


class IndexedDoor:
    """The store of one door, its index and its charges, as they are in the door."""

    def __init__(self, path: Path, kem: KemKey | None = None) -> None:
        self.path, self.kem, self.at = path, kem or KemKey(bytes(32)), NOW
        self.store = DoorStore(path)
        self.addresses = ProtectedAddresses(
            self.store.addresses, partial(self.kem.own_digest, KeyUse.ADDRESS_MARK), lambda: self.at
        )
        self.index = CaseIndex(self.store, FamilySeal(self.kem, HUB), self.addresses, lambda: self.at)
        self.charges = Charges(self.store.charges, self.kem, HUB, lambda: self.at)

    def close(self) -> None:
        self.index.close()
        self.store.close()

    def reopened(self) -> IndexedDoor:
        self.close()
        return IndexedDoor(self.path, self.kem)

    # --- what comes ---------------------------------------------------------------------------------------------

    def feed(
        self,
        *messages: dict[str, Any],
        tasks: TaskChanges | None = None,
        erased: Collection[UUID] = (),
        cursor: int = 0,
    ) -> None:
        """A page of the feed."""
        position = cursor or self.store.cursor + 1
        self.store.store_feed_page(list(messages), position, tasks, [str(c) for c in erased], dump(self.at))

    def open(
        self, case: UUID, message: UUID, content: bytes, *, flags: Collection[str] = (), **more: Any
    ) -> None:
        """Somebody opens the item under BASIC of this message."""
        opened = OpenedItem(
            content=content,
            section=more.get("section", "BASIC"),
            schema=more.get("schema", "family/v1"),
            author=OTHER,
            created_at=more.get("written_at", self.at),
            act="family_information.provided",
            item=item_of(message),
            flags=tuple(flags),
        )
        self.index.note_opened(case, message, item_of(message), opened, more.get("purpose", Purpose.SUPPORT))

    def learn(self, name: str, family: Family, **more: Any) -> UUID:
        """A case of this name, whose message came and was opened."""
        case, message = id_of(name), id_of(f"{name} {more.get('n', 1)}")
        self.feed(
            message_row(case, message, at=dump(more.get("written_at", self.at)), flags=more.get("flags", ()))
        )
        self.open(case, message, write_content(family), **{k: v for k, v in more.items() if k != "n"})
        return case

    # --- what is known ------------------------------------------------------------------------------------------

    def matching(self, text: str, who: IndexReader | None = None) -> list[UUID]:
        return [view.case for view in self.index.search(text, who or reader()).families]

    def known(self, who: IndexReader | None = None) -> list[FamilyView]:
        """All that this person may be shown, by case."""
        cases = sorted(self.store.index.since(-1).cases)
        return [view for case in cases if (view := self.index.family(case, who or reader())) is not None]


def item_of(message: UUID) -> UUID:
    return uuid5(message, "item")


def message_row(case: UUID, message: UUID, state: str = "OPENABLE", **changed: Any) -> dict[str, Any]:
    """A message of the feed with one item under BASIC."""
    item = {
        "item": str(item_of(message)),
        "section": changed.pop("section", "BASIC"),
        "flags": sorted(changed.pop("flags", ())),
        "state": state,
    }
    body: dict[str, Any] = {
        "act": "family_information.provided",
        "at": dump(NOW),
        "by": str(OTHER),
        "case": str(case),
        "message": str(message),
        "fields": {},
        "items": [item],
        "protected_until": None,
        "status": "OPEN",
    }
    return {"case": str(case), "message": str(message), "seq": 1, "body": body | changed}


def gone(case: UUID, message: UUID) -> dict[str, Any]:
    return {"case": str(case), "message": str(message), "seq": 2, "body": {"gone": True}}


@contextmanager
def indexed_door(folder: Path) -> Iterator[IndexedDoor]:
    door = IndexedDoor(folder / "door.db")
    try:
        yield door
    finally:
        door.close()


DAY = timedelta(days=1)
