"""The families of a story: as the story describes them, else invented ones, always the same for the same story.

Every name begins with 架空, 見本 or 例示 and no address exists, so that nobody takes them for real ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from domain.codes import Section


@dataclass(frozen=True, kw_only=True)
class StoryChild:
    """A child. ``label``: as the steps of the story name it; ``born_on``, ``due_on``: dates as text, one of them or none."""

    label: str
    name: str
    kana: str
    sex: str | None = None
    born_on: str | None = None
    due_on: str | None = None
    affiliation: str | None = None


@dataclass(frozen=True, kw_only=True)
class StoryAdult:
    """A guardian or another person of the household."""

    name: str
    kana: str
    relationship: str
    born_on: str | None = None
    is_guardian: bool = True
    lives_together: bool = True


@dataclass(frozen=True, kw_only=True)
class StoryFamily:
    """Whom a story is about. ``address``, ``phone``: ordinary ones; None in a story in which an address is protected."""

    children: Sequence[StoryChild]
    adults: Sequence[StoryAdult]
    address: str | None
    phone: str | None


_SURNAMES = (("架空", "かくう"), ("見本", "みほん"), ("例示", "れいじ"))
_GIVEN = (
    ("さくら", "FEMALE"),
    ("はると", "MALE"),
    ("すみれ", "FEMALE"),
    ("そうた", "MALE"),
    ("ひなた", None),
    ("りん", None),
)
_MOTHERS = (("花子", "はなこ"), ("美咲", "みさき"), ("陽子", "ようこ"), ("由美", "ゆみ"))
_TOWNS = ("青空町", "霞台", "雲雀丘", "朝凪町")


def parse_family(raw: Mapping[str, Any]) -> StoryFamily:
    """A family as a story file describes it. Raises KeyError, TypeError where it does not have its form."""
    return StoryFamily(
        children=tuple(StoryChild(**_as_text(child)) for child in raw["children"]),
        adults=tuple(StoryAdult(**_as_text(adult)) for adult in raw["adults"]),
        address=raw.get("address"),
        phone=raw.get("phone"),
    )


def invented_family(story: str, label: str | None, sections: Sequence[str], first_year: int) -> StoryFamily:
    """A family for a story that describes none. ``sections``: all that the story writes: with ADDR among them the family
    has no ordinary address. ``first_year``: that in which the story begins; the child was born before it."""
    seed = sha256(f"{story}/{label or ''}".encode()).digest()
    surname, surname_kana = _SURNAMES[seed[0] % len(_SURNAMES)]
    given, sex = _GIVEN[seed[1] % len(_GIVEN)]
    mother, mother_kana = _MOTHERS[seed[2] % len(_MOTHERS)]
    is_protected = Section.ADDR in sections
    return StoryFamily(
        children=(
            StoryChild(
                label=given,
                name=f"{surname} {given}",
                kana=f"{surname_kana} {given}",
                sex=sex,
                born_on=f"{min(2021 + seed[3] % 4, first_year - 1)}-{1 + seed[4] % 12:02}-{1 + seed[5] % 28:02}",
            ),
        ),
        adults=(
            StoryAdult(
                name=f"{surname} {mother}",
                kana=f"{surname_kana} {mother_kana}",
                relationship="母",
                born_on=f"{1986 + seed[6] % 16}-{1 + seed[7] % 12:02}",
            ),
        ),
        address=None
        if is_protected
        else f"架空県{_TOWNS[seed[8] % len(_TOWNS)]}{1 + seed[9] % 5}丁目{1 + seed[10] % 20}番{1 + seed[11] % 30}号",
        phone=None if is_protected else f"099-555-{seed[12] * 39 % 10000:04}",
    )


def _as_text(raw: Mapping[str, Any]) -> dict[str, Any]:
    """YAML reads a day as a date; here it is text."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in raw.items()}
