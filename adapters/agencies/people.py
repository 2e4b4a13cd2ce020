"""The people of a file as ``family/v1``: what foreign formats state of a family, without loss, in the schema of BASIC.

What the schema has no place for, or would not take as it was written, stays in the words of the file under 備考. Children
have the references 1, 2, … here; the door gives them references of its own before anything is sealed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from adapters.agencies.contract import SectionText
from adapters.content_json import write_content
from domain.calendar import months_later
from domain.codes import Section
from domain.content import UNKNOWN, Answer, PartialDate, PersonName, Unknown
from domain.content.codes import Sex
from domain.content.common import Address, Phone
from domain.content.family import Adult, Child, Family, Provision
from domain.errors import Malformed
from domain.time_text import parse_day_text

ADULT_YEARS = 18
"""Below it a person is a child (児童福祉法4条1項)."""
SEXES = {"男": Sex.MALE, "男性": Sex.MALE, "女": Sex.FEMALE, "女性": Sex.FEMALE, "その他": Sex.OTHER}
_OF_CHILDREN = re.compile(r"[長次二三四五六末]?[男女]|第?[0-9一二三四五六]+[子児男女]|子|本児|児|胎児|孫")
_OF_ADULTS = re.compile(r".*(父|母|夫|妻|祖父母|叔|伯|保護者|本人|妊婦|パートナー)")
_NUMBER = re.compile(r"\+?[0-9](?:[0-9()-]{0,28}[0-9])?")


@dataclass
class FilePerson:
    """One person of a file, each value as it was written; empty where the file has none. ``born_on``: the day that
    ``born_written`` means, a year or a month where no more is known."""

    name: str = ""
    kana: str = ""
    relationship: str = ""
    sex: str = ""
    born_on: str = ""
    born_written: str = ""
    addresses: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.kana or self.born_on or self.addresses or self.phones or self.other)

    def lines(self) -> list[str]:
        """The person in words, for 備考 and where the schema does not take it."""
        pairs = [
            ("氏名", self.name),
            ("ふりがな", self.kana),
            ("続柄", self.relationship),
            ("性別", self.sex),
            ("生年月日", self.born_written or self.born_on),
            *(("住所", one) for one in self.addresses),
            *(("電話", one) for one in self.phones),
        ]
        return [f"{label}: {value}" for label, value in pairs if value] + self.other


def basic_section(
    people: Sequence[FilePerson],
    more: Sequence[str],
    *,
    today: date,
    is_pregnancy: bool,
    known_on: date | None = None,
    provision: Provision | None = None,
) -> SectionText:
    """BASIC of one family. ``more``: further lines of the file; ``is_pregnancy``: the first person is an expectant mother.

    The first person's address and telephone are the family's.
    """
    stated = [person for person in people if not person.is_empty]
    try:
        known = None if known_on is None else PartialDate(known_on.isoformat(), "")
        family = replace(_family(stated, more, today, is_pregnancy), known_on=known, provision=provision)
        return SectionText(Section.BASIC.value, write_content(family).decode(), family.SCHEMA)
    except Malformed:
        lines = [line for person in stated for line in person.lines()]
        return SectionText(Section.BASIC.value, "\n".join([*lines, *more]))


def _family(people: Sequence[FilePerson], more: Sequence[str], today: date, is_pregnancy: bool) -> Family:
    children: list[Child] = []
    adults: list[Adult] = []
    notes: list[str] = []
    for n, person in enumerate(people):
        is_further = n > 0
        if is_child(person, today, is_expectant=is_pregnancy and n == 0):
            children.append(_child(person, UUID(int=len(children) + 1), is_further))
            notes += [f"{person.name or '子ども'} 電話: {one}" for one in person.phones if is_further]
        else:
            adults.append(_adult(person, is_further))
        notes += _without_place(person, is_further)
    first = people[0] if people else FilePerson()
    return Family(
        children=tuple(children) if children else None,
        adults=tuple(adults) if adults else None,
        addresses=tuple(_address(one) for one in first.addresses) or None,
        phones=tuple(_phone(one) for one in first.phones) or None,
        note="\n".join([*notes, *more]) or None,
    )


def is_child(person: FilePerson, today: date, *, is_expectant: bool) -> bool:
    """Whether a person of a file is one of the family's children: by its relation, else by its age; an expectant mother
    is none here, however young."""
    if _OF_CHILDREN.fullmatch(unicodedata.normalize("NFKC", person.relationship)):
        return True
    if is_expectant or _OF_ADULTS.fullmatch(person.relationship):
        return False
    if not person.born_on:
        return not person.relationship
    born_on = parse_day_text(
        (person.born_on + "-12-31")[:10] if len(person.born_on) == 4 else (person.born_on + "-01")[:10]
    )
    return months_later(born_on, 12 * ADULT_YEARS) > today


def _child(person: FilePerson, ref: UUID, is_further: bool) -> Child:
    return Child(
        ref=ref,
        name=_person_name(person),
        born_on=_born(person),
        sex=_sex(person),
        relationship=_words(person.relationship),
        address=_address(person.addresses[0]) if is_further and person.addresses else None,
    )


def _adult(person: FilePerson, is_further: bool) -> Adult:
    return Adult(
        name=_person_name(person),
        born_on=_born(person),
        sex=_sex(person),
        relationship=_words(person.relationship),
        phones=tuple(_phone(one) for one in person.phones) or None if is_further else None,
        address=_address(person.addresses[0]) if is_further and person.addresses else None,
    )


def _without_place(person: FilePerson, is_further: bool) -> list[str]:
    """What the schema has no place for, in the words of the file."""
    who = person.name or person.relationship
    notes = [*person.other]
    notes += [f"住所: {one}" for one in person.addresses[1:] if is_further]
    if person.sex and person.sex not in SEXES and person.sex != "不明":
        notes.append(f"性別: {person.sex}")
    return [f"{who} {note}".strip() for note in notes]


def _person_name(person: FilePerson) -> PersonName | None:
    if not (person.name or person.kana):
        return None
    return PersonName(_words(person.name), _words(person.kana))


def _born(person: FilePerson) -> PartialDate | None:
    if not person.born_on:
        return None
    written = person.born_written
    return PartialDate(person.born_on, "" if written == person.born_on else written)


def _sex(person: FilePerson) -> Answer[Sex]:
    unknown: Answer[Sex] = UNKNOWN if person.sex == "不明" else None
    return SEXES.get(person.sex, unknown)


def _address(text: str) -> Address:
    return Address(text=_words(text))


def _phone(text: str) -> Phone:
    number = unicodedata.normalize("NFKC", text).replace(" ", "").replace("‐", "-").replace("−", "-")
    if _NUMBER.fullmatch(number):
        return Phone(number=number)
    return Phone(note=text)


def _words(text: str) -> str | Unknown | None:
    """On one line; None where there is nothing."""
    words = " ".join(text.split())
    return UNKNOWN if words == "不明" else words or None
