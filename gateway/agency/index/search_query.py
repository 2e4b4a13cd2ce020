"""What a person types into the search: words, each of which may be a name, a reading, a date, a telephone, an address, a number.

All words have to fit one family; each may fit in any of these ways. Source: own rule (search).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from domain.errors import Malformed
from domain.wareki import value_of_parts, western_parts
from gateway.agency.index.folding import folded_address, folded_number, folded_phone, name_forms

MAX_CHARACTERS, MAX_WORDS = 200, 8
MIN_DIGITS = 4
"""Of a telephone or a reference number: three digits stand in too many of them."""
_PHONE = re.compile(r"\+?[0-9()\u2010-\u2015\u2212ー-]+")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@dataclass(frozen=True)
class Word:
    """One word of a search, in the forms in which it is compared; empty where it is none of that kind.

    ``names``: a name or reading in its forms; ``born``: a day, a month or a year, as the beginning of ``2023-04-12``.
    """

    names: tuple[str, ...]
    address: str
    phone: str
    number: str
    born: str


def words_of(text: str) -> tuple[Word, ...]:
    """The words of a search. Raises Malformed where there is none, or too much."""
    if len(text) > MAX_CHARACTERS:
        raise Malformed("search-too-long")
    words = tuple(w for one in unicodedata.normalize("NFKC", text).split() if (w := _word(one)) is not None)
    if not words:
        raise Malformed("search-empty")
    if len(words) > MAX_WORDS:
        raise Malformed("search-too-long")
    return words


def _word(text: str) -> Word | None:
    phone = folded_phone(text) if _PHONE.fullmatch(text) else ""
    number = folded_number(text)
    has_digits = any(c.isdigit() for c in number)
    word = Word(
        names=name_forms(text) if not text.isdigit() else (),
        address="" if text.isdigit() else folded_address(text),
        phone=phone if len(phone) >= MIN_DIGITS else "",
        number=number if len(number) >= MIN_DIGITS and has_digits else "",
        born=born_prefix(text),
    )
    return word if any((word.names, word.address, word.phone, word.number, word.born)) else None


def born_prefix(text: str) -> str:
    """The day, month or year that this text states, as the beginning of ``2023-04-12``; empty where it states none."""
    plain = re.sub(r"(?:生まれ|生)$", "", re.sub(r"\s", "", unicodedata.normalize("NFKC", text)))
    parts = western_parts(plain)
    if parts is None or (plain.isdigit() and len(parts) < 3 and not _YEAR.fullmatch(plain)):
        return ""
    try:
        date(parts[0], *(*parts[1:], 1, 1)[:2])
    except ValueError:
        return ""
    return value_of_parts(parts)
