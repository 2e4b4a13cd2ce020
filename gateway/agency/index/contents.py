"""From a content of ``family/v1`` to a card of the index: identity and contact, and nothing else.

A field whose form asks for a flag is never taken; nor is a place where the family does not live (workplace, facility), or no
longer lives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from adapters.content_json import read_content
from domain.content import Part, PartialDate, PersonName
from domain.content.codes import AddressKind, PhoneKind
from domain.content.common import Address, Phone
from domain.content.family import Adult, Child, Family
from domain.errors import Malformed
from gateway.agency.index.cards import CardPerson, FamilyCard

ELSEWHERE = frozenset({AddressKind.WORKPLACE, AddressKind.FACILITY})


def states_family(schema: str) -> bool:
    """Whether contents of this schema can state something for the index."""
    return schema.partition("/")[0] == Family.NAME


def card_of_content(schema: str, content: bytes) -> FamilyCard | None:
    """What the index takes of a content; None where it states nothing for it, or is not of the form that its schema has."""
    if not states_family(schema):
        return None
    try:
        family = read_content(schema, content)
    except Malformed:
        return None
    assert isinstance(family, Family)
    return card_of_family(family)


def card_of_family(family: Family) -> FamilyCard:
    """The card of a family as its sender knew it."""
    children = [p for p in _parts(family, "children") if isinstance(p, Child)]
    adults = [p for p in _parts(family, "adults") if isinstance(p, Adult)]
    addresses = [*_parts(family, "addresses"), *(_taken(p, "address") for p in (*children, *adults))]
    phones = [*_parts(family, "phones"), *(one for adult in adults for one in _parts(adult, "phones"))]
    handbooks = (_stated_text(one, "number") for one in _parts(family, "handbooks"))
    return FamilyCard(
        people=(*map(_child, children), *map(_adult, adults)),
        addresses=_stated(family.addresses is None, filter(None, map(_address, addresses))),
        phones=_stated(family.phones is None, filter(None, map(_phone, phones))),
        numbers=tuple(dict.fromkeys(filter(None, handbooks))),
    )


def _stated(not_asked: bool, texts: Iterable[str]) -> tuple[str, ...] | None:
    each_once = tuple(dict.fromkeys(texts))
    return None if not_asked and not each_once else each_once


def _child(child: Child) -> CardPerson:
    return CardPerson(
        *_name_and_reading(child),
        born=_day(child, "born_on"),
        due=_day(child, "due_on"),
        is_child=True,
        relationship=_stated_text(child, "relationship"),
        ref=str(child.ref),
    )


def _adult(adult: Adult) -> CardPerson:
    ref = _taken(adult, "ref")
    return CardPerson(
        *_name_and_reading(adult),
        born=_day(adult, "born_on"),
        relationship=_stated_text(adult, "relationship"),
        ref=str(ref) if isinstance(ref, UUID) else "",
    )


def _address(address: Any) -> str:
    if (
        not isinstance(address, Address)
        or address.kind in ELSEWHERE
        or isinstance(address.until, PartialDate)
    ):
        return ""
    return " ".join(filter(None, (_stated_text(address, "text"), _stated_text(address, "care_of"))))


def _phone(phone: Any) -> str:
    if not isinstance(phone, Phone) or phone.kind is PhoneKind.WORKPLACE:
        return ""
    return _stated_text(phone, "number")


def _name_and_reading(person: Child | Adult) -> tuple[str, str]:
    name = _taken(person, "name")
    return (
        (_stated_text(name, "text"), _stated_text(name, "kana")) if isinstance(name, PersonName) else ("", "")
    )


def _day(part: Part, field: str) -> str:
    value = _taken(part, field)
    return value.value if isinstance(value, PartialDate) else ""


def _stated_text(part: Any, field: str) -> str:
    value = _taken(part, field)
    return value if isinstance(value, str) else ""


def _parts(part: Part, field: str) -> Iterator[Any]:
    value = _taken(part, field)
    yield from value if isinstance(value, tuple) else ()


def _taken(part: Part, field: str) -> Any:
    """The value of a field; None where its form asks for a flag."""
    return getattr(part, field) if type(part).fields()[field].flag is None else None
