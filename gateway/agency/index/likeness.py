"""«同じ家庭かもしれません»: two cases whose families agree in so much that a person should look at both.

A hint with its grounds, never a decision: what agrees and what differs is listed, and only a person joins cases. No score.
Source: own rule (joined cases).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from gateway.agency.index.cards import CardPerson, FamilyView
from gateway.agency.index.folding import folded_address, folded_kana, folded_name, folded_number, folded_phone

MAX_SHOWN = 10
DAY = len("2023-04-12")


@dataclass(frozen=True)
class Agreement:
    """What two families have in common, or what differs between them. ``one``, ``other``: as each states it."""

    label: str
    one: str
    other: str


@dataclass(frozen=True)
class Likeness:
    """Another case that may be of the same family."""

    case: UUID
    title: str
    agrees: tuple[Agreement, ...]
    differs: tuple[Agreement, ...]


def likenesses(family: FamilyView, others: Iterable[FamilyView]) -> list[Likeness]:
    """The cases that may be of the same family, those that agree in most first."""
    alike = [one for other in others if (one := likeness(family, other)) is not None]
    return sorted(alike, key=lambda one: (-len(one.agrees), str(one.case)))[:MAX_SHOWN]


def likeness(family: FamilyView, other: FamilyView) -> Likeness | None:
    """What agrees and differs; None where too little agrees for a hint.

    Enough is: a number of a 母子健康手帳; a person with name or reading and birth date; or a name or reading together with a
    telephone or an address; or a telephone together with an address or a birth date.
    """
    if family.case == other.case:
        return None
    pairs = list(_alike_people(family, other))
    names = [p for p in pairs if _same_name(*p)]
    births = [p for p in pairs if _same_day(*p)]
    whole = [p for p in names if p in births]
    births = [
        p for p in births if p in whole or not any(a in p or b in p for a, b in whole)
    ]  # twins have one day
    numbers = list(_alike(family.numbers, other.numbers, folded_number))
    phones = list(_alike(family.phones, other.phones, folded_phone))
    addresses = list(_alike(family.addresses, other.addresses, folded_address))
    is_hint = bool(
        numbers or whole or (names and (phones or addresses)) or (phones and (addresses or births))
    )
    if not is_hint:
        return None
    agrees = [
        *(Agreement("氏名・生年月日", _text(a), _text(b)) for a, b in whole),
        *(Agreement("氏名またはふりがな", _text(a), _text(b)) for a, b in names if (a, b) not in whole),
        *(Agreement("生年月日", _text(a), _text(b)) for a, b in births if (a, b) not in whole),
        *(Agreement("電話", a, b) for a, b in phones),
        *(Agreement("住所", a, b) for a, b in addresses),
        *(Agreement("母子健康手帳番号など", a, b) for a, b in numbers),
    ]
    return Likeness(other.case, other.title, tuple(agrees), tuple(_differences(family, other, names, births)))


def _alike_people(family: FamilyView, other: FamilyView) -> Iterator[tuple[CardPerson, CardPerson]]:
    for one in family.people:
        for two in other.people:
            if _same_name(one, two) or _same_day(one, two):
                yield one, two


def _same_name(one: CardPerson, two: CardPerson) -> bool:
    same_text = bool(one.name) and folded_name(one.name) == folded_name(two.name)
    return same_text or (bool(one.kana) and folded_kana(one.kana) == folded_kana(two.kana))


def _same_day(one: CardPerson, two: CardPerson) -> bool:
    return len(one.born) == DAY and one.born == two.born


def _alike(
    ones: Iterable[str], others: Iterable[str], folded: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    for one in ones:
        for two in others:
            if folded(one) and folded(one) == folded(two):
                yield one, two


def _differences(
    family: FamilyView,
    other: FamilyView,
    names: list[tuple[CardPerson, CardPerson]],
    births: list[tuple[CardPerson, CardPerson]],
) -> Iterator[Agreement]:
    for a, b in names:
        if a.born and b.born and not (a.born.startswith(b.born) or b.born.startswith(a.born)):
            yield Agreement("生年月日", _text(a), _text(b))
    for a, b in births:
        if not _same_name(a, b) and a.is_child == b.is_child:
            yield Agreement("氏名", _text(a), _text(b))
    for label, ones, others, folded in (
        ("電話", family.phones, other.phones, folded_phone),
        ("住所", family.addresses, other.addresses, folded_address),
    ):
        if ones and others and not list(_alike(ones, others, folded)):
            yield Agreement(label, "、".join(ones), "、".join(others))


def _text(person: CardPerson) -> str:
    name = person.name or person.kana
    return f"{name}({person.born})" if person.born else name
