"""Finding a protected address (of an ADDR section) in a text that is about to be sent, in any case of this door.

The door stores keyed digests of the parts that identify the place, never the words: the end of the town's name with the
numbers that follow it, names of buildings and facilities, room numbers with their building, telephone numbers and postal
codes. A text is compared in the folded form (``address_text``, which states what is not recognised).
Source: APPI 66, 69(2) proviso; own rule (F8, protected addresses).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from gateway.agency.address_text import BREAK, FoldedText, NumberGroup, fold

Digest = Callable[[bytes], bytes]
Origin = tuple[UUID, UUID]
"""The case and the message that an address comes from."""
HEAD_CHARACTERS, HEAD_BYTES = 2, 2
MIN_NAME, MAX_NAME = 4, 40
TOWN_CHARACTERS, TOWN_CHARACTERS_OF_ONE_NUMBER = 2, 3

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""A character of Japanese script."""
_PHONE = re.compile(r"(?<![\d-])0\d{1,4}(?:[-\s()\u2010-\u2015\u2212ー]{0,2}\d{1,4}){1,3}(?!\d)")
_POSTAL_CODE = re.compile(r"(?<![\d-])\d{3}[-\u2010-\u2015\u2212ー]?\d{4}(?![\d-])")
_LABEL = re.compile(r"^\s*[^::\n]{1,12}[::]\s*")
_SMALL_AREA = re.compile(r"(?<!大)字[^\s\d〇一二三四五六七八九十百千]{1,8}")
_KIND = re.compile(
    "母子生活支援施設|母子寮|女性自立支援施設|婦人保護施設|女性相談支援センター|婦人相談所|一時保護所|乳児院|児童養護施設"
    "|民間シェルター|シェルター|避難先|転居先|友人宅|知人宅|親族宅|実家|公営住宅|[都県市町村]営住宅|団地|マンション|アパート"
    "|ハイツ|コーポ|メゾン|ハウス|レジデンス|ホテル|病院|施設|建物|様方|気付|電話|住所|[都道府県市区町村]"
)
"""What a name shares with many others: alone it identifies nothing."""
_NAMED = re.compile("施設|名称|建物|住まい|避難先|入所先|滞在先|寄せ")
"""What stands before the name of a place, in front of a colon."""
_HOUSE = re.compile(
    "(?:荘|寮|ハイツ|コーポ|マンション|アパート|団地|ホーム|ハウス|レジデンス|メゾン|ビル|ホテル|旅館|シェルター|様方)(?:$|[^ぁ-ん])"
)
"""What the name of a house has in it."""
_NO_NAME = re.compile("未定|不明|同上|なし|あり|確認|予定|変更|希望|届出|記載|済|中$")
_FACILITY = re.compile(
    "母子生活支援施設|女性自立支援施設|婦人保護施設|民間シェルター|シェルター|一時保護所|児童養護施設"
)
_END_OF_NAME = re.compile("(?:様方|方|気付|電話|tel|fax|内|室)+$")
_SENTENCE = re.compile("[\u3400-\u9fff々][はをにへでもと]|する|です|ます|した|いる|ある|こと|ない")
"""What stands in sentences: what has it is no name."""
_COUNTED = tuple("年月日時分円人名歳才回件週度割個枚台番")
"""What follows a number that counts something else than houses."""


@dataclass(frozen=True)
class Mark:
    """One identifying part. ``length``: in folded characters; ``head``: keyed digest of its first two, cut to two bytes,
    so that few parts of a text have to be compared; ``digest``: of all of it."""

    length: int
    head: bytes
    digest: bytes


@dataclass(frozen=True)
class Match:
    """A part of a text that is marked, by its place in the text, and which addresses it is of."""

    start: int
    end: int
    origins: frozenset[Origin]


# --- marking -----------------------------------------------------------------------------------------------


def address_marks(text: str, digest: Digest) -> frozenset[Mark]:
    """The marks of an address, from the text of an ADDR section."""
    return frozenset(
        Mark(len(part), _head_of(part, digest), digest(part.encode())) for part in identifying_parts(text)
    )


def identifying_parts(text: str) -> frozenset[str]:
    """The folded parts of an address that identify the place."""
    parts = {f"{BREAK}{number}{BREAK}" for number in _numbers_of(text).text.split(BREAK) if number}
    for line in text.splitlines():
        label = _LABEL.match(line)
        is_named = label is not None and _NAMED.search(label[0]) is not None
        value = _without_phones(line if label is None else line[label.end() :])
        for one in {value, _SMALL_AREA.sub("", value)}:
            parts |= _parts_of_line(fold(one), is_named=is_named)
    return frozenset(parts) | _blocks(fold(_without_phones(text)))


def _parts_of_line(folded: FoldedText, *, is_named: bool) -> set[str]:
    """``is_named``: its label says that a place is named here."""
    parts = _blocks(folded)
    blocks = [g.end for g in folded.groups if _block_of(folded.text, g) is not None]
    for at, name in _names(folded):
        follows_block = any(end <= at for end in blocks)
        if is_named or follows_block or _HOUSE.search(name) or _FACILITY.search(name):
            parts |= _distinctive(name)
    return parts


def _blocks(folded: FoldedText) -> set[str]:
    """Towns with their numbers, and buildings with their rooms."""
    return {block for g in folded.groups if (block := _block_of(folded.text, g)) is not None}


def _block_of(text: str, group: NumberGroup) -> str | None:
    """The end of the name before a group of numbers, with the first two of them; None where they identify nothing."""
    first, *more = group.numbers
    if more:
        return _with_name(text, group.at, TOWN_CHARACTERS, f"{first},{more[0]},")
    if text.startswith(_COUNTED, group.end):
        return None
    if len(first) >= 3 or (group.unit and group.unit not in ("丁目", "丁")):
        return _with_name(text, group.at, TOWN_CHARACTERS_OF_ONE_NUMBER, f"{first},")
    return None


def _with_name(text: str, at: int, characters: int, numbers: str) -> str | None:
    name = ""
    for char in reversed(text[:at].rpartition(BREAK)[2]):
        if len(name.replace(",", "")) >= characters:
            break
        name = char + name
    is_name = len(name.replace(",", "")) >= 2 and _WORD.match(name[-1]) is not None
    return name + numbers if is_name else None


def _names(folded: FoldedText) -> Iterator[tuple[int, str]]:
    """What stands between the numbers, with its place, except the name of the town before the first ones."""
    at = 0
    for end, following in [*((g.at, g.end) for g in folded.groups), (len(folded.text), 0)]:
        names = folded.text[at:end].split(BREAK)
        if at == 0 and following:
            names = names[:-1]
        yield from ((at, name) for name in names)
        at = following


def _distinctive(name: str) -> set[str]:
    """A name, and that part of it which follows the kind of facility, where they are no name of a kind alone."""
    if _NO_NAME.search(name) or (_SENTENCE.search(name) and not _FACILITY.search(name)):
        return set()
    name = _END_OF_NAME.sub("", name)
    candidates = {name, _FACILITY.split(name)[-1]}
    return {
        c for c in candidates if MIN_NAME <= len(c) <= MAX_NAME and len(_WORD.findall(_KIND.sub("", c))) >= 2
    }


def _numbers_of(text: str) -> FoldedText:
    """Telephone numbers and postal codes, each as its digits between breaks."""
    plain = "".join(unicodedata.normalize("NFKC", c)[:1] or c for c in text)  # as long as the text
    chars: list[str] = []
    places: list[tuple[int, int]] = []
    for pattern in (_PHONE, _POSTAL_CODE):
        for written in pattern.finditer(plain):
            digits = [n for n in range(*written.span()) if plain[n].isdigit()]
            if len(digits) in (7, 10, 11):
                chars += [BREAK, *(plain[n] for n in digits), BREAK]
                places += [(digits[0],) * 2, *((n, n + 1) for n in digits), (digits[-1] + 1,) * 2]
    return FoldedText("".join(chars), tuple(places), ())


def _without_phones(text: str) -> str:
    """The text without what is marked by its digits: those are no house numbers."""
    plain = unicodedata.normalize("NFKC", text)
    return _POSTAL_CODE.sub(BREAK, _PHONE.sub(BREAK, plain))


# --- finding -----------------------------------------------------------------------------------------------


class AddressIndex:
    """The marks of all addresses that are protected now, to be looked for in texts."""

    def __init__(self, marks: Iterable[tuple[Origin, Mark]], digest: Digest) -> None:
        self._digest = digest
        self._by_head: dict[bytes, dict[int, dict[bytes, set[Origin]]]] = {}
        for origin, mark in marks:
            of_length = self._by_head.setdefault(mark.head, {}).setdefault(mark.length, {})
            of_length.setdefault(mark.digest, set()).add(origin)

    def matches(self, text: str) -> list[Match]:
        """Every part of this text that is marked."""
        if not self._by_head:
            return []
        return [match for folded in (fold(text), _numbers_of(text)) for match in self._matches_in(folded)]

    def _matches_in(self, folded: FoldedText) -> Iterator[Match]:
        heads: dict[str, Mapping[int, Mapping[bytes, set[Origin]]]] = {}
        text = folded.text
        for n in range(len(text) - HEAD_CHARACTERS + 1):
            start = text[n : n + HEAD_CHARACTERS]
            if start not in heads:
                heads[start] = self._by_head.get(_head_of(start, self._digest), {})
            for length, digests in heads[start].items():
                window = text[n : n + length]
                if len(window) == length and (origins := digests.get(self._digest(window.encode()))):
                    yield Match(*folded.origin(n, n + length), frozenset(origins))


def _head_of(part: str, digest: Digest) -> bytes:
    return digest(b"\0" + part[:HEAD_CHARACTERS].encode())[:HEAD_BYTES]


OTHER_ENCODINGS = ("iso2022_jp", "cp932", "euc_jp", "utf-16")


def readable_texts(content: bytes) -> Iterator[str]:
    """The content as text: in UTF-8, and where it is none, in every other encoding in which it can be one."""
    text = content.decode("utf-8", "replace")
    yield text
    if "\ufffd" in text or "\x1b" in text:
        for encoding in OTHER_ENCODINGS:
            with suppress(UnicodeDecodeError):
                yield content.decode(encoding)
